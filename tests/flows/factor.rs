//! The second factor (SPEC D31, D33).

use crate::{
    sign_in::{Browser, PASSWORD, audited, mailed, member, sign_in},
    world::World,
};
use auth::totp;
use serde_json::{Value, json};
use std::time::Duration;

/// A person with a second factor: the browser, the secret, and the recovery codes.
pub async fn with_factor(world: &World) -> (Browser, Vec<u8>, Vec<String>) {
    let mut browser = member(world, "ana@example.com").await;
    let password = json!({"password": PASSWORD});
    let begun = browser.post(world, "/v1/me/factor", password).await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    let secret = totp::read_secret(begun.body["secret"].as_str().unwrap()).unwrap();
    let before = browser.session().unwrap().to_owned();
    let body = json!({"code": totp::code_now(&secret, world.now())});
    let confirmed = browser.post(world, "/v1/me/factor/confirm", body).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_ne!(browser.session().unwrap(), before);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    let codes: Vec<_> = codes
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    (browser, secret, codes)
}

/// SPEC D31.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_waits_for_the_second_factor_and_opens_nothing_before() {
    let world = World::new().await;
    let (_, secret, _) = with_factor(&world).await;
    world.clock.advance(Duration::from_secs(30));
    let mut browser = Browser::default();
    let seen = sign_in(&world, &mut browser, "ana@example.com", PASSWORD).await;
    assert_eq!(
        (seen.status, &seen.body["status"]),
        (200, &json!("factor_required"))
    );
    let waiting = browser.session().unwrap().to_owned();
    for path in ["/v1/me", "/v1/me/sessions"] {
        let seen = browser.get(&world, path).await;
        assert_eq!(seen.problem(), "sign-in-insufficient", "{path}");
        assert_eq!(seen.body["missing"], json!(["factor"]));
    }
    let wrong = json!({"code": "000000"});
    let seen = browser.post(&world, "/v1/auth/factor", wrong).await;
    assert_eq!((seen.status, seen.problem()), (401, "wrong-code"));
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let seen = browser.post(&world, "/v1/auth/factor", code.clone()).await;
    assert_eq!(
        (seen.status, &seen.body["status"]),
        (200, &json!("signed_in"))
    );
    assert_ne!(browser.session().unwrap(), waiting);
    assert_eq!(browser.get(&world, "/v1/me").await.status, 200);
    assert_eq!(
        Browser::of(&waiting).get(&world, "/v1/me").await.problem(),
        "sign-in-again"
    );
    // The code counts once.
    let mut other = Browser::default();
    sign_in(&world, &mut other, "ana@example.com", PASSWORD).await;
    let seen = other.post(&world, "/v1/auth/factor", code).await;
    assert_eq!(seen.problem(), "wrong-code");
}

/// SPEC D31, ASVS 7.5.1: an open session that somebody else finds is not enough.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_factor_takes_the_password() {
    let world = World::new().await;
    let mut browser = member(&world, "ana@example.com").await;
    for missing in [Value::Null, json!({}), json!({"password": null})] {
        let seen = browser.post(&world, "/v1/me/factor", missing).await;
        assert_eq!(seen.status, 422, "{}", seen.body);
        assert_eq!(seen.body["errors"][0]["field"], "password");
    }
    let wrong = json!({"password": "not her password at all"});
    let seen = browser.post(&world, "/v1/me/factor", wrong).await;
    assert_eq!((seen.status, seen.problem()), (401, "wrong-credentials"));
    let seen = browser
        .post(&world, "/v1/me/factor/confirm", json!({"code": "000000"}))
        .await;
    assert_eq!((seen.status, seen.problem()), (409, "factor-not-set"));
    let right = json!({"password": PASSWORD});
    let seen = browser.post(&world, "/v1/me/factor", right).await;
    assert_eq!(seen.status, 201, "{}", seen.body);
}

/// SPEC D31.
#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_stands_for_the_app_once() {
    let world = World::new().await;
    let (_, _, codes) = with_factor(&world).await;
    for (status, _) in [(200, "first"), (401, "again")] {
        let mut browser = Browser::default();
        sign_in(&world, &mut browser, "ana@example.com", PASSWORD).await;
        let body = json!({"recovery_code": codes[3].to_uppercase()});
        let seen = browser.post(&world, "/v1/auth/factor", body).await;
        assert_eq!(seen.status, status, "{}", seen.body);
    }
}

