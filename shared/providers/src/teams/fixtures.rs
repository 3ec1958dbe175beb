//! Fixtures shared by this provider's tests.

pub(super) use crate::testing::replied;

use super::{APP_ID, CLIENT_SECRET, TENANT_ID, key};
use crate::{outgoing::CallResult, testing};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vestibule_domain::{
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::Identity,
    connector::Connector,
    secret::Secret,
};

/// The app of the captured activities.
pub(super) const APP: &str = "c9e8c047-2a74-40a2-b28a-b162d5f5327c";
/// Their tenant.
pub(super) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// The person in them: the directory's id, and the id that this bot knows.
pub(super) const PERSON: &str = "7faf8ab2-3d56-4244-b585-20c8a42ed2b8";
pub(super) const MEMBER: &str =
    "29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85gQtHieVkKilBZ9XHoq9j7Zaqt7CZ-NJWi7me2kHTL3Bw";
/// Their personal conversation with the bot.
pub(super) const PERSONAL: &str = "a:17I0kl9EkpE1O9PH5TWrzrLNwnWWcfrU7QZjKR0WSfOpzbfcAg2IaydGElSo10tVr4C7Fc6GtieTJX663WuJCc1uA83n4CSrHSgGBj5XNYLcVlJAs2ZX8DbYBPck201w-";
/// A channel's thread, which everybody can read.
pub(super) const CHANNEL_THREAD: &str =
    "19:97641583cf154265a237da28ebbde27a@thread.tacv2;messageid=1759881511856";
pub(super) const SERVICE_URL: &str =
    "https://smba.trafficmanager.net/amer/72f988bf-86f1-41af-91ab-2d7cd011db47/";

pub(super) fn connector() -> Connector {
    testing::connector(key(), &[(APP_ID, APP), (TENANT_ID, TENANT)])
}

pub(super) fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([(CLIENT_SECRET.to_owned(), Secret::new("canary~secret"))])
}

pub(super) fn identity() -> Identity {
    Identity {
        provider: key(),
        platform_scope: TENANT.into(),
        identifier: PERSON.into(),
    }
}

/// A conversation as `parse` makes it.
pub(super) fn conversation(kind: ConversationKind, id: &str) -> ConversationRef {
    ConversationRef::new(connector().id, kind, id.into(), None)
        .answered_at(SERVICE_URL)
        .with_member(MEMBER)
}

/// A token with this name.
pub(super) fn token(name: &str) -> CallResult {
    let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": name});
    replied(200, &body.to_string())
}

/// A refusal of the Connector API.
pub(super) fn refused(status: u16, code: &str) -> CallResult {
    let body = json!({"error": {"code": code, "message": "canary"}});
    replied(status, &body.to_string())
}

/// Arbitrary JSON with fields of activities and answers here and there.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    testing::any_json(&[
        "type",
        "id",
        "text",
        "textFormat",
        "from",
        "recipient",
        "conversation",
        "channelData",
        "tenant",
        "tenantId",
        "conversationType",
        "entities",
        "mentioned",
        "attachments",
        "value",
        "contentUrl",
        "contentType",
        "content",
        "uniqueId",
        "name",
        "aadObjectId",
        "role",
        "timestamp",
        "error",
        "code",
        "access_token",
        "expires_in",
        "error_codes",
        "givenName",
    ])
}
