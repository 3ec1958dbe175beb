//! The store of conversations for the delivery worker.

use super::{
    events,
    items::{ChatUserItem, ConnectorItem, ConversationItem, EnvironmentItem},
    keys,
    people::find_chat_user,
    table::{Attributes, Cancelled, Conditional, Table, Transacted, from_row, n, put_write, take},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::Put;
use vestibule_domain::{
    PortError, Timestamp,
    chat::conversation::ConversationLog,
    chat::repeats::HandledEvent,
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

    /// Makes the write of a log that was read at `log.version`, with the row that it writes.
    fn log_write(
        &self,
        job: &DeliverMessage,
        connector_id: ConnectorId,
        log: &ConversationLog,
        now: Timestamp,
    ) -> Result<(ConversationItem, Put), PortError> {
        let key = keys::conversation(job.scope, job.conversation.id);
        let next = ConversationLog {
            version: log.version + 1,
            ..log.clone()
        };
        let item = ConversationItem::new(key, connector_id, &next, now);
        let put = if log.version == 0 {
            self.table
                .put_part(&item, "attribute_not_exists(pk)", &[])?
        } else {
            self.table
                .put_part(&item, "version = :read", &[(":read", n(log.version))])?
        };
        Ok((item, put))
    }
}

/// Returns `Ok` when the row whose condition failed is the one that was to be written: an earlier
/// attempt took effect and its answer was lost.
fn written_before(row: Option<Attributes>, item: &ConversationItem) -> Result<(), PortError> {
    match row {
        Some(row) if from_row::<ConversationItem>(row.clone(), "conversation")? == *item => Ok(()),
        _ => Err(PortError::Conflict {
            what: "conversation",
        }),
    }
}

#[async_trait]
impl ConversationStore for DynamoConversations {
    async fn delivery_context(
        &self,
        job: &DeliverMessage,
        now: Timestamp,
    ) -> Result<DeliveryContext, PortError> {
        let connector = keys::connector(job.connector_id);
        let environment = keys::environment(job.scope, job.environment_id);
        let user = keys::chat_user(job.scope, job.chat_user_id);
        let conversation = keys::conversation(job.scope, job.conversation.id);
        let event = events::rows_of(job.connector_id, &job.event_keys);
        let mut wanted = vec![
            connector.clone(),
            environment.clone(),
            user.clone(),
            conversation.clone(),
        ];
        wanted.extend(event.iter().cloned());
        let mut rows = self.table.get_batch(&wanted).await?;
        let is_delivered = events::take_rows(&mut rows, &event, now)?
            .iter()
            .any(|item| item.counts_as_delivered(now));
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
            is_delivered,
        })
    }

    async fn save(
        &self,
        job: &DeliverMessage,
        connector_id: ConnectorId,
        log: ConversationLog,
        now: Timestamp,
    ) -> Result<ConversationLog, PortError> {
        let (item, put) = self.log_write(job, connector_id, &log, now)?;
        if let Conditional::Failed(row) = self.table.put(put).await? {
            written_before(row, &item)?;
        }
        Ok(item.into())
    }

    async fn save_delivered(
        &self,
        job: &DeliverMessage,
        log: ConversationLog,
        event: &HandledEvent,
    ) -> Result<(), PortError> {
        let (item, put) = self.log_write(job, event.connector_id, &log, event.at)?;
        let mut writes = vec![put_write(put)];
        writes.extend(self.table.delivered_writes(event)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => {
                let row = match reasons.into_iter().next() {
                    Some(Cancelled::Condition(row)) => row,
                    _ => None,
                };
                written_before(row, &item)
            }
        }
    }
}
