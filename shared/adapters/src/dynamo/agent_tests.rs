//! Test deliveries under way: one row per account, replaced under its version, so that two callers who count
//! at the same time never both find room.

use super::{
    keys,
    table::{Conditional, Table, Transacted, n, put_write},
};
use aws_sdk_dynamodb::types::Put;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::agent_tests::{RunningTest, RunningTests},
    event::AuditEntry,
    ids::{DeliveryId, SystemIds},
    ports::TestStart,
    retry::conflict_wait,
};

const WHAT: &str = "test deliveries";
/// Number of attempts at the row. Each meets another test of the account that begins or ends, and of those
/// there are few.
const ATTEMPTS: u32 = 5;

/// The test deliveries of an account that are under way.
#[derive(Debug, Default, Serialize, Deserialize)]
struct AgentTestsItem {
    pk: String,
    sk: String,
    tests: RunningTests,
    version: u64,
}

impl Table {
    /// See [`vestibule_domain::ports::EnvironmentStore::begin_test`].
    pub(super) async fn begin_test(
        &self,
        scope: AccountScope,
        test: &RunningTest,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<TestStart, PortError> {
        for attempt in 1..=ATTEMPTS {
            let read = self.agent_tests(scope).await?;
            // An earlier attempt of this call took effect and its answer was lost.
            if read.tests.has(test.id) {
                return Ok(TestStart::Begun);
            }
            let next = match read.tests.with(*test, now) {
                Ok(next) => next,
                Err(too_many) => return Ok(TestStart::TooMany(too_many)),
            };
            let put = self.agent_tests_put(scope, next, read.version)?;
            let writes = vec![put_write(put), self.audit_write(audit)?];
            match self.transact(writes).await? {
                Transacted::Done => return Ok(TestStart::Begun),
                Transacted::Cancelled(_) => wait(attempt).await,
            }
        }
        Err(PortError::Conflict { what: WHAT })
    }

    /// See [`vestibule_domain::ports::EnvironmentStore::end_test`].
    pub(super) async fn end_test(
        &self,
        scope: AccountScope,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<(), PortError> {
        for attempt in 1..=ATTEMPTS {
            let read = self.agent_tests(scope).await?;
            if !read.tests.has(id) {
                return Ok(());
            }
            let next = read.tests.without(id, now);
            let put = self.agent_tests_put(scope, next, read.version)?;
            match self.put(put).await? {
                Conditional::Done(_) => return Ok(()),
                Conditional::Failed(_) => wait(attempt).await,
            }
        }
        Err(PortError::Conflict { what: WHAT })
    }

    async fn agent_tests(&self, scope: AccountScope) -> Result<AgentTestsItem, PortError> {
        let row = self.get(&keys::agent_tests(scope), WHAT).await?;
        Ok(row.unwrap_or_default())
    }

    /// Makes the write that replaces the row that was read at `version`; 0 stands for none.
    fn agent_tests_put(
        &self,
        scope: AccountScope,
        tests: RunningTests,
        version: u64,
    ) -> Result<Put, PortError> {
        let key = keys::agent_tests(scope);
        let item = AgentTestsItem {
            pk: key.pk,
            sk: key.sk,
            tests,
            version: version + 1,
        };
        let condition = "attribute_not_exists(pk) OR version = :read";
        self.put_part(&item, condition, &[(":read", n(version))])
    }
}

async fn wait(attempt: u32) {
    tokio::time::sleep(conflict_wait(attempt, &SystemIds)).await;
}
