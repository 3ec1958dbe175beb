//! The store of erasures: their progress, and the removal of rows.

use super::{
    erased_environment, erased_history, erased_people, erased_project,
    items::ErasureItem,
    keys,
    table::{Cancelled, Conditional, Table, Transacted, delete_write, from_row, n, s},
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, Timestamp,
    erasure::{EraseData, Erasure, ErasureTarget},
    ids::LeaseId,
    ports::{Claim, ErasedPage, Eraser, Lease, Postponement, Resume},
};

/// See [`Eraser`].
#[derive(Debug, Clone)]
pub struct DynamoErasures {
    table: Table,
}

impl DynamoErasures {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }
}

#[async_trait]
impl Eraser for DynamoErasures {
    async fn claim_erasure(
        &self,
        job: EraseData,
        lease: &Lease,
    ) -> Result<Claim<Erasure>, PortError> {
        let claim = self.table.claim(job.into(), lease, "erasure").await?;
        Ok(claim.map(|item: ErasureItem| item.into()))
    }

    async fn postpone_erasure(
        &self,
        job: EraseData,
        lease: LeaseId,
        until: Timestamp,
    ) -> Result<(), PortError> {
        // An erasure is never given up, so its attempts are not counted.
        let postponement = Postponement::failed(0, until);
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn erase_page(&self, erasure: &Erasure, now: Timestamp) -> Result<ErasedPage, PortError> {
        match erasure.target {
            ErasureTarget::ChatUser(id) => erased_people::page(&self.table, erasure, id, now).await,
            ErasureTarget::History => erased_history::page(&self.table, erasure, now).await,
            ErasureTarget::Environment(id) => {
                erased_environment::page(&self.table, erasure, id, now).await
            }
            ErasureTarget::Project => erased_project::page(&self.table, erasure, now).await,
        }
    }

    async fn save_erasure(&self, erasure: &Erasure, resume: Resume) -> Result<bool, PortError> {
        let next = Erasure {
            version: erasure.version + 1,
            ..erasure.clone()
        };
        let item = match resume {
            Resume::Enqueued(lost_at) => ErasureItem::new(&next, lost_at),
            Resume::At(at) => ErasureItem::later(&next, at),
        };
        let put = self.table.put_part(
            &item,
            UNTOUCHED,
            &[
                (":read", n(erasure.version)),
                (":ordered", s(erasure.since)),
            ],
        )?;
        match self.table.put(put).await? {
            Conditional::Done(_) => Ok(true),
            // Check whether an earlier attempt of this call took effect and its answer was lost.
            Conditional::Failed(Some(row)) => Ok(from_row::<ErasureItem>(row, "erasure")? == item),
            Conditional::Failed(None) => Ok(false),
        }
    }

    async fn finish_erasure(&self, erasure: &Erasure) -> Result<bool, PortError> {
        let delete = self.table.delete_part(
            &keys::erasure(erasure.scope, erasure.target),
            &format!("attribute_not_exists(pk) OR ({UNTOUCHED})"),
            &[
                (":read", n(erasure.version)),
                (":ordered", s(erasure.since)),
            ],
        )?;
        match self.table.transact(vec![delete_write(delete)]).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => {
                let mut reasons = reasons.into_iter();
                match reasons.next() {
                    Some(Cancelled::Condition(_)) => Ok(false),
                    _ => Err(PortError::Conflict { what: "erasure" }),
                }
            }
        }
    }
}

/// No other worker changed the erasure, and no later order replaced it.
const UNTOUCHED: &str = "version = :read AND since = :ordered";
