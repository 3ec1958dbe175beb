//! The control API, for scripts, end-to-end tests and the page. JSON in and out.
//!
//! | call | body or query | answer |
//! |---|---|---|
//! | `GET /_control/state` | `?after=<revision>&wait_ms=<n>` waits for a change | platforms, connectors, people, failures, counts, `revision` |
//! | `POST /_control/users` | `{"name", "display_name"?, "first_name"?, "last_name"?, "email"?, "language"?, "id"?, "home_team_id"?, "phone"?, "telegram_id"?, "bsuid"?, "aad_object_id"?, "whatsapp_shows"?}` | 201 `{"user_id"}` |
//! | `GET /_control/users/{user_id}/messages` | `?connector_id=` | `{"messages": [...]}`: every message that this person sees on any platform, with `provider` and deliveries |
//! | `POST /_control/messages` | `{"app"` or `"connector_id", "user_id", "channel"?: "im", "general" or "whatsapp", "text"?, "item"?, "thread_ts"?}`, the item an [`Item`] | `{"message", "deliveries": [...]}` after the first attempt |
//! | `POST /_control/fixtures` | `{"connector_id", "name", "user_id"?, "fresh"?: true}` | `{"delivery"}` after the first attempt |
//! | `POST /_control/redeliver` | `{"event_id"}` | `{"delivery"}` after one more attempt, with Slack's retry headers |
//! | `GET /_control/events/{event_id}` | | `{"delivery"}` |
//! | `GET /_control/calls` | `?method=&provider=` | `{"calls": [...]}`: every call to an API |
//! | `GET /_control/violations` | `?provider=` | `{"violations": [...]}`: broken rules of the platforms |
//! | `POST /_control/connectors` | a connector as in the configuration file | 201 `{"connector_id"}` |
//! | `POST /_control/switches` | a [`Switch`] | `{}` |
//! | `GET`, `POST`, `DELETE /_control/failures` | `{"provider"?, "method", "kind", ..., "channel"?, "times"?: n}`; without `times` until cleared | `{"failures": [...]}` |
//!
//! Kinds of failure: `rate_limited` (`retry_after_secs`), `http` (`status`), `error` (`error`), `code` (`status`, `code`,
//! `message`?), `undelivered` (`code`), `stall`, `stall_after`, `reset_before`, `reset_after`. A wrong
//! request is answered with 404 or 400 and `{"error"}`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connectors::{Connector, ConnectorConfig};
use super::delivery::{self, first_attempt};
use super::error::SimulatorError;
use super::failures::FailureRule;
use super::item::Item;
use super::message::Place;
use super::people::NewPerson;
use super::platform::Platform;
use super::shared::{Look, Shared};
use super::switches::{Switch, turn};
use super::world::World;
use super::writing::{Words, add_fixture, write};

/// Longest wait for a change; the client then asks again.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// Number of calls shown on the page.
const LATEST_CALLS: usize = 50;
impl IntoResponse for SimulatorError {
    fn into_response(self) -> Response {
        (StatusCode::NOT_FOUND, Json(json!({"error": self.0}))).into_response()
    }
}

type Answer = Result<Json<Value>, SimulatorError>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_control/state", get(state))
        .route("/_control/connectors", post(add_connector))
        .route("/_control/switches", post(add_switch))
        .route("/_control/users", post(add_user))
        .route("/_control/users/{user_id}/messages", get(messages))
        .route("/_control/messages", post(send_message))
        .route("/_control/fixtures", post(send_fixture))
        .route("/_control/redeliver", post(redeliver))
        .route("/_control/events/{event_id}", get(event))
        .route("/_control/calls", get(calls))
        .route("/_control/violations", get(violations))
        .route(
            "/_control/failures",
            get(failures).post(add_failure).delete(clear_failures),
        )
}

#[derive(Deserialize)]
struct Since {
    after: Option<u64>,
    wait_ms: Option<u64>,
}

