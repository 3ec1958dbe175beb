use super::api_key::PermissionsAttribute;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    account::permission::Permissions,
    team::{client_access::ClientAccess, rights::Rights},
};

/// Rights, within the row of the record that they limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RightsAttribute {
    permissions: PermissionsAttribute,
    clients: ClientAccess,
}

impl From<&Rights> for RightsAttribute {
    fn from(rights: &Rights) -> Self {
        Self {
            permissions: (&rights.permissions).into(),
            clients: rights.clients.clone(),
        }
    }
}

impl From<RightsAttribute> for Rights {
    fn from(stored: RightsAttribute) -> Self {
        Self {
            permissions: match stored.permissions {
                PermissionsAttribute::All(_) => Permissions::All,
                PermissionsAttribute::Only(some) => Permissions::Only(some),
            },
            clients: stored.clients,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{account::permission::Permission, ids::ClientId};

    #[test]
    fn rights_are_read_as_they_were_written() {
        let some = Rights {
            permissions: [Permission::AuditRead].into_iter().collect(),
            clients: ClientAccess::Only([ClientId::derive(&["c"])].into()),
        };
        for rights in [Rights::ALL, Rights::none(), some] {
            let stored = serde_json::to_value(RightsAttribute::from(&rights)).unwrap();
            let read: RightsAttribute = serde_json::from_value(stored).unwrap();
            assert_eq!(Rights::from(read), rights);
        }
    }
}
