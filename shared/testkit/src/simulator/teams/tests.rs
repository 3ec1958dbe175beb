//! Compares the simulator with Microsoft's documentation.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::TestClock;
use crate::simulator::testing::{ADA, BO, NOW_MS, at, json_of, problems, simulator_at};
use crate::simulator::{
    Account, ConnectorConfig, DeliveryState, Failure, FailureRule, Place, Platform, Simulator,
    Switch, TeamsAccount, WebhookAnswer,
};

const APP: &str = "c9e8c047-2a74-40a2-b28a-b162d5f5327c";
const BOT: &str = "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c";
const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const BOT_SCOPE: &str = "https://api.botframework.com/.default";

async fn teams() -> (Simulator, TestClock) {
    let clock = TestClock::at(NOW_MS);
    let simulator = simulator_at(clock.clone()).await;
    simulator
        .add_connector(ConnectorConfig {
            connector_id: "teams".into(),
            name: "Helper".into(),
            policy: String::new(),
            webhook_url: None,
            account: Account::of(&TeamsAccount {
                app_id: APP.into(),
                tenant_id: TENANT.into(),
                app_type: None,
                client_secret: "secret".into(),
            }),
        })
        .unwrap();
    (simulator, clock)
}

async fn ask_token(
    simulator: &Simulator,
    authority: &str,
    changed: &[(&str, &str)],
) -> (u16, Value) {
    let mut fields = vec![
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", "secret"),
        ("scope", BOT_SCOPE),
    ];
    for (name, value) in changed {
        fields.retain(|(have, _)| have != name);
        fields.push((name, value));
    }
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .finish();
    let path = format!("microsoft-login/{authority}/oauth2/v2.0/token");
    json_of(at(simulator, "POST", &path, &headers, &body).await)
}

async fn token(simulator: &Simulator, changed: &[(&str, &str)]) -> String {
    let (status, answer) = ask_token(simulator, TENANT, changed).await;
    assert_eq!(status, 200, "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn post(simulator: &Simulator, token: &str, path: &str, body: &Value) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    json_of(
        at(
            simulator,
            "POST",
            &format!("teams/v3/{path}"),
            &headers,
            &body.to_string(),
        )
        .await,
    )
}

async fn get(simulator: &Simulator, token: &str, path: &str) -> (u16, Value) {
    let bearer = format!("Bearer {token}");
    json_of(
        at(
            simulator,
            "GET",
            path,
            &[("authorization", bearer.as_str())],
            "",
        )
        .await,
    )
}

fn said(simulator: &Simulator, user_id: &str, place: Place, text: &str) -> Value {
    let written = simulator.write("teams", user_id, place, text).unwrap();
    serde_json::from_slice(&written.request().unwrap().body).unwrap()
}

fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

fn reply(activity: &Value, text: &str) -> (String, Value) {
    let id = activity["conversation"]["id"].as_str().unwrap();
    let body = json!({
        "type": "message", "from": {"id": BOT, "name": "Bot"}, "recipient": {"id": activity["from"]["id"]},
        "conversation": {"id": id}, "text": text, "textFormat": "plain", "replyToId": activity["id"],
    });
    (format!("conversations/{}/activities", encoded(id)), body)
}

#[tokio::test]
async fn a_first_message_comes_after_the_installation_and_is_answered_in_private() {
    let (simulator, _) = teams().await;
    let written = simulator.write("teams", ADA, Place::Direct, "hi").unwrap();
    let kinds: Vec<_> = written
        .events
        .iter()
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        ["installationUpdate", "conversationUpdate", "message"]
    );
    let request = written.request().unwrap();
    assert!(
        request
            .header("authorization")
            .unwrap()
            .starts_with("Bearer ey")
    );
    let activity: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        activity["serviceUrl"],
        format!("{}/teams/", simulator.url())
    );
    assert_eq!(activity["recipient"]["id"], BOT);
    assert_eq!(activity["timestamp"], "2023-11-14T22:13:20.000Z");
    assert_eq!(activity["conversation"]["conversationType"], "personal");
    assert_eq!(
        simulator
            .write("teams", ADA, Place::Direct, "again")
            .unwrap()
            .events
            .len(),
        1
    );
    let token = token(&simulator, &[]).await;
    let (path, body) = reply(&activity, "welcome");
    let (status, answer) = post(&simulator, &token, &path, &body).await;
    assert_eq!(status, 201, "{answer}");
    assert!(answer["id"].is_string());
    assert_eq!(simulator.messages_to(ADA)[0].text, "welcome");
    assert!(simulator.messages_to(BO).is_empty());
    assert_eq!(problems(&simulator), Vec::<String>::new());
    assert!(!format!("{:?}", simulator.calls()).contains(&token));
}

