//! The records behind the decision: read together, written under conditions.

mod preapproval;
mod writes;

use super::{
    counting::Counting,
    events, first_messages,
    items::{
        AccessRequestItem, ChatUserItem, ConnectorItem, ConversationItem, PhoneItem, SameAsItem,
        StandingItem,
    },
    kept_blocks::SenderBlocks,
    keys::{self, Key},
    last_messages::{Arrival, LastMessages},
    merges, people, profiles, reports,
    search::OrderedIndex,
    table::{Attributes, Cancelled, Table, Transacted, from_row, put_write, take, update_write},
    tallies::TallyChange,
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::consent::Wish,
    access::preapproval::Preapproval,
    access::quota::QuotaUse,
    access::request::AccessRequest,
    access::standing::{PendingTask, Standing},
    chat::change::MessageChange,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Candidate, Handover, Link, Merge},
    chat::renaming::ProfileChange,
    chat::repeats::HandledEvent,
    connector::Connector,
    ids::{AccessRequestId, ChatUserId, ConnectorId},
    ports::{
        ConnectorReader, Counted, FirstMessage, IntakeKey, IntakeStore, Introduction, LateFailure,
        LateFailureOutcome, Loaded, Merged, OUTBOX_PATIENCE, OpenRequest, Opened, Preapproved,
        StandingPlace, UnreadableEvent, Written,
    },
};

/// See [`IntakeStore`].
#[derive(Debug, Clone)]
pub struct DynamoIntake {
    table: Table,
    last_messages: LastMessages,
    vault: Arc<KmsVault>,
}

impl DynamoIntake {
    /// Makes the store on this table, with hashes of ids under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self {
            table,
            last_messages: LastMessages::default(),
            vault,
        }
    }

    /// Runs the code of the read that every message needs, before the first message. A failure
    /// shows at the first use.
    pub async fn warm(&self) {
        let _ = self.table.get_batch(&[keys::keyring()]).await;
    }
}

#[async_trait]
impl ConnectorReader for DynamoIntake {
    async fn find_connector(&self, id: ConnectorId) -> Result<Option<Connector>, PortError> {
        let item: Option<ConnectorItem> = self.table.get(&keys::connector(id), "connector").await?;
        Ok(item.map(Into::into))
    }
}

#[async_trait]
impl IntakeStore for DynamoIntake {
    async fn load(&self, key: &IntakeKey<'_>) -> Result<Loaded, PortError> {
        let conversation = key
            .conversation_id
            .map(|id| keys::conversation(key.scope, id));
        let sender = CandidateKeys::of(key, key.sender);
        let also = key
            .also_known_as
            .map(|identity| CandidateKeys::of(key, identity));
        let mut wanted: Vec<Key> = conversation.iter().cloned().collect();
        wanted.extend(sender.all());
        wanted.extend(also.iter().flat_map(CandidateKeys::all));
        let event = events::rows_of(key.connector_id, &key.event.keys);
        wanted.extend(event.iter().cloned());
        let phone = key.phone.map(|phone| keys::phone(key.scope, phone));
        wanted.extend(phone.clone());
        let blocks = SenderBlocks::of(&self.vault, key.scope, key.sender, key.also_known_as);
        let blocks = blocks.await?;
        wanted.extend(blocks.iter().flat_map(SenderBlocks::keys));
        let mut rows = self.table.get_batch(&wanted).await?;
        let handled = events::take_rows(&mut rows, &event, key.event.at)?;
        let holder = match &phone {
            Some(phone) => take::<PhoneItem>(&mut rows, phone, "phone number")?,
            None => None,
        };
        let conversation = match &conversation {
            Some(key) => take::<ConversationItem>(&mut rows, key, "conversation")?,
            None => None,
        };
        let mut sender = sender.take(&mut rows)?;
        let mut also = also.map(|keys| keys.take(&mut rows)).transpose()?;
        let is_half_blocked = match &blocks {
            Some(blocks) => blocks.tell(&mut rows, &mut sender, also.as_mut())?,
            None => false,
        };
        Ok(Loaded {
            holder: holder.map(Into::into),
            is_repeated: !handled.is_empty(),
            sender,
            also_known_as: also,
            conversation: conversation.map(Into::into).unwrap_or_default(),
            is_half_blocked,
        })
    }

    async fn extend_block(
        &self,
        scope: ProjectScope,
        stable: &Identity,
        phone: &Identity,
    ) -> Result<(), PortError> {
        self.table
            .extend_block(&self.vault, scope, [stable, phone])
            .await
    }

    async fn link(&self, scope: ProjectScope, link: &Link) -> Result<(), PortError> {
        people::link(&self.table, scope, link).await
    }

    async fn hand_over(&self, scope: ProjectScope, handover: &Handover) -> Result<(), PortError> {
        people::hand_over(&self.table, scope, handover).await
    }

    async fn merge(
        &self,
        scope: ProjectScope,
        merge: &Merge,
        now: Timestamp,
    ) -> Result<Merged, PortError> {
        merges::merge(&self.table, scope, merge, now).await
    }

