//! Tokens for our own calls (PROVIDERS §2.4).

use super::{APP_ID, APP_TYPE, CLIENT_SECRET, LOGIN_API, MULTI_TENANT, TENANT_ID, setting};
use crate::{
    json,
    outgoing::{CallError, CallResult, Host, HttpReply, OutgoingCall},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use std::time::Duration;
use vestibule_domain::{ports::FailureClass, secret::Secret};

/// Time before its expiry from which a token is no longer used.
const MARGIN: Duration = Duration::from_mins(5);
/// Where multi-tenant bots get their tokens.
const COMMON_AUTHORITY: &str = "botframework.com";

/// The API that a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// The Connector API: conversations and rosters.
    Connector,
    /// Microsoft Graph, of the connector's own tenant.
    Graph,
}

/// Builds the call that requests a token.
pub(super) fn request(
    audience: Audience,
    credentials: &Credentials<'_>,
) -> Result<OutgoingCall, CallError> {
    let missing = |reason| CallError::never(FailureClass::Connector, reason);
    let setting = |name| setting(credentials.connector, name);
    let app_id = setting(APP_ID).ok_or_else(|| missing("no_app_id"))?;
    let tenant = setting(TENANT_ID).ok_or_else(|| missing("no_tenant_id"))?;
    let secret = credentials
        .secret(CLIENT_SECRET)
        .ok_or_else(|| missing("no_client_secret"))?;
    let (authority, scope) = match audience {
        Audience::Connector if setting(APP_TYPE) == Some(MULTI_TENANT) => {
            (COMMON_AUTHORITY, "https://api.botframework.com/.default")
        }
        Audience::Connector => (tenant, "https://api.botframework.com/.default"),
        Audience::Graph => (tenant, "https://graph.microsoft.com/.default"),
    };
    let path = format!("/{authority}/oauth2/v2.0/token");
    Ok(
        OutgoingCall::new(Host::Api(LOGIN_API), Method::POST, path).with_form(&[
            ("grant_type", "client_credentials"),
            ("client_id", app_id),
            ("client_secret", secret.reveal()),
            ("scope", scope),
        ]),
    )
}

/// Returns the token in an answer, or the reason why there is none.
pub(super) fn read(result: &CallResult) -> Result<Secret, CallError> {
    let reply = match result {
        CallResult::Replied(reply) => reply,
        CallResult::NoReply { reason } => return Err(CallError::later(None, reason)),
        CallResult::Forbidden { reason } => {
            return Err(CallError::never(FailureClass::Connector, reason));
        }
    };
    let body: Value = json::read(&reply.body).unwrap_or_default();
    let later = |reason: &str| Err(CallError::later(reply.retry_after, reason));
    if reply.status == 200 {
        return match token_in(&body) {
            Some(token) => Ok(Secret::new(token)),
            None => later("no_token"),
        };
    }
    let error = body.get("error").and_then(Value::as_str).unwrap_or("");
    if reply.status == 429 || reply.status >= 500 || error.is_empty() {
        return later(&format!("http_{}", reply.status));
    }
    let code = body
        .pointer("/error_codes/0")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let reason = if code == 0 {
        error.to_owned()
    } else {
        format!("AADSTS{code}")
    };
    if PASSING.contains(&code) || error == "temporarily_unavailable" {
        later(&reason)
    } else {
        Err(CallError::never(FailureClass::Connector, &reason))
    }
}

/// Transient error codes of Microsoft Entra: time-outs, throttling, outages.
const PASSING: &[u64] = &[90006, 90012, 90024, 90033, 90055, 50196];

/// The token, if it can stand in a header (RFC 6750 §2.1).
fn token_in(body: &Value) -> Option<&str> {
    let token = body.get("access_token")?.as_str()?;
    let is_graphic = token.bytes().all(|byte| byte.is_ascii_graphic());
    (is_graphic && !token.is_empty()).then_some(token)
}

