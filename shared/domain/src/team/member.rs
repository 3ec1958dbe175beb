//! Members: a login's place in one account.

use super::{
    availability::Availability,
    client_access::ClientAccess,
    rights::Rights,
    role::{RoleKey, Roles},
    work::Work,
};
use crate::{
    AccountScope, Timestamp,
    account::{
        email_address::EmailAddress,
        permission::{Permission, Permissions},
    },
    ids::{InvitationId, LoginId, MemberId},
    record::Record,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A person in an account. The row of a removed member stays, as history and so that the member's keys stay
/// refused; a fresh invitation makes another member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Id of the member.
    pub id: MemberId,
    /// The account.
    pub scope: AccountScope,
    /// The login, once the invitation is accepted.
    pub login_id: Option<LoginId>,
    /// The address that was invited, and the login's own afterwards.
    pub email: EmailAddress,
    /// Name of the person in this account.
    pub name: String,
    /// The role.
    pub role: RoleKey,
    /// Permissions besides those of the role.
    pub extra: BTreeSet<Permission>,
    /// The clients whose records the member may touch (SPEC B39).
    pub clients: ClientAccess,
    /// The work that the member can be given.
    pub work: Work,
    /// Availability. It counts while the member is active.
    pub availability: Availability,
    /// The most that the member may do until a mailed link proves the invited address: the rights for which the link
    /// was made by which its login, that nobody had proven, joined (SPEC D26).
    pub limit: Option<Rights>,
    /// Status of the membership.
    pub status: MemberStatus,
    /// The latest invitation.
    pub invitation_id: Option<InvitationId>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Member {
    /// Whether the member is active and holds the role of a super admin.
    #[must_use]
    pub fn is_active_super_admin(&self) -> bool {
        self.status == MemberStatus::Active && self.role == RoleKey::SuperAdmin
    }

    /// The rights that the member was given, whatever limits them at present.
    #[must_use]
    pub fn given(&self, roles: &Roles) -> Rights {
        Rights {
            permissions: roles.effective(&self.role, &self.extra),
            clients: self.clients.clone(),
        }
    }

    /// The permissions that the member holds: those of the role and the further ones, within the limit.
    #[must_use]
    pub fn permissions(&self, roles: &Roles) -> Permissions {
        let given = roles.effective(&self.role, &self.extra);
        match &self.limit {
            Some(limit) => given.intersection(&limit.permissions),
            None => given,
        }
    }

    /// Whether a change would take the member beyond its limit. What lies beyond it already, since the role was
    /// widened, stays out of reach and is in no change's way.
    #[must_use]
    pub fn outgrows_limit(&self, after: &Self, roles: &Roles) -> bool {
        let (before, after) = (self.given(roles), after.given(roles));
        self.limit
            .as_ref()
            .is_some_and(|limit| !limit.covers(&after) && !before.covers(&after))
    }
}

impl Record for Member {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Status of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Invited.
    Pending,
    /// May call.
    Active,
    /// May not call for now.
    Suspended,
    /// May not call any more.
    Removed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{ClientId, RoleId},
        samples::{at, member},
        team::role::Role,
    };

    /// A custom role with these permissions, and the roles of its account.
    fn role(permissions: &[Permission]) -> (RoleKey, Roles) {
        let id = RoleId::derive(&["r"]);
        let role = Role {
            id,
            name: "Support".to_owned(),
            description: None,
            permissions: permissions.iter().copied().collect(),
            request_hash: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        };
        let roles = Roles {
            custom: vec![role],
            version: 1,
        };
        (RoleKey::Custom(id), roles)
    }

    /// SPEC D26: a role that is widened gives the holder of a copied link nothing.
    #[test]
    fn a_member_holds_no_more_than_the_limit() {
        let (key, narrow) = role(&[Permission::ProjectsRead]);
        let (_, wide) = role(&[Permission::ProjectsRead, Permission::MembersManage]);
        let free = Member {
            role: key,
            ..member("ana")
        };
        let limited = Member {
            limit: Some(free.given(&narrow)),
            ..free.clone()
        };
        for held in [free.permissions(&wide), limited.permissions(&wide)] {
            assert!(held.contains(Permission::ProjectsRead));
        }
        assert!(free.permissions(&wide).contains(Permission::MembersManage));
        assert!(
            !limited
                .permissions(&wide)
                .contains(Permission::MembersManage)
        );
        assert_eq!(limited.permissions(&narrow), free.permissions(&narrow));
    }

    /// SPEC D26.
    #[test]
    fn a_change_outgrows_the_limit_if_it_gives_what_lies_beyond() {
        let (key, narrow) = role(&[Permission::ProjectsRead]);
        let (_, wide) = role(&[Permission::ProjectsRead, Permission::MembersManage]);
        let client = ClientAccess::Only([ClientId::derive(&["c"])].into());
        let free = Member {
            role: key,
            clients: client,
            ..member("ana")
        };
        let limited = Member {
            limit: Some(free.given(&narrow)),
            ..free.clone()
        };
        let extra = |member: &Member| Member {
            extra: [Permission::AuditRead].into(),
            ..member.clone()
        };
        let all_clients = Member {
            clients: ClientAccess::All,
            ..limited.clone()
        };
        let less = Member {
            role: RoleKey::None,
            ..limited.clone()
        };
        assert!(limited.outgrows_limit(&extra(&limited), &narrow));
        assert!(limited.outgrows_limit(&all_clients, &narrow));
        assert!(!free.outgrows_limit(&extra(&free), &narrow));
        assert!(!limited.outgrows_limit(&less, &narrow));
        assert!(!less.outgrows_limit(&limited, &narrow));
        // The role was widened: what else is changed is no matter of the limit.
        assert!(!limited.outgrows_limit(&limited, &wide));
        assert!(limited.outgrows_limit(&extra(&limited), &wide));
        assert!(less.outgrows_limit(&limited, &wide));
    }

    #[test]
    fn only_an_active_super_admin_is_one() {
        let admin = Member {
            role: RoleKey::SuperAdmin,
            ..member("ana")
        };
        assert!(admin.is_active_super_admin());
        for status in [
            MemberStatus::Pending,
            MemberStatus::Suspended,
            MemberStatus::Removed,
        ] {
            let other = Member {
                status,
                ..admin.clone()
            };
            assert!(!other.is_active_super_admin(), "{status:?}");
        }
        assert!(!member("ben").is_active_super_admin());
        assert_eq!(Record::version(&admin), 1);
    }

    #[test]
    fn rights_that_were_given_are_those_of_role_further_permissions_and_clients() {
        let roles = Roles::default();
        let given = Member {
            extra: [Permission::AuditRead].into(),
            ..member("ana")
        }
        .given(&roles);
        assert!(given.permissions.contains(Permission::AuditRead));
        assert!(given.permissions.contains(Permission::ConversationsReply));
        assert_eq!(given.clients, ClientAccess::All);
        let admin = Member {
            role: RoleKey::SuperAdmin,
            ..member("ana")
        };
        assert_eq!(admin.given(&roles), Rights::ALL);
    }
}
