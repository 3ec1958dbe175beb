//! Compares the simulator with the documentation of 360dialog and Meta.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::TestClock;
use crate::simulator::testing::{ADA, NOW_MS, at, json_of, problems, simulator, simulator_at};
use crate::simulator::{
    Account, ConnectorConfig, Dialog360Account, Failure, FailureRule, Place, Platform, Simulator,
    Switch, WhatsAppShows,
};

const KEY: (&str, &str) = ("d360-api-key", "key");
const JSON: (&str, &str) = ("content-type", "application/json");

fn connect(simulator: &Simulator) {
    simulator
        .add_connector(ConnectorConfig {
            connector_id: "wa".into(),
            name: "Helper".into(),
            policy: String::new(),
            webhook_url: None,
            account: Account::of(&Dialog360Account {
                phone_number_id: "1122".into(),
                api_key: "key".into(),
                webhook_secret: "hook".into(),
            }),
        })
        .unwrap();
}

async fn dialog360() -> Simulator {
    let simulator = simulator().await;
    connect(&simulator);
    simulator
}

async fn send(simulator: &Simulator, arguments: Value) -> (u16, Value) {
    json_of(
        at(
            simulator,
            "POST",
            "360dialog/messages",
            &[KEY, JSON],
            &arguments.to_string(),
        )
        .await,
    )
}

fn text_to(field: &str, to: &str) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual", field: to, "type": "text",
           "text": {"body": "welcome", "preview_url": false}})
}

fn value_of(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    body["entry"][0]["changes"][0]["value"].clone()
}

