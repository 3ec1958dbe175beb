//! Handling that the APIs of all platforms share: apply the failure rules, carry the call out, record it and
//! answer, stall or reset.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::asked::{Answer, Asked};
use super::calls::{ApiCall, Violation};
use super::delivery;
use super::failures::{self, Failure};
use super::shared::{Shared, SimulatedPlatform};
use super::world::World;
use crate::loopback;

/// Input of `perform`.
pub(super) struct Performing<'a> {
    pub(super) world: &'a mut World,
    pub(super) violations: &'a mut Vec<String>,
    /// A failure that the call meets although it is carried out.
    pub(super) failure: Option<&'a Failure>,
    pub(super) now_ms: i64,
    pub(super) base_url: &'a str,
}

impl Performing<'_> {
    /// Notes a violation, which no state of the world can excuse.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }
}

/// Applies the failure rules, carries the call out, records it and answers it.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    asked: Asked,
    perform: impl FnOnce(&Asked, &mut Performing<'_>) -> Answer,
) -> Response {
    let now_ms = shared.clock.now_ms();
    let base_url = shared.base_url();
    let (answer, failure) = shared.change(|world| {
        world.call_count += 1;
        let number = world.call_count;
        let failure = failures::next(
            &mut world.failures,
            asked.platform,
            &asked.method,
            asked.target.as_deref(),
        );
        let mut violations = asked.violations.clone();
        let answer = match &failure {
            Some(failure) if !failure.takes_effect() => {
                by_switch(shared.platform(asked.platform), &asked, failure)
            }
            _ => perform(
                &asked,
                &mut Performing {
                    world,
                    violations: &mut violations,
                    failure: failure.as_ref(),
                    now_ms,
                    base_url: &base_url,
                },
            ),
        };
        world
            .violations
            .extend(violations.into_iter().map(|what| Violation {
                call: number,
                provider: asked.platform,
                method: asked.method.clone(),
                what,
            }));
        let is_answered = !failure.as_ref().is_some_and(Failure::is_silent);
        world.record_call(ApiCall {
            number,
            at_ms: now_ms,
            provider: asked.platform,
            connector_id: asked.connector_id,
            method: asked.method,
            http_method: asked.http_method.to_string(),
            content_type: asked.content_type,
            arguments: asked.arguments,
            status: is_answered.then_some(answer.status.as_u16()),
            answer: if is_answered {
                answer.value()
            } else {
                Value::Null
            },
            failure: failure.clone(),
            is_done: answer.is_done,
        });
        (answer, failure)
    });
    delivery::send_outbox(shared);
    match failure {
        Some(Failure::Stall | Failure::StallAfter) => loopback::never().await,
        Some(Failure::ResetBefore | Failure::ResetAfter) => loopback::reset(),
        Some(Failure::RateLimited { retry_after_secs }) => {
            let retry_after = [(header::RETRY_AFTER, retry_after_secs.to_string())];
            (retry_after, answer.into_response()).into_response()
        }
        _ => answer.into_response(),
    }
}

/// The answer for an injected failure, in the platform's own words.
fn by_switch(platform: &dyn SimulatedPlatform, asked: &Asked, failure: &Failure) -> Answer {
    let status =
        |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match failure {
        Failure::RateLimited { retry_after_secs } => platform.rate_limited(*retry_after_secs),
        Failure::Http { status: code } => Answer::text(status(*code), "upstream error"),
        Failure::Error { error } => platform.named_error(asked, error),
        Failure::Code {
            status: code,
            code: error,
            message,
        } => platform.error(asked, status(*code), error, message),
        Failure::Stall
        | Failure::StallAfter
        | Failure::ResetBefore
        | Failure::ResetAfter
        | Failure::Undelivered { .. } => Answer::refused(StatusCode::OK, Value::Null),
    }
}
