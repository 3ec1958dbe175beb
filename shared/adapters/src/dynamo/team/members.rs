//! The store of members and roles.

use super::DynamoTeam;
use crate::dynamo::{
    changes::updated_before,
    items::{MemberItem, MemberSeenItem, RolesItem},
    keys::{self, Key},
    lists::{Index, List},
    table::{Transacted, from_row, put_write, s, take, to_value},
};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::TransactWriteItem;
use std::collections::BTreeMap;
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    account::proof::CallerProof,
    ids::MemberId,
    page::{ListError, Order, Page, PageRequest},
    ports::{By, LastSeen, MemberFilter, MemberOutcome, MemberStore, OUTBOX_PATIENCE},
    routing::seat_of::MemberChange,
    team::{
        invitation::Invitation,
        member::{Member, MemberStatus},
        role::{RoleKey, Roles},
    },
};

const WHAT: &str = "member";
/// Invitations that are revoked in one transaction: each has a member and an address, and a transaction has at
/// most a hundred parts.
const REVOKED_MAX: usize = 25;
/// Members whose conversations are requeued by one transaction, which has at most a hundred parts.
const REQUEUED_MAX: usize = 75;
/// Writes of an invitation that is revoked.
const REVOCATION_WRITES: usize = 3;

/// Invitations that are revoked in one transaction with so many other writes.
fn revoked_beside(writes: usize) -> usize {
    let room = (REVOKED_MAX * REVOCATION_WRITES).saturating_sub(writes);
    room / REVOCATION_WRITES
}

impl DynamoTeam {
    /// Makes the writes that revoke an invitation, remove its pending member and free the address.
    async fn revocation_writes(
        &self,
        invitation: &Invitation,
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let scope = invitation.scope;
        let mut revoked = invitation.clone();
        if revoked.accepted_at.is_some() {
            return Ok(vec![]);
        }
        revoked.revoked_at = revoked.revoked_at.or(Some(at));
        revoked.updated_at = at;
        let mut writes = vec![self.table.invitation_write(&revoked)?];
        let place = keys::member_address(scope, &invitation.email);
        writes.push(self.table.way_removal(&place, invitation.member_id)?);
        let member = self.table.member(scope, invitation.member_id).await?;
        if let Some(member) = member.filter(|member| member.status == MemberStatus::Pending) {
            let removed = Member {
                status: MemberStatus::Removed,
                updated_at: at,
                ..member
            };
            writes.push(self.table.member_write(&removed)?);
        }
        Ok(writes)
    }

    /// Makes the writes that a removal brings: to the ways that lead to the member, its image, and its own pending
    /// invitation.
    pub(super) async fn removal_writes(
        &self,
        after: &Member,
        revoke: &[Invitation],
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let scope = after.scope;
        let place = keys::member_address(scope, &after.email);
        let mut writes = vec![self.table.way_removal(&place, after.id)?];
        if let Some(login) = after.login_id {
            writes.push(self.table.pointer_removal(login, after)?);
        }
        writes.extend(self.image_removal(scope, after.id).await?);
        let own = after
            .invitation_id
            .filter(|id| !revoke.iter().any(|invitation| invitation.id == *id));
        if let Some(id) = own
            && let Some(mut invitation) = self.table.invitation(scope, id).await?
            && invitation.accepted_at.is_none()
            && invitation.revoked_at.is_none()
        {
            invitation.revoked_at = Some(at);
            invitation.updated_at = at;
            writes.push(self.table.invitation_write(&invitation)?);
        }
        Ok(writes)
    }