async fn state(State(shared): State<Arc<Shared>>, Query(since): Query<Since>) -> Json<Value> {
    let mut revision = shared.revision.subscribe();
    if let (Some(after), Some(wait_ms)) = (since.after, since.wait_ms) {
        let limit = Duration::from_millis(wait_ms).min(MAX_WAIT);
        let _ = tokio::time::timeout(limit, revision.wait_for(|revision| *revision != after)).await;
    }
    let revision = *revision.borrow();
    let world = shared.world();
    let platforms: BTreeMap<&str, Look> = Platform::ALL
        .iter()
        .map(|platform| (platform.key(), shared.platform(*platform).look()))
        .collect();
    let connectors: Vec<Value> = world
        .connectors
        .iter()
        .map(|connector| shown(&shared, &world, connector))
        .collect();
    let people: Vec<Value> = world
        .people
        .values()
        .map(|person| {
            let mut value = json!(person);
            if let Value::Object(fields) = &mut value {
                fields.insert(
                    "avatar".into(),
                    json!(format!("/avatars/{}.svg", person.id)),
                );
            }
            value
        })
        .collect();
    let first = world.calls.len().saturating_sub(LATEST_CALLS);
    Json(json!({
        "revision": revision,
        "workspace_name": world.workspace_name,
        "console_url": console_url(&world),
        "platforms": platforms,
        "items": Item::samples(),
        "connectors": connectors,
        "people": people,
        "failures": world.failures,
        "calls": world.calls.get(first..).unwrap_or_default(),
        "call_count": world.call_count,
        "violations": world.violations,
    }))
}

/// The web console of the stack, if it is known where the stack is.
fn console_url(world: &World) -> Option<String> {
    let api_url = world.api_url.as_deref()?;
    Some(format!("{}/console", api_url.trim_end_matches('/')))
}

async fn add_connector(
    State(shared): State<Arc<Shared>>,
    Json(connector): Json<ConnectorConfig>,
) -> Response {
    let connector_id = connector.connector_id.clone();
    match shared.add_connector(connector) {
        Ok(()) => {
            let answer = Json(json!({"connector_id": connector_id}));
            (StatusCode::CREATED, answer).into_response()
        }
        Err(error) => {
            let answer = Json(json!({"error": error.0}));
            (StatusCode::UNPROCESSABLE_ENTITY, answer).into_response()
        }
    }
}

async fn add_switch(State(shared): State<Arc<Shared>>, Json(switch): Json<Switch>) -> Answer {
    turn(&shared, &switch)?;
    Ok(Json(json!({})))
}

fn shown(shared: &Shared, world: &World, connector: &Connector) -> Value {
    let now_ms = shared.clock.now_ms();
    let standings: serde_json::Map<String, Value> = connector
        .standings
        .iter()
        .map(|(user_id, standing)| {
            let mut value = json!(standing);
            if let Value::Object(fields) = &mut value {
                let is_open = standing.window_is_open(now_ms);
                fields.insert("window_is_open".into(), json!(is_open));
            }
            (user_id.clone(), value)
        })
        .collect();
    let mut shown = json!({
        "provider": connector.platform(),
        "connector_id": connector.id(),
        "name": connector.config.name,
        "policy": connector.config.policy,
        "webhook_url": connector.webhook_url(world.api_url.as_deref()),
        "left_general": connector.left_general,
        "people": standings,
    });
    if let Value::Object(fields) = &mut shown {
        fields.extend(shared.platform(connector.platform()).facts(connector));
    }
    shown
}

async fn add_user(
    State(shared): State<Arc<Shared>>,
    Json(mut person): Json<NewPerson>,
) -> Response {
    let name = person.name.trim().to_owned();
    person.name = name;
    if person.name.is_empty() || person.name.chars().count() > 80 {
        let error = json!({"error": "a name has 1 to 80 characters"});
        return (StatusCode::BAD_REQUEST, Json(error)).into_response();
    }
    let user_id = shared.change(|world| world.add_person(person));
    (StatusCode::CREATED, Json(json!({"user_id": user_id}))).into_response()
}

#[derive(Deserialize)]
struct OfConnector {
    connector_id: Option<String>,
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    Path(user_id): Path<String>,
    Query(of): Query<OfConnector>,
) -> Answer {
    let world = shared.world();
    if !world.people.contains_key(&user_id) {
        return Err(SimulatorError::no_person(&user_id));
    }
    let messages: Vec<Value> = world
        .seen_by(&user_id)
        .iter()
        .filter(|message| {
            of.connector_id
                .as_ref()
                .is_none_or(|only| *only == message.connector_id)
        })
        .map(|message| {
            let mut value = json!(message);
            if let Value::Object(fields) = &mut value {
                let place = shared.platform(message.provider).place_of(message);
                fields.insert("place".into(), json!(place));
                fields.insert("plain_text".into(), json!(message.plain_text()));
                fields.insert("deliveries".into(), deliveries(&world, &message.event_ids));
            }
            value
        })
        .collect();
    Ok(Json(json!({ "messages": messages })))
}

