//! Changes of the messages that made requests.

use super::{
    items::{HeldMessageItem, PreviewItem},
    keys,
    table::{Table, s, take},
};
use vestibule_domain::{
    PortError, ProjectScope,
    chat::change::{ChangeKind, MessageChange},
    ids::AccessRequestId,
};

/// Whether a row is there, and no change is on record that an edit at `:at` would undo.
const EDITABLE: &str = "attribute_exists(pk) AND (attribute_not_exists(changed_at) OR changed_at < :at \
    OR (changed_at = :at AND attribute_not_exists(is_deleted)))";
/// The same for a deletion.
const DELETABLE: &str =
    "attribute_exists(pk) AND (attribute_not_exists(changed_at) OR changed_at <= :at)";

/// See [`vestibule_domain::ports::IntakeStore::change_first_message`]. Each row is written for itself: after
/// a crash in between, the platform sends the event again.
pub(super) async fn change(
    table: &Table,
    scope: ProjectScope,
    id: AccessRequestId,
    change: &MessageChange,
) -> Result<(), PortError> {
    let (preview_key, held_key) = (keys::preview(scope, id), keys::held_message(scope, id));
    let mut rows = table
        .get_batch(&[preview_key.clone(), held_key.clone()])
        .await?;
    let condition = match change.kind {
        ChangeKind::Edited => EDITABLE,
        ChangeKind::Deleted => DELETABLE,
    };
    let values = [(":at", s(change.message.sent_at))];
    if let Some(item) = take::<PreviewItem>(&mut rows, &preview_key, "preview")? {
        let put = table.put_part(&item.after(change), condition, &values)?;
        table.put(put).await?;
    }
    if let Some(item) = take::<HeldMessageItem>(&mut rows, &held_key, "held message")? {
        let put = table.put_part(&item.after(change)?, condition, &values)?;
        table.put(put).await?;
    }
    Ok(())
}
