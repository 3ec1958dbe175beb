//! The rules of sending a text, for every worker that has some to send (DESIGN §11).
//!
//! A [`Sender`] makes one attempt at a text, in its connector's turn, and says what follows: the text is out, it
//! is given up, or it is tried later. A job has a time within which it begins something new; the rest is left
//! to another job at once. A job that cannot go on now gives its claim back, with the time of the next
//! attempt. Once a platform has a text, recording that is tried again for as long as there is time.
//!
//! The workers decide which text goes out, to whom, and what is recorded of it.

use crate::logging::{Metric, count};
use std::{fmt, time::Duration};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    chat::conversation::ConversationRef,
    chat::given_up::GAVE_UP,
    chat::send_status::SendStatus,
    connector::Connector,
    error::Chain,
    ids::ConversationId,
    ports::{ChatPlatform, FailureClass, Lease, OutgoingText, Postponement, Receipt, SendOutcome},
};

/// Reason of a text whose connector was deleted.
pub const CONNECTOR_DELETED: &str = "connector_deleted";
/// Maximum number of messages on the platform for one text.
const PIECES_MAX: usize = 50;
/// Age at which a text that cannot be sent yet is given up.
pub const GIVE_UP_AFTER: Duration = Duration::from_hours(72);
/// First wait before an outcome is recorded again after a failure; each further wait is twice as long.
const RECORD_WAIT_FIRST: Duration = Duration::from_millis(100);

/// The time within which a job begins something new. With the longest call that may follow, it is less than
/// the function may run, so that a slow platform does not end the other jobs of a batch.
#[derive(Debug, Clone, Copy)]
pub struct TimeBudget {
    ends_at: Timestamp,
}

impl TimeBudget {
    /// Makes the budget of a job that began at this time.
    #[must_use]
    pub fn new(began_at: Timestamp, time: Duration) -> Self {
        Self {
            ends_at: began_at.plus(time),
        }
    }

    /// Whether nothing new is begun.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        self.ends_at <= now
    }
}

/// Reason for another attempt at a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// The platform asked for this wait, or the connector's turn is that far off. No attempt was made.
    Wait(Duration),
    /// The time of this job is over. Another is to go on at once.
    OutOfTime,
    /// An attempt failed.
    Failed,
}

impl Later {
    /// The reason for repeating a call, with the requested wait, if any.
    #[must_use]
    pub fn of(after: Option<Duration>) -> Self {
        after.map_or(Self::Failed, Self::Wait)
    }

    /// The end of the claim whose attempt this was; `pause` is the wait after a failure.
    #[must_use]
    pub fn postponement(self, attempt: u32, now: Timestamp, pause: Duration) -> Postponement {
        match self {
            Self::Wait(wait) => Postponement::waited(attempt, now.plus(wait)),
            Self::OutOfTime => Postponement::waited(attempt, now),
            Self::Failed => Postponement::failed(attempt, now.plus(pause)),
        }
    }
}

/// The time for which a text that cannot be sent yet is tried.
#[derive(Debug, Clone, Copy)]
pub enum Patience {
    /// While fewer attempts than `most` were made, and until a time. A wait that the platform asks for is no attempt.
    Attempts {
        /// Number of this attempt, from 1.
        made: u32,
        /// Number of the last attempt.
        most: u32,
        /// Time from which no wait is granted either.
        until: Timestamp,
    },
    /// Until this time, however often.
    Until(Timestamp),
}

impl Patience {
    fn is_over(self, after: Option<Duration>, now: Timestamp) -> bool {
        match self {
            Self::Attempts { made, most, until } => until <= now || after.is_none() && made >= most,
            Self::Until(end) => end <= now,
        }
    }
}

/// The end of one attempt at a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempted {
    /// The platform accepted it.
    Sent(Receipt),
    /// The platform will never accept it, or did not for as long as it was tried.
    GivenUp {
        /// Class of the failure.
        class: &'static str,
        /// The platform's own reason.
        reason: String,
    },
    /// Another attempt is needed.
    Later {
        /// The kind of wait.
        later: Later,
        /// The platform's own reason.
        reason: String,
    },
}

impl Attempted {
    /// A text that is not tried, because it could not go out.
    #[must_use]
    pub fn impossible(class: FailureClass, reason: &str) -> Self {
        Self::GivenUp {
            class: class.key(),
            reason: reason.to_owned(),
        }
    }
}

/// The status of a text whose connector was deleted.
#[must_use]
pub fn connector_deleted(at: Timestamp) -> SendStatus {
    SendStatus::Failed {
        at,
        class: FailureClass::Connector.key().to_owned(),
        reason: CONNECTOR_DELETED.to_owned(),
    }
}

/// Sends the texts of one conversation through its connector.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// The platforms, each called in the connector's turn.
    pub platform: &'a dyn ChatPlatform,
    /// The connector.
    pub connector: &'a Connector,
    /// The conversation, for the log.
    pub conversation_id: ConversationId,
    /// The clock.
    pub clock: &'a dyn Clock,
}

impl fmt::Debug for Sender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}

