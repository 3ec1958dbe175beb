//! The store of mails, of their events, and of addresses that get none.

use super::{
    items::{
        BlockAttribute, BlockedItem, BouncedItem, EmailItem, MailItem, MailSentItem, mail_expiry,
    },
    keys,
    lease::{LOST, SETTLED, settled_by},
    table::{
        Attributes, Cancelled, Conditional, Table, Transacted, n, put_write, s, take, to_value,
        update_write,
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::email_address::EmailAddress,
    event::occasions::invitation_bounced,
    ids::LeaseId,
    job::SendMail,
    ports::{Block, By, Claim, Lease, MailStore, OUTBOX_PATIENCE, Postponement, RecordedEvent},
    team::mail::{Mail, MailEvent, MailEventKind, MailKind, MailOwner},
};

const WHAT: &str = "mail";
/// Number of attempts at a row that other writers change meanwhile.
const ATTEMPTS: u32 = 8;

/// See [`MailStore`].
#[derive(Debug, Clone)]
pub struct DynamoMails {
    table: Table,
}

/// SHA-256 of a text, lower-case hex.
pub(super) fn sha256_hex(text: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

impl Table {
    /// Makes the write of a new mail. The job is enqueued by whoever writes it, and by the sweep if that is lost.
    pub(super) fn mail_write(&self, mail: &Mail) -> Result<TransactWriteItem, PortError> {
        let item = MailItem::new(mail, mail.created_at.plus(OUTBOX_PATIENCE));
        self.put_part(&item, "attribute_not_exists(pk)", &[])
            .map(put_write)
    }
}

impl DynamoMails {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads a mail with the version of its row.
    async fn read(&self, job: SendMail) -> Result<Option<(Mail, u64)>, PortError> {
        let item: Option<MailItem> = self.table.get(&keys::mail(job), WHAT).await?;
        Ok(item.map(|item| {
            let version = item.version;
            (item.into(), version)
        }))
    }

    /// Makes the writes of a settled mail, whose row is at this version.
    fn settling_writes(
        &self,
        (job, lease): (SendMail, LeaseId),
        mail: &Mail,
        version: u64,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut set = "SET #status = :status, #events = :events, #content = :content, tries = :tries, settled_lease = :lease, expires_at = :expiry, version = version + :one".to_owned();
        let mut values = vec![
            (":status", to_value(&mail.status)?),
            (":events", to_value(&mail.events)?),
            (":content", to_value(&mail.kind)?),
            (":tries", n(mail.tries)),
            (":lease", s(lease)),
            (":expiry", n(mail_expiry(mail))),
            (":one", n(1)),
            (":read", n(version)),
        ];
        if let Some(id) = &mail.ses_id {
            set.push_str(", ses_id = :ses");
            values.push((":ses", s(id)));
        }
        let update = self.table.update_part(
            &keys::mail(job),
            &format!("{set} REMOVE #token, {SETTLED}"),
            "lease_id = :lease AND version = :read",
            &[
                ("#status", "status"),
                ("#events", "events"),
                ("#content", "content"),
                ("#token", "token"),
            ],
            &values,
        )?;
        let mut writes = vec![update_write(update)];
        if let Some(id) = &mail.ses_id {
            let item = MailSentItem::new(&sha256_hex(id), mail);
            writes.push(put_write(self.table.replacing_part(&item)?));
        }
        Ok(writes)
    }

    /// Makes the writes that block the address of a mail after this event.
    async fn blocking_writes(
        &self,
        mail: &Mail,
        event: &MailEvent,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = Vec::new();
        let reason = match event.kind {
            MailEventKind::Complained => BlockAttribute::Complaint,
            _ => BlockAttribute::HardBounce,
        };
        if let MailOwner::Account(scope) = mail.owner {
            let key = keys::blocked_address(scope, &mail.to);
            let stored: Option<BlockedItem> = self.table.get(&key, "block").await?;
            // An admin allowed mail again after this event.
            let is_lifted = stored
                .and_then(|stored| stored.lifted_at)
                .is_some_and(|lifted| event.at <= lifted);
            if !is_lifted {
                let item = BlockedItem::new(key, reason, event.at);
                writes.push(put_write(self.table.replacing_part(&item)?));
            }
        }
        if reason == BlockAttribute::HardBounce {
            let item = BouncedItem::new(&mail.to, event.at);
            writes.push(put_write(self.table.replacing_part(&item)?));
        }
        Ok(writes)
    }

    /// Reads the block of an address, in an account or for mails of logins.
    async fn block(
        &self,
        scope: Option<AccountScope>,
        email: &EmailAddress,
        at: Timestamp,
    ) -> Result<Option<Block>, PortError> {
        let bounced = keys::bounced_address(email);
        let blocked = scope.map(|scope| keys::blocked_address(scope, email));
        let mut wanted = vec![bounced.clone()];
        wanted.extend(blocked.clone());
        let mut rows = self.table.get_batch(&wanted).await?;
        let of_account = match &blocked {
            Some(key) => take::<BlockedItem>(&mut rows, key, "block")?,
            None => None,
        };
        if let Some(reason) = of_account.as_ref().and_then(|stored| stored.reason) {
            return Ok(Some(match reason {
                BlockAttribute::HardBounce => Block::HardBounce,
                BlockAttribute::Complaint => Block::Complaint,
            }));
        }
        let lifted_at = of_account.and_then(|stored| stored.lifted_at);
        let bounced: Option<BouncedItem> = take(&mut rows, &bounced, "refused address")?;
        let counts = bounced.is_some_and(|bounced| {
            bounced.counts_at(at) && lifted_at.is_none_or(|lifted| lifted < bounced.at)
        });
        Ok(counts.then_some(Block::HardBounce))
    }
}

/// The account whose blocks count for a mail.
const fn account_of(mail: &Mail) -> Option<AccountScope> {
    match mail.owner {
        MailOwner::Account(scope) => Some(scope),
        MailOwner::Login(_) => None,
    }
}

/// The row whose condition cancelled a transaction, if it is that of the first part.
fn first_row(reasons: Vec<Cancelled>) -> Option<Attributes> {
    match reasons.into_iter().next() {
        Some(Cancelled::Condition(row)) => row,
        _ => None,
    }
}

#[async_trait]
impl MailStore for DynamoMails {
    async fn claim_mail(&self, job: SendMail, lease: &Lease) -> Result<Claim<Mail>, PortError> {
        let claim = self.table.claim(job.into(), lease, WHAT).await?;
        Ok(claim.map(|item: MailItem| item.into()))
    }

    async fn begin(&self, job: SendMail, lease: LeaseId) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::mail(job),
            "SET tries = tries + :one, begun_lease = :lease, version = version + :one",
            "lease_id = :lease AND (attribute_not_exists(begun_lease) OR begun_lease <> :lease)",
            &[],
            &[(":one", n(1)), (":lease", s(lease))],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(Some(row)) => {
                let begun = row.get("begun_lease") == Some(&s(lease));
                let held = row.get("lease_id") == Some(&s(lease));
                // An earlier attempt of this call took effect and its answer was lost.
                if begun && held { Ok(()) } else { Err(LOST) }
            }
            Conditional::Failed(None) => Err(LOST),
        }
    }

    async fn settle_mail(
        &self,
        job: SendMail,
        lease: LeaseId,
        mail: &Mail,
    ) -> Result<(), PortError> {
        if mail.kind == MailKind::Nothing {
            return self.table.delete_claimed(&keys::mail(job), lease).await;
        }
        for _ in 0..ATTEMPTS {
            let Some((stored, version)) = self.read(job).await? else {
                return Err(LOST);
            };
            let mut settled = mail.clone();
            // Events may be told before the outcome is recorded.
            for event in stored.events {
                settled.take(event);
            }
            let writes = self.settling_writes((job, lease), &settled, version)?;
            let row = match self.table.transact(writes).await? {
                Transacted::Done => return Ok(()),
                Transacted::Cancelled(reasons) => first_row(reasons),
            };
            let is_held = row
                .as_ref()
                .is_none_or(|row| row.get("lease_id") == Some(&s(lease)));
            if !is_held {
                return settled_by(row, lease);
            }
        }
        Err(PortError::Conflict { what: WHAT })
    }

    async fn postpone_mail(
        &self,
        job: SendMail,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        let tries = Some(("tries", n(postponement.attempts)));
        self.table
            .postpone_with(job.into(), lease, postponement, tries)
            .await
    }

    async fn is_blocked(&self, mail: &Mail) -> Result<Option<Block>, PortError> {
        self.block(account_of(mail), &mail.to, mail.created_at)
            .await
    }

    async fn find_by_ses_id(&self, ses_id: &str) -> Result<Option<SendMail>, PortError> {
        let key = keys::mail_sent(&sha256_hex(ses_id));
        let item: Option<MailSentItem> = self.table.get(&key, "sent mail").await?;
        Ok(item.map(|item| item.job()))
    }

    async fn has_login(&self, email: &EmailAddress) -> Result<bool, PortError> {
        let key = keys::login_address(email);
        let item: Option<EmailItem> = self.table.get(&key, "address").await?;
        Ok(item.is_some())
    }

    async fn record_event(
        &self,
        job: SendMail,
        event: MailEvent,
        block: bool,
    ) -> Result<RecordedEvent, PortError> {
        for _ in 0..ATTEMPTS {
            let Some((mut mail, version)) = self.read(job).await? else {
                return Ok(RecordedEvent::NoSuchMail);
            };
            if !mail.take(event.clone()) {
                return Ok(RecordedEvent::Known);
            }
            let update = self.table.update_part(
                &keys::mail(job),
                "SET #status = :status, #events = :events, version = version + :one",
                "version = :read",
                &[("#status", "status"), ("#events", "events")],
                &[
                    (":status", to_value(&mail.status)?),
                    (":events", to_value(&mail.events)?),
                    (":one", n(1)),
                    (":read", n(version)),
                ],
            )?;
            let mut writes = vec![update_write(update)];
            if block {
                writes.extend(self.blocking_writes(&mail, &event).await?);
            }
            if let Some(bounced) = invitation_bounced(&mail, &event) {
                writes.push(self.table.outgoing_event_write(&bounced)?);
            }
            if let Transacted::Done = self.table.transact(writes).await? {
                return Ok(RecordedEvent::New);
            }
        }
        Err(PortError::Conflict { what: WHAT })
    }

    async fn lift_block(
        &self,
        scope: AccountScope,
        email: &EmailAddress,
        by: By<'_>,
    ) -> Result<bool, PortError> {
        let at = by.audit.at;
        if self.block(Some(scope), email, at).await?.is_none() {
            return Ok(false);
        }
        let item = BlockedItem::lifted(keys::blocked_address(scope, email), at);
        let put = put_write(self.table.replacing_part(&item)?);
        match self.table.transact_by(vec![put], by).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "block" }),
        }
    }
}
