//! First replies that came too late, or not at all, as logs and metrics tell them (SPEC E37).

use crate::logging::{Metric, count};
use vestibule_domain::{Timestamp, account::channel::is_of_connectors, routing::case::Case};

/// Counts the missed first reply that a change of a case noted, if it noted one.
pub fn count_missed(before: &Case, after: &Case, at: Timestamp) {
    if before.first_reply_missed_at.is_some() || after.first_reply_missed_at.is_none() {
        return;
    }
    tracing::info!(
        account.id = %after.scope.account_id(),
        project.id = %after.scope.project_id(),
        conversation.id = %after.conversation_id,
        client.id = %after.demand.client_id,
        channel = %after.channel,
        "no member replied within the client's limit"
    );
    count(Metric::FirstReplyMissed, counted_as(&after.channel), at);
}

/// The channel by which a miss is counted. Accounts name channels of their own as they like, so these are one.
fn counted_as(channel: &str) -> &str {
    if is_of_connectors(channel) {
        channel
    } else {
        "api"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_on_the_channels_that_accounts_name_are_counted_together() {
        assert_eq!(counted_as("whatsapp"), "whatsapp");
        assert_eq!(counted_as("live_chat"), "api");
        assert_eq!(counted_as("01JD3Q3Z9V8M4T6K2N7P5R1S0W"), "api");
    }
}
