//! Ends the open cases of a deleted project at once, before anything else of it goes (SPEC C63, E33): no member is given a
//! conversation that nobody can open, and none keeps a member's room.
//!
//! The list of open cases lags behind, and an assignment may be under way. What it does not show yet goes in the last pass
//! with its conversation.

use super::{
    erased_rows::{self, Found, read_place},
    keys,
    table::{Table, key_of},
};
use crate::aws::port_error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vestibule_domain::{PortError, ProjectScope, Timestamp, erasure::Erasure, ports::ErasedPage};

/// Maximum number of steps of a page. Each is a query, and a read and a transaction for each case.
const STEPS: usize = 20;
/// Number of cases read at once.
const LISTED: i32 = 20;

/// A place in the list of open cases.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Place {
    /// The last case that is done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    behind: BTreeMap<String, String>,
}

/// Ends a page of the open cases.
pub(super) async fn page(
    table: &Table,
    erasure: &Erasure,
    now: Timestamp,
) -> Result<ErasedPage, PortError> {
    let place: Place = read_place(erasure)?.unwrap_or_default();
    let of = (table, erasure.scope);
    erased_rows::page(place, STEPS, |place| step(of, place, now)).await
}

/// Goes one step on. Returns the number of cases that ended, and the next place.
async fn step(
    (table, scope): (&Table, ProjectScope),
    place: Place,
    now: Timestamp,
) -> Result<(usize, Option<Place>), PortError> {
    let answer = table
        .list_query(keys::open_cases(scope))
        .set_exclusive_start_key(Found::start(place.behind))
        .limit(LISTED)
        .send()
        .await
        .map_err(|error| port_error("dynamodb: Query (open cases)", error))?;
    let mut ended = 0;
    for row in answer.items.unwrap_or_default() {
        // IAM does not restrict the attributes by which an index leads to rows.
        let case = key_of(&row).as_ref().and_then(keys::parse_case);
        if let Some(case) = case.filter(|case| case.scope == scope) {
            let end = table.end_case(scope, case.conversation_id, &[], now);
            Box::pin(end).await?;
            ended += 1;
        }
    }
    let behind = answer.last_evaluated_key.as_ref().map(Found::behind);
    Ok((ended, behind.map(|behind| Place { behind })))
}
