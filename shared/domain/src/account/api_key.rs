//! API keys for scripts (SPEC D29).

use super::{actor::Actor, permission::Permissions, proof::CredentialId};
use crate::{
    AccountScope, Timestamp,
    ids::{ApiKeyId, EnvironmentId, MemberId},
    record::{Record, Repeatable},
};
use std::time::Duration;

/// Time for which the hash that a rotation replaced is taken too.
pub const PREVIOUS_HASH_KEPT: Duration = Duration::from_hours(24);

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
    /// The hash that the last rotation replaced.
    pub previous: Option<PreviousHash>,
    /// The key's own list, which cuts what its owner may.
    pub permissions: Permissions,
    /// The environment that the key is limited to, if it is.
    pub environment_id: Option<EnvironmentId>,
    /// The creator.
    pub created_by: Actor,
    /// The credential of the call that made the key. Revoking that credential can revoke the key too.
    pub made_by_credential: Option<CredentialId>,
    /// Time of creation.
    pub created_at: Timestamp,
    /// End of the key's own lifetime.
    pub expires_at: Timestamp,
    /// The owner, whose end also ends the key.
    pub owner: KeyOwner,
    /// Day of the last use, coarse on purpose.
    pub last_used_at: Option<Timestamp>,
    /// See [`Connector::request_hash`](crate::connector::Connector::request_hash).
    pub request_hash: Option<String>,
    /// Counts changes.
    pub version: u64,
}

impl ApiKey {
    /// Time from which the key is refused: the end of its own lifetime or of its owner's, whichever is first.
    /// A member's end is no time, but a status.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        match self.owner {
            KeyOwner::Account | KeyOwner::Member { .. } => self.expires_at,
            KeyOwner::ApiKey { ends_at, .. } => self.expires_at.min(ends_at),
        }
    }

    /// Whether a key of this hash is this one: its own hash, or for a day the one that was replaced.
    #[must_use]
    pub fn has_hash(&self, hash: &str, now: Timestamp) -> bool {
        let previous = self.previous.as_ref();
        self.hash == hash
            || previous.is_some_and(|previous| previous.hash == hash && now < previous.until)
    }

    /// Whether the key opens everything in its account, as long as it holds: one of the ways in that an account
    /// always keeps (SPEC D26, D30).
    #[must_use]
    pub fn is_way_in(&self) -> bool {
        self.owner == KeyOwner::Account
            && self.permissions == Permissions::All
            && self.environment_id.is_none()
    }
}

impl Record for ApiKey {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Repeatable for ApiKey {
    fn request_hash(&self) -> Option<&str> {
        self.request_hash.as_deref()
    }
}

/// The hash that a rotation replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviousHash {
    /// SHA-256 of the replaced key, lower-case hex.
    pub hash: String,
    /// Time from which it is refused.
    pub until: Timestamp,
}

/// The owner of an API key. A key ends with its owner: otherwise it would be a way around the owner's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOwner {
    /// The account itself.
    Account,
    /// Another API key, as earlier releases made them.
    ApiKey {
        /// Id of the owning key.
        id: ApiKeyId,
        /// End of the owning key.
        ends_at: Timestamp,
    },
    /// A member. The key can do what the member can, cut by its own list, and rests while the member does.
    Member {
        /// The member.
        id: MemberId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{api_key, at};

    fn key(expires_at: i64, owner: KeyOwner) -> ApiKey {
        ApiKey {
            expires_at: at(expires_at),
            owner,
            ..api_key("k")
        }
    }

    #[test]
    fn a_key_ends_with_its_own_time_or_with_its_owner_whichever_is_first() {
        let owner = |ends_at| KeyOwner::ApiKey {
            id: ApiKeyId::derive(&["o"]),
            ends_at: at(ends_at),
        };
        let member = KeyOwner::Member {
            id: MemberId::derive(&["m"]),
        };
        for (key, ends_at) in [
            (key(10, KeyOwner::Account), 10),
            (key(10, member), 10),
            (key(10, owner(9)), 9),
            (key(10, owner(10)), 10),
            (key(10, owner(11)), 10),
        ] {
            assert_eq!(key.ends_at(), at(ends_at), "{:?}", key.owner);
        }
    }

    /// SPEC D29: rotatable, the old secret for 24 hours.
    #[test]
    fn a_replaced_hash_is_taken_until_its_time_is_over() {
        let key = ApiKey {
            previous: Some(PreviousHash {
                hash: "old".to_owned(),
                until: at(0).plus(PREVIOUS_HASH_KEPT),
            }),
            ..api_key("k")
        };
        let day = 24 * 60 * 60;
        for (hash, second, is_taken) in [
            ("00ff", 0, true),
            ("00ff", day, true),
            ("old", day - 1, true),
            ("old", day, false),
            ("other", 0, false),
        ] {
            assert_eq!(key.has_hash(hash, at(second)), is_taken, "{hash} {second}");
        }
    }

    #[test]
    fn only_an_unlimited_key_of_the_account_is_a_way_in() {
        let all = ApiKey {
            permissions: Permissions::All,
            ..api_key("k")
        };
        assert!(all.is_way_in());
        let member = KeyOwner::Member {
            id: MemberId::derive(&["m"]),
        };
        for other in [
            api_key("k"),
            ApiKey {
                owner: member,
                ..all.clone()
            },
            ApiKey {
                environment_id: Some(EnvironmentId::derive(&["e"])),
                ..all.clone()
            },
        ] {
            assert!(!other.is_way_in(), "{other:?}");
        }
        assert_eq!(Record::version(&all), 1);
        assert_eq!(Repeatable::request_hash(&all), None);
    }
}
