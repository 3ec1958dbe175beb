//! The port through which calls reach the platforms.

use crate::outgoing::{CallResult, OutgoingCall};
use async_trait::async_trait;

/// Makes the calls that providers describe. MUST NOT follow redirects, and MUST limit the time of a
/// call.
#[async_trait]
pub trait ChatTransport: Send + Sync {
    /// Makes a call to the platform.
    async fn call(&self, call: OutgoingCall) -> CallResult;
}
