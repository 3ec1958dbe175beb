//! Records with ordinary values, for the tests of several crates: a test names the fields that it is about, and takes
//! the others from here. Nothing of it is deployed.
//!
//! The domain's own tests cannot use it, since it is built on the domain: they have samples of their own.

use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    AccountScope, Timestamp,
    connector::{
        AfterApproval, Connector, ExistingUsers, Handler, Policy, Provider, QueueNotice,
        RequestLimits, SealedSecrets, WebhookState,
    },
    event::subscription::{EventFilter, Subscription},
    ids::{AccountId, ClientId, ConnectorId, EnvironmentId, ProjectId, SubscriptionId},
    language::TextVariants,
};

fn account() -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&["a"]))
}

/// A connector that lets everybody in and has neither settings nor secrets.
#[must_use]
pub fn connector(provider: Provider) -> Connector {
    Connector {
        id: ConnectorId::derive(&["c"]),
        scope: account().project(ProjectId::derive(&["p"])),
        environment_id: EnvironmentId::derive(&["e"]),
        client_id: ClientId::derive(&["cl"]),
        name: "Support".to_owned(),
        provider,
        policy: Policy::AllowAll,
        environment_since: None,
        onboarding_since: None,
        existing_users: ExistingUsers::Keep,
        onboarding_message: None,
        onboarding_messages: TextVariants::default(),
        request_cooldown: Duration::ZERO,
        preapprove_known_users: true,
        request_limits: RequestLimits::default(),
        is_archived: false,
        after_approval: AfterApproval::default(),
        handler: Handler::default(),
        team_id: None,
        skills: [].into(),
        shows_author: false,
        queue_notice: QueueNotice::default(),
        settings: BTreeMap::new(),
        secrets: SealedSecrets::default(),
        webhook: WebhookState::default(),
        request_hash: None,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

/// A subscription to all events of the account.
#[must_use]
pub fn subscription() -> Subscription {
    Subscription {
        id: SubscriptionId::derive(&["s"]),
        scope: account(),
        name: "CRM".to_owned(),
        url: "https://crm.example.com/events".to_owned(),
        events: EventFilter::All,
        project_id: None,
        signing_secret: SealedSecrets::default(),
        previous_signing_secrets: Vec::new(),
        request_hash: None,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}
