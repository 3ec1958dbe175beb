//! Sends deliveries to the agent as our worker does.

use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::{AgentFailure, DemoAgent};
use crate::clock::TestClock;
use crate::crypto::hmac_sha256;
use crate::http_client::{HttpAnswer, HttpClient, HttpFailure, header_map};

const KEY: [u8; 32] = [7; 32];
const NOW_SECS: i64 = 1_700_000_000;

async fn agent() -> DemoAgent {
    let secret = format!("whsec_{}", BASE64.encode(&KEY));
    DemoAgent::start(&secret, TestClock::at(NOW_SECS * 1000))
        .await
        .unwrap()
}

fn envelope(id: &str, text: &str) -> Value {
    json!({
        "version": "2026-12-01", "type": "message.received", "id": id, "delivery_attempt": 1,
        "sent_at": "2026-11-22T19:26:00.5Z",
        "project_id": "p", "environment_id": "e",
        "connector": {"id": "c", "name": "Acme Slack", "provider": "slack"},
        "conversation": {"id": "v", "kind": "direct", "provider_conversation_id": "D1", "thread": null},
        "chat_user": {"id": "u", "identifier": "U1", "display_name": "Ada Lovelace", "first_name": "Ada",
                      "last_name": null, "avatar_url": null},
        "end_user": null,
        "message": {"text": text, "content": [{"kind": "text", "text": text}], "entities": [], "attachments": [], "provider_event_id": "Ev1",
                    "sequence": 1, "previous_message_at": null,
                    "received_at": "2026-11-22T19:26:00Z"},
    })
}

async fn deliver(
    agent: &DemoAgent,
    key: &[u8],
    id: &str,
    body: &Value,
) -> Result<HttpAnswer, HttpFailure> {
    let body = body.to_string();
    let time = NOW_SECS.to_string();
    let mac = hmac_sha256(
        key,
        &[id.as_bytes(), b".", time.as_bytes(), b".", body.as_bytes()],
    );
    let signature = format!("v1,{}", BASE64.encode(&mac));
    let headers = header_map([
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", time.as_str()),
        ("webhook-signature", signature.as_str()),
    ])
    .unwrap();
    HttpClient::default()
        .send(
            hyper::Method::POST,
            &agent.endpoint(),
            headers,
            body.into(),
            Some(Duration::from_millis(300)),
        )
        .await
}

