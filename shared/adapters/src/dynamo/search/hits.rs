//! Pages of hits. The index leads to candidates, in the order of their suffixes; each is checked against its record.

use super::fields;
use crate::{
    aws::port_error,
    dynamo::{
        keys::{self, Key, PK, SK},
        lists::{open_cursor, seal_cursor},
        table::{Attributes, Table, n, s},
    },
    vault::KmsVault,
};
use std::collections::HashMap;
use vestibule_domain::{
    PortError, ProjectScope,
    ids::{ChatUserId, EndUserId},
    page::{Cursor, ListError, PageRequest},
    search::{SearchKind, SearchTarget, SearchText},
};
use vestibule_search::{Lookup, Terms, find, first_row};

/// Maximum number of queries for one page.
const ROUNDS_MAX: usize = 4;
/// Maximum number of candidates of a round, whose records are one batch read.
const CANDIDATES_MAX: usize = 100;
/// Name of the part of a place that tells how far the last candidate's own records were listed.
const INNER: &str = "inner";

/// The subject of a search.
#[derive(Debug, Clone, Copy)]
pub(in crate::dynamo) struct SearchingFor<'a> {
    pub(in crate::dynamo) scope: ProjectScope,
    pub(in crate::dynamo) kind: SearchKind,
    pub(in crate::dynamo) terms: &'a Terms,
    /// The rest of the filter, to which cursors are bound; empty without one. With one, few candidates may be kept.
    pub(in crate::dynamo) filter: &'a str,
    /// Most candidates of a round.
    pub(in crate::dynamo) most: usize,
}

/// A row of the index that may lead to a hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dynamo) struct Candidate {
    target: SearchTarget,
    suffix: String,
    sk: String,
}

impl Candidate {
    /// The chat user, if it is one.
    pub(in crate::dynamo) const fn chat_user(&self) -> Option<ChatUserId> {
        match self.target {
            SearchTarget::ChatUser(id) => Some(id),
            SearchTarget::EndUser(_) => None,
        }
    }

    /// The end user, if it is one.
    pub(in crate::dynamo) const fn end_user(&self) -> Option<EndUserId> {
        match self.target {
            SearchTarget::EndUser(id) => Some(id),
            SearchTarget::ChatUser(_) => None,
        }
    }
}

/// A page of hits in the making.
pub(in crate::dynamo) struct Searching<'a> {
    of: SearchingFor<'a>,
    lookup: Lookup,
    limit: usize,
    rounds: usize,
    /// The sort key behind which the next candidate is.
    behind: Option<String>,
    /// The candidate whose own records were listed in part, and the last of these.
    inner: Option<(String, String)>,
    /// Candidates of the round that were not passed.
    left: usize,
    /// The place behind the round; `None` if nothing follows.
    end: Option<String>,
    is_over: bool,
}

impl<'a> Searching<'a> {
    /// Begins at the page's cursor.
    pub(in crate::dynamo) async fn begin(
        of: SearchingFor<'a>,
        page: &PageRequest,
        vault: &KmsVault,
    ) -> Result<Self, ListError> {
        let mut searching = Self {
            of,
            lookup: of.terms.lookup(),
            limit: usize::from(page.limit),
            rounds: 0,
            behind: None,
            inner: None,
            left: 0,
            end: None,
            is_over: false,
        };
        if let Some(cursor) = &page.cursor {
            let place = open_cursor(vault, cursor, &searching.context()).await?;
            let text = |name: &str| place.get(name)?.as_s().ok().cloned();
            searching.behind = text(SK);
            searching.inner = text(PK).zip(text(INNER));
        }
        Ok(searching)
    }

    /// The context that a cursor of this search is bound to.
    fn context(&self) -> String {
        let SearchingFor {
            scope,
            kind,
            terms,
            filter,
            ..
        } = self.of;
        let partition = keys::suffixes(scope, kind, self.lookup.first);
        format!("cursor|search|{partition}|{terms}|{filter}")
    }

    /// Whether candidates may be hits of the longest word and no hits all the same, by more than a change that the
    /// index has not followed yet.
    fn is_selective(&self) -> bool {
        self.of.terms.words().len() > 1 || !self.of.filter.is_empty()
    }

    /// Reads the next candidates, once `found` hits were found; `None` when the page ends. A search for one word, without
    /// a filter, takes one round for a page that is not empty.
    pub(in crate::dynamo) async fn round(
        &mut self,
        table: &Table,
        found: usize,
    ) -> Result<Option<Vec<Candidate>>, PortError> {
        let is_enough = found >= self.limit || (found > 0 && !self.is_selective());
        if self.is_over || is_enough || self.rounds >= ROUNDS_MAX {
            return Ok(None);
        }
        self.rounds += 1;
        let wanted = if self.is_selective() {
            self.of.most
        } else {
            self.limit.min(self.of.most)
        };
        let (candidates, end) = self.query(table, wanted).await?;
        self.left = candidates.len();
        self.end = end;
        if candidates.is_empty() {
            self.end_round();
        }
        Ok(Some(candidates))
    }

