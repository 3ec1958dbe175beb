use crate::dynamo::{
    keys,
    marks::{Mark, Marked},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vestibule_domain::{
    Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    ids::MailId,
    job::SendMail,
    team::mail::{Mail, MailEvent, MailKind, MailOwner, MailStatus},
};

/// Time for which a mail is kept after it was settled.
const MAIL_KEPT: Duration = Duration::from_hours(90 * 24);
/// Time within which events of a mail are expected.
const SENT_KEPT: Duration = Duration::from_hours(40 * 24);
/// Time for which an address counts as refused for everybody.
const BOUNCED_FOR: Duration = Duration::from_hours(30 * 24);

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct MailItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox_due: Option<i64>,
    /// The list of a login's mails, by which they are deleted with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_sk: Option<String>,
    id: MailId,
    owner: MailOwner,
    to: EmailAddress,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to_name: Option<String>,
    content: MailKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<SealedSecrets>,
    status: MailStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ses_id: Option<String>,
    events: Vec<MailEvent>,
    tries: u32,
    pub(in crate::dynamo) version: u64,
    created_at: Timestamp,
}

/// The job that a mail orders.
const fn job_of_mail(mail: &Mail) -> SendMail {
    SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    }
}

impl MailItem {
    /// Makes the row of a mail that is to be sent. Its job counts as lost from `due` on.
    pub(in crate::dynamo) fn new(mail: &Mail, due: Timestamp) -> Self {
        let marked = Marked::by(job_of_mail(mail).into());
        let Mark {
            partition,
            position,
        } = marked.waiting(due);
        let list = match mail.owner {
            MailOwner::Login(id) => Some(keys::login_mails(id)),
            MailOwner::Account(_) => None,
        };
        Self {
            pk: marked.key.pk,
            sk: marked.key.sk,
            outbox_pk: Some(partition),
            outbox_due: Some(position.0),
            all_sk: list.as_ref().map(|_| mail.id.to_string()),
            all_pk: list,
            id: mail.id,
            owner: mail.owner,
            to: mail.to.clone(),
            to_name: mail.to_name.clone(),
            content: mail.kind.clone(),
            token: mail.token.clone(),
            status: mail.status,
            ses_id: mail.ses_id.clone(),
            events: mail.events.clone(),
            tries: mail.tries,
            version: 1,
            created_at: mail.created_at,
        }
    }
}

impl From<MailItem> for Mail {
    fn from(item: MailItem) -> Self {
        Self {
            id: item.id,
            owner: item.owner,
            to: item.to,
            to_name: item.to_name,
            kind: item.content,
            token: item.token,
            status: item.status,
            ses_id: item.ses_id,
            events: item.events,
            tries: item.tries,
            created_at: item.created_at,
        }
    }
}

/// Time of the latest event of a mail.
fn latest(mail: &Mail) -> Timestamp {
    let times = mail.events.iter().map(|event| event.at);
    times.max().unwrap_or(mail.created_at)
}

/// Time to live of a mail that is settled, in seconds since 1970.
pub(in crate::dynamo) fn mail_expiry(mail: &Mail) -> i64 {
    latest(mail).plus(MAIL_KEPT).seconds()
}

/// The mail to which the mail service gave an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct MailSentItem {
    pk: String,
    sk: String,
    owner: MailOwner,
    mail_id: MailId,
    expires_at: i64,
}

impl MailSentItem {
    /// Makes the row at the hash of the mail service's id.
    pub(in crate::dynamo) fn new(hash: &str, mail: &Mail) -> Self {
        let key = keys::mail_sent(hash);
        Self {
            pk: key.pk,
            sk: key.sk,
            owner: mail.owner,
            mail_id: mail.id,
            expires_at: latest(mail).plus(SENT_KEPT).seconds(),
        }
    }

    /// The job that the mail orders.
    pub(in crate::dynamo) const fn job(&self) -> SendMail {
        SendMail {
            owner: self.owner,
            mail_id: self.mail_id,
        }
    }
}

/// The reason why an account sends no mail to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::dynamo) enum BlockAttribute {
    HardBounce,
    Complaint,
}

