//! Compares the simulated Slack with Slack's documentation, over HTTP.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::TestClock;
use crate::http_client::{HttpAnswer, HttpClient, HttpFailure, header_map};
use crate::loopback::Loopback;
use crate::simulator::testing::{ADA, NOW_MS};
use crate::simulator::{
    Account, ConnectorConfig, DeliveryState, Failure, FailureRule, NewPerson, Simulator,
    SimulatorConfig, SlackAccount, WebhookAnswer,
};
use crate::slack_signer::signature;

mod refusals;

const JSON: &str = "application/json; charset=utf-8";

fn app(number: u32) -> ConnectorConfig {
    ConnectorConfig {
        connector_id: format!("connector{number}"),
        name: format!("Helper{number}"),
        policy: String::new(),
        webhook_url: None,
        account: Account::of(&SlackAccount {
            api_app_id: format!("A{number}"),
            team_id: "T1".into(),
            signing_secret: format!("secret{number}"),
            bot_token: format!("xoxb-{number}"),
            ..SlackAccount::default()
        }),
    }
}

async fn slack() -> Simulator {
    let config = SimulatorConfig {
        connectors: vec![app(1), app(2)],
        users: vec![
            NewPerson::named("Ada Lovelace").with_id(ADA),
            NewPerson::named("Bo").with_id("U0BO"),
        ],
        ..SimulatorConfig::default()
    };
    Simulator::start(config, TestClock::at(NOW_MS))
        .await
        .unwrap()
}

