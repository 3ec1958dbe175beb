//! Slack (PROVIDERS §1): its Web API under `/slack/api`, files under `/slack-files`, and its events.

mod account;
mod api;
mod checks;
mod files;
mod in_process;
#[cfg(test)]
mod tests;
mod workspace;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;
use serde_json::{Map, Value, json};

use super::asked::{Answer, Asked};
use super::connectors::{Account, Connector};
use super::error::SimulatorError;
use super::event::Event;
use super::failures::Failure;
use super::message::{Message, Saying};
use super::people::{Person, PersonId};
use super::platform::Platform;
use super::shared::{FailedAttempt, Look, Replay, Shared, Signing, SimulatedPlatform};
use super::world::World;
use crate::events::Fixture;
use crate::signed_request::SignedRequest;
use crate::slack_signer::{SIGNATURE_HEADER, as_retry, sign};
use account::App;
use workspace::general_channel;

pub use account::SlackAccount;

/// Slack's time limit for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Slack's delay before each retry.
const RETRY_AFTER: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_mins(1),
    Duration::from_mins(5),
];

/// Slack.
#[derive(Debug)]
pub(super) struct Slack;

impl SimulatedPlatform for Slack {
    fn platform(&self) -> Platform {
        Platform::Slack
    }

    fn look(&self) -> Look {
        let error = |error: &str| {
            let failure = Failure::Error {
                error: error.to_owned(),
            };
            (error.to_owned(), failure)
        };
        Look {
            name: "Slack",
            places: &[("im", "Direct"), ("general", "#general")],
            items: &[("im", &["file"]), ("general", &["file"])],
            methods: &[
                "chat.postMessage",
                "chat.postEphemeral",
                "conversations.open",
                "users.info",
            ],
            errors: ["account_inactive", "channel_not_found", "internal_error"]
                .map(error)
                .to_vec(),
            switches: &[],
            controls: &[],
            retries: &["", "at once", "in 1 minute", "in 5 minutes"],
            is_mrkdwn: true,
            colours: [["#3f4bd8", "#8f9bff"], ["#3f4bd8", "#4550c9"]],
        }
    }

    fn router(&self) -> Router<Arc<Shared>> {
        Router::new()
            .route("/slack/api/{method}", any(api::handle))
            .route("/slack-files/files-pri/{id}/{name}", any(files::handle))
    }

    fn check(&self, account: &Account) -> Result<(), serde_json::Error> {
        account.check::<SlackAccount>()
    }

    fn new_account(&self, number: usize) -> Account {
        Account::of(&SlackAccount {
            api_app_id: format!("A{number}"),
            team_id: "T1".to_owned(),
            signing_secret: format!("signing-secret-{number}"),
            bot_token: format!("xoxb-token-of-app-{number}"),
            ..SlackAccount::default()
        })
    }

    fn person_id(&self, account: &Account, person: &Person) -> PersonId {
        PersonId::new(account.text("team_id"), &person.id)
    }

    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError> {
        Ok(writing::write(world, &app(connector)?, saying))
    }

    fn replay(
        &self,
        world: &mut World,
        connector: &Connector,
        fixture: Fixture,
        replay: &Replay<'_>,
    ) -> Result<(String, Vec<u8>), SimulatorError> {
        Ok(writing::replay(world, &app(connector)?, fixture, replay))
    }

    fn signed(
        &self,
        connector: &Connector,
        body: Vec<u8>,
        signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError> {
        let app = app(connector)?;
        let request = sign(&app.account.signing_secret, signing.now_secs, body);
        Ok(match signing.retry {
            Some((number, reason)) => as_retry(request, number, reason),
            None => request,
        })
    }

    fn proof_header(&self) -> &'static str {
        SIGNATURE_HEADER
    }

    fn answer_limit(&self) -> Duration {
        ANSWER_LIMIT
    }

    /// Retries at once, then after 1 and 5 minutes. `X-Slack-No-Retry` needs an answer, so it has no effect
    /// on a time-out.
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        if failed.answer.is_some_and(|answer| answer.no_retry) {
            return None;
        }
        RETRY_AFTER.get(failed.retries).copied()
    }

    /// Applies to the two events of a mention.
    fn sends_at_once(&self) -> bool {
        true
    }

    fn rate_limited(&self, _retry_after_secs: u64) -> Answer {
        api::error(StatusCode::TOO_MANY_REQUESTS, "ratelimited")
    }

    fn error(&self, _asked: &Asked, status: StatusCode, code: &str, _message: &str) -> Answer {
        api::error(status, code)
    }

    fn named_error(&self, _asked: &Asked, error: &str) -> Answer {
        api::error(StatusCode::OK, error)
    }

    fn facts(&self, connector: &Connector) -> Map<String, Value> {
        let Some(app) = App::of(connector) else {
            return Map::new();
        };
        let facts = [
            ("api_app_id", app.install.api_app_id),
            ("team_id", app.install.team_id),
            ("bot_user_id", app.install.bot_user_id),
            ("general_channel", general_channel(&app.connector_id)),
        ];
        facts
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect()
    }
}

fn app(connector: &Connector) -> Result<App, SimulatorError> {
    App::of(connector).ok_or_else(|| SimulatorError::no_connector(connector.id()))
}
