//! Messages of conversations on record, and the time for which a project keeps them (DESIGN §11).

use crate::{
    Timestamp,
    chat::content::Parts,
    chat::entity::Entities,
    chat::message::Attachment,
    chat::send_status::SendStatus,
    ids::{ChatUserId, DeliveryId},
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
#[error("messages are kept for at most {HISTORY_DAYS_MAX} days")]
pub struct TooManyDays;

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Author {
    /// A person on a chat platform.
    ChatUser(ChatUserId),
    /// The environment's agent.
    Agent,
    /// Vestibule itself.
    System,
}

/// A message of a conversation on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Place in the conversation, from 1, without gaps. Messages both ways share the numbers.
    pub number: u64,
    /// Time of arrival at our webhook, or of creation by the agent.
    pub at: Timestamp,
    /// The author.
    pub author: Author,
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
    /// Place among the inbound messages of the conversation, from 1, without gaps; inbound messages
    /// only.
    pub sequence: Option<u64>,
    /// Status of sending; outgoing messages only.
    pub sending: Option<SendStatus>,
}

impl StoredMessage {
    /// Makes the record of a message that was delivered to the agent.
    #[must_use]
    pub fn inbound(job: &DeliverMessage, number: u64, sequence: u64) -> Self {
        Self {
            number,
            at: job.received_at,
            author: Author::ChatUser(job.chat_user_id),
            text: job.text.clone(),
            parts: job.parts.clone(),
            entities: job.entities.clone(),
            attachments: job.attachments.clone(),
            delivery_id: Some(job.delivery_id()),
            provider_event_id: Some(job.provider_event_id.clone()),
            sequence: Some(sequence),
            sending: None,
        }
    }

    /// Makes the record of one of the agent's texts in answer to a delivery, to be sent.
    #[must_use]
    pub fn reply(text: &QueuedText, delivery_id: DeliveryId) -> Self {
        Self {
            number: text.number,
            at: text.at,
            author: Author::Agent,
            text: text.text.clone(),
            parts: Parts::default(),
            entities: Entities::default(),
            attachments: Vec::new(),
            delivery_id: Some(delivery_id),
            provider_event_id: None,
            sequence: None,
            sending: Some(SendStatus::Queued),
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
