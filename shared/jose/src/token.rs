//! Tokens: three parts, of which the header only selects a key.

use crate::bytes;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use std::fmt;

/// Longest accepted token, in bytes. Microsoft's have about 1,200; ID tokens with many groups have more.
const TOKEN_MAX_BYTES: usize = 8192;

/// An algorithm of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// `RSASSA-PKCS1-v1_5` with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
}

impl Algorithm {
    /// The name in headers and keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Rs256, Self::Es256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

/// The algorithms that an issuer signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Algorithms {
    rs256: bool,
    es256: bool,
}

impl Algorithms {
    /// RS256 only.
    pub const RS256: Self = Self {
        rs256: true,
        es256: false,
    };

    /// Those of these names that are known here.
    #[must_use]
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut known = Self::default();
        for name in names {
            match Algorithm::of(name) {
                Some(Algorithm::Rs256) => known.rs256 = true,
                Some(Algorithm::Es256) => known.es256 = true,
                None => {}
            }
        }
        known
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.rs256 && !self.es256
    }

    const fn has(self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Rs256 => self.rs256,
            Algorithm::Es256 => self.es256,
        }
    }
}

/// The reason why a text is no token that could be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It is longer than any token.
    #[error("the token is too long")]
    TooLong,
    /// It is not three parts of base64url, or a part is not what it must be.
    #[error("the token is malformed")]
    Malformed,
    /// It is not signed, or with another algorithm.
    #[error("the token is not signed with an accepted algorithm")]
    Algorithm,
    /// It demands that its reader knows an extension (`crit`).
    #[error("the token asks for an extension")]
    Extension,
}

/// A well-formed token. Its signature is not verified: see [`Key::verify`](crate::Key::verify).
pub struct Token<'a> {
    /// The algorithm that its header names, one of those asked for.
    pub algorithm: Algorithm,
    /// Id of the key that signed it, as it says.
    pub kid: Option<String>,
    claims: Vec<u8>,
    pub(crate) signed: &'a [u8],
    pub(crate) signature: Vec<u8>,
}

/// The header. serde refuses a repeated name, of which parsers would see different values.
#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Parses `header.claims.signature`, for an issuer that signs with these algorithms.
    ///
    /// # Errors
    ///
    /// Fails if the text is no token, or one of another algorithm.
    pub fn read(text: &'a str, accepted: Algorithms) -> Result<Self, InvalidToken> {
        use InvalidToken::{Extension, Malformed, TooLong};
        if text.len() > TOKEN_MAX_BYTES {
            return Err(TooLong);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Malformed)?;
        let header: Header = bytes(header)
            .and_then(|json| object(&json))
            .ok_or(Malformed)?;
        let algorithm = header
            .alg
            .as_deref()
            .and_then(Algorithm::of)
            .filter(|algorithm| accepted.has(*algorithm))
            .ok_or(InvalidToken::Algorithm)?;
        if header.crit.is_some() {
            return Err(Extension);
        }
        Ok(Self {
            algorithm,
            kid: header.kid,
            claims: bytes(claims).ok_or(Malformed)?,
            signed: signed.as_bytes(),
            signature: bytes(signature).ok_or(Malformed)?,
        })
    }

    /// Reads the claims that a reader knows.
    ///
    /// # Errors
    ///
    /// Fails if the claims are no object, or not of this type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, InvalidToken> {
        object(&self.claims).ok_or(InvalidToken::Malformed)
    }

    /// Reads all claims. A repeated name is refused, whatever it is, because parsers would see different values.
    ///
    /// # Errors
    ///
    /// Fails if the claims are no object, or one of them is repeated.
    pub fn all_claims(&self) -> Result<Map<String, Value>, InvalidToken> {
        self.claims::<ClaimSet>().map(|claims| claims.0)
    }
}

fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    // serde would accept a list for an object without names.
    let is_object = json.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{');
    is_object
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}

/// An object without repeated names.
struct ClaimSet(Map<String, Value>);

impl<'de> Deserialize<'de> for ClaimSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimVisitor)
    }
}

struct ClaimVisitor;

impl<'de> Visitor<'de> for ClaimVisitor {
    type Value = ClaimSet;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClaimSet, A::Error> {
        let mut claims = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if claims.insert(name, value).is_some() {
                return Err(A::Error::custom("a name is repeated"));
            }
        }
        Ok(ClaimSet(claims))
    }
}
