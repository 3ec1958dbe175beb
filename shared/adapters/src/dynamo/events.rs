//! Events that were handled: a row for each of their keys, in a partition of its own. No item grows
//! with the number of events, and nobody's messages push out the keys of others.

use super::{
    items::HandledEventItem,
    keys::{self, Key},
    table::{Attributes, Table, from_row, n, put_write, take},
};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use std::collections::{BTreeSet, HashMap};
use vestibule_domain::{PortError, Timestamp, chat::repeats::HandledEvent, ids::ConnectorId};

/// Returns the keys of an event's rows, each once.
pub(super) fn rows_of(connector_id: ConnectorId, event_keys: &[String]) -> Vec<Key> {
    let once: BTreeSet<&String> = event_keys.iter().collect();
    once.into_iter()
        .map(|key| keys::handled_event(connector_id, key))
        .collect()
}

/// Takes an event's rows out of a batch, without those that do not count any longer.
pub(super) fn take_rows(
    rows: &mut HashMap<Key, Attributes>,
    keys: &[Key],
    now: Timestamp,
) -> Result<Vec<HandledEventItem>, PortError> {
    let mut found = Vec::new();
    for key in keys {
        if let Some(row) = rows.remove(key) {
            let item: HandledEventItem = from_row(row, "handled event")?;
            found.extend(Some(item).filter(|item| item.counts(now)));
        }
    }
    Ok(found)
}

impl Table {
    /// Makes the writes that remember an event whose message is taken in. Each condition fails when
    /// the event was handled before.
    pub(super) fn taken_writes(
        &self,
        event: &HandledEvent,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let puts = self.taken_puts(event)?;
        Ok(puts.into_iter().map(put_write).collect())
    }

    fn taken_puts(&self, event: &HandledEvent) -> Result<Vec<Put>, PortError> {
        event
            .keys
            .iter()
            .map(|key| {
                self.put_part(
                    &HandledEventItem::taken(event, key),
                    "attribute_not_exists(pk) OR expires_at <= :now",
                    &[(":now", n(event.at.seconds()))],
                )
            })
            .collect()
    }

    /// Makes the writes that remember an event whose message is delivered, and is on record under this number.
    /// Each condition fails when the message was delivered before.
    pub(super) fn delivered_writes(
        &self,
        event: &HandledEvent,
        message_number: Option<u64>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let rows = event.keys.iter();
        let rows = rows.map(|key| HandledEventItem::delivered(event, key, message_number));
        self.unless_delivered(event, rows)
    }

    /// Makes the writes that remember an event whose message waits for its agent, or was given up. Each condition fails
    /// when the message was delivered.
    pub(super) fn waiting_writes(
        &self,
        event: &HandledEvent,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let rows = event.keys.iter();
        let rows = rows.map(|key| HandledEventItem::waiting(event, key));
        self.unless_delivered(event, rows)
    }

    fn unless_delivered(
        &self,
        event: &HandledEvent,
        rows: impl Iterator<Item = HandledEventItem>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        rows.map(|row| {
            let put = self.put_part(
                &row,
                "attribute_not_exists(delivered_at) OR expires_at <= :now",
                &[(":now", n(event.at.seconds()))],
            )?;
            Ok(put_write(put))
        })
        .collect()
    }

    /// Returns the number of the message on record that the first of these events brought, or else the
    /// second. An event that is too old to come again still leads to its message while its row is there.
    pub(super) async fn message_number(
        &self,
        connector_id: ConnectorId,
        event_keys: &[String; 2],
    ) -> Result<Option<u64>, PortError> {
        let keys = event_keys
            .each_ref()
            .map(|key| keys::handled_event(connector_id, key));
        let mut rows = self.get_batch(&keys).await?;
        for key in &keys {
            let item = take::<HandledEventItem>(&mut rows, key, "handled event")?;
            if let Some(number) = item.and_then(|item| item.message_number) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// Remembers an event by itself. Has no effect on one that is remembered already.
    pub(super) async fn remember(&self, event: &HandledEvent) -> Result<(), PortError> {
        for put in self.taken_puts(event)? {
            // The condition fails for an event that was handled before.
            self.put(put).await?;
        }
        Ok(())
    }

    /// Returns those of these event keys that are remembered.
    pub(super) async fn remembered(
        &self,
        connector_id: ConnectorId,
        event_keys: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<BTreeSet<String>, PortError> {
        let keys: Vec<Key> = event_keys
            .iter()
            .map(|key| keys::handled_event(connector_id, key))
            .collect();
        let mut rows = self.get_batch(&keys).await?;
        let mut remembered = BTreeSet::new();
        for (event_key, key) in event_keys.iter().zip(&keys) {
            let found = take_rows(&mut rows, std::slice::from_ref(key), now)?;
            if !found.is_empty() {
                remembered.insert(event_key.clone());
            }
        }
        Ok(remembered)
    }
}
