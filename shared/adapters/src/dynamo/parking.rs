//! The store of messages that wait for an agent.
//!
//! The row of a parked conversation exists exactly while messages of it wait, and its existence is what
//! parks further ones, so both kinds of writers put a condition on it: a message is added behind the last
//! one that was read, and the row goes only if nothing was added. Whoever makes the row orders a drain
//! before the message's job is acknowledged; the order goes only if none was made since the list was read.

use super::{
    agents::{WHAT, key_of_agent},
    items::{AgentItem, GivenUpItem, ParkedConversationItem, ParkedMessageItem, job_text},
    keys::{self, Key, PARKED_PREFIX},
    last_messages::{Arrival, LastMessages},
    lease::{LOST, SETTLED},
    marks::Marked,
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, delete_write, from_row, n,
        put_write, s, to_value, update_write,
    },
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::query::QueryOutput,
    types::{AttributeValue, Delete, TransactWriteItem, Update},
};
use std::collections::{HashMap, HashSet};
use vestibule_domain::{
    PortError, Timestamp,
    chat::change::DeliveryEvent,
    chat::given_up::GivenUpId,
    ids::ConversationId,
    job::{DeliverMessage, DrainParked},
    ports::{
        Claim, ClaimedAgent, GivenUp, Lease, OUTBOX_PATIENCE, Parked, ParkedConversation,
        ParkedMessage, Parking, ParkingStore, Postponement,
    },
};

/// The attribute of the agent's row that names the parked conversation at which the drain before ended.
const PLACE: &str = "drained_to";
/// Maximum number of reads in search of a parked message, the newest first: people delete what they wrote last.
/// One before all of these rows is not found.
const SEARCH_READS: usize = 12;
/// Number of rows of such a read.
const SEARCH_ROWS: usize = 50;

/// See [`ParkingStore`].
#[derive(Debug, Clone)]
pub struct DynamoParking {
    table: Table,
    last_messages: LastMessages,
}

impl DynamoParking {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            table,
            last_messages: LastMessages::default(),
        }
    }

    /// Makes the removal of the parked message with this number, but not of another one that has its number
    /// by now.
    fn removal(&self, job: &DeliverMessage, number: u64) -> Result<Delete, PortError> {
        self.table.delete_part(
            &message_key(job, number),
            "delivery_id = :id",
            &[(":id", s(job.delivery_id()))],
        )
    }

    /// Puts another job in the place of a parked message, for the same agent, unless that is gone.
    async fn replace(
        &self,
        message: &ParkedMessage,
        job: &DeliverMessage,
    ) -> Result<(), PortError> {
        let job = &DeliverMessage {
            environment_id: message.job.environment_id,
            ..job.clone()
        };
        let update = self.table.update_part(
            &message_key(&message.job, message.number),
            "SET job = :job, delivery_id = :new",
            "delivery_id = :id",
            &[],
            &[
                (":job", s(job_text(job)?)),
                (":new", s(job.delivery_id())),
                (":id", s(message.job.delivery_id())),
            ],
        )?;
        self.table.update(update).await.map(|_| ())
    }

    /// Reads the first rows of one partition whose sort key begins so, consistently.
    async fn rows(
        &self,
        first: &Key,
        start: Option<Attributes>,
        limit: usize,
    ) -> Result<Vec<Attributes>, PortError> {
        let answer = self.page(first, start, limit, true).await?;
        Ok(answer.items.unwrap_or_default())
    }

    /// Reads a page of rows of one partition whose sort key begins so, consistently, from the first or from the
    /// last.
    async fn page(
        &self,
        first: &Key,
        start: Option<Attributes>,
        limit: usize,
        is_forward: bool,
    ) -> Result<QueryOutput, PortError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        self.table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", s(&first.pk))
            .expression_attribute_values(":prefix", s(&first.sk))
            .consistent_read(true)
            .scan_index_forward(is_forward)
            .set_exclusive_start_key(start)
            .limit(limit)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (parked)", error))
    }
}

