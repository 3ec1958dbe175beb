//! Connectors, as admins see them.

use super::{
    items::ConnectorItem,
    keys,
    lists::List,
    table::{Cancelled, Table, Transacted, from_row, n},
};
use crate::vault::KmsVault;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use std::sync::Arc;
use vestibule_domain::{
    PortError, ProjectScope,
    account::AuditEntry,
    connector::Connector,
    ids::ConnectorId,
    page::{ListError, Page, PageRequest},
    ports::{ConnectorStore, Created},
};

/// See [`ConnectorStore`].
#[derive(Debug, Clone)]
pub struct DynamoConnectors {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoConnectors {
    /// On this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

#[async_trait]
impl ConnectorStore for DynamoConnectors {
    async fn create_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<Created<Connector>, PortError> {
        let item = ConnectorItem::from(connector);
        let created = self.table.create(&item, vec![], audit, "connector").await?;
        Ok(match created {
            Created::New => Created::New,
            Created::Existing(item) => Created::Existing(Box::new((*item).into())),
        })
    }

    async fn get_connector(
        &self,
        scope: ProjectScope,
        id: ConnectorId,
    ) -> Result<Option<Connector>, PortError> {
        let item: Option<ConnectorItem> = self.table.get(&keys::connector(id), "connector").await?;
        Ok(item.filter(|item| item.scope == scope).map(Into::into))
    }

    async fn list_connectors(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Connector>, ListError> {
        let list = List::all(keys::connectors(scope));
        let rows = self.table.page(&list, page, &self.vault).await?;
        let connectors = rows
            .items
            .into_iter()
            .map(|row| Ok(from_row::<ConnectorItem>(row, "connector")?.into()))
            .collect::<Result<_, PortError>>()?;
        Ok(Page {
            items: connectors,
            next: rows.next,
        })
    }

    async fn update_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = ConnectorItem::from(&Connector {
            version: connector.version + 1,
            ..connector.clone()
        });
        self.table
            .replace(&item, connector.version, audit, "connector")
            .await
    }

    async fn record(&self, audit: &AuditEntry) -> Result<(), PortError> {
        // An entry that is there already is this one: an attempt before wrote it.
        self.table
            .transact(vec![self.table.audit_write(audit)?])
            .await
            .map(|_| ())
    }

    async fn delete_connector(
        &self,
        connector: &Connector,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(keys::connector(connector.id).attributes()))
            .condition_expression("version = :read")
            .expression_attribute_values(":read", n(connector.version))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| PortError::rejected("dynamodb: Delete", error))?;
        let writes = vec![
            TransactWriteItem::builder().delete(delete).build(),
            self.table.audit_write(audit)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                // Gone: an attempt before this one, or somebody else, deleted it.
                Some(Cancelled::Condition(None)) => Ok(()),
                _ => Err(PortError::Conflict { what: "connector" }),
            },
        }
    }
}
