//! A loopback reverse proxy that breaks chosen calls on their way to a stub, a simulator or the embedded
//! database.
//!
//! The class of a call is the AWS operation (`DynamoDB.TransactWriteItems`, `SQS.SendMessage`) or, for any other
//! service, the last part of the path (`chat.postMessage`, `deliveries`). A [`Rule`] gives a [`Fault`]
//! to calls of a class. Unlike toxiproxy, the proxy can forward a call, let it take effect and lose the
//! answer ([`Fault::ResetAfter`]).

mod answers;
mod capacity;
mod inspection;
mod parts;
mod rules;

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::ops::Add;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hyper::header;
use tokio::sync::watch;

use crate::aws_stub::operation;
use crate::http_client::{HttpAnswer, HttpClient};
use crate::loopback::{self, Loopback};

pub use capacity::Capacity;
pub use inspection::{ArrivedCall, Inspector};
pub use rules::{Fault, Rule};

/// A running proxy in front of one server.
#[derive(Debug)]
pub struct FaultProxy {
    server: Loopback,
    shared: Arc<Shared>,
}

/// One call that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxiedCall {
    /// `DynamoDB.GetItem`, `chat.postMessage`, …
    pub class: String,
    /// 1 for the first call of its class since the start or the last [`FaultProxy::reset_counts`].
    pub occurrence: usize,
    /// The fault that it met.
    pub fault: Option<Fault>,
    /// The status from the server behind; `None` if the call was not forwarded or got no answer.
    pub upstream_status: Option<u16>,
    /// The size of the request.
    pub request: Size,
    /// The size of the answer from the server behind.
    pub answer: Size,
}

/// The size of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Number of bytes.
    pub bytes: usize,
    /// Number of `DynamoDB` rows, or of keys of rows.
    pub rows: usize,
}

impl Size {
    fn of(body: &[u8]) -> Self {
        const KEY: &[u8] = b"\"pk\":";
        Self {
            bytes: body.len(),
            rows: body.windows(KEY.len()).filter(|part| *part == KEY).count(),
        }
    }
}

impl Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            rows: self.rows + other.rows,
        }
    }
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    client: HttpClient,
    inspector: Option<Inspector>,
    measures: AtomicBool,
    state: Mutex<ProxyState>,
    kills: watch::Sender<u64>,
    /// Counts calls that arrived and answers that came back.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct ProxyState {
    rules: Vec<Rule>,
    counts: BTreeMap<String, usize>,
    log: Vec<ProxiedCall>,
    consumed: Capacity,
    refused: Vec<String>,
}

