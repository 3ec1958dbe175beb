//! The store of conversations for the worker that sends their texts: claimed and finished under a lease.

use super::{
    audience::{Place, Writer},
    items::{ConversationItem, GivenUpItem, MessageItem, OutgoingItem, UnreadableMessage},
    keys,
    lease::{LOST, SETTLED},
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, delete_write, from_row, n,
        put_write, s, take, to_value, update_write,
    },
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use vestibule_domain::{
    PortError,
    access::audience::Audience,
    chat::conversation::{Conversation, Learnt, Outgoing, Progress},
    chat::send_status::SendStatus,
    event::{
        occasions::{TextPlace, text_failed},
        outgoing::OutgoingEvent,
    },
    ids::LeaseId,
    job::SendMessages,
    ports::{
        AbandonedText, Claim, ClaimedConversation, Lease, OutgoingStore, Postponement, TextOutcome,
        UnreadableText, Unsent,
    },
};

const WHAT: &str = "outgoing texts";
/// Number of attempts at recording that a text is finished. Each meets another addition of texts, and those
/// that a conversation gets at one time are few.
const ATTEMPTS: u32 = 5;

/// See [`OutgoingStore`].
#[derive(Debug, Clone)]
pub struct DynamoOutgoing {
    table: Table,
}

/// The parts of an update's `SET`, with their values.
struct Changes {
    set: Vec<&'static str>,
    values: Vec<(&'static str, AttributeValue)>,
}

impl Changes {
    /// Makes the changes that every write under a lease makes.
    fn under(lease: LeaseId, learnt: &Learnt) -> Result<Self, PortError> {
        let mut set = vec!["version = version + :one"];
        let mut values = vec![(":one", n(1)), (":lease", s(lease))];
        if let Some(moved_to) = &learnt.moved_to {
            set.push("moved_to = :moved");
            values.push((":moved", s(moved_to)));
        }
        if let Some(url) = &learnt.reply_url {
            set.push("reply_url = :url");
            values.push((":url", to_value(url)?));
        }
        Ok(Self { set, values })
    }

    fn add(&mut self, set: &'static str, name: &'static str, value: AttributeValue) {
        self.set.push(set);
        self.values.push((name, value));
    }
}

/// The writes beside the end of a text.
#[derive(Default)]
struct Finished {
    /// Those of its rows; the first is that of its message.
    rows: Vec<TransactWriteItem>,
    /// The outgoing event that it failed.
    told: Option<OutgoingEvent>,
}

/// The text of this number, of which nothing else is known.
const fn place_of(order: SendMessages, number: u64) -> TextPlace {
    TextPlace {
        order,
        number,
        environment_id: None,
        chat_user_id: None,
    }
}

/// The reason why a row was not as expected.
enum Met {
    /// Texts were added meanwhile. The claim is ours.
    MoreTexts,
    /// An earlier attempt of this call took effect and its answer was lost.
    OwnLostAnswer,
}

impl DynamoOutgoing {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    fn update(
        &self,
        job: SendMessages,
        changes: &Changes,
        rest: &str,
        condition: &str,
    ) -> Result<Update, PortError> {
        self.table.update_part(
            &keys::outgoing(job.scope, job.conversation_id, job.connector_id),
            &format!("SET {}{rest}", changes.set.join(", ")),
            condition,
            &[],
            &changes.values,
        )
    }

    /// Makes the write after which `next` is what goes out. If nothing is left, the lease and the mark go.
    fn finished_write(
        &self,
        claimed: &ClaimedConversation,
        next: &Outgoing,
        learnt: &Learnt,
    ) -> Result<TransactWriteItem, PortError> {
        let mut changes = Changes::under(claimed.lease, learnt)?;
        changes.add("next_outgoing = :next", ":next", n(next.next));
        changes.values.push((":last", n(next.last)));
        let rest = if next.has_unsent() {
            // This claim is also the first attempt at the next text.
            changes.set.push("attempts = :one");
            " REMOVE progress".to_owned()
        } else {
            changes.set.push("settled_lease = :lease");
            format!(" REMOVE progress, {SETTLED}")
        };
        let condition = "lease_id = :lease AND last_outgoing = :last";
        let update = self.update(claimed.job, &changes, &rest, condition)?;
        Ok(update_write(update))
    }

