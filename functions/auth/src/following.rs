//! Members follow their login: after a change of its address, they have the new one too (SPEC D35).
//!
//! They are too many for the transaction of the change. Whoever is left behind, because the process ended or a
//! member changed meanwhile, follows when the person looks at the own login again, which the console does with
//! every page that it loads.

use crate::Deps;
use vestibule_domain::{Timestamp, error::Chain, ids::LoginId};

/// Gives the login's members its address.
pub async fn follow(deps: &Deps, login_id: LoginId, now: Timestamp) {
    if let Err(error) = deps.addresses.follow_address(login_id, now).await {
        tracing::warn!(login.id = %login_id, error = %Chain(&error), "members keep the address of before for now");
    }
}
