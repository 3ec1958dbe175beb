//! Facts shown beside a connector.

use crate::{Timestamp, page::CountUpTo};
use serde::{Deserialize, Serialize};

/// Facts shown beside a connector, as far as they are cheap to know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectorSummary {
    /// The pending requests.
    pub pending: CountUpTo,
    /// Time of the last message of a person who has access or asks for it, at most a minute behind.
    pub last_message_at: Option<Timestamp>,
    /// The last test, if it was ever tested.
    pub last_test: Option<ConnectorTest>,
}

/// A test of a connector's credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectorTest {
    /// Time of the test.
    pub at: Timestamp,
    /// The platform's answer.
    pub outcome: TestOutcome,
    /// The problem and its remedy, for admins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A platform's answer to a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// The credentials work.
    Ok,
    /// The platform refuses them.
    Failed,
    /// The platform was not available.
    Unavailable,
}
