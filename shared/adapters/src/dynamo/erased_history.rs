//! Removes the messages that a project no longer keeps, after it chose a shorter time.
//!
//! Conversations are gone through in the order of their last activity, the oldest first: one in which
//! somebody writes meanwhile moves towards the end, so it is met later and not missed.

use super::{
    erased_rows::{self, list_start, read_place, written},
    items::{MessageItem, ProjectSettingsItem, Shortened},
    keys::{self, ALL_PK, ALL_SK, Key, MESSAGE_PREFIX, PK, SK},
    table::{Attributes, Table, delete_write, key_of, n, s, update_write},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp, chat::history::HistoryDays, erasure::Erasure,
    ids::ConversationId, ports::ErasedPage,
};

/// Maximum number of steps of a page. Each is a query and, if there is something to do, a transaction.
const STEPS: usize = 40;
/// Number of conversations read at once.
const CONVERSATIONS: i32 = 50;
/// Number of messages read at once.
const MESSAGES: i32 = 100;

/// A place among the messages of a project.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// The last conversation that was read from the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind: Option<String>,
    /// Whether no conversation follows it.
    is_end: bool,
    /// Conversations that were read and are not done.
    left: Vec<ConversationId>,
    /// The last message of the first of them that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// The work on one page.
struct Shortening<'a> {
    table: &'a Table,
    scope: ProjectScope,
    history: HistoryDays,
    now: Timestamp,
}

/// See [`vestibule_domain::ports::Eraser::erase_page`].
pub(super) async fn page(
    table: &Table,
    erasure: &Erasure,
    now: Timestamp,
) -> Result<ErasedPage, PortError> {
    let scope = erasure.scope;
    let place: Place = read_place(erasure)?.unwrap_or_default();
    // The time that counts is the present one: it may have been changed again.
    let settings = keys::project_settings(scope);
    let settings: Option<ProjectSettingsItem> = table.get(&settings, "project settings").await?;
    let shortening = Shortening {
        table,
        scope,
        history: settings
            .map(|settings| settings.history_days)
            .unwrap_or_default(),
        now,
    };
    erased_rows::page(place, STEPS, |place| shortening.step(place)).await
}

impl Shortening<'_> {
    async fn step(&self, place: Place) -> Result<(usize, Option<Place>), PortError> {
        let Some(id) = place.left.first().copied() else {
            if place.is_end {
                return Ok((0, None));
            }
            let next = self.conversations(place.behind.as_deref()).await?;
            return Ok((0, Some(next)));
        };
        let (changed, from) = self.messages(id, place.from.as_deref()).await?;
        let done = usize::from(from.is_none());
        let next = Place {
            left: place.left.into_iter().skip(done).collect(),
            from,
            ..place
        };
        Ok((changed, Some(next)))
    }

    /// Reads the next conversations of the list.
    async fn conversations(&self, behind: Option<&str>) -> Result<Place, PortError> {
        let list = keys::conversations(self.scope);
        let key = |id: &str| Some(keys::conversation(self.scope, id.parse().ok()?));
        let start = behind.and_then(|at| list_start((ALL_PK, ALL_SK), (list.as_str(), at), key));
        let answer = self
            .table
            .list_query(&list)
            .set_exclusive_start_key(start)
            .limit(CONVERSATIONS)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (conversations)", error))?;
        let read = answer.last_evaluated_key.as_ref();
        let behind = read.and_then(|read| read.get(ALL_SK)?.as_s().ok().cloned());
        // IAM does not restrict the attributes by which an index leads to rows.
        let own = |row: &Attributes| {
            let key = key_of(row)?;
            let id = keys::parse_conversation(&key.pk)?;
            (key == keys::conversation(self.scope, id)).then_some(id)
        };
        let rows = answer.items.unwrap_or_default();
        Ok(Place {
            is_end: behind.is_none(),
            behind,
            left: rows.iter().filter_map(own).collect(),
            from: None,
        })
    }

    /// Shortens messages of a conversation. Also returns the last of them, if more follow.
    async fn messages(
        &self,
        id: ConversationId,
        from: Option<&str>,
    ) -> Result<(usize, Option<String>), PortError> {
        let pk = keys::conversation(self.scope, id).pk;
        let start = from.map(|sk| {
            let (pk, sk) = (pk.clone(), sk.to_owned());
            Key { pk, sk }.attributes()
        });
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!(
                "{PK} = :conversation AND begins_with({SK}, :messages)"
            ))
            .expression_attribute_values(":conversation", s(&pk))
            .expression_attribute_values(":messages", s(MESSAGE_PREFIX))
            .set_exclusive_start_key(start)
            .limit(MESSAGES)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (messages)", error))?;
        let last = answer.last_evaluated_key.as_ref().and_then(key_of);
        let mut writes = Vec::new();
        for row in answer.items.unwrap_or_default() {
            writes.extend(self.message_write(row)?);
        }
        let changed = written(self.table, &writes).await?;
        Ok((changed, last.map(|key| key.sk)))
    }

    /// Makes the write of a message that is no longer kept, or not for so long.
    fn message_write(&self, row: Attributes) -> Result<Option<TransactWriteItem>, PortError> {
        let Some(key) = key_of(&row) else {
            return Ok(None);
        };
        // A row that cannot be read does not hold up the others.
        let Ok(item) = MessageItem::read(row) else {
            return Ok(None);
        };
        let Some(shortened) = item.under(self.history, self.now) else {
            return Ok(None);
        };
        let queued = [("#status", "status")];
        let is_queued = "sending.#status = :queued";
        let update = match shortened {
            Shortened::Removed => {
                return self.table.removal_part(&key).map(delete_write).map(Some);
            }
            Shortened::Until(seconds) => self.table.update_part(
                &key,
                "SET expires_at = :until",
                "attribute_exists(pk)",
                &[],
                &[(":until", n(seconds))],
            ),
            Shortened::QueuedUntil(seconds) => self.table.update_part(
                &key,
                "SET kept_until = :until",
                is_queued,
                &queued,
                &[(":until", n(seconds)), (":queued", s("queued"))],
            ),
            Shortened::Ephemeral => self.table.update_part(
                &key,
                "SET is_ephemeral = :yes",
                is_queued,
                &queued,
                &[
                    (":yes", AttributeValue::Bool(true)),
                    (":queued", s("queued")),
                ],
            ),
        };
        update.map(update_write).map(Some)
    }
}
