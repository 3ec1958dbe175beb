//! Audit entries and mails of a login. What concerns a login stands in the audit log of each of its
//! accounts.

use crate::Deps;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use vestibule_admin::{CallOrigin, log};
use vestibule_domain::{
    Timestamp,
    account::actor::Actor,
    error::Chain,
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AuditId, MailId},
    job::SendMail,
    ports::AccountPlace,
    team::{
        login::Login,
        mail::{ChangedCredential, Mail, MailKind, MailOwner},
        session::{Device, Session, SignInMethod},
    },
};

/// Time limit for the queue: the mail is stored and its caller waits; the sweeper enqueues one that the
/// queue does not take in time.
const ENQUEUE_PATIENCE: Duration = Duration::from_millis(500);

/// The accounts in which an event of a session is recorded: every one of the login, or only the one whose provider
/// opened the session. A provider's doings are no other account's business (SPEC D27).
#[must_use]
pub fn places_of(session: &Session, mut places: Vec<AccountPlace>) -> Vec<AccountPlace> {
    if let SignInMethod::Provider { account_id, .. } = &session.method {
        places.retain(|place| place.account.id == *account_id);
    }
    places
}

/// The entries that record an event of a login in each of its accounts.
#[must_use]
pub fn audits(
    deps: &Deps,
    (login, places): (&Login, &[AccountPlace]),
    (event, after): (Event, &Value),
    origin: &CallOrigin,
    now: Timestamp,
) -> Vec<AuditEntry> {
    places
        .iter()
        .map(|place| AuditEntry {
            id: AuditId::new(deps.admin.ids.draw()),
            scope: place.standing.member.scope,
            at: now,
            actor: Actor::login(login.id, login.name.clone()),
            change: Change {
                event,
                before: Value::Null,
                after: after.clone(),
            },
            request_id: origin.request_id.clone(),
            told: Told::default(),
        })
        .collect()
}

/// Logs an event of a login once, even if it is in no account.
pub fn log_events(entries: &[AuditEntry], event: Event) {
    if let Some(entry) = entries.first() {
        log(entry);
    } else {
        tracing::info!(
            change.action = event.key(),
            change.target = event.target(),
            "{}",
            event.key()
        );
    }
}

/// A device as the audit log records it.
#[must_use]
pub fn device_facts(device: &Device) -> Value {
    json!({"address": device.address, "user_agent": device.user_agent})
}

/// A mail to a login; `None` where the stack has no sender.
#[must_use]
pub fn login_mail(deps: &Deps, login: &Login, kind: MailKind, now: Timestamp) -> Option<Mail> {
    deps.mail_from.as_ref()?;
    Some(Mail::queued(
        MailId::new(deps.admin.ids.draw()),
        MailOwner::Login(login.id),
        login.email.clone(),
        Some(&login.name),
        kind,
        None,
        now,
    ))
}

/// The mail that tells of a changed credential (SPEC D33).
#[must_use]
pub fn changed_mail(
    deps: &Deps,
    login: &Login,
    what: ChangedCredential,
    now: Timestamp,
) -> Option<Mail> {
    login_mail(
        deps,
        login,
        MailKind::CredentialsChanged { what, at: now },
        now,
    )
}

/// Enqueues a mail whose outbox mark was written with it, or leaves it to the sweeper.
pub async fn enqueue(deps: &Deps, mail: Option<&Mail>) {
    let Some(mail) = mail else { return };
    let order = SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    };
    match timeout(ENQUEUE_PATIENCE, deps.email.enqueue_email(order)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = %Chain(&error), "a mail is left to the sweeper"),
        Err(_) => tracing::warn!("the queue of mails is slow; a mail is left to the sweeper"),
    }
}
