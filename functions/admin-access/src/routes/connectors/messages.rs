//! `POST /v1/projects/{project_id}/connectors/{connector_id}/messages`: messages of people, brought by a customer's own
//! system (SPEC E38).

use super::{CHANNEL_REMOVED, KEYS_ONLY, NOT_BY_API, TOO_MANY_MESSAGES, read};
use crate::{Deps, api_types::ConnectorPath};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, JsonBody,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    AccountScope, Timestamp, access::quota::next_minute, account::proof::CredentialId,
    chat::message::InboundMessage, text::is_blank,
};
use vestibule_edge::intake::IntakeOutcome;
use vestibule_providers::api::{Brought, message};

/// Longest text of a message, in characters.
const TEXT_MAX_CHARS: usize = 40_000;

/// A message of a person.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "message_id": "m-4711", "user": {"id": "u-17", "name": "Ada Lovelace", "language": "en"},
    "conversation": {"id": "order-9"}, "text": "Where is my order?", "sent_at": "2026-11-22T10:00:00Z"
}))]
pub struct BroughtMessageRequest {
    /// Your id of the message: 1 to 128 characters, without spaces. A message of a conversation that is brought again
    /// within eight days counts once.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 128)]
    message_id: Option<String>,
    /// Person who wrote it.
    #[schema(required = true, nullable = false)]
    user: Option<BroughtUserRequest>,
    /// Conversation, where the person has several; the person's only one if left out.
    conversation: Option<BroughtConversationRequest>,
    /// Text, 1 to 40000 characters, not all of them blank.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 40_000)]
    text: Option<String>,
    /// Time of writing; that of the call if left out, or if it is later.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
}

/// A person, as your system knows them.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroughtUserRequest {
    /// Your id of the person: 1 to 128 characters, without spaces. At connectors of the same client on the same channel of
    /// a project it is the same person.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 128)]
    id: Option<String>,
    /// Name for display.
    name: Option<String>,
    /// Language tag (BCP 47), by which variants of texts are chosen.
    language: Option<String>,
}

/// A conversation, as your system knows it. It is this person's alone.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BroughtConversationRequest {
    /// Your id of the conversation: 1 to 128 characters, without spaces.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 128)]
    id: Option<String>,
}

/// The outcome of a message.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "message_id": "m-4711", "outcome": "delivered",
    "chat_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "conversation_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X"
}))]
pub struct BroughtMessageResponse {
    /// Your id of the message.
    message_id: String,
    /// Outcome.
    outcome: MessageOutcomeName,
    /// Chat user who wrote it. Nobody is on record under it if the message was `dropped`.
    chat_user_id: String,
    /// Conversation that it belongs to. It is on record once the message was delivered.
    conversation_id: String,
}

/// The outcome of a message: the agent or the team gets it (`delivered`); it was brought before (`duplicate`); the person
/// is blocked (`dropped`), or not known where only known people may write (`ignored`); it made an access request
/// (`request_opened`) or counts on one (`counted`), or none was made, because the last one was rejected too recently
/// (`cooled_down`) or too many people asked in this minute (`held_back`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageOutcomeName {
    /// The agent or the team gets it.
    Delivered,
    /// It was brought before.
    Duplicate,
    /// The person is blocked.
    Dropped,
    /// The person is not known, and asked for nothing; or the project is archived.
    Ignored,
    /// It made an access request.
    RequestOpened,
    /// It counts on a pending access request.
    Counted,
    /// The person's request was rejected too recently.
    CooledDown,
    /// Too many people asked in this minute.
    HeldBack,
}

impl From<IntakeOutcome> for MessageOutcomeName {
    fn from(outcome: IntakeOutcome) -> Self {
        match outcome {
            IntakeOutcome::Delivered => Self::Delivered,
            IntakeOutcome::Duplicate => Self::Duplicate,
            IntakeOutcome::Dropped => Self::Dropped,
            // A new message changes and withdraws nothing.
            IntakeOutcome::Ignored | IntakeOutcome::Changed | IntakeOutcome::Withdrawn => {
                Self::Ignored
            }
            IntakeOutcome::RequestOpened => Self::RequestOpened,
            IntakeOutcome::Counted => Self::Counted,
            IntakeOutcome::CooledDown => Self::CooledDown,
            IntakeOutcome::HeldBack => Self::HeldBack,
        }
    }
}

/// The body, complete and valid.
#[derive(Debug)]
struct Given {
    message_id: String,
    user_id: String,
    user_name: Option<String>,
    language: Option<String>,
    conversation_id: Option<String>,
    text: String,
    sent_at: Timestamp,
}

impl Given {
    /// Checks a body that arrives at `now`.
    fn read(body: JsonBody, now: Timestamp) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: BroughtMessageRequest = read_fields(body.0, &mut errors);
        let message_id = read_id("message_id", request.message_id, &mut errors);
        let user = errors.required("user", request.user).unwrap_or_default();
        let user_id = if errors.names("user") {
            None
        } else {
            read_id("user.id", user.id, &mut errors)
        };
        let conversation_id = request
            .conversation
            .and_then(|conversation| read_id("conversation.id", conversation.id, &mut errors));
        let text = errors.required("text", request.text);
        if let Some(text) = &text
            && (is_blank(text) || text.chars().count() > TEXT_MAX_CHARS)
        {
            errors.add(
                "text",
                format!("must be 1 to {TEXT_MAX_CHARS} characters, not all of them blank"),
            );
        }
        let sent_at = request.sent_at.map(|given| {
            let time = Timestamp::parse(&given);
            if time.is_none() {
                let rule = "must be a time such as 2026-11-22T10:00:00Z (RFC 3339)";
                errors.add("sent_at", rule);
            }
            time.unwrap_or(now)
        });
        match (message_id, user_id, text) {
            (Some(message_id), Some(user_id), Some(text)) if errors.is_empty() => Ok(Self {
                message_id,
                user_id,
                user_name: user.name,
                language: user.language,
                conversation_id,
                text,
                sent_at: sent_at.map_or(now, |time| time.min(now)),
            }),
            _ => Err(errors.into_validation()),
        }
    }

    fn brought(&self) -> Brought<'_> {
        Brought {
            message_id: &self.message_id,
            user_id: &self.user_id,
            user_name: self.user_name.as_deref(),
            language: self.language.as_deref(),
            conversation_id: self.conversation_id.as_deref(),
            text: &self.text,
            sent_at: self.sent_at,
        }
    }
}

