//! A platform's receipt for a text: the id that a later report of a failure names, and the recipient's
//! stable id.

use crate::Work;
use vestibule_domain::{
    chat::message::Identity,
    chat::send_status::SendStatus,
    error::Chain,
    ports::{Receipt, SentMessage, TaskResult},
};

/// Returns the status of a text that the platform accepted.
pub(crate) async fn status(work: &Work<'_>, receipt: Receipt) -> SendStatus {
    let at = work.deps.clock.now();
    if let Some(stable_id) = &receipt.recipient {
        note_stable_id(work, stable_id).await;
    }
    SendStatus::Sent {
        at,
        message_id: receipt.message_id,
    }
}

/// The text that a task sent, if its platform may report later that it did not arrive.
pub(crate) fn sent<'a>(work: &Work<'_>, result: &'a TaskResult) -> Option<SentMessage<'a>> {
    let connector = work.connector?;
    let SendStatus::Sent {
        at,
        message_id: Some(message_id),
    } = result.text()?
    else {
        return None;
    };
    let platform = &work.deps.platform;
    platform
        .reports_late_failures(connector)
        .then_some(SentMessage {
            scope: work.job.scope,
            connector_id: connector.id,
            chat_user_id: work.job.chat_user_id,
            message_id,
            at: *at,
        })
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
