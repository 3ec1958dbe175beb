//! Twilio's signature, and the answers that Twilio expects (PROVIDERS §5.2, §5.3).

use super::{
    AUTH_TOKEN, PREVIOUS_AUTH_TOKEN, Twilio, WEBHOOK_URL, key,
    params::{Format, Params},
    parse, url,
};
use crate::webhook::{Credentials, Parsed, RawRequest, Refusal, WebhookProvider};
use async_trait::async_trait;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use http::HeaderMap;
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use vestibule_domain::{
    Timestamp,
    connector::{Connector, Provider},
    secret::Secret,
};

const SIGNATURE_HEADER: &str = "x-twilio-signature";
/// The query parameter that makes a JSON body part of the signed address.
const BODY_HASH: &str = "bodySHA256";

#[async_trait]
impl WebhookProvider for Twilio {
    fn provider(&self) -> Provider {
        key()
    }

    fn verification_secrets(&self) -> &'static [&'static str] {
        &[AUTH_TOKEN, PREVIOUS_AUTH_TOKEN]
    }

    /// By default Twilio retries only failed connections, so a 5xx loses the message if an admin
    /// skipped the step that changes this.
    fn redelivers(&self) -> bool {
        false
    }

    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        _now: Timestamp,
    ) -> Result<(), Refusal> {
        let current = credentials
            .secret(AUTH_TOKEN)
            .ok_or(Refusal::because("the connector has no auth token"))?;
        let previous = credentials.secret(PREVIOUS_AUTH_TOKEN);
        let configured = credentials
            .connector
            .settings
            .get(WEBHOOK_URL)
            .filter(|url| !url.trim().is_empty())
            .ok_or(Refusal::because("the connector has no webhook URL"))?;
        check_signature(request, configured, current, previous)
    }

    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        parse::request(request, connector, now)
    }
}

/// Also tries `previous`, so that no message is lost during a rotation of the token.
fn check_signature(
    request: &RawRequest<'_>,
    configured: &str,
    current: &Secret,
    previous: Option<&Secret>,
) -> Result<(), Refusal> {
    let claimed = BASE64
        .decode(only_signature(request.headers)?.as_bytes())
        .map_err(|_| Refusal::because("the signature is malformed"))?;
    let behind = signed_behind(request, configured)?;
    let spellings = url::spellings(configured, request.query);
    let matches = |token: &Secret| {
        let signing_key = hmac::Key::new(
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            token.reveal().as_bytes(),
        );
        spellings.iter().any(|url| {
            let signed = [url.as_bytes(), behind.as_bytes()].concat();
            hmac::verify(&signing_key, &signed, &claimed).is_ok()
        })
    };
    if matches(current) || previous.is_some_and(matches) {
        Ok(())
    } else {
        Err(Refusal::because("the signature does not match"))
    }
}

/// The string that is signed after the address: the parameters of a form, and nothing for JSON,
/// whose hash is part of the address. Each format is refused with the mark of the other: a
/// signature over an address alone must not authenticate another body.
fn signed_behind(request: &RawRequest<'_>, configured: &str) -> Result<String, Refusal> {
    let format = Format::of(request.headers)
        .ok_or(Refusal::because("the body is neither a form nor JSON"))?;
    let requested = url::requested(configured, request.query);
    let hashes = body_hashes(requested.split_once('?').map_or("", |(_, query)| query));
    match (format, hashes.as_slice()) {
        (Format::Form, []) if body_hashes(request.query.unwrap_or("")).is_empty() => {
            Ok(Params::from_form(request.body).signed())
        }
        (Format::Form, _) => Err(Refusal::because("a form has a body hash")),
        (Format::Json, [hash]) if is_hash_of(hash, request.body) => Ok(String::new()),
        (Format::Json, [_]) => Err(Refusal::because("the body is not that of the hash")),
        (Format::Json, []) => Err(Refusal::because("a JSON body has no hash")),
        (Format::Json, _) => Err(Refusal::because("the body hash is repeated")),
    }
}

fn body_hashes(query: &str) -> Vec<String> {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == BODY_HASH)
        .map(|(_, value)| value.into_owned())
        .collect()
}

fn is_hash_of(hex: &str, body: &[u8]) -> bool {
    let Ok(claimed) = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()) else {
        return false;
    };
    let actual = digest(&SHA256, body);
    let difference = actual
        .as_ref()
        .iter()
        .zip(&claimed)
        .fold(0, |seen, (a, b)| seen | (a ^ b));
    claimed.len() == actual.as_ref().len() && difference == 0
}

/// The header's only value. If there were two, an attacker could choose which one is checked.
fn only_signature(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value
            .to_str()
            .map_err(|_| Refusal::because("the signature header is not ASCII")),
        (None, _) => Err(Refusal::because("the signature header is missing")),
        (Some(_), Some(_)) => Err(Refusal::because("the signature header is repeated")),
    }
}

#[cfg(test)]
mod tests;