    /// Notes that everything about a candidate is on the page, or nothing is to be.
    pub(in crate::dynamo) fn pass(&mut self, candidate: &Candidate) {
        self.behind = Some(candidate.sk.clone());
        self.inner = None;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.end_round();
        }
    }

    /// Notes that the candidate's own records are on the page up to this one.
    pub(in crate::dynamo) fn stop_in(&mut self, candidate: &Candidate, last: String) {
        self.inner = Some((candidate.sk.clone(), last));
    }

    /// The last of the candidate's own records that an earlier page listed.
    pub(in crate::dynamo) fn listed_of(&self, candidate: &Candidate) -> Option<&str> {
        let (of, last) = self.inner.as_ref()?;
        (*of == candidate.sk).then_some(last.as_str())
    }

    fn end_round(&mut self) {
        match self.end.take() {
            Some(end) => self.behind = Some(end),
            None => self.is_over = true,
        }
    }

    /// Whether a candidate is a hit, by its record's texts as they are, and is listed by this row of the index and no
    /// other.
    pub(in crate::dynamo) fn is_hit(&self, candidate: &Candidate, texts: &[SearchText]) -> bool {
        let fields = fields(texts);
        first_row(&fields, self.of.terms).as_ref() == Some(&candidate.suffix)
            && find(&fields, self.of.terms).is_some()
    }

    /// Ends the page.
    pub(in crate::dynamo) async fn end(
        self,
        vault: &KmsVault,
    ) -> Result<Option<Cursor>, ListError> {
        if self.is_over {
            return Ok(None);
        }
        let mut place = Attributes::new();
        if let Some(behind) = &self.behind {
            place.insert(SK.to_owned(), s(behind));
        }
        if let Some((of, last)) = &self.inner {
            place.insert(PK.to_owned(), s(of));
            place.insert(INNER.to_owned(), s(last));
        }
        seal_cursor(vault, &place, &self.context()).await.map(Some)
    }

    /// Reads rows of the index, and returns the place behind them if more follow.
    async fn query(
        &self,
        table: &Table,
        wanted: usize,
    ) -> Result<(Vec<Candidate>, Option<String>), PortError> {
        let wanted = wanted.min(CANDIDATES_MAX);
        let partition = keys::suffixes(self.of.scope, self.of.kind, self.lookup.first);
        let start = self.behind.as_ref().map(|behind| {
            Attributes::from([(PK.to_owned(), s(&partition)), (SK.to_owned(), s(behind))])
        });
        let rows = rows_for(wanted, self.lookup.length);
        let answer = table
            .client
            .query()
            .table_name(&table.name)
            .key_condition_expression(format!("{PK} = :part AND begins_with({SK}, :prefix)"))
            .filter_expression("counts_from <= :length")
            .expression_attribute_values(":part", s(&partition))
            .expression_attribute_values(":prefix", s(&self.lookup.prefix))
            .expression_attribute_values(":length", n(self.lookup.length))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(rows).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (search)", error))?;
        let sort_key = |row: &Attributes| row.get(SK)?.as_s().ok().cloned();
        let mut end = answer.last_evaluated_key.as_ref().and_then(sort_key);
        let mut candidates = Vec::new();
        for sk in answer.items.iter().flatten().filter_map(sort_key) {
            let Some((suffix, target)) = keys::parse_suffix(self.of.kind, &sk) else {
                continue;
            };
            candidates.push(Candidate {
                target,
                suffix: suffix.to_owned(),
                sk,
            });
        }
        if candidates.len() > wanted {
            candidates.truncate(wanted);
            end = candidates.last().map(|candidate| candidate.sk.clone());
        }
        Ok((candidates, end))
    }
}

/// Reads the rows of candidates. The index may lead to one record twice while it is not in line.
pub(in crate::dynamo) async fn rows_of(
    table: &Table,
    keys: &[Key],
) -> Result<HashMap<Key, Attributes>, PortError> {
    let mut wanted: Vec<Key> = Vec::new();
    for key in keys {
        if !wanted.contains(key) {
            wanted.push(key.clone());
        }
    }
    table.get_batch(&wanted).await
}

/// Number of rows in which about so many candidates are, for a word of this length. A short word occurs several times in
/// one record, and counts at its first place alone.
const fn rows_for(candidates: usize, length: usize) -> usize {
    match length {
        1 => candidates * 4,
        2 => candidates * 2,
        _ => candidates + candidates / 4 + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_largest_size_is_one_answer_of_the_table() {
        for length in [1, 2, 3, 32] {
            let rows = rows_for(CANDIDATES_MAX, length);
            assert!(
                rows > CANDIDATES_MAX,
                "one more row tells whether more follow"
            );
            // A row has two keys of at most 250 and 160 bytes, and a number.
            assert!(rows * 512 < 1_000_000, "{rows}");
        }
    }
}
