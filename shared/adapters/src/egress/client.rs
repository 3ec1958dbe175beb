//! The common parts of outgoing clients: construction, and reading answers.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, ClientBuilder, Response, redirect::Policy};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The HTTP client could not be built: the process has no TLS provider or no trust anchors.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be built")]
pub struct EgressClientError(#[from] reqwest::Error);

/// Makes ring the process's TLS provider. A second call does nothing.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Makes the builder that every outgoing client shares.
pub(super) fn builder(timeout: Duration) -> ClientBuilder {
    install_tls();
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .user_agent("Vestibule")
}

/// The reason why an answer could not be read.
pub(super) enum ReadError {
    /// The answer is longer than allowed.
    TooLong,
    /// The connection ended.
    Broken,
}

/// Reads a body of at most `max` bytes.
pub(super) async fn read_body(mut response: Response, max: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| ReadError::Broken)? {
        if body.len() + chunk.len() > max {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads `Retry-After` in seconds. Platforms send no dates there.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(http::header::RETRY_AFTER)?;
    let seconds: u64 = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Describes why a call got no answer, without addresses, because those may contain tokens.
pub(super) fn describe(error: &reqwest::Error) -> String {
    if let Some(refused) = find_refusal(error) {
        return refused;
    }
    let kind = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "could not connect"
    } else {
        "the connection broke"
    };
    kind.to_owned()
}

fn find_refusal(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<super::resolver::Refused>() {
            return Some(refused.to_string());
        }
        cause = error.source();
    }
    None
}

/// A resolver that clients share.
pub(super) type SharedResolver = Arc<super::resolver::GuardedResolver>;
