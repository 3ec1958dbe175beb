//! Telegram (PROVIDERS §3): the Bot API under `/telegram/bot<token>/`, files under
//! `/telegram/file/bot<token>/`, and updates.

mod account;
mod api;
mod signer;
#[cfg(test)]
mod tests;
mod updates;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use serde_json::json;

use super::asked::{Answer, Asked};
use super::connectors::{Account, Connector};
use super::error::SimulatorError;
use super::event::{Event, WebhookAnswer};
use super::failures::Failure;
use super::fixtures;
use super::message::{Message, Saying};
use super::people::{Person, PersonId};
use super::platform::Platform;
use super::shared::{FailedAttempt, Look, Replay, Shared, Signing, SimulatedPlatform};
use super::world::World;
use crate::events::Fixture;
use crate::signed_request::SignedRequest;

pub use account::TelegramAccount;

/// The longest wait before a retry.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Age after which an update is no longer sent.
const KEEPS: Duration = Duration::from_hours(24);
/// Longest `Retry-After` that is obeyed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);

/// The kinds of item that people can send.
const EVERYTHING: &[&str] = &["location", "contact", "choice", "file"];

/// Telegram.
#[derive(Debug)]
pub(super) struct Telegram;

impl SimulatedPlatform for Telegram {
    fn platform(&self) -> Platform {
        Platform::Telegram
    }

    fn look(&self) -> Look {
        Look {
            name: "Telegram",
            places: &[("im", "Chat"), ("general", "Group")],
            items: &[("im", EVERYTHING), ("general", EVERYTHING)],
            methods: &[
                "sendMessage",
                "getUserProfilePhotos",
                "getFile",
                "setWebhook",
            ],
            errors: [
                (403, "Forbidden: user is deactivated"),
                (400, "Bad Request: chat not found"),
                (401, "Unauthorized"),
            ]
            .map(|(status, code)| Failure::coded(status, code, &format!("{status} {code}")))
            .to_vec(),
            switches: &[
                ("blocked", "has blocked the bot", "has_blocked"),
                ("started", "has started the bot", "has_started"),
            ],
            controls: &["upgrade_general"],
            retries: &[],
            is_mrkdwn: false,
            colours: [["#0b6fa4", "#6cc3f2"], ["#0b6fa4", "#17618a"]],
        }
    }

    fn router(&self) -> Router<Arc<Shared>> {
        api::router()
    }

    fn check(&self, account: &Account) -> Result<(), serde_json::Error> {
        account.check::<TelegramAccount>()
    }

    fn new_account(&self, number: usize) -> Account {
        Account::of(&TelegramAccount {
            bot_token: format!("{number:09}:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"),
            secret_token: format!("secret-token-of-the-bot-{number:022}"),
        })
    }

    fn person_id(&self, _account: &Account, person: &Person) -> PersonId {
        PersonId::new("telegram", &person.telegram_id.to_string())
    }

    fn known_by(&self) -> &'static str {
        "telegram_id"
    }

    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError> {
        Ok(updates::write(
            world,
            connector,
            &account(connector)?,
            saying,
        ))
    }

    fn replay(
        &self,
        world: &mut World,
        _connector: &Connector,
        fixture: Fixture,
        replay: &Replay<'_>,
    ) -> Result<(String, Vec<u8>), SimulatorError> {
        let number = world.next_number();
        let own_id = replay.fresh.then(|| ("/update_id", json!(number)));
        let body = fixtures::with(&fixture, own_id);
        Ok((fixtures::event_id(number), body))
    }

    fn signed(
        &self,
        connector: &Connector,
        body: Vec<u8>,
        _signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError> {
        let account = account(connector)?;
        let secret = connector.webhook_secret(&account.secret_token);
        Ok(signer::sign(secret, body))
    }

    fn proof_header(&self) -> &'static str {
        signer::SECRET_HEADER
    }

    fn answer_limit(&self) -> Duration {
        Duration::from_mins(1)
    }

    /// Retries after 1 s, doubling up to a minute, or after `Retry-After`, for a day. Later updates of the
    /// same chat wait.
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        if failed.age >= KEEPS {
            return None;
        }
        let asked_for = failed.answer.and_then(|answer| answer.retry_after_secs);
        Some(match asked_for {
            Some(secs) => Duration::from_secs(secs).min(LONGEST_RETRY_AFTER),
            None => failed.doubled(Duration::from_secs(1), LONGEST_WAIT),
        })
    }

    fn wrong_answer(&self, answer: &WebhookAnswer) -> Option<String> {
        let has_body = !answer.body.is_empty();
        has_body.then(|| {
            "a body in the answer: what is in it would be carried out as a call".to_owned()
        })
    }

    fn rate_limited(&self, retry_after_secs: u64) -> Answer {
        api::too_many_requests(retry_after_secs)
    }

    fn error(&self, _asked: &Asked, status: StatusCode, code: &str, _message: &str) -> Answer {
        api::error(status, code)
    }
}

fn account(connector: &Connector) -> Result<TelegramAccount, SimulatorError> {
    connector
        .account()
        .ok_or_else(|| SimulatorError::no_connector(connector.id()))
}
