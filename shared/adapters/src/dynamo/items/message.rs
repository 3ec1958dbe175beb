use crate::dynamo::{
    keys,
    table::{Attributes, from_row, key_of},
};
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    chat::byline::Author,
    chat::byline::{Byline, Signature},
    chat::content::Parts,
    chat::entity::Entities,
    chat::history::{HistoryDays, StoredMessage},
    chat::message::Attachment,
    chat::send_status::SendStatus,
    ids::DeliveryId,
    job::{DeliverMessage, QueuedText, SendMessages},
};

/// Time for which a text that is to be sent stays on record at least, however short the project's history
/// is. It is longer than a text is tried.
const QUEUED_KEPT: Duration = Duration::from_hours(24 * 14);

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::dynamo) struct MessageItem {
    pk: String,
    sk: String,
    number: u64,
    at: Timestamp,
    author: Author,
    /// The author's name, if a member wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<Signature>,
    text: String,
    #[serde(default, skip_serializing_if = "Content::is_empty", with = "as_json")]
    content: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery_id: Option<DeliveryId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_event_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sending: Option<SendStatus>,
    /// Time of the author's last edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edited_at: Option<Timestamp>,
    /// Time at which the author deleted the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    /// Whether the text is kept for sending only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_ephemeral: bool,
    /// Whether the message that the text answers had waited.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_late: bool,
    /// The time that becomes `expires_at` when a text that is to be sent is finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_until: Option<i64>,
    expires_at: i64,
}

/// A message's row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dynamo) struct UnreadableMessage {
    /// The number in the row's key.
    pub(in crate::dynamo) number: Option<u64>,
    /// Whether the text is kept for sending only.
    pub(in crate::dynamo) is_ephemeral: bool,
}

/// The content of a message besides its text. It is stored as one JSON text: a platform's numbers may be
/// larger, and its values nested deeper, than a row's may be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Content {
    #[serde(default, skip_serializing_if = "Parts::is_empty")]
    parts: Parts,
    #[serde(default, skip_serializing_if = "Entities::is_empty")]
    entities: Entities,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
}

impl Content {
    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.entities.is_empty() && self.attachments.is_empty()
    }
}

/// Makes the attribute `content` of a message that was edited; `None` if it says nothing besides its text.
pub(in crate::dynamo) fn content_of(edited: &DeliverMessage) -> Result<Option<String>, PortError> {
    let content = Content {
        parts: edited.parts.clone(),
        entities: edited.entities.clone(),
        attachments: edited.attachments.clone(),
    };
    if content.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&content)
        .map(Some)
        .map_err(|error| PortError::rejected("message", error))
}

mod as_json {
    use super::{Content, Deserialize, Deserializer, Serializer, de, ser};

    pub(super) fn serialize<S: Serializer>(
        content: &Content,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let json = serde_json::to_string(content).map_err(ser::Error::custom)?;
        serializer.serialize_str(&json)
    }

    /// An error does not reveal the content.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Content, D::Error> {
        let json = String::deserialize(deserializer)?;
        serde_json::from_str(&json).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            de::Error::custom(format!("content, line {line}, column {column}"))
        })
    }
}

impl MessageItem {
    /// Reads one row of many. The log names a row that cannot be read; the reason might quote the text.
    pub(in crate::dynamo) fn read(row: Attributes) -> Result<Self, UnreadableMessage> {
        let key = key_of(&row);
        let is_ephemeral = row.get("is_ephemeral") == Some(&AttributeValue::Bool(true));
        from_row(row, "message").map_err(|_| {
            let place = key.as_ref().map_or_else(String::new, keys::Key::to_string);
            tracing::error!(
                row.key = place,
                "a message on record cannot be read and is left out"
            );
            UnreadableMessage {
                number: key.and_then(|key| keys::parse_message_number(&key.sk)),
                is_ephemeral,
            }
        })
    }

    /// The row of a text that answers a message which had waited, if `is_late`.
    pub(in crate::dynamo) const fn answering(mut self, is_late: bool) -> Self {
        self.is_late = is_late;
        self
    }

    /// Makes the row of a message. A project that keeps nothing has rows of texts until they are sent.
    pub(in crate::dynamo) fn new(
        conversation: SendMessages,
        message: StoredMessage,
        history: HistoryDays,
    ) -> Self {
        let SendMessages {
            scope,
            conversation_id,
            ..
        } = conversation;
        let key = keys::message(scope, conversation_id, message.number);
        let kept_until = history.kept_until(message.at).seconds();
        let is_queued = message.sending.is_some();
        let expires_at = if is_queued {
            kept_until.max(message.at.plus(QUEUED_KEPT).seconds())
        } else {
            kept_until
        };
        Self {
            pk: key.pk,
            sk: key.sk,
            number: message.number,
            at: message.at,
            author: message.author,
            signature: message.signature,
            text: message.text,
            content: Content {
                parts: message.parts,
                entities: message.entities,
                attachments: message.attachments,
            },
            delivery_id: message.delivery_id,
            provider_event_id: message.provider_event_id,
            sequence: message.sequence,
            sending: message.sending,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
            is_ephemeral: history.keeps_nothing(),
            is_late: false,
            kept_until: is_queued.then_some(kept_until),
            expires_at,
        }
    }
}

