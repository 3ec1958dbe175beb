//! `POST /v1/projects/{project_id}/conversations/{conversation_id}/messages`: texts that the agent writes without
//! being asked, and replies of members.

use super::MessageResponse;
use crate::{
    Deps, api_types::ConversationPath, routes::routing::check_may_answer, serving::check_served,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IDEMPOTENCY_REPLAYED, IdempotencyKey, JsonBody,
    api_types::IdempotencyHeader,
    jobs::send_or_leave,
    problem::{
        ApiError, CHANGED_MEANWHILE, IDEMPOTENCY_KEY_REUSED, Problem, ProblemMember, UNAVAILABLE,
    },
    problem_types, read_fields,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::audience::Audience,
    account::actor::{Actor, RightsHolder},
    chat::byline::Byline,
    chat::history::StoredMessage,
    chat::send_status::SkipReason,
    connector::Connector,
    error::Chain,
    ids::ConversationId,
    job::{QueuedText, SendMessages, SendMessagesJob},
    ports::{
        AddedBefore, AddedTexts, Changed, NewTexts, OpenConversation, TextBatch, WritingContext,
    },
    retry::conflict_wait,
    text::is_blank,
};
use vestibule_edge::first_reply::count_missed;
use vestibule_providers::catalogue::chat_provider;

problem_types! {
    OPTED_OUT = "opted-out", CONFLICT, "The person wants no messages",
        "The person opted out on this channel (STOP), at `since`. Nothing can be sent until they opt in again (START).", [SINCE];
    REPLY_WINDOW_CLOSED = "reply-window-closed", CONFLICT, "The platform's time for answers is over",
        "The platform lets us write for some time after a message of the person only; it was over at `since`. Write once they have written again.",
        [SINCE];
    ACCESS_ENDED = "access-ended", CONFLICT, "The person was blocked or erased",
        "Nothing is sent to a person who is blocked or erased. An admin can unblock them.";
    CONNECTOR_DELETED = "connector-deleted", CONFLICT, "The connector of the conversation was deleted",
        "Nothing can be sent there any more. Once the person writes at another connector, that is another conversation.";
    PLACE_UNKNOWN = "place-unknown", CONFLICT, "Nobody has written in the conversation since the update",
        "Before the update, it was not recorded where the conversation takes place. Write once a person has written there again.";
}

/// The `since` member of problems about time.
const SINCE: ProblemMember = ProblemMember::of::<String>(
    "since",
    "The time from which on nothing can be sent, in RFC 3339.",
);

/// Maximum number of texts of a call, as of an agent's answer.
const TEXTS_MAX: usize = 10;
/// Maximum length of a text, in characters. On every platform, it is sent in no more pieces than a text may
/// have.
const TEXT_MAX_CHARS: usize = 40_000;
/// Attempts at a call that meets other writers of the conversation.
const ATTEMPTS: u32 = 8;

/// A text to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessageRequest {
    /// Plain text, 1 to 40000 characters, not all of them blank.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40_000)]
    text: Option<String>,
}

/// Texts to send, in order.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"messages": [{"text": "Your table is ready."}]}))]
pub struct CreateMessagesRequest {
    /// One to ten texts.
    #[schema(required = true, nullable = false, min_items = 1, max_items = 10)]
    messages: Option<Vec<NewMessageRequest>>,
}

/// Messages that were added, in order.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CreatedMessagesResponse {
    /// Messages as they were added: `sending.status` is `queued`.
    messages: Vec<MessageResponse>,
}

/// Checks the texts of a call.
fn read_texts(body: JsonBody) -> Result<Vec<String>, ApiError> {
    let mut errors = FieldErrors::default();
    let read: CreateMessagesRequest = read_fields(body.0, &mut errors);
    let given = errors
        .required("messages", read.messages)
        .unwrap_or_default();
    if given.is_empty() || given.len() > TEXTS_MAX {
        if errors.is_empty() {
            errors.add("messages", "must have 1 to 10 items");
        }
        return Err(errors.into_validation());
    }
    let mut texts = Vec::new();
    for (index, message) in given.into_iter().enumerate() {
        let field = format!("messages.{index}.text");
        let Some(text) = errors.required(&field, message.text) else {
            continue;
        };
        if is_blank(&text) || text.chars().count() > TEXT_MAX_CHARS {
            errors.add(
                field,
                format!("must be 1 to {TEXT_MAX_CHARS} characters, not all of them blank"),
            );
        }
        texts.push(text);
    }
    errors.check_body()?;
    Ok(texts)
}

