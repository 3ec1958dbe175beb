//! The record of refused attempts (SPEC G02). So many of one caller are recorded at a time, so that nobody fills
//! the audit log.

use crate::{AdminState, Call, call::log};
use axum::{extract::MatchedPath, http::request::Parts};
use serde_json::{Value, json};
use vestibule_domain::{
    PortError,
    account::permission::Permission,
    error::Chain,
    event::{Change, Event},
    ports::Admission,
    team::throttle::ThrottleKind,
};

/// Records that a proven caller lacked a permission. A failure to do so does not change the answer.
pub(crate) async fn record_refusal(
    state: &AdminState,
    call: &Call,
    parts: &Parts,
    permission: Permission,
) {
    let path = parts.extensions.get::<MatchedPath>();
    let change = Change {
        event: Event::CallRefused(call.scope().account_id()),
        before: Value::Null,
        after: json!({
            "method": parts.method.as_str(),
            "path": path.map(MatchedPath::as_str),
            "permission": permission.key(),
        }),
    };
    if let Err(error) = record(state, call, change).await {
        tracing::warn!(error = %Chain(&error), "a refused attempt was not recorded");
    }
}

async fn record(state: &AdminState, call: &Call, change: Change) -> Result<(), PortError> {
    let now = call.now();
    let subject = format!("{}|{}", call.scope().account_id(), call.actor().id);
    let throttles = state.throttles.as_ref();
    let admission = throttles
        .admit(ThrottleKind::Refusals, &subject, now)
        .await?;
    if admission == Admission::Admitted {
        let entry = call.audit(change, now);
        state.audit.append(&entry).await?;
        log(&entry);
    }
    Ok(())
}
