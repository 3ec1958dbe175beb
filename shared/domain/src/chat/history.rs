//! Messages of conversations on record, and the time for which a project keeps them (DESIGN §11).

use crate::{
    Timestamp,
    chat::byline::{Author, Signature},
    chat::content::Parts,
    chat::entity::Entities,
    chat::message::Attachment,
    chat::send_status::SendStatus,
    ids::DeliveryId,
    job::{DeliverMessage, QueuedText},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Largest number of days.
pub const HISTORY_DAYS_MAX: u16 = 365;
const HISTORY_DAYS_DEFAULT: u16 = 30;
const DAY: Duration = Duration::from_hours(24);

/// Days for which a project keeps messages; 0 keeps none beyond the work itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct HistoryDays(u16);

impl HistoryDays {
    /// Makes a number of days, up to [`HISTORY_DAYS_MAX`].
    #[must_use]
    pub fn new(days: u16) -> Option<Self> {
        (days <= HISTORY_DAYS_MAX).then_some(Self(days))
    }

    /// The number of days.
    #[must_use]
    pub const fn days(self) -> u16 {
        self.0
    }

    /// Whether messages are kept for the work itself only.
    #[must_use]
    pub const fn keeps_nothing(self) -> bool {
        self.0 == 0
    }

    /// Returns the time from which a message of `at` can be forgotten.
    #[must_use]
    pub fn kept_until(self, at: Timestamp) -> Timestamp {
        at.plus(DAY * u32::from(self.0))
    }

    /// Returns the time of the oldest message that is kept.
    #[must_use]
    pub fn oldest_kept(self, now: Timestamp) -> Timestamp {
        let kept = (DAY * u32::from(self.0)).as_millis();
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        Timestamp::from_millis(now.millis().saturating_sub(kept))
    }
}

impl Default for HistoryDays {
    fn default() -> Self {
        Self(HISTORY_DAYS_DEFAULT)
    }
}

impl From<HistoryDays> for u16 {
    fn from(history: HistoryDays) -> Self {
        history.0
    }
}

impl TryFrom<u16> for HistoryDays {
    type Error = TooManyDays;

    fn try_from(days: u16) -> Result<Self, TooManyDays> {
        Self::new(days).ok_or(TooManyDays)
    }
}

/// The error for a number of days above [`HISTORY_DAYS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("messages are kept for at most 365 days")]
pub struct TooManyDays;

/// A message of a conversation on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Place in the conversation, from 1, without gaps. Messages both ways share the numbers.
    pub number: u64,
    /// Time of arrival at our webhook, or of creation by the agent.
    pub at: Timestamp,
    /// The author.
    pub author: Author,
    /// The author's name, if a member wrote it.
    pub signature: Option<Signature>,
    /// The text. Empty if a person wrote none.
    pub text: String,
    /// See [`DeliverMessage::parts`].
    pub parts: Parts,
    /// See [`DeliverMessage::entities`].
    pub entities: Entities,
    /// Files in the message.
    pub attachments: Vec<Attachment>,
    /// The delivery that brought the message to the agent, or that the message answers.
    pub delivery_id: Option<DeliveryId>,
    /// The platform's id of the event; inbound messages only.
    pub provider_event_id: Option<String>,
    /// Place among the messages of the conversation that the agent got, from 1, without gaps; those only.
    pub sequence: Option<u64>,
    /// Status of sending; outgoing messages only.
    pub sending: Option<SendStatus>,
    /// Time of the author's last edit.
    pub edited_at: Option<Timestamp>,
    /// Time at which the author deleted the message. It has no content left.
    pub deleted_at: Option<Timestamp>,
}

impl StoredMessage {
    /// Makes the record of a person's message.
    #[must_use]
    pub fn inbound(job: &DeliverMessage, number: u64, sequence: Option<u64>) -> Self {
        Self {
            number,
            at: job.received_at,
            author: Author::ChatUser(job.chat_user_id),
            signature: None,
            text: job.text.clone(),
            parts: job.parts.clone(),
            entities: job.entities.clone(),
            attachments: job.attachments.clone(),
            delivery_id: Some(job.delivery_id()),
            provider_event_id: Some(job.provider_event_id.clone()),
            sequence,
            sending: None,
            edited_at: None,
            deleted_at: None,
        }
    }

