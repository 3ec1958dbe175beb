//! Pictures in answers.

use axum::{
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    response::{IntoResponse, Response},
};
use std::fmt;

/// A picture that somebody chose: a browser may display it and do nothing else with it, and a shared cache may not
/// store it. Its `Debug` hides the bytes.
pub struct Picture {
    /// Its media type, as its bytes tell it.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Seconds for which the caller may cache it.
    pub max_age: u32,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .field("max_age", &self.max_age)
            .finish()
    }
}

impl IntoResponse for Picture {
    fn into_response(self) -> Response {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(self.media_type)),
            (CACHE_CONTROL, cached_by_the_caller(self.max_age)),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("default-src 'none'; sandbox"),
            ),
        ];
        (headers, self.bytes).into_response()
    }
}

/// The `Cache-Control` of an answer that the caller may cache for so many seconds, and no shared cache at all.
#[must_use]
pub fn cached_by_the_caller(seconds: u32) -> HeaderValue {
    // Words and digits are always a valid header value.
    HeaderValue::from_str(&format!("private, max-age={seconds}"))
        .unwrap_or_else(|_| HeaderValue::from_static("no-store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_displayed_and_does_nothing_else_and_stays_with_its_caller() {
        let picture = Picture {
            media_type: "image/png",
            bytes: vec![1, 2, 3],
            max_age: 300,
        };
        assert!(!format!("{picture:?}").contains("1, 2, 3"));
        let response = picture.into_response();
        for (name, value) in [
            (CONTENT_TYPE, "image/png"),
            (CACHE_CONTROL, "private, max-age=300"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        ] {
            let told: Vec<_> = response.headers().get_all(&name).iter().collect();
            assert_eq!(told, [value], "{name}");
        }
    }
}
