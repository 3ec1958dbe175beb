//! Keys of conversations: their lists, and the rows in a conversation's partition.

use super::{Key, agent, parse_project, project_pk};
use vestibule_domain::{
    ProjectScope,
    chat::given_up::GivenUpId,
    ids::{ConnectorId, ConversationId, EnvironmentId, TextBatchId},
};

/// A conversation. Deliveries write it, and texts and handoffs over the API.
#[must_use]
pub fn conversation(scope: ProjectScope, id: ConversationId) -> Key {
    Key::new(conversation_pk(scope, id), "CONVERSATION")
}

/// The texts of a conversation that go out: which are to be sent, with lease and mark. It is a row of its
/// own because its key names the connector, and because the conversation's row is in two lists.
#[must_use]
pub fn outgoing(scope: ProjectScope, id: ConversationId, connector_id: ConnectorId) -> Key {
    Key::new(
        conversation_pk(scope, id),
        format!("{OUTGOING_PREFIX}{connector_id}"),
    )
}

pub(super) const OUTGOING_PREFIX: &str = "OUTGOING#";

/// A message of a conversation. Twelve digits sort as numbers do.
#[must_use]
pub fn message(scope: ProjectScope, id: ConversationId, number: u64) -> Key {
    Key::new(
        conversation_pk(scope, id),
        format!("{MESSAGE_PREFIX}{number:012}"),
    )
}

/// Parses the number in the sort key of a message.
#[must_use]
pub fn parse_message_number(sk: &str) -> Option<u64> {
    sk.strip_prefix(MESSAGE_PREFIX)?.parse().ok()
}

/// Prefix of the sort keys of a conversation's messages.
pub const MESSAGE_PREFIX: &str = "MESSAGE#";

/// A call that added texts to a conversation, under its `Idempotency-Key`.
#[must_use]
pub fn text_batch(scope: ProjectScope, id: ConversationId, batch: TextBatchId) -> Key {
    Key::new(conversation_pk(scope, id), format!("{TEXTS_PREFIX}{batch}"))
}

/// Prefix of the sort keys of calls that added texts.
pub const TEXTS_PREFIX: &str = "TEXTS#";

/// The last turn of a conversation to show that a text is being written.
#[must_use]
pub fn typing(scope: ProjectScope, id: ConversationId) -> Key {
    Key::new(conversation_pk(scope, id), TYPING)
}

/// Sort key of a conversation's turns to show that a text is being written.
pub const TYPING: &str = "TYPING";

fn conversation_pk(scope: ProjectScope, id: ConversationId) -> String {
    format!("{}#CONVERSATION#{id}", project_pk(scope))
}

/// Parses the key of a conversation's outgoing texts: the outbox index contains only keys.
#[must_use]
pub fn parse_outgoing(key: &Key) -> Option<(ProjectScope, ConversationId, ConnectorId)> {
    let (scope, rest) = parse_project(&key.pk)?;
    let ["CONVERSATION", conversation] = rest.as_slice() else {
        return None;
    };
    let connector = key.sk.strip_prefix(OUTGOING_PREFIX)?.parse().ok()?;
    Some((scope, conversation.parse().ok()?, connector))
}

/// Parses the conversation's id in the key of any of its rows.
#[must_use]
pub fn parse_conversation(pk: &str) -> Option<ConversationId> {
    match parse_project(pk)?.1.as_slice() {
        ["CONVERSATION", id] => id.parse().ok(),
        _ => None,
    }
}

/// A conversation whose messages wait for an agent, beside the agent's row: the list of them must be
/// read consistently.
#[must_use]
pub fn parked_conversation(
    scope: ProjectScope,
    environment_id: EnvironmentId,
    id: ConversationId,
) -> Key {
    Key::new(
        agent(scope, environment_id).pk,
        format!("{PARKED_PREFIX}{id}"),
    )
}

/// Prefix of the sort keys of parked conversations, and of parked messages.
pub const PARKED_PREFIX: &str = "PARKED#";

/// A message that waits for an agent, in its conversation's partition.
#[must_use]
pub fn parked_message(
    scope: ProjectScope,
    environment_id: EnvironmentId,
    id: ConversationId,
    number: u64,
) -> Key {
    let prefix = parked_messages_prefix(environment_id);
    Key::new(conversation_pk(scope, id), format!("{prefix}{number:012}"))
}

/// Prefix of the sort keys of the messages of a conversation that wait for the agent of an environment.
#[must_use]
pub fn parked_messages_prefix(environment_id: EnvironmentId) -> String {
    format!("{PARKED_PREFIX}{environment_id}#")
}

/// A delivery or text that was given up, in its conversation's partition.
#[must_use]
pub fn given_up(scope: ProjectScope, id: GivenUpId) -> Key {
    Key::new(
        conversation_pk(scope, id.conversation_id),
        format!("{GIVEN_UP_PREFIX}{}", id.delivery_id),
    )
}

/// Prefix of the sort keys of what was given up in a conversation.
pub const GIVEN_UP_PREFIX: &str = "GIVEN_UP#";

/// The list of a project's conversations.
#[must_use]
pub fn conversations(scope: ProjectScope) -> String {
    format!("{}#CONVERSATIONS", project_pk(scope))
}

/// The list of a project's open conversations.
#[must_use]
pub fn open_conversations(scope: ProjectScope) -> String {
    format!("{}#open", conversations(scope))
}

/// The list of a project's conversations that people have instead of the agent.
#[must_use]
pub fn handed_off_conversations(scope: ProjectScope) -> String {
    format!("{}#handed_off", conversations(scope))
}

/// The list of a project's conversations that have ended.
#[must_use]
pub fn closed_conversations(scope: ProjectScope) -> String {
    format!("{}#closed", conversations(scope))
}
