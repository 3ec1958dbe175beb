//! Teams (PROVIDERS §2): the connector service under `/teams`, tokens under `/microsoft-login`, photos under
//! `/graph/v1.0`, signing keys under `/botframework`, and activities.

mod account;
mod activities;
mod api;
mod errors;
mod ids;
mod signer;
#[cfg(test)]
mod tests;
mod tokens;

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

pub use account::TeamsAccount;

/// Teams' delay before each retry.
const RETRY_AFTER: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Teams.
#[derive(Debug)]
pub(super) struct Teams;

impl SimulatedPlatform for Teams {
    fn platform(&self) -> Platform {
        Platform::Teams
    }

    fn look(&self) -> Look {
        Look {
            name: "Teams",
            places: &[("im", "Chat"), ("general", "General")],
            items: &[("im", &["choice", "file"]), ("general", &["choice"])],
            methods: &[
                "activities",
                "conversations.create",
                "members",
                "token",
                "photo",
            ],
            errors: [
                (412, "PreconditionFailed"),
                (403, "BotDisabledByAdmin"),
                (404, "ConversationNotFound"),
                (500, "ServiceError"),
            ]
            .map(|(status, code)| Failure::coded(status, code, &format!("{status} {code}")))
            .to_vec(),
            switches: &[
                ("blocked", "has blocked the bot", "has_blocked"),
                ("started", "has the app", "has_started"),
            ],
            controls: &[],
            retries: &[],
            is_mrkdwn: false,
            colours: [["#5b3fa8", "#c0a6ff"], ["#5b3fa8", "#63489f"]],
        }
    }

    fn router(&self) -> Router<Arc<Shared>> {
        api::router()
    }

    fn check(&self, account: &Account) -> Result<(), serde_json::Error> {
        account.check::<TeamsAccount>()
    }

    fn new_account(&self, number: usize) -> Account {
        Account::of(&TeamsAccount {
            app_id: format!("{number:08}-2a74-40a2-b28a-b162d5f5327c"),
            tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47".to_owned(),
            app_type: None,
            client_secret: format!("client-secret-of-app-{number}"),
        })
    }

    fn person_id(&self, account: &Account, person: &Person) -> PersonId {
        PersonId::new(account.text("tenant_id"), &person.aad_object_id)
    }

    fn known_by(&self) -> &'static str {
        "aad_object_id"
    }

    fn write(
        &self,
        world: &mut World,
        connector: &Connector,
        saying: &Saying<'_>,
    ) -> Result<(Message, Vec<Event>), SimulatorError> {
        let account = account(connector)?;
        Ok(activities::write(world, connector, &account, saying))
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
        let mut changes = vec![
            ("/recipient/id", json!(account.bot_id())),
            ("/serviceUrl", json!(ids::service_url(replay.base_url))),
            ("/conversation/tenantId", json!(account.tenant_id)),
            ("/channelData/tenant/id", json!(account.tenant_id)),
        ];
        if replay.fresh {
            changes.push(("/id", json!((1_700_000_000_000 + number).to_string())));
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
        signing: &Signing<'_>,
    ) -> Result<SignedRequest, SimulatorError> {
        let service_url = ids::service_url(signing.base_url);
        let account = account(connector)?;
        signer::sign(&account.app_id, &service_url, signing.now_secs, body)
            .map_err(|error| SimulatorError(error.to_string()))
    }

    fn proof_header(&self) -> &'static str {
        signer::AUTHORIZATION_HEADER
    }

    fn answer_limit(&self) -> Duration {
        Duration::from_secs(15)
    }

    /// Retries after 1 and 5 s. The number of retries is documented, the delays are not.
    fn retry_after(&self, failed: &FailedAttempt<'_>) -> Option<Duration> {
        RETRY_AFTER.get(failed.retries).copied()
    }

    fn wrong_answer(&self, answer: &WebhookAnswer) -> Option<String> {
        let has_body = !answer.body.is_empty();
        has_body.then(|| "a body in the answer to an activity that wants none".to_owned())
    }

    fn rate_limited(&self, _retry_after_secs: u64) -> Answer {
        errors::error(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequests",
            "The request rate is too high",
        )
    }

    fn error(&self, asked: &Asked, status: StatusCode, code: &str, message: &str) -> Answer {
        if asked.method == "token" {
            errors::token_error(status, code, message)
        } else {
            errors::error(status, code, message)
        }
    }

    /// Applies because Teams keeps nothing of an app that was uninstalled.
    fn forgets_who_leaves(&self) -> bool {
        true
    }
}

fn account(connector: &Connector) -> Result<TeamsAccount, SimulatorError> {
    connector
        .account()
        .ok_or_else(|| SimulatorError::no_connector(connector.id()))
}
