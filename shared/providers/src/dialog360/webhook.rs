//! The secret that 360dialog repeats with every request (PROVIDERS §4.2).
//!
//! 360dialog signs nothing. It only repeats the headers that were set with its webhook, which prove
//! neither the body nor the time. Event keys and the largest accepted age of a message protect
//! against replays.

use super::{Dialog360, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET, key, parse};
use crate::webhook::{Credentials, Parsed, RawRequest, Refusal, WebhookProvider};
use async_trait::async_trait;
use http::{HeaderMap, header};
use ring::hmac;
use vestibule_domain::{
    Timestamp,
    connector::{Connector, Provider},
    secret::Secret,
};

/// Prefix of the secret in its header.
pub(super) const SCHEME: &str = "Bearer ";

/// Maximum size of a body. Meta collects events of many people, and its payloads have up to 3 MB (`WhatsApp`
/// Business Platform, Webhooks). A larger limit than that of other platforms does no harm: a body is not
/// parsed before its secret is checked.
const BATCH_MAX_BYTES: usize = 3 * 1024 * 1024;

#[async_trait]
impl WebhookProvider for Dialog360 {
    fn provider(&self) -> Provider {
        key()
    }

    fn verification_secrets(&self) -> &'static [&'static str] {
        &[WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET]
    }

    fn body_max(&self) -> usize {
        BATCH_MAX_BYTES
    }

    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        _now: Timestamp,
    ) -> Result<(), Refusal> {
        let current = credentials
            .secret(WEBHOOK_SECRET)
            .ok_or(Refusal::because("the connector has no webhook secret"))?;
        let previous = credentials.secret(PREVIOUS_WEBHOOK_SECRET);
        check_secret(request.headers, current, previous)
    }

    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        parse::request(request.body, connector, now)
    }
}

/// Also tries `previous`, so that no message is refused during a rotation of the secret: failed
/// requests are repeated for days with their original headers.
fn check_secret(
    headers: &HeaderMap,
    current: &Secret,
    previous: Option<&Secret>,
) -> Result<(), Refusal> {
    let claimed = only_value(headers)?
        .strip_prefix(SCHEME.as_bytes())
        .ok_or(Refusal::because("the authorization is not a bearer's"))?;
    if is_same(claimed, current) || previous.is_some_and(|previous| is_same(claimed, previous)) {
        Ok(())
    } else {
        Err(Refusal::because("the webhook secret does not match"))
    }
}

