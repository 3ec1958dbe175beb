//! Protection of cookie calls against other sites (ASVS 5.0 §3.5): a header that a form cannot send, and what
//! the browser says of the calling page.

use crate::{
    AdminState, CallOrigin,
    problem::{ApiError, CROSS_SITE_CALL},
};
use axum::http::{HeaderName, Method, header::ORIGIN, request::Parts};

const CONSOLE: HeaderName = HeaderName::from_static("x-vestibule-console");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks that a call that may change something comes from a page of this very origin. Calls that only read
/// pass.
pub fn check(parts: &Parts, state: &AdminState) -> Result<(), ApiError> {
    if is_safe(&parts.method) {
        return Ok(());
    }
    let of_console = all(parts, CONSOLE).eq([Some("1")]);
    let of_same_site = all(parts, SEC_FETCH_SITE).all(|site| site == Some("same-origin"));
    let host = parts.extensions.get::<CallOrigin>();
    let host = host.and_then(|origin| origin.domain_name.as_deref());
    let own = |origin: &str| {
        state.public_url.as_deref() == Some(origin)
            || host.is_some_and(|host| origin.strip_prefix("https://") == Some(host))
    };
    let of_own_origin = all(parts, ORIGIN).all(|origin| origin.is_some_and(own));
    if of_console && of_same_site && of_own_origin {
        Ok(())
    } else {
        Err(ApiError::new(&CROSS_SITE_CALL))
    }
}

/// Whether a method only reads.
pub(crate) fn is_safe(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

/// The values of a header; `None` for each that is no text.
fn all(parts: &Parts, name: HeaderName) -> impl Iterator<Item = Option<&str>> {
    let values = parts.headers.get_all(name).into_iter();
    values.map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Stores, parts_of};

    const OWN: &[(&str, &str)] = &[("x-vestibule-console", "1")];

    fn is_admitted(method: &str, headers: &[&[(&str, &str)]], public_url: Option<&str>) -> bool {
        let mut parts = parts_of(method, "/v1/x", &headers.concat());
        parts.extensions.insert(CallOrigin {
            domain_name: Some("api.example.com".to_owned()),
            ..CallOrigin::default()
        });
        let state = AdminState {
            public_url: public_url.map(str::to_owned),
            ..Stores::default().state()
        };
        match check(&parts, &state) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), &CROSS_SITE_CALL);
                false
            }
        }
    }

    #[test]
    fn a_call_of_the_console_is_admitted() {
        for method in ["POST", "PATCH", "PUT", "DELETE"] {
            for more in [
                &[][..],
                &[("sec-fetch-site", "same-origin")],
                &[("origin", "https://api.example.com")],
                &[("origin", "https://chat.example.com")],
                &[
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "https://chat.example.com"),
                ],
            ] {
                let url = Some("https://chat.example.com");
                assert!(is_admitted(method, &[OWN, more], url), "{method} {more:?}");
            }
        }
        let local = [("origin", "http://localhost:4566")];
        assert!(is_admitted(
            "POST",
            &[OWN, &local],
            Some("http://localhost:4566")
        ));
    }

    #[test]
    fn a_call_of_another_site_or_of_a_form_is_refused() {
        let url = Some("https://chat.example.com");
        assert!(!is_admitted("POST", &[], url));
        for wrong in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "https://evil.example"),
            ("origin", "http://api.example.com"),
            ("origin", "https://api.example.com.evil.example"),
            ("origin", "https://chat.example.com:8443"),
            ("origin", "null"),
            ("x-vestibule-console", "1"),
        ] {
            // The last one is a header that came twice.
            assert!(!is_admitted("POST", &[OWN, &[wrong]], url), "{wrong:?}");
        }
        let other = [("x-vestibule-console", "true")];
        assert!(!is_admitted("POST", &[&other], url));
        let chat = [("origin", "https://chat.example.com")];
        assert!(!is_admitted("POST", &[OWN, &chat], None));
    }

    #[test]
    fn a_call_that_only_reads_passes() {
        let cross = [("sec-fetch-site", "cross-site")];
        for method in ["GET", "HEAD"] {
            assert!(is_admitted(method, &[&cross], None), "{method}");
        }
    }
}
