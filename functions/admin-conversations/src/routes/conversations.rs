//! Conversations: the places where people talk to the agent (SPEC F07).

pub mod case;
pub mod counts;
mod glimpse;
mod reply;
pub mod update;
mod views;

pub use views::{ConversationViewName, View};

use crate::{
    Deps,
    api_types::{ConversationPath, ProjectPath},
    serving::Serving,
};
use axum::{Json, extract::State};
use case::{CaseResponse, Cases, shown};
use glimpse::{ConversationPersonResponse, MessagePreviewResponse};
use reply::ReplyResponse;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams,
    api_types::{ActorResponse, ConversationKindName, ListResponse},
    problem::ApiError,
    validation, wire_enum,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    account::{is_channel_key, permission::Permission},
    chat::handoff::Handoff,
    ids::ConversationId,
    page::Page,
    ports::{CaseFilter, ConversationFilter, ConversationState, ConversationView, Glimpse},
};

wire_enum! {
    /// State of a conversation.
    ConversationStateName = ConversationState {
        /// In progress, with the agent.
        Open = "open",
        /// In progress, with people who took over from the agent.
        HandedOff = "handed_off",
        /// Ended.
        Closed = "closed",
    }
}

/// Handoff of a conversation from the agent to people.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "by": {"id": "agent:01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "name": "Agent"}, "at": "2026-11-22T10:00:00.000Z",
    "team": "sales", "note": "Wants an offer for 200 seats.", "skills": ["German"], "note_erased": false
}))]
pub struct HandoffResponse {
    /// Author: the agent of an environment, in an answer; a member or an API key; or the system, where the connector is
    /// answered by the team.
    by: ActorResponse,
    /// Time of the handoff.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Team that takes over, as the author named it; null if none was named.
    team: Option<String>,
    /// Note for whoever takes over.
    note: Option<String>,
    /// Skills that it takes, beside those that the connector asks for.
    skills: Vec<String>,
    /// Whether there was a note that was erased with a person who wrote in the conversation.
    note_erased: bool,
}

impl From<Handoff> for HandoffResponse {
    fn from(handoff: Handoff) -> Self {
        Self {
            by: (&handoff.by).into(),
            at: handoff.at,
            team: handoff.team,
            note: handoff.note,
            skills: handoff.skills.iter().map(ToString::to_string).collect(),
            note_erased: handoff.note_erased,
        }
    }
}

/// A conversation.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S10", "state": "open", "handoff": null, "connector_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X",
    "environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "chat_user_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z",
    "kind": "direct", "provider_conversation_id": "D0123456789", "thread": null, "channel": null,
    "message_count": 12, "last_message_at": "2026-11-22T10:00:00.000Z", "last_activity_at": "2026-11-22T10:00:01.000Z",
    "case": null
}))]
pub struct ConversationResponse {
    /// Id.
    id: String,
    /// State: `open`, `handed_off` while people have it instead of the agent, or `closed` once it has ended.
    state: ConversationStateName,
    /// Handoff; null while the agent has the conversation.
    handoff: Option<HandoffResponse>,
    /// Connector through which the people write. It may have been deleted since.
    connector_id: String,
    /// Environment whose agent got the last message. Null until the first message that was delivered since
    /// conversations are on record.
    environment_id: Option<String>,
    /// Chat user who wrote last; null like `environment_id`.
    chat_user_id: Option<String>,
    /// Kind of conversation, which says whether others read along; null like `environment_id`.
    kind: Option<ConversationKindName>,
    /// Platform's own id of the conversation, such as a Slack channel, as the last message of a person named
    /// it; null like `environment_id`.
    provider_conversation_id: Option<String>,
    /// Thread within the conversation.
    thread: Option<String>,
    /// Channel of a connector that has several: `sms` or `whatsapp`.
    channel: Option<String>,
    /// Messages both ways, also those that are no longer kept: the `number` of the last one.
    message_count: u64,
    /// Time at which the last message of a person was written.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_message_at: Option<Timestamp>,
    /// Time of the last message either way. Conversations are listed in this order.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_activity_at: Option<Timestamp>,
    /// Routing to a member; null if it was never offered to the team, or long ago.
    case: Option<CaseResponse>,
    /// Person who wrote last, for callers who hold `chat_users.read`; only in a list, unless the person was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<ConversationPersonResponse>,
    /// Beginning of the last message; only in a list, unless the message is no longer kept, was deleted, or was erased
    /// with a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<MessagePreviewResponse>,
    /// Whether the caller may write into it; only in the answer to a call that reads one conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<ReplyResponse>,
}

