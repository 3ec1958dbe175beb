//! The store of clients.

use super::DynamoTeam;
use crate::dynamo::{
    changes::at_version,
    client_connectors::connectors_of,
    items::{AccountItem, ClientItem},
    keys,
    lists::List,
    table::{Cancelled, Transacted, delete_write, from_row, n, put_write},
};
use async_trait::async_trait;
use vestibule_domain::{
    AccountScope, PortError,
    account::Client,
    ids::ClientId,
    page::{ListError, Order, Page, PageRequest},
    ports::{By, ClientDeletion, ClientStore, Created},
};

const WHAT: &str = "client";

impl DynamoTeam {
    /// Reads the default client if no list leads to it, as in accounts of earlier releases.
    async fn unlisted_client(&self, scope: AccountScope) -> Result<Option<Client>, PortError> {
        let account: Option<AccountItem> = self.table.get(&keys::account(scope), "account").await?;
        let Some(account) = account else {
            return Ok(None);
        };
        let key = keys::client(scope, account.default_client.id);
        match self.table.get::<ClientItem>(&key, WHAT).await? {
            Some(item) if item.is_listed() => Ok(None),
            Some(item) => Ok(Some(item.into())),
            None => Ok(Some(account.default_client.into())),
        }
    }
}

#[async_trait]
impl ClientStore for DynamoTeam {
    async fn list_clients(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<Client>, ListError> {
        let list = List::all(keys::clients(scope));
        let by_name = PageRequest {
            order: Order::OldestFirst,
            ..page.clone()
        };
        let rows = self.table.page(&list, &by_name, &self.vault).await?;
        let mut clients = Vec::new();
        if page.cursor.is_none() {
            clients.extend(self.unlisted_client(scope).await?);
        }
        for row in rows.items {
            clients.push(from_row::<ClientItem>(row, WHAT)?.into());
        }
        Ok(Page {
            items: clients,
            next: rows.next,
        })
    }

    async fn get_client(
        &self,
        scope: AccountScope,
        id: ClientId,
    ) -> Result<Option<Client>, PortError> {
        let item: Option<ClientItem> = self.table.get(&keys::client(scope, id), WHAT).await?;
        if let Some(item) = item {
            return Ok(Some(item.into()));
        }
        let unlisted = self.unlisted_client(scope).await?;
        Ok(unlisted.filter(|client| client.id == id))
    }

    async fn create_client(
        &self,
        client: &Client,
        by: By<'_>,
    ) -> Result<Created<Client>, PortError> {
        let scope = by.audit.scope;
        let item = ClientItem::new(scope, client);
        let put = self
            .table
            .put_part(&item, "attribute_not_exists(pk)", &[])?;
        let writes = vec![
            put_write(put),
            self.table.client_new_check(scope, client.id)?,
        ];
        let mut reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(Created::New),
            Transacted::Cancelled(reasons) => reasons.into_iter(),
        };
        match (reasons.next(), reasons.next()) {
            (Some(Cancelled::Condition(Some(row))), _) => {
                let existing: ClientItem = from_row(row, WHAT)?;
                Ok(Created::Existing(Box::new(existing.into())))
            }
            (_, Some(Cancelled::Condition(_))) => Ok(Created::Spent),
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn update_client(&self, client: &Client, by: By<'_>) -> Result<(), PortError> {
        let item = ClientItem::new(
            by.audit.scope,
            &Client {
                version: client.version + 1,
                ..client.clone()
            },
        );
        self.table
            .replace_by(&item, client.version, vec![], by, WHAT)
            .await
    }

    async fn delete_client(
        &self,
        client: &Client,
        by: By<'_>,
    ) -> Result<ClientDeletion, PortError> {
        let scope = by.audit.scope;
        let delete = self.table.delete_part(
            &keys::client(scope, client.id),
            at_version(client.version),
            &[(":read", n(client.version))],
        )?;
        let gone = self
            .table
            .client_gone_writes(scope, client.id, by.audit.at)?;
        let rows = gone.len();
        let mut writes = vec![delete_write(delete)];
        writes.extend(gone);
        let reasons = match self.table.transact_by(writes, by).await? {
            Transacted::Done => return Ok(ClientDeletion::Done),
            Transacted::Cancelled(reasons) => reasons,
        };
        let mut named = Vec::new();
        for reason in reasons.into_iter().skip(1).take(rows) {
            if let Cancelled::Condition(Some(row)) = reason {
                named.extend(connectors_of(row)?);
            }
        }
        if named.is_empty() {
            Err(PortError::Conflict { what: WHAT })
        } else {
            Ok(ClientDeletion::InUse(named))
        }
    }
}
