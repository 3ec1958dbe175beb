//! Notices of new access requests: mails to the members who may decide them and want to know (SPEC B35, B39).
//!
//! Whoever learns of a new request orders notices of its project. The order is one row for each project; a job
//! works on it in rounds, at most one in five minutes. A round is about the requests between the end of the one
//! before and a time that is fixed when it begins, so that a round that is repeated makes the same mails. It ends
//! a little before the present, because lists lag behind: a request that no list shows yet is the next round's.

use super::{
    client_access::ClientAccess,
    login::Preferences,
    mail::{
        MAIL_TEXT_MAX_CHARS, Mail, MailKind, MailOwner, NoticedRequest, NoticedSource, mail_text,
    },
    member::{Member, MemberStatus},
    role::Roles,
};
use crate::{
    Timestamp,
    access::request::AccessRequest,
    account::{email_address::EmailAddress, permission::Permission},
    ids::{AccessRequestId, ClientId, LoginId, ProjectId},
    job::TellPause,
    scope::ProjectScope,
    text::clean_line,
};
use std::{collections::BTreeSet, time::Duration};

/// Shortest time between two notices of a project.
pub const NOTICE_INTERVAL: Duration = Duration::from_mins(5);
/// Time from the first order to its round, within which further requests join it and names arrive.
pub const NOTICE_DELAY: Duration = Duration::from_mins(1);
/// Time after which every list shows a request, and its order was made.
pub const NOTICE_LAG: Duration = Duration::from_secs(30);
/// Age up to which a request is news.
pub const NOTICE_LOOK_BACK: Duration = Duration::from_hours(24);
/// Requests that a mail lists; of the others it tells the number.
pub const NOTICE_LISTED_MAX: usize = 10;
/// Most notices that an account sends in a day: enough to tell fifty people twenty times. All accounts of a stack share
/// the daily quota of the mail service, which begins at 50,000 outside its sandbox, so one account uses up a fiftieth.
pub const NOTICES_PER_DAY: u32 = 1000;
/// Longest preview in a mail, in characters.
pub const NOTICE_PREVIEW_MAX_CHARS: usize = 200;

/// A place in the list of an account's members. Only the store can read its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPlace(pub String);

/// The order to tell members of a project's new requests, with its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeOrder {
    /// Time of the latest order.
    pub ordered_at: Timestamp,
    /// End of the last round: requests up to it are no news.
    pub seen_until: Timestamp,
    /// Time of the last notice.
    pub told_at: Option<Timestamp>,
    /// The round under way, if any.
    pub round: Option<Round>,
}

/// A round through the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The time up to which requests belong to it.
    pub until: Timestamp,
    /// The place from which it goes on, once members were told.
    pub reached: Option<MemberPlace>,
}

/// The next step of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// Nothing before this time.
    Wait(Timestamp),
    /// This round.
    Round(Round),
}

/// The step after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRound {
    /// None, until notices are ordered again.
    Rest,
    /// Another round, not before this time.
    Again(Timestamp),
}

impl NoticeOrder {
    /// The step that is due: the round under way, or a new one if the last notice is long enough ago.
    #[must_use]
    pub fn next_step(&self, now: Timestamp) -> NextStep {
        if let Some(round) = &self.round {
            return NextStep::Round(round.clone());
        }
        let earliest = self.told_at.map(|at| at.plus(NOTICE_INTERVAL));
        match earliest.filter(|earliest| now < *earliest) {
            Some(earliest) => NextStep::Wait(earliest),
            None => NextStep::Round(Round {
                until: now.minus(NOTICE_LAG),
                reached: None,
            }),
        }
    }

    /// The time after which a request is news in a round.
    #[must_use]
    pub fn news_since(&self, round: &Round) -> Timestamp {
        self.seen_until.max(round.until.minus(NOTICE_LOOK_BACK))
    }

