//! Limits of single conversations that this sandbox met at their platforms.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use vestibule_domain::{
    Timestamp, chat::conversation::ConversationKind, ids::ConnectorId, ports::Destination,
};

/// Maximum number of limits that are remembered. Beyond these, each text meets its limit anew.
const LIMITS_MAX: usize = 1000;

/// A place at a platform that has a limit of its own. Threads share that of their channel or group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    connector_id: ConnectorId,
    id: String,
}

impl Place {
    /// The place that a text goes to. A private text to somebody who wrote among others goes to that person.
    pub(crate) fn of(connector_id: ConnectorId, to: &Destination<'_>) -> Self {
        let id = match to {
            Destination::Privately(person, conversation)
                if conversation.kind != ConversationKind::Direct =>
            {
                &person.identifier
            }
            Destination::Conversation(conversation) | Destination::Privately(_, conversation) => {
                &conversation.provider_conversation_id
            }
        };
        Self {
            connector_id,
            id: id.clone(),
        }
    }
}

/// A limit that a platform set to one place.
struct Limit {
    until: Timestamp,
    /// Whether it may be the whole connector's.
    is_unclear: bool,
}

/// Limits of single conversations, and the evidence of a limit of their whole connector.
#[derive(Default)]
pub(crate) struct ConversationLimits {
    limits: Mutex<HashMap<Place, Limit>>,
}

impl ConversationLimits {
    /// The remaining time for which the platform wants no text for this place, if it asked for any.
    pub(crate) fn wait(&self, place: &Place, now: Timestamp) -> Option<Duration> {
        let until = self.lock().get(place)?.until;
        (until > now).then(|| until.since(now))
    }

    /// Remembers a limit of this place alone.
    pub(crate) fn note(&self, place: Place, until: Timestamp) {
        let limit = Limit {
            until,
            is_unclear: false,
        };
        insert(&mut self.lock(), place, limit);
    }

    /// Remembers a limit of this place or of its connector. Returns whether it counts for the connector: another
    /// of its places met one that still holds, and no text got through since.
    pub(crate) fn note_unclear(&self, place: Place, now: Timestamp, until: Timestamp) -> bool {
        let mut limits = self.lock();
        let is_connectors = limits.iter().any(|(other, limit)| {
            other.connector_id == place.connector_id
                && *other != place
                && limit.is_unclear
                && limit.until > now
        });
        let limit = Limit {
            until,
            is_unclear: true,
        };
        insert(&mut limits, place, limit);
        is_connectors
    }

    /// Remembers that the connector as a whole is not limited, because a text got through.
    pub(crate) fn note_sent(&self, connector_id: ConnectorId) {
        let mut limits = self.lock();
        let ours = limits
            .iter_mut()
            .filter(|(place, _)| place.connector_id == connector_id);
        for (_, limit) in ours {
            limit.is_unclear = false;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Place, Limit>> {
        // A panic elsewhere cannot leave the map half-written: it is consistent whenever the lock is free.
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a limit. Those that end first make room for it.
fn insert(limits: &mut HashMap<Place, Limit>, place: Place, limit: Limit) {
    if limits.len() >= LIMITS_MAX && !limits.contains_key(&place) {
        let first = limits.values().map(|limit| limit.until).min();
        limits.retain(|_, limit| Some(limit.until) != first);
    }
    limits.insert(place, limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        chat::{conversation::ConversationRef, message::Identity},
        connector::Provider,
    };

    const MINUTE: Duration = Duration::from_mins(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn place(connector: &str, id: &str) -> Place {
        Place {
            connector_id: ConnectorId::derive(&[connector]),
            id: id.to_owned(),
        }
    }

    #[test]
    fn a_limited_conversation_waits_until_its_time_and_no_other_does() {
        let limits = ConversationLimits::default();
        limits.note(place("c", "ada"), at(60));
        assert_eq!(limits.wait(&place("c", "ada"), at(0)), Some(MINUTE));
        assert_eq!(limits.wait(&place("c", "ada"), at(60)), None);
        assert_eq!(limits.wait(&place("c", "grace"), at(0)), None);
        assert_eq!(limits.wait(&place("d", "ada"), at(0)), None);
    }

    #[test]
    fn an_unclear_limit_is_the_connectors_if_two_conversations_meet_it_and_nothing_got_through() {
        let (ada, grace) = (place("c", "ada"), place("c", "grace"));
        let limits = ConversationLimits::default();
        assert!(!limits.note_unclear(ada.clone(), at(0), at(60)));
        assert!(!limits.note_unclear(ada.clone(), at(1), at(61)));
        assert!(!limits.note_unclear(place("d", "kay"), at(2), at(62)));
        assert!(limits.note_unclear(grace.clone(), at(3), at(63)));
        limits.note_sent(ConnectorId::derive(&["d"]));
        assert!(limits.note_unclear(grace.clone(), at(4), at(64)));
        limits.note_sent(ada.connector_id);
        assert!(!limits.note_unclear(grace, at(5), at(65)));
        assert_eq!(limits.wait(&ada, at(5)), Some(Duration::from_secs(56)));
    }

    #[test]
    fn a_limit_that_is_over_or_was_the_conversations_own_says_nothing_of_the_connector() {
        let limits = ConversationLimits::default();
        limits.note(place("c", "ada"), at(60));
        assert!(!limits.note_unclear(place("c", "grace"), at(0), at(10)));
        assert!(!limits.note_unclear(place("c", "kay"), at(10), at(20)));
    }

    #[test]
    fn no_more_limits_are_kept_than_there_is_room_for_and_the_first_to_end_goes() {
        let limits = ConversationLimits::default();
        for number in 0..LIMITS_MAX + 10 {
            let until = at(i64::try_from(number).unwrap() + 1);
            limits.note(place("c", &number.to_string()), until);
        }
        assert_eq!(limits.lock().len(), LIMITS_MAX);
        assert_eq!(limits.wait(&place("c", "9"), at(0)), None);
        let last = place("c", &(LIMITS_MAX + 9).to_string());
        assert!(limits.wait(&last, at(0)).is_some());
    }

    #[test]
    fn threads_share_a_place_and_a_private_text_has_its_persons() {
        let connector_id = ConnectorId::derive(&["c"]);
        let person = Identity {
            provider: Provider::new("slack"),
            platform_scope: "T1".to_owned(),
            identifier: "U1".to_owned(),
        };
        let conversation = |kind, id: &str, thread: Option<&str>| {
            let thread = thread.map(str::to_owned);
            ConversationRef::new(connector_id, kind, id.to_owned(), thread)
        };
        let thread = conversation(ConversationKind::Channel, "C1", Some("7.0"));
        let direct = conversation(ConversationKind::Direct, "D1", None);
        for (to, expected) in [
            (Destination::Conversation(&thread), "C1"),
            (Destination::Privately(&person, &thread), "U1"),
            (Destination::Conversation(&direct), "D1"),
            (Destination::Privately(&person, &direct), "D1"),
        ] {
            assert_eq!(Place::of(connector_id, &to), place("c", expected));
        }
    }
}
