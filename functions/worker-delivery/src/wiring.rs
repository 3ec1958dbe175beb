//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::{ids::SystemIds, ports::VisibilityExtender};

/// The worker's ports and its own queue, over these adapters.
pub fn wire(
    adapters: &mut Adapters<'_>,
) -> Result<(Deps, Arc<dyn VisibilityExtender>), EgressClientError> {
    let inbox = adapters.inbox_queue();
    let deps = Deps {
        conversations: adapters.conversations(),
        health: adapters.agent_health(),
        parking: adapters.parking(),
        drains: inbox.clone(),
        vault: adapters.vault(),
        agents: adapters.agents()?,
        outgoing: adapters.outgoing_queue(),
        routing: adapters.routing_queue(),
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
    };
    Ok((deps, inbox))
}
