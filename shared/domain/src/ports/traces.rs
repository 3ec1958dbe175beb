//! Port of the traces of messages.

use crate::{PortError, ProjectScope, chat::trace::Trace, ids::ConnectorId};
use async_trait::async_trait;

/// A message that is traced.
#[derive(Debug, Clone, Copy)]
pub struct TracedKey<'a> {
    /// Account and project of the connector.
    pub scope: ProjectScope,
    /// The connector.
    pub connector_id: ConnectorId,
    /// A key of the message's event.
    pub event_key: &'a str,
}

/// The reader of traces.
#[async_trait]
pub trait TraceReader: Send + Sync {
    /// Reads what is left of a message. It takes a few reads of bounded size: a message behind many others that wait or
    /// were given up in its conversation may not be found among them.
    async fn trace(&self, key: TracedKey<'_>) -> Result<Trace, PortError>;
}
