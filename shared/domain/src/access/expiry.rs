//! Pending requests that expire with time (SPEC B36).
//!
//! A connector whose requests expire has an order to close them, which is due when the next of them expires. A pass
//! goes through the project's pending requests from the oldest on, as far as some of them may have expired, and
//! the next pass begins where it ended: whatever is older is closed, or another connector's. Every change of
//! the connector begins anew, so another number of days applies to requests that are pending already.
//!
//! Until its request is closed, a decision on it counts.

use crate::{
    Timestamp,
    access::closing::ListPosition,
    access::request::{AccessRequest, RequestStatus},
    connector::RequestLimits,
    ids::ConnectorId,
    job::ExpireRequests,
    scope::ProjectScope,
};

/// An order to close the requests of a connector as they expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Account and project.
    pub scope: ProjectScope,
    /// The connector whose requests expire.
    pub connector_id: ConnectorId,
    /// Time of the change of the connector that made this order.
    pub since: Timestamp,
    /// The end of what is done.
    pub position: Option<ListPosition>,
    /// Counts changes.
    pub version: u64,
}

/// A pending request and its place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The request.
    pub request: AccessRequest,
    /// Its place.
    pub position: ListPosition,
}

/// A page of a project's pending requests, of all connectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldestPending {
    /// The requests, oldest first.
    pub requests: Vec<Pending>,
    /// Whether there are more.
    pub has_more: bool,
}

/// The step that follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterExpired {
    /// The next page, at once.
    Next(Expiry),
    /// A page from this time on, when the next request may have expired.
    At(Expiry, Timestamp),
}

impl Expiry {
    /// The job that works on this order.
    #[must_use]
    pub const fn job(&self) -> ExpireRequests {
        ExpireRequests {
            scope: self.scope,
            connector_id: self.connector_id,
        }
    }

    /// Whether `request` is to be closed.
    #[must_use]
    pub fn covers(&self, request: &AccessRequest, limits: RequestLimits, now: Timestamp) -> bool {
        let expiry = limits.expiry(request.created_at);
        request.connector_id == self.connector_id
            && request.status() == RequestStatus::Pending
            && expiry.is_some_and(|expiry| expiry <= now)
    }

