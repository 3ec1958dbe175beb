//! Requests as Slack sends them: `v0` signatures and Events API payloads.
//!
//! Written from Slack's documentation alone, so that it tests our verification instead of repeating it.

mod payloads;

use data_encoding::HEXLOWER;

use crate::crypto::hmac_sha256;
use crate::signed_request::SignedRequest;

pub use payloads::{Said, SlackInstall, SlackPayload};

/// The header with the time of signing, in seconds.
pub const TIMESTAMP_HEADER: &str = "x-slack-request-timestamp";
/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-slack-signature";

/// `v0=` and the lower-case hex HMAC-SHA256 over `v0:<timestamp>:<body>`.
#[must_use]
pub fn signature(signing_secret: &str, timestamp_secs: i64, body: &[u8]) -> String {
    let prefix = format!("v0:{timestamp_secs}:");
    let mac = hmac_sha256(signing_secret.as_bytes(), &[prefix.as_bytes(), body]);
    format!("v0={}", HEXLOWER.encode(&mac))
}

/// The request that Slack would send with this body at this time.
#[must_use]
pub fn sign(signing_secret: &str, timestamp_secs: i64, body: impl Into<Vec<u8>>) -> SignedRequest {
    let body = body.into();
    let timestamp = timestamp_secs.to_string();
    let signature = signature(signing_secret, timestamp_secs, &body);
    let headers = [
        ("content-type", "application/json"),
        ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
        (TIMESTAMP_HEADER, timestamp.as_str()),
        (SIGNATURE_HEADER, signature.as_str()),
    ];
    SignedRequest::new(&headers, body)
}

/// The request of Slack's `number`th retry (1 to 3), with its reason, such as `http_timeout`.
#[must_use]
pub fn as_retry(request: SignedRequest, number: u32, reason: &str) -> SignedRequest {
    request
        .with_header("x-slack-retry-num", &number.to_string())
        .with_header("x-slack-retry-reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_published_by_slack_comes_out() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
            &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
            &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
            %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
            &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let request = sign("8f742231b10e8888abcd99yyyzzz85a5", 1_531_420_618, body);
        assert_eq!(
            request.header("X-Slack-Signature"),
            Some("v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
        );
    }

    #[test]
    fn a_retry_is_the_same_request_with_two_more_headers() {
        let first = sign("secret", 1, "{}");
        let retry = as_retry(first.clone(), 2, "http_error");
        assert_eq!(retry.header("x-slack-retry-num"), Some("2"));
        assert_eq!(retry.body, first.body);
        assert_eq!(
            retry.header(SIGNATURE_HEADER),
            first.header(SIGNATURE_HEADER)
        );
    }
}
