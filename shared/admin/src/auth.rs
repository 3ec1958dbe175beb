//! Authentication: bearer tokens, and the proof that a token stands for a valid credential.
//!
//! A token is `vst_<account>_<43 characters of base64url>`. The account in it is a claim that says
//! where to look; the hash of the whole token is the proof. An unknown, a revoked and an expired key
//! get the same answer as none.

use crate::{
    AdminState,
    problem::{ApiError, UNAUTHENTICATED},
};
use axum::http::{HeaderMap, header::AUTHORIZATION};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{digest, rand::SecureRandom};
use vestibule_domain::{
    PortError,
    account::credential::{Caller, CredentialClaim},
    error::Chain,
    ids::AccountId,
    secret::Secret,
};

const PREFIX: &str = "vst_";
/// Bytes of randomness in a token.
pub const TOKEN_SECRET_LEN: usize = 32;
/// Length of the secret in base64url.
const SECRET_CHARS: usize = 43;

/// SHA-256 in lower-case hex, as tokens are stored.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Parses the claim of an API key; `None` when the text does not have the form of one.
#[must_use]
pub fn read_api_key(token: &str) -> Option<CredentialClaim> {
    let (account, secret) = token.strip_prefix(PREFIX)?.split_once('_')?;
    let well_formed = secret.len() == SECRET_CHARS
        && secret
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !well_formed {
        return None;
    }
    Some(CredentialClaim::ApiKey {
        account_id: account.parse().ok()?,
        hash: sha256_hex(token.as_bytes()),
    })
}

/// Parses the claim in the headers of a call.
pub(crate) fn read_claim(headers: &HeaderMap) -> Result<CredentialClaim, ApiError> {
    headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| read_api_key(token.trim()))
        .ok_or_else(|| ApiError::new(&UNAUTHENTICATED))
}

/// Proves the claim and returns its caller. Records the day on which the credential is used.
pub(crate) async fn prove(claim: &CredentialClaim, state: &AdminState) -> Result<Caller, ApiError> {
    let credential = state.credentials.find_credential(claim).await?;
    let now = state.clock.now();
    let proven = credential.and_then(|found| Some((found.caller(claim, now)?, found)));
    let Some((caller, credential)) = proven else {
        return Err(ApiError::new(&UNAUTHENTICATED));
    };
    if !credential.is_noted_as_used(now)
        && let Err(error) = state.credentials.note_use(&credential, now).await
    {
        tracing::warn!(error = %Chain(&error), "the day of a credential's use was not noted");
    }
    Ok(caller)
}

/// A new token. It can be shown only now.
#[derive(Debug)]
pub struct NewApiToken {
    /// The token.
    pub token: Secret,
    /// SHA-256 of the token, in lower-case hex, which is stored.
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

    /// Creates a token with a random secret.
    pub fn generate(account_id: AccountId, random: &dyn SecureRandom) -> Result<Self, PortError> {
        Ok(Self::from_secret(account_id, &random_bytes(random)?))
    }
}

/// Draws random bytes.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> AccountId {
        AccountId::derive(&["a"])
    }

    #[test]
    fn a_token_that_was_made_is_read_back_and_never_shown() {
        let made = NewApiToken::from_secret(account(), &[0xfb; TOKEN_SECRET_LEN]);
        let read = read_api_key(made.token.reveal()).unwrap();
        assert_eq!(
            read,
            CredentialClaim::ApiKey {
                account_id: account(),
                hash: made.hash.clone(),
            }
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
            assert_eq!(read_api_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_claim_is_a_bearer_token_and_nothing_else() {
        let token = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]).token;
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            read_claim(&headers)
        };
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert!(read(&format!("{scheme} {}", token.reveal())).is_ok());
        }
        for wrong in [
            token.reveal().to_owned(),
            format!("Basic {}", token.reveal()),
            "Bearer ".to_owned(),
            "Bearer vst_".to_owned(),
        ] {
            assert_eq!(read(&wrong).unwrap_err().kind(), &UNAUTHENTICATED);
        }
        assert!(read_claim(&HeaderMap::new()).is_err());
    }
}
