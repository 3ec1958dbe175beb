//! The routes, one file per resource.
//!
//! Each handler file has the same five parts: request, response, possible problems
//! ([`ApiError`](vestibule_admin::problem::ApiError)), handler, and documentation, from which the OpenAPI document is generated. The access that each route
//! requires is declared here, and nowhere else.

pub mod access_requests;
pub mod avatars;
pub mod chat_users;
pub mod connectors;
pub mod documentation;
pub mod environments;
pub mod explain;
pub mod health;
pub mod projects;
pub mod providers;
pub mod user_names;

use crate::Deps;
use access_requests::decide::RequestToDecide;
use utoipa::OpenApi as _;
use utoipa_axum::routes;
use vestibule_admin::{problem::ProblemType, routes::Routes};
use vestibule_domain::account::permission::Permission;

/// The problems that the resources declare.
pub(crate) const PROBLEM_TYPES: &[&[&ProblemType]] = &[
    access_requests::decide::PROBLEM_TYPES,
    access_requests::directory::PROBLEM_TYPES,
    access_requests::revoke::PROBLEM_TYPES,
    connectors::PROBLEM_TYPES,
    environments::PROBLEM_TYPES,
    environments::delete::PROBLEM_TYPES,
    environments::order::PROBLEM_TYPES,
    environments::test::PROBLEM_TYPES,
    projects::PROBLEM_TYPES,
    projects::delete::PROBLEM_TYPES,
];

/// Every route, with its documentation and the access it requires.
pub(crate) fn all() -> Routes<Deps> {
    let routes = Routes::new(documentation::Document::openapi())
        .open(routes!(documentation::get_openapi))
        .open(routes!(health::get_health));
    people(places(routes))
}

/// Projects, their environments and connectors.
fn places(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(Permission::ProjectsRead, routes!(providers::list_providers))
        .authorised(Permission::ProjectsRead, routes!(projects::list_projects))
        .authorised(Permission::ProjectsWrite, routes!(projects::create_project))
        .authorised(Permission::ProjectsRead, routes!(projects::get_project))
        .authorised(Permission::ProjectsWrite, routes!(projects::update_project))
        .authorised(
            Permission::ProjectsWrite,
            routes!(projects::archive::archive_project),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(projects::archive::restore_project),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(projects::delete::delete_project),
        )
        .authorised(
            Permission::ProjectsRead,
            routes!(environments::list_environments),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(environments::create_environment),
        )
        .authorised(
            Permission::ProjectsRead,
            routes!(environments::get_environment),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(environments::update_environment),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(environments::delete::delete_environment),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(environments::order::reorder_environments),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(environments::rotate::rotate_signing_secret),
        )
        .authorised(
            Permission::ProjectsWrite,
            routes!(environments::test::test_environment),
        )
        .authorised(
            Permission::ProjectsRead,
            routes!(connectors::list::list_connectors),
        )
        .authorised(
            Permission::ConnectorsWrite,
            routes!(connectors::create::create_connector),
        )
        .authorised(
            Permission::ProjectsRead,
            routes!(connectors::get::get_connector),
        )
        .authorised(
            Permission::ConnectorsWrite,
            routes!(connectors::update::update_connector),
        )
        .authorised(
            Permission::ConnectorsWrite,
            routes!(connectors::delete::delete_connector),
        )
        .authorised(
            Permission::ConnectorsWrite,
            routes!(connectors::test::test_connector),
        )
        .authorised(
            Permission::ConnectorsWrite,
            routes!(connectors::connect::connect_connector),
        )
        .authorised(
            Permission::ConnectorsWrite,
            routes!(connectors::rotate::rotate_webhook_secret),
        )
        .authorised(
            Permission::DeliveriesRead,
            routes!(connectors::trace::trace_message),
        )
        .authorised(
            Permission::ConversationsReply,
            routes!(connectors::messages::bring_message),
        )
}

/// Chat users and their access requests.
fn people(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(
            Permission::ChatUsersRead,
            routes!(chat_users::list_chat_users),
        )
        .authorised(
            Permission::ChatUsersRead,
            routes!(chat_users::counts::count_chat_users),
        )
        .authorised(
            Permission::ChatUsersRead,
            routes!(chat_users::get_chat_user),
        )
        .authorised(
            Permission::ChatUsersRead,
            routes!(avatars::get_chat_user_avatar),
        )
        .authorised(
            Permission::ChatUsersRead,
            routes!(chat_users::export::export_chat_user),
        )
        .authorised(
            Permission::ChatUsersBlock,
            routes!(chat_users::block_chat_user),
        )
        .authorised(
            Permission::ChatUsersBlock,
            routes!(chat_users::unblock_chat_user),
        )
        .authorised(
            Permission::ChatUsersErase,
            routes!(chat_users::erase::erase_chat_user),
        )
        .authorised(
            Permission::ChatUsersRead,
            routes!(chat_users::kept_blocks::list_kept_blocks),
        )
        .authorised(
            Permission::ChatUsersBlock,
            routes!(chat_users::kept_blocks::lift_kept_block),
        )
        .authorised(
            Permission::AccessRequestsDecide,
            routes!(chat_users::approve::approve_chat_user),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(chat_users::link::link_chat_user),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(chat_users::link::unlink_chat_user),
        )
        .authorised(
            Permission::AccessRequestsDecide,
            routes!(chat_users::revoke::revoke_chat_user),
        )
        .authorised(
            Permission::ChatUsersRead,
            routes!(explain::explain_decision),
        )
        .authorised(
            Permission::AccessRequestsRead,
            routes!(access_requests::list::list_access_requests),
        )
        .authorised(
            Permission::AccessRequestsRead,
            routes!(access_requests::counts::count_access_requests),
        )
        .authorised(
            Permission::AccessRequestsRead,
            routes!(access_requests::export::export_access_requests),
        )
        .authorised(
            Permission::AccessRequestsRead,
            routes!(access_requests::get::get_access_request),
        )
        .authorised_beside::<RequestToDecide>(
            Permission::AccessRequestsDecide,
            routes!(access_requests::decide::approve_access_request),
        )
        .authorised_beside::<RequestToDecide>(
            Permission::AccessRequestsDecide,
            routes!(access_requests::decide::reject_access_request),
        )
        .authorised_beside::<RequestToDecide>(
            Permission::AccessRequestsDecide,
            routes!(access_requests::revoke::revoke_access_request),
        )
        .authorised(
            Permission::AccessRequestsDecide,
            routes!(access_requests::bulk::decide_access_requests),
        )
}
