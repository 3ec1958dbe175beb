//! Public keys of issuers (RFC 7517, RFC 7518 §6).

use crate::{Algorithm, Token, bytes};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;
use std::sync::Arc;

/// Largest number of keys that are kept of a set. Microsoft publishes about ten.
pub const KEYS_MAX: usize = 100;
/// Length of a coordinate of P-256.
const COORDINATE_LEN: usize = 32;
/// Marks an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A key that signs tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key's id.
    pub kid: Option<String>,
    /// The issuer for which the key signs, if it says so, as Microsoft's do.
    pub issuer: Option<String>,
    /// The algorithm that the key is meant for, if it says so.
    intended: Option<String>,
    material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256 { point: Vec<u8> },
}

impl Key {
    /// Reads one key of a set. `None` for a key that is not for signatures, or of another kind.
    #[must_use]
    pub fn read(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|purpose| purpose != "sig") || !may_verify(jwk) {
            return None;
        }
        let material = match text("kty")? {
            "RSA" => Material::Rsa {
                modulus: number(text("n")?)?,
                exponent: number(text("e")?)?,
            },
            "EC" if text("crv") == Some("P-256") => Material::P256 {
                point: point(text("x")?, text("y")?)?,
            },
            _ => return None,
        };
        Some(Self {
            kid: text("kid").filter(|kid| !kid.is_empty()).map(str::to_owned),
            issuer: text("issuer").map(str::to_owned),
            intended: text("alg").map(str::to_owned),
            material,
        })
    }

    /// The algorithm of the key's signatures.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256 { .. } => Algorithm::Es256,
        }
    }

    /// Whether the key made the token's signature, with the one algorithm that the key has. RSA keys of less than
    /// 2,048 bits sign nothing.
    #[must_use]
    pub fn verify(&self, token: &Token<'_>) -> bool {
        self.fits(token.algorithm) && self.signed(token.signed, &token.signature)
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        let is_meant = |intended: &String| intended == algorithm.name();
        self.algorithm() == algorithm && self.intended.as_ref().is_none_or(is_meant)
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { modulus, exponent } => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok(),
            Material::P256 { point } => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(message, signature)
                .is_ok(),
        }
    }
}

/// Whether a key that lists its operations lists the checking of signatures.
fn may_verify(jwk: &Value) -> bool {
    jwk.get("key_ops").is_none_or(|listed| {
        let operations = listed.as_array();
        operations.is_some_and(|operations| operations.iter().any(|one| one == "verify"))
    })
}

fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = bytes(text)?;
    // Some encoders add a leading zero; `ring` accepts none.
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    bytes.get(zeros..).map(<[u8]>::to_vec)
}

fn point(x: &str, y: &str) -> Option<Vec<u8>> {
    let (x, y) = (bytes(x)?, bytes(y)?);
    let is_whole = x.len() == COORDINATE_LEN && y.len() == COORDINATE_LEN;
    is_whole.then(|| [&[UNCOMPRESSED][..], &x, &y].concat())
}

/// An issuer's set of keys.
#[derive(Debug, Clone, Default)]
pub struct Jwks(Vec<Arc<Key>>);

impl Jwks {
    /// Reads the usable keys of a set, and leaves out everything else. `None` if the text is no set.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let set: Value = serde_json::from_slice(body).ok()?;
        let keys = set.get("keys")?.as_array()?;
        let usable = keys.iter().filter_map(Key::read).take(KEYS_MAX);
        Some(Self(usable.map(Arc::new).collect()))
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a token names. A token that names none stands for the only key of its algorithm, if there is
    /// exactly one.
    #[must_use]
    pub fn find(&self, token: &Token<'_>) -> Option<Arc<Key>> {
        let mut fitting = self.0.iter().filter(|key| key.fits(token.algorithm));
        if token.kid.is_some() {
            return fitting.find(|key| key.kid == token.kid).cloned();
        }
        let only = fitting.next()?;
        fitting.next().is_none().then(|| Arc::clone(only))
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wycheproof;
