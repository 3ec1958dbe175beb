//! All records of a project, a page at a time: written anew, or checked.

use super::{
    IndexOrderItem,
    writer::{IndexedItem, SuffixItem, whole_of},
};
use crate::{
    aws::port_error,
    dynamo::{
        erased_rows::list_start,
        items::{AccessRequestItem, ChatUserItem, EndUserItem},
        keys::{self, ALL_PK, ALL_SK, Key},
        table::{Attributes, Table, from_row, key_of, take},
    },
};
use vestibule_domain::{
    PortError, ProjectScope,
    access::request::AccessRequest,
    chat::user::ChatUser,
    ports::IndexedPage,
    search::{ProjectList, ProjectPlace, SearchTarget, SearchText},
};

/// Number of records on a page. Each may have two hundred rows.
const PAGE: i32 = 25;

impl Table {
    /// See [`vestibule_domain::ports::SearchIndexer::index_page`].
    pub(super) async fn index_page(
        &self,
        scope: ProjectScope,
        place: &ProjectPlace,
        only_checks: bool,
    ) -> Result<IndexedPage, PortError> {
        let (rows, behind) = self.records(scope, place).await?;
        let records = rows.len();
        let mut differences = 0;
        for row in rows {
            let Some(key) = key_of(&row) else { continue };
            let target = match place.list {
                ProjectList::EndUsers => {
                    let item: EndUserItem = from_row(row, "end user")?;
                    // IAM does not restrict the keys of a list.
                    let Some(id) = item.id_in(scope) else {
                        continue;
                    };
                    SearchTarget::EndUser(id)
                }
                ProjectList::ChatUsers => {
                    let user = ChatUser::from(from_row::<ChatUserItem>(row, "chat user")?);
                    if key != keys::chat_user(scope, user.id) {
                        continue;
                    }
                    SearchTarget::ChatUser(user.id)
                }
                ProjectList::AccessRequests => {
                    let item: AccessRequestItem = from_row(row, "access request")?;
                    let request = AccessRequest::from(item);
                    if request.scope == scope {
                        let is_noted = self.note_asked(&request, only_checks).await?;
                        differences += usize::from(!is_noted);
                    }
                    continue;
                }
            };
            let is_in_line = if only_checks {
                self.is_in_line(scope, target).await?
            } else {
                self.write_anew(scope, target).await?
            };
            differences += usize::from(!is_in_line);
        }
        let next = match behind {
            Some(_) => Some(ProjectPlace {
                list: place.list,
                behind,
            }),
            None => place
                .list
                .next()
                .map(|list| ProjectPlace { list, behind: None }),
        };
        Ok(IndexedPage {
            records,
            differences,
            next,
        })
    }

    /// Reads a page of a list, and the place behind it if more follow.
    async fn records(
        &self,
        scope: ProjectScope,
        place: &ProjectPlace,
    ) -> Result<(Vec<Attributes>, Option<String>), PortError> {
        let list = match place.list {
            ProjectList::EndUsers => keys::end_users(scope),
            ProjectList::ChatUsers => keys::chat_users(scope, None),
            ProjectList::AccessRequests => keys::access_requests(scope, None),
        };
        let key_in = |id: &str| -> Option<Key> {
            Some(match place.list {
                ProjectList::EndUsers => keys::end_user(scope, id.parse().ok()?),
                ProjectList::ChatUsers => keys::chat_user(scope, id.parse().ok()?),
                ProjectList::AccessRequests => keys::access_request(scope, id.parse().ok()?),
            })
        };
        let start = place
            .behind
            .as_deref()
            .and_then(|at| list_start((ALL_PK, ALL_SK), (list.as_str(), at), key_in));
        let answer = self
            .list_query(&list)
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (records to index)", error))?;
        let behind = answer
            .last_evaluated_key
            .as_ref()
            .and_then(|key| key.get(ALL_SK)?.as_s().ok().cloned());
        Ok((answer.items.unwrap_or_default(), behind))
    }

    /// Writes all rows of a record, whatever is there. Returns whether the record was in line by its own word.
    async fn write_anew(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<bool, PortError> {
        let indexed = self.indexed(scope, target).await?;
        let whole = whole_of(self.searched_texts(scope, target).await?.as_deref());
        let is_in_line = indexed
            .as_ref()
            .is_some_and(|item| item.is_in_line(whole.as_ref()));
        let doubted = indexed.map(IndexedItem::in_doubt);
        if whole.is_some() || doubted.is_some() {
            self.write_rows(scope, (target, whole), doubted).await?;
        }
        Ok(is_in_line)
    }

    /// Whether a record is in the index under its texts, with all rows.
    async fn is_in_line(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<bool, PortError> {
        let indexed = self.indexed(scope, target).await?;
        let texts: Option<Vec<SearchText>> = self.searched_texts(scope, target).await?;
        let whole = whole_of(texts.as_deref());
        if !indexed.is_some_and(|item| item.is_in_line(whole.as_ref())) {
            return Ok(false);
        }
        let Some(whole) = whole else { return Ok(true) };
        let wanted = SuffixItem::all(scope, target, &whole);
        let places: Vec<Key> = wanted.iter().map(SuffixItem::key).collect();
        let mut found = self.get_batch(&places).await?;
        for (row, key) in wanted.iter().zip(&places) {
            let there: Option<SuffixItem> = take(&mut found, key, "suffix")?;
            if there.as_ref() != Some(row) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes a request beside the chat user who made it. Returns whether it was noted before.
    async fn note_asked(
        &self,
        request: &AccessRequest,
        only_checks: bool,
    ) -> Result<bool, PortError> {
        let (scope, id) = (request.scope, request.chat_user_id);
        let target = SearchTarget::ChatUser(id);
        let order: Option<IndexOrderItem> = self
            .get(&keys::index_order(scope, target), "order to index")
            .await?;
        if order.is_some_and(|order| order.asked.contains(&request.id)) {
            return Ok(true);
        }
        // A request may outlive its person's record, by which alone it could be found.
        let user: Option<ChatUserItem> = self.get(&keys::chat_user(scope, id), "chat user").await?;
        if user.is_none() {
            return Ok(true);
        }
        if !only_checks {
            let update = self.asked_update(scope, target, &[request.id])?;
            self.update(update).await?;
        }
        Ok(false)
    }
}
