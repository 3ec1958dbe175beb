//! A system of an account: it takes the events that are signed well, or answers as a test wishes.

use crate::world::SUBSCRIBER_SECRET;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};
use vestibule_testkit::{
    TestClock,
    demo_agent::{WebhookHeaders, key, verify},
    loopback::{Loopback, never},
};

/// An answer.
#[derive(Debug, Clone, Default)]
pub enum Reply {
    /// That of a system that works.
    #[default]
    Takes,
    /// This status, after it was taken or not.
    Status(u16),
    /// This status, and the wish to be left alone for so many seconds.
    Busy(u16, u64),
    /// A redirect to this address.
    Redirect(String),
    /// More than anybody reads.
    Long,
    /// None, until the caller gives up.
    Never,
}

/// The calls that a hook got.
#[derive(Debug, Default)]
struct Book {
    secret: Option<String>,
    reply: Reply,
    calls: usize,
    taken: Vec<Value>,
    signatures: Vec<usize>,
    refused: Vec<&'static str>,
}

struct Shared {
    clock: TestClock,
    books: Mutex<BTreeMap<String, Book>>,
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, BTreeMap<String, Book>> {
        self.books.lock().unwrap()
    }
}

/// The hooks, told apart by their names.
pub struct Hooks {
    server: Loopback,
    shared: Arc<Shared>,
}

impl Hooks {
    /// Starts the system.
    pub async fn start(clock: TestClock) -> Self {
        let shared = Arc::new(Shared {
            clock,
            books: Mutex::default(),
        });
        let router = Router::new()
            .route("/hooks/{name}", post(take).get(take))
            .with_state(Arc::clone(&shared));
        let server = Loopback::start(router).await.unwrap();
        Self { server, shared }
    }

    /// Its origin.
    pub fn origin(&self) -> String {
        self.server.url()
    }

    /// Lets a hook answer like this from now on.
    pub fn answers(&self, name: &str, reply: Reply) {
        self.shared
            .books()
            .entry(name.to_owned())
            .or_default()
            .reply = reply;
    }

    /// Lets a hook verify with this secret from now on.
    pub fn verifies_with(&self, name: &str, secret: &str) {
        let mut books = self.shared.books();
        books.entry(name.to_owned()).or_default().secret = Some(secret.to_owned());
    }

    fn of<T>(&self, name: &str, look: impl FnOnce(&Book) -> T) -> T {
        let books = self.shared.books();
        look(books.get(name).unwrap_or(&Book::default()))
    }

    /// The number of calls of a hook.
    pub fn calls(&self, name: &str) -> usize {
        self.of(name, |book| book.calls)
    }

    /// The bodies that a hook took, in the order of their arrival.
    pub fn taken(&self, name: &str) -> Vec<Value> {
        self.of(name, |book| book.taken.clone())
    }

    /// The numbers that a hook took, sorted, each once.
    pub fn numbers(&self, name: &str) -> Vec<u64> {
        let taken = self.taken(name);
        let mut numbers: Vec<u64> = taken
            .iter()
            .map(|body| body["sequence"].as_u64().unwrap())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The number of signatures of each call that a hook took.
    pub fn signatures(&self, name: &str) -> Vec<usize> {
        self.of(name, |book| book.signatures.clone())
    }

    /// The reasons of a hook for refusals of calls that were not signed well.
    pub fn refused(&self, name: &str) -> Vec<&'static str> {
        self.of(name, |book| book.refused.clone())
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let reply = {
        let mut books = shared.books();
        let book = books.entry(name).or_default();
        book.calls += 1;
        let secret = book.secret.as_deref().unwrap_or(SUBSCRIBER_SECRET);
        let signed = WebhookHeaders {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        if let Err(reason) = verify(
            &key(secret).unwrap(),
            &signed,
            &body,
            shared.clock.now_secs(),
        ) {
            book.refused.push(reason);
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let event: Value = serde_json::from_slice(&body).unwrap();
        if event["id"] != signed.id {
            book.refused.push("webhook-id is not that of the event");
        }
        if matches!(book.reply, Reply::Takes | Reply::Long) {
            book.taken.push(event);
            book.signatures.push(signed.signature.split(' ').count());
        }
        book.reply.clone()
    };
    answered(reply).await
}

async fn answered(reply: Reply) -> Response {
    let (status, headers, body) = match reply {
        Reply::Takes => (204, None, Body::empty()),
        Reply::Status(status) => (status, None, "busy with other things".into()),
        Reply::Busy(status, seconds) => {
            let wait = ("retry-after", seconds.to_string());
            (status, Some(wait), Body::empty())
        }
        Reply::Redirect(to) => (307, Some(("location", to)), Body::empty()),
        Reply::Long => (200, None, vec![b'x'; 4 * 1024 * 1024].into()),
        Reply::Never => return never().await,
    };
    let mut response = Response::builder().status(status);
    if let Some((name, value)) = headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap()
}
