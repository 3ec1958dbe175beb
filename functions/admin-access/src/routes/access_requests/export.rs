//! `GET /v1/projects/{project_id}/access-requests/export`: the list as CSV, by pages.

use super::list::{AccessRequestOrderParams, AccessRequestParams, AccessRequestQuery};
use crate::{
    Deps,
    api_types::{ProjectPath, ReasonCodeName, RequestStatusName},
    serving::served,
};
use axum::{extract::State, response::Response};
use std::sync::Arc;
use vestibule_admin::{
    ApiPath, Call,
    api_types::ConversationKindName,
    export::{ExportCursor, ExportQuery, ExportedRows},
    problem::ApiError,
    project_of_empty_list,
};
use vestibule_domain::ports::AccessRequestView;

/// Columns of the file, in order.
const COLUMNS: [&str; 21] = [
    "id",
    "status",
    "user_name",
    "identifier",
    "provider",
    "connector_id",
    "connector",
    "environment_id",
    "environment",
    "conversation_kind",
    "conversation",
    "conversation_name",
    "created_at",
    "message_count",
    "last_message_at",
    "rejected_before",
    "processed_by",
    "processed_at",
    "processing_note",
    "reason_code",
    "revoked_at",
];

/// Export the access requests
///
/// The list as filtered, at most 1000 rows an answer. The header `Link` with `rel="next"` leads to the next ones,
/// and `Vestibule-Next-Cursor` names them; without these, the answer is the last. Cells that a spreadsheet would
/// run as a formula begin with an apostrophe.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/access-requests/export",
    tag = "Access requests",
    params(ProjectPath, AccessRequestParams, AccessRequestOrderParams, ExportCursor),
    responses((status = 200, description = "Some rows.", content((String = "text/csv")), headers(
        ("Link" = String, description = "Address of the next rows, with `rel=\"next\"`."),
        ("Vestibule-Next-Cursor" = String, description = "Start of the next rows.")
    )))
)]
pub async fn export_access_requests(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ExportQuery<AccessRequestQuery>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let served = &served(&deps, &call, scope).await?;
    let (deps, filter) = (&deps, &query.filter.0);
    let found = ExportedRows::read(query.page, |page| async move {
        let requests = deps.access_requests.as_ref();
        let mut found = requests.list_access_requests(scope, filter, &page).await?;
        project_of_empty_list(deps.projects.as_ref(), scope, &page, &found).await?;
        found
            .items
            .retain(|view| served.contains(view.request.connector_id));
        Ok(found)
    })
    .await?;
    let path = format!("/v1/projects/{}/access-requests/export", path.project_id);
    Ok(found.into_csv("access-requests.csv", (&path, &query.asked), COLUMNS, cells))
}

/// The cells of one request.
fn cells(view: AccessRequestView) -> [String; COLUMNS.len()] {
    let request = view.request;
    let id = request.id;
    let counted = view
        .standing
        .filter(|standing| standing.request_id == Some(id));
    let user = view.chat_user;
    let name = user
        .as_ref()
        .map_or(request.identifier.as_str(), |user| user.display_name())
        .to_owned();
    let status = RequestStatusName::from(request.status())
        .spelling()
        .to_owned();
    let kind = ConversationKindName::from(request.conversation.kind).spelling();
    let decision = request.decision.as_ref();
    let told = |text: Option<String>| text.unwrap_or_default();
    let count = counted
        .as_ref()
        .map(|standing| standing.message_count.to_string());
    let last = counted.and_then(|standing| standing.last_message_at);
    let reason = decision.and_then(|decision| decision.reason);
    [
        id.to_string(),
        status,
        name,
        request.identifier.clone(),
        request.provider.key().to_owned(),
        request.connector_id.to_string(),
        request.connector_name.clone(),
        request.environment_id.to_string(),
        told(view.environment_name),
        kind.to_owned(),
        request.conversation.provider_conversation_id.clone(),
        told(request.conversation.name.clone()),
        request.created_at.to_string(),
        told(count),
        told(last.map(|at| at.to_string())),
        request.rejected_before.to_string(),
        told(decision.map(|decision| decision.by.name.clone())),
        told(decision.map(|decision| decision.at.to_string())),
        told(decision.and_then(|decision| decision.note.clone())),
        told(reason.map(|reason| ReasonCodeName::from(reason).spelling().to_owned())),
        told(
            request
                .revocation
                .as_ref()
                .map(|revocation| revocation.at.to_string()),
        ),
    ]
}