fn statuses(simulator: &Simulator) -> Vec<(String, Option<i64>)> {
    simulator
        .take_events()
        .iter()
        .map(|event| {
            let status = value_of(&event.request.body)["statuses"][0].clone();
            (
                status["status"].as_str().unwrap().to_owned(),
                status["errors"][0]["code"].as_i64(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_message_carries_the_header_and_is_answered_with_statuses_to_follow() {
    let simulator = dialog360().await;
    let written = simulator.write("wa", ADA, Place::Direct, "hi").unwrap();
    let request = written.request().unwrap();
    assert_eq!(request.header("authorization"), Some("Bearer hook"));
    let value = value_of(&request.body);
    assert_eq!(value["metadata"]["phone_number_id"], "1122");
    let message = &value["messages"][0];
    assert_eq!(message["timestamp"], "1700000000");
    let from = message["from"].as_str().unwrap();
    assert_eq!(value["contacts"][0]["wa_id"], from);
    let mut reply = text_to("to", from);
    reply["context"] = json!({"message_id": message["id"]});
    let (status, answer) = send(&simulator, reply).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["contacts"][0]["user_id"], message["from_user_id"]);
    assert!(
        answer["messages"][0]["id"]
            .as_str()
            .unwrap()
            .starts_with("wamid.")
    );
    assert_eq!(simulator.messages_to(ADA)[0].text, "welcome");
    assert_eq!(
        statuses(&simulator),
        [("sent".to_owned(), None), ("delivered".to_owned(), None)]
    );
    assert!(simulator.take_events().is_empty());
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn whatsapp_tells_the_number_the_scoped_id_or_both() {
    let simulator = dialog360().await;
    for (shows, has_phone, has_bsuid) in [
        (WhatsAppShows::Phone, true, false),
        (WhatsAppShows::Both, true, true),
        (WhatsAppShows::Bsuid, false, true),
    ] {
        let switch = Switch {
            user_id: Some(ADA.into()),
            whatsapp_shows: Some(shows),
            ..Switch::default()
        };
        simulator.switch(&switch).unwrap();
        let written = simulator.write("wa", ADA, Place::Direct, "hi").unwrap();
        let value = value_of(&written.request().unwrap().body);
        let (message, contact) = (&value["messages"][0], &value["contacts"][0]);
        assert_eq!(message.get("from").is_some(), has_phone);
        assert_eq!(contact.get("wa_id").is_some(), has_phone);
        assert_eq!(message.get("from_user_id").is_some(), has_bsuid);
        assert_eq!(contact.get("user_id").is_some(), has_bsuid);
    }
    let person = simulator.person(ADA).unwrap();
    let (_, answer) = send(&simulator, text_to("recipient", &person.bsuid)).await;
    assert_eq!(
        answer["contacts"][0],
        json!({"input": person.bsuid, "user_id": person.bsuid})
    );
    assert_eq!(simulator.messages_to(ADA).len(), 1);
}

#[tokio::test]
async fn after_24_hours_the_message_is_taken_and_fails_later() {
    let clock = TestClock::at(NOW_MS);
    let simulator = simulator_at(clock.clone()).await;
    connect(&simulator);
    let person = simulator.person(ADA).unwrap();
    simulator.write("wa", ADA, Place::Direct, "hi").unwrap();
    clock.advance(Duration::from_hours(24));
    let (status, _) = send(&simulator, text_to("recipient", &person.bsuid)).await;
    assert_eq!(status, 200);
    assert_eq!(statuses(&simulator), [("failed".to_owned(), Some(131_047))]);
    let reopen = |window_open, blocked| Switch {
        connector_id: Some("wa".into()),
        user_id: Some(ADA.into()),
        window_open: Some(window_open),
        blocked: Some(blocked),
        ..Switch::default()
    };
    simulator.switch(&reopen(true, true)).unwrap();
    send(&simulator, text_to("recipient", &person.bsuid)).await;
    assert_eq!(statuses(&simulator), [("failed".to_owned(), Some(131_026))]);
    simulator.switch(&reopen(true, false)).unwrap();
    simulator.fail_next("messages", Failure::Undelivered { code: 130_472 });
    send(&simulator, text_to("recipient", &person.bsuid)).await;
    assert_eq!(statuses(&simulator), [("failed".to_owned(), Some(130_472))]);
    assert!(simulator.messages_to(ADA).is_empty());
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn mistakes_are_refused_and_noted() {
    let simulator = dialog360().await;
    let good = text_to("to", "15550001111");
    let with = |field: &str, value: Value| {
        let mut changed = good.clone();
        changed[field] = value;
        changed
    };
    for arguments in [
        with("messaging_product", json!("sms")),
        with("type", json!("template")),
        with("recipient_type", json!("group")),
        with("to", json!("US.1")),
        with("text", json!({"body": ""})),
        with("text", json!({"body": "x".repeat(4097)})),
        text_to("recipient", "15550001111"),
        text_to("for", "15550001111"),
    ] {
        let before = problems(&simulator).len();
        let (status, answer) = send(&simulator, arguments.clone()).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (400, &json!(100)),
            "{arguments}"
        );
        assert!(problems(&simulator).len() > before, "{arguments}");
    }
    let before = problems(&simulator).len();
    assert_eq!(send(&simulator, good.clone()).await.0, 200);
    assert_eq!(problems(&simulator).len(), before + 1, "a number of nobody");
    let headers = [("d360-api-key", "other"), JSON];
    let (status, answer) = json_of(
        at(
            &simulator,
            "POST",
            "360dialog/messages",
            &headers,
            &good.to_string(),
        )
        .await,
    );
    assert_eq!((status, &answer["meta"]["http_code"]), (401, &json!(401)));
    assert_eq!(problems(&simulator).len(), before + 2);
}

#[tokio::test]
async fn a_webhook_that_is_set_over_the_api_gets_its_headers() {
    let simulator = dialog360().await;
    let set =
        json!({"url": "https://example.com/hook", "headers": {"Authorization": "Bearer new"}});
    let path = "360dialog/v1/configs/webhook";
    let (status, _) = json_of(at(&simulator, "POST", path, &[KEY, JSON], &set.to_string()).await);
    assert_eq!(status, 200);
    let (_, now) = json_of(at(&simulator, "GET", path, &[KEY], "").await);
    assert_eq!(now, set);
    let written = simulator.write("wa", ADA, Place::Direct, "hi").unwrap();
    assert_eq!(
        written.request().unwrap().header("authorization"),
        Some("Bearer new")
    );
    assert_eq!(problems(&simulator), Vec::<String>::new());
    let bare = json!({"url": "https://example.com/hook"});
    at(&simulator, "POST", path, &[KEY, JSON], &bare.to_string())
        .await
        .unwrap();
    assert!(problems(&simulator)[0].contains("Authorization"));
}

#[tokio::test]
async fn a_rate_limit_can_be_a_403() {
    let simulator = dialog360().await;
    simulator.write("wa", ADA, Place::Direct, "hi").unwrap();
    let bsuid = simulator.person(ADA).unwrap().bsuid;
    for (status, code, pointer) in [
        (403, "130429", "/error/code"),
        (400, "no such number", "/meta/developer_message"),
    ] {
        let failure = Failure::Code {
            status,
            code: code.into(),
            message: String::new(),
        };
        simulator.fail(FailureRule::once("messages", failure).at(Platform::Dialog360));
        let (got, answer) = send(&simulator, text_to("recipient", &bsuid)).await;
        assert_eq!(got, status);
        let told = answer.pointer(pointer).unwrap();
        assert_eq!(told.to_string().trim_matches('"'), code);
    }
}
