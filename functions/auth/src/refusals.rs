//! The comparison of a password, and the order to record a refused attempt. Both cost the same whether or not the
//! address has a login: one run of argon2id, the same calls.

use crate::{Deps, limits, visitor::Visitor};
use vestibule_admin::problem::ApiError;
use vestibule_domain::{
    account::email_address::EmailAddress,
    ids::{AuditId, LoginId},
    job::{RecordRefusal, TeamJob},
    ports::Verdict,
    secret::Secret,
    team::{login::Login, throttle::ThrottleKind},
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

/// Orders the record of a refused sign-in in the accounts of the login (SPEC G02). The worker looks for these
/// accounts: how many there are, and whether there is a login at all, costs this call nothing.
pub async fn record(
    deps: &Deps,
    visitor: &Visitor,
    email: &EmailAddress,
    login: Option<&Login>,
) -> Result<(), ApiError> {
    let login_id = place(email, login);
    tracing::info!(login.id = %login_id, "sign-in refused");
    if !limits::is_admitted(deps, ThrottleKind::Refusals, &login_id.to_string()).await? {
        return Ok(());
    }
    let job = TeamJob::RecordRefusal(RecordRefusal {
        login_id,
        audit_id: AuditId::new(deps.admin.ids.draw()),
        address: visitor.device().address,
        request_id: visitor.origin.request_id.clone(),
        at: deps.admin.clock.now(),
    });
    Ok(deps.team.enqueue_team(job).await?)
}
