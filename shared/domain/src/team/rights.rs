//! Rights of a member or an invitee, as they are compared and recorded (SPEC D26).

use super::client_access::ClientAccess;
use crate::account::permission::Permissions;
use std::collections::BTreeSet;

/// Permissions, and the clients whose records they are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// The permissions.
    pub permissions: Permissions,
    /// The clients.
    pub clients: ClientAccess,
}

impl Rights {
    /// Everything, also what later versions add.
    pub const ALL: Self = Self {
        permissions: Permissions::All,
        clients: ClientAccess::All,
    };

    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            permissions: Permissions::Only(BTreeSet::new()),
            clients: ClientAccess::Only(BTreeSet::new()),
        }
    }

    /// Whether everything that `other` contains is contained.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.permissions.check_grant(&other.permissions).is_ok()
            && self.clients.covers(&other.clients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::permission::Permission, ids::ClientId, team::role::AGENT};

    #[test]
    fn rights_cover_what_is_no_more_in_permissions_and_in_clients() {
        let client = ClientId::derive(&["c"]);
        let agent = Rights {
            permissions: AGENT.into_iter().collect(),
            clients: ClientAccess::Only([client].into()),
        };
        let of_all_clients = Rights {
            clients: ClientAccess::All,
            ..agent.clone()
        };
        let auditor = Rights {
            permissions: [Permission::AuditRead].into_iter().collect(),
            ..agent.clone()
        };
        for rights in [&agent, &of_all_clients, &auditor] {
            assert!(rights.covers(rights));
            assert!(rights.covers(&Rights::none()));
            assert!(Rights::ALL.covers(rights));
            assert!(!rights.covers(&Rights::ALL));
            assert!(!Rights::none().covers(rights));
        }
        assert!(of_all_clients.covers(&agent) && !agent.covers(&of_all_clients));
        assert!(!agent.covers(&auditor) && !auditor.covers(&agent));
    }
}
