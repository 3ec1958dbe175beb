//! The audit log (SPEC G02): filtered, exported, and never told to another account.

use crate::{
    admin::call,
    invitations::{invited, key_of, root},
    world::World,
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, ids::AccountId};

async fn actions(world: &World, token: &str, query: &str) -> Vec<String> {
    let path = format!("/v1/audit{query}");
    let (status, log) = call(world, token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{query}: {log}");
    let items = log["items"].as_array().unwrap().iter();
    items
        .map(|item| item["action"].as_str().unwrap().to_owned())
        .collect()
}

/// SPEC G02.
#[tokio::test(flavor = "multi_thread")]
async fn entries_are_found_by_actor_action_target_and_dates() {
    let world = World::new().await;
    let root = root(&world).await;
    let invitation = invited(&world, &root, "grace@example.com", json!("agent")).await;
    key_of(&world, &root, json!(["audit.read"])).await;
    let all = actions(&world, &root, "").await;
    for action in ["account.set_up", "member.invited", "api_key.created"] {
        assert!(all.iter().any(|one| one == action), "{action}: {all:?}");
    }
    assert_eq!(
        actions(&world, &root, "?action=member.invited").await,
        ["member.invited"]
    );
    let member = invitation["member"]["id"].as_str().unwrap();
    let by_target = actions(&world, &root, &format!("?target=member:{member}")).await;
    assert_eq!(by_target, ["member.invited"]);
    let (_, log) = call(
        &world,
        &root,
        "GET",
        "/v1/audit?action=member.invited",
        Value::Null,
    )
    .await;
    let entry = &log["items"][0];
    assert_eq!(entry["after"]["role"], "agent");
    assert_eq!(entry["after"]["email"], "grace@example.com");
    let actor = entry["actor"]["id"].as_str().unwrap();
    let by_actor = actions(&world, &root, &format!("?actor={actor}")).await;
    assert_eq!(by_actor.len(), 2, "{by_actor:?}");
    let later = actions(&world, &root, "?from=2100-01-01T00:00:00Z").await;
    assert!(later.is_empty());
}

/// SPEC G02: the end of an entry is fixed when it is written.
#[tokio::test(flavor = "multi_thread")]
async fn entries_stay_in_the_log_whatever_the_stack_keeps_later_ones_for() {
    let mut world = World::new().await;
    let first = root(&world).await;
    let id: AccountId = first.split('_').nth(1).unwrap().parse().unwrap();
    world.clock.advance(Duration::from_hours(2 * 365 * 24));
    for days in [0, 30] {
        world.keep_audit_entries(days);
        let reader = world.key(id, &Permission::ALL).await;
        for query in ["", "?order=oldest", "?action=account.set_up"] {
            let found = actions(&world, &reader, query).await;
            let is_there = found.iter().any(|one| one == "account.set_up");
            assert!(is_there, "{days} {query}: {found:?}");
        }
    }
}

/// SPEC G02.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_exported_by_pages_in_two_formats() {
    let world = World::new().await;
    let root = root(&world).await;
    invited(&world, &root, "grace@example.com", json!("agent")).await;
    for (format, media_type) in [("csv", "text/csv"), ("jsonl", "application/jsonl")] {
        let path = format!("/v1/audit/export?format={format}");
        let answer = world.call(&root, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let told = answer.headers["content-type"].to_str().unwrap();
        assert!(told.starts_with(media_type), "{told}");
        let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
        assert!(text.contains("member.invited"), "{text}");
        assert!(!answer.headers.contains_key("vestibule-next-cursor"));
    }
}

/// SPEC M03.
#[tokio::test(flavor = "multi_thread")]
async fn another_account_sees_nothing_of_the_log_or_the_team() {
    let world = World::new().await;
    let root = root(&world).await;
    let invitation = invited(&world, &root, "grace@example.com", json!("agent")).await;
    let other = AccountId::derive(&["elsewhere"]);
    let stranger = world.key(other, &Permission::ALL).await;
    for list in ["/v1/audit", "/v1/members", "/v1/invitations"] {
        let (status, listed) = call(&world, &stranger, "GET", list, Value::Null).await;
        assert_eq!(status, 200, "{list}: {listed}");
        assert!(!listed.to_string().contains("grace@example.com"), "{list}");
    }
    let member = invitation["member"]["id"].as_str().unwrap();
    let invitation = invitation["id"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("/v1/members/{member}")),
        ("POST", format!("/v1/members/{member}/suspend")),
        ("POST", format!("/v1/members/{member}/remove")),
        ("GET", format!("/v1/invitations/{invitation}")),
        ("POST", format!("/v1/invitations/{invitation}/revoke")),
    ] {
        let (status, hidden) = call(&world, &stranger, method, &path, Value::Null).await;
        assert_eq!(status, 404, "{method} {path}: {hidden}");
    }
}
