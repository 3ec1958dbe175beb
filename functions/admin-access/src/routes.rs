//! The routes, one file per resource.
//!
//! Each handler has the same five parts: what it takes, what it answers, what can go wrong (an
//! [`ApiError`]), the handler, and its documentation, from which the OpenAPI document is made.

pub mod access_requests;
pub mod api_keys;
pub mod avatars;
pub mod chat_users;
pub mod connectors;
pub mod environments;
pub mod projects;
pub mod providers;
pub mod setup;

use crate::{Deps, openapi};
use std::sync::Arc;
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};
use vestibule_admin::{IfMatch, problem::ApiError};
use vestibule_domain::{AccountScope, PortError, ids::ProjectId, page::PageRequest};

/// Attempts at a change that others get in the way of, unless the caller named a version.
const CHANGE_ATTEMPTS: u32 = 4;

/// Every route, with its documentation.
pub(crate) fn all() -> OpenApiRouter<Arc<Deps>> {
    OpenApiRouter::with_openapi(openapi::Document::openapi())
        .routes(routes!(openapi::get_openapi))
        .routes(routes!(setup::set_up))
        .routes(routes!(providers::list_providers))
        .routes(routes!(projects::list_projects, projects::create_project))
        .routes(routes!(projects::get_project, projects::update_project))
        .routes(routes!(
            environments::list_environments,
            environments::create_environment
        ))
        .routes(routes!(
            environments::get_environment,
            environments::update_environment
        ))
        .routes(routes!(
            connectors::list::list_connectors,
            connectors::create::create_connector
        ))
        .routes(routes!(
            connectors::get::get_connector,
            connectors::update::update_connector,
            connectors::delete::delete_connector
        ))
        .routes(routes!(connectors::test::test_connector))
        .routes(routes!(connectors::connect::connect_connector))
        .routes(routes!(connectors::rotate::rotate_webhook_secret))
        .routes(routes!(chat_users::list_chat_users))
        .routes(routes!(chat_users::get_chat_user))
        .routes(routes!(avatars::get_chat_user_avatar))
        .routes(routes!(chat_users::block_chat_user))
        .routes(routes!(chat_users::unblock_chat_user))
        .routes(routes!(access_requests::list::list_access_requests))
        .routes(routes!(access_requests::get::get_access_request))
        .routes(routes!(access_requests::decide::approve_access_request))
        .routes(routes!(access_requests::decide::reject_access_request))
        .routes(routes!(api_keys::list_api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::revoke_api_key))
}

/// `Ok` when a change that failed is to be made to the record as it is now.
fn again_after(error: PortError, if_match: &IfMatch) -> Result<(), ApiError> {
    match error {
        PortError::Conflict { .. } if if_match.is_absent() => Ok(()),
        PortError::Conflict { .. } => Err(ApiError::PreconditionFailed),
        error => Err(error.into()),
    }
}

/// A list without items may be one of a project that is not there. Only then is it worth a read
/// to tell the two apart.
async fn project_of_empty_list(
    deps: &Deps,
    scope: AccountScope,
    id: ProjectId,
    page: &PageRequest,
    is_empty: bool,
) -> Result<(), ApiError> {
    if is_empty && page.cursor.is_none() {
        return project_exists(deps, scope, id).await;
    }
    Ok(())
}

async fn project_exists(deps: &Deps, scope: AccountScope, id: ProjectId) -> Result<(), ApiError> {
    match deps.projects.get_project(scope, id).await? {
        Some(_) => Ok(()),
        None => Err(ApiError::NotFound("project")),
    }
}
