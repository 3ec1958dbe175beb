//! The store of connectors for admins.

use super::{
    items::{ChatUserItem, ConnectorItem, StandingItem},
    keys::{self, INDEX_BY_STATE, STATE_PK},
    lists::List,
    row_counts::COUNT_MAX,
    table::{Cancelled, Table, Transacted, delete_write, from_row, n, s, take},
    tallies::{counted, is_of},
};
use crate::{aws::port_error, vault::KmsVault};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use std::sync::Arc;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    access::closing::Closing,
    access::decision::{Decision, DeliverReason, DirectoryMatch, Facts, decide},
    access::request::RequestStatus,
    access::standing::Standing,
    chat::user::ChatUser,
    connector::{Connector, ConnectorSummary, ConnectorTest, Policy},
    event::AuditEntry,
    ids::{ClientId, ConnectorId, TeamId},
    page::{ListError, Page, PageRequest},
    ports::{ConnectorStore, CountUpTo, Created, PolicyEffects},
};

/// See [`ConnectorStore`].
#[derive(Debug, Clone)]
pub struct DynamoConnectors {
    table: Table,
    vault: Arc<KmsVault>,
}

impl DynamoConnectors {
    /// Makes the store on this table, with cursors under this vault's key.
    #[must_use]
    pub fn new(table: Table, vault: Arc<KmsVault>) -> Self {
        Self { table, vault }
    }
}

impl DynamoConnectors {
    /// Counts the pending requests of a connector.
    async fn count_pending(&self, connector: &Connector) -> Result<CountUpTo, PortError> {
        let list = keys::access_requests(connector.scope, Some(RequestStatus::Pending));
        let is_here = |id: ConnectorId| id == connector.id;
        counted(&self.table, &list, "connector_id", |row| {
            is_of(row, is_here)
        })
        .await
    }

