//! The record of the stack's set-up: the first account, the first admin's invitation, and recoveries.

use super::{
    items::{AddressItem, ClientAttribute, InvitationItem, MemberItem},
    keys::{self, Key},
    table::{
        Cancelled, Conditional, Table, Transacted, delete_write, n, put_write, s, take,
        update_write,
    },
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::{Account, Client},
    ids::{AccountId, ApiKeyId, IdSource, InvitationId, LoginId, MemberId, SystemIds},
    ports::{
        FirstAdmin, FirstAdminOrders, FirstAdminStore, Recovery, SetUpReader, SetUpReceipt,
        SetUpState,
    },
    routing::seat_of::MemberChange,
    team::{
        first_admin::wait_after_orders,
        invitation::Invitation,
        member::{Member, MemberStatus},
    },
};

const FRESH: &str = "attribute_not_exists(pk)";

/// See [`SetUpReader`], [`FirstAdminOrders`] and [`FirstAdminStore`].
#[derive(Debug, Clone)]
pub struct DynamoSetUp {
    table: Table,
}

impl DynamoSetUp {
    /// Makes the store on this table.
    #[must_use]
    pub fn new(table: Table) -> Self {
        Self { table }
    }

    /// Notes that the first admin needs no invitation: the address has a member already.
    async fn note_invited(&self, scope: AccountScope, at: Timestamp) -> Result<(), PortError> {
        // The condition fails if that was noted meanwhile.
        let update = invited_update(&self.table, scope, at)?;
        self.table.update(update).await.map(|_: Conditional| ())
    }
}

fn invited_update(
    table: &Table,
    scope: AccountScope,
    at: Timestamp,
) -> Result<aws_sdk_dynamodb::types::Update, PortError> {
    table.update_part(
        &keys::set_up(),
        "SET admin_invited_at = :at",
        "account_id = :account AND attribute_not_exists(admin_invited_at)",
        &[],
        &[(":at", s(at)), (":account", s(scope.account_id()))],
    )
}

/// The record of the set-up. The facts of the key are absent while the account was made for its first admin's
/// invitation only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SetUpItem {
    pk: String,
    sk: String,
    account_id: AccountId,
    account_name: String,
    client: ClientAttribute,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<ApiKeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key_hash: Option<String>,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    admin_invited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovered_at: Option<Timestamp>,
}

impl From<&SetUpReceipt> for SetUpItem {
    fn from(receipt: &SetUpReceipt) -> Self {
        let key = keys::set_up();
        Self {
            pk: key.pk,
            sk: key.sk,
            account_id: receipt.account_id,
            account_name: receipt.account_name.clone(),
            client: (&receipt.client).into(),
            key_id: Some(receipt.key_id),
            key_expires_at: Some(receipt.key_expires_at),
            salt: Some(receipt.salt.clone()),
            idempotency_key_hash: receipt.idempotency_key_hash.clone(),
            at: receipt.at,
            admin_invited_at: None,
            recovered_at: None,
        }
    }
}

impl SetUpItem {
    /// Makes the record of an account that is made for its first admin's invitation.
    fn of_first_admin(account: &Account, client: &Client, at: Timestamp) -> Self {
        let key = keys::set_up();
        Self {
            pk: key.pk,
            sk: key.sk,
            account_id: account.id,
            account_name: account.name.clone(),
            client: client.into(),
            key_id: None,
            key_expires_at: None,
            salt: None,
            idempotency_key_hash: None,
            at,
            admin_invited_at: Some(at),
            recovered_at: None,
        }
    }

    /// The state of the set-up.
    pub(super) const fn state(&self) -> SetUpState {
        SetUpState {
            account_id: self.account_id,
            at: self.at,
            admin_invited_at: self.admin_invited_at,
            key_set_up: self.key_id.is_some(),
            recovered_at: self.recovered_at,
        }
    }

    /// The receipt of the key; `None` if none was made.
    pub(super) fn receipt(self) -> Option<SetUpReceipt> {
        Some(SetUpReceipt {
            account_id: self.account_id,
            account_name: self.account_name,
            client: self.client.into(),
            key_id: self.key_id?,
            key_expires_at: self.key_expires_at?,
            salt: self.salt?,
            idempotency_key_hash: self.idempotency_key_hash,
            at: self.at,
        })
    }
}

/// The orders of the first admin's invitation. The row is written by updates only.
#[derive(Debug, Deserialize)]
struct FirstAdminOrdersItem {
    orders: u32,
    next_at: Timestamp,
}

/// The claim of a value of the set-up secret that a recovery used.
#[derive(Serialize)]
struct UsedValueItem {
    pk: String,
    sk: String,
    at: Timestamp,
}

impl Table {
    /// Makes the writes that let a value of the set-up secret count once. The claim of the value is the first.
    pub(super) fn recovery_writes(
        &self,
        recovery: &Recovery,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let key = keys::recovery(&recovery.value_hash);
        let claim = UsedValueItem {
            pk: key.pk,
            sk: key.sk,
            at: recovery.audit.at,
        };
        let note = self.update_part(
            &keys::set_up(),
            "SET recovered_at = :at",
            "attribute_exists(pk)",
            &[],
            &[(":at", s(recovery.audit.at))],
        )?;
        Ok(vec![
            put_write(self.put_part(&claim, FRESH, &[])?),
            update_write(note),
        ])
    }

