//! The reader of conversations and their messages for admins.

use super::{
    glimpses::glimpses,
    items::{ConversationItem, MessageItem, ProjectItem},
    keys::{self, PK, SK, STATE_PK},
    lists::{Index, List, open_cursor, seal_cursor},
    row_counts::count_rows,
    table::{Attributes, Table, from_row, key_of, s, take},
};
use crate::{aws::port_error, vault::KmsVault};
use async_trait::async_trait;
use std::sync::Arc;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    account::Project,
    chat::conversation::Conversation,
    chat::history::StoredMessage,
    ids::ConversationId,
    page::{CountUpTo, ListError, Order, Page, PageRequest},
    ports::{
        ConversationFilter, ConversationReader, ConversationState, ConversationView, Glimpse,
        KeptHistory, MessageFilter, MessagePage,
    },
};

/// Number of rows in the second read of a page whose first read found only messages that are no longer
/// kept, and wait for their removal.
const OUTDATED_ROWS: usize = 1000;

/// See [`ConversationReader`].
#[derive(Debug, Clone)]
pub struct DynamoHistory {
    table: Table,
    vault: Arc<KmsVault>,
}

/// Messages to read at once.
#[derive(Debug)]
struct Stretch<'a> {
    scope: ProjectScope,
    id: ConversationId,
    /// The first and the last number.
    numbers: (u64, u64),
    filter: &'a MessageFilter,
    order: Order,
}

/// Messages read at once.
#[derive(Debug)]
struct Found {
    shown: Vec<StoredMessage>,
    /// Number of rows that cannot be read.
    unreadable: usize,
    /// Place at which the next read starts, unless all is read.
    end: Option<Attributes>,
}

