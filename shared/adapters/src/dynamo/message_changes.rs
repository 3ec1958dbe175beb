//! Edits and deletions of messages on record.

use super::{
    items::{MessageItem, content_of},
    keys::{self, Key, MESSAGE_PREFIX},
    table::{Attributes, Conditional, Table, from_row, key_of, s},
};
use crate::aws::port_error;
use vestibule_domain::{
    PortError, chat::change::DeliveryEvent, chat::history::StoredMessage, ids::DeliveryId,
    job::DeliverMessage, ports::Original,
};

/// Numbers of messages that are read one after the other until the one that was changed is found, the newest
/// first. As a rule it is among the first; one before all of these stays as it is.
const READS: [i32; 5] = [50, 1000, 1000, 1000, 1000];

/// Whether a row is there, and no change is on record that an edit at `:at` would undo.
const EDITABLE: &str = "attribute_exists(pk) AND (attribute_not_exists(edited_at) OR edited_at <= :at) \
    AND (attribute_not_exists(deleted_at) OR deleted_at < :at)";
/// The same for a deletion.
const DELETABLE: &str = "attribute_exists(pk) AND (attribute_not_exists(edited_at) OR edited_at <= :at) \
    AND (attribute_not_exists(deleted_at) OR deleted_at <= :at)";

/// See [`vestibule_domain::ports::ConversationStore::change_message`].
pub(super) async fn change(
    table: &Table,
    change: &DeliverMessage,
    originals: &[DeliveryId; 2],
) -> Result<Original, PortError> {
    let Some(key) = find(table, change, originals).await? else {
        return Ok(Original::Unknown);
    };
    let mut values = vec![(":at", s(change.sent_at))];
    let (update, condition) = match &change.event {
        DeliveryEvent::Received | DeliveryEvent::Unsupported => return Ok(Original::Unknown),
        DeliveryEvent::Edited { .. } => {
            values.push((":text", s(&change.text)));
            let update = match content_of(change)? {
                Some(content) => {
                    values.push((":content", s(content)));
                    "SET #text = :text, #content = :content, edited_at = :at REMOVE deleted_at"
                }
                None => "SET #text = :text, edited_at = :at REMOVE deleted_at, #content",
            };
            (update, EDITABLE)
        }
        DeliveryEvent::Deleted { .. } => {
            values.push((":text", s("")));
            (
                "SET #text = :text, deleted_at = :at REMOVE #content",
                DELETABLE,
            )
        }
    };
    let names = [("#text", "text"), ("#content", "content")];
    let update = table.update_part(&key, update, condition, &names, &values)?;
    let (Conditional::Done(row) | Conditional::Failed(row)) = table.update(update).await?;
    let Some(row) = row else {
        return Ok(Original::Unknown);
    };
    let message: StoredMessage = from_row::<MessageItem>(row, "message")?.into();
    Ok(Original::OnRecord {
        sequence: message.sequence,
    })
}

/// Finds the row of the person's message with one of these delivery ids. Rows of its answers have the same.
async fn find(
    table: &Table,
    change: &DeliverMessage,
    originals: &[DeliveryId; 2],
) -> Result<Option<Key>, PortError> {
    let [message, placeholder] = originals;
    let conversation = keys::conversation(change.scope, change.conversation.id);
    let mut start = None;
    for rows in READS {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .filter_expression(
                "attribute_exists(provider_event_id) AND \
                 (delivery_id = :message OR delivery_id = :placeholder)",
            )
            .expression_attribute_values(":pk", s(&conversation.pk))
            .expression_attribute_values(":prefix", s(MESSAGE_PREFIX))
            .expression_attribute_values(":message", s(message))
            .expression_attribute_values(":placeholder", s(placeholder))
            .consistent_read(true)
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .limit(rows)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
        let found = answer.items();
        let is_message = |row: &&Attributes| row.get("delivery_id") == Some(&s(message));
        let row = found.iter().find(is_message).or_else(|| found.first());
        if let Some(key) = row.and_then(key_of) {
            return Ok(Some(key));
        }
        start = answer.last_evaluated_key;
        if start.is_none() {
            break;
        }
    }
    Ok(None)
}
