//! stub
use super::api::Answer;
use super::connectors::{Connector, TwilioAccount};
use super::delivery::{Event, WebhookAnswer};
use super::world::{Message, World};
use super::{Saying, Shared, SimulatorError};
use crate::signed_request::SignedRequest;
use axum::http::StatusCode;
pub(super) fn router() -> axum::Router<std::sync::Arc<Shared>> {
    axum::Router::new()
}
pub(super) fn error(status: StatusCode, code: i64, message: &str) -> Answer {
    Answer::refused(
        status,
        serde_json::json!({"code": code, "message": message}),
    )
}
pub(super) fn retries(_url: &str, _status: Option<u16>, _retries: usize) -> bool {
    false
}
pub(super) fn wrong_answer(_answer: &WebhookAnswer) -> Option<String> {
    None
}
pub(super) fn signed(account: &TwilioAccount, url: &str, body: Vec<u8>) -> SignedRequest {
    crate::twilio_signer::sign(&account.auth_token, url, body)
}
pub(super) fn write(
    _: &mut World,
    _: &Connector,
    _: &TwilioAccount,
    _: &Saying<'_>,
) -> Result<(Message, Vec<Event>), SimulatorError> {
    Err(SimulatorError(String::new()))
}
