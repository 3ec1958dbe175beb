//! Event deliveries: an outgoing event on its way to one subscription, and the times at which it is tried again.

use super::catalogue::EventType;
use crate::{
    AccountScope, Timestamp,
    account::agent_health::AgentFailure,
    ids::{OutgoingEventId, ProjectId, SubscriptionId},
    job::SendEvent,
    ports::AgentReply,
    text::printable,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Time within which a subscription must answer.
pub const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Time for which an event is tried at a subscription.
pub const TRIED_FOR: Duration = Duration::from_hours(3 * 24);
/// Time for which event deliveries are listed, and can be sent again.
pub const LISTED_FOR: Duration = Duration::from_hours(7 * 24);
/// Length at which an answer is cut, in bytes.
const ANSWER_MAX_BYTES: usize = 1024;
/// Waits after the first failed attempts.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(2),
];
/// Longest wait, also of those that a subscription asks for.
const WAIT_MAX: Duration = Duration::from_hours(4);
/// Status by which a subscription says that it is gone for good.
const GONE: u16 = 410;

/// Returns the wait after this many failed attempts, at least as long as the subscription asked for.
#[must_use]
pub fn wait_after(tries: u32, asked: Option<Duration>) -> Duration {
    let number = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = WAITS.get(number).copied().unwrap_or(WAIT_MAX);
    wait.max(asked.unwrap_or_default()).min(WAIT_MAX)
}

/// Status of an event delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventDeliveryStatus {
    /// It is tried, or tried again.
    Waiting,
    /// The subscription has it.
    Delivered,
    /// It is not tried any more.
    Failed,
}

impl EventDeliveryStatus {
    /// The status's spelling.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// An attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAttempt {
    /// Time of the answer.
    pub at: Timestamp,
    /// Milliseconds from the call to the end of the answer.
    pub took_ms: u64,
    /// HTTP status of the answer; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Beginning of the answer as printable text, if it may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The reason why it failed; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl EventAttempt {
    /// Makes the record of an attempt. The answer of a private origin is not shown: see the test of an agent.
    #[must_use]
    pub fn of(reply: &AgentReply, at: Timestamp, took: Duration, shows_answer: bool) -> Self {
        let (http_status, body, problem) = match reply {
            AgentReply::Answered { status, body } => (Some(*status), Some(body), None),
            AgentReply::AnsweredTooMuch { status } => (Some(*status), None, None),
            AgentReply::Refused { status, body, .. } => {
                (Some(*status), Some(body), Some(format!("http {status}")))
            }
            AgentReply::Unreachable { reason } => (None, None, Some(reason.clone())),
            AgentReply::Forbidden { reason } => (None, None, Some(format!("the address {reason}"))),
        };
        Self {
            at,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            http_status,
            answer: body
                .filter(|_| shows_answer)
                .and_then(|body| beginning(body)),
            problem,
        }
    }

    /// Whether the subscription has the event.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.problem.is_none()
    }

    /// Whether the subscription says that it is gone for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.http_status == Some(GONE)
    }

    /// The failure, for the subscription's health.
    #[must_use]
    pub fn failure(&self) -> Option<AgentFailure> {
        let problem = self.problem.as_ref()?;
        Some(AgentFailure::new(self.at, problem))
    }
}

/// The beginning of an answer as printable text.
fn beginning(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let mut shown = String::new();
    for c in printable(&text) {
        if shown.len() + c.len_utf8() > ANSWER_MAX_BYTES {
            break;
        }
        shown.push(c);
    }
    (!shown.is_empty()).then_some(shown)
}

/// An event on its way to one subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDelivery {
    /// The account.
    pub scope: AccountScope,
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// The event.
    pub event_id: OutgoingEventId,
    /// Type of the event.
    pub kind: EventType,
    /// The project of the event, if it has one.
    pub project_id: Option<ProjectId>,
    /// Number of the event at this subscription, from 1, without gaps.
    pub sequence: u64,
    /// Status of the delivery.
    pub status: EventDeliveryStatus,
    /// Number of attempts since it was ordered, or ordered again.
    pub tries: u32,
    /// Time of the order, or of the last one to send it again. It is tried for [`TRIED_FOR`] from then on.
    pub since: Timestamp,
    /// Time of the next attempt; `None` once there is none.
    pub next_try_at: Option<Timestamp>,
    /// The last attempt.
    pub last: Option<EventAttempt>,
    /// Time of the first order.
    pub created_at: Timestamp,
}

