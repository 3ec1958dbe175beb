//! Making the calls that a provider names, one after another, until it knows the outcome. Sending,
//! asking for profiles and setting up all go through here.

use crate::connectors::OpenConnector;
use ring::digest::{Context, SHA256};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::{Clock, PortError, Timestamp, connector::Connector, ports::SecretVault};
use vestibule_providers::{
    outgoing::{CallResult, HttpReply, NextCall, OutgoingCall},
    transport::ChatTransport,
    webhook::Credentials,
};

/// Calls that one run may take; no platform needs as many.
const CALLS_MAX: usize = 32;

/// Answers that are kept at a time; more than a sandbox has connectors to serve.
const KEPT_MAX: usize = 1000;

/// How long an answer may be used again for the same call, if it may.
pub(crate) type KeepAnswer<'a> =
    &'a (dyn Fn(&OutgoingCall, &HttpReply) -> Option<Duration> + Send + Sync);

/// For runs in which nothing is used again.
pub(crate) const KEEP_NOTHING: KeepAnswer<'static> = &|_, _| None;

/// Makes calls.
pub(crate) struct CallRunner {
    transport: Arc<dyn ChatTransport>,
    vault: Arc<dyn SecretVault>,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<CallHash, Kept>>,
}

/// What tells one call from another: everything in it, secrets included, so that an answer is only
/// ever used for who might have got it.
type CallHash = [u8; 32];

/// An answer that may be used again.
struct Kept {
    reply: HttpReply,
    until: Timestamp,
}

/// Why calls could not be made to their end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unable {
    /// The connector's secrets cannot be opened now, or never.
    #[error(transparent)]
    Secrets(#[from] PortError),
    /// The provider asks for one call after another.
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

    /// Opens the connector's secrets of these names, and makes calls until `next` knows the outcome.
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

    /// Makes the call, unless its answer is kept. One that is asked for `again` is made: its answer
    /// was of no use.
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
        let result = self.transport.call(call.clone()).await;
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
        // The map is whole whenever the lock is free: a panic elsewhere cannot have torn it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(call: &OutgoingCall) -> CallHash {
    let mut context = Context::new(&SHA256);
    // Lengths go first, so that no two calls spell the same bytes.
    let mut add = |part: &[u8]| {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    };
    add(format!("{:?}", call.host).as_bytes());
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
