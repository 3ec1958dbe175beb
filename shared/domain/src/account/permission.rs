//! Permissions, sets of them, and the rules for handing them on (SPEC D26).

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $key:tt),* $(,)?) => {
        /// A single permission. Spelled `area.verb` on the wire and in rows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $key)] $name),*
        }

        impl Permission {
            /// Every permission there is.
            pub const ALL: [Self; [$($key),*].len()] = [$(Self::$name),*];

            /// The permission's spelling.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }
        }
    };
}

permissions! {
    /// Read projects, environments and connectors.
    ProjectsRead = "projects.read",
    /// Create and change projects and environments.
    ProjectsWrite = "projects.write",
    /// Create, change and delete connectors.
    ConnectorsWrite = "connectors.write",
    /// Read chat users.
    ChatUsersRead = "chat_users.read",
    /// Block and unblock chat users.
    ChatUsersBlock = "chat_users.block",
    /// Erase chat users.
    ChatUsersErase = "chat_users.erase",
    /// Read access requests.
    AccessRequestsRead = "access_requests.read",
    /// Approve and reject access requests (SPEC B39).
    AccessRequestsDecide = "access_requests.decide",
    /// Read conversations and their messages.
    ConversationsRead = "conversations.read",
    /// Write into conversations, as the agent.
    ConversationsReply = "conversations.reply",
    /// List deliveries and messages that were given up.
    DeliveriesRead = "deliveries.read",
    /// Try again deliveries and messages that were given up.
    DeliveriesRedrive = "deliveries.redrive",
    /// List, create and revoke API keys.
    ApiKeysManage = "api_keys.manage",
}

impl Permission {
    /// The permission to read the records that this one allows to read or change.
    #[must_use]
    pub const fn to_read(self) -> Self {
        match self {
            Self::ProjectsRead | Self::ProjectsWrite | Self::ConnectorsWrite => Self::ProjectsRead,
            Self::ChatUsersRead | Self::ChatUsersBlock | Self::ChatUsersErase => {
                Self::ChatUsersRead
            }
            Self::AccessRequestsRead | Self::AccessRequestsDecide => Self::AccessRequestsRead,
            Self::ConversationsRead | Self::ConversationsReply => Self::ConversationsRead,
            Self::DeliveriesRead | Self::DeliveriesRedrive => Self::DeliveriesRead,
            Self::ApiKeysManage => Self::ApiKeysManage,
        }
    }
}

impl Permission {
    /// Whether a key that is limited to one environment may hold it: all that it allows is about records of
    /// one environment.
    #[must_use]
    pub const fn fits_one_environment(self) -> bool {
        matches!(self, Self::ConversationsRead | Self::ConversationsReply)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// A set of permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permissions {
    /// Every permission, also those that later versions add.
    All,
    /// These and no others.
    Only(BTreeSet<Permission>),
}

impl Permissions {
    /// Whether the set contains this permission.
    #[must_use]
    pub fn contains(&self, permission: Permission) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(&permission),
        }
    }

    /// The permissions of the present version that are in the set.
    #[must_use]
    pub fn listed(&self) -> BTreeSet<Permission> {
        match self {
            Self::All => Permission::ALL.into(),
            Self::Only(some) => some.clone(),
        }
    }

    /// Checks that the holder may hand `wanted` on. Only permissions that are held can be handed
    /// on, and only a holder of all can hand on all.
    pub fn check_grant(&self, wanted: &Self) -> Result<(), NotHeld> {
        self.check_listed(wanted)?;
        if *wanted == Self::All && *self != Self::All {
            return Err(NotHeld(BTreeSet::new()));
        }
        Ok(())
    }

    /// Checks that the holder may change or end a holder of `other`, who must not have more permissions.
    pub fn check_act_on(&self, other: &Self) -> Result<(), NotHeld> {
        self.check_listed(other)
    }

    fn check_listed(&self, other: &Self) -> Result<(), NotHeld> {
        let missing: BTreeSet<_> = other
            .listed()
            .into_iter()
            .filter(|permission| !self.contains(*permission))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(NotHeld(missing))
        }
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self::Only(permissions.into_iter().collect())
    }
}

