//! Wire types that all resources share.

use crate::{IDEMPOTENCY_REPLAYED, etag};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use vestibule_domain::{
    account::{actor::Actor, permission::Permission},
    chat::conversation::ConversationKind,
    page::{CountUpTo, Page},
};

/// Defines an enum with its spellings on the wire, and its conversions from and to the domain's.
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
            /// All spellings.
            pub const SPELLINGS: &[&str] = &[$($spelling),*];

            /// Parses a spelling.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($spelling => Some(Self::$variant),)* _ => None }
            }

            /// The spelling on the wire.
            pub const fn spelling(self) -> &'static str {
                match self { $(Self::$variant => $spelling),* }
            }
        }
    };
}

/// Defines structs of the ids in addresses, each id accepted in one spelling only.
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

wire_enum! {
    /// Kind of a conversation, which says whether others read along.
    ConversationKindName = ConversationKind {
        /// One person and the agent.
        Direct = "direct",
        /// A closed group.
        Group = "group",
        /// A channel that its members read.
        Channel = "channel",
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListResponse<T> {
    /// Items, in the list's order. A page may be short, or even empty, without being the last: only
    /// `next_cursor` decides.
    pub items: Vec<T>,
    /// Start of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> ListResponse<T> {
    /// Renders a page, each item with `item`.
    pub fn of<U>(page: Page<U>, item: impl FnMut(U) -> T) -> Json<Self> {
        let page = page.map(item);
        Json(Self {
            items: page.items,
            next_cursor: page.next.map(|cursor| cursor.0),
        })
    }
}

/// Actor of a change or decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "first key"}))]
pub struct ActorResponse {
    /// Stable id: kind of actor, then its own id.
    pub id: String,
    /// Name at that time.
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

/// A count that stops early when the number is large.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"count": 12, "more": false}))]
pub struct CountResponse {
    /// Number counted.
    count: u32,
    /// Whether there may be more.
    more: bool,
}

impl From<CountUpTo> for CountResponse {
    fn from(count: CountUpTo) -> Self {
        Self {
            count: count.count,
            more: count.more,
        }
    }
}

/// A permission on the wire: spelled and listed as in the domain, so that a new permission is declared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PermissionName(pub Permission);

impl utoipa::PartialSchema for PermissionName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("Permission of a member, a role or an API key."))
            .enum_values(Some(Permission::ALL.map(Permission::key)))
            .into()
    }
}

impl ToSchema for PermissionName {}

impl From<Permission> for PermissionName {
    fn from(permission: Permission) -> Self {
        Self(permission)
    }
}

impl From<PermissionName> for Permission {
    fn from(PermissionName(permission): PermissionName) -> Self {
        permission
    }
}

/// A secret that is stored and never shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"set": true}))]
pub struct StoredSecret {
    /// Whether a secret is stored.
    pub set: bool,
}

/// `200` with the record and its version.
pub fn found<T: Serialize>(version: u64, body: T) -> Response {
    (etag(version), Json(body)).into_response()
}

/// `201` with the record and its version, marked when an earlier call created it.
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
    /// Name for this creation: 1 to 255 visible ASCII characters. A call repeated with the same key
    /// creates nothing and gets the answer of the first.
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
    /// `ETag` of the record as it was read. If the record has changed since, the call is refused with
    /// 412. Without this header, the current record is changed.
    #[param(rename = "If-Match", required = false, example = "\"3\"")]
    if_match: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_conversation_is_spelled_as_in_the_domain() {
        for spelling in ConversationKindName::SPELLINGS {
            let name = ConversationKindName::parse(spelling).unwrap();
            let kind = serde_json::to_value(ConversationKind::from(name)).unwrap();
            assert_eq!(kind, *spelling);
            assert_eq!(serde_json::to_value(name).unwrap(), kind);
        }
    }
}
