//! Twilio (PROVIDERS §5): the Messages API under `/twilio/2010-04-01`, inbound messages and status callbacks,
//! for SMS and WhatsApp.

mod account;
mod answers;
mod api;
mod inbound;
mod recorded;
mod signer;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use data_encoding::HEXLOWER;

use super::asked::{Answer, Asked};
use super::connectors::{Account, Connector};
use super::error::SimulatorError;
use super::event::{Event, WebhookAnswer};
use super::failures::Failure;
use super::fixtures;
use super::message::{Message, Place, Saying};
use super::people::{Person, PersonId};
use super::platform::Platform;
use super::shared::{FailedAttempt, Look, Replay, Shared, Signing, SimulatedPlatform};
use super::world::World;
use crate::crypto::sha256;
use crate::events::Fixture;
use crate::signed_request::SignedRequest;
use inbound::WHATSAPP;

pub use account::TwilioAccount;

/// Twilio.
#[derive(Debug)]
pub(super) struct Twilio;

impl SimulatedPlatform for Twilio {
    fn platform(&self) -> Platform {
        Platform::Twilio
    }

    fn look(&self) -> Look {
        let mut errors = [(400, "21211"), (400, "21408"), (401, "20003")]
            .map(|(status, code)| Failure::coded(status, code, &format!("{status} with {code}")))
            .to_vec();
        let undelivered = Failure::Undelivered { code: 30_003 };
        errors.push(("taken, then 30003".to_owned(), undelivered));
        Look {
            name: "Twilio",
            places: &[("im", "SMS"), ("whatsapp", "WhatsApp")],
            items: &[
                ("im", &["file"]),
                ("whatsapp", &["location", "choice", "file"]),
            ],
            methods: &["messages", "account"],
            errors,
            switches: &[
                ("stopped", "wrote STOP", "has_stopped"),
                (
                    "window_open",
                    "wrote by WhatsApp in the last 24 hours",
                    "window_is_open",
                ),
                ("blocked", "cannot be reached", "has_blocked"),
            ],
            controls: &["whatsapp_shows"],
            retries: &[],
            is_mrkdwn: false,
            colours: [["#8a2a6b", "#f09ad0"], ["#8a2a6b", "#85346b"]],
        }
    }

    fn router(&self) -> Router<Arc<Shared>> {
        api::router()
    }

    fn check(&self, account: &Account) -> Result<(), serde_json::Error> {
        account.check::<TwilioAccount>()
    }

    fn new_account(&self, number: usize) -> Account {
        Account::of(&TwilioAccount {
            account_sid: format!("AC{number:032x}"),
            phone_number: format!("+1415555{number:04}"),
            auth_token: format!("{number:032x}"),
        })
    }

    fn person_id(&self, _account: &Account, person: &Person) -> PersonId {
        PersonId::new("phone", &person.phone)
    }

    fn known_by(&self) -> &'static str {
        "phone"
    }

    /// An SMS carries no name.
    fn tells_name(&self, place: Place) -> bool {
        place == Place::WhatsApp
    }

    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError> {
        inbound::write(world, connector, &account(connector)?, saying)
    }

    fn replay(
        &self,
        world: &mut World,
        connector: &Connector,
        fixture: Fixture,
        replay: &Replay<'_>,
    ) -> Result<(String, Vec<u8>), SimulatorError> {
        let number = world.next_number();
        let own_id = replay.fresh.then_some(number);
        let body = recorded::adapted(&fixture, &account(connector)?, own_id);
        Ok((fixtures::event_id(number), body))
    }

    fn signed(
        &self,
        connector: &Connector,
        body: Vec<u8>,
        signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError> {
        let token = HEXLOWER.encode(&sha256(&[&body]));
        let account = account(connector)?;
        let request = signer::sign(&account.auth_token, signing.url, body);
        Ok(request.with_header("i-twilio-idempotency-token", &token))
    }

    fn proof_header(&self) -> &'static str {
        signer::SIGNATURE_HEADER
    }

    fn answer_limit(&self) -> Duration {
        Duration::from_secs(15)
    }

    /// Retries once, at once, if there was no connection; after a 5xx only if the URL has `#rp=5xx` (or
    /// `all`).
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        let status = failed.answer.map(|answer| answer.status);
        answers::retries(failed.url, status, failed.retries).then_some(Duration::ZERO)
    }

    fn wrong_answer(&self, answer: &WebhookAnswer) -> Option<String> {
        answers::wrong_answer(answer)
    }

    fn rate_limited(&self, _retry_after_secs: u64) -> Answer {
        api::error(StatusCode::TOO_MANY_REQUESTS, 20_429, "Too Many Requests")
    }

    fn error(&self, _asked: &Asked, status: StatusCode, code: &str, message: &str) -> Answer {
        api::error(status, code.parse().unwrap_or_default(), message)
    }

    fn place_of(&self, message: &Message) -> &'static str {
        if message.channel.starts_with(WHATSAPP) {
            "whatsapp"
        } else {
            "im"
        }
    }
}

fn account(connector: &Connector) -> Result<TwilioAccount, SimulatorError> {
    connector
        .account()
        .ok_or_else(|| SimulatorError::no_connector(connector.id()))
}
