//! The adapters behind the worker's ports.

use crate::Deps;
use std::sync::Arc;
use vestibule_coldstart::Adapters;
use vestibule_domain::{ids::SystemIds, ports::VisibilityExtender};

/// The worker's ports and its own queue, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> (Deps, Arc<dyn VisibilityExtender>) {
    let console_url = adapters.vars().required("CONSOLE_URL");
    let notices = adapters.notices();
    let deps = Deps {
        mails: adapters.mails(),
        vault: adapters.vault(),
        notices: notices.clone(),
        notice_counts: notices,
        mailer: adapters.mailer(),
        console_url: console_url.trim_end_matches('/').to_owned(),
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
    };
    (deps, adapters.email_queue())
}