/// SPEC D31.
#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_codes_has_to_wait() {
    let world = World::new().await;
    let (_, secret, _) = with_factor(&world).await;
    world.clock.advance(Duration::from_mins(5));
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, "ana@example.com", PASSWORD).await;
    for _ in 0..5 {
        let seen = browser
            .post(&world, "/v1/auth/factor", json!({"code": "000000"}))
            .await;
        assert_eq!(seen.problem(), "wrong-code");
    }
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let seen = browser.post(&world, "/v1/auth/factor", code).await;
    assert_eq!((seen.status, seen.problem()), (429, "too-many-attempts"));
}

/// SPEC D31: after a reset of the password the factor is still asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_of_the_password_leaves_the_second_factor() {
    let world = World::new().await;
    let (_, secret, _) = with_factor(&world).await;
    world.clock.advance(Duration::from_secs(30));
    let mut browser = Browser::default();
    browser
        .post(
            &world,
            "/v1/auth/reset",
            json!({"email": "ana@example.com"}),
        )
        .await;
    let token = mailed(&world, "ana@example.com").await;
    let seen = browser
        .post(&world, "/v1/auth/reset/inspect", json!({"token": token}))
        .await;
    assert_eq!(seen.body["factor"], true);
    let new = "four other words entirely";
    let wrong = json!({"token": token, "password": new, "code": "000000"});
    let seen = browser.post(&world, "/v1/auth/reset/finish", wrong).await;
    assert_eq!(seen.problem(), "wrong-code");
    let without = json!({"token": token, "password": new});
    let seen = browser.post(&world, "/v1/auth/reset/finish", without).await;
    assert_eq!(seen.body["status"], "factor_required", "{}", seen.body);
    assert_eq!(
        browser.get(&world, "/v1/me").await.problem(),
        "sign-in-insufficient"
    );
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let seen = browser.post(&world, "/v1/auth/factor", code).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D31, D33.
#[tokio::test(flavor = "multi_thread")]
async fn a_factor_is_removed_with_a_code_and_the_person_is_told() {
    let world = World::new().await;
    let (mut browser, secret, codes) = with_factor(&world).await;
    let seen = browser.post(&world, "/v1/me/factor", Value::Null).await;
    assert_eq!(seen.problem(), "factor-already-set");
    let seen = browser
        .post(&world, "/v1/me/factor/remove", json!({"code": "000000"}))
        .await;
    assert_eq!(seen.problem(), "wrong-code");
    world.clock.advance(Duration::from_secs(30));
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let seen = browser
        .post(&world, "/v1/me/factor/recovery-codes", code)
        .await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let fresh = seen.body["recovery_codes"][0].clone();
    let seen = browser
        .post(
            &world,
            "/v1/me/factor/remove",
            json!({"recovery_code": codes[0]}),
        )
        .await;
    assert_eq!(seen.problem(), "wrong-code");
    let seen = browser
        .post(
            &world,
            "/v1/me/factor/remove",
            json!({"recovery_code": fresh}),
        )
        .await;
    assert_eq!(seen.status, 204, "{}", seen.body);
    let seen = sign_in(&world, &mut Browser::default(), "ana@example.com", PASSWORD).await;
    assert_eq!(seen.body["status"], "signed_in");
    assert_eq!(audited(&world, "login.factor_removed"), 1);
    let told = world.rows("MAIL").into_iter().map(Value::Object);
    assert_eq!(
        told.filter(|row| row.to_string().contains("second_factor"))
            .count(),
        3
    );
}

/// SPEC D28, D31.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_requires_the_factor_says_what_is_missing_and_keeps_it() {
    let world = World::new().await;
    let mut admin = crate::sign_in::admin(&world).await;
    let (mut browser, secret, _) = with_factor(&world).await;
    let mut without = member(&world, "bob@example.com").await;
    let rules = json!({"factor_required": true});
    let headers = [("x-vestibule-console", "1")];
    let changed = admin
        .call(
            &world,
            ("PATCH", "/v1/account"),
            json!({"rules": rules}),
            &headers,
        )
        .await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let seen = without.get(&world, "/v1/projects").await;
    assert_eq!(seen.problem(), "sign-in-insufficient");
    assert_eq!(seen.body["missing"], json!(["factor_set_up"]));
    let me = without.get(&world, "/v1/me").await;
    assert_eq!(me.body["session"]["missing"], json!(["factor_set_up"]));
    assert_eq!(me.body["accounts"][0]["opens"], false);
    assert_eq!(browser.get(&world, "/v1/projects").await.status, 200);
    world.clock.advance(Duration::from_secs(30));
    let code = json!({"code": totp::code_now(&secret, world.now())});
    let seen = browser.post(&world, "/v1/me/factor/remove", code).await;
    assert_eq!((seen.status, seen.problem()), (409, "factor-required-by"));
    assert_eq!(
        seen.body["accounts"][0]["id"],
        json!(world.scope.account_id())
    );
}
