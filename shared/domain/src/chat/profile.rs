//! Profiles: the names and avatars that platforms provide.

use crate::{language::Language, text::clean_name};
use serde::{Deserialize, Serialize};

/// Names, avatar and language of a chat user (SPEC A30–A31, A52). Every part is cleaned of characters
/// that could deceive a reader, and may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// The name to show.
    pub display_name: Option<String>,
    /// First name, only where the platform itself splits names.
    pub first_name: Option<String>,
    /// Last name, only where the platform itself splits names.
    pub last_name: Option<String>,
    /// An https address of a picture.
    pub avatar_url: Option<String>,
    /// Whether we keep a copy of the avatar ourselves.
    #[serde(default)]
    pub avatar_kept: bool,
    /// The language of the person's client, where the platform tells it. A change of it alone is worth no
    /// write: it chooses two texts, and each client of one person may tell another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
}

impl Profile {
    /// Makes a profile of raw platform fields: blank ones are dropped, the rest is cleaned.
    #[must_use]
    pub fn from_raw(
        display_name: Option<&str>,
        first_name: Option<&str>,
        last_name: Option<&str>,
        avatar_url: Option<&str>,
    ) -> Self {
        Self {
            display_name: display_name.and_then(clean_name),
            first_name: first_name.and_then(clean_name),
            last_name: last_name.and_then(clean_name),
            avatar_url: avatar_url
                .filter(|url| {
                    url.starts_with("https://")
                        && url.len() <= 2048
                        && url.chars().all(|c| c.is_ascii_graphic())
                })
                .map(str::to_owned),
            avatar_kept: false,
            language: None,
        }
    }

    /// Returns this profile with the language that the platform tells, as it is spelt there.
    #[must_use]
    pub fn with_language(self, raw: Option<&str>) -> Self {
        Self {
            language: raw.and_then(Language::parse),
            ..self
        }
    }

    /// Returns this profile with its gaps filled from `before`.
    #[must_use]
    pub fn over(self, before: &Self) -> Self {
        let or = |now: Option<String>, before: &Option<String>| now.or_else(|| before.clone());
        Self {
            display_name: or(self.display_name, &before.display_name),
            first_name: or(self.first_name, &before.first_name),
            last_name: or(self.last_name, &before.last_name),
            avatar_url: or(self.avatar_url, &before.avatar_url),
            avatar_kept: self.avatar_kept || before.avatar_kept,
            language: self.language.or_else(|| before.language.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_holds_clean_names_and_a_picture_at_an_https_address() {
        let profile = Profile::from_raw(Some(" Ada\u{202E} "), Some("Ada"), Some(" "), None);
        let expected = Profile {
            display_name: Some("Ada".into()),
            first_name: Some("Ada".into()),
            ..Profile::default()
        };
        assert_eq!(profile, expected);
        let start = "https://cdn.example.com/";
        let of_length = |length: usize| format!("{start}{}", "x".repeat(length - start.len()));
        for (url, taken) in [
            (of_length(2048), true),
            (of_length(2049), false),
            ("http://cdn.example.com/a.png".to_owned(), false),
            ("javascript:alert(1)".to_owned(), false),
            ("https://cdn.example.com/a b.png".to_owned(), false),
            ("https://cdn.example.com/ä.png".to_owned(), false),
            ("https://cdn.example.com/\n".to_owned(), false),
        ] {
            let profile = Profile::from_raw(None, None, None, Some(&url));
            assert_eq!(profile.avatar_url, taken.then_some(url));
        }
    }

    #[test]
    fn what_a_profile_does_not_tell_is_taken_from_the_one_before() {
        let before = Profile {
            avatar_kept: true,
            ..Profile::from_raw(Some("Ada"), Some("A"), Some("L"), Some("https://a/"))
                .with_language(Some("de"))
        };
        let told = Profile::from_raw(Some("Ada B"), Some("B"), Some("M"), Some("https://b/"))
            .with_language(Some("fr"));
        assert_eq!(Profile::default().over(&before), before);
        assert_eq!(
            told.clone().over(&before),
            Profile {
                avatar_kept: true,
                ..told.clone()
            }
        );
        assert_eq!(told.clone().over(&Profile::default()), told);
        assert_eq!(before.clone().over(&Profile::default()), before);
    }

    #[test]
    fn a_language_is_kept_if_it_is_one() {
        let told = |raw| Profile::default().with_language(raw).language;
        assert_eq!(told(Some("pt_br")), Language::parse("pt-BR"));
        assert_eq!((told(Some("english")), told(None)), (None, None));
    }

    /// The release before wrote rows without a language.
    #[test]
    fn a_stored_profile_may_lack_the_language() {
        let profile = Profile::from_raw(Some("Ada"), None, None, None);
        let stored = serde_json::to_value(&profile).unwrap();
        assert_eq!(stored.get("language"), None);
        let german = profile.clone().with_language(Some("de"));
        for stored in [profile, german] {
            let text = serde_json::to_string(&stored).unwrap();
            assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), stored);
        }
    }
}
