//! The error for a request that the simulator cannot serve.

use std::fmt;

/// Something that the simulator does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulatorError(pub String);

impl SimulatorError {
    pub(super) fn no_connector(connector_id: &str) -> Self {
        Self(format!("no app for connector {connector_id}"))
    }

    pub(super) fn no_person(user_id: &str) -> Self {
        Self(format!("no person {user_id}"))
    }

    pub(super) fn no_event(event_id: &str) -> Self {
        Self(format!("no event {event_id}"))
    }
}

impl fmt::Display for SimulatorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for SimulatorError {}
