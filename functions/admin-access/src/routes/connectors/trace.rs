//! `GET /v1/projects/{project_id}/connectors/{connector_id}/trace`: what became of one message.

use super::read;
use crate::{
    Deps,
    api_types::{ConnectorPath, RequestStatusName},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, FilterQuery, ListFilter, problem::ApiError, wire_enum,
};
use vestibule_domain::{
    Timestamp,
    access::request::AccessRequest,
    account::permission::Permission,
    chat::{
        history::StoredMessage,
        send_status::SendStatus,
        trace::{Trace, TraceOutcome, Undelivered},
    },
    connector::Connector,
    ports::TracedKey,
};
use vestibule_providers::fields::event_key;

/// Longest id of an event that is looked up.
const EVENT_MAX_CHARS: usize = 1000;

wire_enum! {
    /// Outcome of a message so far: the furthest step on record.
    TraceOutcomeName = TraceOutcome {
        /// Nothing is on record: no call with it was taken, it waits in a queue, its sender is blocked, or it is forgotten.
        Unknown = "unknown",
        /// Its event was taken, and nothing followed from it.
        Taken = "taken",
        /// It made an access request or counts on one, and no agent got it.
        Held = "held",
        /// It waits for the agent.
        Waiting = "waiting",
        /// It was given up: see `…/deliveries`.
        GivenUp = "given_up",
        /// It is on record for members, and the agent did not get it.
        Recorded = "recorded",
        /// The agent got it.
        Delivered = "delivered",
    }
}

/// The message to be traced.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TraceParams {
    /// The platform's id of the message or event, such as `SM…` of Twilio or `wamid.…` of WhatsApp, or a key of it, such as
    /// `slack:<team>:<channel>:<ts>`; at most 1000 characters. The runbook lists the keys of each platform.
    #[param(value_type = String, required = true, nullable = false, min_length = 1, max_length = 1000, example = "slack:T0123456789:D0123456789:1700000000.000100")]
    event: Option<String>,
}

/// Validated parameters.
#[derive(Debug, Default)]
pub struct TraceQuery(String);

impl ListFilter for TraceQuery {
    type Params = TraceParams;

    fn read(params: TraceParams, errors: &mut FieldErrors) -> Self {
        errors.required("event", params.event.as_ref());
        let event = params.event.unwrap_or_default();
        let length = event.chars().count();
        // One that is missing has its error already.
        if !errors.names("event") && !(1..=EVENT_MAX_CHARS).contains(&length) {
            errors.add(
                "event",
                format!("must have 1 to {EVENT_MAX_CHARS} characters"),
            );
        }
        Self(event)
    }
}

impl TraceQuery {
    /// The key of the event at this connector.
    fn key_at(&self, connector: &Connector) -> String {
        let provider = connector.provider.key();
        let own = self.0.strip_prefix(provider);
        let own = own.and_then(|rest| rest.strip_prefix(':'));
        event_key(provider, own.unwrap_or(&self.0))
    }
}

/// Steps of a message on record: ids, codes and times. It never has a text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "event": "slack:T0123456789:D0123456789:1700000000.000100", "outcome": "delivered",
    "handled_at": "2026-11-22T10:00:01.000Z", "delivered_at": "2026-11-22T10:00:01.000Z",
    "conversation_id": "01JD3Q3Z9V8M4T6K2N7P5R1S10", "access_request": null,
    "delivery_id": "01JD3Q3Z9V8M4T6K2N7P5R1S11", "undelivered": null,
    "message": {"number": 7, "sequence": 4, "received_at": "2026-11-22T10:00:00.000Z", "edited_at": null, "deleted_at": null},
    "replies": [{
        "number": 8, "created_at": "2026-11-22T10:00:01.000Z", "status": "sent", "at": "2026-11-22T10:00:02.000Z",
        "provider_message_id": "1700000002.000200", "class": null, "reason": null
    }]
}))]
pub struct TraceResponse {
    /// Key of the event that was looked up.
    event: String,
    /// Furthest step on record.
    outcome: TraceOutcomeName,
    /// Time at which the event was handled last: by the webhook or, of a message for the agent, by the worker that delivered
    /// it or let it wait. Null if the event is not on record.
    #[schema(value_type = Option<String>, format = DateTime)]
    handled_at: Option<Timestamp>,
    /// Time at which the message was delivered, or recorded for members.
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
    /// Conversation. It may have no message on record.
    conversation_id: Option<String>,
    /// Access request that the message made or counts on. Null without one, and without `access_requests.read`.
    access_request: Option<TracedRequestResponse>,
    /// Id of the delivery, which the agent gets as `webhook-id`; null as long as no record names it.
    delivery_id: Option<String>,
    /// Delivery, while the message waits for the agent or is given up; null otherwise.
    undelivered: Option<UndeliveredResponse>,
    /// Message on record; null if it is not among those of its conversation.
    message: Option<TracedMessageResponse>,
    /// Texts that answer the message, in order.
    replies: Vec<TracedReplyResponse>,
}

