//! Files of messages over the admin API (SPEC F13): from each platform, in ranges, with and without the right,
//! and what is told of one that cannot be had.

use crate::{
    admin::call,
    lifecycle::attribute,
    world::{Answer, World},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, ids::AccountId};
use vestibule_testkit::simulator::{Failure, FailureRule, Item, PICTURE, Place, Platform};

/// The name of the platform's call that gives the content, for failures.
const fn download(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "files-pri",
        Platform::Teams => "attachments.view",
        Platform::Telegram => "file",
        Platform::Dialog360 => "attachments",
        Platform::Twilio => "media.content",
    }
}

/// A world in which a person sent a picture, and the path of that picture.
async fn sent(platform: Platform) -> (World, String) {
    let mut world = World::on(platform).await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let picture = Item::File {
        name: "shelf.jpg".to_owned(),
        mime_type: "image/jpeg".to_owned(),
    };
    let written = world
        .slack
        .send(&open.id.to_string(), &ada, Place::Direct, &picture)
        .unwrap();
    let request = written.request().unwrap();
    assert_eq!(world.webhook(&open, &request).await, 200, "{platform:?}");
    world.settle().await;
    let conversations = format!("{}/conversations", world.project_path());
    let reader = reader(&world).await;
    let (_, listed) = call(&world, &reader, "GET", &conversations, Value::Null).await;
    let id = listed["items"][0]["id"].as_str().unwrap();
    let messages = format!("{conversations}/{id}/messages");
    let oldest = format!("{messages}?order=oldest");
    let (_, listed) = call(&world, &reader, "GET", &oldest, Value::Null).await;
    let message = &listed["items"][0];
    assert_eq!(
        message["attachments"][0]["index"], 0,
        "{platform:?}: {listed}"
    );
    let path = format!("{messages}/{}/attachments/0", message["number"]);
    (world, path)
}

/// A key that may read conversations and nothing else.
async fn reader(world: &World) -> String {
    let account = world.scope.account_id();
    world.key(account, &[Permission::ConversationsRead]).await
}

