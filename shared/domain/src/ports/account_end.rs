//! The port of the end of an account (SPEC D34).

use super::By;
use crate::{AccountScope, PortError, account::Account, ids::MemberId, team::member::Member};
use async_trait::async_trait;

/// The outcome of deleting an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountDeletion {
    /// It is deleted.
    Done,
    /// It has this number of projects. Nothing was deleted.
    HasProjects(usize),
}

/// The store of what an account leaves behind.
#[async_trait]
pub trait AccountEndStore: Send + Sync {
    /// Returns the number of the account's projects.
    async fn count_projects(&self, scope: AccountScope) -> Result<usize, PortError>;
    /// Ends every API key of the account, if the caller's right still holds.
    async fn end_keys(&self, scope: AccountScope, by: By<'_>) -> Result<(), PortError>;
    /// Deletes the account's invitations with their mails, its removed members, its blocked addresses, and its
    /// identities, except for those of `last`. `false` if there are more than one call deletes.
    async fn delete_traces(
        &self,
        scope: AccountScope,
        last: MemberId,
        by: By<'_>,
    ) -> Result<bool, PortError>;
    /// Deletes the account, with its keys, clients, login methods and roles. The account and the membership of
    /// `last`, who asks for it and is the last one, go in the last transaction, so a call that ended half way can
    /// be repeated. `Conflict` when the account or the member changed.
    async fn delete_account(
        &self,
        account: &Account,
        last: &Member,
        by: By<'_>,
    ) -> Result<AccountDeletion, PortError>;
}
