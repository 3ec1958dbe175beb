//! Fixtures shared by this provider's tests.

pub(super) use crate::testing::replied;

use super::{BOT_TOKEN, PLATFORM_SCOPE, SECRET_TOKEN, key};
use crate::{outgoing::CallResult, testing};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vestibule_domain::{chat::message::Identity, connector::Connector, secret::Secret};

/// The bot's token. No log, `Debug` or reason may show its second half.
pub(super) const TOKEN: &str = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
pub(super) const TOKEN_SECRET: &str = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";

pub(super) fn connector() -> Connector {
    testing::connector(key(), &[])
}

pub(super) fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([
        (BOT_TOKEN.to_owned(), Secret::new(TOKEN)),
        (SECRET_TOKEN.to_owned(), Secret::new("canary_secret-token")),
    ])
}

pub(super) fn identity() -> Identity {
    Identity {
        provider: key(),
        platform_scope: PLATFORM_SCOPE.into(),
        identifier: "218485655".into(),
    }
}

/// The platform accepted the call.
pub(super) fn accepted(result: &Value) -> CallResult {
    replied(200, &json!({"ok": true, "result": result}).to_string())
}

/// The platform refused the call.
pub(super) fn refused(status: u16, description: &str) -> CallResult {
    let body = json!({"ok": false, "error_code": status, "description": description});
    replied(status, &body.to_string())
}

/// Arbitrary JSON with fields of Telegram's here and there.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    testing::any_json(&[
        "update_id",
        "message",
        "message_id",
        "message_thread_id",
        "is_topic_message",
        "from",
        "id",
        "is_bot",
        "first_name",
        "last_name",
        "username",
        "chat",
        "type",
        "date",
        "text",
        "caption",
        "photo",
        "document",
        "voice",
        "file_id",
        "file_name",
        "mime_type",
        "width",
        "height",
        "file_size",
        "photos",
        "total_count",
        "file_path",
        "sender_chat",
        "entities",
        "offset",
        "length",
        "user",
        "url",
        "location",
        "latitude",
        "contact",
        "vcard",
        "poll",
        "options",
        "media",
        "tasks",
        "rich_message",
        "blocks",
        "items",
        "cells",
        "forward_origin",
        "reply_to_message",
        "quote",
    ])
}
