//! Rules of an account about its members: their sign-in, and their absence.

use crate::ids::LoginMethodId;
use std::{collections::BTreeMap, time::Duration};

/// The longest time after which what an absent member has is requeued, in minutes: a week.
pub const REQUEUE_AFTER_MINUTES_MAX: u32 = 7 * 24 * 60;

/// Rules of an account about its members. Each call is checked against those about their sign-in (SPEC D28).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRules {
    /// Whether a second factor is required (SPEC D31).
    pub factor_required: bool,
    /// Whether a sign-in at one of the account's own providers counts as a second factor.
    pub provider_factor_counts: bool,
    /// Whether members sign in at a provider only.
    pub sso_only: bool,
    /// The login methods that are set up, each with its issuer if it is one of `OpenID` Connect.
    pub methods: BTreeMap<LoginMethodId, Option<String>>,
    /// Minutes after which the conversations of a member who stays away or offline wait again (SPEC E34); `None` for
    /// never.
    pub requeue_after_minutes: Option<u32>,
}

impl AccountRules {
    /// The time after which the conversations of an absent member wait again.
    #[must_use]
    pub fn requeue_after(&self) -> Option<Duration> {
        let minutes = self.requeue_after_minutes?;
        Some(Duration::from_mins(u64::from(minutes)))
    }
}

impl Default for AccountRules {
    fn default() -> Self {
        Self {
            factor_required: false,
            provider_factor_counts: true,
            sso_only: false,
            methods: BTreeMap::new(),
            requeue_after_minutes: None,
        }
    }
}
