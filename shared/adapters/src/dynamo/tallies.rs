//! The numbers of pending and of approved requests of each connector (SPEC B41), and the time of its last message.
//!
//! Beside them, the figures of each day, which have rows of their own: see [`figures`](super::figures).
//!
//! They are changed in the transactions that change the requests, so they are exact. Each connector has several
//! rows, one of which a transaction draws, so that strangers seldom meet at one. All rows of a project lie in one
//! partition and are read in one query.

use super::{
    items::AccessRequestItem,
    keys::{self, FIGURES_PREFIX, INDEX_BY_STATE, PK, SK, STATE_PK},
    row_counts::{COUNT_MAX, up_to_max},
    table::{Attributes, Table, from_row, n, s, update_write},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Deserialize;
use std::collections::BTreeMap;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    access::request::{AccessRequest, RequestDecision, RequestStatus, Verdict},
    figures::{Day, FigurePlace, FigureRow, Figures},
    ids::{ConnectorId, IdSource, SystemIds},
    ports::{CountUpTo, RequestCounts},
};

/// Number of rows of each connector.
const ROWS: u8 = 8;
/// Number of rows at which reading for a count stops, even if few of them are counted.
const COUNT_READ_MAX: usize = 10_000;
/// Number of requests among which the newest one of some connectors is looked for, after the very newest.
const NEWEST_READ_MAX: i32 = 100;
/// The condition of a row that may be there or not.
const ALWAYS: &str = "attribute_exists(pk) OR attribute_not_exists(pk)";

/// The numbers of requests, or changes of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Numbers {
    pending: i64,
    approved: i64,
    last_message_at: Option<Timestamp>,
}

impl Numbers {
    fn of(status: RequestStatus) -> Self {
        Self {
            pending: i64::from(status == RequestStatus::Pending),
            approved: i64::from(status == RequestStatus::Approved),
            last_message_at: None,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            pending: self.pending.saturating_add(other.pending),
            approved: self.approved.saturating_add(other.approved),
            last_message_at: self.last_message_at.max(other.last_message_at),
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            pending: self.pending.saturating_sub(other.pending),
            approved: self.approved.saturating_sub(other.approved),
            last_message_at: self.last_message_at,
        }
    }
}

/// The changes of numbers that one transaction makes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TallyChange {
    connectors: BTreeMap<ConnectorId, Numbers>,
    figures: Vec<FigureRow>,
}

impl TallyChange {
    /// A new request, in the state that it has.
    pub(super) fn made(request: &AccessRequest) -> Self {
        Self::of(request, Numbers::of(request.status()))
    }

    /// A new request that a message made.
    pub(super) fn asked(request: &AccessRequest) -> Self {
        let numbers = Numbers {
            last_message_at: Some(request.created_at),
            ..Numbers::of(request.status())
        };
        Self::of(request, numbers).counting(request, request.created_at, Figures::asked())
    }

    /// A decision on a pending request.
    pub(super) fn decided(request: &AccessRequest, verdict: Verdict) -> Self {
        let before = Numbers::of(RequestStatus::Pending);
        Self::of(request, Numbers::of(verdict.status()).minus(before))
    }

    /// Somebody's decision on a pending request. Those that follow from something else are no figures.
    pub(super) fn judged(request: &AccessRequest, decision: &RequestDecision) -> Self {
        let after = decision.at.since(request.created_at);
        Self::decided(request, decision.verdict).counting(
            request,
            decision.at,
            Figures::decided(after),
        )
    }

    /// The removal of a request in the state that it has.
    pub(super) fn removed(request: &AccessRequest) -> Self {
        let numbers = Numbers::default().minus(Numbers::of(request.status()));
        Self::of(request, numbers)
    }

    fn of(request: &AccessRequest, numbers: Numbers) -> Self {
        Self {
            connectors: BTreeMap::from([(request.connector_id, numbers)]),
            figures: Vec::new(),
        }
    }

    /// The same, with figures of the request's connector.
    fn counting(mut self, request: &AccessRequest, at: Timestamp, figures: Figures) -> Self {
        self.figures.push(FigureRow {
            day: Day::of(at),
            place: FigurePlace::Connector(request.connector_id),
            figures,
        });
        self
    }

    /// Adds the changes of another part of the transaction.
    pub(super) fn add(&mut self, other: Self) {
        for (connector_id, numbers) in other.connectors {
            let here = self.connectors.entry(connector_id).or_default();
            *here = here.plus(numbers);
        }
        self.figures.extend(other.figures);
    }

    /// Maximum number of writes that the changes take.
    pub(super) fn writes(&self) -> usize {
        self.connectors.len() + self.figures.len()
    }
}