/// Write into a conversation
///
/// Adds one to ten texts, which are sent in order, behind the texts that are still to be sent. Those of a member are
/// theirs, and begin with their name where the connector has `shows_author`; those of an API key are the agent's.
/// They are on record when the call is answered; `…/messages/{number}` tells what became of each. Whether
/// the person may be written to is checked at the call, and once more before each text is sent. While the
/// conversation is with the team, a member writes only for their clients on their channels, and where it was
/// assigned to them.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}/messages",
    tag = "Conversations",
    params(ConversationPath, IdempotencyHeader),
    request_body = CreateMessagesRequest,
    responses(
        (status = 202, description = "The texts were added, by this call or, in the last 30 days, an earlier one with this Idempotency-Key.", body = CreatedMessagesResponse),
        (status = 409, description = "Nothing can be sent in this conversation now; the `type` says why.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_messages(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ConversationPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let request_hash = idempotency.request_hash(&body.0);
    let texts = read_texts(body)?;
    let scope = call.scope().project(path.project_id);
    check_served(&deps, &call, scope, path.conversation_id).await?;
    check_may_answer(&deps, &call, scope, path.conversation_id).await?;
    let route = format!(
        "projects/{}/conversations/{}/messages",
        path.project_id, path.conversation_id
    );
    let asked = Asked {
        scope,
        conversation_id: path.conversation_id,
        texts: &texts,
        batch: request_hash.map(|request_hash| TextBatch {
            id: idempotency.id(&call, &route),
            request_hash,
        }),
    };
    let mut attempt = 1;
    loop {
        match add(&deps, &call, &asked).await {
            Err(error) if *error.kind() == CHANGED_MEANWHILE => {
                if attempt == ATTEMPTS {
                    return Err(ApiError::new(&UNAVAILABLE));
                }
                tokio::time::sleep(conflict_wait(attempt, call.ids())).await;
                attempt += 1;
            }
            outcome => return outcome.map(Added::respond),
        }
    }
}

/// A call, once its body is validated.
struct Asked<'a> {
    scope: ProjectScope,
    conversation_id: ConversationId,
    texts: &'a [String],
    batch: Option<TextBatch>,
}

/// The author of the texts of a call: the member who makes it, whose name `is_shown` or not, or the agent, for whom a key
/// does.
fn byline(actor: &Actor, is_shown: bool) -> Byline {
    match actor.rights_holder() {
        Some(RightsHolder::Member(id)) => Byline::member(id, actor.name.clone(), is_shown),
        Some(RightsHolder::ApiKey(_)) | None => Byline::default(),
    }
}

impl Asked<'_> {
    /// The answer to the same call made again: as the first one was answered.
    fn again(&self, call: &Call, before: &AddedBefore) -> Result<Added, ApiError> {
        let asked = self.batch.as_ref().map(|batch| &batch.request_hash);
        if asked != Some(&before.request_hash) {
            return Err(ApiError::idempotency_key(
                &IDEMPOTENCY_KEY_REUSED,
                "added other messages to this conversation before; other messages need a new key",
            ));
        }
        let texts = (before.first..)
            .zip(self.texts)
            .map(|(number, text)| QueuedText {
                number,
                at: before.at,
                text: text.clone(),
                is_ephemeral: false,
                is_unprompted: true,
                byline: byline(call.actor(), false),
            })
            .collect();
        Ok(Added {
            texts,
            replayed: true,
        })
    }
}

/// Texts that were added.
struct Added {
    texts: Vec<QueuedText>,
    /// Whether an earlier call added them.
    replayed: bool,
}

