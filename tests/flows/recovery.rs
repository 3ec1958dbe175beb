//! The way back in (SPEC D30): by a new value of the stack's set-up secret, once.

use crate::{
    admin::call,
    invitations::{self, accept, invited, joined, root, token_of},
    providers,
    sign_in::{self, Browser, PASSWORD, mailed, sign_in},
    single_sign_on::{sso_only, through_provider},
    world::{SETUP_TOKEN, World},
};
use axum::body::Body;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;
use vestibule_testkit::lambda_events::{BodyEncoding, HttpRequest, http_api};

const NEW: &str = "another-token-of-the-stack-0123456789abcdefghij";
const NEWER: &str = "a-third-token-of-the-stack-0123456789abcdefghij";

/// Sets a new value of the set-up secret, later than all before.
fn set_secret(world: &World, value: &str) {
    world.clock.advance(Duration::from_mins(1));
    world.aws.set_secret("setup", value);
    world.clock.advance(Duration::from_mins(1));
}

async fn recover(world: &World, body: Value) -> (u16, Value) {
    call(world, "", "POST", "/v1/setup/recover", body).await
}

/// A stack with all keys and members gone is recovered.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_can_change_the_secret_invites_a_super_admin_once() {
    let world = World::new().await;
    let root = root(&world).await;
    let asked = json!({"setup_token": SETUP_TOKEN, "email": "ada@example.com"});
    let (status, refused) = recover(&world, asked).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/setup-token-used");
    set_secret(&world, NEW);
    let wrong = json!({"setup_token": SETUP_TOKEN, "email": "ada@example.com"});
    let (status, refused) = recover(&world, wrong).await;
    assert_eq!(status, 401, "{refused}");
    let asked = json!({"setup_token": NEW, "email": "ada@example.com"});
    let (status, recovered) = recover(&world, asked.clone()).await;
    assert_eq!(status, 202, "{recovered}");
    let (status, refused) = recover(&world, asked).await;
    assert_eq!(status, 409, "{refused}");
    let (_, listed) = call(&world, &root, "GET", "/v1/invitations", Value::Null).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["member"]["role"]["key"], "super_admin");
    let link = &recovered["invitation_link"];
    // With a sender address the link is in the mail, and another one can be copied.
    if link.is_string() {
        let accepted = accept(&world, link).await;
        assert_eq!(accepted.status, 200, "{}", accepted.body);
    }
    let (_, log) = call(
        &world,
        &root,
        "GET",
        "/v1/audit?action=account.recovered",
        Value::Null,
    )
    .await;
    assert_eq!(log["items"][0]["actor"]["id"], "recovery", "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_is_there_already_becomes_an_active_super_admin() {
    let world = World::new().await;
    let root = root(&world).await;
    let id = joined(&world, &root, "grace@example.com", json!("agent")).await;
    let path = format!("/v1/members/{id}");
    let suspend = format!("{path}/suspend");
    let (status, suspended) = call(&world, &root, "POST", &suspend, Value::Null).await;
    assert_eq!(status, 200, "{suspended}");
    set_secret(&world, NEW);
    let asked = json!({"setup_token": NEW, "email": "Grace@example.com"});
    let (status, recovered) = recover(&world, asked).await;
    assert_eq!(status, 202, "{recovered}");
    assert_eq!(recovered["invitation_link"], Value::Null);
    let (_, member) = call(&world, &root, "GET", &path, Value::Null).await;
    assert_eq!(member["status"], "active", "{member}");
    assert_eq!(member["role"]["key"], "super_admin");
}

/// Somebody who joined by a copied link, in the account that the link is of.
async fn joined_by_copy(world: &World, root: &str, email: &str, role: &str) -> (Browser, String) {
    let invitation = invited(world, root, email, json!(role)).await;
    let mut browser = Browser::default();
    let seen = sign_in::accept(world, &mut browser, token_of(&invitation["link"])).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let account = seen.body["account_id"].as_str().unwrap().to_owned();
    (browser.in_account(&account), account)
}

const NEW_PASSWORD: &str = "four other words entirely";

/// Accepts with another password than that of whoever joined before, in this account.
async fn take(world: &World, token: &str, account: &str) -> Browser {
    let mut browser = Browser::default();
    let body = json!({"token": token, "name": "Grace", "password": NEW_PASSWORD});
    let seen = browser
        .post(world, "/v1/auth/invitation/accept", body)
        .await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    browser.in_account(account)
}

