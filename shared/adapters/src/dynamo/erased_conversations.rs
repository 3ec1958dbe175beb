//! Removes a person from the conversations that they wrote in.
//!
//! A conversation with one person goes as a whole. From one with several, the person's own messages go and
//! the texts that answer them; what others wrote stays. A message and the texts that answer it were written
//! together and lie side by side, so a page ends before a message, never before its answers. What was given
//! up is treated alike: a delivery goes with its author, a text with its message on record.

use super::{
    erased_rows::removed,
    items::{
        ConversationItem, GivenUpItem, MessageItem, ParkedMessageItem, WrittenConversationItem,
    },
    keys::{self, GIVEN_UP_PREFIX, Key, MESSAGE_PREFIX, PARKED_PREFIX, PK, TEXTS_PREFIX, TYPING},
    table::{
        Attributes, Table, Transacted, delete_write, from_row, key_of, n, s, to_value, update_write,
    },
};
use crate::aws::port_error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::conversation::{Conversation, ConversationKind},
    chat::given_up::{GivenUpEntry, GivenUpId, GivenUpWork, is_given_up},
    chat::history::{Author, StoredMessage},
    ids::{ChatUserId, ConnectorId, ConversationId, DeliveryId},
    ports::ParkedMessage,
};

/// Number of rows of a conversation read at once. More than a message with its answers.
const ROWS: i32 = 60;

/// A place among the conversations that a person wrote in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Place {
    /// Whether it is among those of the person's second id.
    of_other_id: bool,
    /// The last conversation that is done.
    behind: Option<ConversationId>,
    /// The conversation in hand, whether it is one with one person, and the last row that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inside: Option<(ConversationId, bool, Option<String>)>,
}

/// The person who is erased, and what is theirs.
pub(super) struct Erased<'a> {
    pub(super) table: &'a Table,
    pub(super) scope: ProjectScope,
    /// The ids under which the person's records lie.
    pub(super) ids: [ChatUserId; 2],
    /// Time from which on records belong to the person who came back.
    pub(super) until: Timestamp,
    /// Whether the person wrote again, and has a new record.
    pub(super) has_come_back: bool,
    /// Whether nothing more can be written by what was read before the erasure.
    pub(super) is_last_pass: bool,
}

/// A row of a conversation.
#[derive(Debug)]
struct Row {
    key: Key,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A person's message.
    Message(ChatUserId, Timestamp, Option<DeliveryId>),
    /// A text that was or is to be sent, the delivery that it answers, and its entry if it was given up.
    Text(Timestamp, Option<DeliveryId>, Option<GivenUpId>),
    /// A message that waits for an agent, or was given up.
    Undelivered(ChatUserId, Timestamp),
    /// The entry of a text that was given up.
    GivenUpText(Timestamp),
    /// A call that added texts.
    Call,
    /// The last turn to show that a text is being written.
    Typing,
    /// A row that cannot be read.
    Unreadable,
    /// The conversation itself, or what goes out.
    Other,
}

impl Row {
    /// Reads a row. One that cannot be read does not hold up the others.
    fn of(row: Attributes) -> Option<Self> {
        let key = key_of(&row)?;
        let what = What::of(&key, row).unwrap_or_else(|_| {
            // The reason might quote the text.
            let place = key.to_string();
            tracing::error!(row.key = place, "a row of a conversation cannot be read");
            What::Unreadable
        });
        Some(Self { key, what })
    }
}

impl What {
    fn of(key: &Key, row: Attributes) -> Result<Self, PortError> {
        Ok(if key.sk.starts_with(MESSAGE_PREFIX) {
            let message = StoredMessage::from(from_row::<MessageItem>(row, "message")?);
            match message.author {
                Author::ChatUser(id) => Self::Message(id, message.at, message.delivery_id),
                Author::Agent | Author::System | Author::Unknown => {
                    let given_up = given_up_entry(key, &message);
                    Self::Text(message.at, message.delivery_id, given_up)
                }
            }
        } else if key.sk.starts_with(PARKED_PREFIX) {
            let item: ParkedMessageItem = from_row(row, "parked message")?;
            let parked = ParkedMessage::try_from(item)?;
            Self::Undelivered(parked.job.chat_user_id, parked.job.received_at)
        } else if key.sk.starts_with(GIVEN_UP_PREFIX) {
            let item: GivenUpItem = from_row(row, "what was given up")?;
            let entry = GivenUpEntry::try_from(item)?;
            match entry.work {
                GivenUpWork::Delivery(job) => Self::Undelivered(job.chat_user_id, job.received_at),
                GivenUpWork::Text(_) => Self::GivenUpText(entry.created_at),
            }
        } else if key.sk.starts_with(TEXTS_PREFIX) {
            Self::Call
        } else if key.sk == TYPING {
            Self::Typing
        } else {
            Self::Other
        })
    }
}

