use crate::dynamo::keys;
use serde::{Deserialize, Serialize};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::channel::{Channel, Channels},
    ids::TeamId,
    team::team_record::Team,
};

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct TeamItem {
    pk: String,
    sk: String,
    state_pk: String,
    state_sk: String,
    id: TeamId,
    scope: AccountScope,
    name: String,
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<&Team> for TeamItem {
    fn from(team: &Team) -> Self {
        let key = keys::team(team.scope, team.id);
        Self {
            pk: key.pk,
            sk: key.sk,
            state_pk: keys::teams(team.scope),
            state_sk: keys::by_name(&team.name, team.id),
            id: team.id,
            scope: team.scope,
            name: team.name.clone(),
            version: team.version,
            created_at: team.created_at,
            updated_at: team.updated_at,
        }
    }
}

impl From<TeamItem> for Team {
    fn from(item: TeamItem) -> Self {
        Self {
            id: item.id,
            scope: item.scope,
            name: item.name,
            version: item.version,
            created_at: item.created_at,
            updated_at: item.updated_at,
        }
    }
}

/// The team that has a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct TeamNameItem {
    pk: String,
    sk: String,
    pub(in crate::dynamo) team_id: TeamId,
}

impl From<&Team> for TeamNameItem {
    fn from(team: &Team) -> Self {
        let key = keys::team_name(team.scope, &Team::name_hash(&team.name));
        Self {
            pk: key.pk,
            sk: key.sk,
            team_id: team.id,
        }
    }
}

/// The channels that an account added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::dynamo) struct ChannelsItem {
    pk: String,
    sk: String,
    added: Vec<ChannelAttribute>,
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ChannelAttribute {
    key: String,
    name: String,
    created_at: Timestamp,
}

impl ChannelsItem {
    /// Makes the row of an account's channels.
    pub(in crate::dynamo) fn new(scope: AccountScope, channels: &Channels) -> Self {
        let key = keys::channels(scope);
        let added = channels.added.iter().map(|channel| ChannelAttribute {
            key: channel.key.clone(),
            name: channel.name.clone(),
            created_at: channel.created_at,
        });
        Self {
            pk: key.pk,
            sk: key.sk,
            added: added.collect(),
            version: channels.version,
        }
    }
}

impl From<ChannelsItem> for Channels {
    fn from(item: ChannelsItem) -> Self {
        let added = item.added.into_iter().map(|channel| Channel {
            key: channel.key,
            name: channel.name,
            created_at: channel.created_at,
        });
        Self {
            added: added.collect(),
            version: item.version,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::table::{from_row, to_row};
    use vestibule_domain::ids::AccountId;

    fn scope() -> AccountScope {
        AccountScope::of_verified(AccountId::derive(&["a"]))
    }

    #[test]
    fn a_team_is_read_as_it_was_written_and_is_listed_and_found_by_name() {
        let team = Team {
            id: TeamId::derive(&["t"]),
            scope: scope(),
            name: "Night#shift".to_owned(),
            version: 4,
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
        };
        let row = to_row(&TeamItem::from(&team)).unwrap();
        let text = |name: &str| row.get(name).unwrap().as_s().unwrap().clone();
        let account = format!("ACCOUNT#{}", scope().account_id());
        assert_eq!(text("state_pk"), format!("{account}#TEAMS"));
        assert_eq!(text("state_sk"), format!("night#shift#{}", team.id));
        let read: TeamItem = from_row(row, "team").unwrap();
        assert_eq!(Team::from(read), team);
        let name = TeamNameItem::from(&team);
        // A name is part of no key: it could be written like another kind of row.
        let hash = name.pk.strip_prefix(&format!("{account}#TEAM_NAME#"));
        assert_eq!(hash.map(str::len), Some(64));
    }

    #[test]
    fn channels_are_read_as_they_were_written() {
        let channels = Channels {
            added: vec![Channel {
                key: "live_chat".to_owned(),
                name: "Live chat".to_owned(),
                created_at: Timestamp::from_millis(1),
            }],
            version: 2,
        };
        let row = to_row(&ChannelsItem::new(scope(), &channels)).unwrap();
        let read: ChannelsItem = from_row(row, "channels").unwrap();
        assert_eq!(Channels::from(read), channels);
    }
}