    /// Counts the effects on people who were let in because the connector was open.
    async fn count_admitted(
        &self,
        after: &Connector,
        effects: &mut PolicyEffects,
    ) -> Result<(), PortError> {
        let scope = after.scope;
        let mut standings: Vec<Standing> = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .table
                .client
                .query()
                .table_name(&self.table.name)
                .index_name(INDEX_BY_STATE)
                .key_condition_expression(format!("{STATE_PK} = :list"))
                .expression_attribute_values(":list", s(keys::admitted(scope, after.id)))
                .limit(i32::try_from(COUNT_MAX + 1 - standings.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query", error))?;
            for row in answer.items.unwrap_or_default() {
                standings.push(from_row::<StandingItem>(row, "standing")?.into());
            }
            start = answer.last_evaluated_key;
            if start.is_none() || standings.len() > COUNT_MAX {
                break;
            }
        }
        let more = standings.len() > COUNT_MAX;
        standings.truncate(COUNT_MAX);
        let wanted: Vec<_> = standings
            .iter()
            .map(|standing| keys::chat_user(scope, standing.chat_user_id))
            .collect();
        let mut users = self.table.get_batch(&wanted).await?;
        effects.chat_users_kept.more = more;
        effects.chat_users_needing_approval.more = more;
        for (standing, key) in standings.iter().zip(wanted) {
            let user: Option<ChatUserItem> = take(&mut users, &key, "chat user")?;
            let user = user.map(ChatUser::from);
            let facts = Facts::of(
                after,
                user.as_ref(),
                Some(standing),
                DirectoryMatch::Unknown,
            );
            match decide(&facts) {
                Decision::Deliver(DeliverReason::Kept) => effects.chat_users_kept.count += 1,
                Decision::Onboard(_) => effects.chat_users_needing_approval.count += 1,
                _ => {}
            }
        }
        Ok(())
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
        let claim = keys::connector_claim(connector.id);
        let mut with = self.table.leading_writes(connector)?;
        with.push(self.table.client_named_write(connector)?);
        // Nobody waits yet, so nothing expires before a request made now does.
        if let Some(due) = connector.request_limits.expiry(connector.created_at) {
            with.extend(self.table.expiry_write(connector, due)?);
        }
        let created = self
            .table
            .create_once(&item, &claim, with, audit, "connector")
            .await?;
        Ok(created.map(Into::into))
    }

    async fn get_connector(
        &self,
        scope: ProjectScope,
        id: ConnectorId,
    ) -> Result<Option<Connector>, PortError> {
        let item: Option<ConnectorItem> = self.table.get(&keys::connector(id), "connector").await?;
        Ok(item.filter(|item| item.scope == scope).map(Into::into))
    }

    async fn has_team(&self, scope: AccountScope, id: TeamId) -> Result<bool, PortError> {
        let rows = self.table.get_batch(&[keys::team(scope, id)]).await?;
        Ok(!rows.is_empty())
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
        let mut with = self.table.leading_writes(connector)?;
        with.extend(self.table.expiry_write(connector, connector.updated_at)?);
        self.table
            .replace_with(&item, connector.version, with, audit, "connector")
            .await
    }

    async fn record(&self, audit: &AuditEntry) -> Result<(), PortError> {
        // An existing entry is this one, written by an earlier attempt.
        self.table
            .transact(vec![self.table.audit_write(audit)?])
            .await
            .map(|_| ())
    }

    async fn record_test(
        &self,
        id: ConnectorId,
        test: &ConnectorTest,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let writes = vec![
            self.table.audit_write(audit)?,
            self.table.test_write(id, test)?,
        ];
        self.table.transact(writes).await.map(|_| ())
    }

    async fn summaries(
        &self,
        scope: ProjectScope,
        ids: &[ConnectorId],
    ) -> Result<Vec<ConnectorSummary>, PortError> {
        self.table.summaries(scope, ids).await
    }

    async fn update_and_close(
        &self,
        connector: &Connector,
        closing: &Closing,
        due: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = ConnectorItem::from(&Connector {
            version: connector.version + 1,
            ..connector.clone()
        });
        let mut with = self.table.leading_writes(connector)?;
        with.push(self.table.closing_write(closing, due)?);
        with.extend(self.table.expiry_write(connector, connector.updated_at)?);
        self.table
            .replace_with(&item, connector.version, with, audit, "connector")
            .await
    }

    async fn update_and_pass_on(
        &self,
        connector: &Connector,
        from: ClientId,
        closing: Option<(&Closing, Timestamp)>,
        audit: &AuditEntry,
    ) -> Result<(), PortError> {
        let item = ConnectorItem::from(&Connector {
            version: connector.version + 1,
            ..connector.clone()
        });
        let mut with = self.table.leading_writes(connector)?;
        with.push(self.table.client_named_write(connector)?);
        with.extend(self.table.client_left_writes(connector, from)?);
        with.push(self.table.rehoming_write(connector, connector.updated_at)?);
        with.extend(self.table.expiry_write(connector, connector.updated_at)?);
        if let Some((closing, due)) = closing {
            with.push(self.table.closing_write(closing, due)?);
        }
        self.table
            .replace_with(&item, connector.version, with, audit, "connector")
            .await
    }

    async fn policy_effects(
        &self,
        before: &Connector,
        after: &Connector,
    ) -> Result<PolicyEffects, PortError> {
        let mut effects = PolicyEffects::default();
        if Closing::reason_for(before, after).is_some() {
            effects.requests_closed = self.count_pending(before).await?;
        }
        if after.policy == Policy::OnBoarding && before != after {
            self.count_admitted(after, &mut effects).await?;
        }
        Ok(effects)
    }

    async fn delete_connector(
        &self,
        connector: &Connector,
        closing: &Closing,
        due: Timestamp,
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
        let mut writes = vec![
            TransactWriteItem::builder().delete(delete).build(),
            self.table.audit_write(audit)?,
            self.table.closing_write(closing, due)?,
            delete_write(
                self.table
                    .removal_part(&keys::connector_test(connector.id))?,
            ),
            self.table
                .claim_write(&keys::connector_claim(connector.id))?,
            self.table.led_write(connector)?,
            self.table.rehoming_write(connector, audit.at)?,
        ];
        let left = self
            .table
            .client_left_writes(connector, connector.client_id)?;
        writes.extend(left);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                // The connector is gone: an earlier attempt or another call deleted it.
                Some(Cancelled::Condition(None)) => Ok(()),
                _ => Err(PortError::Conflict { what: "connector" }),
            },
        }
    }
}
