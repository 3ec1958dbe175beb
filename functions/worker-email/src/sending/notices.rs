//! Rules for notices of new requests only. Notices are checked again before they are sent, because hours may have
//! passed since they were made (SPEC B35, C62). An account sends a limited number in a day, and none once the daily
//! quota of the mail service is used up: all accounts share it, and others wait for their invitations and resets.

use super::{Attempted, Work};
use crate::report;
use std::time::Duration;
use vestibule_domain::{
    AccountScope, PortError,
    error::Chain,
    ports::NoticeLimit,
    team::{
        mail::{Mail, MailKind, MailOwner, NoticedSource},
        notices::NOTICES_PER_DAY,
    },
};

/// The account whose notice this is; `None` for another mail.
fn account_of(mail: &Mail) -> Option<AccountScope> {
    match (&mail.kind, mail.owner) {
        (MailKind::NewRequests { .. }, MailOwner::Account(account)) => Some(account),
        _ => None,
    }
}

impl Work<'_> {
    /// Leaves in a notice what its recipient is still to be told. `false` if that is nothing; other mails stay as they
    /// are.
    pub(super) async fn narrow_notice(&self, mail: &mut Mail) -> Result<bool, PortError> {
        let MailKind::NewRequests {
            member_id,
            project_id,
            requests,
            ..
        } = &mail.kind
        else {
            return Ok(true);
        };
        let MailOwner::Account(account) = mail.owner else {
            return Ok(true);
        };
        let now = self.deps.clock.now();
        if self.deps.notice_counts.sent_on_day(account, now).await? >= NOTICES_PER_DAY {
            self.tell_once(account, NoticeLimit::OfAccount).await;
            return Ok(false);
        }
        let Some(member_id) = *member_id else {
            return Ok(true);
        };
        let listed: Vec<NoticedSource> = requests
            .iter()
            .filter_map(|request| request.source)
            .collect();
        let scope = account.project(*project_id);
        let checked = self.deps.notices.check_notice(scope, member_id, &listed);
        match checked.await {
            Ok(check) => Ok(check.is_some_and(|check| check.narrow(mail))),
            Err(error @ PortError::Corrupt { .. }) => {
                report(
                    self.order,
                    &error,
                    "a notice cannot be checked and is not sent",
                );
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Counts a notice that went out, or may have.
    pub(super) async fn count_notice(&self, mail: &Mail) {
        let Some(account) = account_of(mail) else {
            return;
        };
        let now = self.deps.clock.now();
        let counts = &self.deps.notice_counts;
        if let Err(error) = counts.count_sent(account, now, self.lease).await {
            tracing::warn!(mail.id = %mail.id, error = %Chain(&error), "a notice is not counted");
        }
    }

    /// The end of an attempt that met the used-up quota of the mail service. The call does not count. A notice is news
    /// for a short time, so it does not wait for the next day.
    pub(super) async fn without_quota(
        &self,
        mail: &Mail,
        tries: u32,
        after: Duration,
    ) -> Attempted {
        if let Some(account) = account_of(mail) {
            self.tell_once(account, NoticeLimit::OfService).await;
            return Attempted::Unwanted;
        }
        tracing::warn!(mail.id = %mail.id, "a mail waits, because SES's daily quota is used up");
        Attempted::Later(tries, after)
    }

    /// Logs that an account reached a limit, once a day.
    async fn tell_once(&self, account: AccountScope, limit: NoticeLimit) {
        let now = self.deps.clock.now();
        let noted = self.deps.notice_counts.note_limit(account, now, limit);
        // Once too often is better than never.
        if !noted.await.unwrap_or(true) {
            return;
        }
        let account_id = account.account_id();
        match limit {
            NoticeLimit::OfAccount => tracing::warn!(
                account.id = %account_id,
                notices = NOTICES_PER_DAY,
                "an account sent all notices that it may send in a day, and sends no more today"
            ),
            NoticeLimit::OfService => tracing::error!(
                account.id = %account_id,
                "SES's daily quota is used up: the account's notices are not sent, and its other mails wait"
            ),
        }
    }
}
