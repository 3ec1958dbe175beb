//! Keys of the quotas of new requests, and of what was held back beyond them.

use super::{Key, project_pk};
use vestibule_domain::{ProjectScope, ids::ConnectorId};

/// A row of the quota of new requests of a connector's minute. It has a partition of its own because roles are
/// limited by partition, and webhooks must not write the connector.
#[must_use]
pub fn quota(id: ConnectorId, minute: i64, row: u16) -> Key {
    Key::new(
        format!("CONNECTOR#{id}#NEW_REQUESTS"),
        format!("MINUTE#{minute}#{row}"),
    )
}

/// The count of the messages that a customer's own system brought through a connector in a minute. It is with the quota
/// because whoever takes such a message may write there.
#[must_use]
pub fn brought(id: ConnectorId, minute: i64) -> Key {
    Key::new(
        format!("CONNECTOR#{id}#NEW_REQUESTS"),
        format!("MINUTE#{minute}#BROUGHT"),
    )
}

/// The partition of a project's connectors that held back messages of new people.
#[must_use]
pub fn held_back_in(scope: ProjectScope) -> String {
    format!("{}#HELD_BACK", project_pk(scope))
}

/// The messages that a connector held back.
#[must_use]
pub fn held_back(scope: ProjectScope, id: ConnectorId) -> Key {
    Key::new(held_back_in(scope), format!("CONNECTOR#{id}"))
}
