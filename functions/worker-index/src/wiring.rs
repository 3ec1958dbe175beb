//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::Adapters;
use vestibule_domain::{ids::SystemIds, ports::VisibilityExtender};

/// The worker's ports and its own queue, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> (Deps, Arc<dyn VisibilityExtender>) {
    let queue = adapters.index_queue();
    let deps = Deps {
        index: adapters.search_index(),
        imports: adapters.importing(),
        queue: queue.clone(),
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
    };
    (deps, queue)
}
