//! The adapters behind the ports of the admin API for the users of projects.

use crate::Deps;
use std::sync::Arc;
use vestibule_admin::AdminState;
use vestibule_coldstart::Adapters;
use vestibule_domain::ids::SystemIds;
use vestibule_edge::config;

/// The API's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Deps {
    // A project has users, and pages of them, before any secret was sealed.
    let vault = adapters.sealing_vault();
    let projects = adapters.projects(&vault);
    Deps {
        admin: AdminState {
            credentials: adapters.credentials(&vault),
            clock: adapters.clock(),
            ids: Arc::new(SystemIds),
            public_url: config::public_url(adapters.vars()),
            audit: adapters.audit(&vault),
            throttles: adapters.logins(&vault),
        },
        projects: projects.clone(),
        environments: projects,
        end_users: adapters.end_users(&vault),
        imports: adapters.imports(&vault),
        chat_users: adapters.chat_users(&vault),
        access_requests: adapters.access_requests(&vault),
        onboarding: adapters.onboarding_queue(),
        index: adapters.index_queue(),
    }
}