#[tokio::test]
async fn somebody_in_the_channel_is_answered_there_or_in_a_new_conversation() {
    let (simulator, _) = teams().await;
    let activity = said(&simulator, ADA, Place::General, "hello @Helper");
    assert_eq!(activity["text"], "hello <at>Helper</at>");
    assert_eq!(activity["entities"][1]["mentioned"]["id"], BOT);
    let id = activity["conversation"]["id"].as_str().unwrap();
    assert!(
        id.ends_with(&format!(";messageid={}", activity["id"].as_str().unwrap())),
        "{id}"
    );
    let token = token(&simulator, &[]).await;
    let (path, body) = reply(&activity, "to all");
    assert_eq!(post(&simulator, &token, &path, &body).await.0, 201);
    let new = json!({
        "bot": {"id": BOT}, "members": [{"id": activity["from"]["id"]}], "tenantId": TENANT,
        "channelData": {"tenant": {"id": TENANT}}, "isGroup": false,
    });
    let (status, made) = post(&simulator, &token, "conversations", &new).await;
    assert_eq!(status, 201, "{made}");
    let mut by_directory_id = new.clone();
    by_directory_id["members"] = json!([{"id": activity["from"]["aadObjectId"]}]);
    let (status, answer) = post(&simulator, &token, "conversations", &by_directory_id).await;
    assert_eq!(
        (status, answer["error"]["code"].as_str()),
        (403, Some("BotNotInConversationRoster"))
    );
    said(&simulator, ADA, Place::Direct, "hi");
    let (status, same) = post(&simulator, &token, "conversations", &by_directory_id).await;
    assert_eq!((status, &same), (201, &made));
    let mut elsewhere = activity.clone();
    elsewhere["conversation"]["id"] = made["id"].clone();
    let (path, mut body) = reply(&elsewhere, "to you");
    body.as_object_mut().unwrap().remove("replyToId");
    assert_eq!(post(&simulator, &token, &path, &body).await.0, 201);
    assert_eq!(simulator.messages_to(ADA).len(), 2);
    assert_eq!(simulator.messages_to(BO).len(), 1);
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn tokens_are_given_to_those_who_ask_rightly_and_hold_an_hour() {
    let (simulator, clock) = teams().await;
    for (changed, status, error) in [
        (("grant_type", "password"), 400, "unsupported_grant_type"),
        (("client_id", "other"), 400, "unauthorized_client"),
        (("client_secret", "other"), 401, "invalid_client"),
        (
            ("scope", "https://management.azure.com/.default"),
            400,
            "invalid_scope",
        ),
    ] {
        let before = problems(&simulator).len();
        let (got, answer) = ask_token(&simulator, TENANT, &[changed]).await;
        assert_eq!((got, answer["error"].as_str()), (status, Some(error)));
        assert_eq!(problems(&simulator).len(), before + 1, "{changed:?}");
    }
    let activity = said(&simulator, ADA, Place::Direct, "hi");
    let (path, body) = reply(&activity, "welcome");
    let before = problems(&simulator).len();
    let (status, elsewhere) = ask_token(&simulator, "botframework.com", &[]).await;
    assert_eq!((status, problems(&simulator).len()), (200, before + 1));
    let elsewhere = elsewhere["access_token"].as_str().unwrap();
    assert_eq!(post(&simulator, elsewhere, &path, &body).await.0, 401);
    let good = token(&simulator, &[]).await;
    assert_eq!(post(&simulator, &good, &path, &body).await.0, 201);
    clock.advance(Duration::from_hours(1));
    let (status, answer) = post(&simulator, &good, &path, &body).await;
    assert_eq!(
        (status, answer["error"]["code"].as_str()),
        (401, Some("BotNotRegistered"))
    );
    assert!(problems(&simulator).last().unwrap().contains("expired"));
    assert!(!format!("{:?}", simulator.calls()).contains("\"secret\""));
}

#[tokio::test]
async fn mistakes_in_an_activity_are_refused_and_noted() {
    let (simulator, _) = teams().await;
    let activity = said(&simulator, ADA, Place::Direct, "hi");
    let token = token(&simulator, &[]).await;
    let (path, good) = reply(&activity, "welcome");
    for (pointer, value) in [
        ("/type", json!("typing")),
        ("/from/id", json!("28:other")),
        ("/recipient/id", json!("29:other")),
        ("/conversation/id", json!("a:other")),
        ("/text", json!(" ")),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value;
        let before = problems(&simulator).len();
        let (status, answer) = post(&simulator, &token, &path, &body).await;
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (400, Some("Bad Argument")),
            "{pointer}"
        );
        assert!(problems(&simulator).len() > before, "{pointer}");
    }
    let mut long = good.clone();
    long["text"] = json!("x".repeat(110_000));
    assert_eq!(post(&simulator, &token, &path, &long).await.0, 413);
    let before = problems(&simulator).len();
    let mut markup = good.clone();
    markup.as_object_mut().unwrap().remove("textFormat");
    assert_eq!(post(&simulator, &token, &path, &markup).await.0, 201);
    let raw = format!(
        "conversations/{}/activities",
        activity["conversation"]["id"].as_str().unwrap()
    );
    assert_eq!(post(&simulator, &token, &raw, &good).await.0, 201);
    assert_eq!(
        post(
            &simulator,
            &token,
            "conversations/a%3Anone/activities",
            &good
        )
        .await
        .0,
        404
    );
    assert_eq!(problems(&simulator).len(), before + 3);
}

