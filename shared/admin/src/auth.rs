//! Authentication: bearer tokens and session cookies, and the proof that a token stands for a valid
//! credential.
//!
//! An API key is `vst_<account>_<43 characters of base64url>`, a session's token
//! `vss_<login>_<43 characters of base64url>`. The id in it is a claim that says where to look; the hash of
//! the whole token is the proof. An unknown, a revoked and an expired one get the same answer, so that nobody
//! learns which exist. That a key is missing or incomplete is seen in the call alone, and the caller is told
//! so. Where a call has both a key and a cookie, the key counts. A session's account comes with each call, so
//! that two tabs of a browser can show two accounts.

use crate::{
    AdminState, csrf,
    problem::{ApiError, FieldError, NOT_A_MEMBER, SIGN_IN_AGAIN, UNAUTHENTICATED},
};
use axum::http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, COOKIE},
    request::Parts,
};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::{digest, rand::SecureRandom};
use url::form_urlencoded;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{
        ProjectState,
        credential::{Credential, CredentialClaim, Missing, Refusal},
    },
    error::Chain,
    ids::{AccountId, MemberId, ProjectId},
    secret::Secret,
};

const PREFIX: &str = "vst_";
const SESSION_PREFIX: &str = "vss_";
/// Name of the cookie of a session.
pub const SESSION_COOKIE: &str = "__Host-vestibule";
/// Name of the header that names the account of a session's call.
const ACCOUNT_HEADER: &str = "Vestibule-Account";
const VESTIBULE_ACCOUNT: HeaderName = HeaderName::from_static("vestibule-account");
/// Query parameter that stands for the header where a browser sends none, as for a picture.
const ACCOUNT_PARAMETER: &str = "account";
/// Marks a call that the console makes by itself, which is no activity of a person.
const BACKGROUND: HeaderName = HeaderName::from_static("x-vestibule-background");
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
    Some(CredentialClaim::ApiKey {
        account_id: id_in(token, PREFIX)?.parse().ok()?,
        hash: sha256_hex(token.as_bytes()),
    })
}

/// Parses the claim of a session's token; `None` when the text does not have the form of one.
#[must_use]
pub fn read_session(token: &str, account_id: Option<AccountId>) -> Option<CredentialClaim> {
    Some(CredentialClaim::Session {
        login_id: id_in(token, SESSION_PREFIX)?.parse().ok()?,
        hash: sha256_hex(token.as_bytes()),
        account_id,
    })
}

/// The id in a token that has this prefix and a secret of the right form.
fn id_in<'a>(token: &'a str, prefix: &str) -> Option<&'a str> {
    let (id, secret) = token.strip_prefix(prefix)?.split_once('_')?;
    let well_formed = secret.len() == SECRET_CHARS
        && secret
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    well_formed.then_some(id)
}

/// Parses the claim of a call. One of a cookie is taken only if the call comes from this site, where it may
/// change something.
pub(crate) fn read_claim(parts: &Parts, state: &AdminState) -> Result<CredentialClaim, ApiError> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return read_bearer(&parts.headers);
    }
    let token = session_token(&parts.headers).ok_or_else(|| unauthenticated(NO_HEADER))?;
    csrf::check(parts, state)?;
    read_session(token, read_account(parts)?).ok_or_else(|| ApiError::new(&SIGN_IN_AGAIN))
}

/// Parses the claim of a call for which somebody has to be signed in.
pub(crate) fn read_login_claim(
    parts: &Parts,
    state: &AdminState,
) -> Result<CredentialClaim, ApiError> {
    let has_session = session_token(&parts.headers).is_some();
    if parts.headers.contains_key(AUTHORIZATION) || !has_session {
        return Err(ApiError::new(&SIGN_IN_AGAIN));
    }
    read_claim(parts, state)
}

/// The account of a claim. A session's call has to name one.
pub(crate) fn claimed_account(claim: &CredentialClaim) -> Result<AccountScope, ApiError> {
    claim
        .scope()
        .ok_or_else(|| wrong_account("is required with a session"))
}

fn read_bearer(headers: &HeaderMap) -> Result<CredentialClaim, ApiError> {
    headers
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| read_api_key(token.trim()))
        .ok_or_else(|| unauthenticated(NO_KEY_IN_HEADER))
}

/// The value of the session's cookie.
fn session_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == SESSION_COOKIE).then_some(value))
}

