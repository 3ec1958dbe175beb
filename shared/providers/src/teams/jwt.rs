//! The claims of Bot Framework tokens (PROVIDERS §2.2). The tokens are read strictly: RS256 only, and nothing of the
//! header but the fields that select a key.

use crate::webhook::Refusal;
use serde::Deserialize;
use vestibule_domain::Timestamp;
use vestibule_jose::{Algorithms, InvalidToken};

/// Issuer of the tokens that the Bot Framework sends. The sovereign clouds have others.
const ISSUER: &str = "https://api.botframework.com";
/// Largest accepted difference between the issuer's clock and ours, in seconds.
const SKEW_SECS: i64 = 300;
/// Longest accepted key id, in bytes. Microsoft's have 27.
const KID_MAX_BYTES: usize = 200;

/// A well-formed token whose signature has not been verified.
pub(super) struct Token<'a> {
    /// Id of the key that signed it.
    pub(super) kid: String,
    /// The claims.
    pub(super) claims: Claims,
    /// The signed token.
    pub(super) signed: vestibule_jose::Token<'a>,
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
        let signed = vestibule_jose::Token::read(text, Algorithms::RS256).map_err(refusal)?;
        let kid = signed
            .kid
            .clone()
            .filter(|kid| (1..=KID_MAX_BYTES).contains(&kid.len()))
            .ok_or(Refusal::because("the token names no key"))?;
        Ok(Self {
            kid,
            claims: signed.claims().map_err(refusal)?,
            signed,
        })
    }
}

fn refusal(invalid: InvalidToken) -> Refusal {
    Refusal::because(match invalid {
        InvalidToken::TooLong => "the token is too long",
        InvalidToken::Malformed => "the token is malformed",
        InvalidToken::Algorithm => "the token is not signed with RS256",
        InvalidToken::Extension => "the token asks for an extension",
    })
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
