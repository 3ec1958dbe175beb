use super::*;
use crate::{
    account::api_key::{PREVIOUS_HASH_KEPT, PreviousHash},
    ids::{ApiKeyId, LoginMethodId, RoleId},
    samples::{account, api_key, at, member, scope, session},
    team::{
        identity::IdentityHash,
        member::{Member, MemberStatus},
        role::{Role, RoleKey, Roles},
    },
};
use std::collections::BTreeSet;

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn key() -> ApiKey {
    ApiKey {
        created_at: time("2026-11-01T00:00:00Z"),
        expires_at: time("2026-11-30T00:00:00Z"),
        ..api_key("k")
    }
}

fn of_key(key: ApiKey, owner: Option<MemberStanding>) -> Credential {
    Credential::ApiKey { key, owner }
}

fn claim(account: &str, hash: &str) -> CredentialClaim {
    CredentialClaim::ApiKey {
        account_id: AccountId::derive(&[account]),
        hash: hash.to_owned(),
    }
}

fn standing(member: Member) -> MemberStanding {
    MemberStanding {
        member,
        roles: Roles::default(),
    }
}

/// A credential of Ana's session in account `a`.
fn of_session(session: Session, member: Member) -> Credential {
    Credential::Session {
        session,
        standing: Some(standing(member)),
        account: Some(account("a")),
        identity: None,
    }
}

fn session_claim(login: &str, hash: &str, account: Option<&str>) -> CredentialClaim {
    CredentialClaim::Session {
        login_id: LoginId::derive(&[login]),
        hash: hash.to_owned(),
        account_id: account.map(|name| AccountId::derive(&[name])),
    }
}

fn ana() -> MemberId {
    member("ana").id
}

fn anas() -> CredentialClaim {
    session_claim("ana", "0a0b", Some("a"))
}

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

#[test]
fn a_sessions_activity_is_noted_every_five_minutes() {
    let credential = of_session(session("ana", 0), member("ana"));
    assert!(credential.is_noted_as_used(None, at(299)));
    assert!(!credential.is_noted_as_used(None, at(300)));
}

#[test]
fn a_session_that_is_active_is_noted_once_more_in_each_account_that_it_is_used_in() {
    let [here, there] = ["here", "there"].map(|name| MemberId::derive(&[name]));
    let session = Session {
        seen: [(here, at(0))].into(),
        ..session("ana", 0)
    };
    let credential = of_session(session, member("ana"));
    assert!(credential.is_noted_as_used(Some(here), at(299)));
    assert!(!credential.is_noted_as_used(Some(there), at(299)));
}

#[test]
fn a_claim_names_the_account_that_the_call_names() {
    let account = AccountScope::of_verified(AccountId::derive(&["a"]));
    assert_eq!(claim("a", "x").scope(), Some(account));
    assert_eq!(anas().scope(), Some(account));
    assert_eq!(session_claim("ana", "x", None).scope(), None);
}

#[test]
fn a_session_admits_the_member_of_its_login() {
    let ana = Member {
        version: 5,
        ..member("ana")
    };
    let credential = of_session(session("ana", 0), ana.clone());
    let caller = credential.caller(&anas(), at(1)).unwrap();
    assert_eq!(caller.scope, scope().account());
    assert_eq!(caller.actor, Actor::member(ana.id, "ana".to_owned()));
    assert_eq!(caller.permissions, standing(ana.clone()).effective());
    assert_eq!(
        (caller.member_id, caller.environment_id),
        (Some(ana.id), None)
    );
    let proof = CallerProof {
        credential: CredentialPlace::Session {
            login_id: LoginId::derive(&["ana"]),
            hash: "0a0b".to_owned(),
        },
        scope: scope().account(),
        member: Some((ana.id, 5)),
        roles_version: None,
    };
    assert_eq!(caller.proof, proof);
    assert_eq!(credential.login(&anas(), at(1)), Ok(&session("ana", 0)));
}

/// SPEC D27: whom a provider of the account lets in, or a key, does not speak for the login.
#[test]
fn only_a_session_of_the_logins_own_is_its_own_sign_in() {
    let own = of_session(session("ana", 0), member("ana"));
    assert!(own.caller(&anas(), at(1)).unwrap().is_own_sign_in);
    let through_provider = Credential::Session {
        session: provided("a"),
        standing: Some(standing(member("ana"))),
        account: Some(with_method(Some(ISSUER))),
        identity: Some(bound()),
    };
    let caller = through_provider.caller(&anas(), at(1)).unwrap();
    assert!(!caller.is_own_sign_in);
    let of_member = ApiKey {
        owner: KeyOwner::Member { id: ana() },
        ..key()
    };
    let claimed = claim("a", &of_member.hash);
    let by_key = of_key(of_member, Some(standing(member("ana"))));
    assert!(!by_key.caller(&claimed, at(1)).unwrap().is_own_sign_in);
}

