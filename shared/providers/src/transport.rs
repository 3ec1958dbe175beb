//! The way out to the platforms.

use crate::outgoing::{CallResult, OutgoingCall};
use async_trait::async_trait;

/// Makes the calls that providers describe. MUST follow no redirects and bound the time of a call.
#[async_trait]
pub trait ChatTransport: Send + Sync {
    /// Makes one call to the platform.
    async fn call(&self, call: OutgoingCall) -> CallResult;
}
