//! Compares the simulator with Telegram's documentation.

use serde_json::{Value, json};

use crate::simulator::testing::{ADA, BO, at, json_of, problems, simulator};
use crate::simulator::{
    Account, ConnectorConfig, DeliveryState, Failure, FailureRule, Place, Platform, Simulator,
    Switch, TelegramAccount, WebhookAnswer,
};

const TOKEN: &str = "123456:token";

async fn telegram() -> Simulator {
    let simulator = simulator().await;
    simulator
        .add_connector(ConnectorConfig {
            connector_id: "tg".into(),
            name: "Helper".into(),
            policy: "OnBoarding".into(),
            webhook_url: Some("http://127.0.0.1:1/hook".into()),
            account: Account::of(&TelegramAccount {
                bot_token: TOKEN.into(),
                secret_token: "configured".into(),
            }),
        })
        .unwrap();
    simulator
}

async fn call(simulator: &Simulator, method: &str, arguments: Value) -> (u16, Value) {
    call_as(simulator, TOKEN, method, arguments).await
}

async fn call_as(
    simulator: &Simulator,
    token: &str,
    method: &str,
    arguments: Value,
) -> (u16, Value) {
    let path = format!("telegram/bot{token}/{method}");
    json_of(
        at(
            simulator,
            "POST",
            &path,
            &[("content-type", "application/json")],
            &arguments.to_string(),
        )
        .await,
    )
}

