//! Imports of users from CSV files (SPEC C61).

use crate::{
    end_users::{add, assert_directory_agrees, new_user, text, users_path},
    world::{Answer, World},
};
use axum::body::Body;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{account::permission::Permission, ids::AccountId};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof::scaled,
};

pub const HEADER: &str = "Phone,E-mail,First name,Middle name,Last name,Environments";

fn imports_path(world: &World) -> String {
    format!("{}/imports", users_path(world))
}

pub fn import_path(world: &World, import: &Value) -> String {
    format!("{}/{}", imports_path(world), text(import, "id"))
}

pub async fn post(world: &World, token: &str, path: &str, body: Value) -> Answer {
    world.call(token, ("POST", path), body, &[]).await
}

pub async fn get(world: &World, token: &str, path: &str) -> Answer {
    world.call(token, ("GET", path), Value::Null, &[]).await
}

/// Announces a file, and returns the import.
async fn announce(world: &World, token: &str, size: usize, dry_run: bool) -> Value {
    let body = json!({"file_name": "people.csv", "size": size, "dry_run": dry_run});
    let made = post(world, token, &imports_path(world), body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["status"], "uploading");
    made.body
}

async fn put(world: &World, token: &str, import: &Value, part: usize, bytes: &[u8]) -> Answer {
    let path = format!("{}/parts/{part}", import_path(world, import));
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/octet-stream"),
    ];
    let body = Body::from(bytes.to_vec());
    world.send_body(("PUT", &path), body, &headers).await
}

/// Sends a file in parts of this size, the last one first.
pub async fn send(world: &World, token: &str, file: &[u8], part: usize, dry_run: bool) -> Value {
    let import = announce(world, token, file.len(), dry_run).await;
    let parts: Vec<_> = file.chunks(part).enumerate().collect();
    for (number, bytes) in parts.into_iter().rev() {
        let sent = put(world, token, &import, number + 1, bytes).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
    }
    import
}

pub async fn start(world: &World, token: &str, import: &Value, body: Value) -> Answer {
    let path = format!("{}/start", import_path(world, import));
    post(world, token, &path, body).await
}

/// Starts an import, lets it run, and returns it as it is then.
async fn run(world: &mut World, token: &str, import: &Value, body: Value) -> Value {
    let started = start(world, token, import, body).await;
    assert_eq!(started.status, 200, "{}", started.body);
    world.settle().await;
    let seen = get(world, token, &import_path(world, import)).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    seen.body
}

/// Has a file with a mistake checked.
pub async fn checked(world: &mut World, token: &str) {
    let file = format!("{HEADER}\n+4915123456789,,Ada,,,\n");
    let import = send(world, token, file.as_bytes(), 1 << 20, true).await;
    let checked = run(world, token, &import, Value::Null).await;
    assert_eq!(counts(&checked), [0, 0, 0, 1], "{checked}");
}

