//! Accounts whose members sign in at a provider only (SPEC D27, D28).

use crate::{
    providers::{Browser, CLIENT_SECRET, Method, problem, says, set_up},
    sign_in,
    world::World,
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    openid_provider::Claims,
};

/// A super admin of the world's account who is signed in through its provider, which was tried.
pub async fn admin_through_provider(world: &World) -> (Browser, Method) {
    let home = world.scope.account_id().to_string();
    let person = world.person("super_admin").await;
    let own = Browser::of(&person.cookie).in_account(&home);
    through_provider(world, own, &home, &person.email).await
}

/// Lets an admin with this address, who is signed in, set up the honest provider for the account, and sign in through it.
pub async fn through_provider(
    world: &World,
    mut own: Browser,
    account: &str,
    email: &str,
) -> (Browser, Method) {
    let method = set_up(world, &mut own, &world.honest).await;
    world.honest.sign_in_as(says(email, "admin-there"));
    for purpose in ["trial", "bind"] {
        pass(world, &mut own, &method, purpose).await;
    }
    let mut browser = Browser::default().in_account(account);
    pass(world, &mut browser, &method, "sign_in").await;
    (browser, method)
}

/// Goes through the honest provider for this purpose, which must succeed.
async fn pass(world: &World, browser: &mut Browser, method: &Method, purpose: &str) {
    let start = json!({"purpose": purpose});
    let back = browser.through(world, &world.honest, method, start).await;
    assert!(back.location().ends_with("#ok"), "{}", back.location());
}

/// Turns the rule on or off, and returns the status of the answer.
pub async fn sso_only(world: &World, browser: &mut Browser, is_on: bool) -> u16 {
    let body = json!({"rules": {"sso_only": is_on}});
    let seen = browser.call(world, "PATCH", "/v1/account", body).await;
    seen.status
}

/// SPEC D27, D28: else nobody gets in any more.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_single_sign_on_only_keeps_a_login_method_that_was_tried() {
    let world = World::new().await;
    let (mut admin, first) = admin_through_provider(&world).await;
    assert_eq!(sso_only(&world, &mut admin, true).await, 200);
    let second = set_up(&world, &mut admin, &world.honest).await;
    let [first_path, second_path] =
        [&first, &second].map(|method| format!("/v1/login-methods/{}", method.id));
    for (verb, body) in [
        ("DELETE", Value::Null),
        ("PATCH", json!({"client_secret": "another secret"})),
        ("PATCH", json!({"client_id": "another client"})),
        ("PATCH", json!({"provider": {"scopes": ["openid"]}})),
    ] {
        let refused = admin.call(&world, verb, &first_path, body).await;
        assert_eq!(refused.status, 409, "{verb}: {}", refused.body);
        assert_eq!(refused.body["type"], "/problems/last-login-method");
    }
    let renamed = json!({"name": "Head office"});
    for path in [&first_path, &second_path] {
        let seen = admin.call(&world, "PATCH", path, renamed.clone()).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    pass(&world, &mut admin, &second, "trial").await;
    let other = json!({"client_secret": "another secret"});
    // That it was tried does not say that anybody gets in through it.
    for (verb, body) in [("DELETE", Value::Null), ("PATCH", other.clone())] {
        let refused = admin.call(&world, verb, &first_path, body).await;
        assert_eq!(refused.status, 409, "{verb}: {}", refused.body);
        assert_eq!(refused.body["type"], "/problems/last-login-method");
    }
    let home = world.scope.account_id().to_string();
    let mut through_second = Browser::default().in_account(&home);
    pass(&world, &mut through_second, &second, "sign_in").await;
    let changed = through_second
        .call(&world, "PATCH", &first_path, other)
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["tried_at"], Value::Null);
    // Now the second one is the last that was tried.
    let refused = through_second
        .call(&world, "DELETE", &second_path, Value::Null)
        .await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(sso_only(&world, &mut admin, false).await, 200);
    let deleted = admin
        .call(&world, "DELETE", &second_path, Value::Null)
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
}

/// SPEC D27, D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_trial_taken_back_at_the_moment_of_single_sign_on_only_leaves_a_way_in() {
    let world = World::new().await;
    let (admin, method) = admin_through_provider(&world).await;
    let path = format!("/v1/login-methods/{}", method.id);
    for (round, slow) in [1, 1, 2, 2].into_iter().enumerate() {
        // Whoever writes first waits at the table, and the other overtakes, or both wait.
        let pause = Fault::Delay(Duration::from_millis(150));
        world.to_db.reset_counts();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", pause).times(slow));
        let (mut one, mut other) = (admin.clone(), admin.clone());
        let body = json!({"client_secret": format!("secret of round {round}")});
        let (changed, status) = join(
            Box::pin(one.call(&world, "PATCH", &path, body)),
            Box::pin(sso_only(&world, &mut other, true)),
        )
        .await;
        world.to_db.clear();
        let statuses = [changed.status, status];
        assert!(statuses.contains(&200), "round {round}: {statuses:?}");
        let account = one.call(&world, "GET", "/v1/account", Value::Null).await;
        let shown = one.call(&world, "GET", &path, Value::Null).await;
        let is_strict = account.body["rules"]["sso_only"] == true;
        let is_tried = shown.body["tried_at"].is_string();
        assert!(is_tried || !is_strict, "round {round}: {statuses:?}");
        assert_eq!(sso_only(&world, &mut one, false).await, 200);
        let body = json!({"client_secret": CLIENT_SECRET});
        let restored = one.call(&world, "PATCH", &path, body).await;
        assert_eq!(restored.status, 200, "{}", restored.body);
        pass(&world, &mut one, &method, "trial").await;
    }
}

/// SPEC D12, D27: a password does not decide whom the provider lets in.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_an_account_of_single_sign_on_only_connects_no_identity_but_their_own() {
    let world = World::new().await;
    let home = world.scope.account_id().to_string();
    let (mut admin, method) = admin_through_provider(&world).await;
    let email = "ana@example.com";
    let ana = sign_in::member(&world, email).await;
    let mut ana = Browser::of(ana.session().unwrap()).in_account(&home);
    assert_eq!(sso_only(&world, &mut admin, true).await, 200);
    let bind = json!({"purpose": "bind"});
    for claims in [
        says("eve@example.com", "eve"),
        says(email, "eve").with("email_verified", json!(false)),
        Claims::new("eve").with("email", json!(email)),
    ] {
        world.honest.sign_in_as(claims);
        let back = ana
            .through(&world, &world.honest, &method, bind.clone())
            .await;
        assert_eq!(problem(&back), "wrong-identity");
    }
    let mut eve = Browser::default();
    let start = json!({"purpose": "sign_in"});
    let back = eve.through(&world, &world.honest, &method, start).await;
    assert_eq!(problem(&back), "not-bound");

    world.honest.sign_in_as(says(email, "ana-there"));
    pass(&world, &mut ana, &method, "bind").await;
    let mut later = Browser::default().in_account(&home);
    pass(&world, &mut later, &method, "sign_in").await;
    let projects = later.call(&world, "GET", "/v1/projects", Value::Null).await;
    assert_eq!(projects.status, 200, "{}", projects.body);
}