fn update(simulator: &Simulator, user_id: &str, place: Place, text: &str) -> Value {
    let request = simulator
        .write("tg", user_id, place, text)
        .unwrap()
        .request()
        .unwrap();
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn a_direct_message_is_an_update_with_the_secret_and_is_answered_in_the_same_chat() {
    let simulator = telegram().await;
    let written = simulator.write("tg", ADA, Place::Direct, "hi").unwrap();
    let request = written.request().unwrap();
    assert_eq!(
        request.header("x-telegram-bot-api-secret-token"),
        Some("configured")
    );
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let id = simulator.person(ADA).unwrap().telegram_id;
    assert_eq!(body["message"]["from"]["id"], id);
    assert_eq!(
        body["message"]["chat"],
        json!({"id": id, "first_name": "Ada", "username": "ada_lovelace_user", "type": "private"})
    );
    let (status, answer) = call(
        &simulator,
        "sendMessage",
        json!({"chat_id": id, "text": "<b>welcome</b>", "link_preview_options": {"is_disabled": true},
               "reply_parameters": {"message_id": body["message"]["message_id"]}}),
    )
    .await;
    assert_eq!((status, &answer["ok"]), (200, &json!(true)), "{answer}");
    let told = simulator.messages_to(ADA);
    assert_eq!(told[0].plain_text(), "<b>welcome</b>");
    assert_eq!(told[0].provider, Platform::Telegram);
    assert!(simulator.messages_to(BO).is_empty());
    assert_eq!(problems(&simulator), Vec::<String>::new());
    assert_eq!(simulator.count_at(Platform::Telegram, "sendMessage"), 1);
}

#[tokio::test]
async fn update_ids_grow_and_a_mention_is_marked() {
    let simulator = telegram().await;
    let first = update(&simulator, ADA, Place::General, "hello @Helper");
    let second = update(&simulator, BO, Place::General, "/start now");
    assert!(first["update_id"].as_i64() < second["update_id"].as_i64());
    assert_eq!(
        first["message"]["entities"],
        json!([{"type": "mention", "offset": 6, "length": 11}])
    );
    assert_eq!(
        second["message"]["entities"],
        json!([{"type": "bot_command", "offset": 0, "length": 6}])
    );
    assert_eq!(first["message"]["chat"]["type"], "supergroup");
    assert!(first["message"]["chat"]["id"].as_i64().unwrap() < -1_000_000_000_000);
}

#[tokio::test]
async fn a_bot_writes_only_to_those_who_let_it() {
    let simulator = telegram().await;
    let id = simulator.person(ADA).unwrap().telegram_id;
    let say = async || {
        call(
            &simulator,
            "sendMessage",
            json!({"chat_id": id, "text": "x"}),
        )
        .await
    };
    let refused = |status: u16, description: &str| {
        (
            status,
            json!({"ok": false, "error_code": status, "description": description}),
        )
    };
    assert_eq!(say().await, refused(400, "Bad Request: chat not found"));
    let group = update(&simulator, ADA, Place::General, "hi")["message"]["chat"]["id"].clone();
    assert_eq!(
        say().await,
        refused(
            403,
            "Forbidden: bot can't initiate conversation with a user"
        )
    );
    update(&simulator, ADA, Place::Direct, "hi");
    assert_eq!(say().await.0, 200);
    let block = Switch {
        connector_id: Some("tg".into()),
        user_id: Some(ADA.into()),
        blocked: Some(true),
        ..Switch::default()
    };
    simulator.switch(&block).unwrap();
    assert_eq!(
        say().await,
        refused(403, "Forbidden: bot was blocked by the user")
    );
    let upgrade = Switch {
        connector_id: Some("tg".into()),
        upgrade_general: true,
        ..Switch::default()
    };
    simulator.switch(&upgrade).unwrap();
    let (status, answer) = call(
        &simulator,
        "sendMessage",
        json!({"chat_id": group, "text": "x"}),
    )
    .await;
    let moved_to = answer["parameters"]["migrate_to_chat_id"].clone();
    assert_eq!(status, 400);
    assert_ne!(moved_to, group);
    let there = json!({"chat_id": moved_to, "text": "x"});
    assert_eq!(call(&simulator, "sendMessage", there.clone()).await.0, 200);
    simulator.remove_from_general("tg");
    assert_eq!(
        call(&simulator, "sendMessage", there).await,
        refused(403, "Forbidden: bot was kicked from the supergroup chat")
    );
    simulator.revoke_token("tg");
    assert_eq!(say().await, refused(401, "Unauthorized"));
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn mistakes_are_refused_in_telegrams_words_and_noted() {
    let simulator = telegram().await;
    update(&simulator, ADA, Place::Direct, "hi");
    let id = simulator.person(ADA).unwrap().telegram_id;
    for (token, method, arguments, status, word) in [
        ("1:x", "deleteWebhook", json!({}), 401, "Unauthorized"),
        (TOKEN, "sendPhoto", json!({}), 404, "Not Found"),
        (
            TOKEN,
            "sendMessage",
            json!({"chat_id": 5, "text": "x"}),
            400,
            "chat not found",
        ),
        (
            TOKEN,
            "sendMessage",
            json!({"chat_id": id, "text": ""}),
            400,
            "text is empty",
        ),
        (
            TOKEN,
            "sendMessage",
            json!({"chat_id": id, "text": "x".repeat(4097)}),
            400,
            "too long",
        ),
        (
            TOKEN,
            "setWebhook",
            json!({"url": "http://example.com", "secret_token": "s", "allowed_updates": ["message"]}),
            400,
            "HTTPS",
        ),
        (
            TOKEN,
            "setWebhook",
            json!({"url": "https://example.com", "secret_token": "ö", "allowed_updates": ["message"]}),
            400,
            "unallowed",
        ),
        (TOKEN, "getFile", json!({"file_id": "x"}), 400, "file_id"),
    ] {
        let before = problems(&simulator).len();
        let (got, answer) = call_as(&simulator, token, method, arguments.clone()).await;
        assert_eq!(got, status, "{method} {arguments}");
        assert!(
            answer["description"].as_str().unwrap().contains(word),
            "{answer}"
        );
        assert!(problems(&simulator).len() > before, "{method} {arguments}");
    }
    // Whoever asks whether a token is good may have a wrong one.
    let before = problems(&simulator).len();
    assert_eq!(call_as(&simulator, "1:x", "getMe", json!({})).await.0, 401);
    assert_eq!(problems(&simulator).len(), before);
    for arguments in [
        json!({"chat_id": id, "text": "x", "parse_mode": "HTML"}),
        json!({"chat_id": id, "text": "x", "colour": "red"}),
    ] {
        let before = problems(&simulator).len();
        assert_eq!(call(&simulator, "sendMessage", arguments).await.0, 200);
        assert!(problems(&simulator).len() > before);
    }
    assert!(!format!("{:?}", simulator.calls()).contains(TOKEN));
}

#[tokio::test]
async fn a_webhook_that_is_set_gets_the_next_updates_with_its_secret() {
    let simulator = telegram().await;
    let set = json!({"url": "https://example.com/hook", "secret_token": "new_secret", "allowed_updates": ["message"]});
    assert_eq!(call(&simulator, "setWebhook", set).await.0, 200);
    let written = simulator.write("tg", ADA, Place::Direct, "hi").unwrap();
    let request = written.request().unwrap();
    assert_eq!(
        request.header("x-telegram-bot-api-secret-token"),
        Some("new_secret")
    );
    assert_eq!(
        written.events[0].url.as_deref(),
        Some("https://example.com/hook")
    );
    let (_, info) = call(&simulator, "getWebhookInfo", json!({})).await;
    assert_eq!(info["result"]["url"], "https://example.com/hook");
    assert_eq!(info["result"]["allowed_updates"], json!(["message"]));
    call(&simulator, "deleteWebhook", json!({})).await;
    let (_, info) = call(&simulator, "getWebhookInfo", json!({})).await;
    assert_eq!(info["result"]["url"], "");
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn a_profile_photo_is_found_by_way_of_a_file() {
    let simulator = telegram().await;
    let id = simulator.person(ADA).unwrap().telegram_id;
    let (_, photos) = call(
        &simulator,
        "getUserProfilePhotos",
        json!({"user_id": id, "limit": 1}),
    )
    .await;
    let file_id = photos["result"]["photos"][0][0]["file_id"].clone();
    let (_, file) = call(&simulator, "getFile", json!({"file_id": file_id})).await;
    let path = file["result"]["file_path"].as_str().unwrap();
    let picture = at(
        &simulator,
        "GET",
        &format!("telegram/file/bot{TOKEN}/{path}"),
        &[],
        "",
    )
    .await
    .unwrap();
    assert_eq!(picture.headers["content-type"], "image/jpeg");
    assert!(picture.body.starts_with(&[0xff, 0xd8, 0xff]));
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_in_the_answer_to_an_update_is_a_violation_and_is_not_carried_out() {
    let simulator = telegram().await;
    let written = simulator.write("tg", ADA, Place::Direct, "hi").unwrap();
    let reply = r#"{"method":"sendMessage","chat_id":1,"text":"x"}"#;
    let delivery = simulator
        .attempt_with(&written.events[0].event_id, async |_| {
            WebhookAnswer::new(200, reply)
        })
        .await
        .unwrap();
    assert_eq!(delivery.state, DeliveryState::Accepted);
    assert!(problems(&simulator)[0].contains("carried out"));
    assert!(simulator.posted().is_empty());
}

#[tokio::test]
async fn a_refused_update_is_tried_again_for_a_day() {
    let simulator = telegram().await;
    let written = simulator.write("tg", ADA, Place::Direct, "hi").unwrap();
    for _ in 0..20 {
        let delivery = simulator
            .attempt_with(&written.events[0].event_id, async |_| {
                WebhookAnswer::new(500, "")
            })
            .await
            .unwrap();
        assert_eq!(delivery.state, DeliveryState::Retrying);
    }
}

#[tokio::test]
async fn switches_speak_telegrams_words() {
    let simulator = telegram().await;
    update(&simulator, ADA, Place::Direct, "hi");
    let id = simulator.person(ADA).unwrap().telegram_id;
    let say = async || {
        let path = format!("telegram/bot{TOKEN}/sendMessage");
        let body = json!({"chat_id": id, "text": "x"}).to_string();
        at(
            &simulator,
            "POST",
            &path,
            &[("content-type", "application/json")],
            &body,
        )
        .await
        .unwrap()
    };
    let limit = Failure::RateLimited {
        retry_after_secs: 30,
    };
    simulator.fail(FailureRule::once("sendMessage", limit).at(Platform::Telegram));
    let limited = say().await;
    assert_eq!(limited.headers["retry-after"], "30");
    let (status, answer) = json_of(Ok(limited));
    assert_eq!(status, 429);
    assert_eq!(answer["parameters"], json!({"retry_after": 30}));
    let code = Failure::Code {
        status: 403,
        code: "Forbidden: user is deactivated".into(),
        message: String::new(),
    };
    simulator.fail(FailureRule::once("*", code).in_channel(&id.to_string()));
    let (status, answer) = json_of(Ok(say().await));
    assert_eq!(
        (status, answer["description"].as_str()),
        (403, Some("Forbidden: user is deactivated"))
    );
    simulator
        .fail(FailureRule::once("sendMessage", Failure::Http { status: 502 }).at(Platform::Slack));
    assert_eq!(say().await.status, 200);
}