/// Nothing that was set before the recovery opens anything.
async fn is_out(world: &World, earlier: &mut Browser) {
    assert_eq!(
        earlier.get(world, "/v1/me").await.problem(),
        "sign-in-again"
    );
    let mut again = Browser::default();
    let seen = sign_in(world, &mut again, "grace@example.com", PASSWORD).await;
    assert_eq!(seen.problem(), "wrong-credentials");
}

/// SPEC D24, D30: who holds a login that a copied link made may not own the mailbox.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_nobody_proved_is_not_raised_and_the_mailed_link_ends_what_was_set_in_it() {
    let world = World::new().await;
    let root = root(&world).await;
    let (mut holder, account) = joined_by_copy(&world, &root, "grace@example.com", "agent").await;
    set_secret(&world, NEW);
    let asked = json!({"setup_token": NEW, "email": "grace@example.com"});
    let (status, recovered) = recover(&world, asked).await;
    assert_eq!(status, 202, "{recovered}");
    assert_eq!(recovered["invitation_link"], Value::Null);
    let refused = holder.get(&world, "/v1/members").await;
    assert_eq!((refused.status, refused.problem()), (403, "not-a-member"));
    let token = mailed(&world, "grace@example.com").await;
    let mut grace = take(&world, &token, &account).await;
    assert_eq!(grace.get(&world, "/v1/members").await.status, 200);
    let me = grace.get(&world, "/v1/me").await;
    assert_eq!(me.body["login"]["verified"], true, "{}", me.body);
    is_out(&world, &mut holder).await;
}

/// SPEC D30, D32: without mail, the link in the answer is the operator's word.
#[tokio::test(flavor = "multi_thread")]
async fn without_mail_the_operators_link_ends_what_was_set_in_a_login_that_nobody_proved() {
    let mut world = World::new().await;
    world.turn_mails_off();
    let root = root(&world).await;
    let (mut holder, account) = joined_by_copy(&world, &root, "grace@example.com", "agent").await;
    set_secret(&world, NEW);
    let asked = json!({"setup_token": NEW, "email": "grace@example.com"});
    let (status, recovered) = recover(&world, asked).await;
    assert_eq!(status, 202, "{recovered}");
    let refused = holder.get(&world, "/v1/members").await;
    assert_eq!((refused.status, refused.problem()), (403, "not-a-member"));
    let token = token_of(&recovered["invitation_link"]);
    let mut grace = take(&world, token, &account).await;
    assert_eq!(grace.get(&world, "/v1/members").await.status, 200);
    let me = grace.get(&world, "/v1/me").await;
    assert_eq!(me.body["login"]["verified"], false, "{}", me.body);
    is_out(&world, &mut holder).await;
}

/// SPEC D30, D32, D34: the link to a new account is the operator's word too.
#[tokio::test(flavor = "multi_thread")]
async fn without_mail_the_operators_link_to_a_new_account_ends_what_was_set_in_a_login_that_nobody_proved()
 {
    let mut world = World::new().await;
    world.turn_mails_off();
    let root = root(&world).await;
    let (mut holder, first) = joined_by_copy(&world, &root, "grace@example.com", "agent").await;
    let leave = format!("/v1/me/accounts/{first}/leave");
    let left = holder.post(&world, &leave, Value::Null).await;
    assert_eq!(left.status, 204, "{}", left.body);
    let asked =
        json!({"setup_token": SETUP_TOKEN, "name": "B", "admin_email": "grace@example.com"});
    let (status, made) = call(&world, "", "POST", "/v1/setup/accounts", asked).await;
    assert_eq!(status, 201, "{made}");
    let account = made["account"]["id"].as_str().unwrap();
    let token = token_of(&made["invitation_link"]);
    let mut grace = take(&world, token, account).await;
    assert_eq!(grace.get(&world, "/v1/members").await.status, 200);
    is_out(&world, &mut holder).await;
}