/// The permissions that are missing to hand a set on, or to act on its holder. Empty when only
/// future permissions are missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a permission is not held")]
pub struct NotHeld(pub BTreeSet<Permission>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::btree_set, prelude::*, sample::select};

    #[test]
    fn whoever_reads_needs_nothing_else_to_read() {
        for permission in Permission::ALL {
            let to_read = permission.to_read();
            assert_eq!(to_read.to_read(), to_read, "{permission}");
        }
        for permission in [
            Permission::ProjectsRead,
            Permission::ChatUsersRead,
            Permission::AccessRequestsRead,
            Permission::ConversationsRead,
            Permission::DeliveriesRead,
        ] {
            assert_eq!(permission.to_read(), permission);
        }
    }

    #[test]
    fn only_what_is_about_conversations_fits_one_environment() {
        for permission in Permission::ALL {
            let is_about_conversations = permission.key().starts_with("conversations.");
            assert_eq!(permission.fits_one_environment(), is_about_conversations);
        }
    }

    fn some() -> impl Strategy<Value = BTreeSet<Permission>> {
        btree_set(select(Permission::ALL.to_vec()), 0..=Permission::ALL.len())
    }

    fn any_permissions() -> impl Strategy<Value = Permissions> {
        prop_oneof![Just(Permissions::All), some().prop_map(Permissions::Only)]
    }

    #[test]
    fn every_permission_is_stored_and_told_by_its_key() {
        for permission in Permission::ALL {
            let stored = serde_json::to_value(permission).unwrap();
            assert_eq!(stored, permission.key());
            assert_eq!(permission.to_string(), permission.key());
        }
        assert_eq!(BTreeSet::from(Permission::ALL).len(), Permission::ALL.len());
    }

    #[test]
    fn all_are_more_than_every_one_there_is() {
        let every: Permissions = Permission::ALL.into_iter().collect();
        assert_eq!(
            every.check_grant(&Permissions::All),
            Err(NotHeld(BTreeSet::new()))
        );
        assert_eq!(every.check_act_on(&Permissions::All), Ok(()));
        assert_eq!(Permissions::All.check_grant(&Permissions::All), Ok(()));
        assert_eq!(Permissions::All.check_grant(&every), Ok(()));
        assert_eq!(Permissions::All.listed(), every.listed());
    }

    #[test]
    fn what_is_missing_is_named() {
        let holder: Permissions = [Permission::ApiKeysManage].into_iter().collect();
        let wanted = [Permission::ProjectsRead, Permission::ApiKeysManage];
        let missing = Err(NotHeld([Permission::ProjectsRead].into()));
        assert_eq!(holder.check_grant(&wanted.into_iter().collect()), missing);
        assert_eq!(holder.check_act_on(&wanted.into_iter().collect()), missing);
    }

    proptest! {
        #[test]
        fn nobody_hands_on_what_they_do_not_hold(
            holder in any_permissions(),
            wanted in any_permissions(),
        ) {
            if holder.check_grant(&wanted).is_ok() {
                for permission in Permission::ALL {
                    prop_assert!(holder.contains(permission) || !wanted.contains(permission));
                }
                prop_assert!(wanted != Permissions::All || holder == Permissions::All);
            }
        }

        #[test]
        fn what_is_refused_is_not_held_and_is_wanted(
            holder in any_permissions(),
            wanted in any_permissions(),
        ) {
            if let Err(NotHeld(missing)) = holder.check_act_on(&wanted) {
                prop_assert!(!missing.is_empty());
                for permission in missing {
                    prop_assert!(wanted.contains(permission) && !holder.contains(permission));
                }
            }
        }

        #[test]
        fn handing_on_is_transitive(a in any_permissions(), b in any_permissions(), c in any_permissions()) {
            if a.check_grant(&b).is_ok() && b.check_grant(&c).is_ok() {
                prop_assert_eq!(a.check_grant(&c), Ok(()));
            }
        }

        #[test]
        fn everybody_may_hand_on_and_act_on_what_they_hold(holder in any_permissions()) {
            prop_assert_eq!(holder.check_grant(&holder), Ok(()));
            prop_assert_eq!(holder.check_act_on(&holder), Ok(()));
        }
    }
}
