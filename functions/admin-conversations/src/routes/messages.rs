//! Messages of a conversation, both ways (SPEC F07).

pub mod create;

use crate::{
    Deps,
    api_types::{ConversationPath, MessagePath},
    serving::check_served,
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams, api_types::ListResponse,
    problem::ApiError, wire_enum,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::byline::Author,
    chat::byline::Signature,
    chat::content::{self, Part},
    chat::history::{HistoryDays, StoredMessage},
    chat::message::{Attachment, AttachmentKind},
    chat::send_status::SendStatus,
    ids::ConversationId,
    page::{Order, Page, PageRequest},
    ports::{MESSAGE_NUMBER_MAX, MessageFilter, MessagePage},
};
use vestibule_edge::logging::{Metric, count};

/// Direction of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageDirection {
    /// From a person.
    Inbound,
    /// To the people of the conversation.
    Outgoing,
}

/// Kind of author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    /// A person on the chat platform.
    ChatUser,
    /// The environment's agent.
    Agent,
    /// A member of the account.
    Member,
    /// Vestibule itself.
    System,
    /// Somebody of a kind that this release does not know.
    Unknown,
}

/// Author of a message.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"kind": "chat_user", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z", "name": null}))]
pub struct MessageAuthorResponse {
    /// Kind of author: `chat_user`, `agent`, `member` or `system`; `unknown` for one of whom a later release wrote.
    kind: AuthorKind,
    /// Id of the chat user or member; null for other authors.
    id: Option<String>,
    /// Name of the member at the time; null for other authors.
    name: Option<String>,
}

impl MessageAuthorResponse {
    pub(super) fn of(author: Author, signature: Option<Signature>) -> Self {
        let (kind, id) = match author {
            Author::ChatUser(id) => (AuthorKind::ChatUser, Some(id.to_string())),
            Author::Agent => (AuthorKind::Agent, None),
            Author::Member(id) => (AuthorKind::Member, Some(id.to_string())),
            Author::System => (AuthorKind::System, None),
            Author::Unknown => (AuthorKind::Unknown, None),
        };
        let name = signature.map(|signature| signature.name);
        Self { kind, id, name }
    }
}

wire_enum! {
    /// Kind of a file.
    AttachmentKindName = AttachmentKind {
        /// A picture.
        Image = "image",
        /// A film.
        Video = "video",
        /// Sound.
        Audio = "audio",
        /// A spoken message.
        Voice = "voice",
        /// A sticker.
        Sticker = "sticker",
        /// Anything else.
        File = "file",
    }
}

/// A file of a message. Its content stays with the platform.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"index": 0, "kind": "image", "provider_id": "F0123456789", "name": "shelf.png", "mime_type": "image/png"}))]
pub struct MessageAttachmentResponse {
    /// Position among the files of the message, from 0.
    index: usize,
    /// Kind of the file.
    kind: AttachmentKindName,
    /// Platform's own id of the file.
    provider_id: String,
    /// Name of the file, if it has one.
    name: Option<String>,
    /// Media type, as the platform states it.
    mime_type: Option<String>,
}

impl MessageAttachmentResponse {
    fn of((index, attachment): (usize, &Attachment)) -> Self {
        Self {
            index,
            kind: attachment.kind.into(),
            provider_id: attachment.provider_id.clone(),
            name: attachment.name.clone(),
            mime_type: attachment.mime_type.clone(),
        }
    }
}

/// Status of sending a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendingStatus {
    /// Waiting to go out.
    Queued,
    /// The platform accepted the message.
    Sent,
    /// The message could not go out.
    Failed,
    /// The message was not attempted.
    Skipped,
}

/// Status of sending a message, with the reason of a failure.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"status": "failed", "at": "2026-11-22T10:00:01.000Z", "class": "recipient", "reason": "is_archived"}))]
pub struct MessageSendingResponse {
    /// Status so far: `queued`, `sent`, `failed` or `skipped`.
    status: SendingStatus,
    /// Time of this status; null while the message is queued.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Side at fault for a failure: `recipient`, `connector` or `request`; `gave_up` after three days;
    /// or `unreadable` if the message on record cannot be read.
    class: Option<String>,
    /// Platform's own error code for a failure, followed by its words where the code says too little, or
    /// `connector_deleted`; for a message that answers no delivery, also `opted_out`, `window_closed` or
    /// `access_ended`. For a skipped message, the reason.
    reason: Option<String>,
}

