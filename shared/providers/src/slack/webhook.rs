//! Slack's signature, and the handling of each kind of request (PROVIDERS §1.1, §1.2).

use super::{PREVIOUS_SIGNING_SECRET, SIGNING_SECRET, Slack, key, parse};
use crate::webhook::{Credentials, Parsed, RawRequest, Refusal, WebhookProvider};
use async_trait::async_trait;
use data_encoding::HEXLOWER;
use http::HeaderMap;
use ring::hmac;
use vestibule_domain::{
    Timestamp,
    connector::{Connector, Provider},
    secret::Secret,
};

const SIGNATURE_HEADER: &str = "x-slack-signature";
const TIMESTAMP_HEADER: &str = "x-slack-request-timestamp";
const SIGNATURE_PREFIX: &str = "v0=";

/// Largest accepted difference between a request's time and ours, in either direction, inclusive.
const SIGNATURE_WINDOW_SECS: u64 = 300;

#[async_trait]
impl WebhookProvider for Slack {
    fn provider(&self) -> Provider {
        key()
    }

    fn verification_secrets(&self) -> &'static [&'static str] {
        &[SIGNING_SECRET, PREVIOUS_SIGNING_SECRET]
    }

    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let current = credentials
            .secret(SIGNING_SECRET)
            .ok_or(Refusal::because("the connector has no signing secret"))?;
        let previous = credentials.secret(PREVIOUS_SIGNING_SECRET);
        check_signature(request, current, previous, now)
    }

    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        _now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        parse::request(request.body, connector)
    }
}

/// Also tries `previous`, so that no event is lost during a rotation of the secret.
fn check_signature(
    request: &RawRequest<'_>,
    current: &Secret,
    previous: Option<&Secret>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let timestamp = only_value(request.headers, TIMESTAMP_HEADER)?;
    let signature = only_value(request.headers, SIGNATURE_HEADER)?;
    let signed_at = seconds(timestamp).ok_or(Refusal::because("the timestamp is not a number"))?;
    if now.seconds().abs_diff(signed_at) > SIGNATURE_WINDOW_SECS {
        return Err(Refusal::because("the timestamp is not of this time"));
    }
    let claimed = signature
        .strip_prefix(SIGNATURE_PREFIX)
        .and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok())
        .ok_or(Refusal::because("the signature is malformed"))?;

    let base = [b"v0:", timestamp.as_bytes(), b":", request.body].concat();
    let matches = |secret: &Secret| {
        let signing_key = hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes());
        hmac::verify(&signing_key, &base, &claimed).is_ok()
    };
    if matches(current) || previous.is_some_and(matches) {
        Ok(())
    } else {
        Err(Refusal::because("the signature does not match"))
    }
}

/// The header's only value. If there were two, an attacker could choose which one is checked.
fn only_value<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value
            .to_str()
            .map_err(|_| Refusal::because("a signature header is not ASCII")),
        (None, _) => Err(Refusal::because("a signature header is missing")),
        (Some(_), Some(_)) => Err(Refusal::because("a signature header is repeated")),
    }
}

