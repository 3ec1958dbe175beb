//! The admin API for the users of projects (SPEC C): `/v1/projects/{project_id}/end-users`.
//!
//! | module | content |
//! |---|---|
//! | [`routes`] | one file per resource: request, response, handler |
//! | `api_types` | ids in addresses |
//! | `environments` | the environments that users hold |
//! | `serving` | the chat users whom a caller may know of |
//! | `wiring` | the adapters behind its ports |

#![expect(
    unused_qualifications,
    reason = "utoipa's `path` macro writes the types of `params` with their paths"
)]

mod api_types;
mod environments;
pub mod routes;
mod serving;
mod wiring;

pub use wiring::wire;

use std::sync::Arc;
use vestibule_admin::{AdminState, openapi::FunctionApi};
use vestibule_domain::ports::{
    AccessRequestStore, ChatUserStore, EndUserStore, EnvironmentStore, ImportStore, IndexQueue,
    OnboardingQueue, ProjectStore,
};

/// Ports of the admin API for the users of projects.
#[derive(Clone)]
pub struct Deps {
    /// Credentials, clock and ids.
    pub admin: AdminState,
    /// Projects.
    pub projects: Arc<dyn ProjectStore>,
    /// Environments.
    pub environments: Arc<dyn EnvironmentStore>,
    /// The users.
    pub end_users: Arc<dyn EndUserStore>,
    /// Imports of users.
    pub imports: Arc<dyn ImportStore>,
    /// The chat users that they are.
    pub chat_users: Arc<dyn ChatUserStore>,
    /// Access requests of chat users.
    pub access_requests: Arc<dyn AccessRequestStore>,
    /// Queue for what an erasure of chat users leaves to do.
    pub onboarding: Arc<dyn OnboardingQueue>,
    /// Queue of work on the directory and the search.
    pub index: Arc<dyn IndexQueue>,
}

vestibule_admin::admin_function! {
    /// The admin API for the users of projects, ready for `lambda_http::run`.
    Deps {},
    routes,
    FunctionApi::of(
        &routes::all(),
        &[
            routes::end_users::PROBLEM_TYPES,
            routes::imports::PROBLEM_TYPES,
        ],
    ),
}