impl ConversationResponse {
    /// Renders a conversation with its case.
    #[must_use]
    pub fn of(view: ConversationView, case: Option<CaseResponse>) -> Self {
        let conversation = view.conversation;
        let kind = conversation.place.as_ref().map(|place| place.kind.into());
        let (provider_conversation_id, thread, channel) = match conversation.place {
            Some(place) => (
                Some(place.provider_conversation_id),
                place.thread,
                place.channel,
            ),
            None => (None, None, None),
        };
        Self {
            id: view.id.to_string(),
            state: view.state.into(),
            handoff: conversation.handoff.map(Into::into),
            connector_id: view.connector_id.to_string(),
            environment_id: conversation.environment_id.map(|id| id.to_string()),
            chat_user_id: conversation.chat_user_id.map(|id| id.to_string()),
            kind,
            provider_conversation_id,
            thread,
            channel,
            message_count: conversation.message_total,
            last_message_at: conversation.last_message_at,
            last_activity_at: conversation.last_activity_at,
            case,
            person: None,
            preview: None,
            reply: None,
        }
    }

    /// Adds what a list shows beside the record: the person only for callers who may know people.
    fn with_glimpse(self, glimpse: Glimpse, may_know_people: bool) -> Self {
        let person = glimpse.person.filter(|_| may_know_people);
        Self {
            person: person.map(Into::into),
            preview: glimpse.last_message.and_then(MessagePreviewResponse::of),
            ..self
        }
    }
}

/// Filters for conversations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConversationParams {
    /// Only conversations in this state.
    #[param(value_type = Option<ConversationStateName>, nullable = false)]
    state: Option<String>,
    /// Only conversations at this connector.
    #[param(nullable = false, format = "id")]
    connector_id: Option<String>,
    /// Only conversations in which this person wrote last.
    #[param(nullable = false, format = "id")]
    chat_user_id: Option<String>,
    /// Only conversations whose last message went to this environment.
    #[param(nullable = false, format = "id")]
    environment_id: Option<String>,
    /// View: the caller's own ones, those that wait for a member, those that members have, those that are with the
    /// agent, or all, which is the default. The first three are in the order of their offers: with `order=oldest`, first
    /// come first.
    #[param(value_type = Option<ConversationViewName>, nullable = false)]
    view: Option<String>,
    /// Only conversations of this client.
    #[param(nullable = false, format = "id")]
    client_id: Option<String>,
    /// Only conversations on this channel, by its key.
    #[param(nullable = false, min_length = 1, max_length = 40)]
    channel: Option<String>,
    /// Only conversations that ask for this team.
    #[param(nullable = false, format = "id")]
    team_id: Option<String>,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct ConversationQuery {
    view: View,
    filter: ConversationFilter,
    cases: CaseFilter,
}

impl ListFilter for ConversationQuery {
    type Params = ConversationParams;

