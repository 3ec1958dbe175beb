//! Removes a person from the conversations that they wrote in.
//!
//! A conversation with one person goes as a whole. From one with several, the person's own messages go and
//! the texts that answer them; what others wrote stays. A message and the texts that answer it were written
//! together and lie side by side, so a page ends before a message, never before its answers. What was given
//! up is treated alike: a delivery goes with its author, a text with its message on record. The note of
//! a handoff may repeat anybody's words, so it goes from every conversation that stays, and so does a line of routing with
//! a note. The case of a conversation that goes as a whole goes with it, while it is open: one that is over holds ids only,
//! and expires.

use super::{
    erased_rows::removed,
    items::{
        ChatUserItem, ConversationItem, GivenUpItem, MessageItem, ParkedMessageItem, RoutedItem,
    },
    keys::{
        self, GIVEN_UP_PREFIX, Key, MESSAGE_PREFIX, PARKED_PREFIX, ROUTED_PREFIX, TEXTS_PREFIX,
        TYPING,
    },
    table::{
        Attributes, Table, Transacted, delete_write, from_row, key_of, n, s, to_value, update_write,
    },
    written::{self, Place},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::byline::Author,
    chat::conversation::Conversation,
    chat::given_up::{GivenUpEntry, GivenUpId, GivenUpWork, is_given_up},
    chat::history::StoredMessage,
    chat::user::ChatUser,
    erasure::ERASURE_GRACE,
    ids::{ChatUserId, ConnectorId, ConversationId, DeliveryId},
    ports::ParkedMessage,
    routing::routed::Routed,
};

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
    /// Time of the order to erase.
    pub(super) since: Timestamp,
    /// The current time.
    pub(super) now: Timestamp,
    /// Whether nothing more can be written by what was read before the erasure.
    pub(super) is_last_pass: bool,
}

/// A conversation in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InHand {
    pub(super) id: ConversationId,
    /// Whether it is one with one person.
    pub(super) is_direct: bool,
    /// Whether the person is known to have written in it.
    pub(super) is_theirs: bool,
    /// Whether it stands among those of the person's second id.
    pub(super) of_other_id: bool,
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
    /// A line of routing with a note.
    Note(Timestamp),
    /// A row that cannot be read.
    Unreadable,
    /// A line of routing without a note.
    Line(Timestamp),
    /// The conversation itself, what goes out, or its case.
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

    const fn is_message(&self) -> bool {
        matches!(self.what, What::Message(..))
    }
}