    /// Makes the orders to requeue what these members have, for the transaction of their role. Those that do not fit into
    /// it are given before it: none is due before the role is changed, and one for a member who keeps everything does
    /// no harm.
    async fn requeue_orders(
        &self,
        scope: AccountScope,
        members: &[MemberId],
        by: By<'_>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let at = by.audit.at;
        let due = at.plus(OUTBOX_PATIENCE);
        let orders = |members: &[MemberId]| {
            let orders = members.iter();
            let orders = orders.map(|id| self.table.requeue_write(scope, *id, due));
            orders.collect::<Result<Vec<_>, PortError>>()
        };
        let (with, earlier) = members.split_at(members.len().min(REQUEUED_MAX));
        for some in earlier.chunks(REQUEUED_MAX) {
            let proven = self
                .table
                .transact_proven(orders(some)?, by.proof, at, vec![])
                .await?;
            if let Transacted::Cancelled(_) = proven {
                return Err(PortError::Conflict { what: "order" });
            }
        }
        orders(with)
    }

    /// Makes the writes of a changed member, the member's own first.
    async fn member_writes(
        &self,
        after: &Member,
        before: &Member,
        revoke: &[Invitation],
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let after = &Member {
            version: before.version,
            ..after.clone()
        };
        let mut writes = vec![self.table.member_write(after)?];
        let is_removed = |member: &Member| member.status == MemberStatus::Removed;
        if is_removed(after) && !is_removed(before) {
            writes.extend(self.removal_writes(after, revoke, at).await?);
        }
        for invitation in revoke {
            if invitation.member_id == after.id {
                let mut revoked = invitation.clone();
                revoked.revoked_at = revoked.revoked_at.or(Some(at));
                writes.push(self.table.invitation_write(&revoked)?);
            } else {
                writes.extend(self.revocation_writes(invitation, at).await?);
            }
        }
        let (scope, had) = (after.scope, Some(&before.work));
        writes.extend(self.table.channels_hold(scope, &after.work, had).await?);
        let change = MemberChange::new(before, after);
        writes.extend(self.table.routing_writes(change, at)?);
        if let Some(since) = change.begins_absence() {
            let account = self.table.account(after.scope).await?;
            let wait = account.and_then(|account| account.rules.requeue_after());
            if let Some(wait) = wait {
                let due = since.plus(wait);
                writes.push(self.table.absence_write(after.scope, after.id, due)?);
            }
        }
        Ok(writes)
    }
}

