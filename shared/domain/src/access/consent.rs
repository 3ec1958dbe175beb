//! A person's wishes to get messages or not (an SMS STOP or START), one for each channel of a connector.
//!
//! A STOP by SMS says nothing about `WhatsApp`. Reports may come late, and more than once, so the newest
//! wish of a channel counts, and a report that was seen before counts for nothing.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Maximum number of event keys of wishes that a channel remembers. People rarely change their mind.
pub const CONSENT_EVENTS_KEPT: usize = 50;
/// Key of the only channel of a connector whose conversations name none.
const ONLY_CHANNEL: &str = "only";
/// Channels (SPEC M02) that a STOP may be about which was stored before each channel had its own wish.
const CHANNELS_OF_STOP: [&str; 2] = ["sms", "whatsapp"];

/// A person's wish, as a platform reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The channel (SPEC M02), when the connector has more than one.
    pub channel: Option<String>,
    /// Whether the person may be written to.
    pub may_write: bool,
    /// Time of the wish, or of receipt if the platform does not state one.
    pub at: Timestamp,
    /// The key by which a second delivery of the report is recognised.
    pub event_key: Option<String>,
}

/// The wish that counts on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Consent {
    may_write: bool,
    at: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent_events: Vec<String>,
}

impl Consent {
    /// Whether this wish counts before the other. At the same time, the wish for silence does.
    fn is_newer_than(&self, other: &Self) -> bool {
        (self.at, other.may_write) > (other.at, self.may_write)
    }
}

/// A person's wishes by channel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Consents(BTreeMap<String, Consent>);

impl Consents {
    /// Makes the wishes of somebody of whom one STOP was stored, before each channel had its own wish. Nobody
    /// knows its channel, so it counts on all of them.
    #[must_use]
    pub fn of_stop(at: Timestamp) -> Self {
        let stop = Consent {
            may_write: false,
            at,
            recent_events: Vec::new(),
        };
        let channels = CHANNELS_OF_STOP.map(|channel| (channel.to_owned(), stop.clone()));
        Self(BTreeMap::from(channels))
    }

    /// Whether no wish is on record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the wishes for silence alone.
    #[must_use]
    pub fn stops(&self) -> Self {
        let stops = self.0.iter().filter(|(_, consent)| !consent.may_write);
        let stops = stops.map(|(channel, consent)| (channel.clone(), consent.clone()));
        Self(stops.collect())
    }

    /// The time at which the person opted out on this channel, unless they opted in again.
    #[must_use]
    pub fn opted_out_at(&self, channel: Option<&str>) -> Option<Timestamp> {
        self.0
            .get(channel.unwrap_or(ONLY_CHANNEL))
            .filter(|consent| !consent.may_write)
            .map(|consent| consent.at)
    }

    /// Returns the wishes with this one; `None` if it changes nothing, because it was seen before or a newer
    /// one is on record.
    #[must_use]
    pub fn with(&self, wish: &Wish) -> Option<Self> {
        let channel = wish.channel.as_deref().unwrap_or(ONLY_CHANNEL);
        let known = self.0.get(channel);
        let event_key = wish.event_key.as_slice();
        let mut consent = Consent {
            may_write: wish.may_write,
            at: wish.at,
            recent_events: known.map_or_else(Vec::new, |known| known.recent_events.clone()),
        };
        if known.is_some_and(|known| !consent.is_newer_than(known))
            || event_key
                .iter()
                .any(|key| consent.recent_events.contains(key))
        {
            return None;
        }
        remember(&mut consent.recent_events, event_key);
        let mut changed = self.clone();
        changed.0.insert(channel.to_owned(), consent);
        Some(changed)
    }

    /// Joins the wishes of two records of one person: the newer one of each channel counts.
    #[must_use]
    pub fn joined_by(mut self, other: &Self) -> Self {
        for (channel, theirs) in &other.0 {
            let Some(own) = self.0.get_mut(channel) else {
                self.0.insert(channel.clone(), theirs.clone());
                continue;
            };
            let mut recent_events = theirs.recent_events.clone();
            remember(&mut recent_events, &own.recent_events);
            if theirs.is_newer_than(own) {
                own.may_write = theirs.may_write;
                own.at = theirs.at;
            }
            own.recent_events = recent_events;
        }
        self
    }
}