fn text(answer: &HttpAnswer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    body["replies"][0]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_answer_shows_who_wrote_where_and_how_often() {
    let agent = agent().await;
    let first = text(
        &deliver(&agent, &KEY, "d1", &envelope("d1", "hi"))
            .await
            .unwrap(),
    );
    assert!(first.starts_with("Hello Ada Lovelace! "), "{first}");
    for part in ["the first of your messages", "direct", "Acme Slack", "“hi”"] {
        assert!(first.contains(part), "{first}");
    }
    let second = text(
        &deliver(&agent, &KEY, "d2", &envelope("d2", "hi"))
            .await
            .unwrap(),
    );
    assert!(second.contains("message 2 from you"), "{second}");
    assert_eq!(agent.violations(), Vec::<String>::new());
    assert_eq!(
        agent
            .await_deliveries(2, Duration::from_secs(1))
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn whoever_asks_for_a_human_is_handed_off_with_a_word() {
    let agent = agent().await;
    for (id, said, is_handed_off) in [
        ("d1", "A human, please!", true),
        ("d2", "HUMAN", true),
        ("d3", "Is that humane?", false),
    ] {
        let answer = deliver(&agent, &KEY, id, &envelope(id, said))
            .await
            .unwrap();
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["handoff"].is_object(), is_handed_off, "{said}");
        assert_eq!(body["replies"].as_array().unwrap().len(), 1, "{said}");
    }
}

#[tokio::test]
async fn a_delivery_that_comes_twice_is_counted_once_and_answered_alike() {
    let agent = agent().await;
    let first = deliver(&agent, &KEY, "d1", &envelope("d1", "hi"))
        .await
        .unwrap();
    let again = deliver(&agent, &KEY, "d1", &envelope("d1", "hi"))
        .await
        .unwrap();
    assert_eq!(first.body, again.body);
    assert_eq!(
        (
            agent.deliveries().len(),
            agent.deliveries()[0].times_received
        ),
        (1, 2)
    );
    deliver(&agent, &KEY, "d1", &envelope("d1", "something else"))
        .await
        .unwrap();
    assert_eq!(agent.violations().len(), 1);
}

#[tokio::test]
async fn a_delivery_with_another_key_is_refused_and_does_not_count() {
    let agent = agent().await;
    let answer = deliver(&agent, &[8; 32], "d1", &envelope("d1", "hi"))
        .await
        .unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!((agent.deliveries().len(), agent.refused().len()), (0, 1));
}

#[tokio::test]
async fn an_envelope_that_is_not_as_documented_is_noted() {
    let agent = agent().await;
    let mut wrong = envelope("other", "hi");
    wrong["chat_user"]["display_name"] = Value::Null;
    wrong["conversation"]["kind"] = json!("im");
    wrong["sent_at"] = json!("yesterday");
    wrong["message"]["attachments"] = json!([{"kind": "photo"}]);
    deliver(&agent, &KEY, "d1", &wrong).await.unwrap();
    assert_eq!(agent.violations().len(), 9, "{:#?}", agent.violations());
}

#[tokio::test]
async fn the_answer_names_what_came_besides_words() {
    let agent = agent().await;
    let picture = json!({"kind": "file", "type": "image"});
    let spoken = json!({"kind": "file", "type": "voice"});
    for (index, (content, expected)) in [
        (json!([{"kind": "location"}]), "I got your location: “"),
        (json!([{"kind": "order"}]), "I got your order: “"),
        (
            json!([{"kind": "text", "text": "Look"}, picture, spoken, {"kind": "shared", "relation": "quoted"}]),
            "You wrote: “words” I got your image, voice message and quoted message.",
        ),
        (
            json!([{"kind": "location", "name": "Main office", "latitude": 48.2082, "longitude": 16.3738}]),
            "You are at Main office, 48.2082, 16.3738.",
        ),
        (
            json!([{"kind": "contact", "name": "Grace", "phones": ["+15550100", "+15550101"]}]),
            "You gave me the card of Grace, +15550100.",
        ),
        (
            json!([{"kind": "text", "text": "Yes"}, {"kind": "choice", "title": "Yes", "id": "yes"}]),
            "). You chose Yes (id yes).",
        ),
        (
            json!([{"kind": "choice", "title": null, "id": "yes"}]),
            "You chose yes.",
        ),
        (
            json!([{"kind": "text", "text": "Here"}, {"kind": "file", "type": "document", "name": "report.pdf"}]),
            "You wrote: “words” You sent report.pdf.",
        ),
        (
            json!([{"kind": "unsupported"}]),
            "I got your message of another kind: “",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let id = index.to_string();
        let mut envelope = envelope(&id, "words");
        envelope["message"]["content"] = content;
        let answer = text(&deliver(&agent, &KEY, &id, &envelope).await.unwrap());
        assert!(answer.contains(expected), "{answer}");
    }
    assert_eq!(agent.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_blank_text_an_unknown_kind_and_a_mention_outside_the_text_are_noted() {
    let agent = agent().await;
    let mut wrong = envelope("d1", " ");
    wrong["message"]["content"] = json!([]);
    deliver(&agent, &KEY, "d1", &wrong).await.unwrap();
    let mut wrong = envelope("d2", "é@Ann");
    wrong["message"]["content"] = json!([{"kind": "hologram"}]);
    wrong["message"]["entities"] = json!([
        {"kind": "user", "offset": 1, "length": 4},
        {"kind": "user", "offset": 2, "length": 4},
        {"kind": "user", "length": 4},
    ]);
    deliver(&agent, &KEY, "d2", &wrong).await.unwrap();
    assert_eq!(agent.violations().len(), 5, "{:#?}", agent.violations());
}

#[tokio::test]
async fn failures_happen_as_often_as_told_and_only_the_late_one_counts() {
    let agent = agent().await;
    agent.fail(
        AgentFailure::Http {
            status: 503,
            retry_after_secs: Some(7),
        },
        Some(1),
    );
    let body = envelope("d1", "hi");
    let busy = deliver(&agent, &KEY, "d1", &body).await.unwrap();
    assert_eq!(
        (busy.status.as_u16(), &busy.headers["retry-after"]),
        (503, &"7".parse().unwrap())
    );
    agent.fail(AgentFailure::Stall, None);
    assert_eq!(
        deliver(&agent, &KEY, "d1", &body).await.unwrap_err(),
        HttpFailure::Timeout
    );
    agent.clear_failures();
    agent.fail(AgentFailure::ResetBefore, Some(1));
    assert!(deliver(&agent, &KEY, "d1", &body).await.is_err());
    assert_eq!(agent.deliveries().len(), 0);
    agent.fail(AgentFailure::ResetAfter, Some(1));
    assert!(deliver(&agent, &KEY, "d1", &body).await.is_err());
    assert_eq!(agent.deliveries().len(), 1);
    agent.answer_with(Value::Null);
    let empty = deliver(&agent, &KEY, "d2", &envelope("d2", "hi"))
        .await
        .unwrap();
    assert_eq!((empty.status.as_u16(), empty.body.len()), (204, 0));
}