/// The authorisation matrix' rows of sessions that admit nobody.
#[test]
fn a_session_admits_nobody_else() {
    let now = at(1);
    let ana = || member("ana");
    let with = |status| Member { status, ..ana() };
    let own = session("ana", 0);
    for (credential, claim, refusal) in [
        (
            of_session(own.clone(), ana()),
            session_claim("ana", "ffff", Some("a")),
            Refusal::Unknown,
        ),
        (
            of_session(own.clone(), ana()),
            session_claim("ben", "0a0b", Some("a")),
            Refusal::Unknown,
        ),
        (
            of_session(own.clone(), ana()),
            claim("a", "0a0b"),
            Refusal::Unknown,
        ),
        (
            of_session(own.clone(), ana()),
            session_claim("ana", "0a0b", None),
            Refusal::NotAMember,
        ),
        (
            of_session(own.clone(), ana()),
            session_claim("ana", "0a0b", Some("b")),
            Refusal::NotAMember,
        ),
        (
            of_session(own.clone(), member("ben")),
            anas(),
            Refusal::NotAMember,
        ),
        (
            of_session(own.clone(), with(MemberStatus::Pending)),
            anas(),
            Refusal::NotAMember,
        ),
        (
            of_session(own.clone(), with(MemberStatus::Suspended)),
            anas(),
            Refusal::NotAMember,
        ),
        (
            of_session(own.clone(), with(MemberStatus::Removed)),
            anas(),
            Refusal::NotAMember,
        ),
        (
            Credential::Session {
                session: own.clone(),
                standing: None,
                account: None,
                identity: None,
            },
            anas(),
            Refusal::NotAMember,
        ),
        (
            of_session(session("ana", -13 * 60 * 60), ana()),
            anas(),
            Refusal::Unknown,
        ),
        (
            of_session(
                Session {
                    stage: SessionStage::AwaitingFactor,
                    ..own.clone()
                },
                ana(),
            ),
            anas(),
            Refusal::AwaitingFactor,
        ),
    ] {
        let refused = credential.caller(&claim, now);
        assert_eq!(refused, Err(refusal), "{credential:?}");
    }
}

#[test]
fn a_custom_role_counts_at_the_version_that_was_read() {
    let role = Role {
        id: RoleId::derive(&["r"]),
        name: "Lead".into(),
        description: None,
        permissions: [Permission::AccessRequestsDecide].into(),
        request_hash: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    };
    let credential = Credential::Session {
        session: session("ana", 0),
        standing: Some(MemberStanding {
            member: Member {
                role: RoleKey::Custom(role.id),
                ..member("ana")
            },
            roles: Roles {
                custom: vec![role],
                version: 9,
            },
        }),
        account: Some(account("a")),
        identity: None,
    };
    let caller = credential.caller(&anas(), at(1)).unwrap();
    assert_eq!(caller.proof.roles_version, Some(9));
    assert!(caller.may(Permission::AccessRequestsDecide));
    assert!(!caller.may(Permission::ProjectsRead));
}

const ISSUER: &str = "https://idp.example";

fn method(name: &str) -> LoginMethodId {
    LoginMethodId::derive(&[name])
}

fn identity_hash() -> IdentityHash {
    IdentityHash::oidc(ISSUER, "1")
}

/// A session made through method `m` of account `home`.
fn provided(home: &str) -> Session {
    Session {
        method: SignInMethod::Provider {
            account_id: AccountId::derive(&[home]),
            method_id: method("m"),
            identity: identity_hash(),
        },
        ..session("ana", 0)
    }
}

/// Account `a` with method `m` of this issuer.
fn with_method(issuer: Option<&str>) -> Account {
    let mut account = account("a");
    let issuer = issuer.map(str::to_owned);
    account.rules.methods.insert(method("m"), issuer);
    account
}

fn bound() -> AccountIdentity {
    let ana = member("ana");
    AccountIdentity {
        scope: scope().account(),
        hash: identity_hash(),
        login_id: LoginId::derive(&["ana"]),
        member_id: ana.id,
        method_id: method("m"),
    }
}

/// SPEC D27: a provider opens the account that chose it, and those that bound the same identity themselves.
#[test]
fn a_provider_opens_its_own_account_while_the_method_is_set_up() {
    let session = provided("a");
    for issuer in [Some(ISSUER), None] {
        let found = missing(&session, &with_method(issuer), ana(), Some(&bound()));
        assert_eq!(found, None);
    }
    let without = missing(&session, &account("a"), ana(), Some(&bound()));
    assert_eq!(without, Some(Missing::OwnSignIn));
}

