//! Clients that connectors or members need are not deleted, whatever happens at the same time (SPEC M01, B39).

use crate::world::{Answer, Person, World};
use futures_util::future::join;
use serde_json::{Value, json};
use vestibule_domain::connector::Connector;

/// A new client of the world's account.
async fn client(world: &World, admin: &Person, name: &str) -> String {
    let body = json!({"name": name});
    let made = world
        .call_as(admin, ("POST", "/v1/clients"), body, &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// Deletes a client.
async fn delete(world: &World, admin: &Person, client: &str) -> Answer {
    let path = format!("/v1/clients/{client}");
    world
        .call_as(admin, ("DELETE", &path), Value::Null, &[])
        .await
}

/// Gives a connector to a client.
async fn give(world: &World, admin: &Person, connector: &Connector, client: &str) -> Answer {
    let path = format!("{}/connectors/{}", world.project_path(), connector.id);
    let body = json!({"client_id": client});
    world.call_as(admin, ("PATCH", &path), body, &[]).await
}

/// SPEC M01.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_connectors_or_members_need_is_not_deleted_and_the_refusal_names_them() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let hooli = client(&world, &admin, "Hooli").await;
    let given = give(&world, &admin, &world.open, &hooli).await;
    assert_eq!(given.status, 200, "{}", given.body);
    assert_eq!(given.body["client_id"], hooli.as_str());
    let refused = delete(&world, &admin, &hooli).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/client-in-use");
    let place = json!({"id": world.open.id, "project_id": world.scope.project_id()});
    assert_eq!(refused.body["connectors"], json!([place]));
    assert_eq!(refused.body["members"], json!([]));

    let agent = world.person("agent").await;
    let path = format!("/v1/members/{}", agent.member_id);
    let access = |clients: Value| json!({"clients": clients});
    let limited = world
        .call_as(&admin, ("PATCH", &path), access(json!([hooli])), &[])
        .await;
    assert_eq!(limited.status, 200, "{}", limited.body);
    let default = world.open.client_id.to_string();
    let given = give(&world, &admin, &world.open, &default).await;
    assert_eq!(given.status, 200, "{}", given.body);
    let refused = delete(&world, &admin, &hooli).await;
    assert_eq!(refused.body["connectors"], json!([]), "{}", refused.body);
    let named = json!([{"id": agent.member_id, "name": "Grace Hopper"}]);
    assert_eq!(refused.body["members"], named);

    let all = world
        .call_as(&admin, ("PATCH", &path), access(json!("all")), &[])
        .await;
    assert_eq!(all.status, 200, "{}", all.body);
    let deleted = delete(&world, &admin, &hooli).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let late = give(&world, &admin, &world.open, &hooli).await;
    assert_eq!(late.status, 422, "{}", late.body);
    assert_eq!(late.body["errors"][0]["field"], "client_id");
}

/// SPEC M01: a connector that is deleted, or passes on, needs its client no more.
#[tokio::test(flavor = "multi_thread")]
async fn the_connectors_that_passed_on_or_are_gone_keep_no_client() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let [one, other] = [
        client(&world, &admin, "One").await,
        client(&world, &admin, "Other").await,
    ];
    for client in [&one, &other] {
        let given = give(&world, &admin, &world.open, client).await;
        assert_eq!(given.status, 200, "{}", given.body);
    }
    let deleted = delete(&world, &admin, &one).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_eq!(delete(&world, &admin, &other).await.status, 409);
    let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let gone = world
        .call_as(&admin, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    let deleted = delete(&world, &admin, &other).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
}

/// The release before named all connectors of a client on one row.
#[tokio::test(flavor = "multi_thread")]
async fn a_connector_on_the_row_of_the_release_before_keeps_its_client_until_it_passes_on() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let hooli = client(&world, &admin, "Hooli").await;
    let given = give(&world, &admin, &world.open, &hooli).await;
    assert_eq!(given.status, 200, "{}", given.body);
    let mut rows = world.rows(&format!("CLIENT#{hooli}#"));
    rows.retain(|row| row.contains_key("connectors"));
    assert_eq!(rows.len(), 1);
    let (partition, part) = (&rows[0]["pk"], &rows[0]["sk"]);
    let place = format!("{}/{}", world.scope.project_id(), world.open.id);
    let old = format!("CLIENT#{hooli}");
    for row in [
        json!({"pk": {"S": partition}, "sk": {"S": part}}),
        json!({"pk": {"S": partition}, "sk": {"S": old}, "connectors": {"SS": [place]}}),
    ] {
        world.db.put_raw(&row).unwrap();
    }
    let refused = delete(&world, &admin, &hooli).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    let place = json!({"id": world.open.id, "project_id": world.scope.project_id()});
    assert_eq!(refused.body["connectors"], json!([place]));
    let default = world.connector.client_id.to_string();
    let given = give(&world, &admin, &world.open, &default).await;
    assert_eq!(given.status, 200, "{}", given.body);
    let deleted = delete(&world, &admin, &hooli).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
}

/// SPEC G01: an `Idempotency-Key` makes one client, also once it is deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_does_not_come_back_under_its_idempotency_key() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let headers = [("idempotency-key", "hooli")];
    let again = || {
        let body = json!({"name": "Hooli"});
        world.call_as(&admin, ("POST", "/v1/clients"), body, &headers)
    };
    let made = again().await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(again().await.body["id"], id);
    assert_eq!(delete(&world, &admin, id).await.status, 204);
    let refused = again().await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/idempotency-key-reused");
}

/// SPEC M01: whichever of the two is written last is refused.
#[tokio::test(flavor = "multi_thread")]
async fn no_connector_belongs_to_a_client_that_is_deleted_at_the_same_time() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let default = world.open.client_id.to_string();
    for round in 0..20 {
        let id = client(&world, &admin, &format!("Client {round}")).await;
        let (given, deleted) = join(
            Box::pin(give(&world, &admin, &world.open, &id)),
            Box::pin(delete(&world, &admin, &id)),
        )
        .await;
        let both = (given.status, deleted.status);
        assert_ne!(both, (200, 204), "round {round}");
        assert!(both.0 == 200 || both.1 == 204, "{both:?}: {}", given.body);
        let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
        let shown = world
            .call_as(&admin, ("GET", &path), Value::Null, &[])
            .await;
        let is_there = shown.body["client_id"] == id.as_str();
        assert_eq!(is_there, deleted.status != 204, "round {round}: {both:?}");
        let back = give(&world, &admin, &world.open, &default).await;
        assert_eq!(back.status, 200, "{}", back.body);
    }
}
