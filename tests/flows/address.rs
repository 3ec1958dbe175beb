//! Another address for a login (SPEC D35).

use crate::{
    sign_in::{Browser, PASSWORD, Seen, accept, admin, audited, invite, mailed, member, sign_in},
    world::World,
};
use futures_util::future::{join, join_all};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const OLD: &str = "ana@example.com";
const NEW: &str = "ana@example.org";
const ASK: &str = "/v1/me/address";
const CONFIRM: &str = "/v1/me/address/confirm";

async fn ask(world: &World, browser: &mut Browser, email: &str) -> Seen {
    let body = json!({"email": email, "password": PASSWORD});
    browser.post(world, ASK, body).await
}

/// Asks for an address, and returns the token of the link that is mailed to it.
async fn asked(world: &World, browser: &mut Browser, email: &str) -> String {
    let seen = ask(world, browser, email).await;
    assert_eq!((seen.status, &seen.body), (202, &json!({})));
    let fragment = mailed(world, &email.trim().to_lowercase()).await;
    fragment.strip_prefix("address=").unwrap().to_owned()
}

async fn confirm(world: &World, browser: &mut Browser, token: &str) -> Seen {
    browser.post(world, CONFIRM, json!({"token": token})).await
}

/// The number of mails of this kind to this address, sent or not.
fn told(world: &World, to: &str, kind: &str) -> usize {
    let rows = world.rows("MAIL").into_iter().map(Value::Object);
    rows.filter(|row| row["to"] == to && row["content"]["kind"] == kind)
        .count()
}

/// The addresses of the members that an admin sees.
async fn addresses(world: &World, admin: &mut Browser) -> Vec<String> {
    let seen = admin.get(world, "/v1/members").await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let items = seen.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|member| member["email"].as_str().unwrap().to_owned())
        .collect()
}

async fn own_address(world: &World, browser: &mut Browser) -> Value {
    let seen = browser.get(world, "/v1/me").await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    seen.body["login"]["email"].clone()
}

/// The rows that lead from an address to a login.
fn ways_in(world: &World) -> usize {
    world.rows("EMAIL").len()
}

/// SPEC D35, D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_gives_the_login_its_new_address_and_both_addresses_are_told() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut other = member(&world, OLD).await;
    let mut browser = Browser::default();
    sign_in(&world, &mut browser, OLD, PASSWORD).await;
    let before = browser.session().unwrap().to_owned();
    let logins = ways_in(&world);
    let token = asked(&world, &mut browser, " Ana@Example.ORG ").await;
    assert_eq!(told(&world, OLD, "address_change_asked"), 1);
    // To ask changes nothing.
    assert_eq!(own_address(&world, &mut browser).await, OLD);
    let seen = confirm(&world, &mut browser, &token).await;
    assert_eq!(
        (seen.status, &seen.body),
        (200, &json!({"status": "signed_in"}))
    );
    assert_ne!(browser.session().unwrap(), before);
    assert_eq!(own_address(&world, &mut browser).await, NEW);
    for mut ended in [other.clone(), Browser::of(&before)] {
        let seen = ended.get(&world, "/v1/me").await;
        assert_eq!(seen.problem(), "sign-in-again");
    }
    assert_eq!(other.get(&world, "/v1/me").await.status, 401);
    for address in [OLD, NEW] {
        assert_eq!(told(&world, address, "credentials_changed"), 1, "{address}");
    }
    assert_eq!(audited(&world, "login.address_changed"), 1);
    let members = addresses(&world, &mut admin).await;
    assert!(members.contains(&NEW.to_owned()), "{members:?}");
    assert!(!members.contains(&OLD.to_owned()), "{members:?}");
    let seen = sign_in(&world, &mut Browser::default(), OLD, PASSWORD).await;
    assert_eq!(seen.problem(), "wrong-credentials");
    let seen = sign_in(&world, &mut Browser::default(), NEW, PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(ways_in(&world), logins);
    let again = confirm(&world, &mut browser, &token).await;
    assert_eq!((again.status, again.problem()), (410, "token-not-valid"));
}

