//! The adapters behind the ports of the admin API for the team.

use crate::Deps;
use ring::rand::SystemRandom;
use std::sync::Arc;
use vestibule_admin::AdminState;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::ids::SystemIds;
use vestibule_edge::config;

/// The API's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Result<Deps, EgressClientError> {
    let vault = adapters.sealing_vault();
    let accounts = adapters.accounts(&vault);
    let team = adapters.team(&vault);
    let logins = adapters.logins(&vault);
    let audit = adapters.audit(&vault);
    let projects = adapters.projects(&vault);
    let public_url = config::public_url(adapters.vars());
    Ok(Deps {
        admin: AdminState {
            credentials: adapters.credentials(&vault),
            clock: adapters.clock(),
            ids: Arc::new(SystemIds),
            public_url: public_url.clone(),
            audit: audit.clone(),
            throttles: logins.clone(),
        },
        accounts: accounts.clone(),
        account_ends: team.clone(),
        set_up: adapters.set_up(),
        members: team.clone(),
        member_images: team.clone(),
        invitations: team.clone(),
        methods: team.clone(),
        teams: team.clone(),
        clients: team.clone(),
        channels: team,
        api_keys: accounts,
        environments: projects.clone(),
        projects,
        subscriptions: adapters.subscriptions(&vault),
        audit,
        mails: adapters.mails(),
        logins: logins.clone(),
        own_logins: logins.clone(),
        sessions: logins.clone(),
        throttles: logins,
        email: adapters.email_queue(),
        routing: adapters.routing_queue(),
        events: adapters.events_queue(),
        agents: adapters.agents()?,
        vault,
        setup_token: adapters.setup_token(),
        provider_transport: adapters.provider_transport()?,
        random: Arc::new(SystemRandom::new()),
        public_url,
        mail_from: adapters.vars().optional("MAIL_FROM"),
        audit_days: adapters.audit_days(),
        provider_origin_allowlist: adapters.provider_origin_allowlist(),
        agent_origin_allowlist: adapters.agent_origin_allowlist(),
    })
}
