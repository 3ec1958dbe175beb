//! One text of a conversation, in the pieces that its platform accepts.

use crate::{RECORD_WAIT_LAST, Work, pauses, read_connector};
use std::time::Duration;
use vestibule_domain::{
    PortError,
    chat::byline::Byline,
    chat::conversation::{Learnt, Progress},
    chat::given_up::{GAVE_UP, GivenUpText, is_given_up, is_in_doubt},
    chat::send_status::{SendStatus, SkipReason},
    connector::Connector,
    error::Chain,
    job::QueuedText,
    ports::{
        AbandonedText, ClaimedConversation, Destination, FailureClass, OutgoingText, TextOutcome,
        may_have_taken_effect,
    },
};
use vestibule_edge::{
    logging::{Metric, count},
    sender::{Attempted, CONNECTOR_DELETED, Later, Patience, Recording, Sender, connector_deleted},
};

/// Age of an answer from which it is checked like a text that answers no message. A younger one follows the
/// person's message, and costs no reads.
const FRESH_FOR: Duration = Duration::from_mins(1);
/// Reason of a text that grew too old before this attempt.
const TOO_OLD: &str = "waited_too_long";
/// Class of a text whose row cannot be read, and the reason.
const UNREADABLE: &str = "unreadable";

/// The end of one attempt at a text.
pub(crate) enum Sending {
    /// The text is finished.
    Finished(Box<TextOutcome>),
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

impl Route<'_> {
    fn sender(&self) -> Sender<'_> {
        Sender {
            platform: self.work.deps.platform.as_ref(),
            connector: self.connector,
            conversation_id: self.work.job.conversation_id,
            clock: self.work.deps.clock.as_ref(),
        }
    }
}