impl Added {
    fn respond(self) -> Response {
        let shown = |text: &QueuedText| MessageResponse::from(StoredMessage::unprompted(text));
        let body = CreatedMessagesResponse {
            messages: self.texts.iter().map(shown).collect(),
        };
        let mut response = (StatusCode::ACCEPTED, Json(body)).into_response();
        if self.replayed {
            response.headers_mut().extend([IDEMPOTENCY_REPLAYED]);
        }
        response
    }
}

/// Makes one attempt. [`CHANGED_MEANWHILE`] when another writer gave numbers in the conversation.
async fn add(deps: &Deps, call: &Call, asked: &Asked<'_>) -> Result<Added, ApiError> {
    let now = call.now();
    let batch = asked.batch.as_ref();
    let context = deps
        .writer
        .writing_context(
            asked.scope,
            asked.conversation_id,
            batch.map(|batch| batch.id),
            now,
        )
        .await?
        .filter(|place| call.may_know_of(place.environment_id))
        .map(|place| place.context)
        .ok_or_else(|| ApiError::not_found("conversation"))?;
    let open = match context {
        WritingContext::Before(before) => return asked.again(call, &before),
        WritingContext::Open(open) => open,
    };
    let audience = reachable(&open, now)?;
    let connector = open.connector.as_ref();
    let shows_author = connector.is_some_and(|connector| connector.shows_author);
    let byline = byline(call.actor(), shows_author);
    let order = SendMessages {
        scope: asked.scope,
        connector_id: open.connector_id,
        conversation_id: asked.conversation_id,
    };
    let new = NewTexts {
        order,
        conversation: &open.conversation,
        place: &audience.place,
        texts: asked.texts,
        byline: &byline,
        history: open.history,
        batch,
        instead_of: None,
        at: now,
    };
    match deps.writer.add_texts(&new).await? {
        AddedTexts::Before(before) => asked.again(call, &before),
        AddedTexts::Gone => Err(ApiError::new(&CHANGED_MEANWHILE)),
        AddedTexts::Now(texts) => {
            let job = SendMessagesJob::new(order, texts.clone());
            send_or_leave(deps.outgoing.as_ref(), job).await;
            if !byline.is_agent()
                && let Err(error) = note_first_reply(deps, asked, now).await
            {
                tracing::warn!(error = %Chain(&error), "the time of a first reply was not noted");
            }
            Ok(Added {
                texts,
                replayed: false,
            })
        }
    }
}

/// Notes in the conversation's case that a member replied at this time, unless one has. It is a figure: the texts count
/// without it.
async fn note_first_reply(deps: &Deps, asked: &Asked<'_>, now: Timestamp) -> Result<(), PortError> {
    let routing = &deps.routing;
    let mut case = routing.case(asked.scope, asked.conversation_id).await?;
    for _ in 0..ATTEMPTS {
        let Some(open) = case.filter(|case| case.is_open() && case.first_reply_at.is_none()) else {
            return Ok(());
        };
        case = match routing.note_first_reply(&open, now).await? {
            Changed::Stale(changed) => Some(*changed),
            Changed::Done(noted) => {
                count_missed(&open, &noted, now);
                None
            }
            Changed::Gone | Changed::NoRoom | Changed::NotAvailable => None,
        };
    }
    Ok(())
}

/// The audience of the conversation, if it may be written to.
pub(in crate::routes) fn reachable(
    open: &OpenConversation,
    now: Timestamp,
) -> Result<&Audience, ApiError> {
    let connector = open
        .connector
        .as_ref()
        .ok_or_else(|| ApiError::new(&CONNECTOR_DELETED))?;
    let audience = open
        .audience
        .as_ref()
        .ok_or_else(|| ApiError::new(&PLACE_UNKNOWN))?;
    check(audience, connector, now)?;
    Ok(audience)
}

