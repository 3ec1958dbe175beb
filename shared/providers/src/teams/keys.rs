//! Microsoft's signing keys, and when to fetch them (PROVIDERS §2.2).
//!
//! Anybody can post a token that names any key, so a token alone must not cause a fetch: there is a
//! fixed time between fetches, whichever key is requested. Fetched keys stay in use until newer
//! ones arrive.

use crate::json;
use async_trait::async_trait;
use futures_util::lock::Mutex as AsyncMutex;
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::Timestamp;
use vestibule_jose::{Algorithm, KEYS_MAX, Key, Token};

/// Longest time of one fetch: a webhook call has less than two seconds for everything.
pub const FETCH_MAX: Duration = Duration::from_secs(1);

/// Time during which keys count as current.
const FRESH: Duration = Duration::from_hours(24);
/// Shortest time between two fetches while there are keys.
const REFETCH_WAIT: Duration = Duration::from_mins(5);
/// Shortest time between two fetches while there are none and nothing can be checked.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The source of the keys.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// Fetches the `OpenID` metadata document, then the key set (JWKS) that it names, and returns
    /// the latter unchanged. MUST take no longer than [`FETCH_MAX`], follow no redirects, and
    /// contact no origin but the metadata's, whose address is configured.
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError>;
}

/// The keys could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing keys cannot be fetched: {reason}")]
pub struct KeySourceError {
    /// The reason, for the log.
    pub reason: String,
}

/// A key that signs tokens.
pub(super) struct PublicKey {
    kid: String,
    endorsements: Vec<String>,
    key: Key,
}

impl PublicKey {
    /// Whether the key may speak for this channel.
    pub(super) fn is_endorsed_for(&self, channel: &str) -> bool {
        self.endorsements.iter().any(|name| name == channel)
    }

    /// Whether the key made the token's signature.
    pub(super) fn signed(&self, token: &Token<'_>) -> bool {
        self.key.verify(token)
    }

    fn read(jwk: &Value) -> Option<Self> {
        let key = Key::read(jwk).filter(|key| key.algorithm() == Algorithm::Rs256)?;
        let endorsements = jwk.get("endorsements").and_then(Value::as_array);
        Some(Self {
            kid: key.kid.clone()?,
            endorsements: endorsements
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            key,
        })
    }
}

/// The keys could not be fetched, and the requested key is not among the earlier ones, so its
/// signature cannot be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoKeys;

/// Cache of the keys, fetched when needed.
pub(super) struct KeyCache {
    source: Arc<dyn KeySource>,
    state: Mutex<State>,
    /// Held during a fetch: one fetch serves all waiting callers.
    fetching: AsyncMutex<()>,
}

#[derive(Default)]
struct State {
    keys: Vec<Arc<PublicKey>>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

impl State {
    fn find(&self, kid: &str) -> Option<Arc<PublicKey>> {
        self.keys.iter().find(|key| key.kid == kid).cloned()
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched_at
            .is_some_and(|fetched| now.since(fetched) < FRESH)
    }

    fn last_fetch_failed(&self) -> bool {
        self.fetched_at.is_none() || self.fetched_at < self.tried_at
    }

    fn may_fetch(&self, now: Timestamp) -> bool {
        let wait = if self.fetched_at.is_some() {
            REFETCH_WAIT
        } else {
            FIRST_WAIT
        };
        self.tried_at.is_none_or(|tried| now.since(tried) >= wait)
    }
}

impl KeyCache {
    pub(super) fn new(source: Arc<dyn KeySource>) -> Self {
        Self {
            source,
            state: Mutex::default(),
            fetching: AsyncMutex::new(()),
        }
    }

    /// Fetches the keys if there are none.
    pub(super) async fn warm(&self, now: Timestamp) {
        self.fetch(now, |state| state.fetched_at.is_none()).await;
    }

    /// Finds the key with this id, fetching keys if that is necessary and allowed.
    pub(super) async fn find(
        &self,
        kid: &str,
        now: Timestamp,
    ) -> Result<Option<Arc<PublicKey>>, NoKeys> {
        self.fetch(now, |state| {
            !state.is_fresh(now) || state.find(kid).is_none()
        })
        .await;
        let state = self.lock();
        match state.find(kid) {
            None if state.last_fetch_failed() => Err(NoKeys),
            found => Ok(found),
        }
    }

    /// Fetches once if `needed` and the last fetch is long enough ago.
    async fn fetch(&self, now: Timestamp, needed: impl Fn(&State) -> bool + Send + Sync) {
        if !needed(&self.lock()) {
            return;
        }
        // A caller that may not fetch still waits for a fetch in progress.
        let _fetching = self.fetching.lock().await;
        {
            let mut state = self.lock();
            if !(needed(&state) && state.may_fetch(now)) {
                return;
            }
            // Recorded first: a call that is dropped while waiting must not make the next one
            // fetch.
            state.tried_at = Some(now);
        }
        match self.source.fetch().await.map(|body| read_keys(&body)) {
            Ok(keys) if !keys.is_empty() => {
                let mut state = self.lock();
                state.keys = keys;
                state.fetched_at = Some(now);
            }
            // The old keys stay in use.
            Ok(_) | Err(_) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent whenever the lock is free, even after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The usable keys of a key set; everything else in it is ignored.
fn read_keys(body: &[u8]) -> Vec<Arc<PublicKey>> {
    let set: Value = json::read(body).unwrap_or_default();
    let keys = set.get("keys").and_then(Value::as_array);
    keys.into_iter()
        .flatten()
        .filter_map(PublicKey::read)
        .take(KEYS_MAX)
        .map(Arc::new)
        .collect()
}
