//! Ids in addresses.

use vestibule_admin::paths;
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
