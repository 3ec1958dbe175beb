//! Lists of access requests: by creation, and by the last message of those who wait.

use super::{
    items::{AccessRequestItem, StandingItem},
    keys,
    lists::{Index, List},
    request_search,
    table::{Table, from_row, s, take},
};
use crate::vault::KmsVault;
use aws_sdk_dynamodb::types::AttributeValue;
use std::fmt::Display;
use vestibule_domain::{
    PortError, ProjectScope,
    access::request::{AccessRequest, RequestStatus},
    page::{ListError, Page, PageRequest},
    ports::AccessRequestFilter,
};
use vestibule_search::Terms;

/// Reads a page of the project's requests.
pub(super) async fn page(
    table: &Table,
    vault: &KmsVault,
    scope: ProjectScope,
    filter: &AccessRequestFilter,
    page: &PageRequest,
) -> Result<Page<AccessRequest>, ListError> {
    if let Some(terms) = filter.query.as_deref().and_then(Terms::parse) {
        return request_search::page(table, vault, (scope, filter, &terms), page).await;
    }
    if filter.by_last_message {
        return by_last_message(table, vault, scope, filter, page).await;
    }
    let list = List {
        index: if filter.status.is_some() {
            Index::ByState
        } else {
            Index::All
        },
        from: filter.created_after.map(|at| at.to_string()),
        below: filter.created_before.map(|at| at.to_string()),
        any_of: [
            one_of("connector_id", &filter.connector_ids),
            one_of("provider", &filter.providers),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ..List::all(keys::access_requests(scope, filter.status))
    };
    let rows = table.page(&list, page, vault).await?;
    let requests = rows
        .items
        .into_iter()
        .map(|row| Ok(from_row::<AccessRequestItem>(row, "access request")?.into()))
        .collect::<Result<_, PortError>>()?;
    Ok(Page {
        items: requests,
        next: rows.next,
    })
}

/// Reads a page of the pending requests in the order of their last messages. The list leads to standings,
/// which each message writes anyway; the index may be behind, so each request says for itself whether it is
/// pending.
async fn by_last_message(
    table: &Table,
    vault: &KmsVault,
    scope: ProjectScope,
    filter: &AccessRequestFilter,
    page: &PageRequest,
) -> Result<Page<AccessRequest>, ListError> {
    let list = List {
        any_of: one_of("connector_id", &filter.connector_ids)
            .into_iter()
            .collect(),
        ..List::all(keys::waiting(scope))
    };
    let rows = table.page(&list, page, vault).await?;
    let mut wanted = Vec::new();
    for row in rows.items {
        let standing: StandingItem = from_row(row, "standing")?;
        wanted.extend(
            standing
                .request_id
                .map(|id| keys::access_request(scope, id)),
        );
    }
    let mut requests = requests(table, &wanted).await?;
    requests.retain(|request| request.status() == RequestStatus::Pending && filter.keeps(request));
    Ok(Page {
        items: requests,
        next: rows.next,
    })
}

/// Reads the requests with these keys, those that exist.
pub(super) async fn requests(
    table: &Table,
    keys: &[keys::Key],
) -> Result<Vec<AccessRequest>, PortError> {
    let mut rows = table.get_batch(keys).await?;
    let mut requests = Vec::new();
    for key in keys {
        let item: Option<AccessRequestItem> = take(&mut rows, key, "access request")?;
        requests.extend(item.map(AccessRequest::from));
    }
    Ok(requests)
}

/// Makes the filter of an attribute that has one of these values, if there are any.
fn one_of(
    attribute: &'static str,
    values: &[impl Display],
) -> Option<(&'static str, Vec<AttributeValue>)> {
    (!values.is_empty()).then(|| (attribute, values.iter().map(s).collect()))
}
