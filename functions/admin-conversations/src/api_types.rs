//! Ids in addresses.

use serde::Deserialize;
use utoipa::IntoParams;
use vestibule_admin::{paths, strict_id};
use vestibule_domain::ids::{ConversationId, ProjectId};

paths! {
    /// A project.
    ProjectPath {
        /// The project's id.
        project_id: ProjectId
    }

    /// A conversation of a project.
    ConversationPath {
        /// The project's id.
        project_id: ProjectId,
        /// The conversation's id.
        conversation_id: ConversationId
    }
}

/// A message of a conversation.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MessagePath {
    /// The project's id.
    #[serde(deserialize_with = "strict_id")]
    #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
    pub project_id: ProjectId,
    /// The conversation's id.
    #[serde(deserialize_with = "strict_id")]
    #[param(value_type = String, format = "id", example = "01JD3Q3Z9V8M4T6K2N7P5R1S0W")]
    pub conversation_id: ConversationId,
    /// The message's `number`.
    #[param(minimum = 1, example = 7)]
    pub number: u64,
}
