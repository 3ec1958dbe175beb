//! Callers by an API key.

use super::*;
use crate::{
    account::api_key::{PREVIOUS_HASH_KEPT, PreviousHash},
    ids::ApiKeyId,
};
use std::collections::BTreeSet;

#[test]
fn a_key_admits_its_bearer_until_it_ends_and_nobody_else() {
    let credential = of_key(key(), None);
    let (last, end) = (
        time("2026-11-29T23:59:59.999Z"),
        time("2026-11-30T00:00:00Z"),
    );
    assert!(credential.caller(&claim("a", "00ff"), last).is_ok());
    for (claim, now) in [
        (claim("a", "00ff"), end),
        (claim("b", "00ff"), last),
        (claim("a", "00fe"), last),
        (anas(), last),
    ] {
        assert_eq!(credential.caller(&claim, now), Err(Refusal::Unknown));
        assert_eq!(credential.login(&claim, now), Err(Refusal::Unknown));
    }
}

/// SPEC D29.
#[test]
fn a_rotated_key_admits_by_its_old_secret_for_a_day_and_is_proven_by_its_new_one() {
    let now = key().created_at;
    let rotated = ApiKey {
        previous: Some(PreviousHash {
            hash: "0001".to_owned(),
            until: now.plus(PREVIOUS_HASH_KEPT),
        }),
        ..key()
    };
    let credential = of_key(rotated, None);
    let caller = credential.caller(&claim("a", "0001"), now).unwrap();
    let place = CredentialPlace::ApiKey {
        hash: "00ff".to_owned(),
    };
    assert_eq!(caller.proof.credential, place);
    let late = now.plus(PREVIOUS_HASH_KEPT);
    let refused = credential.caller(&claim("a", "0001"), late);
    assert_eq!(refused, Err(Refusal::Unknown));
}

#[test]
fn a_key_ends_with_its_owner() {
    let end = time("2026-11-15T00:00:00Z");
    let owned = ApiKey {
        owner: KeyOwner::ApiKey {
            id: ApiKeyId::derive(&["o"]),
            ends_at: end,
        },
        ..key()
    };
    let credential = of_key(owned, None);
    let caller = credential.caller(&claim("a", "00ff"), time("2026-11-14T23:59:59Z"));
    assert_eq!(caller.unwrap().ends_at, end);
    let refused = credential.caller(&claim("a", "00ff"), end);
    assert_eq!(refused, Err(Refusal::Unknown));
}

#[test]
fn a_caller_may_what_the_accounts_key_may() {
    let key = key();
    let credential = of_key(key.clone(), None);
    let caller = credential
        .caller(&claim("a", "00ff"), key.created_at)
        .unwrap();
    assert!(caller.may(Permission::ProjectsRead));
    assert!(!caller.may(Permission::ApiKeysManage));
    assert_eq!(caller.actor.id, format!("api_key:{}", key.id));
    assert_eq!(caller.credential, CredentialId::ApiKey(key.id));
    assert_eq!(caller.clients, ClientAccess::All);
    assert_eq!(caller.member_id, None);
    assert_eq!(
        (caller.proof.member, caller.proof.roles_version),
        (None, None)
    );
}

/// SPEC D29: never stronger than its owner, and at rest with it.
#[test]
fn a_members_key_can_do_what_the_member_can_cut_by_its_own_list() {
    let ana = Member {
        extra: [Permission::AuditRead].into(),
        clients: ClientAccess::Only(BTreeSet::new()),
        version: 8,
        ..member("ana")
    };
    let owned = |permissions| ApiKey {
        owner: KeyOwner::Member { id: ana.id },
        permissions,
        ..key()
    };
    let now = key().created_at;
    let caller = |key, owner| of_key(key, owner).caller(&claim("a", "00ff"), now);
    let list = [Permission::AuditRead, Permission::MembersManage];
    let cut = caller(
        owned(list.into_iter().collect()),
        Some(standing(ana.clone())),
    )
    .unwrap();
    let left: Permissions = [Permission::AuditRead].into_iter().collect();
    assert_eq!(cut.permissions, left);
    assert_eq!(cut.clients, ana.clients);
    assert_eq!(cut.member_id, Some(ana.id));
    assert_eq!(cut.proof.member, Some((ana.id, 8)));
    let whole = caller(owned(Permissions::All), Some(standing(ana.clone()))).unwrap();
    assert_eq!(whole.permissions, standing(ana.clone()).effective());
    let elsewhere = AccountScope::of_verified(AccountId::derive(&["b"]));
    for owner in [
        None,
        Some(Member {
            status: MemberStatus::Suspended,
            ..ana.clone()
        }),
        Some(Member {
            status: MemberStatus::Removed,
            ..ana.clone()
        }),
        Some(Member {
            scope: elsewhere,
            ..ana.clone()
        }),
        Some(member("ben")),
    ] {
        let refused = caller(owned(Permissions::All), owner.map(standing));
        assert_eq!(refused, Err(Refusal::Unknown));
    }
}

#[test]
fn a_key_of_one_environment_may_no_more_than_fits_one_whatever_its_record_says() {
    let environment_id = Some(EnvironmentId::derive(&["e"]));
    let key = ApiKey {
        permissions: Permissions::All,
        environment_id,
        ..key()
    };
    let now = key.created_at;
    let caller = of_key(key, None).caller(&claim("a", "00ff"), now).unwrap();
    assert_eq!(caller.environment_id, environment_id);
    for permission in Permission::ALL {
        let fits = permission.fits_one_environment();
        assert_eq!(caller.may(permission), fits, "{permission}");
    }
}

#[test]
fn the_day_of_a_keys_use_is_noted_once_a_day() {
    let used = |at: Option<Timestamp>| {
        let key = ApiKey {
            last_used_at: at,
            ..key()
        };
        of_key(key, None)
    };
    let now = time("2026-11-22T00:00:00Z");
    let is_noted = |key: Credential, at| key.is_noted_as_used(None, at);
    assert!(!is_noted(used(None), now));
    assert!(!is_noted(used(Some(time("2026-11-21T23:59:59Z"))), now));
    assert!(is_noted(used(Some(now)), time("2026-11-22T23:59:59Z")));
}
