//! The routes, one file per resource.
//!
//! Each handler file has the same five parts: request, response, possible problems
//! ([`ApiError`](vestibule_admin::problem::ApiError)), handler, and documentation, from which the OpenAPI document is
//! generated. The access that each route requires is declared here, and nowhere else.

pub mod account;
pub mod accounts;
pub mod api_keys;
pub mod audit;
pub mod channels;
pub mod clients;
mod documentation;
pub mod invitations;
pub mod login_methods;
pub mod members;
pub mod permissions;
pub mod roles;
pub mod setup;
pub mod teams;
pub mod webhooks;

use crate::{Deps, rights};
use utoipa::OpenApi as _;
use utoipa_axum::routes;
use vestibule_admin::{problem::ProblemType, routes::Routes};
use vestibule_domain::account::permission::Permission;

/// The problems that the resources declare.
pub(crate) const PROBLEM_TYPES: &[&[&ProblemType]] = &[
    rights::PROBLEM_TYPES,
    account::PROBLEM_TYPES,
    account::delete::PROBLEM_TYPES,
    accounts::PROBLEM_TYPES,
    api_keys::PROBLEM_TYPES,
    channels::PROBLEM_TYPES,
    clients::PROBLEM_TYPES,
    invitations::PROBLEM_TYPES,
    login_methods::PROBLEM_TYPES,
    members::PROBLEM_TYPES,
    roles::PROBLEM_TYPES,
    setup::PROBLEM_TYPES,
    teams::PROBLEM_TYPES,
    webhooks::PROBLEM_TYPES,
];

/// Every route, with its documentation and the access it requires.
pub(crate) fn all() -> Routes<Deps> {
    let routes = Routes::new(documentation::Document::openapi())
        .open(routes!(setup::set_up))
        .open(routes!(setup::recover::recover))
        .open(routes!(accounts::create_account_as_operator))
        .authorised(
            Permission::AccountsCreate,
            routes!(accounts::create_account),
        )
        .member(routes!(account::get_account))
        .authorised(Permission::AccountManage, routes!(account::update_account))
        .authorised(
            Permission::AccountManage,
            routes!(account::delete::delete_account),
        )
        .member(routes!(permissions::list_permissions));
    webhooks(records(invitations(teams(people(routes)))))
}

/// Roles and members.
fn people(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(Permission::MembersRead, routes!(roles::list_roles))
        .authorised(Permission::RolesManage, routes!(roles::create_role))
        .authorised(Permission::MembersRead, routes!(roles::get_role))
        .authorised(Permission::RolesManage, routes!(roles::update_role))
        .authorised(Permission::RolesManage, routes!(roles::delete_role))
        .authorised(Permission::MembersRead, routes!(members::list_members))
        .authorised(Permission::MembersRead, routes!(members::get_member))
        .authorised(
            Permission::MembersManage,
            routes!(members::update::update_member),
        )
        .authorised(
            Permission::MembersManage,
            routes!(members::end::suspend_member),
        )
        .authorised(
            Permission::MembersManage,
            routes!(members::end::reinstate_member),
        )
        .authorised(
            Permission::MembersManage,
            routes!(members::end::remove_member),
        )
        .authorised(
            Permission::MembersManage,
            routes!(members::availability::set_member_availability),
        )
        .member(routes!(members::availability::get_own_availability))
        .member(routes!(members::availability::set_own_availability))
        .member(routes!(members::image::get_member_image))
        .member(routes!(members::image::put_member_image))
        .member(routes!(members::image::delete_member_image))
}

fn teams(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(Permission::TeamsRead, routes!(teams::list_teams))
        .authorised(Permission::TeamsManage, routes!(teams::create_team))
        .authorised(Permission::TeamsRead, routes!(teams::get_team))
        .authorised(Permission::TeamsManage, routes!(teams::update_team))
        .authorised(Permission::TeamsManage, routes!(teams::delete_team))
}