/// Line, column and rule of each mistake, over all pages.
async fn mistakes(world: &World, token: &str, import: &Value) -> BTreeSet<(u64, String, String)> {
    let path = format!("{}/errors", import_path(world, import));
    let mut found = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let page = get(world, token, &format!("{path}?limit=100{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for error in page.body["items"].as_array().unwrap() {
            assert!(!text(error, "message").is_empty());
            let place = (
                text(error, "column").to_owned(),
                text(error, "rule").to_owned(),
            );
            found.insert((error["line"].as_u64().unwrap(), place.0, place.1));
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

pub fn counts(import: &Value) -> [u64; 4] {
    ["new", "changed", "unchanged", "errors"].map(|name| import["counts"][name].as_u64().unwrap())
}

/// The phone numbers of all users.
pub fn phones(world: &World) -> Vec<String> {
    let mut phones: Vec<_> = world
        .rows("END_USER")
        .iter()
        .map(|row| row["phone"].as_str().unwrap().to_owned())
        .collect();
    phones.sort();
    phones
}

/// SPEC C61, U410.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nobody_and_the_import_does_what_it_said() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    add(&world, &token, new_user(&world, "Ada", "+4915123456789")).await;
    let mut grace = new_user(&world, "Grace", "+4915123456780");
    grace["email"] = json!("grace@example.com");
    add(&world, &token, grace).await;
    let file = format!(
        "{HEADER},Notes\r\n\
         +49 1512 3456789,,Augusta,,,\r\n\
         '+4915123456780,GRACE@example.com,Grace,,Lovelace,development,friend\r\n\
         +4915123456781,hedy@example.com,Hedy,,Lamarr,Development,\r\n\
         +4915123456782,,Joan,,,Development;Live,\r\n"
    );
    let import = send(&world, &token, file.as_bytes(), 50, true).await;
    let before = world.rows("END_USER");
    let checked = run(&mut world, &token, &import, Value::Null).await;
    assert_eq!(checked["status"], "checked", "{checked}");
    assert_eq!(counts(&checked), [1, 1, 1, 1]);
    assert_eq!(
        (&checked["rows"], &checked["settled"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(checked["unknown_columns"], json!(["Notes"]));
    assert_eq!(world.rows("END_USER"), before);
    let expected = BTreeSet::from([(
        5,
        "Environments".to_owned(),
        "environment_unknown".to_owned(),
    )]);
    assert_eq!(mistakes(&world, &token, &import).await, expected);

    let done = run(&mut world, &token, &import, Value::Null).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(counts(&done), [1, 1, 1, 1]);
    assert_eq!(mistakes(&world, &token, &import).await, expected);
    assert_eq!(phones(&world).len(), 3);
    let list = get(
        &world,
        &token,
        &format!("{}?order=name", users_path(&world)),
    )
    .await;
    let people = list.body["items"].as_array().unwrap();
    let told: Vec<_> = people
        .iter()
        .map(|user| {
            (
                text(user, "full_name"),
                user["email"].as_str(),
                &user["version"],
            )
        })
        .collect();
    let (one, two) = (json!(1), json!(2));
    assert_eq!(
        told,
        [
            ("Augusta Lovelace", None, &two),
            ("Grace Lovelace", Some("grace@example.com"), &one),
            ("Hedy Lamarr", Some("hedy@example.com"), &one),
        ]
    );
    assert_directory_agrees(&world);
    assert!(world.rows("PART#").is_empty());
    assert!(world.rows("RUNNING").is_empty());
    // It is on record by whom, and without what the file holds.
    let entries = world.db.items().unwrap();
    let by_import = |row: &&serde_json::Map<String, Value>| {
        row.get("request_id")
            .and_then(Value::as_str)
            .is_some_and(|id| id == format!("import:{}", text(&import, "id")))
    };
    let by_import: Vec<_> = entries.iter().filter(by_import).collect();
    assert_eq!(by_import.len(), 2, "{by_import:?}");
    for entry in by_import {
        let entry = Value::Object(entry.clone()).to_string();
        assert!(
            !entry.contains("Augusta") && !entry.contains("hedy"),
            "{entry}"
        );
    }
    let again = run(&mut world, &token, &import, Value::Null).await;
    assert_eq!(again, done);
}

/// SPEC C61: what was exported is imported without a change.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_is_as_it_is_stored() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    for (name, phone) in [
        ("=1+1", "+4915123456789"),
        ("Zoë \"Z\", 北", "+12015550123"),
    ] {
        add(&world, &token, new_user(&world, name, phone)).await;
    }
    let path = format!("{}/export", users_path(&world));
    let file = get(&world, &token, &path).await.bytes;
    let import = send(&world, &token, &file, 1 << 20, true).await;
    let checked = run(&mut world, &token, &import, Value::Null).await;
    assert_eq!(counts(&checked), [0, 0, 2, 0], "{checked}");
}

/// SPEC U410.
#[tokio::test(flavor = "multi_thread")]
async fn columns_that_nobody_knows_are_mapped_without_sending_the_file_again() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let file = "Nummer;Vorname;Nachname;Umgebung\n+4915123456789;Ada;Lovelace;Development\n";
    let import = send(&world, &token, file.as_bytes(), 1 << 20, true).await;
    let checked = run(&mut world, &token, &import, Value::Null).await;
    assert_eq!(checked["status"], "checked", "{checked}");
    assert_eq!(checked["problems"][0]["rule"], "phone_column_missing");
    let mapping = json!([
        {"column": "nummer", "field": "phone"}, {"column": "Vorname", "field": "first_name"},
        {"column": "Nachname", "field": "last_name"}, {"column": "Umgebung", "field": "environments"}
    ]);
    let wrong = json!({"mapping": [{"column": "Nummer", "field": "name"}]});
    let refused = start(&world, &token, &import, wrong).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let body = json!({"dry_run": true, "mapping": mapping});
    let checked = run(&mut world, &token, &import, body).await;
    assert_eq!(counts(&checked), [1, 0, 0, 0], "{checked}");
    assert_eq!(
        (&checked["problems"], phones(&world).len()),
        (&json!([]), 0)
    );
    let done = run(&mut world, &token, &import, json!({"dry_run": false})).await;
    assert_eq!(
        (&done["status"], counts(&done)),
        (&json!("done"), [1, 0, 0, 0])
    );
}

/// SPEC C61.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_complete_before_it_starts_and_a_project_imports_one_at_a_time() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let file = format!("{HEADER}\n+4915123456789,,Ada,,Lovelace,Development\n");
    let bytes = file.as_bytes();
    let (first, second) = bytes.split_at(30);
    let import = announce(&world, &token, bytes.len(), false).await;
    put(&world, &token, &import, 1, b"something else").await;
    put(&world, &token, &import, 1, first).await;
    let early = start(&world, &token, &import, Value::Null).await;
    assert_eq!(early.status, 409, "{}", early.body);
    assert_eq!(early.body["type"], "/problems/import-incomplete");
    assert_eq!(early.body["received"], 30);
    put(&world, &token, &import, 2, second).await;
    for part in [0, 101] {
        assert_eq!(put(&world, &token, &import, part, second).await.status, 404);
    }
    let started = start(&world, &token, &import, Value::Null).await;
    assert_eq!(started.body["status"], "importing", "{}", started.body);
    let late = put(&world, &token, &import, 2, second).await;
    assert_eq!(late.body["type"], "/problems/import-state", "{}", late.body);

    let other = send(&world, &token, bytes, 1 << 20, false).await;
    let refused = start(&world, &token, &other, Value::Null).await;
    assert_eq!(refused.body["type"], "/problems/import-running");
    assert_eq!(refused.body["import_id"], import["id"]);
    world.settle().await;
    let done = run(&mut world, &token, &other, Value::Null).await;
    assert_eq!(counts(&done), [0, 0, 1, 0], "{done}");
    let list = get(&world, &token, &imports_path(&world)).await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
}

/// Has the worker of an import that was started die in the second hundred of rows, as its record says.
pub async fn break_off(world: &mut World) {
    world.count_from_here();
    let kill = Rule::new("DynamoDB.TransactWriteItems", Fault::KillAfter).from_call(150);
    world.to_db.inject(kill);
    while !world.has_struck() {
        assert!(world.work_index().await || world.sweep().await);
    }
}

/// SPEC C61.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_cancelled_before_and_while_it_runs() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let rows: Vec<String> = (0..300)
        .map(|number| format!("{},,Ada,,Lovelace,Development\n", phone(number)))
        .collect();
    let file = format!("{HEADER}\n{}", rows.concat());
    let waiting = send(&world, &token, file.as_bytes(), 1 << 20, true).await;
    let cancel = format!("{}/cancel", import_path(&world, &waiting));
    let cancelled = post(&world, &token, &cancel, Value::Null).await;
    assert_eq!(cancelled.body["status"], "cancelled", "{}", cancelled.body);
    world.settle().await;
    assert!(world.rows("PART#").is_empty());
    let over = start(&world, &token, &waiting, Value::Null).await;
    assert_eq!(over.body["type"], "/problems/import-state", "{}", over.body);

    let running = send(&world, &token, file.as_bytes(), 1 << 20, false).await;
    start(&world, &token, &running, Value::Null).await;
    break_off(&mut world).await;
    let cancel = format!("{}/cancel", import_path(&world, &running));
    let asked = post(&world, &token, &cancel, Value::Null).await;
    assert_eq!(asked.body["status"], "importing", "{}", asked.body);
    assert_eq!(asked.body["cancel_requested"], true);
    world.settle().await;
    let ended = get(&world, &token, &import_path(&world, &running)).await;
    assert_eq!(ended.body["status"], "cancelled", "{}", ended.body);
    // The worker died within the second hundred, which is not gone on with, and those who were stored are counted.
    let stored = phones(&world).len();
    assert!((100..200).contains(&stored), "{stored}");
    let stored = u64::try_from(stored).unwrap();
    assert_eq!(counts(&ended.body), [stored, 0, 0, 0]);
    assert_eq!(ended.body["settled"], stored);
    assert!(world.rows("RUNNING").is_empty());
}

