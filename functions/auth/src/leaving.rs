//! The end of a membership by the person's own wish. It is a removal like any other: the ways that lead to the
//! member end, and an account keeps an active super admin (SPEC D26).

use crate::{
    Deps,
    problems::{ACCOUNTS, LAST_SUPER_ADMIN_OF, NamedAccount, NamedAccounts},
};
use serde_json::{Value, json};
use vestibule_admin::{LoginCall, log, member_work::order_work, problem::ApiError};
use vestibule_domain::{
    PortError, Timestamp,
    account::{
        Account,
        actor::Actor,
        proof::{CallerProof, CredentialPlace},
    },
    error::Chain,
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AuditId, LoginId},
    ports::{AccountPlace, By, MemberOutcome},
    routing::seat_of::MemberChange,
    team::{
        member::{Member, MemberStatus},
        role::RoleKey,
    },
};

/// Members with the role of a super admin that are looked at for another active one.
const LOOKED_AT: u16 = 100;

/// Ends the membership.
pub async fn leave(
    deps: &Deps,
    call: &LoginCall,
    place: &AccountPlace,
) -> Result<MemberOutcome, PortError> {
    let now = call.now();
    let before = &place.standing.member;
    let after = Member {
        status: MemberStatus::Removed,
        updated_at: now,
        ..before.clone()
    };
    let entry = AuditEntry {
        id: AuditId::new(call.ids().draw()),
        scope: before.scope,
        at: now,
        actor: Actor::member(before.id, before.name.clone()),
        change: Change {
            event: Event::MemberLeft(before.id),
            before: facts(before),
            after: facts(&after),
        },
        request_id: call.origin.request_id.clone(),
        told: Told::default(),
    };
    // The member is written at its version, and may be suspended: the session is all the right that this takes.
    let proof = CallerProof {
        credential: CredentialPlace::Session {
            login_id: call.session.login_id,
            hash: call.session.hash.clone(),
        },
        scope: before.scope,
        member: None,
        roles_version: None,
    };
    let by = By {
        audit: &entry,
        proof: &proof,
    };
    let outcome = deps.members.update_member(&after, before, &[], by).await?;
    if outcome == MemberOutcome::Done {
        log(&entry);
        order_work(deps.routing.as_ref(), MemberChange::new(before, &after)).await;
    }
    Ok(outcome)
}

/// Notes that the login has left its last account, if that is so. It is noted when the person looks at the own login
/// again, should it fail now.
pub async fn note_left(deps: &Deps, login_id: LoginId, now: Timestamp) {
    if let Err(error) = deps.own_logins.note_left(login_id, now).await {
        tracing::warn!(login.id = %login_id, error = %Chain(&error), "that a login left its last account is not noted yet");
    }
}

/// Whether the account would have no active super admin without this member.
pub async fn is_last_super_admin(deps: &Deps, place: &AccountPlace) -> Result<bool, PortError> {
    let member = &place.standing.member;
    if !member.is_active_super_admin() {
        return Ok(false);
    }
    let role = RoleKey::SuperAdmin;
    let all = deps
        .members
        .members_with_role(member.scope, &role, LOOKED_AT)
        .await?;
    let is_another = |other: &Member| other.id != member.id && other.is_active_super_admin();
    Ok(!all.iter().any(is_another))
}

/// The answer that these accounts would have no active super admin.
#[must_use]
pub fn last_super_admin_of<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> ApiError {
    let named = accounts.into_iter().map(|account| NamedAccount {
        id: account.id.to_string(),
        name: account.name.clone(),
    });
    let named = serde_json::to_value(NamedAccounts(named.collect())).unwrap_or_default();
    ApiError::new(&LAST_SUPER_ADMIN_OF).with_member(&ACCOUNTS, named)
}

/// A member as the audit log records it here.
fn facts(member: &Member) -> Value {
    json!({"name": member.name, "status": member.status})
}