fn invitations(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(
            Permission::MembersRead,
            routes!(invitations::list_invitations),
        )
        .authorised(
            Permission::MembersManage,
            routes!(invitations::create::create_invitation),
        )
        .authorised(
            Permission::MembersRead,
            routes!(invitations::get_invitation),
        )
        .authorised(
            Permission::MembersManage,
            routes!(invitations::change::resend_invitation),
        )
        .authorised(
            Permission::MembersManage,
            routes!(invitations::change::revoke_invitation),
        )
        .authorised(
            Permission::MembersManage,
            routes!(invitations::change::copy_invitation_link),
        )
        .authorised(
            Permission::MembersManage,
            routes!(invitations::change::lift_mail_block),
        )
}

/// Clients, channels, login methods, API keys and the audit log.
fn records(routes: Routes<Deps>) -> Routes<Deps> {
    let routes = routes
        .authorised(Permission::ProjectsRead, routes!(clients::list_clients))
        .authorised(Permission::ClientsManage, routes!(clients::create_client))
        .authorised(Permission::ProjectsRead, routes!(clients::get_client))
        .authorised(Permission::ClientsManage, routes!(clients::update_client))
        .authorised(Permission::ClientsManage, routes!(clients::delete_client))
        .authorised(Permission::ProjectsRead, routes!(channels::list_channels))
        .authorised(Permission::ClientsManage, routes!(channels::add_channel))
        .authorised(Permission::ClientsManage, routes!(channels::remove_channel));
    keys(methods(routes))
        .authorised(Permission::AuditRead, routes!(audit::list_audit))
        .authorised(Permission::AuditRead, routes!(audit::export::export_audit))
}

fn methods(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(
            Permission::LoginMethodsManage,
            routes!(login_methods::list_login_methods),
        )
        .authorised(
            Permission::LoginMethodsManage,
            routes!(login_methods::create_login_method),
        )
        .authorised(
            Permission::LoginMethodsManage,
            routes!(login_methods::get_login_method),
        )
        .authorised(
            Permission::LoginMethodsManage,
            routes!(login_methods::update::update_login_method),
        )
        .authorised(
            Permission::LoginMethodsManage,
            routes!(login_methods::delete_login_method),
        )
        .authorised(
            Permission::LoginMethodsManage,
            routes!(login_methods::check::check_login_method),
        )
}

fn keys(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(Permission::ApiKeysManage, routes!(api_keys::list_api_keys))
        .authorised(
            Permission::ApiKeysManage,
            routes!(api_keys::create::create_api_key),
        )
        .authorised(
            Permission::ApiKeysManage,
            routes!(api_keys::end::revoke_api_key),
        )
        .authorised(
            Permission::ApiKeysManage,
            routes!(api_keys::renew::renew_api_key),
        )
        .authorised(
            Permission::ApiKeysManage,
            routes!(api_keys::renew::rotate_api_key),
        )
        .authorised(
            Permission::ApiKeysManage,
            routes!(api_keys::end::list_keys_made),
        )
}

fn webhooks(routes: Routes<Deps>) -> Routes<Deps> {
    routes
        .authorised(Permission::WebhooksRead, routes!(webhooks::list_webhooks))
        .authorised(
            Permission::WebhooksWrite,
            routes!(webhooks::create::create_webhook),
        )
        .authorised(
            Permission::WebhooksRead,
            routes!(webhooks::event_types::list_event_types),
        )
        .authorised(Permission::WebhooksRead, routes!(webhooks::get_webhook))
        .authorised(
            Permission::WebhooksWrite,
            routes!(webhooks::update::update_webhook),
        )
        .authorised(Permission::WebhooksWrite, routes!(webhooks::delete_webhook))
        .authorised(
            Permission::WebhooksWrite,
            routes!(webhooks::rotate::rotate_webhook_signing_secret),
        )
        .authorised(
            Permission::WebhooksWrite,
            routes!(webhooks::resume::resume_webhook),
        )
        .authorised(
            Permission::WebhooksWrite,
            routes!(webhooks::test::test_webhook),
        )
        .authorised(
            Permission::WebhooksRead,
            routes!(webhooks::deliveries::list_webhook_deliveries),
        )
        .authorised(
            Permission::WebhooksWrite,
            routes!(webhooks::send_again::send_event_again),
        )
}
