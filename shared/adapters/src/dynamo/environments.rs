//! Environments: their rows, the layout of their project, and their deletion.

use super::{
    erased_rows::removed,
    items::{EnvironmentItem, ErasureItem},
    keys::{
        self, ERASED_ENVIRONMENT_PREFIX, Key, ONLY_PREFIX, PARKED_PREFIX, PK, PROJECT_PREFIX, SK,
    },
    lists::List,
    projects::DynamoProjects,
    row_counts::count_rows,
    table::{Attributes, Table, Transacted, delete_write, from_row, key_of, n, put_write, s},
};
use crate::aws::port_error;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use std::collections::BTreeMap;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::{Environment, agent_tests::RunningTest, layout::ProjectLayout},
    directory::end_user::EndUser,
    erasure::{Erasure, ErasureTarget},
    event::AuditEntry,
    ids::{DeliveryId, EnvironmentId, ProjectId},
    page::{ListError, Page, PageRequest},
    ports::{
        CountUpTo, Created, EnvironmentDeletion, EnvironmentNeed, EnvironmentStore, NEED_SHOWN_MAX,
        TestStart,
    },
};

const WHAT: &str = "environment";
/// The error that an environment, or the layout of its project, changed since it was read.
const CHANGED: PortError = PortError::Conflict { what: WHAT };
/// Number of projects read at once, as many as one batch read can name.
const PROJECTS: i32 = 100;

/// A part of a partition, for a query.
struct Part<'a> {
    partition: String,
    /// Prefix of the sort keys; empty for the whole partition.
    prefix: &'a str,
}

impl DynamoProjects {
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

    /// Reads the keys of the first rows of a part, at most `most`, consistently.
    async fn first_keys(&self, part: &Part<'_>, most: usize) -> Result<Vec<Key>, PortError> {
        let answer = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :partition AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":partition", s(&part.partition))
            .expression_attribute_values(":prefix", s(part.prefix))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (need of an environment)", error))?;
        let rows = answer.items.unwrap_or_default();
        Ok(rows.iter().filter_map(key_of).collect())
    }

    /// Counts the rows of a partition, up to where counting stops.
    async fn count(&self, part: &Part<'_>) -> Result<CountUpTo, PortError> {
        let rows = || {
            let query = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .expression_attribute_values(":partition", s(&part.partition));
            if part.prefix.is_empty() {
                return query.key_condition_expression(format!("{PK} = :partition"));
            }
            query
                .key_condition_expression(format!(
                    "{PK} = :partition AND begins_with({SK}, :prefix)"
                ))
                .expression_attribute_values(":prefix", s(part.prefix))
        };
        count_rows("dynamodb: Query (holders)", rows).await
    }

    /// Whether people still hold an environment that was deleted, other than this one.
    async fn is_settling(&self, scope: ProjectScope, id: EnvironmentId) -> Result<bool, PortError> {
        let own = keys::erasure(scope, ErasureTarget::Environment(id));
        let orders = Part {
            partition: own.pk.clone(),
            prefix: ERASED_ENVIRONMENT_PREFIX,
        };
        let found = self.first_keys(&orders, 2).await?;
        Ok(found.iter().any(|key| *key != own))
    }

    /// Closes an environment, so that nobody comes to hold it alone, and leaves the order that opens it again should
    /// this call not come to an end.
    async fn close(
        &self,
        environment: &Environment,
        (erasure, due): (&Erasure, Timestamp),
    ) -> Result<(), PortError> {
        let closing = keys::environment_closing(environment.scope, environment.id);
        let order = ErasureItem::new(erasure, due);
        let writes = vec![
            self.table.claim_write(&closing)?,
            put_write(self.table.replacing_part(&order)?),
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(CHANGED),
        }
    }

    /// Deletes a closed environment, unless it, or the layout, changed, or it was opened again.
    async fn remove(
        &self,
        environment: &Environment,
        layout_version: u64,
        (erasure, due): (&Erasure, Timestamp),
        audit: &AuditEntry,
    ) -> Result<Transacted, PortError> {
        let (scope, id) = (environment.scope, environment.id);
        let read = [(":read", n(environment.version))];
        let row = keys::environment(scope, id);
        let row = self.table.delete_part(&row, "version = :read", &read)?;
        let closing = keys::environment_closing(scope, id);
        let closing = self
            .table
            .delete_part(&closing, "attribute_exists(pk)", &[])?;
        let order = ErasureItem::new(erasure, due);
        let writes = vec![
            delete_write(row),
            delete_write(closing),
            self.table.layout_write(scope, layout_version)?,
            self.table
                .claim_write(&keys::environment_claim(scope, id))?,
            put_write(self.table.replacing_part(&order)?),
            self.table.audit_write(audit)?,
        ];
        self.table.transact(writes).await
    }
}