/// SPEC D28, D35: only the owner of an address learns that it has a login.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_and_the_calls_are_the_same_whether_or_not_another_login_has_the_address() {
    let world = World::new().await;
    member(&world, "bob@example.com").await;
    let mut browser = member(&world, OLD).await;
    // The first mail draws a data key.
    ask(&world, &mut browser, "first@example.com").await;
    let mut calls = Vec::new();
    for email in ["bob@example.com", NEW] {
        world.count_from_here();
        let seen = ask(&world, &mut browser, email).await;
        calls.push((seen.status, seen.told(), world.aws_calls()));
    }
    assert_eq!(calls[0], calls[1]);
    assert_eq!(told(&world, "bob@example.com", "address_taken"), 1);
    assert_eq!(told(&world, "bob@example.com", "address_change"), 0);
    assert_eq!(told(&world, NEW, "address_change"), 1);
    world.link_in_mail(NEW).await;
    let mails = world.mails();
    let mut to_bob = mails.iter().filter(|mail| mail.to.contains("bob@"));
    let taken = to_bob.rfind(|mail| mail.text.contains("another login"));
    let text = &taken.unwrap().text;
    assert!(!text.contains("vsa_") && !text.contains("Ana"), "{text}");
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn another_address_takes_the_password_and_an_address_that_is_another() {
    let world = World::new().await;
    let mut browser = member(&world, OLD).await;
    let wrong = json!({"email": NEW, "password": "not her password"});
    let seen = browser.post(&world, ASK, wrong).await;
    assert_eq!((seen.status, seen.problem()), (401, "wrong-credentials"));
    for (body, field, rule) in [
        (json!({"password": PASSWORD}), "email", "is required"),
        (json!({"email": NEW}), "password", "is required"),
        (
            json!({"email": "ana", "password": PASSWORD}),
            "email",
            "must be an e-mail address such as ana@example.com",
        ),
        (
            json!({"email": "ANA@example.com", "password": PASSWORD}),
            "email",
            "must be another address than the present one",
        ),
    ] {
        let seen = browser.post(&world, ASK, body).await;
        assert_eq!(seen.status, 422, "{}", seen.body);
        assert_eq!(seen.body["errors"], json!([{"field": field, "rule": rule}]));
    }
    assert_eq!(world.rows("NEW_ADDRESS#").len(), 0);
}

/// SPEC D28: nobody's mailbox is filled.
#[tokio::test(flavor = "multi_thread")]
async fn one_login_asks_for_so_many_addresses_and_one_address_is_asked_for_so_often() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let mut ben = member(&world, "ben@example.com").await;
    for email in ["a@example.org", "b@example.org", NEW] {
        assert_eq!(ask(&world, &mut ana, email).await.status, 202);
    }
    let seen = ask(&world, &mut ana, "c@example.org").await;
    assert_eq!((seen.status, seen.problem()), (429, "too-many-attempts"));
    for _ in 0..2 {
        assert_eq!(ask(&world, &mut ben, NEW).await.status, 202);
    }
    assert_eq!(ask(&world, &mut ben, NEW).await.status, 429);
    world.clock.advance(Duration::from_mins(10));
    assert_eq!(ask(&world, &mut ana, "c@example.org").await.status, 202);
}

/// SPEC D35, D24: a link proves nothing for a login that another person is signed in with.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_counts_for_its_own_login_for_half_an_hour_and_until_the_password_changes() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let mut ben = member(&world, "ben@example.com").await;
    let token = asked(&world, &mut ana, NEW).await;
    let invented = format!("{}B", token.get(..token.len() - 1).unwrap());
    let mut nobody = Browser::default();
    assert_eq!(confirm(&world, &mut nobody, &token).await.status, 401);
    let foreign = confirm(&world, &mut ben, &token).await;
    assert_eq!(
        (foreign.status, foreign.problem()),
        (410, "token-not-valid")
    );
    for wrong in [invented.as_str(), "vsa_"] {
        let seen = confirm(&world, &mut ana, wrong).await;
        assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    }
    let another = "four other words entirely";
    world.clock.advance(Duration::from_secs(1));
    let body = json!({"current": PASSWORD, "new": another});
    let changed = ana.post(&world, "/v1/me/password", body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(confirm(&world, &mut ana, &token).await.status, 410);
    let body = json!({"email": NEW, "password": another});
    assert_eq!(ana.post(&world, ASK, body).await.status, 202);
    let fragment = mailed(&world, NEW).await;
    let token = fragment.strip_prefix("address=").unwrap().to_owned();
    world.clock.advance(Duration::from_mins(30));
    assert_eq!(confirm(&world, &mut ana, &token).await.status, 410);
    assert_eq!(own_address(&world, &mut ana).await, OLD);
}

