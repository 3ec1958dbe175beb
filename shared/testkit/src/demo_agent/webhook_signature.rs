//! Checks Standard Webhooks signatures as a receiver does: `v1` over id, time and body.
//!
//! Written from the specification (standardwebhooks.com), so that it tests our own signing.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Largest accepted difference between the two clocks.
const TOLERANCE_SECS: i64 = 5 * 60;

/// The three headers of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct WebhookHeaders<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`, in seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`: one or more of `v1,<base64>`, with spaces between.
    pub signature: &'a str,
}

/// The key in a secret of the form `whsec_<base64>`; it has 24 to 64 bytes.
#[must_use]
pub fn key(secret: &str) -> Option<Vec<u8>> {
    let key = BASE64
        .decode(secret.strip_prefix("whsec_")?.as_bytes())
        .ok()?;
    (24..=64).contains(&key.len()).then_some(key)
}

/// Checks that the delivery was signed with this key, and that its time is within the tolerance.
///
/// # Errors
/// With the reason for a refusal.
pub fn verify(
    key: &[u8],
    headers: &WebhookHeaders<'_>,
    body: &[u8],
    now_secs: i64,
) -> Result<(), &'static str> {
    if headers.id.is_empty() || headers.id.contains('.') {
        return Err("webhook-id is empty or contains a full stop");
    }
    let is_number = !headers.timestamp.is_empty()
        && headers.timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let timestamp: i64 = headers
        .timestamp
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or("webhook-timestamp is not a number of seconds")?;
    if (now_secs - timestamp).abs() > TOLERANCE_SECS {
        return Err("webhook-timestamp is more than five minutes away");
    }
    let is_good = headers
        .signature
        .split(' ')
        .filter_map(|signature| {
            BASE64
                .decode(signature.strip_prefix("v1,")?.as_bytes())
                .ok()
        })
        .any(|signature| {
            Hmac::<Sha256>::new_from_slice(key).is_ok_and(|mut mac| {
                for part in [
                    headers.id.as_bytes(),
                    b".",
                    headers.timestamp.as_bytes(),
                    b".",
                    body,
                ] {
                    mac.update(part);
                }
                mac.verify_slice(&signature).is_ok()
            })
        });
    is_good.then_some(()).ok_or("no webhook-signature is good")
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example in the tests of the reference implementations (standard-webhooks, `libraries/*/test`).
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const HEADERS: WebhookHeaders<'_> = WebhookHeaders {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const NOW: i64 = 1_614_265_330;

    #[test]
    fn the_published_example_verifies() {
        assert_eq!(verify(&key(SECRET).unwrap(), &HEADERS, BODY, NOW), Ok(()));
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        let signature = format!("v1,AAAA v1a,xyz {}", HEADERS.signature);
        let headers = WebhookHeaders {
            signature: &signature,
            ..HEADERS
        };
        assert_eq!(verify(&key(SECRET).unwrap(), &headers, BODY, NOW), Ok(()));
    }

    #[test]
    fn another_body_an_old_time_and_other_headers_are_refused() {
        let key = key(SECRET).unwrap();
        assert!(verify(&key, &HEADERS, b"{}", NOW).is_err());
        assert_eq!(verify(&key, &HEADERS, BODY, NOW + 300), Ok(()));
        assert!(verify(&key, &HEADERS, BODY, NOW + 301).is_err());
        assert!(verify(&key, &HEADERS, BODY, NOW - 301).is_err());
        for headers in [
            WebhookHeaders { id: "", ..HEADERS },
            WebhookHeaders {
                id: "msg_other",
                ..HEADERS
            },
            WebhookHeaders {
                timestamp: "1614265331",
                ..HEADERS
            },
            WebhookHeaders {
                timestamp: "+1614265330",
                ..HEADERS
            },
            WebhookHeaders {
                signature: "",
                ..HEADERS
            },
            WebhookHeaders {
                signature: &HEADERS.signature[3..],
                ..HEADERS
            },
        ] {
            assert!(verify(&key, &headers, BODY, NOW).is_err(), "{headers:?}");
        }
    }

    #[test]
    fn a_secret_without_its_prefix_or_with_a_short_key_is_none() {
        assert_eq!(key("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), None);
        assert_eq!(key("whsec_c2hvcnQ="), None);
    }
}
