//! Permissions, sets of them, and the rules for handing them on (SPEC D26).

use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// An area of permissions, by which they are shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermissionArea {
    /// Projects, environments, connectors and what agents were not given.
    Projects,
    /// People who write.
    ChatUsers,
    /// Their requests.
    AccessRequests,
    /// The directory of the people who may write.
    EndUsers,
    /// Their conversations.
    Conversations,
    /// The people who run the account.
    Team,
    /// Keys of scripts.
    ApiKeys,
    /// The account itself.
    Account,
}

macro_rules! permissions {
    ($($name:ident = $key:tt, $area:ident, $label:literal, $description:literal;)*) => {
        /// A single permission. Spelled `area.verb` on the wire and in rows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $(#[doc = $description] #[serde(rename = $key)] $name),*
        }

        impl Permission {
            /// Every permission there is.
            pub const ALL: [Self; [$($key),*].len()] = [$(Self::$name),*];

            /// The permission's spelling.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            /// The area of the permission.
            #[must_use]
            pub const fn area(self) -> PermissionArea {
                self.about().0
            }

            /// The permission in a few words.
            #[must_use]
            pub const fn label(self) -> &'static str {
                self.about().1
            }

            /// The permission in a sentence.
            #[must_use]
            pub const fn description(self) -> &'static str {
                self.about().2
            }

            const fn about(self) -> (PermissionArea, &'static str, &'static str) {
                match self { $(Self::$name => (PermissionArea::$area, $label, $description)),* }
            }
        }
    };
}

permissions! {
    ProjectsRead = "projects.read", Projects, "View projects",
        "Read projects, environments, connectors and clients.";
    ProjectsWrite = "projects.write", Projects, "Manage projects",
        "Create and change projects and environments.";
    ConnectorsWrite = "connectors.write", Projects, "Manage connectors",
        "Create, change and delete connectors.";
    ChatUsersRead = "chat_users.read", ChatUsers, "View chat users",
        "Read chat users.";
    ChatUsersBlock = "chat_users.block", ChatUsers, "Block chat users",
        "Block and unblock chat users.";
    ChatUsersErase = "chat_users.erase", ChatUsers, "Erase chat users",
        "Erase chat users with all that is kept about them.";
    AccessRequestsRead = "access_requests.read", AccessRequests, "View access requests",
        "Read access requests.";
    AccessRequestsDecide = "access_requests.decide", AccessRequests, "Decide access requests",
        "Approve and reject access requests.";
    EndUsersRead = "end_users.read", EndUsers, "View users",
        "Read the users of projects.";
    EndUsersWrite = "end_users.write", EndUsers, "Manage users",
        "Add, change, import and delete users of projects.";
    ConversationsRead = "conversations.read", Conversations, "View conversations",
        "Read conversations and their messages.";
    ConversationsReply = "conversations.reply", Conversations, "Reply in conversations",
        "Write into conversations, as the agent.";
    RoutingOverride = "routing.override", Conversations, "Exceed limits",
        "Give conversations to members at their limit.";
    DeliveriesRead = "deliveries.read", Projects, "View failed deliveries",
        "List deliveries and messages that were given up.";
    DeliveriesRedrive = "deliveries.redrive", Projects, "Retry failed deliveries",
        "Retry deliveries and messages that were given up.";
    ApiKeysManage = "api_keys.manage", ApiKeys, "Manage own API keys",
        "List, create, renew and revoke one's own API keys.";
    MembersRead = "members.read", Team, "View the team",
        "Read members, invitations and roles.";
    MembersManage = "members.manage", Team, "Manage the team",
        "Invite, change, suspend and remove members.";
    RolesManage = "roles.manage", Team, "Manage roles",
        "Create, change and delete roles.";
    TeamsRead = "teams.read", Team, "View teams",
        "Read teams.";
    TeamsManage = "teams.manage", Team, "Manage teams",
        "Create, change and delete teams.";
    ClientsManage = "clients.manage", Account, "Manage clients",
        "Create, change and delete clients.";
    LoginMethodsManage = "login_methods.manage", Account, "Manage login methods",
        "Set up, change and delete identity providers.";
    AccountManage = "account.manage", Account, "Manage the account",
        "Change the account's name and its rules about signing in.";
    AccountsCreate = "accounts.create", Account, "Create accounts",
        "Create further accounts.";
    AuditRead = "audit.read", Account, "View the audit log",
        "Read and export the audit log.";
    WebhooksRead = "webhooks.read", Account, "View webhooks",
        "Read webhooks and what was sent to them.";
    WebhooksWrite = "webhooks.write", Account, "Manage webhooks",
        "Create, change, test and delete webhooks.";
    ApiKeysManageAccount = "api_keys.manage_account", ApiKeys, "Manage all API keys",
        "List, create, renew and revoke keys of the account, and everybody's.";
}