    /// Reads a member.
    pub(super) async fn member(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<Option<Member>, PortError> {
        let item: Option<MemberItem> = self.get(&keys::member(scope, id), "member").await?;
        Ok(item.map(Into::into))
    }

    /// Reads an invitation.
    pub(super) async fn invitation(
        &self,
        scope: AccountScope,
        id: InvitationId,
    ) -> Result<Option<Invitation>, PortError> {
        let key = keys::invitation(scope, id);
        let item: Option<InvitationItem> = self.get(&key, "invitation").await?;
        Ok(item.map(Into::into))
    }

    /// Makes the write of a member that was read at its version.
    pub(super) fn member_write(&self, member: &Member) -> Result<TransactWriteItem, PortError> {
        let item = MemberItem::from(&Member {
            version: member.version + 1,
            ..member.clone()
        });
        let read = [(":read", n(member.version))];
        Ok(put_write(self.put_part(&item, "version = :read", &read)?))
    }

    /// Makes the write of an invitation that was read at its version.
    pub(super) fn invitation_write(
        &self,
        invitation: &Invitation,
    ) -> Result<TransactWriteItem, PortError> {
        let item = InvitationItem::from(&Invitation {
            version: invitation.version + 1,
            ..invitation.clone()
        });
        let read = [(":read", n(invitation.version))];
        Ok(put_write(self.put_part(&item, "version = :read", &read)?))
    }

    /// Makes the removal of a row that leads to a member, unless it leads to another one by now.
    pub(super) fn way_removal(
        &self,
        key: &Key,
        member: MemberId,
    ) -> Result<TransactWriteItem, PortError> {
        let condition = "attribute_not_exists(pk) OR member_id = :member";
        let delete = self.delete_part(key, condition, &[(":member", s(member))])?;
        Ok(delete_write(delete))
    }

    /// Makes the removal of the row that leads from a login to its member.
    pub(super) fn pointer_removal(
        &self,
        login: LoginId,
        member: &Member,
    ) -> Result<TransactWriteItem, PortError> {
        let key = keys::login_member(login, member.scope.account_id());
        self.way_removal(&key, member.id)
    }
}

/// Makes the writes that give a member the address, whoever had it before: a recovery must not be kept out by an
/// invitation whose mail was lost.
pub(super) async fn place_in_address(
    table: &Table,
    member: &Member,
    now: Timestamp,
) -> Result<Vec<TransactWriteItem>, PortError> {
    let scope = member.scope;
    let place = keys::member_address(scope, &member.email);
    let address: Option<AddressItem> = table.get(&place, "address").await?;
    let stored = table.member(scope, member.id).await?;
    let mut writes = vec![match &stored {
        Some(_) => table.member_write(member)?,
        None => put_write(table.put_part(&MemberItem::from(member), FRESH, &[])?),
    }];
    let change = MemberChange {
        before: stored.as_ref(),
        after: member,
    };
    writes.extend(table.routing_writes(change, now)?);
    let item = AddressItem::from(member);
    let Some(before) = address else {
        writes.push(put_write(table.put_part(&item, FRESH, &[])?));
        return Ok(writes);
    };
    let seen = [(":seen", s(before.member_id))];
    let put = table.put_part(&item, "member_id = :seen", &seen)?;
    writes.push(put_write(put));
    if before.member_id == member.id {
        let login = stored.and_then(|stored| stored.login_id);
        if let Some(login) = login.filter(|_| member.status == MemberStatus::Pending) {
            writes.push(table.pointer_removal(login, member)?);
        }
    } else if let Some(other) = table.member(scope, before.member_id).await? {
        let removed = Member {
            status: MemberStatus::Removed,
            updated_at: now,
            ..other.clone()
        };
        writes.push(table.member_write(&removed)?);
        let change = MemberChange::new(&other, &removed);
        writes.extend(table.routing_writes(change, now)?);
        if let Some(login) = other.login_id {
            writes.push(table.pointer_removal(login, &other)?);
        }
    }
    let replaced = before
        .invitation_id
        .filter(|id| Some(*id) != member.invitation_id);
    if let Some(id) = replaced
        && let Some(mut invitation) = table.invitation(scope, id).await?
        && invitation.revoke(now)
    {
        writes.push(table.invitation_write(&invitation)?);
    }
    Ok(writes)
}

#[async_trait]
impl SetUpReader for DynamoSetUp {
    async fn set_up_state(&self) -> Result<Option<SetUpState>, PortError> {
        let item: Option<SetUpItem> = self.table.get(&keys::set_up(), "set-up").await?;
        Ok(item.map(|item| item.state()))
    }
}

#[async_trait]
impl FirstAdminOrders for DynamoSetUp {
    async fn count_due_order(&self, now: Timestamp) -> Result<bool, PortError> {
        let (set_up, key) = (keys::set_up(), keys::first_admin_orders());
        let mut rows = self.table.get_batch(&[set_up.clone(), key.clone()]).await?;
        let set_up: Option<SetUpItem> = take(&mut rows, &set_up, "set-up")?;
        if set_up.is_some_and(|item| item.admin_invited_at.is_some()) {
            return Ok(false);
        }
        let before: Option<FirstAdminOrdersItem> = take(&mut rows, &key, "orders")?;
        if before.as_ref().is_some_and(|before| now < before.next_at) {
            return Ok(false);
        }
        let seen = before.map_or(0, |before| before.orders);
        let orders = seen.saturating_add(1);
        let id = s(SystemIds.draw());
        let update = self.table.update_part(
            &key,
            "SET orders = :orders, next_at = :next, order_id = :id",
            "attribute_not_exists(orders) OR orders = :seen",
            &[],
            &[
                (":orders", n(orders)),
                (":next", s(now.plus(wait_after_orders(orders)))),
                (":id", id.clone()),
                (":seen", n(seen)),
            ],
        )?;
        Ok(match self.table.update(update).await? {
            Conditional::Done(_) => true,
            // An earlier attempt of this call took effect and its answer was lost.
            Conditional::Failed(row) => row.is_some_and(|row| row.get("order_id") == Some(&id)),
        })
    }
}

#[async_trait]
impl FirstAdminStore for DynamoSetUp {
    async fn account_name(&self, scope: AccountScope) -> Result<Option<String>, PortError> {
        let account = self.table.account(scope).await?;
        Ok(account.map(|account| account.name))
    }

