//! Clients that a member may serve (SPEC B39): of the others' requests and connectors nothing is told, and nothing
//! of theirs is decided.

use crate::{lifecycle::stranger, world::World};
use serde_json::{Value, json};

/// SPEC B39, E18.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_decided_with_the_permission_and_the_client_of_its_connector_and_not_without()
{
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let admin = world.person("super_admin").await;
    let member = world.person("agent").await;
    let id = world.requests().await.remove(0).request.id;
    let requests = format!("{}/access-requests", world.project_path());
    let (request, approve) = (
        format!("{requests}/{id}"),
        format!("{requests}/{id}/approve"),
    );
    let connectors = format!("{}/connectors", world.project_path());
    let body = json!({"name": "Hooli", "channels": ["whatsapp"]});
    let made = world
        .call_as(&admin, ("POST", "/v1/clients"), body, &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/v1/members/{}", member.member_id);
    let change = async |body: Value| {
        let changed = world.call_as(&admin, ("PATCH", &path), body, &[]).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    };
    let get = async |path: &str| {
        let answer = world
            .call_as(&member, ("GET", path), Value::Null, &[])
            .await;
        (answer.status, answer.body)
    };
    let decide = async || {
        let route = ("POST", approve.as_str());
        world.call_as(&member, route, Value::Null, &[]).await
    };

    // The client, without the permission.
    assert_eq!(get(request.as_str()).await.0, 200);
    let refused = decide().await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/permission-missing");
    // The permission, without the client.
    change(json!({"extra_permissions": ["access_requests.decide"], "clients": [made.body["id"]]}))
        .await;
    let refused = decide().await;
    assert_eq!(refused.status, 404, "{}", refused.body);
    assert_eq!(get(request.as_str()).await.0, 404);
    for list in [requests.as_str(), connectors.as_str()] {
        let (status, listed) = get(list).await;
        assert_eq!((status, &listed["items"]), (200, &json!([])), "{list}");
    }
    let route = ("GET", request.as_str());
    let seen = world.call_as(&admin, route, Value::Null, &[]).await;
    assert_eq!(seen.body["status"], "pending", "{}", seen.body);
    // Both.
    change(json!({"clients": "all"})).await;
    let decided = decide().await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    assert_eq!(get(request.as_str()).await.1["status"], "approved");
}