impl Table {
    /// Makes the writes of changed numbers, one for each connector, and of figures.
    pub(super) fn tally_writes(
        &self,
        scope: ProjectScope,
        change: &TallyChange,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let row = drawn_row();
        let changed = change.connectors.iter();
        let numbers = changed
            .filter(|(_, numbers)| **numbers != Numbers::default())
            .map(|(connector_id, numbers)| {
                let mut values = vec![
                    (":connector", s(connector_id)),
                    (":pending", n(numbers.pending)),
                    (":approved", n(numbers.approved)),
                ];
                let message = match numbers.last_message_at {
                    Some(at) => {
                        values.push((":at", s(at)));
                        ", last_message_at = :at"
                    }
                    None => "",
                };
                let update = self.update_part(
                    &keys::tally(scope, *connector_id, row),
                    &format!(
                        "SET connector_id = :connector{message} \
                         ADD pending_count :pending, approved_count :approved"
                    ),
                    ALWAYS,
                    &[],
                    &values,
                )?;
                Ok(update_write(update))
            });
        // In the same row, so that transactions that do not meet at the numbers do not meet at the figures.
        let figures = change.figures.iter();
        let figures = figures.map(|counted| self.figures_write(scope, counted, row));
        numbers.chain(figures).collect()
    }

    /// Makes the write of a connector's last message into one of its rows, under the condition that the row has no
    /// later one.
    pub(super) fn last_message_write(
        &self,
        scope: ProjectScope,
        connector_id: ConnectorId,
        at: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        // Every reader expects both numbers in each row.
        let update = self.update_part(
            &keys::tally(scope, connector_id, drawn_row()),
            "SET connector_id = :connector, last_message_at = :at ADD pending_count :none, approved_count :none",
            "attribute_not_exists(last_message_at) OR last_message_at <= :at",
            &[],
            &[
                (":connector", s(connector_id)),
                (":at", s(at)),
                (":none", n(0)),
            ],
        )?;
        Ok(update_write(update))
    }

    /// Makes the write by which the numbers of a new project count from the start.
    pub(super) fn tallies_begun_write(
        &self,
        scope: ProjectScope,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.update_part(
            &keys::tallies_begun(scope),
            "SET begun_at = if_not_exists(begun_at, :now)",
            ALWAYS,
            &[],
            &[(":now", s(now))],
        )?;
        Ok(update_write(update))
    }
}

/// Draws one of a connector's rows.
pub(super) fn drawn_row() -> u8 {
    let drawn = SystemIds.draw().random() % u128::from(ROWS);
    u8::try_from(drawn).unwrap_or_default()
}

/// A row of numbers.
#[derive(Debug, Deserialize)]
struct TallyItem {
    connector_id: ConnectorId,
    pending_count: i64,
    approved_count: i64,
    #[serde(default)]
    last_message_at: Option<Timestamp>,
}

/// Facts about connectors in the rows of a project.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    /// Whether the numbers of requests count from the project's start.
    is_begun: bool,
    connectors: BTreeMap<ConnectorId, Numbers>,
}

impl Tallies {
    /// The number of pending requests of each connector that has any. `None` for a project from before the numbers
    /// were kept.
    pub(super) fn pending(&self) -> Option<BTreeMap<ConnectorId, i64>> {
        let all = self.connectors.iter();
        self.is_begun
            .then(|| all.map(|(id, numbers)| (*id, numbers.pending)).collect())
    }

    /// The time of a connector's last message, if it has had one.
    pub(super) fn last_message_at(&self, id: ConnectorId) -> Option<Timestamp> {
        self.connectors.get(&id)?.last_message_at
    }
}

/// Counts the requests of the connectors that `keeps` names: by the numbers, or one by one in a project from before
/// they were kept.
pub(super) async fn counts(
    table: &Table,
    scope: ProjectScope,
    keeps: impl Fn(ConnectorId) -> bool + Send + Sync,
) -> Result<RequestCounts, PortError> {
    let keeps = &keeps;
    let (pending, approved) = if let Some(numbers) = numbers(table, scope, keeps).await? {
        (up_to(numbers.pending), up_to(numbers.approved))
    } else {
        let is_kept = |row: &Attributes| is_of(row, keeps);
        let list = |status| keys::access_requests(scope, Some(status));
        let pending = list(RequestStatus::Pending);
        let approved = list(RequestStatus::Approved);
        (
            counted(table, &pending, "connector_id", is_kept).await?,
            counted(table, &approved, "connector_id", is_kept).await?,
        )
    };
    let newest_pending = newest_pending(table, scope, keeps).await?;
    Ok(RequestCounts {
        pending,
        approved,
        newest_pending,
    })
}

/// Finds the newest pending request of these connectors, among the latest ones of all.
async fn newest_pending(
    table: &Table,
    scope: ProjectScope,
    keeps: impl Fn(ConnectorId) -> bool + Send + Sync,
) -> Result<Option<AccessRequest>, PortError> {
    let list = keys::access_requests(scope, Some(RequestStatus::Pending));
    let mut start = None;
    let mut read = 1;
    loop {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(INDEX_BY_STATE)
            .key_condition_expression(format!("{STATE_PK} = :list"))
            .expression_attribute_values(":list", s(&list))
            .scan_index_forward(false)
            .limit(read)
            .set_exclusive_start_key(start.take())
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (newest)", error))?;
        for row in answer.items.unwrap_or_default() {
            let request =
                AccessRequest::from(from_row::<AccessRequestItem>(row, "access request")?);
            if keeps(request.connector_id) {
                return Ok(Some(request));
            }
        }
        start = answer.last_evaluated_key;
        if start.is_none() || read == NEWEST_READ_MAX {
            return Ok(None);
        }
        // Only a caller of some connectors gets here.
        read = NEWEST_READ_MAX;
    }
}

