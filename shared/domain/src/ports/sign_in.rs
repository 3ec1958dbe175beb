//! Ports of signing in: logins, sessions, flows through providers, throttles.

use crate::{
    AccountScope, PortError, Timestamp,
    account::{Account, email_address::EmailAddress},
    event::AuditEntry,
    ids::{InvitationId, LoginId, LoginMethodId},
    secret::Secret,
    team::{
        identity::{AccountIdentity, IdentityHash},
        login::Login,
        mail::Mail,
        member::Member,
        member_standing::MemberStanding,
        session::Session,
        throttle::ThrottleKind,
    },
};
use async_trait::async_trait;
use std::time::Duration;

/// One of a login's accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPlace {
    /// The account.
    pub account: Account,
    /// The login's member in it.
    pub standing: MemberStanding,
}

impl AccountPlace {
    /// The login's members that lose their limits by the proof of the invited address, as they are afterwards.
    #[must_use]
    pub fn freed(places: &[Self], now: Timestamp) -> Vec<Member> {
        let members = places.iter().map(|place| &place.standing.member);
        members
            .filter(|member| member.limit.is_some())
            .map(|member| Member {
                limit: None,
                updated_at: now,
                ..member.clone()
            })
            .collect()
    }
}

/// The changes that are written together with a login's record.
#[derive(Debug, Clone, Default)]
pub struct LoginChange {
    /// Hashes of the sessions that end.
    pub end_sessions: Vec<String>,
    /// Whether all sessions that were opened before end, one whose opening is on its way included. The session
    /// that begins with the change stays.
    pub ends_earlier: bool,
    /// Whether the identities end that accounts bound to the login, by whomever: the change proves an address that
    /// nobody had proven.
    pub unbinds: bool,
    /// Hash of the session that `session` replaces. `Conflict` when it ended meanwhile.
    pub replaces: Option<String>,
    /// The session that begins.
    pub session: Option<Session>,
    /// Hash of the reset that is spent. `Conflict` when it was spent before.
    pub reset: Option<String>,
    /// The browser that the login goes on knowing after another password.
    pub device: Option<DeviceToken>,
    /// The mail that tells of the change.
    pub mail: Option<Mail>,
    /// Its members without the limits that end with the proof of the invited address, each at the version that was
    /// read.
    pub freed: Vec<Member>,
    /// The audit entries, one in each account of the login.
    pub audits: Vec<AuditEntry>,
}

/// A permission to set a new password, by a mailed link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reset {
    /// The address that the link is mailed to. The login is the one that has it when the link is used.
    pub email: EmailAddress,
    /// SHA-256 of the token, lower-case hex.
    pub hash: String,
    /// Time at which it was asked for.
    pub asked_at: Timestamp,
    /// Time from which it no longer counts.
    pub expires_at: Timestamp,
}

impl Reset {
    /// Whether the link was mailed to this login. One that got the address since then belongs to somebody else, or is
    /// opened by whoever read the mailbox before.
    #[must_use]
    pub fn is_for(&self, login: &Login) -> bool {
        self.email == login.email && login.address_since <= self.asked_at
    }
}

/// The store of logins.
#[async_trait]
pub trait LoginStore: Send + Sync {
    /// Finds the login with this address: as much is read whether or not there is one.
    async fn find_login(&self, email: &EmailAddress) -> Result<Option<Login>, PortError>;
    /// Returns one login.
    async fn get_login(&self, id: LoginId) -> Result<Option<Login>, PortError>;
    /// Returns the accounts of a login with its member in each.
    async fn accounts(&self, id: LoginId) -> Result<Vec<AccountPlace>, PortError>;
    /// Stores a login made from the record at `after.version`, with the changes beside it, all or nothing.
    /// `Conflict` when the record changed.
    async fn update_login(&self, after: &Login, change: &LoginChange) -> Result<(), PortError>;
    /// Records that a reset was asked for, with its mail.
    async fn ask_reset(&self, reset: &Reset, mail: &Mail) -> Result<(), PortError>;
    /// Finds a reset that counts at this time.
    async fn find_reset(&self, hash: &str, now: Timestamp) -> Result<Option<Reset>, PortError>;
    /// Finds the identity as this account bound it.
    async fn find_identity(
        &self,
        scope: AccountScope,
        identity: &IdentityHash,
    ) -> Result<Option<AccountIdentity>, PortError>;
    /// Binds an identity to an active member of the account, whose record is at this version, by this session, with the
    /// mail that tells of it.
    /// `true` also if it was bound to the member before; `false` if another member has it. `Conflict` when the member
    /// changed, or a change of the login ended every session up to this one.
    async fn bind_identity(
        &self,
        identity: &AccountIdentity,
        member_version: u64,
        session: &Session,
        mail: Option<&Mail>,
        audit: &AuditEntry,
    ) -> Result<bool, PortError>;
}