/// The time for which the token in an answer may be reused.
pub(super) fn lifetime(reply: &HttpReply) -> Option<Duration> {
    if reply.status != 200 {
        return None;
    }
    let body: Value = json::read(&reply.body).ok()?;
    token_in(&body)?;
    let expires_in = body.get("expires_in")?;
    let seconds = expires_in
        .as_u64()
        .or_else(|| expires_in.as_str()?.parse().ok())?;
    Duration::from_secs(seconds)
        .checked_sub(MARGIN)
        .filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::teams::{
        SINGLE_TENANT,
        fixtures::{self, APP, TENANT, replied},
    };
    use proptest::prelude::*;

    fn call(audience: Audience, app_type: Option<&str>) -> OutgoingCall {
        let mut connector = fixtures::connector();
        if let Some(app_type) = app_type {
            let name = APP_TYPE.to_owned();
            connector.settings.insert(name, app_type.to_owned());
        }
        let secrets = fixtures::secrets();
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        request(audience, &credentials).unwrap()
    }

    #[test]
    fn a_token_is_asked_for_exactly_as_microsoft_says() {
        let call = call(Audience::Connector, None);
        assert_eq!(call.host, Host::Api(LOGIN_API));
        assert_eq!(call.method, Method::POST);
        assert_eq!(call.path, format!("/{TENANT}/oauth2/v2.0/token"));
        let body = String::from_utf8(call.body.unwrap()).unwrap();
        let expected = format!(
            "grant_type=client_credentials&client_id={APP}&client_secret=canary%7Esecret\
             &scope=https%3A%2F%2Fapi.botframework.com%2F.default"
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn the_authority_follows_the_kind_of_app_and_graph_is_always_asked_in_the_tenant() {
        let tenant = format!("/{TENANT}/oauth2/v2.0/token");
        let common = "/botframework.com/oauth2/v2.0/token".to_owned();
        for (audience, app_type, expected) in [
            (Audience::Connector, Some(SINGLE_TENANT), &tenant),
            (Audience::Connector, Some(MULTI_TENANT), &common),
            (Audience::Graph, Some(SINGLE_TENANT), &tenant),
            (Audience::Graph, Some(MULTI_TENANT), &tenant),
        ] {
            assert_eq!(&call(audience, app_type).path, expected, "{audience:?}");
        }
        let graph = call(Audience::Graph, None).body.unwrap();
        let graph = String::from_utf8(graph).unwrap();
        assert!(graph.ends_with("scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"));
    }

    #[test]
    fn without_its_credentials_the_connector_is_to_blame() {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let mut bare = connector.clone();
        bare.settings.clear();
        let nothing = std::collections::BTreeMap::new();
        for (connector, secrets, reason) in [
            (&bare, &secrets, "no_app_id"),
            (&connector, &nothing, "no_client_secret"),
        ] {
            let credentials = Credentials { connector, secrets };
            let problem = request(Audience::Connector, &credentials).unwrap_err();
            assert_eq!(problem, CallError::never(FailureClass::Connector, reason));
        }
    }

    #[test]
    fn a_token_is_used_until_five_minutes_before_its_end() {
        let lifetime = |body: &str| match replied(200, body) {
            CallResult::Replied(reply) => lifetime(&reply),
            other => panic!("no reply but {other:?}"),
        };
        for (body, expected) in [
            (r#"{"access_token":"t","expires_in":3600}"#, Some(3300)),
            (r#"{"access_token":"t","expires_in":"3600"}"#, Some(3300)),
            (r#"{"access_token":"t","expires_in":300}"#, None),
            (r#"{"access_token":"t","expires_in":20}"#, None),
            (r#"{"access_token":"t","expires_in":-1}"#, None),
            (r#"{"access_token":"t"}"#, None),
            (r#"{"expires_in":3600}"#, None),
            (r#"{"access_token":"","expires_in":3600}"#, None),
            ("{\"access_token\":\"t\u{13}\",\"expires_in\":3600}", None),
            ("oops", None),
        ] {
            assert_eq!(lifetime(body), expected.map(Duration::from_secs), "{body}");
        }
    }

    #[test]
    fn every_refusal_has_its_meaning() {
        let error = |error: &str, code: u64| {
            serde_json::json!({"error": error, "error_codes": [code], "error_description": "canary"})
                .to_string()
        };
        let never = |reason: &str| CallError::never(FailureClass::Connector, reason);
        let later = |reason: &str| CallError::later(None, reason);
        for (status, body, expected) in [
            (
                401,
                error("invalid_client", 7_000_215),
                never("AADSTS7000215"),
            ),
            (
                400,
                error("unauthorized_client", 700_016),
                never("AADSTS700016"),
            ),
            (400, error("invalid_request", 90002), never("AADSTS90002")),
            (
                400,
                r#"{"error":"invalid_scope"}"#.into(),
                never("invalid_scope"),
            ),
            (400, error("temporarily_unavailable", 1), later("AADSTS1")),
            (400, error("invalid_request", 90033), later("AADSTS90033")),
            (503, error("invalid_client", 7_000_215), later("http_503")),
            (429, String::new(), later("http_429")),
            (400, "<html>proxy</html>".into(), later("http_400")),
            (302, String::new(), later("http_302")),
            (200, "{}".into(), later("no_token")),
            (200, r#"{"access_token":""}"#.into(), later("no_token")),
            (
                200,
                "{\"access_token\":\"t\u{13}\"}".into(),
                later("no_token"),
            ),
        ] {
            assert_eq!(
                read(&replied(status, &body)).unwrap_err(),
                expected,
                "{body}"
            );
        }
        let lost = CallResult::NoReply {
            reason: "timed out".into(),
        };
        assert_eq!(read(&lost).unwrap_err(), later("timed out"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_us_panic(status in 100_u16..600, body in fixtures::any_json()) {
            let result = replied(status, &body.to_string());
            let _ = read(&result);
            if let CallResult::Replied(reply) = result {
                let _ = lifetime(&reply);
            }
        }
    }
}
