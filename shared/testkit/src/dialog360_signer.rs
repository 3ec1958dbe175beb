//! Requests as 360dialog sends them: Meta's JSON with the headers that the webhook was set up with; nothing signs the body.
//!
//! Written from 360dialog's documentation alone, so that it checks our own verification instead of repeating it.

use crate::signed_request::SignedRequest;

/// The request that 360dialog would send with this body; without the header if none was set up.
#[must_use]
pub fn sign(authorization: Option<&str>, body: impl Into<Vec<u8>>) -> SignedRequest {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if let Some(value) = authorization {
        headers.push(("authorization".to_owned(), value.to_owned()));
    }
    SignedRequest {
        headers,
        body: body.into(),
    }
}
