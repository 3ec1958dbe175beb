//! The channels of an account: an open catalogue (SPEC M02).

use super::CHANNELS_MAX;
use crate::{Timestamp, record::Record};

/// Channels that connectors bring, each with its name. Every account has them.
pub const CONNECTOR_CHANNELS: [(&str, &str); 5] = [
    ("slack", "Slack"),
    ("teams", "Microsoft Teams"),
    ("telegram", "Telegram"),
    ("whatsapp", "WhatsApp"),
    ("sms", "SMS"),
];

/// A channel that an account added. Its conversations come through the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The key: see [`is_channel_key`](super::is_channel_key).
    pub key: String,
    /// Name for people.
    pub name: String,
    /// Time at which it was added.
    pub created_at: Timestamp,
}

/// The channels that an account added.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Channels {
    /// The channels, in the order in which they were added.
    pub added: Vec<Channel>,
    /// Counts changes; 0 before the first.
    pub version: u64,
}

impl Channels {
    /// Whether the account has a channel with this key.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        is_of_connectors(key) || self.get(key).is_some()
    }

    /// The channel with this key, if the account added one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Channel> {
        self.added.iter().find(|channel| channel.key == key)
    }

    /// The name of the channel with this key; the key where the account has no such channel.
    #[must_use]
    pub fn name_of<'a>(&'a self, key: &'a str) -> &'a str {
        let added = || self.get(key).map(|channel| channel.name.as_str());
        name_of_connectors(key).or_else(added).unwrap_or(key)
    }

    /// The keys of all channels.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let connectors = CONNECTOR_CHANNELS.iter().map(|(key, _)| *key);
        connectors.chain(self.added.iter().map(|channel| channel.key.as_str()))
    }

    /// Whether there is room for another channel.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.keys().count() < CHANNELS_MAX
    }
}

impl Record for Channels {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Whether connectors bring the channel with this key.
#[must_use]
pub fn is_of_connectors(key: &str) -> bool {
    name_of_connectors(key).is_some()
}

/// The name of the channel with this key, if connectors bring it.
#[must_use]
pub fn name_of_connectors(key: &str) -> Option<&'static str> {
    let own = CONNECTOR_CHANNELS.iter().find(|(own, _)| *own == key);
    own.map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::is_channel_key, samples::at};

    fn channel(key: &str) -> Channel {
        Channel {
            key: key.to_owned(),
            name: key.to_owned(),
            created_at: at(0),
        }
    }

    /// SPEC M02.
    #[test]
    fn an_account_has_the_channels_of_connectors_and_those_that_it_added() {
        let channels = Channels {
            added: vec![channel("live_chat")],
            version: 1,
        };
        for key in ["slack", "teams", "telegram", "whatsapp", "sms", "live_chat"] {
            assert!(is_channel_key(key) && channels.contains(key), "{key}");
        }
        assert!(!channels.contains("facebook"));
        let mut named = channels.clone();
        named.added[0].name = "Live chat".to_owned();
        for (key, name) in [("sms", "SMS"), ("live_chat", "Live chat"), ("fax", "fax")] {
            assert_eq!(named.name_of(key), name);
        }
        assert_eq!(channels.keys().count(), 6);
        assert_eq!(Record::version(&channels), 1);
    }

    #[test]
    fn an_account_has_50_channels_at_most() {
        let mut channels = Channels::default();
        while channels.has_room() {
            let key = format!("channel_{}", channels.added.len());
            channels.added.push(channel(&key));
        }
        assert_eq!(channels.keys().count(), 50);
    }
}
