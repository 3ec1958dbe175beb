//! Sessions (SPEC D28): their end by time and by hand, and the new token at a change of rights.

use crate::{
    sign_in::{Browser, PASSWORD, audited, mailed, member, sign_in},
    world::World,
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const CONSOLE: &[(&str, &str)] = &[("x-vestibule-console", "1")];

async fn is_open(world: &World, browser: &Browser) -> bool {
    let seen = browser.clone().get(world, "/v1/me").await;
    assert!(
        seen.status == 200 || seen.problem() == "sign-in-again",
        "{}",
        seen.body
    );
    seen.status == 200
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_twelve_hours_without_activity_and_after_seven_days_in_any_case() {
    let world = World::new().await;
    let idle = member(&world, "ana@example.com").await;
    world.clock.advance(Duration::from_secs(43_199));
    assert!(is_open(&world, &idle).await);
    // That was activity.
    world.clock.advance(Duration::from_hours(11));
    assert!(is_open(&world, &idle).await);
    world.clock.advance(Duration::from_hours(12));
    assert!(!is_open(&world, &idle).await);

    let mut busy = Browser::default();
    sign_in(&world, &mut busy, "ana@example.com", PASSWORD).await;
    for _ in 0..15 {
        world.clock.advance(Duration::from_hours(11));
        assert!(is_open(&world, &busy).await);
    }
    world.clock.advance(Duration::from_hours(3));
    assert!(!is_open(&world, &busy).await);
}

/// SPEC D28: polling is no activity.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_console_asks_by_itself_keeps_no_session_open() {
    let world = World::new().await;
    let mut browser = member(&world, "ana@example.com").await;
    for _ in 0..2 {
        world.clock.advance(Duration::from_hours(5));
        let polled = [("x-vestibule-background", "1")];
        let seen = browser
            .call(&world, ("GET", "/v1/me"), Value::Null, &polled)
            .await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    world.clock.advance(Duration::from_hours(2));
    assert!(!is_open(&world, &browser).await);
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_ended_one_by_one_or_all_but_ones_own() {
    let world = World::new().await;
    let first = member(&world, "ana@example.com").await;
    let [mut second, mut third] = [Browser::default(), Browser::default()];
    for browser in [&mut second, &mut third] {
        let seen = sign_in(&world, browser, "ana@example.com", PASSWORD).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    let listed = second.get(&world, "/v1/me/sessions").await;
    let items = listed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 3, "{}", listed.body);
    let current: Vec<_> = items
        .iter()
        .filter(|item| item["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    let other = items.iter().find(|item| item["current"] == false).unwrap();
    let path = format!("/v1/me/sessions/{}", other["id"].as_str().unwrap());
    let ended = second
        .call(&world, ("DELETE", &path), Value::Null, CONSOLE)
        .await;
    assert_eq!(ended.status, 204, "{}", ended.body);
    let again = second
        .call(&world, ("DELETE", &path), Value::Null, CONSOLE)
        .await;
    assert_eq!(again.status, 404, "{}", again.body);
    let others = second
        .post(&world, "/v1/me/sessions/end-others", Value::Null)
        .await;
    assert_eq!(others.status, 204, "{}", others.body);
    assert!(is_open(&world, &second).await);
    assert!(!is_open(&world, &first).await && !is_open(&world, &third).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_ends_the_session_and_takes_the_cookie_away_whoever_asks() {
    let world = World::new().await;
    let mut browser = member(&world, "ana@example.com").await;
    let stolen = browser.clone();
    for _ in 0..2 {
        let seen = browser.post(&world, "/v1/auth/sign-out", Value::Null).await;
        assert_eq!(seen.status, 204, "{}", seen.body);
        assert_eq!(browser.session(), None);
    }
    assert!(!is_open(&world, &stolen).await);
    assert_eq!(audited(&world, "login.signed_out"), 1);
}

/// SPEC D28, D33.
#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_all_other_sessions_and_gives_this_one_a_new_token() {
    let world = World::new().await;
    let other = member(&world, "ana@example.com").await;
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, "ana@example.com", PASSWORD).await;
    let earlier = browser.clone();
    let new = "four other words entirely";
    let wrong = json!({"current": "not the password", "new": new});
    let seen = browser.post(&world, "/v1/me/password", wrong).await;
    assert_eq!(seen.problem(), "wrong-credentials");
    for (weak, rule) in [
        ("short", "must have at least 15 characters"),
        (
            "ana@example.com1",
            "must not be made of the e-mail address, the name or 'vestibule'",
        ),
    ] {
        let body = json!({"current": PASSWORD, "new": weak});
        let seen = browser.post(&world, "/v1/me/password", body).await;
        assert_eq!(
            seen.body["errors"][0],
            json!({"field": "new", "rule": rule})
        );
    }
    let right = json!({"current": PASSWORD, "new": new});
    let seen = browser.post(&world, "/v1/me/password", right).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert!(is_open(&world, &browser).await);
    assert!(!is_open(&world, &other).await && !is_open(&world, &earlier).await);
    let seen = sign_in(&world, &mut Browser::default(), "ana@example.com", PASSWORD).await;
    assert_eq!(seen.problem(), "wrong-credentials");
    let seen = sign_in(&world, &mut Browser::default(), "ana@example.com", new).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let told = world.rows("MAIL").into_iter().map(Value::Object);
    assert_eq!(
        told.filter(|row| row.to_string().contains("credentials_changed"))
            .count(),
        1
    );
    assert_eq!(audited(&world, "login.password_changed"), 1);
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn passwords_tried_in_a_found_session_count_with_those_of_sign_ins_and_keep_the_owner_from_nothing()
 {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let mut owner = Browser::default();
    let seen = sign_in(&world, &mut owner, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    // Whoever found the session has no other cookie of the owner's browser.
    let mut finder = Browser::of(owner.session().unwrap());
    let mut stranger = Browser::default();
    let new = "four other words entirely";
    let guess = json!({"current": "a guess", "new": new});
    for _ in 0..3 {
        for _ in 0..2 {
            let seen = finder.post(&world, "/v1/me/password", guess.clone()).await;
            assert_eq!(seen.status, 401, "{}", seen.body);
        }
        let seen = sign_in(&world, &mut stranger, "ana@example.com", "a guess").await;
        assert_eq!(seen.status, 401, "{}", seen.body);
    }
    let seen = finder.post(&world, "/v1/me/password", guess).await;
    assert_eq!((seen.status, seen.problem()), (429, "too-many-attempts"));
    let seen = sign_in(&world, &mut stranger, "ana@example.com", PASSWORD).await;
    assert_eq!((seen.status, seen.problem()), (429, "too-many-attempts"));
    let right = json!({"current": PASSWORD, "new": new});
    let seen = owner.post(&world, "/v1/me/password", right).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC G01.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_and_preferences_are_changed_at_the_version_that_was_read() {
    let world = World::new().await;
    let mut browser = member(&world, "ana@example.com").await;
    let before = browser.get(&world, "/v1/me").await;
    let tag = before.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("x-vestibule-console", "1"), ("if-match", tag.as_str())];
    let change = json!({"name": "Ana M.", "preferences": {"theme": "dark"}});
    let seen = browser
        .call(&world, ("PATCH", "/v1/me"), change.clone(), &headers)
        .await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(seen.body["login"]["name"], "Ana M.");
    assert_eq!(seen.body["preferences"]["theme"], "dark");
    assert_eq!(seen.body["preferences"]["notices"], true);
    let late = json!({"name": "Anna"});
    let seen = browser
        .call(&world, ("PATCH", "/v1/me"), late, &headers)
        .await;
    assert_eq!(seen.status, 412, "{}", seen.body);
    let place = &before.body["accounts"][0];
    assert_eq!(place["id"], json!(world.scope.account_id()));
    assert_eq!(
        (&place["role"]["key"], &place["opens"]),
        (&json!("agent"), &json!(true))
    );
    assert_eq!(
        before.body["account"]["permissions"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
}

/// SPEC D28: a thief who signs in with the old password at the moment at which it is changed keeps nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_at_the_moment_of_another_password_opens_nothing_afterwards() {
    let world = World::new().await;
    let mut owner = member(&world, "ana@example.com").await;
    let passwords = [PASSWORD, "four other words entirely"];
    for (round, slow) in [1, 1, 2, 2].into_iter().enumerate() {
        // Whoever writes first waits at the table, and the other overtakes, or both wait.
        let pause = Fault::Delay(Duration::from_millis(150));
        world.to_db.reset_counts();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", pause).times(slow));
        let (old, new) = (passwords[round % 2], passwords[(round + 1) % 2]);
        let mut thief = Browser::default();
        let change = json!({"current": old, "new": new});
        let (changed, signed_in) = join(
            Box::pin(owner.post(&world, "/v1/me/password", change)),
            Box::pin(sign_in(&world, &mut thief, "ana@example.com", old)),
        )
        .await;
        world.to_db.clear();
        assert_eq!(changed.status, 200, "{}", changed.body);
        if signed_in.status == 200 {
            assert!(!is_open(&world, &thief).await, "round {round}");
        }
        assert!(is_open(&world, &owner).await);
        world.clock.advance(Duration::from_mins(5));
    }
}

/// The mails that tell of a browser that is not known.
fn new_device_mails(world: &World) -> usize {
    let mails = world.rows("MAIL").into_iter().map(Value::Object);
    mails
        .filter(|row| row["content"]["kind"] == "new_device")
        .count()
}

/// SPEC D28, D33: an intruder who knew the old password has a browser that nobody knows.
#[tokio::test(flavor = "multi_thread")]
async fn another_password_makes_the_login_forget_every_browser_but_the_one_that_set_it() {
    const ANA: &str = "ana@example.com";
    const NEW: &str = "four other words entirely";
    for by_mail in [false, true] {
        let world = World::new().await;
        member(&world, ANA).await;
        let [mut own, mut intruder] = [Browser::default(), Browser::default()];
        for browser in [&mut own, &mut intruder] {
            let seen = sign_in(&world, browser, ANA, PASSWORD).await;
            assert_eq!(seen.status, 200, "{}", seen.body);
        }
        world.clock.advance(Duration::from_secs(1));
        let (path, body) = if by_mail {
            let asked = json!({"email": ANA});
            own.post(&world, "/v1/auth/reset", asked).await;
            let token = mailed(&world, ANA).await;
            let body = json!({"token": token, "password": NEW});
            ("/v1/auth/reset/finish", body)
        } else {
            let body = json!({"current": PASSWORD, "new": NEW});
            ("/v1/me/password", body)
        };
        let changed = own.post(&world, path, body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
        let told = new_device_mails(&world);
        for (browser, mails) in [(&mut own, told), (&mut intruder, told + 1)] {
            let seen = sign_in(&world, browser, ANA, NEW).await;
            assert_eq!(seen.status, 200, "{}", seen.body);
            assert_eq!(new_device_mails(&world), mails, "{path}");
        }
    }
}