/// Returns the numbers of the connectors that `keeps` names. `None` for a project from before they were kept.
async fn numbers(
    table: &Table,
    scope: ProjectScope,
    keeps: impl Fn(ConnectorId) -> bool + Send + Sync,
) -> Result<Option<Numbers>, PortError> {
    let all = by_connector(table, scope).await?;
    Ok(all.is_begun.then(|| {
        let kept = all.connectors.into_iter().filter(|(id, _)| keeps(*id));
        kept.fold(Numbers::default(), |sum, (_, numbers)| sum.plus(numbers))
    }))
}

/// Reads the rows of every connector.
pub(super) async fn by_connector(table: &Table, scope: ProjectScope) -> Result<Tallies, PortError> {
    let begun = keys::tallies_begun(scope);
    let mut all = Tallies::default();
    let mut start = None;
    loop {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression(format!("{PK} = :tallies AND {SK} < :figures"))
            .expression_attribute_values(":tallies", s(&begun.pk))
            .expression_attribute_values(":figures", s(FIGURES_PREFIX))
            .set_exclusive_start_key(start.take())
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (tallies)", error))?;
        for row in answer.items.unwrap_or_default() {
            if row.get(SK).and_then(|sk| sk.as_s().ok()) == Some(&begun.sk) {
                all.is_begun = true;
                continue;
            }
            let item: TallyItem = from_row(row, "tally")?;
            let numbers = all.connectors.entry(item.connector_id).or_default();
            *numbers = numbers.plus(Numbers {
                pending: item.pending_count,
                approved: item.approved_count,
                last_message_at: item.last_message_at,
            });
        }
        start = answer.last_evaluated_key;
        if start.is_none() {
            return Ok(all);
        }
    }
}

/// Shows a number up to where counting stops.
fn up_to(number: i64) -> CountUpTo {
    up_to_max(usize::try_from(number).unwrap_or_default())
}

/// Counts rows of a list by state, one by one: those that `keeps` names by their `attribute`.
pub(super) async fn counted(
    table: &Table,
    list: &str,
    attribute: &str,
    keeps: impl Fn(&Attributes) -> bool + Send + Sync,
) -> Result<CountUpTo, PortError> {
    let (mut count, mut read) = (0, 0);
    let mut start = None;
    loop {
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(INDEX_BY_STATE)
            .key_condition_expression(format!("{STATE_PK} = :list"))
            .expression_attribute_values(":list", s(list))
            .projection_expression("#attribute")
            .expression_attribute_names("#attribute", attribute)
            .limit(i32::try_from(COUNT_MAX + 1).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start.take())
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (count)", error))?;
        let rows = answer.items.unwrap_or_default();
        read += rows.len();
        count += rows.iter().filter(|row| keeps(row)).count();
        start = answer.last_evaluated_key;
        if start.is_none() || count > COUNT_MAX || read >= COUNT_READ_MAX {
            break;
        }
    }
    let counted = up_to_max(count);
    Ok(CountUpTo {
        more: start.is_some() || counted.more,
        ..counted
    })
}

/// Whether a row belongs to a connector that `keeps` names.
pub(super) fn is_of(row: &Attributes, keeps: impl Fn(ConnectorId) -> bool) -> bool {
    let id = row.get("connector_id").and_then(|id| id.as_s().ok());
    id.and_then(|id| id.parse().ok()).is_some_and(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(connector: &str, pending: i64, approved: i64) -> TallyChange {
        let id = ConnectorId::derive(&[connector]);
        let numbers = Numbers {
            pending,
            approved,
            last_message_at: None,
        };
        TallyChange {
            connectors: BTreeMap::from([(id, numbers)]),
            figures: Vec::new(),
        }
    }

    #[test]
    fn the_last_message_is_the_latest_in_any_row() {
        let at = |millis: Option<i64>| Numbers {
            last_message_at: millis.map(Timestamp::from_millis),
            ..Numbers::default()
        };
        for (one, other) in [(Some(1), Some(2)), (None, Some(2)), (Some(2), None)] {
            assert_eq!(at(one).plus(at(other)), at(Some(2)), "{one:?} {other:?}");
        }
    }

    #[test]
    fn the_changes_of_one_transaction_are_one_for_each_connector() {
        let mut change = at("a", -1, 1);
        change.add(at("a", -1, 0));
        change.add(at("b", 0, -1));
        assert_eq!(change.writes(), 2);
        let mut expected = at("a", -2, 1);
        expected.add(at("b", 0, -1));
        assert_eq!(change, expected);
    }

    #[test]
    fn a_number_is_shown_up_to_a_thousand_and_never_below_nothing() {
        let shown = |number| (up_to(number).count, up_to(number).more);
        assert_eq!(shown(-1), (0, false));
        assert_eq!(shown(1000), (1000, false));
        assert_eq!(shown(1001), (1000, true));
    }
}
