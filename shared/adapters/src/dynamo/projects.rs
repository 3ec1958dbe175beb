//! Projects. Their environments are in `environments`.

use super::{
    items::{EnvironmentItem, ErasureItem, ProjectItem, ProjectSettingsItem},
    keys,
    lists::List,
    table::{Table, from_row, put_write},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::sync::Arc;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::{Environment, Project},
    erasure::Erasure,
    event::AuditEntry,
    ids::ProjectId,
    page::{ListError, Page, PageRequest},
    ports::{Created, ProjectStore},
};

/// See [`ProjectStore`] and [`EnvironmentStore`](vestibule_domain::ports::EnvironmentStore).
#[derive(Debug, Clone)]
pub struct DynamoProjects {
    pub(super) table: Table,
    pub(super) vault: Arc<KmsVault>,
}

impl DynamoProjects {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Makes the write of a project's settings, as part of a write of the project.
    fn settings_write(&self, project: &Project) -> Result<TransactWriteItem, PortError> {
        let item = ProjectSettingsItem::from(project);
        self.table.replacing_part(&item).map(put_write)
    }

    /// Stores a project that was read at its version, with its settings and these writes.
    async fn replace_project(
        &self,
        project: &Project,
        mut with: Vec<TransactWriteItem>,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = ProjectItem::from(&Project {
            version: project.version + 1,
            ..project.clone()
        });
        with.push(self.settings_write(project)?);
        self.table
            .replace_with(&item, project.version, with, audit, "project")
            .await
    }
}

#[async_trait]
impl ProjectStore for DynamoProjects {
    async fn create_project(
        &self,
        project: &Project,
        environments: &[Environment],
        audit: &AuditEntry,
    ) -> Result<Created<Project>, PortError> {
        let item = ProjectItem::from(project);
        let mut with = vec![self.settings_write(project)?];
        for environment in environments {
            let item = EnvironmentItem::from(environment);
            let put = self
                .table
                .put_part(&item, "attribute_not_exists(pk)", &[])?;
            with.push(put_write(put));
        }
        let created = self.table.create(&item, with, audit, "project").await?;
        Ok(created.map(Into::into))
    }

    async fn get_project(
        &self,
        scope: AccountScope,
        id: ProjectId,
    ) -> Result<Option<Project>, PortError> {
        let item: Option<ProjectItem> =
            self.table.get(&keys::project(scope, id), "project").await?;
        Ok(item.map(Into::into))
    }

    async fn list_projects(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<Project>, ListError> {
        let list = List::all(keys::projects(scope));
        let rows = self.table.page(&list, page, &self.vault).await?;
        let projects = rows
            .items
            .into_iter()
            .map(|row| Ok(from_row::<ProjectItem>(row, "project")?.into()))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items: projects,
            next: rows.next,
        })
    }

    async fn update_project(&self, project: &Project, audit: &AuditEntry) -> Result<(), PortError> {
        self.replace_project(project, vec![], audit).await
    }

    async fn update_and_erase(
        &self,
        project: &Project,
        erasure: &Erasure,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let order = ErasureItem::new(erasure, due);
        let order = self.table.replacing_part(&order).map(put_write)?;
        self.replace_project(project, vec![order], audit).await
    }
}
