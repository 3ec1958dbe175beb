//! Connectors: one provider, one environment, one client, one policy (SPEC M01, A01–A20).

mod answering;
mod summary;

pub use answering::{Handler, QueueNotice};
pub use summary::{ConnectorSummary, ConnectorTest, TestOutcome};

use crate::{
    Timestamp,
    ids::{ClientId, ConnectorId, EnvironmentId, TeamId},
    language::{Language, TextVariants},
    record::{Record, Repeatable},
    routing::demand::Skill,
    scope::ProjectScope,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

/// The key of a chat provider, such as `slack`. The valid keys are known only to the crate that
/// implements the providers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Provider(String);

impl Provider {
    /// Makes a provider from its key.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// The key, as in addresses, records and logs.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The rule for access to the agent through a connector, spelled the same on the wire (SPEC A02–A04b).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Policy {
    /// Anybody on the platform.
    #[default]
    AllowAll,
    /// People whom an admin approved. For others, the onboarding message is sent and a request is made.
    OnBoarding,
    /// People in the directory. Others get no answer and no request is made.
    AllowList,
}

/// Secrets of a connector by field name, encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SealedSecrets {
    /// The data key of every field, itself encrypted by the key service; base64.
    pub wrapped_key: String,
    /// Nonce and ciphertext of each field; base64.
    pub fields: BTreeMap<String, String>,
}

/// The treatment of people who were seen before the policy was turned on (SPEC A42).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExistingUsers {
    /// Treat them as approved.
    #[default]
    Keep,
    /// Ask for approval, as for anybody else.
    RequireApproval,
}

/// State of the connector's webhook at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WebhookState {
    /// Time at which the platform accepted the current webhook address and secret. Absent until
    /// then, and where people enter the address by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_at: Option<Timestamp>,
    /// Time from which the replaced secret is refused. Absent when there is no replaced secret, and
    /// when one was set by hand: such a secret is accepted until it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secrets_until: Option<Timestamp>,
    /// Whether the secret was set before the identity that it is used for: the app, account or number
    /// was changed without it. Such a secret has no grace period when it is replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret_precedes_identity: bool,
}

impl WebhookState {
    /// Whether the replaced secret's time is over. Its last moment is the one before
    /// [`previous_secrets_until`](Self::previous_secrets_until).
    #[must_use]
    pub fn previous_has_lapsed(&self, now: Timestamp) -> bool {
        self.previous_secrets_until
            .is_some_and(|until| until <= now)
    }
}

/// Grace period for a replaced secret of the same identity: platforms repeat failed calls for about as
/// long.
pub const PREVIOUS_SECRETS_KEPT: Duration = Duration::from_hours(24);
/// The follow-up of an approval (SPEC A44).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalMode {
    /// Send the person an approval notice, privately.
    #[default]
    Notify,
    /// Hand the message that made the request to the agent.
    Replay,
    /// Send the approval notice, then hand the message to the agent.
    Both,
    /// Do nothing.
    Silent,
}

impl ApprovalMode {
    /// Whether an approval notice is sent.
    #[must_use]
    pub const fn notifies(self) -> bool {
        matches!(self, Self::Notify | Self::Both)
    }

    /// Whether the message that made the request is handed to the agent.
    #[must_use]
    pub const fn replays(self) -> bool {
        matches!(self, Self::Replay | Self::Both)
    }
}

/// A connector's settings for the follow-up of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AfterApproval {
    /// The actions.
    pub mode: ApprovalMode,
    /// Text of the approval notice; [`APPROVAL_NOTICE_DEFAULT`] when not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Variants of the notice by language (SPEC A52).
    #[serde(default, skip_serializing_if = "TextVariants::is_empty")]
    pub notices: TextVariants,
}

impl AfterApproval {
    /// Text of the approval notice for a person of this language.
    #[must_use]
    pub fn text(&self, language: Option<&Language>) -> &str {
        language
            .and_then(|language| self.notices.choose(language))
            .or(self.notice.as_deref())
            .unwrap_or(APPROVAL_NOTICE_DEFAULT)
    }
}

/// A connector's limits on access requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Number of new requests in a minute (SPEC B37), from [`NEW_REQUESTS_PER_MINUTE_MIN`] to
    /// [`NEW_REQUESTS_PER_MINUTE_MAX`].
    pub new_per_minute: u16,
    /// Days after which a pending request expires (SPEC B36), from [`REQUESTS_EXPIRE_AFTER_DAYS_MIN`] to
    /// [`REQUESTS_EXPIRE_AFTER_DAYS_MAX`]. Requests do not expire when this is not set.
    pub expire_after_days: Option<u16>,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            new_per_minute: NEW_REQUESTS_PER_MINUTE_DEFAULT,
            expire_after_days: None,
        }
    }
}

