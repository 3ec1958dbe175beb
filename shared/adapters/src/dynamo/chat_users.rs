//! The store of chat users for admins.

use super::{
    beside::shared,
    erased_people,
    items::{AvatarItem, ChatUserItem, ErasureItem},
    keys,
    lists::{Index, List},
    people::find_chat_user,
    search::{Candidate, Searching, SearchingFor, rows_of},
    table::{Table, from_row, s},
    tallies::counted,
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use std::sync::Arc;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::{
        kept_block::KeptBlock,
        user::{ChatUser, ChatUserStatus},
    },
    erasure::{Erasure, ErasureTarget},
    event::AuditEntry,
    ids::{ChatUserId, KeptBlockId},
    page::{ListError, PAGE_MAX, Page, PageRequest},
    ports::{AvatarImage, ChatUserFilter, ChatUserStore, CountUpTo},
    search::{SearchKind, texts_of_chat_user},
};
use vestibule_search::Terms;

/// See [`ChatUserStore`].
#[derive(Debug, Clone)]
pub struct DynamoChatUsers {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoChatUsers {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

impl DynamoChatUsers {
    /// Reads a page of the chat users who are hits of a search.
    async fn search(
        &self,
        scope: ProjectScope,
        filter: &ChatUserFilter,
        terms: &Terms,
        page: &PageRequest,
    ) -> Result<Page<ChatUser>, ListError> {
        let rest = filter.rest();
        let of = SearchingFor {
            scope,
            kind: SearchKind::ChatUsers,
            terms,
            filter: &rest,
            most: usize::from(PAGE_MAX),
        };
        let mut searching = Searching::begin(of, page, &self.vault).await?;
        let mut items: Vec<ChatUser> = Vec::new();
        while let Some(candidates) = searching.round(&self.table, items.len()).await? {
            let places: Vec<keys::Key> = candidates
                .iter()
                .filter_map(Candidate::chat_user)
                .map(|id| keys::chat_user(scope, id))
                .collect();
            let rows = rows_of(&self.table, &places).await?;
            for (candidate, key) in candidates.iter().zip(&places) {
                if items.len() == usize::from(page.limit) {
                    break;
                }
                let item: Option<ChatUserItem> = shared(&rows, key, "chat user")?;
                let user = item.map(ChatUser::from).filter(|user| {
                    searching.is_hit(candidate, &texts_of_chat_user(user)) && filter.keeps(user)
                });
                items.extend(user);
                searching.pass(candidate);
            }
        }
        Ok(Page {
            items,
            next: searching.end(&self.vault).await?,
        })
    }
}

#[async_trait]
impl ChatUserStore for DynamoChatUsers {
    async fn get_chat_user(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<ChatUser>, PortError> {
        find_chat_user(&self.table, scope, id).await
    }

    async fn get_avatar(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<AvatarImage>, PortError> {
        let item: Option<AvatarItem> = self.table.get(&keys::avatar(scope, id), "avatar").await?;
        item.map(AvatarImage::try_from).transpose()
    }

    async fn list_chat_users(
        &self,
        scope: ProjectScope,
        filter: &ChatUserFilter,
        page: &PageRequest,
    ) -> Result<Page<ChatUser>, ListError> {
        if let Some(terms) = filter.query.as_deref().and_then(Terms::parse) {
            return self.search(scope, filter, &terms, page).await;
        }
        let list = List {
            index: if filter.status.is_some() {
                Index::ByState
            } else {
                Index::All
            },
            equal: filter
                .provider
                .iter()
                .map(|provider| ("person.provider", s(provider)))
                .collect(),
            ..List::all(keys::chat_users(scope, filter.status))
        };
        let rows = self.table.page(&list, page, &self.vault).await?;
        let users = rows
            .items
            .into_iter()
            .map(|row| Ok(from_row::<ChatUserItem>(row, "chat user")?.into()))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items: users,
            next: rows.next,
        })
    }

    async fn count_chat_users(
        &self,
        scope: ProjectScope,
        status: ChatUserStatus,
    ) -> Result<CountUpTo, PortError> {
        let list = keys::chat_users(scope, Some(status));
        counted(&self.table, &list, "id", |_| true).await
    }

    async fn erase_chat_user(
        &self,
        user: &ChatUser,
        erasure: &Erasure,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        erased_people::forget(
            (&self.table, self.vault.as_ref()),
            user,
            erasure,
            due,
            audit,
        )
        .await
    }

    async fn find_erasure(
        &self,
        scope: ProjectScope,
        id: ChatUserId,
    ) -> Result<Option<Erasure>, PortError> {
        let key = keys::erasure(scope, ErasureTarget::ChatUser(id));
        let item: Option<ErasureItem> = self.table.get(&key, "erasure").await?;
        Ok(item.map(Into::into))
    }

    async fn update_chat_user(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = ChatUserItem::new(
            scope,
            &ChatUser {
                version: user.version + 1,
                ..user.clone()
            },
        );
        self.table
            .replace(&item, user.version, audit, "chat user")
            .await
    }

    async fn list_kept_blocks(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<KeptBlock>, ListError> {
        self.table.kept_blocks_page(&self.vault, scope, page).await
    }

    async fn get_kept_block(
        &self,
        scope: ProjectScope,
        id: KeptBlockId,
    ) -> Result<Option<KeptBlock>, PortError> {
        self.table.kept_block(scope, id).await
    }

    async fn lift_kept_block(
        &self,
        scope: ProjectScope,
        block: &KeptBlock,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        self.table.lift_kept_block(scope, block, audit).await
    }
}
