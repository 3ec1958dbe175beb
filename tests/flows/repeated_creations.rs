//! Creations that are repeated under one `Idempotency-Key`, with other secrets or after what they made is gone.

use crate::{
    connector_setup::{call, new_project},
    world::World,
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_is_repeated_with_other_secrets_is_refused() {
    let world = World::new().await;
    let (token, project, environment_id) = new_project(&world).await;
    let asked = json!({
        "name": "New", "provider": "slack", "environment_id": environment_id,
        "slack": {
            "api_app_id": "A0NEW", "team_id": "T0NEW",
            "signing_secret": "canary-signing-secret-0", "bot_token": "xoxb-canary-bot-token",
        },
    });
    let list = format!("{project}/connectors");
    let create = async |body: &Value| {
        let key = [("idempotency-key", "create-1")];
        call(&world, &token, ("POST", &list), body.clone(), &key).await
    };
    let first = create(&asked).await;
    assert_eq!(first.status, 201, "{}", first.body);
    assert_eq!(first.body["can_connect"], false);
    assert!(
        first.body["set_up_steps"]
            .to_string()
            .contains(first.body["webhook_url"].as_str().unwrap())
    );
    let again = create(&asked).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    for (field, value) in [
        ("signing_secret", json!("canary-signing-secret-1")),
        ("bot_token", json!("xoxb-canary-bot-other")),
        ("previous_signing_secret", json!("canary-signing-secret-1")),
    ] {
        let mut other = asked.clone();
        other["slack"][field] = value;
        let refused = create(&other).await;
        assert_eq!(
            (refused.status, &refused.body["type"]),
            (422, &json!("/problems/idempotency-key-reused")),
            "{field}"
        );
    }
    let rows = serde_json::to_string(&world.db.items().unwrap()).unwrap();
    assert!(!rows.contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_connector_is_not_made_again_by_its_idempotency_key() {
    let world = World::new().await;
    let (token, project, environment_id) = new_project(&world).await;
    let asked = json!({
        "name": "New", "provider": "slack", "environment_id": environment_id,
        "slack": {
            "api_app_id": "A0NEW", "team_id": "T0NEW",
            "signing_secret": "signing-secret-of-a-connector", "bot_token": "xoxb-of-a-connector",
        },
    });
    let list = format!("{project}/connectors");
    let create = async |key: &str| {
        let key = [("idempotency-key", key)];
        call(&world, &token, ("POST", &list), asked.clone(), &key).await
    };
    let first = create("create-1").await;
    assert_eq!(first.status, 201, "{}", first.body);
    let path = format!("{list}/{}", first.body["id"].as_str().unwrap());
    let deleted = call(&world, &token, ("DELETE", &path), Value::Null, &[]).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);

    let before = world.db.items().unwrap();
    let again = create("create-1").await;
    assert_eq!(
        (again.status, &again.body["type"]),
        (422, &json!("/problems/idempotency-key-reused")),
        "{}",
        again.body
    );
    assert_eq!(again.body["errors"][0]["field"], "Idempotency-Key");
    assert_eq!(world.db.items().unwrap(), before);
    let gone = call(&world, &token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(gone.status, 404);

    let another = create("create-2").await;
    assert_eq!(another.status, 201, "{}", another.body);
    assert_ne!(another.body["id"], first.body["id"]);
    // A connector that an earlier release made has no claim before it is deleted.
    let id = another.body["id"].as_str().unwrap();
    let partition = format!("CONNECTOR#{id}");
    world.db.delete_raw(&partition, "CLAIM").unwrap();
    let path = format!("{list}/{id}");
    let deleted = call(&world, &token, ("DELETE", &path), Value::Null, &[]).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_eq!(create("create-2").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_api_key_is_not_made_again_by_its_idempotency_key() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let asked = json!({"name": "report", "permissions": ["projects.read"]});
    let key = [("idempotency-key", "key-1")];
    let create = async || {
        call(
            &world,
            &token,
            ("POST", "/v1/api-keys"),
            asked.clone(),
            &key,
        )
        .await
    };
    let first = create().await;
    assert_eq!(first.status, 201, "{}", first.body);
    let path = format!("/v1/api-keys/{}", first.body["id"].as_str().unwrap());
    let revoked = call(&world, &token, ("DELETE", &path), Value::Null, &[]).await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    assert_eq!(revoked.body["revoked"], json!([first.body["id"]]));
    let again = create().await;
    assert_eq!(
        (again.status, &again.body["type"]),
        (409, &json!("/problems/idempotency-key-spent"))
    );
    assert_eq!(again.body["errors"][0]["field"], "Idempotency-Key");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_that_is_made_again_with_another_secret_of_its_agent_is_refused() {
    let world = World::new().await;
    let (token, project, _) = new_project(&world).await;
    let list = format!("{project}/environments");
    let create = async |secret: &str| {
        let agent = json!({"endpoint": "https://agent.example.com/d", "signing_secret": secret});
        let body = json!({"name": "Preview", "agent": agent});
        let key = [("idempotency-key", "create-1")];
        call(&world, &token, ("POST", &list), body, &key).await
    };
    let (one, other) = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    );
    assert_eq!(create(one).await.status, 201);
    assert_eq!(create(one).await.status, 201);
    assert_eq!(create(other).await.status, 422);
}
