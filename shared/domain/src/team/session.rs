//! Sessions: sign-ins of a login (SPEC D28).

use super::identity::IdentityHash;
use crate::{
    Timestamp,
    ids::{AccountId, LoginId, LoginMethodId, MemberId},
    text::clean_line,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Time without activity after which a session ends.
pub const SESSION_IDLE: Duration = Duration::from_hours(12);
/// Time after which a session ends in any case.
pub const SESSION_LIFE: Duration = Duration::from_hours(7 * 24);
/// Time for which a session may wait for its second factor.
pub const AWAITING_FACTOR_LIFE: Duration = Duration::from_mins(10);
/// Sessions of a login at the same time. The oldest ends when there would be more.
pub const SESSIONS_MAX: usize = 50;
/// Time between two notes of a session's activity.
pub const ACTIVITY_NOTED_EVERY: Duration = Duration::from_mins(5);
/// Time between two notes that a member was seen in an account.
pub const SEEN_NOTED_EVERY: Duration = Duration::from_hours(1);

/// A sign-in of a login. Its token is shown once; only its SHA-256 is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The login that is signed in.
    pub login_id: LoginId,
    /// SHA-256 of the token, lower-case hex.
    pub hash: String,
    /// The way of signing in.
    pub method: SignInMethod,
    /// The stage of the sign-in.
    pub stage: SessionStage,
    /// Time at which the second factor was given.
    pub factor_at: Option<Timestamp>,
    /// The device.
    pub device: Device,
    /// Time of the sign-in.
    pub created_at: Timestamp,
    /// Time at which the session ends in any case.
    pub expires_at: Timestamp,
    /// Time of the last activity, noted every [`ACTIVITY_NOTED_EVERY`].
    pub last_active_at: Timestamp,
    /// Whether the login had a second factor at the sign-in.
    pub has_factor: bool,
    /// Version of the login's record at the sign-in. A change that ends the sessions of earlier versions ends one
    /// with them whose opening is still on its way.
    pub login_version: u64,
    /// Members of the login whose use of the session was noted in the last [`SEEN_NOTED_EVERY`], with the time of
    /// the note. There is one in each account.
    pub seen: BTreeMap<MemberId, Timestamp>,
}

impl Session {
    /// Whether a use by this member at `now` needs no further note that they were seen.
    #[must_use]
    pub fn is_noted_as_seen(&self, member: MemberId, now: Timestamp) -> bool {
        let noted = self.seen.get(&member);
        noted.is_some_and(|at| now.since(*at) < SEEN_NOTED_EVERY)
    }

    /// The notes of members who were seen that still count at `now`.
    #[must_use]
    pub fn seen_lately(&self, now: Timestamp) -> BTreeMap<MemberId, Timestamp> {
        let mut lately = self.seen.clone();
        lately.retain(|id, _| self.is_noted_as_seen(*id, now));
        lately
    }

    /// Whether the session has not ended.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        let end = match self.stage {
            SessionStage::AwaitingFactor => self.created_at.plus(AWAITING_FACTOR_LIFE),
            SessionStage::Full => self.created_at.plus(SESSION_LIFE),
        };
        now < self.expires_at.min(end) && now < self.last_active_at.plus(SESSION_IDLE)
    }

    /// The identity at the provider that the session was opened through.
    #[must_use]
    pub const fn identity(&self) -> Option<&IdentityHash> {
        match &self.method {
            SignInMethod::Password => None,
            SignInMethod::Provider { identity, .. } => Some(identity),
        }
    }

    /// Whether the login signed in by what is its own. A provider is an account's.
    #[must_use]
    pub const fn is_own_sign_in(&self) -> bool {
        match self.method {
            SignInMethod::Password => true,
            SignInMethod::Provider { .. } => false,
        }
    }
}

/// The way of signing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignInMethod {
    /// The login's own password.
    Password,
    /// A provider that an account chose. It proves nothing beyond what accounts bound to its identity.
    Provider {
        /// The account.
        account_id: AccountId,
        /// The account's login method.
        method_id: LoginMethodId,
        /// The identity at the provider.
        identity: IdentityHash,
    },
}

/// The stage of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStage {
    /// The second factor is still to be given. The session opens nothing else, for 10 minutes.
    AwaitingFactor,
    /// The sign-in is complete.
    Full,
}

