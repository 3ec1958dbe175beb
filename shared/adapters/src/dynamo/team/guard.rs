//! The last way in: an account keeps an active super admin, or a key of its own that holds everything.
//!
//! There is no counter, which could drift. A change that takes one away checks in its own transaction that a
//! *witness* stays: another active super admin. Transactions are serialisable, so whichever of two such changes
//! is written last finds its witness gone (SPEC D26, D30).

use crate::aws::port_error;
use crate::dynamo::{
    items::MemberItem,
    keys::{self, INDEX_BY_STATE, STATE_PK},
    table::{Cancelled, Table, Transacted, check_write, from_row, s},
};
use aws_sdk_dynamodb::types::TransactWriteItem;
use vestibule_domain::{
    AccountScope, PortError,
    account::proof::CallerProof,
    ids::MemberId,
    ports::By,
    team::{
        member::{Member, MemberStatus},
        role::RoleKey,
    },
};

/// Witnesses that are tried.
const WITNESSES_MAX: usize = 5;
/// Rows that one query for members of a role looks at.
const ROWS: i32 = 100;
/// Queries for members of a role.
const QUERIES_MAX: usize = 10;

impl Table {
    /// Reads members of a role of any status but removed, or of this status only, as the list shows them.
    pub(in crate::dynamo) async fn members_of_role(
        &self,
        scope: AccountScope,
        role: &RoleKey,
        status: Option<MemberStatus>,
        limit: usize,
    ) -> Result<Vec<Member>, PortError> {
        let mut found = Vec::new();
        let mut start = None;
        for _ in 0..QUERIES_MAX {
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(INDEX_BY_STATE)
                .key_condition_expression(format!("{STATE_PK} = :role"))
                .expression_attribute_values(":role", s(keys::members(scope, Some(role))))
                .set_exclusive_start_key(start)
                .limit(ROWS)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (members of a role)", error))?;
            for row in answer.items.unwrap_or_default() {
                let member = Member::from(from_row::<MemberItem>(row, "member")?);
                let is_wanted = status.is_none_or(|status| member.status == status);
                // IAM does not restrict the attributes by which an index leads to rows.
                if is_wanted && member.scope == scope && member.role == *role {
                    found.push(member);
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() || found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// Whether the checks of the caller's right show an active super admin other than `target`.
    async fn proves_super_admin(
        &self,
        proof: &CallerProof,
        scope: AccountScope,
        target: Option<MemberId>,
    ) -> Result<bool, PortError> {
        let caller = proof.member.filter(|_| proof.scope == scope);
        let Some((id, version)) = caller.filter(|(id, _)| Some(*id) != target) else {
            return Ok(false);
        };
        let key = keys::member(scope, id);
        let item: Option<MemberItem> = self.get(&key, "member").await?;
        let member = item.map(Member::from);
        Ok(
            member
                .is_some_and(|member| member.version == version && member.is_active_super_admin()),
        )
    }

    /// Makes the check that a member is an active super admin.
    fn witness_write(
        &self,
        scope: AccountScope,
        id: MemberId,
    ) -> Result<TransactWriteItem, PortError> {
        let check = self.check_part(
            &keys::member(scope, id),
            "#status = :active AND #role = :super_admin",
            &[("#status", "status"), ("#role", "role")],
            &[
                (":active", s("active")),
                (":super_admin", s(RoleKey::SuperAdmin)),
            ],
        )?;
        Ok(check_write(check))
    }

    /// Writes a change that takes a way into this account away, if an active super admin other than `target` stays.
    /// `None` if there is none.
    pub(in crate::dynamo) async fn transact_with_witness(
        &self,
        writes: Vec<TransactWriteItem>,
        scope: AccountScope,
        target: Option<MemberId>,
        by: By<'_>,
    ) -> Result<Option<Transacted>, PortError> {
        if self.proves_super_admin(by.proof, scope, target).await? {
            return self.transact_by(writes, by).await.map(Some);
        }
        let role = RoleKey::SuperAdmin;
        let active = Some(MemberStatus::Active);
        // The caller is none: its row is checked at the version that was read, or is written here.
        let caller = by.proof.member.map(|(id, _)| id);
        let listed = self
            .members_of_role(scope, &role, active, WITNESSES_MAX + 2)
            .await?;
        let others = listed
            .iter()
            .map(|member| member.id)
            .filter(|id| Some(*id) != target && Some(*id) != caller);
        for witness in others.take(WITNESSES_MAX) {
            let mut guarded = writes.clone();
            guarded.push(self.witness_write(scope, witness)?);
            let mut reasons = match self.transact_by(guarded, by).await? {
                Transacted::Done => return Ok(Some(Transacted::Done)),
                Transacted::Cancelled(reasons) => reasons,
            };
            let of_witness = reasons.pop();
            let is_condition = |reason: &Cancelled| matches!(reason, Cancelled::Condition(_));
            let is_witness_gone = of_witness.as_ref().is_some_and(is_condition);
            if !is_witness_gone || reasons.iter().any(is_condition) {
                return Ok(Some(Transacted::Cancelled(reasons)));
            }
        }
        Ok(None)
    }
}
