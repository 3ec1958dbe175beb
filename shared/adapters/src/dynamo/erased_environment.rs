//! Takes a deleted environment from the people who hold others too, and removes what its agent left (SPEC C60).
//!
//! Everything here is found again by the next page if it is still there, so a page that was cut short is repeated.

use super::{
    erased_rows::{self, Found, read_place, removed, written},
    items::ChatUserItem,
    keys::{self, ALL_PK, INDEX_ALL, Key, PARKED_PREFIX},
    table::{Table, key_of, s},
};
use crate::aws::port_error;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::user::ChatUser,
    directory::end_user::EndUser,
    erasure::Erasure,
    ids::{ConversationId, EndUserId, EnvironmentId},
    ports::ErasedPage,
};

/// Maximum number of steps of a page.
const STEPS: usize = 40;
/// Number of people read at once.
const PEOPLE: i32 = 25;
/// Number of chat users read at once, of which few hold the environment.
const CHAT_USERS: i32 = 200;
/// Number of rows of a conversation, or of an agent, read at once.
const ROWS: i32 = 100;

/// A place among what is left of an environment.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// Among the people who hold it.
    Holders,
    /// In the list of the project's chat users.
    ChatUsers(BTreeMap<String, String>),
    /// Among the rows of its agent.
    Agent,
}

/// The work on one page.
struct Taking<'a> {
    table: &'a Table,
    scope: ProjectScope,
    id: EnvironmentId,
    /// The environments that there are.
    others: BTreeSet<EnvironmentId>,
    now: Timestamp,
}

/// See [`vestibule_domain::ports::Eraser::erase_page`].
pub(super) async fn page(
    table: &Table,
    erasure: &Erasure,
    id: EnvironmentId,
    now: Timestamp,
) -> Result<ErasedPage, PortError> {
    let scope = erasure.scope;
    let layout = table.layout(scope).await?;
    let others: BTreeSet<_> = layout.environments.iter().map(|one| one.id).collect();
    if others.contains(&id) {
        // The call that closed it did not delete it.
        table.reopen(scope, id).await?;
        return Ok(ErasedPage {
            rows: 0,
            next: None,
        });
    }
    let place = read_place(erasure)?.unwrap_or(Place::Holders);
    let taking = Taking {
        table,
        scope,
        id,
        others,
        now,
    };
    erased_rows::page(place, STEPS, |place| taking.step(place)).await
}

impl Taking<'_> {
    async fn step(&self, place: Place) -> Result<(usize, Option<Place>), PortError> {
        match place {
            Place::Holders => self.holders().await,
            Place::ChatUsers(behind) => self.chat_users(behind).await,
            Place::Agent => self.agent().await,
        }
    }

    /// Takes the environment from the next people who hold it.
    async fn holders(&self) -> Result<(usize, Option<Place>), PortError> {
        let partition = keys::holders(self.scope, self.id);
        let found = Found::partition(self.table, &partition, "", PEOPLE).await?;
        for row in &found.rows {
            let Some(key) = key_of(row) else { continue };
            match keys::parse_holder(&key.sk) {
                Some(holder) => self.take_from(holder, key).await?,
                None => removed(self.table, &[key]).await.map(|_| ())?,
            }
        }
        let next = if found.rows.is_empty() {
            Place::ChatUsers(BTreeMap::new())
        } else {
            Place::Holders
        };
        Ok((found.rows.len(), Some(next)))
    }

    /// Takes the environment from a person, and with it every other that is gone too.
    async fn take_from(&self, holder: EndUserId, row: Key) -> Result<(), PortError> {
        let stored = self.table.end_user(self.scope, holder).await?;
        let Some(stored) = stored.filter(|stored| stored.environments.contains(&self.id)) else {
            return removed(self.table, &[row]).await.map(|_| ());
        };
        let mut next = EndUser {
            version: stored.version + 1,
            updated_at: self.now,
            ..stored.clone()
        };
        next.environments.retain(|id| self.others.contains(id));
        let chat_users = self.table.chat_users_of(&stored).await?;
        let mut writes = self.table.put_end_user_writes(Some(&stored), &next)?;
        // Nobody is given anything, so no author is needed.
        writes.extend(
            self.table
                .linked_chat_user_writes(&next, &chat_users, "", self.now)?,
        );
        written(self.table, &writes).await.map(|_| ())
    }

    /// Takes the environment from a page of chat users who hold it and are nobody in the directory.
    async fn chat_users(
        &self,
        behind: BTreeMap<String, String>,
    ) -> Result<(usize, Option<Place>), PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .index_name(INDEX_ALL)
            .key_condition_expression(format!("{ALL_PK} = :list"))
            .filter_expression("attribute_exists(grants.#environment)")
            .expression_attribute_names("#environment", self.id.to_string())
            .expression_attribute_values(":list", s(keys::chat_users(self.scope, None)))
            .set_exclusive_start_key(Found::start(behind))
            .limit(CHAT_USERS)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (chat users)", error))?;
        let rows = answer.items.unwrap_or_default();
        for key in rows.iter().filter_map(key_of) {
            self.take_grant(&key).await?;
        }
        let next = match answer.last_evaluated_key {
            Some(last) => Place::ChatUsers(Found::behind(&last)),
            None => Place::Agent,
        };
        Ok((rows.len(), Some(next)))
    }

    /// Takes the grant from a chat user, as the record stands.
    async fn take_grant(&self, key: &Key) -> Result<(), PortError> {
        let item: Option<ChatUserItem> = self.table.get(key, "chat user").await?;
        let user = item.map(ChatUser::from);
        let Some(mut user) = user.filter(|user| user.grants.contains_key(&self.id)) else {
            return Ok(());
        };
        user.grants.remove(&self.id);
        user.updated_at = self.now;
        let write = self.table.chat_user_write(self.scope, &user)?;
        written(self.table, &[write]).await.map(|_| ())
    }

    /// Removes the rows of the agent, and the messages that were parked for it after all.
    async fn agent(&self) -> Result<(usize, Option<Place>), PortError> {
        let partition = keys::agent(self.scope, self.id).pk;
        let found = Found::partition(self.table, &partition, "", ROWS).await?;
        let mut gone: Vec<Key> = Vec::new();
        for row in &found.rows {
            let Some(key) = key_of(row) else { continue };
            let conversation = key.sk.strip_prefix(PARKED_PREFIX);
            let conversation = conversation.and_then(|id| id.parse::<ConversationId>().ok());
            if let Some(conversation) = conversation {
                gone.extend(self.parked(conversation).await?);
            }
            gone.push(key);
        }
        let rows = removed(self.table, &gone).await?;
        Ok((rows, found.has_more.then_some(Place::Agent)))
    }

    /// Finds the messages of a conversation that wait for the agent.
    async fn parked(&self, id: ConversationId) -> Result<Vec<Key>, PortError> {
        let partition = keys::conversation(self.scope, id).pk;
        let prefix = keys::parked_messages_prefix(self.id);
        let mut gone = Vec::new();
        loop {
            let found = Found::partition(self.table, &partition, &prefix, ROWS).await?;
            let keys: Vec<Key> = found.rows.iter().filter_map(key_of).collect();
            if !found.has_more {
                gone.extend(keys);
                return Ok(gone);
            }
            removed(self.table, &keys).await?;
        }
    }
}
