//! The webhook's answers: refused, ignored and kept events, and the cost of a failing database (PROVIDERS
//! §1.1–1.3).

use crate::world::{SAID, World};
use serde_json::json;
use std::time::{Duration, Instant};
use vestibule_testkit::{
    SignedRequest, events,
    fault_proxy::{Fault, Rule},
    lambda_events,
    slack_signer::{as_retry, sign},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_connector_and_a_bad_signature_are_the_same_answer() {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let good = world.says(&connector, &ada, SAID);
    let id = connector.id.to_string();
    let mut answers = Vec::new();
    for (id, request) in [
        ("01JD3Q3Z9V8M4T6K2N7P5R1S0W", good.clone()),
        ("not-an-id", good.clone()),
        (id.as_str(), good.clone().with_body("{}")),
        (
            id.as_str(),
            good.clone().without_header("x-slack-signature"),
        ),
        (
            id.as_str(),
            good.clone().without_header("x-slack-request-timestamp"),
        ),
        (world.open.id.to_string().as_str(), good.clone()),
    ] {
        let answer = world.answer(id, &request).await;
        answers.push((
            answer.status().as_u16(),
            answer.headers().clone(),
            answer.body().to_vec(),
        ));
    }
    assert_eq!(answers[0].0, 401);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    assert_eq!(world.rows("USER").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_good_for_five_minutes() {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let early = world.says(&connector, &ada, SAID);
    world.clock.advance(Duration::from_secs(301));
    assert_eq!(world.webhook(&connector, &early).await, 401);
    let late = world.says(&connector, &ada, SAID);
    world.clock.set(world.clock.now_ms() - 301_000);
    assert_eq!(world.webhook(&connector, &late).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_base64_is_the_same_body() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, "Grüße aus Köln, 世界 \u{1F44B}");
    let event = lambda_events::slack_webhook_base64(&hello, &connector.id.to_string());
    assert_eq!(world.answer_event(&event).await.status(), 200);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_taken_although_its_header_says_so() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = as_retry(world.says(&connector, &ada, SAID), 1, "http_timeout");
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_challenge_is_answered_and_writes_nothing() {
    let world = World::new().await;
    let connector = world.connector.clone();
    let install = world.slack.install(&connector.id.to_string()).unwrap();
    let request = install
        .url_verification("3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
        .sign(&install.signing_secret, world.clock.now_secs());
    let answer = world.answer(&connector.id.to_string(), &request).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        body,
        json!({"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"})
    );
    assert_eq!(world.rows("USER").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_person_wrote_is_acknowledged_with_an_empty_body_and_writes_nothing() {
    let world = World::new().await;
    let connector = world.connector.clone();
    let install = world.slack.install(&connector.id.to_string()).unwrap();
    let before = world.db.items().unwrap();
    let said = vestibule_testkit::slack_signer::Said {
        event_id: "Ev1",
        ts: "1700000000.000100",
        user: "U1",
        channel: "D1",
        text: SAID,
    };
    let payloads = [
        install.bot_message(&said),
        install.own_message(&said),
        install.message_changed(&said),
        install.message_deleted(&said),
        install.channel_join(&said),
        install.app_rate_limited(1_700_000_000),
        install.direct_message(&said).with("/event/hidden", true),
        install
            .direct_message(&said)
            .with("/event/user", "USLACKBOT"),
        install.direct_message(&said).without("/event/user"),
        install.other_event(
            "Ev2",
            "1.1",
            &json!({"type": "reaction_added", "user": "U1"}),
        ),
        install.other_event(
            "Ev3",
            "1.1",
            &json!({"type": "app_home_opened", "user": "U1"}),
        ),
    ];
    for payload in payloads {
        let request = payload.sign(&install.signing_secret, world.clock.now_secs());
        let answer = world.answer(&connector.id.to_string(), &request).await;
        assert_eq!(answer.status(), 200, "{}", request.text());
        assert!(answer.body().is_empty());
    }
    assert_eq!(world.db.items().unwrap(), before);
    assert_eq!(world.aws.messages("onboarding").len(), 0);
    assert_eq!(world.aws.messages("inbox.fifo").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_captured_event_gets_an_answer_that_slack_accepts() {
    let mut world = World::new().await;
    // The authors of captured requests are unknown to the simulator.
    world.expect_violations("there is no");
    let connector = world.connector.clone();
    let install = world.slack.install(&connector.id.to_string()).unwrap();
    for name in events::slack_names().unwrap() {
        let fixture = events::slack(&name).unwrap().of(&install);
        let request = fixture.sign(&install.signing_secret, world.clock.now_secs());
        let status = world.webhook(&connector, &request).await;
        // An event without a workspace, or from another one, does not belong to this connector.
        let foreign =
            ["other_app", "other_team", "org_install_without_team"].contains(&name.as_str());
        assert_eq!(status, if foreign { 401 } else { 200 }, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authentic_body_that_cannot_be_read_is_kept_once_and_acknowledged() {
    let world = World::new().await;
    let connector = world.connector.clone();
    let install = world.slack.install(&connector.id.to_string()).unwrap();
    let request: SignedRequest = sign(
        &install.signing_secret,
        world.clock.now_secs(),
        "{\"type\": \"event_callback\", \"event\": [",
    );
    for _ in 0..2 {
        assert_eq!(world.webhook(&connector, &request).await, 200);
    }
    let kept: Vec<_> = world
        .db
        .items()
        .unwrap()
        .into_iter()
        .filter(|row| row["pk"].as_str().unwrap().ends_with("DEAD_LETTERS"))
        .collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["body"], request.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_is_taken_up_without_a_lost_message() {
    let mut world = World::new().await;
    // The new app knows none of the old app's people, and nobody called U7.
    world.expect_violations("is a conversation of another app");
    world.expect_violations("there is no");
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    // The sandbox has the connector cached when an admin gives it another app's secrets.
    let (settings, secrets) = world.other_secrets(&connector).await;
    let running = world.replace_process();
    world
        .change_connector(|connector| {
            connector.settings = settings;
            connector.secrets = secrets;
        })
        .await;
    world.functions = running;
    world.clock.advance(Duration::from_secs(2));
    let install = world.slack.install(&world.open.id.to_string()).unwrap();
    let said = vestibule_testkit::slack_signer::Said {
        event_id: "EvRotated",
        ts: "1800000000.000100",
        user: "U7",
        channel: "D7",
        text: SAID,
    };
    let request = install
        .direct_message(&said)
        .sign(&install.signing_secret, world.clock.now_secs());
    assert_eq!(world.webhook(&connector, &request).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_database_is_answered_with_503_before_slack_gives_up() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world
        .to_db
        .inject(Rule::new("DynamoDB.*", Fault::Timeout).until_cleared());
    let started = Instant::now();
    assert_eq!(world.webhook(&connector, &hello).await, 503);
    // Slack waits three seconds; the pipeline's own limit is below two. The rest is for slow machines.
    assert!(started.elapsed() < Duration::from_secs(3));
    world.to_db.clear();
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}
