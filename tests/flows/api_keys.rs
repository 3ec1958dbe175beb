//! API keys (SPEC D29): owners, renewal, rotation, and what a key made.

use crate::{
    admin::call,
    invitations::{key_of, root},
    world::World,
};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// The id of the key with this name.
async fn id_of(world: &World, token: &str, name: &str) -> String {
    let (_, keys) = call(world, token, "GET", "/v1/api-keys", Value::Null).await;
    let mut keys = keys["items"].as_array().unwrap().iter();
    let key = keys.find(|key| key["name"] == name).unwrap();
    key["id"].as_str().unwrap().to_owned()
}

async fn works(world: &World, token: &str) -> bool {
    call(world, token, "GET", "/v1/permissions", Value::Null)
        .await
        .0
        == 200
}

/// A stack is not locked out for good a year after its set-up.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_is_renewed_by_itself_and_keeps_its_secret() {
    let world = World::new().await;
    let root = root(&world).await;
    let path = format!(
        "/v1/api-keys/{}/renew",
        id_of(&world, &root, "first key").await
    );
    world.clock.advance(DAY * 360);
    let body = json!({"expires_in_days": 365});
    let (status, renewed) = call(&world, &root, "POST", &path, body).await;
    assert_eq!(status, 200, "{renewed}");
    world.clock.advance(DAY * 30);
    assert!(works(&world, &root).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_secret_is_taken_for_a_day_more() {
    let world = World::new().await;
    let root = root(&world).await;
    let old = key_of(&world, &root, json!(["projects.read"])).await;
    let path = format!(
        "/v1/api-keys/{}/rotate",
        id_of(&world, &root, "script").await
    );
    let (status, rotated) = call(&world, &root, "POST", &path, Value::Null).await;
    assert_eq!(status, 200, "{rotated}");
    let new = rotated["key"].as_str().unwrap();
    assert_ne!(new, old);
    assert!(works(&world, new).await && works(&world, &old).await);
    world.clock.advance(DAY);
    assert!(works(&world, new).await);
    assert!(!works(&world, &old).await);
}

/// Keys that a stolen key made do not live on.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_made_is_listed_and_revoked_with_it_if_that_is_asked_for() {
    let world = World::new().await;
    let root = root(&world).await;
    let manage = json!([
        "api_keys.manage",
        "api_keys.manage_account",
        "projects.read"
    ]);
    let stolen = key_of(&world, &root, manage.clone()).await;
    let id = id_of(&world, &root, "script").await;
    let mut maker = stolen.clone();
    let mut made = Vec::new();
    for name in ["child", "grandchild"] {
        let body = json!({"name": name, "permissions": manage});
        let (status, child) = call(&world, &maker, "POST", "/v1/api-keys", body).await;
        assert_eq!(status, 201, "{child}");
        maker = child["key"].as_str().unwrap().to_owned();
        made.push(maker.clone());
    }
    let path = format!("/v1/api-keys/{id}");
    let (_, listed) = call(&world, &root, "GET", &format!("{path}/made"), Value::Null).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
    let all = format!("{path}?made=true");
    let (status, revoked) = call(&world, &root, "DELETE", &all, Value::Null).await;
    assert_eq!(status, 200, "{revoked}");
    assert_eq!(revoked["revoked"].as_array().unwrap().len(), 3);
    assert_eq!(revoked["made"], json!([]));
    for token in made.iter().chain([&stolen]) {
        assert!(!works(&world, token).await);
    }
    assert!(works(&world, &root).await);
}

/// Two holders of full keys cannot leave none.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_way_into_an_account_is_not_revoked() {
    let world = World::new().await;
    let root = root(&world).await;
    let path = format!("/v1/api-keys/{}", id_of(&world, &root, "first key").await);
    let (status, refused) = call(&world, &root, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/own-key");
    assert!(works(&world, &root).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_manage_own_keys_only_sees_and_makes_none_of_the_account() {
    let world = World::new().await;
    let root = root(&world).await;
    let low = key_of(&world, &root, json!(["api_keys.manage"])).await;
    let (_, keys) = call(&world, &low, "GET", "/v1/api-keys", Value::Null).await;
    let names: Vec<_> = keys["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["name"])
        .collect();
    assert_eq!(names, ["script"]);
    let body = json!({"name": "child", "permissions": ["api_keys.manage"]});
    let (status, refused) = call(&world, &low, "POST", "/v1/api-keys", body).await;
    assert_eq!(status, 403, "{refused}");
    assert_eq!(refused["permissions"], json!(["api_keys.manage_account"]));
    let first = format!("/v1/api-keys/{}", id_of(&world, &root, "first key").await);
    let (status, hidden) = call(&world, &low, "DELETE", &first, Value::Null).await;
    assert_eq!(status, 404, "{hidden}");
}

/// SPEC D29: cut by its owner's rights, at rest while the owner is suspended, and ended with the owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_members_key_can_do_what_its_owner_can_and_ends_with_its_owner() {
    let world = World::new().await;
    let admin = world.person("super_admin").await;
    let owner = world.person("super_admin").await;
    let body = json!({"name": "mine", "permissions": ["members.read", "projects.read"]});
    let made = world
        .call_as(&owner, ("POST", "/v1/api-keys"), body, &[])
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["owner"]["kind"], "member");
    let key = made.body["key"].as_str().unwrap();
    let member = format!("/v1/members/{}", owner.member_id);
    let lists = async || call(&world, key, "GET", "/v1/members", Value::Null).await.0;
    assert_eq!(lists().await, 200);
    // An agent may not read members.
    let body = json!({"role": "agent"});
    let demoted = world.call_as(&admin, ("PATCH", &member), body, &[]).await;
    assert_eq!(demoted.status, 200, "{}", demoted.body);
    assert_eq!(lists().await, 403);
    for (verb, status) in [("suspend", 401), ("reinstate", 403), ("remove", 401)] {
        let path = format!("{member}/{verb}");
        let answer = world
            .call_as(&admin, ("POST", &path), Value::Null, &[])
            .await;
        assert_eq!(answer.status, 200, "{verb}: {}", answer.body);
        if verb == "remove" {
            assert_eq!(answer.body["ended"]["api_keys"], 1, "{}", answer.body);
        }
        assert_eq!(lists().await, status, "{verb}");
    }
}
