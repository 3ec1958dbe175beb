//! Texts that are added to those which a conversation sends: the writes that an agent's answer and a call to
//! the API have in common.

use super::{
    items::{MessageItem, WrittenConversationItem},
    keys,
    marks::Marked,
    table::{Table, n, put_write, s, to_value},
};
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use vestibule_domain::{
    PortError, Timestamp,
    chat::conversation::{ConversationRef, Outgoing},
    chat::history::{HistoryDays, StoredMessage},
    job::{DeliverMessage, SendMessages},
    ports::OUTBOX_PATIENCE,
};

/// Texts that are added.
pub(super) struct Adding<'a> {
    /// The order to send them.
    pub(super) order: SendMessages,
    /// The conversation as the last message names it.
    pub(super) place: &'a ConversationRef,
    /// The texts that go out, as they were read.
    pub(super) read: &'a Outgoing,
    /// The same with those that are added.
    pub(super) next: &'a Outgoing,
    /// Time of the addition.
    pub(super) at: Timestamp,
}

impl Table {
    /// Makes the write that adds texts to those that go out, and the mark if there is none. Nobody else
    /// adds texts without giving them numbers in the conversation, so if nothing was waiting when it was
    /// read, nothing is waiting.
    pub(super) fn adding_update(&self, adding: &Adding<'_>) -> Result<Update, PortError> {
        let (order, read, next) = (adding.order, adding.read, adding.next);
        let mark = Marked::by(order.into()).waiting(adding.at.plus(OUTBOX_PATIENCE));
        let mut set = vec![
            "connector_id = :connector",
            "conversation = :place",
            "last_outgoing = :last",
            "outbox_pk = if_not_exists(outbox_pk, :part)",
            "outbox_due = if_not_exists(outbox_due, :due)",
            "version = if_not_exists(version, :zero) + :one",
        ];
        set.push(if read.has_unsent() {
            "next_outgoing = if_not_exists(next_outgoing, :next)"
        } else {
            "next_outgoing = :next"
        });
        let mut values = vec![
            (":connector", s(order.connector_id)),
            (":place", to_value(adding.place)?),
            (":next", n(next.next)),
            (":last", n(next.last)),
            (":part", mark.pk()),
            (":due", mark.due()),
            (":zero", n(0)),
            (":one", n(1)),
            (":read", n(read.last)),
        ];
        // The release before kept these two in the conversation's row.
        if let Some(moved_to) = &read.moved_to {
            set.push("moved_to = if_not_exists(moved_to, :moved)");
            values.push((":moved", s(moved_to)));
        }
        if let Some(url) = &read.reply_url {
            set.push("reply_url = if_not_exists(reply_url, :url)");
            values.push((":url", to_value(url)?));
        }
        self.update_part(
            &keys::outgoing(order.scope, order.conversation_id, order.connector_id),
            &format!("SET {}", set.join(", ")),
            "attribute_not_exists(last_outgoing) OR last_outgoing = :read",
            &[],
            &values,
        )
    }

    /// Makes the write by which an erasure of the sender finds the conversation.
    pub(super) fn writer_write(
        &self,
        job: &DeliverMessage,
    ) -> Result<TransactWriteItem, PortError> {
        self.replacing_part(&WrittenConversationItem::of(job))
            .map(put_write)
    }

    /// Makes the write of a message that has its number.
    pub(super) fn message_write(
        &self,
        conversation: SendMessages,
        message: StoredMessage,
        history: HistoryDays,
    ) -> Result<TransactWriteItem, PortError> {
        self.new_message(&MessageItem::new(conversation, message, history))
    }

    /// Makes the write of a new message's row.
    pub(super) fn new_message(&self, item: &MessageItem) -> Result<TransactWriteItem, PortError> {
        let put = self.put_part(item, "attribute_not_exists(pk)", &[])?;
        Ok(put_write(put))
    }
}
