//! The routes, one file per resource. The access that each requires is declared here, and nowhere else. Open
//! routes that change something take a [`Visitor`](crate::visitor::Visitor), which refuses calls of other sites.

pub mod address;
pub mod documentation;
pub mod factor;
pub mod invitations;
pub mod me;
pub mod methods;
pub mod my_factor;
pub mod my_identities;
pub mod own_login;
pub mod password;
pub mod providers;
pub mod reset;
pub mod sessions;
pub mod sign_in;

use crate::Deps;
use utoipa::OpenApi as _;
use utoipa_axum::routes;
use vestibule_admin::routes::Routes;

/// Every route, with its documentation and the access it requires.
pub(crate) fn all() -> Routes<Deps> {
    let open = Routes::new(documentation::Document::openapi())
        .open(routes!(methods::list_sign_in_methods))
        .open(routes!(sign_in::sign_in))
        .open(routes!(factor::give_factor))
        .open(routes!(sign_in::sign_out))
        .open(routes!(reset::ask_reset))
        .open(routes!(reset::inspect_reset))
        .open(routes!(reset::finish_reset))
        .open(routes!(invitations::inspect_invitation))
        .open(routes!(invitations::accept_invitation))
        .open(routes!(providers::start_provider_sign_in))
        .open(routes!(providers::finish_provider_sign_in));
    open.signed_in(routes!(me::get_me))
        .signed_in(routes!(me::update_me))
        .signed_in(routes!(password::change_password))
        .signed_in(routes!(address::change_address))
        .signed_in(routes!(address::confirm_address))
        .signed_in(routes!(own_login::leave_account))
        .signed_in(routes!(own_login::export_login))
        .signed_in(routes!(own_login::delete_login))
        .signed_in(routes!(sessions::list_sessions))
        .signed_in(routes!(sessions::end_session))
        .signed_in(routes!(sessions::end_other_sessions))
        .signed_in(routes!(my_identities::list_identities))
        .signed_in(routes!(my_identities::disconnect_identity))
        .signed_in(routes!(my_factor::begin_factor))
        .signed_in(routes!(my_factor::confirm_factor))
        .signed_in(routes!(my_factor::draw_recovery_codes))
        .signed_in(routes!(my_factor::remove_factor))
}
