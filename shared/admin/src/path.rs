//! Ids in addresses. A malformed id is answered like an unknown one.

use crate::problem::ApiError;
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};
use std::str::FromStr;

/// The ids of an address, read into a struct.
#[derive(Debug, Clone, Copy)]
pub struct ApiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(ApiError::not_found("record")),
        }
    }
}

/// Reads an id in its canonical spelling only. For `#[serde(deserialize_with = "strict_id")]`.
pub fn strict_id<'de, T: FromStr, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("not an id"))
}
