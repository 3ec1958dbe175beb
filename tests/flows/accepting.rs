//! Acceptance of invitations (SPEC D15–D18, D24), from the link to the membership.

use crate::{
    sign_in::{
        Browser, PASSWORD, Seen, accept, admin, audited, copied, invite, mailed, member,
        new_device_mails, sign_in,
    },
    world::World,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

const INSPECT: &str = "/v1/auth/invitation/inspect";
const ACCEPT: &str = "/v1/auth/invitation/accept";

/// A second account, and the browser of its super admin.
pub async fn second_account(world: &World) -> (Browser, String) {
    let mut admin = admin(world).await;
    let made = admin
        .post(world, "/v1/accounts", json!({"name": "Second"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let account = made.body["id"].as_str().unwrap().to_owned();
    (admin.in_account(&account), account)
}

async fn join(world: &World, browser: &mut Browser, token: &str) -> Seen {
    browser.post(world, ACCEPT, json!({"token": token})).await
}

/// SPEC D15, D16.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_makes_a_login_for_the_invited_address_and_signs_it_in() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    invite(&world, &mut admin, " Ana@Example.com", true).await;
    let token = mailed(&world, "ana@example.com").await;
    let mut browser = Browser::default();
    let seen = browser.post(&world, INSPECT, json!({"token": token})).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(
        (&seen.body["status"], &seen.body["login"]),
        (&json!("pending"), &json!("new"))
    );
    assert_eq!(
        (&seen.body["email"], &seen.body["role_name"]),
        (&json!("ana@example.com"), &json!("Agent"))
    );
    assert_eq!(
        seen.body["method"],
        json!({"kind": "password", "provider": null})
    );
    // To look changes nothing, and a password that breaks a rule neither.
    let weak = json!({"token": token, "name": "Ana", "password": "short"});
    assert_eq!(browser.post(&world, ACCEPT, weak).await.status, 422);
    let seen = accept(&world, &mut browser, &token).await;
    let account = json!(world.scope.account_id());
    assert_eq!(
        seen.body,
        json!({"account_id": account, "status": "signed_in"})
    );
    let mut browser = browser.in_account(account.as_str().unwrap());
    let me = browser.get(&world, "/v1/me").await;
    assert_eq!(me.body["login"]["verified"], true, "{}", me.body);
    assert_eq!(me.body["account"]["id"], account);
    assert_eq!(browser.get(&world, "/v1/projects").await.status, 200);
    let again = accept(&world, &mut Browser::default(), &token).await;
    assert_eq!(
        (again.status, again.problem()),
        (409, "invitation-not-pending")
    );
    assert_eq!(again.body["state"], "accepted");
}

/// SPEC D17, D18.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_login_signs_in_and_joins_a_second_account_without_new_credentials() {
    let world = World::new().await;
    let mut ana = member(&world, "ana@example.com").await;
    let (mut second, account) = second_account(&world).await;
    invite(&world, &mut second, "ana@example.com", true).await;
    let token = mailed(&world, "ana@example.com").await;
    let seen = Browser::default()
        .post(&world, INSPECT, json!({"token": token}))
        .await;
    assert_eq!(seen.body["login"], "known");
    let seen = accept(&world, &mut Browser::default(), &token).await;
    assert_eq!((seen.status, seen.problem()), (409, "sign-in-to-accept"));
    // D16: the invited address only.
    let mut bob = member(&world, "bob@example.com").await;
    let seen = join(&world, &mut bob, &token).await;
    assert_eq!((seen.status, seen.problem()), (409, "wrong-login"));
    let seen = join(&world, &mut ana, &token).await;
    assert_eq!(
        seen.body,
        json!({"account_id": account, "status": "signed_in"})
    );
    let me = ana.get(&world, "/v1/me").await;
    assert_eq!(me.body["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(
        ana.clone()
            .in_account(&account)
            .get(&world, "/v1/projects")
            .await
            .status,
        200
    );
    let seen = sign_in(&world, &mut Browser::default(), "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D24.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_proves_no_address_and_its_login_joins_no_second_account() {
    let world = World::new().await;
    let mut first = admin(&world).await;
    let invitation = invite(&world, &mut first, "ana@example.com", false).await;
    let token = copied(&world, &mut first, &invitation).await;
    let mut maker = Browser::default();
    let seen = maker.post(&world, INSPECT, json!({"token": token})).await;
    assert_eq!(seen.body["login"], Value::Null);
    let seen = accept(&world, &mut maker, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(
        maker.get(&world, "/v1/me").await.body["login"]["verified"],
        false
    );

    let (mut second, account) = second_account(&world).await;
    let invitation = invite(&world, &mut second, "ana@example.com", true).await;
    let copy = copied(&world, &mut second, &invitation).await;
    for browser in [&mut maker.clone(), &mut Browser::default()] {
        let seen = accept(&world, browser, &copy).await;
        assert_eq!((seen.status, seen.problem()), (409, "unverified-login"));
    }
    // The mailed link proves the address, and ends what its maker set.
    let token = mailed(&world, "ana@example.com").await;
    let mut owner = Browser::default();
    let new = "four other words entirely";
    let body = json!({"token": token, "name": "Ana", "password": new});
    let seen = owner.post(&world, ACCEPT, body).await;
    assert_eq!(seen.body["account_id"], json!(account), "{}", seen.body);
    assert_eq!(
        owner.get(&world, "/v1/me").await.body["login"]["verified"],
        true
    );
    assert_eq!(maker.get(&world, "/v1/me").await.problem(), "sign-in-again");
    let old = sign_in(&world, &mut Browser::default(), "ana@example.com", PASSWORD).await;
    assert_eq!(old.problem(), "wrong-credentials");
    let seen = sign_in(&world, &mut Browser::default(), "ana@example.com", new).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D17, D24: an admin who copies links learns of no login by a cheap question.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_asks_the_same_of_an_address_with_and_without_a_login() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let (mut second, _) = second_account(&world).await;
    let mut told = Vec::new();
    for email in ["ana@example.com", "nobody@example.com"] {
        let invitation = invite(&world, &mut second, email, false).await;
        let token = copied(&world, &mut second, &invitation).await;
        let weak = json!({"token": token, "name": "Ana", "password": "short"});
        let seen = Browser::default().post(&world, ACCEPT, weak).await;
        told.push((seen.status, seen.told()));
        let nameless = json!({"token": token, "password": PASSWORD});
        let seen = Browser::default().post(&world, ACCEPT, nameless).await;
        told.push((seen.status, seen.told()));
    }
    assert_eq!(told[..2], told[2..]);
}

/// SPEC D24.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_signs_a_login_in_by_its_own_password_only() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let (mut second, account) = second_account(&world).await;
    let invitation = invite(&world, &mut second, "ana@example.com", false).await;
    let token = copied(&world, &mut second, &invitation).await;
    let mut browser = Browser::default();
    let guess = json!({"token": token, "name": "Ana", "password": "four other words entirely"});
    let seen = browser.post(&world, ACCEPT, guess).await;
    assert_eq!((seen.status, seen.problem()), (401, "wrong-credentials"));
    assert_eq!(browser.session(), None);
    let seen = accept(&world, &mut browser, &token).await;
    assert_eq!(
        seen.body,
        json!({"account_id": account, "status": "signed_in"})
    );
    assert!(browser.session().is_some());
}

/// SPEC D28, D33: as at every sign-in.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_that_signs_a_login_in_tells_of_the_new_device_and_is_on_record() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let (mut second, _) = second_account(&world).await;
    let invitation = invite(&world, &mut second, "ana@example.com", false).await;
    let token = copied(&world, &mut second, &invitation).await;
    let (mails, signed_in) = (new_device_mails(&world), audited(&world, "login.signed_in"));
    let mut browser = Browser::default();
    let seen = accept(&world, &mut browser, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(new_device_mails(&world), mails + 1);
    assert_eq!(audited(&world, "login.signed_in"), signed_in + 1);
    // The browser is known from now on.
    let seen = sign_in(&world, &mut browser, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(new_device_mails(&world), mails + 1);
}

/// SPEC D24.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_ends_by_time_and_by_hand_and_a_link_that_was_never_made_is_none() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, "ana@example.com", true).await;
    let token = mailed(&world, "ana@example.com").await;
    let invented = format!("{}B", token.get(..token.len() - 1).unwrap());
    for wrong in [invented.as_str(), "vsi_", "x"] {
        for path in [INSPECT, ACCEPT] {
            let seen = join_at(&world, path, wrong).await;
            assert_eq!(
                (seen.status, seen.problem()),
                (410, "token-not-valid"),
                "{wrong}"
            );
        }
    }
    let id = invitation["id"].as_str().unwrap();
    let path = format!("/v1/invitations/{id}/revoke");
    let revoked = admin.post(&world, &path, Value::Null).await;
    assert_eq!(revoked.status, 200, "{}", revoked.body);
    let seen = accept(&world, &mut Browser::default(), &token).await;
    assert_eq!(
        (seen.problem(), &seen.body["state"]),
        ("invitation-not-pending", &json!("revoked"))
    );

    invite(&world, &mut admin, "bob@example.com", true).await;
    let token = mailed(&world, "bob@example.com").await;
    world.clock.advance(Duration::from_hours(7 * 24));
    let seen = accept(&world, &mut Browser::default(), &token).await;
    assert_eq!(
        (seen.problem(), &seen.body["state"]),
        ("invitation-not-pending", &json!("expired"))
    );
}

async fn join_at(world: &World, path: &str, token: &str) -> Seen {
    Browser::default()
        .post(world, path, json!({"token": token}))
        .await
}

/// SPEC D24.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_acceptances_made_at_once_one_makes_a_member() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    invite(&world, &mut admin, "ana@example.com", true).await;
    let token = mailed(&world, "ana@example.com").await;
    let (world, token) = (&world, token.as_str());
    let accepted = join_all((0..10).map(|_| async move {
        let seen = Box::pin(accept(world, &mut Browser::default(), token)).await;
        seen.status
    }))
    .await;
    let joined = accepted.iter().filter(|status| **status == 200).count();
    assert_eq!(joined, 1, "{accepted:?}");
    assert!(
        accepted.iter().all(|status| matches!(status, 200 | 409)),
        "{accepted:?}"
    );
    assert_eq!(audited(world, "member.joined"), 1);
}
