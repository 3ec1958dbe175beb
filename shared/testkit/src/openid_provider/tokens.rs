//! ID tokens, good and bad. Signing uses `ring`, like the code under test, because the alternative, the `rsa` crate,
//! has an open advisory. The key is the public test key of the Teams simulator.

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde_json::{Map, Value, json};

use super::faults::ProviderFault;
use crate::crypto::hmac_sha256;

/// Id of the key that signs.
const KEY_ID: &str = "provider-key";
/// Id of a second key, which signs nothing.
const SECOND_KEY_ID: &str = "second-key";
/// Lifetime of a token, in seconds.
const LIFE_SECS: i64 = 600;

const PRIVATE_KEY: &[u8] = include_bytes!("../simulator/teams/test_key.pk8");

/// The test key is damaged and cannot be used.
#[derive(Clone, Copy, Debug)]
pub(super) struct DamagedKey;

fn key() -> Result<KeyPair, DamagedKey> {
    KeyPair::from_pkcs8(PRIVATE_KEY).map_err(|_| DamagedKey)
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

/// The key set.
pub(super) fn keys(fault: Option<ProviderFault>) -> Result<Value, DamagedKey> {
    let public = PublicKeyComponents::<Vec<u8>>::from(key()?.public_key());
    let jwk = |id: &str| {
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": encoded(&public.n), "e": encoded(&public.e),
        })
    };
    Ok(match fault {
        Some(ProviderFault::NoKeyIdTwoKeys) => {
            json!({"keys": [jwk(KEY_ID), jwk(SECOND_KEY_ID)]})
        }
        _ => json!({"keys": [jwk(KEY_ID)]}),
    })
}

/// The facts that an ID token states.
pub(super) struct Facts<'a> {
    pub(super) issuer: &'a str,
    pub(super) tenant: Option<&'a Value>,
    pub(super) client_id: &'a str,
    pub(super) nonce: Option<&'a str>,
    pub(super) subject: Option<&'a Value>,
    pub(super) now_secs: i64,
}

/// An ID token with these facts, or with one fault.
pub(super) fn id_token(
    facts: &Facts<'_>,
    fault: Option<ProviderFault>,
) -> Result<String, DamagedKey> {
    let (header, claims) = (header(fault), claims(facts, fault));
    let mut text = Value::Object(claims).to_string();
    if fault == Some(ProviderFault::RepeatedClaim) {
        text = format!(
            r#"{{"sub":"somebody-else",{}"#,
            text.trim_start_matches('{')
        );
    }
    let message = format!("{}.{}", encoded(header.to_string()), encoded(text));
    let signature = match fault {
        Some(ProviderFault::AlgorithmNone) => String::new(),
        Some(ProviderFault::HmacWithPublicKey) => {
            let public = PublicKeyComponents::<Vec<u8>>::from(key()?.public_key());
            encoded(hmac_sha256(&public.n, &[message.as_bytes()]))
        }
        Some(ProviderFault::BadSignature) => sign(&format!("{message}x"))?,
        _ => sign(&message)?,
    };
    Ok(format!("{message}.{signature}"))
}

fn header(fault: Option<ProviderFault>) -> Value {
    match fault {
        Some(ProviderFault::NoKeyId | ProviderFault::NoKeyIdTwoKeys) => json!({"alg": "RS256"}),
        Some(ProviderFault::UnknownKeyId) => json!({"alg": "RS256", "kid": "not-there"}),
        Some(ProviderFault::AlgorithmNone) => json!({"alg": "none"}),
        Some(ProviderFault::HmacWithPublicKey) => json!({"alg": "HS256", "kid": KEY_ID}),
        Some(ProviderFault::CriticalExtension) => {
            json!({"alg": "RS256", "kid": KEY_ID, "crit": ["example"], "example": true})
        }
        _ => json!({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}),
    }
}

fn claims(facts: &Facts<'_>, fault: Option<ProviderFault>) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut set = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    set("iss", json!(facts.issuer));
    set("aud", json!(facts.client_id));
    set("exp", json!(facts.now_secs + LIFE_SECS));
    set("iat", json!(facts.now_secs));
    if let Some(subject) = facts.subject {
        set("sub", subject.clone());
    }
    if let Some(tenant) = facts.tenant {
        set("tid", tenant.clone());
    }
    if let Some(nonce) = facts.nonce {
        set("nonce", json!(nonce));
    }
    match fault {
        Some(ProviderFault::BadIssuer) => set("iss", json!("https://other.example")),
        Some(ProviderFault::BadAudience) => set("aud", json!("another-client")),
        Some(ProviderFault::TwoAudiences) => {
            set("aud", json!([facts.client_id, "another-client"]));
        }
        Some(ProviderFault::OtherParty) => set("azp", json!("another-client")),
        Some(ProviderFault::BadNonce) => set("nonce", json!("another-nonce")),
        Some(ProviderFault::Expired) => {
            set("iat", json!(facts.now_secs - 7200));
            set("exp", json!(facts.now_secs - 3600));
        }
        _ => {}
    }
    let absent = match fault {
        Some(ProviderFault::NoSubject) => "sub",
        Some(ProviderFault::NoIssuedAt) => "iat",
        Some(ProviderFault::NoNonce) => "nonce",
        _ => return claims,
    };
    claims.remove(absent);
    claims
}

fn sign(message: &str) -> Result<String, DamagedKey> {
    let key = key()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .map_err(|_| DamagedKey)?;
    Ok(encoded(&signature))
}
