//! Figures (SPEC E37): numbers of each day and place, which the transactions add to that make the changes which they
//! count. So each is counted once, whatever is done twice.
//!
//! Each day and place has several rows, one of which a transaction draws, so that transactions seldom meet at one. A row is
//! made by the first number in it, and expires.

use super::{
    keys::{self, PK, SK},
    table::{Attributes, Table, n, s, update_write},
    tallies::drawn_row,
};
use crate::aws::port_error;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::{array, str::FromStr};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    figures::{Day, FIGURES_KEPT, FigurePlace, FigureRow, Figures, RANGES, Spread},
    ports::{FigurePage, FigureReader},
    routing::case::Case,
};

/// Number of rows of each day and place of conversations. Their transactions meet at seats and queues as well.
const DESK_ROWS: u8 = 4;
const WHAT: &str = "figures";
/// The condition of a row that may be there or not.
const ALWAYS: &str = "attribute_exists(pk) OR attribute_not_exists(pk)";
/// Sorts behind every character of a key.
const LAST: char = '~';

/// See [`FigureReader`].
#[derive(Debug, Clone)]
pub struct DynamoFigures {
    table: Table,
}

impl DynamoFigures {
    /// Makes the reader of this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

impl Table {
    /// Makes the write that counts what a change of a case adds to the figures; `None` if nothing.
    pub(super) fn case_figures_write(
        &self,
        before: &Case,
        after: &Case,
        at: Timestamp,
    ) -> Result<Option<TransactWriteItem>, PortError> {
        let figures = Figures::of_change(before, after);
        if figures.is_empty() {
            return Ok(None);
        }
        let counted = FigureRow {
            day: Day::of(at),
            place: FigurePlace::of(after),
            figures,
        };
        let row = drawn_row() % DESK_ROWS;
        self.figures_write(after.scope, &counted, row).map(Some)
    }

    /// Makes the write that adds to the figures of a day and place, in one of their rows.
    pub(super) fn figures_write(
        &self,
        scope: ProjectScope,
        counted: &FigureRow,
        row: u8,
    ) -> Result<TransactWriteItem, PortError> {
        let kept_until = counted.day.start().plus(FIGURES_KEPT);
        let place = place_attributes(&counted.place);
        let added = numbers(&counted.figures);
        let names: Vec<(String, &str)> = place
            .iter()
            .map(|(name, _)| (format!("#{name}"), *name))
            .collect();
        let mut values = vec![
            (":day".to_owned(), s(counted.day)),
            (":end".to_owned(), n(kept_until.seconds())),
        ];
        let placed = place.iter();
        values.extend(placed.map(|(name, value)| (format!(":{name}"), s(value))));
        let counts = added.iter();
        values.extend(counts.map(|(name, number)| (format!(":{name}"), n(number))));
        let sets: Vec<String> = place
            .iter()
            .map(|(name, _)| format!("#{name} = :{name}"))
            .collect();
        let adds: Vec<String> = added
            .iter()
            .map(|(name, _)| format!("{name} :{name}"))
            .collect();
        let update = self.update_part(
            &keys::figures(scope, counted.day, &counted.place, row),
            &format!(
                "SET on_day = :day, expires_at = :end, {} ADD {}",
                sets.join(", "),
                adds.join(", ")
            ),
            ALWAYS,
            &borrowed(&names),
            &borrowed(&values),
        )?;
        Ok(update_write(update))
    }
}

/// The same pairs, with borrowed names.
fn borrowed<T: Clone>(pairs: &[(String, T)]) -> Vec<(&str, T)> {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect()
}

/// The attributes by which a row names its place.
fn place_attributes(place: &FigurePlace) -> Vec<(&'static str, String)> {
    match place {
        FigurePlace::Connector(id) => vec![("connector_id", id.to_string())],
        FigurePlace::Desk {
            client_id,
            channel,
            team_id,
        } => {
            let mut all = vec![
                ("client_id", client_id.to_string()),
                ("channel", channel.clone()),
            ];
            all.extend(team_id.map(|id| ("team_id", id.to_string())));
            all
        }
    }
}

/// The numbers that are not zero, by their attributes.
fn numbers(figures: &Figures) -> Vec<(String, u64)> {
    let mut all = vec![
        ("request_count".to_owned(), figures.requests),
        ("missed_count".to_owned(), figures.missed),
    ];
    for (name, spread) in [
        ("decisions", &figures.decisions),
        ("waits", &figures.waits),
        ("replies", &figures.replies),
    ] {
        all.push((sum_of(name), spread.sum));
        let ranges = spread.ranges.iter().enumerate();
        all.extend(ranges.map(|(place, number)| (range_of(name, place), *number)));
    }
    all.retain(|(_, number)| *number > 0);
    all
}

fn sum_of(name: &str) -> String {
    format!("{name}_sum")
}

fn range_of(name: &str, place: usize) -> String {
    format!("{name}_{place}")
}

/// Reads a row.
fn read(row: &Attributes) -> Result<FigureRow, PortError> {
    let corrupt = || PortError::corrupt(WHAT, "a row without its day or place");
    let number = |name: &str| -> u64 {
        let number = row.get(name).and_then(|value| value.as_n().ok());
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let spread = |name: &str| {
        let ranges: [u64; RANGES] = array::from_fn(|place| number(&range_of(name, place)));
        Spread {
            sum: number(&sum_of(name)),
            ranges,
        }
    };
    let day = text(row, "on_day").and_then(Day::parse);
    Ok(FigureRow {
        day: day.ok_or_else(corrupt)?,
        place: place_of(row).ok_or_else(corrupt)?,
        figures: Figures {
            requests: number("request_count"),
            decisions: spread("decisions"),
            waits: spread("waits"),
            replies: spread("replies"),
            missed: number("missed_count"),
        },
    })
}

fn place_of(row: &Attributes) -> Option<FigurePlace> {
    if let Some(id) = parsed(row, "connector_id") {
        return Some(FigurePlace::Connector(id));
    }
    Some(FigurePlace::Desk {
        client_id: parsed(row, "client_id")?,
        channel: text(row, "channel")?.to_owned(),
        team_id: parsed(row, "team_id"),
    })
}

fn text<'a>(row: &'a Attributes, name: &str) -> Option<&'a str> {
    let value = row.get(name)?.as_s().ok()?;
    Some(value.as_str())
}

