//! Lambda's runtime, around every function.

use futures_util::FutureExt;
use lambda_http::{
    Error, LambdaEvent,
    lambda_runtime::{self, Diagnostic},
    service_fn,
};
use serde::{Serialize, de::DeserializeOwned};
use std::panic::AssertUnwindSafe;

/// Runs a function that is not behind the HTTP API, event by event. Lambda is told of a panic without its message.
///
/// # Errors
/// The runtime cannot be asked for events.
pub async fn run<A, R>(work: impl AsyncFn(A) -> Result<R, Error>) -> Result<(), Error>
where
    A: DeserializeOwned,
    R: Serialize,
{
    let work = &work;
    let answer = |event: LambdaEvent<A>| {
        caught(async move { work(event.payload).await.map_err(Diagnostic::from) })
    };
    lambda_runtime::run(service_fn(answer)).await
}

/// The answer of a function, or the error that Lambda is told of a panic. The runtime would tell its message, which may quote what
/// somebody wrote, and the access log of the API shows what Lambda is told.
pub(crate) fn caught<T>(
    answer: impl Future<Output = Result<T, Diagnostic>>,
) -> impl Future<Output = Result<T, Diagnostic>> {
    let panicked = || Diagnostic {
        error_type: "Panic".to_owned(),
        error_message: "panicked; the log of the function has the place".to_owned(),
    };
    AssertUnwindSafe(answer)
        .catch_unwind()
        .map(move |answer| answer.unwrap_or_else(|_| Err(panicked())))
}
