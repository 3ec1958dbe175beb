//! Cookies: read from a call, and set by an answer. `__Host-` binds them to this host and to TLS.

use axum::http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use std::time::Duration;
use vestibule_domain::team::session::SESSION_LIFE;

/// The cookie of the session.
pub const SESSION: &str = "__Host-vestibule";
/// The cookie by which a browser is known again.
pub const DEVICE: &str = "__Host-vestibule-device";
/// The cookie of a browser in which a sign-in at a provider is under way.
pub const FLOW: &str = "__Host-vestibule-flow";

/// Lifetime of the session's cookie.
pub const SESSION_AGE: Duration = SESSION_LIFE;
/// Lifetime of the device's cookie; browsers keep none for longer.
pub const DEVICE_AGE: Duration = Duration::from_hours(400 * 24);
/// Lifetime of the cookie of a sign-in at a provider.
pub const FLOW_AGE: Duration = Duration::from_mins(10);

/// Reads a cookie of a call.
#[must_use]
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(found, value)| (found == name).then_some(value))
}

/// Sets a cookie for some time.
#[must_use]
pub fn set(name: &str, value: &str, age: Duration) -> HeaderValue {
    let cookie = format!(
        "{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={}",
        age.as_secs()
    );
    // Tokens are letters, digits, `-` and `_`: always a valid header value.
    HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Removes a cookie.
#[must_use]
pub fn clear(name: &str) -> HeaderValue {
    set(name, "", Duration::ZERO)
}

/// Adds cookies to an answer.
pub fn add(headers: &mut HeaderMap, cookies: impl IntoIterator<Item = HeaderValue>) {
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (COOKIE, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let all = headers(&["a=1; __Host-vestibule-device=d", "__Host-vestibule=s;b=2"]);
        assert_eq!(read(&all, SESSION), Some("s"));
        assert_eq!(read(&all, DEVICE), Some("d"));
        assert_eq!(read(&all, FLOW), None);
        assert_eq!(
            read(&headers(&["vestibule=s", "x__Host-vestibule=s"]), SESSION),
            None
        );
        assert_eq!(read(&HeaderMap::new(), SESSION), None);
    }

    #[test]
    fn a_cookie_is_for_this_host_over_tls_and_out_of_reach_of_scripts() {
        assert_eq!(
            set(SESSION, "vss_1", SESSION_AGE),
            "__Host-vestibule=vss_1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=604800"
        );
        assert_eq!(
            clear(FLOW),
            "__Host-vestibule-flow=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        let mut answer = HeaderMap::new();
        add(&mut answer, [clear(SESSION), clear(FLOW)]);
        assert_eq!(answer.get_all(SET_COOKIE).iter().count(), 2);
    }
}
