//! Deliveries to agents and texts to people that were given up, and may be ordered again (SPEC F01).

use crate::{
    Timestamp,
    chat::byline::Byline,
    chat::conversation::Progress,
    chat::send_status::SendStatus,
    ids::{ConnectorId, ConversationId, DeliveryId, EnvironmentId, InvalidId},
    job::DeliverMessage,
    ports::FailureClass,
};
use std::{fmt, str::FromStr, time::Duration};

/// Time for which something that was given up is kept: as long as SQS keeps a dead letter at most.
pub const GIVEN_UP_KEPT: Duration = Duration::from_hours(14 * 24);

/// Class of a text that could not be sent for days.
pub const GAVE_UP: &str = "gave_up";

/// Between the two ids of a [`GivenUpId`].
const SEPARATOR: char = '-';

/// The id of something that was given up: the conversation, and the delivery or text within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GivenUpId {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The delivery, or an id that is derived from the text's number.
    pub delivery_id: DeliveryId,
}

impl GivenUpId {
    /// The id of a delivery.
    #[must_use]
    pub fn of_delivery(job: &DeliverMessage) -> Self {
        Self {
            conversation_id: job.conversation.id,
            delivery_id: job.delivery_id(),
        }
    }

    /// The id of the text with this number.
    #[must_use]
    pub fn of_text(conversation_id: ConversationId, number: u64) -> Self {
        Self {
            conversation_id,
            delivery_id: DeliveryId::derive(&[
                "text",
                &conversation_id.to_string(),
                &number.to_string(),
            ]),
        }
    }
}

impl fmt::Display for GivenUpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{SEPARATOR}{}", self.conversation_id, self.delivery_id)
    }
}

impl FromStr for GivenUpId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (conversation, delivery) = text.split_once(SEPARATOR).ok_or(InvalidId)?;
        Ok(Self {
            conversation_id: conversation.parse()?,
            delivery_id: delivery.parse()?,
        })
    }
}

/// A text that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUpText {
    /// Place in the conversation.
    pub number: u64,
    /// The part of the text that did not go out.
    pub rest: String,
    /// The author.
    pub byline: Byline,
    /// Whether it may have gone out all the same: the platform did not answer an attempt.
    pub in_doubt: bool,
}

/// The work that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenUpWork {
    /// A delivery to the agent.
    Delivery(Box<DeliverMessage>),
    /// A text to the people of the conversation.
    Text(GivenUpText),
}

/// Something that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUpEntry {
    /// Its id.
    pub id: GivenUpId,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The environment, as far as it is known.
    pub environment_id: Option<EnvironmentId>,
    /// Time of arrival of the message, or of the text's creation.
    pub created_at: Timestamp,
    /// Time of giving up.
    pub given_up_at: Timestamp,
    /// The reason.
    pub reason: String,
    /// Number of attempts so far.
    pub attempts: u32,
    /// The work.
    pub work: GivenUpWork,
}

impl GivenUpEntry {
    /// Whether it is still kept. Rows outlive their time until DynamoDB removes them.
    #[must_use]
    pub fn is_kept(&self, now: Timestamp) -> bool {
        now < self.given_up_at.plus(GIVEN_UP_KEPT)
    }
}

/// Whether a text that ended like this was given up for a reason that an admin can remove: the platform was
/// down for days, or the connector's credentials were at fault. A recipient who cannot be reached, or a text
/// that the platform will not have, would be refused again.
#[must_use]
pub fn is_given_up(status: &SendStatus) -> bool {
    match status {
        SendStatus::Failed { class, .. } => {
            class == GAVE_UP || class == FailureClass::Connector.key()
        }
        SendStatus::Queued | SendStatus::Sent { .. } | SendStatus::Skipped { .. } => false,
    }
}

/// Whether the piece of the text with this number that is in hand may have gone out.
#[must_use]
pub fn is_in_doubt(progress: Option<Progress>, number: u64) -> bool {
    progress.is_some_and(|progress| progress.number == number && progress.in_doubt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::send_status::SkipReason,
        samples::{at, connector, message},
    };

    #[test]
    fn an_id_reads_back_and_has_one_spelling() {
        let job = DeliverMessage::of(message(), &connector(), at(9));
        let id = GivenUpId::of_delivery(&job);
        assert_eq!(id.to_string().parse::<GivenUpId>(), Ok(id));
        assert_eq!(id.delivery_id, job.delivery_id());
        let text = id.to_string();
        for wrong in [
            "",
            "-",
            &text.to_lowercase(),
            &text.replace('-', ""),
            &format!("{text}-"),
            &format!(" {text}"),
            &id.delivery_id.to_string(),
        ] {
            assert_eq!(wrong.parse::<GivenUpId>(), Err(InvalidId), "{wrong}");
        }
    }

    #[test]
    fn each_text_of_each_conversation_has_an_id_of_its_own() {
        let (one, two) = (
            ConversationId::derive(&["1"]),
            ConversationId::derive(&["2"]),
        );
        let id = GivenUpId::of_text(one, 3);
        assert_eq!(id, GivenUpId::of_text(one, 3));
        assert_eq!(id.conversation_id, one);
        assert_ne!(
            id.delivery_id,
            GivenUpId::of_text(one, 4).delivery_id,
            "another number"
        );
        assert_ne!(
            id.delivery_id,
            GivenUpId::of_text(two, 3).delivery_id,
            "another conversation"
        );
    }

    #[test]
    fn a_text_is_given_up_if_an_admin_can_remove_the_cause() {
        let failed = |class: &str| SendStatus::Failed {
            at: at(9),
            class: class.to_owned(),
            reason: "token_revoked".to_owned(),
        };
        for (status, expected) in [
            (failed("gave_up"), true),
            (failed("connector"), true),
            (failed("recipient"), false),
            (failed("request"), false),
            (SendStatus::Queued, false),
            (
                SendStatus::Sent {
                    at: at(9),
                    message_id: None,
                },
                false,
            ),
            (
                SendStatus::Skipped {
                    at: at(9),
                    reason: Some(SkipReason::TooOld),
                },
                false,
            ),
        ] {
            assert_eq!(is_given_up(&status), expected, "{status:?}");
        }
    }

    #[test]
    fn a_doubt_is_about_the_text_that_is_in_hand() {
        let progress = Progress {
            number: 3,
            pieces_sent: 1,
            in_doubt: true,
        };
        assert!(is_in_doubt(Some(progress), 3));
        assert!(!is_in_doubt(Some(progress), 4));
        let sure = Progress {
            in_doubt: false,
            ..progress
        };
        assert!(!is_in_doubt(Some(sure), 3));
        assert!(!is_in_doubt(None, 3));
    }

    #[test]
    fn what_was_given_up_is_kept_for_fourteen_days() {
        let entry = GivenUpEntry {
            id: GivenUpId::of_text(ConversationId::derive(&["1"]), 3),
            connector_id: connector().id,
            environment_id: None,
            created_at: at(1),
            given_up_at: at(9),
            reason: "http_503".to_owned(),
            attempts: 4,
            work: GivenUpWork::Text(GivenUpText {
                number: 3,
                rest: "Hello".to_owned(),
                byline: Byline::default(),
                in_doubt: false,
            }),
        };
        let days = 14 * 86_400;
        assert!(entry.is_kept(at(9 + days - 1)));
        assert!(!entry.is_kept(at(9 + days)));
    }
}
