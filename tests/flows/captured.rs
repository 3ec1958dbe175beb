//! Sends every captured request through its platform's webhook. An ignored event writes nothing and gets the
//! answer that the platform needs (SPEC A39), an unreadable event is kept, and no request does harm.

use crate::world::World;
use lambda_http::Body;
use serde_json::json;
use vestibule_testkit::{events, simulator::Platform};

fn text(body: &Body) -> String {
    String::from_utf8(body.as_ref().to_vec()).unwrap()
}

/// Sends every file with this prefix, and returns each answer and its number of new rows.
async fn answers(world: &World, prefix: &str) -> Vec<(String, u16, String, usize)> {
    let ada = world.newcomer("Ada Lovelace");
    let id = world.connector.id.to_string();
    let mut answers = Vec::new();
    for name in events::names(world.platform.key()).unwrap() {
        // A replay puts the connector's number in one place only, so this one looks like somebody else's.
        if !name.starts_with(prefix) || name.starts_with("ignored_own_number") {
            continue;
        }
        let request = world.slack.captured(&id, &name, Some(&ada)).unwrap();
        let before = world.db.items().unwrap().len();
        let answer = world.answer(&id, &request).await;
        let written = world.db.items().unwrap().len() - before;
        answers.push((name, answer.status().as_u16(), text(answer.body()), written));
    }
    assert!(!answers.is_empty(), "{:?} has no {prefix}", world.platform);
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_persons_message_writes_nothing_and_gets_its_platforms_answer() {
    for &platform in Platform::ALL {
        let world = World::on(platform).await;
        for (name, status, body, written) in answers(&world, "ignored_").await {
            assert_eq!((status, written), (200, 0), "{platform:?} {name}");
            let expected = match platform {
                Platform::Twilio => {
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>"
                }
                // Teams needs a body in the answer to an invoke.
                Platform::Teams if name.contains("invoke") => "{}",
                _ => "",
            };
            assert_eq!(body, expected, "{platform:?} {name}");
        }
        assert!(world.aws.messages("onboarding").is_empty());
        assert!(world.aws.messages("inbox.fifo").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_somebody_unknown_writes_nothing_on_any_platform() {
    // Twilio tells of no edits and no deletions.
    let others = Platform::ALL.iter().copied();
    for platform in others.filter(|platform| *platform != Platform::Twilio) {
        let world = World::on(platform).await;
        for (name, status, body, written) in answers(&world, "changed_").await {
            assert_eq!((status, written), (200, 0), "{platform:?} {name}");
            assert_eq!(body, "", "{platform:?} {name}");
        }
        assert!(world.aws.messages("onboarding").is_empty());
        assert!(world.aws.messages("inbox.fifo").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_makes_them_known_and_what_is_hostile_is_answered_all_the_same() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        // The authors of captured requests are unknown to the simulator.
        world.expect_violations("there is no");
        world.expect_violations("is nobody's");
        // Twilio's have the account's ids in many places; the parser's tests read them all.
        if platform == Platform::Twilio {
            continue;
        }
        for (name, status, _, written) in answers(&world, "message_").await {
            assert_eq!(status, 200, "{platform:?} {name}");
            // A person may have written in another file too; then only the message is counted.
            assert!(written <= 11, "{platform:?} {name}: {written}");
        }
        // 360dialog's captured requests are older than its retries, and are ignored for that.
        let known = platform != Platform::Dialog360;
        assert_eq!(!world.rows("USER").is_empty(), known, "{platform:?}");
        for (name, status, body, _) in answers(&world, "hostile_").await {
            assert!(
                [200, 401].contains(&status),
                "{platform:?} {name}: {status}"
            );
            assert!(!body.contains("method"), "{platform:?} {name}");
        }
        for user in world.rows("USER") {
            let name = user["profile"]["display_name"].as_str().unwrap_or("");
            assert!(
                !name.chars().any(vestibule_domain::text::is_invisible),
                "{platform:?}: {name:?}"
            );
        }
    }
}

/// The check of every world's final state holds each delivery against the schema for agents.
#[tokio::test(flavor = "multi_thread")]
async fn what_people_write_reaches_the_agent_as_the_schema_for_agents_says() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        // The authors of captured requests are unknown to the simulator.
        world.expect_violations("there is no");
        world.expect_violations("is nobody's");
        world.agent.answer_with(json!({"replies": []}));
        let ada = world.newcomer("Ada Lovelace");
        let id = world.open.id.to_string();
        for name in events::names(platform.key()).unwrap() {
            if name.starts_with("message_") {
                let request = world.slack.captured(&id, &name, Some(&ada)).unwrap();
                world.answer(&id, &request).await;
            }
        }
        world.settle().await;
        // 360dialog's captured requests are older than its retries, and are ignored for that.
        let reached = platform != Platform::Dialog360;
        assert_eq!(
            !world.agent.deliveries().is_empty(),
            reached,
            "{platform:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_cut_within_an_emoji_opens_a_request_that_shows_the_rest() {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let id = world.connector.id.to_string();
    let request = world
        .slack
        .captured(&id, "hostile_lone_surrogate", Some(&ada))
        .unwrap();
    assert_eq!(world.answer(&id, &request).await.status(), 200);
    let asked = world.requests().await.remove(0);
    assert_eq!(asked.preview.unwrap().text, "\u{FFFD} half a pair");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authentic_teams_body_that_is_no_activity_is_acknowledged_and_kept() {
    let world = World::on(Platform::Teams).await;
    let id = world.connector.id.to_string();
    for name in [
        "unreadable_not_json",
        "unreadable_list",
        "unreadable_deep_nesting",
    ] {
        let request = world.slack.captured(&id, name, None).unwrap();
        let before = world.db.items().unwrap().len();
        assert_eq!(world.answer(&id, &request).await.status(), 200, "{name}");
        assert_eq!(world.db.items().unwrap().len(), before + 1, "{name}");
        let forged = request.without_header("authorization");
        assert_eq!(world.answer(&id, &forged).await.status(), 401, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_authentic_and_cannot_be_read_is_acknowledged_and_kept() {
    // Slack's are among the hostile requests.
    let others = Platform::ALL.iter().copied();
    for platform in others.filter(|platform| *platform != Platform::Slack) {
        let mut world = World::on(platform).await;
        // The authors of captured requests are unknown to the simulator.
        world.expect_violations("there is no");
        world.expect_violations("is nobody's");
        for (name, status, _, _) in answers(&world, "unreadable_").await {
            // Twilio names the account in the body.
            let names_in_body = platform == Platform::Twilio;
            let is_answered = status == 200 || names_in_body && status == 401;
            assert!(is_answered, "{platform:?} {name}: {status}");
        }
        let letters = world
            .db
            .items()
            .unwrap()
            .iter()
            .filter(|row| {
                row["pk"]
                    .as_str()
                    .is_some_and(|pk| pk.ends_with("#DEAD_LETTERS"))
            })
            .count();
        assert!(letters > 0 || platform == Platform::Twilio, "{platform:?}");
    }
}
