//! Logins, with their accounts, sessions, resets, sign-ins on their way and throttles.

mod addresses;
mod flows;
mod identities;
mod refusals;
mod removal;
mod sessions;
mod throttles;

use super::{
    credentials::{roles_of, standing},
    items::{
        AccountItem, DeviceItem, EmailItem, IdentityItem, LoginItem, PointerItem, ResetItem,
        SessionItem,
    },
    keys::{self, Key},
    table::{
        Attributes, Cancelled, Table, Transacted, check_write, delete_write, from_row, n,
        put_write, s, take,
    },
};
use async_trait::async_trait;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::email_address::EmailAddress,
    event::AuditEntry,
    ids::LoginId,
    ports::{AccountPlace, LoginChange, LoginStore, Reset},
    team::{
        identity::{AccountIdentity, IdentityHash},
        login::{ACCOUNTS_MAX, Login},
        mail::Mail,
        session::Session,
    },
};

const WHAT: &str = "login";
const FRESH: &str = "attribute_not_exists(pk)";
/// The condition that a row leads to the login `:own`, or to none.
const OWN_OR_NONE: &str = "attribute_not_exists(pk) OR login_id = :own";
/// Sessions that end in one transaction, beside everything else in it.
pub(super) const SESSIONS_ENDED_MAX: usize = 50;

/// See [`LoginStore`], [`SessionStore`](vestibule_domain::ports::SessionStore),
/// [`FlowStore`](vestibule_domain::ports::FlowStore), [`ThrottleStore`](vestibule_domain::ports::ThrottleStore),
/// [`AddressStore`](vestibule_domain::ports::AddressStore), [`RefusalStore`](vestibule_domain::ports::RefusalStore) and
/// [`OwnLoginStore`](vestibule_domain::ports::OwnLoginStore).
#[derive(Debug, Clone)]
pub struct DynamoLogins {
    table: Table,
}

impl DynamoLogins {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Reads a whole partition, consistently.
    async fn partition(
        &self,
        partition: &str,
        what: &'static str,
    ) -> Result<Vec<Attributes>, PortError> {
        self.table.partition(partition, what).await
    }

    /// Makes the rows that are read for an address without a login, once for the whole stack.
    async fn make_decoy(&self) -> Result<(), PortError> {
        let writes = vec![
            put_write(self.table.put_part(&LoginItem::decoy()?, FRESH, &[])?),
            put_write(self.table.put_part(&EmailItem::decoy(), FRESH, &[])?),
        ];
        // Another sandbox may make them at the same time.
        self.table.transact(writes).await.map(|_| ())
    }
}

#[async_trait]
impl LoginStore for DynamoLogins {
    async fn find_login(&self, email: &EmailAddress) -> Result<Option<Login>, PortError> {
        let (own, decoy) = (keys::login_address(email), keys::decoy_address());
        let mut rows = self.table.get_batch(&[own.clone(), decoy.clone()]).await?;
        let address: Option<EmailItem> = take(&mut rows, &own, "address")?;
        let in_vain: Option<EmailItem> = take(&mut rows, &decoy, "address")?;
        if in_vain.is_none() {
            self.make_decoy().await?;
        }
        // Two addresses and one login are read in these two calls, whether or not the address has a login.
        let (place, beside) = match &address {
            Some(address) => (keys::login(address.login_id), keys::decoy_gap()),
            None => (keys::decoy_login(), decoy),
        };
        let mut rows = self
            .table
            .get_batch(&[place.clone(), beside.clone()])
            .await?;
        let login: Option<LoginItem> = take(&mut rows, &place, WHAT)?;
        let _: Option<EmailItem> = take(&mut rows, &beside, "address")?;
        let login = login.map(Login::from);
        Ok(login.filter(|login| address.is_some() && login.email == *email))
    }

    async fn get_login(&self, id: LoginId) -> Result<Option<Login>, PortError> {
        let item: Option<LoginItem> = self.table.get(&keys::login(id), WHAT).await?;
        Ok(item.map(Into::into))
    }

