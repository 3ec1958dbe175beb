//! A new password by a mailed link (SPEC D24, D28, D31, D33).

use crate::{
    sign_in::{Browser, PASSWORD, accept, admin, copied, invite, mailed, member, sign_in},
    world::World,
};
use serde_json::json;
use std::time::Duration;

const NEW: &str = "four other words entirely";

async fn ask(world: &World, email: &str) {
    let mut browser = Browser::default();
    let seen = browser
        .post(world, "/v1/auth/reset", json!({"email": email}))
        .await;
    assert_eq!((seen.status, &seen.body), (202, &json!({})));
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_and_an_unknown_address_get_the_same_answer_for_the_same_calls() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    // The first mail draws a data key.
    ask(&world, "first@example.com").await;
    let mut calls = Vec::new();
    for email in ["ana@example.com", "nobody@example.com"] {
        world.count_from_here();
        ask(&world, email).await;
        calls.push(world.aws_calls());
    }
    assert_eq!(calls[0], calls[1]);
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_login_gets_no_mail_and_leaves_none_behind() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let mailed = world.mails().len();
    for email in ["nobody@example.com", "ana@example.com"] {
        ask(&world, email).await;
    }
    while world.work_on("email").await {}
    let mails = world.mails();
    let to: Vec<_> = mails[mailed..].iter().map(|mail| &mail.to).collect();
    assert_eq!(to.len(), 1, "{to:?}");
    assert!(to[0].contains("ana@example.com"), "{to:?}");
    let rows = world.rows("MAIL");
    assert!(
        rows.iter()
            .all(|row| row.get("to") != Some(&json!("nobody@example.com")))
    );
}

/// SPEC D28, D33.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_a_new_password_once_and_ends_every_session() {
    let world = World::new().await;
    let mut before = member(&world, "ana@example.com").await;
    ask(&world, "ana@example.com").await;
    let token = mailed(&world, "ana@example.com").await;
    let mut browser = Browser::default();
    let seen = browser
        .post(&world, "/v1/auth/reset/inspect", json!({"token": token}))
        .await;
    assert_eq!(
        seen.body,
        json!({"email": "a…@example.com", "factor": false})
    );
    // A weak password does not spend the link.
    let weak = json!({"token": token, "password": "short"});
    let seen = browser.post(&world, "/v1/auth/reset/finish", weak).await;
    assert_eq!(
        (seen.status, &seen.body["errors"][0]["field"]),
        (422, &json!("password"))
    );
    let finish = json!({"token": token, "password": NEW});
    let seen = browser
        .post(&world, "/v1/auth/reset/finish", finish.clone())
        .await;
    assert_eq!(
        (seen.status, &seen.body["status"]),
        (200, &json!("signed_in")),
        "{}",
        seen.body
    );
    assert_eq!(browser.get(&world, "/v1/me").await.status, 200);
    assert_eq!(
        before.get(&world, "/v1/me").await.problem(),
        "sign-in-again"
    );
    for path in ["finish", "inspect"] {
        let path = format!("/v1/auth/reset/{path}");
        let body = if path.ends_with("finish") {
            finish.clone()
        } else {
            json!({"token": token})
        };
        let again = Browser::default().post(&world, &path, body).await;
        assert_eq!((again.status, again.problem()), (410, "token-not-valid"));
    }
    let old = sign_in(&world, &mut Browser::default(), "ana@example.com", PASSWORD).await;
    assert_eq!(old.problem(), "wrong-credentials");
    let new = sign_in(&world, &mut Browser::default(), "ana@example.com", NEW).await;
    assert_eq!(new.status, 200, "{}", new.body);
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_holds_half_an_hour_and_one_that_was_never_made_not_at_all() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    ask(&world, "ana@example.com").await;
    let token = mailed(&world, "ana@example.com").await;
    let invented = format!("{}B", token.get(..token.len() - 1).unwrap());
    world.clock.advance(Duration::from_mins(30));
    for token in [token.as_str(), &invented, "vsr_", "x"] {
        let body = json!({"token": token, "password": NEW});
        let seen = Browser::default()
            .post(&world, "/v1/auth/reset/finish", body)
            .await;
        assert_eq!(
            (seen.status, seen.problem()),
            (410, "token-not-valid"),
            "{token}"
        );
    }
}

/// SPEC D24: somebody else may have made the login by a copied link.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_proves_the_address_of_a_login_that_a_copied_link_made() {
    let world = World::new().await;
    let mut admin = admin(&world).await;
    let invitation = invite(&world, &mut admin, "ana@example.com", false).await;
    let token = copied(&world, &mut admin, &invitation).await;
    let mut maker = Browser::default();
    let seen = accept(&world, &mut maker, &token).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(
        maker.get(&world, "/v1/me").await.body["login"]["verified"],
        false
    );
    ask(&world, "ana@example.com").await;
    let token = mailed(&world, "ana@example.com").await;
    let mut owner = Browser::default();
    let body = json!({"token": token, "password": NEW});
    let seen = owner.post(&world, "/v1/auth/reset/finish", body).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    assert_eq!(
        owner.get(&world, "/v1/me").await.body["login"]["verified"],
        true
    );
    assert_eq!(maker.get(&world, "/v1/me").await.problem(), "sign-in-again");
}

/// SPEC D28: three mails at once, then one in ten minutes; nobody is told.
#[tokio::test(flavor = "multi_thread")]
async fn one_address_gets_only_so_many_mails() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let asked = |world: &World| world.rows("RESET").len();
    for mails in [1, 2, 3, 3, 3] {
        ask(&world, "ana@example.com").await;
        assert_eq!(asked(&world), mails);
    }
    world.clock.advance(Duration::from_mins(10));
    ask(&world, "ana@example.com").await;
    assert_eq!(asked(&world), 4);
}