async fn send(
    slack: &Simulator,
    http_method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<HttpAnswer, HttpFailure> {
    HttpClient::default()
        .send(
            http_method.parse().unwrap(),
            &format!("{}/{path}", slack.slack_api_url()),
            header_map(headers.iter().copied()).unwrap(),
            body.to_owned().into(),
            Some(Duration::from_millis(300)),
        )
        .await
}

async fn post(slack: &Simulator, method: &str, token: &str, arguments: Value) -> Value {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", JSON)];
    let answer = send(slack, "POST", method, &headers, &arguments.to_string())
        .await
        .unwrap();
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn a_direct_message_is_answered_and_both_are_seen_by_that_person_only() {
    let slack = slack().await;
    let written = slack
        .write_dm("connector1", "U0ADA", "Tom & <Jerry>")
        .unwrap();
    let request = written.request().unwrap();
    assert_eq!(
        request.header("x-slack-signature").unwrap(),
        signature("secret1", NOW_MS / 1000, &request.body)
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["event"]["text"], "Tom &amp; &lt;Jerry&gt;");
    let answer = post(
        &slack,
        "chat.postMessage",
        "xoxb-1",
        json!({"channel": body["event"]["channel"], "text": "Hello &amp; welcome"}),
    )
    .await;
    assert_eq!(answer["ok"], true);
    let told = slack
        .await_message("U0ADA", Duration::from_secs(1), |message| {
            message.text.contains("welcome")
        })
        .await
        .unwrap();
    assert_eq!(told.plain_text(), "Hello & welcome");
    assert_eq!(slack.seen_by("U0ADA").len(), 2);
    assert!(slack.seen_by("U0BO").is_empty());
    assert_eq!(slack.violations(), []);
}

#[tokio::test]
async fn a_mention_in_the_channel_is_two_events_with_one_ts() {
    let slack = slack().await;
    let written = slack
        .write_in_general("connector1", "U0ADA", "@Helper1 hi")
        .unwrap();
    let kinds: Vec<_> = written
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds, ["app_mention", "message"]);
    let ts = |index: usize| {
        let body: Value = serde_json::from_slice(&written.events[index].request.body).unwrap();
        body["event"]["ts"].clone()
    };
    assert_eq!(ts(0), ts(1));
    assert_eq!(
        slack
            .write_in_general("connector1", "U0ADA", "hi")
            .unwrap()
            .events
            .len(),
        1
    );
}

#[tokio::test]
async fn an_ephemeral_message_is_seen_by_one_person() {
    let slack = slack().await;
    let channel = slack.general_channel("connector1");
    let answer = post(
        &slack,
        "chat.postEphemeral",
        "xoxb-1",
        json!({"channel": channel, "user": "U0ADA", "text": "psst"}),
    )
    .await;
    assert!(answer["message_ts"].is_string(), "{answer}");
    assert_eq!(slack.messages_to("U0ADA").len(), 1);
    assert!(slack.messages_to("U0BO").is_empty());
}

#[tokio::test]
async fn switches_fail_the_chosen_calls_and_no_others() {
    let slack = slack().await;
    let ada = slack.direct_channel("connector1", "U0ADA");
    let bo = slack.direct_channel("connector1", "U0BO");
    let bearer = [("authorization", "Bearer xoxb-1"), ("content-type", JSON)];
    let say = async |channel: &str| {
        let body = json!({"channel": channel, "text": "x"}).to_string();
        send(&slack, "POST", "chat.postMessage", &bearer, &body).await
    };
    slack.fail(
        FailureRule::times(
            "chat.postMessage",
            Failure::RateLimited {
                retry_after_secs: 30,
            },
            2,
        )
        .in_channel(&ada),
    );
    assert_eq!(say(&bo).await.unwrap().status, 200);
    for _ in 0..2 {
        let limited = say(&ada).await.unwrap();
        assert_eq!(
            (limited.status.as_u16(), &limited.headers["retry-after"]),
            (429, &"30".parse().unwrap())
        );
    }
    assert_eq!(say(&ada).await.unwrap().status, 200);

    slack.fail(FailureRule::until_cleared(
        "*",
        Failure::Http { status: 503 },
    ));
    assert_eq!(say(&ada).await.unwrap().status, 503);
    assert_eq!(say(&bo).await.unwrap().status, 503);
    slack.clear_failures();

    let before = slack.posted().len();
    slack.fail_next("chat.postMessage", Failure::ResetBefore);
    assert!(matches!(say(&ada).await, Err(HttpFailure::Connection(_))));
    slack.fail_next("chat.postMessage", Failure::Stall);
    assert_eq!(say(&ada).await.unwrap_err(), HttpFailure::Timeout);
    assert_eq!(slack.posted().len(), before);
    slack.fail_next("chat.postMessage", Failure::ResetAfter);
    assert!(matches!(say(&ada).await, Err(HttpFailure::Connection(_))));
    slack.fail_next("chat.postMessage", Failure::StallAfter);
    assert_eq!(say(&ada).await.unwrap_err(), HttpFailure::Timeout);
    assert_eq!(slack.posted().len(), before + 2);
}

#[tokio::test]
async fn a_delivery_is_retried_three_times_with_the_reason_of_the_last_failure() {
    let slack = slack().await;
    let written = slack.write_dm("connector1", "U0ADA", "hi").unwrap();
    let event_id = &written.events[0].event_id;
    let mut seen = Vec::new();
    for status in [503, 500, 404, 502] {
        let headers = async |request: crate::SignedRequest| {
            seen.push((
                request.header("x-slack-retry-num").map(str::to_owned),
                request.header("x-slack-retry-reason").map(str::to_owned),
            ));
            WebhookAnswer::new(status, "")
        };
        slack.attempt_with(event_id, headers).await.unwrap();
    }
    let retry = |number: &str| (Some(number.to_owned()), Some("http_error".to_owned()));
    assert_eq!(seen, [(None, None), retry("1"), retry("2"), retry("3")]);
    assert_eq!(
        slack.delivery(event_id).unwrap().state,
        DeliveryState::GivenUp
    );
}

#[tokio::test]
async fn a_refusal_that_asks_for_no_retry_gets_none() {
    let slack = slack().await;
    let written = slack.write_dm("connector1", "U0ADA", "hi").unwrap();
    let event_id = &written.events[0].event_id;
    let refusal = WebhookAnswer {
        no_retry: true,
        ..WebhookAnswer::new(401, "")
    };
    let delivery = slack
        .attempt_with(event_id, async |_| refusal)
        .await
        .unwrap();
    assert_eq!(delivery.state, DeliveryState::GivenUp);
}

#[tokio::test]
async fn an_event_goes_out_over_http_and_the_answer_is_kept() {
    let slack = slack().await;
    let router = axum::Router::new().route(
        "/webhook",
        axum::routing::post(
            |headers: axum::http::HeaderMap, body: axum::body::Bytes| async move {
                let time: i64 = headers["x-slack-request-timestamp"]
                    .to_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                (headers["x-slack-signature"] == signature("secret3", time, &body).as_str())
                    .to_string()
            },
        ),
    );
    let connector = Loopback::start(router).await.unwrap();
    let third = ConnectorConfig {
        webhook_url: Some(format!("{}/webhook", connector.url())),
        ..app(3)
    };
    slack.add_connector(third).unwrap();
    let written = slack.write_dm("connector3", "U0ADA", "hi").unwrap();
    let delivery = slack.attempt(&written.events[0].event_id).await.unwrap();
    assert_eq!(delivery.state, DeliveryState::Accepted);
    assert_eq!(
        (
            delivery.attempts[0].status,
            delivery.attempts[0].body.as_str()
        ),
        (Some(200), "true")
    );
    drop(connector);
    let written = slack.write_dm("connector3", "U0ADA", "hi").unwrap();
    let delivery = slack.attempt(&written.events[0].event_id).await.unwrap();
    assert_eq!(
        delivery.attempts[0].failure.as_deref(),
        Some("connection_failed")
    );
}

#[tokio::test]
async fn the_control_api_adds_people_sends_messages_and_shows_what_they_see() {
    let slack = slack().await;
    let control = async |http_method: &str, path: &str, body: Value| -> (u16, Value) {
        let answer = HttpClient::default()
            .send(
                http_method.parse().unwrap(),
                &format!("{}/_control/{path}", slack.url()),
                header_map([("content-type", "application/json")]).unwrap(),
                body.to_string().into(),
                None,
            )
            .await
            .unwrap();
        (
            answer.status.as_u16(),
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    };
    let (status, made) = control("POST", "users", json!({"name": "Grace Hopper"})).await;
    assert_eq!(status, 201);
    let user_id = made["user_id"].as_str().unwrap();
    let new = json!({"app": "Helper1", "user_id": user_id, "text": "hi"});
    let (status, sent) = control("POST", "messages", new).await;
    assert_eq!(status, 200, "{sent}");
    // No webhook URL is configured, so the first attempt fails.
    assert_eq!(sent["deliveries"][0]["state"], "retrying");
    let event_id = &sent["deliveries"][0]["event_id"];
    let (_, again) = control("POST", "redeliver", json!({"event_id": event_id})).await;
    assert_eq!(again["delivery"]["attempts"][1]["retry_number"], 1);
    let (_, seen) = control("GET", &format!("users/{user_id}/messages"), Value::Null).await;
    assert_eq!(seen["messages"][0]["plain_text"], "hi");
    let rule =
        json!({"method": "users.info", "kind": "rate_limited", "retry_after_secs": 3, "times": 1});
    let (status, rules) = control("POST", "failures", rule.clone()).await;
    assert_eq!(
        (status, &rules["failures"][0]["kind"]),
        (200, &json!("rate_limited"))
    );
    let (_, state) = control("GET", "state", Value::Null).await;
    assert_eq!(state["people"].as_array().unwrap().len(), 3);
    assert_eq!(
        control("DELETE", "failures", Value::Null).await.1,
        json!({"failures": []})
    );
    let fixture = json!({"connector_id": "connector1", "name": "app_mention"});
    assert_eq!(
        control("POST", "fixtures", fixture).await.1["delivery"]["kind"],
        "app_mention"
    );
    assert_eq!(control("GET", "events/none", Value::Null).await.0, 404);
}