/// The rows of the messages that wait in a conversation.
fn messages_of(conversation: &ParkedConversation) -> Key {
    let DrainParked {
        scope,
        environment_id,
    } = conversation.agent;
    Key {
        pk: keys::conversation(scope, conversation.conversation_id).pk,
        sk: keys::parked_messages_prefix(environment_id),
    }
}

/// Whether what waits is the message that was deleted, or an edit of it.
fn is_deleted(waits: &DeliverMessage, deletion: &DeliverMessage, originals: &[String; 2]) -> bool {
    let [message, _] = originals;
    match &waits.event {
        DeliveryEvent::Received | DeliveryEvent::Unsupported => originals
            .iter()
            .any(|key| deletion.id_under(key) == waits.delivery_id()),
        DeliveryEvent::Edited { original_key } => original_key == message,
        DeliveryEvent::Deleted { .. } => false,
    }
}

fn conversation_key(conversation: &ParkedConversation) -> Key {
    let DrainParked {
        scope,
        environment_id,
    } = conversation.agent;
    keys::parked_conversation(scope, environment_id, conversation.conversation_id)
}

fn message_key(job: &DeliverMessage, number: u64) -> Key {
    let id = job.conversation.id;
    keys::parked_message(job.scope, job.environment_id, id, number)
}

impl Table {
    /// Makes the writes that park a message: the conversation's row, and the message behind the others.
    pub(super) fn parking_writes(
        &self,
        parking: &Parking<'_>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let fresh = "attribute_not_exists(pk)";
        let conversation = match parking.behind {
            None => {
                let item = ParkedConversationItem::first(parking);
                put_write(self.put_part(&item, fresh, &[])?)
            }
            Some(behind) => update_write(self.update_part(
                &conversation_key(&behind),
                "SET last_parked = :next",
                "last_parked = :last",
                &[],
                &[(":next", n(behind.last + 1)), (":last", n(behind.last))],
            )?),
        };
        let number = parking.behind.map_or(0, |behind| behind.last) + 1;
        let item = ParkedMessageItem::new(parking, number)?;
        let message = self.put_part(&item, fresh, &[])?;
        Ok(vec![conversation, put_write(message)])
    }

    /// Makes the write that orders a drain, to begin at `due` unless one is ordered for another time.
    pub(super) fn drain_order(
        &self,
        agent: DrainParked,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<Update, PortError> {
        let mark = Marked::by(agent.into()).waiting(due.max(now.plus(OUTBOX_PATIENCE)));
        self.update_part(
            &key_of_agent(agent),
            "SET outbox_pk = if_not_exists(outbox_pk, :part), \
             outbox_due = if_not_exists(outbox_due, :due), \
             not_before = if_not_exists(not_before, :not_before), \
             orders = if_not_exists(orders, :zero) + :one, \
             slots = if_not_exists(slots, :empty), \
             version = if_not_exists(version, :zero) + :one",
            // Any row will do, and none.
            "attribute_not_exists(pk) OR attribute_exists(pk)",
            &[],
            &[
                (":part", mark.pk()),
                (":due", mark.due()),
                (":not_before", n(due.millis())),
                (":zero", n(0)),
                (":one", n(1)),
                (":empty", AttributeValue::M(HashMap::new())),
            ],
        )
    }
}

fn claimed(job: DrainParked, lease: &Lease, item: &AgentItem) -> ClaimedAgent {
    ClaimedAgent {
        job,
        lease: lease.id,
        orders: item.orders,
        attempt: item.attempts,
        place: item.drained_to,
    }
}

#[async_trait]
impl ParkingStore for DynamoParking {
    async fn park(&self, parking: &Parking<'_>) -> Result<Parked, PortError> {
        let mut writes = self.table.parking_writes(parking)?;
        writes.push(self.table.writer_write(parking.job)?);
        if let Some(event) = parking.event {
            writes.extend(self.table.waiting_writes(event)?);
        }
        let arrival = Arrival::of(parking.job);
        let transacted = self.last_messages.transact(&self.table, writes, arrival);
        match transacted.await? {
            Transacted::Done => Ok(Parked::Parked),
            Transacted::Cancelled(reasons) => {
                let mut reasons = reasons.iter();
                if reasons.any(|reason| matches!(reason, Cancelled::Condition(_))) {
                    Ok(Parked::Stale)
                } else {
                    Err(PortError::Unavailable {
                        what: "dynamodb: TransactWriteItems (parked)",
                        source: None,
                    })
                }
            }
        }
    }