#[async_trait]
impl MemberStore for DynamoTeam {
    async fn get_member(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<Option<Member>, PortError> {
        self.table.member(scope, id).await
    }

    async fn roles(&self, scope: AccountScope) -> Result<Roles, PortError> {
        let item: Option<RolesItem> = self.table.get(&keys::roles(scope), "roles").await?;
        Ok(item.map(Into::into).unwrap_or_default())
    }

    async fn list_members(
        &self,
        scope: AccountScope,
        filter: &MemberFilter,
        page: &PageRequest,
    ) -> Result<Page<Member>, ListError> {
        let status = match filter.status {
            Some(status) => Some(("status", to_value(&status)?)),
            None => None,
        };
        let list = List {
            index: if filter.role.is_some() {
                Index::ByState
            } else {
                Index::All
            },
            equal: status.into_iter().collect(),
            contains: filter.team_id.map(|id| ("teams", s(id))),
            ..List::all(keys::members(scope, filter.role.as_ref()))
        };
        let by_name = PageRequest {
            order: Order::OldestFirst,
            ..page.clone()
        };
        let rows = self.table.page(&list, &by_name, &self.vault).await?;
        let mut members = Vec::new();
        for row in rows.items {
            let member = Member::from(from_row::<MemberItem>(row, WHAT)?);
            // IAM does not restrict the attributes by which an index leads to rows.
            if member.scope == scope {
                members.push(member);
            }
        }
        Ok(Page {
            items: members,
            next: rows.next,
        })
    }

    async fn members_with_role(
        &self,
        scope: AccountScope,
        role: &RoleKey,
        limit: u16,
    ) -> Result<Vec<Member>, PortError> {
        self.table
            .members_of_role(scope, role, None, usize::from(limit))
            .await
    }

    async fn last_seen(&self, members: &[&Member]) -> Result<LastSeen, PortError> {
        let places: BTreeMap<MemberId, Key> = members
            .iter()
            .filter_map(|member| {
                let place = keys::member_seen(member.login_id?, member.id);
                Some((member.id, place))
            })
            .collect();
        let wanted: Vec<Key> = places.values().cloned().collect();
        let mut rows = self.table.get_batch(&wanted).await?;
        let mut seen = LastSeen::new();
        for (id, place) in places {
            let item: Option<MemberSeenItem> = take(&mut rows, &place, "member's last use")?;
            seen.extend(item.map(|item| (id, item.last_seen_at)));
        }
        Ok(seen)
    }

    async fn update_member(
        &self,
        after: &Member,
        before: &Member,
        revoke: &[Invitation],
        by: By<'_>,
    ) -> Result<MemberOutcome, PortError> {
        // The caller's own row is written here at the version of `before`, and so is not checked beside it.
        if by
            .proof
            .member
            .is_some_and(|(id, version)| id == before.id && version != before.version)
        {
            return Err(CallerProof::LOST);
        }
        let at = by.audit.at;
        let seats = MemberChange::new(before, after).seats().len();
        let (now, earlier) = revoke.split_at(revoke.len().min(revoked_beside(seats)));
        // Those that do not fit into the transaction of the change are revoked before it.
        for invitations in earlier.chunks(REVOKED_MAX) {
            let mut writes = Vec::new();
            for invitation in invitations {
                writes.extend(self.revocation_writes(invitation, at).await?);
            }
            let proven = self
                .table
                .transact_proven(writes, by.proof, at, vec![])
                .await?;
            if let Transacted::Cancelled(_) = proven {
                return Err(PortError::Conflict { what: "invitation" });
            }
        }
        let writes = self.member_writes(after, before, now, at).await?;
        let takes_way_in = before.is_active_super_admin() && !after.is_active_super_admin();
        let transacted = if takes_way_in {
            self.table
                .transact_with_witness(writes, after.scope, Some(after.id), by)
                .await
        } else {
            self.table.transact_by(writes, by).await.map(Some)
        };
        match transacted? {
            Some(Transacted::Done) => Ok(MemberOutcome::Done),
            None => Ok(MemberOutcome::LastSuperAdmin),
            Some(Transacted::Cancelled(reasons)) => {
                let wanted = MemberItem::from(&Member {
                    version: before.version + 1,
                    ..after.clone()
                });
                updated_before(reasons.into_iter().next(), &wanted, WHAT)?;
                Ok(MemberOutcome::Done)
            }
        }
    }

    async fn order_requeue(
        &self,
        scope: AccountScope,
        members: &[MemberId],
        by: By<'_>,
    ) -> Result<(), PortError> {
        let last = self.requeue_orders(scope, members, by).await?;
        if last.is_empty() {
            return Ok(());
        }
        let at = by.audit.at;
        let proven = self.table.transact_proven(last, by.proof, at, vec![]);
        match proven.await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "order" }),
        }
    }

    async fn save_roles(
        &self,
        roles: &Roles,
        scope: AccountScope,
        requeue: &[MemberId],
        by: By<'_>,
    ) -> Result<(), PortError> {
        // The roles are written here, and so are not checked beside that.
        if by
            .proof
            .roles_version
            .is_some_and(|read| read != roles.version)
        {
            return Err(CallerProof::LOST);
        }
        let item = RolesItem::new(
            scope,
            &Roles {
                version: roles.version + 1,
                ..roles.clone()
            },
        );
        if roles.version > 0 {
            let orders = self.requeue_orders(scope, requeue, by).await?;
            return self
                .table
                .replace_by(&item, roles.version, orders, by, "roles")
                .await;
        }
        let put = self.table.put_part(&item, super::FRESH, &[])?;
        match self.table.transact_by(vec![put_write(put)], by).await? {
            Transacted::Done => Ok(()),
            Transacted::Cancelled(_) => Err(PortError::Conflict { what: "roles" }),
        }
    }
}
