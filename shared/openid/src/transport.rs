//! The port for calls to providers.

use async_trait::async_trait;
use url::Url;
use vestibule_domain::{
    egress::{EgressError, OriginAllowList, check_endpoint},
    secret::Secret,
};

/// Maximum size of an answer, in bytes.
pub const ANSWER_MAX: usize = 256 * 1024;

/// A call to a provider: `POST` with a form, else `GET`.
#[derive(Debug, Clone)]
pub struct ProviderCall {
    /// The address. The transport judges it again.
    pub url: Url,
    /// The form, encoded; it may hold secrets.
    pub form: Option<Secret>,
    /// The `Authorization` header.
    pub authorization: Option<Secret>,
}

/// An answer of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAnswer {
    /// The status.
    pub status: u16,
    /// The body, of at most 256 KB.
    pub body: Vec<u8>,
}

/// A provider did not answer, or its address may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ProviderFailure {
    /// The reason, without addresses.
    pub reason: String,
}

/// Calls providers. Their addresses come from people, so an implementation MUST call none that leads inside, follow no
/// redirects, and give up after 5 seconds or 256 KB.
#[async_trait]
pub trait ProviderTransport: Send + Sync {
    /// Judges an address as it is written.
    fn check(&self, address: &str) -> Result<Url, EgressError> {
        check_endpoint(address, &OriginAllowList::default())
    }

    /// Makes a call.
    async fn call(&self, call: &ProviderCall) -> Result<ProviderAnswer, ProviderFailure>;
}