    fn read(params: ConversationParams, errors: &mut FieldErrors) -> Self {
        let state = validation::one_of(
            "state",
            params.state.as_deref(),
            ConversationStateName::SPELLINGS,
            ConversationStateName::parse,
            errors,
        );
        let (connector, chat_user, environment) = (
            params.connector_id.as_deref(),
            params.chat_user_id.as_deref(),
            params.environment_id.as_deref(),
        );
        let filter = ConversationFilter {
            state: state.map(Into::into),
            connector_id: validation::id("connector_id", connector, errors),
            chat_user_id: validation::id("chat_user_id", chat_user, errors),
            environment_id: validation::id("environment_id", environment, errors),
        };
        let view = validation::one_of(
            "view",
            params.view.as_deref(),
            ConversationViewName::SPELLINGS,
            ConversationViewName::parse,
            errors,
        );
        if let Some(channel) = &params.channel
            && !is_channel_key(channel)
        {
            errors.add("channel", "must be the key of a channel: a-z, 0-9 and _");
        }
        let cases = CaseFilter {
            client_id: validation::id("client_id", params.client_id.as_deref(), errors),
            channel: params.channel,
            team_id: validation::id("team_id", params.team_id.as_deref(), errors),
        };
        Self {
            view: view.map(Into::into).unwrap_or_default(),
            filter,
            cases,
        }
    }
}

/// List the conversations
///
/// All conversations of the project in which a message was delivered to the agent, or recorded without it,
/// in the order of their last activity, of the clients whose records the caller may touch. One in which somebody
/// writes meanwhile moves to the front. Each tells who wrote last, and the beginning of the last message. A page may be
/// short, or empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations",
    tag = "Conversations",
    params(ProjectPath, ConversationParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ConversationResponse>))
)]
pub async fn list_conversations(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<ConversationQuery>,
) -> Result<Json<ListResponse<ConversationResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let page = views::page(&deps, &call, scope, query).await?;
    let glimpses = deps
        .conversations
        .glimpses(scope, &page.items, call.now())
        .await?;
    let may_know_people = call.caller.may(Permission::ChatUsersRead);
    let shown = Cases::new(&deps, scope).show_all(page.items).await?;
    let page = Page {
        items: shown
            .into_iter()
            .zip(glimpses)
            .map(|(shown, glimpse)| shown.with_glimpse(glimpse, may_know_people))
            .collect(),
        next: page.next,
    };
    Ok(ListResponse::of(page, |shown| shown))
}

/// Read a conversation
///
/// Its messages have a list of their own. `reply` tells whether a text of the caller would be taken.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/conversations/{conversation_id}",
    tag = "Conversations",
    params(ConversationPath),
    responses((status = 200, description = "The conversation.", body = ConversationResponse))
)]
pub async fn get_conversation(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ConversationPath>,
) -> Result<Json<ConversationResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let view = find_conversation(&deps, &call, scope, path.conversation_id).await?;
    let reply = reply::standing(&deps, &call, scope, view.id).await?;
    Ok(Json(ConversationResponse {
        reply: Some(reply),
        ..shown(&deps, scope, view).await?
    }))
}