impl From<SendStatus> for MessageSendingResponse {
    fn from(status: SendStatus) -> Self {
        let (status, at, class, reason) = match status {
            SendStatus::Queued => (SendingStatus::Queued, None, None, None),
            SendStatus::Sent { at, .. } => (SendingStatus::Sent, Some(at), None, None),
            SendStatus::Failed { at, class, reason } => {
                (SendingStatus::Failed, Some(at), Some(class), Some(reason))
            }
            SendStatus::Skipped { at, reason } => {
                let reason = reason.map(|reason| reason.key().to_owned());
                (SendingStatus::Skipped, Some(at), None, reason)
            }
        };
        Self {
            status,
            at,
            class,
            reason,
        }
    }
}

/// A message of a conversation.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "number": 7, "direction": "inbound", "author": {"kind": "chat_user", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z", "name": null},
    "text": "Where is my order?", "content": [{"kind": "text", "text": "Where is my order?"}], "entities": [], "attachments": [],
    "sequence": 4, "delivery_id": "01JD3Q3Z9V8M4T6K2N7P5R1S11", "provider_event_id": "Ev0123456789",
    "created_at": "2026-11-22T10:00:00.000Z", "edited_at": null, "deleted_at": null, "sending": null
}))]
pub struct MessageResponse {
    /// Place in the conversation, from 1, without gaps. Messages both ways share the numbers.
    number: u64,
    /// Direction: `inbound` from a person, `outgoing` to the people of the conversation.
    direction: MessageDirection,
    /// Author.
    author: MessageAuthorResponse,
    /// Text or, if the person wrote none, the content in plain words. Blank only if it was deleted.
    text: String,
    /// Content as the agent gets it in `message.content`, one object a part, told apart by `kind`. Files
    /// have no `url` here.
    #[schema(value_type = Vec<Object>)]
    content: Vec<Part>,
    /// Mentions and links in the text, as the agent gets them in `message.entities`.
    #[schema(value_type = Vec<Object>)]
    entities: Value,
    /// Files. Each can be read at `…/messages/{number}/attachments/{index}`.
    attachments: Vec<MessageAttachmentResponse>,
    /// Place among the inbound messages that the agent got, from 1, without gaps; null for all others.
    sequence: Option<u64>,
    /// Id of the delivery that brings the message to the agent, or that it answers; null for a message that
    /// was written over this API.
    delivery_id: Option<String>,
    /// Platform's own id of the event; null for outgoing messages.
    provider_event_id: Option<String>,
    /// Time of arrival of an inbound message; time at which an outgoing one was recorded.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the person's last edit. The message is as it was then.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Time at which the person deleted the message. Nothing of what it said is left.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
    /// Status of sending; null for inbound messages.
    sending: Option<MessageSendingResponse>,
}

impl From<StoredMessage> for MessageResponse {
    fn from(message: StoredMessage) -> Self {
        let files = &message.attachments;
        let direction = match message.author {
            Author::ChatUser(_) => MessageDirection::Inbound,
            // Only what a person sends comes with an event of the platform.
            Author::Unknown if message.provider_event_id.is_some() => MessageDirection::Inbound,
            Author::Agent | Author::Member(_) | Author::System | Author::Unknown => {
                MessageDirection::Outgoing
            }
        };
        let (text, content) = if message.deleted_at.is_some() {
            (String::new(), Vec::new())
        } else {
            (
                content::text_or_words(&message.text, files, &message.parts),
                content::all(&message.text, files, &message.parts),
            )
        };
        Self {
            number: message.number,
            direction,
            author: MessageAuthorResponse::of(message.author, message.signature),
            text,
            content: content.into_iter().map(Part::without_addresses).collect(),
            // A list of objects with text keys always serialises to JSON.
            entities: serde_json::to_value(&message.entities).unwrap_or_default(),
            attachments: files
                .iter()
                .enumerate()
                .map(MessageAttachmentResponse::of)
                .collect(),
            sequence: message.sequence,
            delivery_id: message.delivery_id.map(|id| id.to_string()),
            provider_event_id: message.provider_event_id,
            created_at: message.at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
            sending: message.sending.map(Into::into),
        }
    }
}

/// The part of the conversation that is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessageParams {
    /// Only messages with a lower number than this.
    #[param(value_type = Option<u64>, nullable = false, example = 120)]
    before: Option<String>,
    /// Only messages with a higher number than this, which must be lower than `before`.
    #[param(value_type = Option<u64>, nullable = false, example = 80)]
    after: Option<String>,
}

