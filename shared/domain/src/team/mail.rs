//! Mails to people who run an account, and what became of them (SPEC D15, D25, D33).

use super::session::Device;
use crate::{
    AccountScope, Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    event::health::PauseReason,
    ids::{
        AccessRequestId, AccountId, ChatUserId, ClientId, InvitationId, LoginId, MailId, MemberId,
        ProjectId, SubscriptionId,
    },
    text::clean_line,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Events of a mail that are kept. The newest stay, and the one that decides its status.
pub const MAIL_EVENTS_MAX: usize = 20;
/// Calls with an unknown outcome after which a mail is not tried again.
pub const MAIL_TRIES_MAX: u32 = 2;
/// Longest text of others in a mail, in characters.
pub const MAIL_TEXT_MAX_CHARS: usize = 100;
/// Longest detail of an event, in characters.
pub const MAIL_DETAIL_MAX_CHARS: usize = 300;

/// The party that a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "OwnerFields", into = "OwnerFields")]
pub enum MailOwner {
    /// An account.
    Account(AccountScope),
    /// A login as a whole.
    Login(LoginId),
}

/// The fields of an owner in a job: one of them.
#[derive(Serialize, Deserialize)]
struct OwnerFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login_id: Option<LoginId>,
}

impl From<MailOwner> for OwnerFields {
    fn from(owner: MailOwner) -> Self {
        let (account_id, login_id) = match owner {
            MailOwner::Account(scope) => (Some(scope.account_id()), None),
            MailOwner::Login(id) => (None, Some(id)),
        };
        Self {
            account_id,
            login_id,
        }
    }
}

impl TryFrom<OwnerFields> for MailOwner {
    type Error = &'static str;

    fn try_from(fields: OwnerFields) -> Result<Self, Self::Error> {
        match (fields.account_id, fields.login_id) {
            (Some(id), None) => Ok(Self::Account(AccountScope::of_verified(id))),
            (None, Some(id)) => Ok(Self::Login(id)),
            _ => Err("neither one account nor one login"),
        }
    }
}

/// A mail: its record is the outbox, and the history that its row shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Id of the mail.
    pub id: MailId,
    /// The party that it is about.
    pub owner: MailOwner,
    /// The address.
    pub to: EmailAddress,
    /// Name of the person.
    pub to_name: Option<String>,
    /// Kind and content.
    pub kind: MailKind,
    /// The token of its link, under the field name [`Mail::TOKEN`]. Removed with the first sure outcome.
    pub token: Option<SealedSecrets>,
    /// Status of the mail.
    pub status: MailStatus,
    /// Id that the mail service gave it.
    pub ses_id: Option<String>,
    /// Events of the mail, in the order of time.
    pub events: Vec<MailEvent>,
    /// Calls whose outcome is unknown, at most [`MAIL_TRIES_MAX`].
    pub tries: u32,
    /// Time of creation.
    pub created_at: Timestamp,
}

impl Mail {
    /// The field name of the token.
    pub const TOKEN: &str = "token";

    /// The context that the encryption of this mail's token is bound to.
    #[must_use]
    pub fn secret_context(id: MailId) -> String {
        format!("mail|{id}|{}", Self::TOKEN)
    }

    /// The id of the login as whose mails those stand that strangers can order to an address: the same whether or not
    /// the address has a login.
    #[must_use]
    pub fn owner_by_address(email: &EmailAddress) -> LoginId {
        LoginId::derive(&["address", email.as_str()])
    }

    /// Id of the mail of this number of an invitation, so that a call that is repeated makes no second one.
    #[must_use]
    pub fn id_of_invitation(id: InvitationId, sends: u32) -> MailId {
        MailId::derive(&[&id.to_string(), &sends.to_string()])
    }

    /// Id of the notice of a project's requests up to this time to a member, so that a job that is repeated makes
    /// no second one.
    #[must_use]
    pub fn id_of_notice(project_id: ProjectId, until: Timestamp, member_id: MemberId) -> MailId {
        MailId::derive(&[
            &project_id.to_string(),
            &until.millis().to_string(),
            &member_id.to_string(),
        ])
    }

    /// Id of the notice of a pause to a member, so that a job that is repeated makes no second one.
    #[must_use]
    pub fn id_of_pause(
        subscription_id: SubscriptionId,
        since: Timestamp,
        member_id: MemberId,
    ) -> MailId {
        MailId::derive(&[
            &subscription_id.to_string(),
            &since.millis().to_string(),
            &member_id.to_string(),
        ])
    }

