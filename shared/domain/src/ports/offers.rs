//! The port of an offer's words: what a handoff asks for by name.

use crate::{
    PortError, ProjectScope,
    ids::{ConversationId, TeamId},
};
use async_trait::async_trait;

/// The team that a conversation's handoff names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedTeam {
    /// It names none, or there is no handoff.
    None,
    /// A team of the account has the name.
    Known(TeamId),
    /// No team of the account has this name.
    Unknown(String),
}

/// Reads what an offer takes beside its case.
#[async_trait]
pub trait OfferReader: Send + Sync {
    /// Finds the team that the handoff of a conversation names, however its letters are written.
    async fn named_team(
        &self,
        scope: ProjectScope,
        conversation_id: ConversationId,
    ) -> Result<NamedTeam, PortError>;
}