/// The store of sign-ins that were refused.
#[async_trait]
pub trait RefusalStore: Send + Sync {
    /// Returns a login with its accounts; `None` if nobody has it.
    async fn refused_login(
        &self,
        id: LoginId,
    ) -> Result<Option<(Login, Vec<AccountScope>)>, PortError>;
    /// Adds the entries of one refusal, one in each account. Entries that are there were added by an earlier
    /// attempt.
    async fn record_refusal(&self, entries: &[AuditEntry]) -> Result<(), PortError>;
}

/// The token by which a browser is known that signed a login in before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceToken {
    /// SHA-256 of the token, lower-case hex.
    pub hash: String,
}

/// The changes that are written together with a new session.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Hashes of the sessions that end.
    pub end: Vec<String>,
    /// The device that the login knows from now on.
    pub device: DeviceToken,
    /// The mail that tells of a device that was new.
    pub mail: Option<Mail>,
    /// The audit entries, one in each account of the login.
    pub audits: Vec<AuditEntry>,
}

/// The store of sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session. `Conflict` when all sessions of its version of the login ended meanwhile.
    async fn open_session(&self, session: &Session, opening: &Opening) -> Result<(), PortError>;
    /// Returns the sessions of a login that have not been ended, with their last activity.
    async fn list_sessions(&self, id: LoginId) -> Result<Vec<Session>, PortError>;
    /// Ends sessions at once. One that is gone already does no harm.
    async fn end_sessions(
        &self,
        id: LoginId,
        hashes: &[String],
        audits: &[AuditEntry],
    ) -> Result<(), PortError>;
    /// Returns the time at which the browser with this token signed the login in last. The login says whether it still
    /// knows it: [`Login::knows_browser_of`].
    async fn device_seen_at(&self, id: LoginId, hash: &str)
    -> Result<Option<Timestamp>, PortError>;
}

/// A sign-in on its way through a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInFlow {
    /// SHA-256 of the `state` parameter, lower-case hex.
    pub state_hash: String,
    /// SHA-256 of the flow cookie, lower-case hex: the answer counts in the browser that began.
    pub browser_hash: String,
    /// The account whose provider it is.
    pub scope: AccountScope,
    /// The login method.
    pub method_id: LoginMethodId,
    /// The issuer at the start, for `OpenID` Connect.
    pub issuer: Option<String>,
    /// The `nonce` that the ID token must have.
    pub nonce: String,
    /// The verifier of PKCE (RFC 7636).
    pub verifier: String,
    /// The purpose.
    pub purpose: FlowPurpose,
    /// The page of the console to return to.
    pub return_to: String,
    /// Time from which the answer no longer counts.
    pub expires_at: Timestamp,
}

/// The purpose of a sign-in at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowPurpose {
    /// To sign in.
    SignIn,
    /// To accept an invitation.
    Accept {
        /// The invitation.
        invitation_id: InvitationId,
        /// Hash of its link.
        token_hash: String,
    },
    /// To bind the identity to a login that signed in itself.
    Bind {
        /// The login.
        login_id: LoginId,
    },
    /// To try a login method.
    Trial {
        /// Hash of the session of the admin who tries it.
        session_hash: String,
    },
}

/// The store of sign-ins on their way.
#[async_trait]
pub trait FlowStore: Send + Sync {
    /// Adds a flow.
    async fn save_flow(&self, flow: &SignInFlow) -> Result<(), PortError>;
    /// Takes a flow away, once, unless its time is over.
    async fn take_flow(
        &self,
        state_hash: &str,
        now: Timestamp,
    ) -> Result<Option<SignInFlow>, PortError>;
}

/// The outcome of an attempt before a throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may be made.
    Admitted,
    /// It may be made after this time.
    Wait(Duration),
}

/// The store of throttles.
#[async_trait]
pub trait ThrottleStore: Send + Sync {
    /// Counts an attempt of this subject, unless there were too many.
    async fn admit(
        &self,
        kind: ThrottleKind,
        subject: &str,
        now: Timestamp,
    ) -> Result<Admission, PortError>;
}

/// The outcome of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether its hash is weaker than new ones are.
    pub rehash: bool,
}

/// Hashes passwords.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password; PHC string format.
    async fn hash(&self, password: &Secret) -> Result<String, PortError>;
    /// Checks a password against a stored hash. Without one it does the same work in vain, so that the time tells
    /// nothing.
    async fn verify(&self, password: &Secret, stored: Option<&str>) -> Result<Verdict, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, email, login};

    /// SPEC D28, D35.
    #[test]
    fn a_reset_is_for_the_login_that_had_the_address_when_it_was_asked_for_and_has_it_still() {
        let reset = Reset {
            email: email("ana"),
            hash: "4e5e7".to_owned(),
            asked_at: at(10),
            expires_at: at(1810),
        };
        let since = |address_since| Login {
            address_since,
            ..login("ana")
        };
        assert!(reset.is_for(&since(at(0))));
        assert!(reset.is_for(&since(at(10))));
        assert!(!reset.is_for(&since(at(11))));
        let moved = Login {
            email: email("ann"),
            ..login("ana")
        };
        assert!(!reset.is_for(&moved));
    }
}
