//! First replies that came too late, or not at all, as logs and metrics tell them (SPEC E37).

use crate::logging::{Metric, count};
use vestibule_domain::{Timestamp, routing::case::Case};

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
    count(Metric::FirstReplyMissed, &after.channel, at);
}
