//! The end of an account (SPEC D34).
//!
//! Its projects are gone before, and its other members. What is left in its partitions is deleted at the hands of
//! the last member, whose membership ends with the account itself: while any of it is left, somebody can go on.
//! Without its record, no session opens an account, and no invitation into it can be accepted.

use super::DynamoTeam;
use crate::dynamo::{
    changes::at_version,
    keys::{self, Key, PROJECT_PREFIX},
    table::{Transacted, delete_write, key_of, n},
};
use async_trait::async_trait;
use std::collections::BTreeSet;
use vestibule_domain::{
    AccountScope, PortError,
    account::{Account, proof::CallerProof},
    ids::MemberId,
    ports::{AccountDeletion, AccountEndStore, By, ChannelStore},
    routing::demand::Desk,
    team::{
        member::{Member, MemberStatus},
        team_record::Team,
    },
};

const WHAT: &str = "account";
/// Rows that one transaction deletes, beside the checks of the caller's right.
const DELETED_AT_ONCE: usize = 90;

fn is_project(key: &Key) -> bool {
    key.sk.starts_with(PROJECT_PREFIX)
}

impl DynamoTeam {
    /// Reads the keys of the rows of a partition.
    async fn keys_in(&self, partition: &str) -> Result<Vec<Key>, PortError> {
        let what = "dynamodb: Query (rows of an account)";
        let rows = self.table.partition(partition, what).await?;
        Ok(rows.iter().filter_map(key_of).collect())
    }

    /// Deletes these rows, if the caller's right still holds.
    pub(super) async fn delete_rows(&self, rows: &[Key], by: By<'_>) -> Result<(), PortError> {
        for some in rows.chunks(DELETED_AT_ONCE) {
            let mut deletes = Vec::new();
            for key in some {
                deletes.push(delete_write(self.table.removal_part(key)?));
            }
            let outcome = self
                .table
                .transact_proven(deletes, by.proof, by.audit.at, vec![])
                .await?;
            if let Transacted::Cancelled(_) = outcome {
                return Err(PortError::Conflict { what: WHAT });
            }
        }
        Ok(())
    }
}

impl DynamoTeam {
    /// The keys of an account's channels, of the seats and queues on them, and of what waits.
    async fn routing_keys(&self, last: &Member) -> Result<Vec<Key>, PortError> {
        let scope = last.scope;
        let channels = self.channels(scope).await?;
        let own = last.work.channels.keys().map(String::as_str);
        let channels: BTreeSet<&str> = channels.keys().chain(own).collect();
        let mut rows = vec![keys::channels(scope), keys::requeue(scope, last.id)];
        for channel in channels {
            let desk = Desk {
                scope,
                channel: channel.to_owned(),
            };
            let at_desk = self.keys_in(&keys::desk(&desk)).await?;
            for key in &at_desk {
                let queue = key.sk.strip_prefix(keys::QUEUE_PREFIX);
                if let Some(id) = queue.and_then(|id| id.parse().ok()) {
                    rows.extend(self.keys_in(&keys::waiting_in(scope, id)).await?);
                }
            }
            rows.extend(at_desk);
        }
        Ok(rows)
    }

    /// The keys of an account's teams.
    async fn team_keys(&self, scope: AccountScope) -> Result<Vec<Key>, PortError> {
        let mut rows = Vec::new();
        for team in self.table.teams_of(scope).await? {
            rows.push(keys::team(scope, team.id));
            rows.push(keys::team_name(scope, &Team::name_hash(&team.name)));
        }
        Ok(rows)
    }

    /// The keys of an account's subscriptions, and of what its events left behind there. Deliveries expire.
    async fn subscription_keys(&self, scope: AccountScope) -> Result<Vec<Key>, PortError> {
        let mut rows = self.keys_in(&keys::subscriptions(scope)).await?;
        let mut beside = Vec::new();
        for key in &rows {
            let id = key.sk.strip_prefix(keys::SUBSCRIPTION_PREFIX);
            if let Some(id) = id.and_then(|id| id.parse().ok()) {
                beside.push(keys::subscription_sequence(scope, id));
                beside.push(keys::subscription_health(scope, id));
            }
        }
        rows.extend(beside);
        Ok(rows)
    }
}

#[async_trait]
impl AccountEndStore for DynamoTeam {
    async fn count_projects(&self, scope: AccountScope) -> Result<usize, PortError> {
        let rows = self.keys_in(&keys::account(scope).pk).await?;
        Ok(rows.iter().filter(|key| is_project(key)).count())
    }

    async fn end_keys(&self, scope: AccountScope, by: By<'_>) -> Result<(), PortError> {
        let mut rows = self.keys_in(&keys::account(scope).pk).await?;
        rows.retain(keys::is_api_key);
        let account_id = scope.account_id();
        let uses: Vec<Key> = rows
            .iter()
            .filter_map(|row| keys::use_of(account_id, row))
            .collect();
        rows.extend(uses);
        self.delete_rows(&rows, by).await
    }

    async fn delete_traces(
        &self,
        scope: AccountScope,
        last: MemberId,
        by: By<'_>,
    ) -> Result<bool, PortError> {
        self.delete_traces_of_others(scope, last, by).await
    }

    async fn delete_account(
        &self,
        account: &Account,
        last: &Member,
        by: By<'_>,
    ) -> Result<AccountDeletion, PortError> {
        // The member is written here at its version, and so is not checked beside that.
        if by.proof.member != Some((last.id, last.version)) {
            return Err(CallerProof::LOST);
        }
        let scope = last.scope;
        let own = keys::account(scope);
        let latest = self.table.latest_project(scope).await?;
        let mut rows = self.keys_in(&own.pk).await?;
        let projects = rows.iter().filter(|key| is_project(key)).count();
        if projects > 0 {
            return Ok(AccountDeletion::HasProjects(projects));
        }
        let note = keys::latest_project(scope);
        rows.retain(|key| *key != own && *key != note);
        rows.extend(self.keys_in(&keys::login_methods(scope)).await?);
        rows.extend(self.keys_in(&keys::connectors_of_clients(scope)).await?);
        rows.extend(self.routing_keys(last).await?);
        rows.extend(self.team_keys(scope).await?);
        rows.extend(self.subscription_keys(scope).await?);
        self.delete_rows(&rows, by).await?;
        let at = by.audit.at;
        let removed = Member {
            status: MemberStatus::Removed,
            updated_at: at,
            ..last.clone()
        };
        let read = [(":read", n(account.version))];
        let condition = at_version(account.version);
        let roles = self.table.removal_part(&keys::roles(scope))?;
        let mut writes = vec![
            delete_write(self.table.delete_part(&own, condition, &read)?),
            self.table.member_write(&removed)?,
            delete_write(roles),
            self.table.no_project_since_write(scope, latest)?,
        ];
        writes.extend(self.removal_writes(&removed, &[], at).await?);
        if let Some(login_id) = last.login_id {
            for key in self.identity_keys(scope, login_id).await? {
                writes.push(delete_write(self.table.removal_part(&key)?));
            }
        }
        match self.table.transact_by(writes, by).await? {
            Transacted::Done => Ok(AccountDeletion::Done),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }
}