    /// Makes a mail that waits to be sent.
    #[must_use]
    pub fn queued(
        id: MailId,
        owner: MailOwner,
        to: EmailAddress,
        to_name: Option<&str>,
        kind: MailKind,
        token: Option<SealedSecrets>,
        now: Timestamp,
    ) -> Self {
        let queued = MailEvent::new(MailEventKind::Queued, now, None);
        Self {
            id,
            owner,
            to,
            to_name: to_name.and_then(|name| clean_line(name, MAIL_TEXT_MAX_CHARS)),
            kind,
            token,
            status: MailStatus::Queued,
            ses_id: None,
            events: vec![queued],
            tries: 0,
            created_at: now,
        }
    }

    /// Takes what became of the mail. Events come in any order and more than once: a weaker one changes no
    /// status. `false` if the event was known already.
    pub fn take(&mut self, event: MailEvent) -> bool {
        let is_known = |known: &MailEvent| (known.kind, known.at) == (event.kind, event.at);
        if self.events.iter().any(is_known) {
            return false;
        }
        let strongest = self.events.iter().map(|event| event.kind.rank()).max();
        let held = strongest.unwrap_or(0).max(self.status.least_rank());
        if event.kind.rank() > held {
            self.status = event.kind.status();
        }
        self.events.push(event);
        self.events.sort_by_key(|event| event.at);
        self.drop_oldest();
        true
    }

    /// Drops the oldest events that are too many, except for the strongest.
    fn drop_oldest(&mut self) {
        let strongest = self.events.iter().map(|event| event.kind.rank()).max();
        while self.events.len() > MAIL_EVENTS_MAX {
            let is_weaker = |event: &MailEvent| Some(event.kind.rank()) < strongest;
            let oldest = self.events.iter().position(is_weaker).unwrap_or(0);
            self.events.remove(oldest);
        }
    }
}

/// Kind and content of a mail. [`mail_text`] cuts every text of others in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MailKind {
    /// An invitation to an account.
    Invitation {
        /// Name of the account.
        account_name: String,
        /// Name of the inviter.
        invited_by: String,
        /// Name of the role.
        role_name: String,
        /// Time from which it can no longer be accepted.
        expires_at: Timestamp,
        /// The invitation. Absent in mails of the release before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invitation_id: Option<InvitationId>,
    },
    /// A link to set a new password.
    PasswordReset {
        /// Time from which it no longer works.
        expires_at: Timestamp,
    },
    /// A link to the address that a login is to have (SPEC D35).
    AddressChange {
        /// Time from which it no longer works.
        expires_at: Timestamp,
    },
    /// A login wants to have this address, which another login has. Only its owner learns that.
    AddressTaken {
        /// Time of the attempt.
        at: Timestamp,
    },
    /// Another address was asked for, told to the present one.
    AddressChangeAsked {
        /// The address that was asked for, masked.
        to: String,
        /// Time of the call.
        at: Timestamp,
    },
    /// The login was deleted by its owner.
    LoginDeleted {
        /// Time of the deletion.
        at: Timestamp,
    },
    /// A sign-in from a device that the login did not know.
    NewDevice {
        /// The device.
        device: Device,
        /// Time of the sign-in.
        at: Timestamp,
    },
    /// A change of what the login signs in with.
    CredentialsChanged {
        /// The part that was changed.
        what: ChangedCredential,
        /// Time of the change.
        at: Timestamp,
    },
    /// New access requests of a project.
    NewRequests {
        /// The member who gets it. Absent in mails of the release before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        member_id: Option<MemberId>,
        /// Name of the account.
        account_name: String,
        /// The project.
        project_id: ProjectId,
        /// Name of the project.
        project_name: String,
        /// The first of them. Removed once the mail is settled.
        requests: Vec<NoticedRequest>,
        /// Number of all of them.
        count: u32,
    },
    /// A webhook of an account gets no more events.
    WebhookPaused {
        /// Name of the account.
        account_name: String,
        /// The reason.
        reason: PauseReason,
        /// Time from which it gets none.
        since: Timestamp,
    },
    /// Nothing to send: the address of a reset has no login. Only the worker looks, whose time nobody is told.
    Nothing,
}

impl MailKind {
    /// Drops what it tells of people who wrote to an agent. The record of a mail may outlive theirs (SPEC C62).
    pub fn forget_people(&mut self) {
        if let Self::NewRequests { requests, .. } = self {
            requests.clear();
        }
    }
}

