//! Traces of people that an account keeps besides its members: invitations with their mails, members who were
//! removed, addresses that get no mail, and identities. The account's record leads to its founder, and the list of
//! invitations to all others. The record goes last, and deleted invitations leave the list, so a call that ended half
//! way can be repeated. Nobody deletes audit entries: they stay until their time is over.

use super::{DynamoTeam, invitations::mail_keys};
use crate::{
    aws::port_error,
    dynamo::{
        items::{AccountItem, InvitationItem, LoginIdentityItem, MemberItem},
        keys::{self, Key},
        table::{Attributes, from_row, key_of},
    },
};
use std::collections::HashSet;
use vestibule_domain::{
    AccountScope, PortError,
    error::Chain,
    ids::{LoginId, MemberId},
    ports::By,
    team::{
        invitation::Invitation,
        member::{Member, MemberStatus},
    },
};

/// Invitations whose traces are deleted at once.
const PAGE: i32 = 50;
/// Pages that one call has time for.
const PAGES_MAX: usize = 4;

impl DynamoTeam {
    /// Deletes the traces of all but this member. `false` if there are more than one call deletes.
    pub(super) async fn delete_traces_of_others(
        &self,
        scope: AccountScope,
        last: MemberId,
        by: By<'_>,
    ) -> Result<bool, PortError> {
        self.delete_traces_of_founder(scope, last, by).await?;
        let mut start = None;
        for _ in 0..PAGES_MAX {
            let answer = self
                .table
                .list_query(keys::invitations(scope))
                .set_exclusive_start_key(start)
                .limit(PAGE)
                .send()
                .await
                .map_err(|error| port_error("dynamodb: Query (invitations)", error))?;
            let traces = self
                .traces(scope, answer.items.unwrap_or_default(), last)
                .await?;
            let traces: Vec<Key> = traces.into_iter().collect();
            self.delete_rows(&traces, by).await?;
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Deletes the traces of the member who made the account, unless it is this one.
    async fn delete_traces_of_founder(
        &self,
        scope: AccountScope,
        last: MemberId,
        by: By<'_>,
    ) -> Result<(), PortError> {
        let account: Option<AccountItem> = self.table.get(&keys::account(scope), "account").await?;
        let founder_id = account.and_then(|item| item.founder_id);
        let Some(founder_id) = founder_id.filter(|id| *id != last) else {
            return Ok(());
        };
        let founder = keys::member(scope, founder_id);
        let traces = self.traces_of_members(scope, &[founder]).await?;
        let traces: Vec<Key> = traces.into_iter().collect();
        self.delete_rows(&traces, by).await
    }

    /// The keys of the traces to which these invitations lead. One that cannot be read leads to itself.
    async fn traces(
        &self,
        scope: AccountScope,
        rows: Vec<Attributes>,
        last: MemberId,
    ) -> Result<HashSet<Key>, PortError> {
        let mut traces = HashSet::new();
        let mut members = HashSet::new();
        for row in rows {
            // Lists of an index are not restricted to an account by its role.
            let own = key_of(&row).filter(|key| key.pk.starts_with(&keys::account(scope).pk));
            let Some(own) = own else {
                continue;
            };
            traces.insert(own);
            match from_row::<InvitationItem>(row, "invitation") {
                Ok(item) => {
                    let invitation = Invitation::from(item);
                    traces.insert(keys::blocked_address(scope, &invitation.email));
                    traces.extend(mail_keys(&invitation, invitation.sends.saturating_add(1)));
                    members.insert(keys::member(scope, invitation.member_id));
                }
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "an invitation is deleted without its other records");
                }
            }
        }
        members.remove(&keys::member(scope, last));
        let members: Vec<Key> = members.into_iter().collect();
        traces.extend(self.traces_of_members(scope, &members).await?);
        Ok(traces)
    }

    /// The keys of the traces of those of these members who were removed.
    async fn traces_of_members(
        &self,
        scope: AccountScope,
        members: &[Key],
    ) -> Result<HashSet<Key>, PortError> {
        let mut traces = HashSet::new();
        for (key, row) in self.table.get_batch(members).await? {
            let member = Member::from(from_row::<MemberItem>(row, "member")?);
            // Whoever joined meanwhile is removed by the next call.
            if member.status != MemberStatus::Removed {
                continue;
            }
            traces.insert(key);
            traces.insert(keys::blocked_address(scope, &member.email));
            traces.insert(keys::requeue(scope, member.id));
            if let Some(login_id) = member.login_id {
                traces.extend(self.identity_keys(scope, login_id).await?);
            }
        }
        Ok(traces)
    }

    /// The keys of a login's identities in an account.
    pub(super) async fn identity_keys(
        &self,
        scope: AccountScope,
        login_id: LoginId,
    ) -> Result<Vec<Key>, PortError> {
        let partition = keys::login_identities(login_id);
        let what = "dynamodb: Query (identities of a login)";
        let mut found = Vec::new();
        for row in self.table.partition(&partition, what).await? {
            let bound: LoginIdentityItem = from_row(row, "identity of a login")?;
            if bound.scope == scope {
                let account_id = scope.account_id();
                found.push(keys::identity(scope, &bound.identity));
                found.push(keys::login_identity(login_id, account_id, &bound.identity));
            }
        }
        Ok(found)
    }
}
