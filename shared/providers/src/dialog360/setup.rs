//! Connects and tests a number through `/v1/configs/webhook` (PROVIDERS §4.2).

use super::{
    API, API_KEY, Dialog360, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET, api, key,
    webhook::{SCHEME, is_same},
};
use crate::{
    outgoing::{CallError, CallResult, Host, NextCall, OutgoingCall},
    reason::code_of,
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    webhook::Credentials,
};
use http::{Method, header};
use serde_json::{Value, json};
use vestibule_domain::{connector::Provider, secret::Secret};

const PATH: &str = "/v1/configs/webhook";

impl ConnectorSetup for Dialog360 {
    fn provider(&self) -> Provider {
        key()
    }

    fn setup_secrets(&self) -> &'static [&'static str] {
        &[API_KEY, WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET]
    }

    /// Reads the webhook address of the number.
    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        let Some(api_key) = credentials.secret(API_KEY) else {
            return NextCall::Done(refused("no_api_key"));
        };
        let Some(result) = so_far.first() else {
            return NextCall::Call(read(api_key));
        };
        NextCall::Done(match api::answer(result) {
            Ok(setting) => found(&setting, credentials),
            Err(problem) => failed(problem),
        })
    }

    /// Sets address and header, and reads both back.
    fn connect(
        &self,
        webhook_url: &str,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> Option<NextCall<ConnectorSetupOutcome>> {
        let step = connect(webhook_url, credentials, so_far);
        Some(step.unwrap_or_else(NextCall::Done))
    }
}

fn connect(
    webhook_url: &str,
    credentials: &Credentials<'_>,
    so_far: &[CallResult],
) -> Result<NextCall<ConnectorSetupOutcome>, ConnectorSetupOutcome> {
    let api_key = credentials
        .secret(API_KEY)
        .ok_or_else(|| refused("no_api_key"))?;
    let secret = credentials
        .secret(WEBHOOK_SECRET)
        .ok_or_else(|| refused("no_webhook_secret"))?;
    let mut answers = so_far.iter();
    let Some(set) = answers.next() else {
        return Ok(NextCall::Call(write(webhook_url, secret, api_key)));
    };
    if let Err(problem) = heeded(set) {
        return Err(failed(problem));
    }
    let Some(read_again) = answers.next() else {
        return Ok(NextCall::Call(read(api_key)));
    };
    let setting = api::answer(read_again).map_err(failed)?;
    if url(&setting) != Some(webhook_url) {
        return Err(refused("another_address"));
    }
    if header_of(&setting, credentials) == Header::NotOurs {
        return Err(refused("no_header"));
    }
    Ok(NextCall::Done(ConnectorSetupOutcome::Done {
        summary: "Connected. 360dialog sends this number's messages here.".to_owned(),
    }))
}

/// Whether the setting was accepted. The rest of the answer is not documented.
fn heeded(result: &CallResult) -> Result<(), CallError> {
    match result {
        CallResult::Replied(reply) if reply.status < 300 && reply.body.is_empty() => Ok(()),
        _ => api::answer(result).map(|_| ()),
    }
}

fn read(api_key: &Secret) -> OutgoingCall {
    let call = OutgoingCall::new(Host::Api(API), Method::GET, PATH);
    api::with_key(call, api_key)
}

fn write(webhook_url: &str, secret: &Secret, api_key: &Secret) -> OutgoingCall {
    let setting = json!({
        "url": webhook_url,
        "headers": {"Authorization": format!("{SCHEME}{}", secret.reveal())},
    });
    let call = OutgoingCall::new(Host::Api(API), Method::POST, PATH);
    api::with_key(call.with_json(&setting), api_key)
}

/// The key works. Checks that messages are sent here and would be accepted.
fn found(setting: &Value, credentials: &Credentials<'_>) -> ConnectorSetupOutcome {
    let done = |summary: &str| ConnectorSetupOutcome::Done {
        summary: summary.to_owned(),
    };
    match url(setting) {
        Some(url) if credentials.is_own_address(url) => match header_of(setting, credentials) {
            Header::NotOurs => refused("no_header"),
            Header::Ours | Header::Unknown => {
                done("The API key works, and 360dialog sends this number's messages here.")
            }
        },
        Some(_) => done(
            "The API key works, but 360dialog sends this number's messages to another address. \
             Connect the connector to receive them here.",
        ),
        None => done(
            "The API key works, but no webhook is set yet. Connect the connector to receive this \
             number's messages here.",
        ),
    }
}

fn url(setting: &Value) -> Option<&str> {
    setting
        .get("url")
        .and_then(Value::as_str)
        .filter(|url| !url.is_empty())
}

/// Whether requests carry a secret that we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    Ours,
    NotOurs,
    /// The answer does not show the headers, or hides their values.
    Unknown,
}