/// The account that the call names, in the header or, for a picture, in the query.
fn read_account(parts: &Parts) -> Result<Option<AccountId>, ApiError> {
    let read = |text: Option<&str>| {
        let id: Option<AccountId> = text.and_then(|text| text.parse().ok());
        id.map(Some)
            .ok_or_else(|| wrong_account("must be an id: 26 characters of 0-9 and A-Z"))
    };
    if let Some(header) = parts.headers.get(VESTIBULE_ACCOUNT) {
        return read(header.to_str().ok());
    }
    let query = parts.uri.query().filter(|_| csrf::is_safe(&parts.method));
    let named = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find_map(|(name, value)| (name == ACCOUNT_PARAMETER).then_some(value));
    match named {
        Some(text) => read(Some(text.as_ref())),
        None => Ok(None),
    }
}

fn wrong_account(rule: &str) -> ApiError {
    ApiError::invalid_parameters(vec![FieldError {
        field: ACCOUNT_HEADER.to_owned(),
        rule: rule.to_owned(),
    }])
}

fn unauthenticated(detail: &'static str) -> ApiError {
    ApiError::new(&UNAUTHENTICATED).with_detail(detail)
}

/// Finds the credential that is claimed. It is not proven yet.
pub(crate) async fn find(
    claim: &CredentialClaim,
    state: &AdminState,
) -> Result<Credential, ApiError> {
    let found = state.credentials.find_credential(claim).await?;
    found.ok_or_else(|| refused(claim, Refusal::Unknown))
}

/// Does the same, and returns the state of the call's project beside it, if the call is about one. It counts once the
/// credential is proven.
pub(crate) async fn find_beside(
    claim: &CredentialClaim,
    project: Option<ProjectId>,
    state: &AdminState,
) -> Result<(Credential, Option<ProjectState>), ApiError> {
    let Some(project) = project else {
        return Ok((find(claim, state).await?, None));
    };
    let (found, project) = state
        .credentials
        .find_credential_beside(claim, project)
        .await?;
    let found = found.ok_or_else(|| refused(claim, Refusal::Unknown))?;
    Ok((found, Some(project)))
}

/// The problem of a claim that is refused.
pub(crate) fn refused(claim: &CredentialClaim, refusal: Refusal) -> ApiError {
    match (claim, refusal) {
        (CredentialClaim::ApiKey { .. }, _) => unauthenticated(KEY_NOT_VALID),
        (CredentialClaim::Session { .. }, Refusal::Unknown) => ApiError::new(&SIGN_IN_AGAIN),
        (CredentialClaim::Session { .. }, Refusal::AwaitingFactor) => {
            ApiError::sign_in_insufficient(Missing::Factor)
        }
        (CredentialClaim::Session { .. }, Refusal::NotAMember) => ApiError::new(&NOT_A_MEMBER),
        (CredentialClaim::Session { .. }, Refusal::Insufficient(missing)) => {
            ApiError::sign_in_insufficient(missing)
        }
    }
}

