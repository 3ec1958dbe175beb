//! Signed tokens in JWS compact form (RFC 7515), and the keys that sign them (RFC 7517), read strictly: two algorithms,
//! chosen by the key and never by the token, and nothing of the header but the fields that select a key.
//!
//! The claims of a token are the business of those who read it. Opens no sockets.

mod key;
mod token;

pub use key::{Jwks, KEYS_MAX, Key};
pub use token::{Algorithm, Algorithms, InvalidToken, Token};

use data_encoding::BASE64URL_NOPAD;

/// Decodes strict base64url: without padding, and without unused bits set.
fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}
