//! Records beside a login, and the end of a login (SPEC D35).

use super::{DynamoLogins, OWN_OR_NONE, SESSIONS_ENDED_MAX, WHAT};
use crate::aws::port_error;
use crate::dynamo::{
    changes::at_version,
    items::EmailItem,
    keys::{self, Key},
    table::{Attributes, Transacted, check_write, delete_write, from_row, key_of, n, put_write, s},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Deserialize;
use vestibule_domain::{
    PortError, Timestamp,
    ids::LoginId,
    ports::{BoundIdentity, IdentityRemoval, LoginRemoval, LoginStore, OwnLoginStore},
    team::{login::Login, mail::Mail},
};

/// Rows that one transaction deletes.
const DELETED_AT_ONCE: usize = 100;

/// The part of a device's row that is shown.
#[derive(Deserialize)]
struct DeviceFacts {
    last_seen_at: Timestamp,
}

impl DynamoLogins {
    /// Deletes the rows of a partition.
    pub(super) async fn clear(&self, partition: &str) -> Result<(), PortError> {
        let rows = self
            .partition(partition, "dynamodb: Query (rows of a login that end)")
            .await?;
        self.delete_each(&rows).await
    }

    /// Deletes rows.
    async fn delete_each(&self, rows: &[Attributes]) -> Result<(), PortError> {
        let found: Vec<Key> = rows.iter().filter_map(key_of).collect();
        for some in found.chunks(DELETED_AT_ONCE) {
            let mut deletes = Vec::new();
            for key in some {
                deletes.push(delete_write(self.table.removal_part(key)?));
            }
            self.delete_all(deletes).await?;
        }
        Ok(())
    }

    /// Deletes the mails of a login, as far as the index knows of them by now. Others expire.
    async fn clear_mails(&self, id: LoginId) -> Result<(), PortError> {
        let what = "dynamodb: Query (mails of a login)";
        let mut start = None;
        loop {
            let answer = self
                .table
                .list_query(keys::login_mails(id))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| port_error(what, error))?;
            let rows = answer.items.unwrap_or_default();
            self.delete_each(&rows).await?;
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// Writes deletions, all or none.
    async fn delete_all(&self, deletes: Vec<TransactWriteItem>) -> Result<(), PortError> {
        match self.table.transact(deletes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }
}

#[async_trait]
impl OwnLoginStore for DynamoLogins {
    async fn devices(&self, id: LoginId) -> Result<Vec<Timestamp>, PortError> {
        let rows = self
            .partition(&keys::devices(id), "dynamodb: Query (devices)")
            .await?;
        let read = |row: Attributes| {
            let facts = from_row::<DeviceFacts>(row, "device");
            facts.map(|facts| facts.last_seen_at)
        };
        rows.into_iter().map(read).collect()
    }

    async fn identities(&self, id: LoginId) -> Result<Vec<BoundIdentity>, PortError> {
        let rows = self.table.identity_rows(id).await?;
        let shown = rows.into_iter().map(|row| BoundIdentity {
            account_id: row.scope.account_id(),
            hash: row.identity,
            method_id: row.method_id,
        });
        Ok(shown.collect())
    }

    async fn remove_identity(&self, removal: &IdentityRemoval) -> Result<(), PortError> {
        let (table, id, scope) = (&self.table, removal.session.login_id, removal.scope);
        let room = removal.end_sessions.len().min(SESSIONS_ENDED_MAX);
        let (ended, surplus) = removal.end_sessions.split_at(room);
        table.end_surplus(id, surplus).await?;
        let own = [(":own", s(id))];
        let is_own = "login_id = :own";
        let place = keys::identity(scope, &removal.hash);
        let found = keys::login_identity(id, scope.account_id(), &removal.hash);
        // A rule that asks for an identity could be turned on in between.
        let rules = table.check_part(
            &keys::account(scope),
            at_version(removal.account_version),
            &[],
            &[(":read", n(removal.account_version))],
        )?;
        let mut writes = vec![
            delete_write(table.delete_part(&place, is_own, &own)?),
            delete_write(table.removal_part(&found)?),
            check_write(rules),
            table.still_counts_check(&removal.session)?,
        ];
        if let Some(kept) = &removal.kept {
            let kept = keys::identity(scope, kept);
            writes.push(check_write(table.check_part(&kept, is_own, &[], &own)?));
        }
        writes.extend(table.session_ends(id, ended)?);
        if let Some(mail) = &removal.mail {
            writes.push(table.mail_write(mail)?);
        }
        writes.extend(table.entry_writes(&removal.audit)?);
        match table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "identity" }),
        }
    }

    async fn note_left(&self, id: LoginId, now: Timestamp) -> Result<(), PortError> {
        // Read before its accounts: it changes when it joins one.
        let login = self.get_login(id).await?;
        let Some(login) = login.filter(|login| login.left_at.is_none()) else {
            return Ok(());
        };
        if !self.accounts(id).await?.is_empty() {
            return Ok(());
        }
        let left = Login {
            left_at: Some(now),
            ..login
        };
        let own = [(":own", s(id))];
        let address = EmailItem::from(&left);
        let writes = vec![
            self.table.login_write(&left)?,
            put_write(self.table.put_part(&address, OWN_OR_NONE, &own)?),
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn remove_login(&self, removal: &LoginRemoval) -> Result<(), PortError> {
        let table = &self.table;
        let (login, id) = (&removal.login, removal.login.id);
        table.unbind(id, None).await?;
        self.clear(&keys::devices(id)).await?;
        self.clear(&keys::address_changes(id)).await?;
        self.clear(&keys::session_uses(id)).await?;
        self.clear_mails(id).await?;
        self.clear_mails(Mail::owner_by_address(&login.email))
            .await?;
        let room = removal.end_sessions.len().min(SESSIONS_ENDED_MAX);
        let (ended, surplus) = removal.end_sessions.split_at(room);
        table.end_surplus(id, surplus).await?;
        let read = [(":read", n(login.version))];
        let own = [(":own", s(id))];
        let address = keys::login_address(&login.email);
        let current = keys::session(id, &removal.current);
        let mut writes = vec![
            delete_write(table.delete_part(&keys::login(id), "version = :read", &read)?),
            delete_write(table.delete_part(&address, OWN_OR_NONE, &own)?),
            delete_write(table.delete_part(&current, "attribute_exists(pk)", &[])?),
        ];
        writes.extend(table.session_ends(id, ended)?);
        if let Some(mail) = &removal.mail {
            writes.push(table.mail_write(mail)?);
        }
        self.delete_all(writes).await
    }
}
