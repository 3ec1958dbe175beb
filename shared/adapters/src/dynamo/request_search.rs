//! Access requests of the people who are hits of a search (SPEC B41).

use super::{
    beside::shared,
    items::{AccessRequestItem, ChatUserItem},
    keys,
    search::{Candidate, IndexOrderItem, Searching, SearchingFor, rows_of},
    table::Table,
};
use crate::vault::KmsVault;
use vestibule_domain::{
    ProjectScope,
    access::request::AccessRequest,
    chat::user::ChatUser,
    ids::AccessRequestId,
    page::{ListError, Page, PageRequest},
    ports::AccessRequestFilter,
    search::{SearchKind, SearchTarget, texts_of_chat_user},
};
use vestibule_search::Terms;

/// Most people whose requests are looked for at once: a batch read is for a hundred rows, two of each.
const PEOPLE_MAX: usize = 50;
/// Most requests of one person that are looked at: a batch read.
const REQUESTS_MAX: usize = 100;

/// Reads a page of the requests: person by person in the order of the search, those of one person in a fixed order.
pub(super) async fn page(
    table: &Table,
    vault: &KmsVault,
    (scope, filter, terms): (ProjectScope, &AccessRequestFilter, &Terms),
    page: &PageRequest,
) -> Result<Page<AccessRequest>, ListError> {
    let rest = filter.rest();
    let of = SearchingFor {
        scope,
        kind: SearchKind::ChatUsers,
        terms,
        filter: &rest,
        most: PEOPLE_MAX,
    };
    let limit = usize::from(page.limit);
    let mut searching = Searching::begin(of, page, vault).await?;
    let mut items: Vec<AccessRequest> = Vec::new();
    while let Some(candidates) = searching.round(table, items.len()).await? {
        let places: Vec<(keys::Key, keys::Key)> = candidates
            .iter()
            .filter_map(Candidate::chat_user)
            .map(|id| {
                let target = SearchTarget::ChatUser(id);
                (keys::chat_user(scope, id), keys::index_order(scope, target))
            })
            .collect();
        let wanted: Vec<keys::Key> = places
            .iter()
            .flat_map(|(user, order)| [user.clone(), order.clone()])
            .collect();
        let rows = rows_of(table, &wanted).await?;
        let mut asked: Vec<Asked> = Vec::new();
        for (candidate, (user, order)) in candidates.iter().zip(&places) {
            let user: Option<ChatUserItem> = shared(&rows, user, "chat user")?;
            let order: Option<IndexOrderItem> = shared(&rows, order, "order to index")?;
            let is_hit = user
                .map(ChatUser::from)
                .is_some_and(|user| searching.is_hit(candidate, &texts_of_chat_user(&user)));
            let ids = order
                .filter(|_| is_hit)
                .map_or_else(Vec::new, |order| order.asked);
            asked.push(Asked::behind(searching.listed_of(candidate), ids));
        }
        let mut requests = read(table, scope, &asked).await?.into_iter();
        'people: for (candidate, asked) in candidates.iter().zip(&asked) {
            if items.len() == limit {
                break;
            }
            for request in requests.by_ref().take(asked.ids.len()).flatten() {
                if items.len() == limit {
                    if let Some(last) = items.last() {
                        searching.stop_in(candidate, last.id.to_string());
                    }
                    break 'people;
                }
                if filter.keeps(&request) {
                    items.push(request);
                }
            }
            if let Some(last) = asked.ids.last().filter(|_| asked.has_more) {
                searching.stop_in(candidate, last.to_string());
                break;
            }
            searching.pass(candidate);
        }
    }
    Ok(Page {
        items,
        next: searching.end(vault).await?,
    })
}

/// Requests that a person made.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    ids: Vec<AccessRequestId>,
    /// Whether others follow.
    has_more: bool,
}

impl Asked {
    /// The requests behind the one that an earlier page listed last, in the order of their ids.
    fn behind(listed: Option<&str>, mut ids: Vec<AccessRequestId>) -> Self {
        ids.retain(|id| listed.is_none_or(|last| last < id.to_string().as_str()));
        ids.sort_by_cached_key(ToString::to_string);
        let has_more = ids.len() > REQUESTS_MAX;
        ids.truncate(REQUESTS_MAX);
        Self { ids, has_more }
    }
}

/// Reads the requests of all these people, in order; `None` for those that are gone.
async fn read(
    table: &Table,
    scope: ProjectScope,
    asked: &[Asked],
) -> Result<Vec<Option<AccessRequest>>, ListError> {
    let places: Vec<keys::Key> = asked
        .iter()
        .flat_map(|asked| &asked.ids)
        .map(|id| keys::access_request(scope, *id))
        .collect();
    let rows = rows_of(table, &places).await?;
    let mut found = Vec::new();
    for key in &places {
        let item: Option<AccessRequestItem> = shared(&rows, key, "access request")?;
        found.push(item.map(AccessRequest::from));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requests_of_one_person_are_listed_on_from_the_last_one_and_a_hundred_at_a_time() {
        let mut ids: Vec<AccessRequestId> = (0..150)
            .map(|number| AccessRequestId::derive(&[&number.to_string()]))
            .collect();
        let first = Asked::behind(None, ids.clone());
        assert_eq!((first.ids.len(), first.has_more), (REQUESTS_MAX, true));
        let last = first.ids.last().map(ToString::to_string);
        let rest = Asked::behind(last.as_deref(), ids.clone());
        assert_eq!((rest.ids.len(), rest.has_more), (50, false));
        ids.sort_by_cached_key(ToString::to_string);
        assert_eq!([first.ids, rest.ids].concat(), ids);
    }
}
