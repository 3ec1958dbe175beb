//! The work that a member can be given: channels with their limits, channels by client, teams and skills (SPEC E06–E13).

use super::client_access::ClientAccess;
use crate::{
    ids::{ClientId, TeamId},
    routing::demand::Skill,
};
use std::collections::{BTreeMap, BTreeSet};

/// Channels that a member can be allowed: a change of the member writes a seat for each in one transaction.
pub const CHANNELS_OF_MEMBER_MAX: usize = 40;
/// Teams in which a member can be.
pub const TEAMS_OF_MEMBER_MAX: usize = 50;

/// The work that a member can be given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Work {
    /// The allowed channels, each with the number of conversations that the member takes there at the same time, over
    /// all clients. Nothing is assigned automatically where it is 0.
    pub channels: BTreeMap<String, u32>,
    /// The channels by client, each an allowed one. A client that is not named here is served on every allowed channel.
    /// Only clients of a list have channels of their own: see [`prune`](Self::prune).
    pub client_channels: BTreeMap<ClientId, BTreeSet<String>>,
    /// The teams.
    pub teams: BTreeSet<TeamId>,
    /// The skills.
    pub skills: BTreeSet<Skill>,
}

/// A channel that a client lost because the member lost it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrunedChannel {
    /// The client.
    pub client_id: ClientId,
    /// The channel.
    pub channel: String,
}

impl Work {
    /// The clients that a member with this access serves on a channel.
    #[must_use]
    pub fn clients_at(&self, access: &ClientAccess, channel: &str) -> ClientAccess {
        if !self.channels.contains_key(channel) {
            return ClientAccess::Only(BTreeSet::new());
        }
        let has_channel = |id: &ClientId| {
            let own = self.client_channels.get(id);
            own.is_none_or(|channels| channels.contains(channel))
        };
        match access {
            ClientAccess::All => ClientAccess::All,
            ClientAccess::Only(ids) => {
                ClientAccess::Only(ids.iter().copied().filter(has_channel).collect())
            }
        }
    }

    /// Drops channels of clients that are no longer allowed, and those of clients that the member does not serve or
    /// that have no list of their own since the member serves all. A client keeps a list that becomes empty: without
    /// one it would get every channel. Returns the dropped channels that were taken away.
    pub fn prune(&mut self, access: &ClientAccess) -> Vec<PrunedChannel> {
        let ClientAccess::Only(served) = access else {
            self.client_channels.clear();
            return Vec::new();
        };
        let mut pruned = Vec::new();
        let channels = &self.channels;
        for (id, own) in &mut self.client_channels {
            let is_served = served.contains(id);
            own.retain(|channel| {
                let stays = is_served && channels.contains_key(channel);
                if !stays {
                    pruned.push(PrunedChannel {
                        client_id: *id,
                        channel: channel.clone(),
                    });
                }
                stays
            });
        }
        self.client_channels.retain(|id, _| served.contains(id));
        pruned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str) -> ClientId {
        ClientId::derive(&[name])
    }

    fn set(channels: &[&str]) -> BTreeSet<String> {
        channels
            .iter()
            .map(|channel| (*channel).to_owned())
            .collect()
    }

    /// SMS and chat are allowed, one client is served by SMS alone, and another one on both.
    fn work() -> Work {
        Work {
            channels: [("sms".to_owned(), 3), ("live_chat".to_owned(), 0)].into(),
            client_channels: [(client("one"), set(&["sms"]))].into(),
            ..Work::default()
        }
    }

    fn both() -> ClientAccess {
        ClientAccess::Only([client("one"), client("other")].into())
    }

    /// SPEC E06–E09.
    #[test]
    fn a_client_is_served_on_its_own_channels_or_on_every_allowed_one() {
        let work = work();
        let other = ClientAccess::Only([client("other")].into());
        let nobody = ClientAccess::Only(BTreeSet::new());
        assert_eq!(work.clients_at(&both(), "sms"), both());
        assert_eq!(work.clients_at(&both(), "live_chat"), other);
        assert_eq!(work.clients_at(&both(), "slack"), nobody);
        assert_eq!(work.clients_at(&ClientAccess::All, "slack"), nobody);
        let all = Work {
            client_channels: BTreeMap::new(),
            ..work
        };
        assert_eq!(all.clients_at(&ClientAccess::All, "sms"), ClientAccess::All);
    }

    /// SPEC E09, E35: the empty list stays, or the client would get every channel.
    #[test]
    fn a_channel_that_is_taken_away_is_taken_from_every_client_and_widens_nothing() {
        let mut work = work();
        work.channels.remove("sms");
        let pruned = work.prune(&both());
        let expected = PrunedChannel {
            client_id: client("one"),
            channel: "sms".to_owned(),
        };
        assert_eq!(pruned, [expected]);
        assert_eq!(work.client_channels, [(client("one"), set(&[]))].into());
        let other = ClientAccess::Only([client("other")].into());
        assert_eq!(work.clients_at(&both(), "live_chat"), other);
        assert_eq!(work.prune(&both()), []);
    }

    #[test]
    fn a_client_that_is_taken_away_takes_its_channels_along() {
        let mut work = work();
        let other = ClientAccess::Only([client("other")].into());
        assert_eq!(work.prune(&other).len(), 1);
        assert_eq!(work.client_channels, BTreeMap::new());
    }

    #[test]
    fn whoever_serves_all_clients_serves_each_on_every_allowed_channel() {
        let mut work = work();
        assert_eq!(work.prune(&ClientAccess::All), []);
        assert_eq!(work.client_channels, BTreeMap::new());
    }
}
