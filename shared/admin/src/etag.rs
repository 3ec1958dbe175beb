//! Versions of records on the wire: `ETag` and `If-Match` (RFC 9110 §8.8.3, §13.1.1).

use crate::problem::{ApiError, PRECONDITION_FAILED};
use axum::{
    extract::FromRequestParts,
    http::{
        HeaderName, HeaderValue,
        header::{ETAG, IF_MATCH},
        request::Parts,
    },
};
use std::convert::Infallible;

/// The strong entity tag of a record's version.
#[must_use]
pub fn etag(version: u64) -> [(HeaderName, HeaderValue); 1] {
    // Digits between quotes are always a valid header value.
    let value = HeaderValue::from_str(&format!("\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    [(ETAG, value)]
}

/// The versions of a record that a caller accepts for its change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Any version.
    Absent,
    /// These versions only.
    Versions(Vec<u64>),
}

impl IfMatch {
    /// Checks that the change may be made to a record at `version`.
    pub fn check(&self, version: u64) -> Result<(), ApiError> {
        match self {
            Self::Absent => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(ApiError::new(&PRECONDITION_FAILED)),
        }
    }

    /// Whether a change may be retried on a record that changed meanwhile.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(read(parts.headers.get_all(IF_MATCH).iter()))
    }
}

/// Parses the header. A tag that we did not issue, including a weak one, matches no version.
fn read<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> IfMatch {
    let mut versions = None;
    for tag in values.flat_map(|value| value.to_str().unwrap_or("").split(',')) {
        let tag = tag.trim();
        if tag == "*" {
            return IfMatch::Absent;
        }
        let version = tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .and_then(|tag| tag.parse::<u64>().ok());
        versions.get_or_insert_with(Vec::new).extend(version);
    }
    versions.map_or(IfMatch::Absent, IfMatch::Versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> IfMatch {
        let values: Vec<_> = values.iter().map(|v| HeaderValue::from_static(v)).collect();
        read(values.iter())
    }

    #[test]
    fn a_change_is_made_at_a_named_version_only() {
        let [(_, tag)] = etag(7);
        assert_eq!(tag, "\"7\"");
        assert!(of(&["\"7\""]).check(7).is_ok());
        assert!(of(&["\"7\""]).check(8).is_err());
        assert!(of(&["\"6\", \"7\""]).check(7).is_ok());
        assert!(of(&["\"6\"", "\"7\""]).check(7).is_ok());
    }

    #[test]
    fn no_tag_and_a_star_allow_any_version_and_a_foreign_tag_allows_none() {
        assert!(of(&[]).check(1).is_ok());
        assert!(of(&["*"]).check(1).is_ok());
        for foreign in ["W/\"1\"", "1", "\"abc\"", ""] {
            assert!(of(&[foreign]).check(1).is_err(), "{foreign}");
        }
    }
}