impl Table {
    /// Opens an environment that was closed and not deleted.
    pub(super) async fn reopen(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<(), PortError> {
        let closing = keys::environment_closing(scope, id);
        removed(self, &[closing]).await.map(|_| ())
    }
}

#[async_trait]
impl EnvironmentStore for DynamoProjects {
    async fn layout(&self, scope: ProjectScope) -> Result<ProjectLayout, PortError> {
        self.table.layout(scope).await
    }

    async fn create_environment(
        &self,
        environment: &Environment,
        layout_version: u64,
        audit: &AuditEntry,
    ) -> Result<Created<Environment>, PortError> {
        let item = EnvironmentItem::from(environment);
        let claim = keys::environment_claim(environment.scope, environment.id);
        let layout = self.table.layout_write(environment.scope, layout_version)?;
        let created = self
            .table
            .create_once(&item, &claim, vec![layout], audit, WHAT)
            .await?;
        Ok(created.map(Into::into))
    }

    async fn get_environment(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<Option<Environment>, PortError> {
        let item: Option<EnvironmentItem> =
            self.table.get(&keys::environment(scope, id), WHAT).await?;
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
            .map(|row| Ok(from_row::<EnvironmentItem>(row, WHAT)?.into()))
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
            .replace(&item, environment.version, audit, WHAT)
            .await
    }

    async fn rename_environment(
        &self,
        environment: &Environment,
        layout_version: u64,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = EnvironmentItem::from(&Environment {
            version: environment.version + 1,
            ..environment.clone()
        });
        let layout = self.table.layout_write(environment.scope, layout_version)?;
        self.table
            .replace_with(&item, environment.version, vec![layout], audit, WHAT)
            .await
    }

    async fn reorder_environments(
        &self,
        layout: &ProjectLayout,
        environments: &[Environment],
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let mut writes = Vec::new();
        for environment in environments {
            let item = EnvironmentItem::from(&Environment {
                version: environment.version + 1,
                ..environment.clone()
            });
            let read = [(":read", n(environment.version))];
            writes.push(put_write(self.table.put_part(
                &item,
                "version = :read",
                &read,
            )?));
        }
        if let Some(one) = environments.first() {
            writes.push(self.table.layout_write(one.scope, layout.version)?);
        }
        writes.push(self.table.audit_write(audit)?);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(CHANGED),
        }
    }

    async fn need_of(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<EnvironmentNeed, PortError> {
        let alone = Part {
            partition: keys::holders(scope, id),
            prefix: ONLY_PREFIX,
        };
        let parked = Part {
            partition: keys::agent(scope, id).pk,
            prefix: PARKED_PREFIX,
        };
        let found = self.first_keys(&alone, NEED_SHOWN_MAX).await?;
        let messages_wait = !self.first_keys(&parked, 1).await?.is_empty();
        let mut some: Vec<EndUser> = Vec::new();
        for key in &found {
            if let Some(id) = keys::parse_holder(&key.sk) {
                some.extend(self.table.end_user(scope, id).await?);
            }
        }
        let users = if found.len() < NEED_SHOWN_MAX {
            CountUpTo {
                count: u32::try_from(found.len()).unwrap_or(u32::MAX),
                more: false,
            }
        } else {
            self.count(&alone).await?
        };
        Ok(EnvironmentNeed {
            users,
            some,
            messages_wait,
            is_settling: self.is_settling(scope, id).await?,
        })
    }

    async fn count_holders(
        &self,
        scope: ProjectScope,
        ids: &[EnvironmentId],
    ) -> Result<BTreeMap<EnvironmentId, CountUpTo>, PortError> {
        let counting = ids.iter().copied().map(|id| async move {
            let part = Part {
                partition: keys::holders(scope, id),
                prefix: "",
            };
            Ok::<_, PortError>((id, self.count(&part).await?))
        });
        Ok(try_join_all(counting).await?.into_iter().collect())
    }

    async fn delete_environment(
        &self,
        environment: &Environment,
        layout_version: u64,
        order: (&Erasure, Timestamp),
        audit: &AuditEntry,
    ) -> Result<EnvironmentDeletion, PortError> {
        let (scope, id) = (environment.scope, environment.id);
        let need = self.need_of(scope, id).await?;
        if !need.is_empty() {
            return Ok(EnvironmentDeletion::Needed(need));
        }
        self.close(environment, order).await?;
        // Whoever got it before it was closed is found by this read.
        let need = self.need_of(scope, id).await?;
        if !need.is_empty() {
            self.table.reopen(scope, id).await?;
            return Ok(EnvironmentDeletion::Needed(need));
        }
        match self
            .remove(environment, layout_version, order, audit)
            .await?
        {
            Transacted::Done => Ok(EnvironmentDeletion::Done),
            Transacted::Cancelled(_) => {
                self.table.reopen(scope, id).await?;
                Err(CHANGED)
            }
        }
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
