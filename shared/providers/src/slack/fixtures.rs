//! Fixtures shared by this provider's tests.

pub(super) use crate::testing::replied;

use super::{API_APP_ID, BOT_TOKEN, TEAM_ID, key};
use crate::{outgoing::CallResult, testing};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vestibule_domain::{chat::message::Identity, connector::Connector, secret::Secret};

/// A connector of app `A123ABC456` in workspace `T123ABC456`.
pub(super) fn connector() -> Connector {
    connector_of("T123ABC456")
}

/// The same app, installed in this workspace or organisation.
pub(super) fn connector_of(team_id: &str) -> Connector {
    testing::connector(key(), &[(API_APP_ID, "A123ABC456"), (TEAM_ID, team_id)])
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

pub(super) fn refused(error: &str) -> CallResult {
    replied(200, &json!({"ok": false, "error": error}).to_string())
}

/// Arbitrary JSON with fields of Slack's here and there.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    testing::any_json(&[
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
        "is_bot",
        "hidden",
        "bot_id",
        "profile",
        "real_name",
        "image_512",
        "blocks",
        "elements",
        "user_id",
        "url",
        "attachments",
        "is_share",
        "message_blocks",
        "fallback",
        "title",
    ])
}