impl FaultProxy {
    /// Starts a proxy on a free loopback port in front of `upstream`, such as `http://127.0.0.1:8000`.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start(upstream: &str) -> io::Result<Self> {
        Self::start_with(upstream, None).await
    }

    /// Starts a proxy that inspects each call to an AWS service first. A refused call is answered as IAM
    /// does, and kept for [`Self::refused`].
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start_inspected(upstream: &str, inspector: Inspector) -> io::Result<Self> {
        Self::start_with(upstream, Some(inspector)).await
    }

    async fn start_with(upstream: &str, inspector: Option<Inspector>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            upstream: upstream.trim_end_matches('/').to_owned(),
            client: HttpClient::default(),
            inspector,
            measures: AtomicBool::new(false),
            state: Mutex::default(),
            kills: watch::Sender::new(0),
            news: watch::Sender::new(0),
        });
        let router = Router::new()
            .fallback(handle)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        Ok(Self {
            server: Loopback::start(router).await?,
            shared,
        })
    }

    /// The address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Adds a rule. The first rule that matches a call applies.
    pub fn inject(&self, rule: Rule) {
        self.shared.state().rules.push(rule);
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.shared.state().rules.clear();
    }

    /// Whether a rule remains that has not yet applied the intended number of times.
    #[must_use]
    pub fn has_pending_rules(&self) -> bool {
        self.shared.state().rules.iter().any(Rule::is_pending)
    }

    /// Restarts the counts at 1 and empties the log.
    pub fn reset_counts(&self) {
        let mut state = self.shared.state();
        state.counts.clear();
        state.log.clear();
        state.consumed = Capacity::default();
    }

    /// Has the database tell from now on how much of its capacity each call consumes.
    pub fn measure(&self) {
        self.shared.measures.store(true, Ordering::Relaxed);
    }

    /// The capacity that the calls since the last [`Self::reset_counts`] consumed; zero before [`Self::measure`].
    #[must_use]
    pub fn consumed(&self) -> Capacity {
        self.shared.state().consumed
    }

    /// The number of calls of this class.
    #[must_use]
    pub fn count(&self, class: &str) -> usize {
        self.shared
            .state()
            .counts
            .get(class)
            .copied()
            .unwrap_or_default()
    }

    /// Every call since the start or the last [`Self::reset_counts`].
    #[must_use]
    pub fn log(&self) -> Vec<ProxiedCall> {
        self.shared.state().log.clone()
    }

    /// The classes of the calls, in order: the call sites of one run of a handler.
    #[must_use]
    pub fn sequence(&self) -> Vec<String> {
        self.shared
            .state()
            .log
            .iter()
            .map(|call| call.class.clone())
            .collect()
    }

    /// Waits until so many calls of this class have arrived since the start or the last [`Self::reset_counts`].
    pub async fn until_call(&self, class: &str, number: usize) {
        self.until(|log| log.iter().filter(|call| call.class == class).count() >= number)
            .await;
    }

    /// Waits until a call has met a fault, since the start or the last [`Self::reset_counts`].
    pub async fn until_fault(&self) {
        self.until(|log| log.iter().any(|call| call.fault.is_some()))
            .await;
    }

    /// Waits until something holds, which is looked at with each call that arrives and each answer that comes back. It is
    /// told every call since the start or the last [`Self::reset_counts`].
    pub async fn until(&self, holds: impl Fn(&[ProxiedCall]) -> bool) {
        let mut news = self.shared.news.subscribe();
        while !holds(&self.log()) && news.changed().await.is_ok() {}
    }

    /// The inspector's reasons for refusals, since the start.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        self.shared.state().refused.clone()
    }

    /// Counts the kills so far and announces each one, for tests that end their own tasks.
    #[must_use]
    pub fn kills(&self) -> watch::Receiver<u64> {
        self.shared.kills.subscribe()
    }

    /// Runs a handler until it ends or a `Kill…` fault drops it, as the end of its process would: it sees no
    /// error and runs no further. `None` if it was killed.
    pub async fn run_until_killed<F: Future>(&self, handler: F) -> Option<F::Output> {
        let mut kills = self.kills();
        kills.mark_unchanged();
        tokio::select! {
            biased;
            _ = kills.changed() => None,
            output = handler => Some(output),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, ProxyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the call and finds its fault. The position in the log is for recording the outcome.
    fn admit(&self, class: &str, body: &[u8]) -> (usize, Option<Fault>, Duration) {
        let mut state = self.state();
        let count = state.counts.entry(class.to_owned()).or_default();
        *count += 1;
        let occurrence = *count;
        let mut fault = None;
        let mut delay = Duration::ZERO;
        for rule in &mut state.rules {
            if rule.matches(class, occurrence, body) {
                rule.use_up();
                if let Fault::Delay(by) = rule.fault() {
                    // A delay combines with another fault.
                    delay = *by;
                } else {
                    fault = Some(rule.fault().clone());
                    break;
                }
            }
        }
        state.log.push(ProxiedCall {
            class: class.to_owned(),
            occurrence,
            fault: fault.clone(),
            upstream_status: None,
            request: Size::of(body),
            answer: Size::default(),
        });
        let position = state.log.len() - 1;
        drop(state);
        self.tell();
        (position, fault, delay)
    }

    fn record(&self, position: usize, status: StatusCode, body: &[u8]) {
        let mut guard = self.state();
        let state = &mut *guard;
        if let Some(call) = state.log.get_mut(position) {
            call.upstream_status = Some(status.as_u16());
            call.answer = Size::of(body);
            if self.measures.load(Ordering::Relaxed) {
                state.consumed += Capacity::told(&call.class, body);
            }
        }
        drop(guard);
        self.tell();
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn kill(&self) {
        self.kills.send_modify(|count| *count += 1);
    }

    async fn forward(
        self: Arc<Self>,
        position: usize,
        method: Method,
        uri: Uri,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        for hop_by_hop in [
            header::CONNECTION,
            header::TRANSFER_ENCODING,
            header::CONTENT_LENGTH,
        ] {
            headers.remove(hop_by_hop);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.upstream);
        match self.client.send(method, &url, headers, body, None).await {
            Ok(HttpAnswer {
                status,
                mut headers,
                body,
            }) => {
                self.record(position, status, &body);
                for hop_by_hop in [header::CONNECTION, header::TRANSFER_ENCODING] {
                    headers.remove(hop_by_hop);
                }
                let mut response = Response::new(Body::from(body));
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                response
            }
            // The server behind broke the connection, so the proxy does too.
            Err(_) => loopback::reset(),
        }
    }
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let class = classify(&headers, &uri, &body);
    if let Some(inspector) = &shared.inspector {
        let call = ArrivedCall::new(&class, &headers, &body);
        if let Err(reason) = inspector.inspect(&call) {
            let answer = answers::access_denied(&class, &reason);
            shared.state().refused.push(reason);
            return answer;
        }
    }
    let (position, fault, delay) = shared.admit(&class, &body);
    let is_measured = shared.measures.load(Ordering::Relaxed) && class.starts_with("DynamoDB.");
    let body = if is_measured {
        capacity::asked_for(body)
    } else {
        body
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let arrived = body.clone();
    let forward = || {
        // A separate task, so that a call that has arrived takes effect even if its caller is gone, as with a
        // real server.
        let forwarding =
            tokio::spawn(Arc::clone(&shared).forward(position, method, uri, headers, body));
        async move { forwarding.await.unwrap_or_else(|_| loopback::reset()) }
    };
    match fault {
        None | Some(Fault::Delay(_)) => forward().await,
        Some(Fault::Timeout) => loopback::never().await,
        Some(Fault::TimeoutAfter) => {
            forward().await;
            loopback::never().await
        }
        Some(fault @ Fault::GarbageAfter) => {
            forward().await;
            answers::error(&class, &fault, &arrived)
        }
        Some(Fault::ResetBefore) => loopback::reset(),
        Some(Fault::ResetAfter) => {
            forward().await;
            loopback::reset()
        }
        // No answer, not even a reset: the process might see it and go on before it is told of its end.
        Some(Fault::KillBefore) => {
            shared.kill();
            loopback::never().await
        }
        Some(Fault::KillAfter) => {
            forward().await;
            shared.kill();
            loopback::never().await
        }
        Some(Fault::Answer { status, body }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Some(
            fault @ (Fault::Error500
            | Fault::Throttle
            | Fault::TransactionConflict
            | Fault::ConflictAt { .. }
            | Fault::ExpiredCredentials
            | Fault::Garbage),
        ) => answers::error(&class, &fault, &arrived),
    }
}

fn classify(headers: &HeaderMap, uri: &Uri, body: &Bytes) -> String {
    operation(headers, body)
        .unwrap_or_else(|| uri.path().rsplit('/').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests;
