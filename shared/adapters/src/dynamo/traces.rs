//! Reads what became of one message, from the row of its event on.

use super::{
    items::{AccessRequestItem, GivenUpItem, HandledEventItem, MessageItem, ParkedMessageItem},
    keys::{self, GIVEN_UP_PREFIX, MESSAGE_PREFIX, PARKED_PREFIX},
    table::{Attributes, Table, from_row, s},
};
use crate::aws::port_error;
use async_trait::async_trait;
use vestibule_domain::{
    PortError, Timestamp,
    chat::{
        byline::Author,
        delivery::REPLIES_MAX,
        given_up::{GivenUpEntry, GivenUpWork},
        history::StoredMessage,
        trace::{Trace, TracedEvent, Undelivered},
    },
    ids::ConversationId,
    job::DeliverMessage,
    ports::{ParkedMessage, TraceReader, TracedKey},
};

/// Number of rows of a read among those that wait or were given up.
const SEARCH_ROWS: i32 = 100;
/// Maximum number of such reads.
const SEARCH_READS: usize = 10;
/// Number of the newest messages among which the answers to a change are looked for.
const NEWEST_ROWS: i32 = 200;

/// See [`TraceReader`].
#[derive(Debug, Clone)]
pub struct DynamoTraces {
    table: Table,
}

impl DynamoTraces {
    /// Makes the reader of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads the message that is on record under this number, and the texts that answer it, which follow it. Another message
    /// has the number if the conversation was erased and begun anew: it came after the delivery.
    async fn answered(
        &self,
        key: &TracedKey<'_>,
        id: ConversationId,
        (number, delivered_at): (u64, Timestamp),
    ) -> Result<(Option<StoredMessage>, Vec<StoredMessage>), PortError> {
        let replies = u64::try_from(REPLIES_MAX).unwrap_or(u64::MAX);
        let row = |number| keys::message(key.scope, id, number);
        let (first, last) = (row(number), row(number.saturating_add(replies)));
        let query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", s(&first.pk))
            .expression_attribute_values(":first", s(&first.sk))
            .expression_attribute_values(":last", s(&last.sk));
        let answer = query
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
        let mut messages = readable(answer.items.unwrap_or_default()).into_iter();
        let is_it = |message: &StoredMessage| {
            message.number == number
                && matches!(message.author, Author::ChatUser(_))
                && message.at <= delivered_at
        };
        let Some(message) = messages.next().filter(is_it) else {
            return Ok((None, Vec::new()));
        };
        let replies = messages.filter(|reply| reply.delivery_id == message.delivery_id);
        let replies = replies.collect();
        Ok((Some(message), replies))
    }

    /// Reads the texts that answer a delivery whose message is not on record: a change of another one, or one in a project
    /// that keeps none.
    async fn answers(
        &self,
        key: &TracedKey<'_>,
        id: ConversationId,
    ) -> Result<Vec<StoredMessage>, PortError> {
        let delivery_id = DeliverMessage::id_at(key.connector_id, key.event_key);
        let conversation = keys::conversation(key.scope, id).pk;
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .filter_expression("delivery_id = :delivery")
            .expression_attribute_values(":pk", s(conversation))
            .expression_attribute_values(":prefix", s(MESSAGE_PREFIX))
            .expression_attribute_values(":delivery", s(delivery_id))
            .scan_index_forward(false)
            .limit(NEWEST_ROWS)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
        let mut answers = readable(answer.items.unwrap_or_default());
        answers.retain(|message| !matches!(message.author, Author::ChatUser(_)));
        answers.reverse();
        Ok(answers)
    }

    /// Looks for the message among those of its conversation that wait for an agent or were given up.
    async fn undelivered(
        &self,
        key: &TracedKey<'_>,
        id: ConversationId,
    ) -> Result<Option<Undelivered>, PortError> {
        for prefix in [PARKED_PREFIX, GIVEN_UP_PREFIX] {
            let mut start = None;
            for _ in 0..SEARCH_READS {
                let answer = self
                    .table
                    .client
                    .query()
                    .table_name(&self.table.name)
                    .consistent_read(true)
                    .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
                    .expression_attribute_values(":pk", s(keys::conversation(key.scope, id).pk))
                    .expression_attribute_values(":prefix", s(prefix))
                    .set_exclusive_start_key(start)
                    .limit(SEARCH_ROWS)
                    .send()
                    .await
                    .map_err(|error| port_error("dynamodb: Query (undelivered)", error))?;
                let rows = answer.items.unwrap_or_default();
                let found = rows
                    .into_iter()
                    .find_map(|row| undelivered(key, prefix, row));
                if found.is_some() {
                    return Ok(found);
                }
                start = answer.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }
}

/// The message of a row, if it is the one that is traced. A row that cannot be read does not hold up the others.
fn undelivered(key: &TracedKey<'_>, prefix: &str, row: Attributes) -> Option<Undelivered> {
    let is_it = |job: &DeliverMessage| {
        let mut keys = job.event_keys.iter();
        job.connector_id == key.connector_id && keys.any(|own| own == key.event_key)
    };
    if prefix == PARKED_PREFIX {
        let item: ParkedMessageItem = from_row(row, "parked message").ok()?;
        let parked = ParkedMessage::try_from(item).ok()?;
        return is_it(&parked.job).then(|| Undelivered::from(&parked));
    }
    let item: GivenUpItem = from_row(row, "what was given up").ok()?;
    let entry = GivenUpEntry::try_from(item).ok()?;
    match &entry.work {
        GivenUpWork::Delivery(job) if is_it(job) => Some(Undelivered::from(&entry)),
        GivenUpWork::Delivery(_) | GivenUpWork::Text(_) => None,
    }
}

/// The messages of these rows, without those that cannot be read.
fn readable(rows: Vec<Attributes>) -> Vec<StoredMessage> {
    rows.into_iter()
        .filter_map(|row| MessageItem::read(row).ok())
        .map(StoredMessage::from)
        .collect()
}

#[async_trait]
impl TraceReader for DynamoTraces {
    async fn trace(&self, key: TracedKey<'_>) -> Result<Trace, PortError> {
        let row = keys::handled_event(key.connector_id, key.event_key);
        let row: Option<HandledEventItem> = self.table.get(&row, "handled event").await?;
        let Some(row) = row else {
            return Ok(Trace::default());
        };
        let conversation_id = row.conversation_id(key.event_key);
        let request: Option<AccessRequestItem> = match row.request_id(key.event_key) {
            Some(id) => {
                let own = keys::access_request(key.scope, id);
                self.table.get(&own, "access request").await?
            }
            None => None,
        };
        let mut trace = Trace {
            event: Some(TracedEvent {
                handled_at: row.handled_at,
                delivered_at: row.delivered_at,
            }),
            conversation_id,
            request: request.map(Into::into),
            ..Trace::default()
        };
        if let Some(id) = conversation_id {
            match (row.delivered_at, row.message_number) {
                (Some(at), Some(number)) => {
                    (trace.message, trace.replies) = self.answered(&key, id, (number, at)).await?;
                }
                (Some(_), None) => trace.replies = self.answers(&key, id).await?,
                (None, _) => trace.undelivered = self.undelivered(&key, id).await?,
            }
        }
        Ok(trace)
    }
}
