//! Callers and their credentials: the claim that a request makes, the record that proves it, and
//! the resulting permissions.

use super::{
    actor::Actor,
    api_key::{ApiKey, KeyOwner},
    permission::{Permission, Permissions},
};
use crate::{
    AccountScope, Timestamp,
    ids::{AccountId, ApiKeyId, EnvironmentId},
};

const SECONDS_A_DAY: i64 = 86_400;

/// A caller's claim to a credential, with the data for its lookup. It proves nothing until the
/// credential is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialClaim {
    /// An API key.
    ApiKey {
        /// The account that the key names.
        account_id: AccountId,
        /// SHA-256 of the whole key, lower-case hex.
        hash: String,
    },
}

impl CredentialClaim {
    /// The records that the caller may touch once the claim is proven. Until then, nothing read
    /// under this scope may leave the code that reads it.
    #[must_use]
    pub const fn scope(&self) -> AccountScope {
        match self {
            Self::ApiKey { account_id, .. } => AccountScope::of_verified(*account_id),
        }
    }
}

/// A stored credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    ApiKey(ApiKey),
}

impl Credential {
    /// Returns the caller who presents this credential; `None` when the claim names another one, or
    /// the credential has ended.
    #[must_use]
    pub fn caller(&self, claim: &CredentialClaim, now: Timestamp) -> Option<Caller> {
        let (Self::ApiKey(key), CredentialClaim::ApiKey { hash, .. }) = (self, claim);
        let is_proven = key.scope == claim.scope() && key.hash == *hash;
        (is_proven && now < key.ends_at()).then(|| Caller {
            scope: key.scope,
            actor: Actor::api_key(key.id, key.name.clone()),
            credential: CredentialId::ApiKey(key.id),
            permissions: key.permissions.clone(),
            environment_id: key.environment_id,
            ends_at: key.ends_at(),
        })
    }

    /// Whether a use on the day of `now` (UTC) is on record.
    #[must_use]
    pub fn is_noted_as_used(&self, now: Timestamp) -> bool {
        let Self::ApiKey(key) = self;
        let day = |at: Timestamp| at.seconds().div_euclid(SECONDS_A_DAY);
        key.last_used_at.is_some_and(|used| day(used) == day(now))
    }
}

/// The id of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialId {
    /// An API key.
    ApiKey(ApiKeyId),
}

/// An authenticated caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The records that the caller may touch.
    pub scope: AccountScope,
    /// The actor recorded for the caller's changes.
    pub actor: Actor,
    /// The credential of the call.
    pub credential: CredentialId,
    /// The caller's permissions. [`Self::may`] says which of them count.
    pub permissions: Permissions,
    /// The environment that the caller is limited to: nothing else exists for it.
    pub environment_id: Option<EnvironmentId>,
    /// End of the credential.
    pub ends_at: Timestamp,
}

impl Caller {
    /// Whether the caller holds this permission, and the caller's limit leaves it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        let is_left = self.environment_id.is_none() || permission.fits_one_environment();
        is_left && self.permissions.contains(permission)
    }

    /// The owner of the API keys that this caller creates.
    #[must_use]
    pub const fn as_key_owner(&self) -> KeyOwner {
        match self.credential {
            CredentialId::ApiKey(id) => KeyOwner::ApiKey {
                id,
                ends_at: self.ends_at,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::derive(&["k"]),
            scope: AccountScope::of_verified(AccountId::derive(&["a"])),
            name: "script".to_owned(),
            hash: "00ff".to_owned(),
            permissions: [Permission::ProjectsRead].into_iter().collect(),
            environment_id: None,
            created_by: Actor::set_up(),
            created_at: at("2026-11-01T00:00:00Z"),
            expires_at: at("2026-11-30T00:00:00Z"),
            owner: KeyOwner::Account,
            last_used_at: None,
        }
    }

    fn claim(account: &str, hash: &str) -> CredentialClaim {
        CredentialClaim::ApiKey {
            account_id: AccountId::derive(&[account]),
            hash: hash.to_owned(),
        }
    }

    #[test]
    fn a_key_admits_its_bearer_until_it_ends_and_nobody_else() {
        let credential = Credential::ApiKey(key());
        let (last, end) = (at("2026-11-29T23:59:59.999Z"), at("2026-11-30T00:00:00Z"));
        assert!(credential.caller(&claim("a", "00ff"), last).is_some());
        assert_eq!(credential.caller(&claim("a", "00ff"), end), None);
        assert_eq!(credential.caller(&claim("b", "00ff"), last), None);
        assert_eq!(credential.caller(&claim("a", "00fe"), last), None);
    }

    #[test]
    fn a_key_ends_with_its_owner() {
        let end = at("2026-11-15T00:00:00Z");
        let credential = Credential::ApiKey(ApiKey {
            owner: KeyOwner::ApiKey {
                id: ApiKeyId::derive(&["o"]),
                ends_at: end,
            },
            ..key()
        });
        let caller = credential.caller(&claim("a", "00ff"), at("2026-11-14T23:59:59Z"));
        assert_eq!(caller.unwrap().ends_at, end);
        assert_eq!(credential.caller(&claim("a", "00ff"), end), None);
    }

    #[test]
    fn a_caller_may_what_the_key_may_and_makes_keys_that_end_with_it() {
        let key = key();
        let credential = Credential::ApiKey(key.clone());
        let caller = credential
            .caller(&claim("a", "00ff"), key.created_at)
            .unwrap();
        assert!(caller.may(Permission::ProjectsRead));
        assert!(!caller.may(Permission::ApiKeysManage));
        assert_eq!(caller.actor.id, format!("api_key:{}", key.id));
        assert_eq!(
            caller.as_key_owner(),
            KeyOwner::ApiKey {
                id: key.id,
                ends_at: key.expires_at
            }
        );
    }

    #[test]
    fn a_key_of_one_environment_may_no_more_than_fits_one_whatever_its_record_says() {
        let environment_id = Some(EnvironmentId::derive(&["e"]));
        let key = ApiKey {
            permissions: Permissions::All,
            environment_id,
            ..key()
        };
        let now = key.created_at;
        let credential = Credential::ApiKey(key);
        let caller = credential.caller(&claim("a", "00ff"), now).unwrap();
        assert_eq!(caller.environment_id, environment_id);
        for permission in Permission::ALL {
            let fits = permission.fits_one_environment();
            assert_eq!(caller.may(permission), fits, "{permission}");
        }
    }

    #[test]
    fn the_day_of_use_is_noted_once_a_day() {
        let used = |at: Option<Timestamp>| {
            Credential::ApiKey(ApiKey {
                last_used_at: at,
                ..key()
            })
        };
        let now = at("2026-11-22T00:00:00Z");
        assert!(!used(None).is_noted_as_used(now));
        assert!(!used(Some(at("2026-11-21T23:59:59Z"))).is_noted_as_used(now));
        assert!(used(Some(now)).is_noted_as_used(at("2026-11-22T23:59:59Z")));
    }
}