fn header_of(setting: &Value, credentials: &Credentials<'_>) -> Header {
    let Some(headers) = setting.get("headers").and_then(Value::as_object) else {
        return Header::Unknown;
    };
    let value = headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str()))
        .map(|(_, value)| value.as_str().unwrap_or_default());
    let claimed = match value {
        Some(value) if value.contains('*') => return Header::Unknown,
        Some(value) => value.strip_prefix(SCHEME),
        None => None,
    };
    let is_ours = |claimed: &str| {
        [WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET]
            .iter()
            .filter_map(|name| credentials.secret(name))
            .any(|secret| is_same(claimed.as_bytes(), secret))
    };
    if claimed.is_some_and(is_ours) {
        Header::Ours
    } else {
        Header::NotOurs
    }
}

fn failed(problem: CallError) -> ConnectorSetupOutcome {
    match problem {
        CallError::Later { after, reason, .. } => ConnectorSetupOutcome::Later { after, reason },
        CallError::Never { reason, .. } => refused(&reason),
    }
}

fn refused(reason: &str) -> ConnectorSetupOutcome {
    let (field, problem) = match code_of(reason) {
        "no_api_key" | "http_401" | "http_403" => (
            Some(API_KEY),
            "360dialog does not recognise this API key. Generate a new one in the 360dialog Hub, under \
             Channels, and save it here.",
        ),
        "no_webhook_secret" => (
            Some(WEBHOOK_SECRET),
            "The connector has no webhook secret. Save one of at least 32 characters.",
        ),
        "another_address" => (
            None,
            "360dialog accepted the address but still shows another one. Wait a minute, connect \
             again, and check in the 360dialog Hub whether somebody else is changing it.",
        ),
        "no_header" => (
            None,
            "360dialog sends messages here, but without the right webhook secret, so they are refused. \
             Connect the connector, and do not change the webhook in the 360dialog Hub afterwards.",
        ),
        _ => (
            None,
            "360dialog refused. The reason is its own error code, which its documentation explains.",
        ),
    };
    ConnectorSetupOutcome::Failed {
        field,
        problem: problem.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog360::fixtures::{
        self, SECRET, refused as refused_by_meta, refused_by_gateway, replied,
    };
    use std::collections::BTreeMap;

    fn webhook_url() -> String {
        let id = fixtures::connector().id;
        format!("https://api.example/webhooks/360dialog/{id}")
    }

    fn with_secrets<T>(
        secrets: &BTreeMap<String, Secret>,
        run: impl FnOnce(&Credentials<'_>) -> T,
    ) -> T {
        let connector = fixtures::connector();
        run(&Credentials {
            connector: &connector,
            secrets,
        })
    }

    fn test(so_far: &[CallResult]) -> NextCall<ConnectorSetupOutcome> {
        with_secrets(&fixtures::secrets(), |credentials| {
            Dialog360.test(credentials, so_far)
        })
    }

    fn connect(so_far: &[CallResult]) -> NextCall<ConnectorSetupOutcome> {
        with_secrets(&fixtures::secrets(), |credentials| {
            Dialog360
                .connect(&webhook_url(), credentials, so_far)
                .expect("360dialog has an API for it")
        })
    }

    fn call(step: NextCall<ConnectorSetupOutcome>) -> OutgoingCall {
        match step {
            NextCall::Call(call) => call,
            NextCall::Done(outcome) => panic!("no call but {outcome:?}"),
        }
    }

    fn outcome(step: NextCall<ConnectorSetupOutcome>) -> ConnectorSetupOutcome {
        match step {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn summary(outcome: ConnectorSetupOutcome) -> String {
        match outcome {
            ConnectorSetupOutcome::Done { summary } => summary,
            other => panic!("not done but {other:?}"),
        }
    }

    /// Field and reason of a refusal.
    fn refusal(outcome: ConnectorSetupOutcome) -> (Option<&'static str>, String) {
        match outcome {
            ConnectorSetupOutcome::Failed {
                field,
                problem,
                reason,
            } => {
                assert!(problem.ends_with('.'), "{problem}");
                assert!(!problem.contains("canary"), "{problem}");
                (field, reason)
            }
            other => panic!("not refused but {other:?}"),
        }
    }

    fn setting(url: &str, headers: &Value) -> CallResult {
        replied(200, &json!({"url": url, "headers": headers}).to_string())
    }

    fn good_headers() -> Value {
        json!({"Authorization": format!("Bearer {SECRET}")})
    }

    #[test]
    fn the_test_reads_the_setting_and_changes_nothing() {
        let call = call(test(&[]));
        assert_eq!(call.host, Host::Api(API));
        assert_eq!(call.method, Method::GET);
        assert_eq!(call.path, "/v1/configs/webhook");
        assert_eq!(call.body, None);
        let [(name, value)] = call.headers.as_slice() else {
            panic!("one header");
        };
        assert_eq!(
            (name.as_str(), value.reveal()),
            ("d360-api-key", "canary-api-key_AK")
        );
    }

    #[test]
    fn the_test_says_whether_messages_come_here() {
        let here = webhook_url();
        let masked = json!({"Authorization": "Bearer ****"});
        for (answer, expected) in [
            (setting(&here, &good_headers()), "messages here"),
            (setting(&here, &masked), "messages here"),
            (setting(&here, &json!(null)), "messages here"),
            (
                setting("https://other.example/", &json!({})),
                "another address",
            ),
            (setting("", &json!({})), "no webhook"),
            (replied(200, "{}"), "no webhook"),
            (replied(200, r#"{"url":null}"#), "no webhook"),
        ] {
            let summary = summary(outcome(test(&[answer])));
            assert!(summary.contains(expected), "{summary}");
            assert!(!summary.contains("other.example"), "{summary}");
        }
    }

    #[test]
    fn a_webhook_that_lost_its_secret_fails_the_test() {
        for headers in [
            json!({}),
            json!({"X-Other": "1"}),
            json!({"Authorization": "Bearer somebody-elses-secret-0123456789"}),
            json!({"Authorization": SECRET}),
            json!({"Authorization": 7}),
        ] {
            let refusal = refusal(outcome(test(&[setting(&webhook_url(), &headers)])));
            assert_eq!(refusal, (None, "no_header".to_owned()), "{headers}");
        }
        let lower_case = json!({"authorization": format!("Bearer {SECRET}")});
        summary(outcome(test(&[setting(&webhook_url(), &lower_case)])));
    }

    #[test]
    fn during_a_rotation_the_secret_before_is_good_enough() {
        let mut secrets = fixtures::secrets();
        secrets.insert(
            PREVIOUS_WEBHOOK_SECRET.into(),
            Secret::new("the-secret-before-0123456789012345"),
        );
        let headers = json!({"Authorization": "Bearer the-secret-before-0123456789012345"});
        let step = with_secrets(&secrets, |credentials| {
            Dialog360.test(credentials, &[setting(&webhook_url(), &headers)])
        });
        summary(outcome(step));
    }

    #[test]
    fn connecting_sets_the_address_with_the_secret_and_reads_it_again() {
        let set = call(connect(&[]));
        assert_eq!(set.method, Method::POST);
        assert_eq!(set.path, "/v1/configs/webhook");
        let body: Value = serde_json::from_slice(set.body.as_deref().unwrap()).unwrap();
        let expected = json!({"url": webhook_url(), "headers": good_headers()});
        assert_eq!(body, expected);
        assert!(!format!("{set:?}").contains("canary"));
        for taken in [replied(200, "{}"), replied(200, ""), replied(201, "{}")] {
            let again = call(connect(std::slice::from_ref(&taken)));
            assert_eq!((again.method, again.body), (Method::GET, None));
            let read = setting(&webhook_url(), &good_headers());
            let summary = summary(outcome(connect(&[taken, read])));
            assert!(summary.starts_with("Connected."), "{summary}");
        }
    }

    #[test]
    fn a_setting_that_did_not_stay_is_no_connection() {
        let taken = replied(200, "{}");
        for (read, expected) in [
            (
                setting("https://other.example/", &good_headers()),
                "another_address",
            ),
            (setting("", &json!({})), "another_address"),
            (setting(&webhook_url(), &json!({})), "no_header"),
        ] {
            let (field, reason) = refusal(outcome(connect(&[taken.clone(), read])));
            assert_eq!((field, reason.as_str()), (None, expected));
        }
    }

    #[test]
    fn a_refusal_names_the_field_that_is_wrong() {
        for (result, field, reason) in [
            (
                refused_by_gateway(401),
                Some(API_KEY),
                "http_401: canary message",
            ),
            (
                refused_by_gateway(403),
                Some(API_KEY),
                "http_403: canary message",
            ),
            (replied(401, "Unauthorized"), Some(API_KEY), "http_401"),
            (refused_by_gateway(400), None, "http_400: canary message"),
            (refused_by_meta(400, 100), None, "100: invalid parameter"),
        ] {
            let expected = (field, reason.to_owned());
            let tested = refusal(outcome(test(std::slice::from_ref(&result))));
            assert_eq!(tested, expected);
            let connected = refusal(outcome(connect(std::slice::from_ref(&result))));
            assert_eq!(connected, expected);
            let read_again = refusal(outcome(connect(&[replied(200, "{}"), result])));
            assert_eq!(read_again, expected);
        }
    }

    #[test]
    fn missing_secrets_cost_no_call() {
        let none = BTreeMap::new();
        let mut key_only = fixtures::secrets();
        key_only.remove(WEBHOOK_SECRET);
        for (secrets, field) in [(&none, API_KEY), (&key_only, WEBHOOK_SECRET)] {
            let step = with_secrets(secrets, |credentials| {
                Dialog360.connect(&webhook_url(), credentials, &[]).unwrap()
            });
            assert_eq!(refusal(outcome(step)).0, Some(field));
        }
        let step = with_secrets(&none, |credentials| Dialog360.test(credentials, &[]));
        assert_eq!(refusal(outcome(step)).0, Some(API_KEY));
    }

    #[test]
    fn a_360dialog_that_does_not_answer_is_asked_again_later() {
        for result in [replied(503, ""), refused_by_gateway(429)] {
            for step in [
                test(std::slice::from_ref(&result)),
                connect(std::slice::from_ref(&result)),
                connect(&[replied(200, "{}"), result]),
            ] {
                assert!(matches!(outcome(step), ConnectorSetupOutcome::Later { .. }));
            }
        }
    }
}