    async fn accounts(&self, id: LoginId) -> Result<Vec<AccountPlace>, PortError> {
        let partition = keys::login_members(id);
        let rows = self
            .partition(&partition, "dynamodb: Query (accounts of a login)")
            .await?;
        let mut pointers = Vec::new();
        for row in rows.into_iter().take(ACCOUNTS_MAX) {
            pointers.push(from_row::<PointerItem>(row, "member of a login")?.to);
        }
        let mut wanted: Vec<Key> = Vec::new();
        for pointer in &pointers {
            let scope = AccountScope::of_verified(pointer.account_id);
            wanted.extend([
                keys::account(scope),
                keys::roles(scope),
                keys::member(scope, pointer.member_id),
            ]);
        }
        let mut rows = self.table.get_batch(&wanted).await?;
        let mut places = Vec::new();
        for pointer in pointers {
            let scope = AccountScope::of_verified(pointer.account_id);
            let account: Option<AccountItem> = take(&mut rows, &keys::account(scope), "account")?;
            let roles = roles_of(&mut rows, &keys::roles(scope))?;
            let member = keys::member(scope, pointer.member_id);
            let standing = standing(&mut rows, &member, roles)?;
            let own = standing.filter(|standing| standing.member.login_id == Some(id));
            if let Some((account, standing)) = account.zip(own) {
                places.push(AccountPlace {
                    account: account.into(),
                    standing,
                });
            }
        }
        Ok(places)
    }

    async fn update_login(&self, after: &Login, change: &LoginChange) -> Result<(), PortError> {
        let ends = change.end_sessions.len().min(SESSIONS_ENDED_MAX);
        let (ended, surplus) = change.end_sessions.split_at(ends);
        self.table.end_surplus(after.id, surplus).await?;
        if change.unbinds {
            self.table.unbind(after.id, None).await?;
        }
        let mut writes = vec![self.table.login_write(after)?];
        if let Some(hash) = &change.reset {
            let place = keys::reset(hash);
            let delete = self
                .table
                .delete_part(&place, "attribute_exists(pk)", &[])?;
            writes.push(delete_write(delete));
        }
        writes.extend(self.table.session_ends(after.id, ended)?);
        if let Some(hash) = &change.replaces {
            let place = keys::session(after.id, hash);
            let delete = self
                .table
                .delete_part(&place, "attribute_exists(pk)", &[])?;
            writes.push(delete_write(delete));
        }
        let mut session = change.session.clone();
        if change.ends_earlier {
            writes.push(self.table.earlier_ends(after, session.as_mut())?);
        }
        if let Some(session) = &session {
            let item = SessionItem::from(session);
            writes.push(put_write(self.table.put_part(&item, FRESH, &[])?));
        }
        if let Some(device) = &change.device {
            let item = DeviceItem::new(after.id, &device.hash, after.updated_at);
            writes.push(put_write(self.table.replacing_part(&item)?));
        }
        if let Some(mail) = &change.mail {
            writes.push(self.table.mail_write(mail)?);
        }
        for member in &change.freed {
            writes.push(self.table.member_write(member)?);
        }
        writes.extend(self.table.audit_writes(&change.audits)?);
        if let Transacted::Cancelled(_) = self.table.transact(writes).await? {
            return Err(PortError::Conflict { what: WHAT });
        }
        if change.unbinds {
            self.table.unbind_rest(after.id, None).await;
        }
        Ok(())
    }

    async fn ask_reset(&self, reset: &Reset, mail: &Mail) -> Result<(), PortError> {
        let item = ResetItem::from(reset);
        let writes = vec![
            put_write(self.table.replacing_part(&item)?),
            self.table.mail_write(mail)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "reset" }),
        }
    }

    async fn find_reset(&self, hash: &str, now: Timestamp) -> Result<Option<Reset>, PortError> {
        let item: Option<ResetItem> = self.table.get(&keys::reset(hash), "reset").await?;
        let reset = item.map(Reset::from);
        Ok(reset.filter(|reset| now < reset.expires_at))
    }

    async fn find_identity(
        &self,
        scope: AccountScope,
        identity: &IdentityHash,
    ) -> Result<Option<AccountIdentity>, PortError> {
        let key = keys::identity(scope, identity);
        let item: Option<IdentityItem> = self.table.get(&key, "identity").await?;
        Ok(item.map(Into::into))
    }

    async fn bind_identity(
        &self,
        identity: &AccountIdentity,
        member_version: u64,
        session: &Session,
        mail: Option<&Mail>,
        audit: &AuditEntry,
    ) -> Result<bool, PortError> {
        let member = keys::member(identity.scope, identity.member_id);
        let check = self.table.check_part(
            &member,
            "version = :read AND login_id = :login AND #status = :active",
            &[("#status", "status")],
            &[
                (":read", n(member_version)),
                (":login", s(identity.login_id)),
                (":active", s("active")),
            ],
        )?;
        let mut writes = Vec::from(self.table.binding_writes(identity).await?);
        writes.extend([
            check_write(check),
            self.table.still_counts_check(session)?,
            self.table.audit_write(audit)?,
        ]);
        if let Some(mail) = mail {
            writes.push(self.table.mail_write(mail)?);
        }
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(true),
            Transacted::Cancelled(reasons) => match reasons.into_iter().next() {
                Some(Cancelled::Condition(_)) => Ok(false),
                _ => Err(PortError::Conflict { what: "member" }),
            },
        }
    }
}
