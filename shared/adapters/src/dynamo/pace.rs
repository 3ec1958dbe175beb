//! The pace of calls to a connector's platform: one row per connector, with the time at which the
//! next text is due and the times until which the platform asked us to wait.

use super::{
    keys,
    table::{Attributes, Conditional, Table, from_row, n, update_write},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::Update;
use serde::Deserialize;
use std::{collections::HashMap, time::Duration};
use vestibule_domain::{
    PortError, Timestamp,
    connector::Connector,
    event::{
        occasions::{connector_failing, connector_recovered},
        outgoing::OutgoingEvent,
    },
    ids::ConnectorId,
    ports::{Limited, Pace, PaceReader, SEND_BURST, SendPacer, Turn},
};

/// Longest wait that a worker is asked for.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// See [`SendPacer`].
#[derive(Debug, Clone)]
pub struct DynamoSendPacer {
    table: Table,
}

impl DynamoSendPacer {
    /// Makes the pacer on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Changes whether the platform refuses a connector's calls, and tells it. That the condition fails is no error:
    /// another worker was first.
    async fn tell(&self, update: Update, event: &OutgoingEvent) -> Result<(), PortError> {
        let event = self.table.outgoing_event_write(event)?;
        let writes = vec![update_write(update), event];
        self.table.transact(writes).await.map(|_| ())
    }
}

/// The row of a connector's pace; times in milliseconds since 1970.
#[derive(Debug, Default, Deserialize)]
struct PaceItem {
    /// Due time of the next text. A connector that has only been paused has none.
    due: Option<i64>,
    /// Time between two texts, in milliseconds.
    interval_ms: Option<u64>,
    /// Time before which the platform is not to be called.
    not_before: Option<i64>,
    /// Time before which no profile is to be queried.
    profiles_not_before: Option<i64>,
    /// Time of the first refusal, while the platform refuses the connector's calls.
    refused_since: Option<i64>,
}

impl PaceItem {
    fn read(row: Option<Attributes>) -> Result<Self, PortError> {
        row.map_or_else(|| Ok(Self::default()), |row| from_row(row, "pace"))
    }

    /// The turn that is granted after this wait.
    fn granted(&self, wait: Duration) -> Turn {
        self.refused_since
            .map_or(Turn::After(wait), |since| Turn::AfterRefusal {
                wait,
                since: Timestamp::from_millis(since),
            })
    }

    fn paused(&self, now: Timestamp) -> Option<Duration> {
        ahead(self.not_before, now)
    }
}

/// Whether the platform of the connector with this row is not to be called. A row that cannot be read counts as none.
pub(super) fn is_paused(row: Option<Attributes>, now: Timestamp) -> bool {
    PaceItem::read(row).is_ok_and(|item| item.paused(now).is_some())
}

/// Returns the time left until a future time.
fn ahead(at: Option<i64>, now: Timestamp) -> Option<Duration> {
    at.map(Timestamp::from_millis)
        .filter(|at| *at > now)
        .map(|at| at.since(now))
}

impl From<PaceItem> for Pace {
    fn from(item: PaceItem) -> Self {
        Self {
            due: Timestamp::from_millis(item.due.unwrap_or_default()),
            interval: Duration::from_millis(item.interval_ms.unwrap_or_default()),
            not_before: item.not_before.map(Timestamp::from_millis),
        }
    }
}

#[async_trait]
impl SendPacer for DynamoSendPacer {
    async fn take_turn(
        &self,
        connector_id: ConnectorId,
        interval: Duration,
        now: Timestamp,
    ) -> Result<Turn, PortError> {
        const CALLED: &str = "(attribute_not_exists(not_before) OR not_before <= :now)";
        let key = keys::pace(connector_id);
        // After a pause, turns count from the present.
        let first = self.table.update_part(
            &key,
            "SET due = :next, interval_ms = :interval",
            &format!("(attribute_not_exists(due) OR due <= :now) AND {CALLED}"),
            &[],
            &[
                (":next", n(now.plus(interval).millis())),
                (":interval", n(interval.as_millis())),
                (":now", n(now.millis())),
            ],
        )?;
        let row = match self.table.update(first).await? {
            Conditional::Done(row) => {
                // The turn is taken, whatever else the row says.
                let item = PaceItem::read(row).unwrap_or_default();
                return Ok(item.granted(Duration::ZERO));
            }
            Conditional::Failed(row) => row,
        };
        if let Some(wait) = PaceItem::read(row)?.paused(now) {
            return Ok(Turn::Paused(wait));
        }
        let allowance = interval * SEND_BURST;
        let last = now.plus(WAIT_MAX).plus(allowance);
        let next = self.table.update_part(
            &key,
            "SET due = due + :interval",
            &format!("due <= :last AND {CALLED}"),
            &[],
            &[
                (":interval", n(interval.as_millis())),
                (":last", n(last.millis())),
                (":now", n(now.millis())),
            ],
        )?;
        let (row, taken) = match self.table.update(next).await? {
            Conditional::Done(row) => (row, true),
            Conditional::Failed(row) => (row, false),
        };
        let item = PaceItem::read(row)?;
        if let (false, Some(wait)) = (taken, item.paused(now)) {
            return Ok(Turn::Paused(wait));
        }
        let due = Timestamp::from_millis(item.due.unwrap_or_default());
        Ok(if taken {
            item.granted(due.since(now).saturating_sub(interval + allowance))
        } else {
            Turn::Crowded(due.since(now).saturating_sub(allowance))
        })
    }

    async fn profiles_paused(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<Option<Duration>, PortError> {
        let key = keys::pace(connector_id);
        let item: Option<PaceItem> = self.table.get(&key, "pace").await?;
        let item = item.unwrap_or_default();
        Ok(item.paused(now).max(ahead(item.profiles_not_before, now)))
    }

    async fn pause(
        &self,
        connector_id: ConnectorId,
        what: Limited,
        until: Timestamp,
    ) -> Result<(), PortError> {
        let attribute = match what {
            Limited::Texts => "not_before",
            Limited::Profiles => "profiles_not_before",
        };
        let update = self.table.update_part(
            &keys::pace(connector_id),
            "SET #until = :until",
            "attribute_not_exists(#until) OR #until < :until",
            &[("#until", attribute)],
            &[(":until", n(until.millis()))],
        )?;
        // The condition fails when a longer wait is already on record.
        self.table.update(update).await.map(|_| ())
    }

    async fn note_refused(
        &self,
        connector: &Connector,
        class: &str,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::pace(connector.id),
            "SET refused_since = :now",
            "attribute_not_exists(refused_since)",
            &[],
            &[(":now", n(now.millis()))],
        )?;
        let event = connector_failing(connector, class, now);
        self.tell(update, &event).await
    }

    async fn note_taken(
        &self,
        connector: &Connector,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::pace(connector.id),
            "REMOVE refused_since",
            "refused_since = :since",
            &[],
            &[(":since", n(since.millis()))],
        )?;
        let event = connector_recovered(connector, since, now);
        self.tell(update, &event).await
    }
}

#[async_trait]
impl PaceReader for DynamoSendPacer {
    async fn paces(
        &self,
        connectors: &[ConnectorId],
    ) -> Result<HashMap<ConnectorId, Pace>, PortError> {
        let keys: Vec<keys::Key> = connectors.iter().copied().map(keys::pace).collect();
        let mut rows = self.table.get_batch(&keys).await?;
        let paces = connectors.iter().zip(&keys).filter_map(|(id, key)| {
            let item: Result<PaceItem, PortError> = from_row(rows.remove(key)?, "pace");
            // A row that cannot be read counts as none: it must not hide the other connectors' paces.
            Some((*id, item.ok()?.into()))
        });
        Ok(paces.collect())
    }
}