impl Permission {
    /// The permission to read the records that this one allows to read or change.
    #[must_use]
    pub const fn to_read(self) -> Self {
        match self {
            Self::ProjectsRead
            | Self::ProjectsWrite
            | Self::ConnectorsWrite
            | Self::ClientsManage => Self::ProjectsRead,
            Self::ChatUsersRead | Self::ChatUsersBlock | Self::ChatUsersErase => {
                Self::ChatUsersRead
            }
            Self::AccessRequestsRead | Self::AccessRequestsDecide => Self::AccessRequestsRead,
            Self::EndUsersRead | Self::EndUsersWrite => Self::EndUsersRead,
            Self::ConversationsRead | Self::ConversationsReply | Self::RoutingOverride => {
                Self::ConversationsRead
            }
            Self::DeliveriesRead | Self::DeliveriesRedrive => Self::DeliveriesRead,
            Self::MembersRead | Self::MembersManage | Self::RolesManage => Self::MembersRead,
            Self::TeamsRead | Self::TeamsManage => Self::TeamsRead,
            Self::WebhooksRead | Self::WebhooksWrite => Self::WebhooksRead,
            own @ (Self::ApiKeysManage
            | Self::LoginMethodsManage
            | Self::AccountManage
            | Self::AccountsCreate
            | Self::AuditRead
            | Self::ApiKeysManageAccount) => own,
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

    /// Checks that the holder may change or end a holder of `other`, who must not be above: hold
    /// something that the actor lacks (SPEC D26). An invitee counts like a member.
    pub fn check_act_on(&self, other: &Self) -> Result<(), NotHeld> {
        self.check_grant(other)
    }

    /// The permissions of both sets.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(one), Self::Only(other)) => Self::Only(one | other),
            (Self::All, _) | (_, Self::All) => Self::All,
        }
    }

    /// The permissions that are in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, set) | (set, Self::All) => set.clone(),
            (Self::Only(one), Self::Only(other)) => Self::Only(one & other),
        }
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
        assert_eq!(
            every.check_act_on(&Permissions::All),
            Err(NotHeld(BTreeSet::new()))
        );
        assert_eq!(Permissions::All.check_grant(&Permissions::All), Ok(()));
        assert_eq!(Permissions::All.check_grant(&every), Ok(()));
        assert_eq!(Permissions::All.listed(), every.listed());
    }

    #[test]
    fn every_permission_is_told_by_its_area_label_and_description() {
        let labels: BTreeSet<_> = Permission::ALL.map(Permission::label).into();
        assert_eq!(labels.len(), Permission::ALL.len());
        for permission in Permission::ALL {
            assert!(permission.description().ends_with('.'), "{permission}");
        }
        assert_eq!(Permission::AuditRead.area(), PermissionArea::Account);
        assert_eq!(Permission::MembersManage.area(), PermissionArea::Team);
        assert_eq!(
            serde_json::to_value(PermissionArea::ApiKeys).unwrap(),
            "api_keys"
        );
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
                prop_assert!(!missing.is_empty() || wanted == Permissions::All);
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

        /// SPEC D26: above is who holds something that the actor lacks.
        #[test]
        fn nobody_acts_on_somebody_above(actor in any_permissions(), other in any_permissions()) {
            let lacks = |permission: &Permission| other.contains(*permission) && !actor.contains(*permission);
            let is_above = Permission::ALL.iter().any(lacks)
                || (other == Permissions::All && actor != Permissions::All);
            prop_assert_eq!(actor.check_act_on(&other).is_err(), is_above);
        }

        #[test]
        fn sets_are_joined_and_cut_permission_by_permission(one in any_permissions(), other in any_permissions()) {
            let (union, intersection) = (one.union(&other), one.intersection(&other));
            for permission in Permission::ALL {
                let (a, b) = (one.contains(permission), other.contains(permission));
                prop_assert_eq!(union.contains(permission), a || b);
                prop_assert_eq!(intersection.contains(permission), a && b);
            }
            prop_assert_eq!(union == Permissions::All, one == Permissions::All || other == Permissions::All);
            prop_assert_eq!(intersection == Permissions::All, one == Permissions::All && other == Permissions::All);
        }

        #[test]
        fn everybody_may_hand_on_and_act_on_what_they_hold(holder in any_permissions()) {
            prop_assert_eq!(holder.check_grant(&holder), Ok(()));
            prop_assert_eq!(holder.check_act_on(&holder), Ok(()));
        }
    }
}
