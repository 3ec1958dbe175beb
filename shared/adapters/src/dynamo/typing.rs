//! The turns of a conversation to show that a text is being written (SPEC F12). Their row is apart from the
//! conversation's other rows, so that a hint holds up no text.

use super::{
    keys, pace,
    table::{Conditional, Table, from_row, n},
};
use serde::Deserialize;
use std::time::Duration;
use vestibule_domain::{PortError, Timestamp, chat::typing::TYPING_INTERVAL, job::SendMessages};

/// Time after which the row of a turn is removed.
const KEPT: Duration = Duration::from_hours(1);

/// The last turn of a conversation.
#[derive(Debug, Deserialize)]
struct TypingItem {
    /// Time of the next turn, in milliseconds since 1970.
    not_before: i64,
}

impl Table {
    /// See [`vestibule_domain::ports::ConversationWriter::take_typing_turn`].
    pub(super) async fn take_typing_turn(
        &self,
        order: SendMessages,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        let pace = keys::pace(order.connector_id);
        let typing = keys::typing(order.scope, order.conversation_id);
        let mut rows = self.get_batch(&[pace.clone(), typing.clone()]).await?;
        let last = rows.remove(&typing);
        let last = last.and_then(|row| from_row::<TypingItem>(row, "typing").ok());
        let is_early = last.is_some_and(|last| last.not_before > now.millis());
        if is_early || pace::is_paused(rows.remove(&pace), now) {
            return Ok(false);
        }
        let next = now.plus(TYPING_INTERVAL);
        let update = self.update_part(
            &typing,
            "SET not_before = :next, expires_at = :end",
            "attribute_not_exists(not_before) OR not_before <= :now",
            &[],
            &[
                (":next", n(next.millis())),
                (":end", n(next.plus(KEPT).seconds())),
                (":now", n(now.millis())),
            ],
        )?;
        // The condition fails when another call took the turn meanwhile.
        let outcome = self.update(update).await?;
        Ok(matches!(outcome, Conditional::Done(_)))
    }
}
