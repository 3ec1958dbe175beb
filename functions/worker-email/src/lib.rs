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

use std::{fmt, sync::Arc};
use vestibule_domain::{
    Clock, PortError,
    error::Chain,
    ids::IdSource,
    job::{EmailJob, SendMail},
    ports::{MailStore, Mailer, NoticeChecker, NoticeCounter, SecretVault},
};
use vestibule_edge::{batch::Outcome, jobs};

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
    let order = match jobs::read(body) {
        Ok(EmailJob::SendMail(order)) => order,
        Err(outcome) => return outcome,
    };
    let worked = sending::work(deps, order).await;
    jobs::outcome(worked, receives, |error| {
        report(order, error, "a mail is left to the queue");
    })
}

/// Logs a failure. The mail's id finds the rest.
fn report(order: SendMail, error: &PortError, what: &str) {
    tracing::error!(mail.id = %order.mail_id, error = %Chain(error), "{what}");
}