/// The conversation, if the caller may know of it.
pub(super) async fn find_conversation(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: ConversationId,
) -> Result<ConversationView, ApiError> {
    let found = deps
        .conversations
        .get_conversation(scope, id)
        .await?
        .filter(|view| call.may_know_of(view.conversation.environment_id));
    let no_conversation = || ApiError::not_found("conversation");
    let view = found.ok_or_else(no_conversation)?;
    let mut serving = Serving::new(deps, call, scope);
    if serving.serves(view.connector_id).await? {
        Ok(view)
    } else {
        Err(no_conversation())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{
        chat::conversation::{Conversation, ConversationKind, ConversationRef},
        ids::{ChatUserId, ClientId, ConnectorId, EnvironmentId, TeamId},
    };

    const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn shown(conversation: Conversation) -> serde_json::Value {
        let view = ConversationView {
            id: ID.parse().unwrap(),
            connector_id: ID.parse().unwrap(),
            state: ConversationState::Open,
            conversation,
        };
        serde_json::to_value(ConversationResponse::of(view, None)).unwrap()
    }

    #[test]
    fn a_conversation_is_shown_as_its_last_message_named_it_with_its_counts_and_times() {
        let connector: ConnectorId = ID.parse().unwrap();
        let place = ConversationRef::new(
            connector,
            ConversationKind::Group,
            "G1".to_owned(),
            Some("7".to_owned()),
        )
        .on_channel("sms");
        let shown = shown(Conversation {
            message_count: 3,
            message_total: 5,
            last_message_at: Timestamp::parse("2026-11-22T10:00:00Z"),
            place: Some(place),
            environment_id: ID.parse::<EnvironmentId>().ok(),
            chat_user_id: ID.parse::<ChatUserId>().ok(),
            last_activity_at: Timestamp::parse("2026-11-22T10:00:01Z"),
            ..Conversation::default()
        });
        let expected = json!({
            "id": ID, "state": "open", "handoff": null, "connector_id": ID, "environment_id": ID, "chat_user_id": ID,
            "kind": "group", "provider_conversation_id": "G1", "thread": "7", "channel": "sms",
            "message_count": 5, "last_message_at": "2026-11-22T10:00:00.000Z",
            "last_activity_at": "2026-11-22T10:00:01.000Z", "case": null,
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_conversation_of_the_release_before_is_shown_with_what_is_known_of_it() {
        let shown = shown(Conversation {
            message_count: 3,
            last_message_at: Timestamp::parse("2026-11-22T10:00:00Z"),
            ..Conversation::default()
        });
        assert_eq!(shown["id"], ID);
        assert_eq!(shown["last_message_at"], "2026-11-22T10:00:00.000Z");
        for unknown in [
            "environment_id",
            "chat_user_id",
            "kind",
            "provider_conversation_id",
            "thread",
            "channel",
            "last_activity_at",
        ] {
            assert_eq!(shown[unknown], serde_json::Value::Null, "{unknown}");
        }
        assert!(shown.as_object().unwrap().contains_key("kind"));
    }

    #[test]
    fn a_state_is_spelled_as_in_the_domain() {
        for state in [
            ConversationState::Open,
            ConversationState::HandedOff,
            ConversationState::Closed,
        ] {
            let name = ConversationStateName::from(state);
            assert_eq!(name.spelling(), state.key());
            assert_eq!(serde_json::to_value(name).unwrap(), state.key());
            assert_eq!(ConversationState::from(name), state);
        }
        assert_eq!(
            ConversationStateName::SPELLINGS,
            ["open", "handed_off", "closed"]
        );
    }

    #[test]
    fn filters_are_read_and_every_wrong_one_is_told() {
        let mut errors = FieldErrors::default();
        let all = |state: &str, view: &str, id: &str| ConversationParams {
            state: Some(state.to_owned()),
            connector_id: Some(id.to_owned()),
            chat_user_id: Some(id.to_owned()),
            environment_id: Some(id.to_owned()),
            view: Some(view.to_owned()),
            client_id: Some(id.to_owned()),
            channel: Some(id.to_lowercase()),
            team_id: Some(id.to_owned()),
        };
        let ConversationQuery {
            view,
            filter,
            cases,
        } = ConversationQuery::read(all("closed", "queue", ID), &mut errors);
        assert!(errors.is_empty());
        assert_eq!(view, View::Queue);
        assert_eq!(cases.client_id, ID.parse::<ClientId>().ok());
        assert_eq!(cases.channel, Some(ID.to_lowercase()));
        assert_eq!(cases.team_id, ID.parse::<TeamId>().ok());
        assert_eq!(filter.state, Some(ConversationState::Closed));
        assert_eq!(filter.connector_id, ID.parse::<ConnectorId>().ok());
        assert_eq!(filter.chat_user_id, ID.parse::<ChatUserId>().ok());
        assert_eq!(filter.environment_id, ID.parse::<EnvironmentId>().ok());
        ConversationQuery::read(all("ended", "theirs", "x#"), &mut errors);
        for field in [
            "state",
            "view",
            "connector_id",
            "chat_user_id",
            "environment_id",
            "client_id",
            "channel",
            "team_id",
        ] {
            assert!(errors.names(field), "{field}");
        }
        let none = ConversationQuery::read(ConversationParams::default(), &mut errors);
        assert_eq!(none.filter.state, None);
        assert_eq!(none.view, View::All);
    }
}
