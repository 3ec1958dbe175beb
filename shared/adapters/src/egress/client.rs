//! The common parts of outgoing clients: construction, and reading answers.

use httpdate::parse_http_date;
use reqwest::{Client, ClientBuilder, Response, redirect::Policy};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, UNIX_EPOCH},
};
use vestibule_domain::{
    Timestamp,
    ports::{CONNECTION_BROKE, COULD_NOT_CONNECT, TIMED_OUT},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
pub enum EgressClientError {
    /// The system has no trust anchors, or none that can be read.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The settings of the client do not fit each other.
    #[error("the HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

/// Makes the builder that every outgoing client shares.
pub(super) fn builder(timeout: Duration) -> Result<ClientBuilder, EgressClientError> {
    Ok(Client::builder()
        .tls_backend_preconfigured(tls()?)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .user_agent("Vestibule"))
}

/// Returns the TLS settings, with the system's trust anchors. The first call reads the anchors, which takes
/// milliseconds; all clients of a process share them.
fn tls() -> Result<ClientConfig, rustls::Error> {
    static TLS: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = TLS.get() {
        return Ok(config.clone());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(TLS.get_or_init(|| config).clone())
}

/// The reason why an answer could not be read.
pub(super) enum ReadError {
    /// The answer is longer than allowed.
    TooLong,
    /// The connection ended.
    Broken,
}

/// Reads a body of at most `max` bytes.
pub(super) async fn read_body(mut response: Response, max: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| ReadError::Broken)? {
        if body.len() + chunk.len() > max {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the beginning of a body, at most `max` bytes. If the connection ends, what has arrived is all.
pub(super) async fn read_beginning(mut response: Response, max: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < max {
        let Ok(Some(chunk)) = response.chunk().await else {
            break;
        };
        body.extend_from_slice(&chunk);
    }
    body.truncate(max);
    body
}

/// Reads `Retry-After`, in seconds or as a date, of an answer that arrived at `now`.
pub(super) fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let value = response.headers().get(http::header::RETRY_AFTER)?;
    wait(value.to_str().ok()?.trim(), now)
}

/// The wait that a value of `Retry-After` asks for (RFC 9110 §10.2.3). A date that has passed asks for
/// none; a value that is neither a number nor a date is ignored.
fn wait(value: &str, now: Timestamp) -> Option<Duration> {
    seconds(value).or_else(|| {
        let at = parse_http_date(value)
            .ok()?
            .duration_since(UNIX_EPOCH)
            .ok()?;
        Some(Timestamp::from_millis(0).plus(at).since(now))
    })
}

/// Reads seconds. The standard knows no fractions, but some servers send them; they are rounded up.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let is_number =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let has_more = fraction.bytes().any(|digit| digit != b'0');
    let whole: u64 = whole.parse().ok()?;
    Some(Duration::from_secs(whole.saturating_add(has_more.into())))
}

/// Describes why a call got no answer, without addresses, because those may contain tokens.
pub(super) fn describe(error: &reqwest::Error) -> String {
    if let Some(refused) = find_refusal(error) {
        return refused;
    }
    let kind = if error.is_timeout() {
        TIMED_OUT
    } else if error.is_connect() {
        COULD_NOT_CONNECT
    } else {
        CONNECTION_BROKE
    };
    kind.to_owned()
}

fn find_refusal(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<super::resolver::Refused>() {
            return Some(refused.to_string());
        }
        cause = error.source();
    }
    None
}

/// A resolver that clients share.
pub(super) type SharedResolver = Arc<super::resolver::GuardedResolver>;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Half a second after Sun, 06 Nov 1994 08:49:37 GMT, the time in the examples of RFC 9110 §5.6.7.
    const NOW: Timestamp = Timestamp::from_millis(784_111_777_500);

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_wait_is_read_in_seconds_and_a_fraction_is_rounded_up() {
        for (value, expected) in [
            ("0", secs(0)),
            ("30", secs(30)),
            ("007", secs(7)),
            ("1.5", secs(2)),
            ("1.000", secs(1)),
            ("0.001", secs(1)),
            ("18446744073709551615", secs(u64::MAX)),
            ("18446744073709551615.9", secs(u64::MAX)),
        ] {
            assert_eq!(wait(value, NOW), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_wait_is_read_as_a_date_in_each_of_the_three_forms() {
        for value in [
            "Sun, 06 Nov 1994 08:51:07 GMT",
            "Sunday, 06-Nov-94 08:51:07 GMT",
            "Sun Nov  6 08:51:07 1994",
        ] {
            let expected = Duration::from_millis(89_500);
            assert_eq!(wait(value, NOW), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_date_that_has_passed_asks_for_no_wait() {
        for value in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:36 GMT",
            "Thu Jan  1 00:00:00 1970",
        ] {
            assert_eq!(wait(value, NOW), Some(Duration::ZERO), "{value}");
        }
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for value in [
            "",
            "soon",
            "-5",
            "+5",
            "1e3",
            "1,5",
            ".5",
            "5.",
            ".",
            "1.5.2",
            "5 s",
            "5, 6",
            "18446744073709551616",
            "٣",
            "Sun, 06 Nov 1994",
            "Sun, 32 Nov 1994 08:51:07 GMT",
            "Mon, 06 Nov 1994 08:51:07 GMT",
            "Sun, 06 Nov 1994 08:51:07 CET",
            "1994-11-06T08:51:07Z",
        ] {
            assert_eq!(wait(value, NOW), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn no_value_and_no_clock_make_us_panic(
            value in "([A-Z][a-z]{2,8},? ?)?[0-9A-Za-z :.-]{0,40}", now in any::<i64>(),
        ) {
            let _ = wait(&value, Timestamp::from_millis(now));
        }
    }
}
