//! The store of conversations for the delivery worker.

use super::{
    adding::Adding,
    events,
    items::{
        AgentItem, CaseItem, ChatUserItem, ConnectorItem, ConversationItem, EnvironmentItem,
        MessageItem, OutgoingItem, ParkedConversationItem, ProjectSettingsItem,
    },
    keys::{self, Key, MESSAGE_PREFIX},
    last_messages::{Arrival, LastMessages},
    message_changes,
    people::find_chat_user,
    table::{Attributes, Cancelled, Table, Transacted, key_of, n, s, take, to_value, update_write},
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use std::{collections::HashMap, time::Duration};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::byline::Byline,
    chat::conversation::{Conversation, Delivered, Inbound},
    chat::history::{StoredMessage, storable},
    event::occasions::{conversation_handed_off, conversation_opened},
    job::{DeliverMessage, QueuedText},
    ports::{ConversationStore, DeliveryContext, DeliveryRecord, Original, Recorded},
};

/// Age of a message from which its answer is checked before it is sent, like a text that answers none.
const ANSWERED_LATE: Duration = Duration::from_mins(1);

/// See [`ConversationStore`].
#[derive(Debug, Clone)]
pub struct DynamoConversations {
    table: Table,
    last_messages: LastMessages,
}

impl DynamoConversations {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self {
            table,
            last_messages: LastMessages::default(),
        }
    }

    /// Takes the conversation out of a batch.
    async fn conversation(
        &self,
        job: &DeliverMessage,
        rows: &mut HashMap<Key, Attributes>,
    ) -> Result<Conversation, PortError> {
        let key = keys::conversation(job.scope, job.conversation.id);
        let Some(item) = take::<ConversationItem>(rows, &key, "conversation")? else {
            return Ok(Conversation::default());
        };
        let gave_numbers = item.message_total.is_some();
        let mut conversation = Conversation::from(item);
        if !gave_numbers {
            conversation.message_total = self.last_number(&key).await?;
        }
        if let Some(item) = take::<OutgoingItem>(rows, &outgoing_key(job), "outgoing texts")? {
            conversation.outgoing = item.with_what_was_known(conversation.outgoing);
        }
        Ok(conversation)
    }

    /// Returns the number of the last message of a conversation whose record names none: the release before
    /// wrote it, perhaps after this one had given numbers.
    async fn last_number(&self, conversation: &Key) -> Result<u64, PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :message)")
            .expression_attribute_values(":pk", s(&conversation.pk))
            .expression_attribute_values(":message", s(MESSAGE_PREFIX))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
        let number = |row: &Attributes| {
            key_of(row)?
                .sk
                .strip_prefix(MESSAGE_PREFIX)?
                .parse::<u64>()
                .ok()
        };
        Ok(answer.items().first().and_then(number).unwrap_or(0))
    }

    /// Makes the write of the conversation, which was read as `record.conversation`.
    fn conversation_update(
        &self,
        record: &DeliveryRecord<'_>,
        next: &Conversation,
    ) -> Result<Update, PortError> {
        let (job, read) = (record.job, record.conversation);
        let order = keys::by_creation(
            next.last_activity_at.unwrap_or(record.at),
            job.conversation.id,
        );
        // Only a message of a person, or a handoff, opens a conversation that was closed.
        let state = match record.inbound {
            Inbound::Nothing if record.handoff.is_none() => {
                "state_pk = if_not_exists(state_pk, :state)"
            }
            Inbound::Message | Inbound::Unseen | Inbound::HandedOff | Inbound::Nothing => {
                "state_pk = :state"
            }
        };
        let mut values = Vec::new();
        // A conversation that begins: each of its writers leaves a row.
        let writers = if read.version == 0 {
            values.push((":yes", AttributeValue::Bool(true)));
            "has_writer_rows = :yes, "
        } else {
            ""
        };
        let handoff = match record.handoff {
            Some(handoff) => {
                values.push((":handoff", to_value(handoff)?));
                "handoff = :handoff, "
            }
            None => "",
        };
        values.extend([
            (":connector", s(job.connector_id)),
            (":count", n(next.message_count)),
            (":total", n(next.message_total)),
            (":last", to_value(&next.last_message_at)?),
            (":empty", AttributeValue::L(Vec::new())),
            (":place", to_value(&job.conversation)?),
            (":environment", s(job.environment_id)),
            (":user", s(job.chat_user_id)),
            (":event", to_value(&next.last_event_id)?),
            (":active", to_value(&next.last_activity_at)?),
            (":all", s(keys::conversations(job.scope))),
            (":state", s(state_list(job.scope, next.handoff.is_some()))),
            (":order", s(order)),
            (":now", s(record.at)),
            (":zero", n(0)),
            (":one", n(1)),
            (":read_total", n(read.message_total)),
            (":read_count", n(read.message_count)),
        ]);
        // The release before reads the list of events. Its `progress` stands in the row of outgoing texts here.
        let update = format!(
            "SET {writers}{handoff}connector_id = :connector, message_count = :count, message_total = :total, \
             last_message_at = :last, recent_events = if_not_exists(recent_events, :empty), \
             conversation = :place, environment_id = :environment, chat_user_id = :user, \
             last_event_id = :event, \
             last_activity_at = :active, all_pk = :all, all_sk = :order, {state}, \
             state_sk = :order, updated_at = :now, version = if_not_exists(version, :zero) + :one \
             REMOVE progress"
        );
        // Otherwise the list that the conversation is in would not be that of its handoff.
        let handoff_as_read = if read.handoff.is_some() {
            "attribute_exists(handoff)"
        } else {
            "attribute_not_exists(handoff)"
        };
        let condition = format!(
            "(attribute_not_exists(message_total) OR message_total = :read_total) AND \
             (attribute_not_exists(message_count) OR message_count = :read_count) AND {handoff_as_read}"
        );
        self.table.update_part(
            &keys::conversation(job.scope, job.conversation.id),
            &update,
            &condition,
            &[],
            &values,
        )
    }
}