    /// Makes the write of a finished text's row: its status and when it can be forgotten, or its removal.
    fn text_write(
        &self,
        job: SendMessages,
        number: u64,
        outcome: &TextOutcome,
    ) -> Result<TransactWriteItem, PortError> {
        if !outcome.keep {
            return self.text_removal(job, number);
        }
        let key = keys::message(job.scope, job.conversation_id, number);
        let update = self.table.update_part(
            &key,
            "SET sending = :status, expires_at = if_not_exists(kept_until, expires_at)",
            // A project that keeps nothing any more has marked the row meanwhile.
            "attribute_exists(pk) AND attribute_not_exists(is_ephemeral)",
            &[],
            &[(":status", to_value(&outcome.status)?)],
        )?;
        Ok(update_write(update))
    }

    /// Makes the removal of a text's row.
    fn text_removal(&self, job: SendMessages, number: u64) -> Result<TransactWriteItem, PortError> {
        let key = keys::message(job.scope, job.conversation_id, number);
        self.table.removal_part(&key).map(delete_write)
    }

    /// Makes the row that lists a text which was given up, and learns whose text it is.
    async fn given_up_write(
        &self,
        place: &mut TextPlace,
        text: &AbandonedText,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::conversation(place.order.scope, place.order.conversation_id);
        let conversation: Option<ConversationItem> = self.table.get(&key, "conversation").await?;
        let conversation = conversation.map(Conversation::from).unwrap_or_default();
        place.environment_id = conversation.environment_id;
        place.chat_user_id = conversation.chat_user_id;
        let item = GivenUpItem::of_text(place.order, place.environment_id, text)?;
        self.table.replacing_part(&item).map(put_write)
    }

    /// Records that all texts up to `number` are finished, with the rows of the last one. If its message
    /// is gone meanwhile, none is written; if it is not to be kept any more, it goes.
    async fn record_finished(
        &self,
        mut claimed: Box<ClaimedConversation>,
        number: u64,
        learnt: &Learnt,
        Finished { mut rows, told }: Finished,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError> {
        let told = told.map(|event| self.table.outgoing_event_write(&event));
        let told = told.transpose()?;
        for _ in 0..ATTEMPTS {
            let mut next = claimed.outgoing.with_finished(number);
            next.learn(learnt);
            let mut writes = vec![self.finished_write(&claimed, &next, learnt)?];
            writes.extend(rows.clone());
            writes.extend(told.clone());
            let reasons = match self.table.transact(writes).await? {
                Transacted::Done => {
                    let is_left = next.has_unsent();
                    claimed.outgoing = next;
                    claimed.attempt = 1;
                    return Ok(is_left.then_some(claimed));
                }
                Transacted::Cancelled(reasons) => reasons,
            };
            let mut reasons = reasons.into_iter();
            match (reasons.next(), reasons.next()) {
                (Some(Cancelled::Condition(found)), _) => match met(&mut claimed, found)? {
                    Met::MoreTexts => {}
                    Met::OwnLostAnswer => return Ok(None),
                },
                (_, Some(Cancelled::Condition(found))) => {
                    if found.is_none() {
                        rows.clear();
                    } else if let Some(message) = rows.first_mut() {
                        *message = self.text_removal(claimed.job, number)?;
                    }
                }
                _ => break,
            }
        }
        Err(PortError::Conflict { what: WHAT })
    }
}

/// Reads the row of a text. `None` for a row that has no number either, which nobody could send or give up.
fn unsent_text(row: Attributes) -> Option<Unsent> {
    match MessageItem::read(row) {
        Ok(item) => Some(Unsent::Text(item.into())),
        Err(UnreadableMessage {
            number,
            is_ephemeral,
        }) => number.map(|number| {
            Unsent::Unreadable(UnreadableText {
                number,
                is_ephemeral,
            })
        }),
    }
}

/// Finds out why the condition on the row failed, and takes over what was added.
fn met(claimed: &mut ClaimedConversation, found: Option<Attributes>) -> Result<Met, PortError> {
    let item: OutgoingItem = from_row(found.ok_or(LOST)?, WHAT)?;
    if item.lease_id == Some(claimed.lease) {
        claimed.place = item.conversation.clone();
        claimed.outgoing = item.into();
        Ok(Met::MoreTexts)
    } else if item.settled_lease == Some(claimed.lease) {
        Ok(Met::OwnLostAnswer)
    } else {
        Err(LOST)
    }
}

#[async_trait]
impl OutgoingStore for DynamoOutgoing {
    async fn claim(
        &self,
        job: SendMessages,
        lease: &Lease,
    ) -> Result<Claim<Box<ClaimedConversation>>, PortError> {
        let claim = self.table.claim(job.into(), lease, WHAT).await?;
        Ok(claim.map(|item: OutgoingItem| {
            Box::new(ClaimedConversation {
                job,
                lease: lease.id,
                attempt: item.attempts,
                place: item.conversation.clone(),
                outgoing: item.into(),
                claimed_at: lease.now,
            })
        }))
    }

