//! The store of end users.

mod hits;
mod links;
mod writes;

use self::writes::{holder_in, newly_sole};
use super::{
    items::{ChatUserItem, EndUserItem, PhoneItem},
    keys,
    lists::{Index, List},
    proof::Authorship,
    row_counts::count_rows,
    table::{Cancelled, Table, Transacted, from_row, s, take},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::{collections::BTreeSet, sync::Arc};
use vestibule_domain::{
    PortError, ProjectScope,
    chat::user::ChatUser,
    directory::{end_user::EndUser, phone::PhoneKey},
    ids::{ChatUserId, EndUserId},
    page::{ListError, Order, Page, PageRequest},
    ports::{
        By, CountUpTo, EndUserCreated, EndUserFilter, EndUserStore, EndUserUpdated, Linked,
        Unlinked,
    },
};
use vestibule_search::Terms;

const WHAT: &str = "end user";
/// The error that a person changed since it was read.
const CHANGED: PortError = PortError::Conflict { what: WHAT };
/// Number of attempts at a change whose record stayed as it was read while links of it changed.
const ATTEMPTS: usize = 4;

/// See [`EndUserStore`].
#[derive(Debug, Clone)]
pub struct DynamoEndUsers {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoEndUsers {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Makes the writes that remove a person as it is stored, and end the links.
    async fn removal(
        &self,
        stored: &EndUser,
        by: By<'_>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let chat_users = self.table.chat_users_of(stored).await?;
        let alone = EndUser {
            chat_users: BTreeSet::new(),
            ..stored.clone()
        };
        let mut writes = self.table.delete_end_user_writes(stored)?;
        let author = &by.audit.actor.name;
        let unlinked =
            self.table
                .linked_chat_user_writes(&alone, &chat_users, author, by.audit.at)?;
        writes.extend(unlinked);
        Ok(writes)
    }
}

impl Table {
    /// See [`EndUserStore::create_end_user`].
    pub(in crate::dynamo) async fn add_end_user(
        &self,
        user: &EndUser,
        author: Authorship<'_>,
    ) -> Result<EndUserCreated, PortError> {
        let mut writes = self.put_end_user_writes(None, user)?;
        writes.push(self.new_end_user_check(user)?);
        let claim = writes.len() - 1;
        let mut added = user.environments.clone();
        if let Some(sole) = newly_sole(None, user) {
            added.remove(&sole);
        }
        writes.extend(self.environment_checks(user.scope, &added)?);
        let reasons = match self.transact_for(writes, author).await? {
            Transacted::Done => return Ok(EndUserCreated::New),
            Transacted::Cancelled(reasons) => reasons,
        };
        if let Some(Cancelled::Condition(Some(row))) = reasons.first() {
            let item: EndUserItem = from_row(row.clone(), WHAT)?;
            let existing = item.into_end_user(user.scope);
            return Ok(EndUserCreated::Existing(Box::new(existing)));
        }
        if let Some(Cancelled::Condition(_)) = reasons.get(claim) {
            return Ok(EndUserCreated::Spent);
        }
        let holder = self.number_holder(user.scope, &reasons).await?;
        holder
            .map(|holder| EndUserCreated::PhoneTaken(Box::new(holder)))
            .ok_or(CHANGED)
    }

    /// See [`EndUserStore::update_end_user`].
    pub(in crate::dynamo) async fn change_end_user(
        &self,
        before: &EndUser,
        after: &EndUser,
        author: Authorship<'_>,
    ) -> Result<EndUserUpdated, PortError> {
        for _ in 0..ATTEMPTS {
            let stored = self.end_user(before.scope, before.id).await?;
            let Some(stored) = stored.filter(|stored| stored.version == before.version) else {
                break;
            };
            if let Some(outcome) = self.try_change_end_user(&stored, after, author).await? {
                return Ok(outcome);
            }
        }
        Err(CHANGED)
    }

    /// Reads the person whose number stood in the way.
    async fn number_holder(
        &self,
        scope: ProjectScope,
        reasons: &[Cancelled],
    ) -> Result<Option<EndUser>, PortError> {
        match holder_in(reasons)? {
            Some(id) => self.end_user(scope, id).await,
            None => Ok(None),
        }
    }

    /// Makes one attempt at a change of the record as it is stored. `None` when it was changed meanwhile.
    async fn try_change_end_user(
        &self,
        stored: &EndUser,
        after: &EndUser,
        author: Authorship<'_>,
    ) -> Result<Option<EndUserUpdated>, PortError> {
        let audit = author.audit();
        let at = audit.at;
        let mut next = EndUser {
            chat_users: stored.chat_users.clone(),
            links_version: stored.links_version,
            version: stored.version + 1,
            updated_at: at,
            ..after.clone()
        };
        let reaches_links = stored.phone != next.phone || stored.environments != next.environments;
        let chat_users = if reaches_links {
            self.chat_users_of(stored).await?
        } else {
            Vec::new()
        };
        if reaches_links {
            next.chat_users = chat_users.iter().map(|user| user.id).collect();
            next.give_up_number(stored, &chat_users);
            if next.chat_users != stored.chat_users {
                next.links_version += 1;
            }
        }
        let mut writes = self.put_end_user_writes(Some(stored), &next)?;
        let granted_by = &audit.actor.name;
        writes.extend(self.linked_chat_user_writes(&next, &chat_users, granted_by, at)?);
        let mut added = &next.environments - &stored.environments;
        if let Some(sole) = newly_sole(Some(stored), &next) {
            added.remove(&sole);
        }
        writes.extend(self.environment_checks(next.scope, &added)?);
        match self.transact_for(writes, author).await? {
            Transacted::Done => Ok(Some(EndUserUpdated::Done(Box::new(next)))),
            Transacted::Cancelled(reasons) => {
                let holder = self.number_holder(next.scope, &reasons).await?;
                Ok(holder.map(|holder| EndUserUpdated::PhoneTaken(Box::new(holder))))
            }
        }
    }

    /// Reads one person.
    pub(in crate::dynamo) async fn end_user(
        &self,
        scope: ProjectScope,
        id: EndUserId,
    ) -> Result<Option<EndUser>, PortError> {
        let item: Option<EndUserItem> = self.get(&keys::end_user(scope, id), WHAT).await?;
        Ok(item.map(|item| item.into_end_user(scope)))
    }

    /// Reads the chat users that a person is. Those that were erased meanwhile are left out.
    pub(in crate::dynamo) async fn chat_users_of(
        &self,
        user: &EndUser,
    ) -> Result<Vec<ChatUser>, PortError> {
        let places: Vec<_> = user
            .chat_users
            .iter()
            .map(|id| keys::chat_user(user.scope, *id))
            .collect();
        let mut rows = self.get_batch(&places).await?;
        let mut found = Vec::new();
        for key in &places {
            let item: Option<ChatUserItem> = take(&mut rows, key, "chat user")?;
            let chat_user = item.map(ChatUser::from);
            found.extend(chat_user.filter(|one| one.end_user_id == Some(user.id)));
        }
        Ok(found)
    }
}

#[async_trait]
impl EndUserStore for DynamoEndUsers {
    async fn create_end_user(
        &self,
        user: &EndUser,
        by: By<'_>,
    ) -> Result<EndUserCreated, PortError> {
        self.table.add_end_user(user, Authorship::Caller(by)).await
    }

    async fn get_end_user(
        &self,
        scope: ProjectScope,
        id: EndUserId,
    ) -> Result<Option<EndUser>, PortError> {
        self.table.end_user(scope, id).await
    }

    async fn find_end_users(
        &self,
        scope: ProjectScope,
        ids: &[EndUserId],
    ) -> Result<Vec<EndUser>, PortError> {
        let places: Vec<_> = ids.iter().map(|id| keys::end_user(scope, *id)).collect();
        let mut rows = self.table.get_batch(&places).await?;
        let mut found = Vec::new();
        for key in &places {
            let item: Option<EndUserItem> = take(&mut rows, key, WHAT)?;
            found.extend(item.map(|item| item.into_end_user(scope)));
        }
        Ok(found)
    }

    async fn find_by_phone(
        &self,
        scope: ProjectScope,
        phone: &PhoneKey,
    ) -> Result<Option<EndUser>, PortError> {
        let key = keys::phone(scope, phone);
        let holder: Option<PhoneItem> = self.table.get(&key, "phone number").await?;
        match holder {
            Some(holder) => self.table.end_user(scope, holder.end_user_id).await,
            None => Ok(None),
        }
    }

    async fn list_end_users(
        &self,
        scope: ProjectScope,
        filter: &EndUserFilter,
        page: &PageRequest,
    ) -> Result<Page<EndUser>, ListError> {
        if let Some(terms) = filter.query.as_deref().and_then(Terms::parse) {
            return hits::page(&self.table, &self.vault, (scope, filter, &terms), page).await;
        }
        let (index, partition) = if filter.by_name {
            (Index::ByState, keys::end_users_by_name(scope))
        } else {
            (Index::All, keys::end_users(scope))
        };
        let source = filter.source.map(|source| ("source", s(source.key())));
        let list = List {
            index,
            equal: source.into_iter().collect(),
            contains: filter.environment_id.map(|id| ("environments", s(id))),
            ..List::all(partition)
        };
        let order = if filter.by_name {
            Order::OldestFirst
        } else {
            page.order
        };
        let page = PageRequest {
            order,
            ..page.clone()
        };
        let rows = self.table.page(&list, &page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            let item: EndUserItem = from_row(row, WHAT)?;
            if item.is_of(scope) {
                items.push(item.into_end_user(scope));
            }
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn count_end_users(&self, scope: ProjectScope) -> Result<CountUpTo, PortError> {
        let list = || self.table.list_query(keys::end_users(scope));
        count_rows("dynamodb: Query", list).await
    }

    async fn chat_users_of(&self, user: &EndUser) -> Result<Vec<ChatUser>, PortError> {
        self.table.chat_users_of(user).await
    }

    async fn update_end_user(
        &self,
        before: &EndUser,
        after: &EndUser,
        by: By<'_>,
    ) -> Result<EndUserUpdated, PortError> {
        let author = Authorship::Caller(by);
        self.table.change_end_user(before, after, author).await
    }

    async fn delete_end_user(&self, user: &EndUser, by: By<'_>) -> Result<(), PortError> {
        for _ in 0..ATTEMPTS {
            let stored = self.table.end_user(user.scope, user.id).await?;
            let Some(stored) = stored.filter(|stored| stored.version == user.version) else {
                break;
            };
            let writes = self.removal(&stored, by).await?;
            if let Transacted::Done = self.table.transact_by(writes, by).await? {
                return Ok(());
            }
        }
        Err(CHANGED)
    }

    async fn link(
        &self,
        scope: ProjectScope,
        id: EndUserId,
        chat_user_id: ChatUserId,
        by: By<'_>,
    ) -> Result<Linked, PortError> {
        self.link_chat_user(scope, id, chat_user_id, by).await
    }

    async fn unlink(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        keeps_access: bool,
        by: By<'_>,
    ) -> Result<Unlinked, PortError> {
        self.unlink_chat_user(scope, chat_user_id, keeps_access, by)
            .await
    }
}
