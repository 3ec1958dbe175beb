//! One text of a conversation, in the pieces that its platform accepts.

use crate::{RECORD_WAIT_LAST, Work, pauses::GIVE_UP_AFTER};
use std::time::Duration;
use vestibule_domain::{
    PortError,
    chat::conversation::{Learnt, Progress},
    chat::send_status::{SendStatus, SkipReason},
    connector::Connector,
    job::QueuedText,
    ports::{ClaimedConversation, Destination, FailureClass, OutgoingText, TextOutcome},
};
use vestibule_edge::{
    logging::Metric,
    sender::{Attempted, Later, Patience, Recording, Sender, connector_deleted},
};

/// Age of an answer from which it is checked like a text that answers no message. A younger one follows the
/// person's message, and costs no reads.
const FRESH_FOR: Duration = Duration::from_mins(1);

/// The end of one attempt at a text.
pub(crate) enum Sending {
    /// The text is finished.
    Finished(TextOutcome),
    /// Another attempt is needed.
    Later(Later),
}

/// A text and its way to the person.
struct Route<'a> {
    work: &'a Work<'a>,
    sender: Sender<'a>,
    text: &'a QueuedText,
}

/// Sends the rest of a text.
pub(crate) async fn send(
    work: &Work<'_>,
    connector: Option<&Connector>,
    claimed: &mut ClaimedConversation,
    text: &QueuedText,
) -> Result<Sending, PortError> {
    let Some(connector) = connector else {
        tracing::warn!(
            connector.id = %work.job.connector_id,
            conversation.id = %work.job.conversation_id,
            "a text was given up, because its connector was deleted"
        );
        let status = connector_deleted(work.deps.clock.now());
        return Ok(finished(text, status, Learnt::default()));
    };
    let sender = Sender {
        platform: work.deps.platform.as_ref(),
        connector,
        conversation_id: work.job.conversation_id,
        clock: work.deps.clock.as_ref(),
    };
    let route = Route { work, sender, text };
    let has_waited = work.deps.clock.now().since(text.at) >= FRESH_FOR;
    if (text.is_unprompted || has_waited)
        && let Some(reason) = refused(&route, claimed).await?
    {
        let reason = reason.key().to_owned();
        return Ok(given_up(&route, FailureClass::Recipient.key(), reason));
    }
    send_pieces(&route, claimed).await
}

/// The reason why a text may not be sent now, if there is one. A text that answers no message was checked when
/// it was written, and may have waited since; an answer may have waited while the person opted out or was
/// blocked. Whether the platform still takes an answer, the platform says itself.
async fn refused(
    route: &Route<'_>,
    claimed: &ClaimedConversation,
) -> Result<Option<SkipReason>, PortError> {
    let deps = route.work.deps;
    let Some(audience) = deps.conversations.audience(claimed).await? else {
        return Ok(Some(SkipReason::AccessEnded));
    };
    let window = if route.text.is_unprompted {
        route.sender.reply_window(&audience.place)
    } else {
        None
    };
    Ok(audience.check(window, deps.clock.now()).err())
}

/// Sends one piece after the other, and records each before the next.
async fn send_pieces(
    route: &Route<'_>,
    claimed: &mut ClaimedConversation,
) -> Result<Sending, PortError> {
    let Route { work, sender, text } = route;
    let pieces = sender.pieces(&text.text);
    let patience = Patience::Until(text.at.plus(GIVE_UP_AFTER));
    let done = claimed.outgoing.pieces_sent(text.number);
    let (mut learnt, mut message_id) = (Learnt::default(), None);
    for (index, piece) in pieces.iter().enumerate().skip(done) {
        if work.is_out_of_time() {
            return Ok(Sending::Later(Later::OutOfTime));
        }
        let conversation = claimed.outgoing.current(&claimed.place);
        let outgoing = OutgoingText {
            to: Destination::Conversation(&conversation),
            text: piece,
            mark: None,
        };
        let receipt = match sender.attempt(outgoing, patience).await {
            Attempted::Sent(receipt) => receipt,
            Attempted::GivenUp { class, reason } => return Ok(given_up(route, class, reason)),
            Attempted::Later(later) => return Ok(Sending::Later(later)),
        };
        learnt = Learnt::of(&claimed.place, receipt.moved_to, receipt.reply_url);
        message_id = receipt.message_id;
        // The last piece is recorded with the text itself.
        if index + 1 < pieces.len() {
            let progress = Progress {
                number: text.number,
                pieces_sent: index + 1,
            };
            record_piece(work, claimed, progress, &learnt).await?;
        }
    }
    let at = work.deps.clock.now();
    Ok(finished(text, SendStatus::Sent { at, message_id }, learnt))
}

/// Records that a piece went out. The platform already has it, so recording is repeated for as long as
/// this worker has time and the lease.
async fn record_piece(
    work: &Work<'_>,
    claimed: &mut ClaimedConversation,
    progress: Progress,
    learnt: &Learnt,
) -> Result<(), PortError> {
    let conversations = &work.deps.conversations;
    let mut recording = Recording::with_waits_up_to(RECORD_WAIT_LAST);
    loop {
        let recorded = conversations.record_piece(claimed, progress, learnt).await;
        let Err(error) = recorded else {
            return Ok(());
        };
        if !recording.goes_on_after(&error).await {
            return Err(error);
        }
    }
}

/// The end of a text that the platform refused, or did not accept for days.
fn given_up(route: &Route<'_>, class: &str, reason: String) -> Sending {
    let status = route.sender.given_up(Metric::MessageFailed, class, reason);
    finished(route.text, status, Learnt::default())
}

const fn finished(text: &QueuedText, status: SendStatus, learnt: Learnt) -> Sending {
    Sending::Finished(TextOutcome {
        status,
        learnt,
        keep: !text.is_ephemeral,
    })
}
