//! The time of each connector's last message, in the rows of its tallies.
//!
//! It is written in a transaction that stores the message anyway, once a minute by each process: no call more, and
//! no row that all messages of a busy connector write. It never holds the message up.

use super::table::{Cancelled, Table, Transacted};
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp, chat::change::DeliveryEvent, ids::ConnectorId,
    job::DeliverMessage,
};

/// Time after which a process notes another message of the same connector.
const NOTED_EVERY: Duration = Duration::from_mins(1);
/// Maximum number of connectors whose notes a process remembers.
const CONNECTORS_MAX: usize = 1000;

/// A message of a person that came in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) scope: ProjectScope,
    pub(super) connector_id: ConnectorId,
    pub(super) at: Timestamp,
}

impl Arrival {
    /// The message of a job; `None` for a change of an earlier one.
    pub(super) fn of(job: &DeliverMessage) -> Option<Self> {
        match job.event {
            DeliveryEvent::Received | DeliveryEvent::Unsupported => Some(Self {
                scope: job.scope,
                connector_id: job.connector_id,
                at: job.received_at,
            }),
            DeliveryEvent::Edited { .. } | DeliveryEvent::Deleted { .. } => None,
        }
    }
}

/// The messages that this process noted last.
#[derive(Debug, Clone, Default)]
pub(super) struct LastMessages(Arc<Mutex<HashMap<ConnectorId, Timestamp>>>);

impl LastMessages {
    /// Makes the writes, with the message's note if one is due. The reasons of a cancelled transaction are those of
    /// the writes.
    pub(super) async fn transact(
        &self,
        table: &Table,
        mut writes: Vec<TransactWriteItem>,
        arrival: Option<Arrival>,
    ) -> Result<Transacted, PortError> {
        let Some(arrival) = arrival.filter(|arrival| self.is_due(arrival)) else {
            return table.transact(writes).await;
        };
        let without = writes.clone();
        let note = table.last_message_write(arrival.scope, arrival.connector_id, arrival.at);
        writes.push(note?);
        match table.transact(writes).await? {
            Transacted::Done => {
                self.learn(&arrival);
                Ok(Transacted::Done)
            }
            Transacted::Cancelled(mut reasons) => match reasons.pop() {
                None | Some(Cancelled::NotThis) => Ok(Transacted::Cancelled(reasons)),
                // A later message is on record, or another transaction has the row.
                Some(Cancelled::Condition(_) | Cancelled::Contended) => {
                    table.transact(without).await
                }
            },
        }
    }

    fn is_due(&self, arrival: &Arrival) -> bool {
        let noted = self.lock().get(&arrival.connector_id).copied();
        noted.is_none_or(|noted| arrival.at.since(noted) >= NOTED_EVERY)
    }

    fn learn(&self, arrival: &Arrival) {
        let mut noted = self.lock();
        if noted.len() >= CONNECTORS_MAX {
            noted.clear();
        }
        noted.insert(arrival.connector_id, arrival.at);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectorId, Timestamp>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, ProjectId},
    };

    fn arrival(connector: &str, second: i64) -> Arrival {
        Arrival {
            scope: AccountScope::of_verified(AccountId::derive(&["a"]))
                .project(ProjectId::derive(&["p"])),
            connector_id: ConnectorId::derive(&[connector]),
            at: Timestamp::from_millis(second * 1000),
        }
    }

    #[test]
    fn a_process_notes_one_message_a_minute_of_each_connector() {
        let noted = LastMessages::default();
        assert!(noted.is_due(&arrival("c", 100)));
        noted.learn(&arrival("c", 100));
        for second in [0, 100, 159] {
            assert!(!noted.is_due(&arrival("c", second)), "{second}");
        }
        assert!(noted.is_due(&arrival("c", 160)));
        assert!(noted.is_due(&arrival("other", 100)));
    }

    #[test]
    fn the_notes_of_many_connectors_are_forgotten_before_they_fill_the_memory() {
        let noted = LastMessages::default();
        for number in 0..=CONNECTORS_MAX {
            noted.learn(&arrival(&number.to_string(), 1));
        }
        assert_eq!(noted.lock().len(), 1);
    }
}
