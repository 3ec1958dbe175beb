use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    connector::{
        AfterApproval, Connector, ExistingUsers, Handler, NEW_REQUESTS_PER_MINUTE_DEFAULT, Policy,
        Provider, QueueNotice, RequestLimits, SealedSecrets, WebhookState,
    },
    ids::{ClientId, ConnectorId, EnvironmentId, TeamId},
    language::TextVariants,
    routing::demand::Skill,
};

/// A connector. Rows of the release before say nothing of who answers: the agent does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ConnectorItem {
    pk: String,
    sk: String,
    all_pk: String,
    all_sk: String,
    id: ConnectorId,
    pub(in crate::dynamo) scope: ProjectScope,
    environment_id: EnvironmentId,
    client_id: ClientId,
    name: String,
    provider: Provider,
    policy: Policy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onboarding_since: Option<Timestamp>,
    existing_users: ExistingUsers,
    #[serde(skip_serializing_if = "Option::is_none")]
    onboarding_message: Option<String>,
    #[serde(default, skip_serializing_if = "TextVariants::is_empty")]
    onboarding_messages: TextVariants,
    request_cooldown_seconds: u64,
    #[serde(default = "preapproves")]
    preapprove_known_users: bool,
    #[serde(default = "new_requests_per_minute")]
    new_requests_per_minute: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requests_expire_after_days: Option<u16>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_archived: bool,
    #[serde(default)]
    after_approval: AfterApproval,
    #[serde(default)]
    handler: Handler,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    team_id: Option<TeamId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    skills: BTreeSet<Skill>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shows_author: bool,
    #[serde(default, skip_serializing_if = "QueueNotice::is_empty")]
    queue_notice: QueueNotice,
    settings: BTreeMap<String, String>,
    secrets: SealedSecrets,
    #[serde(default)]
    webhook: WebhookState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    pub(in crate::dynamo) version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Rows of the release before lack the setting.
const fn preapproves() -> bool {
    true
}

/// Rows of the release before lack the limit.
const fn new_requests_per_minute() -> u16 {
    NEW_REQUESTS_PER_MINUTE_DEFAULT
}

impl From<&Connector> for ConnectorItem {
    fn from(connector: &Connector) -> Self {
        let key = keys::connector(connector.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: keys::connectors(connector.scope),
            all_sk: keys::by_creation(connector.created_at, connector.id),
            id: connector.id,
            scope: connector.scope,
            environment_id: connector.environment_id,
            client_id: connector.client_id,
            name: connector.name.clone(),
            provider: connector.provider.clone(),
            policy: connector.policy,
            environment_since: connector.environment_since,
            onboarding_since: connector.onboarding_since,
            existing_users: connector.existing_users,
            onboarding_message: connector.onboarding_message.clone(),
            onboarding_messages: connector.onboarding_messages.clone(),
            request_cooldown_seconds: connector.request_cooldown.as_secs(),
            preapprove_known_users: connector.preapprove_known_users,
            new_requests_per_minute: connector.request_limits.new_per_minute,
            requests_expire_after_days: connector.request_limits.expire_after_days,
            is_archived: connector.is_archived,
            after_approval: connector.after_approval.clone(),
            handler: connector.handler,
            team_id: connector.team_id,
            skills: connector.skills.clone(),
            shows_author: connector.shows_author,
            queue_notice: connector.queue_notice.clone(),
            settings: connector.settings.clone(),
            secrets: connector.secrets.clone(),
            webhook: connector.webhook,
            request_hash: connector.request_hash.clone(),
            version: connector.version,
            created_at: connector.created_at,
            updated_at: connector.updated_at,
        }
    }
}

impl From<ConnectorItem> for Connector {
    fn from(item: ConnectorItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            environment_id: item.environment_id,
            client_id: item.client_id,
            name: item.name,
            provider: item.provider,
            policy: item.policy,
            environment_since: item.environment_since,
            onboarding_since: item.onboarding_since,
            existing_users: item.existing_users,
            onboarding_message: item.onboarding_message,
            onboarding_messages: item.onboarding_messages,
            request_cooldown: Duration::from_secs(item.request_cooldown_seconds),
            preapprove_known_users: item.preapprove_known_users,
            request_limits: RequestLimits {
                new_per_minute: item.new_requests_per_minute,
                expire_after_days: item.requests_expire_after_days,
            },
            is_archived: item.is_archived,
            after_approval: item.after_approval,
            handler: item.handler,
            team_id: item.team_id,
            skills: item.skills,
            shows_author: item.shows_author,
            queue_notice: item.queue_notice,
            settings: item.settings,
            secrets: item.secrets,
            webhook: item.webhook,
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use std::collections::HashMap;
    use vestibule_domain::language::Language;

    fn connector() -> Connector {
        Connector {
            preapprove_known_users: false,
            request_limits: RequestLimits {
                new_per_minute: 5,
                expire_after_days: Some(30),
            },
            is_archived: true,
            ..vestibule_samples::connector(Provider::new("slack"))
        }
    }

    /// SPEC A51, B36, B37.
    #[test]
    fn limits_are_stored_and_a_row_without_them_has_the_default_ones() {
        let limited = connector();
        let row = to_row(&ConnectorItem::from(&limited)).unwrap();
        let read =
            |row| -> Connector { from_row::<ConnectorItem>(row, "connector").unwrap().into() };
        assert_eq!(read(row.clone()), limited);
        let mut old = row;
        for field in [
            "preapprove_known_users",
            "new_requests_per_minute",
            "requests_expire_after_days",
        ] {
            assert!(old.remove(field).is_some(), "{field}");
        }
        let default = Connector {
            preapprove_known_users: true,
            request_limits: RequestLimits::default(),
            ..limited
        };
        assert_eq!(read(old), default);
    }

    /// SPEC E36.
    #[test]
    fn who_answers_is_stored_and_a_row_that_does_not_say_it_is_answered_by_the_agent() {
        let answered_by_team = Connector {
            handler: Handler::Team,
            team_id: Some(TeamId::derive(&["t"])),
            skills: Skill::new("German").into_iter().collect(),
            shows_author: true,
            queue_notice: QueueNotice {
                text: Some("Please wait".to_owned()),
                ..QueueNotice::default()
            },
            ..connector()
        };
        let row = to_row(&ConnectorItem::from(&answered_by_team)).unwrap();
        let read =
            |row| -> Connector { from_row::<ConnectorItem>(row, "connector").unwrap().into() };
        assert_eq!(read(row.clone()), answered_by_team);
        let mut old = row;
        for field in [
            "handler",
            "team_id",
            "skills",
            "shows_author",
            "queue_notice",
        ] {
            assert!(old.remove(field).is_some(), "{field}");
        }
        assert_eq!(read(old), connector());
    }

    #[test]
    fn texts_by_language_are_stored_and_read_back() {
        let text = |tag: &str| (Language::parse(tag).unwrap(), format!("in {tag}"));
        let variants: TextVariants = [text("de"), text("pt-BR")].into_iter().collect();
        let row = to_row(&HashMap::from([("texts", &variants)])).unwrap();
        let read: HashMap<String, TextVariants> = from_row(row, "texts").unwrap();
        assert_eq!(read["texts"], variants);
    }
}