fn read_id(field: &str, given: Option<String>, errors: &mut FieldErrors) -> Option<String> {
    let id = errors.required(field, given)?;
    if !Brought::is_id(&id) {
        errors.add(field, "must be 1 to 128 characters, without spaces");
    }
    Some(id)
}

/// Bring a message
///
/// Takes a message of a person from your own system, for a connector of the provider `api`, as a platform's webhook takes
/// one: under the connector's policy, the agent or the team gets it, or the person asks for access. Texts for the person
/// are posted to the connector's reply address. Whatever the outcome, the message was taken; after a failure, bring it
/// again. Only an API key brings messages: a member's session is refused.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/connectors/{connector_id}/messages",
    tag = "Connectors",
    params(ConnectorPath),
    request_body = BroughtMessageRequest,
    responses(
        (status = 202, description = "The message was taken, by this call or an earlier one.", body = BroughtMessageResponse),
        (status = 409, description = "A platform sends the messages of this connector, or the account removed its channel, or other messages of the person keep coming; then bring it again.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The connector brought 3000 messages in this minute.", body = Problem, content_type = "application/problem+json", headers(("Retry-After" = String, description = "Seconds to wait."))),
    )
)]
pub async fn bring_message(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConnectorPath>,
    body: JsonBody,
) -> Result<(StatusCode, Json<BroughtMessageResponse>), ApiError> {
    let scope = call.scope().project(path.project_id);
    let connector = read(&deps, &call, scope, path.connector_id).await?;
    if !call.may_know_of(Some(connector.environment_id)) {
        return Err(ApiError::not_found("connector"));
    }
    if matches!(call.caller.credential, CredentialId::Session(..)) {
        return Err(ApiError::new(&KEYS_ONLY));
    }
    let given = Given::read(body, call.now())?;
    let message =
        message(&connector, &given.brought()).ok_or_else(|| ApiError::new(&NOT_BY_API))?;
    check_channel(&deps, call.scope(), &message).await?;
    let now = call.now();
    if !deps.messages.takes_another(connector.id, now).await? {
        let wait = next_minute(now).since(now);
        return Err(ApiError::new(&TOO_MANY_MESSAGES).with_retry_after(wait));
    }
    let chat_user_id = message.sender.chat_user_id(scope);
    let conversation_id = message.conversation.id;
    let taken = Box::pin(deps.messages.take(&connector, message)).await?;
    let answer = BroughtMessageResponse {
        message_id: given.message_id,
        outcome: taken.into(),
        chat_user_id: chat_user_id.to_string(),
        conversation_id: conversation_id.to_string(),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// Checks that the account still has the channel of a message: one that nobody can answer would wait unseen.
async fn check_channel(
    deps: &Deps,
    scope: AccountScope,
    message: &InboundMessage,
) -> Result<(), ApiError> {
    let Some(key) = &message.conversation.channel else {
        return Ok(());
    };
    let channels = deps.channels.channels(scope).await?;
    if channels.get(key).is_some() {
        return Ok(());
    }
    Err(ApiError::new(&CHANNEL_REMOVED).with_detail(format!(
        "The account has no channel `{key}` any more; add it or delete the connector."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use vestibule_admin::problem::VALIDATION;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn read(value: Value) -> Result<Given, Vec<String>> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        Given::read(JsonBody(fields), NOW).map_err(|error| {
            assert_eq!(error.kind(), &VALIDATION);
            let fields = error.errors().iter().map(|error| error.field.clone());
            fields.collect()
        })
    }

    #[test]
    fn everything_that_is_wrong_with_a_message_is_told_at_once() {
        for (body, expected) in [
            (json!({}), vec!["message_id", "user", "text"]),
            (
                json!({"message_id": "m 1", "user": {}, "text": " ", "sent_at": "today", "conversation": {}}),
                vec![
                    "message_id",
                    "user.id",
                    "conversation.id",
                    "text",
                    "sent_at",
                ],
            ),
            (
                json!({"message_id": "m", "user": {"id": "u", "age": 5}, "text": "x".repeat(TEXT_MAX_CHARS + 1)}),
                vec!["user.age", "text"],
            ),
        ] {
            let mut told = read(body).unwrap_err();
            let mut expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
            told.sort();
            expected.sort();
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn a_message_was_written_when_it_says_and_never_later_than_it_came() {
        for (sent_at, expected) in [
            (json!(null), NOW),
            (
                json!("2026-11-22T10:00:00Z"),
                Timestamp::parse("2026-11-22T10:00:00Z").unwrap(),
            ),
            (json!("2099-01-01T00:00:00Z"), NOW),
        ] {
            let body =
                json!({"message_id": "m", "user": {"id": "u"}, "text": "Hi", "sent_at": sent_at});
            assert_eq!(read(body).unwrap().sent_at, expected);
        }
    }
}