    async fn order_drain(
        &self,
        agent: DrainParked,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let update = self.table.drain_order(agent, due, now)?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn claim_drain(
        &self,
        job: DrainParked,
        lease: &Lease,
    ) -> Result<Claim<ClaimedAgent>, PortError> {
        let claim = self.table.claim(job.into(), lease, WHAT).await?;
        Ok(claim.map(|item: AgentItem| claimed(job, lease, &item)))
    }

    async fn parked_conversations(
        &self,
        agent: DrainParked,
        behind: Option<ConversationId>,
        limit: usize,
    ) -> Result<Vec<ParkedConversation>, PortError> {
        let DrainParked {
            scope,
            environment_id,
        } = agent;
        let first = Key {
            pk: key_of_agent(agent).pk,
            sk: PARKED_PREFIX.to_owned(),
        };
        let start =
            behind.map(|id| keys::parked_conversation(scope, environment_id, id).attributes());
        let rows = self.rows(&first, start, limit).await?;
        let read = |row| from_row::<ParkedConversationItem>(row, "parked conversation");
        rows.into_iter()
            .map(|row| Ok(read(row)?.of(agent)))
            .collect()
    }

    async fn handed_off(
        &self,
        conversations: &[ParkedConversation],
    ) -> Result<HashSet<ConversationId>, PortError> {
        let own = |parked: &ParkedConversation| {
            let id = parked.conversation_id;
            (keys::conversation(parked.agent.scope, id), id)
        };
        let ids: HashMap<Key, ConversationId> = conversations.iter().map(own).collect();
        let wanted: Vec<Key> = ids.keys().cloned().collect();
        let rows = self.table.get_batch(&wanted).await?;
        let has_handoff = rows
            .into_iter()
            .filter(|(_, row)| row.contains_key("handoff"));
        Ok(has_handoff
            .filter_map(|(key, _)| ids.get(&key).copied())
            .collect())
    }

    async fn parked_messages(
        &self,
        conversation: &ParkedConversation,
        limit: usize,
    ) -> Result<Vec<ParkedMessage>, PortError> {
        let rows = self.rows(&messages_of(conversation), None, limit).await?;
        let read = |row| from_row::<ParkedMessageItem>(row, "parked message");
        rows.into_iter()
            .map(|row| ParkedMessage::try_from(read(row)?))
            .collect()
    }

    async fn remove_parked(&self, message: &ParkedMessage) -> Result<(), PortError> {
        let removal = delete_write(self.removal(&message.job, message.number)?);
        // A condition that failed says that it is gone.
        self.table.transact(vec![removal]).await.map(|_| ())
    }

    async fn withdraw(
        &self,
        deletion: &DeliverMessage,
        originals: &[String; 2],
    ) -> Result<(), PortError> {
        let first = Key {
            pk: keys::conversation(deletion.scope, deletion.conversation.id).pk,
            sk: PARKED_PREFIX.to_owned(),
        };
        let mut start = None;
        for _ in 0..SEARCH_READS {
            let page = self.page(&first, start, SEARCH_ROWS, false).await?;
            let mut has_original = false;
            for row in page.items.unwrap_or_default() {
                // A row that cannot be read does not hold up the others.
                let item = from_row::<ParkedMessageItem>(row, "parked message");
                let Ok(waits) = item.and_then(ParkedMessage::try_from) else {
                    continue;
                };
                if is_deleted(&waits.job, deletion, originals) {
                    has_original |= waits.job.event.original_key().is_none();
                    self.replace(&waits, deletion).await?;
                }
            }
            start = page.last_evaluated_key;
            // Its edits were parked behind it, unless the connector was moved between them: then the rows of one
            // environment come before those of the other, and this page has both unless more than these wait.
            if has_original || start.is_none() {
                return Ok(());
            }
        }
        tracing::warn!(
            delivery.id = %deletion.delivery_id(),
            "so many messages wait that one that was deleted may be among those that were not looked at"
        );
        Ok(())
    }

    async fn remove_given_up(
        &self,
        deletion: &DeliverMessage,
        originals: &[String; 2],
    ) -> Result<(), PortError> {
        let entries = originals.each_ref().map(|key| {
            let id = GivenUpId {
                conversation_id: deletion.conversation.id,
                delivery_id: deletion.id_under(key),
            };
            keys::given_up(deletion.scope, id)
        });
        // There is hardly ever one, and reading costs less than removing nothing.
        let found = self.table.get_batch(&entries).await?;
        if found.is_empty() {
            return Ok(());
        }
        let removals = found
            .keys()
            .map(|entry| self.table.removal_part(entry).map(delete_write))
            .collect::<Result<Vec<_>, _>>()?;
        match self.table.transact(removals).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Unavailable {
                what: "dynamodb: TransactWriteItems (given up)",
                source: None,
            }),
        }
    }