pub fn phone(number: usize) -> String {
    format!("+49151{:08}", 10_000_000 + number)
}

/// A row with this mistake, and what is to be told of it.
fn planted(kind: usize, number: usize) -> (String, &'static str, &'static str) {
    let own = phone(number);
    let with_phone = |phone: &str| format!("{phone},,Ada,,Lovelace,Development");
    match kind % 15 {
        0 => (with_phone(""), "Phone", "phone_missing"),
        1 => (with_phone(&own[1..]), "Phone", "phone_plus_missing"),
        2 => (with_phone("0151 23456789"), "Phone", "phone_national"),
        3 => (with_phone("4.91511E+12"), "Phone", "phone_scientific"),
        4 => (with_phone("2026-03-04"), "Phone", "phone_date"),
        5 => (
            with_phone(&format!("{own} x12")),
            "Phone",
            "phone_extension",
        ),
        6 => (with_phone("+49 151"), "Phone", "phone_invalid"),
        7 => (with_phone(&phone(0)), "Phone", "phone_twice"),
        8 => (
            format!("{own},ada@,Ada,,Lovelace,Development"),
            "E-mail",
            "email_invalid",
        ),
        9 => (
            format!("{own},,,,Lovelace,Development"),
            "First name",
            "first_name_missing",
        ),
        10 => (
            format!("{own},,Ada,,04.03.2026,Development"),
            "Last name",
            "name_date",
        ),
        11 => (
            format!("{own},,Ada,,Lovelace,Live"),
            "Environments",
            "environment_unknown",
        ),
        12 => (
            format!("{own},,Ada,#REF!,Lovelace,Development"),
            "Middle name",
            "spreadsheet_error",
        ),
        13 => (
            format!("{own},,Ada,,Lovelace,Development,x"),
            "7",
            "too_many_cells",
        ),
        _ => {
            let long = "x".repeat(101);
            (
                format!("{own},,{long},,Lovelace,Development"),
                "First name",
                "name_too_long",
            )
        }
    }
}

