//! Keys of a chat user: the record, its standings, and the conversations that the person wrote in.

use super::{Key, parse_project, project_pk};
use vestibule_domain::{
    ProjectScope,
    chat::user::ChatUserStatus,
    ids::{ChatUserId, ConnectorId, ConversationId},
};

/// A chat user.
#[must_use]
pub fn chat_user(scope: ProjectScope, id: ChatUserId) -> Key {
    Key::new(chat_user_pk(scope, id), CHAT_USER)
}

const CHAT_USER: &str = "USER";

/// Whether a row is that of a chat user.
#[must_use]
pub fn is_chat_user(key: &Key) -> bool {
    key.sk == CHAT_USER
}

/// The list of standings that hold the wish of a person who was erased.
#[must_use]
pub fn wishes(scope: ProjectScope) -> String {
    format!("{}#WISHES", project_pk(scope))
}

/// An alias: the other id under which the person of this id is on record.
#[must_use]
pub fn same_as(scope: ProjectScope, id: ChatUserId) -> Key {
    Key::new(chat_user_pk(scope, id), "SAME_AS")
}

/// A chat user's picture, if we keep a copy.
#[must_use]
pub fn avatar(scope: ProjectScope, id: ChatUserId) -> Key {
    Key::new(chat_user_pk(scope, id), "AVATAR")
}

/// A chat user's standing at a connector.
#[must_use]
pub fn standing(scope: ProjectScope, id: ChatUserId, connector_id: ConnectorId) -> Key {
    Key::new(
        chat_user_pk(scope, id),
        format!("{STANDING_PREFIX}{connector_id}"),
    )
}

/// Prefix of the sort keys of a chat user's standings.
pub const STANDING_PREFIX: &str = "STANDING#";

pub(super) fn chat_user_pk(scope: ProjectScope, id: ChatUserId) -> String {
    format!("{}#USER#{id}", project_pk(scope))
}

/// Parses the key of a standing: the outbox index contains only keys.
#[must_use]
pub fn parse_standing(key: &Key) -> Option<(ProjectScope, ChatUserId, ConnectorId)> {
    let (scope, rest) = parse_project(&key.pk)?;
    let ["USER", user] = rest.as_slice() else {
        return None;
    };
    let connector = key.sk.strip_prefix(STANDING_PREFIX)?.parse().ok()?;
    Some((scope, user.parse().ok()?, connector))
}

/// The list of a project's chat users, of one status or all.
#[must_use]
pub fn chat_users(scope: ProjectScope, status: Option<ChatUserStatus>) -> String {
    let list = format!("{}#USERS", project_pk(scope));
    match status {
        None => list,
        Some(ChatUserStatus::Onboarding) => format!("{list}#onboarding"),
        Some(ChatUserStatus::Active) => format!("{list}#active"),
        Some(ChatUserStatus::Blocked) => format!("{list}#blocked"),
    }
}

/// The partition of the conversations that a person wrote in. It is apart from the person's records
/// because roles are limited by partition, and the worker that delivers messages must not write those.
#[must_use]
pub fn written_by(scope: ProjectScope, id: ChatUserId) -> String {
    format!("{}#WRITER#{id}", project_pk(scope))
}

/// A conversation that a person wrote in.
#[must_use]
pub fn written_conversation(scope: ProjectScope, id: ChatUserId, of: ConversationId) -> Key {
    Key::new(written_by(scope, id), format!("{WROTE_IN_PREFIX}{of}"))
}

/// Prefix of the sort keys of conversations that a person wrote in.
pub const WROTE_IN_PREFIX: &str = "WROTE_IN#";

/// The list of standings of people who were let in because the connector was open.
#[must_use]
pub fn admitted(scope: ProjectScope, connector_id: ConnectorId) -> String {
    format!("{}#ADMITTED#{connector_id}", project_pk(scope))
}