/// An address to which an account sends no mail, or to which an admin allowed it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct BlockedItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) reason: Option<BlockAttribute>,
    pub(in crate::dynamo) at: Timestamp,
    /// Earlier refusals do not count, nor those told to other accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) lifted_at: Option<Timestamp>,
}

impl BlockedItem {
    /// Makes the row of an address that is blocked.
    pub(in crate::dynamo) fn new(key: keys::Key, reason: BlockAttribute, at: Timestamp) -> Self {
        Self {
            pk: key.pk,
            sk: key.sk,
            reason: Some(reason),
            at,
            lifted_at: None,
        }
    }

    /// Makes the row of an address to which mail is allowed again.
    pub(in crate::dynamo) fn lifted(key: keys::Key, at: Timestamp) -> Self {
        Self {
            pk: key.pk,
            sk: key.sk,
            reason: None,
            at,
            lifted_at: Some(at),
        }
    }
}

/// An address that a mail server refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct BouncedItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) at: Timestamp,
    expires_at: i64,
}

impl BouncedItem {
    /// Makes the row.
    pub(in crate::dynamo) fn new(email: &EmailAddress, at: Timestamp) -> Self {
        let key = keys::bounced_address(email);
        Self {
            pk: key.pk,
            sk: key.sk,
            at,
            expires_at: at.plus(BOUNCED_FOR).seconds(),
        }
    }

    /// Whether the refusal counts for a mail of this time.
    pub(in crate::dynamo) fn counts_at(&self, time: Timestamp) -> bool {
        time < self.at.plus(BOUNCED_FOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::{
        AccountScope,
        ids::{AccountId, LoginId, ProjectId},
        team::mail::NoticedRequest,
    };

    fn mail(owner: MailOwner) -> Mail {
        let at = Timestamp::from_millis;
        Mail::queued(
            MailId::derive(&["m"]),
            owner,
            EmailAddress::parse("ana@example.com").unwrap(),
            Some("Ana"),
            MailKind::PasswordReset { expires_at: at(9) },
            Some(SealedSecrets::default()),
            at(1),
        )
    }

    /// SPEC D15.
    #[test]
    fn a_mail_is_read_as_it_was_written_and_its_row_orders_it_from_the_first_write() {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        for owner in [
            MailOwner::Account(account),
            MailOwner::Login(LoginId::derive(&["l"])),
        ] {
            let mail = mail(owner);
            let row = to_row(&MailItem::new(&mail, Timestamp::from_millis(60_000))).unwrap();
            let part = row.get(keys::OUTBOX_PK).unwrap().as_s().unwrap();
            assert!(part.starts_with("OUTBOX#send_mail#"), "{part}");
            let read: MailItem = from_row(row, "mail").unwrap();
            assert_eq!(read.version, 1);
            assert_eq!(Mail::from(read), mail);
        }
    }

    /// SPEC B35.
    #[test]
    fn a_notice_is_read_with_its_requests() {
        let at = Timestamp::from_millis;
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        let request = |preview: Option<&str>| NoticedRequest {
            name: "Ada".to_owned(),
            connector_name: "Support".to_owned(),
            preview: preview.map(str::to_owned),
            at: at(7),
            source: None,
        };
        let notice = Mail {
            kind: MailKind::NewRequests {
                member_id: None,
                account_name: "Acme".to_owned(),
                project_id: ProjectId::derive(&["p"]),
                project_name: "Concierge".to_owned(),
                requests: vec![request(Some("Good morning")), request(None)],
                count: 12,
            },
            token: None,
            ..mail(MailOwner::Account(account))
        };
        let row = to_row(&MailItem::new(&notice, at(60_000))).unwrap();
        let read: MailItem = from_row(row, "mail").unwrap();
        assert_eq!(Mail::from(read), notice);
    }

    #[test]
    fn a_refusal_counts_for_thirty_days() {
        let email = EmailAddress::parse("ana@example.com").unwrap();
        let at = Timestamp::from_millis(0);
        let item = BouncedItem::new(&email, at);
        let day = Duration::from_hours(24);
        assert!(!item.counts_at(at.plus(day * 30)));
        assert!(item.counts_at(at.plus(day * 29)));
    }
}