async fn get(world: &World, path: &str, range: Option<&str>) -> Answer {
    let token = reader(world).await;
    let headers: Vec<_> = range.map(|range| ("range", range)).into_iter().collect();
    world
        .call(&token, ("GET", path), Value::Null, &headers)
        .await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let value = answer.headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

fn fails(world: &World, failure: Failure) {
    let rule = FailureRule::until_cleared(download(world.platform), failure);
    world.slack.fail(rule);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_every_platform_is_read_in_two_ranges_by_whoever_may_read_conversations() {
    let middle = PICTURE.len() / 2;
    let size = PICTURE.len();
    for &platform in Platform::ALL {
        let (world, path) = sent(platform).await;
        let mut read = Vec::new();
        for (first, last, told) in [(0, middle - 1, middle - 1), (middle, 9_999_999, size - 1)] {
            let answer = get(&world, &path, Some(&format!("bytes={first}-{last}"))).await;
            assert_eq!(answer.status, 206, "{platform:?}: {}", answer.body);
            let range = format!("bytes {first}-{told}/{size}");
            assert_eq!(header(&answer, "content-range"), range, "{platform:?}");
            assert_eq!(
                header(&answer, "content-type"),
                "image/jpeg",
                "{platform:?}"
            );
            read.extend_from_slice(&answer.bytes);
        }
        assert!(read == PICTURE, "{platform:?}");

        let whole = get(&world, &path, None).await;
        assert_eq!(whole.status, 200, "{platform:?}");
        assert!(whole.bytes == PICTURE, "{platform:?}");
        for (name, expected) in [
            ("content-range", ""),
            ("accept-ranges", "bytes"),
            ("cache-control", "private, no-store"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
        ] {
            assert_eq!(header(&whole, name), expected, "{platform:?}");
        }
        let disposition = header(&whole, "content-disposition");
        assert!(disposition.starts_with("inline"), "{platform:?}");

        let account = world.scope.account_id();
        let others: Vec<_> = Permission::ALL
            .into_iter()
            .filter(|permission| *permission != Permission::ConversationsRead)
            .collect();
        let calls = world.slack.calls().len();
        let without = world.key(account, &others).await;
        let (status, body) = call(&world, &without, "GET", &path, Value::Null).await;
        assert_eq!(status, 403, "{platform:?}: {body}");
        let other_account = AccountId::derive(&["other"]);
        let elsewhere = world.key(other_account, &Permission::ALL).await;
        let (status, body) = call(&world, &elsewhere, "GET", &path, Value::Null).await;
        assert_eq!(status, 404, "{platform:?}: {body}");
        assert_eq!(world.slack.calls().len(), calls, "{platform:?} was asked");
        world.assert_good_manners();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_not_looked_for() {
    let (world, path) = sent(Platform::Slack).await;
    let calls = world.slack.calls().len();
    let (message, _) = path.rsplit_once("/attachments/").unwrap();
    let (messages, _) = message.rsplit_once('/').unwrap();
    let (conversation, _) = messages.rsplit_once('/').unwrap();
    let (conversations, _) = conversation.rsplit_once('/').unwrap();
    let unknown = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
    for nowhere in [
        format!("{message}/attachments/1"),
        format!("{message}/attachments/-1"),
        format!("{message}/attachments/x"),
        format!("{messages}/0/attachments/0"),
        format!("{messages}/2/attachments/0"),
        format!("{messages}/999/attachments/0"),
        format!("{messages}/18446744073709551615/attachments/0"),
        format!("{conversations}/{unknown}/messages/1/attachments/0"),
    ] {
        let answer = get(&world, &nowhere, None).await;
        assert_eq!(answer.status, 404, "{nowhere}: {}", answer.body);
        assert_eq!(answer.body["type"], "/problems/not-found", "{nowhere}");
    }
    assert_eq!(world.slack.calls().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_with_its_message() {
    let (world, path) = sent(Platform::Slack).await;
    world.clock.advance(Duration::from_hours(31 * 24));
    assert_eq!(get(&world, &path, None).await.status, 404);
    let token = world.all_powers().await;
    let change = json!({"history_days": 0});
    let project = world.project_path();
    let (status, body) = call(&world, &token, "PATCH", &project, change).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(get(&world, &path, None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_behind_the_end_and_one_that_is_none_are_answered_as_http_says() {
    for &platform in Platform::ALL {
        let (world, path) = sent(platform).await;
        let behind = format!("bytes={}-", PICTURE.len());
        let answer = get(&world, &path, Some(&behind)).await;
        assert_eq!(answer.status, 416, "{platform:?}: {}", answer.body);
        assert_eq!(answer.body["type"], "/problems/range-not-satisfiable");
        let last = get(&world, &path, Some("bytes=-10")).await;
        assert_eq!(last.status, 206, "{platform:?}");
        assert!(PICTURE.ends_with(&last.bytes), "{platform:?}");
        assert_eq!(last.bytes.len(), 10, "{platform:?}");
        for ignored in ["bytes=5-2", "bytes=0-1,3-4", "lines=1-2"] {
            let answer = get(&world, &path, Some(ignored)).await;
            assert_eq!(answer.status, 200, "{platform:?}: {ignored}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_answers_instead_of_a_file_says_who_has_to_do_something() {
    for &platform in Platform::ALL {
        let (world, path) = sent(platform).await;
        for (failure, status, kind) in [
            (Failure::Http { status: 404 }, 410, "file-gone"),
            (Failure::Http { status: 500 }, 503, "unavailable"),
            (Failure::ResetBefore, 503, "unavailable"),
        ] {
            fails(&world, failure);
            let answer = get(&world, &path, None).await;
            world.slack.clear_failures();
            assert_eq!(answer.status, status, "{platform:?}: {}", answer.body);
            let kind = format!("/problems/{kind}");
            assert_eq!(answer.body["type"], kind, "{platform:?}");
        }
        assert_eq!(get(&world, &path, None).await.status, 200, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_the_platform_s_own_is_gone_and_nobody_learns_its_address() {
    let (world, path) = sent(Platform::Slack).await;
    let mut rows = world.rows("MESSAGE#");
    rows.retain(|row| row["number"] == 1);
    let mut row = rows.remove(0);
    let content = row["content"].as_str().unwrap();
    let mut content: Value = serde_json::from_str(content).unwrap();
    content["attachments"][0]["url"] = json!("https://docs.example.com/shelf.jpg");
    row["content"] = content.to_string().into();
    let row: Map<_, _> = row
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    world.db.put_raw(&Value::Object(row)).unwrap();
    let calls = world.slack.calls().len();
    let answer = get(&world, &path, None).await;
    assert_eq!(answer.status, 410, "{}", answer.body);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("external_file"), "{detail}");
    assert!(!answer.body.to_string().contains("docs.example.com"));
    assert_eq!(world.slack.calls().len(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_whose_credentials_are_refused_is_named() {
    let (world, path) = sent(Platform::Slack).await;
    world.slack.revoke_token(&world.open.id.to_string());
    let answer = get(&world, &path, None).await;
    assert_eq!(answer.status, 502, "{}", answer.body);
    assert_eq!(answer.body["type"], "/problems/platform-refused");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains(&world.open.name), "{detail}");
    assert!(detail.contains("files:read"), "{detail}");
}
