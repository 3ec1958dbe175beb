//! Invitations by the operator of the stack, whose right is the set-up token.

use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{actor::Actor, email_address::EmailAddress},
    ids::{IdSource, InvitationId, MemberId},
    team::{
        availability::Availability,
        client_access::ClientAccess,
        invitation::{INVITATION_LIFE_DAYS_DEFAULT, Invitation, InvitedMethod},
        member::{Member, MemberStatus},
        role::RoleKey,
        work::Work,
    },
};

/// Name of the inviter in the mail.
pub const NAME: &str = "The operator of the stack";
/// Time for which such an invitation holds.
const LIFE: Duration = Duration::from_hours(24 * INVITATION_LIFE_DAYS_DEFAULT);

/// A super admin to be invited to an account, without a link yet.
pub fn invited(
    ids: &dyn IdSource,
    scope: AccountScope,
    email: &EmailAddress,
    now: Timestamp,
) -> (Invitation, Member) {
    let id = InvitationId::new(ids.draw());
    let member = Member {
        id: MemberId::new(ids.draw()),
        scope,
        login_id: None,
        email: email.clone(),
        name: email.as_str().to_owned(),
        role: RoleKey::SuperAdmin,
        extra: BTreeSet::new(),
        clients: ClientAccess::All,
        work: Work::default(),
        availability: Availability::available(now),
        limit: None,
        status: MemberStatus::Pending,
        invitation_id: Some(id),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let invitation = Invitation {
        id,
        scope,
        member_id: member.id,
        email: email.clone(),
        method: InvitedMethod::Password,
        invited_by: Actor {
            name: NAME.to_owned(),
            ..Actor::set_up()
        },
        tokens: Vec::new(),
        copied_rights: None,
        sends: 1,
        resent_at: Vec::new(),
        opened_at: None,
        accepted_at: None,
        revoked_at: None,
        expires_at: now.plus(LIFE),
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    (invitation, member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::ids::{AccountId, SystemIds};

    /// SPEC D30.
    #[test]
    fn the_operator_invites_a_super_admin_for_seven_days() {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        let email = EmailAddress::parse("Ada@Example.com").unwrap();
        let now = Timestamp::from_millis(0);
        let (invitation, member) = invited(&SystemIds, scope, &email, now);
        assert_eq!(member.role, RoleKey::SuperAdmin);
        assert_eq!(member.status, MemberStatus::Pending);
        assert_eq!(member.invitation_id, Some(invitation.id));
        assert_eq!(invitation.member_id, member.id);
        assert_eq!(invitation.expires_at, now.plus(Duration::from_hours(168)));
        assert_eq!(invitation.email.as_str(), "ada@example.com");
    }
}