/// The entry of this text among what was given up, if it has one.
fn given_up_entry(key: &Key, text: &StoredMessage) -> Option<GivenUpId> {
    let has_entry = text.sending.as_ref().is_some_and(is_given_up);
    let conversation_id = keys::parse_conversation(&key.pk).filter(|_| has_entry)?;
    Some(GivenUpId::of_text(conversation_id, text.number))
}

/// Cuts off the last message of a page that others follow, since its answers may be among them.
fn cut_before_last_message(rows: &mut Vec<Row>) {
    let is_message = |row: &Row| matches!(row.what, What::Message(..));
    let last = rows.iter().rposition(is_message);
    if let Some(last) = last.filter(|last| *last > 0) {
        rows.truncate(last);
    }
}

impl Erased<'_> {
    /// Whether what this person wrote at this time goes.
    fn is_theirs(&self, author: ChatUserId, at: Timestamp) -> bool {
        self.ids.contains(&author) && at < self.until
    }

    /// Chooses the rows that go.
    fn chosen(&self, rows: Vec<Row>, is_direct: bool) -> Vec<Key> {
        let mut answered = BTreeSet::new();
        let mut gone = Vec::new();
        let mut goes = |what: &What| match what {
            What::Message(author, at, delivery) => {
                let is_theirs = self.is_theirs(*author, *at);
                if is_theirs {
                    answered.extend(*delivery);
                }
                is_theirs || (is_direct && *at < self.until)
            }
            What::Text(at, delivery, _) => {
                let answers = delivery.is_some_and(|delivery| answered.contains(&delivery));
                answers || (is_direct && *at < self.until)
            }
            What::Undelivered(author, at) => self.is_theirs(*author, *at),
            What::GivenUpText(at) => is_direct && *at < self.until,
            What::Call | What::Typing | What::Unreadable => is_direct && !self.has_come_back,
            What::Other => false,
        };
        for row in rows {
            if !goes(&row.what) {
                continue;
            }
            // In a conversation with one person, the entry is met as a row of its own.
            if !is_direct && let What::Text(_, _, Some(entry)) = row.what {
                gone.push(keys::given_up(self.scope, entry));
            }
            gone.push(row.key);
        }
        gone
    }

    /// Goes one step on. Returns the number of rows that were removed, and the next place.
    pub(super) async fn step(&self, place: Place) -> Result<(usize, Option<Place>), PortError> {
        let Some((id, is_direct, from)) = place.inside.clone() else {
            return Ok((0, self.next_conversation(place).await?));
        };
        let (rows, last) = self.rows(id, from).await?;
        let erased = removed(self.table, &self.chosen(rows, is_direct)).await?;
        let inside = last.map(|last| (id, is_direct, Some(last)));
        if inside.is_some() {
            return Ok((erased, Some(Place { inside, ..place })));
        }
        self.finish(id, is_direct, place.of_other_id).await?;
        let behind = Some(id);
        let next = Place {
            behind,
            inside,
            ..place
        };
        Ok((erased, Some(next)))
    }

    fn id(&self, of_other_id: bool) -> ChatUserId {
        let [id, other_id] = self.ids;
        if of_other_id { other_id } else { id }
    }

    /// Finds the next conversation.
    async fn next_conversation(&self, place: Place) -> Result<Option<Place>, PortError> {
        let id = self.id(place.of_other_id);
        let key = |conversation| keys::written_conversation(self.scope, id, conversation);
        let start = place.behind.map(|behind| key(behind).attributes());
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :person"))
            .expression_attribute_values(":person", s(keys::written_by(self.scope, id)))
            .set_exclusive_start_key(start)
            .limit(1)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (conversations)", error))?;
        if let Some(row) = answer.items.unwrap_or_default().into_iter().next() {
            let item: WrittenConversationItem = from_row(row, "written conversation")?;
            let is_direct = item.kind == ConversationKind::Direct;
            let inside = Some((item.conversation_id, is_direct, None));
            return Ok(Some(Place { inside, ..place }));
        }
        let [one, other] = self.ids;
        let is_left = one != other && !place.of_other_id;
        Ok(is_left.then(|| Place {
            of_other_id: true,
            ..Place::default()
        }))
    }

    /// Reads rows of a conversation. Also returns the last of them, if more follow.
    async fn rows(
        &self,
        id: ConversationId,
        from: Option<String>,
    ) -> Result<(Vec<Row>, Option<String>), PortError> {
        let pk = keys::conversation(self.scope, id).pk;
        let start = from.map(|sk| Key { pk: pk.clone(), sk }.attributes());
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :conversation"))
            .expression_attribute_values(":conversation", s(&pk))
            .set_exclusive_start_key(start)
            .limit(ROWS)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (conversation)", error))?;
        let has_more = answer.last_evaluated_key.is_some();
        let mut rows = Vec::new();
        for row in answer.items.unwrap_or_default() {
            rows.extend(Row::of(row));
        }
        if !has_more {
            return Ok((rows, None));
        }
        cut_before_last_message(&mut rows);
        let last = rows.last().map(|row| row.key.sk.clone());
        Ok((rows, last))
    }

    /// Removes the conversation itself, or the person's traces on it.
    async fn finish(
        &self,
        id: ConversationId,
        is_direct: bool,
        of_other_id: bool,
    ) -> Result<(), PortError> {
        let key = keys::conversation(self.scope, id);
        let item: Option<ConversationItem> = self.table.get(&key, "conversation").await?;
        let mut is_theirs_again = false;
        if let Some(item) = item {
            let connector_id = item.connector_id;
            let conversation = Conversation::from(item);
            let is_old = conversation
                .last_activity_at
                .is_none_or(|at| at < self.until);
            // Anything younger than this pass is for the next one, or of a person who came back.
            if is_old {
                self.without(&key, (id, connector_id), &conversation, is_direct)
                    .await?;
            } else {
                is_theirs_again = true;
            }
        }
        if !self.is_last_pass || is_theirs_again {
            return Ok(());
        }
        let key = keys::written_conversation(self.scope, self.id(of_other_id), id);
        let delete = self.table.delete_part(
            &key,
            "attribute_not_exists(pk) OR written_at < :until",
            &[(":until", to_value(&self.until)?)],
        )?;
        // The condition fails for a person who wrote again meanwhile.
        self.table
            .transact(vec![delete_write(delete)])
            .await
            .map(|_| ())
    }

    /// Removes the conversation, or the person who wrote last in it.
    async fn without(
        &self,
        key: &Key,
        (id, connector_id): (ConversationId, ConnectorId),
        conversation: &Conversation,
        is_direct: bool,
    ) -> Result<(), PortError> {
        let outgoing = keys::outgoing(self.scope, id, connector_id);
        let read = [(":read", n(conversation.version))];
        let mut writes = Vec::new();
        if is_direct {
            let delete = self.table.delete_part(key, "version = :read", &read)?;
            writes.push(delete_write(delete));
            writes.push(delete_write(self.table.removal_part(&outgoing)?));
        } else if conversation
            .chat_user_id
            .is_some_and(|id| self.ids.contains(&id))
        {
            let place = conversation.place.as_ref();
            let member = place.and_then(|place| place.member_id.as_ref());
            let traces = if member.is_some() {
                "chat_user_id, conversation.member_id"
            } else {
                "chat_user_id"
            };
            let [read] = read;
            let update = self.table.update_part(
                key,
                &format!("SET version = version + :one REMOVE {traces}"),
                "version = :read",
                &[],
                &[read, (":one", n(1))],
            )?;
            writes.push(update_write(update));
            if let Some(member) = member {
                self.forget_member(&outgoing, member).await?;
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict {
                what: "conversation",
            }),
        }
    }

    /// Removes the platform's name for the person from the texts that go out, if they answer this person.
    async fn forget_member(&self, outgoing: &Key, member: &str) -> Result<(), PortError> {
        let update = self.table.update_part(
            outgoing,
            "REMOVE conversation.member_id",
            "conversation.member_id = :member",
            &[],
            &[(":member", s(member))],
        )?;
        self.table.update(update).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, what: What) -> Row {
        let sk = format!("{MESSAGE_PREFIX}{number:012}");
        let pk = "P".to_owned();
        Row {
            key: Key { pk, sk },
            what,
        }
    }

    fn message(number: u64) -> Row {
        let by = ChatUserId::derive(&["u"]);
        row(number, What::Message(by, Timestamp::from_millis(1), None))
    }

    fn text(number: u64) -> Row {
        row(number, What::Text(Timestamp::from_millis(1), None, None))
    }

    #[test]
    fn a_page_ends_before_a_message_whose_answers_may_be_on_the_next() {
        for (mut rows, left) in [
            (vec![message(1), text(2), message(3)], 2),
            (vec![message(1), text(2), message(3), text(4)], 2),
            // A page of one message with its answers goes as it is, and so does one without a message.
            (vec![message(1), text(2)], 2),
            (vec![text(1), text(2)], 2),
            (vec![], 0),
        ] {
            cut_before_last_message(&mut rows);
            assert_eq!(rows.len(), left);
        }
    }
}
