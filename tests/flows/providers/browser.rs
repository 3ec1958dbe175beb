//! The browser of somebody who signs in through a provider.

use super::Method;
use crate::world::World;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request},
};
use lambda_http::request::RequestContext;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tower::ServiceExt;
use vestibule_testkit::openid_provider::OpenIdProvider;

const SESSION_COOKIE: &str = "__Host-vestibule";

/// A browser: it keeps cookies, and sends what the console sends.
#[derive(Default, Clone)]
pub struct Browser {
    /// The cookies, by name.
    pub(super) cookies: BTreeMap<String, String>,
    /// The account that it shows.
    pub(super) account: Option<String>,
    address: Option<&'static str>,
}

/// An answer to a browser.
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The body; null if there is none.
    pub body: Value,
    /// The headers.
    pub headers: HeaderMap,
}

impl Seen {
    /// The page to which the browser is sent.
    pub fn location(&self) -> String {
        let location = self.headers.get("location").unwrap();
        location.to_str().unwrap().to_owned()
    }
}

impl Browser {
    /// The browser of somebody who is signed in.
    pub fn of(cookie: &str) -> Self {
        let token = cookie.split_once('=').map_or(cookie, |(_, token)| token);
        let mut browser = Self::default();
        browser
            .cookies
            .insert(SESSION_COOKIE.to_owned(), token.to_owned());
        browser
    }

    /// The same browser, showing this account.
    pub fn in_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    /// A browser at this IP address.
    pub fn at(address: &'static str) -> Self {
        Self {
            address: Some(address),
            ..Self::default()
        }
    }

    /// Whether it has a session.
    pub(super) fn is_signed_in(&self) -> bool {
        self.cookies.contains_key(SESSION_COOKIE)
    }

    /// Calls as the console does.
    pub async fn call(&mut self, world: &World, method: &str, path: &str, body: Value) -> Seen {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-vestibule-console", "1")
            .header("sec-fetch-site", "same-origin");
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
        let mut request = request.unwrap();
        if let Some(address) = self.address {
            let context = json!({"http": {"method": method, "sourceIp": address}});
            let context: RequestContext = serde_json::from_value(context).unwrap();
            request.extensions_mut().insert(context);
        }
        let router = world.functions.admin(path.split('?').next().unwrap());
        let response = router.oneshot(request).await.unwrap();
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

    /// Starts at a method, lets the provider answer, and returns to the callback.
    pub async fn through(
        &mut self,
        world: &World,
        provider: &OpenIdProvider,
        method: &Method,
        start: Value,
    ) -> Seen {
        let started = self.call(world, "POST", &method.start(), start).await;
        assert_eq!(started.status, 200, "{}", started.body);
        let location = started.body["location"].as_str().unwrap();
        let back = provider.browse(location).await.unwrap();
        self.call(world, "GET", &path_of(&back), Value::Null).await
    }
}

/// The path of an address, with its query.
pub(super) fn path_of(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    rest[rest.find('/').unwrap()..].to_owned()
}
