//! Port of the export of what is on record about one person (SPEC C62).

use crate::{
    ProjectScope, Timestamp,
    access::request::{AccessRequest, Preview},
    access::standing::Standing,
    chat::history::StoredMessage,
    chat::user::ChatUser,
    ids::{ChatUserId, ConnectorId, ConversationId},
    page::{Cursor, ListError},
    ports::ConversationView,
};
use async_trait::async_trait;

/// The ids under which the records of one person lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonIds {
    /// Account and project.
    pub scope: ProjectScope,
    /// The id of the record, and the second id; twice the same for a person with one id.
    pub ids: [ChatUserId; 2],
}

impl PersonIds {
    /// Takes the ids of a chat user's record.
    #[must_use]
    pub fn of(scope: ProjectScope, user: &ChatUser) -> Self {
        let other = user.other_id.as_ref();
        let other_id = other.map_or(user.id, |other| other.chat_user_id(scope));
        Self {
            scope,
            ids: [user.id, other_id],
        }
    }

    /// Whether a record with this id is the person's.
    #[must_use]
    pub fn contains(&self, id: ChatUserId) -> bool {
        self.ids.contains(&id)
    }
}

/// A request of the person, with what is kept of the message that made it.
#[derive(Debug, Clone)]
pub struct AskedRequest {
    /// The request.
    pub request: AccessRequest,
    /// The beginning of the message, if it is kept.
    pub preview: Option<Preview>,
    /// The message, if it is kept for the agent.
    pub held: Option<StoredMessage>,
}

/// The state of a message on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Among the messages of its conversation.
    Recorded,
    /// Waits for the agent.
    Waiting,
    /// Was given up before the agent got it.
    GivenUp,
}

/// Messages of a conversation that are the person's: all of one with this person alone; of others what the person
/// wrote, and the texts that answer it.
#[derive(Debug, Clone)]
pub struct PersonsMessages {
    /// The conversation's id.
    pub id: ConversationId,
    /// The conversation, unless no message of it was delivered yet.
    pub conversation: Option<ConversationView>,
    /// The connector, where it is known.
    pub connector_id: Option<ConnectorId>,
    /// Whether earlier parts hold messages of the same conversation.
    pub is_continued: bool,
    /// Whether the conversation is one with the person alone.
    pub is_direct: bool,
    /// The messages.
    pub messages: Vec<(MessageState, StoredMessage)>,
}

/// A part of what is on record about a person.
#[derive(Debug, Clone)]
pub enum PersonPart {
    /// Requests that the person made.
    Requests(Vec<AskedRequest>),
    /// Messages of one conversation.
    Messages(Box<PersonsMessages>),
    /// Nothing, at the end of a list.
    Nothing,
}

/// A part of what is on record about a person, and the start of the next one.
#[derive(Debug, Clone)]
pub struct PersonPage {
    /// The part.
    pub part: PersonPart,
    /// The start of the next part; `None` after the last one.
    pub next: Option<Cursor>,
}

/// The reader of what is on record about one person.
#[async_trait]
pub trait PersonReader: Send + Sync {
    /// Returns the person's standings, also those at deleted connectors.
    async fn standings(&self, person: PersonIds) -> Result<Vec<Standing>, ListError>;

    /// Reads one part, from the beginning or from `cursor` on, as of `now`. It takes two or three reads of bounded size,
    /// whatever is on record.
    async fn read_person(
        &self,
        person: PersonIds,
        cursor: Option<&Cursor>,
        now: Timestamp,
    ) -> Result<PersonPage, ListError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{chat_user, identity, scope};

    /// SPEC A29, C62.
    #[test]
    fn a_person_with_two_ids_has_records_under_both_and_under_no_other() {
        let mut user = chat_user();
        user.other_id = None;
        let alone = PersonIds::of(scope(), &user);
        assert_eq!(alone.ids, [user.id, user.id]);
        let stable = identity("whatsapp", "US.13491208655302741918");
        user.other_id = Some(stable.clone());
        let both = PersonIds::of(scope(), &user);
        assert!(both.contains(user.id) && both.contains(stable.chat_user_id(scope())));
        assert!(!both.contains(ChatUserId::derive(&["somebody else"])));
    }
}
