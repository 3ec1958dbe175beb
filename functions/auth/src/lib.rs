//! Sign-in: passwords, second factors, sessions, resets, identity providers, and the acceptance of invitations
//! (SPEC D15–D18, D24, D27, D28, D31, D33, D35): `/v1/auth/…` and `/v1/me…`.
//!
//! | module | content |
//! |---|---|
//! | [`routes`] | one file per resource: request, response, handler |
//! | [`visitor`] | the browser that calls an open route, and its cookies |
//! | [`opening`] | sessions: made, opened after a sign-in, replaced at a change of rights |
//! | [`joining`] | the link of an invitation, and the steps of accepting it |
//! | [`second_factor`] | codes of the second factor |
//! | [`following`] | members that get the new address of their login |
//! | [`fresh_proof`] | the password or a code, given once more |
//! | [`leaving`] | the end of a membership by the person's own wish |
//! | [`limits`] | throttles |
//! | [`refusals`] | passwords compared, records of refused attempts ordered |
//! | [`records`] | audit entries and mails of a login |
//! | [`problems`] | problems that the routes answer with |
//! | [`tokens`], [`cookies`], [`passwords`], [`totp`] | their forms |
//! | `input` | fields that several routes read |
//! | `wiring` | the adapters behind its ports |

#![expect(
    unused_qualifications,
    reason = "utoipa's `path` macro writes the types of `params` with their paths"
)]

pub mod cookies;
pub mod following;
pub mod fresh_proof;
mod input;
pub mod joining;
pub mod leaving;
pub mod limits;
pub mod opening;
pub mod passwords;
pub mod problems;
pub mod records;
pub mod refusals;
pub mod routes;
pub mod second_factor;
pub mod tokens;
pub mod totp;
pub mod visitor;
mod wiring;

pub use wiring::wire;

use ring::rand::SecureRandom;
use std::sync::Arc;
use vestibule_admin::{AdminState, openapi::FunctionApi};
use vestibule_domain::ports::{
    AccountStore, AddressStore, EmailQueue, FlowStore, InvitationStore, LoginMethodStore,
    LoginStore, MemberStore, OwnLoginStore, PasswordHasher, RoutingQueue, SecretVault,
    SessionStore, TeamQueue,
};
use vestibule_openid::{KeySets, ProviderTransport};

/// Ports of sign-in.
#[derive(Clone)]
pub struct Deps {
    /// Credentials, throttles, clock and ids.
    pub admin: AdminState,
    /// Accounts, with their rules.
    pub accounts: Arc<dyn AccountStore>,
    /// Members and roles.
    pub members: Arc<dyn MemberStore>,
    /// Invitations.
    pub invitations: Arc<dyn InvitationStore>,
    /// Providers of accounts.
    pub methods: Arc<dyn LoginMethodStore>,
    /// Logins.
    pub logins: Arc<dyn LoginStore>,
    /// Changes of logins' addresses.
    pub addresses: Arc<dyn AddressStore>,
    /// Records about a login, and its end.
    pub own_logins: Arc<dyn OwnLoginStore>,
    /// Sessions and devices.
    pub sessions: Arc<dyn SessionStore>,
    /// Sign-ins at providers that are under way.
    pub flows: Arc<dyn FlowStore>,
    /// Password hashes.
    pub passwords: Arc<dyn PasswordHasher>,
    /// The queue of mails.
    pub email: Arc<dyn EmailQueue>,
    /// The queue of records of refused sign-ins.
    pub team: Arc<dyn TeamQueue>,
    /// The router's queue.
    pub routing: Arc<dyn RoutingQueue>,
    /// Secrets at rest.
    pub vault: Arc<dyn SecretVault>,
    /// Calls to providers.
    pub transport: Arc<dyn ProviderTransport>,
    /// Keys of providers, as they were last fetched.
    pub keys: Arc<KeySets>,
    /// The source of tokens.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
    /// The sender of mails. Without one, no mail is written.
    pub mail_from: Option<String>,
}

vestibule_admin::admin_function! {
    /// Sign-in, ready for `lambda_http::run`.
    Deps {},
    routes,
    FunctionApi::of(
        &routes::all(),
        &[problems::PROBLEM_TYPES, routes::providers::PROBLEM_TYPES],
    ),
}