#[derive(Deserialize)]
struct NewMessage {
    #[serde(alias = "app")]
    connector_id: String,
    user_id: String,
    #[serde(default)]
    channel: Channel,
    #[serde(default)]
    text: String,
    item: Option<Item>,
    thread_ts: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Channel {
    #[default]
    Im,
    General,
    Whatsapp,
}

async fn send_message(State(shared): State<Arc<Shared>>, Json(new): Json<NewMessage>) -> Answer {
    let place = match new.channel {
        Channel::Im => Place::Direct,
        Channel::General => Place::General,
        Channel::Whatsapp => Place::WhatsApp,
    };
    let connector_id = by_id_or_name(&shared, &new.connector_id);
    let words = Words {
        connector_id: &connector_id,
        user_id: &new.user_id,
        place,
        text: &new.text,
        item: new.item.as_ref(),
        thread: new.thread_ts.as_deref(),
    };
    let written = write(&shared, &words)?;
    let mut deliveries = Vec::new();
    if shared.platform(written.message.provider).sends_at_once() {
        let sending: Vec<_> = written
            .events
            .iter()
            .map(|event| tokio::spawn(first_attempt(Arc::clone(&shared), event.event_id.clone())))
            .collect();
        for sent in sending {
            deliveries.push(
                sent.await
                    .map_err(|error| SimulatorError(error.to_string()))??,
            );
        }
    } else {
        for event in &written.events {
            deliveries.push(first_attempt(Arc::clone(&shared), event.event_id.clone()).await?);
        }
    }
    Ok(Json(
        json!({"message": written.message, "deliveries": deliveries}),
    ))
}

#[derive(Deserialize)]
struct NewFixture {
    connector_id: String,
    name: String,
    user_id: Option<String>,
    fresh: Option<bool>,
}

async fn send_fixture(State(shared): State<Arc<Shared>>, Json(new): Json<NewFixture>) -> Answer {
    let connector_id = by_id_or_name(&shared, &new.connector_id);
    let user_id = new
        .user_id
        .or_else(|| shared.world().people.keys().next().cloned());
    let event_id = add_fixture(
        &shared,
        &connector_id,
        &new.name,
        user_id.as_deref(),
        new.fresh.unwrap_or(true),
    )?;
    let delivery = first_attempt(Arc::clone(&shared), event_id).await?;
    Ok(Json(json!({ "delivery": delivery })))
}

#[derive(Deserialize)]
struct OfEvent {
    event_id: String,
}

async fn redeliver(State(shared): State<Arc<Shared>>, Json(of): Json<OfEvent>) -> Answer {
    let delivery = delivery::attempt(&shared, &of.event_id).await?;
    Ok(Json(json!({ "delivery": delivery })))
}

async fn event(State(shared): State<Arc<Shared>>, Path(event_id): Path<String>) -> Answer {
    shared
        .world()
        .events
        .get(&event_id)
        .map(|event| Json(json!({"delivery": event.delivery})))
        .ok_or_else(|| SimulatorError::no_event(&event_id))
}

#[derive(Deserialize)]
struct Only {
    method: Option<String>,
    provider: Option<Platform>,
}

async fn calls(State(shared): State<Arc<Shared>>, Query(only): Query<Only>) -> Json<Value> {
    let world = shared.world();
    let calls: Vec<_> = world
        .calls
        .iter()
        .filter(|call| only.method.as_ref().is_none_or(|only| *only == call.method))
        .filter(|call| only.provider.is_none_or(|only| only == call.provider))
        .collect();
    Json(json!({ "calls": calls }))
}

async fn violations(State(shared): State<Arc<Shared>>, Query(only): Query<Only>) -> Json<Value> {
    let world = shared.world();
    let violations: Vec<_> = world
        .violations
        .iter()
        .filter(|violation| only.provider.is_none_or(|only| only == violation.provider))
        .collect();
    Json(json!({ "violations": violations }))
}

async fn failures(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({"failures": shared.world().failures}))
}

async fn add_failure(
    State(shared): State<Arc<Shared>>,
    Json(rule): Json<FailureRule>,
) -> Json<Value> {
    shared.change(|world| world.failures.push(rule));
    failures(State(shared)).await
}

async fn clear_failures(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.change(|world| world.failures.clear());
    failures(State(shared)).await
}

fn by_id_or_name(shared: &Shared, wanted: &str) -> String {
    let world = shared.world();
    let known: Vec<(&str, &str)> = world
        .connectors
        .iter()
        .map(|connector| (connector.id(), connector.config.name.as_str()))
        .collect();
    known
        .iter()
        .find(|(id, _)| *id == wanted)
        .or_else(|| known.iter().find(|(_, name)| *name == wanted))
        .map_or_else(|| wanted.to_owned(), |(id, _)| (*id).to_owned())
}

fn deliveries(world: &World, event_ids: &[String]) -> Value {
    event_ids
        .iter()
        .filter_map(|id| world.events.get(id))
        .map(|event| json!(event.delivery))
        .collect()
}

#[cfg(test)]
mod tests;