/// SPEC D20, D27: somebody who was removed and invited again binds the identity again.
#[test]
fn a_providers_session_opens_its_account_only_while_the_identity_is_the_members() {
    let (session, here) = (provided("a"), with_method(Some(ISSUER)));
    let of_earlier_member = AccountIdentity {
        member_id: MemberId::derive(&["ana before"]),
        ..bound()
    };
    let of_ben = AccountIdentity {
        login_id: LoginId::derive(&["ben"]),
        ..bound()
    };
    for identity in [None, Some(&of_earlier_member), Some(&of_ben)] {
        let refused = missing(&session, &here, ana(), identity);
        assert_eq!(refused, Some(Missing::OwnSignIn), "{identity:?}");
        let shared = missing(&provided("b"), &here, ana(), identity);
        assert_eq!(shared, Some(Missing::OwnSignIn), "{identity:?}");
    }
}

/// SPEC D24, D27: the worst fault that signing in can have.
#[test]
fn a_provider_that_another_account_chose_opens_nothing_that_this_account_did_not_bind() {
    let hostile = provided("hostile");
    let here = with_method(Some(ISSUER));
    assert_eq!(missing(&hostile, &here, ana(), Some(&bound())), None);
    let other = AccountIdentity {
        hash: IdentityHash::oidc(ISSUER, "2"),
        ..bound()
    };
    let of_ben = AccountIdentity {
        login_id: LoginId::derive(&["ben"]),
        ..bound()
    };
    let elsewhere = AccountIdentity {
        scope: AccountScope::of_verified(AccountId::derive(&["hostile"])),
        ..bound()
    };
    let by_another_method = AccountIdentity {
        method_id: method("gone"),
        ..bound()
    };
    for identity in [
        None,
        Some(&other),
        Some(&of_ben),
        Some(&elsewhere),
        Some(&by_another_method),
    ] {
        let refused = missing(&hostile, &here, ana(), identity);
        assert_eq!(refused, Some(Missing::OwnSignIn), "{identity:?}");
    }
    for account in [with_method(None), account("a")] {
        let refused = missing(&hostile, &account, ana(), Some(&bound()));
        assert_eq!(refused, Some(Missing::OwnSignIn), "{account:?}");
    }
    let credential = Credential::Session {
        session: hostile,
        standing: Some(standing(member("ana"))),
        account: Some(here),
        identity: None,
    };
    let refused = credential.caller(&anas(), at(1));
    assert_eq!(refused, Err(Refusal::Insufficient(Missing::OwnSignIn)));
}

/// SPEC D28.
#[test]
fn an_account_of_single_sign_on_takes_no_sign_in_of_the_logins_own() {
    let mut strict = with_method(Some(ISSUER));
    strict.rules.sso_only = true;
    let own = missing(&session("ana", 0), &strict, ana(), None);
    assert_eq!(own, Some(Missing::Provider));
    let provided_here = missing(&provided("a"), &strict, ana(), Some(&bound()));
    assert_eq!(provided_here, None);
    let shared = missing(&provided("b"), &strict, ana(), Some(&bound()));
    assert_eq!(shared, None);
}

/// SPEC D31.
#[test]
fn an_account_that_requires_a_second_factor_says_what_is_missing() {
    let mut strict = with_method(Some(ISSUER));
    strict.rules.factor_required = true;
    let own = session("ana", 0);
    let has_factor = Session {
        has_factor: true,
        ..own.clone()
    };
    let given = Session {
        factor_at: Some(at(0)),
        ..has_factor.clone()
    };
    let shared = Session {
        has_factor: true,
        ..provided("b")
    };
    let identity = bound();
    for (session, counts, expected) in [
        (&own, true, Some(Missing::FactorSetUp)),
        (&has_factor, true, Some(Missing::Factor)),
        (&given, true, None),
        (&provided("a"), true, None),
        (&provided("a"), false, Some(Missing::FactorSetUp)),
        // Another account's provider is not this account's own.
        (&shared, true, Some(Missing::Factor)),
    ] {
        strict.rules.provider_factor_counts = counts;
        let found = missing(session, &strict, ana(), Some(&identity));
        assert_eq!(found, expected, "{session:?}");
    }
    strict.rules.factor_required = false;
    assert_eq!(missing(&own, &strict, ana(), None), None);
}

#[test]
fn a_missing_part_has_one_spelling() {
    for missing in [
        Missing::Factor,
        Missing::FactorSetUp,
        Missing::Provider,
        Missing::OwnSignIn,
    ] {
        assert_eq!(serde_json::to_value(missing).unwrap(), missing.key());
    }
}
