//! Events that an agent gets only if its environment asks for them.

use serde::{Deserialize, Serialize};

/// An event besides `message.received` that an environment can ask for. Spelled as the `type` of a
/// delivery on the wire and in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AgentEvent {
    /// A person edited a message.
    #[serde(rename = "message.edited")]
    Edited,
    /// A person deleted a message.
    #[serde(rename = "message.deleted")]
    Deleted,
    /// A person wrote something that the platform does not hand over.
    #[serde(rename = "message.unsupported")]
    Unsupported,
}

impl AgentEvent {
    /// Every event.
    pub const ALL: [Self; 3] = [Self::Edited, Self::Deleted, Self::Unsupported];

    /// The event's spelling.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Edited => "message.edited",
            Self::Deleted => "message.deleted",
            Self::Unsupported => "message.unsupported",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_spelled_alike_in_rows_in_the_api_and_on_a_delivery() {
        for event in AgentEvent::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.key());
            let stored = format!("\"{}\"", event.key());
            assert_eq!(serde_json::from_str::<AgentEvent>(&stored).unwrap(), event);
        }
    }
}
