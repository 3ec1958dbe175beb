//! The adapters behind the admin API's ports.

use crate::Deps;
use ring::rand::SystemRandom;
use std::sync::Arc;
use vestibule_admin::AdminState;
use vestibule_coldstart::{Adapters, EgressClientError, intake_ports};
use vestibule_domain::ids::SystemIds;
use vestibule_edge::{config, intake::Intake};
use vestibule_providers::api::ApiChannel;

/// The API's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Result<Deps, EgressClientError> {
    let vault = adapters.sealing_vault();
    let projects = adapters.projects(&vault);
    let public_url = config::public_url(adapters.vars());
    Ok(Deps {
        admin: AdminState {
            credentials: adapters.credentials(&vault),
            clock: adapters.clock(),
            ids: Arc::new(SystemIds),
            public_url: public_url.clone(),
            audit: adapters.audit(&vault),
            throttles: adapters.logins(&vault),
        },
        accounts: adapters.accounts(&vault),
        clients: adapters.team(&vault),
        channels: adapters.team(&vault),
        projects: projects.clone(),
        environments: projects,
        agent_health: adapters.agent_health(),
        connectors: adapters.connectors(&vault),
        chat_users: adapters.chat_users(&vault),
        access_requests: adapters.access_requests(&vault),
        persons: adapters.persons(&vault),
        traces: adapters.traces(),
        end_users: adapters.end_users(&vault),
        intake: adapters.intake(&vault),
        messages: Arc::new(Intake::new(Box::new(ApiChannel), intake_ports(adapters))),
        onboarding: adapters.onboarding_queue(),
        vault,
        transport: adapters.chat_transport()?,
        agents: adapters.agents()?,
        random: Arc::new(SystemRandom::new()),
        public_url,
        agent_origin_allowlist: adapters.agent_origin_allowlist(),
    })
}