    async fn invite_first_admin(&self, first: &FirstAdmin) -> Result<bool, PortError> {
        let table = &self.table;
        let at = first.audit.at;
        let mut writes = Vec::new();
        match &first.account {
            Some((account, client)) => {
                let item = SetUpItem::of_first_admin(account, client, at);
                writes.push(put_write(table.put_part(&item, FRESH, &[])?));
                writes.extend(table.account_writes(account, client, None)?);
            }
            None => writes.push(update_write(invited_update(table, first.scope, at)?)),
        }
        let address = writes.len();
        let item = AddressItem::from(&first.member);
        writes.push(put_write(table.put_part(&item, FRESH, &[])?));
        let item = MemberItem::from(&first.member);
        writes.push(put_write(table.put_part(&item, FRESH, &[])?));
        let item = InvitationItem::from(&first.invitation);
        writes.push(put_write(table.put_part(&item, FRESH, &[])?));
        if let Some(mail) = &first.mail {
            writes.push(table.mail_write(mail)?);
        }
        writes.extend(table.entry_writes(&first.audit)?);
        let reasons = match table.transact(writes).await? {
            Transacted::Done => return Ok(true),
            Transacted::Cancelled(reasons) => reasons,
        };
        let failed = |index: usize| matches!(reasons.get(index), Some(Cancelled::Condition(_)));
        if failed(0) {
            return Ok(false);
        }
        if failed(address) {
            self.note_invited(first.scope, at).await?;
            return Ok(false);
        }
        Err(PortError::Conflict { what: "set-up" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// SPEC D30: a stack that was set up by an earlier release can be recovered.
    #[test]
    fn the_set_up_of_an_earlier_release_has_its_key_and_no_invited_admin() {
        let at = "2026-11-20T10:00:00.000Z";
        let (account, client) = (AccountId::derive(&["a"]), Client::from(client()));
        let row = json!({
            "pk": "SET_UP", "sk": "SET_UP", "account_id": account, "account_name": "Acme",
            "client": {"id": client.id, "name": "Acme", "created_at": at},
            "key_id": ApiKeyId::derive(&["k"]), "key_expires_at": at, "salt": "c2FsdA==",
            "idempotency_key_hash": null, "at": at,
        });
        let item: SetUpItem = serde_json::from_value(row).unwrap();
        let state = item.state();
        assert!(state.key_set_up);
        assert_eq!((state.admin_invited_at, state.recovered_at), (None, None));
        assert_eq!(item.receipt().unwrap().salt, "c2FsdA==");
    }

    fn client() -> ClientAttribute {
        ClientAttribute {
            id: vestibule_domain::ids::ClientId::derive(&["c"]),
            name: "Acme".to_owned(),
            created_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn an_account_made_for_its_first_admin_has_no_receipt_of_a_key() {
        let client = Client::from(client());
        let account = Account {
            id: AccountId::derive(&["a"]),
            name: "Acme".to_owned(),
            rules: vestibule_domain::account::rules::AccountRules::default(),
            version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        };
        let at = Timestamp::from_millis(5);
        let item = SetUpItem::of_first_admin(&account, &client, at);
        let row = serde_json::to_value(&item).unwrap();
        let read: SetUpItem = serde_json::from_value(row).unwrap();
        assert_eq!(read.state().admin_invited_at, Some(at));
        assert!(!read.state().key_set_up);
        assert_eq!(read.receipt(), None);
    }
}
