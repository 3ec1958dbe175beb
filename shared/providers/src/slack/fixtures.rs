//! What the tests of this provider share.

use super::{API_APP_ID, BOT_TOKEN, TEAM_ID, key};
use crate::outgoing::{CallResult, HttpReply};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use vestibule_domain::{
    AccountScope, Timestamp,
    connector::{Connector, ExistingUsers, Policy, SealedSecrets},
    ids::{AccountId, ClientId, ConnectorId, EnvironmentId, ProjectId},
    message::Identity,
    secret::Secret,
};

/// A connector of app `A123ABC456` in workspace `T123ABC456`.
pub(super) fn connector() -> Connector {
    connector_of("T123ABC456")
}

/// The same app, installed in this workspace or organisation.
pub(super) fn connector_of(team_id: &str) -> Connector {
    let account = AccountScope::of_verified(AccountId::derive(&["a"]));
    Connector {
        id: ConnectorId::derive(&["c"]),
        scope: account.project(ProjectId::derive(&["p"])),
        environment_id: EnvironmentId::derive(&["e"]),
        client_id: ClientId::derive(&["cl"]),
        name: "Support".into(),
        provider: key(),
        policy: Policy::OnBoarding,
        onboarding_since: None,
        existing_users: ExistingUsers::Keep,
        onboarding_message: None,
        request_cooldown: Duration::ZERO,
        settings: BTreeMap::from([
            (API_APP_ID.to_owned(), "A123ABC456".to_owned()),
            (TEAM_ID.to_owned(), team_id.to_owned()),
        ]),
        secrets: SealedSecrets::default(),
        version: 1,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
    }
}

pub(super) fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([(BOT_TOKEN.to_owned(), Secret::new("xoxb-canary-token"))])
}

pub(super) fn identity() -> Identity {
    Identity {
        provider: key(),
        platform_scope: "T123ABC456".into(),
        identifier: "U123ABC456".into(),
    }
}

pub(super) fn replied(status: u16, body: &str) -> CallResult {
    CallResult::Replied(HttpReply {
        status,
        retry_after: None,
        body: body.as_bytes().to_vec(),
    })
}

pub(super) fn refused(error: &str) -> CallResult {
    replied(200, &json!({"ok": false, "error": error}).to_string())
}

/// Any JSON, not deep.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((known_key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Keys that we look at, so that strange values stand where it matters.
fn known_key() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "type",
            "event",
            "subtype",
            "user",
            "channel",
            "channel_type",
            "ts",
            "thread_ts",
            "text",
            "files",
            "id",
            "name",
            "mimetype",
            "url_private",
            "authorizations",
            "team_id",
            "user_id",
            "is_bot",
            "hidden",
            "bot_id",
            "profile",
            "real_name",
            "image_512",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}
