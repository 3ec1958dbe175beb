//! The store of imports, for those who make them.

use super::{
    items::{ImportChunkItem, ImportErrorItem, ImportItem, RunningImportItem},
    keys,
    lists::List,
    table::{
        Cancelled, Conditional, Table, Transacted, from_row, n, put_write, s, to_value,
        update_write,
    },
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use data_encoding::BASE64;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    account::proof::CallerProof,
    directory::import::{Import, ImportError, ImportPart, ImportStatus},
    ids::ImportId,
    page::{ListError, Order, Page, PageRequest},
    ports::{By, Created, ImportStarted, ImportStore, OUTBOX_PATIENCE},
};

const WHAT: &str = "import";
/// The error that an import changed since it was read.
const CHANGED: PortError = PortError::Conflict { what: WHAT };
/// Bytes of a chunk: 256 KiB in base64.
const CHUNK: usize = 192 * 1024;
/// Number of chunks that are written at once.
const CONCURRENCY: usize = 4;
/// The record is as it was read.
const AS_READ: &str = "version = :read";

/// See [`ImportStore`].
#[derive(Debug, Clone)]
pub struct DynamoImports {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoImports {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    async fn put_chunk(
        &self,
        import: &Import,
        place: (&str, u16),
        bytes: &[u8],
    ) -> Result<(), PortError> {
        let item = ImportChunkItem::new(import, place, BASE64.encode(bytes));
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        // Nobody else knows the name of the part: a row that is there is of an attempt whose answer was lost.
        self.table.put(put).await.map(|_| ())
    }

    /// Makes the write that asks the worker of an import that runs to end it.
    fn cancel_write(
        &self,
        import: &Import,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let update = self.table.update_part(
            &keys::import(import.scope, import.id),
            // One that waits after a failure ends at once.
            "SET is_cancelled = :yes, updated_at = :at, version = version + :one REMOVE not_before",
            "import_status = :status",
            &[],
            &[
                (":yes", to_value(&true)?),
                (":at", s(now)),
                (":one", n(1)),
                (":status", s(import.status.key())),
            ],
        )?;
        Ok(update_write(update))
    }
}

#[async_trait]
impl ImportStore for DynamoImports {
    async fn create_import(
        &self,
        import: &Import,
        proof: &CallerProof,
    ) -> Result<Created<Import>, PortError> {
        let item = ImportItem::new(import, None);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        let writes = vec![put_write(put)];
        let written = self
            .table
            .transact_proven(writes, proof, import.created_at, Vec::new());
        match written.await? {
            Transacted::Done => Ok(Created::New),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(Some(row))) => {
                    let item: ImportItem = from_row(row, WHAT)?;
                    Ok(Created::Existing(Box::new(item.into_import(import.scope))))
                }
                _ => Err(CHANGED),
            },
        }
    }

    async fn get_import(
        &self,
        scope: ProjectScope,
        id: ImportId,
    ) -> Result<Option<Import>, PortError> {
        let item: Option<ImportItem> = self.table.get(&keys::import(scope, id), WHAT).await?;
        Ok(item.map(|item| item.into_import(scope)))
    }

    async fn list_imports(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Import>, ListError> {
        let list = List::all(keys::imports(scope));
        let rows = self.table.page(&list, page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            let item: ImportItem = from_row(row, WHAT)?;
            if item.is_of(scope) {
                items.push(item.into_import(scope));
            }
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }

    async fn put_import_part(
        &self,
        import: &Import,
        number: u16,
        upload: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Import, PortError> {
        let chunks: Vec<_> = (1_u16..).zip(bytes.chunks(CHUNK)).collect();
        let part = ImportPart {
            upload: upload.to_owned(),
            chunks: u16::try_from(chunks.len()).unwrap_or(u16::MAX),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        };
        let puts = chunks
            .into_iter()
            .map(|(chunk, bytes)| self.put_chunk(import, (upload, chunk), bytes));
        stream::iter(puts.collect::<Vec<_>>())
            .buffer_unordered(CONCURRENCY)
            .try_collect::<()>()
            .await?;
        let name = number.to_string();
        let update = self.table.update_part(
            &keys::import(import.scope, import.id),
            "SET file_parts.#number = :part, updated_at = :at, version = version + :one",
            "import_status = :uploading",
            &[("#number", name.as_str())],
            &[
                (":part", to_value(&part)?),
                (":at", s(now)),
                (":one", n(1)),
                (":uploading", s(ImportStatus::Uploading.key())),
            ],
        )?;
        match self.table.update(update).await? {
            Conditional::Done(Some(row)) => {
                let item: ImportItem = from_row(row, WHAT)?;
                Ok(item.into_import(import.scope))
            }
            Conditional::Done(None) | Conditional::Failed(_) => Err(CHANGED),
        }
    }

    async fn start_import(&self, started: &Import, by: By<'_>) -> Result<ImportStarted, PortError> {
        let next = Import {
            version: started.version + 1,
            ..started.clone()
        };
        let item = ImportItem::new(&next, Some(by.audit.at.plus(OUTBOX_PATIENCE)));
        let read = [(":read", n(started.version))];
        let running = RunningImportItem::of(started);
        let own = [(":id", s(started.id))];
        let alone = "attribute_not_exists(pk) OR import_id = :id";
        let writes = vec![
            put_write(self.table.put_part(&item, AS_READ, &read)?),
            put_write(self.table.put_part(&running, alone, &own)?),
        ];
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(ImportStarted::Done(Box::new(next))),
            Transacted::Cancelled(reasons) => reasons,
        };
        match reasons.into_iter().nth(1) {
            Some(Cancelled::Condition(Some(row))) => {
                let other: RunningImportItem = from_row(row, WHAT)?;
                Ok(ImportStarted::Running(other.import_id))
            }
            _ => Err(CHANGED),
        }
    }

    async fn cancel_import(&self, import: &Import, by: By<'_>) -> Result<Import, PortError> {
        let now = by.audit.at;
        let next = Import {
            status: if import.status.is_running() {
                import.status
            } else {
                ImportStatus::Cancelled
            },
            is_cancelled: true,
            version: import.version + 1,
            updated_at: now,
            ..import.clone()
        };
        let write = if import.status.is_running() {
            // A worker has the record, and counts its own changes.
            self.cancel_write(import, now)?
        } else {
            // A job takes the file away.
            let item = ImportItem::new(&next, Some(now.plus(OUTBOX_PATIENCE)));
            let read = [(":read", n(import.version))];
            put_write(self.table.put_part(&item, AS_READ, &read)?)
        };
        match self.table.transact_by(vec![write], by).await? {
            Transacted::Done => Ok(next),
            Transacted::Cancelled(_) => Err(CHANGED),
        }
    }

    async fn list_import_errors(
        &self,
        import: &Import,
        page: &PageRequest,
    ) -> Result<Page<ImportError>, ListError> {
        let run = import.progress.run;
        let list = List::all(keys::import_errors(import.scope, import.id, run));
        let page = PageRequest {
            order: Order::OldestFirst,
            ..page.clone()
        };
        let rows = self.table.page(&list, &page, &self.vault).await?;
        let mut items = Vec::new();
        for row in rows.items {
            let item: ImportErrorItem = from_row(row, "mistake")?;
            items.extend(item.of(import));
        }
        Ok(Page {
            items,
            next: rows.next,
        })
    }
}
