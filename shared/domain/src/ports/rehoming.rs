//! The port of the cases whose connector was deleted, or passed to another client.

use crate::{
    PortError, Timestamp,
    ids::{ClientId, ConversationId},
    job::RehomeConnector,
    ports::{Changed, RoutedBy},
    routing::case::Case,
};
use async_trait::async_trait;
use std::time::Duration;

/// Time after an order during which cases may still be made by what was read of the connector before it, and in which the
/// list of open cases lags behind.
pub const REHOMING_GRACE: Duration = Duration::from_mins(2);

/// An order to look after the open cases of a connector, with its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehoming {
    /// Number of times that it was given.
    pub orders: u64,
    /// Time at which it was given last.
    pub ordered_at: Timestamp,
    /// Start of the pass under way, if any.
    pub pass_began_at: Option<Timestamp>,
    /// The place in the list of open cases behind which the pass goes on. Only the store can read it.
    pub behind: Option<String>,
}

impl Rehoming {
    /// Whether nobody can still make a case by what was read before the order, once the pass that goes on at `now` is over.
    #[must_use]
    pub fn is_last_pass(&self, now: Timestamp) -> bool {
        self.pass_began_at.unwrap_or(now) >= self.ordered_at.plus(REHOMING_GRACE)
    }
}

/// A page of the open cases of a project, as far as they are a connector's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectorCases {
    /// The conversations, by the time of their offers.
    pub conversations: Vec<ConversationId>,
    /// The place behind the page, if more follows.
    pub behind: Option<String>,
}

/// The store of orders to look after the open cases of connectors.
#[async_trait]
pub trait RehomingStore: Send + Sync {
    /// Returns the order.
    async fn rehoming(&self, job: RehomeConnector) -> Result<Option<Rehoming>, PortError>;
    /// Returns the client that the connector serves; `None` when it is gone.
    async fn client_served(&self, job: RehomeConnector) -> Result<Option<ClientId>, PortError>;
    /// Returns a page of the open cases behind a place. The list lags behind.
    async fn open_cases(
        &self,
        job: RehomeConnector,
        behind: Option<&str>,
    ) -> Result<ConnectorCases, PortError>;
    /// Lets an open case ask for another client. One that waits moves to that client's queue, at its place, with a
    /// line in the thread, and without skills for which the desk has too many queues; a member who has it keeps it. One that asks for this client is `Done` without a change.
    async fn readdress(
        &self,
        case: &Case,
        client_id: ClientId,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError>;
    /// Notes the progress of the order, and lets it be due at `due`. `false` when it was given again meanwhile.
    async fn go_on_rehoming(
        &self,
        job: RehomeConnector,
        order: &Rehoming,
        due: Timestamp,
    ) -> Result<bool, PortError>;
    /// Ends the order as it was read. `false` when it was given again meanwhile.
    async fn end_rehoming(&self, job: RehomeConnector, order: &Rehoming)
    -> Result<bool, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    #[test]
    fn the_last_pass_begins_when_nobody_makes_a_case_any_more_by_what_was_read_before_the_order() {
        let order = |pass_began_at: Option<i64>| Rehoming {
            orders: 1,
            ordered_at: at(100),
            pass_began_at: pass_began_at.map(at),
            behind: None,
        };
        for (began, now, is_last) in [
            (None, 219, false),
            (None, 220, true),
            (Some(219), 500, false),
            (Some(220), 500, true),
        ] {
            assert_eq!(order(began).is_last_pass(at(now)), is_last, "{began:?}");
        }
    }
}
