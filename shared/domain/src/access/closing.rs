//! Pending requests that end with their connector's policy (SPEC A42), or with the connector (SPEC A46).
//!
//! There may be thousands. So the change itself only leaves a closing, and workers close the
//! pending requests a page at a time. Webhooks may still open requests while they remember the
//! connector as it was: the last pass begins after that.

use crate::{
    Timestamp,
    access::request::{AccessRequest, ReasonCode, RequestStatus},
    account::actor::Actor,
    connector::{Connector, Policy},
    ids::ConnectorId,
    job::ClosePendingRequests,
    scope::ProjectScope,
};
use std::time::Duration;

/// Time after the change during which requests may still be opened: a webhook remembers a connector
/// for ten seconds, then needs time of its own, and lists lag behind. A pass that began later and
/// reached the end has seen all of them.
pub const CLOSING_GRACE: Duration = Duration::from_mins(1);

/// A place in the list of pending requests. Only the store can read its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPosition(pub String);

/// Progress of one pass through the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Start of the pass.
    pub began_at: Timestamp,
    /// Start of the next page.
    pub position: ListPosition,
}

/// An order to close the pending requests of a connector as rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector whose requests are closed.
    pub connector_id: ConnectorId,
    /// The reason recorded on each request.
    pub reason: ReasonCode,
    /// The actor who changed the connector.
    pub by: Actor,
    /// The API call that changed the connector.
    pub request_id: String,
    /// Time of the change.
    pub since: Timestamp,
    /// The pass under way, if any.
    pub pass: Option<Pass>,
    /// Counts changes.
    pub version: u64,
}

/// The step that follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterPage {
    /// The next page.
    Next(Closing),
    /// Another pass, not before this time.
    Again(Closing, Timestamp),
    /// All are closed.
    Finished,
}

impl Closing {
    /// Makes the closing that a change of a connector brings about. `None` unless the connector
    /// stops asking for approval, or asks for approval in another environment.
    #[must_use]
    pub fn of_change(
        before: &Connector,
        after: &Connector,
        by: &Actor,
        request_id: &str,
        now: Timestamp,
    ) -> Option<Self> {
        Self::reason_for(before, after).map(|reason| Self::new(after, reason, by, request_id, now))
    }

    /// Returns the reason why a change of a connector closes its pending requests, if it does.
    #[must_use]
    pub fn reason_for(before: &Connector, after: &Connector) -> Option<ReasonCode> {
        if before.policy != Policy::OnBoarding {
            None
        } else if after.policy != Policy::OnBoarding {
            Some(ReasonCode::PolicyOff)
        } else {
            (after.environment_id != before.environment_id).then_some(ReasonCode::ConnectorMoved)
        }
    }

    /// Makes the closing that deleting a connector brings about.
    #[must_use]
    pub fn of_deletion(
        connector: &Connector,
        by: &Actor,
        request_id: &str,
        now: Timestamp,
    ) -> Self {
        Self::new(connector, ReasonCode::ConnectorDeleted, by, request_id, now)
    }

