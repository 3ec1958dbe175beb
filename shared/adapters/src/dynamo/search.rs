//! The search index: the orders beside records, the rows that follow them, and pages of hits (SPEC C22–C31, B41).
//!
//! | row | content |
//! |---|---|
//! | `INDEX`, beside a record | the order to bring the index in line with the record; of a chat user also the requests that the person made |
//! | `INDEXED` | the texts under which the record is in the index. Its version is the condition of every change of rows, so that of two workers one wins |
//! | suffixes | the rows that a search reads |

mod hits;
mod orders;
mod pages;
mod writer;

pub(super) use hits::{Candidate, Searching, SearchingFor, rows_of};
pub(super) use orders::{IndexOrderItem, OrderedIndex};

use super::{
    items::ChatUserItem,
    keys,
    lease::{SETTLED, settled_by},
    marks::Marked,
    table::{Conditional, Table, n, s},
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::user::ChatUser,
    ids::LeaseId,
    ports::{Claim, IndexedPage, Lease, Postponement, SearchIndexer},
    search::{
        IndexRecord, ProjectPlace, SearchField, SearchTarget, SearchText, texts_of_chat_user,
        texts_of_end_user,
    },
};
use vestibule_search::Field;

/// See [`SearchIndexer`].
#[derive(Debug, Clone)]
pub struct DynamoSearchIndex {
    table: Table,
}

impl DynamoSearchIndex {
    /// Makes the index on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

/// The texts in the form in which they are searched.
pub(super) fn fields(texts: &[SearchText]) -> Vec<Field<'_, SearchField>> {
    let texts = texts.iter();
    texts
        .map(|text| Field::new(text.field, &text.text, text.is_phone))
        .collect()
}

impl Table {
    /// Reads the searched texts of a record; `None` if there is none.
    async fn searched_texts(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<Option<Vec<SearchText>>, PortError> {
        Ok(match target {
            SearchTarget::EndUser(id) => {
                let user = self.end_user(scope, id).await?;
                user.map(|user| texts_of_end_user(&user, None))
            }
            SearchTarget::ChatUser(id) => {
                let key = keys::chat_user(scope, id);
                let item: Option<ChatUserItem> = self.get(&key, "chat user").await?;
                item.map(|item| texts_of_chat_user(&ChatUser::from(item)))
            }
        })
    }
}

#[async_trait]
impl SearchIndexer for DynamoSearchIndex {
    async fn claim_indexing(
        &self,
        job: IndexRecord,
        lease: &Lease,
    ) -> Result<Claim<u32>, PortError> {
        let claim = self
            .table
            .claim(job.into(), lease, "order to index")
            .await?;
        Ok(claim.map(|item: IndexOrderItem| item.attempts))
    }

    async fn index_record(
        &self,
        scope: ProjectScope,
        target: SearchTarget,
    ) -> Result<bool, PortError> {
        let indexed = self.table.indexed(scope, target).await?;
        // Read after the row whose version is the condition of the write: what another worker wrote by an earlier
        // state of the record is then seen here, or stands in the way.
        let texts = self.table.searched_texts(scope, target).await?;
        self.table
            .index(scope, (target, texts.as_deref()), indexed)
            .await?;
        Ok(texts.is_some())
    }

    async fn settle_indexing(
        &self,
        job: IndexRecord,
        lease: LeaseId,
        has_record: bool,
    ) -> Result<(), PortError> {
        let order = Marked::by(job.into()).key;
        if !has_record {
            return self.table.delete_claimed(&order, lease).await;
        }
        let update = self.table.update_part(
            &order,
            &format!("SET settled_lease = :lease, version = version + :one REMOVE {SETTLED}"),
            "lease_id = :lease",
            &[],
            &[(":lease", s(lease)), (":one", n(1))],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(_) => Ok(()),
            Conditional::Failed(row) => settled_by(row, lease),
        }
    }

    async fn postpone_indexing(
        &self,
        job: IndexRecord,
        lease: LeaseId,
        attempts: u32,
        until: Timestamp,
    ) -> Result<(), PortError> {
        let postponement = Postponement::failed(attempts, until);
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn index_page(
        &self,
        scope: ProjectScope,
        place: &ProjectPlace,
        only_checks: bool,
    ) -> Result<IndexedPage, PortError> {
        self.table.index_page(scope, place, only_checks).await
    }
}
