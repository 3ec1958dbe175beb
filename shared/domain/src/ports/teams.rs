//! Ports of teams and channels: see [`crate::team::team_record`] and [`crate::account::channel`].

use crate::{
    AccountScope, PortError,
    account::channel::Channels,
    ids::TeamId,
    page::{ListError, Page, PageRequest},
    ports::By,
    routing::demand::Desk,
    team::team_record::Team,
};
use async_trait::async_trait;

/// The outcome of adding a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamAdded {
    /// It was added.
    New,
    /// This one has the name already. Nothing was added.
    Existing(Box<Team>),
}

/// The outcome of changing a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamOutcome {
    /// It took effect.
    Done,
    /// Another team has the name. Nothing was changed.
    NameTaken,
}

/// The store of teams.
#[async_trait]
pub trait TeamStore: Send + Sync {
    /// Lists the account's teams, by name.
    async fn list_teams(
        &self,
        scope: AccountScope,
        page: &PageRequest,
    ) -> Result<Page<Team>, ListError>;
    /// Returns one team.
    async fn get_team(&self, scope: AccountScope, id: TeamId) -> Result<Option<Team>, PortError>;
    /// Returns the team with this name, however its letters are written.
    async fn team_named(&self, scope: AccountScope, name: &str) -> Result<Option<Team>, PortError>;
    /// Adds a team, unless another one has the name.
    async fn add_team(&self, team: &Team, by: By<'_>) -> Result<TeamAdded, PortError>;
    /// Stores a team made from the record at `before.version`. `Conflict` when the record changed.
    async fn update_team(
        &self,
        after: &Team,
        before: &Team,
        by: By<'_>,
    ) -> Result<TeamOutcome, PortError>;
    /// Deletes a team as it was read. Members and connectors that name it keep an id that leads to nothing, and is not
    /// used again. `Conflict` when the record changed.
    async fn delete_team(&self, team: &Team, by: By<'_>) -> Result<(), PortError>;
}

/// The store of the channels that accounts add.
#[async_trait]
pub trait ChannelStore: Send + Sync {
    /// Returns the channels that the account added.
    async fn channels(&self, scope: AccountScope) -> Result<Channels, PortError>;
    /// Stores the channels made from those at `channels.version`. `Conflict` when they changed.
    async fn save_channels(
        &self,
        channels: &Channels,
        scope: AccountScope,
        by: By<'_>,
    ) -> Result<(), PortError>;
    /// Deletes what is left of a desk. `false` while a seat is open there, or a conversation waits or is assigned;
    /// nothing is deleted then. `Conflict` when the desk changed.
    async fn clear_desk(&self, desk: &Desk, by: By<'_>) -> Result<bool, PortError>;
}
