//! `/v1/projects/{project_id}/chat-users/kept-blocks`: blocks that outlived their people (SPEC A45, C41).

use crate::{
    Deps,
    api_types::{KeptBlockPath, ProjectPath},
    serving::{Served, served},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, IfMatch, ListQuery, PageParams, amend,
    api_types::ListResponse,
    log,
    problem::{ApiError, Problem},
    project_of_empty_list,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    chat::kept_block::KeptBlock,
    ids::{ConnectorId, KeptBlockId},
    page::Page,
};

/// Block of an erased person. Nothing is kept of the person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "provider": "slack",
    "connectors": [{"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Support on Slack"}],
    "blocked_at": "2026-11-22T10:00:00.000Z", "blocked_by": "first key", "erased_at": "2026-11-23T10:00:00.000Z"
}))]
pub struct KeptBlockResponse {
    /// Id of the block, a keyed hash from which nobody learns the person.
    id: String,
    /// Key of the provider.
    provider: String,
    /// Connectors through which the person wrote.
    connectors: Vec<KeptBlockConnectorResponse>,
    /// Time of the block.
    #[schema(value_type = String, format = DateTime)]
    blocked_at: Timestamp,
    /// Name of the actor that blocked the person.
    blocked_by: String,
    /// Time of the erasure.
    #[schema(value_type = String, format = DateTime)]
    erased_at: Timestamp,
}

/// Connector through which a person wrote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X", "name": "Support on Slack"}))]
pub struct KeptBlockConnectorResponse {
    /// Id.
    id: String,
    /// Name; null if the connector is deleted.
    name: Option<String>,
}

/// List the blocks of erased people
///
/// Blocks that outlived their people, the latest block first. The people stay blocked, and nothing else is known of
/// them. Of callers with access to some clients, those of people who wrote through their connectors; a page may then
/// be short, or empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/chat-users/kept-blocks",
    tag = "Chat users",
    params(ProjectPath, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<KeptBlockResponse>))
)]
pub async fn list_kept_blocks(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<KeptBlockResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let found = deps.chat_users.list_kept_blocks(scope, &query.page).await?;
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &found).await?;
    let served = served(&deps, &call, scope).await?;
    let items: Vec<KeptBlock> = found
        .items
        .into_iter()
        .filter(|block| serves(&served, block))
        .collect();
    let names = names(&deps, scope, &items).await?;
    let page = Page {
        items,
        next: found.next,
    };
    Ok(ListResponse::of(page, |block: KeptBlock| {
        KeptBlockResponse {
            id: block.id.to_string(),
            provider: block.provider.key().to_owned(),
            connectors: block
                .connectors
                .iter()
                .filter(|id| served.contains(**id))
                .map(|id| KeptBlockConnectorResponse {
                    id: id.to_string(),
                    name: names.get(id).cloned(),
                })
                .collect(),
            blocked_at: block.blocked_at,
            blocked_by: block.blocked_by,
            erased_at: block.erased_at,
        }
    }))
}

/// Whether the caller may know of a block: the person wrote through a connector that the caller serves.
fn serves(served: &Served, block: &KeptBlock) -> bool {
    *served == Served::All || block.connectors.iter().any(|id| served.contains(*id))
}

/// Reads the names of the connectors of these blocks. Deleted ones have none.
async fn names(
    deps: &Deps,
    scope: ProjectScope,
    blocks: &[KeptBlock],
) -> Result<BTreeMap<ConnectorId, String>, ApiError> {
    let mut names = BTreeMap::new();
    let mut ids: Vec<ConnectorId> = blocks
        .iter()
        .flat_map(|block| block.connectors.iter().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let connector = deps.connectors.get_connector(scope, id).await?;
        names.extend(connector.map(|connector| (id, connector.name)));
    }
    Ok(names)
}

/// Lift the block of an erased person
///
/// From their next message on, the person is a stranger, on every platform id under which the block counted.
#[utoipa::path(
    delete,
    path = "/v1/projects/{project_id}/chat-users/kept-blocks/{kept_block_id}",
    tag = "Chat users",
    params(KeptBlockPath),
    responses(
        (status = 204, description = "The block is lifted."),
        (status = 409, description = "The person writes meanwhile, or other callers lift the block.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn lift_kept_block(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<KeptBlockPath>,
) -> Result<StatusCode, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, call) = (&deps, &call);
    amend(
        &IfMatch::Absent,
        || read(deps, call, scope, path.kept_block_id),
        |block: KeptBlock| async move {
            let entry = call.audit(block.lift(), call.now());
            deps.chat_users
                .lift_kept_block(scope, &block, &entry)
                .await?;
            log(&entry);
            Ok(StatusCode::NO_CONTENT)
        },
    )
    .await
}

async fn read(
    deps: &Deps,
    call: &Call,
    scope: ProjectScope,
    id: KeptBlockId,
) -> Result<KeptBlock, ApiError> {
    let no_block = || ApiError::not_found("block");
    let block = deps.chat_users.get_kept_block(scope, id).await?;
    let block = block.ok_or_else(no_block)?;
    if serves(&served(deps, call, scope).await?, &block) {
        Ok(block)
    } else {
        Err(no_block())
    }
}