    /// Returns the step that follows a page which was begun at `now`. `None` if requests do not expire.
    #[must_use]
    pub fn after_page(
        self,
        page: &OldestPending,
        limits: RequestLimits,
        now: Timestamp,
    ) -> Option<AfterExpired> {
        // A request that is made from now on expires no sooner.
        let last_due = limits.expiry(now)?;
        let expiry = |pending: &Pending| limits.expiry(pending.request.created_at);
        let has_expired = |pending: &Pending| expiry(pending).is_some_and(|expiry| expiry <= now);
        let (expired, waiting) = page
            .requests
            .split_at(page.requests.partition_point(has_expired));
        let position = expired.last().map(|pending| pending.position.clone());
        let own = waiting
            .iter()
            .find(|pending| pending.request.connector_id == self.connector_id);
        // Those on later pages expire after the last of this one.
        let first = own.or_else(|| waiting.last().filter(|_| page.has_more));
        let is_through = first.is_some() || !page.has_more;
        let due = first.and_then(expiry).unwrap_or(last_due);
        let next = Self {
            position: position.or(self.position),
            ..self
        };
        Some(if is_through {
            AfterExpired::At(next, due)
        } else {
            AfterExpired::Next(next)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::request::Verdict,
        samples::{actor, at, connector, decision, request},
    };
    use proptest::prelude::*;

    const DAY: i64 = 86_400;

    fn limits(days: u16) -> RequestLimits {
        RequestLimits {
            expire_after_days: Some(days),
            ..RequestLimits::default()
        }
    }

    fn order() -> Expiry {
        Expiry {
            scope: connector().scope,
            connector_id: connector().id,
            since: at(0),
            position: None,
            version: 1,
        }
    }

    fn pending(second: i64, is_own: bool) -> Pending {
        let own = request();
        let other = ConnectorId::derive(&["other"]);
        Pending {
            request: AccessRequest {
                created_at: at(second),
                connector_id: if is_own { own.connector_id } else { other },
                ..own
            },
            position: ListPosition(format!("{second:08}")),
        }
    }

    fn page(requests: &[(i64, bool)], has_more: bool) -> OldestPending {
        OldestPending {
            requests: requests
                .iter()
                .map(|(second, is_own)| pending(*second, *is_own))
                .collect(),
            has_more,
        }
    }

    fn done_up_to(second: Option<i64>) -> Expiry {
        Expiry {
            position: second.map(|second| ListPosition(format!("{second:08}"))),
            ..order()
        }
    }

    /// SPEC B36.
    #[test]
    fn a_pending_request_of_the_connector_is_closed_from_its_expiry_on() {
        let day = limits(1);
        let made = |second| pending(second, true).request;
        assert!(!order().covers(&made(5), day, at(DAY + 4)));
        assert!(order().covers(&made(5), day, at(DAY + 5)));
        assert!(!order().covers(&pending(5, false).request, day, at(DAY + 5)));
        assert!(!order().covers(&made(5), RequestLimits::default(), at(400 * DAY)));
        let decided = AccessRequest {
            decision: Some(decision(Verdict::Reject, actor("grace"))),
            ..made(5)
        };
        assert!(!order().covers(&decided, day, at(DAY + 5)));
    }

    /// SPEC B36.
    #[test]
    fn the_next_page_is_due_when_a_request_of_the_connector_may_have_expired() {
        let now = at(DAY + 100);
        let at_end = |second, due| AfterExpired::At(done_up_to(second), at(DAY + due));
        for (requests, has_more, expected) in [
            // Nobody waits: a request made now expires in a day.
            (vec![], false, at_end(None, DAY + 100)),
            (
                vec![(50, true), (60, false)],
                false,
                at_end(Some(60), DAY + 100),
            ),
            (
                vec![(50, true), (150, true), (160, true)],
                true,
                at_end(Some(50), 150),
            ),
            (
                vec![(50, true), (140, false), (150, true)],
                true,
                at_end(Some(50), 150),
            ),
            // Those on the next page expire after the last of this one.
            (
                vec![(50, false), (140, false), (150, false)],
                true,
                at_end(Some(50), 150),
            ),
            (
                vec![(50, false), (140, false)],
                false,
                at_end(Some(50), DAY + 100),
            ),
            (
                vec![(50, false), (100, true)],
                true,
                AfterExpired::Next(done_up_to(Some(100))),
            ),
        ] {
            let page = page(&requests, has_more);
            let next = order().after_page(&page, limits(1), now);
            assert_eq!(next, Some(expected), "{requests:?} {has_more}");
        }
        let page = page(&[(50, true)], false);
        assert_eq!(
            order().after_page(&page, RequestLimits::default(), now),
            None
        );
    }

    /// SPEC B36.
    #[test]
    fn a_page_without_expired_requests_keeps_the_place_of_the_one_before() {
        let next = done_up_to(Some(7)).after_page(&page(&[(150, true)], true), limits(1), at(DAY));
        assert_eq!(
            next,
            Some(AfterExpired::At(done_up_to(Some(7)), at(DAY + 150)))
        );
    }

    #[test]
    fn the_job_of_an_order_names_its_connector() {
        let job = ExpireRequests {
            scope: connector().scope,
            connector_id: connector().id,
        };
        assert_eq!(order().job(), job);
    }

    proptest! {
        /// SPEC B36. Pages of any length, at the times that the steps name, close each request of the connector
        /// at its expiry, and none sooner.
        #[test]
        fn every_request_is_closed_in_time_and_none_before(
            made in proptest::collection::btree_map(0_i64..3_000, any::<bool>(), 0..20),
            days in 1_u16..4, length in 1_usize..5, begin in 0_i64..3_000,
        ) {
            let limits = limits(days);
            let mut list: Vec<Pending> = made.iter().map(|(second, own)| pending(*second, *own)).collect();
            let mut order = order();
            let begun = at(begin);
            let mut now = begun;
            for _ in 0..200 {
                let behind = |pending: &&Pending| {
                    let made = pending.request.created_at <= now;
                    made && order.position.as_ref().is_none_or(|done| pending.position.0 > done.0)
                };
                let found: Vec<Pending> = list.iter().filter(behind).cloned().collect();
                let page = OldestPending {
                    requests: found.iter().take(length).cloned().collect(),
                    has_more: found.len() > length,
                };
                for pending in &page.requests {
                    if order.covers(&pending.request, limits, now) {
                        let expiry = limits.expiry(pending.request.created_at).unwrap();
                        prop_assert_eq!(now, expiry.max(begun));
                        list.retain(|other| other != pending);
                    }
                }
                match order.after_page(&page, limits, now).unwrap() {
                    AfterExpired::Next(next) => order = next,
                    AfterExpired::At(next, due) => {
                        prop_assert!(due > now);
                        order = next;
                        now = due;
                    }
                }
            }
            let own_left = list.iter().filter(|pending| pending.request.connector_id == order.connector_id);
            prop_assert_eq!(own_left.count(), 0);
        }
    }
}
