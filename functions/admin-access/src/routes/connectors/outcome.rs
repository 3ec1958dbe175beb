//! Outcomes of testing and connecting, in words for admins.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use vestibule_domain::{Timestamp, connector::Connector};
use vestibule_providers::{catalogue::ConnectorKind, setup::ConnectorSetupOutcome};

/// The platform's answer about a connector. A refusal by the platform is an answer, not an error of
/// this API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "failed", "summary": null, "field": "slack.bot_token",
    "problem": "Slack does not recognise this bot token. Copy the Bot User OAuth Token again from OAuth & Permissions.",
    "reason": "invalid_auth", "retry_after_seconds": null, "steps": [],
    "webhook_connected_at": null, "previous_secrets_until": null
}))]
pub struct SetUpOutcomeResponse {
    /// Outcome. `ok`: it works. `failed`: the platform refuses, and `problem` says what to do.
    /// `unavailable`: the platform is not available at the moment; try again. `manual`: the platform
    /// has no API for it; follow `steps`.
    status: SetUpStatus,
    /// Finding, as a sentence; null unless `status` is `ok` or `manual`.
    summary: Option<String>,
    /// Wrong field, with a dot between provider and name, such as `slack.bot_token`; null when it is
    /// none of them.
    field: Option<String>,
    /// Problem and its remedy, in a sentence or two; null unless `status` is `failed` or `unavailable`.
    problem: Option<String>,
    /// Platform's own code for the problem.
    reason: Option<String>,
    /// Seconds to wait, if the platform asks for it.
    retry_after_seconds: Option<u64>,
    /// Steps to take in the platform's console, with this connector's address; empty unless `status` is
    /// `manual`.
    steps: Vec<String>,
    /// Time at which the platform received the current address and webhook secret, as in the connector.
    #[schema(value_type = Option<String>, format = DateTime)]
    webhook_connected_at: Option<Timestamp>,
    /// Time until which requests made with the previous secret are accepted too, as in the connector.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secrets_until: Option<Timestamp>,
}

/// Outcome of a test or connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum SetUpStatus {
    /// It works.
    Ok,
    /// The platform refuses.
    Failed,
    /// The platform is not available at the moment.
    Unavailable,
    /// An admin has to do it by hand.
    Manual,
}

impl SetUpOutcomeResponse {
    fn empty(status: SetUpStatus, connector: &Connector) -> Self {
        Self {
            status,
            summary: None,
            field: None,
            problem: None,
            reason: None,
            retry_after_seconds: None,
            steps: Vec::new(),
            webhook_connected_at: connector.webhook.connected_at,
            previous_secrets_until: connector.webhook.previous_secrets_until,
        }
    }

    pub(super) fn of(
        outcome: ConnectorSetupOutcome,
        kind: &dyn ConnectorKind,
        connector: &Connector,
    ) -> Self {
        let empty = |status| Self::empty(status, connector);
        match outcome {
            ConnectorSetupOutcome::Done { summary } => Self {
                summary: Some(summary),
                ..empty(SetUpStatus::Ok)
            },
            ConnectorSetupOutcome::Failed {
                field,
                problem,
                reason,
            } => Self {
                field: field.map(|name| format!("{}.{name}", kind.provider())),
                problem: Some(problem),
                reason: Some(reason),
                ..empty(SetUpStatus::Failed)
            },
            ConnectorSetupOutcome::Later { after, reason } => Self {
                problem: Some(format!(
                    "{} is not available at the moment. Wait a little and try again.",
                    kind.label()
                )),
                reason: Some(reason),
                retry_after_seconds: after.map(|after| after.as_secs()),
                ..empty(SetUpStatus::Unavailable)
            },
        }
    }

    pub(super) fn manual(
        webhook_url: &str,
        kind: &dyn ConnectorKind,
        connector: &Connector,
    ) -> Self {
        Self {
            summary: Some(format!(
                "Enter the webhook address in the console of {} by hand. Follow the steps.",
                kind.label()
            )),
            steps: kind.set_up_steps(webhook_url),
            ..Self::empty(SetUpStatus::Manual, connector)
        }
    }

    /// The answer when the address of this API is unknown.
    pub(super) fn no_address(connector: &Connector) -> Self {
        Self {
            problem: Some(
                "This API does not know its own address. Deploy the stack with its PublicUrl parameter."
                    .to_owned(),
            ),
            reason: Some("no_public_url".to_owned()),
            ..Self::empty(SetUpStatus::Failed, connector)
        }
    }

    /// The problem and its remedy, if there is one.
    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The outcome as the audit log records it.
    pub(super) fn facts(&self) -> Value {
        json!({"status": self.status, "field": self.field, "reason": self.reason})
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixtures::{self, Pigeon},
        *,
    };
    use std::time::Duration;

    fn shown(outcome: ConnectorSetupOutcome) -> Value {
        let shown = SetUpOutcomeResponse::of(outcome, &Pigeon, &fixtures::connector());
        serde_json::to_value(shown).unwrap()
    }

    #[test]
    fn a_refusal_names_the_field_as_a_form_knows_it_and_what_to_do() {
        let shown = shown(ConnectorSetupOutcome::Failed {
            field: Some("grain"),
            problem: "Buy more grain.".to_owned(),
            reason: "hungry".to_owned(),
        });
        assert_eq!(shown["status"], "failed");
        assert_eq!(shown["field"], "pigeon.grain");
        assert_eq!(shown["problem"], "Buy more grain.");
        assert_eq!(shown["reason"], "hungry");
        assert_eq!(shown["summary"], Value::Null);
    }

    #[test]
    fn a_platform_that_cannot_be_asked_is_told_apart_and_says_when_to_ask_again() {
        let shown = shown(ConnectorSetupOutcome::Later {
            after: Some(Duration::from_secs(30)),
            reason: "timed out".to_owned(),
        });
        assert_eq!(shown["status"], "unavailable");
        assert_eq!(shown["retry_after_seconds"], 30);
        assert!(
            shown["problem"]
                .as_str()
                .unwrap()
                .starts_with("Pigeon post ")
        );
    }

    #[test]
    fn success_is_a_sentence_and_by_hand_there_are_steps_with_the_address() {
        let done = shown(ConnectorSetupOutcome::Done {
            summary: "Connected.".to_owned(),
        });
        assert_eq!(
            (&done["status"], &done["summary"]),
            (&json!("ok"), &json!("Connected."))
        );
        let url = "https://api.example.test/webhooks/pigeon/1";
        let manual = SetUpOutcomeResponse::manual(url, &Pigeon, &fixtures::connector());
        assert_eq!(manual.status, SetUpStatus::Manual);
        assert_eq!(manual.steps, [format!("Release it at {url}.")]);
    }
}