/// Sends the rest of a text.
pub(crate) async fn send(
    work: &Work<'_>,
    connector: Option<&mut Connector>,
    claimed: &mut ClaimedConversation,
    text: &QueuedText,
) -> Result<Sending, PortError> {
    let Some(connector) = connector else {
        return Ok(impossible(work, claimed, text));
    };
    let mut route = Route {
        work,
        connector,
        text,
    };
    let now = work.deps.clock.now();
    if pauses::last_try(text.at) <= now {
        let pieces = route.sender().pieces(&text.said());
        let failure = Failure {
            class: GAVE_UP,
            reason: TOO_OLD.to_owned(),
            rest: rest(text, &pieces, claimed.outgoing.pieces_sent(text.number)),
        };
        return Ok(given_up(&route, claimed, failure));
    }
    let has_waited = now.since(text.at) >= FRESH_FOR;
    if (text.is_unprompted || has_waited)
        && let Some(reason) = refused(&route, claimed).await?
    {
        let failure = Failure {
            class: FailureClass::Recipient.key(),
            reason: reason.key().to_owned(),
            rest: whole(text),
        };
        return Ok(given_up(&route, claimed, failure));
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
        route.sender().reply_window(&audience.place)
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
    let pieces = route.sender().pieces(&text.said());
    let done = claimed.outgoing.pieces_sent(text.number);
    let (mut learnt, mut message_id) = (Learnt::default(), None);
    for (index, piece) in pieces.iter().enumerate().skip(done) {
        if work.is_out_of_time() {
            return Ok(Sending::Later(Later::OutOfTime));
        }
        let conversation = claimed.outgoing.current(&claimed.place);
        let id = format!("{}-{}-{index}", work.job.conversation_id, text.number);
        let outgoing = OutgoingText {
            to: Destination::Conversation(&conversation),
            id: &id,
            text: piece,
            mark: None,
        };
        let receipt = match attempt(route, outgoing).await? {
            Attempted::Sent(receipt) => receipt,
            Attempted::GivenUp { class, reason } => {
                if class == GAVE_UP {
                    note_doubt(work, claimed, (text.number, index), &reason).await?;
                }
                let rest = rest(text, &pieces, index);
                let failure = Failure {
                    class,
                    reason,
                    rest,
                };
                return Ok(given_up(route, claimed, failure));
            }
            Attempted::Later { later, reason } => {
                note_doubt(work, claimed, (text.number, index), &reason).await?;
                return Ok(Sending::Later(later));
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
    Ok(Sending::Finished(Box::new(TextOutcome {
        status: SendStatus::Sent { at, message_id },
        learnt,
        keep: !text.is_ephemeral,
        given_up: None,
    })))
}

/// Notes that the piece of a text, given by their numbers, may have gone out although the attempt failed for
/// this reason, so that nobody orders it again by hand. The attempt counts as before.
async fn note_doubt(
    work: &Work<'_>,
    claimed: &mut ClaimedConversation,
    (number, pieces_sent): (u64, usize),
    reason: &str,
) -> Result<(), PortError> {
    if !may_have_taken_effect(reason) || is_in_doubt(claimed.outgoing.progress, number) {
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

/// The part of a text from the piece at `index` on, and its byline: the first piece has the author's name.
fn rest(text: &QueuedText, pieces: &[String], index: usize) -> Rest {
    match pieces.get(index..) {
        Some(rest) if index > 0 => (rest.join("\n"), text.byline.of_rest()),
        _ => whole(text),
    }
}

/// The text of which nothing went out.
fn whole(text: &QueuedText) -> Rest {
    (text.text.clone(), text.byline.clone())
}

/// Sends a piece. A platform that refuses the connector's credentials gets the piece once more if they were
/// replaced since the connector was read.
async fn attempt(route: &mut Route<'_>, piece: OutgoingText<'_>) -> Result<Attempted, PortError> {
    let patience = Patience::Until(pauses::last_try(route.text.at));
    let mut attempted = route.sender().attempt(piece, patience).await;
    if is_refused(&attempted) && renew(route).await? {
        if route.work.is_out_of_time() {
            let later = Later::OutOfTime;
            let reason = "the credentials were replaced meanwhile".to_owned();
            return Ok(Attempted::Later { later, reason });
        }
        attempted = route.sender().attempt(piece, patience).await;
    }
    if is_refused(&attempted) {
        note_refused(route).await;
    }
    Ok(attempted)
}

/// Whether the platform refuses the connector, whatever is sent.
fn is_refused(attempted: &Attempted) -> bool {
    matches!(attempted, Attempted::GivenUp { class, .. } if *class == FailureClass::Connector.key())
}

/// Records that the platform refuses the connector's calls. The next refusal does too, so a failure only delays it.
async fn note_refused(route: &Route<'_>) {
    let (deps, connector) = (route.work.deps, &route.connector);
    let class = FailureClass::Connector.key();
    let noted = deps.pacer.note_refused(connector, class, deps.clock.now());
    if let Err(error) = noted.await {
        tracing::warn!(connector.id = %connector.id, error = %Chain(&error), "a connector is refused, and nobody is told yet");
    }
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

/// The failure of a text.
struct Failure {
    class: &'static str,
    reason: String,
    rest: Rest,
}

/// The part of a text that did not go out, and its byline.
type Rest = (String, Byline);

/// The end of a text that the platform refused, or did not accept for days.
fn given_up(route: &Route<'_>, claimed: &ClaimedConversation, failure: Failure) -> Sending {
    let sender = route.sender();
    let status = sender.given_up(Metric::MessageFailed, failure.class, failure.reason.clone());
    let ended = ended(route.work, claimed, route.text, status, failure);
    if ended.given_up.is_some() {
        let provider = route.connector.provider.key();
        count(
            Metric::MessageGivenUp,
            provider,
            route.work.deps.clock.now(),
        );
    }
    Sending::Finished(Box::new(ended))
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
    SendStatus::Failed {
        at,
        class: UNREADABLE.to_owned(),
        reason: UNREADABLE.to_owned(),
    }
}

/// The end of a text whose connector was deleted.
fn impossible(work: &Work<'_>, claimed: &ClaimedConversation, text: &QueuedText) -> Sending {
    tracing::warn!(
        connector.id = %work.job.connector_id,
        conversation.id = %work.job.conversation_id,
        "a text was given up, because its connector was deleted"
    );
    let failure = Failure {
        class: FailureClass::Connector.key(),
        reason: CONNECTOR_DELETED.to_owned(),
        rest: whole(text),
    };
    let status = connector_deleted(work.deps.clock.now());
    Sending::Finished(Box::new(ended(work, claimed, text, status, failure)))
}

/// The outcome of a text that failed.
fn ended(
    work: &Work<'_>,
    claimed: &ClaimedConversation,
    text: &QueuedText,
    status: SendStatus,
    failure: Failure,
) -> TextOutcome {
    let (rest, byline) = failure.rest;
    let given_up = is_given_up(&status).then(|| AbandonedText {
        text: GivenUpText {
            number: text.number,
            rest,
            byline,
            in_doubt: is_in_doubt(claimed.outgoing.progress, text.number),
        },
        created_at: text.at,
        at: work.deps.clock.now(),
        reason: failure.reason,
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
    use vestibule_domain::{Timestamp, ids::MemberId};

    #[test]
    fn a_text_of_which_pieces_went_out_is_given_up_without_them() {
        let text = QueuedText {
            number: 3,
            at: Timestamp::from_millis(0),
            text: " one two three ".to_owned(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::member(MemberId::derive(&["m"]), "Ana".to_owned(), true),
        };
        let pieces = ["Ana: one", "two", "three"].map(str::to_owned);
        for (index, left, said) in [
            (0, " one two three ", "Ana:  one two three "),
            (1, "two\nthree", "two\nthree"),
            (2, "three", "three"),
        ] {
            let (rest, byline) = rest(&text, &pieces, index);
            assert_eq!(rest, left);
            assert_eq!(byline.above(&rest), said);
            assert_eq!(byline.author, text.byline.author);
        }
    }
}