    /// The order after a round that ended now, in which members may have been told or not.
    #[must_use]
    pub fn after(&self, round: &Round, was_told: bool, now: Timestamp) -> Self {
        Self {
            ordered_at: self.ordered_at,
            seen_until: self.seen_until.max(round.until),
            told_at: if was_told { Some(now) } else { self.told_at },
            round: None,
        }
    }

    /// The step after the last round. Whoever orders notices has seen the request, so an order before the
    /// round's end is about requests of that round or of earlier ones.
    #[must_use]
    pub fn after_round(&self) -> AfterRound {
        if self.ordered_at <= self.seen_until {
            return AfterRound::Rest;
        }
        AfterRound::Again(self.next_round(self.ordered_at))
    }

    /// The earliest time of a round that shows the requests of an order of this time.
    #[must_use]
    pub fn next_round(&self, ordered_at: Timestamp) -> Timestamp {
        let visible = ordered_at.plus(NOTICE_LAG);
        let earliest = self.told_at.map(|at| at.plus(NOTICE_INTERVAL));
        earliest.map_or(visible, |earliest| earliest.max(visible))
    }
}

/// New requests of one connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorRequests {
    /// The connector's client.
    pub client_id: ClientId,
    /// Number of its requests.
    pub count: u32,
    /// The oldest of them, at most [`NOTICE_LISTED_MAX`].
    pub first: Vec<NoticedRequest>,
}

/// The requests of a round.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRequests {
    /// The requests of each connector that has any.
    pub of_connectors: Vec<ConnectorRequests>,
}

impl NewRequests {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_connectors.iter().all(|of_one| of_one.count == 0)
    }

    /// The oldest requests of these clients, and the number of all of theirs; `None` if there are none (SPEC B39).
    #[must_use]
    pub fn of_clients(&self, clients: &ClientAccess) -> Option<(Vec<NoticedRequest>, u32)> {
        let all = self.of_connectors.iter();
        let seen: Vec<&ConnectorRequests> = all
            .filter(|of_one| clients.contains(of_one.client_id))
            .collect();
        let count = seen
            .iter()
            .fold(0_u32, |sum, of_one| sum.saturating_add(of_one.count));
        let mut first: Vec<NoticedRequest> = seen
            .iter()
            .flat_map(|of_one| of_one.first.iter().cloned())
            .collect();
        first.sort_by_key(|request| request.at);
        first.truncate(NOTICE_LISTED_MAX);
        (count > 0).then_some((first, count))
    }
}

impl NoticedRequest {
    /// Cuts the texts of a request at a connector of this client for a mail.
    #[must_use]
    pub fn of(
        request: &AccessRequest,
        client_id: ClientId,
        name: &str,
        preview: Option<&str>,
    ) -> Self {
        let or_identifier = clean_line(name, MAIL_TEXT_MAX_CHARS);
        Self {
            name: or_identifier.unwrap_or_else(|| mail_text(&request.identifier)),
            connector_name: mail_text(&request.connector_name),
            preview: preview.and_then(|text| clean_line(text, NOTICE_PREVIEW_MAX_CHARS)),
            at: request.created_at,
            source: Some(NoticedSource {
                request_id: request.id,
                chat_user_id: request.chat_user_id,
                client_id,
            }),
        }
    }
}

/// Names that a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeNames {
    /// Name of the account.
    pub account: String,
    /// Name of the project.
    pub project: String,
}

/// A member who gets notices, and the login whose address they go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The member.
    pub member: Member,
    /// The login.
    pub login: RecipientLogin,
}

/// The part of a login that notices need: nothing that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientLogin {
    /// Id of the login.
    pub id: LoginId,
    /// The address.
    pub email: EmailAddress,
    /// Time at which a mailed link proved the address.
    pub verified_at: Option<Timestamp>,
    /// Preferences of the person.
    pub preferences: Preferences,
}

