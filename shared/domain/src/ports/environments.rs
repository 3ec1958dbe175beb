//! Port of environments. Every change includes its audit entry, in one transaction.

use crate::{
    AccountScope, PortError, ProjectScope, Timestamp,
    account::{
        Environment,
        agent_tests::{RunningTest, TooManyTests},
        layout::ProjectLayout,
    },
    directory::end_user::EndUser,
    erasure::Erasure,
    event::AuditEntry,
    ids::{DeliveryId, EnvironmentId},
    page::{ListError, Page, PageRequest},
    ports::{CountUpTo, Created},
};
use async_trait::async_trait;
use std::collections::BTreeMap;

/// The store of environments.
#[async_trait]
pub trait EnvironmentStore: Send + Sync {
    /// Returns the layout of a project. A change that names its version is refused if another came between.
    async fn layout(&self, scope: ProjectScope) -> Result<ProjectLayout, PortError>;
    /// Creates an environment in the layout at this version. `Conflict` when the layout changed.
    async fn create_environment(
        &self,
        environment: &Environment,
        layout_version: u64,
        audit: &AuditEntry,
    ) -> Result<Created<Environment>, PortError>;
    /// Returns one environment.
    async fn get_environment(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<Option<Environment>, PortError>;
    /// Whether a project of the account has this environment.
    async fn has_environment(
        &self,
        scope: AccountScope,
        id: EnvironmentId,
    ) -> Result<bool, PortError>;
    /// Lists the project's environments, in their order.
    async fn list_environments(
        &self,
        scope: ProjectScope,
        page: &PageRequest,
    ) -> Result<Page<Environment>, ListError>;
    /// Stores an environment made from the record at `environment.version`. `Conflict` when the
    /// record changed.
    async fn update_environment(
        &self,
        environment: &Environment,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Like [`update_environment`](Self::update_environment), where the name is another one. `Conflict` also when
    /// the layout is not at this version.
    async fn rename_environment(
        &self,
        environment: &Environment,
        layout_version: u64,
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Stores environments whose positions are others than those in the layout. `Conflict` when the layout, or one
    /// of them, changed.
    async fn reorder_environments(
        &self,
        layout: &ProjectLayout,
        environments: &[Environment],
        audit: &AuditEntry,
    ) -> Result<(), PortError>;
    /// Returns the people who hold no environment but this one, and whether messages wait for its agent.
    async fn need_of(
        &self,
        scope: ProjectScope,
        id: EnvironmentId,
    ) -> Result<EnvironmentNeed, PortError>;
    /// Counts the people who hold each of these environments.
    async fn count_holders(
        &self,
        scope: ProjectScope,
        ids: &[EnvironmentId],
    ) -> Result<BTreeMap<EnvironmentId, CountUpTo>, PortError>;
    /// Deletes an environment as it was read, from the layout at this version, and leaves the order to take it from
    /// the people who hold it beside others, with an outbox mark due at `due`. `Conflict` when the environment or
    /// the layout changed.
    async fn delete_environment(
        &self,
        environment: &Environment,
        layout_version: u64,
        order: (&Erasure, Timestamp),
        audit: &AuditEntry,
    ) -> Result<EnvironmentDeletion, PortError>;
    /// Records that a test delivery begins, with its audit entry, unless too many are under way. Counts them
    /// and records the new one in one write. `Conflict` when others kept beginning and ending meanwhile.
    async fn begin_test(
        &self,
        scope: AccountScope,
        test: &RunningTest,
        now: Timestamp,
        audit: &AuditEntry,
    ) -> Result<TestStart, PortError>;
    /// Records that a test delivery has ended.
    async fn end_test(
        &self,
        scope: AccountScope,
        id: DeliveryId,
        now: Timestamp,
    ) -> Result<(), PortError>;
}

/// The need of an environment besides connectors.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentNeed {
    /// The people who hold no other environment.
    pub users: CountUpTo,
    /// Some of them, at most [`NEED_SHOWN_MAX`].
    pub some: Vec<EndUser>,
    /// Whether messages wait for its agent.
    pub messages_wait: bool,
    /// Whether the deletion of another environment is still taken to the people who held it. It may leave them with
    /// none but this one.
    pub is_settling: bool,
}

impl EnvironmentNeed {
    /// Whether nobody and nothing needs the environment.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.users.count == 0 && !self.messages_wait && !self.is_settling
    }
}

/// People whom a refusal to delete an environment names.
pub const NEED_SHOWN_MAX: usize = 20;

/// The outcome of deleting an environment.
#[derive(Debug, Clone)]
pub enum EnvironmentDeletion {
    /// It is deleted.
    Done,
    /// It is needed. Nothing was deleted.
    Needed(EnvironmentNeed),
}

/// The outcome of beginning a test delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestStart {
    /// It is under way.
    Begun,
    /// Others have to end first. Nothing was recorded.
    TooMany(TooManyTests),
}
