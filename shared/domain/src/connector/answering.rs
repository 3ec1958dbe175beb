//! The side that answers a connector's conversations (SPEC E36).

use crate::language::{Language, TextVariants};
use serde::{Deserialize, Serialize};

/// The side that a message goes to, spelled the same on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    /// The agent of the connector's environment.
    #[default]
    Agent,
    /// Members, without the agent being asked.
    Team,
}

impl Handler {
    /// The key as stored and shown.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Team => "team",
        }
    }
}

/// The text for a person who waits for a member, once per wait. Nobody is told anything without one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueueNotice {
    /// The text for everybody whose language has no variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Variants of the text by language (SPEC A52).
    #[serde(default, skip_serializing_if = "TextVariants::is_empty")]
    pub variants: TextVariants,
}

impl QueueNotice {
    /// Text for a person of this language. `None` if such a person is told nothing.
    #[must_use]
    pub fn choose(&self, language: Option<&Language>) -> Option<&str> {
        language
            .and_then(|language| self.variants.choose(language))
            .or(self.text.as_deref())
    }

    /// Whether nobody is told anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_none() && self.variants.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_shown_as_it_is_stored() {
        for handler in [Handler::Agent, Handler::Team] {
            let stored = serde_json::to_value(handler).unwrap();
            assert_eq!(stored, serde_json::json!(handler.key()));
        }
        assert_eq!(Handler::default(), Handler::Agent);
    }

    #[test]
    fn a_person_who_waits_is_told_the_text_of_their_language_or_the_one_for_all_or_nothing() {
        let german = Language::parse("de-AT");
        let french = Language::parse("fr");
        let variants: TextVariants = Language::parse("de")
            .map(|german| (german, "Bitte warten".to_owned()))
            .into_iter()
            .collect();
        let notice = |text: Option<&str>, variants: &TextVariants| QueueNotice {
            text: text.map(Into::into),
            variants: variants.clone(),
        };
        for (notice, language, told) in [
            (
                notice(Some("Please wait"), &variants),
                &german,
                Some("Bitte warten"),
            ),
            (
                notice(Some("Please wait"), &variants),
                &french,
                Some("Please wait"),
            ),
            (
                notice(Some("Please wait"), &variants),
                &None,
                Some("Please wait"),
            ),
            (notice(None, &variants), &german, Some("Bitte warten")),
            (notice(None, &variants), &french, None),
        ] {
            assert_eq!(notice.choose(language.as_ref()), told);
            assert!(!notice.is_empty());
        }
        let none = QueueNotice::default();
        assert!(none.is_empty());
        assert_eq!(none.choose(german.as_ref()), None);
        assert_eq!(serde_json::to_value(&none).unwrap(), serde_json::json!({}));
    }
}
