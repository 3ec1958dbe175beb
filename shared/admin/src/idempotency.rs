//! `Idempotency-Key`: the id of a created record is derived from the key, so that a repeated call finds
//! the record.

use crate::{
    Call,
    problem::{ApiError, FieldError},
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, request::Parts},
};
use data_encoding::HEXLOWER;
use ring::hmac;
use serde_json::{Map, Value};
use vestibule_domain::{
    AccountScope,
    ids::{IdSource, RecordId},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Marks the answer to a repeated call.
pub const IDEMPOTENCY_REPLAYED: (HeaderName, HeaderValue) = (
    HeaderName::from_static("idempotency-replayed"),
    HeaderValue::from_static("true"),
);

/// The key of a call, if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    /// The id of the record that `call` creates at `route`: derived from the key if there is one.
    #[must_use]
    pub fn id<T: RecordId>(&self, call: &Call, route: &str) -> T {
        self.id_in(call.scope(), route, call.ids())
    }

    fn id_in<T: RecordId>(&self, scope: AccountScope, route: &str, ids: &dyn IdSource) -> T {
        match &self.0 {
            Some(key) => T::derive(&[&scope.account_id().to_string(), route, key]),
            None => T::new(ids.draw()),
        }
    }

    /// Hash of the request, secrets included, keyed with its `Idempotency-Key`; in lower-case hex. Two
    /// calls with the same key ask for the same exactly when their hashes are equal. `None` without a
    /// key.
    #[must_use]
    pub fn request_hash(&self, body: &Map<String, Value>) -> Option<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_ref()?.as_bytes());
        let mut body = Value::Object(body.clone());
        // The order of fields does not distinguish bodies.
        body.sort_all_objects();
        let tag = hmac::sign(&key, body.to_string().as_bytes());
        Some(HEXLOWER.encode(tag.as_ref()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let (first, second) = (values.next(), values.next());
        let Some(value) = first else {
            return Ok(Self(None));
        };
        let key = value.to_str().ok().filter(|key| {
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        });
        if let (Some(key), None) = (key, second) {
            return Ok(Self(Some(key.to_owned())));
        }
        Err(ApiError::invalid_parameters(vec![FieldError {
            field: "Idempotency-Key".to_owned(),
            rule: "must be given once, as 1 to 255 visible ASCII characters without blanks"
                .to_owned(),
        }]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::INVALID_PARAMETERS;
    use axum::extract::Request;
    use vestibule_domain::ids::{AccountId, ProjectId, SystemIds};

    async fn read(values: &[&str]) -> Result<IdempotencyKey, ApiError> {
        let mut builder = Request::builder();
        for value in values {
            builder = builder.header(IDEMPOTENCY_KEY, *value);
        }
        let (mut parts, ()) = builder.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_key_has_1_to_255_visible_characters_and_is_given_once() {
        let long = "x".repeat(255);
        assert_eq!(read(&[]).await.unwrap(), IdempotencyKey(None));
        assert_eq!(
            read(&[&long]).await.unwrap(),
            IdempotencyKey(Some(long.clone()))
        );
        for wrong in [
            &[String::new()][..],
            &["a b".to_owned()],
            &[format!("{long}x")],
            &["a".to_owned(), "a".to_owned()],
        ] {
            let wrong: Vec<_> = wrong.iter().map(String::as_str).collect();
            let refused = read(&wrong).await.unwrap_err();
            assert_eq!(refused.kind(), &INVALID_PARAMETERS, "{wrong:?}");
        }
    }

    #[test]
    fn a_body_is_known_again_whatever_the_order_of_its_fields_and_another_is_not() {
        let hash = |key: Option<&str>, body: &str| {
            IdempotencyKey(key.map(str::to_owned))
                .request_hash(&serde_json::from_str(body).unwrap())
        };
        let first = hash(
            Some("k"),
            r#"{"name":"x","slack":{"a":"1","bot_token":"canary"}}"#,
        );
        assert_eq!(
            first,
            hash(
                Some("k"),
                r#"{"slack":{"bot_token":"canary","a":"1"},"name":"x"}"#
            )
        );
        for other in [
            hash(
                Some("k"),
                r#"{"name":"x","slack":{"a":"1","bot_token":"other"}}"#,
            ),
            hash(Some("k"), r#"{"name":"x","slack":{"a":"1"}}"#),
            hash(
                Some("l"),
                r#"{"name":"x","slack":{"a":"1","bot_token":"canary"}}"#,
            ),
        ] {
            assert_ne!(first, other);
        }
        assert_eq!(hash(None, "{}"), None);
        assert!(!first.unwrap().contains("canary"));
    }

    #[test]
    fn a_key_names_one_record_of_one_account_at_one_route() {
        let account = |name: &str| AccountScope::of_verified(AccountId::derive(&[name]));
        let id = |key: Option<&str>, account, route| -> ProjectId {
            IdempotencyKey(key.map(str::to_owned)).id_in(account, route, &SystemIds)
        };
        let first = id(Some("k"), account("a"), "projects");
        assert_eq!(first, id(Some("k"), account("a"), "projects"));
        assert_ne!(first, id(Some("l"), account("a"), "projects"));
        assert_ne!(first, id(Some("k"), account("b"), "projects"));
        assert_ne!(first, id(Some("k"), account("a"), "connectors"));
        assert_ne!(
            id(None, account("a"), "projects"),
            id(None, account("a"), "projects")
        );
    }
}
