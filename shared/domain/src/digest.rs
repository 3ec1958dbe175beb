//! SHA-256 as it is stored.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// SHA-256 of these parts in this order, each hashed with its length; lower-case hex.
pub fn sha256_hex_of_parts(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(hash.finalize())
}

/// SHA-256 of a text; lower-case hex.
pub fn sha256_hex(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()))
}

fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        // Writing into a `String` does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector is FIPS 180-2's.
    #[test]
    fn a_hash_is_64_digits_of_lower_case_hex() {
        assert_eq!(
            sha256_hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_hash_of_parts_depends_on_where_the_parts_end() {
        let hash = sha256_hex_of_parts(&["ab", "c"]);
        assert_eq!(hash.len(), 64);
        assert_eq!(hash, sha256_hex_of_parts(&["ab", "c"]));
        assert_ne!(hash, sha256_hex_of_parts(&["a", "bc"]));
        assert_ne!(hash, sha256_hex_of_parts(&["abc"]));
    }
}
