//! Projects. Their environments are in `environments`.

use super::{
    items::{ConnectorItem, EnvironmentItem, ErasureItem, ProjectItem, ProjectSettingsItem},
    keys,
    lists::List,
    table::{Table, Transacted, delete_write, from_row, n, put_write},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::sync::Arc;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::{Environment, Project},
    connector::Connector,
    erasure::Erasure,
    event::AuditEntry,
    ids::ProjectId,
    page::{ListError, Page, PageRequest},
    ports::{By, Created, ProjectDeletion, ProjectRemains, ProjectStore},
};

/// Connectors that one transaction changes with their project. It holds a hundred writes.
const CONNECTORS_MAX: usize = 50;

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
        let begun = self
            .table
            .tallies_begun_write(project.scope, project.created_at)?;
        let mut with = vec![self.settings_write(project)?, begun];
        with.extend(self.table.project_made_writes(project.scope)?);
        for environment in environments {
            let item = EnvironmentItem::from(environment);
            let put = self
                .table
                .put_part(&item, "attribute_not_exists(pk)", &[])?;
            with.push(put_write(put));
        }
        let claim = keys::project_claim(project.scope.account(), project.id());
        let created = self
            .table
            .create_once(&item, &claim, with, audit, "project")
            .await?;
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
        archived: bool,
        page: &PageRequest,
    ) -> Result<Page<Project>, ListError> {
        let list = List::all(keys::projects(scope, archived));
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

    async fn archive_project(
        &self,
        project: &Project,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let layout = self.table.layout(project.scope).await?;
        let connectors = self.table.connectors_of(project.scope, &layout).await?;
        let is_archived = project.archived_at.is_some();
        let mut writes = Vec::new();
        for connector in connectors {
            if connector.is_archived == is_archived {
                continue;
            }
            let item = ConnectorItem::from(&Connector {
                is_archived,
                version: connector.version + 1,
                ..connector.clone()
            });
            let read = [(":read", n(connector.version))];
            let put = self.table.put_part(&item, "version = :read", &read)?;
            writes.push(put_write(put));
        }
        let surplus = writes.split_off(writes.len().min(CONNECTORS_MAX));
        for some in surplus.chunks(CONNECTORS_MAX) {
            if let Transacted::Cancelled(_) = self.table.transact(some.to_vec()).await? {
                return Err(PortError::Conflict { what: "connector" });
            }
        }
        let layout =
            self.table
                .archive_layout_write(project.scope, layout.version, project.archived_at)?;
        writes.push(layout);
        self.replace_project(project, writes, audit).await
    }

    async fn project_remains(&self, scope: ProjectScope) -> Result<ProjectRemains, PortError> {
        let layout = self.table.layout(scope).await?;
        let connectors = self.table.connectors_of(scope, &layout).await?;
        Ok(ProjectRemains { layout, connectors })
    }

    async fn delete_project(
        &self,
        deletion: &ProjectDeletion<'_>,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let ProjectDeletion {
            project,
            connectors,
            layout_version,
            erasure,
            due,
        } = *deletion;
        let (scope, id) = (project.scope, project.id());
        let read = [(":read", n(project.version))];
        let row = keys::project(scope.account(), id);
        let row = self.table.delete_part(&row, "version = :read", &read)?;
        let order = ErasureItem::new(erasure, due);
        let mut writes = vec![
            delete_write(row),
            self.table
                .claim_write(&keys::project_claim(scope.account(), id))?,
            self.table
                .delete_layout_write(scope, layout_version, by.audit.at)?,
            put_write(self.table.replacing_part(&order)?),
        ];
        for connector in connectors {
            let read = [(":read", n(connector.version))];
            let row = keys::connector(connector.id);
            let row = self.table.delete_part(&row, "version = :read", &read)?;
            writes.push(delete_write(row));
            let claim = keys::connector_claim(connector.id);
            writes.push(self.table.claim_write(&claim)?);
            let test = keys::connector_test(connector.id);
            writes.push(delete_write(self.table.removal_part(&test)?));
        }
        writes.extend(self.table.clients_left_writes(connectors)?);
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "project" }),
        }
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
