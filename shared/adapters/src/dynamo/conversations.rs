//! The store of conversations for the delivery worker.

use super::{
    intake::take,
    items::{ChatUserItem, ConnectorItem, ConversationItem, EnvironmentItem},
    keys,
    people::find_chat_user,
    table::{Conditional, Table, from_row, n},
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, Timestamp,
    chat::conversation::ConversationLog,
    ids::ConnectorId,
    job::DeliverMessage,
    ports::{ConversationStore, DeliveryContext},
};

/// See [`ConversationStore`].
#[derive(Debug, Clone)]
pub struct DynamoConversations {
    table: Table,
}

impl DynamoConversations {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

#[async_trait]
impl ConversationStore for DynamoConversations {
    async fn delivery_context(&self, job: &DeliverMessage) -> Result<DeliveryContext, PortError> {
        let connector = keys::connector(job.connector_id);
        let environment = keys::environment(job.scope, job.environment_id);
        let user = keys::chat_user(job.scope, job.chat_user_id);
        let conversation = keys::conversation(job.scope, job.conversation.id);
        let mut rows = self
            .table
            .get_batch(&[
                connector.clone(),
                environment.clone(),
                user.clone(),
                conversation.clone(),
            ])
            .await?;
        let chat_user = match take::<ChatUserItem>(&mut rows, &user, "chat user")? {
            Some(item) => Some(item.into()),
            None => find_chat_user(&self.table, job.scope, job.chat_user_id).await?,
        };
        Ok(DeliveryContext {
            connector: take::<ConnectorItem>(&mut rows, &connector, "connector")?
                .filter(|item| item.scope == job.scope)
                .map(Into::into),
            environment: take::<EnvironmentItem>(&mut rows, &environment, "environment")?
                .map(Into::into),
            chat_user,
            conversation: take::<ConversationItem>(&mut rows, &conversation, "conversation")?
                .map(Into::into)
                .unwrap_or_default(),
        })
    }

    async fn save(
        &self,
        job: &DeliverMessage,
        connector_id: ConnectorId,
        log: ConversationLog,
        now: Timestamp,
    ) -> Result<ConversationLog, PortError> {
        let read_at = log.version;
        let log = ConversationLog {
            version: read_at + 1,
            ..log
        };
        let key = keys::conversation(job.scope, job.conversation.id);
        let item = ConversationItem::new(key, connector_id, &log, now);
        let put = if read_at == 0 {
            self.table
                .put_part(&item, "attribute_not_exists(pk)", &[])?
        } else {
            self.table
                .put_part(&item, "version = :read", &[(":read", n(read_at))])?
        };
        match self.table.put(put).await? {
            Conditional::Done(_) => Ok(log),
            // An earlier attempt of this call took effect and its answer was lost.
            Conditional::Failed(Some(row))
                if from_row::<ConversationItem>(row.clone(), "conversation")? == item =>
            {
                Ok(log)
            }
            Conditional::Failed(_) => Err(PortError::Conflict {
                what: "conversation",
            }),
        }
    }
}
