//! Mails to people who run an account, and what became of them (SPEC D15, D25, D33).

use super::session::Device;
use crate::{
    AccountScope, Timestamp,
    account::email_address::EmailAddress,
    connector::SealedSecrets,
    ids::{AccountId, InvitationId, LoginId, MailId, MemberId, ProjectId},
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
    /// What became of it, in the order of time.
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
    /// Nothing to send: the reset of an address without a login. It costs the same calls as one with a login.
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
    /// It was not sent, since the address is blocked.
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
mod tests {
    use super::*;
    use crate::samples::at;
    use proptest::{collection::vec, prelude::*, sample::select};

    const KINDS: [MailEventKind; 9] = [
        MailEventKind::Queued,
        MailEventKind::Sent,
        MailEventKind::Delayed,
        MailEventKind::Delivered,
        MailEventKind::BouncedHard,
        MailEventKind::BouncedSoft,
        MailEventKind::Complained,
        MailEventKind::Rejected,
        MailEventKind::Failed,
    ];

    fn mail() -> Mail {
        Mail::queued(
            MailId::derive(&["m"]),
            MailOwner::Login(LoginId::derive(&["l"])),
            EmailAddress::parse("ana@example.com").unwrap(),
            Some("Ana\r\nBcc: b@example.com"),
            MailKind::Nothing,
            None,
            at(0),
        )
    }

    fn event(kind: MailEventKind, second: i64) -> MailEvent {
        MailEvent::new(kind, at(second), None)
    }

    fn status_after(events: &[MailEvent]) -> MailStatus {
        let mut mail = mail();
        for event in events {
            mail.take(event.clone());
        }
        mail.status
    }

    /// SPEC D25.
    #[test]
    fn a_mail_is_what_its_strongest_event_says() {
        use MailEventKind as Kind;
        for (kinds, status) in [
            (&[][..], MailStatus::Queued),
            (&[Kind::Sent], MailStatus::Sent),
            (&[Kind::Sent, Kind::Delayed], MailStatus::Delayed),
            (&[Kind::Delivered, Kind::Sent], MailStatus::Delivered),
            (&[Kind::BouncedSoft], MailStatus::Bounced),
            (&[Kind::BouncedSoft, Kind::Delivered], MailStatus::Delivered),
            (&[Kind::BouncedHard, Kind::Delivered], MailStatus::Bounced),
            (&[Kind::Delivered, Kind::BouncedHard], MailStatus::Bounced),
            (&[Kind::Rejected], MailStatus::Failed),
            (
                &[Kind::Complained, Kind::BouncedHard],
                MailStatus::Complained,
            ),
        ] {
            let events: Vec<_> = kinds.iter().map(|kind| event(*kind, 1)).collect();
            assert_eq!(status_after(&events), status, "{kinds:?}");
        }
    }

    #[test]
    fn an_event_that_comes_twice_is_known() {
        let mut mail = mail();
        assert!(mail.take(event(MailEventKind::Delayed, 1)));
        assert!(!mail.take(event(MailEventKind::Delayed, 1)));
        assert!(mail.take(event(MailEventKind::Delayed, 2)));
        assert_eq!(mail.events.len(), 3);
    }

    #[test]
    fn a_mail_that_was_not_sent_stays_so_whatever_weaker_event_comes() {
        let mut mail = Mail {
            status: MailStatus::Suppressed,
            ..mail()
        };
        assert!(mail.take(event(MailEventKind::Delivered, 1)));
        assert_eq!(mail.status, MailStatus::Suppressed);
    }

    #[test]
    fn the_newest_events_stay_and_the_one_that_decides() {
        let mut mail = mail();
        mail.take(event(MailEventKind::BouncedHard, 1));
        for second in 2..40 {
            mail.take(event(MailEventKind::Delayed, second));
        }
        assert_eq!(mail.events.len(), MAIL_EVENTS_MAX);
        assert_eq!(mail.events[0].kind, MailEventKind::BouncedHard);
        assert_eq!(mail.events[MAIL_EVENTS_MAX - 1].at, at(39));
        assert!(mail.take(event(MailEventKind::Delivered, 41)));
        assert_eq!(mail.status, MailStatus::Bounced);
    }

    #[test]
    fn texts_of_others_are_cleaned_and_cut() {
        assert_eq!(mail().to_name.as_deref(), Some("Ana Bcc: b@example.com"));
        assert_eq!(mail_text(&"é\n".repeat(200)).chars().count(), 99);
        assert_eq!(mail_text("\u{202E}"), "");
        let words = "x".repeat(500);
        let event = MailEvent::new(MailEventKind::Failed, at(0), Some(&words));
        assert_eq!(event.detail.map(|detail| detail.len()), Some(300));
    }

    #[test]
    fn a_mail_is_bound_to_its_id_and_each_of_an_invitation_has_its_own() {
        let id = MailId::derive(&["m"]);
        assert_eq!(Mail::secret_context(id), format!("mail|{id}|token"));
        let invitation = InvitationId::derive(&["i"]);
        let first = Mail::id_of_invitation(invitation, 1);
        assert_eq!(first, Mail::id_of_invitation(invitation, 1));
        assert_ne!(first, Mail::id_of_invitation(invitation, 2));
        assert_eq!(
            first,
            MailId::derive(&[&invitation.to_string(), &1_u32.to_string()])
        );
    }

    #[test]
    fn a_notice_is_of_a_project_a_time_and_a_member() {
        let [one, other] = ["p", "q"].map(|name| ProjectId::derive(&[name]));
        let [ana, ben] = ["ana", "ben"].map(|name| MemberId::derive(&[name]));
        let id = Mail::id_of_notice(one, at(1), ana);
        assert_eq!(id, Mail::id_of_notice(one, at(1), ana));
        for another in [
            Mail::id_of_notice(other, at(1), ana),
            Mail::id_of_notice(one, at(2), ana),
            Mail::id_of_notice(one, at(1), ben),
        ] {
            assert_ne!(id, another);
        }
    }

    /// SPEC C62.
    #[test]
    fn a_notice_forgets_people_and_logs_nothing_of_them() {
        let request = NoticedRequest {
            name: "Ada Lovelace".into(),
            connector_name: "Support".into(),
            preview: Some("Good morning".into()),
            at: at(3),
        };
        let shown = format!("{request:?}");
        assert!(
            !shown.contains("Ada") && !shown.contains("morning"),
            "{shown}"
        );
        let mut kind = MailKind::NewRequests {
            account_name: "Acme".into(),
            project_id: ProjectId::derive(&["p"]),
            project_name: "Concierge".into(),
            requests: vec![request],
            count: 3,
        };
        let stored = serde_json::to_value(&kind).unwrap();
        assert_eq!(stored["kind"], "new_requests");
        assert_eq!(serde_json::from_value::<MailKind>(stored).unwrap(), kind);
        kind.forget_people();
        let left = serde_json::to_string(&kind).unwrap();
        assert!(!left.contains("Ada") && !left.contains("morning"), "{left}");
        assert!(left.contains("Concierge"), "{left}");
    }

    #[test]
    fn a_kind_is_stored_under_its_name() {
        let kind = MailKind::CredentialsChanged {
            what: ChangedCredential::SecondFactor,
            at: at(0),
        };
        let stored = serde_json::to_value(&kind).unwrap();
        assert_eq!(stored["kind"], "credentials_changed");
        assert_eq!(stored["what"], "second_factor");
        assert_eq!(serde_json::from_value::<MailKind>(stored).unwrap(), kind);
    }

    proptest! {
        /// SPEC D25: events come in any order and more than once.
        #[test]
        fn the_order_of_events_does_not_matter(
            kinds in vec(select(KINDS.to_vec()), 0..12),
            seed in any::<usize>(),
        ) {
            // Of equal strength are only refusals for good, of which the first decides.
            let refusals = |kind: &MailEventKind| kind.rank() == MailEventKind::Failed.rank();
            prop_assume!(kinds.iter().filter(|kind| refusals(kind)).count() <= 1);
            let events: Vec<_> = (1..).zip(&kinds).map(|(second, kind)| event(*kind, second)).collect();
            let mut other = events.clone();
            let length = other.len().max(1);
            other.rotate_left(seed % length);
            other.reverse();
            let repeated: Vec<_> = other.iter().chain(&events).cloned().collect();
            prop_assert_eq!(status_after(&events), status_after(&other));
            prop_assert_eq!(status_after(&events), status_after(&repeated));
        }
    }
}
