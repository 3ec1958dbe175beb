//! Values for the tests of accepting and binding.

use vestibule_domain::{
    AccountScope, Timestamp,
    account::{actor::Actor, email_address::EmailAddress},
    ids::{AccountId, InvitationId, MemberId},
    team::invitation::{Invitation, InvitedMethod},
};

/// Ana's pending invitation by this method, until a second after the beginning of time.
pub(super) fn invitation(method: InvitedMethod) -> Invitation {
    let at = Timestamp::from_millis;
    Invitation {
        id: InvitationId::derive(&["i"]),
        scope: AccountScope::of_verified(AccountId::derive(&["acme"])),
        member_id: MemberId::derive(&["ana"]),
        email: EmailAddress::parse("ana@example.com").unwrap(),
        method,
        invited_by: Actor::set_up(),
        tokens: Vec::new(),
        copied_rights: None,
        sends: 1,
        resent_at: Vec::new(),
        opened_at: None,
        accepted_at: None,
        revoked_at: None,
        expires_at: at(1000),
        request_hash: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}
