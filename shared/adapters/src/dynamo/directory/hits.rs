//! End users who are hits of a search (SPEC C22–C31).

use crate::{
    dynamo::{
        beside::shared,
        items::EndUserItem,
        keys,
        search::{Candidate, Searching, SearchingFor, rows_of},
        table::Table,
    },
    vault::KmsVault,
};
use vestibule_domain::{
    ProjectScope,
    directory::end_user::EndUser,
    page::{ListError, PAGE_MAX, Page, PageRequest},
    ports::EndUserFilter,
    search::{SearchKind, texts_of_end_user},
};
use vestibule_search::Terms;

/// Reads a page of the hits.
pub(super) async fn page(
    table: &Table,
    vault: &KmsVault,
    (scope, filter, terms): (ProjectScope, &EndUserFilter, &Terms),
    page: &PageRequest,
) -> Result<Page<EndUser>, ListError> {
    let rest = filter.rest();
    let of = SearchingFor {
        scope,
        kind: SearchKind::EndUsers,
        terms,
        filter: &rest,
        most: usize::from(PAGE_MAX),
    };
    let mut searching = Searching::begin(of, page, vault).await?;
    let mut items: Vec<EndUser> = Vec::new();
    while let Some(candidates) = searching.round(table, items.len()).await? {
        let places: Vec<keys::Key> = candidates
            .iter()
            .filter_map(Candidate::end_user)
            .map(|id| keys::end_user(scope, id))
            .collect();
        let rows = rows_of(table, &places).await?;
        for (candidate, key) in candidates.iter().zip(&places) {
            if items.len() == usize::from(page.limit) {
                break;
            }
            let item: Option<EndUserItem> = shared(&rows, key, "end user")?;
            let user = item.map(|item| item.into_end_user(scope)).filter(|user| {
                searching.is_hit(candidate, &texts_of_end_user(user, None)) && filter.keeps(user)
            });
            items.extend(user);
            searching.pass(candidate);
        }
    }
    Ok(Page {
        items,
        next: searching.end(vault).await?,
    })
}
