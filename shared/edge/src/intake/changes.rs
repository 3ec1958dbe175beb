//! Edits and deletions of earlier messages.

use super::{
    Intake,
    holding::made_latest,
    outcome::{Content, IntakeOutcome},
};
use vestibule_domain::{
    PortError,
    chat::change::{ChangeKind, MessageChange},
    chat::message::InboundMessage,
    connector::Connector,
    ids::AccessRequestId,
    ports::Known,
};

impl Intake {
    /// Takes a change of an earlier message. What is kept of a message that made a request changes with it.
    pub(super) async fn take_change(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        change: &MessageChange,
        known: &Known,
        delivers: bool,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        if !delivers && change.kind == ChangeKind::Deleted {
            let taken = self
                .take_withdrawal(connector, message, change, known)
                .await?;
            return Ok(Some(taken.unwrap_or(IntakeOutcome::Ignored)));
        }
        let is_first = self.change_first(connector, change, known).await?;
        if delivers && known.chat_user.is_some() {
            return self
                .deliver(connector, message, Content::Changed(change))
                .await;
        }
        Ok(Some(if is_first {
            IntakeOutcome::Changed
        } else {
            IntakeOutcome::Ignored
        }))
    }

    /// Changes what is kept of a message that made a request. `false` if the changed message made none.
    async fn change_first(
        &self,
        connector: &Connector,
        change: &MessageChange,
        known: &Known,
    ) -> Result<bool, PortError> {
        let Some(id) = opened_request(connector, change, known) else {
            return Ok(false);
        };
        self.store
            .change_first_message(connector.scope, id, change)
            .await?;
        Ok(true)
    }

    /// Takes a deletion by a person without access: what they wrote goes from the request that it made and from
    /// the history, and no row is made for it (SPEC A45). `None` if nothing of theirs can be there, or if the
    /// change is an edit, which would bring in what such a person writes.
    pub(super) async fn take_withdrawal(
        &self,
        connector: &Connector,
        message: &InboundMessage,
        change: &MessageChange,
        known: &Known,
    ) -> Result<Option<IntakeOutcome>, PortError> {
        let Some(event) = change.event_for_history() else {
            return Ok(None);
        };
        let is_first = self.change_first(connector, change, known).await?;
        if may_have_been_heard(known) && !was_dropped(change, known) {
            self.enqueue(connector, message, event).await?;
            return Ok(Some(IntakeOutcome::Withdrawn));
        }
        Ok(is_first.then_some(IntakeOutcome::Changed))
    }
}

/// Whether a message of the sender may be in the conversation's history, or wait to be: somebody was let
/// through there, or the sender was anywhere. Whoever has to ask for access since was let through before.
fn may_have_been_heard(known: &Known) -> bool {
    let Some(user) = &known.chat_user else {
        return false;
    };
    let standing = known.standing.as_ref();
    known.conversation.version > 0
        || user.admitted_openly
        || !user.grants.is_empty()
        || standing.is_some_and(|standing| standing.admitted_openly_at.is_some())
}

/// Whether the message was written while its author was blocked, so that nothing of it was kept. Whoever writes
/// and deletes in a loop then has no search made for it.
fn was_dropped(change: &MessageChange, known: &Known) -> bool {
    let user = known.chat_user.as_ref();
    let block = user.and_then(|user| user.block.as_ref());
    matches!((block, change.written_at), (Some(block), Some(at)) if at >= block.blocked_at)
}

/// The sender's latest request at the connector, if the changed message made it, or took the place of the
/// placeholder that made it.
fn opened_request(
    connector: &Connector,
    change: &MessageChange,
    known: &Known,
) -> Option<AccessRequestId> {
    let standing = known.standing.as_ref()?;
    let took_place = standing.content_key.as_ref() == Some(&change.original_key);
    let opened = took_place || made_latest(connector, change, standing, &change.original_key);
    standing.request_id.filter(|_| opened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::chat::conversation::Conversation;

    #[test]
    fn of_somebody_unknown_nothing_can_be_on_record() {
        assert!(!may_have_been_heard(&Known::default()));
        let known = Known {
            conversation: Conversation {
                version: 1,
                ..Conversation::default()
            },
            ..Known::default()
        };
        assert!(!may_have_been_heard(&known));
    }
}