/// Accepts digits only; `parse` alone would accept a sign.
fn seconds(timestamp: &str) -> Option<i64> {
    let digits = !timestamp.is_empty() && timestamp.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| timestamp.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::fixtures;
    use futures_util::FutureExt;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The example in Slack's documentation of request signing.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIMESTAMP: &str = "1531420618";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

    fn at(offset_secs: i64) -> Timestamp {
        Timestamp::from_millis((1_531_420_618 + offset_secs) * 1000)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// Calls the trait, as the intake does.
    fn verify(
        pairs: &[(&'static str, &str)],
        body: &[u8],
        secrets: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let connector = fixtures::connector();
        let secrets: BTreeMap<_, _> = secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect();
        let headers = headers(pairs);
        let request = RawRequest {
            headers: &headers,
            query: None,
            body,
        };
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Slack
            .verify(&request, &credentials, now)
            .now_or_never()
            .expect("waits for nothing")
            .map_err(|refusal| refusal.reason)
    }

    const GOOD: [(&str, &str); 2] = [(TIMESTAMP_HEADER, TIMESTAMP), (SIGNATURE_HEADER, SIGNATURE)];
    const SECRETS: [(&str, &str); 1] = [(SIGNING_SECRET, SECRET)];

    fn signature(secret: &str, body: &[u8]) -> String {
        let signing_key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let base = [b"v0:", TIMESTAMP.as_bytes(), b":", body].concat();
        format!(
            "v0={}",
            HEXLOWER.encode(hmac::sign(&signing_key, &base).as_ref())
        )
    }

    #[test]
    fn the_published_example_is_authentic() {
        assert_eq!(verify(&GOOD, BODY, &SECRETS, at(0)), Ok(()));
    }

    #[test]
    fn a_request_is_good_for_five_minutes_either_way_and_not_for_a_second_more() {
        for (offset, good) in [(300, true), (-300, true), (301, false), (-301, false)] {
            let result = verify(&GOOD, BODY, &SECRETS, at(offset));
            assert_eq!(result.is_ok(), good, "{offset}");
        }
    }

    #[test]
    fn every_changed_byte_of_the_body_is_noticed() {
        for index in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[index] ^= 1;
            let result = verify(&GOOD, &body, &SECRETS, at(0));
            assert_eq!(result, Err("the signature does not match"), "byte {index}");
        }
        for body in [&BODY[1..], &BODY[..BODY.len() - 1], b"".as_slice()] {
            assert!(verify(&GOOD, body, &SECRETS, at(0)).is_err());
        }
    }

    #[test]
    fn another_timestamp_within_the_window_is_noticed() {
        let pairs = [
            (TIMESTAMP_HEADER, "1531420619"),
            (SIGNATURE_HEADER, SIGNATURE),
        ];
        let result = verify(&pairs, BODY, &SECRETS, at(0));
        assert_eq!(result, Err("the signature does not match"));
    }

    #[test]
    fn both_headers_are_needed_exactly_once() {
        let [time, sign] = GOOD;
        for (pairs, reason) in [
            (vec![], "a signature header is missing"),
            (vec![time], "a signature header is missing"),
            (vec![sign], "a signature header is missing"),
            (vec![time, time, sign], "a signature header is repeated"),
            (vec![time, sign, sign], "a signature header is repeated"),
        ] {
            assert_eq!(verify(&pairs, BODY, &SECRETS, at(0)), Err(reason));
        }
        let joined = format!("{SIGNATURE},{SIGNATURE}");
        let pairs = [time, (SIGNATURE_HEADER, joined.as_str())];
        assert!(verify(&pairs, BODY, &SECRETS, at(0)).is_err());
    }

    #[test]
    fn a_timestamp_is_digits_and_nothing_else() {
        for timestamp in [
            "",
            " ",
            "+1531420618",
            "-1531420618",
            "1531420618.0",
            "1.5e9",
            "0x5b479d0a",
            "1531420618,1531420618",
            "99999999999999999999999999",
        ] {
            let pairs = [(TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, SIGNATURE)];
            let result = verify(&pairs, BODY, &SECRETS, at(0));
            assert_eq!(result, Err("the timestamp is not a number"), "{timestamp}");
        }
    }

    #[test]
    fn a_signature_has_its_prefix_and_lowercase_hex() {
        let hex = SIGNATURE.strip_prefix("v0=").unwrap();
        for signature in [
            String::new(),
            "v0=".to_owned(),
            hex.to_owned(),
            format!("v1={hex}"),
            format!("V0={hex}"),
            format!("v0={}", hex.to_uppercase()),
            format!("v0={}", &hex[..63]),
            format!("v0={}", &hex[..62]),
            format!("v0={hex}00"),
            format!("v0= {hex}"),
            format!("v0={}", "z".repeat(64)),
        ] {
            let pairs = [
                (TIMESTAMP_HEADER, TIMESTAMP),
                (SIGNATURE_HEADER, signature.as_str()),
            ];
            assert!(
                verify(&pairs, BODY, &SECRETS, at(0)).is_err(),
                "{signature}"
            );
        }
    }

    #[test]
    fn header_bytes_that_are_not_ascii_are_refused() {
        let mut headers = headers(&GOOD);
        headers.insert(
            SIGNATURE_HEADER,
            http::HeaderValue::from_bytes(b"v0=\xff\xfe").unwrap(),
        );
        let request = RawRequest {
            headers: &headers,
            query: None,
            body: BODY,
        };
        let refused = check_signature(&request, &Secret::new(SECRET), None, at(0));
        assert_eq!(
            refused.unwrap_err().reason,
            "a signature header is not ASCII"
        );
    }

    #[test]
    fn a_missing_or_blank_secret_is_refused_even_if_the_request_is_signed_with_it() {
        for blank in ["", " ", "\t\n"] {
            let signed = signature(blank, BODY);
            let pairs = [
                (TIMESTAMP_HEADER, TIMESTAMP),
                (SIGNATURE_HEADER, signed.as_str()),
            ];
            let result = verify(&pairs, BODY, &[(SIGNING_SECRET, blank)], at(0));
            assert_eq!(result, Err("the connector has no signing secret"));
            let both = [(SIGNING_SECRET, SECRET), (PREVIOUS_SIGNING_SECRET, blank)];
            let result = verify(&pairs, BODY, &both, at(0));
            assert_eq!(result, Err("the signature does not match"));
        }
        let result = verify(&GOOD, BODY, &[], at(0));
        assert_eq!(result, Err("the connector has no signing secret"));
        let previous_only = [(PREVIOUS_SIGNING_SECRET, SECRET)];
        assert!(verify(&GOOD, BODY, &previous_only, at(0)).is_err());
    }

    #[test]
    fn during_a_rotation_both_secrets_are_good_and_no_third() {
        let secrets = [
            (SIGNING_SECRET, "the-new-signing-secret"),
            (PREVIOUS_SIGNING_SECRET, SECRET),
        ];
        assert_eq!(verify(&GOOD, BODY, &secrets, at(0)), Ok(()));
        for (secret, good) in [
            ("the-new-signing-secret", true),
            ("another-secret-altogether", false),
        ] {
            let signed = signature(secret, BODY);
            let pairs = [
                (TIMESTAMP_HEADER, TIMESTAMP),
                (SIGNATURE_HEADER, signed.as_str()),
            ];
            assert_eq!(
                verify(&pairs, BODY, &secrets, at(0)).is_ok(),
                good,
                "{secret}"
            );
        }
    }

    #[test]
    fn a_body_is_signed_byte_for_byte_whether_or_not_it_is_text() {
        for body in [
            "{\"text\":\"Grüße 世界 👋\"}".as_bytes(),
            b"\x00\xff\xfe\x80",
        ] {
            let signed = signature(SECRET, body);
            let pairs = [
                (TIMESTAMP_HEADER, TIMESTAMP),
                (SIGNATURE_HEADER, signed.as_str()),
            ];
            assert_eq!(verify(&pairs, body, &SECRETS, at(0)), Ok(()));
        }
    }

    proptest! {
        #[test]
        fn only_what_was_signed_is_authentic(
            body in proptest::collection::vec(any::<u8>(), 0..300),
            other in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let signed = signature(SECRET, &body);
            let pairs = [(TIMESTAMP_HEADER, TIMESTAMP), (SIGNATURE_HEADER, signed.as_str())];
            prop_assert!(verify(&pairs, &body, &SECRETS, at(0)).is_ok());
            prop_assert_eq!(verify(&pairs, &other, &SECRETS, at(0)).is_ok(), body == other);
        }

        #[test]
        fn no_header_makes_the_check_panic(timestamp in "[ -~]{0,40}", signature in "[ -~]{0,80}") {
            let pairs = [(TIMESTAMP_HEADER, timestamp.as_str()), (SIGNATURE_HEADER, signature.as_str())];
            prop_assert!(verify(&pairs, BODY, &SECRETS, at(0)).is_err());
        }
    }
}
