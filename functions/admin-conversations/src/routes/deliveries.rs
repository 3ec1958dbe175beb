//! Deliveries to agents and messages to people that were given up (SPEC F01).

pub mod redrive;

use crate::{Deps, api_types::ProjectPath, serving::Serving};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams, api_types::ListResponse,
    problem::ApiError, validation,
};
use vestibule_domain::{
    Timestamp,
    account::permission::Permission,
    chat::content,
    chat::given_up::{GivenUpEntry, GivenUpWork},
    ports::GivenUpFilter,
    text::preview,
};

/// The only status that is listed.
const GIVEN_UP: &str = "given_up";

/// Kind of something that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GivenUpKind {
    /// A delivery to the agent.
    Delivery,
    /// A message to the people of the conversation.
    Message,
}

/// A delivery or message that was given up.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S10-01JD3Q3Z9V8M4T6K2N7P5R1S11", "kind": "delivery",
    "conversation_id": "01JD3Q3Z9V8M4T6K2N7P5R1S10", "connector_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X",
    "environment_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Y", "delivery_id": "01JD3Q3Z9V8M4T6K2N7P5R1S11", "message_number": null,
    "created_at": "2026-11-22T10:00:00.000Z", "given_up_at": "2026-11-25T10:00:00.000Z",
    "reason": "not_delivered_in_time", "attempts": 870, "may_have_gone_out": false, "preview": "Where is my order?"
}))]
pub struct GivenUpResponse {
    /// Id, for `…/deliveries/redrive`.
    id: String,
    /// Kind: `delivery` to the agent, or `message` to the people of the conversation.
    kind: GivenUpKind,
    /// Conversation.
    conversation_id: String,
    /// Connector. It may have been deleted since.
    connector_id: String,
    /// Environment whose agent was to get the delivery, or wrote the message; null if it is not known.
    environment_id: Option<String>,
    /// Id of the delivery, which the agent gets as `webhook-id`, also after a redrive; null for a message.
    delivery_id: Option<String>,
    /// Number of the message in its conversation; null for a delivery, which has none yet.
    message_number: Option<u64>,
    /// Time of arrival of the person's message, or time at which the agent's message was recorded.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of giving up.
    #[schema(value_type = String, format = DateTime)]
    given_up_at: Timestamp,
    /// Reason: for a delivery `http_` and the status with which the agent refused it, or
    /// `not_delivered_in_time`; for a message the platform's own error code, or `connector_deleted`.
    reason: String,
    /// Attempts before it was given up.
    attempts: u32,
    /// Whether the message may have gone out: the platform did not answer an attempt. Such a message is not
    /// redriven.
    may_have_gone_out: bool,
    /// Beginning of the text, on one line, 280 characters at most. Null without `conversations.read`, and
    /// where the project's history no longer reaches back so far.
    preview: Option<String>,
}

impl GivenUpResponse {
    /// Renders an entry. Its text is shown from `since` on.
    fn of(entry: GivenUpEntry, since: Option<Timestamp>) -> Self {
        let (kind, delivery_id, message_number, may_have_gone_out, text) = match entry.work {
            GivenUpWork::Delivery(job) => {
                let text = content::text_or_words(&job.text, &job.attachments, &job.parts);
                let id = job.delivery_id().to_string();
                (GivenUpKind::Delivery, Some(id), None, false, text)
            }
            GivenUpWork::Text(text) => (
                GivenUpKind::Message,
                None,
                Some(text.number),
                text.in_doubt,
                text.rest,
            ),
        };
        let is_shown = since.is_some_and(|since| entry.created_at >= since);
        Self {
            id: entry.id.to_string(),
            kind,
            conversation_id: entry.id.conversation_id.to_string(),
            connector_id: entry.connector_id.to_string(),
            environment_id: entry.environment_id.map(|id| id.to_string()),
            delivery_id,
            message_number,
            created_at: entry.created_at,
            given_up_at: entry.given_up_at,
            reason: entry.reason,
            attempts: entry.attempts,
            may_have_gone_out,
            preview: if is_shown { preview(&text) } else { None },
        }
    }
}

/// Filters for what was given up.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GivenUpParams {
    /// Status: `given_up`, the only one that is listed, and the default.
    #[param(nullable = false, example = "given_up")]
    status: Option<String>,
    /// Only at this connector.
    #[param(nullable = false, format = "id")]
    connector_id: Option<String>,
    /// Only of this environment.
    #[param(nullable = false, format = "id")]
    environment_id: Option<String>,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct GivenUpQuery(GivenUpFilter);

impl ListFilter for GivenUpQuery {
    type Params = GivenUpParams;