    async fn count_attempt(&self, message: &ParkedMessage) -> Result<(), PortError> {
        let update = self.table.update_part(
            &message_key(&message.job, message.number),
            "SET attempts = :attempts",
            "delivery_id = :id",
            &[],
            &[
                (":attempts", n(message.attempts.saturating_add(1))),
                (":id", s(message.job.delivery_id())),
            ],
        )?;
        self.table.update(update).await.map(|_| ())
    }

    async fn give_up(&self, given_up: &GivenUp<'_>) -> Result<bool, PortError> {
        let item = GivenUpItem::of_delivery(given_up)?;
        let mut writes = vec![
            put_write(self.table.replacing_part(&item)?),
            match given_up.parked {
                Some(number) => delete_write(self.removal(given_up.job, number)?),
                // Whoever parked a message wrote the row by which an erasure finds the conversation.
                None => self.table.writer_write(given_up.job)?,
            },
        ];
        if let Some(event) = given_up.event {
            writes.extend(self.table.waiting_writes(event)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            // Another worker took the message off already, or delivered it.
            Transacted::Cancelled(reasons)
                if reasons
                    .iter()
                    .any(|reason| matches!(reason, Cancelled::Condition(_))) =>
            {
                Ok(false)
            }
            Transacted::Cancelled(_) => Err(PortError::Unavailable {
                what: "dynamodb: TransactWriteItems (given up)",
                source: None,
            }),
        }
    }

    async fn unpark(&self, conversation: &ParkedConversation) -> Result<bool, PortError> {
        let delete = self.table.delete_part(
            &conversation_key(conversation),
            "attribute_not_exists(pk) OR (last_parked = :last AND parked_at = :since)",
            &[
                (":last", n(conversation.last)),
                (":since", to_value(&conversation.since)?),
            ],
        )?;
        match self.table.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(_) => Ok(false),
        }
    }

    async fn finish_drain(&self, claimed: ClaimedAgent) -> Result<Option<ClaimedAgent>, PortError> {
        let update = self.table.update_part(
            &key_of_agent(claimed.job),
            &format!(
                "SET settled_lease = :lease, version = version + :one REMOVE {SETTLED}, {PLACE}"
            ),
            "lease_id = :lease AND orders = :orders",
            &[],
            &[
                (":lease", s(claimed.lease)),
                (":orders", n(claimed.orders)),
                (":one", n(1)),
            ],
        )?;
        let row = match self.table.update(update).await? {
            Conditional::Done(_) => return Ok(None),
            Conditional::Failed(row) => row.ok_or(LOST)?,
        };
        let item: AgentItem = from_row(row, WHAT)?;
        if item.lease_id == Some(claimed.lease) {
            Ok(Some(ClaimedAgent {
                orders: item.orders,
                ..claimed
            }))
        } else if item.settled_lease == Some(claimed.lease) {
            // An earlier attempt of this call took effect and its answer was lost.
            Ok(None)
        } else {
            Err(LOST)
        }
    }

    async fn postpone_drain(
        &self,
        claimed: &ClaimedAgent,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        let place = claimed.place.map(|id| (PLACE, s(id)));
        self.table
            .postpone_with(claimed.job.into(), claimed.lease, postponement, place)
            .await
    }
}