    /// Makes the record of one of the agent's texts in answer to a delivery, to be sent.
    #[must_use]
    pub fn reply(text: &QueuedText, delivery_id: DeliveryId) -> Self {
        Self {
            delivery_id: Some(delivery_id),
            ..Self::unprompted(text)
        }
    }

    /// Makes the record of a text that answers no delivery, to be sent.
    #[must_use]
    pub fn unprompted(text: &QueuedText) -> Self {
        Self {
            number: text.number,
            at: text.at,
            author: text.byline.author,
            signature: text.byline.signature.clone(),
            text: text.text.clone(),
            parts: Parts::default(),
            entities: Entities::default(),
            attachments: Vec::new(),
            delivery_id: None,
            provider_event_id: None,
            sequence: None,
            sending: Some(SendStatus::Queued),
            edited_at: None,
            deleted_at: None,
        }
    }
}

/// Size up to which an outgoing text is stored, in bytes. Ten of them, with the message that they
/// answer, fit into one write of 4 MB, and each into a row of 400 KB (Amazon DynamoDB Developer Guide,
/// Quotas). It is more than any platform shows of one answer.
pub const TEXT_MAX_BYTES: usize = 256 * 1024;

/// Returns the part of an outgoing text that is stored and sent: up to [`TEXT_MAX_BYTES`], and no
/// half character.
#[must_use]
pub fn storable(text: &str) -> &str {
    let end = text.floor_char_boundary(TEXT_MAX_BYTES);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::byline::Byline,
        chat::content::{Location, Part},
        chat::message::{AttachmentKind, InboundMessage},
        ids::{ChatUserId, MemberId},
        samples::{at, connector, message},
    };
    use serde_json::json;

    #[test]
    fn messages_are_kept_for_up_to_a_year_and_for_thirty_days_if_nothing_is_said() {
        assert_eq!(HistoryDays::default().days(), 30);
        assert_eq!(HistoryDays::new(365).map(HistoryDays::days), Some(365));
        assert_eq!(HistoryDays::new(366), None);
        assert_eq!(HistoryDays::try_from(366_u16), Err(TooManyDays));
        assert_eq!(
            TooManyDays.to_string(),
            "messages are kept for at most 365 days"
        );
        for (days, nothing) in [(0, true), (1, false)] {
            assert_eq!(HistoryDays::new(days).unwrap().keeps_nothing(), nothing);
        }
    }

    #[test]
    fn a_number_of_days_is_stored_as_a_number_and_none_above_a_year_is_read() {
        let days = HistoryDays::new(7).unwrap();
        assert_eq!(serde_json::to_value(days).unwrap(), json!(7));
        assert_eq!(
            serde_json::from_value::<HistoryDays>(json!(7)).unwrap(),
            days
        );
        for wrong in [json!(366), json!(-1), json!("7"), json!(null)] {
            assert!(serde_json::from_value::<HistoryDays>(wrong).is_err());
        }
    }

    #[test]
    fn a_message_can_be_forgotten_when_its_days_are_over() {
        let day = 86_400;
        let two = HistoryDays::new(2).unwrap();
        assert_eq!(two.kept_until(at(5)), at(5 + 2 * day));
        assert_eq!(two.oldest_kept(at(5 + 2 * day)), at(5));
        let none = HistoryDays::new(0).unwrap();
        assert_eq!(
            (none.kept_until(at(5)), none.oldest_kept(at(5))),
            (at(5), at(5))
        );
        let first = Timestamp::from_millis(i64::MIN);
        assert_eq!(two.oldest_kept(first), first);
    }

    /// Rows hold these. A release that wrote them differently could not read them.
    #[test]
    fn an_author_is_stored_by_kind_and_a_person_or_member_with_an_id() {
        let id = ChatUserId::derive(&["u"]);
        let member = MemberId::derive(&["m"]);
        for (author, stored) in [
            (Author::ChatUser(id), json!({"kind": "chat_user", "id": id})),
            (Author::Agent, json!({"kind": "agent"})),
            (
                Author::Member(member),
                json!({"kind": "member", "id": member}),
            ),
            (Author::System, json!({"kind": "system"})),
        ] {
            assert_eq!(serde_json::to_value(author).unwrap(), stored);
            assert_eq!(serde_json::from_value::<Author>(stored).unwrap(), author);
        }
    }

    #[test]
    fn an_author_of_a_kind_that_a_later_release_writes_is_read_as_an_unknown_one() {
        for later in [
            json!({"kind": "partner", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z"}),
            json!({"kind": "partner", "id": {"team": 1}}),
            json!({"kind": "bot"}),
            json!({"kind": "unknown"}),
        ] {
            let read = serde_json::from_value::<Author>(later);
            assert_eq!(read.unwrap(), Author::Unknown);
        }
        for wrong in [
            json!({"kind": "chat_user"}),
            json!({"kind": "chat_user", "id": "x"}),
            json!({"kind": "member"}),
            json!({"kind": "member", "id": {"team": 1}}),
            json!({"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z"}),
            json!("agent"),
        ] {
            assert!(serde_json::from_value::<Author>(wrong).is_err());
        }
    }

    #[test]
    fn an_inbound_message_is_recorded_with_all_that_it_says() {
        let file = Attachment {
            kind: AttachmentKind::Image,
            provider_id: "F1".into(),
            name: None,
            mime_type: None,
            url: None,
        };
        let message = InboundMessage {
            attachments: vec![file.clone()],
            parts: Parts::of([Part::Location(Location::default())]),
            ..message()
        };
        let job = DeliverMessage::of(message.clone(), &connector(), at(9));
        let expected = StoredMessage {
            number: 5,
            at: at(9),
            author: Author::ChatUser(job.chat_user_id),
            signature: None,
            text: "Hello".into(),
            parts: message.parts,
            entities: Entities::default(),
            attachments: vec![file],
            delivery_id: Some(job.delivery_id()),
            provider_event_id: Some("Ev1".into()),
            sequence: Some(3),
            sending: None,
            edited_at: None,
            deleted_at: None,
        };
        assert_eq!(StoredMessage::inbound(&job, 5, Some(3)), expected);
        let unseen = StoredMessage::inbound(&job, 5, None);
        assert_eq!(unseen.sequence, None);
    }

    #[test]
    fn a_reply_is_recorded_as_the_agents_and_waits_to_be_sent() {
        let text = QueuedText {
            number: 6,
            at: at(10),
            text: "Bye".into(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::default(),
        };
        let delivery_id = DeliveryId::derive(&["d"]);
        let expected = StoredMessage {
            number: 6,
            at: at(10),
            author: Author::Agent,
            signature: None,
            text: "Bye".into(),
            parts: Parts::default(),
            entities: Entities::default(),
            attachments: vec![],
            delivery_id: Some(delivery_id),
            provider_event_id: None,
            sequence: None,
            sending: Some(SendStatus::Queued),
            edited_at: None,
            deleted_at: None,
        };
        assert_eq!(StoredMessage::reply(&text, delivery_id), expected);
        let unasked = StoredMessage {
            delivery_id: None,
            ..expected
        };
        assert_eq!(StoredMessage::unprompted(&text), unasked);
        let id = MemberId::derive(&["m"]);
        let members = QueuedText {
            byline: Byline::member(id, "Ana".into(), true),
            ..text
        };
        let recorded = StoredMessage::unprompted(&members);
        assert_eq!(recorded.author, Author::Member(id));
        assert_eq!(recorded.signature, members.byline.signature);
        assert_eq!(recorded.text, "Bye");
    }

    #[test]
    fn a_text_of_more_than_256_kib_is_cut_at_a_character() {
        for short in ["", "Hello"] {
            assert_eq!(storable(short), short);
        }
        let fits = "a".repeat(262_144);
        assert_eq!(storable(&fits), fits);
        assert_eq!(storable(&format!("{fits}b")), fits);
        let wide = "é".repeat(200_000);
        assert_eq!(storable(&format!(".{wide}")).len(), 262_143);
    }
}
