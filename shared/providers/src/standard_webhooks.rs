//! Signatures of deliveries to agents and of texts to systems of customers, after Standard Webhooks: `v1,` and
//! the base64 HMAC-SHA256 of `id.timestamp.body`.

use data_encoding::BASE64;
use ring::hmac;
use vestibule_domain::{Timestamp, secret::Secret};

/// Prefix of every signing secret.
pub const SECRET_PREFIX: &str = "whsec_";
/// Minimum length of a key, in bytes, as the specification recommends.
pub const KEY_MIN_BYTES: usize = 24;
/// Maximum length of a key, in bytes.
pub const KEY_MAX_BYTES: usize = 64;

/// The rule for signing secrets, as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be `whsec_` and the base64 form of 24 to 64 bytes")]
pub struct InvalidSecret;

/// The signing secret with this key.
#[must_use]
pub fn secret_of(key: &[u8]) -> Secret {
    Secret::new(format!("{SECRET_PREFIX}{}", BASE64.encode(key)))
}

/// Decodes the key of a signing secret.
pub fn key_of(secret: &Secret) -> Result<Vec<u8>, InvalidSecret> {
    let encoded = secret
        .reveal()
        .strip_prefix(SECRET_PREFIX)
        .ok_or(InvalidSecret)?;
    let key = BASE64
        .decode(encoded.as_bytes())
        .map_err(|_| InvalidSecret)?;
    if (KEY_MIN_BYTES..=KEY_MAX_BYTES).contains(&key.len()) {
        Ok(key)
    } else {
        Err(InvalidSecret)
    }
}

/// The three headers of a body that is signed with each of these secrets. The specification allows
/// several signatures, separated by spaces; one that the receiver can verify is enough.
pub fn headers(
    id: &str,
    body: &[u8],
    secrets: &[Secret],
    now: Timestamp,
) -> Result<[(&'static str, String); 3], InvalidSecret> {
    let timestamp = now.seconds().to_string();
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
    let signatures = secrets
        .iter()
        .map(|secret| signature(secret, &signed))
        .collect::<Result<Vec<_>, _>>()?;
    Ok([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp),
        ("webhook-signature", signatures.join(" ")),
    ])
}

fn signature(secret: &Secret, signed: &[&[u8]]) -> Result<String, InvalidSecret> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key_of(secret)?);
    let mut context = hmac::Context::with_key(&key);
    for part in signed {
        context.update(part);
    }
    Ok(format!("v1,{}", BASE64.encode(context.sign().as_ref())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example in the specification's reference implementations, and its signature.
    const EXAMPLE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ITS_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn signed(secrets: &[&str]) -> Result<[(&'static str, String); 3], InvalidSecret> {
        let secrets: Vec<Secret> = secrets.iter().copied().map(Secret::new).collect();
        headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            br#"{"test": 2432232314}"#,
            &secrets,
            Timestamp::from_millis(1_614_265_330_000),
        )
    }

    #[test]
    fn the_specifications_own_example_has_its_own_signature() {
        let signed = signed(&[EXAMPLE]).unwrap();
        assert_eq!(signed[1].1, "1614265330");
        assert_eq!(signed[2].1, ITS_SIGNATURE);
    }

    #[test]
    fn with_several_secrets_there_is_a_signature_of_each_with_a_space_between() {
        let other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
        let [_, _, (_, both)] = signed(&[other, EXAMPLE]).unwrap();
        let [_, _, (_, alone)] = signed(&[other]).unwrap();
        assert_eq!(both, format!("{alone} {ITS_SIGNATURE}"));
        assert_eq!(signed(&[EXAMPLE, "whsec_"]), Err(InvalidSecret));
    }

    #[test]
    fn a_secret_of_another_form_is_refused() {
        for wrong in [
            "",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_%%%",
        ] {
            assert_eq!(key_of(&Secret::new(wrong)), Err(InvalidSecret), "{wrong}");
        }
    }
}