impl What {
    fn of(key: &Key, row: Attributes) -> Result<Self, PortError> {
        Ok(if key.sk.starts_with(MESSAGE_PREFIX) {
            let message = StoredMessage::from(from_row::<MessageItem>(row, "message")?);
            match message.author {
                Author::ChatUser(id) => Self::Message(id, message.at, message.delivery_id),
                Author::Agent | Author::Member(_) | Author::System | Author::Unknown => {
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
        } else if key.sk.starts_with(ROUTED_PREFIX) {
            let line = Routed::from(from_row::<RoutedItem>(row, "line of routing")?);
            if line.note.is_some() {
                Self::Note(line.at)
            } else {
                Self::Line(line.at)
            }
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

/// Reads the record of a person who wrote again since the erasure. A release before may have left that of a block.
pub(super) async fn newcomer(
    table: &Table,
    scope: ProjectScope,
    id: ChatUserId,
    since: Timestamp,
) -> Result<Option<ChatUser>, PortError> {
    let key = keys::chat_user(scope, id);
    let item: Option<ChatUserItem> = table.get(&key, "chat user").await?;
    let is_new = |user: &ChatUser| user.block.is_none() || user.created_at != since;
    Ok(item.map(ChatUser::from).filter(is_new))
}

/// Returns the time from which on notes stay, where other records stay from `until` on: what was read before
/// the order may still make a note after the person came back.
fn notes_until(until: Timestamp, since: Timestamp) -> Timestamp {
    until.max(since.plus(ERASURE_GRACE))
}

impl Erased<'_> {
    /// Whether what this person wrote at this time goes.
    fn is_theirs(&self, author: ChatUserId, at: Timestamp) -> bool {
        self.ids.contains(&author) && at < self.until
    }

    /// Chooses the rows that go.
    fn chosen(&self, rows: Vec<Row>, in_hand: InHand) -> Vec<Key> {
        let is_direct = in_hand.is_direct;
        let mut answered = BTreeSet::new();
        let (mut gone, mut notes) = (Vec::new(), Vec::new());
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
            What::GivenUpText(at) | What::Line(at) => is_direct && *at < self.until,
            What::Call | What::Typing | What::Unreadable => is_direct && !self.has_come_back,
            What::Note(_) | What::Other => false,
        };
        for row in rows {
            if matches!(row.what, What::Note(at) if at < self.notes_until()) {
                notes.push(row.key);
                continue;
            }
            if !goes(&row.what) {
                continue;
            }
            // In a conversation with one person, the entry is met as a row of its own.
            if !is_direct && let What::Text(_, _, Some(entry)) = row.what {
                gone.push(keys::given_up(self.scope, entry));
            }
            gone.push(row.key);
        }
        // Where nothing shows that the person wrote, the notes are about others.
        if in_hand.is_theirs || !gone.is_empty() {
            gone.append(&mut notes);
        }
        gone
    }

    /// Goes one step on. Returns the number of rows that were removed, and the next place.
    pub(super) async fn step(&self, place: Place) -> Result<(usize, Option<Place>), PortError> {
        let Some((id, is_direct, from)) = place.inside.clone() else {
            let of = (self.scope, self.ids);
            return Ok((0, written::next_conversation(self.table, of, place).await?));
        };
        let in_hand = InHand {
            id,
            is_direct,
            is_theirs: true,
            of_other_id: place.of_other_id,
        };
        let (erased, last) = self.go_on_in(in_hand, from).await?;
        Ok((erased, Some(place.gone_on((id, is_direct), last))))
    }

    /// Goes one step on in a conversation, behind the row `from`. Returns the number of rows that were removed,
    /// and the last row that is done if more follow.
    pub(super) async fn go_on_in(
        &self,
        in_hand: InHand,
        from: Option<String>,
    ) -> Result<(usize, Option<String>), PortError> {
        let (rows, last) = self.rows(in_hand.id, from).await?;
        let gone = self.chosen(rows, in_hand);
        if !in_hand.is_theirs && !gone.is_empty() {
            // First, since only these rows show that the person wrote here.
            let key = keys::conversation(self.scope, in_hand.id);
            self.forget_note(&key).await?;
        }
        let erased = removed(self.table, &gone).await?;
        if last.is_none() {
            self.finish(in_hand).await?;
        }
        Ok((erased, last))
    }

    fn id(&self, of_other_id: bool) -> ChatUserId {
        let [id, other_id] = self.ids;
        if of_other_id { other_id } else { id }
    }

    /// Reads rows of a conversation. Also returns the last of them, if more follow.
    async fn rows(
        &self,
        id: ConversationId,
        from: Option<String>,
    ) -> Result<(Vec<Row>, Option<String>), PortError> {
        let (found, has_more) = written::rows(self.table, (self.scope, id), from).await?;
        let mut rows: Vec<Row> = found.into_iter().filter_map(Row::of).collect();
        if !has_more {
            return Ok((rows, None));
        }
        written::cut_before_last(&mut rows, Row::is_message);
        let last = rows.last().map(|row| row.key.sk.clone());
        Ok((rows, last))
    }

    /// Ends the work on a conversation whose rows are done.
    async fn finish(&self, in_hand: InHand) -> Result<(), PortError> {
        let key = keys::conversation(self.scope, in_hand.id);
        let item: Option<ConversationItem> = self.table.get(&key, "conversation").await?;
        let is_theirs_again = if let Some(item) = item {
            !self.clear(&key, in_hand, item).await?
        } else {
            self.end_case(in_hand).await?;
            false
        };
        if !self.is_last_pass || is_theirs_again {
            return Ok(());
        }
        let of = self.id(in_hand.of_other_id);
        let key = keys::written_conversation(self.scope, of, in_hand.id);
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

    /// Ends the case that was offered when the conversation was gone already.
    async fn end_case(&self, in_hand: InHand) -> Result<(), PortError> {
        if !in_hand.is_direct || self.has_come_back {
            return Ok(());
        }
        let end = self.table.end_case(self.scope, in_hand.id, &[], self.now);
        Box::pin(end).await.map(|_| ())
    }

    /// Removes the conversation itself, or the person's traces on it. `false` if something was written into it
    /// since.
    async fn clear(
        &self,
        key: &Key,
        in_hand: InHand,
        item: ConversationItem,
    ) -> Result<bool, PortError> {
        let InHand { id, is_direct, .. } = in_hand;
        let connector_id = item.connector_id;
        let conversation = Conversation::from(item);
        let is_old = conversation
            .last_activity_at
            .is_none_or(|at| at < self.until);
        let stays = !is_direct || !is_old;
        // Before the traces, which may be all that leads to the conversation.
        if in_hand.is_theirs && stays && self.has_old_note(&conversation) {
            self.forget_note(key).await?;
        }
        // Anything younger is for the next pass, or of a person who came back.
        let is_cleared = is_old || (in_hand.is_theirs && self.is_of_others(is_direct).await?);
        if is_cleared {
            self.without(key, (id, connector_id), &conversation, is_direct)
                .await?;
        }
        Ok(is_cleared)
    }

    /// Whether what was written into a conversation since this page began is of others, in the last pass. In
    /// one with one person it may also be a text for them, which the page that follows this one finds.
    async fn is_of_others(&self, is_direct: bool) -> Result<bool, PortError> {
        if !self.is_last_pass || self.has_come_back {
            return Ok(false);
        }
        if is_direct {
            return Err(PortError::Conflict {
                what: "conversation",
            });
        }
        let [id, _] = self.ids;
        let newcomer = newcomer(self.table, self.scope, id, self.since).await?;
        Ok(newcomer.is_none())
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
        let read = (":read", n(conversation.version));
        let changed = PortError::Conflict {
            what: "conversation",
        };
        if is_direct {
            let delete = self.table.delete_part(key, "version = :read", &[read])?;
            let removal = self.table.removal_part(&outgoing)?;
            let writes = [delete_write(delete), delete_write(removal)];
            // The case goes in the same transaction, so that none of a person who came back ends.
            let end = self.table.end_case(self.scope, id, &writes, self.now);
            let is_gone = Box::pin(end).await?;
            return is_gone.then_some(()).ok_or(changed);
        }
        let last = conversation.chat_user_id;
        if !last.is_some_and(|id| self.ids.contains(&id)) {
            return Ok(());
        }
        let place = conversation.place.as_ref();
        let member = place.and_then(|place| place.member_id.as_ref());
        let traces = if member.is_some() {
            "chat_user_id, conversation.member_id"
        } else {
            "chat_user_id"
        };
        let update = self.table.update_part(
            key,
            &format!("SET version = version + :one REMOVE {traces}"),
            "version = :read",
            &[],
            &[read, (":one", n(1))],
        )?;
        if let Some(member) = member {
            self.forget_member(&outgoing, member).await?;
        }
        match self.table.transact(vec![update_write(update)]).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(changed),
        }
    }

    fn has_old_note(&self, conversation: &Conversation) -> bool {
        let handoff = conversation.handoff.as_ref();
        handoff.is_some_and(|handoff| handoff.note.is_some() && handoff.at < self.notes_until())
    }

    fn notes_until(&self) -> Timestamp {
        notes_until(self.until, self.since)
    }

    /// Removes the note from a handoff, which stays, unless another handoff replaced it. The version stays
    /// too: nobody who read the note changes anything by it.
    async fn forget_note(&self, conversation: &Key) -> Result<(), PortError> {
        let update = self.table.update_part(
            conversation,
            "SET handoff.note_erased = :yes REMOVE handoff.note",
            "attribute_exists(handoff.note) AND handoff.#at < :until",
            &[("#at", "at")],
            &[
                (":yes", AttributeValue::Bool(true)),
                (":until", to_value(&self.notes_until())?),
            ],
        )?;
        self.table.update(update).await.map(|_| ())
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
    fn notes_go_while_what_was_read_before_the_order_may_make_them_and_as_long_as_other_records_do()
    {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for (until, since, expected) in [(1, 0, 120), (119, 0, 120), (121, 0, 121), (900, 800, 920)]
        {
            assert_eq!(notes_until(at(until), at(since)), at(expected));
        }
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
            written::cut_before_last(&mut rows, Row::is_message);
            assert_eq!(rows.len(), left);
        }
    }
}
