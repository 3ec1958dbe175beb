//! Makes the calls that a provider requests, one after another, until the provider knows the outcome.
//! Sending, profile look-ups and set-up all use it.

use crate::{
    connectors::OpenConnector,
    standard_webhooks::{self, InvalidSecret},
};
use http::HeaderName;
use ring::digest::{Context, SHA256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::{
    Clock, PortError, Timestamp, connector::Connector, ports::SecretVault, secret::Secret,
};
use vestibule_providers::{
    outgoing::{CallResult, Host, HttpReply, NextCall, OutgoingCall},
    transport::ChatTransport,
    webhook::Credentials,
};

/// Maximum number of calls in one run; no platform needs as many.
const CALLS_MAX: usize = 32;

/// Maximum number of cached answers; more than the connectors of one sandbox need.
const KEPT_MAX: usize = 1000;

/// Time for which an answer may be reused for the same call, if at all.
pub(crate) type KeepAnswer<'a> =
    &'a (dyn Fn(&OutgoingCall, &HttpReply) -> Option<Duration> + Send + Sync);

/// For runs that reuse nothing.
pub(crate) const KEEP_NOTHING: KeepAnswer<'static> = &|_, _| None;

/// Makes calls.
pub(crate) struct CallRunner {
    transport: Arc<dyn ChatTransport>,
    vault: Arc<dyn SecretVault>,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<CallHash, Kept>>,
}

/// Hash of everything in a call, secrets included, so that an answer is reused only for a caller that
/// could have received it.
type CallHash = [u8; 32];

/// A cached answer.
struct Kept {
    reply: HttpReply,
    until: Timestamp,
}

/// Failure of a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unable {
    /// The connector's secrets cannot be opened, for now or at all.
    #[error(transparent)]
    Secrets(#[from] PortError),
    /// The provider requested too many calls.
    #[error("too_many_calls")]
    TooManyCalls,
}

impl fmt::Debug for CallRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRunner").finish_non_exhaustive()
    }
}

impl CallRunner {
    pub(crate) fn new(
        transport: Arc<dyn ChatTransport>,
        vault: Arc<dyn SecretVault>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            transport,
            vault,
            clock,
            kept: Mutex::default(),
        }
    }

    /// Opens these secrets of the connector, and makes calls until `next` knows the outcome.
    pub(crate) async fn run<T>(
        &self,
        connector: &Connector,
        secrets: &[&str],
        keep: KeepAnswer<'_>,
        next: impl Fn(&Credentials<'_>, &[CallResult]) -> NextCall<T> + Send + Sync,
    ) -> Result<T, Unable> {
        let open = OpenConnector::open(
            connector.clone(),
            secrets,
            self.vault.as_ref(),
            self.clock.now(),
        )
        .await?;
        let credentials = Credentials {
            connector,
            secrets: &open.secrets,
        };
        let mut so_far = Vec::new();
        let mut made = Vec::new();
        while so_far.len() < CALLS_MAX {
            match next(&credentials, &so_far) {
                NextCall::Done(outcome) => return Ok(outcome),
                NextCall::Call(call) => {
                    let hash = hash_of(&call);
                    let again = made.contains(&hash);
                    so_far.push(self.answer(keep, call, hash, again).await);
                    made.push(hash);
                }
            }
        }
        Err(Unable::TooManyCalls)
    }

    /// Makes the call, unless its answer is cached. A call requested `again` is always made: its cached
    /// answer was of no use.
    async fn answer(
        &self,
        keep: KeepAnswer<'_>,
        call: OutgoingCall,
        hash: CallHash,
        again: bool,
    ) -> CallResult {
        let now = self.clock.now();
        if !again
            && let Some(kept) = self.lock().get(&hash)
            && now < kept.until
        {
            return CallResult::Replied(kept.reply.clone());
        }
        let result = match signed(call.clone(), now) {
            Ok(signed) => self.transport.call(signed).await,
            Err(InvalidSecret) => CallResult::Forbidden {
                reason: "invalid_signing_secret".to_owned(),
            },
        };
        if let CallResult::Replied(reply) = &result
            && let Some(time) = keep(&call, reply)
        {
            let mut all = self.lock();
            if all.len() >= KEPT_MAX {
                all.retain(|_, kept| now < kept.until);
            }
            if all.len() < KEPT_MAX {
                let kept = Kept {
                    reply: reply.clone(),
                    until: now.plus(time),
                };
                all.insert(hash, kept);
            }
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CallHash, Kept>> {
        // A panic elsewhere cannot leave the map half-written: it is consistent whenever the lock is
        // free.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call with its signature at this time, if it needs one.
fn signed(mut call: OutgoingCall, now: Timestamp) -> Result<OutgoingCall, InvalidSecret> {
    let Some(signing) = call.signing.take() else {
        return Ok(call);
    };
    let body = call.body.as_deref().unwrap_or_default();
    for (name, value) in standard_webhooks::headers(&signing.id, body, &signing.secrets, now)? {
        let header = (HeaderName::from_static(name), Secret::new(value));
        call.headers.push(header);
    }
    Ok(call)
}

fn hash_of(call: &OutgoingCall) -> CallHash {
    let mut context = Context::new(&SHA256);
    // Each part is preceded by its length, so that no two calls yield the same bytes.
    let mut add = |part: &[u8]| {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    };
    match &call.host {
        // Its `Debug` shows no address.
        Host::Endpoint(address) => add(address.reveal().as_bytes()),
        host => add(format!("{host:?}").as_bytes()),
    }
    add(call.method.as_str().as_bytes());
    add(call.path.as_bytes());
    for (name, value) in &call.query {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    for (name, value) in &call.headers {
        add(name.as_str().as_bytes());
        add(value.reveal().as_bytes());
    }
    add(call.body.as_deref().unwrap_or_default());
    let mut hash = CallHash::default();
    hash.copy_from_slice(context.finish().as_ref());
    hash
}
