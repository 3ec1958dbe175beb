use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use vestibule_domain::{
    AccountScope, Timestamp,
    connector::SealedSecrets,
    ids::LoginMethodId,
    team::login_method::{LoginMethod, ProviderSettings},
};

/// A login method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct LoginMethodItem {
    pk: String,
    sk: String,
    id: LoginMethodId,
    scope: AccountScope,
    name: String,
    provider: ProviderAttribute,
    client_id: String,
    client_secret: SealedSecrets,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tried_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum ProviderAttribute {
    #[serde(rename = "openid_connect")]
    OpenIdConnect {
        issuer: String,
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        tenants: BTreeSet<String>,
        identifier_claim: String,
        scopes: Vec<String>,
    },
    #[serde(rename = "oauth2")]
    OAuth2 {
        authorization_url: String,
        token_url: String,
        user_info_url: String,
        identifier_field: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email_field: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name_field: Option<String>,
        scopes: Vec<String>,
    },
}

impl From<ProviderSettings> for ProviderAttribute {
    fn from(settings: ProviderSettings) -> Self {
        match settings {
            ProviderSettings::OpenIdConnect {
                issuer,
                tenants,
                identifier_claim,
                scopes,
            } => Self::OpenIdConnect {
                issuer,
                tenants,
                identifier_claim,
                scopes,
            },
            ProviderSettings::OAuth2 {
                authorization_url,
                token_url,
                user_info_url,
                identifier_field,
                email_field,
                name_field,
                scopes,
            } => Self::OAuth2 {
                authorization_url,
                token_url,
                user_info_url,
                identifier_field,
                email_field,
                name_field,
                scopes,
            },
        }
    }
}

impl From<ProviderAttribute> for ProviderSettings {
    fn from(stored: ProviderAttribute) -> Self {
        match stored {
            ProviderAttribute::OpenIdConnect {
                issuer,
                tenants,
                identifier_claim,
                scopes,
            } => Self::OpenIdConnect {
                issuer,
                tenants,
                identifier_claim,
                scopes,
            },
            ProviderAttribute::OAuth2 {
                authorization_url,
                token_url,
                user_info_url,
                identifier_field,
                email_field,
                name_field,
                scopes,
            } => Self::OAuth2 {
                authorization_url,
                token_url,
                user_info_url,
                identifier_field,
                email_field,
                name_field,
                scopes,
            },
        }
    }
}

impl From<&LoginMethod> for LoginMethodItem {
    fn from(method: &LoginMethod) -> Self {
        let key = keys::login_method(method.scope, method.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            id: method.id,
            scope: method.scope,
            name: method.name.clone(),
            provider: method.provider.clone().into(),
            client_id: method.client_id.clone(),
            client_secret: method.client_secret.clone(),
            tried_at: method.tried_at,
            request_hash: method.request_hash.clone(),
            version: method.version,
            created_at: method.created_at,
            updated_at: method.updated_at,
        }
    }
}

impl From<LoginMethodItem> for LoginMethod {
    fn from(item: LoginMethodItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            provider: item.provider.into(),
            client_id: item.client_id,
            client_secret: item.client_secret,
            tried_at: item.tried_at,
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::ids::AccountId;

    #[test]
    fn a_login_method_is_read_as_it_was_written() {
        let text = |text: &str| text.to_owned();
        for provider in [
            ProviderSettings::OpenIdConnect {
                issuer: text("https://idp.example"),
                tenants: BTreeSet::new(),
                identifier_claim: text("sub"),
                scopes: vec![text("openid")],
            },
            ProviderSettings::OpenIdConnect {
                issuer: text("https://idp.example/common/v2.0"),
                tenants: BTreeSet::from([text("9188040d-6c67-4c5b-b112-36a304b66dad")]),
                identifier_claim: text("oid"),
                scopes: Vec::new(),
            },
            ProviderSettings::OAuth2 {
                authorization_url: text("https://idp.example/a"),
                token_url: text("https://idp.example/t"),
                user_info_url: text("https://idp.example/u"),
                identifier_field: text("id"),
                email_field: None,
                name_field: Some(text("name")),
                scopes: Vec::new(),
            },
        ] {
            let method = LoginMethod {
                id: LoginMethodId::derive(&["l"]),
                scope: AccountScope::of_verified(AccountId::derive(&["a"])),
                name: text("Company"),
                provider,
                client_id: text("client"),
                client_secret: SealedSecrets::default(),
                tried_at: Some(Timestamp::from_millis(5)),
                request_hash: None,
                version: 2,
                created_at: Timestamp::from_millis(1),
                updated_at: Timestamp::from_millis(2),
            };
            let row = to_row(&LoginMethodItem::from(&method)).unwrap();
            let read: LoginMethodItem = from_row(row, "login method").unwrap();
            assert_eq!(LoginMethod::from(read), method);
        }
    }
}