impl RequestLimits {
    /// Time at which a pending request of this time of creation expires (SPEC B36).
    #[must_use]
    pub fn expiry(&self, created_at: Timestamp) -> Option<Timestamp> {
        let days = self.expire_after_days?;
        Some(created_at.plus(Duration::from_hours(24 * u64::from(days))))
    }
}

/// One provider's way into one environment of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connector {
    /// Id of the connector, also part of its webhook address.
    pub id: ConnectorId,
    /// Account and project.
    pub scope: ProjectScope,
    /// The environment whose agent gets the messages.
    pub environment_id: EnvironmentId,
    /// The client that the agent serves here.
    pub client_id: ClientId,
    /// A name for people.
    pub name: String,
    /// The chat platform.
    pub provider: Provider,
    /// The rule for access.
    pub policy: Policy,
    /// Time at which the connector last moved to another environment, if it ever did.
    pub environment_since: Option<Timestamp>,
    /// Time at which the policy last became `OnBoarding`, while it still is.
    pub onboarding_since: Option<Timestamp>,
    /// The treatment of people who had been seen here by then.
    pub existing_users: ExistingUsers,
    /// The onboarding message. Required while the policy is `OnBoarding` (SPEC A16).
    pub onboarding_message: Option<String>,
    /// Variants of the onboarding message by language (SPEC A52).
    pub onboarding_messages: TextVariants,
    /// Time after a rejection until a message opens a new request (SPEC B25).
    pub request_cooldown: Duration,
    /// Whether a known person who holds the environment is approved without a request while the policy
    /// is `OnBoarding` (SPEC A51).
    pub preapprove_known_users: bool,
    /// Limits on access requests.
    pub request_limits: RequestLimits,
    /// Whether its project is archived: what comes in is acknowledged, and leaves nothing.
    pub is_archived: bool,
    /// The follow-up of an approval (SPEC A44).
    pub after_approval: AfterApproval,
    /// The side that answers its conversations (SPEC E36).
    pub handler: Handler,
    /// The team whose members answer its conversations, once people have them; any member when not set. A handoff
    /// may name another one.
    pub team_id: Option<TeamId>,
    /// The skills that its conversations ask of a member, beside those that a handoff names.
    pub skills: BTreeSet<Skill>,
    /// Whether a member's reply begins with their name.
    pub shows_author: bool,
    /// The text for a person who waits for a member.
    pub queue_notice: QueueNotice,
    /// The provider's public settings, such as `api_app_id`.
    pub settings: BTreeMap<String, String>,
    /// The provider's secrets, such as `signing_secret`.
    pub secrets: SealedSecrets,
    /// State of the webhook at the platform.
    pub webhook: WebhookState,
    /// A hash of the call that created the connector, under its `Idempotency-Key` if it had one.
    /// Only a repetition of the same call is answered with this connector.
    pub request_hash: Option<String>,
    /// Counts changes; an update names the version it was made from.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// Default time after a rejection until a message opens a new request (SPEC B25).
pub const REQUEST_COOLDOWN_DEFAULT: Duration = Duration::from_hours(24);
/// Longest cool-down that can be set.
pub const REQUEST_COOLDOWN_MAX: Duration = Duration::from_hours(24 * 365);

/// Default number of new requests in a minute (SPEC B37).
pub const NEW_REQUESTS_PER_MINUTE_DEFAULT: u16 = 60;
/// Least number of new requests in a minute that can be set.
pub const NEW_REQUESTS_PER_MINUTE_MIN: u16 = 1;
/// Largest number of new requests in a minute that can be set.
pub const NEW_REQUESTS_PER_MINUTE_MAX: u16 = 600;
/// Least number of days after which requests expire that can be set (SPEC B36).
pub const REQUESTS_EXPIRE_AFTER_DAYS_MIN: u16 = 1;
/// Largest number of days after which requests expire that can be set.
pub const REQUESTS_EXPIRE_AFTER_DAYS_MAX: u16 = 365;

/// Default onboarding message, offered when none is given (SPEC A16, A18–A20).
pub const ONBOARDING_MESSAGE_DEFAULT: &str = "Thanks for your message! Access to this assistant is by approval. \
Your request is with our team now; you can expect an answer within one working day, and there is nothing else you need to do. \
If it is urgent, please get in touch with your usual contact.";

/// Default text of the approval notice (SPEC A44).
pub const APPROVAL_NOTICE_DEFAULT: &str =
    "Good news: you have been approved. You can write to this assistant now.";

impl Record for Connector {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Connector {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

impl Connector {
    /// The context that the encryption of this connector's secrets is bound to (DESIGN §6). A
    /// ciphertext that was moved to another field or row does not open.
    #[must_use]
    pub fn secret_context(&self, field: &str) -> String {
        secret_context(self.scope, self.id, field)
    }

