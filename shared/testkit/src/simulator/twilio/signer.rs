//! Requests as Twilio sends them: a form, signed together with the exact URL.
//!
//! Written from Twilio's documentation alone, so that it tests our verification instead of repeating it.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::BASE64;

use crate::crypto::hmac_sha1;
use crate::signed_request::SignedRequest;

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// Base64 of the HMAC-SHA1 over the URL, followed by each name with each of its values, both sorted.
#[must_use]
pub fn signature(auth_token: &str, url: &str, form: &[u8]) -> String {
    let mut fields: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(form) {
        fields
            .entry(name.into_owned())
            .or_default()
            .insert(value.into_owned());
    }
    let mut text = url.to_owned();
    for (name, values) in &fields {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    BASE64.encode(&hmac_sha1(auth_token.as_bytes(), &[text.as_bytes()]))
}

/// The request that Twilio would send to this URL. Twilio keeps the part after `#` to itself and does not
/// sign it.
#[must_use]
pub fn sign(auth_token: &str, url: &str, form: impl Into<Vec<u8>>) -> SignedRequest {
    let body = form.into();
    let url = url.split('#').next().unwrap_or_default();
    let signature = signature(auth_token, url, &body);
    let media_type = "application/x-www-form-urlencoded; charset=utf-8";
    let headers = [
        ("content-type", media_type),
        ("user-agent", "TwilioProxy/1.1"),
        (SIGNATURE_HEADER, signature.as_str()),
    ];
    SignedRequest::new(&headers, body)
}

/// A form with these fields.
#[must_use]
pub fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_published_by_twilio_comes_out() {
        let form = form(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]);
        let request = sign(
            "12345",
            "https://mycompany.com/myapp.php?foo=1&bar=2#rp=5xx",
            form,
        );
        assert_eq!(
            request.header("X-Twilio-Signature"),
            Some("RSOYDt4T1cUTdK1PDd93/VVr8B8=")
        );
    }

    #[test]
    fn repeated_values_are_signed_once_and_in_order_and_empty_ones_too() {
        let signed = |form: &[u8]| signature("t", "https://x", form);
        assert_eq!(signed(b"b=2&a=1&a=1&c="), signed(b"a=1&b=2&c="));
        assert_ne!(signed(b"a=1&b="), signed(b"a=1"));
    }
}
