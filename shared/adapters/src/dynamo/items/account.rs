use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{Account, Client, rules::AccountRules},
    ids::{AccountId, ClientId, LoginMethodId, MemberId},
};

/// The version of a record from before versions were counted.
const fn first() -> u64 {
    1
}

/// The default client as its account names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ClientAttribute {
    pub(in crate::dynamo) id: ClientId,
    pub(in crate::dynamo) name: String,
    pub(in crate::dynamo) created_at: Timestamp,
}

impl From<&Client> for ClientAttribute {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id,
            name: client.name.clone(),
            created_at: client.created_at,
        }
    }
}

impl From<ClientAttribute> for Client {
    fn from(attribute: ClientAttribute) -> Self {
        Self {
            id: attribute.id,
            name: attribute.name,
            channels: BTreeSet::new(),
            first_reply_minutes: None,
            is_default: true,
            request_hash: None,
            version: first(),
            created_at: attribute.created_at,
            updated_at: attribute.created_at,
        }
    }
}

/// Rules as stored. Each that is absent is the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::dynamo) struct RulesAttribute {
    factor_required: bool,
    provider_factor_counts: bool,
    sso_only: bool,
    methods: BTreeMap<LoginMethodId, MethodAttribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requeue_after_minutes: Option<u32>,
}

impl Default for RulesAttribute {
    fn default() -> Self {
        Self::from(&AccountRules::default())
    }
}

/// A login method as the rules name it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct MethodAttribute {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
}

impl From<&AccountRules> for RulesAttribute {
    fn from(rules: &AccountRules) -> Self {
        let method = |(id, issuer): (&LoginMethodId, &Option<String>)| {
            let issuer = issuer.clone();
            (*id, MethodAttribute { issuer })
        };
        Self {
            factor_required: rules.factor_required,
            provider_factor_counts: rules.provider_factor_counts,
            sso_only: rules.sso_only,
            methods: rules.methods.iter().map(method).collect(),
            requeue_after_minutes: rules.requeue_after_minutes,
        }
    }
}

impl From<RulesAttribute> for AccountRules {
    fn from(stored: RulesAttribute) -> Self {
        let methods = stored.methods.into_iter();
        Self {
            factor_required: stored.factor_required,
            provider_factor_counts: stored.provider_factor_counts,
            sso_only: stored.sso_only,
            methods: methods.map(|(id, method)| (id, method.issuer)).collect(),
            requeue_after_minutes: stored.requeue_after_minutes,
        }
    }
}

/// An account. Rows of earlier releases have neither rules nor version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct AccountItem {
    pk: String,
    sk: String,
    id: AccountId,
    name: String,
    pub(in crate::dynamo) default_client: ClientAttribute,
    /// The member who made the account, whom no invitation names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::dynamo) founder_id: Option<MemberId>,
    #[serde(default)]
    rules: RulesAttribute,
    #[serde(default = "first")]
    version: u64,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
}

impl AccountItem {
    /// Makes the row of an account with this default client.
    pub(in crate::dynamo) fn new(account: &Account, client: ClientAttribute) -> Self {
        let key = keys::account(AccountScope::of_verified(account.id));
        Self {
            pk: key.pk,
            sk: key.sk,
            id: account.id,
            name: account.name.clone(),
            default_client: client,
            founder_id: None,
            rules: (&account.rules).into(),
            version: account.version,
            created_at: account.created_at,
            updated_at: Some(account.updated_at),
        }
    }
}

impl From<AccountItem> for Account {
    fn from(item: AccountItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            rules: item.rules.into(),
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at.unwrap_or(item.created_at),
        }
    }
}

/// A client. The one of earlier releases was the default one, and was in no list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ClientItem {
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all_sk: Option<String>,
    id: ClientId,
    name: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    channels: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_reply_minutes: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_default: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_hash: Option<String>,
    #[serde(default = "first")]
    version: u64,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
}

