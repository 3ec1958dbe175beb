//! Demands: the requirements of a conversation for its member, and the desk where it asks for one.

use crate::{
    AccountScope,
    ids::{ClientId, QueueId, TeamId},
    text::clean_line,
};
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{
    cmp::Ordering,
    collections::BTreeSet,
    fmt,
    hash::{Hash, Hasher},
};

/// Longest skill, in characters.
pub const SKILL_MAX_CHARS: usize = 50;
/// Maximum number of skills of a member, or that a conversation asks for.
///
/// It bounds what each assignment reads: all seats of a desk, in one query. Skills in an alphabet of four bytes a letter take
/// 10 kB, and a seat 16 kB at most, with 100 clients and
/// [50 teams](crate::team::work::TEAMS_OF_MEMBER_MAX). A desk of 1,000 members is 16 pages of the query at worst, and one where
/// they have 5 skills, 20 clients and 3 teams.
pub const SKILLS_MAX: usize = 50;

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();

/// Folds a name for comparison: composed, and without case.
#[must_use]
pub fn fold_name(name: &str) -> String {
    // Upper case first: it writes `ß` out, as its other spelling does.
    let folded = NFKC.normalize(name).to_uppercase().to_lowercase();
    NFKC.normalize(&folded).into_owned()
}

/// A skill: a tag of members, which conversations and connectors ask for. Skills that differ in case alone are one.
#[derive(Debug, Clone)]
pub struct Skill {
    text: String,
    folded: String,
}

impl Skill {
    /// Makes a skill of a text with 1 to [`SKILL_MAX_CHARS`] characters once it is cleaned.
    #[must_use]
    pub fn new(raw: &str) -> Option<Self> {
        let text = clean_line(raw, SKILL_MAX_CHARS + 1)?;
        (text.chars().count() <= SKILL_MAX_CHARS).then(|| Self {
            folded: fold_name(&text),
            text,
        })
    }

    /// The skill as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form that is compared.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl PartialEq for Skill {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for Skill {}

impl PartialOrd for Skill {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Skill {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for Skill {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for Skill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Skill {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Skill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).ok_or_else(|| D::Error::custom("not a skill"))
    }
}

/// The requirements of a conversation for its member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demand {
    /// The client of the conversation.
    pub client_id: ClientId,
    /// The team, if it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The skills, all of which are needed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skills: BTreeSet<Skill>,
}

/// An account's channel with those who answer on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Desk {
    /// The account.
    pub scope: AccountScope,
    /// Key of the channel: see [`is_channel_key`](crate::account::is_channel_key).
    pub channel: String,
}

impl Desk {
    /// The queue of a demand at this desk.
    #[must_use]
    pub fn queue_id(&self, demand: &Demand) -> QueueId {
        let account = self.scope.account_id().to_string();
        let client = demand.client_id.to_string();
        let team = demand.team_id.map(|id| id.to_string()).unwrap_or_default();
        let mut parts = vec![account.as_str(), &self.channel, &client, &team];
        parts.extend(demand.skills.iter().map(Skill::folded));
        QueueId::derive(&parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::scope;
    use serde_json::json;

    fn skill(text: &str) -> Skill {
        Skill::new(text).unwrap()
    }

    #[test]
    fn skills_that_differ_in_case_width_or_composition_are_one_and_are_shown_as_typed() {
        for (one, other) in [
            ("German", "gErMaN"),
            ("Straße", "STRASSE"),
            ("Ｒｕｓｔ", "rust"),
            ("Cafe\u{301}", "CAFÉ"),
            ("  billing \n", "Billing"),
        ] {
            assert_eq!(skill(one), skill(other), "{one}");
        }
        assert_ne!(skill("Cafe"), skill("Café"));
        assert_eq!(skill("  Refunds\tEU ").as_str(), "Refunds EU");
        assert_eq!(
            serde_json::to_value(skill("German")).unwrap(),
            json!("German")
        );
    }

    #[test]
    fn a_skill_has_one_to_fifty_characters() {
        assert!(Skill::new(&"é".repeat(SKILL_MAX_CHARS)).is_some());
        assert!(Skill::new(&"é".repeat(SKILL_MAX_CHARS + 1)).is_none());
        for blank in ["", " \n", "\u{200b}"] {
            assert!(Skill::new(blank).is_none(), "{blank:?}");
        }
        assert!(serde_json::from_value::<Skill>(json!("")).is_err());
    }

    #[test]
    fn a_queue_is_one_of_its_desk_client_team_and_skills_whatever_their_order_and_case() {
        let desk = |channel: &str| Desk {
            scope: scope().account(),
            channel: channel.to_owned(),
        };
        let demand = |client: &str, team: Option<&str>, skills: &[&str]| Demand {
            client_id: ClientId::derive(&[client]),
            team_id: team.map(|team| TeamId::derive(&[team])),
            skills: skills.iter().map(|text| skill(text)).collect(),
        };
        let slack = desk("slack");
        let id = slack.queue_id(&demand("c", None, &["German", "refunds"]));
        assert_eq!(
            id,
            slack.queue_id(&demand("c", None, &["Refunds", "german"]))
        );
        let others = [
            desk("sms").queue_id(&demand("c", None, &["German", "refunds"])),
            slack.queue_id(&demand("d", None, &["German", "refunds"])),
            slack.queue_id(&demand("c", Some("t"), &["German", "refunds"])),
            slack.queue_id(&demand("c", None, &["German"])),
            slack.queue_id(&demand("c", None, &[])),
        ];
        let distinct: BTreeSet<_> = others.into_iter().chain([id]).collect();
        assert_eq!(distinct.len(), others.len() + 1);
    }

    #[test]
    fn a_demand_is_stored_with_what_it_asks_for_only() {
        let client_id = ClientId::derive(&["c"]);
        let demand = Demand {
            client_id,
            team_id: None,
            skills: BTreeSet::new(),
        };
        let stored = serde_json::to_value(&demand).unwrap();
        assert_eq!(stored, json!({"client_id": client_id}));
        assert_eq!(serde_json::from_value::<Demand>(stored).unwrap(), demand);
    }
}
