//! Requests as the Bot Framework sends them for Teams: an activity with an RS256 token, and the documents
//! with the keys.
//!
//! Written from Microsoft's documentation alone, so that it tests our verification instead of repeating it.
//! Signing uses `ring`, like the code under test, because the alternative, the `rsa` crate, has an open
//! advisory. `test_key.pk8` is a public test key.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde_json::{Value, json};

use crate::signed_request::SignedRequest;

/// The header with the token.
pub const AUTHORIZATION_HEADER: &str = "authorization";
/// The issuer, in tokens and in the metadata.
pub const ISSUER: &str = "https://api.botframework.com";
/// The id of the key with an endorsement for Teams.
pub const KEY_ID: &str = "testkit-teams";
/// The id of the same key with an endorsement for another channel only. Its signatures must not count for
/// Teams.
pub const OTHER_CHANNEL_KEY_ID: &str = "testkit-webchat";
/// Lifetime of a token, in seconds.
pub const TOKEN_LIFE_SECS: i64 = 3600;

const PRIVATE_KEY: &[u8] = include_bytes!("test_key.pk8");

/// The test key is damaged and cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedKey;

impl fmt::Display for DamagedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the test key is damaged")
    }
}

impl std::error::Error for DamagedKey {}

/// The OpenID metadata, with the keys at this address.
#[must_use]
pub fn metadata(jwks_uri: &str) -> Value {
    json!({
        "issuer": ISSUER, "authorization_endpoint": "https://invalid.botframework.com", "jwks_uri": jwks_uri,
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    })
}

/// The key set: one key for Teams and one for another channel.
///
/// # Errors
/// When the key file is damaged.
pub fn keys() -> Result<Value, DamagedKey> {
    let public = PublicKeyComponents::<Vec<u8>>::from(key()?.public_key());
    let jwk = |key_id: &str, endorsements: &[&str]| {
        json!({
            "kty": "RSA", "use": "sig", "kid": key_id, "x5t": key_id, "n": BASE64URL_NOPAD.encode(&public.n),
            "e": BASE64URL_NOPAD.encode(&public.e), "endorsements": endorsements,
        })
    };
    Ok(json!({"keys": [
        jwk(KEY_ID, &["msteams"]),
        jwk(OTHER_CHANNEL_KEY_ID, &["webchat"]),
    ]}))
}

/// The claims of a token for this bot.
#[must_use]
pub fn claims(app_id: &str, service_url: &str, now_secs: i64) -> Value {
    json!({
        "serviceurl": service_url, "nbf": now_secs, "exp": now_secs + TOKEN_LIFE_SECS, "iss": ISSUER, "aud": app_id,
    })
}

/// A token with these claims, signed with the test key under this id.
///
/// # Errors
/// When the key file is damaged.
pub fn token(key_id: &str, claims: &Value) -> Result<String, DamagedKey> {
    let header = json!({"alg": "RS256", "kid": key_id, "x5t": key_id, "typ": "JWT"});
    let encoded = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let signed = format!("{}.{}", encoded(&header), encoded(claims));
    let key = key()?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .map_err(|_| DamagedKey)?;
    Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
}

/// The request that Teams would send to this bot with this activity at this time.
///
/// # Errors
/// When the key file is damaged.
pub fn sign(
    app_id: &str,
    service_url: &str,
    now_secs: i64,
    body: impl Into<Vec<u8>>,
) -> Result<SignedRequest, DamagedKey> {
    let token = token(KEY_ID, &claims(app_id, service_url, now_secs))?;
    let bearer = format!("Bearer {token}");
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        (
            "user-agent",
            "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)",
        ),
        (AUTHORIZATION_HEADER, bearer.as_str()),
    ];
    Ok(SignedRequest::new(&headers, body.into()))
}

fn key() -> Result<KeyPair, DamagedKey> {
    KeyPair::from_pkcs8(PRIVATE_KEY).map_err(|_| DamagedKey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rsa::PublicKeyComponents;
    use ring::signature::RSA_PKCS1_2048_8192_SHA256;

    fn decoded(part: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()
    }

    #[test]
    fn a_token_is_checked_with_the_published_key() {
        let request = sign("app", "https://service.example/", 1_700_000_000, "{}").unwrap();
        let token = request
            .header("authorization")
            .unwrap()
            .strip_prefix("Bearer ")
            .unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let header: Value = serde_json::from_slice(&decoded(parts[0])).unwrap();
        let claims: Value = serde_json::from_slice(&decoded(parts[1])).unwrap();
        assert_eq!(claims["aud"], "app");
        assert_eq!(claims["serviceurl"], "https://service.example/");
        assert_eq!(claims["exp"], 1_700_003_600);
        let keys = keys().unwrap();
        let key = &keys["keys"][0];
        assert_eq!(
            (&header["kid"], &header["alg"]),
            (&key["kid"], &json!("RS256"))
        );
        assert_eq!(key["endorsements"], json!(["msteams"]));
        let public = PublicKeyComponents {
            n: decoded(key["n"].as_str().unwrap()),
            e: decoded(key["e"].as_str().unwrap()),
        };
        let signed = format!("{}.{}", parts[0], parts[1]);
        let check = |text: &str| {
            public.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                text.as_bytes(),
                &decoded(parts[2]),
            )
        };
        assert!(check(&signed).is_ok());
        assert!(check(&format!("{signed}x")).is_err());
    }
}
