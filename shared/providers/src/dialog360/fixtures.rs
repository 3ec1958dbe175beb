//! Fixtures shared by this provider's tests.

pub(super) use crate::testing::replied;

use super::{API_KEY, PHONE_NUMBER_ID, WEBHOOK_SECRET, key};
use crate::{outgoing::CallResult, testing};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vestibule_domain::{chat::message::Identity, connector::Connector, secret::Secret};

/// The connector's webhook secret.
pub(super) const SECRET: &str = "hK3canary-webhook-secret-of-43-characters-0";

/// A connector of the number with the id `1122334455667`.
pub(super) fn connector() -> Connector {
    testing::connector(key(), &[(PHONE_NUMBER_ID, "1122334455667")])
}

pub(super) fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([
        (API_KEY.to_owned(), Secret::new("canary-api-key_AK")),
        (WEBHOOK_SECRET.to_owned(), Secret::new(SECRET)),
    ])
}

pub(super) fn phone() -> Identity {
    Identity {
        provider: key(),
        platform_scope: "phone".into(),
        identifier: "+972987654321".into(),
    }
}

pub(super) fn bsuid() -> Identity {
    Identity {
        provider: key(),
        platform_scope: "whatsapp".into(),
        identifier: "US.13491208655302741918".into(),
    }
}

/// A refusal by Meta, with the status that 360dialog gives it.
pub(super) fn refused(status: u16, code: i64) -> CallResult {
    let error = json!({"error": {
        "message": format!("(#{code}) Something"), "type": "OAuthException", "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "canary details"},
        "fbtrace_id": "Aabc",
    }});
    replied(status, &error.to_string())
}

/// A refusal by 360dialog itself.
pub(super) fn refused_by_gateway(status: u16) -> CallResult {
    let error = json!({"meta": {
        "success": false, "http_code": status, "developer_message": "canary message",
        "360dialog_trace_id": "0af7651916cd43dd8448eb211c80319c",
    }});
    replied(status, &error.to_string())
}

/// Arbitrary JSON with fields of Meta's here and there.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    testing::any_json(&[
        "entry",
        "changes",
        "field",
        "value",
        "metadata",
        "phone_number_id",
        "contacts",
        "messages",
        "statuses",
        "errors",
        "wa_id",
        "user_id",
        "profile",
        "name",
        "from",
        "from_user_id",
        "id",
        "timestamp",
        "type",
        "text",
        "body",
        "image",
        "mime_type",
        "status",
        "recipient_id",
        "code",
        "context",
        "forwarded",
        "referral",
        "source_url",
        "location",
        "latitude",
        "phones",
        "phone",
        "order",
        "product_items",
        "interactive",
        "nfm_reply",
        "response_json",
        "reaction",
        "message_id",
    ])
}
