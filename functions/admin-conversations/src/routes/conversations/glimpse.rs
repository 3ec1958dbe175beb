//! The parts of a listed conversation that are not on its record: who wrote last, and the beginning of the last message.

use crate::routes::messages::MessageAuthorResponse;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_domain::{
    chat::{content::text_or_words, history::StoredMessage, user::ChatUser},
    text::clean_line,
};

/// Longest beginning of a message, in characters: as much as a row has room for.
const PREVIEW_MAX_CHARS: usize = 80;

/// The person who wrote last in a conversation.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z", "name": "Ada Lovelace", "has_picture": false}))]
pub struct ConversationPersonResponse {
    /// Id of the chat user.
    id: String,
    /// Name to show; the identifier where the platform gives no name.
    name: String,
    /// Whether a picture is kept here, to be read at `…/chat-users/{id}/avatar`.
    has_picture: bool,
}

impl From<ChatUser> for ConversationPersonResponse {
    fn from(user: ChatUser) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.display_name().to_owned(),
            has_picture: user.profile.avatar_kept,
        }
    }
}

/// The beginning of a message.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "author": {"kind": "chat_user", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z", "name": null}, "text": "Where is my order?"
}))]
pub struct MessagePreviewResponse {
    /// Author of the message.
    author: MessageAuthorResponse,
    /// Beginning of the text or, if the author wrote none, of the content in plain words, in one line of at most 80 characters.
    text: String,
}

impl MessagePreviewResponse {
    /// The beginning of a message; `None` if it was deleted.
    #[must_use]
    pub fn of(message: StoredMessage) -> Option<Self> {
        if message.deleted_at.is_some() {
            return None;
        }
        let words = text_or_words(&message.text, &message.attachments, &message.parts);
        Some(Self {
            text: clean_line(&words, PREVIEW_MAX_CHARS)?,
            author: MessageAuthorResponse::of(message.author, message.signature),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{
        Timestamp,
        chat::byline::{Author, Byline},
        ids::MemberId,
        job::QueuedText,
    };

    fn written(text: &str) -> StoredMessage {
        StoredMessage::unprompted(&QueuedText {
            number: 1,
            at: Timestamp::from_millis(0),
            text: text.to_owned(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::default(),
        })
    }

    #[test]
    fn a_preview_is_the_beginning_of_the_text_in_one_line_with_its_author() {
        let id = MemberId::derive(&["m"]);
        let message = StoredMessage {
            author: Author::Member(id),
            signature: Byline::member(id, "Ana".to_owned(), false).signature,
            ..written("Good\n\u{202E}morning")
        };
        let shown = serde_json::to_value(MessagePreviewResponse::of(message)).unwrap();
        let author = json!({"kind": "member", "id": id, "name": "Ana"});
        assert_eq!(shown, json!({"author": author, "text": "Good morning"}));
        let long = MessagePreviewResponse::of(written(&"é".repeat(200))).unwrap();
        assert_eq!(long.text, "é".repeat(80));
    }

    #[test]
    fn a_message_that_was_deleted_has_no_preview_and_one_that_shows_nothing_says_so() {
        let deleted = StoredMessage {
            deleted_at: Some(Timestamp::from_millis(1)),
            ..written("Gone")
        };
        assert_eq!(MessagePreviewResponse::of(deleted), None);
        let blank = MessagePreviewResponse::of(written("\u{202E} \n")).unwrap();
        assert_eq!(blank.text, "Content that cannot be shown here");
    }
}
