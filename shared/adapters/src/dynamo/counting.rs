//! The write that counts a held message on its pending request.

use super::{
    items::WaitingPlace,
    keys,
    standings::DueAgain,
    table::{Table, n, s, to_value},
};
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp, access::standing::Standing, chat::message::InboundMessage,
    ids::AccessRequestId,
};

/// A held message that is counted.
pub(super) struct Counting<'a> {
    pub(super) scope: ProjectScope,
    /// The standing, as it was read.
    pub(super) standing: &'a Standing,
    /// Its pending request.
    pub(super) request_id: AccessRequestId,
    pub(super) message: &'a InboundMessage,
    /// Whether the message takes the place of the placeholder that made the request.
    pub(super) is_first: bool,
    /// Time from which the sweep dispatches the job of a message that opens the way (SPEC A48).
    pub(super) due: Timestamp,
}

impl Table {
    /// Makes the write. Its condition fails when the request was decided or replaced.
    pub(super) fn count_update(&self, counting: &Counting<'_>) -> Result<Update, PortError> {
        let Counting {
            scope,
            standing,
            request_id,
            message,
            is_first,
            due,
        } = *counting;
        let mut set = vec![
            "message_count = message_count + :one",
            "version = version + :one",
        ];
        let (mut added, mut removed) = ("", Vec::new());
        let mut condition = "request_id = :request AND request_pending = :pending".to_owned();
        let mut values = vec![
            (":request", s(request_id)),
            (":pending", AttributeValue::Bool(true)),
            (":one", n(1)),
        ];
        // The person is answered where the last message was written, and platforms sometimes deliver late.
        if standing
            .last_message_at
            .is_none_or(|last| last <= message.sent_at)
        {
            let place = WaitingPlace::at(scope, request_id, message.sent_at);
            set.extend(["last_message_at = :at", "conversation = :conversation"]);
            set.extend(["all_pk = :waiting", "all_sk = :waiting_order"]);
            values.push((":waiting", s(place.list)));
            values.push((":waiting_order", s(place.order)));
            condition
                .push_str(" AND (attribute_not_exists(last_message_at) OR last_message_at <= :at)");
            values.push((":at", s(message.sent_at)));
            values.push((":conversation", to_value(&message.conversation)?));
        }
        if is_first {
            set.push("content_key = :content");
            removed.push("awaits_content");
            condition.push_str(" AND awaits_content = :pending");
            values.push((":content", to_value(&message.event_keys.first())?));
        }
        if standing.is_opened_by(message) {
            let again = DueAgain::new(scope, standing, due)?;
            set.extend(again.set);
            values.extend(again.values);
            added = DueAgain::TASK;
            removed.push("not_before");
            condition.push_str(" AND version = :read");
            values.push((":read", n(standing.version)));
        }
        let mut update = format!("SET {} {added}", set.join(", "));
        if !removed.is_empty() {
            update = format!("{update} REMOVE {}", removed.join(", "));
        }
        let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
        self.update_part(&key, &update, &condition, &[], &values)
    }
}