/// Appends event keys, and forgets the oldest beyond the limit.
fn remember(recent: &mut Vec<String>, event_keys: &[String]) {
    recent.extend(event_keys.iter().cloned());
    let surplus = recent.len().saturating_sub(CONSENT_EVENTS_KEPT);
    recent.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::at;

    fn wish(channel: &str, may_write: bool, seconds: i64, event: &str) -> Wish {
        Wish {
            channel: Some(channel.to_owned()),
            may_write,
            at: at(seconds),
            event_key: (!event.is_empty()).then(|| event.to_owned()),
        }
    }

    /// The wishes after these reports, in the order of their arrival.
    fn after(wishes: &[Wish]) -> Consents {
        wishes.iter().fold(Consents::default(), |so_far, wish| {
            so_far.with(wish).unwrap_or(so_far)
        })
    }

    #[test]
    fn the_wishes_for_silence_are_those_that_still_count() {
        let wishes = [
            wish("sms", false, 1, "a"),
            wish("whatsapp", false, 2, "b"),
            wish("whatsapp", true, 3, "c"),
        ];
        let stops = after(&wishes).stops();
        assert_eq!(stops.opted_out_at(Some("sms")), Some(at(1)));
        assert_eq!(stops, after(&[wish("sms", false, 1, "a")]));
        assert!(after(&[wish("sms", true, 1, "a")]).stops().is_empty());
    }

    #[test]
    fn a_stop_on_one_channel_leaves_the_other_open() {
        let stopped = after(&[wish("sms", false, 5, "1")]);
        assert_eq!(stopped.opted_out_at(Some("sms")), Some(at(5)));
        assert_eq!(stopped.opted_out_at(Some("whatsapp")), None);
        assert_eq!(stopped.opted_out_at(None), None);
        let both = after(&[
            wish("sms", false, 5, "1"),
            wish("whatsapp", false, 6, "2"),
            wish("sms", true, 7, "3"),
        ]);
        assert_eq!(both.opted_out_at(Some("sms")), None);
        assert_eq!(both.opted_out_at(Some("whatsapp")), Some(at(6)));
    }

    #[test]
    fn a_connector_with_one_channel_needs_no_name_for_it() {
        let stop = Wish {
            channel: None,
            ..wish("", false, 5, "1")
        };
        assert_eq!(after(&[stop]).opted_out_at(None), Some(at(5)));
    }

    #[test]
    fn an_old_wish_that_comes_late_never_undoes_a_newer_one() {
        for (newer, older, out) in [(false, true, Some(at(9))), (true, false, None)] {
            let consents = after(&[wish("sms", newer, 9, "2"), wish("sms", older, 5, "1")]);
            assert_eq!(consents.opted_out_at(Some("sms")), out);
        }
    }

    #[test]
    fn a_wish_that_comes_twice_counts_once_although_the_second_receipt_is_newer() {
        let consents = after(&[
            wish("sms", false, 5, "1"),
            wish("sms", true, 9, "2"),
            wish("sms", false, 12, "1"),
        ]);
        assert_eq!(consents.opted_out_at(Some("sms")), None);
        let consents = after(&[
            wish("sms", true, 5, "1"),
            wish("sms", false, 9, "2"),
            wish("sms", true, 12, "1"),
        ]);
        assert_eq!(consents.opted_out_at(Some("sms")), Some(at(9)));
    }

    #[test]
    fn of_two_wishes_at_one_time_the_one_for_silence_counts() {
        for wishes in [
            [wish("sms", false, 5, "1"), wish("sms", true, 5, "2")],
            [wish("sms", true, 5, "2"), wish("sms", false, 5, "1")],
        ] {
            assert_eq!(after(&wishes).opted_out_at(Some("sms")), Some(at(5)));
        }
        let stop = wish("sms", false, 5, "");
        assert_eq!(after(std::slice::from_ref(&stop)).with(&stop), None);
    }

    #[test]
    fn the_events_of_a_channel_stay_bounded() {
        let many: Vec<_> = (0..200)
            .map(|n| wish("sms", n % 2 == 0, n, &n.to_string()))
            .collect();
        let consents = after(&many);
        assert_eq!(consents.0["sms"].recent_events.len(), CONSENT_EVENTS_KEPT);
        assert_eq!(consents.opted_out_at(Some("sms")), Some(at(199)));
    }

    #[test]
    fn of_two_records_the_newer_wish_of_each_channel_counts_and_all_events_are_known() {
        let one = after(&[wish("sms", false, 5, "1"), wish("whatsapp", false, 9, "2")]);
        let two = after(&[wish("sms", true, 7, "3"), wish("whatsapp", true, 8, "4")]);
        for joined in [one.clone().joined_by(&two), two.clone().joined_by(&one)] {
            assert_eq!(joined.opted_out_at(Some("sms")), None);
            assert_eq!(joined.opted_out_at(Some("whatsapp")), Some(at(9)));
            for (channel, event) in [("sms", "1"), ("sms", "3"), ("whatsapp", "4")] {
                assert_eq!(joined.with(&wish(channel, false, 99, event)), None);
            }
        }
        assert_eq!(Consents::default().joined_by(&one), one);
    }

    #[test]
    fn a_stop_of_an_earlier_release_counts_on_every_channel_until_a_start_there() {
        let stop = Consents::of_stop(at(5));
        assert_eq!(stop.opted_out_at(Some("sms")), Some(at(5)));
        assert_eq!(stop.opted_out_at(Some("whatsapp")), Some(at(5)));
        let start = stop.with(&wish("sms", true, 6, "1")).unwrap();
        assert_eq!(start.opted_out_at(Some("sms")), None);
        assert_eq!(start.opted_out_at(Some("whatsapp")), Some(at(5)));
        // The row is read with its STOP again, as long as it has one.
        assert_eq!(start.clone().joined_by(&stop), start);
    }
}
