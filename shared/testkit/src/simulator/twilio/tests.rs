//! Compares the simulator with Twilio's documentation.

use std::collections::BTreeMap;

use serde_json::Value;

use super::signer::{form, signature};
use crate::simulator::testing::{ADA, at, json_of, problems, simulator};
use crate::simulator::{
    Account, ConnectorConfig, DeliveryState, Failure, Place, Simulator, Switch, TwilioAccount,
    WebhookAnswer, WhatsAppShows,
};

const HOOK: &str = "https://example.com/webhooks/twilio/sms";
const NUMBER: &str = "+15550009999";
const AUTHORIZATION: (&str, &str) = ("authorization", "Basic QUMxOnRva2Vu");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const PATH: &str = "twilio/2010-04-01/Accounts/AC1/Messages.json";

async fn twilio() -> Simulator {
    twilio_at(HOOK).await
}

async fn twilio_at(url: &str) -> Simulator {
    let simulator = simulator().await;
    simulator
        .add_connector(ConnectorConfig {
            connector_id: "sms".into(),
            name: "Helper".into(),
            policy: String::new(),
            webhook_url: Some(url.into()),
            account: Account::of(&TwilioAccount {
                account_sid: "AC1".into(),
                phone_number: NUMBER.into(),
                auth_token: "token".into(),
            }),
        })
        .unwrap();
    simulator
}

async fn send(simulator: &Simulator, fields: &[(&str, &str)]) -> (u16, Value) {
    let body = String::from_utf8(form(fields)).unwrap();
    json_of(at(simulator, "POST", PATH, &[AUTHORIZATION, FORM], &body).await)
}