/// SPEC D24: without the proof of a mailbox, a login joins no second account.
#[tokio::test(flavor = "multi_thread")]
async fn without_mail_a_login_that_nobody_proved_and_that_is_elsewhere_too_is_refused_and_the_secret_stays_good()
 {
    let mut world = World::new().await;
    world.turn_mails_off();
    let root = root(&world).await;
    let (mut holder, _) = joined_by_copy(&world, &root, "grace@example.com", "super_admin").await;
    let made = holder
        .post(&world, "/v1/accounts", json!({"name": "Second"}))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    set_secret(&world, NEW);
    let of = |email: &str| json!({"setup_token": NEW, "email": email});
    let (status, refused) = recover(&world, of("grace@example.com")).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/unverified-login");
    let (status, recovered) = recover(&world, of("ada@example.com")).await;
    assert_eq!(status, 202, "{recovered}");
    let accepted = accept(&world, &recovered["invitation_link"]).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
}

/// The status of a try with a wrong value of the secret from an IP address.
async fn guess_from(world: &World, address: &str) -> u16 {
    let body = json!({"setup_token": "a guess", "email": "eve@example.com"});
    let asked = HttpRequest {
        method: "POST",
        path: "/v1/setup/recover",
        query: "",
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.to_string().into_bytes(),
        path_parameters: Vec::new(),
        time_ms: 0,
    };
    let mut event = http_api(&asked, BodyEncoding::Text);
    event["requestContext"]["http"]["sourceIp"] = json!(address);
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let request = request.map(|body| Body::from(body.to_vec()));
    let router = world.functions.admin(asked.path);
    router.oneshot(request).await.unwrap().status().as_u16()
}

/// SPEC D28: one customer has all addresses of a network.
#[tokio::test(flavor = "multi_thread")]
async fn tries_of_the_set_up_secret_from_one_network_count_together() {
    let world = World::new().await;
    for host in 1..=10 {
        let status = guess_from(&world, &format!("2001:db8:1:2::{host}")).await;
        assert_eq!(status, 401, "{host}");
    }
    assert_eq!(guess_from(&world, "2001:db8:1:2:3:4:5:6").await, 429);
    assert_eq!(guess_from(&world, "2001:db8:1:3::1").await, 401);
    assert_eq!(guess_from(&world, "192.0.2.7").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_of_a_stack_that_was_never_set_up_is_refused() {
    let world = World::new().await;
    let asked = json!({"setup_token": SETUP_TOKEN, "email": "ada@example.com"});
    let (status, refused) = recover(&world, asked).await;
    assert_eq!(status, 409, "{refused}");
    assert_eq!(refused["type"], "/problems/not-set-up");
}

/// SPEC D31, D35: a lost factor is the operator's.
#[tokio::test(flavor = "multi_thread")]
async fn the_factor_of_an_address_without_a_login_is_not_reset_and_the_secret_stays_good() {
    let world = World::new().await;
    let root = root(&world).await;
    joined(&world, &root, "grace@example.com", json!("agent")).await;
    set_secret(&world, NEW);
    let of = |email: &str| json!({"setup_token": NEW, "email": email, "reset_factor": true});
    let (status, refused) = recover(&world, of("nobody@example.com")).await;
    assert_eq!(status, 422, "{refused}");
    let (status, reset) = recover(&world, of("grace@example.com")).await;
    assert_eq!(status, 202, "{reset}");
}

/// SPEC D28, D30: a login's factor is no rule of an account.
#[tokio::test(flavor = "multi_thread")]
async fn the_reset_of_a_factor_leaves_single_sign_on_only_and_the_recovery_of_the_account_ends_it()
{
    let world = World::new().await;
    let root = root(&world).await;
    let email = "grace@example.com";
    joined(&world, &root, email, json!("super_admin")).await;
    let mut grace = Browser::default();
    let seen = sign_in(&world, &mut grace, email, invitations::PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let (_, account) = call(&world, &root, "GET", "/v1/account", Value::Null).await;
    let account = account["id"].as_str().unwrap();
    let own = providers::Browser::of(grace.session().unwrap()).in_account(account);
    let (mut strict, _) = through_provider(&world, own, account, email).await;
    assert_eq!(sso_only(&world, &mut strict, true).await, 200);
    for (value, body, is_strict) in [
        (NEW, json!({"reset_factor": true}), true),
        (NEWER, json!({"account_id": account}), false),
    ] {
        set_secret(&world, value);
        let mut asked = body;
        asked["setup_token"] = json!(value);
        asked["email"] = json!(email);
        let (status, recovered) = recover(&world, asked).await;
        assert_eq!(status, 202, "{recovered}");
        let (_, seen) = call(&world, &root, "GET", "/v1/account", Value::Null).await;
        assert_eq!(seen["rules"]["sso_only"], is_strict, "{seen}");
    }
}
