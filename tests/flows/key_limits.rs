//! Keys that are limited to one environment: nothing else exists for them.

use crate::{admin::call, outgoing::talking, world::World};
use serde_json::{Value, json};
use vestibule_admin::routes::Access;
use vestibule_domain::{
    account::permission::Permission,
    ids::{AccountId, ConversationId, EnvironmentId, MemberId},
};
use vestibule_tests::admin_functions::table;

const BOTH: [Permission; 2] = [
    Permission::ConversationsRead,
    Permission::ConversationsReply,
];

/// A key for the conversations of this environment.
async fn key(world: &World, environment_id: Option<EnvironmentId>) -> String {
    let account = world.scope.account_id();
    world.key_of(account, &BOTH, environment_id).await
}

/// The id of the only conversation.
fn conversation_id(world: &World) -> String {
    let row = world.rows("CONVERSATION").remove(0);
    let pk = row["pk"].as_str().unwrap();
    pk.rsplit('#').next().unwrap().to_owned()
}

/// The path of a route in the world's project, with this id in place of every other.
fn filled(world: &World, path: &str, conversation: &str) -> String {
    let project = world.scope.project_id().to_string();
    let parts = path.split('/').map(|part| match part {
        "{project_id}" => project.as_str(),
        "{number}" => "1",
        "{index}" => "0",
        part if part.starts_with('{') => conversation,
        part => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_another_environment_is_unknown_on_every_route() {
    let (world, _) = talking(1).await;
    let own = key(&world, Some(world.open.environment_id)).await;
    let other = key(&world, Some(EnvironmentId::derive(&["other"]))).await;
    let unlimited = key(&world, None).await;
    let id = conversation_id(&world);
    let unknown = ConversationId::derive(&["unknown"]).to_string();
    let text = json!({"messages": [{"text": "Hello?"}]});
    let mut routes = 0;
    for route in table() {
        if !route.path.contains("/{conversation_id}") {
            continue;
        }
        routes += 1;
        let name = format!("{} {}", route.method, route.path);
        let body = if name.starts_with("POST ") && name.ends_with("/messages") {
            text.clone()
        } else if name.ends_with("/assign") || name.ends_with("/transfer") {
            json!({"member_id": MemberId::derive(&["ana"])})
        } else if name.starts_with("PATCH ") {
            json!({"state": "open"})
        } else {
            Value::Null
        };
        let there = filled(&world, &route.path, &id);
        let nowhere = filled(&world, &route.path, &unknown);
        let before = world.db.items().unwrap();
        let (status, mut hidden) = call(&world, &other, route.method, &there, body.clone()).await;
        let (_, mut missing) = call(&world, &unlimited, route.method, &nowhere, body.clone()).await;
        assert_eq!(status, 404, "{name}: {hidden}");
        for answer in [&mut hidden, &mut missing] {
            assert!(answer["request_id"].take().is_string(), "{name}");
        }
        assert_eq!(hidden, missing, "{name}");
        assert_eq!(world.db.items().unwrap(), before, "{name}");
        let (seen, answer) = call(&world, &own, route.method, &there, body.clone()).await;
        let (expected, _) = call(&world, &unlimited, route.method, &there, body).await;
        assert_eq!(seen, expected, "{name}: {answer}");
        let has_no_file = route.path.ends_with("/{index}");
        assert_eq!(seen == 404, has_no_file, "{name}: {answer}");
    }
    assert!(routes >= 8, "{routes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_the_conversations_of_the_keys_environment_and_no_filter_shows_more() {
    let (world, _) = talking(1).await;
    let environment = world.open.environment_id;
    let other = EnvironmentId::derive(&["other"]);
    let list = format!("{}/conversations", world.project_path());
    for (limit, query, count) in [
        (None, String::new(), 1),
        (Some(environment), String::new(), 1),
        (Some(environment), "?state=open".to_owned(), 1),
        (
            Some(environment),
            format!("?environment_id={environment}"),
            1,
        ),
        (Some(environment), format!("?environment_id={other}"), 0),
        (Some(other), String::new(), 0),
        (Some(other), format!("?environment_id={environment}"), 0),
        (Some(other), format!("?environment_id={other}"), 0),
    ] {
        let token = key(&world, limit).await;
        let path = format!("{list}{query}");
        let (status, listed) = call(&world, &token, "GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{query}: {listed}");
        let items = listed["items"].as_array().unwrap();
        assert_eq!(items.len(), count, "{limit:?} {query}: {listed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_route_is_closed_to_a_limited_key_whatever_its_record_says() {
    let (world, _) = talking(1).await;
    let account = world.scope.account_id();
    let environment = Some(world.open.environment_id);
    let token = world.key_of(account, &Permission::ALL, environment).await;
    let mut closed = 0;
    for route in table() {
        let Access::Needs(permission) = route.access else {
            continue;
        };
        if BOTH.contains(&permission) {
            continue;
        }
        let path = filled(&world, &route.path, &conversation_id(&world));
        let (status, refused) = call(&world, &token, route.method, &path, json!({})).await;
        assert_eq!(status, 403, "{} {}: {refused}", route.method, route.path);
        closed += 1;
    }
    assert!(closed > 20, "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_created_for_one_environment_and_only_for_its_conversations() {
    let (world, _) = talking(1).await;
    let powers = world.all_powers().await;
    let environment = world.open.environment_id;
    let wanted = |permissions: Value| json!({"name": "agent", "permissions": permissions, "environment_id": environment});
    let body = wanted(json!(["conversations.reply", "projects.read"]));
    let (status, refused) = call(&world, &powers, "POST", "/v1/api-keys", body).await;
    assert_eq!(status, 422, "{refused}");
    assert_eq!(refused["errors"][0]["field"], "permissions");
    let rule = refused["errors"][0]["rule"].as_str().unwrap();
    assert!(rule.contains("environment_id"), "{rule}");
    let body = wanted(json!(["conversations.read", "conversations.reply"]));
    let (status, made) = call(&world, &powers, "POST", "/v1/api-keys", body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["environment_id"], json!(environment));
    let token = made["key"].as_str().unwrap();
    let path = format!("{}/conversations", world.project_path());
    let (status, listed) = call(&world, token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{listed}");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let (_, keys) = call(&world, &powers, "GET", "/v1/api-keys", Value::Null).await;
    let limited = keys["items"].as_array().unwrap().iter();
    let limited = limited.filter(|key| key["environment_id"] == json!(environment));
    assert_eq!(limited.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_created_only_for_an_environment_of_a_project_of_its_account() {
    let (world, _) = talking(1).await;
    let powers = world.all_powers().await;
    let wanted = |environment: &Value| json!({"name": "agent", "permissions": ["conversations.reply"], "environment_id": environment});
    let elsewhere = AccountId::derive(&["globex"]);
    let other_account = world.key_of(elsewhere, &Permission::ALL, None).await;
    let known = json!(world.open.environment_id);
    let unknown = json!(EnvironmentId::derive(&["unknown"]));
    for (token, environment) in [(&powers, &unknown), (&other_account, &known)] {
        let body = wanted(environment);
        let (status, refused) = call(&world, token, "POST", "/v1/api-keys", body).await;
        assert_eq!(status, 422, "{refused}");
        let told = json!([{
            "field": "environment_id",
            "rule": "must be the id of an environment of one of the account's projects",
        }]);
        assert_eq!(refused["errors"], told);
    }
    let (_, keys) = call(&world, &powers, "GET", "/v1/api-keys", Value::Null).await;
    let mut keys = keys["items"].as_array().unwrap().iter();
    assert!(keys.all(|key| key["name"] != "agent"));
    // Another project of the account counts, from its creation on.
    let body = json!({"name": "Second"});
    let (status, project) = call(&world, &powers, "POST", "/v1/projects", body).await;
    assert_eq!(status, 201, "{project}");
    let path = format!(
        "/v1/projects/{}/environments",
        project["id"].as_str().unwrap()
    );
    let (status, listed) = call(&world, &powers, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{listed}");
    let body = wanted(&listed["items"][0]["id"]);
    let (status, made) = call(&world, &powers, "POST", "/v1/api-keys", body).await;
    assert_eq!(status, 201, "{made}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_made_a_key_for_an_environment_is_told_so_when_it_comes_again_though_that_is_gone()
 {
    let (world, _) = talking(1).await;
    let powers = world.all_powers().await;
    let path = format!("{}/environments", world.project_path());
    let staging = json!({"name": "Staging"});
    let (status, staging) = call(&world, &powers, "POST", &path, staging).await;
    assert_eq!(status, 201, "{staging}");
    let ask = async |name: &str| {
        let wanted = json!({"name": "agent", "permissions": ["conversations.reply"], "environment_id": staging["id"]});
        let header = [("Idempotency-Key", name)];
        let post = ("POST", "/v1/api-keys");
        world.call(&powers, post, wanted, &header).await
    };
    assert_eq!(ask("k1").await.status, 201);
    let id = staging["id"].as_str().unwrap();
    let row = world.rows(&format!("ENVIRONMENT#{id}")).remove(0);
    let pk = row["pk"].as_str().unwrap();
    let sk = row["sk"].as_str().unwrap();
    world.db.delete_raw(pk, sk).unwrap();
    let again = ask("k1").await;
    assert_eq!(again.status, 409, "{}", again.body);
    assert_eq!(again.body["type"], "/problems/idempotency-key-spent");
    assert_eq!(ask("k2").await.status, 422);
}
