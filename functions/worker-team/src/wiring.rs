//! The adapters behind the worker's ports.

use crate::Deps;
use ring::rand::SystemRandom;
use std::sync::Arc;
use vestibule_coldstart::Adapters;
use vestibule_domain::{ids::SystemIds, ports::VisibilityExtender};

/// The worker's ports and its own queue, over these adapters.
pub fn wire(adapters: &mut Adapters<'_>) -> (Deps, Arc<dyn VisibilityExtender>) {
    let set_up = adapters.set_up();
    let team = adapters.team_queue();
    let vault = adapters.sealing_vault();
    let deps = Deps {
        set_up: set_up.clone(),
        first_admins: set_up,
        refusals: adapters.logins(&vault),
        vault,
        notices: adapters.notices(),
        email: adapters.email_queue(),
        team: team.clone(),
        sends_mail: adapters.vars().optional("MAIL_FROM").is_some(),
        clock: adapters.clock(),
        ids: Arc::new(SystemIds),
        random: Arc::new(SystemRandom::new()),
    };
    (deps, team)
}