fn fields_of(body: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

fn write(simulator: &Simulator, place: Place, text: &str) -> BTreeMap<String, String> {
    let request = simulator
        .write("sms", ADA, place, text)
        .unwrap()
        .request()
        .unwrap();
    assert_eq!(
        request.header("x-twilio-signature"),
        Some(signature("token", HOOK, &request.body).as_str())
    );
    fields_of(&request.body)
}

fn statuses(simulator: &Simulator) -> Vec<(String, Option<String>)> {
    simulator
        .take_events()
        .iter()
        .map(|event| {
            assert_eq!(event.url.as_deref(), Some(HOOK));
            let fields = fields_of(&event.request.body);
            (
                fields["MessageStatus"].clone(),
                fields.get("ErrorCode").cloned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_text_message_is_signed_with_its_url_and_answered_with_statuses_to_follow() {
    let simulator = twilio().await;
    let fields = write(&simulator, Place::Direct, "hi & ho");
    assert_eq!(
        (fields["Body"].as_str(), fields["To"].as_str()),
        ("hi & ho", NUMBER)
    );
    assert_eq!(fields.get("ProfileName"), None);
    let (status, answer) = send(
        &simulator,
        &[
            ("To", &fields["From"]),
            ("From", NUMBER),
            ("Body", "welcome"),
            ("StatusCallback", HOOK),
        ],
    )
    .await;
    assert_eq!((status, answer["status"].as_str()), (201, Some("queued")));
    assert_eq!(simulator.messages_to(ADA)[0].text, "welcome");
    assert_eq!(
        statuses(&simulator),
        [("sent".to_owned(), None), ("delivered".to_owned(), None)]
    );
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn whatsapp_has_prefixes_a_profile_name_and_a_window() {
    let simulator = twilio().await;
    let fields = write(&simulator, Place::WhatsApp, "hi");
    let person = simulator.person(ADA).unwrap();
    assert_eq!(fields["From"], format!("whatsapp:{}", person.phone));
    assert_eq!(
        fields["ExternalUserId"],
        format!("whatsapp:{}", person.bsuid)
    );
    assert_eq!(fields["ProfileName"], "Ada Lovelace");
    let switch = Switch {
        connector_id: Some("sms".into()),
        user_id: Some(ADA.into()),
        whatsapp_shows: Some(WhatsAppShows::Bsuid),
        ..Switch::default()
    };
    simulator.switch(&switch).unwrap();
    let fields = write(&simulator, Place::WhatsApp, "hi");
    assert_eq!(fields["From"], format!("whatsapp:{}", person.bsuid));
    assert_eq!(fields.get("WaId"), None);
    let reply = [
        ("To", fields["From"].as_str()),
        ("From", "whatsapp:+15550009999"),
        ("Body", "welcome"),
        ("StatusCallback", HOOK),
    ];
    assert_eq!(send(&simulator, &reply).await.0, 201);
    assert_eq!(statuses(&simulator).len(), 2);
    simulator
        .switch(&Switch {
            window_open: Some(false),
            ..switch
        })
        .unwrap();
    assert_eq!(send(&simulator, &reply).await.0, 201);
    assert_eq!(
        statuses(&simulator),
        [("failed".to_owned(), Some("63016".to_owned()))]
    );
    assert_eq!(simulator.messages_to(ADA).len(), 1);
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_sent_after_stop_until_start() {
    let simulator = twilio().await;
    let fields = write(&simulator, Place::Direct, " stop ");
    assert_eq!(fields["OptOutType"], "STOP");
    let reply = [
        ("To", fields["From"].as_str()),
        ("From", NUMBER),
        ("Body", "welcome"),
        ("StatusCallback", HOOK),
    ];
    let (status, answer) = send(&simulator, &reply).await;
    assert_eq!((status, answer["code"].as_i64()), (400, Some(21_610)));
    assert_eq!(
        write(&simulator, Place::Direct, "START")["OptOutType"],
        "START"
    );
    assert_eq!(send(&simulator, &reply).await.0, 201);
    simulator.fail_next("messages", Failure::Undelivered { code: 30_007 });
    assert_eq!(send(&simulator, &reply).await.0, 201);
    assert_eq!(
        statuses(&simulator).last().unwrap().1.as_deref(),
        Some("30007")
    );
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn mistakes_are_refused_and_noted() {
    let simulator = twilio().await;
    let long = "x".repeat(1601);
    for (to, from, body, code) in [
        ("+15550001111", "+15550000000", "x", 21_606),
        ("whatsapp:+15550001111", NUMBER, "x", 21_910),
        (
            "whatsapp:+15550001111",
            "whatsapp:+15550000000",
            "x",
            63_007,
        ),
        ("15550001111", NUMBER, "x", 21_211),
        ("+15550001111", "", "x", 21_603),
        ("+15550001111", NUMBER, "", 21_602),
        ("+15550001111", NUMBER, long.as_str(), 21_617),
    ] {
        let before = problems(&simulator).len();
        let (status, answer) = send(
            &simulator,
            &[
                ("To", to),
                ("From", from),
                ("Body", body),
                ("StatusCallback", HOOK),
            ],
        )
        .await;
        assert_eq!(
            (status, answer["code"].as_i64()),
            (400, Some(code)),
            "{to} {from}"
        );
        assert_eq!(problems(&simulator).len(), before + 1, "{to} {from}");
    }
    let to = simulator.person(ADA).unwrap().phone;
    for fields in [
        vec![("To", to.as_str()), ("From", NUMBER), ("Body", "x")],
        vec![
            ("To", &to),
            ("From", NUMBER),
            ("Body", "x"),
            ("StatusCallback", "https://example.com/other"),
        ],
        vec![
            ("To", "+15550001111"),
            ("From", NUMBER),
            ("Body", "x"),
            ("StatusCallback", HOOK),
        ],
    ] {
        let before = problems(&simulator).len();
        assert_eq!(send(&simulator, &fields).await.0, 201);
        assert_eq!(problems(&simulator).len(), before + 1, "{fields:?}");
    }
    let before = problems(&simulator).len();
    let wrong = [("authorization", "Basic QUMxOndyb25n"), FORM];
    let (status, answer) = json_of(at(&simulator, "POST", PATH, &wrong, "").await);
    assert_eq!((status, answer["code"].as_i64()), (401, Some(20_003)));
    assert_eq!(problems(&simulator).len(), before + 1);
    let account = "twilio/2010-04-01/Accounts/AC1.json";
    let (status, answer) = json_of(at(&simulator, "GET", account, &[AUTHORIZATION], "").await);
    assert_eq!((status, answer["status"].as_str()), (200, Some("active")));
}

#[tokio::test]
async fn an_answer_may_say_nothing_at_all() {
    let simulator = twilio().await;
    for (answer, word) in [
        (WebhookAnswer::new(204, ""), None),
        (
            WebhookAnswer::new(200, "<Response></Response>").of_type("text/xml"),
            None,
        ),
        (
            WebhookAnswer::new(200, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>")
                .of_type("text/xml; charset=utf-8"),
            None,
        ),
        (
            WebhookAnswer::new(200, "ok").of_type("text/plain"),
            Some("sent to the person"),
        ),
        (
            WebhookAnswer::new(200, "{}").of_type("application/json"),
            Some("12300"),
        ),
        (
            WebhookAnswer::new(200, "<Response><Message>x</Message></Response>")
                .of_type("text/xml"),
            Some("more than"),
        ),
    ] {
        let before = problems(&simulator).len();
        let written = simulator.write("sms", ADA, Place::Direct, "hi").unwrap();
        let body = answer.body.clone();
        simulator
            .attempt_with(&written.events[0].event_id, async |_| answer)
            .await
            .unwrap();
        let new = problems(&simulator).split_off(before);
        assert_eq!(new.len(), usize::from(word.is_some()), "{body}: {new:?}");
        assert!(
            word.is_none_or(|word| new[0].contains(word)),
            "{body}: {new:?}"
        );
    }
}

#[tokio::test]
async fn a_fragment_in_the_webhooks_url_is_neither_signed_nor_asked_of_the_status_callback() {
    let simulator = twilio_at(&format!("{HOOK}#rp=5xx")).await;
    let fields = write(&simulator, Place::Direct, "hi");
    for callback in [HOOK.to_owned(), format!("{HOOK}#rp=5xx")] {
        let reply = [
            ("To", fields["From"].as_str()),
            ("From", NUMBER),
            ("Body", "welcome"),
            ("StatusCallback", &callback),
        ];
        assert_eq!(send(&simulator, &reply).await.0, 201);
    }
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn a_refusal_loses_the_message_unless_the_url_asks_for_retries() {
    for (url, states) in [
        (HOOK.to_owned(), vec![DeliveryState::GivenUp]),
        (
            format!("{HOOK}#rc=2&rp=ct,5xx"),
            vec![
                DeliveryState::Retrying,
                DeliveryState::Retrying,
                DeliveryState::GivenUp,
            ],
        ),
    ] {
        let simulator = twilio_at(&url).await;
        let written = simulator.write("sms", ADA, Place::Direct, "hi").unwrap();
        for state in states {
            let delivery = simulator
                .attempt_with(&written.events[0].event_id, async |_| {
                    WebhookAnswer::new(503, "")
                })
                .await
                .unwrap();
            assert_eq!(delivery.state, state, "{url}");
        }
    }
}
