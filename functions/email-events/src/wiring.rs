//! The adapters behind the function's ports.

use crate::Deps;
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};
use vestibule_coldstart::Adapters;
use vestibule_domain::{PortError, ports::VisibilityExtender};

/// Leaves the wait of a failed message to its queue's own visibility time-out: events need no other, and the function
/// needs no right to its queue for it.
struct QueuesOwnWait;

#[async_trait]
impl VisibilityExtender for QueuesOwnWait {
    async fn extend_visibility(
        &self,
        _receipt_handle: &str,
        _time: Duration,
    ) -> Result<(), PortError> {
        Ok(())
    }
}

/// The function's ports and its own queue, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> (Deps, Arc<dyn VisibilityExtender>) {
    let deps = Deps {
        mails: adapters.mails(),
        clock: adapters.clock(),
    };
    (deps, Arc::new(QueuesOwnWait))
}