    fn new(
        connector: &Connector,
        reason: ReasonCode,
        by: &Actor,
        request_id: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            scope: connector.scope,
            connector_id: connector.id,
            reason,
            by: by.clone(),
            request_id: request_id.to_owned(),
            since: now,
            pass: None,
            version: 1,
        }
    }

    /// The job that works on this closing.
    #[must_use]
    pub const fn job(&self) -> ClosePendingRequests {
        ClosePendingRequests {
            scope: self.scope,
            connector_id: self.connector_id,
        }
    }

    /// Whether `request` is to be closed, given the connector as it was at `read_at`. A request
    /// stays open if it was made after the connector began to ask for approval again, for the
    /// environment that the connector serves.
    #[must_use]
    pub fn covers(
        &self,
        request: &AccessRequest,
        connector: Option<&Connector>,
        read_at: Timestamp,
    ) -> bool {
        let on_again = connector
            .filter(|connector| connector.policy == Policy::OnBoarding)
            .filter(|connector| connector.environment_id == request.environment_id)
            .map(|connector| connector.onboarding_since.unwrap_or(self.since));
        request.connector_id == self.connector_id
            && request.status() == RequestStatus::Pending
            && request.created_at <= read_at
            && on_again.is_none_or(|since| request.created_at < since)
    }

    /// Returns the step that follows a page. The page was begun at `began_at` and ended before `next`.
    #[must_use]
    pub fn after_page(self, began_at: Timestamp, next: Option<ListPosition>) -> AfterPage {
        let pass_began_at = self.pass.as_ref().map_or(began_at, |pass| pass.began_at);
        let last_began = self.since.plus(CLOSING_GRACE);
        match next {
            Some(position) => AfterPage::Next(Self {
                pass: Some(Pass {
                    began_at: pass_began_at,
                    position,
                }),
                ..self
            }),
            None if pass_began_at < last_began => {
                AfterPage::Again(Self { pass: None, ..self }, last_began)
            }
            None => AfterPage::Finished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::request::Verdict,
        ids::EnvironmentId,
        samples::{self, actor, any_policy, at, decision},
    };
    use proptest::prelude::*;

    fn grace() -> Actor {
        actor("grace")
    }

    fn connector(policy: Policy, since: Option<i64>) -> Connector {
        Connector {
            policy,
            onboarding_since: since.map(at),
            ..samples::connector()
        }
    }

    fn closing(since: i64) -> Closing {
        let off = connector(Policy::AllowAll, None);
        Closing::new(&off, ReasonCode::PolicyOff, &grace(), "call", at(since))
    }

    fn request(created_at: i64, decided: bool) -> AccessRequest {
        AccessRequest {
            created_at: at(created_at),
            decision: decided.then(|| decision(Verdict::Approve, grace())),
            ..samples::request()
        }
    }

    proptest! {
        #[test]
        fn a_change_closes_requests_exactly_when_it_turns_the_policy_off(
            before in any_policy(), after in any_policy(),
        ) {
            let closing = Closing::of_change(
                &connector(before, None), &connector(after, None), &grace(), "call", at(5),
            );
            let off = before == Policy::OnBoarding && after != Policy::OnBoarding;
            prop_assert_eq!(closing.is_some(), off);
        }

        #[test]
        fn a_closing_ends_with_a_pass_that_began_when_no_webhook_could_still_open_a_request(
            since in 0_i64..1000, steps in proptest::collection::vec((0_i64..40, any::<bool>()), 1..40),
        ) {
            let mut now = since;
            let mut closing = closing(since);
            let mut began = None;
            for (wait, more) in steps {
                now += wait;
                let first = *began.get_or_insert(now);
                let next = more.then(|| ListPosition("x".into()));
                match closing.clone().after_page(at(now), next) {
                    AfterPage::Next(left) => {
                        prop_assert!(more);
                        closing = left;
                    }
                    AfterPage::Again(left, due) => {
                        prop_assert!(first < since + 60);
                        prop_assert_eq!(due, at(since + 60));
                        prop_assert_eq!(&left.pass, &None);
                        closing = left;
                        began = None;
                    }
                    AfterPage::Finished => {
                        prop_assert!(!more && first >= since + 60);
                        return Ok(());
                    }
                }
            }
        }

        #[test]
        fn requests_made_since_the_policy_is_on_again_stay(
            created in 0_i64..100, on_again in proptest::option::of(0_i64..100), read in 0_i64..100, decided in any::<bool>(),
        ) {
            let now = match on_again {
                Some(since) => connector(Policy::OnBoarding, Some(since)),
                None => connector(Policy::AllowAll, None),
            };
            let covered = closing(0).covers(&request(created, decided), Some(&now), at(read));
            let expected = !decided && created <= read && on_again.is_none_or(|since| created < since);
            prop_assert_eq!(covered, expected);
        }
    }

    #[test]
    fn a_connector_that_moved_keeps_no_request_for_the_environment_before() {
        let before = connector(Policy::OnBoarding, Some(0));
        let after = Connector {
            environment_id: EnvironmentId::derive(&["another"]),
            ..before.clone()
        };
        let closing = Closing::of_change(&before, &after, &grace(), "call", at(10)).unwrap();
        assert_eq!(closing.reason, ReasonCode::ConnectorMoved);
        assert!(closing.covers(&request(5, false), Some(&after), at(20)));
        let made_since = AccessRequest {
            environment_id: after.environment_id,
            ..request(15, false)
        };
        assert!(!closing.covers(&made_since, Some(&after), at(20)));
        assert!(!closing.covers(&request(5, false), Some(&before), at(20)));
    }

    #[test]
    fn a_connector_that_is_gone_keeps_no_request_pending() {
        assert!(closing(0).covers(&request(5, false), None, at(9)));
        let other = AccessRequest {
            connector_id: ConnectorId::derive(&["another"]),
            ..request(5, false)
        };
        assert!(!closing(0).covers(&other, None, at(9)));
    }

    #[test]
    fn a_change_closes_requests_for_the_reason_that_ended_them() {
        let at_another = |policy| Connector {
            environment_id: EnvironmentId::derive(&["another"]),
            ..connector(policy, None)
        };
        for (before, after, reason) in [
            (
                Policy::OnBoarding,
                connector(Policy::OnBoarding, None),
                None,
            ),
            (
                Policy::OnBoarding,
                at_another(Policy::OnBoarding),
                Some(ReasonCode::ConnectorMoved),
            ),
            (
                Policy::OnBoarding,
                connector(Policy::AllowAll, None),
                Some(ReasonCode::PolicyOff),
            ),
            (
                Policy::OnBoarding,
                at_another(Policy::AllowList),
                Some(ReasonCode::PolicyOff),
            ),
            (Policy::AllowAll, at_another(Policy::OnBoarding), None),
            (Policy::AllowList, at_another(Policy::AllowAll), None),
        ] {
            let before = connector(before, None);
            assert_eq!(Closing::reason_for(&before, &after), reason);
            let closing = Closing::of_change(&before, &after, &grace(), "call", at(10));
            assert_eq!(closing.map(|closing| closing.reason), reason);
        }
    }

    #[test]
    fn a_deletion_closes_all_requests_of_its_connector() {
        let connector = samples::connector();
        let closing = Closing::of_deletion(&connector, &grace(), "call", at(10));
        let expected = Closing {
            scope: connector.scope,
            connector_id: connector.id,
            reason: ReasonCode::ConnectorDeleted,
            by: grace(),
            request_id: "call".into(),
            since: at(10),
            pass: None,
            version: 1,
        };
        assert_eq!(closing, expected);
        let job = ClosePendingRequests {
            scope: connector.scope,
            connector_id: connector.id,
        };
        assert_eq!(closing.job(), job);
    }

    #[test]
    fn a_request_is_closed_if_made_by_the_time_of_reading_and_before_the_policy_was_on_again() {
        let on_again = |since| connector(Policy::OnBoarding, since);
        for (created, connector, read, covered) in [
            (9, connector(Policy::AllowAll, None), 10, true),
            (10, connector(Policy::AllowAll, None), 10, true),
            (11, connector(Policy::AllowAll, None), 10, false),
            (9, on_again(Some(10)), 20, true),
            (10, on_again(Some(10)), 20, false),
            (11, on_again(Some(10)), 20, false),
            // Start of the policy unknown: the closing's time is the latest possible.
            (4, on_again(None), 20, true),
            (5, on_again(None), 20, false),
        ] {
            let request = request(created, false);
            assert_eq!(
                closing(5).covers(&request, Some(&connector), at(read)),
                covered,
                "{created} {read}"
            );
        }
    }

    #[test]
    fn a_pass_counts_if_it_began_a_minute_after_the_change() {
        let begun = |seconds| Pass {
            began_at: at(seconds),
            position: ListPosition("x".into()),
        };
        let fresh = closing(100);
        // The start of the pass counts, not the start of the page.
        for (pass, page, ended) in [
            (None, 159, false),
            (None, 160, true),
            (None, 161, true),
            (Some(begun(159)), 500, false),
            (Some(begun(160)), 500, true),
        ] {
            let closing = Closing {
                pass,
                ..fresh.clone()
            };
            let expected = if ended {
                AfterPage::Finished
            } else {
                AfterPage::Again(fresh.clone(), at(160))
            };
            assert_eq!(closing.after_page(at(page), None), expected, "{page}");
        }
        let next = || Some(ListPosition("y".into()));
        for (pass, began) in [(None, 200), (Some(begun(110)), 110)] {
            let closing = Closing {
                pass,
                ..fresh.clone()
            };
            let expected = Closing {
                pass: Some(Pass {
                    began_at: at(began),
                    position: ListPosition("y".into()),
                }),
                ..fresh.clone()
            };
            assert_eq!(
                closing.after_page(at(200), next()),
                AfterPage::Next(expected)
            );
        }
    }
}