impl Sender<'_> {
    /// Makes one attempt at a text.
    pub async fn attempt(&self, text: OutgoingText<'_>, patience: Patience) -> Attempted {
        match self.platform.send(self.connector, text).await {
            SendOutcome::Sent(receipt) => Attempted::Sent(receipt),
            SendOutcome::Failed { class, reason } => Attempted::GivenUp {
                class: class.key(),
                reason,
            },
            SendOutcome::Retry { after, reason, .. }
                if patience.is_over(after, self.clock.now()) =>
            {
                Attempted::GivenUp {
                    class: GAVE_UP,
                    reason,
                }
            }
            SendOutcome::Retry { after, reason, .. } => {
                tracing::warn!(
                    connector.id = %self.connector.id,
                    conversation.id = %self.conversation_id,
                    reason = %reason,
                    "a text could not be sent yet"
                );
                Attempted::Later {
                    later: Later::of(after),
                    reason,
                }
            }
        }
    }

    /// Whether the platform can be asked for a text that may have gone out unseen.
    #[must_use]
    pub fn can_look(&self) -> bool {
        self.platform.finds_marked_texts(self.connector)
    }

    /// The messages that the platform takes for a text. Each is sent and recorded by itself.
    #[must_use]
    pub fn pieces(&self, text: &str) -> Vec<String> {
        let mut pieces = self.platform.pieces(self.connector, text);
        pieces.truncate(PIECES_MAX);
        pieces
    }

    /// The time after a person's message during which the platform lets us write to them here.
    #[must_use]
    pub fn reply_window(&self, place: &ConversationRef) -> Option<Duration> {
        self.platform.reply_window(self.connector, place)
    }

    /// The status of a text that is given up. It is logged and counted.
    #[must_use]
    pub fn given_up(&self, metric: Metric, class: &str, reason: String) -> SendStatus {
        let at = self.clock.now();
        tracing::warn!(
            connector.id = %self.connector.id,
            conversation.id = %self.conversation_id,
            failure.class = class,
            reason = %reason,
            "a text was given up"
        );
        count(metric, self.connector.provider.key(), at);
        SendStatus::Failed {
            at,
            class: class.to_owned(),
            reason,
        }
    }
}

/// The attempts at recording what a platform already has.
#[derive(Debug)]
pub struct Recording {
    wait: Duration,
    last: Duration,
}

impl Recording {
    /// Begins attempts with growing waits up to this one.
    #[must_use]
    pub const fn with_waits_up_to(last: Duration) -> Self {
        Self {
            wait: RECORD_WAIT_FIRST,
            last,
        }
    }

    /// Waits before another attempt. `false` if there is none, because the claim was lost or the time is over.
    pub async fn goes_on_after(&mut self, error: &PortError) -> bool {
        let Some(wait) = self.wait_after(error) else {
            return false;
        };
        tracing::warn!(error = %Chain(error), "what was done could not be recorded yet");
        tokio::time::sleep(wait).await;
        true
    }

    fn wait_after(&mut self, error: &PortError) -> Option<Duration> {
        if self.last < self.wait || Lease::is_lost(error) {
            return None;
        }
        let wait = self.wait;
        self.wait = wait.saturating_mul(2);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn nothing_new_is_begun_from_the_end_of_the_time_on() {
        let budget = TimeBudget::new(at(1_000), Duration::from_millis(500));
        for (now, over) in [(1_000, false), (1_499, false), (1_500, true), (9_000, true)] {
            assert_eq!(budget.is_over(at(now)), over, "{now}");
        }
    }

    #[test]
    fn only_a_failure_is_an_attempt_and_waits_for_its_pause() {
        let (pause, wait) = (Duration::from_secs(5), Duration::from_secs(30));
        assert_eq!(Later::of(None), Later::Failed);
        assert_eq!(Later::of(Some(wait)), Later::Wait(wait));
        for (later, until, attempts) in [
            (Later::Wait(wait), 31_000, 2),
            (Later::OutOfTime, 1_000, 2),
            (Later::Failed, 6_000, 3),
        ] {
            let postponement = later.postponement(3, at(1_000), pause);
            let expected = Postponement {
                until: at(until),
                attempts,
            };
            assert_eq!(postponement, expected, "{later:?}");
        }
    }

    #[test]
    fn a_text_is_tried_until_its_last_attempt_or_its_end() {
        let wait = Some(Duration::from_secs(30));
        let attempts = |made| Patience::Attempts {
            made,
            most: 300,
            until: at(5),
        };
        for (patience, after, now, over) in [
            (attempts(299), None, 4, false),
            (attempts(300), None, 4, true),
            (attempts(300), wait, 4, false),
            (attempts(1), wait, 5, true),
            (attempts(1), None, 5, true),
            (Patience::Until(at(5)), None, 4, false),
            (Patience::Until(at(5)), None, 5, true),
            (Patience::Until(at(5)), wait, 5, true),
        ] {
            assert_eq!(patience.is_over(after, at(now)), over, "{patience:?}");
        }
    }

    #[test]
    fn recording_is_tried_again_with_growing_waits_until_the_claim_is_lost() {
        let passing = PortError::unavailable("table", "busy");
        let mut recording = Recording::with_waits_up_to(Duration::from_millis(400));
        for millis in [100, 200, 400] {
            let wait = Duration::from_millis(millis);
            assert_eq!(recording.wait_after(&passing), Some(wait));
        }
        assert_eq!(recording.wait_after(&passing), None);
        let mut recording = Recording::with_waits_up_to(Duration::from_secs(4));
        assert_eq!(recording.wait_after(&Lease::LOST), None);
    }
}
