//! Invitations: the way of a person into an account (SPEC D15–D25).
//!
//! | state | leaves it by |
//! |---|---|
//! | pending | accept: accepted · revoke: revoked · time: expired |
//! | expired | resend: pending |
//! | accepted, revoked | nothing; a new invitation is another record |
//!
//! Every store method writes at the version that was read, and accepting checks the time again.

use super::rights::Rights;
use crate::{
    AccountScope, Timestamp,
    account::{actor::Actor, email_address::EmailAddress},
    ids::{InvitationId, LoginMethodId, MemberId},
    record::{Record, Repeatable},
};
use serde::{Deserialize, Serialize};
use std::{ops::RangeInclusive, time::Duration};

/// Days for which an invitation can be made to hold (SPEC D24).
pub const INVITATION_LIFE_DAYS: RangeInclusive<u64> = 1..=30;
/// Days for which an invitation holds unless it says otherwise.
pub const INVITATION_LIFE_DAYS_DEFAULT: u64 = 7;
/// Times that an invitation can be sent again within a day.
pub const RESENDS_A_DAY: usize = 3;
/// Links of one invitation that are known.
pub const INVITATION_TOKENS_MAX: usize = 100;

const DAY: Duration = Duration::from_hours(24);

/// An invitation of one address to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Id of the invitation.
    pub id: InvitationId,
    /// The account.
    pub scope: AccountScope,
    /// The pending member whom accepting makes active.
    pub member_id: MemberId,
    /// The invited address.
    pub email: EmailAddress,
    /// The way in which the invitee has to sign in.
    pub method: InvitedMethod,
    /// The inviter. The invitation stays valid when the inviter leaves.
    pub invited_by: Actor,
    /// The links. All of them work until the invitation ends.
    pub tokens: Vec<InvitationToken>,
    /// The most that is opened by links that did not go to the invited mailbox: the rights of the invitee when one was
    /// last made. Nothing if they are not on record.
    pub copied_rights: Option<Rights>,
    /// Number of mails.
    pub sends: u32,
    /// Times of the last day at which it was sent again.
    pub resent_at: Vec<Timestamp>,
    /// Time at which a link was first opened.
    pub opened_at: Option<Timestamp>,
    /// Time of the acceptance.
    pub accepted_at: Option<Timestamp>,
    /// Time of the revocation.
    pub revoked_at: Option<Timestamp>,
    /// Time from which it can no longer be accepted.
    pub expires_at: Timestamp,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Invitation {
    /// The status by the clock.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> InvitationStatus {
        if self.accepted_at.is_some() {
            InvitationStatus::Accepted
        } else if self.revoked_at.is_some() {
            InvitationStatus::Revoked
        } else if now < self.expires_at {
            InvitationStatus::Pending
        } else {
            InvitationStatus::Expired
        }
    }

    /// The link with this hash.
    #[must_use]
    pub fn token(&self, hash: &str) -> Option<&InvitationToken> {
        self.tokens.iter().find(|token| token.hash == hash)
    }

    /// Adds a link, while the invitee has these rights. A link that did not go to the invited mailbox opens no more
    /// than these, whatever the invitee is given later, because whoever handed it over or saw it would get that too
    /// (SPEC D26). Earlier links that were made for less end. Where there are too many links, the oldest copied one
    /// goes first.
    pub fn add_token(&mut self, token: InvitationToken, rights: &Rights) {
        if !token.kind.proves_address() {
            let covers = |held: &Rights| held.covers(rights);
            if !self.copied_rights.as_ref().is_some_and(covers) {
                self.tokens.retain(|token| token.kind.proves_address());
            }
            self.copied_rights = Some(rights.clone());
        }
        if self.tokens.len() >= INVITATION_TOKENS_MAX {
            let is_copied = |token: &InvitationToken| token.kind == TokenKind::Copied;
            let oldest = self.tokens.iter().position(is_copied).unwrap_or(0);
            self.tokens.remove(oldest);
        }
        self.tokens.push(token);
    }

    /// The most that a link of this kind opens; `None` for one that opens whatever the invitee has.
    #[must_use]
    pub fn limit_of(&self, kind: TokenKind) -> Option<Rights> {
        if kind.proves_address() {
            return None;
        }
        Some(self.copied_rights.clone().unwrap_or_else(Rights::none))
    }

    /// Times that it can still be sent again today.
    #[must_use]
    pub fn resends_left(&self, now: Timestamp) -> usize {
        RESENDS_A_DAY.saturating_sub(self.resent_within_a_day(now).count())
    }

    fn resent_within_a_day(&self, now: Timestamp) -> impl Iterator<Item = Timestamp> {
        let all = self.resent_at.iter().copied();
        all.filter(move |at| now < at.plus(DAY))
    }

    /// Notes that it is sent again, and extends it. Its earlier links keep working.
    pub fn resend(&mut self, now: Timestamp, life: Duration) -> Result<(), ResendRefused> {
        match self.status(now) {
            InvitationStatus::Pending | InvitationStatus::Expired => {}
            InvitationStatus::Accepted | InvitationStatus::Revoked => {
                return Err(ResendRefused::NotPending);
            }
        }
        let mut resent: Vec<_> = self.resent_within_a_day(now).collect();
        resent.sort_unstable();
        // The one whose day has to be over before there is room again.
        let ahead = resent.len().checked_sub(RESENDS_A_DAY);
        if let Some(first) = ahead.and_then(|ahead| resent.get(ahead)) {
            let again_at = first.plus(DAY);
            return Err(ResendRefused::TooMany { again_at });
        }
        resent.push(now);
        self.resent_at = resent;
        self.sends = self.sends.saturating_add(1);
        self.expires_at = self.expires_at.max(now.plus(life));
        self.updated_at = now;
        Ok(())
    }

    /// Revokes a pending invitation. `false` when it is not pending.
    pub fn revoke(&mut self, now: Timestamp) -> bool {
        let is_pending = self.status(now) == InvitationStatus::Pending;
        if is_pending {
            self.revoked_at = Some(now);
            self.updated_at = now;
        }
        is_pending
    }

    /// Accepts a pending invitation. `false` when it is not pending.
    pub fn accept(&mut self, now: Timestamp) -> bool {
        let is_pending = self.status(now) == InvitationStatus::Pending;
        if is_pending {
            self.accepted_at = Some(now);
            self.updated_at = now;
        }
        is_pending
    }
}

