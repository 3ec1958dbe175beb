//! One attempt at a mail.

mod notices;

use crate::{Deps, compose, report};
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    ids::LeaseId,
    job::SendMail,
    ports::{Block, Claim, Lease, MailOutcome, OutgoingMail, Postponement},
    team::mail::{MAIL_TRIES_MAX, Mail, MailEvent, MailEventKind, MailKind, MailStatus},
};
use vestibule_edge::{
    batch::backoff,
    jobs::Worked,
    logging::{Metric, count},
    sender::Recording,
};

/// Time that a worker has for a job; longer than its function may run.
const LEASE_TIME: Duration = Duration::from_mins(1);
/// Last wait before an outcome is recorded again after a failure.
const RECORD_WAIT_LAST: Duration = Duration::from_millis(1600);
/// Longest wait before the last call, so that it comes after a short failure of the mail service.
const LAST_CALL_WAIT: Duration = Duration::from_mins(15);
/// Time for which a notice is tried. A later one tells nothing that its reader does not know.
const NOTICE_LIFE: Duration = Duration::from_hours(24);
/// The dimension of metrics.
const SES: &str = "ses";

/// Detail of a mail that ended before it could be sent.
const TOO_LATE: &str = "It could not be sent before its link ended.";
/// Detail of a mail whose calls were not answered.
const NO_ANSWER: &str = "The mail service did not answer. The mail may have arrived all the same.";
/// Detail of a mail whose content cannot be read.
const UNREADABLE: &str = "The mail cannot be written. Send it again.";

/// Does a job.
pub(crate) async fn work(deps: &Deps, order: SendMail) -> Result<Worked, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let mail = match deps.mails.claim_mail(order, &lease).await? {
        Claim::Claimed(mail) => mail,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let work = Work {
        deps,
        order,
        lease: lease.id,
    };
    let mut tries = mail.tries;
    match work.attempt(mail, &mut tries).await {
        Ok(()) => {}
        Err(error) if Lease::is_lost(&error) => return Err(error),
        Err(error) => {
            report(
                order,
                &error,
                "a mail could not be sent and will be tried again",
            );
            let until = deps.clock.now().plus(backoff(1));
            work.postpone(tries, until).await?;
        }
    }
    Ok(Worked::Ended)
}

/// A claimed mail.
struct Work<'a> {
    deps: &'a Deps,
    order: SendMail,
    lease: LeaseId,
}

/// The end of an attempt.
enum Attempted {
    /// The fate of the mail is sure.
    Settled(MailEvent),
    /// Nothing is sent: there is nothing to send, and the store deletes such a mail, or the mail is out already.
    Nothing,
    /// The mail is not sent, since its address is blocked.
    Suppressed(Block),
    /// The notice is not sent, since its recipient is no longer to be told, or not by mail.
    Unwanted,
    /// Another attempt is needed. The number is that of calls without an answer.
    Later(u32, Duration),
}

