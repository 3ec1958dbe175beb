//! Checks every route of the admin API against the permission that it declares.

use crate::{
    admin::{all_powers, call},
    lifecycle::stranger,
    world::World,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_admin::routes::Access;
use vestibule_domain::{account::permission::Permission, ids::AccountId};
use vestibule_tests::admin_functions::table;

/// An id that no record has.
const NOBODY: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

/// The path with an id in place of each parameter.
fn filled(world: &World, path: &str) -> String {
    let project = world.scope.project_id().to_string();
    path.split('/')
        .map(|part| match part {
            "{project_id}" => project.as_str(),
            part if part.starts_with('{') => NOBODY,
            part => part,
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_for_those_who_hold_its_permission_and_for_nobody_else() {
    let world = World::new().await;
    let account = world.scope.account_id();
    let expired = "vst_01JD3Q3Z9V8M4T6K2N7P5R1S0W_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let mut needed = 0;
    for route in table() {
        let Access::Needs(permission) = route.access else {
            continue;
        };
        needed += 1;
        let name = format!("{} {}", route.method, route.path);
        let path = filled(&world, &route.path);
        let before = world.db.items().unwrap();

        for unknown in ["", "vst_", expired] {
            let (status, body) = call(&world, unknown, route.method, &path, json!({})).await;
            assert_eq!(status, 401, "{name}: {body}");
            assert_eq!(body["type"], "/problems/unauthenticated", "{name}");
        }
        assert_eq!(world.db.items().unwrap(), before, "{name}");

        let others: Vec<_> = Permission::ALL
            .into_iter()
            .filter(|other| *other != permission)
            .collect();
        let token = world.key(account, &others).await;
        let before = world.db.items().unwrap();
        for body in [json!({}), Value::Null] {
            let (status, body) = call(&world, &token, route.method, &path, body).await;
            assert_eq!(status, 403, "{name}: {body}");
            assert_eq!(body["type"], "/problems/permission-missing", "{name}");
            assert_eq!(body["permissions"], json!([permission.key()]), "{name}");
        }
        assert_eq!(world.db.items().unwrap(), before, "{name}");

        let token = world.key(account, &[permission]).await;
        let (status, body) = call(&world, &token, route.method, &path, json!({})).await;
        assert!(
            ![401, 403, 500, 503].contains(&status),
            "{name}: {status} {body}"
        );
    }
    assert!(needed > 25, "{needed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_made_up_one_that_is_revoked_and_one_that_is_expired_get_the_same_answer() {
    let world = World::new().await;
    let account = world.scope.account_id();
    let powers = all_powers(&world).await;
    let asked = json!({"name": "report", "permissions": ["projects.read"]});
    let (status, made) = call(&world, &powers, "POST", "/v1/api-keys", asked).await;
    assert_eq!(status, 201, "{made}");
    let revoked = made["key"].as_str().unwrap();
    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    let (status, body) = call(&world, &powers, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 204, "{body}");
    let expired = world.key(account, &[Permission::ProjectsRead]).await;
    world.clock.advance(Duration::from_hours(25));
    let unknown = format!("vst_{account}_{}", "A".repeat(43));
    let elsewhere = format!("vst_{NOBODY}_{}", "A".repeat(43));

    let mut answers = Vec::new();
    for token in [
        unknown.as_str(),
        elsewhere.as_str(),
        revoked,
        expired.as_str(),
    ] {
        let (status, mut body) = call(&world, token, "GET", "/v1/projects", Value::Null).await;
        assert_eq!(status, 401, "{body}");
        assert!(body["request_id"].take().is_string());
        answers.push(body);
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let (_, body) = call(&world, "vst_cut", "GET", "/v1/projects", Value::Null).await;
    assert_eq!(body["title"], answers[0]["title"]);
    assert_ne!(body["detail"], answers[0]["detail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_leads_nowhere_is_told_to_nobody_who_may_not_know_it() {
    let world = World::new().await;
    let account = world.scope.account_id();
    let token = world.key(account, &[Permission::ApiKeysManage]).await;
    let path = "/v1/projects/not-an-id/access-requests/not-an-id/approve";
    let (status, _) = call(&world, "", "POST", path, json!({})).await;
    assert_eq!(status, 401);
    let (status, _) = call(&world, &token, "POST", path, json!({})).await;
    assert_eq!(status, 403);
    let (status, _) = call(&world, &all_powers(&world).await, "POST", path, json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_account_is_not_there_for_those_who_may_decide_in_theirs() {
    let world = World::new().await;
    let token = world
        .key(
            AccountId::derive(&["globex"]),
            &[Permission::AccessRequestsDecide],
        )
        .await;
    let path = filled(
        &world,
        "/v1/projects/{project_id}/access-requests/{access_request_id}/approve",
    );
    let (status, body) = call(&world, &token, "POST", &path, json!({})).await;
    assert_eq!(status, 404, "{body}");
}

/// The path with the world's own records in it: Ada's, where it is about a person.
async fn filled_with_records(world: &World, ada: &str, path: &str) -> String {
    let request = world.requests().await.remove(0).request.id;
    [
        ("{project_id}", world.scope.project_id().to_string()),
        (
            "{environment_id}",
            world.connector.environment_id.to_string(),
        ),
        ("{connector_id}", world.connector.id.to_string()),
        ("{chat_user_id}", world.chat_user_id(ada).to_string()),
        ("{access_request_id}", request.to_string()),
    ]
    .iter()
    .fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_shows_the_record_to_those_who_may_read_it_and_its_id_to_others() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let mut answered = BTreeSet::new();
    for route in table() {
        let Access::Needs(permission) = route.access else {
            continue;
        };
        // Whoever rotates a secret sees the new one; its own flow looks at that.
        let draws = route.path.ends_with("/rotate-signing-secret");
        if route.method == "DELETE" || permission.to_read() == permission || draws {
            continue;
        }
        let path = filled_with_records(&world, &ada, &route.path).await;
        let body = if route.path.ends_with("/{chat_user_id}/approve") {
            json!({"environment_id": world.connector.environment_id})
        } else {
            json!({})
        };
        let blind = world.key(world.scope.account_id(), &[permission]).await;
        let both = [permission, permission.to_read()];
        let seeing = world.key(world.scope.account_id(), &both).await;
        let name = format!("{} {}", route.method, route.path);
        // The second call changes nothing more.
        for (token, may_read) in [(&blind, false), (&blind, false), (&seeing, true)] {
            let (status, answer) = call(&world, token, route.method, &path, body.clone()).await;
            if status != 200 || answer.get("id").is_none() {
                continue;
            }
            let members = answer.as_object().unwrap();
            assert_eq!(members.len() > 1, may_read, "{name}: {answer}");
            answered.insert((name.clone(), may_read));
        }
    }
    let without = answered.iter().filter(|(_, may_read)| !may_read).count();
    assert!(without >= 6, "{answered:?}");
}
