//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::{
    ids::SystemIds,
    ports::{NoticeOrders, VisibilityExtender},
};

/// The worker's ports and its own queue, over these adapters.
pub fn wire(
    adapters: &mut Adapters<'_>,
) -> Result<(Deps, Arc<dyn VisibilityExtender>), EgressClientError> {
    let sends_mail = adapters.vars().optional("MAIL_FROM").is_some();
    let notices = sends_mail.then(|| -> Arc<dyn NoticeOrders> { adapters.notices() });
    let vault = adapters.vault();
    let deps = Deps {
        notices,
        standings: adapters.standings(),
        requests: adapters.closings(),
        erasures: adapters.erasures(),
        connectors: adapters.intake(&vault),
        inbox: adapters.inbox_queue(),
        onboarding: adapters.onboarding_queue(),
        index: adapters.index_queue(),
        platform: adapters.paced_platforms()?,
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
    };
    Ok((deps, adapters.onboarding_queue()))
}
