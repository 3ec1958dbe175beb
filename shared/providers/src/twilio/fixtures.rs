//! Fixtures shared by this provider's tests.

pub(super) use crate::testing::replied;

use super::{ACCOUNT_SID, AUTH_TOKEN, PHONE_NUMBER, WEBHOOK_URL, key};
use crate::{outgoing::CallResult, testing};
use serde_json::json;
use std::collections::BTreeMap;
use vestibule_domain::{connector::Connector, secret::Secret};

/// The account of all captured requests.
pub(super) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// The number that the captured requests were sent to.
pub(super) const NUMBER: &str = "+12028831111";
/// The address that they were sent to.
pub(super) const URL: &str = "https://api.example/webhooks/twilio/01J";

pub(super) fn connector() -> Connector {
    connector_at(URL)
}

/// The same connector, configured at Twilio with this address.
pub(super) fn connector_at(webhook_url: &str) -> Connector {
    testing::connector(
        key(),
        &[
            (ACCOUNT_SID, ACCOUNT),
            (PHONE_NUMBER, NUMBER),
            (WEBHOOK_URL, webhook_url),
        ],
    )
}

pub(super) fn secrets() -> BTreeMap<String, Secret> {
    BTreeMap::from([(AUTH_TOKEN.to_owned(), Secret::new("canary-auth-token"))])
}

/// A refusal in the shape that most of the API uses.
pub(super) fn refused(status: u16, code: u64) -> CallResult {
    let more_info = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({"code": code, "message": "No", "more_info": more_info, "status": status});
    replied(status, &body.to_string())
}
