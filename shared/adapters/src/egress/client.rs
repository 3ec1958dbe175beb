//! The common parts of outgoing clients: construction, and reading answers.

use reqwest::{Client, ClientBuilder, Response, redirect::Policy};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum EgressClientError {
    /// The system has no trust anchors, or none that can be read.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The settings of the client do not fit each other.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

/// Makes the builder that every outgoing client shares.
pub(super) fn builder(timeout: Duration) -> Result<ClientBuilder, EgressClientError> {
    Ok(Client::builder()
        .tls_backend_preconfigured(tls()?)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .user_agent("Vestibule"))
}

/// Returns the TLS settings, with the system's trust anchors. The first call reads the anchors, which takes
/// milliseconds; all clients of a process share them.
fn tls() -> Result<ClientConfig, rustls::Error> {
    static TLS: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = TLS.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(TLS.get_or_init(|| config).clone())
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
