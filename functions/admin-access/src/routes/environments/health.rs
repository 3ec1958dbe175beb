//! The health of an environment's agent.

use crate::api_types::AgentHealthStatusName;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_domain::{Timestamp, account::agent_health::AgentHealth};

/// Health of an agent, as deliveries showed it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentHealthResponse {
    /// State.
    status: AgentHealthStatusName,
    /// Time of the first failure since the agent last answered. Null while it is well.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Last failure since the agent last answered. Null while it is well.
    last_error: Option<AgentErrorResponse>,
    /// Time from which the next message tries an agent that is down. Null otherwise.
    #[schema(value_type = Option<String>, format = DateTime)]
    next_attempt_at: Option<Timestamp>,
}

/// Failure of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentErrorResponse {
    /// Time.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Reason: `http_503` for a status, or a word for a call without an answer.
    reason: String,
}

impl From<AgentHealth> for AgentHealthResponse {
    fn from(health: AgentHealth) -> Self {
        Self {
            status: health.status().into(),
            since: health.failing_since,
            next_attempt_at: health.breaker.map(|breaker| breaker.next_probe),
            last_error: health.last_failure.map(|failure| AgentErrorResponse {
                at: failure.at,
                reason: failure.reason,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::account::agent_health::{AgentFailure, FAILURES_UNTIL_OPEN};

    #[test]
    fn an_agent_shows_since_when_it_fails_and_why() {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let failure = AgentFailure::new(at, "http_503");
        let mut health = AgentHealth::default();
        let shown = |health: &AgentHealth| {
            serde_json::to_value(AgentHealthResponse::from(health.clone())).unwrap()
        };
        let well =
            json!({"status": "ok", "since": null, "last_error": null, "next_attempt_at": null});
        assert_eq!(shown(&health), well);
        for _ in 1..FAILURES_UNTIL_OPEN {
            health = health.failed(&failure, None, false);
            assert_eq!(shown(&health)["status"], "failing");
        }
        health = health.failed(&failure, None, false);
        let down = json!({
            "status": "down", "since": at, "last_error": {"at": at, "reason": "http_503"},
            "next_attempt_at": at.plus(std::time::Duration::from_secs(5))
        });
        assert_eq!(shown(&health), down);
        assert_eq!(shown(&health.answered()), well);
    }
}