/// The change of a message's row that a shorter history asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dynamo) enum Shortened {
    /// The message goes.
    Removed,
    /// It may be forgotten at this time, in seconds.
    Until(i64),
    /// The same for a text that is still to be sent.
    QueuedUntil(i64),
    /// The text goes once it is sent or given up.
    Ephemeral,
}

impl MessageItem {
    /// Returns the change that this history asks for. A longer one asks for none.
    pub(in crate::dynamo) fn under(
        &self,
        history: HistoryDays,
        now: Timestamp,
    ) -> Option<Shortened> {
        let is_over = history.keeps_nothing() || self.at < history.oldest_kept(now);
        let kept_until = history.kept_until(self.at).seconds();
        if self.sending == Some(SendStatus::Queued) {
            return if is_over {
                (!self.is_ephemeral).then_some(Shortened::Ephemeral)
            } else {
                let is_longer = self.kept_until.is_some_and(|until| until > kept_until);
                is_longer.then_some(Shortened::QueuedUntil(kept_until))
            };
        }
        if is_over {
            return Some(Shortened::Removed);
        }
        (self.expires_at > kept_until).then_some(Shortened::Until(kept_until))
    }
}

impl From<MessageItem> for StoredMessage {
    fn from(item: MessageItem) -> Self {
        Self {
            number: item.number,
            at: item.at,
            author: item.author,
            signature: item.signature,
            text: item.text,
            parts: item.content.parts,
            entities: item.content.entities,
            attachments: item.content.attachments,
            delivery_id: item.delivery_id,
            provider_event_id: item.provider_event_id,
            sequence: item.sequence,
            sending: item.sending,
            edited_at: item.edited_at,
            deleted_at: item.deleted_at,
        }
    }
}

