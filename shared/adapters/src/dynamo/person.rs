//! Reads what is on record about a person (SPEC C62), in the order in which an erasure goes through it.

use super::{
    history,
    items::{
        AccessRequestItem, GivenUpItem, HeldMessageItem, MessageItem, ParkedMessageItem,
        PreviewItem, ProjectItem,
    },
    keys::{self, GIVEN_UP_PREFIX, Key, MESSAGE_PREFIX, PARKED_PREFIX},
    lists::{open_cursor, seal_cursor},
    people,
    table::{Attributes, Table, from_row, key_of, s, take},
    written,
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};
use vestibule_domain::{
    PortError, Timestamp,
    access::request::AccessRequest,
    access::standing::Standing,
    account::Project,
    chat::byline::Author,
    chat::given_up::{GivenUpEntry, GivenUpWork},
    chat::history::{HistoryDays, StoredMessage},
    ids::{ConnectorId, ConversationId, DeliveryId},
    job::DeliverMessage,
    page::{Cursor, ListError},
    ports::{
        AskedRequest, ConversationView, MessageState, ParkedMessage, PersonIds, PersonPage,
        PersonPart, PersonReader, PersonsMessages,
    },
};

/// Number of access requests read at once, of everybody.
const REQUESTS: i32 = 500;
/// The attribute of a cursor that holds the place.
const PLACE: &str = "place";

/// See [`PersonReader`].
#[derive(Debug, Clone)]
pub struct DynamoPersons {
    table: Table,
    vault: Arc<KmsVault>,
}

/// A place among a person's records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// In the list of the project's access requests.
    Requests { behind: Option<String> },
    /// In the conversations that the person wrote in.
    Conversations(written::Place),
}

/// A conversation in hand: its id, whether it is one with the person alone, and the last row that is done.
type InHand = (ConversationId, bool, Option<String>);

impl DynamoPersons {
    /// Makes the reader of this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Reads the requests of the person among the next ones of the project.
    async fn requests(
        &self,
        person: PersonIds,
        behind: Option<&str>,
        now: Timestamp,
    ) -> Result<(PersonPart, Place), PortError> {
        let of = (person.scope, person.ids);
        let (rows, behind) = written::requests(&self.table, of, behind, REQUESTS).await?;
        let mut requests = Vec::new();
        for row in rows {
            let item: AccessRequestItem = from_row(row, "access request")?;
            requests.push(AccessRequest::from(item));
        }
        let next = match behind {
            Some(_) => Place::Requests { behind },
            None => Place::Conversations(written::Place::default()),
        };
        let asked = self.with_first_messages(requests, now).await?;
        Ok((PersonPart::Requests(asked), next))
    }

    /// Adds what is kept of the messages that made these requests.
    async fn with_first_messages(
        &self,
        requests: Vec<AccessRequest>,
        now: Timestamp,
    ) -> Result<Vec<AskedRequest>, PortError> {
        let beside = |request: &AccessRequest| {
            let (scope, id) = (request.scope, request.id);
            [keys::preview(scope, id), keys::held_message(scope, id)]
        };
        let wanted: Vec<Key> = requests.iter().flat_map(beside).collect();
        let mut rows = self.table.get_batch(&wanted).await?;
        let mut asked = Vec::new();
        for request in requests {
            let [preview, held] = beside(&request);
            let preview: Option<PreviewItem> = take(&mut rows, &preview, "preview")?;
            let held: Option<HeldMessageItem> = take(&mut rows, &held, "held message")?;
            let held = held.map(|held| held.message()).transpose()?.flatten();
            let preview = preview.and_then(PreviewItem::preview);
            asked.push(AskedRequest {
                request,
                preview: preview.filter(|preview| preview.expires_at > now),
                held: held.as_ref().map(undelivered),
            });
        }
        Ok(asked)
    }

    /// Reads messages of the conversation in hand. Also returns the last row that is done, if more follow.
    async fn messages(
        &self,
        person: PersonIds,
        (id, is_direct, from): InHand,
        now: Timestamp,
    ) -> Result<(PersonsMessages, Option<String>), PortError> {
        let scope = person.scope;
        let is_continued = from.is_some();
        let (conversation, days) = self.conversation(person, id).await?;
        let (found, has_more) = written::rows(&self.table, (scope, id), from).await?;
        let mut rows: Vec<Row> = found.into_iter().filter_map(Row::of).collect();
        if has_more {
            written::cut_before_last(&mut rows, Row::is_message);
        }
        let last = rows.last().filter(|_| has_more).map(|row| row.sk.clone());
        let of_jobs = rows.iter().find_map(Row::connector_id);
        let view = conversation.as_ref();
        let connector_id = view.map(|view| view.connector_id).or(of_jobs);
        let part = PersonsMessages {
            id,
            connector_id,
            conversation,
            is_continued,
            is_direct,
            messages: chosen(rows, person, is_direct, (days, now)),
        };
        Ok((part, last))
    }

