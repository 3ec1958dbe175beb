//! Tests the control API, and the retries that the program makes on its own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::post;
use serde_json::{Value, json};

use crate::loopback::Loopback;
use crate::simulator::testing::{ADA, at, json_of, simulator};
use crate::simulator::{
    DeliveryState, NewPerson, Platform, Simulator, SimulatorConfig, SimulatorOptions,
};

/// A webhook that keeps the bodies it receives and asks for an immediate retry, until it is opened.
struct Webhook {
    server: Loopback,
    bodies: Arc<Mutex<Vec<Value>>>,
    is_open: Arc<AtomicBool>,
}

impl Webhook {
    async fn start(is_open: bool) -> Self {
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let is_open = Arc::new(AtomicBool::new(is_open));
        let (kept, open) = (Arc::clone(&bodies), Arc::clone(&is_open));
        let take = move |body: axum::body::Bytes| async move {
            kept.lock()
                .unwrap()
                .push(serde_json::from_slice(&body).unwrap());
            if open.load(Ordering::SeqCst) {
                StatusCode::OK.into_response()
            } else {
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    [(header::RETRY_AFTER, "0")],
                )
                    .into_response()
            }
        };
        let server = Loopback::start(axum::Router::new().route("/hook", post(take)))
            .await
            .unwrap();
        Self {
            server,
            bodies,
            is_open,
        }
    }

    fn url(&self) -> String {
        format!("{}/hook", self.server.url())
    }
}

async fn program(connector: Value) -> Simulator {
    let config = SimulatorConfig {
        connectors: vec![serde_json::from_value(connector).unwrap()],
        users: vec![NewPerson::named("Ada Lovelace").with_id(ADA)],
        ..SimulatorConfig::default()
    };
    let options = SimulatorOptions {
        retries_by_itself: true,
        ..SimulatorOptions::default()
    };
    Simulator::start_with(config, options).await.unwrap()
}

async fn control(
    simulator: &Simulator,
    http_method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let headers = [("content-type", "application/json")];
    json_of(
        at(
            simulator,
            http_method,
            &format!("_control/{path}"),
            &headers,
            &body.to_string(),
        )
        .await,
    )
}

/// Waits until the simulator's state satisfies the predicate.
async fn until(simulator: &Simulator, is_wanted: impl Fn() -> bool) {
    let mut revision = simulator.shared.revision.subscribe();
    while !is_wanted() {
        revision.changed().await.unwrap();
    }
}

