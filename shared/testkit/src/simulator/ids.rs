//! Ids derived from their parts, so that they survive a restart.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};

use crate::crypto::sha256;

/// A number in this range, derived from the parts.
pub(super) fn number(parts: &[&str], from: i64, to: i64) -> i64 {
    let digest = digest(parts);
    let mut seed: u64 = 0;
    for byte in digest.iter().take(8) {
        seed = seed << 8 | u64::from(*byte);
    }
    let span = u64::try_from(to - from + 1).unwrap_or(1).max(1);
    from + i64::try_from(seed % span).unwrap_or_default()
}

/// A UUID, derived from the parts.
pub(super) fn uuid(parts: &[&str]) -> String {
    let hex = HEXLOWER.encode(&digest(parts));
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().to_owned();
    format!(
        "{}-{}-4{}-8{}-{}",
        part(0..8),
        part(8..12),
        part(12..15),
        part(15..18),
        part(18..30)
    )
}

/// A text of letters, digits, `-` and `_`, derived from the parts.
pub(super) fn opaque(parts: &[&str]) -> String {
    BASE64URL_NOPAD.encode(&digest(parts))
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let parts: Vec<&[u8]> = parts
        .iter()
        .flat_map(|part| [part.as_bytes(), b"\0".as_slice()])
        .collect();
    sha256(&parts)
}

/// Eight characters, derived from the parts.
pub(super) fn short_hash(parts: &[&str]) -> String {
    let mut hash = BASE32_NOPAD.encode(&digest(parts));
    hash.truncate(8);
    hash
}