    /// Reads a conversation, and the days for which the project keeps messages.
    async fn conversation(
        &self,
        person: PersonIds,
        id: ConversationId,
    ) -> Result<(Option<ConversationView>, HistoryDays), PortError> {
        let scope = person.scope;
        let project = keys::project(scope.account(), scope.project_id());
        let conversation = keys::conversation(scope, id);
        let wanted = [project.clone(), conversation.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let project: Option<ProjectItem> = take(&mut rows, &project, "project")?;
        let days = project.map(|item| Project::from(item).history_days);
        let view = match rows.remove(&conversation) {
            Some(row) => history::view(scope, row)?,
            None => None,
        };
        Ok((view, days.unwrap_or_default()))
    }

    async fn part(
        &self,
        person: PersonIds,
        place: Place,
        now: Timestamp,
    ) -> Result<(PersonPart, Option<Place>), PortError> {
        let place = match place {
            Place::Requests { behind } => {
                let (part, next) = self.requests(person, behind.as_deref(), now).await?;
                return Ok((part, Some(next)));
            }
            Place::Conversations(place) => place,
        };
        let Some(in_hand) = place.inside.clone() else {
            let of = (person.scope, person.ids);
            let next = written::next_conversation(&self.table, of, place).await?;
            return Ok((PersonPart::Nothing, next.map(Place::Conversations)));
        };
        let (id, is_direct, _) = in_hand;
        let (messages, last) = self.messages(person, in_hand, now).await?;
        let next = place.gone_on((id, is_direct), last);
        let part = PersonPart::Messages(Box::new(messages));
        Ok((part, Some(Place::Conversations(next))))
    }
}

/// The context that a cursor is bound to.
fn context(person: PersonIds) -> String {
    let [id, other_id] = person.ids;
    let partition = keys::chat_user(person.scope, id).pk;
    format!("person|{partition}|{other_id}")
}

/// Makes the record of a message that is not among those of its conversation. It has no number.
fn undelivered(job: &DeliverMessage) -> StoredMessage {
    StoredMessage::inbound(job, 0, None)
}

/// A row of a conversation that holds a message.
#[derive(Debug)]
struct Row {
    sk: String,
    what: Option<What>,
}

#[derive(Debug)]
struct What {
    state: MessageState,
    message: StoredMessage,
    /// The connector, of a message that was not delivered.
    connector_id: Option<ConnectorId>,
}

impl Row {
    /// Reads a row. One that cannot be read does not hold up the others.
    fn of(row: Attributes) -> Option<Self> {
        let key = key_of(&row)?;
        let what = What::of(&key, row).unwrap_or_else(|_| {
            // The reason might quote the text.
            let place = key.to_string();
            tracing::error!(row.key = place, "a row of a conversation cannot be read");
            None
        });
        Some(Self { sk: key.sk, what })
    }

    /// Whether it is a person's message that texts may answer.
    fn is_message(&self) -> bool {
        self.what.as_ref().is_some_and(|what| {
            what.state == MessageState::Recorded
                && matches!(what.message.author, Author::ChatUser(_))
        })
    }

    fn connector_id(&self) -> Option<ConnectorId> {
        self.what.as_ref()?.connector_id
    }
}

impl What {
    fn of(key: &Key, row: Attributes) -> Result<Option<Self>, PortError> {
        if key.sk.starts_with(MESSAGE_PREFIX) {
            let item: MessageItem = from_row(row, "message")?;
            return Ok(Some(Self {
                state: MessageState::Recorded,
                message: item.into(),
                connector_id: None,
            }));
        }
        if key.sk.starts_with(PARKED_PREFIX) {
            let item: ParkedMessageItem = from_row(row, "parked message")?;
            let parked = ParkedMessage::try_from(item)?;
            return Ok(Some(Self::of_job(MessageState::Waiting, &parked.job)));
        }
        if key.sk.starts_with(GIVEN_UP_PREFIX) {
            let item: GivenUpItem = from_row(row, "what was given up")?;
            let entry = GivenUpEntry::try_from(item)?;
            // A text that was given up is among the messages, too.
            return Ok(match entry.work {
                GivenUpWork::Delivery(job) => Some(Self::of_job(MessageState::GivenUp, &job)),
                GivenUpWork::Text(_) => None,
            });
        }
        Ok(None)
    }

