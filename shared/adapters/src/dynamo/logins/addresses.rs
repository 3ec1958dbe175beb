//! The store of changes of logins' addresses (SPEC D35).
//!
//! The login and its two `EMAIL` rows change in one transaction, which also ends sessions and tells each account's
//! audit log. A transaction has no room for the members of 25 accounts beside that, so these follow one by one.

use super::{DynamoLogins, FRESH, OWN_OR_NONE, SESSIONS_ENDED_MAX};
use crate::dynamo::{
    items::{AddressChangeItem, AddressItem, EmailItem, SessionItem},
    keys,
    table::{Cancelled, Transacted, delete_write, put_write, s, take},
};
use async_trait::async_trait;
use vestibule_domain::{
    PortError, Timestamp,
    error::Chain,
    ids::LoginId,
    ports::{AddressChange, AddressOutcome, AddressStore, AddressTaking, LoginStore},
    team::{login::Login, mail::Mail, member::Member},
};

const WHAT: &str = "change of the address";
/// Place of the new address among the writes of a change.
const NEW_ADDRESS: usize = 1;

impl DynamoLogins {
    /// Gives one member the address of its login.
    async fn follow_in(
        &self,
        login: &Login,
        member: &Member,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let scope = member.scope;
        let followed = Member {
            email: login.email.clone(),
            updated_at: now,
            ..member.clone()
        };
        let before = keys::member_address(scope, &member.email);
        let after = keys::member_address(scope, &login.email);
        let wanted = [before.clone(), after.clone()];
        let mut rows = self.table.get_batch(&wanted).await?;
        let held: Option<AddressItem> = take(&mut rows, &before, "address")?;
        let other: Option<AddressItem> = take(&mut rows, &after, "address")?;
        let mut writes = vec![self.table.member_write(&followed)?];
        if held.is_some_and(|held| held.member_id == member.id) {
            writes.push(self.table.way_removal(&before, member.id)?);
        }
        // Somebody who was invited under the new address keeps it.
        if other.is_none() {
            let item = AddressItem::from(&followed);
            writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "member" }),
        }
    }
}

#[async_trait]
impl AddressStore for DynamoLogins {
    async fn ask_address(&self, change: &AddressChange, mails: &[Mail]) -> Result<(), PortError> {
        let item = AddressChangeItem::from(change);
        let mut writes = vec![put_write(self.table.replacing_part(&item)?)];
        for mail in mails {
            writes.push(self.table.mail_write(mail)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn find_address_change(
        &self,
        id: LoginId,
        hash: &str,
    ) -> Result<Option<AddressChange>, PortError> {
        let key = keys::address_change(id, hash);
        let item: Option<AddressChangeItem> = self.table.get(&key, WHAT).await?;
        Ok(item.map(AddressChange::from))
    }

    async fn take_address(&self, taking: &AddressTaking) -> Result<AddressOutcome, PortError> {
        let table = &self.table;
        let (login, change) = (&taking.after, &taking.change);
        let room = taking.end_sessions.len().min(SESSIONS_ENDED_MAX);
        let (ended, surplus) = taking.end_sessions.split_at(room);
        table.end_surplus(login.id, surplus).await?;
        let own = [(":own", s(login.id))];
        let old = keys::login_address(&change.from);
        let spent = keys::address_change(login.id, &change.hash);
        let current = keys::session(login.id, &taking.current);
        let there = "attribute_exists(pk)";
        let mut session = taking.session.clone();
        let earlier = table.earlier_ends(login, Some(&mut session))?;
        let session = SessionItem::from(&session);
        let mut writes = vec![
            table.login_write(login)?,
            put_write(table.put_part(&EmailItem::from(login), OWN_OR_NONE, &own)?),
            delete_write(table.delete_part(&old, OWN_OR_NONE, &own)?),
            delete_write(table.delete_part(&spent, there, &[])?),
            delete_write(table.delete_part(&current, there, &[])?),
            put_write(table.put_part(&session, FRESH, &[])?),
        ];
        writes.push(earlier);
        writes.extend(table.session_ends(login.id, ended)?);
        for mail in &taking.mails {
            writes.push(table.mail_write(mail)?);
        }
        writes.extend(table.audit_writes(&taking.audits)?);
        let reasons = match table.transact(writes).await? {
            Transacted::Done => {
                // Links for other addresses no longer hold.
                let links = keys::address_changes(login.id);
                if let Err(error) = self.clear(&links).await {
                    tracing::warn!(login.id = %login.id, error = %Chain(&error), "links of a login are left to expire");
                }
                return Ok(AddressOutcome::Done);
            }
            Transacted::Cancelled(reasons) => reasons,
        };
        match reasons.get(NEW_ADDRESS) {
            Some(Cancelled::Condition(_)) => Ok(AddressOutcome::Taken),
            _ => Err(PortError::Conflict { what: WHAT }),
        }
    }

    async fn follow_address(&self, id: LoginId, now: Timestamp) -> Result<(), PortError> {
        let Some(login) = self.get_login(id).await? else {
            return Ok(());
        };
        for place in self.accounts(id).await? {
            let member = &place.standing.member;
            if member.email != login.email {
                self.follow_in(&login, member, now).await?;
            }
        }
        Ok(())
    }
}
