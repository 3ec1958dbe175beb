//! Edits and deletions of messages on record.

use super::{
    items::{MessageItem, content_of},
    keys::{self, Key, MESSAGE_PREFIX},
    table::{Attributes, Conditional, Table, key_of, s},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::AttributeValue;
use vestibule_domain::{
    PortError, chat::change::DeliveryEvent, chat::history::StoredMessage, job::DeliverMessage,
    ports::Original,
};

/// Numbers of messages that are read one after the other until the one that was changed is found, the newest
/// first, if its event's row does not lead to it: the row is gone once the platform cannot repeat the event,
/// after a day or more, or is of the release before. People mend what they wrote last, and few write more than
/// these in a conversation after what they mend; one before all of these stays as it is. For a person without
/// access there is the first read alone: whoever is blocked must not make the table work.
const READS: [i32; 2] = [50, 500];

/// Whether a row is there, and no change is on record that an edit at `:at` would undo.
const EDITABLE: &str = "attribute_exists(pk) AND (attribute_not_exists(edited_at) OR edited_at <= :at) \
    AND (attribute_not_exists(deleted_at) OR deleted_at < :at)";
/// The same for a deletion.
const DELETABLE: &str = "attribute_exists(pk) AND (attribute_not_exists(edited_at) OR edited_at <= :at) \
    AND (attribute_not_exists(deleted_at) OR deleted_at <= :at)";

/// Whether the row is of the message, or of the placeholder that stands for it.
const IS_ORIGINAL: &str = "(delivery_id = :message OR delivery_id = :placeholder)";

/// See [`vestibule_domain::ports::ConversationStore::change_message`].
pub(super) async fn change(
    table: &Table,
    change: &DeliverMessage,
    originals: &[String; 2],
) -> Result<Original, PortError> {
    let [message, placeholder] = originals.each_ref().map(|key| s(change.id_under(key)));
    let number = table.message_number(change.connector_id, originals);
    let key = match number.await? {
        Some(number) => keys::message(change.scope, change.conversation.id, number),
        None => match find(table, change, &message, &placeholder).await? {
            Some(key) => key,
            None => return Ok(Original::Unknown),
        },
    };
    let ids = [message.clone(), placeholder.clone()];
    let mut values = vec![
        (":at", s(change.sent_at)),
        (":message", message),
        (":placeholder", placeholder),
    ];
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
    let condition = format!("{condition} AND {IS_ORIGINAL}");
    let update = table.update_part(&key, update, &condition, &names, &values)?;
    let (Conditional::Done(row) | Conditional::Failed(row)) = table.update(update).await?;
    // Another message has the number since the conversation was erased and begun anew.
    let is_original = |row: &Attributes| row.get("delivery_id").is_some_and(|id| ids.contains(id));
    let Some(row) = row.filter(is_original) else {
        return Ok(Original::Unknown);
    };
    // The change is made; a row that cannot be read must not keep the delivery.
    let message = MessageItem::read(row).map(StoredMessage::from);
    Ok(Original::OnRecord {
        sequence: message.ok().and_then(|message| message.sequence),
    })
}

/// Finds the row of the person's message with one of these delivery ids. Rows of its answers have the same.
async fn find(
    table: &Table,
    change: &DeliverMessage,
    message: &AttributeValue,
    placeholder: &AttributeValue,
) -> Result<Option<Key>, PortError> {
    let conversation = keys::conversation(change.scope, change.conversation.id);
    let has_access = !change.event.is_for_history();
    let reads = if has_access { READS.len() } else { 1 };
    let mut start = None;
    for rows in READS.into_iter().take(reads) {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .filter_expression(format!(
                "attribute_exists(provider_event_id) AND {IS_ORIGINAL}"
            ))
            .expression_attribute_values(":pk", s(&conversation.pk))
            .expression_attribute_values(":prefix", s(MESSAGE_PREFIX))
            .expression_attribute_values(":message", message.clone())
            .expression_attribute_values(":placeholder", placeholder.clone())
            .consistent_read(true)
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .limit(rows)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
        let found = answer.items();
        let is_message = |row: &&Attributes| row.get("delivery_id") == Some(message);
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
