//! Strict parsing of Bot Framework tokens (PROVIDERS §2.2): RS256 only, and nothing of the header
//! but the fields that select a key.

use crate::webhook::Refusal;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use vestibule_domain::Timestamp;

/// Issuer of the tokens that the Bot Framework sends. The sovereign clouds have others.
const ISSUER: &str = "https://api.botframework.com";
/// Largest accepted difference between the issuer's clock and ours, in seconds.
const SKEW_SECS: i64 = 300;
/// Longest accepted token, in bytes. Microsoft's have about 1,200.
const TOKEN_MAX_BYTES: usize = 8192;
/// Longest accepted key id, in bytes. Microsoft's have 27.
const KID_MAX_BYTES: usize = 200;

/// A well-formed token whose signature has not been verified.
pub(super) struct Token<'a> {
    /// Id of the key that signed it.
    pub(super) kid: String,
    /// The claims.
    pub(super) claims: Claims,
    /// The signed bytes.
    pub(super) signed: &'a [u8],
    /// The signature over them.
    pub(super) signature: Vec<u8>,
}

/// The header. serde refuses a repeated name, of which parsers would see different values.
#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

/// The claims that matter.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    exp: Option<i64>,
    nbf: Option<i64>,
    /// The service address; lower case, unlike the field of activities.
    pub(super) serviceurl: Option<String>,
}

impl<'a> Token<'a> {
    /// Parses `header.claims.signature`.
    pub(super) fn read(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > TOKEN_MAX_BYTES {
            return Err(Refusal::because("the token is too long"));
        }
        let malformed = Refusal::because("the token is malformed");
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let header: Header = part(header).ok_or(malformed)?;
        if header.alg.as_deref() != Some("RS256") {
            return Err(Refusal::because("the token is not signed with RS256"));
        }
        if header.crit.is_some() {
            return Err(Refusal::because("the token asks for an extension"));
        }
        let kid = header
            .kid
            .filter(|kid| (1..=KID_MAX_BYTES).contains(&kid.len()))
            .ok_or(Refusal::because("the token names no key"))?;
        Ok(Self {
            kid,
            claims: part(claims).ok_or(malformed)?,
            signed: signed.as_bytes(),
            signature: bytes(signature).ok_or(malformed)?,
        })
    }
}

impl Claims {
    /// Checks that the token was issued for this app and is valid at `now`.
    pub(super) fn check(&self, app_id: &str, now: Timestamp) -> Result<(), Refusal> {
        if self.iss.as_deref() != Some(ISSUER) {
            return Err(Refusal::because("the token is of another issuer"));
        }
        if self.aud.as_deref() != Some(app_id) {
            return Err(Refusal::because("the token is for another app"));
        }
        let expires = self
            .exp
            .ok_or(Refusal::because("the token has no expiry"))?;
        if now.seconds() > expires.saturating_add(SKEW_SECS) {
            return Err(Refusal::because("the token has expired"));
        }
        let begins = self.nbf.unwrap_or(i64::MIN);
        if now.seconds() < begins.saturating_sub(SKEW_SECS) {
            return Err(Refusal::because("the token does not hold yet"));
        }
        Ok(())
    }
}

/// Decodes strict base64url: without padding, and without unused bits set.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let json = bytes(text)?;
    // serde would accept a list for an object without names.
    let is_object = json.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    is_object
        .then(|| serde_json::from_slice(&json).ok())
        .flatten()
}
