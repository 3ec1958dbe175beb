//! Fixtures shared by the tests of all providers.

use crate::outgoing::{CallResult, HttpReply};
use proptest::prelude::*;
use serde_json::Value;
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    AccountScope, Timestamp,
    connector::{
        AfterApproval, Connector, ExistingUsers, Policy, Provider, SealedSecrets, WebhookState,
    },
    ids::{AccountId, ClientId, ConnectorId, EnvironmentId, ProjectId},
    language::TextVariants,
};

/// A connector with these settings.
pub(crate) fn connector(provider: Provider, settings: &[(&str, &str)]) -> Connector {
    let account = AccountScope::of_verified(AccountId::derive(&["a"]));
    Connector {
        id: ConnectorId::derive(&["c"]),
        scope: account.project(ProjectId::derive(&["p"])),
        environment_id: EnvironmentId::derive(&["e"]),
        client_id: ClientId::derive(&["cl"]),
        name: "Support".into(),
        provider,
        policy: Policy::OnBoarding,
        environment_since: None,
        onboarding_since: None,
        existing_users: ExistingUsers::Keep,
        onboarding_message: None,
        onboarding_messages: TextVariants::default(),
        request_cooldown: Duration::ZERO,
        after_approval: AfterApproval::default(),
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        secrets: SealedSecrets::default(),
        webhook: WebhookState::default(),
        request_hash: None,
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

/// An answer of the platform.
pub(crate) fn replied(status: u16, body: &str) -> CallResult {
    CallResult::Replied(HttpReply {
        status,
        retry_after: None,
        body: body.as_bytes().to_vec(),
    })
}

/// Arbitrary shallow JSON with strange values under these keys, where they matter.
pub(crate) fn any_json(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let key = move || {
        prop_oneof![
            proptest::sample::select(keys).prop_map(str::to_owned),
            any::<String>(),
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}
