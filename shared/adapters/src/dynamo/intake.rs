//! The records behind the decision: read together, written under conditions.

mod preapproval;

use super::{
    counting::Counting,
    events, first_messages,
    items::{
        AccessRequestItem, ChatUserItem, ConnectorItem, ConversationItem, HeldMessageItem,
        PhoneItem, PreviewItem, SameAsItem, StandingItem, WaitingPlace,
    },
    kept_blocks::SenderBlocks,
    keys::{self, Key},
    marks::Marked,
    merges, people, profiles, reports,
    search::OrderedIndex,
    standings::task_set,
    table::{
        Attributes, Cancelled, Table, Transacted, from_row, n, put_write, s, take, to_value,
        update_write,
    },
    tallies::TallyChange,
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::consent::Wish,
    access::preapproval::Preapproval,
    access::quota::QuotaUse,
    access::request::{AccessRequest, Preview},
    access::standing::{PendingTask, Standing},
    chat::change::MessageChange,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Candidate, Handover, Link, Merge},
    chat::renaming::ProfileChange,
    chat::repeats::HandledEvent,
    chat::user::ChatUser,
    connector::Connector,
    ids::{AccessRequestId, ChatUserId, ConnectorId},
    job::DeliverMessage,
    ports::{
        ConnectorReader, Counted, FirstMessage, IntakeKey, IntakeStore, Introduction, LateFailure,
        LateFailureOutcome, Loaded, Merged, OUTBOX_PATIENCE, OpenRequest, Preapproved,
        StandingPlace, UnreadableEvent, Written,
    },
};

/// See [`IntakeStore`].
#[derive(Debug, Clone)]
pub struct DynamoIntake {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoIntake {
    /// Makes the store on this table, with hashes of ids under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Runs the code of the read that every message needs, before the first message. A failure
    /// shows at the first use.
    pub async fn warm(&self) {
        let _ = self.table.get_batch(&[keys::keyring()]).await;
    }

    /// Makes the write of a standing that was read at `standing.version`. An existing row keeps the
    /// worker's current state: lease, attempts and mark.
    fn standing_write(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        has_new_tasks: bool,
        due: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        if standing.version == 0 {
            let first = Standing {
                version: 1,
                ..standing.clone()
            };
            let item = StandingItem::new(scope, &first, due);
            let put = self
                .table
                .put_part(&item, "attribute_not_exists(pk)", &[])?;
            return Ok(put_write(put));
        }
        let mut set = vec![
            "conversation = :conversation",
            "request_pending = :pending",
            "message_count = :count",
            "awaits_content = :awaits",
            "content_key = :content",
            "recent_events = :events",
            "version = version + :one",
        ];
        let mut values = vec![
            (":conversation", to_value(&standing.conversation)?),
            (":pending", AttributeValue::Bool(standing.request_pending)),
            (":count", n(standing.message_count)),
            (":awaits", AttributeValue::Bool(standing.awaits_content)),
            (":content", to_value(&standing.content_key)?),
            (":events", to_value(&standing.recent_events)?),
            (":one", n(1)),
            (":read", n(standing.version)),
        ];
        for (part, name, value) in admission(scope, standing).into_iter().flatten() {
            set.push(part);
            values.push((name, value));
        }
        if let Some(id) = standing.request_id {
            set.push("request_id = :request");
            values.push((":request", s(id)));
        }
        if let Some(approval) = &standing.approval {
            set.push("approval = :approval");
            values.push((":approval", to_value(approval)?));
        }
        if let Some(at) = standing.last_message_at {
            set.push("last_message_at = :last");
            values.push((":last", s(at)));
        }
        let mut add = "";
        let mut remove = Vec::new();
        if let Some(place) = WaitingPlace::of(scope, standing) {
            set.extend(["all_pk = :waiting", "all_sk = :waiting_order"]);
            values.push((":waiting", s(place.list)));
            values.push((":waiting_order", s(place.order)));
        } else {
            remove.push(WaitingPlace::REMOVED);
        }
        if has_new_tasks {
            let marked = Marked::standing(scope, standing.chat_user_id, standing.connector_id);
            let mark = marked.waiting(due);
            // New tasks do not wait for earlier attempts. These count only while a text may have been tried.
            add = " ADD owes :owes";
            remove.push("not_before");
            if !standing.may_have_tried_notice() && !standing.may_have_tried_message() {
                set.push("attempts = :none");
                values.push((":none", n(0)));
            }
            set.extend([
                "onboarding_message = :message",
                "outbox_pk = :shard",
                "outbox_due = :due",
            ]);
            values.extend([
                (":message", to_value(&standing.onboarding_message)?),
                (":owes", task_set(&standing.pending_tasks)),
                (":shard", mark.pk()),
                (":due", mark.due()),
            ]);
        }
        let mut change = format!("SET {}{add}", set.join(", "));
        if !remove.is_empty() {
            change = format!("{change} REMOVE {}", remove.join(", "));
        }
        let key = keys::standing(scope, standing.chat_user_id, standing.connector_id);
        let update = self
            .table
            .update_part(&key, &change, "version = :read", &[], &values)?;
        Ok(update_write(update))
    }

