//! Roles (SPEC E27, E35, D26).

use crate::{
    admin::call,
    invitations::{invited, key_of, root},
    world::World,
};
use serde_json::{Value, json};

/// SPEC E27, E35: deleting a role in use is refused with its members, and nobody gains anything by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_changed_and_deleted_once_nobody_holds_it() {
    let world = World::new().await;
    let root = root(&world).await;
    let asked = json!({"name": "Approver", "permissions": ["access_requests.decide"]});
    let (status, role) = call(&world, &root, "POST", "/v1/roles", asked.clone()).await;
    assert_eq!(status, 201, "{role}");
    let (status, taken) = call(&world, &root, "POST", "/v1/roles", asked).await;
    assert_eq!(status, 422, "{taken}");
    let invitation = invited(&world, &root, "grace@example.com", role["key"].clone()).await;
    let member = &invitation["member"];
    assert_eq!(member["role"]["name"], "Approver");
    assert_eq!(member["permissions"], json!(["access_requests.decide"]));

    let path = format!("/v1/roles/{}", role["key"].as_str().unwrap());
    let wider = json!({"permissions": ["access_requests.decide", "chat_users.block"]});
    let (status, changed) = call(&world, &root, "PATCH", &path, wider).await;
    assert_eq!(status, 200, "{changed}");
    let member_path = format!("/v1/members/{}", member["id"].as_str().unwrap());
    let (_, member) = call(&world, &root, "GET", &member_path, Value::Null).await;
    assert_eq!(member["permissions"].as_array().unwrap().len(), 2);

    let (status, refused) = call(&world, &root, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/role-in-use");
    assert_eq!(refused["members"][0]["id"], member["id"]);
    let none = json!({"role": null});
    let (status, freed) = call(&world, &root, "PATCH", &member_path, none).await;
    assert_eq!(status, 200, "{freed}");
    let (status, deleted) = call(&world, &root, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 204, "{deleted}");
    let (status, _) = call(&world, &root, "GET", &path, Value::Null).await;
    assert_eq!(status, 404);
    // Nobody gained anything.
    let (_, member) = call(&world, &root, "GET", &member_path, Value::Null).await;
    assert_eq!(member["permissions"], json!([]));
}

/// SPEC D26: both ways.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_or_changes_a_role_with_permissions_that_they_lack() {
    let world = World::new().await;
    let root = root(&world).await;
    let held = json!(["members.read", "roles.manage", "projects.read"]);
    let manager = key_of(&world, &root, held).await;
    let asked = json!({"name": "Approver", "permissions": ["access_requests.decide"]});
    let (status, refused) = call(&world, &manager, "POST", "/v1/roles", asked.clone()).await;
    assert_eq!(status, 403, "{refused}");
    let (_, role) = call(&world, &root, "POST", "/v1/roles", asked).await;
    let path = format!("/v1/roles/{}", role["key"].as_str().unwrap());
    for (method, body) in [
        ("PATCH", json!({"permissions": ["projects.read"]})),
        ("PATCH", json!({"name": "Mine"})),
        ("DELETE", Value::Null),
    ] {
        let (status, refused) = call(&world, &manager, method, &path, body).await;
        assert_eq!(status, 403, "{refused}");
        assert_eq!(refused["type"], "/problems/permissions-not-held");
    }
    let own = json!({"name": "Reader", "permissions": ["projects.read"]});
    let (status, made) = call(&world, &manager, "POST", "/v1/roles", own).await;
    assert_eq!(status, 201, "{made}");
}

/// SPEC E27.
#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_names_every_permission_and_the_list_the_built_in_roles() {
    let world = World::new().await;
    let root = root(&world).await;
    let (status, catalogue) = call(&world, &root, "GET", "/v1/permissions", Value::Null).await;
    assert_eq!(status, 200, "{catalogue}");
    let keys = catalogue["items"].as_array().unwrap().iter();
    assert!(keys.clone().any(|one| one["key"] == "members.manage"));
    assert!(keys.clone().all(|one| one["label"].is_string()));
    let (_, roles) = call(&world, &root, "GET", "/v1/roles", Value::Null).await;
    assert_eq!(roles["items"][0]["key"], "super_admin");
    assert_eq!(roles["items"][1]["key"], "agent");
}
