//! Records what became of mails (SPEC D25): the mail service publishes it to a topic, whose queue this function
//! reads.
//!
//! Events come late, twice, and in any order; the mail's record takes each once, and no status sinks. An event
//! finds its mail by the tag that the mail was sent with, or by the id that the mail service gave it: the
//! notifications of an address, which have no tags, also tell of mails that others sent.
//!
//! | module | content |
//! |---|---|
//! | `event` | the two shapes of events |
//! | `wiring` | the adapters behind its ports |

mod event;
mod wiring;

pub use wiring::wire;

use event::{Found, MailNews, Subject};
use std::{fmt, sync::Arc};
use vestibule_domain::{
    Clock, PortError,
    error::Chain,
    job::SendMail,
    ports::{MailStore, RecordedEvent},
    team::mail::MailEventKind,
};
use vestibule_edge::{
    batch::Outcome,
    logging::{Metric, count},
};

/// Receives after which an event whose mail is not on record is of a mail that others sent. The id that the mail service
/// gave a mail is recorded a moment after the mail went out.
const RECEIVES_UNTIL_FOREIGN: u32 = 3;
/// The dimension of metrics.
const SES: &str = "ses";

/// Ports of the function.
pub struct Deps {
    /// Mails.
    pub mails: Arc<dyn MailStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let news = match event::read(body) {
        Ok(Found::News(news)) => news,
        Ok(Found::Nothing) => return Outcome::Done,
        Err(problem) => {
            // Retried until it becomes a dead letter, for a person to inspect.
            tracing::error!(problem, "an event of the mail service cannot be read");
            count(Metric::EventUnreadable, SES, deps.clock.now());
            return Outcome::RETRY;
        }
    };
    match record(deps, news, receives).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(error = %Chain(&error), "an event of a mail is left to the queue");
            Outcome::RETRY
        }
    }
}

async fn record(deps: &Deps, news: MailNews, receives: u32) -> Result<Outcome, PortError> {
    let Some(order) = find(deps, &news.subject).await? else {
        if receives < RECEIVES_UNTIL_FOREIGN {
            return Ok(Outcome::RETRY);
        }
        tracing::info!("an event is about a mail that is not on record");
        return Ok(Outcome::Done);
    };
    let kind = news.event.kind;
    // SPEC D25: a soft bounce stops nothing.
    let blocks = matches!(kind, MailEventKind::BouncedHard | MailEventKind::Complained);
    let recorded = deps.mails.record_event(order, news.event, blocks).await?;
    match recorded {
        RecordedEvent::New => {
            tracing::info!(mail.id = %order.mail_id, event = ?kind, "a mail has news");
            count(Metric::MailOutcome, kind.key(), deps.clock.now());
            // A wrong address is the inviter's matter, who sees it on the row.
            if matches!(kind, MailEventKind::Rejected | MailEventKind::Failed) {
                count(Metric::MailFailed, SES, deps.clock.now());
            }
        }
        RecordedEvent::Known => {}
        RecordedEvent::NoSuchMail => {
            tracing::info!(mail.id = %order.mail_id, "an event is about a mail that is gone");
        }
    }
    Ok(Outcome::Done)
}

async fn find(deps: &Deps, subject: &Subject) -> Result<Option<SendMail>, PortError> {
    match subject {
        Subject::Mail(order) => Ok(Some(*order)),
        Subject::SesId(id) => deps.mails.find_by_ses_id(id).await,
    }
}

#[cfg(test)]
mod tests;
