//! What several resources have in common on the wire.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vestibule_domain::{
    access::request::{ReasonCode, RequestStatus},
    account::Permission,
    account::actor::Actor,
    chat::conversation::ConversationKind,
    chat::user::ChatUserStatus,
    connector::{ApprovalMode, ExistingUsers, Policy},
    ids::{AccessRequestId, ApiKeyId, ChatUserId, ConnectorId, EnvironmentId, ProjectId},
    page::Page,
};
use vestibule_edge::admin::{IDEMPOTENCY_REPLAYED, etag, strict_id};

/// Makes an enum with its spellings on the wire, and its conversions from and to the domain's.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident = $domain:ident {
        $($(#[$variant_doc:meta])* $variant:ident = $spelling:literal),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

wire_enum! {
    /// Who may talk to the agent through a connector: anybody (`AllowAll`), people whom an admin
    /// approved (`OnBoarding`), or people approved at another connector of the environment (`AllowList`).
    PolicyName = Policy {
        /// Anybody.
        AllowAll = "AllowAll",
        /// People whom an admin approved.
        OnBoarding = "OnBoarding",
        /// People approved at another connector of the environment.
        AllowList = "AllowList",
    }
}

wire_enum! {
    /// What happens to people already seen on a connector whose policy becomes `OnBoarding`: `keep`
    /// treats them as approved, `require_approval` asks for approval like anybody else. They are shown
    /// as they were until they write.
    ExistingUsersName = ExistingUsers {
        /// They are treated as approved.
        Keep = "keep",
        /// They need approval.
        RequireApproval = "require_approval",
    }
}

wire_enum! {
    /// What follows an approval: the person is told (`notify`), the message that made the request is
    /// handed to the agent if it is younger than 24 hours (`replay`), both, in this order, or nothing
    /// (`silent`).
    AfterApprovalName = ApprovalMode {
        /// The person is told.
        Notify = "notify",
        /// The message is handed to the agent.
        Replay = "replay",
        /// They are told, then it is handed over.
        Both = "both",
        /// Nothing.
        Silent = "silent",
    }
}

wire_enum! {
    /// Why a request was decided without anybody looking at it.
    ReasonCodeName = ReasonCode {
        /// Its connector no longer asks for approval.
        PolicyOff = "policy_off",
        /// Its connector was deleted.
        ConnectorDeleted = "connector_deleted",
        /// Its connector serves another environment now; the person asks again with their next message.
        ConnectorMoved = "connector_moved",
        /// The person was approved at another connector of the environment.
        GrantedElsewhere = "granted_elsewhere",
        /// The person turned out to be one who is on record under another id, and asks again under that.
        Merged = "merged",
    }
}

wire_enum! {
    /// Where a chat user stands in the project. Somebody who was let in because a connector was open
    /// stays `active` when that connector comes to ask for their approval, until they write and are held.
    ChatUserStatusName = ChatUserStatus {
        /// Wrote, and may not talk to the agent yet.
        Onboarding = "onboarding",
        /// May talk to the agent somewhere in the project.
        Active = "active",
        /// Was shut out.
        Blocked = "blocked",
    }
}

wire_enum! {
    /// Where an access request stands.
    RequestStatusName = RequestStatus {
        /// Awaits a decision.
        Pending = "pending",
        /// The person was let in.
        Approved = "approved",
        /// The person was not let in.
        Rejected = "rejected",
    }
}

wire_enum! {
    /// Whether others read along in a conversation.
    ConversationKindName = ConversationKind {
        /// One person and the agent.
        Direct = "direct",
        /// A closed group.
        Group = "group",
        /// A channel that its members read.
        Channel = "channel",
    }
}

wire_enum! {
    /// What an API key may do.
    #[derive(PartialOrd, Ord)]
    PermissionName = Permission {
        /// Read projects, environments and connectors.
        ProjectsRead = "projects.read",
        /// Create and change projects and environments.
        ProjectsWrite = "projects.write",
        /// Create, change and delete connectors.
        ConnectorsWrite = "connectors.write",
        /// Read chat users.
        ChatUsersRead = "chat_users.read",
        /// Block and unblock chat users.
        ChatUsersBlock = "chat_users.block",
        /// Read access requests.
        AccessRequestsRead = "access_requests.read",
        /// Approve and reject access requests.
        AccessRequestsDecide = "access_requests.decide",
        /// List, create and revoke API keys.
        ApiKeysManage = "api_keys.manage",
    }
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

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $id:ident),* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
        #[into_params(parameter_in = Path)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(deserialize_with = "strict_id")]
                #[param(value_type = String, example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
                pub $field: $id
            ),*
        }
    )*};
}

paths! {
    /// A project.
    ProjectPath {
        /// The project's id.
        project_id: ProjectId
    }

    /// An environment of a project.
    EnvironmentPath {
        /// The project's id.
        project_id: ProjectId,
        /// The environment's id.
        environment_id: EnvironmentId
    }

    /// A connector of a project.
    ConnectorPath {
        /// The project's id.
        project_id: ProjectId,
        /// The connector's id.
        connector_id: ConnectorId
    }

    /// A chat user of a project.
    ChatUserPath {
        /// The project's id.
        project_id: ProjectId,
        /// The chat user's id.
        chat_user_id: ChatUserId
    }

    /// An access request of a project.
    AccessRequestPath {
        /// The project's id.
        project_id: ProjectId,
        /// The access request's id.
        access_request_id: AccessRequestId
    }

    /// An API key.
    ApiKeyPath {
        /// The key's id.
        api_key_id: ApiKeyId
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_on_the_wire_is_the_domain_s_own() {
        fn spelled<W: Copy + Into<D>, D: Serialize>(all: &[Option<W>]) -> Vec<String> {
            let spell = |one: &Option<W>| {
                let value: D = (*one).unwrap().into();
                serde_json::to_value(value)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            all.iter().map(spell).collect()
        }
        macro_rules! check {
            ($($wire:ident = $domain:ident),*) => {$(
                let all: Vec<_> = $wire::SPELLINGS.iter().map(|text| $wire::parse(text)).collect();
                assert_eq!(spelled::<$wire, $domain>(&all), $wire::SPELLINGS);
            )*};
        }
        check!(
            PolicyName = Policy,
            ExistingUsersName = ExistingUsers,
            AfterApprovalName = ApprovalMode,
            ReasonCodeName = ReasonCode,
            ChatUserStatusName = ChatUserStatus,
            RequestStatusName = RequestStatus,
            ConversationKindName = ConversationKind,
            PermissionName = Permission
        );
        assert_eq!(PermissionName::SPELLINGS.len(), Permission::ALL.len());
    }
}
