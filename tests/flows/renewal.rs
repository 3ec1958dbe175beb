//! Credentials that are replaced between two texts: none is lost, although the worker still knows the old ones.

use crate::{
    accounts::{account, open_account_as},
    outgoing::{answer, asked, say, sent, told},
    world::{SAID, World},
};
use serde_json::{Value, json};
use vestibule_testkit::simulator::Platform;

/// The field of a connector that a platform recognises our calls by.
fn credential(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack | Platform::Telegram => "bot_token",
        Platform::Teams => "client_secret",
        Platform::Dialog360 => "api_key",
        Platform::Twilio => "auth_token",
    }
}

/// A secret of the same form.
fn another(secret: &str) -> String {
    let mut other = secret.to_owned();
    let last = other.pop();
    other.push(if last == Some('0') { '1' } else { '0' });
    other
}

/// Replaces the open connector's credentials, at the platform and here.
async fn replace_credentials(world: &World) {
    let (platform, open) = (world.platform, &world.open);
    let field = credential(platform);
    let mut account = account(platform, &open.name);
    let new = another(account.text(field));
    account
        .fields
        .insert(field.to_owned(), Value::from(new.as_str()));
    open_account_as(&world.slack, open, account);
    let path = format!("{}/connectors/{}", world.project_path(), open.id);
    let token = world.all_powers().await;
    let change = json!({platform.key(): {field: new}});
    let changed = world.call(&token, ("PATCH", &path), change, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_is_lost_when_a_token_is_replaced_between_two_texts() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        for words in ["belongs to no", "are not those of", "is wrong"] {
            world.expect_violations(words);
        }
        let ada = world.newcomer("Ada Lovelace");
        say(&world, &ada, SAID).await;
        world.settle().await;
        world.agent.answer_with_texts(3);
        say(&world, &ada, "one").await;
        assert!(world.work_inbox().await);
        replace_credentials(&world).await;
        // WhatsApp takes an answer to somebody who wrote; the account is a new one here.
        let open = world.open.clone();
        world.says(&open, &ada, "Still there?");
        world.settle().await;
        assert_eq!(told(&world, &ada), answer("one", 3), "{platform:?}");
        assert_eq!(asked(&world), [1, 1], "{platform:?}");
        let sent = sent(&world);
        assert!(
            sent.iter().all(|status| status["status"] == "sent"),
            "{platform:?}: {sent:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_refused_and_were_not_replaced_are_tried_once() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    world.agent.answer_with_texts(2);
    world.slack.revoke_token(&world.open.id.to_string());
    let calls = world.slack.count("chat.postMessage");
    say(&world, &ada, "one").await;
    world.settle().await;
    assert_eq!(world.slack.count("chat.postMessage"), calls + 2);
    for status in &sent(&world)[1..] {
        assert_eq!(status["status"], "failed");
        assert_eq!(status["class"], "connector");
        assert_eq!(status["reason"], "token_revoked");
    }
}
