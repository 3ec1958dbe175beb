//! The words of offers: see [`OfferReader`].

use super::{
    items::{ConversationItem, TeamNameItem},
    keys,
    table::Table,
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, ProjectScope,
    chat::conversation::Conversation,
    ids::ConversationId,
    ports::{NamedTeam, OfferReader},
    team::team_record::Team,
};

/// See [`OfferReader`].
#[derive(Debug, Clone)]
pub struct DynamoOffers {
    table: Table,
}

impl DynamoOffers {
    /// Makes the reader of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

#[async_trait]
impl OfferReader for DynamoOffers {
    async fn named_team(
        &self,
        scope: ProjectScope,
        conversation_id: ConversationId,
    ) -> Result<NamedTeam, PortError> {
        let key = keys::conversation(scope, conversation_id);
        let item: Option<ConversationItem> = self.table.get(&key, "conversation").await?;
        let handoff = item.and_then(|item| Conversation::from(item).handoff);
        let Some(name) = handoff.and_then(|handoff| handoff.team) else {
            return Ok(NamedTeam::None);
        };
        let key = keys::team_name(scope.account(), &Team::name_hash(&name));
        let named: Option<TeamNameItem> = self.table.get(&key, "name of a team").await?;
        Ok(match named {
            Some(named) => NamedTeam::Known(named.team_id),
            None => NamedTeam::Unknown(name),
        })
    }
}
