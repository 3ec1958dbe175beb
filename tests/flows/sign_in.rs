//! Sign-in by password (SPEC D28, D33, G02): what it costs, what it tells, and whom it keeps out.

use crate::world::World;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tower::ServiceExt;

/// The password of the people here.
pub const PASSWORD: &str = "seven red kites over Lisbon";
const SESSION_COOKIE: &str = "__Host-vestibule";

/// A browser: it keeps cookies, and sends what the console sends.
#[derive(Default, Clone)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
    account: Option<String>,
}

/// An answer to a browser.
#[derive(Debug)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The body; null if there is none.
    pub body: Value,
    /// The headers.
    pub headers: HeaderMap,
}

impl Seen {
    /// The last part of the problem's type.
    pub fn problem(&self) -> &str {
        let kind = self.body["type"].as_str().unwrap_or_default();
        kind.strip_prefix("/problems/").unwrap_or(kind)
    }

    /// The body without the id of the call.
    pub fn told(&self) -> Value {
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("request_id");
        }
        body
    }
}

impl Browser {
    /// The browser of somebody with this cookie.
    pub fn of(cookie: &str) -> Self {
        let token = cookie.split_once('=').map_or(cookie, |(_, token)| token);
        let mut browser = Self::default();
        let token = token.to_owned();
        browser.cookies.insert(SESSION_COOKIE.to_owned(), token);
        browser
    }

    /// The same browser, showing this account.
    pub fn in_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// The token of the session.
    pub fn session(&self) -> Option<&str> {
        self.cookies.get(SESSION_COOKIE).map(String::as_str)
    }

    /// Calls with a body.
    pub async fn post(&mut self, world: &World, path: &str, body: Value) -> Seen {
        self.call(world, ("POST", path), body, &[("x-vestibule-console", "1")])
            .await
    }

    /// Reads.
    pub async fn get(&mut self, world: &World, path: &str) -> Seen {
        self.call(world, ("GET", path), Value::Null, &[]).await
    }

    /// Calls with these headers beside the cookies.
    pub async fn call(
        &mut self,
        world: &World,
        (method, path): (&str, &str),
        body: Value,
        headers: &[(&str, &str)],
    ) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(account) = &self.account {
            request = request.header("vestibule-account", account);
        }
        let request = if body.is_null() {
            request.body(Body::empty())
        } else {
            let request = request.header("content-type", "application/json");
            request.body(Body::from(body.to_string()))
        };
        let router = world.functions.admin(path.split('?').next().unwrap());
        let response = router.oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        self.keep(&parts.headers);
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        Seen {
            status: parts.status.as_u16(),
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            headers: parts.headers,
        }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The browser of a super admin of the world's account.
pub async fn admin(world: &World) -> Browser {
    let person = world.person("super_admin").await;
    Browser::of(&person.cookie).in_account(&world.scope.account_id().to_string())
}

/// Invites an address, by mail if `send`. Returns the invitation.
pub async fn invite(world: &World, admin: &mut Browser, email: &str, send: bool) -> Value {
    let body = json!({"email": email, "name": "Ana", "role": "agent", "send": send});
    let made = admin.post(world, "/v1/invitations", body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

/// Copies the link of an invitation, and returns its token.
pub async fn copied(world: &World, admin: &mut Browser, invitation: &Value) -> String {
    let id = invitation["id"].as_str().unwrap();
    let path = format!("/v1/invitations/{id}/link");
    let link = admin.post(world, &path, Value::Null).await;
    assert_eq!(link.status, 200, "{}", link.body);
    token_of(link.body["url"].as_str().unwrap())
}

/// The token in the latest mail to an address.
pub async fn mailed(world: &World, email: &str) -> String {
    token_of(&world.link_in_mail(email).await)
}

fn token_of(link: &str) -> String {
    link.split_once('#').unwrap().1.to_owned()
}

/// Accepts as somebody new.
pub async fn accept(world: &World, browser: &mut Browser, token: &str) -> Seen {
    let body = json!({"token": token, "name": "Ana", "password": PASSWORD});
    browser
        .post(world, "/v1/auth/invitation/accept", body)
        .await
}

/// Signs in.
pub async fn sign_in(world: &World, browser: &mut Browser, email: &str, password: &str) -> Seen {
    let body = json!({"email": email, "password": password});
    browser.post(world, "/v1/auth/sign-in", body).await
}

/// A person of the world's account with a proven address, and their browser.
pub async fn member(world: &World, email: &str) -> Browser {
    let mut admin = admin(world).await;
    invite(world, &mut admin, email, true).await;
    let mut browser = Browser::default();
    let accepted = accept(world, &mut browser, &mailed(world, email).await).await;
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    browser.in_account(&world.scope.account_id().to_string())
}

/// The audit entries of an action.
pub fn audited(world: &World, action: &str) -> usize {
    let rows = world.db.items().unwrap();
    let of = |row: &&serde_json::Map<String, Value>| row.get("action") == Some(&json!(action));
    rows.iter().filter(of).count()
}

/// The mails about new devices, sent or not.
pub fn new_device_mails(world: &World) -> usize {
    let mails = world.rows("MAIL").into_iter().map(Value::Object);
    mails
        .filter(|row| row.to_string().contains("new_device"))
        .count()
}

/// SPEC D28, D33.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_signs_in_and_a_browser_that_was_not_known_is_told_by_mail_once() {
    let world = World::new().await;
    let first = member(&world, "ana@example.com").await;
    let (mails, signed_in) = (new_device_mails(&world), audited(&world, "login.signed_in"));
    let mut browser = Browser::default();
    let seen = sign_in(&world, &mut browser, " ANA@example.com ", PASSWORD).await;
    assert_eq!(
        (seen.status, &seen.body["status"]),
        (200, &json!("signed_in"))
    );
    assert_ne!(browser.session(), first.session());
    let cookies: Vec<_> = seen.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        let cookie = cookie.to_str().unwrap();
        assert!(
            cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age="),
            "{cookie}"
        );
    }
    assert_eq!(new_device_mails(&world), mails + 1);
    let before = browser.session().unwrap().to_owned();
    sign_in(&world, &mut browser, "ana@example.com", PASSWORD).await;
    assert_ne!(browser.session().unwrap(), before);
    assert_eq!(new_device_mails(&world), mails + 1);
    assert_eq!(audited(&world, "login.signed_in"), signed_in + 2);
    // The session that the same browser had is gone.
    let mut earlier = Browser::of(&before);
    assert_eq!(
        earlier.get(&world, "/v1/me").await.problem(),
        "sign-in-again"
    );
    let me = browser.get(&world, "/v1/me").await;
    assert_eq!(
        (me.status, &me.body["login"]["email"]),
        (200, &json!("ana@example.com"))
    );
}

/// SPEC D28, G02.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_and_an_unknown_address_get_the_same_answer_for_the_same_calls() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let mut told = Vec::new();
    for email in ["ana@example.com", "nobody@example.com"] {
        // The network's own limit has forgotten the attempt before.
        world.clock.advance(std::time::Duration::from_hours(1));
        world.count_from_here();
        let seen = sign_in(&world, &mut Browser::default(), email, "not her password").await;
        let calls = world.aws_calls();
        assert!(seen.headers.get("set-cookie").is_none());
        told.push((seen.status, seen.told(), calls));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0].0, 401);
    // The last of them orders the record of the attempt.
    let last = told[0].2.last().unwrap();
    assert_eq!(last, "SQS.SendMessage");
    assert_eq!(told[0].1["type"], "/problems/wrong-credentials");
}

