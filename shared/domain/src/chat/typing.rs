//! The sign that a text is being written, where a platform has one.

use crate::{Timestamp, chat::conversation::ConversationRef};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The order to show once in a conversation that a text is being written. It stands on no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShowTyping {
    /// The conversation, as the platform addresses it now.
    pub conversation: ConversationRef,
    /// The platform's id of the last message of a person, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Time of the order.
    pub at: Timestamp,
}

/// Age from which an order to show that a text is being written is worth nothing: the sign lasts 5 seconds on
/// Telegram and 25 on `WhatsApp` (Bot API, `sendChatAction`; Meta, "Typing indicators").
const TYPING_FRESH_FOR: Duration = Duration::from_secs(20);

/// Time between two signs of writing in a conversation that are shown over the API. The shortest sign, Telegram's,
/// lasts 5 seconds (Bot API, `sendChatAction`), so one every 4 keeps it up. Calls that are made every 4 seconds
/// arrive a little sooner or later, and each of them is to show its sign.
pub const TYPING_INTERVAL: Duration = Duration::from_millis(3500);

impl ShowTyping {
    /// Whether the order is still worth a call.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.at) < TYPING_FRESH_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, conversation};

    #[test]
    fn a_sign_of_writing_is_worth_a_call_for_twenty_seconds() {
        let typing = ShowTyping {
            conversation: conversation("D1"),
            message_id: Some("wamid.1".into()),
            at: at(9),
        };
        for (second, is_fresh) in [(9, true), (28, true), (29, false)] {
            assert_eq!(typing.is_fresh(at(second)), is_fresh, "{second}");
        }
    }
}
