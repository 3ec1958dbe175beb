//! Keys of a connector: its record, and rows about what it received and sent.

use super::{Key, project_pk};
use vestibule_domain::{
    ProjectScope,
    ids::{ConnectorId, InboundEventId, SentMessageId},
};

/// A connector. Its webhook knows only the id.
#[must_use]
pub fn connector(id: ConnectorId) -> Key {
    Key::new(format!("CONNECTOR#{id}"), "CONNECTOR")
}

/// The claim of a connector's id. It outlives the connector, so that the id is not used again.
#[must_use]
pub fn connector_claim(id: ConnectorId) -> Key {
    Key::new(connector(id).pk, "CLAIM")
}

/// The last test of a connector.
#[must_use]
pub fn connector_test(id: ConnectorId) -> Key {
    Key::new(connector(id).pk, "LAST_TEST")
}

/// The list of a project's connectors.
#[must_use]
pub fn connectors(scope: ProjectScope) -> String {
    format!("{}#CONNECTORS", project_pk(scope))
}

/// An unreadable event, by the hash of its body.
#[must_use]
pub fn unreadable_event(connector_id: ConnectorId, hash: &str) -> Key {
    Key::new(unreadable_events_of(connector_id), hash)
}

/// The partition of a connector's unreadable events.
#[must_use]
pub fn unreadable_events_of(connector_id: ConnectorId) -> String {
    format!("CONNECTOR#{connector_id}#DEAD_LETTERS")
}

/// An event that was handled, by one of its keys. Each has a partition of its own, so that no
/// connector is slowed by the writes of one partition. The id stands for the key, which comes from
/// outside and may hold any character.
#[must_use]
pub fn handled_event(connector_id: ConnectorId, event_key: &str) -> Key {
    let id = InboundEventId::derive(&[event_key]);
    Key::new(format!("CONNECTOR#{connector_id}#EVENT#{id}"), "EVENT")
}

/// The pace of a connector. It has a partition of its own because roles are limited by partition,
/// and the workers that write this row must not write the connector.
#[must_use]
pub fn pace(id: ConnectorId) -> Key {
    Key::new(format!("CONNECTOR#{id}#PACE"), "PACE")
}

/// A message that we sent, by the platform's id of it.
#[must_use]
pub fn sent_message(scope: ProjectScope, connector_id: ConnectorId, message_id: &str) -> Key {
    let id = SentMessageId::derive(&[&connector_id.to_string(), message_id]);
    Key::new(format!("{}#SENT#{id}", project_pk(scope)), "SENT")
}
