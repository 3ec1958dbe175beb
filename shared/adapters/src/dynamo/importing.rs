//! The store of imports, for the worker.

use super::{
    credentials::project_state,
    items::{
        EndUserItem, ImportChunkItem, ImportErrorItem, ImportItem, PhoneItem, RunningImportItem,
    },
    keys,
    lease::{LOST, SETTLED, settled_by},
    proof::Authorship,
    table::{
        Cancelled, Conditional, Table, Transacted, delete_write, from_row, n, put_write, s, take,
        to_value, update_write,
    },
};
use async_trait::async_trait;
use data_encoding::BASE64;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::actor::{Actor, RightsHolder},
    directory::{
        end_user::EndUser,
        import::{Import, ImportError, ImportStop, ImportUsers, Starter},
        phone::PhoneKey,
    },
    event::AuditEntry,
    ids::LeaseId,
    ports::{
        Claim, ClaimedImport, EndUserCreated, EndUserUpdated, Holders, ImportWork, Lease,
        Postponement,
    },
};

const WHAT: &str = "import";
/// Most writes of one transaction.
const WRITES_MAX: usize = 100;
/// Most chunks that one transaction removes: the sizes of its rows count.
const REMOVED_MAX: usize = 10;

/// See [`ImportWork`].
#[derive(Debug, Clone)]
pub struct DynamoImporting {
    table: Table,
}

impl DynamoImporting {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads whoever started a run, as they are on record.
    async fn starter(&self, scope: AccountScope, author: &Actor) -> Result<Starter, PortError> {
        let found = match author.rights_holder() {
            Some(RightsHolder::Member(id)) => {
                let standing = self.table.member_standing(scope, id).await?;
                standing.map(|standing| Starter::Member(Box::new(standing)))
            }
            Some(RightsHolder::ApiKey(id)) => match self.table.find_key_of_id(scope, id).await? {
                Some(key) => {
                    let owner = self.table.owner_of(scope, &key).await?;
                    Some(Starter::ApiKey(Box::new(key), owner.map(Box::new)))
                }
                None => None,
            },
            None => None,
        };
        Ok(found.unwrap_or(Starter::Nobody))
    }
}

/// State and progress, for an update.
const PROGRESS: &str = "import_status = :status, progress = :progress, updated_at = :at";

#[async_trait]
impl ImportWork for DynamoImporting {
    async fn claim_import(
        &self,
        job: ImportUsers,
        lease: &Lease,
    ) -> Result<Claim<ClaimedImport>, PortError> {
        let claim = self.table.claim(job.into(), lease, WHAT).await?;
        Ok(claim.map(|item: ImportItem| ClaimedImport {
            attempt: item.attempts,
            import: item.into_import(job.scope),
        }))
    }

