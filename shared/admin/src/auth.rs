//! Authentication: bearer tokens, and the proof that a token stands for a valid credential.
//!
//! A token is `vst_<account>_<43 characters of base64url>`. The account in it is a claim that says
//! where to look; the hash of the whole token is the proof. An unknown, a revoked and an expired key
//! get the same answer, so that nobody learns which keys exist. That a key is missing or incomplete is
//! seen in the call alone, and the caller is told so.

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

/// The call says nothing about its caller.
const NO_HEADER: &str = "The call has no `Authorization` header. Send `Authorization: Bearer`, a space and your API key, which begins with `vst_`.";
/// The header cannot be a key of any stack.
const NO_KEY_IN_HEADER: &str = "The `Authorization` header is not `Bearer`, a space and a whole API key. A key begins with `vst_` and has 74 characters: copy all of it.";
/// The header has the form of a key, and the store has none to match it.
const KEY_NOT_VALID: &str = "The API key is unknown, revoked or expired; the answer does not say which. Send `Authorization: Bearer` with a valid key of this stack: each stack, and each start of a local one, has its own keys.";

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
    let header = headers
        .get(AUTHORIZATION)
        .ok_or_else(|| unauthenticated(NO_HEADER))?;
    header
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| read_api_key(token.trim()))
        .ok_or_else(|| unauthenticated(NO_KEY_IN_HEADER))
}

fn unauthenticated(detail: &'static str) -> ApiError {
    ApiError::new(&UNAUTHENTICATED).with_detail(detail)
}

/// Proves the claim and returns its caller. Records the day on which the credential is used.
pub(crate) async fn prove(claim: &CredentialClaim, state: &AdminState) -> Result<Caller, ApiError> {
    let credential = state.credentials.find_credential(claim).await?;
    let now = state.clock.now();
    let proven = credential.and_then(|found| Some((found.caller(claim, now)?, found)));
    let Some((caller, credential)) = proven else {
        return Err(unauthenticated(KEY_NOT_VALID));
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
    use axum::http::HeaderValue;

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
    fn a_claim_is_a_bearer_token_and_who_sends_something_else_is_told_its_form() {
        let token = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]).token;
        let token = token.reveal();
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert!(read_claim(&headers(&format!("{scheme} {token}"))).is_ok());
        }
        let cut = token.get(..token.len() - 1).unwrap();
        for wrong in [
            token.to_owned(),
            format!("Basic {token}"),
            format!("Bearer {cut}"),
            "Bearer ".to_owned(),
            "Bearer vst_".to_owned(),
            "Bearer vst_\u{2026}".to_owned(),
            String::new(),
        ] {
            assert_eq!(refusal(&headers(&wrong)), NO_KEY_IN_HEADER, "{wrong}");
        }
    }

    #[test]
    fn who_sends_no_key_is_told_which_header_to_send() {
        assert_eq!(refusal(&HeaderMap::new()), NO_HEADER);
    }

    #[test]
    fn every_refusal_names_the_header_and_the_form_of_a_key_is_the_real_one() {
        for detail in [
            NO_HEADER,
            NO_KEY_IN_HEADER,
            KEY_NOT_VALID,
            UNAUTHENTICATED.meaning,
        ] {
            let is_named = detail.contains("`Authorization") && detail.contains("Bearer`");
            assert!(is_named, "{detail}");
        }
        let token = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]).token;
        let length = format!(" {} characters", token.reveal().len());
        assert!(NO_KEY_IN_HEADER.contains(&length), "{length}");
        assert!(NO_KEY_IN_HEADER.contains(PREFIX));
    }

    fn headers(authorization: &str) -> HeaderMap {
        let value = HeaderValue::from_bytes(authorization.as_bytes()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value);
        headers
    }

    /// The detail of the refusal.
    fn refusal(headers: &HeaderMap) -> String {
        let error = read_claim(headers).unwrap_err();
        assert_eq!(error.kind(), &UNAUTHENTICATED);
        error.problem("id-1").detail
    }
}
