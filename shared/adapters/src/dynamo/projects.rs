//! Projects and environments.

use super::{
    items::{EnvironmentItem, ErasureItem, ProjectItem, ProjectSettingsItem},
    keys::{self, Key, PK, PROJECT_PREFIX, SK},
    lists::List,
    table::{Attributes, Table, from_row, key_of, put_write, s},
};
use crate::{aws::port_error, vault::KmsVault};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::sync::Arc;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::{Environment, Project, agent_tests::RunningTest},
    erasure::Erasure,
    event::AuditEntry,
    ids::{DeliveryId, EnvironmentId, ProjectId},
    page::{ListError, Page, PageRequest},
    ports::{Created, EnvironmentStore, ProjectStore, TestStart},
};

/// Number of projects read at once, as many as one batch read can name.
const PROJECTS: i32 = 100;

/// See [`ProjectStore`] and [`EnvironmentStore`].
#[derive(Debug, Clone)]
pub struct DynamoProjects {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoProjects {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }

    /// Reads ids of the account's projects, with the place where more follow. The list is not used: it may lack the
    /// newest.
    async fn project_ids(
        &self,
        scope: AccountScope,
        from: Option<Attributes>,
    ) -> Result<(Vec<ProjectId>, Option<Attributes>), PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :account AND begins_with({SK}, :projects)"))
            .expression_attribute_values(":account", s(keys::account(scope).pk))
            .expression_attribute_values(":projects", s(PROJECT_PREFIX))
            .set_exclusive_start_key(from)
            .limit(PROJECTS)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (projects)", error))?;
        let next = answer.last_evaluated_key;
        let ids = answer.items.unwrap_or_default();
        let ids = ids.iter().filter_map(|row| {
            let key = key_of(row)?;
            key.sk.strip_prefix(PROJECT_PREFIX)?.parse().ok()
        });
        Ok((ids.collect(), next))
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
        with.extend(self.table.project_made_writes(project.scope)?);
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

#[async_trait]
impl EnvironmentStore for DynamoProjects {
    async fn create_environment(
        &self,
        environment: &Environment,
        audit: &AuditEntry,
    ) -> Result<Created<Environment>, PortError> {
        let item = EnvironmentItem::from(environment);
        let created = self
            .table
            .create(&item, vec![], audit, "environment")
            .await?;
        Ok(created.map(Into::into))
    }

    async fn get_environment(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<Option<Environment>, PortError> {
        let item: Option<EnvironmentItem> = self
            .table
            .get(&keys::environment(scope, id), "environment")
            .await?;
        Ok(item.map(Into::into))
    }

    async fn has_environment(
        &self,
        scope: AccountScope,
        id: EnvironmentId,
    ) -> Result<bool, PortError> {
        let mut from = None;
        loop {
            let (projects, next) = self.project_ids(scope, from).await?;
            let wanted: Vec<Key> = projects
                .into_iter()
                .map(|project| keys::environment(scope.project(project), id))
                .collect();
            if !self.table.get_batch(&wanted).await?.is_empty() {
                return Ok(true);
            }
            if next.is_none() {
                return Ok(false);
            }
            from = next;
        }
    }

    async fn list_environments(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Environment>, ListError> {
        let list = List::all(keys::environments(scope));
        let rows = self.table.page(&list, page, &self.vault).await?;
        let environments = rows
            .items
            .into_iter()
            .map(|row| Ok(from_row::<EnvironmentItem>(row, "environment")?.into()))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items: environments,
            next: rows.next,
        })
    }

    async fn update_environment(
        &self,
        environment: &Environment,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = EnvironmentItem::from(&Environment {
            version: environment.version + 1,
            ..environment.clone()
        });
        self.table
            .replace(&item, environment.version, audit, "environment")
            .await
    }

    async fn begin_test(
        &self,
        scope: AccountScope,
        test: &RunningTest,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<TestStart, PortError> {
        self.table.begin_test(scope, test, now, audit).await
    }

    async fn end_test(
        &self,
        scope: AccountScope,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<(), PortError> {
        self.table.end_test(scope, id, now).await
    }
}