    /// Makes the write of a person who was let in while the connector was open and no longer is.
    /// The condition proves that the person was neither blocked nor granted access since the read.
    fn readmission_write(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        environment: &str,
        profile: Option<&ProfileChange>,
    ) -> Result<TransactWriteItem, PortError> {
        let values = [
            (":one", n(1)),
            (":admitted", AttributeValue::Bool(user.admitted_openly)),
            (":list", s(keys::chat_users(scope, Some(user.status())))),
            (":now", s(user.updated_at)),
            (":read", n(user.version)),
        ];
        let with = profiles::UserUpdate::new(
            "SET version = version + :one, admitted_openly = :admitted, state_pk = :list, updated_at = :now",
            "version = :read AND attribute_not_exists(#block) AND attribute_not_exists(grants.#environment)",
            [("#block", "block"), ("#environment", environment)],
            values,
        )
        .with(profile)?;
        let update = self.table.update_part(
            &keys::chat_user(scope, user.id),
            &with.update,
            &with.condition,
            &with.names,
            &with.values,
        )?;
        Ok(update_write(update))
    }

    /// Makes the writes of what is kept of a first message. `condition` is that of their rows.
    fn first_message_writes(
        &self,
        scope: ProjectScope,
        id: AccessRequestId,
        (preview, held): (Option<&Preview>, Option<&DeliverMessage>),
        condition: &str,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = Vec::new();
        if let Some(preview) = preview {
            let item = PreviewItem::new(scope, id, preview);
            writes.push(put_write(self.table.put_part(&item, condition, &[])?));
        }
        if let Some(held) = held {
            let item = HeldMessageItem::new(scope, id, held)?;
            writes.push(put_write(self.table.put_part(&item, condition, &[])?));
        }
        Ok(writes)
    }

    /// Makes the writes of a new sender's rows. The second id, if any, leads to the record from the start. Nobody becomes
    /// new whose block outlived them.
    async fn newcomer_writes(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let item = ChatUserItem::new(scope, user);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        let mut writes = vec![put_write(put)];
        if let Some(other_id) = &user.other_id {
            let ids = (other_id, &user.identity);
            let theirs = "attribute_not_exists(pk) OR same_as = :person";
            writes.push(people::alias_write(&self.table, scope, ids, theirs)?);
        }
        let checks = self.table.stranger_checks(&self.vault, scope, user);
        writes.extend(checks.await?);
        Ok(writes)
    }

    /// Proves that a known sender was not blocked meanwhile. With an environment, also proves that
    /// the sender was not granted it; without one, lets the sender in openly.
    fn known_write(
        &self,
        scope: ProjectScope,
        standing: &Standing,
        not_granted: Option<&str>,
        profile: Option<&ProfileChange>,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::chat_user(scope, standing.chat_user_id);
        let update = match not_granted {
            Some(environment) => profiles::UserUpdate::new(
                "SET version = version + :one",
                "attribute_exists(pk) AND attribute_not_exists(#block) AND attribute_not_exists(grants.#environment)",
                [("#block", "block"), ("#environment", environment)],
                [(":one", n(1))],
            ),
            None => profiles::UserUpdate::new(
                "SET version = version + :one, admitted_openly = :yes, state_pk = :active",
                "attribute_exists(pk) AND attribute_not_exists(#block)",
                [("#block", "block")],
                [
                    (":one", n(1)),
                    (":yes", AttributeValue::Bool(true)),
                    (
                        ":active",
                        s(super::items::StatusAttributes::active(scope).state_pk),
                    ),
                ],
            ),
        }
        .with(profile)?;
        let update = self.table.update_part(
            &key,
            &update.update,
            &update.condition,
            &update.names,
            &update.values,
        )?;
        Ok(update_write(update))
    }
}

/// The parts of an update that a person's admission through an open connector takes.
fn admission(
    scope: ProjectScope,
    standing: &Standing,
) -> Option<[(&'static str, &'static str, AttributeValue); 3]> {
    let at = standing.admitted_openly_at?;
    let list = keys::admitted(scope, standing.connector_id);
    let order = keys::by_creation(at, standing.chat_user_id);
    Some([
        ("admitted_openly_at = :admitted", ":admitted", s(at)),
        ("state_pk = :admitted_list", ":admitted_list", s(list)),
        ("state_sk = :admitted_order", ":admitted_order", s(order)),
    ])
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

    async fn count_held_back(
        &self,
        scope: ProjectScope,
        connector_id: ConnectorId,
        now: Timestamp,
    ) -> Result<(), PortError> {
        self.table.count_held_back(scope, connector_id, now).await
    }

    async fn open_request(&self, open: &OpenRequest, due: Timestamp) -> Result<Written, PortError> {
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
        let tally = TallyChange::made(&open.request);
        writes.extend(self.table.tally_writes(scope, &tally)?);
        let asked = [open.request.id];
        let of = open.standing.chat_user_id;
        let index = OrderedIndex::of_chat_user(scope, of, open.request.created_at).asking(&asked);
        writes.push(self.table.index_order_write(index)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(Written::Done),
            Transacted::Cancelled(reasons) => {
                // The first operation is the standing. If the standing names this very request, an
                // earlier attempt of ours took effect and its answer was lost.
                let Some(Cancelled::Condition(Some(row))) = reasons.into_iter().next() else {
                    return Ok(Written::Raced);
                };
                let stored: StandingItem = from_row(row, "standing")?;
                let ours = stored.request_id == Some(open.request.id);
                Ok(if ours { Written::Done } else { Written::Raced })
            }
        }
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
        let remembering = self.table.taken_writes(event)?;
        let remembered = remembering.len();
        writes.extend(remembering);
        if let Some(change) = profile {
            writes.extend(profiles::writes(&self.table, scope, change, event.at)?);
        }
        let reasons = match self.table.transact(writes).await? {
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
        profiles::write(&self.table, writes.into()).await
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
