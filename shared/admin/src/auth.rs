//! Who calls the admin API: bearer tokens, and what the caller they prove may do.
//!
//! A token is `vst_<account>_<43 characters of base64url>`. The account in it is a claim and says
//! where to look; the hash of the whole token is the proof. An unknown, revoked or expired key all
//! get the same answer as none.

use crate::problem::ApiError;
use axum::{
    extract::FromRequestParts,
    http::{header::AUTHORIZATION, request::Parts},
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{digest, rand::SecureRandom};
use std::sync::Arc;
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::actor::Actor,
    account::{ApiKey, Caller, Permission},
    error::Chain,
    ids::AccountId,
    ports::ApiKeyStore,
    secret::Secret,
};

const PREFIX: &str = "vst_";
/// Bytes of randomness in a token.
pub const TOKEN_SECRET_LEN: usize = 32;
/// Their length in base64url.
const SECRET_CHARS: usize = 43;

/// SHA-256 in lower-case hex, as tokens are stored.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// A token as a caller presents it: what is needed to look it up, and nothing that could be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    account_id: AccountId,
    hash: String,
}

impl ApiToken {
    /// Reads a token; `None` when it has not the form of one.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let (account, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let well_formed = secret.len() == SECRET_CHARS
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !well_formed {
            return None;
        }
        Some(Self {
            account_id: account.parse().ok()?,
            hash: sha256_hex(token.as_bytes()),
        })
    }

    /// The account whose key this claims to be.
    #[must_use]
    pub const fn account_id(&self) -> AccountId {
        self.account_id
    }

    /// SHA-256 of the whole token, lower-case hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// A token that was just made: the only time it can be shown.
#[derive(Debug)]
pub struct NewApiToken {
    /// The token.
    pub token: Secret,
    /// SHA-256 of it, lower-case hex: what is stored.
    pub hash: String,
}

impl NewApiToken {
    /// The token of this account with this secret.
    #[must_use]
    pub fn from_secret(account_id: AccountId, secret: &[u8; TOKEN_SECRET_LEN]) -> Self {
        let token = format!("{PREFIX}{account_id}_{}", BASE64URL_NOPAD.encode(secret));
        Self {
            hash: sha256_hex(token.as_bytes()),
            token: Secret::new(token),
        }
    }

    /// A token that nobody can guess.
    pub fn generate(account_id: AccountId, random: &dyn SecureRandom) -> Result<Self, PortError> {
        Ok(Self::from_secret(account_id, &random_bytes(random)?))
    }
}

/// Bytes that nobody can guess.
pub fn random_bytes<const N: usize>(random: &dyn SecureRandom) -> Result<[u8; N], PortError> {
    let mut bytes = [0; N];
    random
        .fill(&mut bytes)
        .map_err(|_| PortError::Unavailable {
            what: "system randomness",
            source: None,
        })?;
    Ok(bytes)
}

/// What authentication needs of a function's dependencies.
pub trait AdminPorts: Send + Sync + 'static {
    /// Where API keys are.
    fn api_keys(&self) -> &dyn ApiKeyStore;
    /// The time.
    fn clock(&self) -> &dyn Clock;
}

/// The bearer token of a call, not yet looked up.
#[derive(Debug, Clone)]
pub struct Bearer(pub ApiToken);

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| ApiToken::parse(token.trim()))
            .map(Self)
            .ok_or(ApiError::Unauthenticated)
    }
}

/// A caller who proved who they are. Their scope comes out only through the check of a permission.
#[derive(Debug, Clone)]
pub struct Authenticated(Caller);

impl Authenticated {
    /// The caller that `token` proves, given the key that was found for it.
    pub fn by_key(
        token: &ApiToken,
        key: Option<&ApiKey>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        key.filter(|key| key.scope.account_id() == token.account_id && key.hash == token.hash)
            .and_then(|key| key.caller(now))
            .map(Self)
            .ok_or(ApiError::Unauthenticated)
    }

    /// The caller, if they hold the permission.
    pub fn holding(self, permission: Permission) -> Result<Permitted, ApiError> {
        if self.0.may(permission) {
            return Ok(Permitted(self.0));
        }
        tracing::info!(actor.id = %self.0.actor.id, ?permission, "permission missing");
        Err(ApiError::PermissionMissing(permission))
    }
}

