//! The store of sessions.

use super::{DynamoLogins, FRESH, SESSIONS_ENDED_MAX};
use crate::dynamo::{
    items::{DeviceItem, SessionItem, SessionUseItem, SessionsEndedItem},
    keys,
    table::{
        Attributes, Table, Transacted, check_write, delete_write, from_row, key_of, n, put_write,
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::collections::HashMap;
use vestibule_domain::{
    PortError, Timestamp,
    event::AuditEntry,
    ids::LoginId,
    ports::{Opening, SessionStore},
    team::{login::Login, session::Session},
};

const WHAT: &str = "session";

impl Table {
    /// Makes the removals of sessions.
    pub(in crate::dynamo) fn session_ends(
        &self,
        login_id: LoginId,
        hashes: &[String],
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        hashes
            .iter()
            .map(|hash| {
                let removal = self.removal_part(&keys::session(login_id, hash))?;
                Ok(delete_write(removal))
            })
            .collect()
    }

    /// Makes the write that ends every session of a login that was opened before this change of it, one whose
    /// opening is on its way included: both sides of such a race would otherwise miss each other. The session that
    /// begins with the change is of the version that the change makes.
    pub(in crate::dynamo) fn earlier_ends(
        &self,
        after: &Login,
        begins: Option<&mut Session>,
    ) -> Result<TransactWriteItem, PortError> {
        let from_version = after.version + 1;
        if let Some(session) = begins {
            session.login_version = from_version;
        }
        let item = SessionsEndedItem::new(after.id, from_version);
        // The version of the login is the condition.
        Ok(put_write(self.replacing_part(&item)?))
    }

    /// Makes the check that no change of the login ended this session with every earlier one.
    pub(in crate::dynamo) fn still_counts_check(
        &self,
        session: &Session,
    ) -> Result<TransactWriteItem, PortError> {
        let check = self.check_part(
            &keys::sessions_ended(session.login_id),
            "attribute_not_exists(pk) OR from_version <= :version",
            &[],
            &[(":version", n(session.login_version))],
        )?;
        Ok(check_write(check))
    }

    /// Makes the writes beside a session that is opened at this time: its device, mail and audit entries.
    pub(in crate::dynamo) fn beside_session(
        &self,
        login_id: LoginId,
        opening: &Opening,
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let device = DeviceItem::new(login_id, &opening.device.hash, at);
        let mut writes = vec![put_write(self.replacing_part(&device)?)];
        if let Some(mail) = &opening.mail {
            writes.push(self.mail_write(mail)?);
        }
        writes.extend(self.audit_writes(&opening.audits)?);
        Ok(writes)
    }

    /// Ends the sessions that do not fit into the transaction of the change that ends them, before it.
    pub(in crate::dynamo) async fn end_surplus(
        &self,
        login_id: LoginId,
        hashes: &[String],
    ) -> Result<(), PortError> {
        for some in hashes.chunks(SESSIONS_ENDED_MAX) {
            let ends = self.session_ends(login_id, some)?;
            if let Transacted::Cancelled(_) = self.transact(ends).await? {
                return Err(PortError::Conflict { what: "session" });
            }
        }
        Ok(())
    }
}

#[async_trait]
impl SessionStore for DynamoLogins {
    async fn open_session(&self, session: &Session, opening: &Opening) -> Result<(), PortError> {
        let login_id = session.login_id;
        let (ended, surplus) = opening
            .end
            .split_at(opening.end.len().min(SESSIONS_ENDED_MAX));
        self.table.end_surplus(login_id, surplus).await?;
        let item = SessionItem::from(session);
        // A session that ended before it began is not on record either.
        let mut writes = vec![
            put_write(self.table.put_part(&item, FRESH, &[])?),
            self.table.still_counts_check(session)?,
        ];
        writes.extend(self.table.session_ends(login_id, ended)?);
        let beside = self
            .table
            .beside_session(login_id, opening, session.created_at)?;
        writes.extend(beside);
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn list_sessions(&self, id: LoginId) -> Result<Vec<Session>, PortError> {
        let rows = self
            .partition(&keys::sessions(id), "dynamodb: Query (sessions)")
            .await?;
        let uses = self
            .partition(&keys::session_uses(id), "dynamodb: Query (session uses)")
            .await?;
        let place = |row: &Attributes| key_of(row).map(|key| key.sk);
        let mut activity: HashMap<String, Attributes> = uses
            .into_iter()
            .filter_map(|row| Some((place(&row)?, row)))
            .collect();
        let ended = keys::sessions_ended(id).sk;
        let (ends, rows): (Vec<Attributes>, Vec<Attributes>) = rows
            .into_iter()
            .partition(|row| place(row).as_ref() == Some(&ended));
        let ended = ends
            .into_iter()
            .next()
            .map(|row| from_row::<SessionsEndedItem>(row, "end of sessions"))
            .transpose()?;
        let mut sessions = Vec::new();
        for row in rows {
            let last = place(&row).and_then(|place| activity.remove(&place));
            let last = last
                .map(|row| from_row::<SessionUseItem>(row, "activity of a session"))
                .transpose()?;
            let item: SessionItem = from_row(row, WHAT)?;
            if ended.as_ref().is_none_or(|ended| !ended.ends(&item)) {
                sessions.push(item.used(last));
            }
        }
        sessions.sort_by_key(|session| session.created_at);
        Ok(sessions)
    }

    async fn end_sessions(
        &self,
        id: LoginId,
        hashes: &[String],
        audits: &[AuditEntry],
    ) -> Result<(), PortError> {
        let (ended, surplus) = hashes.split_at(hashes.len().min(SESSIONS_ENDED_MAX));
        self.table.end_surplus(id, surplus).await?;
        let mut writes = self.table.session_ends(id, ended)?;
        writes.extend(self.table.audit_writes(audits)?);
        if writes.is_empty() {
            return Ok(());
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn device_seen_at(
        &self,
        id: LoginId,
        hash: &str,
    ) -> Result<Option<Timestamp>, PortError> {
        let key = keys::device(id, hash);
        let item: Option<DeviceItem> = self.table.get(&key, "device").await?;
        Ok(item.map(|item| item.last_seen_at))
    }
}
