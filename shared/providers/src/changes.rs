//! Edits and deletions, in the form that all platforms share.

use crate::{fields::event_key, webhook::Event};
use std::{iter, mem};
use vestibule_domain::{
    Timestamp,
    chat::change::{ChangeKind, MessageChange},
    chat::message::InboundMessage,
};

/// Makes the event of a change at `at`. `message` is the message as it is from now on; the first of its
/// event keys is that of the message as it was written, the others are those of the change. `written_at` is
/// the time at which that was, if the platform names it. `version` tells this change from others of the same
/// message.
pub(crate) fn event(
    mut message: InboundMessage,
    kind: ChangeKind,
    at: Timestamp,
    written_at: Option<Timestamp>,
    version: &str,
) -> Event {
    let mut keys = mem::take(&mut message.event_keys).into_iter();
    let original_key = keys.next().unwrap_or_default();
    let (provider, what) = original_key
        .split_once(':')
        .unwrap_or(("", original_key.as_str()));
    let own_key = event_key(provider, &format!("{what}:{}:{version}", kind.key()));
    message.event_keys = iter::once(own_key).chain(keys).collect();
    message.sent_at = at;
    let change = MessageChange::new(message, kind, original_key);
    Event::Changed(Box::new(change.of_message_at(written_at)))
}
