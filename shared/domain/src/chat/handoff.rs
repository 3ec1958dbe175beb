//! Handoffs: the agent leaves a conversation to people until it is given back (SPEC E36, F12).
//!
//! The agent is asked nothing meanwhile. Messages go into the history with their numbers, and the agent gets
//! none of them afterwards; it has no `sequence` for them, so that it sees no gap.

use crate::{
    Timestamp,
    account::actor::Actor,
    routing::demand::{SKILLS_MAX, Skill},
    text::{clean_line, clean_lines},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Maximum length of a team's name, in characters.
pub const TEAM_MAX_CHARS: usize = 100;
/// Maximum length of a note, in characters, as of the note with a decision.
pub const NOTE_MAX_CHARS: usize = 4000;

/// A handoff that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HandoffRequest {
    /// The team that takes over.
    pub team: Option<String>,
    /// A note for whoever takes over.
    pub note: Option<String>,
    /// Skills that it takes, beside those of the connector.
    pub skills: BTreeSet<Skill>,
}

impl HandoffRequest {
    /// Makes the request of these texts. A blank one counts as none, and a longer one is cut: the person
    /// waits for somebody all the same.
    #[must_use]
    pub fn cut(team: Option<&str>, note: Option<&str>) -> Self {
        Self {
            team: team.and_then(|team| clean_line(team, TEAM_MAX_CHARS)),
            note: note.and_then(|note| clean_lines(note, NOTE_MAX_CHARS)),
            skills: BTreeSet::new(),
        }
    }

    /// Returns the request for members with these skills, by the rules of [`cut`](Self::cut): the first
    /// [`SKILLS_MAX`] that are skills count.
    #[must_use]
    pub fn with_skills<'a>(mut self, skills: impl IntoIterator<Item = &'a str>) -> Self {
        let read = skills.into_iter().filter_map(Skill::new);
        // Of several spellings of a skill, the first one stays: an insertion replaces nothing.
        self.skills.extend(read.take(SKILLS_MAX));
        self
    }

    /// Makes the handoff.
    #[must_use]
    pub fn made_by(&self, by: Actor, at: Timestamp) -> Handoff {
        Handoff {
            by,
            at,
            team: self.team.clone(),
            note: self.note.clone(),
            skills: self.skills.clone(),
            note_erased: false,
        }
    }
}

/// A handoff on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// The agent, in an answer; the bearer of a key; or the system, where a connector is answered by the team.
    pub by: Actor,
    /// Time of the handoff.
    pub at: Timestamp,
    /// See [`HandoffRequest::team`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// See [`HandoffRequest::note`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// See [`HandoffRequest::skills`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skills: BTreeSet<Skill>,
    /// Whether the note was erased with a person who wrote in the conversation: it may repeat their words.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub note_erased: bool,
}

impl Handoff {
    /// Whether it is what `request` asks for.
    #[must_use]
    pub fn is_as(&self, request: &HandoffRequest) -> bool {
        self.team == request.team && self.note == request.note && self.skills == request.skills
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, environment};
    use serde_json::json;

    #[test]
    fn a_request_keeps_the_beginning_of_long_texts_and_no_blank_ones() {
        let (team, note) = ("é".repeat(101), "n".repeat(4001));
        let cut = HandoffRequest::cut(Some(&team), Some(&note));
        assert_eq!(cut.team, Some("é".repeat(100)));
        assert_eq!(cut.note, Some("n".repeat(4000)));
        let blank = HandoffRequest::cut(Some(" \u{200b}"), Some(""));
        assert_eq!(blank, HandoffRequest::default());
        assert_eq!(HandoffRequest::cut(None, None), HandoffRequest::default());
        let plain = HandoffRequest::cut(Some(" sales\n"), Some("Angry.\n\u{202e}Hurry"));
        assert_eq!(plain.team.as_deref(), Some("sales"));
        assert_eq!(plain.note.as_deref(), Some("Angry.\nHurry"));
    }

    #[test]
    fn a_request_keeps_the_first_skills_that_are_some() {
        let bare = HandoffRequest::default();
        assert_eq!(bare.clone().with_skills([" ", ""]), bare);
        let two = bare.clone().with_skills(["German", " ", "Billing"]);
        assert_eq!(two.skills.len(), 2);
        let many: Vec<String> = (0..=SKILLS_MAX).map(|number| number.to_string()).collect();
        let cut = bare.with_skills(many.iter().map(String::as_str));
        assert_eq!(cut.skills.len(), SKILLS_MAX);
        let handoff = two.made_by(Actor::system(), at(5));
        assert_eq!(handoff.skills, two.skills);
        assert!(handoff.is_as(&two));
        assert!(!handoff.is_as(&HandoffRequest::default()));
        let stored = serde_json::to_value(&handoff).unwrap();
        assert_eq!(serde_json::from_value::<Handoff>(stored).unwrap(), handoff);
    }

    #[test]
    fn a_handoff_is_stored_with_its_author_and_time_and_only_the_texts_that_it_has() {
        let request = HandoffRequest::cut(Some("sales"), None);
        let handoff = request.made_by(Actor::agent(environment("e")), at(5));
        let stored = serde_json::to_value(&handoff).unwrap();
        let id = format!("agent:{}", environment("e"));
        let expected = json!({"by": {"id": id, "name": "Agent"}, "at": at(5), "team": "sales"});
        assert_eq!(stored, expected);
        assert_eq!(serde_json::from_value::<Handoff>(stored).unwrap(), handoff);
        assert!(handoff.is_as(&request));
        assert!(!handoff.is_as(&HandoffRequest::cut(Some("sales"), Some("Hurry"))));
        assert!(!handoff.is_as(&HandoffRequest::default()));
    }

    #[test]
    fn a_handoff_whose_note_was_erased_stays_one_for_its_team() {
        let id = format!("agent:{}", environment("e"));
        let mut stored = json!({"by": {"id": id, "name": "Agent"}, "at": at(5), "team": "sales"});
        let kept: Handoff = serde_json::from_value(stored.clone()).unwrap();
        assert!(!kept.note_erased);
        stored["note_erased"] = json!(true);
        let erased: Handoff = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!((&erased.note, erased.note_erased), (&None, true));
        assert_eq!(serde_json::to_value(&erased).unwrap(), stored);
        assert!(erased.is_as(&HandoffRequest::cut(Some("sales"), None)));
        assert!(!erased.is_as(&HandoffRequest::cut(Some("sales"), Some("Hurry"))));
    }
}
