//! The parts of offers that their cases do not have: see [`OfferReader`].

use super::{
    items::{ClientItem, ConversationItem, TeamNameItem},
    keys,
    table::{Table, take},
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, ProjectScope,
    account::Client,
    chat::conversation::Conversation,
    ids::{ClientId, ConversationId},
    ports::{NamedTeam, OfferReader, OfferTerms},
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

    /// Finds the team that a conversation's handoff names.
    async fn named_team(
        &self,
        scope: ProjectScope,
        conversation: Option<Conversation>,
    ) -> Result<NamedTeam, PortError> {
        let handoff = conversation.and_then(|conversation| conversation.handoff);
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

#[async_trait]
impl OfferReader for DynamoOffers {
    async fn terms(
        &self,
        scope: ProjectScope,
        conversation_id: ConversationId,
        client_id: ClientId,
    ) -> Result<OfferTerms, PortError> {
        let conversation = keys::conversation(scope, conversation_id);
        let client = keys::client(scope.account(), client_id);
        let wanted = [conversation.clone(), client.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let client: Option<ClientItem> = take(&mut rows, &client, "client")?;
        let client = client.map(Client::from);
        let conversation: Option<ConversationItem> =
            take(&mut rows, &conversation, "conversation")?;
        let conversation = conversation.map(Conversation::from);
        Ok(OfferTerms {
            team: self.named_team(scope, conversation).await?,
            first_reply_minutes: client.and_then(|client| client.first_reply_minutes),
        })
    }
}
