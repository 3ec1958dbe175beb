//! Ports of the directory (SPEC C). Every change includes its audit entry, in one transaction.

use crate::{
    PortError, ProjectScope,
    chat::user::ChatUser,
    directory::{
        end_user::{EndUser, EndUserSource},
        phone::PhoneKey,
    },
    ids::{ChatUserId, EndUserId, EnvironmentId},
    page::{ListError, Page, PageRequest},
    ports::{By, CountUpTo},
};
use async_trait::async_trait;

/// The outcome of adding a person.
#[derive(Debug, Clone)]
pub enum EndUserCreated {
    /// The record was created now.
    New,
    /// A record with this id already existed.
    Existing(Box<EndUser>),
    /// A record with this id was deleted. Its id is not used again.
    Spent,
    /// This person has the phone number. Nothing was written.
    PhoneTaken(Box<EndUser>),
}

/// The outcome of changing a person.
#[derive(Debug, Clone)]
pub enum EndUserUpdated {
    /// The change took effect; with the record as it is stored.
    Done(Box<EndUser>),
    /// This person has the phone number. Nothing was written.
    PhoneTaken(Box<EndUser>),
}

/// The outcome of linking a chat user to a person.
#[derive(Debug, Clone)]
pub enum Linked {
    /// They are linked; with both records as they are stored.
    Done(Box<EndUser>, Box<ChatUser>),
    /// The chat user is linked to this other person.
    LinkedTo(EndUserId),
    /// The person is linked to as many chat users as can be.
    TooMany,
    /// One of the two does not exist.
    Missing,
}

/// The outcome of ending a link.
#[derive(Debug, Clone)]
pub enum Unlinked {
    /// They are not linked; with the chat user as it is stored.
    Done(Box<ChatUser>),
    /// The chat user does not exist.
    Missing,
}

/// A filter for lists of people, with the order of the list.
#[derive(Debug, Clone, Default)]
pub struct EndUserFilter {
    /// Only those who hold this environment.
    pub environment_id: Option<EnvironmentId>,
    /// Only those who came in this way.
    pub source: Option<EndUserSource>,
    /// By name instead of by creation. The page's order then does not matter.
    pub by_name: bool,
    /// Only hits of this search. Then the list is in the order of the search. See
    /// [`texts_of_end_user`](crate::search::texts_of_end_user).
    pub query: Option<String>,
}

impl EndUserFilter {
    /// Whether the filter keeps this person, apart from the search.
    #[must_use]
    pub fn keeps(&self, user: &EndUser) -> bool {
        self.source.is_none_or(|source| user.source == source)
            && self
                .environment_id
                .is_none_or(|id| user.environments.contains(&id))
    }

    /// The filter without the search, as a text; empty if it keeps everybody.
    #[must_use]
    pub fn rest(&self) -> String {
        if self.source.is_none() && self.environment_id.is_none() {
            return String::new();
        }
        format!("{:?}|{:?}", self.source, self.environment_id)
    }
}

/// The store of end users. A change of a person's environments, phone number or links reaches the row of the
/// phone number and all linked chat users in the same transaction.
#[async_trait]
pub trait EndUserStore: Send + Sync {
    /// Adds a person who is linked to nobody. `Conflict` when one of the environments does not exist.
    async fn create_end_user(
        &self,
        user: &EndUser,
        by: By<'_>,
    ) -> Result<EndUserCreated, PortError>;
    /// Returns one person.
    async fn get_end_user(
        &self,
        scope: ProjectScope,
        id: EndUserId,
    ) -> Result<Option<EndUser>, PortError>;
    /// Returns those of these people who exist, with one read per hundred. Each id is named once.
    async fn find_end_users(
        &self,
        scope: ProjectScope,
        ids: &[EndUserId],
    ) -> Result<Vec<EndUser>, PortError>;
    /// Returns the holder of a phone number.
    async fn find_by_phone(
        &self,
        scope: ProjectScope,
        phone: &PhoneKey,
    ) -> Result<Option<EndUser>, PortError>;
    /// Lists the project's people.
    async fn list_end_users(
        &self,
        scope: ProjectScope,
        filter: &EndUserFilter,
        page: &PageRequest,
    ) -> Result<Page<EndUser>, ListError>;
    /// Counts the project's people, up to a thousand.
    async fn count_end_users(&self, scope: ProjectScope) -> Result<CountUpTo, PortError>;
    /// Returns the chat users that a person is.
    async fn chat_users_of(&self, user: &EndUser) -> Result<Vec<ChatUser>, PortError>;
    /// Stores names, phone number, address and environments of a person, made from the record at
    /// `before.version`; links are those that are stored. Chat users whose asserted phone number the person
    /// gives up lose their link and their grants. `Conflict` when the record changed.
    async fn update_end_user(
        &self,
        before: &EndUser,
        after: &EndUser,
        by: By<'_>,
    ) -> Result<EndUserUpdated, PortError>;
    /// Removes a person as read at `user.version`, with the phone number's row, the links, and the grants of
    /// linked chat users. `Conflict` when the record changed.
    async fn delete_end_user(&self, user: &EndUser, by: By<'_>) -> Result<(), PortError>;
    /// Links a chat user to a person. Each of the two gets the environments of the other. Those who are linked
    /// already stay so.
    async fn link(
        &self,
        scope: ProjectScope,
        id: EndUserId,
        chat_user_id: ChatUserId,
        by: By<'_>,
    ) -> Result<Linked, PortError>;
    /// Ends the link of a chat user, whose grants go unless `keeps_access`. From then on, only an admin links the
    /// chat user. One that is linked to nobody stays as it is.
    async fn unlink(
        &self,
        scope: ProjectScope,
        chat_user_id: ChatUserId,
        keeps_access: bool,
        by: By<'_>,
    ) -> Result<Unlinked, PortError>;
}
