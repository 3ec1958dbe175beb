//! An identity provider on a loopback port: OpenID Connect and plain OAuth 2.0, honest, or hostile in one way at a time.
//!
//! Written from OpenID Connect Core 1.0, Discovery 1.0, RFC 6749, RFC 7636 and RFC 9207, so that it tests our code
//! instead of agreeing with it.
//!
//! | module | contents |
//! |---|---|
//! | `faults` | the ways of being hostile |
//! | `tokens` | ID tokens, good and bad, and the keys |
//! | `routes` | the endpoints |

mod faults;
mod routes;
mod tokens;

pub use faults::ProviderFault;

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderMap, LOCATION};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::TestClock;
use crate::http_client::HttpClient;
use crate::loopback::Loopback;

/// A running provider. It stops when dropped.
#[derive(Debug)]
pub struct OpenIdProvider {
    server: Loopback,
    shared: Arc<Shared>,
    browser: HttpClient,
}

/// The claims of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// A person with this subject and nothing else.
    #[must_use]
    pub fn new(subject: &str) -> Self {
        Self(Map::new()).with("sub", Value::from(subject))
    }

    /// The same person with this claim.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

#[derive(Debug)]
struct Shared {
    clock: TestClock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    issuer: String,
    clients: BTreeMap<String, Client>,
    person: Claims,
    fault: Option<ProviderFault>,
    codes: BTreeMap<String, Grant>,
    access: BTreeMap<String, Claims>,
    tokens_asked: usize,
    drawn: u64,
}

#[derive(Clone, Debug)]
struct Client {
    secret: String,
    redirect_uris: Vec<String>,
}

/// The grant that a code stands for.
#[derive(Clone, Debug)]
struct Grant {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    is_openid: bool,
    person: Claims,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The issuer of a person's tokens: that of their tenant, if they have one.
    fn issuer_of(&self, person: &Claims) -> String {
        match person.0.get("tid").and_then(Value::as_str) {
            Some(tenant) => format!("{}/{tenant}/v2.0", self.issuer),
            None => self.issuer.clone(),
        }
    }

    fn draw(&mut self, kind: &str) -> String {
        self.drawn += 1;
        format!("{kind}-{}", self.drawn)
    }
}

impl OpenIdProvider {
    /// Starts an honest provider without clients. Its person has the subject `nobody`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(clock: TestClock) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            clock,
            state: Mutex::new(State {
                issuer: String::new(),
                clients: BTreeMap::new(),
                person: Claims::new("nobody"),
                fault: None,
                codes: BTreeMap::new(),
                access: BTreeMap::new(),
                tokens_asked: 0,
                drawn: 0,
            }),
        });
        let server = Loopback::start(routes::router(Arc::clone(&shared))).await?;
        shared.lock().issuer = server.url();
        Ok(Self {
            server,
            shared,
            browser: HttpClient::default(),
        })
    }

    /// The address for all tenants, of whom each person with a claim `tid` belongs to one.
    #[must_use]
    pub fn issuer_of_tenants(&self) -> String {
        format!("{}/organizations/v2.0", self.server.url())
    }

    /// The issuer, which is also the provider's address.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.server.url()
    }

    /// Registers a client with this redirect address, beside its earlier ones.
    pub fn register(&self, client_id: &str, secret: &str, redirect_uri: &str) {
        let mut state = self.shared.lock();
        let client = state
            .clients
            .entry(client_id.to_owned())
            .or_insert_with(|| Client {
                secret: secret.to_owned(),
                redirect_uris: Vec::new(),
            });
        secret.clone_into(&mut client.secret);
        client.redirect_uris.push(redirect_uri.to_owned());
    }

    /// Lets the next sign-ins be this person's.
    pub fn sign_in_as(&self, person: Claims) {
        self.shared.lock().person = person;
    }

    /// Makes the provider hostile in this way, or honest again.
    pub fn fail(&self, fault: Option<ProviderFault>) {
        self.shared.lock().fault = fault;
    }

    /// Number of calls to the token endpoint.
    #[must_use]
    pub fn tokens_asked(&self) -> usize {
        self.shared.lock().tokens_asked
    }

    /// Opens the address of an authorization request, as a browser whose person agrees. Returns the address to which
    /// the browser is sent back.
    ///
    /// # Errors
    /// When the provider refuses the request.
    pub async fn browse(&self, location: &str) -> io::Result<String> {
        let limit = Some(Duration::from_secs(5));
        let answer = self
            .browser
            .send(Method::GET, location, HeaderMap::new(), Bytes::new(), limit)
            .await
            .map_err(|failure| io::Error::other(format!("{failure:?}")))?;
        let back = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok());
        match (answer.status, back) {
            (StatusCode::FOUND, Some(back)) => Ok(back.to_owned()),
            (status, _) => Err(io::Error::other(format!(
                "{status}: {}",
                String::from_utf8_lossy(&answer.body)
            ))),
        }
    }
}