/// A new access request in a mail, its texts cut. Its `Debug` hides them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticedRequest {
    /// Name of the person.
    pub name: String,
    /// Name of the connector.
    pub connector_name: String,
    /// The beginning of the person's message, if there is one to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
    /// Time of the request.
    pub at: Timestamp,
    /// The records behind it. Absent in mails of the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<NoticedSource>,
}

/// The records behind a request in a mail, by which it is checked before the mail is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticedSource {
    /// The request.
    pub request_id: AccessRequestId,
    /// The person who asks.
    pub chat_user_id: ChatUserId,
    /// The connector's client.
    pub client_id: ClientId,
}

impl fmt::Debug for NoticedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticedRequest")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Cuts a text of others for a mail.
#[must_use]
pub fn mail_text(raw: &str) -> String {
    clean_line(raw, MAIL_TEXT_MAX_CHARS).unwrap_or_default()
}

/// The part of a login's credentials that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangedCredential {
    /// The password.
    Password,
    /// The second factor.
    SecondFactor,
    /// The e-mail address.
    Address,
    /// An identity at a provider, which was connected or disconnected.
    Identity,
}

/// Status of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// Waits to be sent.
    Queued,
    /// The mail service has it.
    Sent,
    /// The other mail server does not take it for now.
    Delayed,
    /// The other mail server has it.
    Delivered,
    /// The other mail server refused it.
    Bounced,
    /// The recipient called it spam.
    Complained,
    /// It cannot be sent.
    Failed,
    /// It was not sent, since the address is blocked, or the person is no longer to get it.
    Suppressed,
}

impl MailStatus {
    /// The rank that events must exceed to change this status, as far as it is known without the events.
    const fn least_rank(self) -> u8 {
        match self {
            Self::Queued => MailEventKind::Queued.rank(),
            Self::Sent => MailEventKind::Sent.rank(),
            Self::Delayed => MailEventKind::Delayed.rank(),
            Self::Bounced => MailEventKind::BouncedSoft.rank(),
            Self::Delivered => MailEventKind::Delivered.rank(),
            Self::Failed | Self::Suppressed => MailEventKind::Failed.rank(),
            Self::Complained => MailEventKind::Complained.rank(),
        }
    }
}

/// An event of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailEvent {
    /// Kind of the event.
    pub kind: MailEventKind,
    /// Time of the event.
    pub at: Timestamp,
    /// Words of the other mail server, or of the mail service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl MailEvent {
    /// Makes an event with its detail cut.
    #[must_use]
    pub fn new(kind: MailEventKind, at: Timestamp, detail: Option<&str>) -> Self {
        let detail = detail.and_then(|raw| clean_line(raw, MAIL_DETAIL_MAX_CHARS));
        Self { kind, at, detail }
    }
}

/// Kind of an event of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailEventKind {
    /// It was ordered.
    Queued,
    /// The mail service took it.
    Sent,
    /// The other mail server did not take it yet.
    Delayed,
    /// The other mail server took it.
    Delivered,
    /// The other mail server refused it for good.
    BouncedHard,
    /// The other mail server refused it this time.
    BouncedSoft,
    /// The recipient called it spam.
    Complained,
    /// The mail service refused its content.
    Rejected,
    /// It cannot be sent.
    Failed,
}

impl MailEventKind {
    /// The word for it, as in records and metrics.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::BouncedHard => "bounced_hard",
            Self::BouncedSoft => "bounced_soft",
            Self::Complained => "complained",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
        }
    }

    /// The strength of the event: a status never sinks to that of a weaker one.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Sent => 1,
            Self::Delayed => 2,
            Self::BouncedSoft => 3,
            Self::Delivered => 4,
            Self::BouncedHard | Self::Rejected | Self::Failed => 5,
            Self::Complained => 6,
        }
    }

    /// The status of a mail whose strongest event this is.
    #[must_use]
    pub const fn status(self) -> MailStatus {
        match self {
            Self::Queued => MailStatus::Queued,
            Self::Sent => MailStatus::Sent,
            Self::Delayed => MailStatus::Delayed,
            Self::Delivered => MailStatus::Delivered,
            Self::BouncedHard | Self::BouncedSoft => MailStatus::Bounced,
            Self::Complained => MailStatus::Complained,
            Self::Rejected | Self::Failed => MailStatus::Failed,
        }
    }
}

#[cfg(test)]
mod tests;