impl EventDelivery {
    /// The order to send it.
    #[must_use]
    pub const fn job(&self) -> SendEvent {
        SendEvent {
            scope: self.scope,
            subscription_id: self.subscription_id,
            event_id: self.event_id,
        }
    }

    /// Whether it is listed among those that were ordered, or ordered again, after this time.
    #[must_use]
    pub fn is_listed(&self, since: Timestamp) -> bool {
        self.since > since
    }

    /// Whether it can be ordered again.
    #[must_use]
    pub fn can_be_repeated(&self, now: Timestamp) -> bool {
        now < self.created_at.plus(LISTED_FOR)
    }

    /// Time from which it is not tried any more.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.since.plus(TRIED_FOR)
    }

    /// Returns it after an attempt. `asked` is the wait that the subscription asked for.
    #[must_use]
    pub fn tried(&self, attempt: EventAttempt, asked: Option<Duration>) -> Self {
        let tries = self.tries.saturating_add(1);
        let next = attempt.at.plus(wait_after(tries, asked));
        let (status, next_try_at) = if attempt.is_success() {
            (EventDeliveryStatus::Delivered, None)
        } else if next >= self.end() {
            (EventDeliveryStatus::Failed, None)
        } else {
            (EventDeliveryStatus::Waiting, Some(next))
        };
        Self {
            status,
            tries,
            next_try_at,
            last: Some(attempt),
            ..self.clone()
        }
    }

    /// Returns it after a wait for the subscription, which was no attempt.
    #[must_use]
    pub fn waited(&self, until: Timestamp, now: Timestamp) -> Self {
        let (status, next_try_at) = if now >= self.end() {
            (EventDeliveryStatus::Failed, None)
        } else {
            (EventDeliveryStatus::Waiting, Some(until.min(self.end())))
        };
        Self {
            status,
            next_try_at,
            ..self.clone()
        }
    }

    /// Returns it as ordered again.
    #[must_use]
    pub fn again(&self, now: Timestamp) -> Self {
        Self {
            status: EventDeliveryStatus::Waiting,
            tries: 0,
            since: now,
            next_try_at: Some(now),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::outgoing::OutgoingEvent,
        samples::{at, event_delivery},
    };
    use proptest::prelude::*;

    fn refused(status: u16, second: i64) -> EventAttempt {
        let reply = AgentReply::Refused {
            status,
            body: b"no".to_vec(),
            after: None,
        };
        EventAttempt::of(&reply, at(second), Duration::from_millis(12), true)
    }

    /// SPEC F04.
    #[test]
    fn the_waits_grow_to_four_hours_and_end_after_three_days() {
        let mut delivery = event_delivery();
        let mut now = 0;
        let mut waits = Vec::new();
        while delivery.status == EventDeliveryStatus::Waiting {
            delivery = delivery.tried(refused(503, now), None);
            if let Some(next) = delivery.next_try_at {
                waits.push(next.since(at(now)).as_secs());
                now = next.seconds();
            }
        }
        assert_eq!(
            waits.iter().take(9).collect::<Vec<_>>(),
            [&5, &30, &120, &600, &1800, &3600, &7200, &14400, &14400]
        );
        assert_eq!(delivery.status, EventDeliveryStatus::Failed);
        let three_days = 3 * 24 * 60 * 60;
        assert!(
            (three_days - 4 * 60 * 60..three_days).contains(&now),
            "{now}"
        );
        assert_eq!(usize::try_from(delivery.tries).unwrap(), waits.len() + 1);
    }

    #[test]
    fn a_wait_that_a_subscription_asks_for_lengthens_the_own_one_up_to_four_hours() {
        let wait = |tries, asked| wait_after(tries, Some(Duration::from_secs(asked))).as_secs();
        assert_eq!(wait(1, 1), 5);
        assert_eq!(wait(1, 60), 60);
        assert_eq!(wait(9, 60), 4 * 60 * 60);
        assert_eq!(wait(1, 1_000_000), 4 * 60 * 60);
        assert_eq!(wait_after(0, None).as_secs(), 5);
    }

    #[test]
    fn every_2xx_delivers_and_410_says_that_the_subscription_is_gone() {
        let answered = AgentReply::Answered {
            status: 204,
            body: Vec::new(),
        };
        let attempt = EventAttempt::of(&answered, at(1), Duration::ZERO, true);
        assert!(attempt.is_success() && attempt.answer.is_none());
        assert_eq!(attempt.failure(), None);
        let delivered = event_delivery().tried(attempt, None);
        assert_eq!(delivered.status, EventDeliveryStatus::Delivered);
        assert_eq!((delivered.tries, delivered.next_try_at), (1, None));
        let long = AgentReply::AnsweredTooMuch { status: 200 };
        assert!(EventAttempt::of(&long, at(1), Duration::ZERO, true).is_success());
        let gone = refused(410, 1);
        assert!(gone.is_gone() && !gone.is_success());
        assert_eq!(gone.failure().unwrap().reason, "http 410");
        let silent = AgentReply::Unreachable {
            reason: "timed out".to_owned(),
        };
        let silent = EventAttempt::of(&silent, at(1), Duration::from_secs(5), true);
        assert_eq!(silent.problem.as_deref(), Some("timed out"));
        assert_eq!((silent.http_status, silent.took_ms), (None, 5000));
    }

    #[test]
    fn the_first_kilobyte_of_an_answer_is_kept_as_printable_text_unless_it_is_private() {
        let of = |body: Vec<u8>, shows| {
            let reply = AgentReply::Refused {
                status: 500,
                body,
                after: None,
            };
            EventAttempt::of(&reply, at(1), Duration::ZERO, shows).answer
        };
        assert_eq!(
            of(b"a\x07\r\nb\xff".to_vec(), true).unwrap(),
            "a  b\u{fffd}"
        );
        assert_eq!(of("é".repeat(600).into_bytes(), true).unwrap().len(), 1024);
        assert_eq!(of(b"secret".to_vec(), false), None);
        assert_eq!(of(Vec::new(), true), None);
    }

    /// SPEC F04.
    #[test]
    fn one_that_is_sent_again_on_the_seventh_day_is_kept_and_listed_until_it_is_given_up() {
        let delivery = event_delivery();
        let week = delivery.created_at.plus(LISTED_FOR);
        assert!(!delivery.can_be_repeated(week));
        let last = week.minus(Duration::from_millis(1));
        assert!(delivery.can_be_repeated(last));
        let again = delivery.again(last);
        assert!(again.end() < delivery.created_at.plus(OutgoingEvent::KEPT));
        assert!(delivery.is_listed(last.minus(LISTED_FOR)));
        let seen = again.end().minus(LISTED_FOR);
        assert!(!delivery.is_listed(seen) && again.is_listed(seen));
    }

    #[test]
    fn waiting_for_a_subscription_is_no_attempt_and_ends_with_the_three_days() {
        let delivery = event_delivery();
        let waited = delivery.waited(at(3600), at(10));
        assert_eq!(waited.next_try_at, Some(at(3600)));
        assert_eq!((waited.tries, waited.last), (0, None));
        let late = delivery.end();
        let cut = delivery.waited(late.plus(TRIED_FOR), at(10));
        assert_eq!(cut.next_try_at, Some(late));
        let over = delivery.waited(late, late);
        assert_eq!(over.status, EventDeliveryStatus::Failed);
        let again = over.again(late);
        assert_eq!(again.status, EventDeliveryStatus::Waiting);
        assert_eq!(again.next_try_at, Some(late));
        assert_eq!(again.end(), late.plus(TRIED_FOR));
    }

    proptest! {
        #[test]
        fn a_delivery_that_waits_has_a_next_attempt_before_its_end_and_no_other_has_one(
            steps in proptest::collection::vec((0_u8..4, 0_i64..100_000, 0_u64..1_000_000), 1..60),
        ) {
            let (mut delivery, mut now) = (event_delivery(), 0);
            for (step, passed, asked) in steps {
                now += passed;
                delivery = match step {
                    0 => delivery.tried(refused(500, now), Some(Duration::from_secs(asked))),
                    1 => delivery.waited(at(now).plus(Duration::from_secs(asked)), at(now)),
                    2 => delivery.again(at(now)),
                    _ => {
                        let answered = AgentReply::Answered { status: 200, body: Vec::new() };
                        let attempt = EventAttempt::of(&answered, at(now), Duration::ZERO, true);
                        delivery.tried(attempt, None)
                    }
                };
                let is_waiting = delivery.status == EventDeliveryStatus::Waiting;
                prop_assert_eq!(is_waiting, delivery.next_try_at.is_some());
                prop_assert!(delivery.next_try_at.is_none_or(|next| next <= delivery.end()));
                prop_assert_eq!(serde_json::to_value(delivery.status).unwrap(), delivery.status.key());
            }
        }
    }
}
