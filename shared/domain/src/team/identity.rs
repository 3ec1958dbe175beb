//! Identities at the providers of accounts.

use crate::{
    AccountScope,
    digest::sha256_hex_of_parts,
    ids::{LoginId, LoginMethodId, MemberId},
};
use serde::{Deserialize, Serialize};

/// Names an identity at a provider, without saying it. Two accounts that set up the same issuer of
/// `OpenID` Connect name the same identity; of plain OAuth 2.0, each method names its own (SPEC D27).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityHash(String);

impl IdentityHash {
    /// Names the identity of a subject at an issuer of `OpenID` Connect.
    #[must_use]
    pub fn oidc(issuer: &str, subject: &str) -> Self {
        Self(sha256_hex_of_parts(&["oidc", issuer, subject]))
    }

    /// Names the identity that a method of plain OAuth 2.0 identifies so.
    #[must_use]
    pub fn oauth2(method: LoginMethodId, identifier: &str) -> Self {
        let method = method.to_string();
        Self(sha256_hex_of_parts(&["oauth2", &method, identifier]))
    }

    /// The name as it is stored: lower-case hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a stored name.
    #[must_use]
    pub const fn of_stored(hash: String) -> Self {
        Self(hash)
    }
}

/// An identity that one account bound to the login of one of its members. It opens that account only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountIdentity {
    /// The account.
    pub scope: AccountScope,
    /// Name of the identity.
    pub hash: IdentityHash,
    /// The login that it signs in.
    pub login_id: LoginId,
    /// The member whose login that is.
    pub member_id: MemberId,
    /// The login method by which it was bound.
    pub method_id: LoginMethodId,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPEC D27.
    #[test]
    fn an_identity_of_oauth_is_its_methods_own_and_one_of_openid_connect_its_issuers() {
        let [one, other] = ["m", "n"].map(|name| LoginMethodId::derive(&[name]));
        let ana = IdentityHash::oauth2(one, "ana");
        assert_eq!(ana, IdentityHash::oauth2(one, "ana"));
        assert_ne!(ana, IdentityHash::oauth2(other, "ana"));
        assert_ne!(ana, IdentityHash::oidc(&one.to_string(), "ana"));
        let issued = IdentityHash::oidc("https://a.example", "b");
        assert_ne!(issued, IdentityHash::oidc("https://a.exampl", "eb"));
        assert_eq!(issued.as_str().len(), 64);
        assert_eq!(IdentityHash::of_stored(issued.as_str().to_owned()), issued);
        assert_eq!(serde_json::to_value(&issued).unwrap(), issued.as_str());
    }
}
