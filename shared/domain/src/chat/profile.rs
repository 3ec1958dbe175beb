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
    /// Whether the name to show is a username, because the platform told no name. It is not stored.
    #[serde(skip)]
    pub by_username: bool,
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
            by_username: false,
        }
    }

    /// Makes a profile of a platform's handle of the person, for want of a name.
    #[must_use]
    pub fn of_username(username: Option<&str>) -> Self {
        let profile = Self::from_raw(username, None, None, None);
        Self {
            by_username: profile.display_name.is_some(),
            ..profile
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
        let named = if self.display_name.is_some() {
            &self
        } else {
            before
        };
        Self {
            by_username: named.by_username,
            display_name: or(self.display_name, &before.display_name),
            first_name: or(self.first_name, &before.first_name),
            last_name: or(self.last_name, &before.last_name),
            avatar_url: or(self.avatar_url, &before.avatar_url),
            avatar_kept: self.avatar_kept || before.avatar_kept,
            language: self.language.or_else(|| before.language.clone()),
        }
    }

    /// The names of the fields in which this profile differs from the one before, as the API names them.
    #[must_use]
    pub fn changed_from(&self, before: &Self) -> Vec<&'static str> {
        let fields = [
            ("display_name", self.display_name != before.display_name),
            ("first_name", self.first_name != before.first_name),
            ("last_name", self.last_name != before.last_name),
            (
                "avatar_url",
                self.avatar_url != before.avatar_url || self.avatar_kept != before.avatar_kept,
            ),
            ("language", self.language != before.language),
        ];
        let changed = fields.into_iter().filter(|(_, is_other)| *is_other);
        changed.map(|(name, _)| name).collect()
    }

    /// Returns this profile as `told` changes it; `None` if it tells nothing new. A name is told as a
    /// whole: without its parts, the parts of the name before say nothing about it. What is not told
    /// stays, and a username does not take the place of a name. A language comes with other news only.
    #[must_use]
    pub fn told_anew(&self, told: &Self) -> Option<Self> {
        let mut changed = self.clone();
        let is_name =
            told.display_name.is_some() && !(told.by_username && self.display_name.is_some());
        if is_name {
            let is_split = told.first_name.is_some() || told.last_name.is_some();
            if is_split || told.display_name != self.display_name {
                changed.display_name.clone_from(&told.display_name);
                changed.first_name.clone_from(&told.first_name);
                changed.last_name.clone_from(&told.last_name);
                changed.by_username = told.by_username;
            }
        }
        if told.avatar_url.is_some() {
            changed.avatar_url.clone_from(&told.avatar_url);
        }
        if changed == *self {
            return None;
        }
        changed.language = told.language.clone().or(changed.language);
        Some(changed)
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

    fn named(display: Option<&str>, first: Option<&str>, last: Option<&str>) -> Profile {
        Profile::from_raw(display, first, last, None)
    }

    #[test]
    fn a_name_that_is_told_anew_is_taken_as_a_whole_and_one_that_is_not_told_stays() {
        let ada = || named(Some("Ada Lovelace"), Some("Ada"), Some("Lovelace"));
        for (before, told, after) in [
            (ada(), named(None, None, None), None),
            (ada(), ada(), None),
            // The same name without its parts tells nothing new.
            (ada(), named(Some("Ada Lovelace"), None, None), None),
            // One part of it is news.
            (
                named(Some("Ada"), None, None),
                named(Some("Ada"), Some("Ada"), None),
                Some(named(Some("Ada"), Some("Ada"), None)),
            ),
            (
                named(Some("Lovelace"), None, None),
                named(Some("Lovelace"), None, Some("Lovelace")),
                Some(named(Some("Lovelace"), None, Some("Lovelace"))),
            ),
            (
                ada(),
                named(Some("Ada King"), Some("Ada"), Some("King")),
                Some(named(Some("Ada King"), Some("Ada"), Some("King"))),
            ),
            (
                ada(),
                named(Some("Ada"), Some("Ada"), None),
                Some(named(Some("Ada"), Some("Ada"), None)),
            ),
            (
                ada(),
                named(Some("Countess"), None, None),
                Some(named(Some("Countess"), None, None)),
            ),
            (
                named(None, None, None),
                named(Some("Ada"), None, None),
                Some(named(Some("Ada"), None, None)),
            ),
        ] {
            assert_eq!(before.told_anew(&told), after, "{told:?}");
        }
    }

    #[test]
    fn a_username_is_shown_for_want_of_a_name_and_never_in_place_of_one() {
        let handle = Profile::of_username(Some("ada"));
        let nobody = Profile::default();
        let shown = nobody.told_anew(&handle).and_then(|told| told.display_name);
        assert_eq!(shown.as_deref(), Some("ada"));
        let ada = named(Some("Ada"), None, None);
        assert_eq!(ada.told_anew(&handle), None);
        assert_eq!(
            handle.told_anew(&ada).map(|told| told.display_name),
            Some(Some("Ada".into()))
        );
        assert!(!ada.clone().over(&handle).by_username);
        assert!(nobody.over(&handle).by_username);
    }

    #[test]
    fn a_language_is_taken_with_other_news_and_is_none_alone() {
        let ada = || named(Some("Ada"), None, None).with_language(Some("de"));
        assert_eq!(ada().told_anew(&ada().with_language(Some("fr"))), None);
        for (told, after) in [(Some("fr"), "fr"), (None, "de")] {
            let king = named(Some("Ada King"), None, None);
            assert_eq!(
                ada().told_anew(&king.clone().with_language(told)),
                Some(king.with_language(Some(after)))
            );
        }
    }

    #[test]
    fn a_picture_that_is_told_anew_is_taken_and_a_kept_copy_stays_marked() {
        let before = Profile {
            avatar_kept: true,
            ..Profile::from_raw(Some("Ada"), None, None, Some("https://a/"))
        };
        let told = Profile::from_raw(None, None, None, Some("https://b/"));
        let expected = Profile {
            avatar_url: Some("https://b/".into()),
            ..before.clone()
        };
        assert_eq!(before.told_anew(&told), Some(expected));
        assert_eq!(before.told_anew(&Profile::default()), None);
    }
}