impl ClientItem {
    /// Makes the row of a client of this account.
    pub(in crate::dynamo) fn new(scope: AccountScope, client: &Client) -> Self {
        let key = keys::client(scope, client.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            all_pk: Some(keys::clients(scope)),
            all_sk: Some(keys::by_name(&client.name, client.id)),
            id: client.id,
            name: client.name.clone(),
            channels: client.channels.clone(),
            first_reply_minutes: client.first_reply_minutes,
            is_default: Some(client.is_default),
            request_hash: client.request_hash.clone(),
            version: client.version,
            created_at: client.created_at,
            updated_at: Some(client.updated_at),
        }
    }

    /// Whether a list leads to the row.
    pub(in crate::dynamo) const fn is_listed(&self) -> bool {
        self.all_pk.is_some()
    }
}

impl From<ClientItem> for Client {
    fn from(item: ClientItem) -> Self {
        Self {
            id: item.id,
            name: item.name,
            channels: item.channels,
            first_reply_minutes: item.first_reply_minutes,
            is_default: item.is_default.unwrap_or(true),
            request_hash: item.request_hash,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at.unwrap_or(item.created_at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use serde_json::json;

    fn account() -> Account {
        Account {
            id: AccountId::derive(&["a"]),
            name: "Acme".to_owned(),
            rules: AccountRules {
                factor_required: true,
                provider_factor_counts: false,
                sso_only: true,
                methods: BTreeMap::from([
                    (
                        LoginMethodId::derive(&["one"]),
                        Some("https://idp".to_owned()),
                    ),
                    (LoginMethodId::derive(&["two"]), None),
                ]),
                requeue_after_minutes: Some(30),
            },
            version: 7,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(5),
        }
    }

    fn client() -> Client {
        Client {
            id: ClientId::derive(&["c"]),
            name: "Brand".to_owned(),
            channels: BTreeSet::from(["sales".to_owned()]),
            first_reply_minutes: Some(30),
            is_default: false,
            request_hash: Some("h".to_owned()),
            version: 3,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(9),
        }
    }

    #[test]
    fn accounts_and_clients_are_read_as_they_were_written() {
        let (account, client) = (account(), client());
        let row = to_row(&AccountItem::new(&account, (&client).into())).unwrap();
        let read: AccountItem = from_row(row, "account").unwrap();
        assert_eq!(read.default_client, (&client).into());
        assert_eq!(Account::from(read), account);
        let scope = AccountScope::of_verified(account.id);
        let row = to_row(&ClientItem::new(scope, &client)).unwrap();
        let read: ClientItem = from_row(row, "client").unwrap();
        assert!(read.is_listed());
        assert_eq!(Client::from(read), client);
    }

    #[test]
    fn an_account_of_the_release_before_is_at_its_first_version_and_has_the_default_rules() {
        let id = AccountId::derive(&["a"]);
        let client = ClientId::derive(&["c"]);
        let at = "2026-11-20T10:00:00.000Z";
        let row = json!({
            "pk": "p", "sk": "ACCOUNT", "id": id, "name": "Acme", "created_at": at,
            "default_client": {"id": client, "name": "Acme", "created_at": at},
        });
        let account = Account::from(serde_json::from_value::<AccountItem>(row).unwrap());
        assert_eq!(
            (account.version, account.updated_at),
            (1, account.created_at)
        );
        assert_eq!(account.rules, AccountRules::default());
        let row = json!({
            "pk": "p", "sk": "CLIENT", "id": client, "name": "Acme", "created_at": at,
        });
        let item: ClientItem = serde_json::from_value(row).unwrap();
        assert!(!item.is_listed());
        let client = Client::from(item);
        assert!(client.is_default && client.channels.is_empty());
        assert_eq!(client.first_reply_minutes, None);
        assert_eq!((client.version, client.updated_at), (1, client.created_at));
    }
}