impl DynamoConversations {
    /// Makes the writes of the outgoing events of a delivery, which may add messages.
    fn told_writes(
        &self,
        record: &DeliveryRecord<'_>,
        adds_messages: bool,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let (job, at) = (record.job, record.at);
        let is_written = adds_messages || record.handoff.is_some();
        let begins = is_written && record.conversation.version == 0;
        let opened = begins.then(|| conversation_opened(job, at));
        let handed_off = record
            .handoff
            .map(|handoff| conversation_handed_off(job, handoff, record.case, at));
        let events = opened.into_iter().chain(handed_off);
        let writes = events.map(|event| self.table.outgoing_event_write(&event));
        writes.collect()
    }
}

/// The list of conversations that are in progress, with the agent or with people who took over.
pub(super) fn state_list(scope: ProjectScope, is_handed_off: bool) -> String {
    if is_handed_off {
        keys::handed_off_conversations(scope)
    } else {
        keys::open_conversations(scope)
    }
}

fn outgoing_key(job: &DeliverMessage) -> Key {
    keys::outgoing(job.scope, job.conversation.id, job.connector_id)
}

/// Whether the person may have been blocked or opted out since the message that is answered.
fn is_late(record: &DeliveryRecord<'_>) -> bool {
    record.at.since(record.job.received_at) >= ANSWERED_LATE
}

/// Gives the texts of an answer their numbers, from `first` on.
fn queued(record: &DeliveryRecord<'_>, first: u64) -> Vec<QueuedText> {
    (first..)
        .zip(record.replies)
        .map(|(number, reply)| QueuedText {
            number,
            at: record.at,
            text: storable(reply).to_owned(),
            is_ephemeral: record.history.keeps_nothing(),
            is_unprompted: is_late(record),
            byline: Byline::default(),
        })
        .collect()
}

