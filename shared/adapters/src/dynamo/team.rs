//! The people of an account: members, roles, teams, invitations, login methods, clients and channels.

mod accepting;
mod channels;
mod clients;
mod ending;
mod guard;
mod images;
mod invitations;
mod login_methods;
mod members;
mod seats;
mod teams;
mod traces;

use super::table::Table;
use crate::vault::KmsVault;
use std::sync::Arc;

/// See [`MemberStore`](vestibule_domain::ports::MemberStore),
/// [`InvitationStore`](vestibule_domain::ports::InvitationStore),
/// [`LoginMethodStore`](vestibule_domain::ports::LoginMethodStore),
/// [`ClientStore`](vestibule_domain::ports::ClientStore),
/// [`TeamStore`](vestibule_domain::ports::TeamStore), [`ChannelStore`](vestibule_domain::ports::ChannelStore),
/// [`MemberImageStore`](vestibule_domain::ports::MemberImageStore) and
/// [`AccountEndStore`](vestibule_domain::ports::AccountEndStore).
#[derive(Debug, Clone)]
pub struct DynamoTeam {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoTeam {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

const FRESH: &str = "attribute_not_exists(pk)";
