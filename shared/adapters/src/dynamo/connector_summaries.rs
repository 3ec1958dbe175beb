//! Facts shown beside connectors: pending requests, the last message, and the last test.

use super::{
    keys::{self, INDEX_BY_STATE, Key, STATE_PK},
    table::{Table, from_row, put_write, s, take},
    tallies::{self, Tallies},
};
use crate::aws::port_error;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use vestibule_domain::{
    PortError, ProjectScope,
    access::request::RequestStatus,
    connector::{ConnectorSummary, ConnectorTest},
    ids::ConnectorId,
    ports::CountUpTo,
};

/// Number of pending requests of a project that are looked at.
const LOOKED_AT: i32 = 300;
/// Number at which counting stops.
const COUNT_MAX: u32 = 100;

/// The last test of a connector.
#[derive(Debug, Serialize, Deserialize)]
struct TestItem {
    pk: String,
    sk: String,
    #[serde(flatten)]
    test: ConnectorTest,
}

/// The part of a request's row that is counted.
#[derive(Debug, Deserialize)]
struct Counted {
    connector_id: ConnectorId,
}

impl Table {
    /// Makes the write of a test, as a part of a transaction. The last one wins.
    pub(super) fn test_write(
        &self,
        id: ConnectorId,
        test: &ConnectorTest,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::connector_test(id);
        let put = self.replacing_part(&TestItem {
            pk: key.pk,
            sk: key.sk,
            test: test.clone(),
        })?;
        Ok(put_write(put))
    }

    /// See [`vestibule_domain::ports::ConnectorStore::summaries`].
    pub(super) async fn summaries(
        &self,
        scope: ProjectScope,
        ids: &[ConnectorId],
    ) -> Result<Vec<ConnectorSummary>, PortError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let tests: Vec<Key> = ids.iter().copied().map(keys::connector_test).collect();
        let (tallies, mut rows) =
            tokio::try_join!(tallies::by_connector(self, scope), self.get_batch(&tests))?;
        let (counts, has_more) = self.pending(scope, &tallies).await?;
        ids.iter()
            .zip(&tests)
            .map(|(id, key)| {
                let count = counts.get(id).copied().unwrap_or_default();
                let test: Option<TestItem> = take(&mut rows, key, "connector test")?;
                Ok(ConnectorSummary {
                    pending: CountUpTo {
                        count: count.min(COUNT_MAX),
                        more: has_more || count > COUNT_MAX,
                    },
                    last_message_at: tallies.last_message_at(*id),
                    last_test: test.map(|item| item.test),
                })
            })
            .collect()
    }

    /// Counts the pending requests by connector: all, or the newest in a project from before their numbers were kept.
    /// Tells whether there are more.
    async fn pending(
        &self,
        scope: ProjectScope,
        tallies: &Tallies,
    ) -> Result<(HashMap<ConnectorId, u32>, bool), PortError> {
        let Some(all) = tallies.pending() else {
            return self.newest_pending(scope).await;
        };
        let shown = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        let counts = all.into_iter().map(|(id, number)| (id, shown(number)));
        Ok((counts.collect(), false))
    }

    /// Counts the project's newest pending requests by connector, and tells whether there are older ones.
    async fn newest_pending(
        &self,
        scope: ProjectScope,
    ) -> Result<(HashMap<ConnectorId, u32>, bool), PortError> {
        let list = keys::access_requests(scope, Some(RequestStatus::Pending));
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(INDEX_BY_STATE)
            .key_condition_expression(format!("{STATE_PK} = :list"))
            .expression_attribute_values(":list", s(list))
            .projection_expression("connector_id")
            .scan_index_forward(false)
            .limit(LOOKED_AT)
            .send()
            .await
            .map_err(|error| port_error("dynamodb: Query", error))?;
        let mut counts = HashMap::new();
        for row in answer.items.unwrap_or_default() {
            let counted: Counted = from_row(row, "access request")?;
            *counts.entry(counted.connector_id).or_default() += 1;
        }
        Ok((counts, answer.last_evaluated_key.is_some()))
    }
}
