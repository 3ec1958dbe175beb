//! Projects that are archived, and taken back (SPEC C63).

use crate::{
    admin::{all_powers, call, project},
    authorisation::untouched,
    outgoing::say,
    world::{SAID, World},
};
use serde_json::{Value, json};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// Archives the project, or takes it back.
async fn put(world: &World, token: &str, verb: &str) -> Value {
    let path = format!("{}/{verb}", project(world));
    let (status, answer) = call(world, token, "POST", &path, Value::Null).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The ids in a list of projects.
async fn listed(world: &World, token: &str, query: &str) -> Vec<Value> {
    let path = format!("/v1/projects{query}");
    let (status, list) = call(world, token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{list}");
    let items = list["items"].as_array().unwrap().iter();
    items.map(|one| one["id"].clone()).collect()
}

/// SPEC C63.
#[tokio::test(flavor = "multi_thread")]
async fn an_archived_project_answers_nobody_and_takes_no_change_until_it_is_taken_back() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    let id = json!(world.scope.project_id());

    let archived = put(&world, &token, "archive").await;
    assert_eq!(archived["archived_at"], json!(world.now()));
    assert!(listed(&world, &token, "").await.is_empty());
    assert_eq!(listed(&world, &token, "?archived=true").await, [id.clone()]);
    world.restart();
    let before = world.db.items().unwrap();
    say(&world, &ada, "Are you there?").await;
    let bob = world.newcomer("Bob Martin");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &bob, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.db.items().unwrap(), before);
    assert_eq!(world.agent.deliveries().len(), 1);

    for (method, path, body) in [
        ("PATCH", String::new(), json!({"name": "Other"})),
        ("POST", "/environments".to_owned(), json!({"name": "Other"})),
        (
            "DELETE",
            format!("/connectors/{}", connector.id),
            Value::Null,
        ),
    ] {
        let path = format!("{}{path}", project(&world));
        let (status, refused) = call(&world, &token, method, &path, body).await;
        assert_eq!(status, 409, "{method} {path}: {refused}");
        assert_eq!(refused["type"], "/problems/project-archived");
    }
    for path in ["", "/connectors", "/environments", "/chat-users"] {
        let path = format!("{}{path}", project(&world));
        assert_eq!(call(&world, &token, "GET", &path, Value::Null).await.0, 200);
    }
    // The same call again changes nothing.
    let before = world.db.items().unwrap();
    assert_eq!(put(&world, &token, "archive").await, archived);
    assert_eq!(world.db.items().unwrap(), before);

    let restored = put(&world, &token, "restore").await;
    assert_eq!(restored["archived_at"], Value::Null);
    assert_eq!(listed(&world, &token, "").await, [id]);
    assert!(listed(&world, &token, "?archived=true").await.is_empty());
    world.restart();
    say(&world, &ada, "And now?").await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2);
    let path = format!("{}/environments", project(&world));
    let body = json!({"name": "Other"});
    assert_eq!(call(&world, &token, "POST", &path, body).await.0, 201);
    let entries = world.db.items().unwrap();
    for (action, count) in [("project.archived", 1), ("project.restored", 1)] {
        let made = entries
            .iter()
            .filter(|row| row.get("action") == Some(&json!(action)));
        assert_eq!(made.count(), count, "{action}");
    }
}

/// SPEC C63, B39.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_access_to_a_client_of_the_project_neither_archives_nor_deletes_it() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let made = world
        .call_as(
            &admin,
            ("POST", "/v1/clients"),
            json!({"name": "Hooli"}),
            &[],
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let limited = world.person("agent").await;
    let path = format!("/v1/members/{}", limited.member_id);
    let access = json!({
        "extra_permissions": ["projects.read", "projects.write"], "clients": [made.body["id"]]
    });
    let changed = world.call_as(&admin, ("PATCH", &path), access, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let before = untouched(&world);
    let archive = format!("{}/archive", project(&world));
    for (method, path, body) in [
        ("POST", archive, Value::Null),
        ("DELETE", project(&world), json!({"name": "Concierge"})),
    ] {
        let refused = world.call_as(&limited, (method, &path), body, &[]).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert_eq!(refused.body["type"], "/problems/other-clients");
    }
    assert_eq!(untouched(&world), before);
}

/// SPEC C63.
#[tokio::test(flavor = "multi_thread")]
async fn an_archiving_that_dies_is_made_by_the_same_call_again() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        let mut world = World::new().await;
        let token = all_powers(&world).await;
        let path = format!("{}/archive", project(&world));
        world.count_from_here();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault.clone()));
        let answer = world
            .try_call(&token, ("POST", &path), Value::Null, &[])
            .await;
        assert!(answer.is_none(), "{fault:?}");
        for proxy in world.proxies() {
            proxy.clear();
        }
        let archived = put(&world, &token, "archive").await;
        assert_ne!(archived["archived_at"], Value::Null, "{fault:?}");
        let connectors = world.rows("CONNECTOR");
        let connectors = connectors.iter().filter(|row| row["sk"] == "CONNECTOR");
        for row in connectors {
            assert_eq!(row["is_archived"], true, "{fault:?}");
        }
    }
}