/// Validated bounds.
#[derive(Debug, Default)]
pub struct MessageQuery {
    before: Option<u64>,
    after: Option<u64>,
}

impl ListFilter for MessageQuery {
    type Params = MessageParams;

    fn read(params: MessageParams, errors: &mut FieldErrors) -> Self {
        let before = read_number("before", params.before.as_deref(), errors);
        let after = read_number("after", params.after.as_deref(), errors);
        if let (Some(before), Some(after)) = (before, after)
            && before <= after
        {
            errors.add("before", "must be higher than after");
        }
        Self { before, after }
    }
}

fn read_number(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<u64> {
    let text = given?;
    // A sign is no part of a number here.
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse::<u64>()
        .ok()
        .filter(|number| is_digits && *number <= MESSAGE_NUMBER_MAX);
    if number.is_none() {
        errors.add(
            field,
            format!("must be a whole number from 0 to {MESSAGE_NUMBER_MAX}"),
        );
    }
    number
}

/// List the messages of a conversation
///
/// Messages both ways, in the order of their numbers, the newest first unless `order` says otherwise. From a
/// known message, `before` leads back and `after` with `order=oldest` leads on. Messages that are older than
/// the project's `history_days` are not shown.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/messages",
    tag = "Conversations",
    params(ConversationPath, MessageParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<MessageResponse>))
)]
pub async fn list_messages(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
    query: ListQuery<MessageQuery>,
) -> Result<Json<ListResponse<MessageResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let id = path.conversation_id;
    check_served(&deps, &call, scope, id).await?;
    let history = find_history(&deps, &call, scope, id)
        .await?
        .ok_or_else(|| ApiError::not_found("conversation"))?;
    if history.keeps_nothing() {
        let nothing: Page<StoredMessage> = Page {
            items: Vec::new(),
            next: None,
        };
        return Ok(ListResponse::of(nothing, Into::into));
    }
    let wanted = MessageFilter {
        after: query.filter.after,
        before: query.filter.before,
        since: history.oldest_kept(call.now()),
    };
    let found = deps
        .conversations
        .list_messages(scope, id, &wanted, &query.page)
        .await?;
    count_unreadable(&found, call.now());
    Ok(ListResponse::of(found.page, Into::into))
}

/// Read a message
///
/// A message that is older than the project's `history_days` is not shown.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/messages/{number}",
    tag = "Conversations",
    params(MessagePath),
    responses((status = 200, description = "The message.", body = MessageResponse))
)]
pub async fn get_message(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<MessagePath>,
) -> Result<Json<MessageResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    check_served(&deps, &call, scope, path.conversation_id).await?;
    let message = find_message(&deps, &call, scope, (path.conversation_id, path.number))
        .await?
        .ok_or_else(|| ApiError::not_found("message"))?;
    Ok(Json(message.into()))
}

/// The time for which messages of the conversation are kept, if the caller may know of it.
async fn find_history(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConversationId,
) -> Result<Option<HistoryDays>, ApiError> {
    let history = deps.conversations.find_history(scope, id).await?;
    Ok(history
        .filter(|history| call.may_know_of(history.environment_id))
        .map(|history| history.days))
}

/// The message with this number, if it is still kept.
pub(super) async fn find_message(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    (id, number): (ConversationId, u64),
) -> Result<Option<StoredMessage>, ApiError> {
    let history = find_history(deps, call, scope, id).await?;
    let kept = history.filter(|history| !history.keeps_nothing());
    let bounds = (kept, number.checked_sub(1), number.checked_add(1));
    let (Some(history), Some(after), Some(before)) = bounds else {
        return Ok(None);
    };
    let this_one = MessageFilter {
        after: Some(after),
        before: Some(before),
        since: history.oldest_kept(call.now()),
    };
    let page = PageRequest {
        limit: 1,
        cursor: None,
        order: Order::OldestFirst,
    };
    let found = deps
        .conversations
        .list_messages(scope, id, &this_one, &page)
        .await?;
    if found.unreadable > 0 {
        count_unreadable(&found, call.now());
        let error = PortError::corrupt("message", format!("{id}, number {number}"));
        return Err(error.into());
    }
    Ok(found.page.items.into_iter().next())
}

fn count_unreadable(found: &MessagePage, at: Timestamp) {
    for _ in 0..found.unreadable {
        count(Metric::MessageUnreadable, "history", at);
    }
}

#[cfg(test)]
mod tests;
