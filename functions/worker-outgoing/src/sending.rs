//! One text of a conversation, in the pieces that its platform accepts.

use crate::{Later, RECORD_WAIT_FIRST, RECORD_WAIT_LAST, Work, pauses, read_connector};
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    chat::conversation::{Learnt, Progress},
    chat::send_status::{SendStatus, SkipReason},
    connector::Connector,
    error::Chain,
    job::QueuedText,
    ports::{
        ClaimedConversation, Destination, FailureClass, Lease, OutgoingText, SendOutcome,
        TextOutcome,
    },
};
use vestibule_edge::logging::{Metric, count};

/// Maximum number of messages on the platform for one text.
const PIECES_MAX: usize = 50;
/// Age of an answer from which it is checked like a text that answers no message. A younger one follows the
/// person's message, and costs no reads.
const FRESH_FOR: Duration = Duration::from_mins(1);
/// Class of a text that could not be sent for days.
const GAVE_UP: &str = "gave_up";
/// Reason of a text that grew too old before this attempt.
const TOO_OLD: &str = "waited_too_long";
/// Class of a text whose row cannot be read, and the reason.
const UNREADABLE: &str = "unreadable";

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
    /// The connector, read again if the platform refuses its credentials.
    connector: &'a mut Connector,
    text: &'a QueuedText,
}

/// Sends the rest of a text.
pub(crate) async fn send(
    work: &Work<'_>,
    connector: Option<&mut Connector>,
    claimed: &mut ClaimedConversation,
    text: &QueuedText,
) -> Result<Sending, PortError> {
    let Some(connector) = connector else {
        return Ok(impossible(
            work,
            text,
            FailureClass::Connector,
            "connector_deleted",
        ));
    };
    let mut route = Route {
        work,
        connector,
        text,
    };
    let now = work.deps.clock.now();
    if pauses::is_too_old(text.at, now) {
        return Ok(given_up(&route, GAVE_UP, TOO_OLD.to_owned()));
    }
    let has_waited = now.since(text.at) >= FRESH_FOR;
    if (text.is_unprompted || has_waited)
        && let Some(reason) = refused(&route, claimed).await?
    {
        let reason = reason.key().to_owned();
        return Ok(given_up(&route, FailureClass::Recipient.key(), reason));
    }
    send_pieces(&mut route, claimed).await
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
        deps.platform.reply_window(route.connector, &audience.place)
    } else {
        None
    };
    Ok(audience.check(window, deps.clock.now()).err())
}

