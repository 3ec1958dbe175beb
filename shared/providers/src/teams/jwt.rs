//! Bot Framework tokens, read strictly (PROVIDERS §2.2): RS256 and nothing else, and of the header
//! only what selects a key.

use crate::webhook::Refusal;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use vestibule_domain::Timestamp;

/// Who issues the tokens that the Bot Framework sends. The sovereign clouds have others.
const ISSUER: &str = "https://api.botframework.com";
/// How far the issuer's clock may be from ours, in seconds.
const SKEW_SECS: i64 = 300;
/// Longest token that is looked at, in bytes. Microsoft's have about 1,200.
const TOKEN_MAX_BYTES: usize = 8192;
/// Longest key id that is looked for, in bytes. Microsoft's have 27.
const KID_MAX_BYTES: usize = 200;

/// A token that is whole, with a signature that nobody has checked.
pub(super) struct Token<'a> {
    /// Which key signed it.
    pub(super) kid: String,
    /// What it says.
    pub(super) claims: Claims,
    /// The bytes that are signed.
    pub(super) signed: &'a [u8],
    /// The signature over them.
    pub(super) signature: Vec<u8>,
}

/// Of a name that stands there twice, parsers see different ones: serde refuses it.
#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

/// The claims that are looked at.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    aud: Option<String>,
    exp: Option<i64>,
    nbf: Option<i64>,
    /// Lower case, unlike the field of activities.
    pub(super) serviceurl: Option<String>,
}

impl<'a> Token<'a> {
    /// Reads `header.claims.signature`.
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
    /// Whether the token was issued for this app and holds at `now`.
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

/// base64url as it is meant: without padding, and without bits that say nothing.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    let json = bytes(text)?;
    // serde would take a list for an object whose names are left out.
    let is_object = json.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    is_object
        .then(|| serde_json::from_slice(&json).ok())
        .flatten()
}