/// Access request in a trace.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "chat_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z", "status": "approved",
    "created_at": "2026-11-22T10:00:00.000Z", "decided_at": "2026-11-22T10:05:00.000Z"
}))]
pub struct TracedRequestResponse {
    /// Id.
    id: String,
    /// Person who asks.
    chat_user_id: String,
    /// State.
    status: RequestStatusName,
    /// Time of the request.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the decision; null while it is pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
}

/// Delivery that the agent has not got.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"attempts": 3, "since": "2026-11-22T10:00:00.000Z", "reason": null}))]
pub struct UndeliveredResponse {
    /// Attempts so far.
    attempts: u32,
    /// Time since which it waits, or at which it was given up.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Reason of giving up, as in `…/deliveries`; null while it waits.
    reason: Option<String>,
}

/// Message in a trace.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"number": 7, "sequence": 4, "received_at": "2026-11-22T10:00:00.000Z", "edited_at": null, "deleted_at": null}))]
pub struct TracedMessageResponse {
    /// Place in the conversation.
    number: u64,
    /// Place among the messages that the agent got; null if it did not get this one.
    sequence: Option<u64>,
    /// Time of arrival at the webhook.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// Time of the author's last edit.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Time at which the author deleted the message.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
}

/// Status of sending a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[cfg_attr(test, derive(serde::Deserialize))]
#[serde(rename_all = "snake_case")]
pub enum ReplyStatus {
    /// Waiting to go out.
    Queued,
    /// The platform accepted it.
    Sent,
    /// It could not go out.
    Failed,
    /// It was not attempted.
    Skipped,
}

/// Text that answers a message, in a trace.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "number": 8, "created_at": "2026-11-22T10:00:01.000Z", "status": "failed", "at": "2026-11-22T10:00:02.000Z",
    "provider_message_id": null, "class": "recipient", "reason": "is_archived"
}))]
pub struct TracedReplyResponse {
    /// Place in the conversation.
    number: u64,
    /// Time at which it was recorded.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Status of sending: `queued`, `sent`, `failed` or `skipped`.
    status: ReplyStatus,
    /// Time of this status; null while it is queued.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Platform's id of the message, or of its last piece, if the platform gave one.
    provider_message_id: Option<String>,
    /// Side at fault for a failure, as in the messages of the conversation.
    class: Option<String>,
    /// Reason of a failure, or of a text that was skipped, as in the messages of the conversation.
    reason: Option<String>,
}

impl From<&AccessRequest> for TracedRequestResponse {
    fn from(request: &AccessRequest) -> Self {
        Self {
            id: request.id.to_string(),
            chat_user_id: request.chat_user_id.to_string(),
            status: request.status().into(),
            created_at: request.created_at,
            decided_at: request.decision.as_ref().map(|decision| decision.at),
        }
    }
}

impl From<&Undelivered> for UndeliveredResponse {
    fn from(undelivered: &Undelivered) -> Self {
        Self {
            attempts: undelivered.attempts,
            since: undelivered.since,
            reason: undelivered.reason.clone(),
        }
    }
}

impl From<&StoredMessage> for TracedMessageResponse {
    fn from(message: &StoredMessage) -> Self {
        Self {
            number: message.number,
            sequence: message.sequence,
            received_at: message.at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
        }
    }
}

impl From<StoredMessage> for TracedReplyResponse {
    fn from(reply: StoredMessage) -> Self {
        let to_send = Self {
            number: reply.number,
            created_at: reply.at,
            status: ReplyStatus::Queued,
            at: None,
            provider_message_id: None,
            class: None,
            reason: None,
        };
        match reply.sending {
            None | Some(SendStatus::Queued) => to_send,
            Some(SendStatus::Sent { at, message_id }) => Self {
                status: ReplyStatus::Sent,
                at: Some(at),
                provider_message_id: message_id,
                ..to_send
            },
            Some(SendStatus::Failed { at, class, reason }) => Self {
                status: ReplyStatus::Failed,
                at: Some(at),
                class: Some(class),
                reason: Some(reason),
                ..to_send
            },
            Some(SendStatus::Skipped { at, reason }) => Self {
                status: ReplyStatus::Skipped,
                at: Some(at),
                reason: reason.map(|reason| reason.key().to_owned()),
                ..to_send
            },
        }
    }
}

