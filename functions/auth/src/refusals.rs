//! The comparison of a password, and the record of a refused attempt. Both cost the same whether or not the
//! address has a login: one run of argon2id, the same calls.

use crate::{Deps, limits, records, visitor::Visitor};
use serde_json::json;
use vestibule_admin::problem::ApiError;
use vestibule_domain::{
    account::email_address::EmailAddress,
    event::Event,
    ids::LoginId,
    ports::Verdict,
    secret::Secret,
    team::{login::Login, session::Device, throttle::ThrottleKind},
};

/// The login of an address, or the id of one that nobody has.
#[must_use]
pub fn place(email: &EmailAddress, login: Option<&Login>) -> LoginId {
    login.map_or_else(|| LoginId::derive(&[email.as_str()]), |login| login.id)
}

/// Compares a password with that of a login, if there is one.
pub async fn compare(
    deps: &Deps,
    login: Option<&Login>,
    given: &Secret,
) -> Result<Verdict, ApiError> {
    let stored = login.and_then(|login| login.password.as_ref());
    let stored = stored.map(|password| password.hash.as_str());
    Ok(deps.passwords.verify(given, stored).await?)
}

/// Records a refused sign-in in the accounts of the login (SPEC G02). Of an address without one, only the log
/// tells.
pub async fn record(
    deps: &Deps,
    visitor: &Visitor,
    email: &EmailAddress,
    login: Option<&Login>,
) -> Result<(), ApiError> {
    let now = deps.admin.clock.now();
    let id = place(email, login);
    let subject = id.to_string();
    tracing::info!(login.id = %id, "sign-in refused");
    if !limits::is_admitted(deps, ThrottleKind::Refusals, &subject).await? {
        return Ok(());
    }
    let places = deps.logins.accounts(id).await?;
    let Device { address, .. } = visitor.device();
    let (event, after) = (Event::LoginSignInRefused(id), json!({"address": address}));
    let entries = login.map_or_else(Vec::new, |login| {
        records::audits(
            deps,
            (login, &places),
            (event, &after),
            &visitor.origin,
            now,
        )
    });
    deps.sessions
        .record_refusal(email, id, &entries, now)
        .await?;
    Ok(())
}
