//! Ports of what a person does with the own login as a whole: another address, the data on record, the end
//! (SPEC D35).

use crate::{
    AccountScope, PortError, Timestamp,
    account::email_address::EmailAddress,
    event::AuditEntry,
    ids::{AccountId, LoginId, LoginMethodId},
    team::{identity::IdentityHash, login::Login, mail::Mail, session::Session},
};
use async_trait::async_trait;

/// A change of a login's address that waits for its mailed link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressChange {
    /// The login.
    pub login_id: LoginId,
    /// SHA-256 of the link's token, lower-case hex.
    pub hash: String,
    /// The new address.
    pub email: EmailAddress,
    /// The address of the login when the change was asked for.
    pub from: EmailAddress,
    /// Time at which the password was set that the login had then.
    pub password_set_at: Option<Timestamp>,
    /// Time from which the link no longer counts.
    pub expires_at: Timestamp,
}

impl AddressChange {
    /// Whether the change can still be made of this login: another address or another password since then ends
    /// it, because the owner may have taken the login back from whoever asked.
    #[must_use]
    pub fn holds(&self, login: &Login, now: Timestamp) -> bool {
        let password_set_at = login.password.as_ref().map(|password| password.set_at);
        self.login_id == login.id
            && self.from == login.email
            && self.password_set_at == password_set_at
            && now < self.expires_at
    }
}

/// A change of a login's address whose link was opened, with what is written beside it.
#[derive(Debug, Clone)]
pub struct AddressTaking {
    /// The login with its new address, at the version that was read.
    pub after: Login,
    /// The change, which is spent.
    pub change: AddressChange,
    /// Hash of the session that asks. It must still be there, and it ends.
    pub current: String,
    /// Hashes of the other sessions that end.
    pub end_sessions: Vec<String>,
    /// The session that takes the place of `current`.
    pub session: Session,
    /// The mails that tell of the change.
    pub mails: Vec<Mail>,
    /// The audit entries, one in each account of the login.
    pub audits: Vec<AuditEntry>,
}

/// The outcome of taking an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressOutcome {
    /// The login has the address.
    Done,
    /// Another login has it. Nothing was changed.
    Taken,
}

/// The store of changes of logins' addresses.
#[async_trait]
pub trait AddressStore: Send + Sync {
    /// Records that a change was asked for, with the mails that tell of it.
    async fn ask_address(&self, change: &AddressChange, mails: &[Mail]) -> Result<(), PortError>;
    /// Finds a change by the hash of its link's token.
    async fn find_address_change(
        &self,
        id: LoginId,
        hash: &str,
    ) -> Result<Option<AddressChange>, PortError>;
    /// Gives a login its new address, all or nothing. `Conflict` when the login changed, the link was spent, or
    /// the session ended.
    async fn take_address(&self, taking: &AddressTaking) -> Result<AddressOutcome, PortError>;
    /// Gives every member of the login its address. Done twice, or after half of it was done, it does no harm.
    /// An address that somebody else has within an account stays theirs there. `Conflict` when a member changed.
    async fn follow_address(&self, id: LoginId, now: Timestamp) -> Result<(), PortError>;
}

/// An identity at a provider, as one of the login's accounts bound it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundIdentity {
    /// The account.
    pub account_id: AccountId,
    /// Name of the identity.
    pub hash: IdentityHash,
    /// The account's login method.
    pub method_id: LoginMethodId,
}

/// The end of a binding of an identity.
#[derive(Debug, Clone)]
pub struct IdentityRemoval {
    /// The session of the login that asks.
    pub session: Session,
    /// The account that bound the identity.
    pub scope: AccountScope,
    /// The version of the account at which its rules were read.
    pub account_version: u64,
    /// Name of the identity.
    pub hash: IdentityHash,
    /// Another identity by which the login gets into the account, which must still be there.
    pub kept: Option<IdentityHash>,
    /// Hashes of the sessions that end.
    pub end_sessions: Vec<String>,
    /// The mail that tells of it.
    pub mail: Option<Mail>,
    /// The audit entry.
    pub audit: AuditEntry,
}

/// The end of a login.
#[derive(Debug, Clone)]
pub struct LoginRemoval {
    /// The login at the version that was read. It is a member of no account.
    pub login: Login,
    /// Hash of the session that asks, which must still be there.
    pub current: String,
    /// Hashes of the other sessions.
    pub end_sessions: Vec<String>,
    /// The mail that tells of it.
    pub mail: Option<Mail>,
}

/// The store of what is on record about a login, and of its end.
#[async_trait]
pub trait OwnLoginStore: Send + Sync {
    /// Returns the times at which browsers signed the login in last. The login says which of them it still knows.
    async fn devices(&self, id: LoginId) -> Result<Vec<Timestamp>, PortError>;
    /// Returns the identities that are bound to the login.
    async fn identities(&self, id: LoginId) -> Result<Vec<BoundIdentity>, PortError>;
    /// Ends the binding of an identity, with what is written beside it, all or nothing. `Conflict` when it, or the
    /// one that is kept, ended meanwhile, the account changed, or a change of the login ended every session up to the one
    /// that asks.
    async fn remove_identity(&self, removal: &IdentityRemoval) -> Result<(), PortError>;
    /// Notes that a login is a member of no account any more, if that is so: it is purged 30 days later, unless it
    /// joins one. `Conflict` when it changed meanwhile.
    async fn note_left(&self, id: LoginId, now: Timestamp) -> Result<(), PortError>;
    /// Deletes a login and what is beside it. The login itself goes last, so a call that ended half way can be
    /// repeated. `Conflict` when the login changed, as it does when it joins an account.
    async fn remove_login(&self, removal: &LoginRemoval) -> Result<(), PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        samples::at,
        team::login::{PasswordRecord, Preferences},
    };

    fn email(text: &str) -> EmailAddress {
        EmailAddress::parse(text).unwrap()
    }

    fn login() -> Login {
        Login {
            id: LoginId::derive(&["ana"]),
            email: email("ana@example.com"),
            address_since: at(0),
            name: "Ana".to_owned(),
            verified_at: Some(at(0)),
            password: Some(PasswordRecord {
                hash: "$argon2id$".to_owned(),
                set_at: at(1),
            }),
            factor: None,
            preferences: Preferences::default(),
            left_at: None,
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    /// SPEC D35.
    #[test]
    fn a_change_ends_with_its_time_with_another_address_and_with_another_password() {
        let change = AddressChange {
            login_id: login().id,
            hash: "c0de".to_owned(),
            email: email("ana@example.org"),
            from: email("ana@example.com"),
            password_set_at: Some(at(1)),
            expires_at: at(1800),
        };
        assert!(change.holds(&login(), at(1799)));
        assert!(!change.holds(&login(), at(1800)));
        let moved = Login {
            email: email("ana@example.net"),
            ..login()
        };
        assert!(!change.holds(&moved, at(2)));
        let taken_back = Login {
            password: Some(PasswordRecord {
                hash: "$argon2id$".to_owned(),
                set_at: at(2),
            }),
            ..login()
        };
        assert!(!change.holds(&taken_back, at(2)));
        let another = Login {
            id: LoginId::derive(&["ben"]),
            ..login()
        };
        assert!(!change.holds(&another, at(2)));
    }
}