/// Compares in constant time, by comparing codes of both values.
pub(super) fn is_same(claimed: &[u8], secret: &Secret) -> bool {
    let code_key = hmac::Key::new(hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let code = hmac::sign(&code_key, claimed);
    hmac::verify(&code_key, secret.reveal().as_bytes(), code.as_ref()).is_ok()
}

/// The header's only value. If there were two, an attacker could choose which one is checked.
fn only_value(headers: &HeaderMap) -> Result<&[u8], Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.as_bytes()),
        (None, _) => Err(Refusal::because("the authorization is missing")),
        (Some(_), Some(_)) => Err(Refusal::because("the authorization is repeated")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialog360::fixtures::{self, SECRET};
    use futures_util::FutureExt;
    use http::HeaderValue;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const NO_MATCH: Result<(), &str> = Err("the webhook secret does not match");
    const NO_SECRET: Result<(), &str> = Err("the connector has no webhook secret");

    /// Calls the trait, as the intake does.
    fn verify(authorizations: &[&[u8]], secrets: &[(&str, &str)]) -> Result<(), &'static str> {
        let connector = fixtures::connector();
        let secrets: BTreeMap<_, _> = secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect();
        let mut headers = HeaderMap::new();
        for value in authorizations {
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(header::AUTHORIZATION, value);
        }
        let request = RawRequest {
            headers: &headers,
            query: None,
            body: b"{}",
        };
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Dialog360
            .verify(&request, &credentials, Timestamp::from_millis(0))
            .now_or_never()
            .expect("waits for nothing")
            .map_err(|refusal| refusal.reason)
    }

    const SECRETS: [(&str, &str); 1] = [(WEBHOOK_SECRET, SECRET)];

    fn bearer(secret: &str) -> Vec<u8> {
        format!("Bearer {secret}").into_bytes()
    }

    #[test]
    fn a_request_that_says_the_secret_is_authentic() {
        assert_eq!(verify(&[&bearer(SECRET)], &SECRETS), Ok(()));
    }

    #[test]
    fn every_changed_byte_of_the_secret_is_noticed() {
        for index in 0..SECRET.len() {
            let mut secret = SECRET.as_bytes().to_vec();
            secret[index] ^= 1;
            let value = [b"Bearer ", secret.as_slice()].concat();
            assert_eq!(verify(&[&value], &SECRETS), NO_MATCH, "byte {index}");
        }
        for secret in [
            "",
            &SECRET[1..],
            &SECRET[..SECRET.len() - 1],
            &format!("{SECRET}0"),
            &format!(" {SECRET}"),
            &format!("{SECRET} "),
            &SECRET.to_uppercase(),
            &format!("{SECRET},Bearer {SECRET}"),
            &format!("{SECRET}, Bearer {SECRET}"),
        ] {
            assert_eq!(verify(&[&bearer(secret)], &SECRETS), NO_MATCH, "{secret}");
        }
    }

    #[test]
    fn the_header_is_needed_exactly_once() {
        let good = bearer(SECRET);
        assert_eq!(verify(&[], &SECRETS), Err("the authorization is missing"));
        for pair in [[good.as_slice(), &good], [&good, b"Bearer x"]] {
            let result = verify(&pair, &SECRETS);
            assert_eq!(result, Err("the authorization is repeated"));
        }
    }

    #[test]
    fn another_scheme_is_refused() {
        for value in [
            SECRET.to_owned(),
            format!("bearer {SECRET}"),
            format!("BEARER {SECRET}"),
            format!("Basic {SECRET}"),
            format!("Bearer{SECRET}"),
            format!("Bearer\t{SECRET}"),
            String::new(),
        ] {
            let result = verify(&[value.as_bytes()], &SECRETS);
            assert_eq!(
                result,
                Err("the authorization is not a bearer's"),
                "{value}"
            );
        }
        assert_eq!(verify(&[b"Bearer \xff\xfe"], &SECRETS), NO_MATCH);
    }

    #[test]
    fn a_missing_or_blank_secret_is_refused_even_if_the_request_says_it() {
        for blank in ["", " ", "\t"] {
            let value = bearer(blank);
            assert_eq!(verify(&[&value], &[(WEBHOOK_SECRET, blank)]), NO_SECRET);
            let both = [(WEBHOOK_SECRET, SECRET), (PREVIOUS_WEBHOOK_SECRET, blank)];
            assert_eq!(verify(&[&value], &both), NO_MATCH);
        }
        assert_eq!(verify(&[&bearer(SECRET)], &[]), NO_SECRET);
        let previous_only = [(PREVIOUS_WEBHOOK_SECRET, SECRET)];
        assert_eq!(verify(&[&bearer(SECRET)], &previous_only), NO_SECRET);
    }

    #[test]
    fn during_a_rotation_both_secrets_are_good_and_no_third() {
        let secrets = [
            (WEBHOOK_SECRET, "the-new-webhook-secret-0123456789"),
            (PREVIOUS_WEBHOOK_SECRET, SECRET),
        ];
        for (secret, expected) in [
            ("the-new-webhook-secret-0123456789", Ok(())),
            (SECRET, Ok(())),
            ("another-secret-altogether-0123456", NO_MATCH),
        ] {
            assert_eq!(verify(&[&bearer(secret)], &secrets), expected, "{secret}");
        }
    }

    proptest! {
        #[test]
        fn only_the_secret_is_authentic(value in "[ -~]{0,80}") {
            let good = value == format!("Bearer {SECRET}");
            prop_assert_eq!(verify(&[value.as_bytes()], &SECRETS).is_ok(), good);
        }
    }
}
