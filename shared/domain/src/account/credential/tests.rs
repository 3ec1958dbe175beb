//! Callers, by their keys and their sessions.

use super::*;
use crate::{
    ids::RoleId,
    samples::{account, api_key, at, member, scope, session},
    team::{
        member::{Member, MemberStatus},
        role::{Role, RoleKey, Roles},
    },
};

mod keys;
mod sign_in;

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

fn anas() -> CredentialClaim {
    session_claim("ana", "0a0b", Some("a"))
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
