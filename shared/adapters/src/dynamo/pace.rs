//! When a connector may send: one number per connector, the instant its next text is due.

use super::{
    keys,
    table::{Attributes, Conditional, Table, n},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    ids::ConnectorId,
    ports::{SendPacer, Turn},
};

/// Texts that may go out at once after a pause: platforms allow short bursts.
const BURST: u32 = 10;
/// Longest wait that a worker is asked for.
const WAIT_MAX: Duration = Duration::from_secs(3);

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

fn due(row: &Attributes) -> Option<Timestamp> {
    let AttributeValue::N(number) = row.get("due")? else {
        return None;
    };
    number.parse().ok().map(Timestamp::from_millis)
}

#[async_trait]
impl SendPacer for DynamoSendPacer {
    async fn take_turn(
        &self,
        connector_id: ConnectorId,
        interval: Duration,
        now: Timestamp,
    ) -> Result<Turn, PortError> {
        let key = keys::pace(connector_id);
        // After a pause, turns count from the present.
        let first = self.table.update_part(
            &key,
            "SET due = :next",
            "attribute_not_exists(pk) OR due <= :now",
            &[],
            &[
                (":next", n(now.plus(interval).millis())),
                (":now", n(now.millis())),
            ],
        )?;
        if let Conditional::Done(_) = self.table.update(first).await? {
            return Ok(Turn::After(Duration::ZERO));
        }
        let allowance = interval * BURST;
        let last = now.plus(WAIT_MAX).plus(allowance);
        let next = self.table.update_part(
            &key,
            "SET due = due + :interval",
            "due <= :last",
            &[],
            &[
                (":interval", n(interval.as_millis())),
                (":last", n(last.millis())),
            ],
        )?;
        let (row, taken) = match self.table.update(next).await? {
            Conditional::Done(row) => (row, true),
            Conditional::Failed(row) => (row, false),
        };
        let due = row
            .as_ref()
            .and_then(due)
            .ok_or_else(|| PortError::corrupt("pace", "it has no instant"))?;
        Ok(if taken {
            Turn::After(due.since(now).saturating_sub(interval + allowance))
        } else {
            Turn::Crowded(due.since(now).saturating_sub(allowance))
        })
    }
}
