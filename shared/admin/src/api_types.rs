//! What resources have in common on the wire.

use crate::{IDEMPOTENCY_REPLAYED, etag};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use vestibule_domain::{account::actor::Actor, page::Page};

/// Makes an enum with its spellings on the wire, and its conversions from and to the domain's.
#[macro_export]
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident = $domain:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $spelling:tt),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ::serde::Serialize, ::serde::Deserialize, ::utoipa::ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $spelling)] $variant),*
        }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value { $($domain::$variant => Self::$variant),* }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),* }
            }
        }

        impl $name {
            /// Every spelling there is.
            pub const SPELLINGS: &[&str] = &[$($spelling),*];

            /// The value with this spelling.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($spelling => Some(Self::$variant),)* _ => None }
            }

            /// As spelled.
            pub const fn spelling(self) -> &'static str {
                match self { $(Self::$variant => $spelling),* }
            }
        }
    };
}

/// Makes structs of the ids in addresses, each id read in its one spelling.
#[macro_export]
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $id:ident),* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, ::serde::Deserialize, ::utoipa::IntoParams)]
        #[into_params(parameter_in = Path)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(deserialize_with = "::vestibule_admin::strict_id")]
                #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
                pub $field: $id
            ),*
        }
    )*};
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListResponse<T> {
    /// The items, in the list's order. A page may be short, or even empty, and not be the last:
    /// only `next_cursor` tells.
    pub items: Vec<T>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> ListResponse<T> {
    /// The page with each item as it goes on the wire.
    pub fn of<U>(page: Page<U>, item: impl FnMut(U) -> T) -> Json<Self> {
        let page = page.map(item);
        Json(Self {
            items: page.items,
            next_cursor: page.next.map(|cursor| cursor.0),
        })
    }
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "first key"}))]
pub struct ActorResponse {
    /// The stable id: what kind of actor, and which.
    pub id: String,
    /// Their name at the time.
    pub name: String,
}

impl From<&Actor> for ActorResponse {
    fn from(actor: &Actor) -> Self {
        Self {
            id: actor.id.clone(),
            name: actor.name.clone(),
        }
    }
}

/// A secret that is stored and never shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"set": true}))]
pub struct StoredSecret {
    /// Whether there is one.
    pub set: bool,
}

/// `200` with the record and its version.
pub fn found<T: Serialize>(version: u64, body: T) -> Response {
    (etag(version), Json(body)).into_response()
}

/// `201` with the record and its version; marked when a call before this one made it.
pub fn created<T: Serialize>(version: u64, body: T, replayed: bool) -> Response {
    let mut response = (StatusCode::CREATED, etag(version), Json(body)).into_response();
    if replayed {
        response.headers_mut().extend([IDEMPOTENCY_REPLAYED]);
    }
    response
}

/// The header of a call that creates something.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes a header")]
pub struct IdempotencyHeader {
    /// 1 to 255 visible characters that name this creation. A call repeated with the same key
    /// makes nothing new and is answered as the first one was.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255
    )]
    idempotency_key: String,
}

/// The header of a call that changes something.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes a header")]
pub struct IfMatchHeader {
    /// The `ETag` of the record as it was read. When it changed since, the call is refused with
    /// 412. Without this header, the change is made to the record as it is now.
    #[param(rename = "If-Match", required = false, example = "\"3\"")]
    if_match: String,
}
