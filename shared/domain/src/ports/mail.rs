//! Ports of mails: their records, their queue, and the service that sends them.

use crate::{
    AccountScope, PortError,
    account::email_address::EmailAddress,
    ids::LeaseId,
    job::{SendMail, TeamJob},
    ports::{By, Claim, Lease, Postponement},
    team::mail::{Mail, MailEvent},
};
use async_trait::async_trait;
use std::time::Duration;

/// The reason why no mail goes to an address (SPEC D25).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    /// An earlier mail was refused for good.
    HardBounce,
    /// The recipient called an earlier mail spam.
    Complaint,
}

/// The outcome of recording an event of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordedEvent {
    /// The event was new.
    New,
    /// The event was known already.
    Known,
    /// There is no such mail, or no longer.
    NoSuchMail,
}

/// The store of mails.
#[async_trait]
pub trait MailStore: Send + Sync {
    /// Claims a mail that waits to be sent.
    async fn claim_mail(&self, job: SendMail, lease: &Lease) -> Result<Claim<Mail>, PortError>;
    /// Counts a try before the mail service is called: its answer may be lost. Fails with [`Lease::LOST`] when
    /// the claim was lost.
    async fn begin(&self, job: SendMail, lease: LeaseId) -> Result<(), PortError>;
    /// Stores the outcome, and ends the claim and the mark.
    async fn settle_mail(
        &self,
        job: SendMail,
        lease: LeaseId,
        mail: &Mail,
    ) -> Result<(), PortError>;
    /// Ends the claim of a mail that must be tried again.
    async fn postpone_mail(
        &self,
        job: SendMail,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError>;
    /// Returns the reason why the mail must not be sent. A mail of a login itself stops after a hard bounce only.
    async fn is_blocked(&self, mail: &Mail) -> Result<Option<Block>, PortError>;
    /// Finds the mail to which the mail service gave this id.
    async fn find_by_ses_id(&self, ses_id: &str) -> Result<Option<SendMail>, PortError>;
    /// Whether the address has a login.
    async fn has_login(&self, email: &EmailAddress) -> Result<bool, PortError>;
    /// Records an event, and blocks the address if `block`.
    async fn record_event(
        &self,
        job: SendMail,
        event: MailEvent,
        block: bool,
    ) -> Result<RecordedEvent, PortError>;
    /// Allows mail of this account to the address again. `false` if it was not blocked.
    async fn lift_block(
        &self,
        scope: AccountScope,
        email: &EmailAddress,
        by: By<'_>,
    ) -> Result<bool, PortError>;
}

/// A mail as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    /// The address.
    pub to: EmailAddress,
    /// Name of the person.
    pub to_name: Option<String>,
    /// The subject.
    pub subject: String,
    /// The body for those who see HTML.
    pub html: String,
    /// The body for those who do not.
    pub text: String,
    /// The tag by which events of the mail are told.
    pub tag: String,
}

/// The outcome of sending a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailOutcome {
    /// The mail service has it.
    Sent {
        /// Id that the mail service gave it.
        ses_id: String,
    },
    /// The mail service will never take it.
    NotSendable {
        /// The reason, in words that an admin understands.
        reason: String,
    },
    /// The mail service takes it later.
    Throttled {
        /// Time after which to try again.
        after: Duration,
    },
    /// The mail service takes no more mails on this day.
    QuotaUsedUp {
        /// Time after which to try again.
        after: Duration,
    },
    /// The answer is not known: it may have gone out.
    Unknown,
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail.
    async fn send(&self, mail: &OutgoingMail) -> Result<MailOutcome, PortError>;
}

/// The queue of mails. Unordered; a job may arrive twice.
#[async_trait]
pub trait EmailQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_email(&self, job: SendMail) -> Result<(), PortError>;
}

/// The queue of work on accounts and their people. Unordered; a job may arrive twice.
#[async_trait]
pub trait TeamQueue: Send + Sync {
    /// Enqueues a job.
    async fn enqueue_team(&self, job: TeamJob) -> Result<(), PortError>;
}
