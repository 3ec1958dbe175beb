//! API keys for scripts (SPEC D29).

use super::{actor::Actor, permission::Permissions};
use crate::{
    AccountScope, Timestamp,
    ids::{ApiKeyId, EnvironmentId},
};

/// A script's key. The key itself is shown once; only its SHA-256 is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Id of the key.
    pub id: ApiKeyId,
    /// The account.
    pub scope: AccountScope,
    /// Name of the key, for people.
    pub name: String,
    /// SHA-256 of the key, lower-case hex.
    pub hash: String,
    /// Permissions of the key, never more than its creator had.
    pub permissions: Permissions,
    /// The environment that the key is limited to, if it is.
    pub environment_id: Option<EnvironmentId>,
    /// The creator.
    pub created_by: Actor,
    /// Time of creation.
    pub created_at: Timestamp,
    /// End of the key's own lifetime.
    pub expires_at: Timestamp,
    /// The owner, whose end also ends the key.
    pub owner: KeyOwner,
    /// Day of the last use, coarse on purpose.
    pub last_used_at: Option<Timestamp>,
}

impl ApiKey {
    /// Time from which the key is refused: the end of its own lifetime or of its owner's, whichever is first.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        match self.owner {
            KeyOwner::Account => self.expires_at,
            KeyOwner::ApiKey { ends_at, .. } => self.expires_at.min(ends_at),
        }
    }
}

/// The owner of an API key. A key ends with its owner: otherwise it would be a way around the owner's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// The account itself, as for the key of the set-up.
    Account,
    /// Another API key.
    ApiKey {
        /// Id of the owning key.
        id: ApiKeyId,
        /// End of the owning key.
        ends_at: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AccountId;

    fn key(expires_at: i64, owner: KeyOwner) -> ApiKey {
        ApiKey {
            id: ApiKeyId::derive(&["k"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            name: "script".to_owned(),
            hash: String::new(),
            permissions: Permissions::All,
            environment_id: None,
            created_by: Actor::set_up(),
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(expires_at),
            owner,
            last_used_at: None,
        }
    }

    #[test]
    fn a_key_ends_with_its_own_time_or_with_its_owner_whichever_is_first() {
        let owner = |ends_at| KeyOwner::ApiKey {
            id: ApiKeyId::derive(&["o"]),
            ends_at: Timestamp::from_millis(ends_at),
        };
        for (key, ends_at) in [
            (key(10, KeyOwner::Account), 10),
            (key(10, owner(9)), 9),
            (key(10, owner(10)), 10),
            (key(10, owner(11)), 10),
        ] {
            assert_eq!(key.ends_at().millis(), ends_at, "{:?}", key.owner);
        }
    }
}
