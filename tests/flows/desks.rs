//! Who sees what of desks (SPEC B39, E10, E27).

use crate::{
    connector_setup::audited,
    verbs::{begun, change, is_now, member, verb},
    world::{Person, World},
};
use serde_json::{Value, json};
use vestibule_domain::account::permission::Permission;

const DESKS: (&str, &str) = ("GET", "/v1/desks");

async fn client(world: &World, admin: &Person, name: &str) -> Value {
    let body = json!({"name": name});
    let made = world
        .call_as(admin, ("POST", "/v1/clients"), body, &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].clone()
}

/// The desks that a member sees.
async fn seen(world: &World, person: &Person) -> Value {
    let desks = world.call_as(person, DESKS, Value::Null, &[]).await;
    assert_eq!(desks.status, 200, "{}", desks.body);
    desks.body["items"].clone()
}

/// SPEC B39.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_environment_sees_no_desk_of_the_account() {
    let (mut world, admin, path, _) = begun().await;
    member(&world, &admin, "Ana", json!({"channels": {"slack": 1}})).await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    let account = world.scope.account_id();
    let may = [Permission::ConversationsRead];
    for (environment, count) in [(None, 1), (Some(world.open.environment_id), 0)] {
        let key = world.key_of(account, &may, environment).await;
        let desks = world.call(&key, DESKS, Value::Null, &[]).await;
        assert_eq!(desks.status, 200, "{}", desks.body);
        let items = desks.body["items"].as_array().unwrap();
        assert_eq!(items.len(), count, "{}", desks.body);
    }
}

/// SPEC B39, E27.
#[tokio::test(flavor = "multi_thread")]
async fn desks_show_and_count_members_who_answer_a_client_of_the_caller_and_may_reply() {
    let (mut world, admin, path, _) = begun().await;
    let hooli = client(&world, &admin, "Hooli").await;
    let work = json!({"channels": {"slack": 2}});
    let ana = member(&world, &admin, "Ana", work.clone()).await;
    let bo = member(&world, &admin, "Bo", work.clone()).await;
    let silent = member(&world, &admin, "Cleo", work.clone()).await;
    change(
        &world,
        &admin,
        &bo,
        json!({"clients": [world.open.client_id]}),
    )
    .await;
    let nothing = json!({"role": null, "extra_permissions": ["conversations.read"]});
    change(&world, &admin, &silent, nothing).await;
    is_now(&world, &bo, "away").await;
    verb(&world, &admin, &path, "offer", Value::Null).await;
    world.settle().await;
    assert_eq!(audited(&world, "conversation.offered").len(), 1);
    let of_hooli = world.person("agent").await;
    change(&world, &admin, &of_hooli, json!({"clients": [hooli]})).await;
    let names = |desks: &Value| {
        let members = desks[0]["members"].as_array().unwrap().iter();
        let names = members.map(|seat| seat["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let desks = seen(&world, &admin).await;
    assert_eq!(names(&desks), ["Ana", "Bo"], "{desks}");
    assert_eq!(
        (&desks[0]["load"], &desks[0]["limit"]),
        (&json!(1), &json!(2))
    );
    let desks = seen(&world, &of_hooli).await;
    assert_eq!(names(&desks), ["Ana"], "{desks}");
    assert_eq!(desks[0]["members"][0]["id"], json!(ana.member_id));
    // Nobody of Hooli answers, and nothing of it waits.
    change(
        &world,
        &admin,
        &ana,
        json!({"clients": [world.open.client_id]}),
    )
    .await;
    world.settle().await;
    assert_eq!(seen(&world, &of_hooli).await, json!([]));
}
