//! The port of what the router looks up for an offer.

use crate::{
    PortError, ProjectScope,
    ids::{ClientId, ConversationId, TeamId},
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

/// The parts of an offer that its case does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferTerms {
    /// The team that the handoff names.
    pub team: NamedTeam,
    /// The client's limit for the first reply, in minutes.
    pub first_reply_minutes: Option<u32>,
}

/// Reads what an offer takes beside its case.
#[async_trait]
pub trait OfferReader: Send + Sync {
    /// Finds the limit of the client, and the team that the handoff of a conversation names, however its letters are
    /// written.
    async fn terms(
        &self,
        scope: ProjectScope,
        conversation_id: ConversationId,
        client_id: ClientId,
    ) -> Result<OfferTerms, PortError>;
}