impl Recipient {
    /// Whether a member may get notices: one who is active and may decide requests.
    #[must_use]
    pub fn may_be(member: &Member, roles: &Roles) -> bool {
        member.status == MemberStatus::Active
            && member
                .permissions(roles)
                .contains(Permission::AccessRequestsDecide)
    }

    /// Whether a member may get notices about webhooks: one who is active and sees them.
    #[must_use]
    pub fn sees_webhooks(member: &Member, roles: &Roles) -> bool {
        member.status == MemberStatus::Active
            && member.clients == ClientAccess::All
            && member.permissions(roles).contains(Permission::WebhooksRead)
    }

    /// Whether the person wants notices. An address that nobody proved gets none, since they tell of people (SPEC D24).
    #[must_use]
    pub fn wants_notices(&self) -> bool {
        self.member.login_id == Some(self.login.id)
            && self.login.verified_at.is_some()
            && self.login.preferences.notices
    }

    /// Whether the person wants notices of this project.
    #[must_use]
    pub fn wants(&self, project_id: ProjectId) -> bool {
        let muted = &self.login.preferences.muted_projects;
        self.wants_notices() && !muted.contains(&project_id)
    }

    /// Makes the member's notice that a webhook of the account of this name is paused.
    #[must_use]
    pub fn notice_of_pause(&self, account_name: &str, pause: &TellPause, now: Timestamp) -> Mail {
        let kind = MailKind::WebhookPaused {
            account_name: mail_text(account_name),
            reason: pause.reason,
            since: pause.since,
        };
        Mail::queued(
            Mail::id_of_pause(pause.subscription_id, pause.since, self.member.id),
            MailOwner::Account(pause.scope),
            self.login.email.clone(),
            Some(&self.member.name),
            kind,
            None,
            now,
        )
    }

    /// Makes the member's notice in a round that ends at `until`; `None` if none of the requests are of the member's
    /// clients.
    #[must_use]
    pub fn notice(
        &self,
        (scope, names): (ProjectScope, &NoticeNames),
        requests: &NewRequests,
        until: Timestamp,
        now: Timestamp,
    ) -> Option<Mail> {
        let (requests, count) = requests.of_clients(&self.member.clients)?;
        let kind = MailKind::NewRequests {
            member_id: Some(self.member.id),
            account_name: mail_text(&names.account),
            project_id: scope.project_id(),
            project_name: mail_text(&names.project),
            requests,
            count,
        };
        Some(Mail::queued(
            Mail::id_of_notice(scope.project_id(), until, self.member.id),
            MailOwner::Account(scope.account()),
            self.login.email.clone(),
            Some(&self.member.name),
            kind,
            None,
            now,
        ))
    }
}

/// The state of what a notice was made from, before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeCheck {
    /// The member and the login.
    pub recipient: Recipient,
    /// The account's roles.
    pub roles: Roles,
    /// Those of the listed requests that are pending, of people whose records are there and who are not blocked.
    pub pending: BTreeSet<AccessRequestId>,
}

impl NoticeCheck {
    /// Leaves in a notice what its recipient is still to be told (SPEC B35, B39, C62). `false` if that is nothing.
    #[must_use]
    pub fn narrow(&self, mail: &mut Mail) -> bool {
        let MailKind::NewRequests {
            project_id,
            requests,
            count,
            ..
        } = &mut mail.kind
        else {
            return true;
        };
        let Recipient { member, login } = &self.recipient;
        let is_told = login.email == mail.to
            && Recipient::may_be(member, &self.roles)
            && self.recipient.wants(*project_id);
        let listed = requests.len();
        requests.retain(|request| {
            request.source.is_none_or(|source| {
                self.pending.contains(&source.request_id)
                    && member.clients.contains(source.client_id)
            })
        });
        let dropped = u32::try_from(listed - requests.len()).unwrap_or(u32::MAX);
        *count = count.saturating_sub(dropped);
        is_told && *count > 0
    }
}

#[cfg(test)]
mod tests;
