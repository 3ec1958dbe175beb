//! The follow-up of an approval (SPEC A44): the approval notice, and the held message for the agent.

use crate::{
    Timestamp,
    access::{approval::Approval, standing::Standing},
    chat::{send_status::SkipReason, user::ChatUser},
    connector::{ApprovalMode, Connector},
    job::DeliverMessage,
};
use std::time::Duration;

/// Age at the approval from which a held message is no longer handed to the agent.
pub const REPLAY_AGE_MAX: Duration = Duration::from_hours(24);
/// Retention of a held message: the time in which an approval may use it, plus the time that a
/// platform outage may add.
pub const HELD_MESSAGE_KEPT: Duration = Duration::from_hours(24 * 4);

/// The facts that the rules of the follow-up depend on.
#[derive(Debug, Clone, Copy)]
pub struct FollowUpFacts<'a> {
    /// The approval.
    pub approval: &'a Approval,
    /// The connector, unless it was deleted.
    pub connector: Option<&'a Connector>,
    /// The person, unless they were erased.
    pub chat_user: Option<&'a ChatUser>,
}

impl<'a> FollowUpFacts<'a> {
    /// The connector and the person, if the connector does this and the person still has the access.
    fn follow_up(
        &self,
        wanted: fn(ApprovalMode) -> bool,
    ) -> Result<(&'a Connector, &'a ChatUser), SkipReason> {
        let connector = self.connector.ok_or(SkipReason::ConnectorDeleted)?;
        if !wanted(connector.after_approval.mode) {
            return Err(SkipReason::NotWanted);
        }
        Ok((connector, self.holder().ok_or(SkipReason::AccessEnded)?))
    }

    /// The person, if the approved access still holds.
    #[must_use]
    pub fn holder(&self) -> Option<&'a ChatUser> {
        self.chat_user.filter(|user| {
            user.block.is_none() && user.grants.contains_key(&self.approval.environment_id)
        })
    }
}

/// Checks that an approval notice may go out now. `reply_window` is the time after a person's
/// message during which the platform lets us write.
pub fn notice_due<'a>(
    facts: &FollowUpFacts<'a>,
    standing: &Standing,
    reply_window: Option<Duration>,
    now: Timestamp,
) -> Result<(&'a Connector, &'a ChatUser), SkipReason> {
    let due = facts.follow_up(ApprovalMode::notifies)?;
    may_be_told(standing, reply_window, now)?;
    Ok(due)
}

/// Checks that the platform lets us write to the person now, and that they do not mind. `reply_window` is the
/// time after a person's message during which the platform lets us write.
///
/// # Errors
/// The reason why nothing is sent.
pub fn may_be_told(
    standing: &Standing,
    reply_window: Option<Duration>,
    now: Timestamp,
) -> Result<(), SkipReason> {
    if standing.opted_out_at().is_some() {
        Err(SkipReason::OptedOut)
    } else if notifiable_until(standing, reply_window).is_some_and(|until| until <= now) {
        Err(SkipReason::WindowClosed)
    } else {
        Ok(())
    }
}

/// Checks that the message that made the request goes to the agent.
pub fn replay_due(
    facts: &FollowUpFacts<'_>,
    held: Option<DeliverMessage>,
) -> Result<DeliverMessage, SkipReason> {
    facts.follow_up(ApprovalMode::replays)?;
    let held = held.ok_or(SkipReason::NotKept)?;
    if facts.approval.at.since(held.received_at) < REPLAY_AGE_MAX {
        Ok(held)
    } else {
        Err(SkipReason::TooOld)
    }
}