    async fn use_quota(&self, usage: &QuotaUse) -> Result<bool, PortError> {
        self.table.use_quota(usage).await
    }

    async fn count_brought(
        &self,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<bool, PortError> {
        self.table.count_brought(connector_id, now).await
    }

    async fn count_held_back(
        &self,
        scope: ProjectScope,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<(), PortError> {
        self.table.count_held_back(scope, connector_id, now).await
    }

    async fn open_request(&self, open: &OpenRequest, due: Timestamp) -> Result<Opened, PortError> {
        let scope = open.request.scope;
        let environment = open.request.environment_id.to_string();
        let request = AccessRequestItem::from(&open.request);
        let mut writes = vec![
            self.standing_write(scope, &open.standing, true, due)?,
            put_write(
                self.table
                    .put_part(&request, "attribute_not_exists(pk)", &[])?,
            ),
        ];
        match (&open.no_longer_admitted, &open.new_chat_user) {
            (Some(user), _) => {
                let profile = open.profile.as_ref();
                writes.push(self.readmission_write(scope, user, &environment, profile)?);
            }
            (None, Some(user)) => writes.extend(self.newcomer_writes(scope, user).await?),
            (None, None) => {
                let profile = open.profile.as_ref();
                writes.push(self.known_write(
                    scope,
                    &open.standing,
                    Some(&environment),
                    profile,
                )?);
            }
        }
        let id = open.request.id;
        let kept = (open.preview.as_ref(), open.held.as_ref());
        writes.extend(self.first_message_writes(scope, id, kept, "attribute_not_exists(pk)")?);
        writes.extend(self.table.taken_writes(&open.event)?);
        let tally = TallyChange::asked(&open.request);
        writes.extend(self.table.tally_writes(scope, &tally)?);
        let asked = [open.request.id];
        let of = open.standing.chat_user_id;
        let index = OrderedIndex::of_chat_user(scope, of, open.request.created_at).asking(&asked);
        writes.push(self.table.index_order_write(index)?);
        let creation = open.request.creation();
        writes.push(self.table.outgoing_event_write(&creation)?);
        if open.new_chat_user.is_none() {
            writes.extend(self.told_profile_write(scope, open.profile.as_ref())?);
        }
        let quota = writes.len();
        if let Some(usage) = &open.quota {
            writes.extend(self.table.quota_write(usage)?);
        }
        let reasons = match self.table.transact(writes).await? {
            Transacted::Done => return Ok(Opened::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        let (others, of_quota) = reasons.split_at(quota.min(reasons.len()));
        if matches!(of_quota, [Cancelled::Condition(_)])
            && others
                .iter()
                .all(|reason| matches!(reason, Cancelled::NotThis))
        {
            return Ok(Opened::RowFull);
        }
        // The first operation is the standing. If the standing names this very request, an
        // earlier attempt of ours took effect and its answer was lost.
        let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() else {
            return Ok(Opened::Raced);
        };
        let stored: StandingItem = from_row(row, "standing")?;
        let ours = stored.request_id == Some(open.request.id);
        Ok(if ours { Opened::Done } else { Opened::Raced })
    }

    async fn introduce(
        &self,
        introduction: &Introduction,
        due: Timestamp,
    ) -> Result<Written, PortError> {
        let Introduction {
            scope,
            new_chat_user,
            standing,
            profile,
        } = introduction;
        // Of the tasks of somebody on record, an introduction adds this one alone.
        let has_new_tasks = standing.pending_tasks.contains(&PendingTask::Register);
        let mut writes = vec![self.standing_write(*scope, standing, has_new_tasks, due)?];
        match new_chat_user {
            Some(user) => writes.extend(self.newcomer_writes(*scope, user).await?),
            None => writes.push(self.known_write(*scope, standing, None, profile.as_ref())?),
        }
        let index =
            OrderedIndex::of_chat_user(*scope, standing.chat_user_id, standing.first_seen_at);
        writes.push(self.table.index_order_write(index)?);
        if new_chat_user.is_none() {
            writes.extend(self.told_profile_write(*scope, profile.as_ref())?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Written::Done),
            Transacted::Cancelled(_) => Ok(Written::Raced),
        }
    }

    async fn find_request(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
    ) -> Result<Option<AccessRequest>, PortError> {
        let key = keys::access_request(scope, id);
        let item: Option<AccessRequestItem> = self.table.get(&key, "access request").await?;
        Ok(item.map(Into::into))
    }

    async fn preapprove(
        &self,
        approval: &Preapproval,
        due: Timestamp,
    ) -> Result<Preapproved, PortError> {
        self.write_preapproval(approval, due).await
    }

    async fn leave_tasks(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        due: Timestamp,
    ) -> Result<Written, PortError> {
        let write = self.standing_write(scope, standing, true, due)?;
        match self.table.transact(vec![write]).await? {
            Transacted::Done => Ok(Written::Done),
            Transacted::Cancelled(_) => Ok(Written::Raced),
        }
    }

    async fn count_held(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        message: &InboundMessage,
        first: Option<&FirstMessage>,
        event: &HandledEvent,
        profile: Option<&ProfileChange>,
    ) -> Result<Counted, PortError> {
        let Some(request_id) = standing.request_id else {
            return Ok(Counted::Raced);
        };
        let counting = Counting {
            scope,
            standing,
            request_id,
            message,
            is_first: first.is_some(),
            due: event.at.plus(OUTBOX_PATIENCE),
        };
        let mut writes = vec![update_write(self.table.count_update(&counting)?)];
        if let Some(first) = first {
            // The standing alone says whose place is free, and the placeholder's preview may stand there.
            let kept = (first.preview.as_ref(), first.held.as_ref());
            let always = "attribute_exists(pk) OR attribute_not_exists(pk)";
            writes.extend(self.first_message_writes(scope, request_id, kept, always)?);
        }
        let own = writes.len();
        let remembering = self.table.taken_writes(&event.held_on(request_id))?;
        let remembered = remembering.len();
        writes.extend(remembering);
        if let Some(change) = profile {
            writes.extend(profiles::writes(&self.table, scope, change, event.at)?);
        }
        let arrival = Arrival {
            scope,
            connector_id: standing.connector_id,
            at: event.at,
        };
        let transacted = self
            .last_messages
            .transact(&self.table, writes, Some(arrival));
        let reasons = match transacted.await? {
            Transacted::Done => return Ok(Counted::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        // The operations after the first ones remember the event.
        let is_repeated = reasons
            .iter()
            .skip(own)
            .take(remembered)
            .any(|reason| matches!(reason, Cancelled::Condition(_)));
        Ok(if is_repeated {
            Counted::Duplicate
        } else {
            Counted::Raced
        })
    }

    async fn change_first_message(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
        change: &MessageChange,
    ) -> Result<(), PortError> {
        first_messages::change(&self.table, scope, id, change).await
    }

    async fn take_profile(
        &self,
        scope: ProjectScope,
        change: &ProfileChange,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let writes = profiles::writes(&self.table, scope, change, now)?;
        profiles::write(&self.table, writes).await
    }

    async fn remember(&self, event: &HandledEvent) -> Result<(), PortError> {
        self.table.remember(event).await
    }

    async fn remembered(
        &self,
        connector_id: ConnectorId,
        event_keys: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<BTreeSet<String>, PortError> {
        self.table.remembered(connector_id, event_keys, now).await
    }

    async fn note_send_failure(
        &self,
        place: &StandingPlace<'_>,
        failure: &LateFailure<'_>,
    ) -> Result<LateFailureOutcome, PortError> {
        reports::note_send_failure(&self.table, place, failure).await
    }

    async fn note_consent(
        &self,
        place: &StandingPlace<'_>,
        wish: &Wish,
        due: Timestamp,
    ) -> Result<Vec<ChatUserId>, PortError> {
        reports::note_consent(&self.table, place, wish, due).await
    }

    async fn keep_unreadable(&self, letter: &UnreadableEvent) -> Result<(), PortError> {
        let key = keys::unreadable_event(letter.connector_id, &letter.body_hash);
        let item = DeadLetterItem {
            pk: key.pk,
            sk: key.sk,
            detail: &letter.detail,
            body: &letter.body,
            received_at: letter.received_at,
            expires_at: letter.expires_at.seconds(),
        };
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        // The condition fails for an unreadable event that an earlier delivery already stored.
        self.table.put(put).await.map(|_| ())
    }
}

#[derive(serde::Serialize)]
struct DeadLetterItem<'a> {
    pk: String,
    sk: String,
    detail: &'a str,
    body: &'a str,
    received_at: Timestamp,
    expires_at: i64,
}

/// The keys of the rows under one id of a message's sender.
struct CandidateKeys {
    identity: Identity,
    user: Key,
    standing: Key,
    same_as: Option<Key>,
}

impl CandidateKeys {
    fn of(key: &IntakeKey<'_>, identity: &Identity) -> Self {
        let id = identity.chat_user_id(key.scope);
        Self {
            identity: identity.clone(),
            user: keys::chat_user(key.scope, id),
            standing: keys::standing(key.scope, id, key.connector_id),
            same_as: identity
                .may_be_one_of_two()
                .then(|| keys::same_as(key.scope, id)),
        }
    }

    fn all(&self) -> Vec<Key> {
        let mut all = vec![self.user.clone(), self.standing.clone()];
        all.extend(self.same_as.clone());
        all
    }

    fn take(self, rows: &mut HashMap<Key, Attributes>) -> Result<Candidate, PortError> {
        let same_as = match &self.same_as {
            Some(key) => take::<SameAsItem>(rows, key, "other id")?,
            None => None,
        };
        let had_another_holder = same_as
            .as_ref()
            .is_some_and(|alias| alias.had_another_holder);
        Ok(Candidate {
            had_another_holder,
            user: take::<ChatUserItem>(rows, &self.user, "chat user")?.map(Into::into),
            standing: take::<StandingItem>(rows, &self.standing, "standing")?.map(Into::into),
            same_as: same_as.map(|item| item.same_as),
            identity: self.identity,
            kept_block: None,
        })
    }
}
