//! Throttles of what strangers may try (SPEC D28). Nobody is locked out for ever, and a browser that
//! signed a login in before has attempts of its own.

use crate::{Deps, tokens::sha256_hex};
use vestibule_admin::problem::{ApiError, TOO_MANY_ATTEMPTS};
use vestibule_domain::{PortError, ports::Admission, team::throttle::ThrottleKind};

/// Counts an attempt. Refused when there were too many.
pub async fn admit(deps: &Deps, kind: ThrottleKind, subject: &str) -> Result<(), ApiError> {
    let now = deps.admin.clock.now();
    match deps.admin.throttles.admit(kind, subject, now).await? {
        Admission::Admitted => Ok(()),
        Admission::Wait(wait) => Err(ApiError::new(&TOO_MANY_ATTEMPTS).with_retry_after(wait)),
    }
}

/// Counts an attempt, and says whether it is admitted.
pub async fn is_admitted(
    deps: &Deps,
    kind: ThrottleKind,
    subject: &str,
) -> Result<bool, PortError> {
    let now = deps.admin.clock.now();
    let admission = deps.admin.throttles.admit(kind, subject, now).await?;
    Ok(matches!(admission, Admission::Admitted))
}

/// The subject of attempts from a device that a login knows.
#[must_use]
pub fn device_subject(login_id: &str, device_hash: &str) -> String {
    sha256_hex(&format!("{login_id}|{device_hash}"))
}
