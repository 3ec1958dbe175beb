//! Sends mails to the people who run accounts: invitations, resets, notices (SPEC D15, D25, D33).
//!
//! The queue may bring a job late, twice, or to two workers at once. The mail's record says whether it is still to
//! be sent; a lease admits one worker at a time. A call to the mail service whose answer is lost may have sent the
//! mail, so each call is counted before it is made: such a mail goes out at most once more, with the same link,
//! which stays sealed on the record until the outcome is sure.
//!
//! | module | content |
//! |---|---|
//! | `sending` | one attempt at a mail; the rules for notices only |
//! | [`compose()`] | the mails in words |
//! | `page` | the templates |
//! | `wiring` | the adapters behind its ports |

mod compose;
mod page;
mod sending;
mod wiring;

pub use compose::compose;
pub use wiring::wire;

use std::{fmt, sync::Arc, time::Duration};
use vestibule_domain::{
    Clock, PortError,
    error::Chain,
    ids::IdSource,
    job::{EmailJob, SendMail},
    ports::{Lease, MailStore, Mailer, NoticeChecker, NoticeCounter, SecretVault},
};
use vestibule_edge::batch::Outcome;

/// Ports of the worker.
pub struct Deps {
    /// Mails.
    pub mails: Arc<dyn MailStore>,
    /// Opens the tokens of links.
    pub vault: Arc<dyn SecretVault>,
    /// The state of what notices were made from.
    pub notices: Arc<dyn NoticeChecker>,
    /// The notices that accounts send in a day.
    pub notice_counts: Arc<dyn NoticeCounter>,
    /// The mail service.
    pub mailer: Arc<dyn Mailer>,
    /// The origin of the console, which links lead to.
    pub console_url: String,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids for leases.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time. Only a job that cannot be read,
/// or not even be postponed, or whose first worker may have died, goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let order = match serde_json::from_str(body) {
        Ok(EmailJob::SendMail(order)) => order,
        Err(error) => {
            // Retried until it becomes a dead letter, for a person to inspect.
            tracing::error!(
                line = error.line(),
                column = error.column(),
                "a job cannot be read"
            );
            return Outcome::RETRY;
        }
    };
    match sending::work(deps, order).await {
        // The queue brings this message again because an earlier receive of it ended without a word, and
        // its lease may be the one that holds. Acknowledged now, a job that ends every worker would never
        // become a dead letter.
        Ok(Worked::HeldFor(wait)) if receives > 1 => Outcome::Retry { after: Some(wait) },
        Ok(Worked::Ended | Worked::HeldFor(_)) => Outcome::Done,
        // The worker that has the lease now does the job, or the mark brings another.
        Err(error) if Lease::is_lost(&error) => Outcome::Done,
        Err(error) => {
            report(order, &error, "a mail is left to the queue");
            Outcome::RETRY
        }
    }
}

/// The end of the work on a message, unless it failed.
enum Worked {
    /// Nothing is left for this message.
    Ended,
    /// Another claim holds the mail for so long.
    HeldFor(Duration),
}

/// Logs a failure. The mail's id finds the rest.
fn report(order: SendMail, error: &PortError, what: &str) {
    tracing::error!(mail.id = %order.mail_id, error = %Chain(error), "{what}");
}
