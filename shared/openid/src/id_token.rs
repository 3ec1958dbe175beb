//! The checks of an ID token (`OpenID` Connect Core 1.0 §3.1.3.7).

use crate::tenants::{IssuerTemplate, is_tenant_id};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use vestibule_domain::Timestamp;

/// Largest accepted difference between the provider's clock and ours, in seconds.
const SKEW_SECS: i64 = 300;
/// Longest subject, in bytes (Core §2).
const SUBJECT_MAX: usize = 255;

/// The values that an ID token must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: ExpectedIssuer<'a>,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
}

/// The issuers that a token may have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ExpectedIssuer<'a> {
    /// This one.
    Exactly(&'a str),
    /// That of its own tenant, if it is one of these.
    OfTenant {
        template: &'a IssuerTemplate,
        tenants: &'a BTreeSet<String>,
    },
}

/// Checks the claims of a token whose signature is good, and returns its subject.
pub(crate) fn check(
    claims: &Map<String, Value>,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<String, &'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    check_issuer(claims, expected.issuer)?;
    check_audience(claims, expected.client_id)?;
    check_times(claims, now)?;
    if text("nonce") != Some(expected.nonce) {
        return Err("the token belongs to another sign-in");
    }
    subject(claims).ok_or("the token has no subject")
}

fn check_issuer(
    claims: &Map<String, Value>,
    expected: ExpectedIssuer<'_>,
) -> Result<(), &'static str> {
    let issuer = issuer(claims);
    let is_good = match expected {
        ExpectedIssuer::Exactly(expected) => issuer == Some(expected),
        ExpectedIssuer::OfTenant { template, tenants } => {
            let tenant = tenant(claims).ok_or("the token names no tenant")?;
            if !tenants.contains(tenant) {
                return Err("the token is of a tenant that the account does not let in");
            }
            issuer == Some(template.of(tenant).as_str())
        }
    };
    is_good
        .then_some(())
        .ok_or("the token is of another issuer")
}

/// The issuer, as the token says it.
pub(crate) fn issuer(claims: &Map<String, Value>) -> Option<&str> {
    claims.get("iss")?.as_str()
}

/// The tenant, if the token names one.
pub(crate) fn tenant(claims: &Map<String, Value>) -> Option<&str> {
    let tenant = claims.get("tid")?.as_str()?;
    is_tenant_id(tenant).then_some(tenant)
}

/// The subject, if it is one.
pub(crate) fn subject(claims: &Map<String, Value>) -> Option<String> {
    let subject = claims.get("sub")?.as_str()?;
    (1..=SUBJECT_MAX)
        .contains(&subject.len())
        .then(|| subject.to_owned())
}

/// A token for several clients is only accepted if it was issued to this one.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), &'static str> {
    let other = Err("the token is for another client");
    let audiences: Vec<&Value> = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
        None => return other,
    };
    let is_text = audiences.iter().all(|one| one.is_string());
    if !is_text || !audiences.iter().any(|one| one.as_str() == Some(client_id)) {
        return other;
    }
    match claims.get("azp") {
        Some(party) if party.as_str() == Some(client_id) => Ok(()),
        None if audiences.len() == 1 => Ok(()),
        Some(_) | None => other,
    }
}

fn check_times(claims: &Map<String, Value>, now: Timestamp) -> Result<(), &'static str> {
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    let now = now.seconds();
    let expires = number("exp").ok_or("the token has no expiry")?;
    if now > expires.saturating_add(SKEW_SECS) {
        return Err("the token has expired");
    }
    let issued = number("iat").ok_or("the token has no time of issue")?;
    let begins = match claims.get("nbf") {
        Some(begins) => begins
            .as_i64()
            .ok_or("the token has no readable beginning")?,
        None => issued,
    };
    if now < issued.max(begins).saturating_sub(SKEW_SECS) {
        return Err("the token does not hold yet");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW_SECS: i64 = 1_800_000_000;

    fn checked(changes: &Value) -> Result<String, &'static str> {
        let mut claims = json!({
            "iss": "https://idp.example", "sub": "ana", "aud": "client", "exp": NOW_SECS + 600,
            "iat": NOW_SECS, "nonce": "n",
        });
        for (name, change) in changes.as_object().unwrap() {
            if change.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = change.clone();
            }
        }
        let expected = Expected {
            issuer: ExpectedIssuer::Exactly("https://idp.example"),
            client_id: "client",
            nonce: "n",
        };
        let now = Timestamp::from_millis(NOW_SECS * 1000);
        check(claims.as_object().unwrap(), &expected, now)
    }

    /// SPEC D27.
    #[test]
    fn an_id_token_of_this_sign_in_tells_its_subject() {
        for changes in [
            json!({}),
            json!({"aud": ["client"]}),
            json!({"azp": "client"}),
            json!({"aud": ["client", "other"], "azp": "client"}),
            json!({"exp": NOW_SECS - 300}),
            json!({"iat": NOW_SECS + 300}),
            json!({"nbf": NOW_SECS + 300}),
        ] {
            assert_eq!(checked(&changes).as_deref(), Ok("ana"), "{changes}");
        }
    }

    /// SPEC D27.
    #[test]
    fn every_claim_is_needed_and_has_one_good_value() {
        let (issuer, client) = (
            "the token is of another issuer",
            "the token is for another client",
        );
        let (nonce, subject) = (
            "the token belongs to another sign-in",
            "the token has no subject",
        );
        for (changes, expected) in [
            (json!({"iss": null}), issuer),
            (json!({"iss": "https://idp.example/"}), issuer),
            (json!({"iss": "https://IDP.example"}), issuer),
            (json!({"iss": ["https://idp.example"]}), issuer),
            (json!({"aud": null}), client),
            (json!({"aud": "other"}), client),
            (json!({"aud": []}), client),
            (json!({"aud": ["other"]}), client),
            (json!({"aud": ["client", 7], "azp": "client"}), client),
            (json!({"aud": ["client", "other"]}), client),
            (json!({"aud": ["client", "other"], "azp": "other"}), client),
            (json!({"azp": "other"}), client),
            (json!({"azp": 7}), client),
            (json!({"exp": null}), "the token has no expiry"),
            (json!({"exp": "never"}), "the token has no expiry"),
            (json!({"exp": NOW_SECS - 301}), "the token has expired"),
            (json!({"iat": null}), "the token has no time of issue"),
            (
                json!({"iat": NOW_SECS + 301}),
                "the token does not hold yet",
            ),
            (
                json!({"nbf": NOW_SECS + 301}),
                "the token does not hold yet",
            ),
            (json!({"nbf": "x"}), "the token has no readable beginning"),
            (json!({"nonce": null}), nonce),
            (json!({"nonce": "N"}), nonce),
            (json!({"nonce": ""}), nonce),
            (json!({"sub": null}), subject),
            (json!({"sub": ""}), subject),
            (json!({"sub": 7}), subject),
            (json!({"sub": "x".repeat(256)}), subject),
        ] {
            assert_eq!(checked(&changes), Err(expected), "{changes}");
        }
    }
}