/// Sends one piece after the other, and records each before the next.
async fn send_pieces(
    route: &mut Route<'_>,
    claimed: &mut ClaimedConversation,
) -> Result<Sending, PortError> {
    let (work, text) = (route.work, route.text);
    let mut pieces = work.deps.platform.pieces(route.connector, &text.text);
    pieces.truncate(PIECES_MAX);
    let done = claimed.outgoing.pieces_sent(text.number);
    let (mut learnt, mut message_id) = (Learnt::default(), None);
    for (index, piece) in pieces.iter().enumerate().skip(done) {
        if work.deps.clock.now() >= work.stop_at {
            return Ok(Sending::Later(Later::OutOfTime));
        }
        let conversation = claimed.outgoing.current(&claimed.place);
        let outgoing = OutgoingText {
            to: Destination::Conversation(&conversation),
            text: piece,
            mark: None,
        };
        let receipt = match attempt(route, outgoing).await? {
            SendOutcome::Sent(receipt) => receipt,
            SendOutcome::Retry { after, reason, .. } => {
                return Ok(match after {
                    _ if pauses::is_too_old(text.at, work.deps.clock.now()) => {
                        given_up(route, GAVE_UP, reason)
                    }
                    Some(wait) => later(route, claimed, Later::Wait(wait), &reason),
                    None => later(route, claimed, Later::Failed, &reason),
                });
            }
            SendOutcome::Failed { class, reason } => {
                return Ok(given_up(route, class.key(), reason));
            }
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

/// Sends a piece. A platform that refuses the connector's credentials gets the piece once more if they were
/// replaced since the connector was read.
async fn attempt(route: &mut Route<'_>, piece: OutgoingText<'_>) -> Result<SendOutcome, PortError> {
    let platform = &route.work.deps.platform;
    let outcome = platform.send(route.connector, piece).await;
    let is_refused = matches!(
        outcome,
        SendOutcome::Failed {
            class: FailureClass::Connector,
            ..
        }
    );
    if is_refused && renew(route).await? {
        return Ok(platform.send(route.connector, piece).await);
    }
    Ok(outcome)
}

/// Reads the connector again. Returns whether it has other credentials.
async fn renew(route: &mut Route<'_>) -> Result<bool, PortError> {
    let Some(read) = read_connector(route.work).await? else {
        return Ok(false);
    };
    let is_other =
        read.secrets != route.connector.secrets || read.settings != route.connector.settings;
    if is_other {
        tracing::info!(connector.id = %read.id, "the credentials of a connector were replaced meanwhile");
        *route.connector = read;
    }
    Ok(is_other)
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
    let mut wait = RECORD_WAIT_FIRST;
    loop {
        match conversations.record_piece(claimed, progress, learnt).await {
            Err(error) if wait <= RECORD_WAIT_LAST && !Lease::is_lost(&error) => {
                tracing::warn!(error = %Chain(&error), "a piece that was sent could not be recorded yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            recorded => return recorded,
        }
    }
}

fn later(route: &Route<'_>, claimed: &ClaimedConversation, later: Later, reason: &str) -> Sending {
    tracing::warn!(
        connector.id = %route.connector.id,
        conversation.id = %claimed.job.conversation_id,
        job.attempt = claimed.attempt,
        reason = %reason,
        "a text could not be sent yet"
    );
    Sending::Later(later)
}

/// The end of a text that the platform refused, or did not accept for days.
fn given_up(route: &Route<'_>, class: &str, reason: String) -> Sending {
    let at = route.work.deps.clock.now();
    tracing::warn!(
        connector.id = %route.connector.id,
        conversation.id = %route.work.job.conversation_id,
        failure.class = class,
        reason = %reason,
        "a text was given up"
    );
    count(Metric::MessageFailed, route.connector.provider.key(), at);
    finished(route.text, failed(at, class, reason), Learnt::default())
}

/// The status of a text that cannot be read. Later texts of its conversation do not wait for somebody to mend
/// its row.
pub(crate) fn unreadable(work: &Work<'_>, connector: Option<&Connector>) -> SendStatus {
    let at = work.deps.clock.now();
    tracing::error!(
        connector.id = %work.job.connector_id,
        conversation.id = %work.job.conversation_id,
        failure.class = UNREADABLE,
        "a text was given up"
    );
    if let Some(connector) = connector {
        let provider = connector.provider.key();
        count(Metric::MessageUnreadable, provider, at);
        count(Metric::MessageFailed, provider, at);
    }
    failed(at, UNREADABLE, UNREADABLE.to_owned())
}

/// The end of a text that nobody could send.
fn impossible(work: &Work<'_>, text: &QueuedText, class: FailureClass, reason: &str) -> Sending {
    tracing::warn!(
        connector.id = %work.job.connector_id,
        conversation.id = %work.job.conversation_id,
        failure.class = class.key(),
        reason,
        "a text was given up"
    );
    let at = work.deps.clock.now();
    let status = failed(at, class.key(), reason.to_owned());
    finished(text, status, Learnt::default())
}

fn failed(at: Timestamp, class: &str, reason: String) -> SendStatus {
    SendStatus::Failed {
        at,
        class: class.to_owned(),
        reason,
    }
}

const fn finished(text: &QueuedText, status: SendStatus, learnt: Learnt) -> Sending {
    Sending::Finished(TextOutcome {
        status,
        learnt,
        keep: !text.is_ephemeral,
    })
}
