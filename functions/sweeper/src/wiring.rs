//! The adapters behind the sweeper's ports.

use crate::Deps;
use vestibule_coldstart::Adapters;

/// The sweeper's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Deps {
    Deps {
        outbox: adapters.outbox(),
        paces: adapters.send_pacer(),
        queues: adapters.dispatch_queues(),
        clock: adapters.clock(),
    }
}
