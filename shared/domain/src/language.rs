//! Languages of people, and texts with variants by language (SPEC A52).

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, iter::once};

/// Longest tag, in bytes: room for every tag that a text is likely to have (RFC 5646 §4.4.1).
const TAG_MAX_BYTES: usize = 35;
/// Codes that stand where a language would and name none (ISO 639-2: undetermined, several, uncoded, no
/// linguistic content).
const NO_LANGUAGE: [&str; 4] = ["und", "mul", "mis", "zxx"];
/// Codes that mean the same language as another, for texts (CLDR, `languageAlias`). Clients in Java tell the
/// first three, and people write `no`.
const SAME_LANGUAGE: [(&str, &str); 6] = [
    ("in", "id"),
    ("iw", "he"),
    ("ji", "yi"),
    ("no", "nb"),
    ("tl", "fil"),
    ("cmn", "zh"),
];
/// The scripts of Chinese by region (CLDR, `likelySubtags`).
const CHINESE_SCRIPTS: [(&str, &str); 6] = [
    ("cn", "hans"),
    ("my", "hans"),
    ("sg", "hans"),
    ("hk", "hant"),
    ("mo", "hant"),
    ("tw", "hant"),
];

/// A language as a tag (BCP 47): well-formed, in the letter case of RFC 5646 §2.1.1, such as `pt-BR` or
/// `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Reads a tag as platforms and people write it: in any case, with `-` or `_`. `None` if it is no tag,
    /// or names no language.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let raw = raw.trim();
        if raw.len() > TAG_MAX_BYTES {
            return None;
        }
        let tag = raw.to_ascii_lowercase().replace('_', "-");
        let mut subtags = tag.split('-');
        let primary = subtags.next().filter(|primary| is_primary(primary))?;
        let mut read = primary.to_owned();
        let mut is_extended = false;
        let mut last = primary;
        for subtag in subtags {
            if !is_subtag(subtag) {
                return None;
            }
            // After a single character, subtags have a meaning of their own, and stay in lower case.
            is_extended |= subtag.len() == 1;
            read.push('-');
            match subtag.len() {
                2 if !is_extended => read.push_str(&subtag.to_ascii_uppercase()),
                4 if !is_extended => read.push_str(&capitalised(subtag)),
                _ => read.push_str(subtag),
            }
            last = subtag;
        }
        (last.len() > 1).then_some(Self(read))
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// The subtags to compare by: in lower case, the language by one code, and Chinese with the script of
    /// its region.
    fn subtags(&self) -> Vec<String> {
        let tag = self.0.to_ascii_lowercase();
        let mut subtags = tag.split('-');
        let primary = subtags.next().unwrap_or_default();
        let primary = second_of(&SAME_LANGUAGE, primary).unwrap_or(primary);
        let rest: Vec<&str> = subtags.collect();
        let script = rest
            .first()
            .filter(|_| primary == "zh")
            .and_then(|region| second_of(&CHINESE_SCRIPTS, region));
        once(primary)
            .chain(script)
            .chain(rest)
            .map(str::to_owned)
            .collect()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text in lower case is the code of a language: two or three letters.
fn is_primary(subtag: &str) -> bool {
    matches!(subtag.len(), 2 | 3)
        && subtag.bytes().all(|b| b.is_ascii_lowercase())
        && !NO_LANGUAGE.contains(&subtag)
}

fn is_subtag(subtag: &str) -> bool {
    (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn capitalised(subtag: &str) -> String {
    let mut letters = subtag.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

fn second_of(pairs: &[(&'static str, &'static str)], wanted: &str) -> Option<&'static str> {
    let pair = pairs.iter().find(|(first, _)| *first == wanted);
    pair.map(|(_, second)| *second)
}

/// The script that subtags name: four letters after the language, before any subtag of a single character.
fn script(subtags: &[String]) -> Option<&str> {
    subtags
        .iter()
        .skip(1)
        .map(String::as_str)
        .take_while(|subtag| subtag.len() > 1)
        .find(|subtag| subtag.len() == 4 && subtag.bytes().all(|b| b.is_ascii_lowercase()))
}

/// Variants of a text by language, beside a default text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TextVariants(BTreeMap<Language, String>);

/// The error of variants that take too much room on their record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuchText {
    /// There are too many.
    #[error("must have at most {} languages", TextVariants::MAX)]
    Languages,
    /// Together they are too long.
    #[error(
        "must have at most {} bytes in all languages together",
        TextVariants::MAX_BYTES
    )]
    Bytes,
}

impl TextVariants {
    /// Maximum number of languages.
    pub const MAX: usize = 20;
    /// Maximum size of all texts together, in bytes. The variants of a connector's two texts, before and
    /// after a change, are far below the 400 KB of an audit entry.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Whether there is no variant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The variants, in the order of their tags.
    pub fn entries(&self) -> impl Iterator<Item = (&Language, &str)> {
        self.0
            .iter()
            .map(|(language, text)| (language, text.as_str()))
    }

    /// Adds or replaces a variant; without a text, removes it.
    pub fn set(&mut self, language: Language, text: Option<String>) {
        match text {
            Some(text) => self.0.insert(language, text),
            None => self.0.remove(&language),
        };
    }

    /// Checks that the variants keep their record small.
    pub fn check(&self) -> Result<(), TooMuchText> {
        if self.0.len() > Self::MAX {
            return Err(TooMuchText::Languages);
        }
        let bytes: usize = self.0.values().map(String::len).sum();
        if bytes > Self::MAX_BYTES {
            return Err(TooMuchText::Bytes);
        }
        Ok(())
    }

    /// The text for a person of this language; `None` if the default text fits better.
    ///
    /// After the exact tag, the person's tag is shortened from its end (lookup, RFC 4647 §3.4), and at each
    /// length the variant with that tag is taken or, if there is none, the first that begins with it. So
    /// `pt-PT` gets `pt` and, without it, `pt-BR`: another region's form of one's own language is
    /// understood better than another language. A variant in another script may be unreadable, so it is
    /// never taken instead: somebody who reads `zh-TW` (`zh-Hant`) gets no `zh-CN` (`zh-Hans`).
    #[must_use]
    pub fn choose(&self, language: &Language) -> Option<&str> {
        if let Some(text) = self.0.get(language) {
            return Some(text);
        }
        let wanted = language.subtags();
        let variants: Vec<(Vec<String>, &str)> = self
            .entries()
            .map(|(language, text)| (language.subtags(), text))
            .collect();
        let is_readable = |tag: &[String]| match (script(tag), script(&wanted)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        (1..=wanted.len()).rev().find_map(|length| {
            let front = wanted.get(..length)?;
            // A single character only introduces the subtags after it.
            if front.last().is_none_or(|last| last.len() == 1) {
                return None;
            }
            let same = variants.iter().find(|(tag, _)| tag.as_slice() == front);
            let longer = || {
                variants
                    .iter()
                    .find(|(tag, _)| tag.starts_with(front) && is_readable(tag))
            };
            same.or_else(longer).map(|(_, text)| *text)
        })
    }
}

impl FromIterator<(Language, String)> for TextVariants {
    fn from_iter<T: IntoIterator<Item = (Language, String)>>(variants: T) -> Self {
        Self(variants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
