//! The routes, one file per resource. The access that each requires is declared here, and nowhere else.

pub mod documentation;
pub mod end_users;
pub mod imports;

use crate::Deps;
use utoipa::OpenApi as _;
use utoipa_axum::routes;
use vestibule_admin::routes::Routes;
use vestibule_domain::account::permission::Permission;

/// Every route, with its documentation and the access it requires.
pub(crate) fn all() -> Routes<Deps> {
    Routes::new(documentation::Document::openapi())
        .authorised(Permission::EndUsersRead, routes!(end_users::list_end_users))
        .authorised(
            Permission::EndUsersRead,
            routes!(end_users::count_end_users),
        )
        .authorised(
            Permission::EndUsersRead,
            routes!(end_users::export_all::export_end_users),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(end_users::create::create_end_user),
        )
        .authorised(Permission::EndUsersRead, routes!(end_users::get_end_user))
        .authorised(
            Permission::EndUsersWrite,
            routes!(end_users::update::update_end_user),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(end_users::delete::delete_end_user),
        )
        .authorised(
            Permission::EndUsersRead,
            routes!(end_users::export::export_end_user),
        )
        .authorised(Permission::EndUsersWrite, routes!(imports::list_imports))
        .authorised(
            Permission::EndUsersWrite,
            routes!(imports::create::create_import),
        )
        .authorised(Permission::EndUsersWrite, routes!(imports::get_import))
        .authorised(
            Permission::EndUsersWrite,
            routes!(imports::part::put_import_part),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(imports::start::start_import),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(imports::cancel::cancel_import),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(imports::errors::list_import_errors),
        )
        .authorised(
            Permission::EndUsersWrite,
            routes!(imports::errors::export_import_errors),
        )
}
