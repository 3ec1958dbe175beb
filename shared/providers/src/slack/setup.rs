//! Tests the connection to Slack with `auth.test`. Slack has no API that sets an app's Request URL.

use super::{API, BOT_TOKEN, Slack, TEAM_ID, api, key};
use crate::{
    outgoing::{CallError, CallResult, Host, NextCall, OutgoingCall},
    setup::{ConnectorSetup, ConnectorSetupOutcome},
    webhook::Credentials,
};
use http::Method;
use serde_json::Value;
use vestibule_domain::{connector::Provider, text::clean_name};

impl ConnectorSetup for Slack {
    fn provider(&self) -> Provider {
        key()
    }

    fn setup_secrets(&self) -> &'static [&'static str] {
        &[BOT_TOKEN]
    }

    fn test(
        &self,
        credentials: &Credentials<'_>,
        so_far: &[CallResult],
    ) -> NextCall<ConnectorSetupOutcome> {
        let Some(token) = credentials.secret(BOT_TOKEN) else {
            return NextCall::Done(refused("no_bot_token"));
        };
        let Some(result) = so_far.first() else {
            let call = OutgoingCall::new(Host::Api(API), Method::POST, "/auth.test");
            return NextCall::Call(call.with_bearer(token));
        };
        NextCall::Done(match api::answer(result) {
            Ok(answer) => found(&answer, credentials),
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

/// The token works. Checks that it belongs to the connector's workspace.
fn found(answer: &Value, credentials: &Credentials<'_>) -> ConnectorSetupOutcome {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let expected = credentials.connector.settings.get(TEAM_ID);
    let is_expected = [text("team_id"), text("enterprise_id")]
        .into_iter()
        .flatten()
        .any(|id| expected.is_some_and(|expected| expected == id));
    if !is_expected {
        return ConnectorSetupOutcome::Failed {
            field: Some(TEAM_ID),
            problem: "The bot token and the team id belong to different workspaces. Copy both from the same app."
                .to_owned(),
            reason: "another_team".to_owned(),
        };
    }
    let name = |field| text(field).and_then(clean_name).unwrap_or_default();
    ConnectorSetupOutcome::Done {
        summary: format!("Connected as @{} in {}.", name("user"), name("team")),
    }
}

fn refused(reason: &str) -> ConnectorSetupOutcome {
    let (field, problem) = match reason {
        "missing_scope" => (
            None,
            "The bot token lacks a permission. Add the scopes listed in the steps and install the app again.",
        ),
        "account_inactive" | "token_revoked" | "team_access_not_granted" => (
            Some(BOT_TOKEN),
            "The app was removed from the workspace, or its token was revoked. Install it again and save the new bot token.",
        ),
        "no_bot_token"
        | "invalid_auth"
        | "not_authed"
        | "token_expired"
        | "not_allowed_token_type" => (
            Some(BOT_TOKEN),
            "Slack does not recognise this bot token. Copy the Bot User OAuth Token again from OAuth & Permissions.",
        ),
        _ => (
            None,
            "Slack refused. The reason is Slack's own error code; Slack's documentation of auth.test explains it.",
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
    use crate::slack::fixtures::{self, refused as slack_refused, replied};

    fn outcome(result: CallResult) -> ConnectorSetupOutcome {
        let (connector, secrets) = (fixtures::connector(), fixtures::secrets());
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        let NextCall::Call(call) = Slack.test(&credentials, &[]) else {
            panic!("no call");
        };
        assert_eq!(call.path, "/auth.test");
        match Slack.test(&credentials, &[result]) {
            NextCall::Done(outcome) => outcome,
            NextCall::Call(call) => panic!("no outcome but {call:?}"),
        }
    }

    #[test]
    fn a_token_of_the_connectors_workspace_works() {
        let answer = r#"{"ok":true,"team":"Acme","team_id":"T123ABC456","user":"vestibule"}"#;
        let expected = ConnectorSetupOutcome::Done {
            summary: "Connected as @vestibule in Acme.".to_owned(),
        };
        assert_eq!(outcome(replied(200, answer)), expected);
    }

    #[test]
    fn a_token_of_another_workspace_is_told_apart_from_a_wrong_one() {
        let answer = r#"{"ok":true,"team":"Other","team_id":"T999","user":"vestibule"}"#;
        for (result, expected) in [
            (replied(200, answer), Some(TEAM_ID)),
            (slack_refused("invalid_auth"), Some(BOT_TOKEN)),
            (slack_refused("account_inactive"), Some(BOT_TOKEN)),
            (slack_refused("missing_scope"), None),
        ] {
            let ConnectorSetupOutcome::Failed { field, problem, .. } = outcome(result) else {
                panic!("it did not fail");
            };
            assert_eq!(field, expected);
            assert!(problem.ends_with('.'));
        }
    }

    #[test]
    fn a_slack_that_does_not_answer_is_asked_again_later() {
        assert!(matches!(
            outcome(replied(503, "")),
            ConnectorSetupOutcome::Later { .. }
        ));
    }
}
