//! The account, its clients, its projects and their environments.

pub mod actor;
pub mod agent;
pub mod agent_event;
pub mod agent_health;
pub mod agent_tests;
pub mod api_key;
pub mod channel;
pub mod credential;
pub mod email_address;
pub mod layout;
pub mod permission;
pub mod proof;
pub mod rules;

use crate::{
    Timestamp,
    account::agent_event::AgentEvent,
    chat::history::HistoryDays,
    connector::SealedSecrets,
    ids::{AccountId, ClientId, EnvironmentId, ProjectId},
    record::{Record, Repeatable},
    scope::ProjectScope,
};
use agent::{
    AgentTimeout, DeliveryDays, MaxInFlight, PreviousSigningSecret, previous_secrets_until,
    replace_signing_secret, secrets_that_sign,
};
use rules::AccountRules;
use std::collections::BTreeSet;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id of the account.
    pub id: AccountId,
    /// Name of the account.
    pub name: String,
    /// Rules about its members.
    pub rules: AccountRules,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Record for Account {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Repeated calls for an account can differ in the fields of its record only, so no request hash is needed.
impl Repeatable for Account {}

/// Channels that a client can have.
pub const CHANNELS_MAX: usize = 50;
/// Largest limit of a client's first replies, in minutes: a week.
pub const FIRST_REPLY_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Longest key of a channel.
pub const CHANNEL_KEY_MAX: usize = 40;

/// Whether a text is the key of a channel: 1 to [`CHANNEL_KEY_MAX`] of `a-z`, `0-9` and `_`.
#[must_use]
pub fn is_channel_key(text: &str) -> bool {
    (1..=CHANNEL_KEY_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
}

/// A customer or brand that the account serves. A default client exists from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Id of the client.
    pub id: ClientId,
    /// Name of the client.
    pub name: String,
    /// Keys of its channels: see [`is_channel_key`].
    pub channels: BTreeSet<String>,
    /// Minutes within which a person should get the first reply of a member (SPEC E37); `None` for no limit.
    pub first_reply_minutes: Option<u32>,
    /// Whether new connectors belong to it unless they name another one.
    pub is_default: bool,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Record for Client {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Client {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// One agent with its environments and connectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Account and id.
    pub scope: ProjectScope,
    /// Name of the project.
    pub name: String,
    /// The time for which messages are kept.
    pub history_days: HistoryDays,
    /// Time at which the project was archived, while it is: nothing comes in, and nothing in it changes.
    pub archived_at: Option<Timestamp>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Project {
    /// Id of the project.
    #[must_use]
    pub const fn id(&self) -> ProjectId {
        self.scope.project_id()
    }
}

/// The state of a project, as every call in it has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectState {
    /// There is none, or it was deleted.
    Absent,
    /// It is in use.
    Active,
    /// It is archived.
    Archived,
}

impl Record for Project {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Repeated calls for a project can differ in the fields of its record only, so no request hash is needed.
impl Repeatable for Project {}

/// Environments that a new project has.
pub const ENVIRONMENTS_DEFAULT: [&str; 3] = ["Development", "Staging", "Production"];

/// A stage of a project, with the agent that serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Id of the environment.
    pub id: EnvironmentId,
    /// Account and project.
    pub scope: ProjectScope,
    /// Name of the environment.
    pub name: String,
    /// Place in the list, from 0.
    pub position: u32,
    /// The agent, once its address is set (SPEC F01).
    pub agent: Option<AgentEndpoint>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Environment {
    /// The stage of an environment that has a name of its own.
    pub const OTHER_STAGE: &str = "other";

    /// The name, if it is one that new projects have; else [`Self::OTHER_STAGE`]. Metrics use it, since names are free.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        let mut known = ENVIRONMENTS_DEFAULT.into_iter();
        let stage = known.find(|stage| *stage == self.name);
        stage.unwrap_or(Self::OTHER_STAGE)
    }

    /// The context that the encryption of this environment's signing secret is bound to.
    #[must_use]
    pub fn secret_context(scope: ProjectScope, id: EnvironmentId) -> String {
        format!(
            "{}|{}|{id}|{}",
            scope.account_id(),
            scope.project_id(),
            AgentEndpoint::SIGNING_SECRET
        )
    }
}

impl Record for Environment {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Environment {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// The agent endpoint: the address that deliveries go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentEndpoint {
    /// An https address.
    pub endpoint: String,
    /// The key of the signature, under the field name [`AgentEndpoint::SIGNING_SECRET`].
    pub signing_secret: SealedSecrets,
    /// Replaced signing secrets, the latest first. Each signs until its time is over.
    pub previous_signing_secrets: Vec<PreviousSigningSecret>,
    /// Time within which the agent must answer.
    pub timeout: AgentTimeout,
    /// Number of calls that it may leave unanswered at the same time.
    pub max_in_flight: MaxInFlight,
    /// Days for which messages wait for it.
    pub delivery_days: DeliveryDays,
    /// The events that the agent gets besides new messages.
    pub events: BTreeSet<AgentEvent>,
}

impl AgentEndpoint {
    /// The field name of the signing secret.
    pub const SIGNING_SECRET: &str = "signing_secret";

    /// The secrets that sign a delivery at this time, the current one first.
    pub fn secrets_that_sign(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecrets> {
        secrets_that_sign(&self.signing_secret, &self.previous_signing_secrets, now)
    }

    /// Time until which a replaced secret signs too; `None` when none does.
    #[must_use]
    pub fn previous_secrets_until(&self, now: Timestamp) -> Option<Timestamp> {
        previous_secrets_until(&self.previous_signing_secrets, now)
    }

    /// Replaces the signing secret. The replaced one signs too, for
    /// [`PREVIOUS_SECRETS_KEPT`](crate::connector::PREVIOUS_SECRETS_KEPT).
    pub fn replace_signing_secret(&mut self, new: SealedSecrets, now: Timestamp) {
        replace_signing_secret(
            &mut self.signing_secret,
            &mut self.previous_signing_secrets,
            (new, Self::SIGNING_SECRET),
            now,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{account, at, environment, scope};
    use std::collections::BTreeMap;

    fn sealed(secret: &str) -> SealedSecrets {
        let field = AgentEndpoint::SIGNING_SECRET.to_owned();
        SealedSecrets {
            wrapped_key: "key".into(),
            fields: BTreeMap::from([(field, secret.to_owned())]),
        }
    }

    fn agent(secret: SealedSecrets) -> AgentEndpoint {
        AgentEndpoint {
            endpoint: "https://agent.example.com/".into(),
            signing_secret: secret,
            previous_signing_secrets: Vec::new(),
            timeout: AgentTimeout::default(),
            max_in_flight: MaxInFlight::default(),
            delivery_days: DeliveryDays::default(),
            events: BTreeSet::new(),
        }
    }

    /// The secrets that sign in this second.
    fn signing(agent: &AgentEndpoint, second: i64) -> Vec<&str> {
        agent
            .secrets_that_sign(at(second))
            .filter_map(|sealed| sealed.fields.get(AgentEndpoint::SIGNING_SECRET))
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn an_environment_with_a_name_of_its_own_is_of_another_stage() {
        let stage = |name: &str| {
            let environment = Environment {
                id: environment("e"),
                scope: scope(),
                name: name.to_owned(),
                position: 0,
                agent: None,
                request_hash: None,
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            };
            environment.stage()
        };
        for name in ENVIRONMENTS_DEFAULT {
            assert_eq!(stage(name), name);
        }
        assert_eq!(stage("Ada's own"), "other");
        assert_eq!(stage("production"), "other");
    }

    const DAY: i64 = 24 * 60 * 60;

    #[test]
    fn a_replaced_signing_secret_signs_for_24_hours_more() {
        let mut agent = agent(sealed("one"));
        assert_eq!(agent.previous_secrets_until(at(0)), None);
        agent.replace_signing_secret(sealed("two"), at(10));
        assert_eq!(signing(&agent, 10), ["two", "one"]);
        assert_eq!(signing(&agent, 9 + DAY), ["two", "one"]);
        assert_eq!(signing(&agent, 10 + DAY), ["two"]);
        let until = Some(at(10 + DAY));
        assert_eq!(agent.previous_secrets_until(at(9 + DAY)), until);
        assert_eq!(agent.previous_secrets_until(at(10 + DAY)), None);
    }

    #[test]
    fn secrets_replaced_in_one_day_all_sign_for_their_own_24_hours_up_to_three() {
        let mut agent = agent(sealed("one"));
        for (secret, second) in [("two", 10), ("three", 20), ("four", 30)] {
            agent.replace_signing_secret(sealed(secret), at(second));
        }
        assert_eq!(signing(&agent, 30), ["four", "three", "two", "one"]);
        assert_eq!(signing(&agent, 10 + DAY), ["four", "three", "two"]);
        assert_eq!(agent.previous_secrets_until(at(30)), Some(at(30 + DAY)));
        agent.replace_signing_secret(sealed("five"), at(40));
        assert_eq!(signing(&agent, 40), ["five", "four", "three", "two"]);
    }

    #[test]
    fn a_replaced_secret_whose_time_is_over_or_that_was_never_set_is_not_kept() {
        let mut agent = agent(SealedSecrets::default());
        agent.replace_signing_secret(sealed("one"), at(0));
        assert!(agent.previous_signing_secrets.is_empty());
        agent.replace_signing_secret(sealed("two"), at(0));
        agent.replace_signing_secret(sealed("three"), at(DAY));
        assert_eq!(agent.previous_signing_secrets.len(), 1);
        assert_eq!(signing(&agent, DAY), ["three", "two"]);
    }

    #[test]
    fn a_client_and_an_account_are_at_their_own_versions() {
        let client = Client {
            id: ClientId::derive(&["c"]),
            name: "Brand".into(),
            channels: BTreeSet::from(["sales".to_owned()]),
            first_reply_minutes: None,
            is_default: false,
            request_hash: Some("a1b2".into()),
            version: 3,
            created_at: at(0),
            updated_at: at(0),
        };
        assert_eq!(Record::version(&client), 3);
        assert_eq!(Repeatable::request_hash(&client), Some("a1b2"));
        let account = Account {
            version: 2,
            ..account("a")
        };
        assert_eq!(Record::version(&account), 2);
        assert_eq!(Repeatable::request_hash(&account), None);
    }

    #[test]
    fn a_channel_has_a_key_of_small_letters_digits_and_underscores() {
        let longest = "x".repeat(CHANNEL_KEY_MAX);
        for key in ["a", "sales_2", "_", &longest] {
            assert!(is_channel_key(key), "{key}");
        }
        let too_long = format!("{longest}x");
        for wrong in ["", "Sales", "a-b", "a b", "é", &too_long] {
            assert!(!is_channel_key(wrong), "{wrong}");
        }
    }

    fn project() -> Project {
        Project {
            scope: scope(),
            name: "Help desk".into(),
            history_days: HistoryDays::default(),
            archived_at: None,
            version: 7,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    #[test]
    fn a_project_is_at_its_own_version_with_and_without_what_was_computed_beside_it() {
        assert_eq!(project().id(), scope().project_id());
        assert_eq!(Record::version(&project()), 7);
        assert_eq!(Record::version(&(project(), 3_u64)), 7);
    }

    #[test]
    fn a_project_keeps_no_hash_of_the_call_that_created_it() {
        assert_eq!(Repeatable::request_hash(&project()), None);
    }

    #[test]
    fn an_environment_is_at_its_own_version_and_knows_the_call_that_created_it() {
        for request_hash in [None, Some("a1b2".to_owned())] {
            let environment = Environment {
                id: environment("e"),
                scope: scope(),
                name: "Staging".into(),
                position: 1,
                agent: None,
                request_hash: request_hash.clone(),
                version: 7,
                created_at: at(0),
                updated_at: at(0),
            };
            assert_eq!(Record::version(&environment), 7);
            assert_eq!(
                Repeatable::request_hash(&environment),
                request_hash.as_deref()
            );
        }
    }

    /// Another text would leave every stored secret closed.
    #[test]
    fn a_signing_secret_is_bound_to_its_account_project_and_environment() {
        let (scope, id) = (scope(), environment("e"));
        let expected = format!(
            "{}|{}|{id}|signing_secret",
            scope.account_id(),
            scope.project_id()
        );
        assert_eq!(Environment::secret_context(scope, id), expected);
    }
}
