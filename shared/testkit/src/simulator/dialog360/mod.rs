//! 360dialog (PROVIDERS §4): the WhatsApp API under `/360dialog`, with messages and statuses in Meta's form.

mod account;
mod api;
mod notifications;
mod signer;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use serde_json::json;

use super::asked::{Answer, Asked};
use super::connectors::{Account, Connector};
use super::error::SimulatorError;
use super::event::Event;
use super::failures::Failure;
use super::fixtures;
use super::message::{Message, Saying};
use super::people::{Person, PersonId};
use super::platform::Platform;
use super::shared::{FailedAttempt, Look, Replay, Shared, Signing, SimulatedPlatform};
use super::world::World;
use crate::events::Fixture;
use crate::signed_request::SignedRequest;

pub use account::Dialog360Account;

/// The longest wait before a retry.
const LONGEST_WAIT: Duration = Duration::from_hours(1);
/// Age after which an event is no longer sent.
const KEEPS: Duration = Duration::from_hours(7 * 24);

/// 360dialog.
#[derive(Debug)]
pub(super) struct Dialog360;

impl SimulatedPlatform for Dialog360 {
    fn platform(&self) -> Platform {
        Platform::Dialog360
    }

    fn look(&self) -> Look {
        let mut errors = [
            (403, "130429"),
            (400, "131056"),
            (400, "131030"),
            (401, "190"),
        ]
        .map(|(status, code)| Failure::coded(status, code, &format!("{status} with {code}")))
        .to_vec();
        let undelivered = Failure::Undelivered { code: 131_026 };
        errors.push(("taken, then 131026".to_owned(), undelivered));
        Look {
            name: "WhatsApp",
            places: &[("im", "WhatsApp")],
            items: &[("im", &["location", "contact", "choice", "file"])],
            methods: &["messages", "configs/webhook"],
            errors,
            switches: &[
                (
                    "window_open",
                    "wrote in the last 24 hours",
                    "window_is_open",
                ),
                ("blocked", "cannot be reached", "has_blocked"),
            ],
            controls: &["whatsapp_shows"],
            retries: &[],
            is_mrkdwn: false,
            colours: [["#0a7360", "#5fd3b9"], ["#0a7360", "#14695a"]],
        }
    }

    fn router(&self) -> Router<Arc<Shared>> {
        api::router()
    }

    fn check(&self, account: &Account) -> Result<(), serde_json::Error> {
        account.check::<Dialog360Account>()
    }

    fn new_account(&self, number: usize) -> Account {
        Account::of(&Dialog360Account {
            phone_number_id: format!("{number:015}"),
            api_key: format!("api-key-of-the-number-{number}"),
            webhook_secret: format!("webhook-secret-of-the-number-{number:032}"),
        })
    }

    /// The business-scoped id, which lasts, unless WhatsApp tells the phone number alone.
    fn person_id(&self, _account: &Account, person: &Person) -> PersonId {
        if person.whatsapp_shows.bsuid() {
            PersonId::new("whatsapp", &person.bsuid)
        } else {
            PersonId::new("phone", &person.phone)
        }
    }

    fn known_by(&self) -> &'static str {
        "phone"
    }

    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError> {
        notifications::write(world, connector, &account(connector)?, saying)
    }

    fn replay(
        &self,
        world: &mut World,
        connector: &Connector,
        fixture: Fixture,
        replay: &Replay<'_>,
    ) -> Result<(String, Vec<u8>), SimulatorError> {
        let number = world.next_number();
        let account = account(connector)?;
        let id = json!(account.phone_number_id);
        let mut changes = vec![("/entry/0/changes/0/value/metadata/phone_number_id", id)];
        if replay.fresh {
            let id = json!(format!("wamid.fixture{number}"));
            changes.push(("/entry/0/changes/0/value/messages/0/id", id));
        }
        Ok((
            fixtures::event_id(number),
            fixtures::with(&fixture, changes),
        ))
    }

    fn signed(
        &self,
        connector: &Connector,
        body: Vec<u8>,
        _signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError> {
        let configured = format!("Bearer {}", account(connector)?.webhook_secret);
        let secret = connector.webhook_secret(&configured);
        Ok(signer::sign(secret, body))
    }

    fn proof_header(&self) -> &'static str {
        signer::AUTHORIZATION_HEADER
    }

    fn answer_limit(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// After 5 s, doubling up to an hour, for 7 days. Only the 7 days are documented.
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        let is_kept = failed.age < KEEPS;
        is_kept.then(|| failed.doubled(Duration::from_secs(5), LONGEST_WAIT))
    }

    fn rate_limited(&self, _retry_after_secs: u64) -> Answer {
        api::error(StatusCode::TOO_MANY_REQUESTS, 130_429, "Rate limit hit")
    }

    /// A numeric code is Meta's; any other is the gateway's own.
    fn error(&self, _asked: &Asked, status: StatusCode, code: &str, message: &str) -> Answer {
        match code.parse() {
            Ok(number) => api::error(status, number, message),
            Err(_) => api::gateway_error(status, code),
        }
    }
}

fn account(connector: &Connector) -> Result<Dialog360Account, SimulatorError> {
    connector
        .account()
        .ok_or_else(|| SimulatorError::no_connector(connector.id()))
}
