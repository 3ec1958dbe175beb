//! When a connector may call its platform: one row per connector, with the instant its next text is due
//! and the times that its platform asked us to wait for.

use super::{
    keys,
    table::{Attributes, Conditional, Table, n},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::{collections::HashMap, time::Duration};
use vestibule_domain::{
    PortError, Timestamp,
    ids::ConnectorId,
    ports::{Limited, Pace, PaceReader, SEND_BURST, SendPacer, Turn},
};

/// Longest wait that a worker is asked for.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// When the connector's next text is due, milliseconds since 1970.
const DUE: &str = "due";
/// Milliseconds between two texts.
const INTERVAL: &str = "interval_ms";
/// The platform is not to be called before.
const NOT_BEFORE: &str = "not_before";
/// No profile is to be asked for before.
const PROFILES_NOT_BEFORE: &str = "profiles_not_before";

/// See [`SendPacer`].
#[derive(Debug, Clone)]
pub struct DynamoSendPacer {
    table: Table,
}

impl DynamoSendPacer {
    /// On this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

fn millis(row: &Attributes, name: &str) -> Option<i64> {
    let AttributeValue::N(number) = row.get(name)? else {
        return None;
    };
    number.parse().ok()
}

fn time(row: &Attributes, name: &str) -> Option<Timestamp> {
    millis(row, name).map(Timestamp::from_millis)
}

/// How long it is until a time of the row that is still to come.
fn wait(row: &Attributes, name: &str, now: Timestamp) -> Option<Duration> {
    time(row, name)
        .filter(|until| *until > now)
        .map(|until| until.since(now))
}

/// The pace that a row tells of. A connector that was only told to wait has no text due.
fn pace(row: &Attributes) -> Pace {
    let interval = millis(row, INTERVAL).and_then(|millis| u64::try_from(millis).ok());
    Pace {
        due: time(row, DUE).unwrap_or(Timestamp::from_millis(0)),
        interval: Duration::from_millis(interval.unwrap_or_default()),
        not_before: time(row, NOT_BEFORE),
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
            Conditional::Done(_) => return Ok(Turn::After(Duration::ZERO)),
            Conditional::Failed(row) => row,
        };
        if let Some(paused) = row.and_then(|row| wait(&row, NOT_BEFORE, now)) {
            return Ok(Turn::Paused(paused));
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
        let row = row.unwrap_or_default();
        if let (false, Some(paused)) = (taken, wait(&row, NOT_BEFORE, now)) {
            return Ok(Turn::Paused(paused));
        }
        let due =
            time(&row, DUE).ok_or_else(|| PortError::corrupt("pace", "it has no instant"))?;
        Ok(if taken {
            Turn::After(due.since(now).saturating_sub(interval + allowance))
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
        let row: Option<Attributes> = self.table.get(&key, "pace").await?;
        let row = row.unwrap_or_default();
        Ok(wait(&row, NOT_BEFORE, now).max(wait(&row, PROFILES_NOT_BEFORE, now)))
    }

    async fn pause(
        &self,
        connector_id: ConnectorId,
        what: Limited,
        until: Timestamp,
    ) -> Result<(), PortError> {
        let attribute = match what {
            Limited::Texts => NOT_BEFORE,
            Limited::Profiles => PROFILES_NOT_BEFORE,
        };
        let update = self.table.update_part(
            &keys::pace(connector_id),
            "SET #until = :until",
            "attribute_not_exists(#until) OR #until < :until",
            &[("#until", attribute)],
            &[(":until", n(until.millis()))],
        )?;
        // A failed condition is a longer wait that is known already.
        self.table.update(update).await.map(|_| ())
    }
}

#[async_trait]
impl PaceReader for DynamoSendPacer {
    async fn paces(
        &self,
        connectors: &[ConnectorId],
    ) -> Result<HashMap<ConnectorId, Pace>, PortError> {
        let keys: Vec<keys::Key> = connectors.iter().copied().map(keys::pace).collect();
        let rows = self.table.get_batch(&keys).await?;
        Ok(connectors
            .iter()
            .zip(&keys)
            .filter_map(|(id, key)| Some((*id, pace(rows.get(key)?))))
            .collect())
    }
}
