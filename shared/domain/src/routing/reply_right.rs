//! The right of a seat's member to reply, without which nothing is assigned there (SPEC E27, E31).

use crate::{
    account::permission::Permission,
    ids::RoleId,
    team::role::{RoleKey, Roles},
};
use serde::{Deserialize, Serialize};

/// Whether the member of a seat may reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyRight {
    /// Whatever the account makes of its roles.
    #[default]
    Held,
    /// The member lacks it, whatever the account makes of its roles.
    Lacking,
    /// As the account's role says, which changes apart from its members.
    OfRole(RoleId),
}

impl ReplyRight {
    /// The right of members with a role, by that role alone.
    #[must_use]
    pub fn of_role(role: &RoleKey) -> Self {
        match role {
            RoleKey::Custom(id) => Self::OfRole(*id),
            built_in => Self::given(&Roles::default(), built_in),
        }
    }

    /// The right as the account's roles say.
    #[must_use]
    pub fn by(self, roles: &Roles) -> Self {
        match self {
            Self::OfRole(id) => Self::given(roles, &RoleKey::Custom(id)),
            known => known,
        }
    }

    fn given(roles: &Roles, role: &RoleKey) -> Self {
        if roles
            .permissions(role)
            .contains(Permission::ConversationsReply)
        {
            Self::Held
        } else {
            Self::Lacking
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{samples::at, team::role::Role};

    fn roles(permission: Permission) -> Roles {
        let role = Role {
            id: RoleId::derive(&["r"]),
            name: "Support".to_owned(),
            description: None,
            permissions: [permission].into(),
            request_hash: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        };
        Roles {
            custom: vec![role],
            version: 1,
        }
    }

    /// SPEC E27, E35.
    #[test]
    fn built_in_roles_are_known_and_the_accounts_own_are_looked_up() {
        for (role, right) in [
            (RoleKey::SuperAdmin, ReplyRight::Held),
            (RoleKey::Agent, ReplyRight::Held),
            (RoleKey::None, ReplyRight::Lacking),
        ] {
            assert_eq!(ReplyRight::of_role(&role), right);
            assert_eq!(right.by(&Roles::default()), right);
        }
        let own = ReplyRight::of_role(&RoleKey::Custom(RoleId::derive(&["r"])));
        let replying = roles(Permission::ConversationsReply);
        assert_eq!(own.by(&replying), ReplyRight::Held);
        let reading = roles(Permission::ConversationsRead);
        assert_eq!(own.by(&reading), ReplyRight::Lacking);
        assert_eq!(own.by(&Roles::default()), ReplyRight::Lacking);
    }

    #[test]
    fn a_right_reads_back() {
        let of_role = ReplyRight::OfRole(RoleId::derive(&["r"]));
        for right in [ReplyRight::Held, ReplyRight::Lacking, of_role] {
            let stored = serde_json::to_value(right).unwrap();
            assert_eq!(serde_json::from_value::<ReplyRight>(stored).unwrap(), right);
        }
    }
}