    fn read(params: GivenUpParams, errors: &mut FieldErrors) -> Self {
        let parse = |text: &str| (text == GIVEN_UP).then_some(());
        let status = params.status.as_deref();
        validation::one_of("status", status, &[GIVEN_UP], parse, errors);
        let connector = params.connector_id.as_deref();
        let environment = params.environment_id.as_deref();
        Self(GivenUpFilter {
            connector_id: validation::id("connector_id", connector, errors),
            environment_id: validation::id("environment_id", environment, errors),
            until: None,
        })
    }
}

/// List what was given up
///
/// Deliveries that the agent refused for their content, or that waited for it too long, and messages that
/// could not be sent because the platform was down for days or the connector was at fault. Each is kept for
/// 14 days. The order is that of giving up.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/deliveries",
    tag = "Deliveries",
    params(ProjectPath, GivenUpParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<GivenUpResponse>))
)]
pub async fn list_deliveries(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<GivenUpQuery>,
) -> Result<Json<ListResponse<GivenUpResponse>>, ApiError> {
    let now = call.now();
    let project = deps
        .projects
        .get_project(call.scope(), path.project_id)
        .await?
        .ok_or_else(|| ApiError::not_found("project"))?;
    let may_read = call.caller.may(Permission::ConversationsRead);
    let since = may_read.then(|| project.history_days.oldest_kept(now));
    let scope = call.scope().project(path.project_id);
    let mut page = deps
        .given_up
        .list_given_up(scope, &query.filter.0, &query.page)
        .await?;
    page.items.retain(|entry| entry.is_kept(now));
    let mut serving = Serving::new(&deps, &call, scope);
    page.items = serving.of(page.items, |entry| entry.connector_id).await?;
    Ok(ListResponse::of(page, |entry| {
        GivenUpResponse::of(entry, since)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{
        chat::byline::Byline,
        chat::given_up::{GivenUpId, GivenUpText},
        ids::{ConnectorId, ConversationId},
    };

    const ID: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

    fn shown(in_doubt: bool, since: Option<&str>) -> serde_json::Value {
        let conversation_id: ConversationId = ID.parse().unwrap();
        let connector_id: ConnectorId = ID.parse().unwrap();
        let at = |time: &str| Timestamp::parse(time).unwrap();
        let entry = GivenUpEntry {
            id: GivenUpId::of_text(conversation_id, 7),
            connector_id,
            environment_id: None,
            created_at: at("2026-11-22T10:00:00Z"),
            given_up_at: at("2026-11-25T10:00:00Z"),
            reason: "http_503".to_owned(),
            attempts: 300,
            work: GivenUpWork::Text(GivenUpText {
                number: 7,
                rest: "Your table\nis ready.".to_owned(),
                byline: Byline::default(),
                in_doubt,
            }),
        };
        serde_json::to_value(GivenUpResponse::of(entry, since.map(at))).unwrap()
    }

    #[test]
    fn a_message_is_shown_with_its_number_and_without_its_text_to_those_who_may_not_read_it() {
        let id = GivenUpId::of_text(ID.parse().unwrap(), 7).to_string();
        let expected = json!({
            "id": id, "kind": "message", "conversation_id": ID, "connector_id": ID, "environment_id": null,
            "delivery_id": null, "message_number": 7, "created_at": "2026-11-22T10:00:00.000Z",
            "given_up_at": "2026-11-25T10:00:00.000Z", "reason": "http_503", "attempts": 300,
            "may_have_gone_out": false, "preview": null
        });
        assert_eq!(shown(false, None), expected);
        assert_eq!(shown(true, None)["may_have_gone_out"], true);
    }

    #[test]
    fn a_text_is_shown_on_one_line_as_far_as_the_history_reaches_back() {
        for (since, preview) in [
            ("2026-11-22T10:00:00Z", json!("Your table is ready.")),
            ("2026-11-22T10:00:01Z", json!(null)),
        ] {
            assert_eq!(shown(false, Some(since))["preview"], preview);
        }
    }

    #[test]
    fn filters_are_ids_and_no_other_status_is_listed() {
        let mut errors = FieldErrors::default();
        let params = |status: &str, id: &str| GivenUpParams {
            status: Some(status.to_owned()),
            connector_id: Some(id.to_owned()),
            environment_id: Some(id.to_owned()),
        };
        let query = GivenUpQuery::read(params("given_up", ID), &mut errors);
        assert!(errors.is_empty());
        assert_eq!(query.0.connector_id, ID.parse().ok());
        assert_eq!(query.0.environment_id, ID.parse().ok());
        let wrong = GivenUpQuery::read(params("sent", "x"), &mut errors);
        assert_eq!(wrong.0, GivenUpFilter::default());
        for field in ["status", "connector_id", "environment_id"] {
            assert!(errors.names(field), "{field}");
        }
    }
}
