//! Roles: named sets of permissions (SPEC D26).

use crate::{
    Timestamp,
    account::permission::{Permission, Permissions},
    ids::{InvalidId, RoleId},
    record::{Record, Repeatable},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Custom roles that an account can have: all of them are one row.
pub const ROLES_MAX: usize = 50;
/// Longest description of a role, in characters.
pub const ROLE_DESCRIPTION_MAX_CHARS: usize = 200;

/// Permissions of the built-in role of those who talk to people (SPEC E05).
pub const AGENT: [Permission; 6] = [
    Permission::ProjectsRead,
    Permission::ChatUsersRead,
    Permission::AccessRequestsRead,
    Permission::TeamsRead,
    Permission::ConversationsRead,
    Permission::ConversationsReply,
];

/// Name of the built-in role that holds everything.
pub const SUPER_ADMIN_NAME: &str = "Super Admin";
/// Name of the built-in role of those who talk to people.
pub const AGENT_NAME: &str = "Agent";

const SUPER_ADMIN_KEY: &str = "super_admin";
const AGENT_KEY: &str = "agent";
const NONE_KEY: &str = "none";

/// The role of a member.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoleKey {
    /// Built in: everything, also what later versions add.
    SuperAdmin,
    /// Built in: [`AGENT`].
    Agent,
    /// One that the account made.
    Custom(RoleId),
    /// No role: nothing but the member's own further permissions.
    None,
}

impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SuperAdmin => f.write_str(SUPER_ADMIN_KEY),
            Self::Agent => f.write_str(AGENT_KEY),
            Self::Custom(id) => id.fmt(f),
            Self::None => f.write_str(NONE_KEY),
        }
    }
}

impl FromStr for RoleKey {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text {
            SUPER_ADMIN_KEY => Ok(Self::SuperAdmin),
            AGENT_KEY => Ok(Self::Agent),
            NONE_KEY => Ok(Self::None),
            id => id.parse().map(Self::Custom),
        }
    }
}

impl TryFrom<String> for RoleKey {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<RoleKey> for String {
    fn from(key: RoleKey) -> Self {
        key.to_string()
    }
}

/// A role that an account made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Id of the role.
    pub id: RoleId,
    /// Name of the role.
    pub name: String,
    /// Its purpose, in at most [`ROLE_DESCRIPTION_MAX_CHARS`].
    pub description: Option<String>,
    /// Its permissions.
    pub permissions: BTreeSet<Permission>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Record for Role {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Role {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// The custom roles of an account. They change together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roles {
    /// The roles, at most [`ROLES_MAX`].
    pub custom: Vec<Role>,
    /// Counts changes of any role; 0 while none was ever made.
    pub version: u64,
}

impl Roles {
    /// The custom role with this id.
    #[must_use]
    pub fn get(&self, id: RoleId) -> Option<&Role> {
        self.custom.iter().find(|role| role.id == id)
    }

    /// Name of a role. One that no longer exists has none (SPEC E35).
    #[must_use]
    pub fn name_of(&self, key: &RoleKey) -> Option<&str> {
        match key {
            RoleKey::SuperAdmin => Some(SUPER_ADMIN_NAME),
            RoleKey::Agent => Some(AGENT_NAME),
            RoleKey::Custom(id) => self.get(*id).map(|role| role.name.as_str()),
            RoleKey::None => None,
        }
    }

    /// Permissions of a role. One that no longer exists has none (SPEC E35).
    #[must_use]
    pub fn permissions(&self, key: &RoleKey) -> Permissions {
        match key {
            RoleKey::SuperAdmin => Permissions::All,
            RoleKey::Agent => AGENT.into_iter().collect(),
            RoleKey::Custom(id) => {
                let role = self.get(*id);
                Permissions::Only(
                    role.map(|role| role.permissions.clone())
                        .unwrap_or_default(),
                )
            }
            RoleKey::None => Permissions::Only(BTreeSet::new()),
        }
    }

    /// Permissions of a member with this role and these further permissions.
    #[must_use]
    pub fn effective(&self, role: &RoleKey, extra: &BTreeSet<Permission>) -> Permissions {
        self.permissions(role)
            .union(&Permissions::Only(extra.clone()))
    }
}

impl Record for Roles {
    fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;
    use proptest::{collection::btree_set, prelude::*, sample::select};

    fn role(permissions: BTreeSet<Permission>) -> Role {
        Role {
            id: RoleId::derive(&["r"]),
            name: "Support".into(),
            description: None,
            permissions,
            request_hash: Some("a1".into()),
            version: 3,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn some() -> impl Strategy<Value = BTreeSet<Permission>> {
        btree_set(select(Permission::ALL.to_vec()), 0..=Permission::ALL.len())
    }

    #[test]
    fn a_role_has_one_spelling() {
        let id = RoleId::derive(&["r"]);
        for (key, text) in [
            (RoleKey::SuperAdmin, "super_admin".to_owned()),
            (RoleKey::Agent, "agent".to_owned()),
            (RoleKey::Custom(id), id.to_string()),
            (RoleKey::None, "none".to_owned()),
        ] {
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key.clone()));
            assert_eq!(serde_json::to_value(&key).unwrap(), text);
        }
        assert_eq!("owner".parse::<RoleKey>(), Err(InvalidId));
    }

    #[test]
    fn a_super_admin_holds_what_is_still_to_come() {
        let roles = Roles::default();
        assert_eq!(roles.permissions(&RoleKey::SuperAdmin), Permissions::All);
        let all = roles.effective(&RoleKey::SuperAdmin, &BTreeSet::new());
        assert_eq!(all, Permissions::All);
    }

    /// SPEC E05.
    #[test]
    fn the_built_in_agent_reads_and_replies_and_decides_nothing() {
        let agent = Roles::default().permissions(&RoleKey::Agent);
        assert_eq!(agent.listed(), BTreeSet::from(AGENT));
        for permission in [
            Permission::AccessRequestsDecide,
            Permission::MembersRead,
            Permission::ProjectsWrite,
        ] {
            assert!(!agent.contains(permission), "{permission}");
        }
    }

    /// SPEC E35.
    #[test]
    fn a_role_that_is_gone_and_no_role_give_nothing() {
        let roles = Roles {
            custom: vec![role([Permission::MembersRead].into())],
            version: 1,
        };
        let gone = RoleKey::Custom(RoleId::derive(&["gone"]));
        for key in [gone, RoleKey::None] {
            let nothing = Permissions::Only(BTreeSet::new());
            assert_eq!(roles.permissions(&key), nothing, "{key}");
        }
        assert_eq!((Record::version(&roles), roles.custom.len()), (1, 1));
    }

    #[test]
    fn a_role_is_at_its_own_version_and_knows_the_call_that_created_it() {
        let role = role(BTreeSet::new());
        assert_eq!(Record::version(&role), 3);
        assert_eq!(Repeatable::request_hash(&role), Some("a1"));
    }

    proptest! {
        /// SPEC D26: role ∪ extra.
        #[test]
        fn a_member_holds_what_the_role_or_the_further_permissions_hold(of_role in some(), extra in some()) {
            let role = role(of_role.clone());
            let key = RoleKey::Custom(role.id);
            let roles = Roles { custom: vec![role], version: 1 };
            let effective = roles.effective(&key, &extra);
            for permission in Permission::ALL {
                let held = of_role.contains(&permission) || extra.contains(&permission);
                prop_assert_eq!(effective.contains(permission), held);
            }
        }
    }
}
