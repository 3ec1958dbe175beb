//! Tests the view from outside: nothing without a signature, and everything about the shape of the admin API.

use crate::stack::Stack;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use vestibule_testkit::{
    SignedRequest, TestClock, events, http_client::header_map, simulator::SlackAccount,
    slack_signer::sign,
};

/// Headers that the gateway sets anew for every answer.
const OF_THE_GATEWAY: [&str; 4] = ["date", "apigw-requestid", "x-amzn-requestid", "connection"];

/// A little more than Slack's limit for the age of a signature.
const TOO_OLD_SECS: i64 = 5 * 60 + 10;

#[tokio::test]
#[ignore = "needs a local stack"]
async fn an_unknown_connector_and_a_wrong_signature_are_answered_alike_to_the_byte() {
    let stack = Stack::load();
    let app = stack.app(stack.connector());
    let secret = app["signing_secret"].as_str().unwrap();
    let other_secret = stack.app(stack.open_connector())["signing_secret"]
        .as_str()
        .unwrap();
    let now = TestClock::system().now_secs();
    let body = event_body(app);
    let good = sign(secret, now, body.clone());
    let known = stack.connector();
    // A well-formed id of no connector.
    let unknown = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    let refused = [
        ("an unknown connector", unknown, good.clone()),
        ("an id that is none", "nonsense", good.clone()),
        (
            "another connector's secret",
            known,
            sign(other_secret, now, body.clone()),
        ),
        (
            "no such secret",
            known,
            sign("0123456789abcdef", now, body.clone()),
        ),
        ("another body", known, good.clone().with_body("{}")),
        (
            "an old signature",
            known,
            sign(secret, now - TOO_OLD_SECS, body.clone()),
        ),
        (
            "no signature",
            known,
            good.without_header("x-slack-signature"),
        ),
        (
            "no signature for nobody",
            unknown,
            SignedRequest {
                headers: Vec::new(),
                body: body.clone(),
            },
        ),
    ];
    let mut first: Option<Answered> = None;
    for (what, connector_id, request) in refused {
        let answer = post(&stack, connector_id, request).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        match &first {
            None => first = Some(answer),
            Some(first) => assert_eq!(answer, *first, "{what}"),
        }
    }

    // The good request is accepted, so each of the others was refused for its one fault.
    let accepted = post(&stack, known, sign(secret, now, body)).await;
    assert_eq!(accepted.status, StatusCode::OK);
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn the_admin_api_describes_itself_with_every_route() {
    let stack = Stack::load();
    let url = format!("{}/v1/openapi.json", stack.fact("api_url"));
    let answer = stack
        .send(Method::GET, &url, HeaderMap::new(), Bytes::new())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let document: Value = serde_json::from_slice(&answer.body).unwrap();
    let version = document["openapi"].as_str().unwrap();
    assert!(version.starts_with("3.1."), "{version}");

    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods
                .filter(|method| *method != "parameters")
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    for route in ROUTES {
        assert!(described.contains(route), "{route} is not described");
    }
}

#[tokio::test]
#[ignore = "needs a local stack"]
async fn without_a_key_the_admin_api_tells_nothing() {
    let stack = Stack::load();
    let api = stack.fact("api_url");
    let project = stack.fact("project_id");
    let paths = [
        "/v1/projects".to_owned(),
        format!("/v1/projects/{project}"),
        format!("/v1/projects/{project}/access-requests"),
        "/v1/projects/01JD3Q3Z9V8M4T6K2N7P5R1S0W/access-requests".to_owned(),
    ];
    for path in paths {
        for key in [None, Some("Bearer vst_nonsense"), Some("Basic dTpw")] {
            let headers = header_map(key.map(|key| ("authorization", key))).unwrap();
            let answer = stack
                .send(Method::GET, &format!("{api}{path}"), headers, Bytes::new())
                .await;
            assert_eq!(
                answer.status,
                StatusCode::UNAUTHORIZED,
                "{path} with {key:?}"
            );
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(
                body["type"], "/problems/unauthenticated",
                "{path} with {key:?}"
            );
        }
    }
}

const ROUTES: [&str; 25] = [
    "GET /v1/health",
    "GET /v1/openapi.json",
    "POST /v1/setup",
    "GET /v1/projects",
    "POST /v1/projects",
    "GET /v1/projects/{project_id}",
    "PATCH /v1/projects/{project_id}",
    "GET /v1/projects/{project_id}/environments",
    "POST /v1/projects/{project_id}/environments",
    "PATCH /v1/projects/{project_id}/environments/{environment_id}",
    "GET /v1/projects/{project_id}/connectors",
    "POST /v1/projects/{project_id}/connectors",
    "GET /v1/projects/{project_id}/connectors/{connector_id}",
    "PATCH /v1/projects/{project_id}/connectors/{connector_id}",
    "DELETE /v1/projects/{project_id}/connectors/{connector_id}",
    "GET /v1/projects/{project_id}/chat-users",
    "GET /v1/projects/{project_id}/chat-users/{chat_user_id}",
    "POST /v1/projects/{project_id}/chat-users/{chat_user_id}/block",
    "POST /v1/projects/{project_id}/chat-users/{chat_user_id}/unblock",
    "GET /v1/projects/{project_id}/access-requests",
    "GET /v1/projects/{project_id}/access-requests/{access_request_id}",
    "POST /v1/projects/{project_id}/access-requests/{access_request_id}/approve",
    "POST /v1/projects/{project_id}/access-requests/{access_request_id}/reject",
    "POST /v1/api-keys",
    "DELETE /v1/api-keys/{api_key_id}",
];

/// An answer without the headers that the gateway sets anew every time.
#[derive(Debug, PartialEq)]
struct Answered {
    status: StatusCode,
    headers: BTreeMap<String, Vec<u8>>,
    body: Bytes,
}

async fn post(stack: &Stack, connector_id: &str, request: SignedRequest) -> Answered {
    let url = format!("{}/webhooks/slack/{connector_id}", stack.fact("api_url"));
    let pairs = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let answer = stack
        .send(
            Method::POST,
            &url,
            header_map(pairs).unwrap(),
            request.body.into(),
        )
        .await;
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .filter(|(name, _)| !OF_THE_GATEWAY.contains(&name.as_str()));
    Answered {
        status: answer.status,
        headers: headers.collect(),
        body: answer.body,
    }
}

/// An event that needs no action: one of the app's own messages.
fn event_body(app: &Value) -> Vec<u8> {
    let text = |name: &str| app[name].as_str().unwrap().to_owned();
    let install = SlackAccount {
        api_app_id: text("api_app_id"),
        team_id: text("team_id"),
        bot_user_id: Some(text("bot_user_id")),
        ..SlackAccount::default()
    }
    .install();
    let own_message = events::slack("ignored_own_message").unwrap();
    own_message.of(&install).body().as_bytes().to_vec()
}
