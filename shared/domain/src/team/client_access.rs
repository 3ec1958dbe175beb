//! The clients whose records somebody may touch (SPEC B39).

use crate::ids::ClientId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeSet;

/// The clients whose records a member may touch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ClientAccess {
    /// Those of every client, also of clients to come.
    #[default]
    All,
    /// Those of these clients.
    Only(BTreeSet<ClientId>),
}

impl ClientAccess {
    /// Whether records of this client may be touched.
    #[must_use]
    pub fn contains(&self, id: ClientId) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(&id),
        }
    }

    /// Whether both contain a client, so far as is known without the clients there are.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::All, Self::Only(some)) | (Self::Only(some), Self::All) => !some.is_empty(),
            (Self::Only(some), Self::Only(others)) => !some.is_disjoint(others),
        }
    }

    /// Whether every client that `other` contains is contained.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(held), Self::Only(wanted)) => wanted.is_subset(held),
        }
    }
}

const ALL_CLIENTS: &str = "all";

impl Serialize for ClientAccess {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str(ALL_CLIENTS),
            Self::Only(some) => some.serialize(serializer),
        }
    }
}

/// The two forms of a stored or sent [`ClientAccess`].
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Word(String),
    Ids(BTreeSet<ClientId>),
}

impl<'de> Deserialize<'de> for ClientAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Wire::deserialize(deserializer)? {
            Wire::Word(word) if word == ALL_CLIENTS => Ok(Self::All),
            Wire::Word(_) => Err(D::Error::custom("neither `all` nor a list of ids")),
            Wire::Ids(ids) => Ok(Self::Only(ids)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn client_access_is_all_or_a_list_of_ids() {
        let [one, other] = ["c", "d"].map(|name| ClientId::derive(&[name]));
        let some = ClientAccess::Only([one].into());
        for (access, wire) in [
            (ClientAccess::All, json!("all")),
            (some.clone(), json!([one.to_string()])),
        ] {
            assert_eq!(serde_json::to_value(&access).unwrap(), wire);
            assert_eq!(
                serde_json::from_value::<ClientAccess>(wire).unwrap(),
                access
            );
            assert!(access.contains(one));
        }
        for wrong in [json!("some"), json!(["x"]), json!(null)] {
            assert!(serde_json::from_value::<ClientAccess>(wrong).is_err());
        }
        assert!(!some.contains(other));
        assert!(ClientAccess::default().contains(other));
    }

    #[test]
    fn accesses_meet_where_one_client_is_in_both() {
        let [one, other] = ["c", "d"].map(|name| ClientId::derive(&[name]));
        let [some, others] = [one, other].map(|id| ClientAccess::Only([id].into()));
        let both = ClientAccess::Only([one, other].into());
        let none = ClientAccess::Only([].into());
        assert!(ClientAccess::All.meets(&ClientAccess::All));
        assert!(some.meets(&ClientAccess::All) && ClientAccess::All.meets(&some));
        assert!(some.meets(&both) && both.meets(&others));
        assert!(!some.meets(&others));
        assert!(!none.meets(&ClientAccess::All) && !none.meets(&both));
    }

    #[test]
    fn access_covers_what_it_contains_and_a_list_never_covers_all() {
        let [one, other] = ["c", "d"].map(|name| ClientId::derive(&[name]));
        let some = ClientAccess::Only([one].into());
        let both = ClientAccess::Only([one, other].into());
        assert!(ClientAccess::All.covers(&ClientAccess::All));
        assert!(ClientAccess::All.covers(&both));
        assert!(both.covers(&some));
        assert!(!some.covers(&both));
        assert!(!both.covers(&ClientAccess::All));
    }
}