/// The time from which no notice of a decision can reach the person: the platform's window closes,
/// or the person has opted out. `None` when there is no such time.
#[must_use]
pub fn notifiable_until(standing: &Standing, reply_window: Option<Duration>) -> Option<Timestamp> {
    let written_at = standing.last_message_at.unwrap_or(standing.first_seen_at);
    let closes_at = reply_window.map(|window| written_at.plus(window));
    match (closes_at, standing.opted_out_at()) {
        (Some(closes), Some(opted_out)) => Some(closes.min(opted_out)),
        (closes, opted_out) => closes.or(opted_out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connector::AfterApproval,
        ids::AccessRequestId,
        samples::{self, actor, block, chat_user, environment, grant, message, opted_out},
    };
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn approval(millis: i64) -> Approval {
        let request = AccessRequestId::derive(&["r"]);
        Approval::new(request, environment("e"), actor("grace"), at(millis))
    }

    fn connector(mode: ApprovalMode) -> Connector {
        Connector {
            after_approval: AfterApproval {
                mode,
                ..AfterApproval::default()
            },
            ..samples::connector()
        }
    }

    fn user(granted: bool, blocked: bool) -> ChatUser {
        ChatUser {
            grants: granted
                .then(|| (environment("e"), grant()))
                .into_iter()
                .collect(),
            block: blocked.then(block),
            ..chat_user()
        }
    }

    fn standing(last_message_at: Option<i64>, stopped_at: Option<i64>) -> Standing {
        Standing {
            first_seen_at: at(0),
            last_message_at: last_message_at.map(at),
            consents: stopped_at.map(at).map(opted_out).unwrap_or_default(),
            ..samples::standing()
        }
    }

    fn held(received_at: i64) -> DeliverMessage {
        DeliverMessage::of(message(), &samples::connector(), at(received_at))
    }

    fn any_mode() -> impl Strategy<Value = ApprovalMode> {
        prop_oneof![
            Just(ApprovalMode::Notify),
            Just(ApprovalMode::Replay),
            Just(ApprovalMode::Both),
            Just(ApprovalMode::Silent),
        ]
    }

    #[test]
    fn a_held_message_is_kept_three_days_longer_than_an_approval_may_use_it() {
        assert_eq!(HELD_MESSAGE_KEPT, REPLAY_AGE_MAX + Duration::from_hours(72));
    }

    proptest! {
        #[test]
        fn a_person_is_told_while_they_can_be_and_else_the_first_reason_that_applies_is_named(
            mode in any_mode(),
            deleted in any::<bool>(), erased in any::<bool>(), granted in any::<bool>(), blocked in any::<bool>(),
            opted_out in proptest::option::of(0_i64..100),
            window in proptest::option::of(0_u64..100),
            written in proptest::option::of(0_i64..100), now in 0_i64..200,
        ) {
            let (connector, user, approval) = (connector(mode), user(granted, blocked), approval(0));
            let facts = FollowUpFacts {
                approval: &approval,
                connector: (!deleted).then_some(&connector),
                chat_user: (!erased).then_some(&user),
            };
            let standing = standing(written, opted_out);
            let window = window.map(Duration::from_millis);
            let closed = window.is_some_and(|window| at(written.unwrap_or(0)).plus(window) <= at(now));
            let rules = [
                (deleted, SkipReason::ConnectorDeleted),
                (!mode.notifies(), SkipReason::NotWanted),
                (erased || blocked || !granted, SkipReason::AccessEnded),
                (opted_out.is_some(), SkipReason::OptedOut),
                (closed, SkipReason::WindowClosed),
            ];
            let expected = rules.iter().find(|(applies, _)| *applies).map(|(_, reason)| *reason);
            prop_assert_eq!(notice_due(&facts, &standing, window, at(now)).err(), expected);
        }

        #[test]
        fn a_held_message_is_handed_over_if_it_was_younger_than_a_day_at_the_approval(
            mode in any_mode(), kept in any::<bool>(), hours in 0_i64..50,
        ) {
            let (connector, user) = (connector(mode), user(true, false));
            let approval = approval(hours * 3_600_000);
            let facts = FollowUpFacts { approval: &approval, connector: Some(&connector), chat_user: Some(&user) };
            let expected = if !mode.replays() {
                Err(SkipReason::NotWanted)
            } else if !kept {
                Err(SkipReason::NotKept)
            } else if hours >= 24 {
                Err(SkipReason::TooOld)
            } else {
                Ok(held(0))
            };
            prop_assert_eq!(replay_due(&facts, kept.then(|| held(0))), expected);
        }

        #[test]
        fn nobody_can_be_told_after_the_window_or_once_they_opted_out(
            opted_out in proptest::option::of(0_i64..100),
            window in proptest::option::of(0_u64..100),
            written in 0_i64..100,
        ) {
            let standing = standing(Some(written), opted_out);
            let until = notifiable_until(&standing, window.map(Duration::from_millis));
            prop_assert_eq!(until.is_none(), window.is_none() && opted_out.is_none());
            if let Some(until) = until {
                prop_assert!(opted_out.is_none_or(|opted_out| until <= at(opted_out)));
                prop_assert!(window.is_none_or(|window| until <= at(written).plus(Duration::from_millis(window))));
            }
        }
    }

    #[test]
    fn a_reason_is_stored_under_its_name() {
        for reason in [
            SkipReason::NotWanted,
            SkipReason::ConnectorDeleted,
            SkipReason::AccessEnded,
            SkipReason::OptedOut,
            SkipReason::WindowClosed,
            SkipReason::NotKept,
            SkipReason::TooOld,
        ] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.key());
        }
    }

    #[test]
    fn the_window_closes_at_its_last_instant_and_a_message_is_too_old_at_a_day() {
        let (connector, user) = (connector(ApprovalMode::Both), user(true, false));
        let window = Some(Duration::from_millis(10));
        let day = 24 * 3_600_000;
        for (millis, told) in [(109, true), (110, false), (111, false)] {
            let approval = approval(0);
            let facts = FollowUpFacts {
                approval: &approval,
                connector: Some(&connector),
                chat_user: Some(&user),
            };
            let due = notice_due(&facts, &standing(Some(100), None), window, at(millis));
            let expected = if told {
                Ok((&connector, &user))
            } else {
                Err(SkipReason::WindowClosed)
            };
            assert_eq!(due, expected, "{millis}");
        }
        for (age, handed_over) in [(day - 1, true), (day, false), (day + 1, false)] {
            let approval = approval(age);
            let facts = FollowUpFacts {
                approval: &approval,
                connector: Some(&connector),
                chat_user: Some(&user),
            };
            assert_eq!(
                replay_due(&facts, Some(held(0))).is_ok(),
                handed_over,
                "{age}"
            );
        }
    }

    #[test]
    fn the_window_opens_with_the_last_message_or_else_with_the_first() {
        let window = Some(Duration::from_millis(10));
        for (written, opted_out, window, until) in [
            (Some(100), None, window, Some(at(110))),
            (None, None, window, Some(at(10))),
            (Some(100), Some(105), window, Some(at(105))),
            (Some(100), Some(115), window, Some(at(110))),
            (Some(100), Some(105), None, Some(at(105))),
            (Some(100), None, None, None),
        ] {
            assert_eq!(
                notifiable_until(&standing(written, opted_out), window),
                until
            );
        }
    }

    #[test]
    fn somebody_holds_an_approval_while_granted_its_environment_and_not_blocked() {
        let connector = connector(ApprovalMode::Silent);
        let elsewhere = ChatUser {
            grants: [(environment("another"), grant())].into(),
            ..chat_user()
        };
        for (user, holds) in [
            (Some(&user(true, false)), true),
            (Some(&user(true, true)), false),
            (Some(&user(false, false)), false),
            (Some(&elsewhere), false),
            (None, false),
        ] {
            let facts = FollowUpFacts {
                approval: &approval(0),
                connector: Some(&connector),
                chat_user: user,
            };
            assert_eq!(facts.holder(), user.filter(|_| holds));
        }
    }
}