/// Longest stored user agent, in characters.
const USER_AGENT_MAX_CHARS: usize = 200;
/// Longest stored address, in characters: that of an IPv6 address with an embedded IPv4 one.
const ADDRESS_MAX_CHARS: usize = 45;

/// The device of a session, as it says of itself and as the gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Device {
    /// Its user agent, cleaned.
    pub user_agent: String,
    /// Its IP address.
    pub address: String,
}

impl Device {
    /// Cleans what is known of a device.
    #[must_use]
    pub fn new(user_agent: Option<&str>, address: Option<&str>) -> Self {
        let cleaned = |raw: Option<&str>, max| raw.and_then(|raw| clean_line(raw, max));
        Self {
            user_agent: cleaned(user_agent, USER_AGENT_MAX_CHARS).unwrap_or_default(),
            address: cleaned(address, ADDRESS_MAX_CHARS).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, session};

    const HOUR: i64 = 60 * 60;

    /// SPEC D28.
    #[test]
    fn a_session_ends_after_12_idle_hours_and_after_7_days_at_most() {
        let session = session("ana", 0);
        assert!(session.holds(at(12 * HOUR - 1)));
        assert!(!session.holds(at(12 * HOUR)));
        let active = Session {
            last_active_at: at(7 * 24 * HOUR - 1),
            ..session.clone()
        };
        assert!(active.holds(at(7 * 24 * HOUR - 1)));
        assert!(!active.holds(at(7 * 24 * HOUR)));
        let shorter = Session {
            expires_at: at(5),
            ..session.clone()
        };
        assert!(shorter.holds(at(4)));
        assert!(!shorter.holds(at(5)));
        // A row that says more does not make it longer.
        let longer = Session {
            expires_at: at(90 * 24 * HOUR),
            ..active
        };
        assert!(!longer.holds(at(7 * 24 * HOUR)));
    }

    /// SPEC D31.
    #[test]
    fn a_session_waits_for_its_second_factor_for_10_minutes() {
        let session = Session {
            stage: SessionStage::AwaitingFactor,
            ..session("ana", 0)
        };
        assert!(session.holds(at(599)));
        assert!(!session.holds(at(600)));
    }

    #[test]
    fn a_member_is_noted_as_seen_once_an_hour_in_each_account() {
        let [here, there] = ["here", "there"].map(|name| MemberId::derive(&[name]));
        let seen = BTreeMap::from([(here, at(0)), (there, at(60))]);
        let session = Session {
            seen: seen.clone(),
            ..session("ana", 0)
        };
        assert!(session.is_noted_as_seen(here, at(HOUR - 1)));
        assert!(!session.is_noted_as_seen(here, at(HOUR)));
        assert!(session.is_noted_as_seen(there, at(HOUR)));
        assert!(!session.is_noted_as_seen(MemberId::derive(&["else"]), at(0)));
        assert_eq!(session.seen_lately(at(HOUR - 1)), seen);
        let lately = BTreeMap::from([(there, at(60))]);
        assert_eq!(session.seen_lately(at(HOUR)), lately);
    }

    #[test]
    fn a_providers_sign_in_is_not_the_logins_own() {
        let own = session("ana", 0);
        assert!(own.is_own_sign_in());
        let method = SignInMethod::Provider {
            account_id: AccountId::derive(&["a"]),
            method_id: LoginMethodId::derive(&["m"]),
            identity: IdentityHash::oidc("https://idp.example", "1"),
        };
        let provided = Session {
            method: method.clone(),
            ..own
        };
        assert!(!provided.is_own_sign_in());
        let stored = serde_json::to_value(&method).unwrap();
        assert_eq!(stored["kind"], "provider");
        assert_eq!(
            serde_json::from_value::<SignInMethod>(stored).unwrap(),
            method
        );
        let stored = serde_json::json!({"kind": "password"});
        assert_eq!(
            serde_json::to_value(SignInMethod::Password).unwrap(),
            stored
        );
    }

    #[test]
    fn a_device_is_cleaned_and_cut() {
        let device = Device::new(
            Some(&format!("Mozilla\r\n\u{202E}{}", "x".repeat(500))),
            None,
        );
        assert_eq!(device.user_agent.chars().count(), 200);
        assert!(device.user_agent.starts_with("Mozilla x"));
        assert_eq!(device.address, "");
        let device = Device::new(None, Some("2001:db8::1"));
        assert_eq!(device.address, "2001:db8::1");
    }
}
