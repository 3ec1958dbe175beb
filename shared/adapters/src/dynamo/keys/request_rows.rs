//! Keys of access requests.

use super::{Key, parse_project, project_pk};
use vestibule_domain::{
    ProjectScope,
    access::request::RequestStatus,
    ids::{AccessRequestId, ConnectorId},
};

/// An access request.
#[must_use]
pub fn access_request(scope: ProjectScope, id: AccessRequestId) -> Key {
    Key::new(format!("{}#REQUEST#{id}", project_pk(scope)), "REQUEST")
}

/// The list of a project's access requests, of one status or all.
#[must_use]
pub fn access_requests(scope: ProjectScope, status: Option<RequestStatus>) -> String {
    let list = format!("{}#REQUESTS", project_pk(scope));
    match status {
        None => list,
        Some(RequestStatus::Pending) => format!("{list}#pending"),
        Some(RequestStatus::Approved) => format!("{list}#approved"),
        Some(RequestStatus::Rejected) => format!("{list}#rejected"),
    }
}

/// The list of the standings of people who wait, by their last message.
#[must_use]
pub fn waiting(scope: ProjectScope) -> String {
    format!("{}#WAITING", project_pk(scope))
}

/// The beginning of the message that made an access request.
#[must_use]
pub fn preview(scope: ProjectScope, id: AccessRequestId) -> Key {
    Key::new(access_request(scope, id).pk, "PREVIEW")
}

/// The message that made an access request, kept while an approval may hand it to the agent.
#[must_use]
pub fn held_message(scope: ProjectScope, id: AccessRequestId) -> Key {
    Key::new(access_request(scope, id).pk, "HELD_MESSAGE")
}

/// The order to close the pending requests of a connector. It outlives the connector.
#[must_use]
pub fn closing(scope: ProjectScope, connector_id: ConnectorId) -> Key {
    Key::new(
        closings_in(scope),
        format!("{CLOSING_PREFIX}{connector_id}"),
    )
}

/// The partition of a project's orders to close requests.
#[must_use]
pub fn closings_in(scope: ProjectScope) -> String {
    format!("{}#{CLOSINGS}", project_pk(scope))
}

const CLOSINGS: &str = "CLOSINGS";
const CLOSING_PREFIX: &str = "CLOSING#";
const EXPIRY_PREFIX: &str = "EXPIRY#";

/// The order to close the requests of a connector as they expire.
#[must_use]
pub fn expiry(scope: ProjectScope, connector_id: ConnectorId) -> Key {
    Key::new(
        closing(scope, connector_id).pk,
        format!("{EXPIRY_PREFIX}{connector_id}"),
    )
}

/// Parses the key of such an order: the outbox index contains only keys.
#[must_use]
pub fn parse_expiry(key: &Key) -> Option<(ProjectScope, ConnectorId)> {
    parse_of_closings(key, EXPIRY_PREFIX)
}

/// Parses the key of a closing: the outbox index contains only keys.
#[must_use]
pub fn parse_closing(key: &Key) -> Option<(ProjectScope, ConnectorId)> {
    parse_of_closings(key, CLOSING_PREFIX)
}

fn parse_of_closings(key: &Key, prefix: &str) -> Option<(ProjectScope, ConnectorId)> {
    let (scope, rest) = parse_project(&key.pk)?;
    let connector = key.sk.strip_prefix(prefix)?.parse().ok()?;
    (rest == [CLOSINGS]).then_some((scope, connector))
}

/// Numbers of requests of a connector, which lie in several rows. All of a project lie in one partition, which
/// is apart because roles are limited by partition.
#[must_use]
pub fn tally(scope: ProjectScope, connector_id: ConnectorId, row: u8) -> Key {
    Key::new(tallies_in(scope), format!("CONNECTOR#{connector_id}#{row}"))
}

/// The row that says that the numbers of a project count from its start.
#[must_use]
pub fn tallies_begun(scope: ProjectScope) -> Key {
    Key::new(tallies_in(scope), "BEGUN")
}

/// The partition of the numbers of a project's requests.
#[must_use]
pub fn tallies_in(scope: ProjectScope) -> String {
    format!("{}#TALLIES", project_pk(scope))
}
