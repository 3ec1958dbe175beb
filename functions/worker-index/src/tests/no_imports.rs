//! Imports for tests of anything else: there are none.

use async_trait::async_trait;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    directory::{
        end_user::EndUser,
        import::{Import, ImportError, ImportStop, ImportUsers},
        phone::PhoneKey,
    },
    event::AuditEntry,
    ids::LeaseId,
    ports::{
        Claim, ClaimedImport, EndUserCreated, EndUserUpdated, Holders, ImportWork, Lease,
        Postponement,
    },
};

/// No import.
pub struct NoImports;

const NONE: PortError = PortError::Conflict { what: "no import" };

#[async_trait]
impl ImportWork for NoImports {
    async fn claim_import(
        &self,
        _: ImportUsers,
        _: &Lease,
    ) -> Result<Claim<ClaimedImport>, PortError> {
        Ok(Claim::NothingPending)
    }

    async fn hand_on_import(
        &self,
        _: ImportUsers,
        _: LeaseId,
        _: Postponement,
    ) -> Result<(), PortError> {
        Err(NONE)
    }

    async fn import_chunk(
        &self,
        _: &Import,
        _: &str,
        _: u16,
    ) -> Result<Option<Vec<u8>>, PortError> {
        Err(NONE)
    }

    async fn holders(&self, _: ProjectScope, _: &[PhoneKey]) -> Result<Holders, PortError> {
        Err(NONE)
    }

    async fn save_import_errors(
        &self,
        _: &Import,
        _: u64,
        _: &[ImportError],
    ) -> Result<(), PortError> {
        Err(NONE)
    }

    async fn save_import(&self, _: &Import, _: &Lease) -> Result<bool, PortError> {
        Err(NONE)
    }

    async fn import_stop(&self, _: &Import, _: Timestamp) -> Result<Option<ImportStop>, PortError> {
        Err(NONE)
    }

    async fn add_imported(&self, _: &EndUser, _: &AuditEntry) -> Result<EndUserCreated, PortError> {
        Err(NONE)
    }

    async fn change_imported(
        &self,
        _: &EndUser,
        _: &EndUser,
        _: &AuditEntry,
    ) -> Result<EndUserUpdated, PortError> {
        Err(NONE)
    }

    async fn remove_import_file(&self, _: &Import) -> Result<(), PortError> {
        Err(NONE)
    }

    async fn finish_import(&self, _: &Import, _: LeaseId) -> Result<(), PortError> {
        Err(NONE)
    }
}