impl Record for Invitation {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for Invitation {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// The way in which an invitee has to sign in (SPEC D03).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvitedMethod {
    /// With a password.
    Password,
    /// At a provider of the account.
    Provider {
        /// The login method.
        method_id: LoginMethodId,
        /// The person's identifier at the provider. If there is one, it alone decides (SPEC D27).
        identifier: Option<String>,
        /// The issuer at the time, for `OpenID` Connect.
        issuer: Option<String>,
    },
}

/// A link of an invitation. The link itself is shown once; only its SHA-256 is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationToken {
    /// SHA-256 of the token, lower-case hex.
    pub hash: String,
    /// The way that the link took.
    pub kind: TokenKind,
    /// Time at which it was made.
    pub made_at: Timestamp,
}

/// The way that a link takes. Only a mailed one proves an address (SPEC D24).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// To the invited mailbox.
    Mailed,
    /// Through an admin's hands.
    Copied,
    /// Through the hands of the operator of the stack, whose word counts for more than an admin's (SPEC D30).
    Operator,
}

impl TokenKind {
    /// Whether the link proves the invited address.
    #[must_use]
    pub const fn proves_address(self) -> bool {
        match self {
            Self::Mailed => true,
            Self::Copied | Self::Operator => false,
        }
    }

    /// Whether the link ends what was set before in a login of the invited address that nobody proved.
    #[must_use]
    pub const fn ends_earlier(self) -> bool {
        match self {
            Self::Mailed | Self::Operator => true,
            Self::Copied => false,
        }
    }
}

/// Status of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// Can be accepted.
    Pending,
    /// Was accepted.
    Accepted,
    /// Was revoked.
    Revoked,
    /// Its time is over.
    Expired,
}