    fn of_job(state: MessageState, job: &DeliverMessage) -> Self {
        Self {
            state,
            message: undelivered(job),
            connector_id: Some(job.connector_id),
        }
    }
}

/// Chooses the messages that are the person's, and are still kept.
fn chosen(
    rows: Vec<Row>,
    person: PersonIds,
    is_direct: bool,
    (days, now): (HistoryDays, Timestamp),
) -> Vec<(MessageState, StoredMessage)> {
    let mut answered: BTreeSet<DeliveryId> = BTreeSet::new();
    let mut chosen = Vec::new();
    for What { state, message, .. } in rows.into_iter().filter_map(|row| row.what) {
        let is_theirs = match message.author {
            Author::ChatUser(id) => person.contains(id),
            Author::Agent | Author::Member(_) | Author::System | Author::Unknown => {
                message.delivery_id.is_some_and(|id| answered.contains(&id))
            }
        };
        if is_theirs {
            answered.extend(message.delivery_id);
        }
        let is_kept = state != MessageState::Recorded
            || (!days.keeps_nothing() && message.at >= days.oldest_kept(now));
        if is_kept && (is_theirs || is_direct) {
            chosen.push((state, message));
        }
    }
    chosen
}

#[async_trait]
impl PersonReader for DynamoPersons {
    async fn standings(&self, person: PersonIds) -> Result<Vec<Standing>, ListError> {
        let [id, _] = person.ids;
        Ok(people::standings_of(&self.table, person.scope, id).await?)
    }

    async fn read_person(
        &self,
        person: PersonIds,
        cursor: Option<&Cursor>,
        now: Timestamp,
    ) -> Result<PersonPage, ListError> {
        let context = context(person);
        let place = match cursor {
            None => Place::Requests { behind: None },
            Some(cursor) => {
                let place = open_cursor(&self.vault, cursor, &context).await?;
                let place = place.get(PLACE).and_then(|place| place.as_s().ok());
                let place = place.ok_or(ListError::InvalidCursor)?;
                serde_json::from_str(place).map_err(|_| ListError::InvalidCursor)?
            }
        };
        let (part, next) = self.part(person, place, now).await?;
        let next = match next {
            None => None,
            Some(next) => {
                let place = serde_json::to_string(&next)
                    .map_err(|error| PortError::rejected("cursor", error))?;
                let position = Attributes::from([(PLACE.to_owned(), s(place))]);
                Some(seal_cursor(&self.vault, &position, &context).await?)
            }
        };
        Ok(PersonPage { part, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        chat::byline::Byline,
        ids::{AccountId, ChatUserId, ProjectId},
        job::QueuedText,
    };

    fn person() -> PersonIds {
        let scope = AccountScope::of_verified(AccountId::derive(&["a"]));
        PersonIds {
            scope: scope.project(ProjectId::derive(&["p"])),
            ids: ["ada", "ada too"].map(|name| ChatUserId::derive(&[name])),
        }
    }

    fn row(author: Author, number: u64, delivery: &str) -> Row {
        let text = QueuedText {
            number,
            at: Timestamp::from_millis(1000),
            text: "Hello".to_owned(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::default(),
        };
        let message = StoredMessage::reply(&text, DeliveryId::derive(&[delivery]));
        Row {
            sk: format!("{MESSAGE_PREFIX}{number:012}"),
            what: Some(What {
                state: MessageState::Recorded,
                message: StoredMessage { author, ..message },
                connector_id: None,
            }),
        }
    }

    fn conversation() -> Vec<Row> {
        let [ada, ada_too] = person().ids.map(Author::ChatUser);
        let bob = Author::ChatUser(ChatUserId::derive(&["bob"]));
        vec![
            row(bob, 1, "1"),
            row(Author::Agent, 2, "1"),
            row(ada, 3, "3"),
            row(Author::Agent, 4, "3"),
            row(ada_too, 5, "5"),
            row(Author::System, 6, "0"),
        ]
    }

    fn numbers(is_direct: bool, days: u16, second: i64) -> Vec<u64> {
        let days = HistoryDays::new(days).unwrap();
        let now = Timestamp::from_millis(second * 1000);
        let chosen = chosen(conversation(), person(), is_direct, (days, now));
        chosen.iter().map(|(_, message)| message.number).collect()
    }

    /// SPEC C62, F07.
    #[test]
    fn of_a_thread_of_several_people_one_gets_their_own_messages_and_the_answers_to_them() {
        assert_eq!(numbers(false, 1, 1), [3, 4, 5]);
        assert_eq!(numbers(true, 1, 1), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_message_that_is_no_longer_kept_is_not_exported_though_its_row_is_there() {
        let day = 86_400;
        assert_eq!(numbers(true, 1, 1 + day).len(), 6);
        for (days, second) in [(1, 2 + day), (0, 1)] {
            assert_eq!(numbers(true, days, second), [0_u64; 0]);
        }
    }

    #[test]
    fn a_page_ends_before_a_message_whose_answers_may_be_on_the_next() {
        let mut rows = conversation();
        written::cut_before_last(&mut rows, Row::is_message);
        assert_eq!(rows.len(), 4);
    }

    #[test]
    fn a_cursor_is_bound_to_the_person_and_names_the_place() {
        let other = PersonIds {
            ids: [ChatUserId::derive(&["bob"]); 2],
            ..person()
        };
        assert_ne!(context(person()), context(other));
        let place = Place::Conversations(written::Place::default());
        let written = serde_json::to_string(&place).unwrap();
        let read: Place = serde_json::from_str(&written).unwrap();
        assert!(matches!(read, Place::Conversations(place) if place.inside.is_none()));
    }
}