impl Work<'_> {
    /// Makes an attempt and records its end. Leaves in `tries` the number of calls to the mail service whose outcome is
    /// not on record.
    async fn attempt(&self, mut mail: Mail, tries: &mut u32) -> Result<(), PortError> {
        if matches!(mail.kind, MailKind::PasswordReset { .. })
            && !self.deps.mails.has_login(&mail.to).await?
        {
            mail.kind = MailKind::Nothing;
        }
        let attempted = match self.refusal(&mut mail).await? {
            Some(end) => end,
            None => self.send(&mut mail, tries).await?,
        };
        match attempted {
            Attempted::Settled(event) => {
                if event.kind == MailEventKind::Failed {
                    self.count_failure(event.at);
                }
                mail.take(event);
            }
            Attempted::Nothing => {}
            Attempted::Suppressed(block) => {
                tracing::info!(mail.id = %mail.id, ?block, "a mail is not sent to a blocked address");
                mail.status = MailStatus::Suppressed;
            }
            Attempted::Unwanted => mail.status = MailStatus::Suppressed,
            Attempted::Later(tries, after) => {
                let until = self.deps.clock.now().plus(after);
                return self.postpone(tries, until).await;
            }
        }
        mail.token = None;
        mail.kind.forget_people();
        self.settle(&mail).await
    }

    /// The end of a mail that is not sent at all. Of a notice, leaves what is still to be told.
    async fn refusal(&self, mail: &mut Mail) -> Result<Option<Attempted>, PortError> {
        if mail.kind == MailKind::Nothing || is_out(mail) {
            return Ok(Some(Attempted::Nothing));
        }
        if mail.tries >= MAIL_TRIES_MAX {
            return Ok(Some(self.failed(NO_ANSWER)));
        }
        if sends_until(mail) <= self.deps.clock.now() {
            return Ok(Some(self.failed(TOO_LATE)));
        }
        if let Some(block) = self.deps.mails.is_blocked(mail).await? {
            return Ok(Some(Attempted::Suppressed(block)));
        }
        let is_wanted = self.narrow_notice(mail).await?;
        Ok((!is_wanted).then_some(Attempted::Unwanted))
    }

    async fn send(&self, mail: &mut Mail, tries: &mut u32) -> Result<Attempted, PortError> {
        let outgoing = match self.write(mail).await {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Ok(Attempted::Nothing),
            Err(error @ PortError::Corrupt { .. }) => return Ok(self.given_up(&error)),
            // The vault may open the token later.
            Err(error) => return Err(error),
        };
        self.deps.mails.begin(self.order, self.lease).await?;
        let before = *tries;
        *tries = before.saturating_add(1);
        let outcome = match self.deps.mailer.send(&outgoing).await {
            Ok(outcome) => outcome,
            Err(error @ PortError::Rejected { .. }) => return Ok(self.given_up(&error)),
            Err(error) => return Err(error),
        };
        if matches!(outcome, MailOutcome::Sent { .. } | MailOutcome::Unknown) {
            self.count_notice(mail).await;
        }
        Ok(match outcome {
            MailOutcome::Sent { ses_id } => {
                mail.ses_id = Some(ses_id);
                let now = self.deps.clock.now();
                Attempted::Settled(MailEvent::new(MailEventKind::Sent, now, None))
            }
            MailOutcome::NotSendable { reason } => self.failed(&reason),
            // The mail did not go out, so the call does not count.
            MailOutcome::Throttled { after } => Attempted::Later(before, after),
            MailOutcome::QuotaUsedUp { after } => self.without_quota(mail, before, after).await,
            MailOutcome::Unknown if *tries >= MAIL_TRIES_MAX => self.failed(NO_ANSWER),
            MailOutcome::Unknown => Attempted::Later(*tries, self.wait_for_last_call(mail)),
        })
    }

    /// The wait before the last call, which leaves half of the time in which the mail is worth sending.
    fn wait_for_last_call(&self, mail: &Mail) -> Duration {
        let left = sends_until(mail).since(self.deps.clock.now());
        LAST_CALL_WAIT.min(left / 2)
    }

    /// The end of a mail that can never be written or handed over.
    fn given_up(&self, error: &PortError) -> Attempted {
        report(self.order, error, "a mail cannot be written");
        self.failed(UNREADABLE)
    }

    /// Writes the mail, with its link's token.
    async fn write(&self, mail: &Mail) -> Result<Option<OutgoingMail>, PortError> {
        let token = match &mail.token {
            None => None,
            Some(sealed) => {
                let context = Mail::secret_context(mail.id);
                self.deps.vault.open(sealed, Mail::TOKEN, &context).await?
            }
        };
        compose(mail, token.as_ref(), &self.deps.console_url)
    }

    fn failed(&self, detail: &str) -> Attempted {
        let now = self.deps.clock.now();
        Attempted::Settled(MailEvent::new(MailEventKind::Failed, now, Some(detail)))
    }

    fn count_failure(&self, at: Timestamp) {
        tracing::warn!(mail.id = %self.order.mail_id, "a mail was given up");
        count(Metric::MailFailed, SES, at);
        count(Metric::MailOutcome, MailEventKind::Failed.key(), at);
    }

    async fn postpone(&self, tries: u32, until: Timestamp) -> Result<(), PortError> {
        let postponement = Postponement {
            until,
            attempts: tries,
        };
        let mails = &self.deps.mails;
        mails
            .postpone_mail(self.order, self.lease, postponement)
            .await
    }

    /// Records the outcome. The mail may be out already, so recording is repeated for as long as this worker has
    /// time and the lease.
    async fn settle(&self, mail: &Mail) -> Result<(), PortError> {
        let mut recording = Recording::with_waits_up_to(RECORD_WAIT_LAST);
        loop {
            let settled = self
                .deps
                .mails
                .settle_mail(self.order, self.lease, mail)
                .await;
            let Err(error) = settled else {
                return Ok(());
            };
            if !recording.goes_on_after(&error).await {
                return Err(error);
            }
        }
    }
}

/// Whether events tell that the mail went out, although the answer to its call was lost.
fn is_out(mail: &Mail) -> bool {
    let mut kinds = mail.events.iter().map(|event| event.kind);
    kinds.any(|kind| kind.rank() >= MailEventKind::Sent.rank())
}

/// The time from which a mail is no longer worth sending.
fn sends_until(mail: &Mail) -> Timestamp {
    match &mail.kind {
        MailKind::Invitation { expires_at, .. }
        | MailKind::PasswordReset { expires_at }
        | MailKind::AddressChange { expires_at } => *expires_at,
        MailKind::AddressTaken { .. }
        | MailKind::AddressChangeAsked { .. }
        | MailKind::LoginDeleted { .. }
        | MailKind::NewDevice { .. }
        | MailKind::CredentialsChanged { .. }
        | MailKind::NewRequests { .. }
        | MailKind::WebhookPaused { .. }
        | MailKind::Nothing => mail.created_at.plus(NOTICE_LIFE),
    }
}

#[cfg(test)]
mod tests;