/// The reason why an invitation is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResendRefused {
    /// It was accepted or revoked.
    NotPending,
    /// It was sent again too often today.
    TooMany {
        /// Time from which it can be sent again.
        again_at: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::permission::Permission,
        samples::{at, invitation},
        team::client_access::ClientAccess,
    };
    use proptest::{collection::vec, prelude::*};

    const DAY_SECONDS: i64 = 24 * 60 * 60;
    const LIFE: Duration = Duration::from_hours(7 * 24);

    fn token(name: &str, kind: TokenKind) -> InvitationToken {
        InvitationToken {
            hash: name.to_owned(),
            kind,
            made_at: at(0),
        }
    }

    /// Rights of every client, with these permissions.
    fn rights(permissions: &[Permission]) -> Rights {
        Rights {
            permissions: permissions.iter().copied().collect(),
            clients: ClientAccess::All,
        }
    }

    fn has(invitation: &Invitation, names: &[&str]) -> bool {
        let found = invitation.tokens.iter().map(|token| token.hash.as_str());
        found.eq(names.iter().copied())
    }

    /// SPEC D26.
    #[test]
    fn a_link_that_was_handed_over_opens_what_the_invitee_had_when_it_was_made() {
        use TokenKind::{Copied, Mailed, Operator};
        let mut invitation = invitation("ana");
        assert_eq!(invitation.limit_of(Mailed), None);
        assert_eq!(invitation.limit_of(Copied), Some(Rights::none()));
        let reader = rights(&[Permission::ProjectsRead]);
        let auditor = rights(&[Permission::ProjectsRead, Permission::AuditRead]);
        invitation.add_token(token("mailed", Mailed), &Rights::ALL);
        assert_eq!(invitation.limit_of(Copied), Some(Rights::none()));
        invitation.add_token(token("first", Copied), &auditor);
        assert_eq!(invitation.limit_of(Copied), Some(auditor.clone()));
        // One for less leaves those for more, which open less from now on.
        invitation.add_token(token("second", Copied), &reader);
        assert_eq!(invitation.limit_of(Copied), Some(reader));
        assert!(has(&invitation, &["mailed", "first", "second"]));
        // One for more ends those for less.
        invitation.add_token(token("third", Copied), &auditor);
        assert!(has(&invitation, &["mailed", "third"]));
        invitation.add_token(token("fourth", Operator), &Rights::ALL);
        assert!(has(&invitation, &["mailed", "fourth"]));
        assert_eq!(invitation.limit_of(Operator), Some(Rights::ALL));
        assert_eq!(invitation.limit_of(Mailed), None);
    }

    /// SPEC D24, D30.
    #[test]
    fn a_mailed_link_proves_the_address_and_ends_what_was_set_before_and_an_operators_only_the_latter()
     {
        for (kind, proves, ends) in [
            (TokenKind::Mailed, true, true),
            (TokenKind::Operator, false, true),
            (TokenKind::Copied, false, false),
        ] {
            assert_eq!(kind.proves_address(), proves, "{kind:?}");
            assert_eq!(kind.ends_earlier(), ends, "{kind:?}");
        }
    }

    /// SPEC D24.
    #[test]
    fn an_invitation_is_pending_until_its_time_is_over() {
        let invitation = invitation("ana");
        let end = 7 * DAY_SECONDS;
        assert_eq!(invitation.status(at(end - 1)), InvitationStatus::Pending);
        assert_eq!(invitation.status(at(end)), InvitationStatus::Expired);
    }

    /// SPEC D24: at most three a day, and earlier links keep working.
    #[test]
    fn an_invitation_is_sent_again_three_times_a_day_and_extended() {
        let mut invitation = invitation("ana");
        invitation.add_token(token("first", TokenKind::Mailed), &Rights::ALL);
        for second in [10, 20, 30] {
            assert_eq!(invitation.resend(at(second), LIFE), Ok(()));
            assert_eq!(invitation.expires_at, at(second).plus(LIFE));
        }
        assert_eq!(invitation.resends_left(at(31)), 0);
        let again_at = at(10 + DAY_SECONDS);
        let too_many = Err(ResendRefused::TooMany { again_at });
        assert_eq!(invitation.resend(at(31), LIFE), too_many);
        assert_eq!(invitation.resend(at(9 + DAY_SECONDS), LIFE), too_many);
        assert_eq!(invitation.resend(again_at, LIFE), Ok(()));
        assert_eq!(invitation.resent_at.len(), 3);
        assert_eq!((invitation.sends, invitation.updated_at), (5, again_at));
        assert!(invitation.token("first").is_some());
    }

    #[test]
    fn sending_again_does_not_shorten_an_invitation() {
        let mut invitation = invitation("ana");
        let before = invitation.expires_at;
        let short = Duration::from_hours(1);
        assert_eq!(invitation.resend(at(1), short), Ok(()));
        assert_eq!(invitation.expires_at, before);
    }

    /// SPEC D24.
    #[test]
    fn an_expired_invitation_is_pending_again_once_it_is_sent_again() {
        let mut invitation = invitation("ana");
        let late = at(8 * DAY_SECONDS);
        assert!(!invitation.revoke(late));
        assert!(!invitation.accept(late));
        assert_eq!(invitation.resend(late, LIFE), Ok(()));
        assert_eq!(invitation.status(late), InvitationStatus::Pending);
    }

    #[test]
    fn the_oldest_copied_link_makes_room_for_a_new_one() {
        let mut invitation = invitation("ana");
        invitation.add_token(token("mailed", TokenKind::Mailed), &Rights::ALL);
        invitation.add_token(token("copied", TokenKind::Copied), &Rights::ALL);
        for number in 2..=INVITATION_TOKENS_MAX {
            invitation.add_token(token(&number.to_string(), TokenKind::Mailed), &Rights::ALL);
        }
        assert_eq!(invitation.tokens.len(), INVITATION_TOKENS_MAX);
        assert!(invitation.token("copied").is_none());
        assert!(invitation.token("mailed").is_some());
        invitation.add_token(token("last", TokenKind::Copied), &Rights::ALL);
        assert_eq!(invitation.tokens.len(), INVITATION_TOKENS_MAX);
        assert!(invitation.token("mailed").is_none());
        assert_eq!(
            invitation.token("last").map(|token| token.kind),
            Some(TokenKind::Copied)
        );
    }

    #[test]
    fn an_invitation_is_at_its_own_version_and_knows_the_call_that_created_it() {
        let invitation = invitation("ana");
        assert_eq!(Record::version(&invitation), 1);
        assert_eq!(Repeatable::request_hash(&invitation), None);
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Wait(i64),
        Resend,
        Revoke,
        Accept,
        /// Another number of permissions is given to the invitee.
        Give(usize),
        Copy,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (1..10 * DAY_SECONDS).prop_map(Step::Wait),
            Just(Step::Resend),
            Just(Step::Revoke),
            Just(Step::Accept),
            (0..Permission::ALL.len()).prop_map(Step::Give),
            Just(Step::Copy),
        ];
        vec(step, 0..40)
    }

    proptest! {
        /// SPEC D24: the table above, whatever the order.
        #[test]
        fn an_invitation_goes_only_the_ways_of_its_table(steps in steps()) {
            use InvitationStatus::{Accepted, Expired, Pending, Revoked};
            let mut invitation = invitation("ana");
            let mut now = at(0);
            let mut given = Rights::none();
            // The rights of the invitee at the making of each copied link.
            let mut copies: Vec<(String, Rights)> = Vec::new();
            for step in steps {
                let before = invitation.status(now);
                let is_done = match step {
                    Step::Wait(seconds) => {
                        now = now.plus(Duration::from_secs(seconds.unsigned_abs()));
                        true
                    }
                    Step::Resend => invitation.resend(now, LIFE).is_ok(),
                    Step::Revoke => invitation.revoke(now),
                    Step::Accept => invitation.accept(now),
                    Step::Give(count) => {
                        given = rights(&Permission::ALL[..count]);
                        true
                    }
                    Step::Copy => {
                        let name = copies.len().to_string();
                        invitation.add_token(token(&name, TokenKind::Copied), &given);
                        copies.push((name, given.clone()));
                        true
                    }
                };
                let after = invitation.status(now);
                let is_legal = match (step, is_done) {
                    (_, false) | (Step::Give(_) | Step::Copy, true) => after == before,
                    (Step::Wait(_), true) => after == before || (before, after) == (Pending, Expired),
                    (Step::Resend, true) => matches!(before, Pending | Expired) && after == Pending,
                    (Step::Revoke, true) => (before, after) == (Pending, Revoked),
                    (Step::Accept, true) => (before, after) == (Pending, Accepted),
                };
                prop_assert!(is_legal, "{:?}: {:?} -> {:?}", step, before, after);
                // SPEC D26: no link opens more than the invitee had when it was made.
                for (name, at_copy) in &copies {
                    let opens = invitation.token(name).and_then(|token| invitation.limit_of(token.kind));
                    prop_assert!(opens.is_none_or(|opens| at_copy.covers(&opens)), "{}", name);
                }
                prop_assert!(invitation.accepted_at.is_none() || invitation.revoked_at.is_none());
                prop_assert!(invitation.resent_at.len() <= RESENDS_A_DAY);
            }
        }
    }
}