impl<P: AdminPorts> FromRequestParts<Arc<P>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, deps: &Arc<P>) -> Result<Self, ApiError> {
        let Bearer(token) = Bearer::from_request_parts(parts, deps).await?;
        let keys = deps.api_keys();
        let key = keys.find_key(token.account_id, &token.hash).await?;
        let now = deps.clock().now();
        let caller = Self::by_key(&token, key.as_ref(), now)?;
        if let Some(key) = key.filter(|key| !used_on_day_of(key, now))
            && let Err(error) = keys.touch_key(&key, now).await
        {
            tracing::warn!(error = %Chain(&error), "the day of a key's use was not noted");
        }
        Ok(caller)
    }
}

fn used_on_day_of(key: &ApiKey, now: Timestamp) -> bool {
    const SECONDS_A_DAY: i64 = 86_400;
    key.last_used_at.is_some_and(|used| {
        used.seconds().div_euclid(SECONDS_A_DAY) == now.seconds().div_euclid(SECONDS_A_DAY)
    })
}

/// A caller who may do what they ask for.
#[derive(Debug, Clone)]
pub struct Permitted(Caller);

impl Permitted {
    /// Whose records they may touch.
    #[must_use]
    pub const fn scope(&self) -> AccountScope {
        self.0.scope
    }

    /// As whom their deeds are recorded.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// Until when their proof holds.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.0.until
    }

    /// Whether they hold another permission too.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        self.0.may(permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::ids::ApiKeyId;

    fn account() -> AccountId {
        AccountId::derive(&["a"])
    }

    fn key(token: &NewApiToken) -> ApiKey {
        ApiKey {
            id: ApiKeyId::derive(&["k"]),
            scope: AccountScope::of_verified(account()),
            name: "script".to_owned(),
            hash: token.hash.clone(),
            permissions: BTreeSet::from([Permission::ProjectsRead]),
            created_by: Actor {
                id: "x".to_owned(),
                name: "x".to_owned(),
            },
            created_at: Timestamp::from_millis(0),
            expires_at: Timestamp::from_millis(1000),
            last_used_at: None,
        }
    }

    #[test]
    fn a_token_that_was_made_is_read_back_and_never_shown() {
        let made = NewApiToken::from_secret(account(), &[0xfb; TOKEN_SECRET_LEN]);
        let read = ApiToken::parse(made.token.reveal()).unwrap();
        assert_eq!(
            (read.account_id(), read.hash()),
            (account(), made.hash.as_str())
        );
        let shown = format!("{made:?} {read:?}");
        assert!(!shown.contains(made.token.reveal()), "{shown}");
    }

    #[test]
    fn a_text_that_is_not_quite_a_token_is_none() {
        let token = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN])
            .token
            .reveal()
            .to_owned();
        let id = account().to_string();
        for wrong in [
            "",
            "vst_",
            token.trim_start_matches("vst_"),
            token.get(..token.len() - 1).unwrap(),
            &format!("{token}A"),
            &token.replace(&id, &id.to_lowercase()),
            &token.replace("AQE", "A=E"),
        ] {
            assert_eq!(ApiToken::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_admits_its_bearer_until_it_expires_and_nobody_else() {
        let made = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]);
        let token = ApiToken::parse(made.token.reveal()).unwrap();
        let key = key(&made);
        let at = Timestamp::from_millis;
        assert!(Authenticated::by_key(&token, Some(&key), at(999)).is_ok());
        assert!(Authenticated::by_key(&token, Some(&key), at(1000)).is_err());
        assert!(Authenticated::by_key(&token, None, at(0)).is_err());
        let other = NewApiToken::from_secret(account(), &[2; TOKEN_SECRET_LEN]);
        let other = ApiToken::parse(other.token.reveal()).unwrap();
        assert!(Authenticated::by_key(&other, Some(&key), at(0)).is_err());
    }

    #[test]
    fn a_permission_that_is_not_held_is_named() {
        let made = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]);
        let token = ApiToken::parse(made.token.reveal()).unwrap();
        let caller =
            Authenticated::by_key(&token, Some(&key(&made)), Timestamp::from_millis(0)).unwrap();
        assert!(caller.clone().holding(Permission::ProjectsRead).is_ok());
        assert!(matches!(
            caller.holding(Permission::ApiKeysManage),
            Err(ApiError::PermissionMissing(Permission::ApiKeysManage))
        ));
    }

    #[test]
    fn the_day_of_use_is_noted_once_a_day() {
        let made = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]);
        let day = |text| Timestamp::parse(text).unwrap();
        let mut key = key(&made);
        let now = day("2026-11-22T00:00:00Z");
        assert!(!used_on_day_of(&key, now));
        key.last_used_at = Some(day("2026-11-21T23:59:59Z"));
        assert!(!used_on_day_of(&key, now));
        key.last_used_at = Some(now);
        assert!(used_on_day_of(&key, day("2026-11-22T23:59:59Z")));
    }
}