#[tokio::test]
async fn a_bot_writes_only_where_it_is_wanted() {
    let (simulator, _) = teams().await;
    let activity = said(&simulator, ADA, Place::Direct, "hi");
    let in_channel = said(&simulator, ADA, Place::General, "hi");
    let token = token(&simulator, &[]).await;
    let (path, body) = reply(&activity, "welcome");
    let code = async |path: &str, body: &Value| {
        let (status, answer) = post(&simulator, &token, path, body).await;
        (
            status,
            answer["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let standing = Switch {
        connector_id: Some("teams".into()),
        user_id: Some(ADA.into()),
        ..Switch::default()
    };
    simulator
        .switch(&Switch {
            blocked: Some(true),
            ..standing.clone()
        })
        .unwrap();
    assert_eq!(
        code(&path, &body).await,
        (403, "ConversationBlockedByUser".to_owned())
    );
    simulator
        .switch(&Switch {
            blocked: Some(false),
            started: Some(false),
            ..standing
        })
        .unwrap();
    assert_eq!(
        code(&path, &body).await,
        (403, "BotNotInConversationRoster".to_owned())
    );
    simulator.remove_from_general("teams");
    let (path, body) = reply(&in_channel, "welcome");
    assert_eq!(
        code(&path, &body).await,
        (403, "BotNotInConversationRoster".to_owned())
    );
    simulator.fail(
        FailureRule::once(
            "activities",
            Failure::Code {
                status: 412,
                code: "PreconditionFailed".into(),
                message: String::new(),
            },
        )
        .at(Platform::Teams),
    );
    assert_eq!(
        code(&path, &body).await,
        (412, "PreconditionFailed".to_owned())
    );
    assert_eq!(problems(&simulator), Vec::<String>::new());
}

#[tokio::test]
async fn names_come_from_the_roster_and_photos_from_graph() {
    let (simulator, _) = teams().await;
    let activity = said(&simulator, ADA, Place::Direct, "hi");
    let bot = token(&simulator, &[]).await;
    let roster = format!(
        "teams/v3/conversations/{}/members/{}",
        encoded(activity["conversation"]["id"].as_str().unwrap()),
        encoded(activity["from"]["id"].as_str().unwrap()),
    );
    let (status, member) = get(&simulator, &bot, &roster).await;
    assert_eq!((status, member["givenName"].as_str()), (200, Some("Ada")));
    assert_eq!(member["aadObjectId"], activity["from"]["aadObjectId"]);
    let graph = token(
        &simulator,
        &[("scope", "https://graph.microsoft.com/.default")],
    )
    .await;
    let photo = format!(
        "graph/v1.0/users/{}/photo/$value",
        member["aadObjectId"].as_str().unwrap()
    );
    let bearer = format!("Bearer {graph}");
    let picture = at(&simulator, "GET", &photo, &[("authorization", &bearer)], "")
        .await
        .unwrap();
    assert!(picture.body.starts_with(&[0xff, 0xd8, 0xff]));
    assert_eq!(problems(&simulator), Vec::<String>::new());
    assert_eq!(get(&simulator, &bot, &photo).await.0, 401);
    assert_eq!(problems(&simulator).len(), 1);
}

#[tokio::test]
async fn the_metadata_names_the_keys() {
    let (simulator, _) = teams().await;
    let path = "botframework/v1/.well-known/openidconfiguration";
    let (_, metadata) = json_of(at(&simulator, "GET", path, &[], "").await);
    assert_eq!(metadata["issuer"], "https://api.botframework.com");
    let keys = metadata["jwks_uri"]
        .as_str()
        .unwrap()
        .strip_prefix(&simulator.url())
        .unwrap();
    let (_, keys) = json_of(at(&simulator, "GET", keys.trim_start_matches('/'), &[], "").await);
    assert_eq!(keys["keys"][0]["endorsements"], json!(["msteams"]));
}

#[tokio::test]
async fn a_refused_activity_is_tried_twice_more() {
    let (simulator, _) = teams().await;
    let written = simulator.write("teams", ADA, Place::Direct, "hi").unwrap();
    for state in [
        DeliveryState::Retrying,
        DeliveryState::Retrying,
        DeliveryState::GivenUp,
    ] {
        let delivery = simulator
            .attempt_with(&written.events[2].event_id, async |_| {
                WebhookAnswer::new(500, "")
            })
            .await
            .unwrap();
        assert_eq!(delivery.state, state);
    }
}
