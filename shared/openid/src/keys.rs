//! Documents and keys of providers, as they were last fetched.

use crate::{
    discovery::{Discovered, discover},
    problem::{ProviderProblem, Step},
    transport::{ProviderCall, ProviderTransport},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::Timestamp;
use vestibule_jose::{Jwks, Key, Token};

/// Time for which a document or a key set counts as current.
const FRESH: Duration = Duration::from_hours(1);
/// Shortest time between two fetches of a provider's keys for a key that it does not have.
const REFETCH_WAIT: Duration = Duration::from_mins(1);
/// Time for which a provider without a usable document is not asked again: a call to one that is down takes seconds, and
/// others wait behind it.
const FAILED_WAIT: Duration = Duration::from_mins(1);
/// Largest number of providers that are remembered.
const PROVIDERS_MAX: usize = 100;

/// Keys of each provider, as they were last fetched. A provider can change nothing of another one's: everything is
/// kept under the issuer.
#[derive(Default)]
pub struct KeySets(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    known: BTreeMap<String, Known>,
    failed: BTreeMap<String, (ProviderProblem, Timestamp)>,
}

#[derive(Clone)]
struct Known {
    provider: Discovered,
    discovered_at: Timestamp,
    keys: Option<(Jwks, Timestamp)>,
}

impl fmt::Debug for KeySets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySets").finish_non_exhaustive()
    }
}

impl KeySets {
    /// The provider with this issuer, fetched if the last document is too old. A failure is told for a minute without
    /// another fetch.
    pub async fn provider(
        &self,
        transport: &dyn ProviderTransport,
        issuer: &str,
        now: Timestamp,
    ) -> Result<Discovered, ProviderProblem> {
        if let Some(known) = self.known(issuer)
            && now.since(known.discovered_at) < FRESH
        {
            return Ok(known.provider);
        }
        if let Some(problem) = self.failure(issuer, now) {
            return Err(problem);
        }
        let provider = discover(transport, issuer)
            .await
            .inspect_err(|problem| self.note_failure(issuer, problem, now))?;
        let mut memory = self.lock();
        memory.failed.remove(issuer);
        let all = &mut memory.known;
        let keys = all
            .remove(issuer)
            .filter(|known| known.provider.jwks_uri == provider.jwks_uri)
            .and_then(|known| known.keys);
        if all.len() >= PROVIDERS_MAX {
            all.clear();
        }
        let known = Known {
            provider: provider.clone(),
            discovered_at: now,
            keys,
        };
        all.insert(issuer.to_owned(), known);
        Ok(provider)
    }

    /// The key that signed a token of this provider. An unknown key makes us fetch the keys again, at most once a
    /// minute.
    pub(crate) async fn find(
        &self,
        transport: &dyn ProviderTransport,
        provider: &Discovered,
        token: &Token<'_>,
        now: Timestamp,
    ) -> Result<Arc<Key>, ProviderProblem> {
        let unknown = || Step::Keys.failed("the provider has no key that the token names");
        if let Some((keys, fetched_at)) = self.keys_of(provider) {
            let age = now.since(fetched_at);
            if let Some(key) = keys.find(token).filter(|_| age < FRESH) {
                return Ok(key);
            }
            if age < REFETCH_WAIT {
                return Err(unknown());
            }
        }
        let keys = fetch(transport, provider).await?;
        let found = keys.find(token);
        if let Some(known) = self.lock().known.get_mut(&provider.issuer) {
            known.keys = Some((keys, now));
        }
        found.ok_or_else(unknown)
    }

    fn keys_of(&self, provider: &Discovered) -> Option<(Jwks, Timestamp)> {
        self.known(&provider.issuer)
            .filter(|known| known.provider.jwks_uri == provider.jwks_uri)?
            .keys
    }

    fn known(&self, issuer: &str) -> Option<Known> {
        self.lock().known.get(issuer).cloned()
    }

    /// The failure of a provider, if it is less than a minute old.
    fn failure(&self, issuer: &str, now: Timestamp) -> Option<ProviderProblem> {
        let memory = self.lock();
        let (problem, at) = memory.failed.get(issuer)?;
        (now.since(*at) < FAILED_WAIT).then(|| problem.clone())
    }

    fn note_failure(&self, issuer: &str, problem: &ProviderProblem, now: Timestamp) {
        let mut memory = self.lock();
        if memory.failed.len() >= PROVIDERS_MAX {
            memory.failed.clear();
        }
        let failure = (problem.clone(), now);
        memory.failed.insert(issuer.to_owned(), failure);
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        // The memory is consistent whenever the lock is free, even after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn fetch(
    transport: &dyn ProviderTransport,
    provider: &Discovered,
) -> Result<Jwks, ProviderProblem> {
    let failed = |reason: &str| Step::Keys.failed(reason);
    let call = ProviderCall {
        url: provider.jwks_uri.clone(),
        form: None,
        authorization: None,
    };
    let answer = transport.call(&call).await;
    let answer = answer.map_err(|failure| failed(&failure.reason))?;
    let body = Step::Keys.body(answer)?;
    Jwks::read(&body).ok_or_else(|| failed("the answer is no set of keys"))
}
