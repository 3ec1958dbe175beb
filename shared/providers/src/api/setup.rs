//! Tests the way to the customer's system with a signed call that brings no text.

use super::{
    ApiChannel, REPLY_URL, SIGNING_SECRET, key,
    send::{SECRETS, accepted, signed_call},
};
use crate::{
    outgoing::{CallError, CallResult, NextCall},
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    webhook::Credentials,
};
use serde_json::json;
use vestibule_domain::connector::Provider;

impl ConnectorSetup for ApiChannel {
    fn provider(&self) -> Provider {
        key()
    }

    fn setup_secrets(&self) -> &'static [&'static str] {
        SECRETS
    }

    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        let Some(result) = so_far.first() else {
            let id = format!("test-{}", credentials.connector.id);
            let body = json!({
                "type": "test",
                "id": id,
                "connector_id": credentials.connector.id,
            });
            return signed_call(credentials, id, &body).map_or_else(
                |problem| NextCall::Done(outcome_of(problem)),
                NextCall::Call,
            );
        };
        NextCall::Done(match accepted(result) {
            Ok(()) => ConnectorSetupOutcome::Done {
                summary: "The reply address took a signed test call.".to_owned(),
            },
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
    let reason = match problem {
        CallError::Later { after, reason, .. } => {
            return ConnectorSetupOutcome::Later { after, reason };
        }
        CallError::Never { reason, .. } => reason,
    };
    let (field, problem) = match reason.as_str() {
        "http_401" | "http_403" | "no_signing_secret" | "invalid_signing_secret" => (
            Some(SIGNING_SECRET),
            "Your system does not accept the signature. Enter the secret with which it verifies calls, and check that its clock is right.",
        ),
        "http_400" | "http_422" => (
            None,
            "Your system does not take a call of the type test. Have it answer with 200 to types that it does not know.",
        ),
        _ => (
            Some(REPLY_URL),
            "Your system takes no calls at this address. Check the address, and that it is reachable from the internet.",
        ),
    };
    ConnectorSetupOutcome::Failed {
        field,
        problem: problem.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{connector, replied};
    use std::collections::BTreeMap;
    use vestibule_domain::secret::Secret;

    #[test]
    fn a_test_is_a_signed_call_whose_answer_names_the_wrong_field() {
        let connector = connector(key(), &[(REPLY_URL, "https://chat.example.com/replies")]);
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let secrets = BTreeMap::from([(SIGNING_SECRET.to_owned(), secret)]);
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let NextCall::Call(call) = ApiChannel.test(&credentials, &[]) else {
            panic!("no call");
        };
        assert!(call.signing.is_some());
        for (status, expected) in [
            (401, Some(SIGNING_SECRET)),
            (404, Some(REPLY_URL)),
            (400, None),
        ] {
            let step = ApiChannel.test(&credentials, &[replied(status, "")]);
            let NextCall::Done(ConnectorSetupOutcome::Failed { field, .. }) = step else {
                panic!("{status}: {step:?}");
            };
            assert_eq!(field, expected);
        }
        let done = ApiChannel.test(&credentials, &[replied(200, "")]);
        assert!(matches!(
            done,
            NextCall::Done(ConnectorSetupOutcome::Done { .. })
        ));
        let busy = ApiChannel.test(&credentials, &[replied(503, "")]);
        assert!(matches!(
            busy,
            NextCall::Done(ConnectorSetupOutcome::Later { .. })
        ));
    }
}
