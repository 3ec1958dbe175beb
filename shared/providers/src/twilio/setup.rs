//! Tests the connection to Twilio by reading the account's record. The webhook address is entered
//! in Twilio's console, because its place depends on how else the number is used.

use super::{ACCOUNT_SID, AUTH_TOKEN, Twilio, api, key, send::Account};
use crate::{
    outgoing::{CallError, CallResult, NextCall},
    reason::code_of,
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use vestibule_domain::{connector::Provider, text::clean_name};

impl ConnectorSetup for Twilio {
    fn provider(&self) -> Provider {
        key()
    }

    fn setup_secrets(&self) -> &'static [&'static str] {
        &[AUTH_TOKEN]
    }

    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        let account = match Account::of(credentials) {
            Ok(account) => account,
            Err(problem) => return NextCall::Done(outcome_of(problem)),
        };
        let Some(result) = so_far.first() else {
            return NextCall::Call(account.call(Method::GET, ".json"));
        };
        NextCall::Done(match api::answer(result) {
            Ok(answer) => found(&answer, credentials),
            Err(problem) => outcome_of(problem),
        })
    }

    fn connect(
        &self,
        _webhook_url: &str,
        _credentials: &Credentials<'_>,
        _so_far: &[CallResult],
    ) -> Option<NextCall<ConnectorSetupOutcome>> {
        None
    }
}

fn outcome_of(problem: CallError) -> ConnectorSetupOutcome {
    match problem {
        CallError::Later { after, reason, .. } => ConnectorSetupOutcome::Later { after, reason },
        CallError::Never { reason, .. } => refused(&reason),
    }
}

/// The token works. Checks that the account may send.
fn found(answer: &Value, credentials: &Credentials<'_>) -> ConnectorSetupOutcome {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let expected = credentials.connector.settings.get(ACCOUNT_SID);
    if text("sid") != expected.map(String::as_str) {
        return ConnectorSetupOutcome::Later {
            after: None,
            reason: "not_understood".to_owned(),
        };
    }
    match text("status") {
        Some("active") => {
            let name = text("friendly_name").and_then(clean_name);
            let name = name.as_deref().unwrap_or("(no name)");
            let trial = if text("type") == Some("Trial") {
                " It is a trial account: it can write only to numbers verified at Twilio."
            } else {
                ""
            };
            ConnectorSetupOutcome::Done {
                summary: format!("Connected to the Twilio account {name}.{trial}"),
            }
        }
        Some("suspended") => refused("suspended"),
        Some("closed") => refused("closed"),
        _ => refused("status_unknown"),
    }
}

fn refused(reason: &str) -> ConnectorSetupOutcome {
    let (field, problem) = match code_of(reason) {
        "20003" | "http_401" | "no_auth_token" => (
            Some(AUTH_TOKEN),
            "Twilio does not recognise this auth token for this account. Copy the Account SID and the primary Auth Token again, both from the same account: a subaccount has its own.",
        ),
        "20404" | "no_account_sid" => (
            Some(ACCOUNT_SID),
            "Twilio does not recognise this account. Copy the Account SID again.",
        ),
        "suspended" | "20005" => (
            None,
            "The Twilio account is suspended and neither sends nor receives. The Twilio Console shows the reason, often the balance.",
        ),
        "closed" => (
            Some(ACCOUNT_SID),
            "The Twilio account is closed. Use another one.",
        ),
        _ => (
            None,
            "Twilio refused. If the reason is a number, it is Twilio's own error code; twilio.com/docs/api/errors explains it.",
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
    use crate::twilio::fixtures::{self, replied};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn test(so_far: &[CallResult]) -> NextCall<ConnectorSetupOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Twilio.test(&credentials, so_far)
    }

    fn outcome(result: CallResult) -> ConnectorSetupOutcome {
        match test(&[result]) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    fn account(status: &str, kind: &str) -> CallResult {
        let body = json!({
            "sid": fixtures::ACCOUNT, "friendly_name": "Acme\u{202E} Ltd", "status": status, "type": kind,
            "auth_token": "canary",
        });
        replied(200, &body.to_string())
    }

    #[test]
    fn the_test_reads_the_account_and_changes_nothing() {
        let NextCall::Call(call) = test(&[]) else {
            panic!("no call");
        };
        assert_eq!(call.method, Method::GET);
        let path = "/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef.json";
        assert_eq!(call.path, path);
        assert_eq!((call.headers.len(), call.body), (1, None));
    }

    #[test]
    fn an_active_account_is_named() {
        for (kind, summary) in [
            ("Full", "Connected to the Twilio account Acme Ltd."),
            (
                "Trial",
                "Connected to the Twilio account Acme Ltd. It is a trial account: it can write only to numbers verified at Twilio.",
            ),
        ] {
            let expected = ConnectorSetupOutcome::Done {
                summary: summary.to_owned(),
            };
            assert_eq!(outcome(account("active", kind)), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        for (result, field) in [
            (fixtures::refused(401, 20003), Some(AUTH_TOKEN)),
            (replied(401, ""), Some(AUTH_TOKEN)),
            (replied(401, r#"{"detail":"No"}"#), Some(AUTH_TOKEN)),
            (fixtures::refused(404, 20404), Some(ACCOUNT_SID)),
            (fixtures::refused(403, 20005), None),
            (fixtures::refused(400, 99_999), None),
            (account("suspended", "Full"), None),
            (account("closed", "Full"), Some(ACCOUNT_SID)),
            (account("paused", "Full"), None),
        ] {
            let ConnectorSetupOutcome::Failed {
                field: told,
                problem,
                ..
            } = outcome(result)
            else {
                panic!("it did not fail");
            };
            assert_eq!(told, field);
            assert!(problem.ends_with('.'), "{problem}");
        }
    }

    #[test]
    fn a_twilio_that_does_not_answer_is_asked_again_later() {
        for result in [
            replied(503, ""),
            replied(200, "<html>"),
            replied(200, "{}"),
            fixtures::refused(429, 20429),
        ] {
            assert!(matches!(
                outcome(result),
                ConnectorSetupOutcome::Later { .. }
            ));
        }
    }

    #[test]
    fn without_a_token_nobody_is_asked() {
        let connector = fixtures::connector();
        let credentials = Credentials {
            connector: &connector,
            secrets: &BTreeMap::new(),
        };
        let NextCall::Done(ConnectorSetupOutcome::Failed { field, .. }) =
            Twilio.test(&credentials, &[])
        else {
            panic!("it did not fail");
        };
        assert_eq!(field, Some(AUTH_TOKEN));
        assert!(Twilio.connect(fixtures::URL, &credentials, &[]).is_none());
    }
}
