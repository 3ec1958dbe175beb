//! Requests as 360dialog sends them: Meta's JSON with the headers from the webhook's set-up. Nothing signs
//! the body.
//!
//! Written from 360dialog's documentation alone, so that it tests our verification instead of repeating it.

use crate::signed_request::SignedRequest;

/// The header with the secret.
pub const AUTHORIZATION_HEADER: &str = "authorization";

/// The request that 360dialog would send with this body. It lacks the header if none was set up.
#[must_use]
pub fn sign(authorization: Option<&str>, body: impl Into<Vec<u8>>) -> SignedRequest {
    let mut headers = vec![("content-type", "application/json")];
    if let Some(value) = authorization {
        headers.push((AUTHORIZATION_HEADER, value));
    }
    SignedRequest::new(&headers, body.into())
}
