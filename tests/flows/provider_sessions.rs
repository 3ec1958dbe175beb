//! Limits of a session that a provider of an account opened (SPEC D27).

use crate::{
    accepting::second_account,
    factor::with_factor,
    providers::{Browser, Method, problem, says, set_up},
    sign_in::{self, accept, copied, invite, mailed},
    single_sign_on::admin_through_provider,
    world::World,
};
use auth::totp;
use serde_json::{Value, json};
use std::time::Duration;

const ANA: &str = "ana@example.com";

/// The audit entries of an action in an account.
fn audited_in(world: &World, account: &str, action: &str) -> usize {
    let log = format!("ACCOUNT#{account}#AUDIT#");
    let rows = world.db.items().unwrap();
    rows.iter()
        .filter(|row| row.get("action") == Some(&json!(action)))
        .filter(|row| row["pk"].as_str().unwrap().starts_with(&log))
        .count()
}

/// Lets Ana, who is signed in by herself, join the account of this admin.
async fn join(world: &World, admin: &mut sign_in::Browser, ana: &mut Browser) {
    invite(world, admin, ANA, true).await;
    let token = mailed(world, ANA).await;
    let path = "/v1/auth/invitation/accept";
    let body = json!({"token": token});
    let joined = ana.call(world, "POST", path, body).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
}

/// Connects Ana's identity at the honest provider, by a session of her own.
async fn bind(world: &World, ana: &mut Browser, method: &Method) {
    world.honest.sign_in_as(says(ANA, "ana-there"));
    let start = json!({"purpose": "bind"});
    let back = ana.through(world, &world.honest, method, start).await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
}

/// SPEC D27, D34.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_through_a_provider_creates_no_account_and_neither_does_a_key() {
    let world = World::new().await;
    let (mut through_provider, _) = admin_through_provider(&world).await;
    let own = world.person("super_admin").await;
    let home = world.scope.account_id().to_string();
    let mut own = Browser::of(&own.cookie).in_account(&home);
    let create = ("POST", "/v1/accounts");
    let body = json!({"name": "Second"});
    let wanted = json!({"name": "script", "permissions": ["accounts.create"]});
    let mut refusals = Vec::new();
    for browser in [&mut through_provider, &mut own] {
        let made = browser
            .call(&world, "POST", "/v1/api-keys", wanted.clone())
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let key = made.body["key"].as_str().unwrap();
        let refused = world.call(key, create, body.clone(), &[]).await;
        refusals.push((refused.status, refused.body));
    }
    let refused = through_provider
        .call(&world, create.0, create.1, body.clone())
        .await;
    refusals.push((refused.status, refused.body));
    for (status, refused) in refusals {
        assert_eq!(status, 403, "{refused}");
        assert_eq!(refused["missing"], json!(["own_sign_in"]));
    }
    let made = own.call(&world, create.0, create.1, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

/// SPEC D27: wherever it leads.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_the_login_method_through_which_it_was_opened() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let ana = sign_in::member(&world, ANA).await;
    let mut ana = Browser::of(ana.session().unwrap()).in_account(&home);
    let first = sign_in::admin(&world).await;
    let mut first = Browser::of(first.session().unwrap()).in_account(&home);
    let method = set_up(&world, &mut first, &world.honest).await;
    bind(&world, &mut ana, &method).await;
    let (mut second, account) = second_account(&world).await;
    join(&world, &mut second, &mut ana).await;
    let mut second = Browser::of(second.session().unwrap()).in_account(&account);
    let other = set_up(&world, &mut second, &world.honest).await;
    bind(&world, &mut ana, &other).await;

    let mut through_provider = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = through_provider
        .through(&world, &world.honest, &method, start)
        .await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
    let places = [&home, &account].map(|account| through_provider.clone().in_account(account));
    for mut place in places.clone() {
        let seen = place.call(&world, "GET", "/v1/projects", Value::Null).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    let path = format!("/v1/login-methods/{}", method.id);
    let deleted = first.call(&world, "DELETE", &path, Value::Null).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    for mut place in places {
        for path in ["/v1/projects", "/v1/me"] {
            let seen = place.call(&world, "GET", path, Value::Null).await;
            assert_eq!(seen.status, 401, "{path}: {}", seen.body);
        }
    }
    // The login's own session stays.
    let seen = ana.call(&world, "GET", "/v1/projects", Value::Null).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D27, G02: what a provider does is no other account's business.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_through_a_provider_is_on_record_in_its_own_account_only() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let (ana, secret, _) = with_factor(&world).await;
    let mut ana = Browser::of(ana.session().unwrap()).in_account(&home);
    let (mut admin, account) = second_account(&world).await;
    join(&world, &mut admin, &mut ana).await;
    let mut admin = Browser::of(admin.session().unwrap()).in_account(&account);
    let method = set_up(&world, &mut admin, &world.honest).await;
    bind(&world, &mut ana, &method).await;
    let rules = json!({"factor_required": true, "provider_factor_counts": false});
    let changed = admin
        .call(&world, "PATCH", "/v1/account", json!({"rules": rules}))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);

    let counts = |account: &str| {
        ["login.signed_in", "login.signed_out"].map(|action| audited_in(&world, account, action))
    };
    let (before, [signed_in, signed_out]) = (counts(&home), counts(&account));
    world.clock.advance(Duration::from_secs(30));
    let mut through_provider = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = through_provider
        .through(&world, &world.honest, &method, start)
        .await;
    assert!(back.location().ends_with("#factor"), "{}", back.location());
    let code = json!({"code": totp::code_now(&secret, world.now())});
    for (path, body, status) in [
        ("/v1/auth/factor", code, 200),
        ("/v1/auth/sign-out", Value::Null, 204),
    ] {
        let seen = through_provider.call(&world, "POST", path, body).await;
        assert_eq!(seen.status, status, "{path}: {}", seen.body);
    }
    assert_eq!(counts(&home), before);
    assert_eq!(counts(&account), [signed_in + 1, signed_out + 1]);
}

