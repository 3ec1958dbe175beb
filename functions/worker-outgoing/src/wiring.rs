//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::{ids::SystemIds, ports::VisibilityExtender};
use vestibule_edge::connectors::ConnectorCache;

/// The worker's ports and its own queue, over these adapters.
pub fn wire(
    adapters: &mut Adapters<'_>,
) -> Result<(Deps, Arc<dyn VisibilityExtender>), EgressClientError> {
    let (vault, clock) = (adapters.vault(), adapters.clock());
    let deps = Deps {
        conversations: adapters.outgoing_store(),
        // The platforms' client opens the secrets that a call needs.
        connectors: ConnectorCache::new(adapters.intake(&vault), vault, clock, &[]),
        platform: adapters.paced_platforms()?,
        pacer: adapters.send_pacer(),
        outgoing: adapters.outgoing_queue(),
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
    };
    Ok((deps, adapters.outgoing_queue()))
}
