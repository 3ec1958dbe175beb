//! Queries of routing. All read the table itself, consistently.

use super::DynamoRouting;
use crate::{
    aws::port_error,
    dynamo::{
        items::{
            HeldItem, QueueItem, QueueOrderItem, RoutedItem, SeatItem, WaitingItem, read_case,
        },
        keys::{self, Key, PK, SK},
        table::{Attributes, from_row, key_of, s},
    },
};
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    ids::{ConversationId, MemberId, QueueId},
    ports::DeskView,
    routing::{
        case::Case,
        demand::Desk,
        routed::{Routed, Verb},
    },
};

/// Number of the latest changes of a case among which its offer is looked for.
const LINES: u16 = 100;

/// Rows of a partition whose sort keys begin with `prefix`.
pub(super) struct Range {
    /// The partition.
    pub(super) partition: String,
    /// Start of the sort keys.
    pub(super) prefix: String,
    /// The row behind which to begin.
    pub(super) after: Option<Key>,
    /// Number of rows; `None` for all of one page.
    pub(super) limit: Option<u16>,
}

/// Rows in the order of their sort keys, and the place behind them if there may be more.
pub(super) type Rows = (Vec<Attributes>, Option<Key>);

impl DynamoRouting {
    /// Reads one page of a range.
    pub(super) async fn rows(&self, range: &Range) -> Result<Rows, PortError> {
        let condition = if range.prefix.is_empty() {
            format!("{PK} = :partition")
        } else {
            format!("{PK} = :partition AND begins_with({SK}, :prefix)")
        };
        let prefix = (!range.prefix.is_empty()).then(|| s(&range.prefix));
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(condition)
            .expression_attribute_values(":partition", s(&range.partition))
            .set_exclusive_start_key(range.after.as_ref().map(Key::attributes))
            .set_limit(range.limit.map(i32::from));
        if let Some(prefix) = prefix {
            query = query.expression_attribute_values(":prefix", prefix);
        }
        let answer = query
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (routing)", error))?;
        let next = answer.last_evaluated_key.as_ref().and_then(key_of);
        Ok((answer.items.unwrap_or_default(), next))
    }

    /// Reads a whole range.
    pub(super) async fn all_rows(
        &self,
        partition: String,
        prefix: &str,
    ) -> Result<Vec<Attributes>, PortError> {
        let mut range = Range {
            partition,
            prefix: prefix.to_owned(),
            after: None,
            limit: None,
        };
        let mut found = Vec::new();
        loop {
            let (rows, next) = self.rows(&range).await?;
            found.extend(rows);
            if next.is_none() {
                return Ok(found);
            }
            range.after = next;
        }
    }

    /// Reads the rows of a desk whose sort keys begin with `prefix`.
    pub(super) async fn desk_rows(&self, desk: &Desk, prefix: &str) -> Result<DeskView, PortError> {
        let rows = self.all_rows(keys::desk(desk), prefix).await?;
        let mut view = DeskView::default();
        for row in rows {
            let sk = key_of(&row).map(|key| key.sk).unwrap_or_default();
            if sk.starts_with(keys::SEAT_PREFIX) {
                view.seats.push(from_row::<SeatItem>(row, "seat")?.into());
            } else if sk.starts_with(keys::QUEUE_PREFIX) {
                let item: QueueItem = from_row(row, "queue")?;
                view.queues.push(item.at(desk));
            }
        }
        view.seats = self.with_rights(desk.scope, view.seats).await?;
        Ok(view)
    }

    /// Reads the desk of a queue that is to be drained.
    pub(super) async fn ordered_desk(
        &self,
        scope: AccountScope,
        id: QueueId,
    ) -> Result<Option<Desk>, PortError> {
        let key = keys::queue_order(scope, id);
        let item: Option<QueueOrderItem> = self.table.get(&key, "order to drain").await?;
        Ok(item.map(|item| Desk {
            scope,
            channel: item.channel,
        }))
    }

    /// Reads cases that wait in a queue.
    pub(super) async fn waiting_cases(
        &self,
        scope: AccountScope,
        id: QueueId,
        limit: u16,
        after: Option<(Timestamp, ConversationId)>,
    ) -> Result<Vec<Case>, PortError> {
        let partition = keys::waiting_in(scope, id);
        let mut range = Range {
            after: after.map(|place| Key {
                pk: partition.clone(),
                sk: keys::waiting_place(place),
            }),
            partition,
            prefix: keys::WAITING_PREFIX.to_owned(),
            limit: Some(limit),
        };
        let mut found = Vec::new();
        loop {
            let (rows, next) = self.rows(&range).await?;
            for row in rows {
                found.push(from_row::<WaitingItem>(row, "waiting case")?.into());
            }
            let left = usize::from(limit).saturating_sub(found.len());
            if next.is_none() || left == 0 {
                return Ok(found);
            }
            range.limit = u16::try_from(left).ok();
            range.after = next;
        }
    }

    /// Reads cases that a member has.
    pub(super) async fn held_cases(
        &self,
        (scope, member_id): (AccountScope, MemberId),
        channel: Option<&str>,
        after: Option<Key>,
        limit: u16,
    ) -> Result<Vec<Case>, PortError> {
        let mut range = Range {
            partition: keys::held_by(scope, member_id),
            prefix: channel.map_or_else(|| keys::HELD_PREFIX.to_owned(), keys::held_prefix),
            after,
            limit: Some(limit),
        };
        let mut found = Vec::new();
        loop {
            let (rows, next) = self.rows(&range).await?;
            let mut wanted = Vec::new();
            for row in rows {
                let held: HeldItem = from_row(row, "case of a member")?;
                wanted.push(keys::case(held.scope, held.conversation_id));
            }
            let mut cases = self.table.get_batch(&wanted).await?;
            for key in &wanted {
                let case = cases.remove(key).map(read_case).transpose()?;
                found.extend(case.filter(|case| case.member_id() == Some(member_id)));
            }
            let left = usize::from(limit).saturating_sub(found.len());
            if next.is_none() || left == 0 {
                return Ok(found);
            }
            range.limit = u16::try_from(left).ok();
            range.after = next;
        }
    }

    /// Reads lines of a conversation's thread.
    pub(super) async fn lines(
        &self,
        scope: ProjectScope,
        id: ConversationId,
        after: u64,
        limit: u16,
    ) -> Result<Vec<Routed>, PortError> {
        let behind = keys::routed(scope, id, after);
        let range = Range {
            partition: behind.pk.clone(),
            prefix: keys::ROUTED_PREFIX.to_owned(),
            after: Some(behind),
            limit: Some(limit),
        };
        let (rows, _) = self.rows(&range).await?;
        rows.into_iter()
            .map(|row| from_row::<RoutedItem>(row, "line").map(Into::into))
            .collect()
    }

    /// Reads the number of the line about the offer of a case.
    pub(super) async fn offer_line(&self, case: &Case) -> Result<Option<u64>, PortError> {
        let after = case.version.saturating_sub(u64::from(LINES));
        let lines = self.lines(case.scope, case.conversation_id, after, LINES);
        let mut lines = lines.await?.into_iter().rev();
        let offer = lines.find(|line| line.verb == Verb::Offer);
        Ok(offer.map(|line| line.number))
    }
}
