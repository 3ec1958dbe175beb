//! The latest project of an account. A project is made only while its account is there, and an account is deleted
//! only if no project was made since its projects were counted: whichever of the two is written last is refused.

use super::{
    keys,
    table::{Table, check_write, delete_write, put_write, s},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use vestibule_domain::{AccountScope, PortError, ProjectScope, ids::ProjectId};

/// The row.
#[derive(Serialize, Deserialize)]
struct LatestProjectItem {
    pk: String,
    sk: String,
    project_id: ProjectId,
}

impl Table {
    /// Makes the writes beside a new project: the check that its account is there, and the note of the project.
    pub(super) fn project_made_writes(
        &self,
        scope: ProjectScope,
    ) -> Result<[TransactWriteItem; 2], PortError> {
        let account = scope.account();
        let check = self.check_part(&keys::account(account), "attribute_exists(pk)", &[], &[])?;
        let key = keys::latest_project(account);
        let item = LatestProjectItem {
            pk: key.pk,
            sk: key.sk,
            project_id: scope.project_id(),
        };
        Ok([check_write(check), put_write(self.replacing_part(&item)?)])
    }

    /// Reads the latest project of an account, before its projects are counted.
    pub(super) async fn latest_project(
        &self,
        scope: AccountScope,
    ) -> Result<Option<ProjectId>, PortError> {
        let key = keys::latest_project(scope);
        let item: Option<LatestProjectItem> = self.get(&key, "latest project").await?;
        Ok(item.map(|item| item.project_id))
    }

    /// Makes the write by which an account ends, unless a project was made after this one.
    pub(super) fn no_project_since_write(
        &self,
        scope: AccountScope,
        latest: Option<ProjectId>,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::latest_project(scope);
        let delete = match latest {
            None => self.delete_part(&key, "attribute_not_exists(pk)", &[])?,
            Some(id) => self.delete_part(&key, "project_id = :latest", &[(":latest", s(id))])?,
        };
        Ok(delete_write(delete))
    }
}
