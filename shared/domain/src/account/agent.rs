//! Settings of an agent endpoint.

use crate::{
    Timestamp,
    connector::{PREVIOUS_SECRETS_KEPT, SealedSecrets},
};
use serde::{Deserialize, Serialize};
use std::{iter, mem, time::Duration};

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

/// The secrets that sign at this time, the current one first.
pub(crate) fn secrets_that_sign<'a>(
    current: &'a SealedSecrets,
    previous: &'a [PreviousSigningSecret],
    now: Timestamp,
) -> impl Iterator<Item = &'a SealedSecrets> {
    let valid = previous.iter().filter(move |previous| now < previous.until);
    iter::once(current).chain(valid.map(|previous| &previous.secret))
}

/// Time until which a replaced secret signs too; `None` when none does.
pub(crate) fn previous_secrets_until(
    previous: &[PreviousSigningSecret],
    now: Timestamp,
) -> Option<Timestamp> {
    let all = previous.iter().map(|previous| previous.until);
    all.filter(|until| now < *until).max()
}

/// Replaces a signing secret. The replaced one, if there was one under this field name, signs too, for
/// [`PREVIOUS_SECRETS_KEPT`].
pub(crate) fn replace_signing_secret(
    current: &mut SealedSecrets,
    previous: &mut Vec<PreviousSigningSecret>,
    (new, field): (SealedSecrets, &str),
    now: Timestamp,
) {
    let secret = mem::replace(current, new);
    previous.retain(|previous| now < previous.until);
    if secret.fields.contains_key(field) {
        let until = now.plus(PREVIOUS_SECRETS_KEPT);
        previous.insert(0, PreviousSigningSecret { secret, until });
    }
    previous.truncate(PREVIOUS_SIGNING_SECRETS_MAX);
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

/// The rule for a [`MaxInFlight`], to be read after the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {min} to {max}", min = MaxInFlight::MIN, max = MaxInFlight::MAX)]
pub struct InvalidMaxInFlight;

/// Number of calls that an agent may leave unanswered at the same time (DESIGN §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxInFlight(u8);

impl MaxInFlight {
    /// Smallest number that can be set.
    pub const MIN: u8 = 1;
    /// Largest number that can be set.
    pub const MAX: u8 = 100;

    /// Makes the limit.
    pub fn new(calls: u64) -> Result<Self, InvalidMaxInFlight> {
        match u8::try_from(calls) {
            Ok(calls @ Self::MIN..=Self::MAX) => Ok(Self(calls)),
            _ => Err(InvalidMaxInFlight),
        }
    }

    /// The number of calls.
    #[must_use]
    pub const fn calls(self) -> u8 {
        self.0
    }
}

impl Default for MaxInFlight {
    fn default() -> Self {
        Self(20)
    }
}

/// The rule for [`DeliveryDays`], to be read after the name of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {min} to {max}", min = DeliveryDays::MIN, max = DeliveryDays::MAX)]
pub struct InvalidDeliveryDays;

/// Days for which a message waits for an agent that is not well, before it is given up (SPEC F01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryDays(u8);

impl DeliveryDays {
    /// Smallest number that can be set.
    pub const MIN: u8 = 1;
    /// Largest number that can be set.
    pub const MAX: u8 = 14;

    /// Makes the number of days.
    pub fn new(days: u64) -> Result<Self, InvalidDeliveryDays> {
        match u8::try_from(days) {
            Ok(days @ Self::MIN..=Self::MAX) => Ok(Self(days)),
            _ => Err(InvalidDeliveryDays),
        }
    }

    /// The number of days.
    #[must_use]
    pub const fn days(self) -> u8 {
        self.0
    }

    /// Whether a message that has waited since `parked_at` is given up.
    #[must_use]
    pub fn is_over(self, parked_at: Timestamp, now: Timestamp) -> bool {
        now >= parked_at.plus(Duration::from_hours(24 * u64::from(self.0)))
    }
}

impl Default for DeliveryDays {
    fn default() -> Self {
        Self(3)
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

    #[test]
    fn an_agent_may_leave_1_to_100_calls_unanswered_and_20_unless_something_else_is_set() {
        for calls in [1_u8, 2, 99, 100] {
            let limit = MaxInFlight::new(u64::from(calls)).unwrap();
            assert_eq!(limit.calls(), calls);
        }
        for calls in [0, 101, 256, 257, u64::MAX] {
            let refused = MaxInFlight::new(calls);
            assert_eq!(refused, Err(InvalidMaxInFlight), "{calls}");
        }
        assert_eq!(MaxInFlight::default().calls(), 20);
        assert_eq!(
            InvalidMaxInFlight.to_string(),
            "must be a whole number from 1 to 100"
        );
    }

    #[test]
    fn a_message_waits_for_1_to_14_days_and_3_unless_something_else_is_set() {
        for days in [1_u8, 14] {
            assert_eq!(DeliveryDays::new(u64::from(days)).unwrap().days(), days);
        }
        for days in [0, 15, 257, u64::MAX] {
            let refused = DeliveryDays::new(days);
            assert_eq!(refused, Err(InvalidDeliveryDays), "{days}");
        }
        assert_eq!(
            InvalidDeliveryDays.to_string(),
            "must be a whole number from 1 to 14"
        );
        let parked_at = Timestamp::from_millis(5);
        let last = Timestamp::from_millis(5 + 3 * 24 * 60 * 60 * 1000);
        let days = DeliveryDays::default();
        assert!(!days.is_over(parked_at, Timestamp::from_millis(last.millis() - 1)));
        assert!(days.is_over(parked_at, last));
    }
}
