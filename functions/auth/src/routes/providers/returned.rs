//! A person who came back from a provider.

use crate::{Deps, visitor::Visitor};
use axum::http::HeaderValue;
use vestibule_domain::{
    Timestamp,
    account::Account,
    ports::SignInFlow,
    team::{identity::IdentityHash, login_method::LoginMethod},
};
use vestibule_openid::Person;

/// A sign-in that went well.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Values of `Set-Cookie`.
    pub(super) cookies: Vec<HeaderValue>,
    /// Whether the second factor is still to be given.
    pub(super) awaits_factor: bool,
}

/// A person who came back, as the provider tells it. Nothing of this is believed beyond the account.
pub(super) struct Returned<'a> {
    pub(super) deps: &'a Deps,
    pub(super) visitor: &'a Visitor,
    pub(super) flow: &'a SignInFlow,
    pub(super) method: LoginMethod,
    pub(super) account: Account,
    pub(super) person: Person,
    pub(super) identity: IdentityHash,
    pub(super) now: Timestamp,
}
