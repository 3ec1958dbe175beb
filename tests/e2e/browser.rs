//! A browser: it keeps cookies, follows redirects, and calls the API as the console does.

use crate::{
    stack::Stack,
    waiting::{IN_MINUTES, eventually},
};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vestibule_openid::Url;
use vestibule_testkit::http_client::{HttpAnswer, header_map};

/// The cookie of a session.
const SESSION: &str = "__Host-vestibule";
/// The content type of a form.
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
/// More redirects than any sign-in has.
const HOPS_MAX: usize = 20;
/// The pages of the console.
const CONSOLE: &str = "/console/";

/// Everybody's password in these tests.
const PASSWORD: &str = "seven green herons at noon";

/// A person's browser.
#[derive(Debug)]
pub struct Browser<'s> {
    stack: &'s Stack,
    account_id: String,
    /// Values by origin and name.
    cookies: BTreeMap<(String, String), String>,
}

/// An answer of the API.
#[derive(Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The body; null if there is none.
    pub body: Value,
}

impl<'s> Browser<'s> {
    /// A browser without cookies, in the stack's first account.
    pub fn new(stack: &'s Stack) -> Self {
        Self {
            stack,
            account_id: stack.fact("account_id").to_owned(),
            cookies: BTreeMap::new(),
        }
    }

    /// Switches to another account.
    pub fn switch_to(&mut self, account_id: &str) {
        account_id.clone_into(&mut self.account_id);
    }

    /// Calls the API as the console does, in the account if there is a session.
    pub async fn call(&mut self, (method, path): (Method, &str), body: Option<Value>) -> Page {
        let url = Url::parse(self.stack.fact("api_url")).unwrap();
        let url = url.join(path).unwrap();
        let account_id = self.account_id.clone();
        let mut headers = vec![("x-vestibule-console", "1")];
        if self.cookies.keys().any(|(_, name)| name == SESSION) {
            headers.push(("vestibule-account", account_id.as_str()));
        }
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let content = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let answer = self.fetch(method, &url, &headers, content).await;
        Page {
            status: answer.status.as_u16(),
            body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
        }
    }

    /// Calls the API, which must agree, and returns the body of its answer.
    pub async fn expect(&mut self, route: (Method, &str), body: Option<Value>) -> Value {
        let shown = format!("{} {}", route.0, route.1);
        let page = self.call(route, body).await;
        let is_good = (200..300).contains(&page.status);
        assert!(is_good, "{shown}: {} {}", page.status, page.body);
        page.body
    }

    /// Accepts an invitation as somebody new, by a password, or signs in if the browser tests or an earlier run accepted it.
    pub async fn come_in(&mut self, link: &str, email: &str, name: &str) {
        let accept = (Method::POST, "/v1/auth/invitation/accept");
        let asked = json!({"token": token_of(link), "name": name, "password": PASSWORD});
        // The browser tests may have used up what one address may try of links.
        let page = eventually("an attempt that the limit allows", IN_MINUTES, async || {
            let route = (accept.0.clone(), accept.1);
            let page = self.call(route, Some(asked.clone())).await;
            (page.status != 429).then_some(page)
        })
        .await;
        if page.status == 409 {
            self.sign_in(email).await;
        } else {
            assert_eq!(page.status, 200, "{}", page.body);
        }
    }

    /// Signs in by the password.
    pub async fn sign_in(&mut self, email: &str) {
        let sign_in = (Method::POST, "/v1/auth/sign-in");
        let asked = json!({"email": email, "password": PASSWORD});
        self.expect(sign_in, Some(asked)).await;
    }

    /// Goes to the account's OpenID provider and signs in there, as this person. Returns the page of the console to
    /// which the browser comes back.
    pub async fn sign_in_at_provider(
        &mut self,
        purpose: &Value,
        (name, email): (&str, &str),
    ) -> String {
        let method = self.stack.fact("login_method_id");
        let start = format!("/v1/auth/providers/{}/{method}/start", self.account_id);
        let started = self
            .expect((Method::POST, &start), Some(purpose.clone()))
            .await;
        let location = started["location"].as_str().unwrap();
        assert!(
            location.starts_with(self.stack.fact("openid_url")),
            "{location}"
        );
        let location = Url::parse(location).unwrap();
        let (url, page) = self.open(Method::GET, location, None).await;
        // A form without an address of its own is sent to that of the page.
        for part in [
            r#"<form method="post">"#,
            r#"name="name""#,
            r#"name="email""#,
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        let fields = [("name", name), ("email", email), ("email_verified", "true")];
        let (landed, page) = self.open(Method::POST, url, Some(form(&fields))).await;
        assert!(landed.path().starts_with(CONSOLE), "{landed}: {page}");
        format!(
            "{}#{}",
            landed.path(),
            landed.fragment().unwrap_or_default()
        )
    }

    /// Opens an address, and what it redirects to, up to a page. Those of the console are not opened.
    async fn open(&mut self, method: Method, url: Url, form: Option<String>) -> (Url, String) {
        let (mut method, mut url, mut form) = (method, url, form);
        for _ in 0..HOPS_MAX {
            if url.path().starts_with(CONSOLE) {
                return (url, String::new());
            }
            let headers: &[(&str, &str)] = if form.is_some() { &[FORM] } else { &[] };
            let content = form.take().map_or_else(Bytes::new, Bytes::from);
            let answer = self.fetch(method, &url, headers, content).await;
            let Some(location) = answer.headers.get("location") else {
                let page = String::from_utf8(answer.body.to_vec()).unwrap();
                assert_eq!(answer.status.as_u16(), 200, "{url}: {page}");
                return (url, page);
            };
            url = url.join(location.to_str().unwrap()).unwrap();
            method = Method::GET;
        }
        panic!("redirects without end, now to {url}");
    }

    async fn fetch(
        &mut self,
        method: Method,
        url: &Url,
        headers: &[(&str, &str)],
        content: Bytes,
    ) -> HttpAnswer {
        let origin = url.origin().ascii_serialization();
        let cookies = self.cookies_for(&origin);
        let mut headers = headers.to_vec();
        if !cookies.is_empty() {
            headers.push(("cookie", cookies.as_str()));
        }
        let headers = header_map(headers).unwrap();
        let answer = self
            .stack
            .send(method, url.as_str(), headers, content)
            .await;
        self.keep_cookies(&origin, &answer);
        answer
    }

    fn cookies_for(&self, origin: &str) -> String {
        let all = self.cookies.iter();
        let sent: Vec<String> = all
            .filter(|((of, _), _)| of == origin)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        sent.join("; ")
    }

    fn keep_cookies(&mut self, origin: &str, answer: &HttpAnswer) {
        for cookie in answer.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let place = (origin.to_owned(), name.to_owned());
            // A cookie is removed by setting it to nothing.
            if value.is_empty() {
                self.cookies.remove(&place);
            } else {
                self.cookies.insert(place, value.to_owned());
            }
        }
    }
}

/// The token of an invitation's link.
pub fn token_of(link: &str) -> &str {
    link.split_once('#').unwrap().1
}

/// The body of a form.
fn form(fields: &[(&str, &str)]) -> String {
    let mut address = Url::parse("http://form.invalid/").unwrap();
    address.query_pairs_mut().extend_pairs(fields);
    address.query().unwrap_or_default().to_owned()
}