fn parsed<T: FromStr>(row: &Attributes, name: &str) -> Option<T> {
    text(row, name)?.parse().ok()
}

#[async_trait]
impl FigureReader for DynamoFigures {
    async fn figures(
        &self,
        scope: ProjectScope,
        days: (Day, Day),
        behind: Option<&str>,
    ) -> Result<FigurePage, PortError> {
        let (first, last) = days;
        let part = keys::tallies_in(scope);
        let end = format!("{}{LAST}", keys::figures_on(last));
        let start =
            behind.map(|at| Attributes::from([(PK.to_owned(), s(&part)), (SK.to_owned(), s(at))]));
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression(format!("{PK} = :tallies AND {SK} BETWEEN :first AND :last"))
            .expression_attribute_values(":tallies", s(&part))
            .expression_attribute_values(":first", s(keys::figures_on(first)))
            .expression_attribute_values(":last", s(&end))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (figures)", error))?;
        let read_to = answer.last_evaluated_key.as_ref();
        let behind = read_to.and_then(|key| key.get(SK)?.as_s().ok().cloned());
        let rows = answer.items.unwrap_or_default();
        let rows: Result<Vec<FigureRow>, PortError> = rows.iter().map(read).collect();
        Ok(FigurePage {
            rows: rows?,
            behind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use vestibule_domain::ids::{ClientId, ConnectorId, TeamId};

    #[test]
    fn figures_read_back_with_their_day_and_place() {
        let mut figures = Figures::asked();
        figures.add(&Figures::decided(Duration::from_secs(45)));
        figures.waits = Spread::of(Duration::from_hours(100));
        figures.missed = 2;
        let desk = |team_id| FigurePlace::Desk {
            client_id: ClientId::derive(&["c"]),
            channel: "sms".to_owned(),
            team_id,
        };
        for place in [
            FigurePlace::Connector(ConnectorId::derive(&["k"])),
            desk(None),
            desk(Some(TeamId::derive(&["t"]))),
        ] {
            let day = Day::parse("2026-11-30").unwrap();
            let mut row = Attributes::from([("on_day".to_owned(), s(day))]);
            for (name, value) in place_attributes(&place) {
                row.insert(name.to_owned(), s(value));
            }
            for (name, number) in numbers(&figures) {
                row.insert(name, n(number));
            }
            let expected = FigureRow {
                day,
                place,
                figures: figures.clone(),
            };
            assert_eq!(read(&row).unwrap(), expected);
        }
        assert!(read(&Attributes::new()).is_err());
    }
}
