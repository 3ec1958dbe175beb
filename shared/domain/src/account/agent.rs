//! Settings of an agent endpoint.

use crate::{Timestamp, connector::SealedSecrets};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Largest number of replaced signing secrets that sign beside the current one. More than one, because
/// the answer that shows a new secret may be lost, and the agent still knows only the one before.
pub const PREVIOUS_SIGNING_SECRETS_MAX: usize = 3;

/// A signing secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSigningSecret {
    /// The secret, as it was sealed while it was the current one.
    pub secret: SealedSecrets,
    /// Time from which it signs no more.
    pub until: Timestamp,
}

/// The rule for an [`AgentTimeout`], to be read after the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a whole number from {min} to {max}",
    min = AgentTimeout::MIN_SECONDS,
    max = AgentTimeout::MAX_SECONDS
)]
pub struct InvalidAgentTimeout;

/// Time within which an agent must answer, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentTimeout(u64);

impl AgentTimeout {
    /// Shortest time that can be set.
    pub const MIN_SECONDS: u64 = 1;
    /// Longest time that can be set, and the default.
    pub const MAX_SECONDS: u64 = 25;

    /// Makes a time of seconds.
    pub const fn from_seconds(seconds: u64) -> Result<Self, InvalidAgentTimeout> {
        match seconds {
            Self::MIN_SECONDS..=Self::MAX_SECONDS => Ok(Self(seconds)),
            _ => Err(InvalidAgentTimeout),
        }
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// The time as a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Default for AgentTimeout {
    fn default() -> Self {
        Self(Self::MAX_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_has_1_to_25_seconds_and_25_unless_something_else_is_set() {
        for seconds in [1, 2, 24, 25] {
            let timeout = AgentTimeout::from_seconds(seconds).unwrap();
            assert_eq!(timeout.seconds(), seconds);
            assert_eq!(timeout.duration(), Duration::from_secs(seconds));
        }
        for seconds in [0, 26, u64::MAX] {
            let refused = AgentTimeout::from_seconds(seconds);
            assert_eq!(refused, Err(InvalidAgentTimeout), "{seconds}");
        }
        assert_eq!(AgentTimeout::default().seconds(), 25);
        assert_eq!(
            InvalidAgentTimeout.to_string(),
            "must be a whole number from 1 to 25"
        );
    }
}