/// Records that a proven credential is used: the day of a key, the activity of a session and of the member of the
/// account whom it was proven to be. A call that the console makes by itself is no activity (SPEC D28).
pub(crate) async fn note_use(
    credential: &Credential,
    member: Option<MemberId>,
    headers: &HeaderMap,
    now: Timestamp,
    state: &AdminState,
) {
    let is_session = matches!(credential, Credential::Session { .. });
    let is_background = is_session && headers.contains_key(BACKGROUND);
    if !is_background
        && !credential.is_noted_as_used(member, now)
        && let Err(error) = state.credentials.note_use(credential, member, now).await
    {
        tracing::warn!(error = %Chain(&error), "the use of a credential was not noted");
    }
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
    use crate::{
        fixtures::{Stores, parts_of},
        problem::{CROSS_SITE_CALL, SIGN_IN_INSUFFICIENT},
    };

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
            assert!(read(&[("authorization", &format!("{scheme} {token}"))]).is_ok());
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
            let refused = refusal(&[("authorization", &wrong)]);
            assert_eq!(refused, NO_KEY_IN_HEADER, "{wrong}");
        }
    }

    #[test]
    fn who_sends_no_key_is_told_which_header_to_send() {
        assert_eq!(refusal(&[]), NO_HEADER);
        assert_eq!(refusal(&[("cookie", "theme=dark")]), NO_HEADER);
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

    fn read(headers: &[(&str, &str)]) -> Result<CredentialClaim, ApiError> {
        read_claim(
            &parts_of("GET", "/v1/x", headers),
            &Stores::default().state(),
        )
    }

    /// The detail of the refusal.
    fn refusal(headers: &[(&str, &str)]) -> String {
        let error = read(headers).unwrap_err();
        assert_eq!(error.kind(), &UNAUTHENTICATED);
        error.problem("id-1").detail
    }

    const TOKEN: &str =
        "vss_01JD3Q3Z9V8M4T6K2N7P5R1S0W_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const ACCOUNT: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0X";

    fn cookie() -> String {
        format!("theme=dark; {SESSION_COOKIE}={TOKEN}; other=1")
    }

    fn claim(account: Option<&str>) -> CredentialClaim {
        CredentialClaim::Session {
            login_id: "01JD3Q3Z9V8M4T6K2N7P5R1S0W".parse().unwrap(),
            hash: sha256_hex(TOKEN.as_bytes()),
            account_id: account.map(|id| id.parse().unwrap()),
        }
    }

    #[test]
    fn a_cookie_is_the_claim_of_a_session_in_the_account_that_the_call_names() {
        let cookie = ("cookie", cookie());
        let cookie = (cookie.0, cookie.1.as_str());
        assert_eq!(read(&[cookie]).unwrap(), claim(None));
        let named = read(&[cookie, ("vestibule-account", ACCOUNT)]);
        assert_eq!(named.unwrap(), claim(Some(ACCOUNT)));
        for wrong in ["", "x", "01jd3q3z9v8m4t6k2n7p5r1s0x"] {
            let refused = read(&[cookie, ("vestibule-account", wrong)]).unwrap_err();
            assert_eq!(refused.errors()[0].field, "Vestibule-Account", "{wrong}");
        }
        let without = claimed_account(&claim(None)).unwrap_err();
        assert_eq!(without.errors()[0].rule, "is required with a session");
        assert!(claimed_account(&claim(Some(ACCOUNT))).is_ok());
    }

    #[test]
    fn a_picture_names_its_account_in_the_query() {
        let cookie = cookie();
        let of = |method: &str, uri: &str| {
            let headers = [("cookie", cookie.as_str()), ("x-vestibule-console", "1")];
            let parts = parts_of(method, uri, &headers);
            read_claim(&parts, &Stores::default().state()).unwrap()
        };
        let uri = format!("/v1/avatar?size=1&account={ACCOUNT}");
        assert_eq!(of("GET", &uri), claim(Some(ACCOUNT)));
        assert_eq!(of("POST", &uri), claim(None));
    }

    #[test]
    fn a_key_counts_before_a_cookie_and_a_cookie_that_is_none_asks_for_a_sign_in() {
        let made = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]);
        let bearer = format!("Bearer {}", made.token.reveal());
        let cookie = cookie();
        let both = read(&[("cookie", &cookie), ("authorization", &bearer)]).unwrap();
        assert_eq!(read_api_key(made.token.reveal()), Some(both));
        for wrong in ["", "vss_", made.token.reveal()] {
            let cookie = format!("{SESSION_COOKIE}={wrong}");
            let refused = read(&[("cookie", &cookie)]).unwrap_err();
            assert_eq!(refused.kind(), &SIGN_IN_AGAIN, "{wrong}");
        }
    }

    #[test]
    fn a_cookie_changes_nothing_without_the_header_of_the_console() {
        let cookie = cookie();
        let state = Stores::default().state();
        let plain = parts_of("POST", "/v1/x", &[("cookie", &cookie)]);
        let refused = read_claim(&plain, &state).unwrap_err();
        assert_eq!(refused.kind(), &CROSS_SITE_CALL);
        let headers = [("cookie", cookie.as_str()), ("x-vestibule-console", "1")];
        let of_console = parts_of("POST", "/v1/x", &headers);
        assert!(read_claim(&of_console, &state).is_ok());
        // A key comes from no browser by itself.
        let made = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]);
        let bearer = format!("Bearer {}", made.token.reveal());
        let script = parts_of("POST", "/v1/x", &[("authorization", &bearer)]);
        assert!(read_claim(&script, &state).is_ok());
    }

    #[test]
    fn every_reason_to_refuse_a_key_looks_the_same_and_a_session_is_told_what_to_do() {
        let made = NewApiToken::from_secret(account(), &[1; TOKEN_SECRET_LEN]);
        let key = read_api_key(made.token.reveal()).unwrap();
        let session = claim(Some(ACCOUNT));
        for (refusal, kind) in [
            (Refusal::Unknown, &SIGN_IN_AGAIN),
            (Refusal::AwaitingFactor, &SIGN_IN_INSUFFICIENT),
            (Refusal::NotAMember, &NOT_A_MEMBER),
            (
                Refusal::Insufficient(Missing::Provider),
                &SIGN_IN_INSUFFICIENT,
            ),
        ] {
            assert_eq!(refused(&session, refusal).kind(), kind, "{refusal:?}");
            assert_eq!(refused(&key, refusal).kind(), &UNAUTHENTICATED);
        }
    }
}
