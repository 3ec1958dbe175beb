//! Connectors with their secrets opened, cached for a few seconds in one sandbox (DESIGN §3.2).

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    chat::repeats::Repeats,
    connector::Connector,
    ids::ConnectorId,
    ports::{ConnectorReader, SecretVault},
    secret::Secret,
};
use vestibule_providers::catalogue::{self, connector_kind, keeps_previous};

/// Time for which a connector is cached.
pub const CACHE_TIME: Duration = Duration::from_secs(10);
/// Minimum time between a read and another one caused by a failed signature.
pub const FRESH_READ_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum number of cached connectors; unknown ids count too.
const ENTRIES_MAX: usize = 500;

/// A connector with its secrets in the clear.
pub struct OpenConnector {
    /// The connector.
    pub connector: Connector,
    /// The opened secrets by field name.
    pub secrets: BTreeMap<String, Secret>,
}

impl fmt::Debug for OpenConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenConnector")
            .field("id", &self.connector.id)
            .finish_non_exhaustive()
    }
}

impl OpenConnector {
    /// Opens those of these secrets that the connector has. The previous secret of a rotation is left
    /// out once its grace period is over.
    pub async fn open(
        connector: Connector,
        fields: &[&str],
        vault: &dyn SecretVault,
        now: Timestamp,
    ) -> Result<Self, PortError> {
        let has_lapsed = connector.webhook.previous_has_lapsed(now);
        let kind = connector_kind(&connector.provider).filter(|_| has_lapsed);
        let mut secrets = BTreeMap::new();
        for field in fields {
            if kind.is_some_and(|kind| keeps_previous(kind, field)) {
                continue;
            }
            let context = connector.secret_context(field);
            if let Some(secret) = vault.open(&connector.secrets, field, &context).await? {
                secrets.insert((*field).to_owned(), secret);
            }
        }
        Ok(Self { connector, secrets })
    }
}

/// The time during which an event of the connector's platform may come again.
#[must_use]
pub fn repeats(connector: &Connector) -> Repeats {
    catalogue::repeats(&connector.provider)
}

/// Finds connectors and caches them, including the absence of one.
pub struct ConnectorCache {
    reader: Arc<dyn ConnectorReader>,
    vault: Arc<dyn SecretVault>,
    clock: Arc<dyn Clock>,
    fields: &'static [&'static str],
    entries: Mutex<HashMap<ConnectorId, Entry>>,
}

#[derive(Clone)]
struct Entry {
    read_at: Timestamp,
    found: Option<Arc<OpenConnector>>,
}

impl Entry {
    /// Whether a previous secret was still valid when it was opened, and no longer is.
    fn has_lapsed_by(&self, now: Timestamp) -> bool {
        self.found.as_ref().is_some_and(|open| {
            let webhook = &open.connector.webhook;
            !webhook.previous_has_lapsed(self.read_at) && webhook.previous_has_lapsed(now)
        })
    }
}

impl fmt::Debug for ConnectorCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorCache").finish_non_exhaustive()
    }
}

impl ConnectorCache {
    /// Creates an empty cache that opens these secrets.
    #[must_use]
    pub fn new(
        reader: Arc<dyn ConnectorReader>,
        vault: Arc<dyn SecretVault>,
        clock: Arc<dyn Clock>,
        fields: &'static [&'static str],
    ) -> Self {
        Self {
            reader,
            vault,
            clock,
            fields,
            entries: Mutex::default(),
        }
    }

    /// Finds the connector, at most [`CACHE_TIME`] old.
    pub async fn find(&self, id: ConnectorId) -> Result<Option<Arc<OpenConnector>>, PortError> {
        self.find_no_older(id, CACHE_TIME).await
    }

    /// Reads the connector again, unless it was read within [`FRESH_READ_INTERVAL`]: a flood of bad
    /// signatures must not become a flood of reads.
    pub async fn find_fresh(
        &self,
        id: ConnectorId,
    ) -> Result<Option<Arc<OpenConnector>>, PortError> {
        self.find_no_older(id, FRESH_READ_INTERVAL).await
    }

    /// Reads the connector again, however recently it was read. For a caller whom the platform has just refused
    /// the connector's credentials.
    pub async fn read(&self, id: ConnectorId) -> Result<Option<Arc<OpenConnector>>, PortError> {
        self.find_no_older(id, Duration::ZERO).await
    }

    async fn find_no_older(
        &self,
        id: ConnectorId,
        age_max: Duration,
    ) -> Result<Option<Arc<OpenConnector>>, PortError> {
        let now = self.clock.now();
        if let Some(entry) = self.lock().get(&id)
            && now.since(entry.read_at) < age_max
            && !entry.has_lapsed_by(now)
        {
            return Ok(entry.found.clone());
        }
        let found = match self.reader.find_connector(id).await? {
            None => None,
            Some(connector) => Some(Arc::new(
                OpenConnector::open(connector, self.fields, self.vault.as_ref(), now).await?,
            )),
        };
        let mut entries = self.lock();
        if entries.len() >= ENTRIES_MAX {
            // Made-up ids are evicted first.
            entries
                .retain(|_, entry| entry.found.is_some() && now.since(entry.read_at) < CACHE_TIME);
        }
        if entries.len() < ENTRIES_MAX {
            let found = found.clone();
            entries.insert(
                id,
                Entry {
                    read_at: now,
                    found,
                },
            );
        }
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ConnectorId, Entry>> {
        // A panic elsewhere cannot leave the map half-written: it is consistent whenever the lock is
        // free.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
