//! Ways of signing in, and accounts that ask for one or for a second factor.

use super::*;
use crate::{ids::LoginMethodId, team::identity::IdentityHash};

const ISSUER: &str = "https://idp.example";

fn ana() -> MemberId {
    member("ana").id
}

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
