//! Imports that may not go on: their project is archived, or whoever started them may not manage users any more (SPEC C61,
//! C63, G01).

use crate::{
    end_users::text,
    imports::{HEADER, break_off, counts, get, import_path, phone, phones, post, send, start},
    world::World,
};
use serde_json::{Value, json};
use vestibule_domain::account::permission::Permission;

const PEOPLE: usize = 300;

/// Sends a file of some hundred people.
async fn sent(world: &World, token: &str) -> Value {
    let rows: Vec<String> = (0..PEOPLE)
        .map(|number| format!("{},,Ada,,Lovelace,Development\n", phone(number)))
        .collect();
    let file = format!("{HEADER}\n{}", rows.concat());
    send(world, token, file.as_bytes(), 1 << 20, false).await
}

async fn seen(world: &World, token: &str, import: &Value) -> Value {
    let answer = get(world, token, &import_path(world, import)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Asserts that an import stopped for this reason, stored nobody after `at`, keeps its file, and is in no other one's way.
async fn assert_stopped(world: &World, token: &str, import: &Value, (reason, at): (&str, &str)) {
    let stopped = seen(world, token, import).await;
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    assert_eq!(stopped["stopped_because"], reason);
    let people = world.rows("END_USER");
    let late = people
        .iter()
        .filter(|row| row["created_at"].as_str().unwrap() > at);
    assert_eq!(late.count(), 0);
    assert!((100..PEOPLE).contains(&people.len()), "{}", people.len());
    assert!(world.rows("RUNNING").is_empty());
    assert!(!world.rows("PART#").is_empty());
}

/// Starts an import again, and asserts that it stores those who are missing.
async fn goes_on(world: &mut World, token: &str, import: &Value) {
    let known = phones(world).len();
    let started = start(world, token, import, Value::Null).await;
    assert_eq!(started.body["status"], "importing", "{}", started.body);
    assert_eq!(started.body["stopped_because"], Value::Null);
    world.settle().await;
    let done = seen(world, token, import).await;
    assert_eq!(done["status"], "done", "{done}");
    let [new, known] = [PEOPLE - known, known].map(|count| u64::try_from(count).unwrap());
    assert_eq!(counts(&done), [new, 0, known, 0]);
    assert_eq!(phones(world).len(), PEOPLE);
    assert!(world.rows("PART#").is_empty());
}

fn now(world: &World) -> String {
    json!(world.now()).as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_import_of_an_archived_project_stops_and_goes_on_once_the_project_is_restored() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token).await;
    start(&world, &token, &import, Value::Null).await;
    break_off(&mut world).await;
    let at = now(&world);
    let [archive, restore] =
        ["archive", "restore"].map(|verb| format!("{}/{verb}", world.project_path()));
    let archived = post(&world, &token, &archive, Value::Null).await;
    assert_eq!(archived.status, 200, "{}", archived.body);
    world.settle().await;
    assert_stopped(&world, &token, &import, ("project_archived", &at)).await;
    let refused = start(&world, &token, &import, Value::Null).await;
    assert_eq!(refused.body["type"], "/problems/project-archived");
    let restored = post(&world, &token, &restore, Value::Null).await;
    assert_eq!(restored.status, 200, "{}", restored.body);
    goes_on(&mut world, &token, &import).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_stops_when_its_key_is_revoked_and_another_caller_starts_it_again() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token).await;
    let account = world.scope.account_id();
    let needed = [Permission::EndUsersRead, Permission::EndUsersWrite];
    let key = world.key(account, &needed).await;
    let started = start(&world, &key, &import, Value::Null).await;
    assert_eq!(started.status, 200, "{}", started.body);
    break_off(&mut world).await;
    let at = now(&world);
    let by = text(&started.body["started_by"], "id");
    let id = by.strip_prefix("api_key:").unwrap();
    let path = format!("/v1/api-keys/{id}");
    let revoked = world
        .call(&token, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    world.settle().await;
    assert_stopped(&world, &token, &import, ("right_lost", &at)).await;
    goes_on(&mut world, &token, &import).await;
}

/// Gives a member these permissions beyond the role's.
async fn permit(world: &World, token: &str, member: &str, permissions: &[&str]) {
    let body = json!({"extra_permissions": permissions});
    let changed = world.call(token, ("PATCH", member), body, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_stops_when_the_member_who_started_it_loses_the_permission() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token).await;
    let member = world.person("agent").await;
    let path = format!("/v1/members/{}", member.member_id);
    permit(
        &world,
        &token,
        &path,
        &["end_users.read", "end_users.write"],
    )
    .await;
    let begin = format!("{}/start", import_path(&world, &import));
    let started = world
        .call_as(&member, ("POST", &begin), Value::Null, &[])
        .await;
    assert_eq!(started.status, 200, "{}", started.body);
    break_off(&mut world).await;
    let at = now(&world);
    permit(&world, &token, &path, &["end_users.read"]).await;
    world.settle().await;
    assert_stopped(&world, &token, &import, ("right_lost", &at)).await;
    goes_on(&mut world, &token, &import).await;
}
