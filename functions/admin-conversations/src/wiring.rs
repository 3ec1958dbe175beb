//! The adapters behind the ports of the admin API for conversations.

use crate::Deps;
use std::sync::Arc;
use vestibule_admin::AdminState;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::ids::SystemIds;
use vestibule_edge::config;

/// The API's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Result<Deps, EgressClientError> {
    // It seals only cursors, whose key exists once a project has a connector.
    let vault = adapters.vault();
    Ok(Deps {
        admin: AdminState {
            credentials: adapters.credentials(&vault),
            clock: adapters.clock(),
            ids: Arc::new(SystemIds),
            public_url: config::public_url(adapters.vars()),
            audit: adapters.audit(&vault),
            throttles: adapters.logins(&vault),
        },
        projects: adapters.projects(&vault),
        conversations: adapters.history(&vault),
        writer: adapters.conversation_writer(),
        outgoing: adapters.outgoing_queue(),
        given_up: adapters.given_up(&vault),
        drains: adapters.inbox_queue(),
        connectors: adapters.intake(&vault),
        files: adapters.platform_files()?,
        routing: adapters.routing(),
        router: adapters.routing_queue(),
        cases: adapters.case_lists(&vault),
        figures: adapters.figures(&vault),
        accounts: adapters.accounts(&vault),
        clients: adapters.team(&vault),
        teams: adapters.team(&vault),
        channels: adapters.team(&vault),
    })
}