/// Lets the owner of Ana's mailbox set a password by a mailed link.
async fn reset(world: &World) {
    let mut owner = sign_in::Browser::default();
    let asked = json!({"email": ANA});
    let asked = owner.post(world, "/v1/auth/reset", asked).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let token = mailed(world, ANA).await;
    let body = json!({"token": token, "password": "four other words entirely"});
    let seen = owner.post(world, "/v1/auth/reset/finish", body).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// Lets the owner of Ana's mailbox join another account by a mailed link.
async fn accept_elsewhere(world: &World) {
    let (mut second, _) = second_account(world).await;
    invite(world, &mut second, ANA, true).await;
    let token = mailed(world, ANA).await;
    let mut owner = sign_in::Browser::default();
    let seen = accept(world, &mut owner, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D24, D26, D27: the proof lifts the limit of a member, so nothing that was set before may lead to it.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_was_connected_before_the_address_was_proven_opens_nothing_afterwards() {
    for by_reset in [true, false] {
        let world = World::new().await;
        let home = world.scope.account_id().to_string();
        let mut admin = sign_in::admin(&world).await;
        let mut office = Browser::of(admin.session().unwrap()).in_account(&home);
        let method = set_up(&world, &mut office, &world.honest).await;
        let invitation = invite(&world, &mut admin, ANA, false).await;
        let token = copied(&world, &mut admin, &invitation).await;
        let mut thief = sign_in::Browser::default();
        let joined = accept(&world, &mut thief, &token).await;
        assert_eq!(joined.status, 200, "{}", joined.body);
        let mut thief = Browser::of(thief.session().unwrap()).in_account(&home);
        world
            .honest
            .sign_in_as(says("mallory@example.com", "mallory"));
        let start = json!({"purpose": "bind"});
        let back = thief.through(&world, &world.honest, &method, start).await;
        assert!(back.location().ends_with("#ok"), "{}", back.location());
        let start = json!({"purpose": "sign_in"});
        let mut through_provider = Browser::default().in_account(&home);
        let back = through_provider
            .through(&world, &world.honest, &method, start.clone())
            .await;
        assert!(back.location().ends_with("#ok"), "{}", back.location());

        if by_reset {
            reset(&world).await;
        } else {
            accept_elsewhere(&world).await;
        }
        let seen = through_provider
            .call(&world, "GET", "/v1/projects", Value::Null)
            .await;
        assert_eq!(seen.status, 401, "{}", seen.body);
        let mut later = Browser::default();
        let back = later.through(&world, &world.honest, &method, start).await;
        assert_eq!(problem(&back), "not-bound", "by a reset: {by_reset}");
    }
}

/// A login method of the first account, and a member of it with a login of her own.
async fn method_and_member(world: &World) -> (Method, Browser) {
    let home = world.scope.account_id().to_string();
    let admin = sign_in::admin(world).await;
    let mut office = Browser::of(admin.session().unwrap()).in_account(&home);
    let method = set_up(world, &mut office, &world.honest).await;
    let ana = sign_in::member(world, ANA).await;
    let ana = Browser::of(ana.session().unwrap()).in_account(&home);
    (method, ana)
}

/// SPEC D27: only the proof of an address that nobody had proven ends identities.
#[tokio::test(flavor = "multi_thread")]
async fn an_identity_of_a_proven_login_stays_when_the_password_is_reset() {
    let world = World::new().await;
    let (method, mut ana) = method_and_member(&world).await;
    bind(&world, &mut ana, &method).await;
    reset(&world).await;
    let mut later = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = later.through(&world, &world.honest, &method, start).await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
}

/// SPEC D33: whoever connects an identity gets in by it from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_tells_of_an_identity_that_was_connected() {
    let world = World::new().await;
    let (method, mut ana) = method_and_member(&world).await;
    let told = || {
        let mails = world.rows("MAIL").into_iter().map(Value::Object);
        mails
            .filter(|mail| mail.to_string().contains(r#""what":"identity""#))
            .count()
    };
    assert_eq!(told(), 0);
    bind(&world, &mut ana, &method).await;
    assert_eq!(told(), 1);
}
