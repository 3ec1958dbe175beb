//! stub
use super::api::Answer;
use super::connectors::{Connector, TeamsAccount};
use super::delivery::Event;
use super::world::{Message, World};
use super::{Saying, Shared, SimulatorError};
use crate::signed_request::SignedRequest;
use axum::http::StatusCode;
#[derive(Clone, Debug)]
pub(super) struct Token;
pub(super) fn router() -> axum::Router<std::sync::Arc<Shared>> {
    axum::Router::new()
}
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::refused(
        status,
        serde_json::json!({"code": code, "message": message}),
    )
}
pub(super) fn signed(
    _: &TeamsAccount,
    _: &str,
    _: i64,
    _: Vec<u8>,
) -> Result<SignedRequest, SimulatorError> {
    Err(SimulatorError(String::new()))
}
pub(super) fn write(
    _: &mut World,
    _: &Connector,
    _: &TeamsAccount,
    _: &Saying<'_>,
) -> (Message, Vec<Event>) {
    unreachable!()
}
