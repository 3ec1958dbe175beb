//! Orders to rehome the open cases of a connector that was deleted, or passed to another client.

use super::{DynamoRouting, change::Change, done, stale};
use crate::{
    aws::port_error,
    dynamo::{
        erased_rows::list_start,
        items::{ConnectorItem, RehomingItem},
        keys::{self, ALL_PK, ALL_SK},
        marks::Marked,
        table::{
            Cancelled, Conditional, Table, Transacted, delete_write, key_of, n, s, update_write,
        },
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    PortError, Timestamp,
    connector::Connector,
    ids::ClientId,
    job::RehomeConnector,
    ports::{Changed, ConnectorCases, Rehoming, RehomingStore, RoutedBy},
    routing::{
        case::{Case, CaseState},
        demand::Demand,
        routed::Verb,
    },
};

/// Number of cases of a project read at once.
const CASES: i32 = 100;
const ORDER: &str = "order to rehome";

impl Table {
    /// Makes the write that orders to look after the open cases of a connector, from `now` on, also if an order stands.
    pub(in crate::dynamo) fn rehoming_write(
        &self,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<TransactWriteItem, PortError> {
        let job = RehomeConnector {
            scope: connector.scope,
            connector_id: connector.id,
        };
        let marked = Marked::by(job.into());
        let mark = marked.waiting(now);
        let update = self.update_part(
            &marked.key,
            "SET outbox_pk = :part, outbox_due = :due, ordered_at = :now, \
             orders = if_not_exists(orders, :base) + :one, \
             version = if_not_exists(version, :zero) + :one REMOVE pass_began_at, behind",
            "attribute_not_exists(orders) OR orders >= :zero",
            &[],
            &[
                (":part", mark.pk()),
                (":due", mark.due()),
                (":now", s(now)),
                // An order that is given again after its end does not repeat numbers.
                (":base", n(now.millis().max(0))),
                (":zero", n(0)),
                (":one", n(1)),
            ],
        )?;
        Ok(update_write(update))
    }
}

#[async_trait]
impl RehomingStore for DynamoRouting {
    async fn rehoming(&self, job: RehomeConnector) -> Result<Option<Rehoming>, PortError> {
        let key = keys::rehoming(job);
        let item: Option<RehomingItem> = self.table.get(&key, ORDER).await?;
        Ok(item.map(Into::into))
    }

    async fn client_served(&self, job: RehomeConnector) -> Result<Option<ClientId>, PortError> {
        let key = keys::connector(job.connector_id);
        let item: Option<ConnectorItem> = self.table.get(&key, "connector").await?;
        let connector = item.filter(|item| item.scope == job.scope);
        Ok(connector.map(|item| Connector::from(item).client_id))
    }

    async fn open_cases(
        &self,
        job: RehomeConnector,
        behind: Option<&str>,
    ) -> Result<ConnectorCases, PortError> {
        let list = keys::open_cases(job.scope);
        let key = |id: &str| Some(keys::case(job.scope, id.parse().ok()?));
        let start = behind.and_then(|at| list_start((ALL_PK, ALL_SK), (list.as_str(), at), key));
        let answer = self
            .table
            .list_query(&list)
            .filter_expression("connector_id = :connector")
            .expression_attribute_values(":connector", s(job.connector_id))
            .set_exclusive_start_key(start)
            .limit(CASES)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query (open cases)", error))?;
        let read = answer.last_evaluated_key.as_ref();
        let behind = read.and_then(|read| read.get(ALL_SK)?.as_s().ok().cloned());
        let rows = answer.items.unwrap_or_default();
        let cases = rows
            .iter()
            .filter_map(|row| key_of(row).as_ref().and_then(keys::parse_case));
        Ok(ConnectorCases {
            // IAM does not restrict the attributes by which an index leads to rows.
            conversations: cases
                .filter(|case| case.scope == job.scope)
                .map(|case| case.conversation_id)
                .collect(),
            behind,
        })
    }

    async fn readdress(
        &self,
        case: &Case,
        client_id: ClientId,
        by: RoutedBy<'_>,
    ) -> Result<Changed, PortError> {
        if case.demand.client_id == client_id {
            return Ok(done(case));
        }
        let demand = Demand {
            client_id,
            ..case.demand.clone()
        };
        match &case.state {
            CaseState::Waiting => {
                let (demand, note) = self.bounded(&case.desk(), &demand, by.note).await?;
                let by = RoutedBy {
                    note: note.as_deref(),
                    ..by
                };
                let change = Change::to(case.requeued(Some(demand), None, by.at), by)
                    .from(case)
                    .told_as(Verb::Requeue);
                Box::pin(self.make(change)).await
            }
            state @ (CaseState::Offered | CaseState::Assigned(_)) => {
                let next = Case {
                    demand,
                    ..case.with_state(state.clone(), by.at)
                };
                Box::pin(self.make(Change::to(next, by).from(case))).await
            }
            CaseState::Released { .. } => Ok(stale(case)),
        }
    }

    async fn go_on_rehoming(
        &self,
        job: RehomeConnector,
        order: &Rehoming,
        due: Timestamp,
    ) -> Result<bool, PortError> {
        let marked = Marked::by(job.into());
        let mark = marked.waiting(due);
        let mut change =
            "SET outbox_pk = :part, outbox_due = :due, version = version + :one".to_owned();
        let mut gone = Vec::new();
        let mut values = vec![
            (":part", mark.pk()),
            (":due", mark.due()),
            (":one", n(1)),
            (":read", n(order.orders)),
        ];
        match order.pass_began_at {
            Some(began_at) => {
                change.push_str(", pass_began_at = :began");
                values.push((":began", s(began_at)));
            }
            None => gone.push("pass_began_at"),
        }
        match &order.behind {
            Some(behind) => {
                change.push_str(", behind = :behind");
                values.push((":behind", s(behind)));
            }
            None => gone.push("behind"),
        }
        if !gone.is_empty() {
            change.push_str(" REMOVE ");
            change.push_str(&gone.join(", "));
        }
        let update =
            self.table
                .update_part(&marked.key, &change, "orders = :read", &[], &values)?;
        let outcome = self.table.update(update).await?;
        Ok(matches!(outcome, Conditional::Done(_)))
    }

    async fn end_rehoming(
        &self,
        job: RehomeConnector,
        order: &Rehoming,
    ) -> Result<bool, PortError> {
        let condition = "attribute_not_exists(pk) OR orders = :read";
        let read = [(":read", n(order.orders))];
        let key = keys::rehoming(job);
        let delete = delete_write(self.table.delete_part(&key, condition, &read)?);
        match self.table.transact(vec![delete]).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => {
                let is_other = matches!(reasons.first(), Some(Cancelled::Condition(_)));
                is_other
                    .then_some(false)
                    .ok_or(PortError::Conflict { what: ORDER })
            }
        }
    }
}
