//! A platform's receipt for a text: the id that a later report of a failure names, and the recipient's
//! stable id.

use crate::{RECORD_WAIT_FIRST, Work};
use std::time::Duration;
use vestibule_domain::{
    chat::message::Identity,
    chat::send_status::SendStatus,
    connector::Connector,
    error::Chain,
    ports::{Receipt, SentMessage},
};

/// Last wait before a sent message is recorded again. The outcome itself is still to be recorded.
const WAIT_LAST: Duration = Duration::from_millis(400);

/// Returns the status of a text that the platform accepted: sent, or failed if it reported that already.
pub(crate) async fn status(work: &Work<'_>, connector: &Connector, receipt: Receipt) -> SendStatus {
    let at = work.deps.clock.now();
    let reported = match &receipt.message_id {
        Some(id) if work.deps.platform.reports_late_failures(connector) => {
            let (scope, chat_user_id) = (work.job.scope, work.job.chat_user_id);
            let sent = SentMessage {
                scope,
                connector_id: connector.id,
                chat_user_id,
                message_id: id,
                at,
            };
            reported_failure(work, &sent).await
        }
        _ => None,
    };
    if let Some(stable_id) = &receipt.recipient {
        note_stable_id(work, stable_id).await;
    }
    reported.unwrap_or(SendStatus::Sent {
        at,
        message_id: receipt.message_id,
    })
}

/// Records the message under its id, and returns the failure if its report came first. The platform has the
/// text, so nothing here makes the job be tried again.
async fn reported_failure(work: &Work<'_>, sent: &SentMessage<'_>) -> Option<SendStatus> {
    let mut wait = RECORD_WAIT_FIRST;
    loop {
        match work.deps.standings.note_sent(sent).await {
            Ok(failure) => return failure,
            Err(error) if wait <= WAIT_LAST => {
                tracing::warn!(error = %Chain(&error), "a message could not be recorded under its id yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            Err(error) => {
                tracing::error!(error = %Chain(&error), "a message is not recorded under its id: a report of its failure needs the recipient");
                return None;
            }
        }
    }
}

/// Records the recipient's stable id. Without it, the next message that names both ids does.
async fn note_stable_id(work: &Work<'_>, stable_id: &Identity) {
    let (standings, job) = (&work.deps.standings, work.job);
    let noted = standings
        .note_stable_id(job.scope, job.chat_user_id, stable_id)
        .await;
    if let Err(error) = noted {
        tracing::warn!(error = %Chain(&error), "a recipient's stable id is left to their next message");
    }
}
