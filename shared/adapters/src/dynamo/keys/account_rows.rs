//! Keys of an account: its record, clients, and API keys.

use super::{Key, account_pk};
use vestibule_domain::{
    AccountScope,
    ids::{AccountId, ApiKeyId, ClientId},
};

/// An account.
#[must_use]
pub fn account(scope: AccountScope) -> Key {
    Key::new(account_pk(scope.account_id()), "ACCOUNT")
}

/// The account's latest project: whoever deletes the account learns of one that is made meanwhile.
#[must_use]
pub fn latest_project(scope: AccountScope) -> Key {
    Key::new(account_pk(scope.account_id()), "LATEST_PROJECT")
}

/// A client.
#[must_use]
pub fn client(scope: AccountScope, id: ClientId) -> Key {
    Key::new(account_pk(scope.account_id()), format!("CLIENT#{id}"))
}

/// The connectors that name a client, as the release before wrote them. The row has a partition of its own because
/// roles are limited by partition, and who may change connectors may not change clients.
#[must_use]
pub fn client_connectors(scope: AccountScope, id: ClientId) -> Key {
    Key::new(connectors_of_clients(scope), format!("CLIENT#{id}"))
}

/// The partition of the connectors that name clients.
#[must_use]
pub fn connectors_of_clients(scope: AccountScope) -> String {
    format!("{}#CLIENT_CONNECTORS", account_pk(scope.account_id()))
}

/// A part of the connectors that name a client.
#[must_use]
pub fn client_connectors_part(scope: AccountScope, id: ClientId, part: u8) -> Key {
    let all = client_connectors(scope, id);
    Key::new(all.pk, format!("{}#{part}", all.sk))
}

/// An API key by its hash. The key itself names the account; only the hash proves it.
#[must_use]
pub fn api_key(account_id: AccountId, hash: &str) -> Key {
    Key::new(account_pk(account_id), format!("{API_KEY_PREFIX}{hash}"))
}

const API_KEY_PREFIX: &str = "KEY#";

const API_KEY_ID_PREFIX: &str = "KEY_ID#";

/// Whether a row of an account is an API key, or leads to one.
#[must_use]
pub fn is_api_key(key: &Key) -> bool {
    key.sk.starts_with(API_KEY_PREFIX) || key.sk.starts_with(API_KEY_ID_PREFIX)
}

/// The last use of an API key. It has a partition of its own because roles are limited by partition, and
/// every function that proves a key notes its use, while few may change a key.
#[must_use]
pub fn api_key_use(account_id: AccountId, hash: &str) -> Key {
    Key::new(
        format!("{}#KEY_USES", account_pk(account_id)),
        format!("KEY#{hash}"),
    )
}

/// The last use of the API key in this row; `None` if it is a row of something else.
#[must_use]
pub fn use_of(account_id: AccountId, row: &Key) -> Option<Key> {
    let hash = row.sk.strip_prefix(API_KEY_PREFIX)?;
    Some(api_key_use(account_id, hash))
}

/// The key that an API key's id stands for.
#[must_use]
pub fn api_key_id(scope: AccountScope, id: ApiKeyId) -> Key {
    Key::new(
        account_pk(scope.account_id()),
        format!("{API_KEY_ID_PREFIX}{id}"),
    )
}

/// The test deliveries of an account that are under way.
#[must_use]
pub fn agent_tests(scope: AccountScope) -> Key {
    Key::new(account_pk(scope.account_id()), "AGENT_TESTS")
}

/// The list of an account's API keys.
#[must_use]
pub fn api_keys(scope: AccountScope) -> String {
    format!("{}#KEYS", account_pk(scope.account_id()))
}
