//! Acceptance by a provider's identity: for whom, and its effect on a login.

use super::super::fixtures;
use super::*;
use vestibule_domain::Timestamp;

const ISSUER: &str = "https://idp.example";

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn email() -> EmailAddress {
    EmailAddress::parse("ana@example.com").unwrap()
}

fn method() -> LoginMethodId {
    LoginMethodId::derive(&["m"])
}

fn login(verified: bool) -> Login {
    Login {
        id: LoginId::derive(&["ana"]),
        email: email(),
        address_since: at(0),
        name: "Ana".to_owned(),
        verified_at: verified.then_some(at(0)),
        password: None,
        factor: None,
        preferences: Preferences::default(),
        left_at: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

fn invitation(identifier: Option<&str>, issuer: Option<&str>) -> Invitation {
    fixtures::invitation(InvitedMethod::Provider {
        method_id: method(),
        identifier: identifier.map(str::to_owned),
        issuer: issuer.map(str::to_owned),
    })
}

fn person(identifier: Option<&str>, email: Option<&str>, email_verified: bool) -> Person {
    Person {
        issuer: None,
        subject: "subject".to_owned(),
        identifier: identifier.map(str::to_owned),
        email: email.map(str::to_owned),
        email_verified,
        name: None,
    }
}

/// SPEC D24, D27: what the provider says of an address has no part in this.
#[test]
fn the_way_of_the_link_and_an_own_sign_in_decide_what_becomes_of_a_login() {
    use TokenKind::{Copied, Mailed, Operator};
    let (ana, bob) = (LoginId::derive(&["ana"]), LoginId::derive(&["bob"]));
    let wrong = Err("/problems/wrong-login");
    let sign_in = Err("/problems/sign-in-to-accept");
    for (kind, login_is, own, expected) in [
        (Mailed, None, None, Ok(Plan::Make)),
        (Copied, None, None, Ok(Plan::Make)),
        (Mailed, None, Some(bob), wrong),
        (Copied, None, Some(bob), wrong),
        (Mailed, Some(true), None, Ok(Plan::Join)),
        (Mailed, Some(true), Some(ana), Ok(Plan::Join)),
        (Mailed, Some(true), Some(bob), wrong),
        (Copied, Some(true), None, sign_in),
        (Copied, Some(true), Some(ana), Ok(Plan::Join)),
        (Copied, Some(true), Some(bob), wrong),
        (Mailed, Some(false), None, Ok(Plan::Renew)),
        (Mailed, Some(false), Some(ana), Ok(Plan::Renew)),
        (Mailed, Some(false), Some(bob), wrong),
        (Copied, Some(false), None, sign_in),
        (Copied, Some(false), Some(ana), Ok(Plan::Join)),
        (Copied, Some(false), Some(bob), wrong),
        (Operator, None, None, Ok(Plan::Make)),
        (Operator, Some(true), None, Ok(Plan::Join)),
        (Operator, Some(false), None, Ok(Plan::Renew)),
        (Operator, Some(false), Some(ana), Ok(Plan::Renew)),
        (Operator, Some(false), Some(bob), wrong),
    ] {
        let login = login_is.map(login);
        let found = plan(kind, login.as_ref(), own).map_err(|error| error.kind().uri);
        assert_eq!(found, expected, "{kind:?} {login_is:?} {own:?}");
    }
}

/// SPEC D12, D27.
#[test]
fn an_identifier_decides_alone_else_the_verified_address_does() {
    let here = Some("ana@example.com");
    for (invited, told, good) in [
        (None, person(None, here, true), true),
        (None, person(None, Some(" ANA@Example.com"), true), true),
        (None, person(None, here, false), false),
        (None, person(None, Some("eve@example.com"), true), false),
        (
            None,
            person(None, Some("ana@example.com.evil.example"), true),
            false,
        ),
        (None, person(None, Some("nonsense"), true), false),
        (None, person(Some("4711"), None, true), false),
        (Some("4711"), person(Some("4711"), None, false), true),
        (
            Some("4711"),
            person(Some("4711"), Some("eve@example.com"), true),
            true,
        ),
        (Some("4711"), person(Some("4712"), here, true), false),
        (Some("4711"), person(None, here, true), false),
        (Some("a"), person(Some("A"), here, true), false),
    ] {
        let invitation = invitation(invited, Some(ISSUER));
        let checked = check_identity(&invitation, (method(), Some(ISSUER)), &told);
        assert_eq!(checked.is_ok(), good, "{invited:?} {told:?}");
    }
}

/// SPEC D27: plain OAuth 2.0 verifies no address.
#[test]
fn an_address_of_plain_oauth_is_never_enough() {
    let told = person(Some("4711"), Some("ana@example.com"), true);
    let check = |identifier| {
        let invitation = invitation(identifier, None);
        check_identity(&invitation, (method(), None), &told).is_ok()
    };
    assert!(!check(None));
    assert!(check(Some("4711")));
}

#[test]
fn an_invitation_by_another_method_or_issuer_is_not_accepted() {
    let told = person(Some("4711"), Some("ana@example.com"), true);
    let invitation = invitation(Some("4711"), Some(ISSUER));
    let other = LoginMethodId::derive(&["other"]);
    for method in [
        (other, Some(ISSUER)),
        (method(), Some("https://other.example")),
        (method(), None),
    ] {
        let refused = check_identity(&invitation, method, &told).unwrap_err();
        assert_eq!(refused.kind(), &OTHER_LOGIN_METHOD);
    }
    let by_password = Invitation {
        method: InvitedMethod::Password,
        ..invitation
    };
    assert!(check_identity(&by_password, (method(), Some(ISSUER)), &told).is_err());
}
