//! Login methods: the identity providers that an account set up (SPEC D09–D12, D27).

use crate::{
    AccountScope, Timestamp,
    connector::SealedSecrets,
    ids::LoginMethodId,
    record::{Record, Repeatable},
};
use std::collections::BTreeSet;

/// Login methods that an account can have.
pub const LOGIN_METHODS_MAX: usize = 10;

/// A provider of an account. Passwords are a rule of the account and no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginMethod {
    /// Id of the method.
    pub id: LoginMethodId,
    /// The account.
    pub scope: AccountScope,
    /// Name, read after "Sign in with".
    pub name: String,
    /// Kind and addresses of the provider.
    pub provider: ProviderSettings,
    /// The account's id at the provider.
    pub client_id: String,
    /// The account's secret at the provider, under the field name [`LoginMethod::CLIENT_SECRET`].
    pub client_secret: SealedSecrets,
    /// Time of the last trial that went well.
    pub tried_at: Option<Timestamp>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl LoginMethod {
    /// The field name of the client secret.
    pub const CLIENT_SECRET: &str = "client_secret";

    /// The context that the encryption of this method's client secret is bound to.
    #[must_use]
    pub fn secret_context(scope: AccountScope, id: LoginMethodId) -> String {
        format!("{}|{id}|{}", scope.account_id(), Self::CLIENT_SECRET)
    }
}

impl Record for LoginMethod {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for LoginMethod {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// Kind and addresses of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProviderSettings {
    /// `OpenID` Connect, with discovery.
    OpenIdConnect {
        /// The issuer, exactly as its tokens say it, or the address for all tenants of a provider that serves many.
        issuer: String,
        /// The tenants whose people are let in, where the provider serves many; else none.
        tenants: BTreeSet<String>,
        /// The claim that identifies a person, `sub` unless the account says otherwise.
        identifier_claim: String,
        /// Scopes to ask for besides `openid`.
        scopes: Vec<String>,
    },
    /// Plain OAuth 2.0. Its e-mail addresses count as unverified.
    OAuth2 {
        /// Address of the sign-in page.
        authorization_url: String,
        /// Address at which codes are exchanged.
        token_url: String,
        /// Address that tells who signed in.
        user_info_url: String,
        /// Member of the answer that identifies a person.
        identifier_field: String,
        /// Member of the answer with the e-mail address.
        email_field: Option<String>,
        /// Member of the answer with the name.
        name_field: Option<String>,
        /// Scopes to ask for.
        scopes: Vec<String>,
    },
}

impl ProviderSettings {
    /// The issuer of a provider of `OpenID` Connect.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        match self {
            Self::OpenIdConnect { issuer, .. } => Some(issuer),
            Self::OAuth2 { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, scope};

    /// Another text would leave every stored secret closed.
    #[test]
    fn a_client_secret_is_bound_to_its_account_and_method() {
        let (scope, id) = (scope().account(), LoginMethodId::derive(&["m"]));
        let expected = format!("{}|{id}|client_secret", scope.account_id());
        assert_eq!(LoginMethod::secret_context(scope, id), expected);
        let method = LoginMethod {
            id,
            scope,
            name: "Example".into(),
            provider: ProviderSettings::OpenIdConnect {
                issuer: "https://idp.example".into(),
                tenants: BTreeSet::new(),
                identifier_claim: "sub".into(),
                scopes: Vec::new(),
            },
            client_id: "c".into(),
            client_secret: SealedSecrets::default(),
            tried_at: None,
            request_hash: Some("a1".into()),
            version: 4,
            created_at: at(0),
            updated_at: at(0),
        };
        assert_eq!(method.provider.issuer(), Some("https://idp.example"));
        assert_eq!(Record::version(&method), 4);
        assert_eq!(Repeatable::request_hash(&method), Some("a1"));
    }

    #[test]
    fn plain_oauth_has_no_issuer() {
        let provider = ProviderSettings::OAuth2 {
            authorization_url: String::new(),
            token_url: String::new(),
            user_info_url: String::new(),
            identifier_field: "id".into(),
            email_field: None,
            name_field: None,
            scopes: Vec::new(),
        };
        assert_eq!(provider.issuer(), None);
    }
}
