//! Scopes: the records that a call may touch.
//!
//! A store takes a scope, never a bare id. Scopes are made in three places only: from an
//! authenticated caller, from the connector of a verified webhook, and from a job that one of those
//! two enqueued. So a handler cannot name another tenant's rows.

use crate::ids::{AccountId, ProjectId};
use serde::{Deserialize, Serialize};

/// One account's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountScope {
    account_id: AccountId,
}

impl AccountScope {
    /// The scope that a verified credential opens.
    #[must_use]
    pub const fn of_verified(account_id: AccountId) -> Self {
        Self { account_id }
    }

    /// The account.
    #[must_use]
    pub const fn account_id(self) -> AccountId {
        self.account_id
    }

    /// One project of this account. Rows are keyed by both ids, so another account's project does
    /// not exist in this scope.
    #[must_use]
    pub const fn project(self, project_id: ProjectId) -> ProjectScope {
        ProjectScope {
            account_id: self.account_id,
            project_id,
        }
    }
}

/// One project's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProjectScope {
    account_id: AccountId,
    project_id: ProjectId,
}

impl ProjectScope {
    /// The account that owns the project.
    #[must_use]
    pub const fn account(self) -> AccountScope {
        AccountScope {
            account_id: self.account_id,
        }
    }

    /// The account's id.
    #[must_use]
    pub const fn account_id(self) -> AccountId {
        self.account_id
    }

    /// The project's id.
    #[must_use]
    pub const fn project_id(self) -> ProjectId {
        self.project_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_one_of_the_account_that_names_it() {
        let account_id = AccountId::derive(&["a"]);
        let project_id = ProjectId::derive(&["p"]);
        let account = AccountScope::of_verified(account_id);
        let project = account.project(project_id);
        assert_eq!(account.account_id(), account_id);
        assert_eq!(project.account(), account);
        assert_eq!(project.account_id(), account_id);
        assert_eq!(project.project_id(), project_id);
        assert_ne!(
            AccountScope::of_verified(AccountId::derive(&["another"])).project(project_id),
            project
        );
    }
}
