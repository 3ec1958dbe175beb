//! Codes that depend on the time (TOTP, RFC 6238): SHA-1, 30 seconds, six digits, as every
//! authenticator app takes them.

use data_encoding::BASE32_NOPAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ring::hmac;
use vestibule_domain::Timestamp;

/// Bytes of a secret: as long as the hash (RFC 4226 §4).
pub const SECRET_LEN: usize = 20;
const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one whose codes are taken: clocks differ, and people type.
const TOLERANCE: u64 = 1;
const CODES: u32 = 1_000_000;

/// The step of time whose code this is, if it is later than `last_step`: a code counts once
/// (RFC 6238 §5.2).
#[must_use]
pub fn check(secret: &[u8], code: &str, now: Timestamp, last_step: u64) -> Option<u64> {
    let code = digits(code)?;
    let present = u64::try_from(now.seconds()).ok()? / STEP_SECONDS;
    let first = present.saturating_sub(TOLERANCE);
    (first..=present + TOLERANCE)
        .filter(|step| *step > last_step)
        .find(|step| code_at(secret, *step) == code)
}

/// The number that six digits write; spaces between them do not count, as apps show `123 456`.
fn digits(code: &str) -> Option<u32> {
    let digits: String = code.chars().filter(|c| *c != ' ').collect();
    let is_code = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| digits.parse().ok()).flatten()
}

/// Truncates the code of a step (RFC 4226 §5.3).
fn code_at(secret: &[u8], step: u64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
    let mut word = [0_u8; 4];
    for (to, from) in word.iter_mut().zip(bytes.iter().skip(offset)) {
        *to = *from;
    }
    (u32::from_be_bytes(word) & 0x7fff_ffff) % CODES
}

/// The code of the present step, for tests of the flows.
#[must_use]
pub fn code_now(secret: &[u8], now: Timestamp) -> String {
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    format!("{:06}", code_at(secret, seconds / STEP_SECONDS))
}

/// The secret as people type it.
#[must_use]
pub fn spelled(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// Reads a secret as people type it.
#[must_use]
pub fn read_secret(text: &str) -> Option<Vec<u8>> {
    BASE32_NOPAD.decode(text.as_bytes()).ok()
}

/// The address that an authenticator app reads from a picture.
#[must_use]
pub fn uri(secret: &[u8], email: &str) -> String {
    let email = utf8_percent_encode(email, NON_ALPHANUMERIC);
    let secret = spelled(secret);
    format!(
        "otpauth://totp/Vestibule:{email}?secret={secret}&issuer=Vestibule&algorithm=SHA1&digits=6&period=30"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code_now(SECRET, at(seconds)), code);
            let step = u64::try_from(seconds).unwrap() / 30;
            assert_eq!(check(SECRET, code, at(seconds), 0), Some(step));
        }
    }

    #[test]
    fn a_code_counts_once_and_half_a_minute_before_and_after() {
        let step = 1_111_111_109 / 30;
        let code = "081804";
        assert_eq!(check(SECRET, code, at(1_111_111_109), step), None);
        assert_eq!(check(SECRET, code, at(1_111_111_109), step - 1), Some(step));
        for (shift, taken) in [(-60, false), (-30, true), (30, true), (60, false)] {
            let found = check(SECRET, code, at(1_111_111_109 + shift), 0);
            assert_eq!(found.is_some(), taken, "{shift}");
        }
    }

    #[test]
    fn a_code_is_six_digits_with_or_without_spaces() {
        assert_eq!(digits("081 804"), Some(81_804));
        for wrong in ["", "81804", "0818045", "08180x", "+81804", "０８１８０４"] {
            assert_eq!(digits(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_secret_and_address() {
        let uri = uri(SECRET, "ana@example.com");
        assert_eq!(
            uri,
            "otpauth://totp/Vestibule:ana%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Vestibule&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(read_secret(&spelled(SECRET)).as_deref(), Some(SECRET));
    }
}
