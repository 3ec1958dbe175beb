//! API keys: what they may give and take, and the day of their use.

use super::{all_powers, call, project};
use crate::world::World;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::account::permission::Permission;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_and_takes_no_more_than_it_holds() {
    let world = World::new().await;
    let full = all_powers(&world).await;
    let account = world.scope.account_id();
    let manager = [Permission::ApiKeysManage, Permission::ApiKeysManageAccount];
    let manager = world.key(account, &manager).await;
    let (_, keys) = call(&world, &full, "GET", "/v1/api-keys", Value::Null).await;
    let full_id = keys["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["permissions"].as_array().unwrap().len() == Permission::ALL.len())
        .unwrap()["id"]
        .as_str()
        .unwrap();
    let path = format!("/v1/api-keys/{full_id}");
    let (status, body) = call(&world, &manager, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 403, "{body}");
    assert_eq!(body["type"], "/problems/permissions-not-held");
    let asked = json!({"name": "child", "permissions": ["projects.read"]});
    let (status, body) = call(&world, &manager, "POST", "/v1/api-keys", asked).await;
    assert_eq!(status, 403, "{body}");
    let asked = json!({"name": "child", "permissions": ["api_keys.manage"]});
    let (status, child) = call(&world, &manager, "POST", "/v1/api-keys", asked).await;
    assert_eq!(status, 201, "{child}");
    assert_eq!(child["owner"], json!({"kind": "account", "id": null}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_a_keys_use_is_noted_beside_the_key_and_goes_with_it() {
    let world = World::new().await;
    let full = all_powers(&world).await;
    let asked = json!({"name": "script", "permissions": ["projects.read", "conversations.read"]});
    let (status, made) = call(&world, &full, "POST", "/v1/api-keys", asked).await;
    assert_eq!(status, 201, "{made}");
    let (id, token) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let shown = async || {
        let (_, keys) = call(&world, &full, "GET", "/v1/api-keys", Value::Null).await;
        let mut keys = keys["items"].as_array().unwrap().clone();
        keys.retain(|key| key["id"] == id);
        keys.pop().map(|key| key["last_used_at"].clone())
    };
    assert_eq!(shown().await, Some(Value::Null));

    let (projects, conversations) = (
        project(&world),
        format!("{}/conversations", project(&world)),
    );
    let own = json!(id);
    for (pause, path) in [(0, &projects), (16, &conversations)] {
        world.clock.advance(Duration::from_hours(pause));
        let now = json!(world.now());
        for _ in 0..2 {
            assert_eq!(call(&world, token, "GET", path, Value::Null).await.0, 200);
            world.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(shown().await, Some(now), "{path}");
        // The key's own row says nothing of it.
        let mut rows = world.rows("KEY#");
        let key = rows.iter().find(|row| row.get("id") == Some(&own)).unwrap();
        assert!(key.get("last_used_at").is_none());
        let hash = key["sk"].clone();
        rows.retain(|row| row["sk"] == hash);
        assert_eq!(rows.len(), 2);
    }

    let hash = world
        .rows("KEY#")
        .into_iter()
        .find(|row| row.get("id") == Some(&own))
        .unwrap()["sk"]
        .clone();
    let path = format!("/v1/api-keys/{id}");
    assert_eq!(
        call(&world, &full, "DELETE", &path, Value::Null).await.0,
        200
    );
    assert!(world.rows("KEY#").iter().all(|row| row["sk"] != hash));
    assert_eq!(
        call(&world, token, "GET", &projects, Value::Null).await.0,
        401
    );
}
