//! Tests the connection to Teams by requesting a token. Nothing else can be tested before a person
//! has written, and no API sets a bot's messaging endpoint.

use super::{
    APP_ID, CLIENT_SECRET, TENANT_ID, Teams, key,
    token::{self, Audience},
};
use crate::{
    outgoing::{CallError, CallResult, NextCall},
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    webhook::Credentials,
};
use vestibule_domain::connector::Provider;

impl ConnectorSetup for Teams {
    fn provider(&self) -> Provider {
        key()
    }

    fn setup_secrets(&self) -> &'static [&'static str] {
        &[CLIENT_SECRET]
    }

    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        let result = match token::request(Audience::Connector, credentials) {
            Err(problem) => Err(problem),
            Ok(call) => match so_far.first() {
                None => return NextCall::Call(call),
                Some(result) => token::read(result),
            },
        };
        NextCall::Done(match result {
            Ok(_) => ConnectorSetupOutcome::Done {
                summary: "Microsoft accepts the app id, the tenant and the client secret."
                    .to_owned(),
            },
            Err(CallError::Later { after, reason, .. }) => {
                ConnectorSetupOutcome::Later { after, reason }
            }
            Err(CallError::Never { reason, .. }) => refused(&reason),
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

fn refused(reason: &str) -> ConnectorSetupOutcome {
    let known = REFUSALS.iter().find(|(code, ..)| *code == reason);
    let (field, problem) = known.map_or((None, UNKNOWN), |(_, field, problem)| (*field, *problem));
    ConnectorSetupOutcome::Failed {
        field,
        problem: problem.to_owned(),
        reason: reason.to_owned(),
    }
}

const UNKNOWN: &str = "Microsoft refused. The reason is Microsoft's own error code; login.microsoftonline.com/error explains it.";

/// Reasons why Microsoft Entra refuses a token, with the wrong field and what to do about it.
const REFUSALS: &[(&str, Option<&str>, &str)] = &[
    (
        "AADSTS7000215",
        Some(CLIENT_SECRET),
        "The client secret is wrong. Copy the secret's Value, not its Secret ID. It is shown only once, so create a new one if necessary.",
    ),
    (
        "AADSTS7000222",
        Some(CLIENT_SECRET),
        "The client secret has expired. Create a new one under Certificates & secrets and save it here.",
    ),
    (
        "no_client_secret",
        Some(CLIENT_SECRET),
        "There is no client secret. Create one under Certificates & secrets and save it here.",
    ),
    (
        "AADSTS700016",
        Some(APP_ID),
        "The tenant does not know this app. Check the app id, the tenant id, and whether the app is single-tenant or multi-tenant.",
    ),
    (
        "AADSTS90002",
        Some(TENANT_ID),
        "There is no such tenant. Copy the Directory (tenant) ID from the app's overview.",
    ),
    (
        "AADSTS7000112",
        Some(APP_ID),
        "The app is disabled in the tenant. An administrator must allow people to sign in to it.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::teams::fixtures::{self, replied, token};
    use std::collections::BTreeMap;

    fn step(so_far: &[CallResult]) -> NextCall<ConnectorSetupOutcome> {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Teams.test(&credentials, so_far)
    }

    fn outcome(result: CallResult) -> ConnectorSetupOutcome {
        match step(&[result]) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    #[test]
    fn credentials_that_get_a_token_work() {
        assert!(matches!(step(&[]), NextCall::Call(_)));
        let ConnectorSetupOutcome::Done { summary } = outcome(token("canary")) else {
            panic!("it did not work");
        };
        assert!(
            summary.ends_with('.') && !summary.contains("canary"),
            "{summary}"
        );
    }

    #[test]
    fn each_refusal_names_the_field_and_what_to_do() {
        for (code, expected) in [
            (7_000_215, Some(CLIENT_SECRET)),
            (7_000_222, Some(CLIENT_SECRET)),
            (700_016, Some(APP_ID)),
            (90002, Some(TENANT_ID)),
            (1, None),
        ] {
            let body = format!(r#"{{"error":"invalid_client","error_codes":[{code}]}}"#);
            let ConnectorSetupOutcome::Failed {
                field,
                problem,
                reason,
            } = outcome(replied(401, &body))
            else {
                panic!("it did not fail");
            };
            assert_eq!((field, reason), (expected, format!("AADSTS{code}")));
            assert!(problem.ends_with('.'), "{problem}");
        }
    }

    #[test]
    fn a_connector_without_a_secret_fails_before_any_call() {
        let connector = fixtures::connector();
        let credentials = Credentials {
            connector: &connector,
            secrets: &BTreeMap::new(),
        };
        let NextCall::Done(ConnectorSetupOutcome::Failed { field, .. }) =
            Teams.test(&credentials, &[])
        else {
            panic!("it did not fail");
        };
        assert_eq!(field, Some(CLIENT_SECRET));
    }

    #[test]
    fn a_microsoft_that_does_not_answer_is_asked_again_later() {
        assert!(matches!(
            outcome(replied(503, "")),
            ConnectorSetupOutcome::Later { .. }
        ));
    }
}