#[tokio::test]
async fn an_update_that_is_refused_holds_up_what_follows_in_the_same_chat() {
    let webhook = Webhook::start(false).await;
    let simulator = program(json!({
        "provider": "telegram", "connector_id": "tg", "name": "Helper", "webhook_url": webhook.url(),
        "bot_token": "1:x", "secret_token": "s",
    }))
    .await;
    let mut event_ids = Vec::new();
    for text in ["first", "second"] {
        let new = json!({"connector_id": "Helper", "user_id": ADA, "text": text});
        let (status, sent) = control(&simulator, "POST", "messages", new).await;
        assert_eq!(status, 200, "{sent}");
        event_ids.push(
            sent["deliveries"][0]["event_id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(
        simulator.delivery(&event_ids[1]).unwrap().state,
        DeliveryState::Waiting
    );
    webhook.is_open.store(true, Ordering::SeqCst);
    until(&simulator, || {
        simulator.delivery(&event_ids[1]).unwrap().state == DeliveryState::Accepted
    })
    .await;
    let texts: Vec<String> = webhook
        .bodies
        .lock()
        .unwrap()
        .iter()
        .map(|body| body["message"]["text"].as_str().unwrap().to_owned())
        .collect();
    let (last, before) = texts.split_last().unwrap();
    assert_eq!(last, "second");
    assert!(before.iter().all(|text| text == "first"), "{texts:?}");
}

#[tokio::test]
async fn statuses_follow_a_call_by_themselves() {
    let webhook = Webhook::start(true).await;
    let simulator = program(json!({
        "provider": "360dialog", "connector_id": "wa", "name": "Helper", "webhook_url": webhook.url(),
        "phone_number_id": "1", "api_key": "key", "webhook_secret": "s",
    }))
    .await;
    let new = json!({"connector_id": "wa", "user_id": ADA, "text": "hi"});
    control(&simulator, "POST", "messages", new).await;
    let bsuid = simulator.person(ADA).unwrap().bsuid;
    let reply = json!({"messaging_product": "whatsapp", "recipient": bsuid, "type": "text", "text": {"body": "welcome"}});
    let headers = [
        ("content-type", "application/json"),
        ("d360-api-key", "key"),
    ];
    at(
        &simulator,
        "POST",
        "360dialog/messages",
        &headers,
        &reply.to_string(),
    )
    .await
    .unwrap();
    until(&simulator, || webhook.bodies.lock().unwrap().len() == 3).await;
    let bodies = webhook.bodies.lock().unwrap().clone();
    let status = |index: usize| {
        bodies[index]["entry"][0]["changes"][0]["value"]["statuses"][0]["status"].clone()
    };
    assert_eq!((status(1), status(2)), (json!("sent"), json!("delivered")));
}

#[tokio::test]
async fn connectors_are_added_switched_and_shown() {
    let simulator = simulator().await;
    for connector in [
        json!({"provider": "teams", "connector_id": "c1", "name": "T", "app_id": "a", "tenant_id": "t", "client_secret": "s"}),
        json!({"provider": "telegram", "connector_id": "c2", "name": "B", "bot_token": "1:x", "secret_token": "s"}),
        json!({"provider": "360dialog", "connector_id": "c3", "name": "W", "phone_number_id": "1", "api_key": "k", "webhook_secret": "s"}),
        json!({"provider": "twilio", "connector_id": "c4", "name": "S", "account_sid": "AC1", "phone_number": "+15550009999",
               "auth_token": "t", "webhook_url": "http://127.0.0.1:1/hook", "previous_auth_token": null}),
    ] {
        assert_eq!(
            control(&simulator, "POST", "connectors", connector).await.0,
            201
        );
    }
    for (connector_id, channel) in [
        ("c1", "im"),
        ("c1", "general"),
        ("c2", "general"),
        ("c3", "im"),
        ("c4", "whatsapp"),
    ] {
        let new =
            json!({"connector_id": connector_id, "user_id": ADA, "channel": channel, "text": "hi"});
        let (status, sent) = control(&simulator, "POST", "messages", new).await;
        assert_eq!(status, 200, "{connector_id} {channel}: {sent}");
    }
    let group = json!({"connector_id": "c4", "user_id": ADA, "channel": "general", "text": "hi"});
    assert_eq!(control(&simulator, "POST", "messages", group).await.0, 404);
    let path = format!("users/{ADA}/messages");
    let (_, seen) = control(&simulator, "GET", &path, Value::Null).await;
    let providers: Vec<&str> = seen["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["provider"].as_str().unwrap())
        .collect();
    assert_eq!(
        providers,
        ["teams", "teams", "telegram", "360dialog", "twilio"]
    );
    let switch = json!({"connector_id": "c3", "user_id": ADA, "window_open": false, "whatsapp_shows": "bsuid"});
    assert_eq!(control(&simulator, "POST", "switches", switch).await.0, 200);
    let (_, state) = control(&simulator, "GET", "state", Value::Null).await;
    assert_eq!(
        state["connectors"][2]["people"][ADA]["window_is_open"],
        false
    );
    assert_eq!(
        state["connectors"][3]["people"][ADA]["window_is_open"],
        true
    );
    assert_eq!(state["people"][0]["whatsapp_shows"], "bsuid");
    let nobody = json!({"connector_id": "c3", "user_id": "none", "blocked": true});
    assert_eq!(control(&simulator, "POST", "switches", nobody).await.0, 404);
}

#[tokio::test]
async fn an_item_goes_with_words_only_if_it_is_a_file() {
    let simulator = simulator().await;
    let connector = json!({"provider": "telegram", "connector_id": "tg", "name": "B", "bot_token": "1:x", "secret_token": "s"});
    control(&simulator, "POST", "connectors", connector).await;
    let file = json!({"kind": "file", "name": "report.pdf", "mime_type": "application/pdf"});
    let choice = json!({"kind": "choice", "title": "Yes", "id": "yes"});
    for (item, text, expected) in [
        (&file, "", 200),
        (&file, "Here it is", 200),
        (&choice, "", 200),
        (&choice, "Yes, please", 404),
    ] {
        let new = json!({"connector_id": "tg", "user_id": ADA, "item": item, "text": text});
        let (status, sent) = control(&simulator, "POST", "messages", new).await;
        assert_eq!(status, expected, "{sent}");
    }
}

#[tokio::test]
async fn the_secrets_of_connectors_are_not_shown() {
    let simulator = program(json!({
        "provider": "twilio", "connector_id": "c", "name": "S", "account_sid": "AC1", "phone_number": "+15550009999",
        "auth_token": "very-secret",
    }))
    .await;
    let (_, state) = control(&simulator, "GET", "state", Value::Null).await;
    assert!(state.to_string().contains("\"S\""));
    assert!(!state.to_string().contains("very-secret"));
}

#[tokio::test]
async fn the_page_is_told_where_the_console_is_if_there_is_one() {
    for (api_url, expected) in [
        (None, Value::Null),
        (
            Some("http://127.0.0.1:9080/"),
            json!("http://127.0.0.1:9080/console"),
        ),
    ] {
        let config = SimulatorConfig {
            api_url: api_url.map(str::to_owned),
            ..SimulatorConfig::default()
        };
        let simulator = Simulator::start_with(config, SimulatorOptions::default())
            .await
            .unwrap();
        let (_, state) = control(&simulator, "GET", "state", Value::Null).await;
        assert_eq!(state["console_url"], expected);
    }
}

#[tokio::test]
async fn the_page_is_told_what_every_platform_offers() {
    let simulator = simulator().await;
    let (_, state) = control(&simulator, "GET", "state", Value::Null).await;
    let platforms = state["platforms"].as_object().unwrap();
    assert_eq!(platforms.len(), Platform::ALL.len());
    for platform in Platform::ALL {
        let look = &platforms[platform.key()];
        assert!(!look["name"].as_str().unwrap().is_empty());
        assert_eq!(look["places"][0][0], "im", "{platform:?}");
        assert_eq!(look["items"][0][0], "im", "{platform:?}");
        assert!(look["methods"].as_array().unwrap().len() > 1);
        // The control API must accept every failure that the page offers.
        for offered in look["errors"].as_array().unwrap() {
            let mut rule = offered[1].clone();
            rule["method"] = look["methods"][0].clone();
            rule["provider"] = json!(platform);
            let (status, answer) = control(&simulator, "POST", "failures", rule).await;
            assert_eq!(status, 200, "{answer}");
        }
        for switch in look["switches"].as_array().unwrap() {
            let name = switch[0].as_str().unwrap();
            let switch = json!({"user_id": ADA, name: true});
            assert_eq!(control(&simulator, "POST", "switches", switch).await.0, 200);
        }
    }
}

#[tokio::test]
async fn an_account_that_lacks_a_field_is_refused() {
    let simulator = simulator().await;
    let lacks = json!({"provider": "slack", "connector_id": "c", "name": "S", "team_id": "T1"});
    let (status, answer) = control(&simulator, "POST", "connectors", lacks).await;
    assert_eq!(status, 422);
    assert!(answer["error"].as_str().unwrap().contains("api_app_id"));
    let (_, state) = control(&simulator, "GET", "state", Value::Null).await;
    assert_eq!(state["connectors"], json!([]));
}
