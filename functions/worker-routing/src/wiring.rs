//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::Adapters;
use vestibule_domain::ports::VisibilityExtender;

/// The worker's ports and its own queue, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> (Deps, Arc<dyn VisibilityExtender>) {
    let queue = adapters.routing_queue();
    let routing = adapters.routing();
    let deps = Deps {
        routing: routing.clone(),
        closed_seats: routing.clone(),
        rehoming: routing,
        offers: adapters.offers(),
        writer: adapters.conversation_writer(),
        outgoing: adapters.outgoing_queue(),
        queue: queue.clone(),
        clock: adapters.clock(),
    };
    (deps, queue)
}
