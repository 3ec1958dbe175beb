//! Throttles of what strangers may try: the generic cell rate algorithm (ITU-T I.371), one row per key.
//!
//! A row holds the time at which the whole burst is free again. Nobody is locked out for ever: after one
//! interval there is room for one more attempt, whoever used up the burst.

use crate::Timestamp;
use std::time::Duration;

/// A limit: a burst, and afterwards one more with every interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleRule {
    /// Attempts that are admitted at once.
    pub burst: u32,
    /// Time after which there is room for another one.
    pub interval: Duration,
}

impl ThrottleRule {
    /// The latest stored time with which an attempt is still admitted.
    #[must_use]
    pub fn latest_due(self, now: Timestamp) -> Timestamp {
        now.plus(self.interval.saturating_mul(self.burst.saturating_sub(1)))
    }

    /// The time to store after an admitted attempt.
    #[must_use]
    pub fn next_due(self, due: Option<Timestamp>, now: Timestamp) -> Timestamp {
        due.map_or(now, |due| due.max(now)).plus(self.interval)
    }

    /// The time to wait after an attempt that was refused with this stored time.
    #[must_use]
    pub fn wait(self, due: Timestamp, now: Timestamp) -> Duration {
        due.since(self.latest_due(now))
    }

    /// Whether an attempt is admitted with this stored time.
    #[must_use]
    pub fn admits(self, due: Option<Timestamp>, now: Timestamp) -> bool {
        due.is_none_or(|due| due <= self.latest_due(now))
    }
}

/// The attempts that are limited, each by keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThrottleKind {
    /// Sign-ins to one address of a login, from devices that it does not know.
    SignInLogin,
    /// Sign-ins to one address of a login from a device that it knows: a stranger cannot use these up.
    SignInDevice,
    /// Sign-ins from one IP address.
    SignInAddress,
    /// Second factors of one login.
    Factor,
    /// Sign-ins that begin at the provider of one login method.
    ProviderStart,
    /// Resets for one address of a login.
    ResetLogin,
    /// Resets from one IP address.
    ResetAddress,
    /// Changes of the address of one login, and mails to one address that logins want to have.
    AddressChange,
    /// Links and codes from one IP address.
    Token,
    /// Set-ups and recoveries from one IP address.
    SetUp,
    /// Invitations of one account.
    Invite,
    /// Refused attempts of one caller that are recorded.
    Refusals,
}

impl ThrottleKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::SignInLogin,
        Self::SignInDevice,
        Self::SignInAddress,
        Self::Factor,
        Self::ProviderStart,
        Self::ResetLogin,
        Self::ResetAddress,
        Self::AddressChange,
        Self::Token,
        Self::SetUp,
        Self::Invite,
        Self::Refusals,
    ];

    /// The key used in rows.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::SignInLogin => "sign_in_login",
            Self::SignInDevice => "sign_in_device",
            Self::SignInAddress => "sign_in_address",
            Self::Factor => "factor",
            Self::ProviderStart => "provider_start",
            Self::ResetLogin => "reset_login",
            Self::ResetAddress => "reset_address",
            Self::AddressChange => "address_change",
            Self::Token => "token",
            Self::SetUp => "set_up",
            Self::Invite => "invite",
            Self::Refusals => "refusals",
        }
    }

    /// The limit.
    #[must_use]
    pub const fn rule(self) -> ThrottleRule {
        let (burst, interval) = match self {
            Self::SignInLogin => (10, Duration::from_secs(30)),
            Self::SignInDevice => (10, Duration::from_secs(10)),
            Self::SignInAddress => (60, Duration::from_secs(2)),
            Self::ProviderStart => (60, Duration::from_secs(1)),
            Self::Factor => (5, Duration::from_mins(1)),
            Self::ResetLogin | Self::AddressChange => (3, Duration::from_mins(10)),
            Self::ResetAddress | Self::Refusals => (20, Duration::from_mins(1)),
            Self::Token => (30, Duration::from_secs(5)),
            Self::SetUp => (10, Duration::from_mins(1)),
            Self::Invite => (100, Duration::from_secs(30)),
        };
        ThrottleRule { burst, interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeSet;

    const RULE: ThrottleRule = ThrottleRule {
        burst: 3,
        interval: Duration::from_secs(10),
    };

    /// Tries at each second; returns the seconds of those admitted.
    fn admitted(rule: ThrottleRule, seconds: &[i64]) -> Vec<i64> {
        let mut due = None;
        let mut admitted = Vec::new();
        for second in seconds {
            let now = at(*second);
            if rule.admits(due, now) {
                due = Some(rule.next_due(due, now));
                admitted.push(*second);
            }
        }
        admitted
    }

    /// SPEC D28.
    #[test]
    fn a_burst_is_admitted_and_then_one_with_every_interval() {
        assert_eq!(
            admitted(RULE, &[0, 0, 0, 0, 9, 10, 10, 19, 20, 100, 100, 100, 100]),
            [0, 0, 0, 10, 20, 100, 100, 100]
        );
    }

    #[test]
    fn who_is_refused_is_told_the_time_after_which_there_is_room() {
        let due = [0, 0, 0]
            .into_iter()
            .fold(None, |due, second| Some(RULE.next_due(due, at(second))));
        let due = due.unwrap();
        assert_eq!(due, at(30));
        assert!(!RULE.admits(Some(due), at(4)));
        let wait = RULE.wait(due, at(4));
        assert_eq!(wait, Duration::from_secs(6));
        assert!(RULE.admits(Some(due), at(4).plus(wait)));
        assert_eq!(RULE.wait(at(0), at(4)), Duration::ZERO);
    }

    #[test]
    fn every_kind_has_a_key_of_its_own_and_a_limit() {
        let keys: BTreeSet<_> = ThrottleKind::ALL.map(ThrottleKind::key).into();
        assert_eq!(keys.len(), ThrottleKind::ALL.len());
        for kind in ThrottleKind::ALL {
            let rule = kind.rule();
            assert!(rule.burst > 0 && rule.interval > Duration::ZERO, "{kind:?}");
        }
    }

    proptest! {
        /// SPEC D28: throttled, and never locked out.
        #[test]
        fn whatever_is_tried_stays_below_the_limit_and_waiting_always_helps(
            waits in vec(0_i64..30, 1..100),
        ) {
            let seconds: Vec<i64> = waits.iter().scan(0, |sum, wait| { *sum += wait; Some(*sum) }).collect();
            let taken = admitted(RULE, &seconds);
            for (index, first) in taken.iter().enumerate() {
                let within = |second: &&i64| **second <= first + 100;
                let count = taken.iter().skip(index).take_while(within).count();
                prop_assert!(count <= 13, "{} within 100 s of {}", count, first);
            }
            let mut later = seconds.clone();
            let end = seconds.last().copied().unwrap_or_default() + 10;
            later.push(end);
            prop_assert_eq!(admitted(RULE, &later).pop(), Some(end));
        }
    }
}
