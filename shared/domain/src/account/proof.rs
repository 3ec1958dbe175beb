//! The proof of a caller's right, which the transaction of a change checks once more.

use crate::{
    AccountScope, PortError,
    ids::{ApiKeyId, LoginId, MemberId},
};

/// The id of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialId {
    /// An API key.
    ApiKey(ApiKeyId),
    /// A session: its login, and its hash.
    Session(LoginId, String),
}

/// The place at which a credential is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialPlace {
    /// An API key.
    ApiKey {
        /// SHA-256 of the key, lower-case hex.
        hash: String,
    },
    /// A session.
    Session {
        /// Its login.
        login_id: LoginId,
        /// SHA-256 of its token, lower-case hex.
        hash: String,
    },
}

/// The conditions on a caller's right that must still hold when a change is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerProof {
    /// The credential, which must exist and not have ended.
    pub credential: CredentialPlace,
    /// The account.
    pub scope: AccountScope,
    /// The caller's member with the version that was read.
    pub member: Option<(MemberId, u64)>,
    /// The version of the account's roles that was read, if the member's role is a custom one.
    pub roles_version: Option<u64>,
}

impl CallerProof {
    const NAME: &str = "caller's right";
    /// The error that the caller lost the right, or part of it, meanwhile.
    pub const LOST: PortError = PortError::Conflict { what: Self::NAME };

    /// Whether a failure means that the caller's right was lost. Any other conflict may pass.
    #[must_use]
    pub fn is_lost(error: &PortError) -> bool {
        matches!(error, PortError::Conflict { what: Self::NAME })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_right_is_told_from_every_other_conflict() {
        assert!(CallerProof::is_lost(&CallerProof::LOST));
        assert!(!CallerProof::is_lost(&PortError::Conflict {
            what: "member"
        }));
        assert!(!CallerProof::is_lost(&PortError::rejected("store", "no")));
    }
}