    async fn unsent(
        &self,
        claimed: &ClaimedConversation,
        limit: usize,
    ) -> Result<Vec<Unsent>, PortError> {
        let SendMessages {
            scope,
            conversation_id,
            ..
        } = claimed.job;
        let first = keys::message(scope, conversation_id, claimed.outgoing.next);
        let last = keys::message(scope, conversation_id, claimed.outgoing.last);
        let mut texts = Vec::new();
        // BETWEEN refuses an empty range.
        if !claimed.outgoing.has_unsent() {
            return Ok(texts);
        }
        let mut start = None;
        while texts.len() < limit {
            // As a rule every second row is a person's message.
            let rows = i32::try_from(limit.saturating_mul(2)).unwrap_or(i32::MAX);
            let answer = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .filter_expression("sending.#status = :queued")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":pk", s(&first.pk))
                .expression_attribute_values(":first", s(&first.sk))
                .expression_attribute_values(":last", s(&last.sk))
                .expression_attribute_values(":queued", s("queued"))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .limit(rows)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
            let rows = answer.items.unwrap_or_default();
            texts.extend(rows.into_iter().filter_map(unsent_text));
            start = answer.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        texts.truncate(limit);
        Ok(texts)
    }

    async fn audience(&self, claimed: &ClaimedConversation) -> Result<Option<Audience>, PortError> {
        let SendMessages {
            scope,
            connector_id,
            conversation_id,
        } = claimed.job;
        let key = keys::conversation(scope, conversation_id);
        let mut rows = self.table.get_batch(std::slice::from_ref(&key)).await?;
        let item = take::<ConversationItem>(&mut rows, &key, "conversation")?;
        let Some(conversation) = item.map(Conversation::from) else {
            return Ok(None);
        };
        let place = Place {
            scope,
            connector_id,
            conversation: &conversation,
        };
        let writer = Writer::read(&self.table, &place, &[]).await?;
        Ok(Some(writer.audience(&conversation, claimed.place.clone())))
    }

    async fn record_piece(
        &self,
        claimed: &mut ClaimedConversation,
        progress: Progress,
        learnt: &Learnt,
    ) -> Result<(), PortError> {
        let mut changes = Changes::under(claimed.lease, learnt)?;
        changes.add("progress = :progress", ":progress", to_value(&progress)?);
        changes.set.push("attempts = :one");
        let update = self.update(claimed.job, &changes, "", "lease_id = :lease")?;
        match self.table.update(update).await? {
            Conditional::Done(_) => {
                claimed.outgoing.progress = Some(progress);
                claimed.outgoing.learn(learnt);
                claimed.attempt = 1;
                Ok(())
            }
            Conditional::Failed(_) => Err(LOST),
        }
    }

    async fn record_text(
        &self,
        claimed: Box<ClaimedConversation>,
        number: u64,
        outcome: &TextOutcome,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError> {
        let mut rows = vec![self.text_write(claimed.job, number, outcome)?];
        let mut place = place_of(claimed.job, number);
        if let Some(text) = &outcome.given_up {
            rows.push(self.given_up_write(&mut place, text).await?);
        }
        let told = text_failed(place, &outcome.status);
        self.record_finished(claimed, number, &outcome.learnt, Finished { rows, told })
            .await
    }

    async fn record_unreadable(
        &self,
        claimed: Box<ClaimedConversation>,
        text: UnreadableText,
        status: &SendStatus,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError> {
        let SendMessages {
            scope,
            conversation_id,
            ..
        } = claimed.job;
        let key = keys::message(scope, conversation_id, text.number);
        let row = if text.is_ephemeral {
            delete_write(self.table.removal_part(&key)?)
        } else {
            // The times at which it can be forgotten may be what cannot be read.
            update_write(self.table.update_part(
                &key,
                "SET sending = :status",
                "attribute_exists(pk)",
                &[],
                &[(":status", to_value(status)?)],
            )?)
        };
        let told = text_failed(place_of(claimed.job, text.number), status);
        let finished = Finished {
            rows: vec![row],
            told,
        };
        self.record_finished(claimed, text.number, &Learnt::default(), finished)
            .await
    }

    async fn finish(
        &self,
        claimed: Box<ClaimedConversation>,
    ) -> Result<Option<Box<ClaimedConversation>>, PortError> {
        let last = claimed.outgoing.last;
        self.record_finished(claimed, last, &Learnt::default(), Finished::default())
            .await
    }

    async fn postpone(
        &self,
        job: SendMessages,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        self.table.postpone(job.into(), lease, postponement).await
    }
}
