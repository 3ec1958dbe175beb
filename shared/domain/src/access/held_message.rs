//! The effect of a message that is held back: it opens a request, counts on one, or cools down (SPEC A21, B25, B31).

use crate::{Timestamp, access::standing::Standing, connector::Connector, ids::AccessRequestId};

/// The effect of a held message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldMessage {
    /// A new request, with the onboarding message if none was sent here yet.
    OpensRequest {
        /// Whether the onboarding message is sent with the request (SPEC A21, B25).
        with_onboarding_message: bool,
    },
    /// The message counts on the request that is already pending (SPEC B31).
    CountsOnPending(AccessRequestId),
    /// No effect: the person was rejected too recently (SPEC B25).
    CoolsDown {
        /// Time from which a message opens a new request.
        until: Timestamp,
    },
}

/// The facts that decide the effect of a held message.
#[derive(Debug)]
pub struct HeldFacts<'a> {
    /// The sender's standing at the connector, if they wrote before.
    pub standing: Option<&'a Standing>,
    /// The connector.
    pub connector: &'a Connector,
    /// The present.
    pub now: Timestamp,
}

/// Time from which a message opens a new request after the last rejection (SPEC B25). `None` without one,
/// and where an approval came after it: who loses that access again may ask at once (SPEC B33).
#[must_use]
pub fn cool_down_ends(standing: &Standing, connector: &Connector) -> Option<Timestamp> {
    let rejections = standing.rejections?;
    let approval = standing.approval.as_ref();
    let is_made_up_for = approval.is_some_and(|approval| approval.at >= rejections.last_at);
    (!is_made_up_for).then(|| rejections.last_at.plus(connector.request_cooldown))
}

/// Decides the effect of a held message. This is the entry into the states of a request.
#[must_use]
pub fn on_held_message(facts: &HeldFacts<'_>) -> HeldMessage {
    let Some(standing) = facts.standing else {
        return HeldMessage::OpensRequest {
            with_onboarding_message: true,
        };
    };
    if let (true, Some(request_id)) = (standing.request_pending, standing.request_id) {
        return HeldMessage::CountsOnPending(request_id);
    }
    if let Some(until) = cool_down_ends(standing, facts.connector)
        && facts.now < until
    {
        return HeldMessage::CoolsDown { until };
    }
    HeldMessage::OpensRequest {
        with_onboarding_message: standing.onboarding_message_due(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{approval::Approval, standing::Rejections},
        chat::send_status::SendStatus,
        samples::{actor, at, connector, standing},
    };
    use proptest::prelude::*;
    use std::time::Duration;

    fn held(standing: Option<&Standing>, connector: &Connector, now: Timestamp) -> HeldMessage {
        on_held_message(&HeldFacts {
            standing,
            connector,
            now,
        })
    }

    fn opens(with_onboarding_message: bool) -> HeldMessage {
        HeldMessage::OpensRequest {
            with_onboarding_message,
        }
    }

    fn rejected(last_at: Timestamp) -> Standing {
        Standing {
            rejections: Some(Rejections { count: 1, last_at }),
            ..standing()
        }
    }

    #[test]
    fn the_first_message_opens_a_request_and_is_answered() {
        assert_eq!(held(None, &connector(), at(9)), opens(true));
        assert_eq!(held(Some(&standing()), &connector(), at(9)), opens(true));
    }

    #[test]
    fn a_message_while_a_request_is_pending_counts_on_it_even_in_a_cool_down() {
        let id = AccessRequestId::derive(&["r"]);
        for standing in [standing(), rejected(at(8))] {
            let pending = Standing {
                request_id: Some(id),
                request_pending: true,
                ..standing
            };
            let result = held(Some(&pending), &connector(), at(9));
            assert_eq!(result, HeldMessage::CountsOnPending(id));
        }
        // A decided request counts no more messages.
        let decided = Standing {
            request_id: Some(id),
            ..standing()
        };
        assert_eq!(held(Some(&decided), &connector(), at(9)), opens(true));
    }

    /// SPEC B25, B33.
    #[test]
    fn an_approval_ends_the_cool_down_of_the_rejections_before_it() {
        let approved = |second| {
            let approval = Approval::new(
                AccessRequestId::derive(&["r"]),
                connector().environment_id,
                actor("grace"),
                at(second),
            );
            Standing {
                approval: Some(approval),
                ..rejected(at(8))
            }
        };
        let connector = Connector {
            request_cooldown: Duration::from_mins(1),
            ..connector()
        };
        assert_eq!(cool_down_ends(&standing(), &connector), None);
        assert_eq!(cool_down_ends(&approved(8), &connector), None);
        assert_eq!(cool_down_ends(&approved(7), &connector), Some(at(68)));
        assert_eq!(held(Some(&approved(9)), &connector, at(10)), opens(true));
        let cools_down = HeldMessage::CoolsDown { until: at(68) };
        assert_eq!(held(Some(&approved(7)), &connector, at(10)), cools_down);
    }

    #[test]
    fn a_cool_down_ends_at_its_very_instant() {
        let connector = Connector {
            request_cooldown: Duration::from_mins(1),
            ..connector()
        };
        let standing = rejected(at(100));
        let cools_down = HeldMessage::CoolsDown { until: at(160) };
        let last = Timestamp::from_millis(159_999);
        for (now, result) in [
            (at(99), cools_down),
            (at(100), cools_down),
            (last, cools_down),
            (at(160), opens(true)),
            (at(161), opens(true)),
        ] {
            assert_eq!(held(Some(&standing), &connector, now), result, "{now}");
        }
    }

    #[test]
    fn a_new_request_comes_with_the_onboarding_message_unless_it_went_out_or_is_about_to() {
        for (onboarding_message, due) in [
            (None, true),
            (Some(SendStatus::Queued), false),
            (
                Some(SendStatus::Sent {
                    at: at(6),
                    message_id: None,
                }),
                false,
            ),
            (
                Some(SendStatus::Failed {
                    at: at(6),
                    class: "config".into(),
                    reason: "invalid_auth".into(),
                }),
                true,
            ),
            (
                Some(SendStatus::Skipped {
                    at: at(6),
                    reason: None,
                }),
                true,
            ),
        ] {
            let standing = Standing {
                onboarding_message,
                ..standing()
            };
            assert_eq!(held(Some(&standing), &connector(), at(9)), opens(due));
        }
    }

    proptest! {
        #[test]
        fn a_rejected_person_may_ask_again_once_the_cool_down_is_over(
            rejected_at in 0_i64..200, cooldown in 0_u64..100, now in 0_i64..400,
        ) {
            let connector = Connector {
                request_cooldown: Duration::from_secs(cooldown),
                ..connector()
            };
            let over = rejected_at + i64::try_from(cooldown).unwrap();
            let expected = if now < over {
                HeldMessage::CoolsDown { until: at(over) }
            } else {
                opens(true)
            };
            let standing = rejected(at(rejected_at));
            prop_assert_eq!(held(Some(&standing), &connector, at(now)), expected);
        }
    }
}