impl TraceResponse {
    /// Renders a trace. Its access request is shown to whoever may read requests.
    fn of(event: String, trace: Trace, tells_requests: bool) -> Self {
        let request = trace.request.as_ref().filter(|_| tells_requests);
        Self {
            event,
            outcome: trace.outcome().into(),
            handled_at: trace.event.map(|event| event.handled_at),
            delivered_at: trace.event.and_then(|event| event.delivered_at),
            conversation_id: trace.conversation_id.map(|id| id.to_string()),
            access_request: request.map(Into::into),
            delivery_id: trace.delivery_id().map(|id| id.to_string()),
            undelivered: trace.undelivered.as_ref().map(Into::into),
            message: trace.message.as_ref().map(Into::into),
            replies: trace.replies.into_iter().map(Into::into).collect(),
        }
    }
}

/// Trace a message
///
/// Follows one message of a person from its event to the replies, by the records that are there: ids, codes and times, and
/// no text. Its event leads to the others for as long as it is remembered: at least as long as its platform may repeat it
/// (a day on Teams, two days on Slack and Telegram, eight days at 360dialog and by API, for ever at Twilio), and 30 days if
/// the message waited for the agent. The access request is shown to callers with `access_requests.read`.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/connectors/{connector_id}/trace",
    tag = "Connectors",
    params(ConnectorPath, TraceParams),
    responses((status = 200, description = "The trace.", body = TraceResponse))
)]
pub async fn trace_message(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConnectorPath>,
    query: Result<FilterQuery<TraceQuery>, ApiError>,
) -> Result<Json<TraceResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let connector = read(&deps, &call, scope, path.connector_id).await?;
    // Whoever may not know of the connector learns nothing else about the call.
    let FilterQuery(query) = query?;
    let event = query.key_at(&connector);
    let key = TracedKey {
        scope,
        connector_id: connector.id,
        event_key: &event,
    };
    let trace = deps.traces.trace(key).await?;
    let tells_requests = call.caller.may(Permission::AccessRequestsRead);
    Ok(Json(TraceResponse::of(event, trace, tells_requests)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::connectors::fixtures::connector;
    use vestibule_domain::chat::trace::TracedEvent;

    fn read_query(event: Option<&str>) -> (TraceQuery, bool) {
        let mut errors = FieldErrors::default();
        let event = event.map(str::to_owned);
        let query = TraceQuery::read(TraceParams { event }, &mut errors);
        let is_refused = errors.names("event");
        (query, is_refused)
    }

    #[test]
    fn an_event_is_named_by_its_key_or_by_the_platform_s_own_id() {
        let connector = connector();
        let provider = connector.provider.key();
        let key = format!("{provider}:Ev1");
        for named in ["Ev1", key.as_str()] {
            let (query, is_refused) = read_query(Some(named));
            assert!(!is_refused);
            assert_eq!(query.key_at(&connector), key);
        }
        // One that is too long for a key is known by its hash.
        let long = "x".repeat(EVENT_MAX_CHARS);
        let (query, is_refused) = read_query(Some(&long));
        assert!(!is_refused);
        assert_eq!(query.key_at(&connector), event_key(provider, &long));
        assert!(query.key_at(&connector).len() < 128);
    }

    #[test]
    fn an_event_that_is_missing_empty_or_longer_than_any_is_refused() {
        let long = "x".repeat(EVENT_MAX_CHARS + 1);
        for wrong in [None, Some(""), Some(long.as_str())] {
            assert!(read_query(wrong).1, "{wrong:?}");
        }
    }

    #[test]
    fn a_trace_of_nothing_is_unknown_and_that_of_an_event_says_when_it_was_handled() {
        let at = Timestamp::from_millis(1000);
        let nothing = TraceResponse::of("k".to_owned(), Trace::default(), true);
        let nothing = serde_json::to_value(nothing).unwrap();
        assert_eq!(nothing["outcome"], "unknown");
        assert_eq!(nothing["handled_at"], serde_json::Value::Null);
        let taken = Trace {
            event: Some(TracedEvent {
                handled_at: at,
                delivered_at: None,
            }),
            ..Trace::default()
        };
        let taken = serde_json::to_value(TraceResponse::of("k".to_owned(), taken, true)).unwrap();
        assert_eq!(taken["outcome"], "taken");
        assert_eq!(taken["handled_at"], "1970-01-01T00:00:01.000Z");
    }
}
