//! The form in which texts are compared.

use icu_normalizer::{
    DecomposingNormalizerBorrowed,
    properties::{CanonicalCombiningClassMapBorrowed, CanonicalCompositionBorrowed},
};
use std::ops::Range;

const NFKD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
const COMBINING: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();
const COMPOSITION: CanonicalCompositionBorrowed<'static> = CanonicalCompositionBorrowed::new();

/// A text without case, accents and widths, whose places lead back to the text as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded {
    chars: Vec<char>,
    /// For each character the place in the original text of the one that it comes from, in UTF-16 units.
    places: Vec<Range<usize>>,
}

impl Folded {
    /// The folded characters.
    #[must_use]
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// The part of the original text that these folded characters come from, in UTF-16 units. It covers whole characters,
    /// so that a part of `ß` is all of it.
    #[must_use]
    pub fn original(&self, folded: Range<usize>) -> Option<Range<usize>> {
        let places = self.places.get(folded)?;
        Some(places.first()?.start..places.last()?.end)
    }

    /// The same text with its digits alone.
    #[must_use]
    pub fn digits(self) -> Self {
        let (chars, places) = self
            .chars
            .into_iter()
            .zip(self.places)
            .filter(|(character, _)| character.is_ascii_digit())
            .unzip();
        Self { chars, places }
    }

    /// Adds a character, which a mark that stays may join with the one before it.
    fn push(&mut self, character: char, place: Range<usize>) {
        let is_mark = COMBINING.get_u8(character) != 0;
        let joined = match self.chars.last() {
            Some(last) if is_mark => COMPOSITION.compose(*last, character),
            _ => None,
        };
        if let (Some(joined), Some(last), Some(of_last)) =
            (joined, self.chars.last_mut(), self.places.last_mut())
        {
            *last = joined;
            of_last.end = place.end;
        } else {
            self.chars.push(character);
            self.places.push(place);
        }
    }

    /// Adds the characters that stand for one of the original text.
    fn push_all(&mut self, plain: &str, place: &Range<usize>) {
        for character in plain.chars() {
            self.push(character, place.clone());
        }
    }
}

/// Folds a text: lower case, accents of Latin, Greek and Cyrillic letters and vowel marks of Arabic and Hebrew dropped,
/// wide and narrow forms as one. Marks of other scripts stay: か is not が. White space of every kind, and control
/// characters, are blanks.
#[must_use]
pub fn fold(text: &str) -> Folded {
    let mut folded = Folded::default();
    let mut start = 0;
    for character in text.chars() {
        let place = start..start + character.len_utf16();
        start = place.end;
        if let Some(plain) = plain(character) {
            folded.push_all(plain, &place);
            continue;
        }
        let parts = NFKD.normalize_iter(std::iter::once(digit(character)));
        for lower in parts.flat_map(char::to_lowercase) {
            if let Some(plain) = plain(lower) {
                folded.push_all(plain, &place);
            } else if !is_dropped(lower) {
                folded.push(lower, place.clone());
            }
        }
    }
    folded
}

/// The ASCII digit for an Arabic or Persian one; any other character as it is.
fn digit(character: char) -> char {
    let value = match character {
        '\u{660}'..='\u{669}' => u32::from(character) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(character) - 0x6f0,
        _ => return character,
    };
    char::from_digit(value, 10).unwrap_or(character)
}

/// The form of a character that Unicode does not decompose, or not as readers do.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ı' => "i",
        'ς' => "σ",
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{2032}' | '\u{b4}' | '`' => "'",
        other if other.is_whitespace() || other.is_control() => " ",
        _ => return None,
    })
}

/// Whether a character makes no difference: an accent, a vowel mark, or a character that shows nothing.
fn is_dropped(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}'
            | '\u{591}'..='\u{5c7}'
            | '\u{64b}'..='\u{652}'
            | '\u{670}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(text: &str) -> String {
        fold(text).chars().iter().collect()
    }

    #[test]
    fn case_accents_and_widths_make_no_difference() {
        for (text, expected) in [
            ("Ada LOVELACE", "ada lovelace"),
            ("José Ñuñez", "jose nunez"),
            ("Jose\u{301}", "jose"),
            ("Łukasz Ørsted Đorđe Ħal", "lukasz orsted dorde hal"),
            (
                "Weiß WEIẞ Æsa Œuvre Þór Ðóra",
                "weiss weiss aesa oeuvre thor dora",
            ),
            ("Işıl İpek", "isil ipek"),
            ("Νίκος ΝΙΚΟΣ", "νικοσ νικοσ"),
            ("Ａｄａ１２", "ada12"),
            ("ﾀﾅｶ", "タナカ"),
            ("Артём", "артем"),
            (
                "O’Brien O`Brien O´Brien OʼBrien",
                "o'brien o'brien o'brien o'brien",
            ),
            ("مُحَمَّد", "محمد"),
            ("שָׁלוֹם", "שלום"),
            ("٠١٢ ۷۸۹", "012 789"),
            ("a\u{a0}b\tc\u{1f}d", "a b c d"),
            ("so\u{ad}ft \u{200e}left", "soft left"),
            ("ﬁne ㎏", "fine kg"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    /// か is not が, however the mark is written.
    #[test]
    fn marks_of_other_scripts_stay() {
        assert_ne!(folded("か"), folded("が"));
        assert_eq!(folded("が"), "が");
        assert_eq!(folded("か\u{3099}"), "が");
        assert_eq!(folded("ｶﾞ"), "ガ");
        assert_eq!(folded("राम"), "राम");
        assert_eq!(folded("أحمد"), "أحمد");
        assert!(!folded("が").contains('か'));
    }

    #[test]
    fn a_place_leads_back_to_the_original_in_utf_16_units() {
        let text = fold("𝐀ß\u{301}e");
        assert_eq!(text.chars(), ['a', 's', 's', 'e']);
        assert_eq!(text.original(0..1), Some(0..2));
        assert_eq!(text.original(1..2), Some(2..3));
        assert_eq!(text.original(1..3), Some(2..3));
        assert_eq!(text.original(2..4), Some(2..5));
        assert_eq!(text.original(2..2), None);
        assert_eq!(text.original(3..5), None);
        let kana = fold("か\u{3099}x");
        assert_eq!(kana.original(0..1), Some(0..2));
        let number = fold("+49 (151) 2").digits();
        assert_eq!(number.chars(), ['4', '9', '1', '5', '1', '2']);
        assert_eq!(number.original(1..3), Some(2..6));
    }

    proptest! {
        #[test]
        fn a_folded_text_is_its_own_fold(text in ".{0,12}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }

        #[test]
        fn every_place_lies_in_the_text_and_places_are_in_order(text in ".{0,12}") {
            let folded = fold(&text);
            let length = text.encode_utf16().count();
            let mut last = 0;
            for index in 0..folded.chars().len() {
                let place = folded.original(index..index + 1).unwrap();
                prop_assert!(place.start < place.end && place.end <= length);
                prop_assert!(place.start >= last);
                last = place.start;
            }
        }
    }
}
