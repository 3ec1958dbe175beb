//! Requests as Telegram sends them: JSON, with the secret from `setWebhook` in a header.
//!
//! Written from Telegram's documentation alone, so that it tests our verification instead of repeating it.

use crate::signed_request::SignedRequest;

/// The header with the secret.
pub const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// The request that Telegram would send with this body. It has no secret if none was set.
#[must_use]
pub fn sign(secret_token: Option<&str>, body: impl Into<Vec<u8>>) -> SignedRequest {
    let mut headers = vec![("content-type", "application/json")];
    if let Some(secret) = secret_token {
        headers.push((SECRET_HEADER, secret));
    }
    SignedRequest::new(&headers, body.into())
}
