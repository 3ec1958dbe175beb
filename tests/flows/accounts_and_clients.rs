//! Accounts and clients (SPEC D34, M01, M02, B39).

use crate::{
    admin::call,
    invitations::{key_of, root},
    world::{SETUP_TOKEN, World},
};
use serde_json::{Value, json};

/// SPEC D34, G01.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_renamed_and_its_rules_change_at_a_named_version() {
    let world = World::new().await;
    let root = root(&world).await;
    let answer = world
        .call(&root, ("GET", "/v1/account"), Value::Null, &[])
        .await;
    assert_eq!(answer.body["name"], "Globex", "{}", answer.body);
    let etag = answer.headers["etag"].to_str().unwrap();
    let body = json!({"name": "Initech", "rules": {"factor_required": true}});
    let headers = [("if-match", etag)];
    let route = ("PATCH", "/v1/account");
    let changed = world.call(&root, route, body.clone(), &headers).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["name"], "Initech");
    assert_eq!(changed.body["rules"]["factor_required"], true);
    assert_eq!(changed.body["audit_days"], 0);
    // SPEC G02: no account shortens the time for which its audit log is kept.
    let shorter = json!({"rules": {"audit_days": 1}});
    let refused = world.call(&root, route, shorter, &[]).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let late = world
        .call(&root, route, json!({"name": "Late"}), &headers)
        .await;
    assert_eq!(late.status, 412, "{}", late.body);
}

/// SPEC D28: otherwise nobody could sign in.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_cannot_close_the_account_to_everybody_but_a_provider() {
    let world = World::new().await;
    let root = root(&world).await;
    let body = json!({"rules": {"sso_only": true}});
    let (status, refused) = call(&world, &root, "PATCH", "/v1/account", body).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/provider-not-tried");
}

/// SPEC D34.
#[tokio::test(flavor = "multi_thread")]
async fn a_further_account_needs_a_member_or_the_set_up_token() {
    let world = World::new().await;
    let root = root(&world).await;
    let (status, refused) = call(&world, &root, "POST", "/v1/accounts", json!({"name": "B"})).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/needs-a-member");
    let asked =
        |token: &str| json!({"setup_token": token, "name": "B", "admin_email": "b@example.com"});
    let path = "/v1/setup/accounts";
    let (status, refused) = call(&world, "", "POST", path, asked("wrong")).await;
    assert_eq!(status, 401, "{refused}");
    let (status, made) = call(&world, "", "POST", path, asked(SETUP_TOKEN)).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["account"]["name"], "B");
    let (_, own) = call(&world, &root, "GET", "/v1/account", Value::Null).await;
    assert_ne!(own["id"], made["account"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_made_changed_and_deleted_and_the_default_one_stays() {
    let world = World::new().await;
    let root = root(&world).await;
    let (_, listed) = call(&world, &root, "GET", "/v1/clients", Value::Null).await;
    let default = &listed["items"][0];
    assert_eq!(default["is_default"], true, "{listed}");
    let path = format!("/v1/clients/{}", default["id"].as_str().unwrap());
    let (status, refused) = call(&world, &root, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/default-client");
    let (status, renamed) = call(&world, &root, "PATCH", &path, json!({"name": "Main"})).await;
    assert_eq!(
        (status, &renamed["name"]),
        (200, &json!("Main")),
        "{renamed}"
    );

    let body = json!({"name": "Hooli", "channels": ["live_chat", "whatsapp"]});
    let (status, made) = call(&world, &root, "POST", "/v1/clients", body).await;
    assert_eq!(status, 201, "{made}");
    let path = format!("/v1/clients/{}", made["id"].as_str().unwrap());
    let body = json!({"channels": ["sms"]});
    let (status, changed) = call(&world, &root, "PATCH", &path, body).await;
    assert_eq!(
        (status, &changed["channels"]),
        (200, &json!(["sms"])),
        "{changed}"
    );
    let reader = key_of(&world, &root, json!(["projects.read"])).await;
    let (_, listed) = call(&world, &reader, "GET", "/v1/clients", Value::Null).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let (status, _) = call(&world, &root, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 204);
    let (status, _) = call(&world, &root, "GET", &path, Value::Null).await;
    assert_eq!(status, 404);
}

/// SPEC D34: who creates an account becomes its super admin.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_creates_a_further_account_once_and_is_its_super_admin() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let headers = [("idempotency-key", "second")];
    let mut ids = Vec::new();
    for _ in 0..2 {
        let body = json!({"name": "Second"});
        let made = world
            .call_as(&admin, ("POST", "/v1/accounts"), body, &headers)
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        ids.push(made.body["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids[0], ids[1]);
    let there = [("vestibule-account", ids[0].as_str())];
    let members = world
        .call_as(&admin, ("GET", "/v1/members"), Value::Null, &there)
        .await;
    assert_eq!(members.status, 200, "{}", members.body);
    assert_eq!(members.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(members.body["items"][0]["is_you"], true);
    assert_eq!(members.body["items"][0]["role"]["key"], "super_admin");
}
