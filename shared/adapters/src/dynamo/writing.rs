//! The store of conversations for those who write into them without being asked there.

use super::{
    adding::Adding,
    audience::{Place, Writer},
    conversations::state_list,
    items::{ConnectorItem, ConversationItem, OutgoingItem, ProjectItem, TextBatchItem},
    keys,
    table::{
        Cancelled, Table, Transacted, delete_write, from_row, n, put_write, s, take, to_value,
        update_write,
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    account::Project,
    chat::conversation::Conversation,
    chat::history::{HistoryDays, StoredMessage},
    event::AuditEntry,
    ids::{ConversationId, TextBatchId},
    job::{QueuedText, SendMessages},
    ports::{
        AddedTexts, ConversationState, ConversationView, ConversationWriter, HandoffChange,
        NewTexts, OpenConversation, TextBatch, WritingContext, WritingPlace,
    },
};

const WHAT: &str = "conversation";
const CALL: &str = "call that added texts";

/// See [`ConversationWriter`].
#[derive(Debug, Clone)]
pub struct DynamoConversationWriter {
    table: Table,
}

impl DynamoConversationWriter {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads the rest of what writing into a conversation needs.
    async fn open(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        item: ConversationItem,
        history: HistoryDays,
    ) -> Result<OpenConversation, PortError> {
        let connector_id = item.connector_id;
        let mut conversation = Conversation::from(item);
        let connector = keys::connector(connector_id);
        let outgoing = keys::outgoing(scope, id, connector_id);
        let place = Place {
            scope,
            connector_id,
            conversation: &conversation,
        };
        let beside = [connector.clone(), outgoing.clone()];
        let mut writer = Writer::read(&self.table, &place, &beside).await?;
        let connector = take::<ConnectorItem>(&mut writer.beside, &connector, "connector")?
            .filter(|item| item.scope == scope)
            .map(Into::into);
        let item = take::<OutgoingItem>(&mut writer.beside, &outgoing, "outgoing texts")?;
        if let Some(item) = item {
            conversation.outgoing = item.with_what_was_known(conversation.outgoing);
        }
        let place = conversation.place.clone();
        Ok(OpenConversation {
            connector_id,
            connector,
            audience: place.map(|place| writer.audience(&conversation, place)),
            conversation,
            history,
        })
    }

    /// Makes the write of the conversation, which was read as `texts.conversation`.
    fn conversation_update(
        &self,
        texts: &NewTexts<'_>,
        next: &Conversation,
    ) -> Result<Update, PortError> {
        let (scope, id) = (texts.order.scope, texts.order.conversation_id);
        let order = keys::by_creation(next.last_activity_at.unwrap_or(texts.at), id);
        self.table.update_part(
            &keys::conversation(scope, id),
            "SET message_total = :total, last_activity_at = :active, all_sk = :order, \
             state_sk = :order, updated_at = :now, version = version + :one",
            "message_total = :read",
            &[],
            &[
                (":total", n(next.message_total)),
                (":active", to_value(&next.last_activity_at)?),
                (":order", s(order)),
                (":now", s(texts.at)),
                (":one", n(1)),
                (":read", n(texts.conversation.message_total)),
            ],
        )
    }

    /// Makes the write that remembers the call. Its condition fails when the call was made before.
    fn batch_write(
        &self,
        texts: &NewTexts<'_>,
        batch: &TextBatch,
    ) -> Result<TransactWriteItem, PortError> {
        let first = texts.conversation.message_total + 1;
        let item = TextBatchItem::new(texts.order, batch, first, texts.at);
        let put = self.table.put_part(
            &item,
            "attribute_not_exists(pk) OR expires_at <= :now",
            &[(":now", n(texts.at.seconds()))],
        )?;
        Ok(put_write(put))
    }
}

/// Gives texts their numbers.
fn queued(texts: &NewTexts<'_>) -> Vec<QueuedText> {
    let first = texts.conversation.message_total + 1;
    (first..)
        .zip(texts.texts)
        .map(|(number, text)| QueuedText {
            number,
            at: texts.at,
            text: text.clone(),
            is_ephemeral: texts.history.keeps_nothing(),
            is_unprompted: true,
            byline: texts.byline.clone(),
        })
        .collect()
}

#[async_trait]
impl ConversationWriter for DynamoConversationWriter {
    async fn writing_context(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        batch: Option<TextBatchId>,
        now: Timestamp,
    ) -> Result<Option<WritingPlace>, PortError> {
        let conversation = keys::conversation(scope, id);
        let project = keys::project(scope.account(), scope.project_id());
        let batch = batch.map(|batch| keys::text_batch(scope, id, batch));
        let mut wanted = vec![conversation.clone(), project.clone()];
        wanted.extend(batch.clone());
        let mut rows = self.table.get_batch(&wanted).await?;
        let Some(item) = take::<ConversationItem>(&mut rows, &conversation, WHAT)? else {
            return Ok(None);
        };
        let environment_id = item.environment_id;
        if let Some(batch) = batch {
            let before = take::<TextBatchItem>(&mut rows, &batch, CALL)?;
            if let Some(before) = before.filter(|before| before.counts(now)) {
                return Ok(Some(WritingPlace {
                    environment_id,
                    context: WritingContext::Before(before.into()),
                }));
            }
        }
        let project = take::<ProjectItem>(&mut rows, &project, "project")?;
        let history = project
            .map(|item| Project::from(item).history_days)
            .unwrap_or_default();
        let open = self.open(scope, id, item, history).await?;
        Ok(Some(WritingPlace {
            environment_id,
            context: WritingContext::Open(Box::new(open)),
        }))
    }

    async fn set_state(
        &self,
        scope: ProjectScope,
        read: &ConversationView,
        state: ConversationState,
        audit: &AuditEntry,
    ) -> Result<bool, PortError> {
        let list = match state {
            ConversationState::Open => keys::open_conversations(scope),
            ConversationState::HandedOff => keys::handed_off_conversations(scope),
            ConversationState::Closed => keys::closed_conversations(scope),
        };
        // A conversation that is open or closed has no handoff.
        let remove = if state == ConversationState::HandedOff {
            ""
        } else {
            " REMOVE handoff"
        };
        let update = self.table.update_part(
            &keys::conversation(scope, read.id),
            &format!("SET state_pk = :list, updated_at = :now, version = version + :one{remove}"),
            "attribute_exists(state_sk) AND version = :read",
            &[],
            &[
                (":list", s(list)),
                (":now", s(audit.at)),
                (":one", n(1)),
                (":read", n(read.conversation.version)),
            ],
        )?;
        let mut writes = vec![update_write(update)];
        writes.extend(self.table.entry_writes(audit)?);
        let mut reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(true),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        match reasons.next() {
            // A row of the release before is in no list.
            Some(Cancelled::Condition(Some(row))) if !row.contains_key("state_sk") => Ok(false),
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn add_texts(&self, texts: &NewTexts<'_>) -> Result<AddedTexts, PortError> {
        let queued = queued(texts);
        let count = u64::try_from(queued.len()).unwrap_or(u64::MAX);
        let next = texts.conversation.with_texts(count, texts.at);
        let mut writes = Vec::new();
        if let Some(batch) = texts.batch {
            writes.push(self.batch_write(texts, batch)?);
        }
        let replaced = usize::from(texts.batch.is_some()) + 2;
        let adding = Adding {
            order: texts.order,
            place: texts.place,
            read: &texts.conversation.outgoing,
            next: &next.outgoing,
            at: texts.at,
        };
        writes.push(update_write(self.conversation_update(texts, &next)?));
        writes.push(update_write(self.table.adding_update(&adding)?));
        if let Some(id) = texts.instead_of {
            let key = keys::given_up(texts.order.scope, id);
            let removal = self.table.delete_part(&key, "attribute_exists(pk)", &[])?;
            writes.push(delete_write(removal));
        }
        for text in &queued {
            let message = StoredMessage::unprompted(text);
            let write = self
                .table
                .message_write(texts.order, message, texts.history)?;
            writes.push(write);
        }
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(AddedTexts::Now(queued)),
            Transacted::Cancelled(reasons) => reasons,
        };
        let is_gone = matches!(reasons.get(replaced), Some(Cancelled::Condition(_)));
        if texts.instead_of.is_some() && is_gone {
            return Ok(AddedTexts::Gone);
        }
        match reasons.into_iter().next() {
            Some(Cancelled::Condition(Some(row))) if texts.batch.is_some() => {
                let before: TextBatchItem = from_row(row, CALL)?;
                Ok(AddedTexts::Before(before.into()))
            }
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn take_typing_turn(
        &self,
        order: SendMessages,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        self.table.take_typing_turn(order, now).await
    }

    async fn change_handoff(&self, change: &HandoffChange<'_>) -> Result<(), PortError> {
        let (scope, read) = (change.scope, change.read);
        let mut set = vec!["updated_at = :now", "version = version + :one"];
        let mut values = vec![
            (":now", s(change.audit.at)),
            (":one", n(1)),
            (":read", n(read.conversation.version)),
        ];
        if change.handoff.is_some() || read.state != ConversationState::Closed {
            set.push("state_pk = :state");
            let list = state_list(scope, change.handoff.is_some());
            values.push((":state", s(list)));
        }
        let remove = if let Some(handoff) = change.handoff {
            set.push("handoff = :handoff");
            values.push((":handoff", to_value(handoff)?));
            ""
        } else {
            " REMOVE handoff"
        };
        let update = self.table.update_part(
            &keys::conversation(scope, read.id),
            &format!("SET {}{remove}", set.join(", ")),
            "version = :read",
            &[],
            &values,
        )?;
        let mut writes = vec![update_write(update)];
        writes.extend(self.table.entry_writes(change.audit)?);
        writes.extend(self.table.case_step_writes(change.case)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }
}
