//! The secret that Telegram repeats with every update (PROVIDERS §3.2).

use super::{BOT_TOKEN, PREVIOUS_SECRET_TOKEN, SECRET_TOKEN, Telegram, key, parse};
use crate::webhook::{Credentials, Parsed, RawRequest, Refusal, WebhookProvider};
use async_trait::async_trait;
use http::HeaderMap;
use ring::hmac;
use vestibule_domain::{
    Timestamp,
    connector::{Connector, Provider},
    secret::Secret,
};

const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";
/// Longest id of a bot that becomes part of event keys. Telegram's have about ten digits.
const BOT_ID_MAX_CHARS: usize = 20;

#[async_trait]
impl WebhookProvider for Telegram {
    fn provider(&self) -> Provider {
        key()
    }

    fn verification_secrets(&self) -> &'static [&'static str] {
        &[SECRET_TOKEN, PREVIOUS_SECRET_TOKEN, BOT_TOKEN]
    }

    /// The number before the colon of a bot's token is the bot's own id, which is no secret.
    fn bot(&self, credentials: &Credentials<'_>) -> Option<String> {
        let (id, _) = credentials.secret(BOT_TOKEN)?.reveal().split_once(':')?;
        let fits =
            (1..=BOT_ID_MAX_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| id.to_owned())
    }

    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        _now: Timestamp,
    ) -> Result<(), Refusal> {
        let current = credentials
            .secret(SECRET_TOKEN)
            .ok_or(Refusal::because("the connector has no secret token"))?;
        let previous = credentials.secret(PREVIOUS_SECRET_TOKEN);
        check_secret(request.headers, current, previous)
    }

    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        _now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        // Always empty: Telegram would execute a body that looks like a call of its API.
        Ok(Parsed::one(parse::update(request.body, connector)))
    }
}

/// Also tries `previous`, so that no update is lost during a rotation of the secret.
fn check_secret(
    headers: &HeaderMap,
    current: &Secret,
    previous: Option<&Secret>,
) -> Result<(), Refusal> {
    let claimed = only_value(headers)?;
    if is_same(claimed, current) || previous.is_some_and(|previous| is_same(claimed, previous)) {
        Ok(())
    } else {
        Err(Refusal::because("the secret token does not match"))
    }
}

/// Compares in constant time, by comparing codes of both values.
fn is_same(claimed: &[u8], secret: &Secret) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET_HEADER.as_bytes());
    let code = hmac::sign(&key, claimed);
    hmac::verify(&key, secret.reveal().as_bytes(), code.as_ref()).is_ok()
}

/// The header's only value. If there were two, an attacker could choose which one is checked.
fn only_value(headers: &HeaderMap) -> Result<&[u8], Refusal> {
    let mut values = headers.get_all(SECRET_HEADER).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.as_bytes()),
        (None, _) => Err(Refusal::because("the secret token is missing")),
        (Some(_), Some(_)) => Err(Refusal::because("the secret token is repeated")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::fixtures;
    use futures_util::FutureExt;
    use http::HeaderValue;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const SECRET: &str = "nB0tS3cret_token-of-43-characters-in-base64u";
    const SECRETS: [(&str, &str); 1] = [(SECRET_TOKEN, SECRET)];

    /// Calls the trait, as the intake does.
    fn verify(said: &[&[u8]], secrets: &[(&str, &str)]) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(SECRET_HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        let connector = fixtures::connector();
        let secrets: BTreeMap<_, _> = secrets
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::new(*value)))
            .collect();
        let request = RawRequest {
            headers: &headers,
            query: None,
            body: b"{}",
        };
        let credentials = Credentials {
            connector: &connector,
            secrets: &secrets,
        };
        Telegram
            .verify(&request, &credentials, Timestamp::from_millis(0))
            .now_or_never()
            .unwrap()
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn the_secret_that_telegram_was_told_is_good() {
        assert_eq!(verify(&[SECRET.as_bytes()], &SECRETS), Ok(()));
    }

    #[test]
    fn anything_but_the_whole_secret_is_refused() {
        let (longer, shorter) = (format!("{SECRET}x"), &SECRET[..SECRET.len() - 1]);
        let joined = format!("{SECRET},{SECRET}");
        for said in [
            "",
            " ",
            shorter,
            &longer,
            &joined,
            &SECRET.to_lowercase(),
            &format!(" {SECRET}"),
            &format!("Bearer {SECRET}"),
        ] {
            let result = verify(&[said.as_bytes()], &SECRETS);
            assert_eq!(result, Err("the secret token does not match"), "{said:?}");
        }
        assert!(verify(&[b"\xff\xfe"], &SECRETS).is_err());
    }

    #[test]
    fn the_header_is_there_once() {
        assert_eq!(verify(&[], &SECRETS), Err("the secret token is missing"));
        for said in [[SECRET, SECRET], [SECRET, "other"], ["other", SECRET]] {
            let result = verify(&said.map(str::as_bytes), &SECRETS);
            assert_eq!(result, Err("the secret token is repeated"), "{said:?}");
        }
    }

    #[test]
    fn without_a_secret_of_our_own_nothing_is_authentic() {
        for blank in ["", " ", "\t"] {
            let result = verify(&[blank.as_bytes()], &[(SECRET_TOKEN, blank)]);
            assert_eq!(result, Err("the connector has no secret token"));
            let both = [(SECRET_TOKEN, SECRET), (PREVIOUS_SECRET_TOKEN, blank)];
            let result = verify(&[blank.as_bytes()], &both);
            assert_eq!(result, Err("the secret token does not match"));
        }
        assert!(verify(&[b""], &[]).is_err());
        assert!(verify(&[], &[]).is_err());
        let previous_only = [(PREVIOUS_SECRET_TOKEN, SECRET)];
        assert!(verify(&[SECRET.as_bytes()], &previous_only).is_err());
    }

    #[test]
    fn a_bot_is_named_by_the_public_part_of_its_token() {
        let connector = fixtures::connector();
        let bot = |token: &str| {
            let secrets = BTreeMap::from([(BOT_TOKEN.to_owned(), Secret::new(token))]);
            Telegram.bot(&Credentials {
                connector: &connector,
                secrets: &secrets,
            })
        };
        assert_eq!(bot(fixtures::TOKEN).as_deref(), Some("110201543"));
        let long = format!("{}:canary", "1".repeat(21));
        for malformed in ["", "canary", ":canary", "1a:canary", &long] {
            assert_eq!(bot(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn during_a_rotation_both_secrets_are_good_and_no_third() {
        let secrets = [
            (SECRET_TOKEN, "the-new-secret-token"),
            (PREVIOUS_SECRET_TOKEN, SECRET),
        ];
        for (said, good) in [
            ("the-new-secret-token", true),
            (SECRET, true),
            ("another-secret-altogether", false),
        ] {
            assert_eq!(verify(&[said.as_bytes()], &secrets).is_ok(), good, "{said}");
        }
    }

    proptest! {
        #[test]
        fn no_other_secret_is_good(said in "[ -~]{0,80}") {
            prop_assert_eq!(verify(&[said.as_bytes()], &SECRETS).is_ok(), said == SECRET);
        }
    }
}
