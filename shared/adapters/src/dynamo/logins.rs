//! Logins, with their accounts, sessions, resets, sign-ins on their way and throttles.

mod addresses;
mod flows;
mod identities;
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
        mail::{Mail, MailOwner},
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
/// [`AddressStore`](vestibule_domain::ports::AddressStore) and
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
}

/// Takes every row of a partition.
const fn every(_: &Key) -> bool {
    true
}

/// The id of a login that nobody has. It is read for an address without a login, so that both cost the same.
fn nobody(email: &EmailAddress) -> LoginId {
    LoginId::derive(&["nobody", &email.hash()])
}

#[async_trait]
impl LoginStore for DynamoLogins {
    async fn find_login(&self, email: &EmailAddress) -> Result<Option<Login>, PortError> {
        let key = keys::login_address(email);
        let address: Option<EmailItem> = self.table.get(&key, "address").await?;
        let id = address.map_or_else(|| nobody(email), |address| address.login_id);
        let login = self.get_login(id).await?;
        Ok(login.filter(|login| login.email == *email))
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
        if wanted.is_empty() {
            // As many calls as with accounts.
            wanted.push(keys::login(id));
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
            let place = keys::reset(after.id, hash);
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

    async fn ask_reset(
        &self,
        email: &EmailAddress,
        reset: Option<&Reset>,
        mail: &Mail,
    ) -> Result<(), PortError> {
        // Without a login, a row that no token leads to is written, so that both cost the same.
        let in_vain = Reset {
            login_id: match mail.owner {
                MailOwner::Login(id) => id,
                MailOwner::Account(_) => nobody(email),
            },
            email: email.clone(),
            hash: mail.id.to_string(),
            expires_at: mail.created_at,
        };
        let item = ResetItem::from(reset.unwrap_or(&in_vain));
        let writes = vec![
            put_write(self.table.replacing_part(&item)?),
            self.table.mail_write(mail)?,
        ];
        match self.table.transact(writes).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "reset" }),
        }
    }

    async fn find_reset(
        &self,
        id: LoginId,
        hash: &str,
        now: Timestamp,
    ) -> Result<Option<Reset>, PortError> {
        let item: Option<ResetItem> = self.table.get(&keys::reset(id, hash), "reset").await?;
        let reset = item.and_then(ResetItem::reset);
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