/// The end of the platform's time for answers, if it sets one.
pub(in crate::routes) fn closes_at(open: &OpenConversation) -> Option<Timestamp> {
    let (audience, connector) = open.audience.as_ref().zip(open.connector.as_ref())?;
    audience.window_closes_at(reply_window(audience, connector))
}

fn reply_window(audience: &Audience, connector: &Connector) -> Option<Duration> {
    chat_provider(&connector.provider)?.reply_window(&audience.place)
}

fn check(audience: &Audience, connector: &Connector, now: Timestamp) -> Result<(), ApiError> {
    let window = reply_window(audience, connector);
    let (kind, since) = match audience.check(window, now) {
        Ok(()) => return Ok(()),
        Err(SkipReason::OptedOut) => (&OPTED_OUT, audience.opted_out_at()),
        Err(SkipReason::WindowClosed) => (&REPLY_WINDOW_CLOSED, audience.window_closes_at(window)),
        Err(_) => (&ACCESS_ENDED, None),
    };
    let problem = ApiError::new(kind);
    Err(match since {
        Some(since) => problem.with_member(&SINCE, since.to_string()),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vestibule_admin::problem::VALIDATION;
    use vestibule_domain::{
        chat::byline::Author,
        ids::{ApiKeyId, MemberId},
    };

    /// SPEC E36.
    #[test]
    fn texts_are_the_members_who_writes_them_or_the_agents_for_whom_a_key_does() {
        let id = MemberId::derive(&["m"]);
        let member = Actor::member(id, "Ana".to_owned());
        for (is_shown, said) in [(true, "Ana: Hello"), (false, "Hello")] {
            let byline = byline(&member, is_shown);
            assert_eq!(byline.author, Author::Member(id));
            assert_eq!(byline.above("Hello"), said);
        }
        let key = Actor::api_key(ApiKeyId::derive(&["k"]), "script".to_owned());
        assert_eq!(byline(&key, true), Byline::default());
    }

    fn read(body: &Value) -> Result<Vec<String>, ApiError> {
        read_texts(JsonBody(body.as_object().unwrap().clone()))
    }

    /// The fields of the refusal.
    fn refused(body: &Value) -> Vec<String> {
        let error = read(body).unwrap_err();
        assert_eq!(error.kind(), &VALIDATION, "{body}");
        let fields = error.errors().iter();
        fields.map(|error| error.field.clone()).collect()
    }

    #[test]
    fn one_to_ten_texts_are_read_in_order() {
        let texts: Vec<_> = (1..=10).map(|number| number.to_string()).collect();
        for count in [1, 10] {
            let given: Vec<_> = texts
                .iter()
                .take(count)
                .map(|text| json!({"text": text}))
                .collect();
            let read = read(&json!({"messages": given})).unwrap();
            assert_eq!(read, texts[..count]);
        }
        let longest = "é".repeat(TEXT_MAX_CHARS);
        let read = read(&json!({"messages": [{"text": longest}]})).unwrap();
        assert_eq!(read, [longest]);
    }

    #[test]
    fn every_text_that_breaks_a_rule_is_named() {
        let eleven = vec![json!({"text": "Hi"}); 11];
        let too_long = "x".repeat(TEXT_MAX_CHARS + 1);
        for (body, fields) in [
            (json!({}), vec!["messages"]),
            (json!({"messages": "Hi"}), vec!["messages"]),
            (json!({"messages": []}), vec!["messages"]),
            (json!({"messages": eleven}), vec!["messages"]),
            (json!({"messages": ["Hi"]}), vec!["messages.0"]),
            (json!({"messages": [{}]}), vec!["messages.0.text"]),
            (json!({"messages": [{"text": 5}]}), vec!["messages.0.text"]),
            (
                json!({"messages": [{"text": "Hi", "to": "Ada"}]}),
                vec!["messages.0.to"],
            ),
            (
                json!({"messages": [{"text": ""}, {"text": "Hi"}, {"text": " \n\u{200b}"}, {"text": too_long}]}),
                vec!["messages.0.text", "messages.2.text", "messages.3.text"],
            ),
        ] {
            assert_eq!(refused(&body), fields);
        }
    }
}
