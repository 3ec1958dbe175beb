//! Ports of imports of people (SPEC C61).

use crate::{
    PortError, ProjectScope, Timestamp,
    account::proof::CallerProof,
    directory::{
        end_user::EndUser,
        import::{Import, ImportError, ImportStop, ImportUsers},
        phone::PhoneKey,
    },
    event::AuditEntry,
    ids::{ImportId, LeaseId},
    page::{ListError, Page, PageRequest},
    ports::{By, Claim, Created, EndUserCreated, EndUserUpdated, Lease, Postponement},
};
use async_trait::async_trait;
use std::collections::HashMap;

/// The outcome of starting an import.
#[derive(Debug, Clone)]
pub enum ImportStarted {
    /// It runs; with the record as it is stored.
    Done(Box<Import>),
    /// Another import of the project runs.
    Running(ImportId),
}

/// An import, and our lease on it.
#[derive(Debug, Clone)]
pub struct ClaimedImport {
    /// The import.
    pub import: Import,
    /// Number of the attempt, from 1, since the import last went forward.
    pub attempt: u32,
}

/// People by their phone numbers. In the place of a record that cannot be read stands the reason.
pub type Holders = HashMap<PhoneKey, Result<EndUser, PortError>>;

/// The store of imports, for those who make them. `Conflict` when a record changed since it was read.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Stores a new import, which awaits its file.
    async fn create_import(
        &self,
        import: &Import,
        proof: &CallerProof,
    ) -> Result<Created<Import>, PortError>;
    /// Returns one import.
    async fn get_import(
        &self,
        scope: ProjectScope,
        id: ImportId,
    ) -> Result<Option<Import>, PortError>;
    /// Lists the project's imports.
    async fn list_imports(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Import>, ListError>;
    /// Stores a part of a file, in the place of one with the same number. `upload` names it, and no other part. Returns
    /// the import as it is stored.
    async fn put_import_part(
        &self,
        import: &Import,
        number: u16,
        upload: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Import, PortError>;
    /// Starts a run: `started` is made from the record at its version.
    async fn start_import(&self, started: &Import, by: By<'_>) -> Result<ImportStarted, PortError>;
    /// Ends an import as read, or asks its worker to. Returns the record as it is stored.
    async fn cancel_import(&self, import: &Import, by: By<'_>) -> Result<Import, PortError>;
    /// Lists mistakes that the last run found, in the file's order.
    async fn list_import_errors(
        &self,
        import: &Import,
        page: &PageRequest,
    ) -> Result<Page<ImportError>, ListError>;
}

/// The store of imports, for the worker.
#[async_trait]
pub trait ImportWork: Send + Sync {
    /// Claims the import of a job.
    async fn claim_import(
        &self,
        job: ImportUsers,
        lease: &Lease,
    ) -> Result<Claim<ClaimedImport>, PortError>;
    /// Gives a claim back, for a later job. [`Lease::LOST`] when it was lost.
    async fn hand_on_import(
        &self,
        job: ImportUsers,
        lease: LeaseId,
        postponement: Postponement,
    ) -> Result<(), PortError>;
    /// Returns a chunk of a part of the file; `None` if it is not there.
    async fn import_chunk(
        &self,
        import: &Import,
        upload: &str,
        chunk: u16,
    ) -> Result<Option<Vec<u8>>, PortError>;
    /// Returns the people who have these phone numbers.
    async fn holders(&self, scope: ProjectScope, phones: &[PhoneKey])
    -> Result<Holders, PortError>;
    /// Stores mistakes of the run, the first of which has this number. Repeated, it does the same again.
    async fn save_import_errors(
        &self,
        import: &Import,
        first: u64,
        errors: &[ImportError],
    ) -> Result<(), PortError>;
    /// Stores state and progress, prolongs the claim and counts its attempts anew. Returns whether somebody asked to end
    /// the import. [`Lease::LOST`] when the claim was lost.
    async fn save_import(&self, import: &Import, lease: &Lease) -> Result<bool, PortError>;
    /// Returns the reason why the run may not go on, if there is one.
    async fn import_stop(
        &self,
        import: &Import,
        now: Timestamp,
    ) -> Result<Option<ImportStop>, PortError>;
    /// Adds a person whom a row describes.
    async fn add_imported(
        &self,
        user: &EndUser,
        audit: &AuditEntry,
    ) -> Result<EndUserCreated, PortError>;
    /// Changes a person as a row says. `Conflict` when the record changed, or an environment does not exist.
    async fn change_imported(
        &self,
        before: &EndUser,
        after: &EndUser,
        audit: &AuditEntry,
    ) -> Result<EndUserUpdated, PortError>;
    /// Removes the file. Repeated, it removes what is left.
    async fn remove_import_file(&self, import: &Import) -> Result<(), PortError>;
    /// Ends the claim and its order, and lets another import of the project run. [`Lease::LOST`] when the claim was
    /// lost.
    async fn finish_import(&self, import: &Import, lease: LeaseId) -> Result<(), PortError>;
}