#[async_trait]
impl ConversationStore for DynamoConversations {
    async fn delivery_context(
        &self,
        job: &DeliverMessage,
        now: Timestamp,
    ) -> Result<DeliveryContext, PortError> {
        let connector = keys::connector(job.connector_id);
        let environment = keys::environment(job.scope, job.environment_id);
        let settings = keys::project_settings(job.scope);
        let user = keys::chat_user(job.scope, job.chat_user_id);
        let agent = keys::agent(job.scope, job.environment_id);
        let parked = keys::parked_conversation(job.scope, job.environment_id, job.conversation.id);
        let case = keys::case(job.scope, job.conversation.id);
        let event = events::rows_of(job.connector_id, &job.event_keys);
        let mut wanted = vec![
            connector.clone(),
            environment.clone(),
            settings.clone(),
            user.clone(),
            keys::conversation(job.scope, job.conversation.id),
            outgoing_key(job),
            agent.clone(),
            parked.clone(),
            case.clone(),
        ];
        wanted.extend(event.iter().cloned());
        let mut rows = self.table.get_batch(&wanted).await?;
        let is_delivered = events::take_rows(&mut rows, &event, now)?
            .iter()
            .any(|item| item.counts_as_delivered(now));
        let chat_user = match take::<ChatUserItem>(&mut rows, &user, "chat user")? {
            Some(item) => Some(item.into()),
            None => find_chat_user(&self.table, job.scope, job.chat_user_id).await?,
        };
        let settings = take::<ProjectSettingsItem>(&mut rows, &settings, "project settings")?;
        Ok(DeliveryContext {
            connector: take::<ConnectorItem>(&mut rows, &connector, "connector")?
                .filter(|item| item.scope == job.scope)
                .map(Into::into),
            environment: take::<EnvironmentItem>(&mut rows, &environment, "environment")?
                .map(Into::into),
            chat_user,
            conversation: self.conversation(job, &mut rows).await?,
            history: settings
                .map(|settings| settings.history_days)
                .unwrap_or_default(),
            is_delivered,
            agent: take::<AgentItem>(&mut rows, &agent, "agent")?
                .map(Into::into)
                .unwrap_or_default(),
            parked: take::<ParkedConversationItem>(&mut rows, &parked, "parked conversation")?
                .map(|item| item.of(job.drain_parked())),
            case: take::<CaseItem>(&mut rows, &case, "case")?.map(Into::into),
        })
    }

    async fn change_message(
        &self,
        change: &DeliverMessage,
        originals: &[String; 2],
    ) -> Result<Original, PortError> {
        message_changes::change(&self.table, change, originals).await
    }

    async fn record_delivery(&self, record: &DeliveryRecord<'_>) -> Result<Recorded, PortError> {
        let (job, read) = (record.job, record.conversation);
        let inbound = read.message_total + record.inbound.messages();
        let texts = queued(record, inbound + 1);
        let next = read.with_delivered(&Delivered {
            inbound: record.inbound,
            place: &job.conversation,
            environment_id: job.environment_id,
            chat_user_id: job.chat_user_id,
            provider_event_id: &job.provider_event_id,
            sent_at: job.sent_at,
            at: record.at,
            replies: u64::try_from(texts.len()).unwrap_or(u64::MAX),
            handoff: record.handoff,
        });
        let is_stored = record.inbound != Inbound::Nothing && !record.history.keeps_nothing();
        let number = is_stored.then_some(inbound);
        let mut writes = self.table.delivered_writes(record.event, number)?;
        let events = writes.len();
        if next.message_total > read.message_total || record.handoff.is_some() {
            writes.push(update_write(self.conversation_update(record, &next)?));
            // Also for an edit that the agent answers: whoever wrote last is not looked at again.
            if read.chat_user_id != Some(job.chat_user_id) {
                writes.push(self.table.writer_write(job)?);
            }
        }
        writes.extend(self.table.case_step_writes(record.case)?);
        if !texts.is_empty() {
            let adding = Adding {
                order: job.send_messages(),
                place: &job.conversation,
                read: &read.outgoing,
                next: &next.outgoing,
                at: record.at,
            };
            writes.push(update_write(self.table.adding_update(&adding)?));
        }
        if is_stored {
            let sequence = record.inbound.is_counted().then_some(next.message_count);
            let message = StoredMessage::inbound(job, inbound, sequence);
            let order = job.send_messages();
            let write = self.table.message_write(order, message, record.history);
            writes.push(write?);
        }
        for text in &texts {
            let reply = StoredMessage::reply(text, job.delivery_id());
            let item = MessageItem::new(job.send_messages(), reply, record.history)
                .answering(text.is_unprompted);
            writes.push(self.table.new_message(&item)?);
        }
        writes.extend(self.told_writes(record, next.message_total > read.message_total)?);
        let arrival = Arrival::of(job);
        let transacted = self.last_messages.transact(&self.table, writes, arrival);
        match transacted.await? {
            Transacted::Done => Ok(Recorded::Now(texts)),
            Transacted::Cancelled(reasons) => {
                let mut of_event = reasons.iter().take(events);
                if of_event.any(|reason| matches!(reason, Cancelled::Condition(_))) {
                    Ok(Recorded::Before)
                } else {
                    Err(PortError::Conflict {
                        what: "conversation",
                    })
                }
            }
        }
    }
}