/// SPEC D35, D28: whoever reads the old mailbox has no way in any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_new_password_that_went_to_the_old_address_ends_with_it() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let reset = reset_of(&world, OLD).await;
    let token = asked(&world, &mut ana, NEW).await;
    assert_eq!(confirm(&world, &mut ana, &token).await.status, 200);
    let seen = finish(&world, &reset).await;
    assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_confirmations_at_once_one_takes_the_address() {
    let world = World::new().await;
    let mut browser = member(&world, OLD).await;
    let logins = ways_in(&world);
    let token = asked(&world, &mut browser, NEW).await;
    let (world, token, browser) = (&world, token.as_str(), &browser);
    let seen = join_all((0..50).map(|_| async move {
        let mut browser = browser.clone();
        let seen = Box::pin(confirm(world, &mut browser, token)).await;
        (seen.status, browser)
    }))
    .await;
    let (mut done, others): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|(status, _)| *status == 200);
    assert_eq!(done.len(), 1);
    // Thirty attempts at links from one network are admitted at once.
    for (status, _) in others {
        assert!(matches!(status, 401 | 409 | 410 | 429), "{status}");
    }
    let (_, winner) = done.first_mut().unwrap();
    assert_eq!(own_address(world, winner).await, NEW);
    assert_eq!(ways_in(world), logins);
    assert_eq!(audited(world, "login.address_changed"), 1);
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_logins_that_take_one_address_at_once_one_has_it() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let mut ben = member(&world, "ben@example.com").await;
    let of_ana = asked(&world, &mut ana, NEW).await;
    let of_ben = asked(&world, &mut ben, NEW).await;
    let logins = ways_in(&world);
    let (one, other) = join(
        Box::pin(confirm(&world, &mut ana, &of_ana)),
        Box::pin(confirm(&world, &mut ben, &of_ben)),
    )
    .await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.body, other.body);
    assert_eq!(ways_in(&world), logins);
    // The loser still has the old address, and is told why.
    let (loser, token) = if one.status == 200 {
        (&mut ben, &of_ben)
    } else {
        (&mut ana, &of_ana)
    };
    let seen = confirm(&world, loser, token).await;
    assert_eq!((seen.status, seen.problem()), (409, "address-taken"));
    assert_ne!(own_address(&world, loser).await, NEW);
    let seen = sign_in(&world, &mut Browser::default(), NEW, PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_from_the_table_was_lost_is_made_once() {
    for fault in [Fault::ResetAfter, Fault::ResetBefore, Fault::Error500] {
        let world = World::new().await;
        let mut ana = member(&world, OLD).await;
        let token = asked(&world, &mut ana, NEW).await;
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
        world.to_db.inject(rule);
        let seen = confirm(&world, &mut ana, &token).await;
        assert_eq!(seen.status, 200, "{fault:?}: {}", seen.body);
        assert_eq!(own_address(&world, &mut ana).await, NEW);
        assert_eq!(audited(&world, "login.address_changed"), 1, "{fault:?}");
        assert_eq!(told(&world, OLD, "credentials_changed"), 1, "{fault:?}");
    }
}

/// SPEC D35.
#[tokio::test(flavor = "multi_thread")]
async fn members_that_were_left_behind_follow_when_the_person_looks_at_the_login() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut ana = member(&world, OLD).await;
    let token = asked(&world, &mut ana, NEW).await;
    world.count_from_here();
    // The first transaction is the change of the login.
    let rule = Rule::new("DynamoDB.TransactWriteItems", Fault::TransactionConflict);
    world.to_db.inject(rule.from_call(2).until_cleared());
    let seen = confirm(&world, &mut ana, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    world.to_db.clear();
    let behind = addresses(&world, &mut admin).await;
    assert!(behind.contains(&OLD.to_owned()), "{behind:?}");
    assert_eq!(own_address(&world, &mut ana).await, NEW);
    let followed = addresses(&world, &mut admin).await;
    assert!(followed.contains(&NEW.to_owned()), "{followed:?}");
    assert!(!followed.contains(&OLD.to_owned()), "{followed:?}");
    // The old address is free in the account, and the new one is not.
    invite(&world, &mut admin, OLD, false).await;
    let body = json!({"email": NEW, "role": "agent", "send": false});
    let seen = admin.post(&world, "/v1/invitations", body).await;
    assert_eq!(seen.problem(), "already-a-member", "{}", seen.body);
}

/// SPEC D35, G01.
#[tokio::test(flavor = "multi_thread")]
async fn the_members_of_every_account_follow_and_nobody_elses() {
    let world = World::new().await;
    let mut first = admin(&world).await;
    let mut ana = member(&world, OLD).await;
    member(&world, "bob@example.com").await;
    let body = json!({"name": "Second"});
    let made = first.post(&world, "/v1/accounts", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let second = made.body["id"].as_str().unwrap().to_owned();
    let mut second = first.clone().in_account(&second);
    invite(&world, &mut second, OLD, true).await;
    let link = mailed(&world, OLD).await;
    let joined = accept(&world, &mut ana, &link).await;
    assert_eq!(joined.status, 200, "{}", joined.body);
    let token = asked(&world, &mut ana, NEW).await;
    let seen = confirm(&world, &mut ana, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(audited(&world, "login.address_changed"), 2);
    for admin in [&mut first, &mut second] {
        let members = addresses(&world, admin).await;
        assert!(members.contains(&NEW.to_owned()), "{members:?}");
        assert!(!members.contains(&OLD.to_owned()), "{members:?}");
    }
    let members = addresses(&world, &mut first).await;
    assert!(members.contains(&"bob@example.com".to_owned()));
}

/// SPEC D24, D35.
#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_invited_under_the_new_address_stays_invited() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let mut ana = member(&world, OLD).await;
    invite(&world, &mut admin, NEW, false).await;
    let token = asked(&world, &mut ana, NEW).await;
    assert_eq!(confirm(&world, &mut ana, &token).await.status, 200);
    assert_eq!(own_address(&world, &mut ana).await, NEW);
    let body = json!({"email": NEW, "role": "agent", "send": false});
    let seen = admin.post(&world, "/v1/invitations", body).await;
    assert_eq!(seen.problem(), "already-invited", "{}", seen.body);
    invite(&world, &mut admin, OLD, false).await;
}

/// Puts rows back as they were.
fn put_back(world: &World, rows: Vec<Map<String, Value>>) {
    for row in rows {
        let item = row.into_iter().map(|(name, value)| {
            let value = match value {
                Value::Number(number) => json!({"N": number.to_string()}),
                text => json!({"S": text}),
            };
            (name, value)
        });
        world.db.put_raw(&Value::Object(item.collect())).unwrap();
    }
}

/// SPEC D28, D35: a link for a new password belongs to the mailbox to which it was sent, also one that was asked for at
/// the moment of the change.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_new_password_opens_nothing_once_the_login_has_another_address() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let link = reset_of(&world, OLD).await;
    let late = world.rows("RESET");
    assert_eq!(late.len(), 1);
    let token = asked(&world, &mut ana, NEW).await;
    let seen = confirm(&world, &mut ana, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    put_back(&world, late);
    for (path, body) in [
        ("/v1/auth/reset/inspect", json!({"token": link})),
        (
            "/v1/auth/reset/finish",
            json!({"token": link, "password": "four other words entirely"}),
        ),
    ] {
        let seen = Browser::default().post(&world, path, body).await;
        assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    }
    let seen = sign_in(&world, &mut Browser::default(), NEW, PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// Asks for a new password, and returns the token of the link that is mailed.
async fn reset_of(world: &World, email: &str) -> String {
    let body = json!({"email": email});
    let seen = Browser::default().post(world, "/v1/auth/reset", body).await;
    assert_eq!(seen.status, 202, "{}", seen.body);
    mailed(world, email).await
}

/// Sets another password by a link.
async fn finish(world: &World, token: &str) -> Seen {
    let body = json!({"token": token, "password": "four other words entirely"});
    Browser::default()
        .post(world, "/v1/auth/reset/finish", body)
        .await
}

/// SPEC D28, D35: the mailbox may have been somebody else's for a while.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_new_password_opens_nothing_after_a_login_left_the_address_and_came_back() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let before = reset_of(&world, OLD).await;
    world.clock.advance(Duration::from_secs(1));
    for email in [NEW, OLD] {
        let token = asked(&world, &mut ana, email).await;
        let seen = confirm(&world, &mut ana, &token).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    let seen = finish(&world, &before).await;
    assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    world.clock.advance(Duration::from_secs(1));
    let since = reset_of(&world, OLD).await;
    let seen = finish(&world, &since).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

/// SPEC D28, D35.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_new_password_opens_no_other_login_that_has_the_address_by_now() {
    let world = World::new().await;
    let mut ana = member(&world, OLD).await;
    let mut ben = member(&world, "ben@example.com").await;
    let link = reset_of(&world, OLD).await;
    world.clock.advance(Duration::from_secs(1));
    for (browser, email) in [(&mut ana, NEW), (&mut ben, OLD)] {
        let token = asked(&world, browser, email).await;
        let seen = confirm(&world, browser, &token).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
    }
    let seen = finish(&world, &link).await;
    assert_eq!((seen.status, seen.problem()), (410, "token-not-valid"));
    assert_eq!(own_address(&world, &mut ben).await, OLD);
}