impl DynamoHistory {
    /// Makes the reader of this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Reads up to `rows` messages.
    async fn read(
        &self,
        stretch: &Stretch<'_>,
        start: Option<Attributes>,
        rows: usize,
    ) -> Result<Found, PortError> {
        let key = |number| keys::message(stretch.scope, stretch.id, number);
        let (first, last) = stretch.numbers;
        let (first, last) = (key(first), key(last));
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!(
                "{PK} = :conversation AND {SK} BETWEEN :first AND :last"
            ))
            .expression_attribute_values(":conversation", s(&first.pk))
            .expression_attribute_values(":first", s(&first.sk))
            .expression_attribute_values(":last", s(&last.sk))
            .scan_index_forward(stretch.order == Order::OldestFirst)
            .set_exclusive_start_key(start)
            .limit(i32::try_from(rows).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query", error))?;
        Ok(stretch.found(answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }
}

impl Stretch<'_> {
    /// The context that a cursor is bound to. It does not contain the time from which messages are shown,
    /// which moves from one page to the next.
    fn context(&self) -> String {
        let order = match self.order {
            Order::NewestFirst => "newest",
            Order::OldestFirst => "oldest",
        };
        let partition = keys::conversation(self.scope, self.id).pk;
        format!("messages|{order}|{partition}|{:?}", self.numbers)
    }

    /// Takes the messages that are shown. No row is read behind those that are too old for any to be shown.
    fn found(&self, rows: Vec<Attributes>, mut end: Option<Attributes>) -> Found {
        let mut shown = Vec::new();
        let mut unreadable = 0;
        for row in rows {
            let Ok(item) = MessageItem::read(row) else {
                unreadable += 1;
                continue;
            };
            let message = StoredMessage::from(item);
            if self.filter.shows(message.at) {
                shown.push(message);
            } else if self.order == Order::NewestFirst && self.filter.ends_before(message.at) {
                end = None;
                break;
            }
        }
        Found {
            shown,
            unreadable,
            end,
        }
    }
}

impl Found {
    /// Keeps as many messages as fit on a page of `stretch`.
    fn up_to(mut self, wanted: usize, stretch: &Stretch<'_>) -> Self {
        if self.shown.len() > wanted {
            self.shown.truncate(wanted);
            self.end = self.shown.last().map(|message| {
                keys::message(stretch.scope, stretch.id, message.number).attributes()
            });
        }
        self
    }
}

/// Reads a conversation's row. `None` for a row of another project: IAM does not restrict the attributes by
/// which an index leads to rows.
pub(super) fn view(
    scope: ProjectScope,
    row: Attributes,
) -> Result<Option<ConversationView>, PortError> {
    let key = key_of(&row);
    let closed = s(keys::closed_conversations(scope));
    let is_closed = row.get(STATE_PK) == Some(&closed);
    let item: ConversationItem = from_row(row, "conversation")?;
    let id = item
        .id()
        .filter(|id| key == Some(keys::conversation(scope, *id)));
    let Some(id) = id else {
        let key = key.map_or_else(String::new, |key| key.to_string());
        tracing::error!(
            row.key = key,
            "a list of conversations leads to another project's row"
        );
        return Ok(None);
    };
    let connector_id = item.connector_id;
    let conversation = Conversation::from(item);
    let state = match &conversation.handoff {
        _ if is_closed => ConversationState::Closed,
        Some(_) => ConversationState::HandedOff,
        None => ConversationState::Open,
    };
    Ok(Some(ConversationView {
        id,
        connector_id,
        state,
        conversation,
    }))
}

/// The index and the list of the conversations in a state, or of all.
fn list_of(scope: ProjectScope, state: Option<ConversationState>) -> (Index, String) {
    let partition = match state {
        None => return (Index::All, keys::conversations(scope)),
        Some(ConversationState::Open) => keys::open_conversations(scope),
        Some(ConversationState::HandedOff) => keys::handed_off_conversations(scope),
        Some(ConversationState::Closed) => keys::closed_conversations(scope),
    };
    (Index::ByState, partition)
}

#[async_trait]
impl ConversationReader for DynamoHistory {
    async fn list_conversations(
        &self,
        scope: ProjectScope,
        filter: &ConversationFilter,
        page: &PageRequest,
    ) -> Result<Page<ConversationView>, ListError> {
        let connector = filter.connector_id.map(|id| ("connector_id", s(id)));
        let chat_user = filter.chat_user_id.map(|id| ("chat_user_id", s(id)));
        let environment = filter.environment_id.map(|id| ("environment_id", s(id)));
        let (index, partition) = list_of(scope, filter.state);
        let list = List {
            index,
            equal: [connector, chat_user, environment]
                .into_iter()
                .flatten()
                .collect(),
            ..List::all(partition)
        };
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            items.extend(view(scope, row)?);
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn get_conversation(
        &self,
        scope: ProjectScope,
        id: ConversationId,
    ) -> Result<Option<ConversationView>, PortError> {
        let key = keys::conversation(scope, id);
        let mut rows = self.table.get_batch(std::slice::from_ref(&key)).await?;
        match rows.remove(&key) {
            Some(row) => view(scope, row),
            None => Ok(None),
        }
    }

    async fn get_conversations(
        &self,
        scope: ProjectScope,
        ids: &[ConversationId],
    ) -> Result<Vec<ConversationView>, PortError> {
        let wanted: Vec<_> = ids
            .iter()
            .map(|id| keys::conversation(scope, *id))
            .collect();
        let rows = self.table.get_batch(&wanted).await?;
        let views = rows.into_values().map(|row| view(scope, row));
        let found: Vec<Option<ConversationView>> = views.collect::<Result<_, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn count_conversations(
        &self,
        scope: ProjectScope,
        state: Option<ConversationState>,
    ) -> Result<CountUpTo, PortError> {
        let (index, partition) = list_of(scope, state);
        let query = || self.table.index_query(index, &partition);
        count_rows("dynamodb: Query (count of conversations)", query).await
    }

    async fn find_history(
        &self,
        scope: ProjectScope,
        id: ConversationId,
    ) -> Result<Option<KeptHistory>, PortError> {
        let project = keys::project(scope.account(), scope.project_id());
        let conversation = keys::conversation(scope, id);
        let wanted = [project.clone(), conversation.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let item = take::<ConversationItem>(&mut rows, &conversation, "conversation")?;
        let Some(item) = item else {
            return Ok(None);
        };
        let project: Option<ProjectItem> = take(&mut rows, &project, "project")?;
        Ok(project.map(|project| KeptHistory {
            environment_id: item.environment_id,
            days: Project::from(project).history_days,
        }))
    }

    async fn glimpses(
        &self,
        scope: ProjectScope,
        views: &[ConversationView],
        now: Timestamp,
    ) -> Result<Vec<Glimpse>, PortError> {
        glimpses(&self.table, scope, views, now).await
    }

    async fn list_messages(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        filter: &MessageFilter,
        page: &PageRequest,
    ) -> Result<MessagePage, ListError> {
        let nothing = MessagePage {
            page: Page {
                items: Vec::new(),
                next: None,
            },
            unreadable: 0,
        };
        let Some(numbers) = filter.numbers() else {
            return Ok(nothing);
        };
        let stretch = Stretch {
            scope,
            id,
            numbers,
            filter,
            order: page.order,
        };
        let context = stretch.context();
        let start = match &page.cursor {
            None => None,
            Some(cursor) => Some(open_cursor(&self.vault, cursor, &context).await?),
        };
        let wanted = usize::from(page.limit);
        let mut found = self.read(&stretch, start, wanted + 1).await?;
        if found.shown.is_empty() && found.end.is_some() {
            let first = found.unreadable;
            found = self.read(&stretch, found.end, OUTDATED_ROWS).await?;
            found.unreadable += first;
        }
        let found = found.up_to(wanted, &stretch);
        let next = match &found.end {
            None => None,
            Some(end) => Some(seal_cursor(&self.vault, end, &context).await?),
        };
        Ok(MessagePage {
            page: Page {
                items: found.shown,
                next,
            },
            unreadable: found.unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::to_row;
    use std::time::Duration;
    use vestibule_domain::{
        AccountScope,
        chat::byline::Byline,
        chat::history::HistoryDays,
        ids::{AccountId, ConnectorId, DeliveryId, ProjectId},
        job::{QueuedText, SendMessages},
    };

    const DAY: Duration = Duration::from_hours(24);

    fn scope(project: &str) -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&[project]))
    }

    fn id() -> ConversationId {
        ConversationId::derive(&["d"])
    }

    /// The time after so many days.
    fn day(number: u32) -> Timestamp {
        Timestamp::from_millis(0).plus(DAY * number)
    }

    fn row(number: u64, at: Timestamp) -> Attributes {
        let conversation = SendMessages {
            scope: scope("p"),
            connector_id: ConnectorId::derive(&["c"]),
            conversation_id: id(),
        };
        let text = QueuedText {
            number,
            at,
            text: "Hello".to_owned(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::default(),
        };
        let message = StoredMessage::reply(&text, DeliveryId::derive(&["d"]));
        to_row(&MessageItem::new(
            conversation,
            message,
            HistoryDays::default(),
        ))
        .unwrap()
    }

    fn somewhere() -> Attributes {
        keys::message(scope("p"), id(), 1).attributes()
    }

    /// Numbers of the messages that are shown, and whether the search goes on behind them.
    fn found(order: Order, rows: Vec<Attributes>) -> (Vec<u64>, bool) {
        let filter = MessageFilter {
            after: None,
            before: None,
            since: day(100),
        };
        let stretch = Stretch {
            scope: scope("p"),
            id: id(),
            numbers: filter.numbers().unwrap(),
            filter: &filter,
            order,
        };
        let found = stretch.found(rows, Some(somewhere()));
        let numbers = found.shown.iter().map(|message| message.number);
        (numbers.collect(), found.end.is_some())
    }

    #[test]
    fn a_message_that_is_no_longer_kept_is_not_shown_though_its_row_is_there() {
        let rows = vec![row(3, day(101)), row(2, day(100)), row(1, day(99))];
        assert_eq!(found(Order::NewestFirst, rows), (vec![3, 2], true));
        let rows = vec![row(1, day(99)), row(2, day(100)), row(3, day(101))];
        assert_eq!(found(Order::OldestFirst, rows), (vec![2, 3], true));
    }

    #[test]
    fn the_search_back_ends_where_no_message_can_be_young_enough() {
        let rows = vec![row(3, day(101)), row(2, day(50)), row(1, day(101))];
        assert_eq!(found(Order::NewestFirst, rows), (vec![3], false));
        let rows = vec![row(1, day(50)), row(2, day(101))];
        assert_eq!(found(Order::OldestFirst, rows), (vec![2], true));
    }

    #[test]
    fn a_message_that_cannot_be_read_is_left_out_and_counted_and_ends_no_page() {
        let mut unreadable = row(2, day(101));
        unreadable.remove("text").unwrap();
        let rows = vec![row(3, day(101)), unreadable, row(1, day(101))];
        let kept = found(Order::NewestFirst, rows.clone());
        assert_eq!(kept, (vec![3, 1], true));
        let filter = MessageFilter {
            after: None,
            before: None,
            since: day(100),
        };
        let stretch = Stretch {
            scope: scope("p"),
            id: id(),
            numbers: (1, 9),
            filter: &filter,
            order: Order::NewestFirst,
        };
        assert_eq!(stretch.found(rows, None).unreadable, 1);
    }

    #[test]
    fn a_page_is_cut_behind_its_last_message() {
        let filter = MessageFilter {
            after: None,
            before: None,
            since: day(0),
        };
        let stretch = Stretch {
            scope: scope("p"),
            id: id(),
            numbers: (1, 9),
            filter: &filter,
            order: Order::OldestFirst,
        };
        let rows = || -> Vec<Attributes> { (1..=3).map(|number| row(number, day(1))).collect() };
        let cut = stretch.found(rows(), None).up_to(2, &stretch);
        assert_eq!(cut.shown.len(), 2);
        let second = keys::message(scope("p"), id(), 2).attributes();
        assert_eq!(cut.end, Some(second));
        let whole = stretch.found(rows(), None).up_to(3, &stretch);
        assert_eq!((whole.shown.len(), whole.end), (3, None));
    }

    #[test]
    fn a_cursor_is_bound_to_its_conversation_stretch_and_order_and_not_to_the_time_of_the_call() {
        let of = |project: &str, after: Option<u64>, order: Order, since: Timestamp| {
            let filter = MessageFilter {
                after,
                before: None,
                since,
            };
            let stretch = Stretch {
                scope: scope(project),
                id: id(),
                numbers: filter.numbers().unwrap(),
                filter: &filter,
                order,
            };
            stretch.context()
        };
        let own = of("p", None, Order::NewestFirst, day(1));
        assert_eq!(of("p", None, Order::NewestFirst, day(2)), own);
        for other in [
            of("q", None, Order::NewestFirst, day(1)),
            of("p", Some(1), Order::NewestFirst, day(1)),
            of("p", None, Order::OldestFirst, day(1)),
        ] {
            assert_ne!(other, own);
        }
    }

    fn conversation_row(scope: ProjectScope, state: Option<String>) -> Attributes {
        let key = keys::conversation(scope, id());
        let mut row = to_row(&serde_json::json!({
            "pk": key.pk, "sk": key.sk, "connector_id": ConnectorId::derive(&["c"]), "message_count": 1,
            "version": 1, "updated_at": day(1),
        }))
        .unwrap();
        if let Some(list) = state {
            row.insert(STATE_PK.to_owned(), s(list));
        }
        row
    }

    #[test]
    fn a_row_of_another_project_is_not_shown_wherever_its_index_attributes_lead() {
        let own = conversation_row(scope("p"), None);
        assert_eq!(view(scope("p"), own).unwrap().unwrap().id, id());
        let others = conversation_row(scope("q"), Some(keys::open_conversations(scope("p"))));
        assert_eq!(view(scope("p"), others).unwrap(), None);
        let mut message = conversation_row(scope("p"), None);
        message.insert(SK.to_owned(), s("MESSAGE#000000000001"));
        assert_eq!(view(scope("p"), message).unwrap(), None);
    }

    #[test]
    fn a_conversation_with_a_handoff_is_handed_off_until_it_ends() {
        let scope = scope("p");
        for (list, state) in [
            (
                keys::handed_off_conversations(scope),
                ConversationState::HandedOff,
            ),
            (keys::closed_conversations(scope), ConversationState::Closed),
        ] {
            let mut row = conversation_row(scope, Some(list));
            let handoff = serde_json::json!({
                "by": {"id": "agent:e", "name": "Agent"}, "at": day(1), "team": "sales",
            });
            row.extend(to_row(&serde_json::json!({ "handoff": handoff })).unwrap());
            let shown = view(scope, row).unwrap().unwrap();
            assert_eq!(shown.state, state);
            let team = shown.conversation.handoff.unwrap().team;
            assert_eq!(team.as_deref(), Some("sales"));
        }
    }

    #[test]
    fn a_conversation_is_open_unless_it_is_in_the_list_of_those_that_ended() {
        let scope = scope("p");
        for (list, state) in [
            (None, ConversationState::Open),
            (
                Some(keys::open_conversations(scope)),
                ConversationState::Open,
            ),
            (
                Some(keys::closed_conversations(scope)),
                ConversationState::Closed,
            ),
        ] {
            let shown = view(scope, conversation_row(scope, list)).unwrap().unwrap();
            assert_eq!(shown.state, state);
        }
    }
}