    async fn hand_on_import(
        &self,
        job: ImportUsers,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError> {
        self.table.postpone(job.into(), lease, postponement).await
    }

    async fn import_chunk(
        &self,
        import: &Import,
        upload: &str,
        chunk: u16,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let key = keys::import_chunk(import.scope, import.id, upload, chunk);
        let item: Option<ImportChunkItem> = self.table.get(&key, "part of a file").await?;
        let Some(item) = item else {
            return Ok(None);
        };
        let bytes = BASE64.decode(item.content.as_bytes());
        let wrong = |_| PortError::corrupt("part of a file", "it is not base64");
        bytes.map(Some).map_err(wrong)
    }

    async fn holders(
        &self,
        scope: ProjectScope,
        phones: &[PhoneKey],
    ) -> Result<Holders, PortError> {
        let places: Vec<_> = phones
            .iter()
            .map(|phone| keys::phone(scope, phone))
            .collect();
        let mut rows = self.table.get_batch(&places).await?;
        let mut found = Holders::new();
        let mut held = Vec::new();
        for (phone, key) in phones.iter().zip(&places) {
            match take::<PhoneItem>(&mut rows, key, "phone number") {
                Ok(Some(item)) => held.push((phone, keys::end_user(scope, item.end_user_id))),
                Ok(None) => {}
                Err(error) => {
                    found.insert(phone.clone(), Err(error));
                }
            }
        }
        let places: Vec<_> = held.iter().map(|(_, key)| key.clone()).collect();
        let mut rows = self.table.get_batch(&places).await?;
        for (phone, key) in held {
            let holder = take::<EndUserItem>(&mut rows, &key, "end user").transpose();
            let holder = holder.map(|item| item.map(|item| item.into_end_user(scope)));
            found.extend(holder.map(|holder| (phone.clone(), holder)));
        }
        Ok(found)
    }

    async fn save_import_errors(
        &self,
        import: &Import,
        first: u64,
        errors: &[ImportError],
    ) -> Result<(), PortError> {
        let numbered: Vec<_> = (first..).zip(errors).collect();
        for some in numbered.chunks(WRITES_MAX) {
            let mut writes = Vec::new();
            for (number, error) in some {
                let item = ImportErrorItem::new(import, *number, error);
                writes.push(put_write(self.table.replacing_part(&item)?));
            }
            if let Transacted::Cancelled(_) = self.table.transact(writes).await? {
                return Err(PortError::Conflict { what: WHAT });
            }
        }
        Ok(())
    }

    async fn save_import(&self, import: &Import, lease: &Lease) -> Result<bool, PortError> {
        let update = self.table.update_part(
            &keys::import(import.scope, import.id),
            &format!(
                "SET {PROGRESS}, lease_until = :until, attempts = :one, version = version + :one"
            ),
            "lease_id = :lease",
            &[],
            &[
                (":status", s(import.status.key())),
                (":progress", to_value(&import.progress)?),
                (":at", s(lease.now)),
                (":until", n(lease.now.plus(lease.time).millis())),
                (":one", n(1)),
                (":lease", s(lease.id)),
            ],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(Some(row)) => {
                let item: ImportItem = from_row(row, WHAT)?;
                Ok(item.into_import(import.scope).is_cancelled)
            }
            Conditional::Done(None) | Conditional::Failed(_) => Err(LOST),
        }
    }

    async fn import_stop(
        &self,
        import: &Import,
        now: Timestamp,
    ) -> Result<Option<ImportStop>, PortError> {
        let account = import.scope.account();
        let place = keys::project(account, import.scope.project_id());
        let wanted = [place.clone()];
        let (mut rows, starter) = tokio::try_join!(
            self.table.get_batch(&wanted),
            self.starter(account, &import.author)
        )?;
        let project = project_state(rows.remove(&place))?;
        Ok(ImportStop::of(project, &starter, now))
    }

    async fn add_imported(
        &self,
        user: &EndUser,
        audit: &AuditEntry,
    ) -> Result<EndUserCreated, PortError> {
        let author = Authorship::Order(audit);
        self.table.add_end_user(user, author).await
    }

    async fn change_imported(
        &self,
        before: &EndUser,
        after: &EndUser,
        audit: &AuditEntry,
    ) -> Result<EndUserUpdated, PortError> {
        let author = Authorship::Order(audit);
        self.table.change_end_user(before, after, author).await
    }

    async fn remove_import_file(&self, import: &Import) -> Result<(), PortError> {
        let mut places = Vec::new();
        for part in import.parts.values() {
            places.extend(
                (1..=part.chunks)
                    .map(|chunk| keys::import_chunk(import.scope, import.id, &part.upload, chunk)),
            );
        }
        for some in places.chunks(REMOVED_MAX) {
            let mut writes = Vec::new();
            for key in some {
                writes.push(delete_write(self.table.removal_part(key)?));
            }
            if let Transacted::Cancelled(_) = self.table.transact(writes).await? {
                return Err(PortError::Conflict { what: WHAT });
            }
        }
        Ok(())
    }

    async fn finish_import(&self, import: &Import, lease: LeaseId) -> Result<(), PortError> {
        let update = self.table.update_part(
            &keys::import(import.scope, import.id),
            &format!(
                "SET {PROGRESS}, settled_lease = :lease, version = version + :one REMOVE {SETTLED}"
            ),
            "lease_id = :lease",
            &[],
            &[
                (":status", s(import.status.key())),
                (":progress", to_value(&import.progress)?),
                (":at", s(import.updated_at)),
                (":one", n(1)),
                (":lease", s(lease)),
            ],
        )?;
        let mut writes = vec![update_write(update)];
        let key = keys::running_import(import.scope);
        let running: Option<RunningImportItem> = self.table.get(&key, WHAT).await?;
        if running.is_some_and(|running| running.import_id == import.id) {
            let own = [(":id", s(import.id))];
            let free = "attribute_not_exists(pk) OR import_id = :id";
            let delete = self.table.delete_part(&key, free, &own)?;
            writes.push(delete_write(delete));
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(row)) => settled_by(row, lease),
                _ => Err(PortError::Conflict { what: WHAT }),
            },
        }
    }
}
