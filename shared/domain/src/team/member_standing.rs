//! A member with the roles of the account, which say together what the member may do.

use super::{
    member::{Member, MemberStatus},
    role::{RoleKey, Roles},
};
use crate::account::permission::Permissions;

/// A member with the roles of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberStanding {
    /// The member.
    pub member: Member,
    /// The account's custom roles.
    pub roles: Roles,
}

impl MemberStanding {
    /// Whether the member may call.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.member.status == MemberStatus::Active
    }

    /// The permissions that the member holds.
    #[must_use]
    pub fn effective(&self) -> Permissions {
        self.member.permissions(&self.roles)
    }

    /// The version of the roles, if the member's permissions depend on it.
    #[must_use]
    pub const fn roles_version(&self) -> Option<u64> {
        match self.member.role {
            RoleKey::Custom(_) => Some(self.roles.version),
            RoleKey::SuperAdmin | RoleKey::Agent | RoleKey::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::permission::Permission, ids::RoleId, samples::member};

    #[test]
    fn permissions_depend_on_the_roles_of_the_account_only_with_a_custom_role() {
        let standing = |role| MemberStanding {
            member: Member {
                role,
                extra: [Permission::AuditRead].into(),
                ..member("ana")
            },
            roles: Roles {
                custom: Vec::new(),
                version: 7,
            },
        };
        let custom = standing(RoleKey::Custom(RoleId::derive(&["r"])));
        assert_eq!(custom.roles_version(), Some(7));
        for role in [RoleKey::SuperAdmin, RoleKey::Agent, RoleKey::None] {
            let standing = standing(role);
            assert_eq!(standing.roles_version(), None);
            assert!(standing.effective().contains(Permission::AuditRead));
            assert!(standing.is_active());
        }
    }
}
