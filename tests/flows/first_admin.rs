//! The first admin of a stack: the sweeper orders the invitation, a worker makes it once, its mail goes out, and its
//! link leads to a session (SPEC D15–D18, D32).

use crate::world::{SETUP_TOKEN, World};
use axum::body::{Body, to_bytes};
use futures_util::future::{join, join_all};
use lambda_http::http::{HeaderMap, Request};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;
use vestibule_domain::{
    account::email_address::EmailAddress,
    job::{InviteFirstAdmin, TeamJob},
};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const ADMIN: &str = "ana@example.com";
const PASSWORD: &str = "seven green herons at noon";

fn job() -> InviteFirstAdmin {
    InviteFirstAdmin {
        email: EmailAddress::parse(ADMIN).unwrap(),
        name: "Ana Silva".to_owned(),
        account_name: "Acme".to_owned(),
    }
}

/// A stack that was told whom to invite first, and has swept once.
async fn told() -> World {
    let mut world = World::new().await;
    world.functions.sweeper.first_admin = Some(job());
    assert!(world.sweep().await);
    world
}

/// Does the work that an invitation needs.
pub async fn invite_and_mail(world: &mut World) {
    world.run_team().await;
    world.run_email().await;
}

/// The token of the link in the latest mail to this address.
pub fn token_mailed_to(world: &World, address: &str) -> String {
    let mails = world.aws.mails();
    let mail = mails.iter().rev().find(|mail| mail.to.contains(address));
    let text = &mail.unwrap().text;
    let (_, rest) = text.split_once("/console/invitation#").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// An answer to a browser.
struct Page {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Page {
    /// The session cookie that it sets.
    fn cookie(&self) -> String {
        let cookies = self.headers.get_all("set-cookie");
        let mut cookies = cookies.iter().map(|cookie| cookie.to_str().unwrap());
        let session = cookies
            .find(|cookie| cookie.starts_with("__Host-vestibule="))
            .unwrap();
        for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(session.contains(part), "{session}");
        }
        session.split(';').next().unwrap().to_owned()
    }
}

/// Calls the API as the console does: with the session's cookie and the account, if there are any.
async fn browse(
    world: &World,
    (method, path): (&str, &str),
    body: Value,
    session: Option<(&str, &str)>,
) -> Page {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .header("x-vestibule-console", "1");
    if let Some((cookie, account)) = session {
        request = request
            .header("cookie", cookie)
            .header("vestibule-account", account);
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let router = world.functions.admin(path);
    let answer = router.oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    Page {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

/// Accepts an invitation with a new password. Returns the cookie and the account.
async fn accept(world: &World, token: &str, name: &str) -> (String, String) {
    let route = ("POST", "/v1/auth/invitation/accept");
    let body = json!({"token": token, "name": name, "password": PASSWORD});
    let page = browse(world, route, body, None).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let account = page.body["account_id"].as_str().unwrap().to_owned();
    (page.cookie(), account)
}

/// Rows of mails.
fn mail_rows(world: &World) -> Vec<serde_json::Map<String, Value>> {
    let mut rows = world.rows("MAIL");
    rows.retain(|row| row["sk"] == "MAIL");
    rows
}

/// SPEC D15, D16, D17, D18; the whole way of the first two people.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_comes_in_by_a_mailed_link_and_invites_a_second_person_who_does_too() {
    let mut world = told().await;
    invite_and_mail(&mut world).await;
    let token = token_mailed_to(&world, ADMIN);
    let route = ("POST", "/v1/auth/invitation/inspect");
    let page = browse(&world, route, json!({"token": token}), None).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(page.body["status"], "pending");
    assert_eq!(page.body["account"]["name"], "Acme");
    assert_eq!(page.body["email"], ADMIN);
    let (cookie, account) = accept(&world, &token, "Ana Silva").await;
    let session = Some((cookie.as_str(), account.as_str()));
    let me = browse(&world, ("GET", "/v1/me"), Value::Null, session).await;
    assert_eq!(me.status, 200, "{}", me.body);
    assert_eq!(me.body["login"]["email"], ADMIN);
    assert_eq!(me.body["login"]["verified"], true);
    assert_eq!(me.body["accounts"][0]["name"], "Acme");

    let body = json!({"email": "Bea@Example.com", "name": "Bea", "role": "agent"});
    let page = browse(&world, ("POST", "/v1/invitations"), body, session).await;
    assert_eq!(page.status, 201, "{}", page.body);
    world.run_email().await;
    let token = token_mailed_to(&world, "bea@example.com");
    let (cookie, account) = accept(&world, &token, "Bea").await;
    let session = Some((cookie.as_str(), account.as_str()));
    let me = browse(&world, ("GET", "/v1/me"), Value::Null, session).await;
    assert_eq!(me.body["login"]["email"], "bea@example.com");
    assert_eq!(me.body["accounts"][0]["role"]["key"], "agent");
    let page = browse(&world, ("POST", "/v1/invitations"), json!({}), session).await;
    assert_eq!(page.status, 403, "{}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once() {
    let mut world = told().await;
    invite_and_mail(&mut world).await;
    let token = token_mailed_to(&world, ADMIN);
    accept(&world, &token, "Ana Silva").await;
    let route = ("POST", "/v1/auth/invitation/accept");
    let body = json!({"token": token, "name": "Eve", "password": PASSWORD});
    let page = browse(&world, route, body, None).await;
    assert_ne!(page.status, 200, "{}", page.body);
    assert_eq!(world.rows("LOGIN").len(), 1);
}

/// A stack that ran before it was told whom to invite.
#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_was_set_up_by_key_gets_its_first_admin_in_the_account_that_it_has() {
    let mut world = World::new().await;
    let body = json!({"setup_token": SETUP_TOKEN, "account_name": "Older"});
    let answer = world.call("", ("POST", "/v1/setup"), body, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    world.functions.sweeper.first_admin = Some(job());
    assert!(world.sweep().await);
    invite_and_mail(&mut world).await;
    // The account has its own name, and not that which the stack gives to a new one.
    let mail = world.aws.mails().remove(0);
    assert_eq!(mail.subject, "Your invitation to Older");
    assert!(!mail.text.contains("Acme") && !mail.html.contains("Acme"));
    let token = token_mailed_to(&world, ADMIN);
    let (_, account) = accept(&world, &token, "Ana Silva").await;
    assert_eq!(answer.body["account"]["id"], account);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_invited_once_however_often_it_is_ordered() {
    let mut world = told().await;
    let body = serde_json::to_string(&TeamJob::InviteFirstAdmin(job())).unwrap();
    let deps = &*world.functions.team;
    let handled = join_all((1..=20).map(|_| worker_team::handle(deps, &body, 1))).await;
    // Those that met the other's write may leave the job to the queue.
    assert!(handled.contains(&Outcome::Done));
    invite_and_mail(&mut world).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(1));
        assert!(world.sweep().await);
        invite_and_mail(&mut world).await;
    }
    assert_eq!(world.rows("INVITATION").len(), 1);
    assert_eq!(world.rows("SET_UP").len(), 1);
    assert_eq!(world.aws.mails().len(), 1);
}

/// Lets minutes pass, in each of which the outbox is swept, and returns the number of orders of the invitation.
async fn orders_within(world: &mut World, minutes: u32) -> usize {
    for _ in 0..minutes {
        world.clock.advance(Duration::from_mins(1));
        assert!(world.sweep().await);
    }
    world.aws.messages("team").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_not_made_is_ordered_ever_more_rarely_and_no_more_once_it_is() {
    let mut world = told().await;
    assert_eq!(orders_within(&mut world, 1).await, 1);
    // Orders come after 2, 6, 14, 30 and 62 minutes, and then every hour.
    assert_eq!(orders_within(&mut world, 61).await, 6);
    assert_eq!(orders_within(&mut world, 58).await, 6);
    assert_eq!(orders_within(&mut world, 2).await, 7);
    while world.run_team().await {}
    assert_eq!(world.rows("INVITATION").len(), 1);
    assert_eq!(orders_within(&mut world, 130).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sweeps_at_once_make_one_order_and_a_lost_answer_loses_none() {
    let mut world = World::new().await;
    world.functions.sweeper.first_admin = Some(job());
    let deps = &*world.functions.sweeper;
    let (one, other) = join(sweeper::sweep(deps), sweeper::sweep(deps)).await;
    assert!(one.is_ok() && other.is_ok());
    assert_eq!(world.aws.messages("team").len(), 1);

    for fault in [Fault::ResetAfter, Fault::ResetBefore] {
        let mut world = World::new().await;
        world.functions.sweeper.first_admin = Some(job());
        let rule = Rule::new("DynamoDB.UpdateItem", fault.clone());
        world.to_db.inject(rule);
        assert!(world.sweep().await, "{fault:?}");
        assert_eq!(world.aws.messages("team").len(), 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_dies_between_counting_and_making_an_order_makes_the_next_two_minutes_later() {
    let mut world = World::new().await;
    world.functions.sweeper.first_admin = Some(job());
    let rule = Rule::new("DynamoDB.UpdateItem", Fault::KillAfter);
    world.to_db.inject(rule);
    assert!(!world.sweep().await);
    assert!(world.aws.messages("team").is_empty());
    world.functions.sweeper.first_admin = Some(job());
    assert_eq!(orders_within(&mut world, 1).await, 0);
    assert_eq!(orders_within(&mut world, 1).await, 1);
    invite_and_mail(&mut world).await;
    assert_eq!(world.aws.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_the_table_invites_nobody_twice() {
    for fault in [Fault::ResetAfter, Fault::KillAfter, Fault::Error500] {
        let mut world = told().await;
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
        world.to_db.inject(rule);
        invite_and_mail(&mut world).await;
        for _ in 0..20 {
            world.clock.advance(Duration::from_mins(1));
            world.sweep().await;
            invite_and_mail(&mut world).await;
        }
        assert_eq!(world.rows("INVITATION").len(), 1, "{fault:?}");
        assert_eq!(world.aws.mails().len(), 1, "{fault:?}");
    }
}

/// SPEC D32.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_to_send_from_there_is_an_invitation_and_no_mail() {
    let mut world = told().await;
    world.functions.team.sends_mail = false;
    invite_and_mail(&mut world).await;
    assert_eq!(world.rows("INVITATION").len(), 1);
    assert!(mail_rows(&world).is_empty());
    assert!(world.aws.mails().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_was_told_nobody_invites_nobody() {
    let mut world = World::new().await;
    assert!(world.sweep().await);
    invite_and_mail(&mut world).await;
    assert!(world.rows("SET_UP").is_empty());
    assert!(world.aws.mails().is_empty());
}