impl From<MessageItem> for QueuedText {
    fn from(item: MessageItem) -> Self {
        Self {
            number: item.number,
            at: item.at,
            text: item.text,
            is_ephemeral: item.is_ephemeral,
            is_unprompted: item.delivery_id.is_none() || item.is_late,
            byline: Byline {
                author: item.author,
                signature: item.signature,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{to_row, to_value};
    use vestibule_domain::{
        AccountScope,
        chat::content::{Location, Part},
        chat::entity::{Entity, Mark},
        chat::message::AttachmentKind,
        ids::{AccountId, ChatUserId, ConnectorId, ConversationId, MemberId, ProjectId},
    };

    fn conversation() -> SendMessages {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        SendMessages {
            scope: account.project(ProjectId::derive(&["p"])),
            connector_id: ConnectorId::derive(&["c"]),
            conversation_id: ConversationId::derive(&["d"]),
        }
    }

    fn queued() -> QueuedText {
        QueuedText {
            number: 2,
            at: Timestamp::from_millis(1_000_000),
            text: "Hello".to_owned(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::default(),
        }
    }

    fn kept(days: u16) -> HistoryDays {
        HistoryDays::new(days).unwrap()
    }

    #[test]
    fn a_message_reads_back_with_all_its_content() {
        let mention = Entity {
            offset: 0,
            length: 5,
            what: Mark::Everybody,
        };
        let file = Attachment {
            kind: AttachmentKind::Image,
            provider_id: "F1".to_owned(),
            name: Some("plan.png".to_owned()),
            mime_type: None,
            url: None,
        };
        let message = StoredMessage {
            author: Author::ChatUser(ChatUserId::derive(&["u"])),
            signature: None,
            parts: Parts::of([Part::Location(Location::default())]),
            entities: Entities::of("Hello", [mention]),
            attachments: vec![file],
            provider_event_id: Some("Ev1".to_owned()),
            sequence: Some(1),
            sending: None,
            edited_at: Some(Timestamp::from_millis(2_000_000)),
            deleted_at: Some(Timestamp::from_millis(3_000_000)),
            ..StoredMessage::reply(&queued(), DeliveryId::derive(&["d"]))
        };
        let item = MessageItem::new(conversation(), message.clone(), kept(2));
        assert_eq!(
            (item.kept_until, item.expires_at),
            (None, 1000 + 2 * 86_400)
        );
        let row = to_row(&item).unwrap();
        assert!(row.get("content").unwrap().as_s().is_ok());
        let read: MessageItem = from_row(row, "message").unwrap();
        assert_eq!(read, item);
        assert_eq!(StoredMessage::from(read), message);
    }

    #[test]
    fn a_text_to_send_outlives_a_short_history_and_tells_whether_it_is_to_be_kept() {
        let day = 86_400;
        for (days, is_ephemeral, kept_until, expires_at) in [
            (30, false, 1000 + 30 * day, 1000 + 30 * day),
            (1, false, 1000 + day, 1000 + 14 * day),
            (0, true, 1000, 1000 + 14 * day),
        ] {
            let reply = StoredMessage::reply(&queued(), DeliveryId::derive(&["d"]));
            let item = MessageItem::new(conversation(), reply, kept(days));
            let row = to_row(&item).unwrap();
            assert!(!row.contains_key("content"));
            let read: MessageItem = from_row(row, "message").unwrap();
            assert_eq!(
                (read.is_ephemeral, read.kept_until, read.expires_at),
                (is_ephemeral, Some(kept_until), expires_at)
            );
            let expected = QueuedText {
                is_ephemeral,
                ..queued()
            };
            assert_eq!(QueuedText::from(read), expected);
        }
    }

    #[test]
    fn a_shorter_history_removes_what_is_older_and_shortens_the_rest_and_a_longer_one_does_nothing()
    {
        let reply = || StoredMessage::reply(&queued(), DeliveryId::derive(&["d"]));
        let sent = StoredMessage {
            sending: Some(SendStatus::Sent {
                at: Timestamp::from_millis(1_000_000),
                message_id: None,
            }),
            ..reply()
        };
        let inbound = StoredMessage {
            sending: None,
            ..reply()
        };
        let day = 86_400;
        let after = |days: i64| Timestamp::from_millis((1000 + days * day) * 1000 + 1);
        let until = |days: i64| 1000 + days * day;
        let at_thirty = |message| MessageItem::new(conversation(), message, kept(30));
        let item = MessageItem {
            kept_until: None,
            ..at_thirty(sent)
        };
        for item in [item, at_thirty(inbound)] {
            assert_eq!(
                item.under(kept(7), after(6)),
                Some(Shortened::Until(until(7)))
            );
            assert_eq!(item.under(kept(7), after(7)), Some(Shortened::Removed));
            assert_eq!(item.under(kept(0), after(0)), Some(Shortened::Removed));
            for days in [30, 31, 365] {
                assert_eq!(item.under(kept(days), after(6)), None, "{days}");
            }
        }
        // A text that is still to be sent stays until then, and no longer.
        let item = at_thirty(reply());
        let shortened = item.under(kept(7), after(1));
        assert_eq!(shortened, Some(Shortened::QueuedUntil(until(7))));
        for (days, now) in [(0, after(0)), (1, after(2))] {
            assert_eq!(item.under(kept(days), now), Some(Shortened::Ephemeral));
        }
        assert_eq!(item.under(kept(30), after(1)), None);
        let ephemeral = MessageItem::new(conversation(), reply(), kept(0));
        assert_eq!(ephemeral.under(kept(0), after(1)), None);
    }

    #[test]
    fn a_text_that_answers_no_delivery_is_known_by_its_row_with_its_author() {
        let text = QueuedText {
            is_unprompted: true,
            byline: Byline::member(MemberId::derive(&["m"]), "Ana".to_owned(), true),
            ..queued()
        };
        let message = StoredMessage::unprompted(&text);
        let row = to_row(&MessageItem::new(conversation(), message, kept(30))).unwrap();
        let read: MessageItem = from_row(row, "message").unwrap();
        assert_eq!(QueuedText::from(read), text);
    }

    #[test]
    fn a_text_that_answers_a_message_which_had_waited_is_known_by_its_row() {
        let text = QueuedText {
            is_unprompted: true,
            ..queued()
        };
        let reply = StoredMessage::reply(&text, DeliveryId::derive(&["d"]));
        for is_late in [true, false] {
            let item = MessageItem::new(conversation(), reply.clone(), kept(30)).answering(is_late);
            let read: MessageItem = from_row(to_row(&item).unwrap(), "message").unwrap();
            assert_eq!(QueuedText::from(read).is_unprompted, is_late);
        }
    }

    #[test]
    fn a_row_that_cannot_be_read_is_known_by_its_number_and_by_whether_it_is_kept() {
        for (days, is_ephemeral) in [(30, false), (0, true)] {
            let reply = StoredMessage::reply(&queued(), DeliveryId::derive(&["d"]));
            let mut row = to_row(&MessageItem::new(conversation(), reply, kept(days))).unwrap();
            assert!(MessageItem::read(row.clone()).is_ok());
            row.insert("at".to_owned(), AttributeValue::Bool(true));
            let expected = UnreadableMessage {
                number: Some(2),
                is_ephemeral,
            };
            assert_eq!(MessageItem::read(row), Err(expected));
        }
    }

    #[test]
    fn a_message_of_an_author_that_a_later_release_knows_is_read() {
        let reply = StoredMessage::reply(&queued(), DeliveryId::derive(&["d"]));
        let mut row = to_row(&MessageItem::new(conversation(), reply, kept(30))).unwrap();
        let partner = serde_json::json!({"kind": "partner", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z"});
        row.insert("author".to_owned(), to_value(&partner).unwrap());
        let read = MessageItem::read(row).map(StoredMessage::from).unwrap();
        assert_eq!(
            (read.author, read.text.as_str()),
            (Author::Unknown, "Hello")
        );
    }
}
