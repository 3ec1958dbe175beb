//! `GET /v1/projects/{project_id}/chat-users/{chat_user_id}/export`: everything that is on record about one person
//! (SPEC C62), by pages.

use super::{super::access_requests::AccessRequestResponse, ChatUserResponse, read, shown};
use crate::{
    Deps,
    api_types::ChatUserPath,
    serving::{Served, served},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header::CONTENT_DISPOSITION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, ListQuery, api_types::ConversationKindName, log, problem::ApiError, wire_enum,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    access::standing::Standing,
    account::permission::Permission,
    chat::byline::Author,
    chat::content::{self, Part},
    chat::history::StoredMessage,
    chat::user::ChatUser,
    event::{Change, Event},
    ids::ConnectorId,
    page::Cursor,
    ports::{AskedRequest, MessageState, PersonIds, PersonPart, PersonsMessages},
};

/// Permissions to read what an export contains besides the chat user.
const ALSO_NEEDED: [Permission; 2] = [
    Permission::AccessRequestsRead,
    Permission::ConversationsRead,
];
/// Most parts that are read for one answer.
const PARTS_MAX: usize = 20;
/// Size from which on an answer takes no further part, in bytes. A part is of rows of at most 1 MB, and Lambda takes
/// an answer of up to 6 MB.
const SIZE_ENOUGH: usize = 1024 * 1024;

/// The cursor of an export, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
pub struct ChatUserExportCursor {
    /// `continues` of the page before.
    #[param(required = false, format = "cursor", min_length = 1, max_length = 4096)]
    cursor: String,
}

/// Everything that is on record about one person, or a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatUserExportResponse {
    /// Time of the answer.
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    /// The chat user. Every page has it.
    chat_user: HeldChatUser,
    /// Access requests of the person, with their decisions.
    requests: Vec<HeldRequest>,
    /// Conversations in which the person wrote.
    conversations: Vec<HeldConversation>,
    /// Messages: all of a conversation with the person alone; of others what the person wrote, and the texts that
    /// answer it.
    messages: Vec<HeldMessage>,
    /// Start of the next page, to be given as `cursor`; null on the last one.
    continues: Option<String>,
}

/// A chat user with what else is on record.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldChatUser {
    /// The chat user.
    #[serde(flatten)]
    chat_user: ChatUserResponse,
    /// User of the project to whom the person is linked.
    end_user_id: Option<String>,
    /// Copy of the person's picture that we keep; null without one.
    picture: Option<HeldPicture>,
    /// Standing at each connector through which the person wrote.
    standings: Vec<HeldStanding>,
}

/// A picture that we keep. Its content is at `avatar_url`.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldPicture {
    /// Media type.
    media_type: String,
    /// Size in bytes.
    size: usize,
}

/// Standing of a chat user at a connector.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldStanding {
    /// Id of the connector.
    connector_id: String,
    /// Name of the connector; null once it is deleted.
    connector_name: Option<String>,
    /// Time of the person's first message there.
    #[schema(value_type = String, format = DateTime)]
    first_seen_at: Timestamp,
    /// Time at which the person was let in because the connector was open.
    #[schema(value_type = Option<String>, format = DateTime)]
    admitted_openly_at: Option<Timestamp>,
    /// Messages held since the latest request there was made.
    message_count: u64,
    /// Time of the last held message.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    /// Number of rejections there.
    rejections: u32,
    /// The person's wishes to get messages there or not, by channel.
    #[schema(value_type = Object)]
    consents: Value,
}

/// An access request with what is kept of the message that made it.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldRequest {
    /// The request.
    #[serde(flatten)]
    request: AccessRequestResponse,
    /// Beginning of the message, while it is kept.
    preview: Option<String>,
    /// The message, while it is kept for the agent.
    message: Option<String>,
}

/// A conversation in which the person wrote.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldConversation {
    /// Id.
    id: String,
    /// Connector, where it is known.
    connector_id: Option<String>,
    /// Kind of conversation, which says whether others read along.
    kind: Option<ConversationKindName>,
    /// Platform's own id of the conversation.
    provider_conversation_id: Option<String>,
    /// Name of the group or channel, where the platform told it.
    name: Option<String>,
    /// Thread within the conversation.
    thread: Option<String>,
    /// Channel.
    channel: Option<String>,
    /// Note of a handoff, in a conversation with the person alone.
    handoff_note: Option<String>,
    /// Time of the last message either way.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_activity_at: Option<Timestamp>,
}

