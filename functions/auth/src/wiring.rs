//! The adapters behind the ports of sign-in.

use crate::{Deps, passwords::Argon2Passwords};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use vestibule_admin::AdminState;
use vestibule_coldstart::{Adapters, EgressClientError};
use vestibule_domain::ids::SystemIds;
use vestibule_edge::config;
use vestibule_openid::KeySets;

/// The function's ports, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> Result<Deps, EgressClientError> {
    let vault = adapters.sealing_vault();
    let (team, logins) = (adapters.team(&vault), adapters.logins(&vault));
    let random: Arc<dyn SecureRandom + Send + Sync> = Arc::new(SystemRandom::new());
    Ok(Deps {
        admin: AdminState {
            credentials: adapters.credentials(&vault),
            clock: adapters.clock(),
            ids: Arc::new(SystemIds),
            public_url: config::public_url(adapters.vars()),
            audit: adapters.audit(&vault),
            throttles: logins.clone(),
        },
        accounts: adapters.accounts(&vault),
        members: team.clone(),
        invitations: team.clone(),
        methods: team,
        logins: logins.clone(),
        addresses: logins.clone(),
        own_logins: logins.clone(),
        sessions: logins.clone(),
        flows: logins,
        passwords: Arc::new(Argon2Passwords::new(Arc::clone(&random))),
        email: adapters.email_queue(),
        team: adapters.team_queue(),
        routing: adapters.routing_queue(),
        vault,
        transport: adapters.provider_transport()?,
        keys: Arc::new(KeySets::default()),
        random,
        mail_from: adapters.vars().optional("MAIL_FROM"),
    })
}
