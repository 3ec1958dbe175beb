//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::{ids::SystemIds, ports::VisibilityExtender};

/// The worker's ports and its own queue, over these adapters.
pub fn wire(
    adapters: &mut Adapters<'_>,
) -> Result<(Deps, Arc<dyn VisibilityExtender>), EgressClientError> {
    let queue = adapters.events_queue();
    let deps = Deps {
        publisher: adapters.outgoing_events(),
        sender: adapters.event_deliveries(),
        vault: adapters.vault(),
        client: adapters.agents()?,
        private_origins: adapters.agent_origin_allowlist(),
        queue: queue.clone(),
        team: adapters.team_queue(),
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
    };
    Ok((deps, queue))
}