/// SPEC D28, G02: who is called does not look for the accounts, and the entries follow.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_is_recorded_once_in_the_accounts_of_the_login_by_a_worker() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    for email in ["ana@example.com", "nobody@example.com"] {
        sign_in(&world, &mut Browser::default(), email, "not her password").await;
    }
    assert_eq!(audited(&world, "login.sign_in_refused"), 0);
    let jobs = world.aws.messages("team");
    assert_eq!(jobs.len(), 2);
    while world.work_on("team").await {}
    assert_eq!(audited(&world, "login.sign_in_refused"), 1);
    for job in jobs {
        worker_team::handle(&world.functions.team, &job.body, 2).await;
    }
    assert_eq!(audited(&world, "login.sign_in_refused"), 1);
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_tries_passwords_has_to_wait_and_does_not_keep_the_owners_browser_out() {
    let world = World::new().await;
    member(&world, "ana@example.com").await;
    let mut own = Browser::default();
    let seen = sign_in(&world, &mut own, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    let mut stranger = Browser::default();
    for _ in 0..9 {
        let seen = sign_in(&world, &mut stranger, "ana@example.com", "a guess").await;
        assert_eq!(seen.status, 401, "{}", seen.body);
    }
    let seen = sign_in(&world, &mut stranger, "ana@example.com", PASSWORD).await;
    assert_eq!((seen.status, seen.problem()), (429, "too-many-attempts"));
    assert_eq!(seen.headers["retry-after"], "30");
    let seen = sign_in(&world, &mut own, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
    // A cookie that the login does not know is none.
    let mut other = member(&world, "bob@example.com").await;
    sign_in(&world, &mut other, "bob@example.com", PASSWORD).await;
    let seen = sign_in(&world, &mut other, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 429, "{}", seen.body);
    // Nobody is locked out for ever.
    world.clock.advance(std::time::Duration::from_secs(30));
    let seen = sign_in(&world, &mut stranger, "ana@example.com", PASSWORD).await;
    assert_eq!(seen.status, 200, "{}", seen.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_signs_nobody_in_or_out() {
    let world = World::new().await;
    let mut browser = member(&world, "ana@example.com").await;
    let right = json!({"email": "ana@example.com", "password": PASSWORD});
    for headers in [
        &[][..],
        &[
            ("x-vestibule-console", "1"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[
            ("x-vestibule-console", "1"),
            ("origin", "https://evil.example"),
        ],
    ] {
        for (path, body) in [
            ("/v1/auth/sign-in", &right),
            ("/v1/auth/sign-out", &Value::Null),
            ("/v1/auth/reset", &json!({"email": "ana@example.com"})),
        ] {
            let seen = browser
                .call(&world, ("POST", path), body.clone(), headers)
                .await;
            assert_eq!(seen.problem(), "cross-site-call", "{path} {headers:?}");
        }
    }
    assert_eq!(browser.get(&world, "/v1/me").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ways_of_signing_in_look_the_same_for_an_account_that_does_not_exist() {
    let world = World::new().await;
    let account = world.scope.account_id().to_string();
    let mut browser = Browser::default();
    let expected = json!({"password": true, "providers": []});
    for query in [
        "",
        "?account=01JD3Q3Z9V8M4T6K2N7P5R1S0W",
        &format!("?account={account}"),
    ] {
        let seen = browser
            .get(&world, &format!("/v1/auth/methods{query}"))
            .await;
        assert_eq!((seen.status, &seen.body), (200, &expected), "{query}");
    }
}
