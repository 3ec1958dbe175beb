//! One text of a conversation, in the pieces that its platform accepts.

use crate::{Later, RECORD_WAIT_FIRST, RECORD_WAIT_LAST, Work, pauses};
use std::time::Duration;
use vestibule_domain::{
    PortError,
    chat::conversation::{Learnt, Progress},
    chat::given_up::{GAVE_UP, GivenUpText, is_given_up, is_in_doubt},
    chat::send_status::{SendStatus, SkipReason},
    connector::Connector,
    error::Chain,
    job::QueuedText,
    ports::{
        AbandonedText, ClaimedConversation, Destination, FailureClass, Lease, OutgoingText,
        SendOutcome, TextOutcome, may_have_taken_effect,
    },
};
use vestibule_edge::logging::{Metric, count};

/// Maximum number of messages on the platform for one text.
const PIECES_MAX: usize = 50;
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
    connector: &'a Connector,
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
        return Ok(impossible(work, claimed, text, "connector_deleted"));
    };
    let route = Route {
        work,
        connector,
        text,
    };
    let has_waited = work.deps.clock.now().since(text.at) >= FRESH_FOR;
    if (text.is_unprompted || has_waited)
        && let Some(reason) = refused(&route, claimed).await?
    {
        let failure = Failure {
            class: FailureClass::Recipient.key(),
            reason: reason.key().to_owned(),
            rest: text.text.clone(),
        };
        return Ok(given_up(&route, claimed, failure));
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
        deps.platform.reply_window(route.connector, &audience.place)
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
    let Route { work, text, .. } = route;
    let platform = &work.deps.platform;
    let mut pieces = platform.pieces(route.connector, &text.text);
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
        let receipt = match platform.send(route.connector, outgoing).await {
            SendOutcome::Sent(receipt) => receipt,
            SendOutcome::Retry { after, reason } => {
                if may_have_taken_effect(&reason) {
                    note_doubt(work, claimed, text.number, index).await?;
                }
                let failure = Failure {
                    class: GAVE_UP,
                    reason,
                    rest: rest(text, &pieces, index),
                };
                return Ok(put_off(route, claimed, after, failure));
            }
            SendOutcome::Failed { class, reason } => {
                let failure = Failure {
                    class: class.key(),
                    reason,
                    rest: rest(text, &pieces, index),
                };
                return Ok(given_up(route, claimed, failure));
            }
        };
        learnt = Learnt::of(&claimed.place, receipt.moved_to, receipt.reply_url);
        message_id = receipt.message_id;
        // The last piece is recorded with the text itself.
        if index + 1 < pieces.len() {
            let progress = Progress {
                number: text.number,
                pieces_sent: index + 1,
                in_doubt: false,
            };
            record_piece(work, claimed, progress, &learnt).await?;
        }
    }
    let at = work.deps.clock.now();
    Ok(Sending::Finished(TextOutcome {
        status: SendStatus::Sent { at, message_id },
        learnt,
        keep: !text.is_ephemeral,
        given_up: None,
    }))
}

/// Notes that the piece behind `pieces_sent` others may have gone out, so that nobody orders it again by hand.
/// The attempt counts as before.
async fn note_doubt(
    work: &Work<'_>,
    claimed: &mut ClaimedConversation,
    number: u64,
    pieces_sent: usize,
) -> Result<(), PortError> {
    if is_in_doubt(claimed.outgoing.progress, number) {
        return Ok(());
    }
    let attempt = claimed.attempt;
    let progress = Progress {
        number,
        pieces_sent,
        in_doubt: true,
    };
    record_piece(work, claimed, progress, &Learnt::default()).await?;
    claimed.attempt = attempt;
    Ok(())
}

/// The part of a text from the piece at `index` on.
fn rest(text: &QueuedText, pieces: &[String], index: usize) -> String {
    match pieces.get(index..) {
        Some(rest) if index > 0 => rest.join("\n"),
        _ => text.text.clone(),
    }
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

/// The end of an attempt that is repeated later, unless the text is too old for that.
fn put_off(
    route: &Route<'_>,
    claimed: &ClaimedConversation,
    after: Option<Duration>,
    failure: Failure,
) -> Sending {
    if pauses::is_too_old(route.text.at, route.work.deps.clock.now()) {
        return given_up(route, claimed, failure);
    }
    let wait = after.map_or(Later::Failed, Later::Wait);
    later(route, claimed, wait, &failure.reason)
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

/// The failure of a text.
struct Failure {
    class: &'static str,
    reason: String,
    /// The part of the text that did not go out.
    rest: String,
}

/// The end of a text that the platform refused, or did not accept for days.
fn given_up(route: &Route<'_>, claimed: &ClaimedConversation, failure: Failure) -> Sending {
    let provider = route.connector.provider.key();
    let at = route.work.deps.clock.now();
    count(Metric::MessageFailed, provider, at);
    let ended = ended(route.work, claimed, route.text, failure);
    if ended.given_up.is_some() {
        count(Metric::MessageGivenUp, provider, at);
    }
    Sending::Finished(ended)
}

/// The end of a text that nobody could send.
fn impossible(
    work: &Work<'_>,
    claimed: &ClaimedConversation,
    text: &QueuedText,
    reason: &str,
) -> Sending {
    let failure = Failure {
        class: FailureClass::Connector.key(),
        reason: reason.to_owned(),
        rest: text.text.clone(),
    };
    Sending::Finished(ended(work, claimed, text, failure))
}

/// The outcome of a text that failed.
fn ended(
    work: &Work<'_>,
    claimed: &ClaimedConversation,
    text: &QueuedText,
    failure: Failure,
) -> TextOutcome {
    let Failure {
        class,
        reason,
        rest,
    } = failure;
    tracing::warn!(
        connector.id = %work.job.connector_id,
        conversation.id = %work.job.conversation_id,
        failure.class = class,
        reason = %reason,
        "a text was given up"
    );
    let at = work.deps.clock.now();
    let status = SendStatus::Failed {
        at,
        class: class.to_owned(),
        reason: reason.clone(),
    };
    let given_up = is_given_up(&status).then(|| AbandonedText {
        text: GivenUpText {
            number: text.number,
            rest,
            in_doubt: is_in_doubt(claimed.outgoing.progress, text.number),
        },
        created_at: text.at,
        at,
        reason,
        attempts: claimed.attempt,
    });
    TextOutcome {
        status,
        learnt: Learnt::default(),
        keep: !text.is_ephemeral,
        given_up,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::Timestamp;

    #[test]
    fn a_text_of_which_pieces_went_out_is_given_up_without_them() {
        let text = QueuedText {
            number: 3,
            at: Timestamp::from_millis(0),
            text: " one two three ".to_owned(),
            is_ephemeral: false,
            is_unprompted: false,
        };
        let pieces = ["one", "two", "three"].map(str::to_owned);
        assert_eq!(rest(&text, &pieces, 0), " one two three ");
        assert_eq!(rest(&text, &pieces, 1), "two\nthree");
        assert_eq!(rest(&text, &pieces, 2), "three");
    }
}
