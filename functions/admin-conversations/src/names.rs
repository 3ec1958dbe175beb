//! Names of the clients, teams and channels that routing knows by id or key. Each is read once a call.

use crate::Deps;
use std::collections::HashMap;
use vestibule_admin::reasons::Demanded;
use vestibule_domain::{
    AccountScope, PortError,
    account::channel::{Channels, name_of_connectors},
    ids::{ClientId, TeamId},
    routing::demand::{Demand, Desk},
};

/// Stands for a client or team that was deleted since.
const DELETED: &str = "deleted";

/// The names that were read so far.
pub struct Names<'a> {
    deps: &'a Deps,
    scope: AccountScope,
    clients: HashMap<ClientId, Option<String>>,
    teams: HashMap<TeamId, Option<String>>,
    channels: Option<Channels>,
}

/// The names of what a conversation asks of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemandNames {
    /// Name of the channel.
    pub channel: String,
    /// Name of the client; `None` if it was deleted.
    pub client: Option<String>,
    /// Name of the team, if one is asked for and was not deleted.
    pub team: Option<String>,
}

impl DemandNames {
    /// The demand in these names, for sentences.
    #[must_use]
    pub fn of<'a>(&'a self, demand: &'a Demand) -> Demanded<'a> {
        let team = self.team.as_deref().unwrap_or(DELETED);
        Demanded {
            channel: &self.channel,
            client: self.client.as_deref().unwrap_or(DELETED),
            team: demand.team_id.map(|_| team),
            skills: &demand.skills,
        }
    }
}

impl<'a> Names<'a> {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(deps: &'a Deps, scope: AccountScope) -> Self {
        Self {
            deps,
            scope,
            clients: HashMap::new(),
            teams: HashMap::new(),
            channels: None,
        }
    }

    /// The names of a demand at a desk.
    pub async fn of(&mut self, desk: &Desk, demand: &Demand) -> Result<DemandNames, PortError> {
        let team = match demand.team_id {
            Some(id) => self.team(id).await?,
            None => None,
        };
        Ok(DemandNames {
            channel: self.channel(&desk.channel).await?,
            client: self.client(demand.client_id).await?,
            team,
        })
    }

    /// The name of a client; `None` if it was deleted.
    pub async fn client(&mut self, id: ClientId) -> Result<Option<String>, PortError> {
        if let Some(known) = self.clients.get(&id) {
            return Ok(known.clone());
        }
        let mut found = self.deps.clients.get_client(self.scope, id).await?;
        if found.is_none() {
            // The default client may stand in the account's own row.
            let default = self.deps.accounts.default_client(self.scope).await?;
            found = default.filter(|client| client.id == id);
        }
        let name = found.map(|client| client.name);
        self.clients.insert(id, name.clone());
        Ok(name)
    }

    /// The name of a team; `None` if it was deleted.
    pub async fn team(&mut self, id: TeamId) -> Result<Option<String>, PortError> {
        if let Some(known) = self.teams.get(&id) {
            return Ok(known.clone());
        }
        let found = self.deps.teams.get_team(self.scope, id).await?;
        let name = found.map(|team| team.name);
        self.teams.insert(id, name.clone());
        Ok(name)
    }

    /// The name of a channel; its key if the account removed it.
    pub async fn channel(&mut self, key: &str) -> Result<String, PortError> {
        if let Some(name) = name_of_connectors(key) {
            return Ok(name.to_owned());
        }
        let channels = match self.channels.take() {
            Some(channels) => channels,
            None => self.deps.channels.channels(self.scope).await?,
        };
        let name = channels.name_of(key).to_owned();
        self.channels = Some(channels);
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_demand_names_a_team_only_if_it_asks_for_one() {
        let names = DemandNames {
            channel: "SMS".to_owned(),
            client: None,
            team: None,
        };
        let asks_for = |team_id| Demand {
            client_id: ClientId::derive(&["c"]),
            team_id,
            skills: BTreeSet::new(),
        };
        let plain = asks_for(None);
        let demanded = names.of(&plain);
        assert_eq!((demanded.client, demanded.team), (DELETED, None));
        let with_team = asks_for(Some(TeamId::derive(&["t"])));
        assert_eq!(names.of(&with_team).team, Some(DELETED));
    }
}