wire_enum! {
    /// State of a message on record.
    HeldMessageState = MessageState {
        /// Among the messages of its conversation.
        Recorded = "recorded",
        /// Waits for the agent.
        Waiting = "waiting",
        /// Was given up before the agent got it.
        GivenUp = "given_up",
    }
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldMessage {
    /// Conversation.
    conversation_id: String,
    /// State of the message.
    state: HeldMessageState,
    /// Place in the conversation, of a recorded message.
    number: Option<u64>,
    /// Whether the person wrote it; otherwise it was written to them.
    by_person: bool,
    /// Text or, if the person wrote none, the content in plain words. Blank only if it was deleted.
    text: String,
    /// Content besides the text, one object a part, told apart by `kind`. Files have no `url` here.
    #[schema(value_type = Vec<Object>)]
    content: Vec<Part>,
    /// Platform's own id of the event; null for what was written to the person.
    provider_event_id: Option<String>,
    /// Time of arrival of what the person wrote; time at which anything else was recorded.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the person's last edit.
    #[schema(value_type = Option<String>, format = DateTime)]
    edited_at: Option<Timestamp>,
    /// Time at which the person deleted the message. Nothing of what it said is left.
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted_at: Option<Timestamp>,
}

impl HeldStanding {
    fn of(standing: &Standing, names: &BTreeMap<ConnectorId, String>) -> Self {
        Self {
            connector_id: standing.connector_id.to_string(),
            connector_name: names.get(&standing.connector_id).cloned(),
            first_seen_at: standing.first_seen_at,
            admitted_openly_at: standing.admitted_openly_at,
            message_count: standing.message_count,
            last_message_at: standing.last_message_at,
            rejections: standing.rejections.map_or(0, |rejections| rejections.count),
            // A map of enums and times always serialises to JSON.
            consents: serde_json::to_value(&standing.consents).unwrap_or_default(),
        }
    }
}

impl From<AskedRequest> for HeldRequest {
    fn from(asked: AskedRequest) -> Self {
        Self {
            request: asked.request.into(),
            preview: asked.preview.map(|preview| preview.text),
            message: asked.held.as_ref().map(text_of),
        }
    }
}

impl HeldConversation {
    fn of(part: &PersonsMessages) -> Self {
        let conversation = part.conversation.as_ref().map(|view| &view.conversation);
        let place = conversation.and_then(|conversation| conversation.place.as_ref());
        let handoff = conversation.and_then(|conversation| conversation.handoff.as_ref());
        Self {
            id: part.id.to_string(),
            connector_id: part.connector_id.map(|id| id.to_string()),
            kind: place.map(|place| place.kind.into()),
            provider_conversation_id: place.map(|place| place.provider_conversation_id.clone()),
            name: place.and_then(|place| place.name.clone()),
            thread: place.and_then(|place| place.thread.clone()),
            channel: place.and_then(|place| place.channel.clone()),
            // In a conversation of several people, it may repeat anybody's words.
            handoff_note: handoff
                .and_then(|handoff| handoff.note.clone())
                .filter(|_| part.is_direct),
            last_activity_at: conversation.and_then(|conversation| conversation.last_activity_at),
        }
    }
}

impl HeldMessage {
    fn of(conversation_id: &str, (state, message): (MessageState, StoredMessage)) -> Self {
        let parts = content::all("", &message.attachments, &message.parts);
        let has_parts = !message.attachments.is_empty() || !message.parts.is_empty();
        Self {
            conversation_id: conversation_id.to_owned(),
            state: state.into(),
            number: (state == MessageState::Recorded).then_some(message.number),
            by_person: matches!(message.author, Author::ChatUser(_)),
            text: text_of(&message),
            content: parts
                .into_iter()
                .filter(|_| has_parts)
                .map(Part::without_addresses)
                .collect(),
            provider_event_id: message.provider_event_id,
            created_at: message.at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
        }
    }
}

/// The text of a message or, if the person wrote none, its content in words.
fn text_of(message: &StoredMessage) -> String {
    if message.deleted_at.is_some() {
        return String::new();
    }
    content::text_or_words(&message.text, &message.attachments, &message.parts)
}

impl ChatUserExportResponse {
    /// Adds a part, as far as the caller may know of it, and returns its size.
    fn add(&mut self, part: PersonPart, served: &Served) -> usize {
        match part {
            PersonPart::Nothing => 0,
            PersonPart::Requests(requests) => {
                let known = requests
                    .into_iter()
                    .filter(|asked| served.contains(asked.request.connector_id));
                let requests: Vec<HeldRequest> = known.map(Into::into).collect();
                let size = size_of(&requests);
                self.requests.extend(requests);
                size
            }
            PersonPart::Messages(part) => {
                let is_known = match part.connector_id {
                    Some(id) => served.contains(id),
                    None => *served == Served::All,
                };
                if !is_known {
                    return 0;
                }
                if !part.is_continued {
                    self.conversations.push(HeldConversation::of(&part));
                }
                let id = part.id.to_string();
                let messages = part.messages.into_iter();
                let messages: Vec<HeldMessage> =
                    messages.map(|one| HeldMessage::of(&id, one)).collect();
                let size = size_of(&messages);
                self.messages.extend(messages);
                size
            }
        }
    }
}

/// Size of some records as they are sent, in bytes.
fn size_of(records: &impl Serialize) -> usize {
    serde_json::to_vec(records).map_or(0, |json| json.len())
}

/// Export what is on record about a chat user
///
/// Everything that is held on the person, as a file: the chat user with link, standings and picture, the access
/// requests with decisions and notes, the conversations and their messages, also those that wait for the agent. What
/// the index of the search repeats is left out. An answer has a part of it; `continues` is the `cursor` of the next
/// one. Records of clients that the caller does not serve are left out. Also needs `access_requests.read` and
/// `conversations.read`. The audit log records the first page, without the data.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/chat-users/{chat_user_id}/export",
    tag = "Chat users",
    params(ChatUserPath, ChatUserExportCursor),
    responses((status = 200, description = "A part of what is on record.", body = ChatUserExportResponse, headers(("Content-Disposition" = String, description = "Lets a browser save the answer as a file."))))
)]
pub async fn export_chat_user(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ChatUserPath>,
    query: ListQuery<()>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let user = read(&deps, &call, scope, path.chat_user_id).await?;
    for permission in ALSO_NEEDED {
        if !call.caller.may(permission) {
            return Err(ApiError::permission_missing(permission));
        }
    }
    let served = served(&deps, &call, scope).await?;
    let (now, person) = (call.now(), PersonIds::of(scope, &user));
    let mut cursor = query.page.cursor;
    let is_first = cursor.is_none();
    let id = user.id;
    let mut export = ChatUserExportResponse {
        exported_at: now,
        chat_user: held(&deps, &call, (scope, user), &served).await?,
        requests: Vec::new(),
        conversations: Vec::new(),
        messages: Vec::new(),
        continues: None,
    };
    let mut size = 0;
    for _ in 0..PARTS_MAX {
        let page = deps.persons.read_person(person, cursor.as_ref(), now);
        let page = page.await?;
        size += export.add(page.part, &served);
        cursor = page.next;
        if cursor.is_none() || size >= SIZE_ENOUGH {
            break;
        }
    }
    export.continues = cursor.map(|Cursor(text)| text);
    if is_first {
        let change = Change {
            event: Event::ChatUserExported(id),
            before: Value::Null,
            after: Value::Null,
        };
        let entry = call.audit(change, now);
        deps.admin.audit.append(&entry).await?;
        log(&entry);
    }
    let as_file = HeaderValue::from_static("attachment; filename=\"chat-user.json\"");
    Ok(([(CONTENT_DISPOSITION, as_file)], Json(export)).into_response())
}

/// Reads the chat user with link, picture and standings.
async fn held(
    deps: &Deps,
    call: &Call,
    (scope, user): (ProjectScope, ChatUser),
    served: &Served,
) -> Result<HeldChatUser, ApiError> {
    let places = deps.access_requests.writing_places(scope, user.id).await?;
    let names: BTreeMap<_, _> = places
        .into_iter()
        .map(|place| (place.connector.id, place.connector.name))
        .collect();
    let standings = deps.persons.standings(PersonIds::of(scope, &user)).await?;
    let picture = if user.profile.avatar_kept {
        deps.chat_users.get_avatar(scope, user.id).await?
    } else {
        None
    };
    Ok(HeldChatUser {
        end_user_id: user.end_user_id.map(|id| id.to_string()),
        chat_user: shown(deps, call, scope, user).await?,
        picture: picture.map(|picture| HeldPicture {
            media_type: picture.media_type.to_owned(),
            size: picture.bytes.len(),
        }),
        standings: standings
            .iter()
            .filter(|standing| served.contains(standing.connector_id))
            .map(|standing| HeldStanding::of(standing, &names))
            .collect(),
    })
}
