//! Microsoft's signing keys, and when they are fetched (PROVIDERS §2.2).
//!
//! Anybody can post a token that names any key, so a token alone never causes a fetch: fetches are
//! apart by a fixed time, whatever is asked for. Keys once fetched stay in use until newer ones came.

use super::jwt;
use async_trait::async_trait;
use futures_util::lock::Mutex as AsyncMutex;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::Timestamp;

/// Longest time that one fetch may take: a webhook call has less than two seconds for everything.
pub const FETCH_MAX: Duration = Duration::from_secs(1);

/// How long keys are taken for the current ones.
const FRESH: Duration = Duration::from_hours(24);
/// The shortest time between two fetches while there are keys.
const REFETCH_WAIT: Duration = Duration::from_mins(5);
/// The shortest time between two fetches while there are none, and nothing can be checked.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Most keys that are kept. Microsoft publishes about ten.
const KEYS_MAX: usize = 100;

/// Where the keys come from.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// Fetches the `OpenID` metadata document, then the key set (JWKS) that it names, and returns the
    /// latter as it came. MUST take no longer than [`FETCH_MAX`], follow no redirects, and go to no
    /// other origin than the metadata's, whose address is configured.
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError>;
}

/// The keys could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing keys cannot be fetched: {reason}")]
pub struct KeySourceError {
    /// Why, for the log.
    pub reason: String,
}

/// A key that signs tokens.
pub(super) struct PublicKey {
    kid: String,
    endorsements: Vec<String>,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl PublicKey {
    /// Whether the key may speak for this channel.
    pub(super) fn is_endorsed_for(&self, channel: &str) -> bool {
        self.endorsements.iter().any(|name| name == channel)
    }

    /// Whether it made this signature.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let components = RsaPublicKeyComponents {
            n: &self.modulus,
            e: &self.exponent,
        };
        components
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let is_for_signing = text("use").is_none_or(|purpose| purpose == "sig");
        if text("kty") != Some("RSA") || !is_for_signing {
            return None;
        }
        let number = |name: &str| {
            let bytes = jwt::bytes(text(name)?)?;
            // Some encoders put a zero in front; `ring` wants none.
            let zeros = bytes.iter().take_while(|b| **b == 0).count();
            bytes.get(zeros..).map(<[u8]>::to_vec)
        };
        let endorsements = jwk.get("endorsements").and_then(Value::as_array);
        Some(Self {
            kid: text("kid").filter(|kid| !kid.is_empty())?.to_owned(),
            endorsements: endorsements
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect(),
            modulus: number("n")?,
            exponent: number("e")?,
        })
    }
}

/// The keys could not be fetched, and this one is not among those that were before: nothing can be said
/// about what it signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoKeys;

/// The keys, fetched when needed.
pub(super) struct KeyCache {
    source: Arc<dyn KeySource>,
    state: Mutex<State>,
    /// Held while fetching: one fetch serves all who wait for it.
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

    /// The key of this id, fetched if it has to be and may be.
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

    /// Fetches once if `needed` and it is time.
    async fn fetch(&self, now: Timestamp, needed: impl Fn(&State) -> bool + Send + Sync) {
        if !needed(&self.lock()) {
            return;
        }
        // Whoever may not fetch waits all the same for a fetch that is under way.
        let _fetching = self.fetching.lock().await;
        {
            let mut state = self.lock();
            if !(needed(&state) && state.may_fetch(now)) {
                return;
            }
            // Noted first: a call that is dropped while it waits must not make the next one fetch.
            state.tried_at = Some(now);
        }
        match self.source.fetch().await.map(|body| read_keys(&body)) {
            Ok(keys) if !keys.is_empty() => {
                let mut state = self.lock();
                state.keys = keys;
                state.fetched_at = Some(now);
            }
            // The old ones stay in use.
            Ok(_) | Err(_) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole whenever the lock is free: a panic elsewhere cannot have torn it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys of a key set that can be used; what else stands in it is left out.
fn read_keys(body: &[u8]) -> Vec<Arc<PublicKey>> {
    let set: Value = serde_json::from_slice(body).unwrap_or_default();
    let keys = set.get("keys").and_then(Value::as_array);
    keys.into_iter()
        .flatten()
        .filter_map(PublicKey::read)
        .take(KEYS_MAX)
        .map(Arc::new)
        .collect()
}