    /// The onboarding message for a person of this language. `None` if there is none at all.
    #[must_use]
    pub fn onboarding_text(&self, language: Option<&Language>) -> Option<&str> {
        language
            .and_then(|language| self.onboarding_messages.choose(language))
            .or(self.onboarding_message.as_deref())
    }

    /// Moves the connector to an environment. People who were let in openly before stay outside the new
    /// one (SPEC A41).
    pub fn move_to(&mut self, environment_id: EnvironmentId, now: Timestamp) {
        if self.environment_id != environment_id {
            self.environment_id = environment_id;
            self.environment_since = Some(now);
        }
    }

    /// Changes the policy. Turning `OnBoarding` on begins anew at `now`, and says what happens to people
    /// already seen here: `existing_users`, or its default (SPEC A42).
    ///
    /// # Errors
    ///
    /// `existing_users` was given and the policy is not `OnBoarding`. The policy is changed all the same.
    pub fn switch_policy(
        &mut self,
        policy: Policy,
        existing_users: Option<ExistingUsers>,
        now: Timestamp,
    ) -> Result<(), ExistingUsersWithoutOnboarding> {
        let before = std::mem::replace(&mut self.policy, policy);
        if policy != Policy::OnBoarding {
            self.onboarding_since = None;
            self.existing_users = ExistingUsers::default();
            return existing_users.map_or(Ok(()), |_| Err(ExistingUsersWithoutOnboarding));
        }
        if before == Policy::OnBoarding {
            self.existing_users = existing_users.unwrap_or(self.existing_users);
        } else {
            self.onboarding_since = Some(now);
            self.existing_users = existing_users.unwrap_or_default();
        }
        Ok(())
    }
}

/// The error of stating a treatment of existing users for a policy without approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("existing users can be decided on only while the policy is OnBoarding")]
pub struct ExistingUsersWithoutOnboarding;

/// See [`Connector::secret_context`].
#[must_use]
pub fn secret_context(scope: ProjectScope, connector_id: ConnectorId, field: &str) -> String {
    format!(
        "{}|{}|{connector_id}|{field}",
        scope.account_id(),
        scope.project_id()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, connector};

    #[test]
    fn a_connector_remembers_when_it_moved_and_staying_is_no_move() {
        let mut connector = connector();
        connector.move_to(connector.environment_id, at(3));
        assert_eq!(connector.environment_since, None);
        let other = EnvironmentId::derive(&["other"]);
        for (now, since) in [(4, 4), (5, 4)] {
            connector.move_to(other, at(now));
            assert_eq!(connector.environment_id, other);
            assert_eq!(connector.environment_since, Some(at(since)));
        }
    }

    #[test]
    fn a_connector_is_at_its_own_version_and_knows_the_call_that_created_it() {
        for request_hash in [None, Some("a1b2".to_owned())] {
            let connector = Connector {
                request_hash: request_hash.clone(),
                version: 7,
                ..connector()
            };
            assert_eq!(Record::version(&connector), 7);
            let hash = Repeatable::request_hash(&connector);
            assert_eq!(hash, request_hash.as_deref());
        }
    }

    #[test]
    fn a_provider_is_shown_by_its_key() {
        let provider = Provider::new("slack");
        assert_eq!(provider.key(), "slack");
        assert_eq!(provider.to_string(), "slack");
    }

    #[test]
    fn a_replaced_secret_lapses_at_its_very_instant_and_never_if_set_by_hand() {
        for (until, now, lapsed) in [
            (Some(10), 9, false),
            (Some(10), 10, true),
            (Some(10), 11, true),
            (None, 11, false),
        ] {
            let webhook = WebhookState {
                previous_secrets_until: until.map(at),
                ..WebhookState::default()
            };
            assert_eq!(webhook.previous_has_lapsed(at(now)), lapsed, "{now}");
        }
    }

    #[test]
    fn a_mode_says_whether_the_person_is_told_and_the_message_handed_over() {
        for (mode, notifies, replays) in [
            (ApprovalMode::Notify, true, false),
            (ApprovalMode::Replay, false, true),
            (ApprovalMode::Both, true, true),
            (ApprovalMode::Silent, false, false),
        ] {
            assert_eq!((mode.notifies(), mode.replays()), (notifies, replays));
        }
    }

    #[test]
    fn a_person_is_told_the_connectors_text_or_else_the_default() {
        let notice = |text: Option<&str>| AfterApproval {
            notice: text.map(Into::into),
            notices: german("Willkommen"),
            ..AfterApproval::default()
        };
        let (german, french) = (Language::parse("de-AT"), Language::parse("fr"));
        for (text, language, told) in [
            (Some("Welcome"), None, "Welcome"),
            (Some("Welcome"), french.as_ref(), "Welcome"),
            (Some("Welcome"), german.as_ref(), "Willkommen"),
            (None, german.as_ref(), "Willkommen"),
            (None, french.as_ref(), APPROVAL_NOTICE_DEFAULT),
            (None, None, APPROVAL_NOTICE_DEFAULT),
        ] {
            assert_eq!(notice(text).text(language), told);
        }
    }

    fn german(text: &str) -> TextVariants {
        let german = Language::parse("de").map(|german| (german, text.to_owned()));
        german.into_iter().collect()
    }

    #[test]
    fn the_onboarding_message_is_in_the_persons_language_or_the_default() {
        let connector = Connector {
            onboarding_message: Some("Wait".to_owned()),
            onboarding_messages: german("Warten"),
            ..connector()
        };
        let (german, french) = (Language::parse("de-AT"), Language::parse("fr"));
        assert_eq!(connector.onboarding_text(german.as_ref()), Some("Warten"));
        assert_eq!(connector.onboarding_text(french.as_ref()), Some("Wait"));
        assert_eq!(connector.onboarding_text(None), Some("Wait"));
        let without_default = Connector {
            onboarding_message: None,
            ..connector
        };
        assert_eq!(
            without_default.onboarding_text(german.as_ref()),
            Some("Warten")
        );
        assert_eq!(without_default.onboarding_text(None), None);
    }

    /// The release before wrote rows without variants.
    #[test]
    fn stored_settings_of_an_approval_may_lack_variants() {
        let stored = serde_json::json!({"mode": "both", "notice": "Welcome"});
        let read: AfterApproval = serde_json::from_value(stored.clone()).unwrap();
        assert!(read.notices.is_empty());
        assert_eq!(serde_json::to_value(read).unwrap(), stored);
    }

    /// SPEC B36.
    #[test]
    fn a_request_expires_whole_days_after_it_was_made_or_never() {
        for (days, expiry) in [
            (None, None),
            (Some(1), Some(86_407)),
            (Some(365), Some(31_536_007)),
        ] {
            let limits = RequestLimits {
                expire_after_days: days,
                ..RequestLimits::default()
            };
            assert_eq!(limits.expiry(at(7)), expiry.map(at), "{days:?}");
        }
    }

    /// A changed context would make every stored secret unreadable.
    #[test]
    fn a_secret_is_bound_to_its_account_project_connector_and_field() {
        let connector = connector();
        let expected = format!(
            "{}|{}|{}|token",
            connector.scope.account_id(),
            connector.scope.project_id(),
            connector.id
        );
        assert_eq!(connector.secret_context("token"), expected);
        assert_eq!(
            secret_context(connector.scope, connector.id, "token"),
            expected
        );
    }

    #[test]
    fn a_cool_down_lasts_a_year_at_most() {
        assert_eq!(REQUEST_COOLDOWN_MAX.as_secs(), 365 * 86_400);
    }

    fn policy(policy: Policy, existing_users: ExistingUsers) -> Connector {
        Connector {
            policy,
            existing_users,
            onboarding_since: (policy == Policy::OnBoarding).then(|| at(1)),
            ..connector()
        }
    }

    #[test]
    fn turning_onboarding_on_begins_anew_and_keeping_it_on_does_not() {
        use ExistingUsers::{Keep, RequireApproval};
        use Policy::{AllowAll, AllowList, OnBoarding};
        for (before, were, after, given, since, are) in [
            (AllowAll, Keep, OnBoarding, None, Some(9), Keep),
            (
                AllowList,
                Keep,
                OnBoarding,
                Some(RequireApproval),
                Some(9),
                RequireApproval,
            ),
            (
                OnBoarding,
                RequireApproval,
                OnBoarding,
                None,
                Some(1),
                RequireApproval,
            ),
            (
                OnBoarding,
                RequireApproval,
                OnBoarding,
                Some(Keep),
                Some(1),
                Keep,
            ),
            (OnBoarding, RequireApproval, AllowAll, None, None, Keep),
            (OnBoarding, RequireApproval, AllowList, None, None, Keep),
        ] {
            let mut connector = policy(before, were);
            assert_eq!(connector.switch_policy(after, given, at(9)), Ok(()));
            assert_eq!(connector.policy, after);
            assert_eq!(
                connector.onboarding_since,
                since.map(at),
                "{before:?} to {after:?}"
            );
            assert_eq!(connector.existing_users, are, "{before:?} to {after:?}");
        }
    }

    #[test]
    fn existing_users_are_decided_on_only_where_approval_is_asked_for() {
        for after in [Policy::AllowAll, Policy::AllowList] {
            let mut connector = policy(Policy::OnBoarding, ExistingUsers::Keep);
            let given = Some(ExistingUsers::RequireApproval);
            assert_eq!(
                connector.switch_policy(after, given, at(9)),
                Err(ExistingUsersWithoutOnboarding)
            );
            assert_eq!(connector.existing_users, ExistingUsers::Keep);
        }
    }
}