/// SPEC C61: the size of a real list, with a mistake in every hundredth row.
#[tokio::test(flavor = "multi_thread")]
async fn each_planted_mistake_is_found_and_everybody_else_is_imported_once_though_workers_die() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let (rows, every) = scaled((700, 50), (50_000, 100));
    let mut file = format!("{HEADER}\r\n");
    let mut line = 2;
    let mut expected = BTreeSet::new();
    let mut people = Vec::new();
    for number in 0..rows {
        if number % every == every / 2 {
            let (row, column, rule) = planted(number / every, number);
            expected.insert((line, column.to_owned(), rule.to_owned()));
            file.push_str(&row);
        } else if number % 7 == 0 {
            // A name over two lines moves all lines behind it.
            let row = format!("{},,\"Ada\r\nKing\",,Lovelace,DEVELOPMENT", phone(number));
            file.push_str(&row);
            people.push(phone(number));
            line += 1;
        } else {
            let mail = format!("u{number}@example.com");
            let row = format!("{},{mail},Ada,,Lovelace,Development", phone(number));
            file.push_str(&row);
            people.push(phone(number));
        }
        file.push_str("\r\n");
        line += 1;
    }
    let import = send(&world, &token, file.as_bytes(), 60_000, false).await;
    start(&world, &token, &import, Value::Null).await;
    let job = json!({
        "job": "import_users", "account_id": world.scope.account_id(),
        "project_id": world.scope.project_id(), "import_id": import["id"],
    });
    let job = job.to_string();
    for (call, fault, at) in [
        ("DynamoDB.TransactWriteItems", Fault::KillAfter, 40),
        ("DynamoDB.TransactWriteItems", Fault::KillBefore, 230),
        ("DynamoDB.UpdateItem", Fault::KillAfter, 2),
    ] {
        world.count_from_here();
        world.to_db.inject(Rule::new(call, fault).from_call(at));
        let worked = worker_index::handle(&world.functions.index, &job, 1);
        assert!(world.unless_killed(worked).await.is_none(), "{call} {at}");
        world.restart();
        world.clock.advance(Duration::from_mins(2));
    }
    // The search index of 50,000 people is two million rows, and another test's matter: only the import goes on.
    let path = import_path(&world, &import);
    for _ in 0..scaled(0, rows) {
        worker_index::handle(&world.functions.index, &job, 1).await;
        world.clock.advance(Duration::from_secs(1));
        if get(&world, &token, &path).await.body["status"] != "importing" {
            break;
        }
    }
    if scaled(true, false) {
        world.settle().await;
    }
    let done = get(&world, &token, &path).await.body;
    assert_eq!(done["status"], "done", "{done}");
    let [wrong, right] = [expected.len(), people.len()].map(|count| u64::try_from(count).unwrap());
    assert_eq!(counts(&done), [right, 0, 0, wrong]);
    assert_eq!(done["mistakes"], wrong);
    assert_eq!(mistakes(&world, &token, &import).await, expected);
    people.sort();
    assert_eq!(phones(&world), people);
    let export = format!("{}/errors/export", import_path(&world, &import));
    let csv = String::from_utf8(get(&world, &token, &export).await.bytes.to_vec()).unwrap();
    assert_eq!(csv.lines().count(), expected.len() + 1, "{csv}");
    assert!(csv.starts_with("line,column,rule,message\r\n"));
    assert!(world.rows("PART#").is_empty());
}

/// SPEC C61, G01: an import belongs to its project, and takes the permission to change users.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_knows_of_an_import() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let import = announce(&world, &token, 10, true).await;
    let path = import_path(&world, &import);
    let reader = world.key(world.scope.account_id(), &[Permission::EndUsersRead]);
    let refused = get(&world, &reader.await, &path).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    let stranger = world
        .key(AccountId::derive(&["globex"]), &Permission::ALL)
        .await;
    for path in [path.clone(), format!("{path}/errors")] {
        let unknown = get(&world, &stranger, &path).await;
        assert_eq!(unknown.status, 404, "{}", unknown.body);
    }
}
