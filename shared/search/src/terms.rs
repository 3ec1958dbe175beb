//! Queries.

use crate::fold;
use std::fmt;

/// Longest suffix in a row, in folded characters.
pub const SUFFIX_MAX_CHARS: usize = 32;

/// The words of a query, all of which must occur. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    words: Vec<Vec<char>>,
}

/// The rows of the index that may lead to the hits of a query: those of the query's longest word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The first character of every such row.
    pub first: char,
    /// The beginning of every such row: the word, or as much of it as rows hold.
    pub prefix: String,
    /// Length of `prefix` in characters. Rows count with [`IndexRow::from`](crate::IndexRow::from) up to this.
    pub length: usize,
}

impl Terms {
    /// Reads a query; `None` if it is blank. Words end at white space. A word, or a whole query, of digits and the
    /// punctuation of phone numbers stands for its digits.
    #[must_use]
    pub fn parse(query: &str) -> Option<Self> {
        let query = fold(query);
        let query = query.chars();
        let mut words: Vec<Vec<char>> = Vec::new();
        let parts: Vec<&[char]> = if is_number(query) {
            vec![query]
        } else {
            query.split(|character| *character == ' ').collect()
        };
        for part in parts {
            let mut word = part.to_vec();
            if is_number(part) {
                word.retain(char::is_ascii_digit);
            }
            if !word.is_empty() && !words.contains(&word) {
                words.push(word);
            }
        }
        (!words.is_empty()).then_some(Self { words })
    }

    /// The words, folded.
    #[must_use]
    pub fn words(&self) -> &[Vec<char>] {
        &self.words
    }

    /// The rows to look through.
    #[must_use]
    pub fn lookup(&self) -> Lookup {
        let prefix: Vec<char> = self
            .longest()
            .iter()
            .copied()
            .take(SUFFIX_MAX_CHARS)
            .collect();
        Lookup {
            first: prefix.first().copied().unwrap_or(' '),
            length: prefix.len(),
            prefix: prefix.into_iter().collect(),
        }
    }

    /// The longest word, the first of several.
    pub(crate) fn longest(&self) -> &[char] {
        let mut longest: &[char] = &[];
        for word in &self.words {
            if word.len() > longest.len() {
                longest = word;
            }
        }
        longest
    }
}

/// The same query in one form, however it was typed.
impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            write!(f, "{blank}{}", word.iter().collect::<String>())?;
        }
        Ok(())
    }
}

/// Whether a text holds a digit, and nothing but what phone numbers are written with.
fn is_number(text: &[char]) -> bool {
    let may_stand_in_one = |character: &char| {
        matches!(
            character,
            '0'..='9'
                | ' '
                | '+'
                | '-'
                | '('
                | ')'
                | '.'
                | '/'
                | '\u{2010}'
                | '\u{2012}'
                | '\u{2013}'
                | '\u{2212}'
        )
    };
    text.iter().any(char::is_ascii_digit) && text.iter().all(may_stand_in_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(query: &str) -> Vec<String> {
        Terms::parse(query).map_or_else(Vec::new, |terms| {
            let words = terms.words().iter();
            words.map(|word| word.iter().collect()).collect()
        })
    }

    #[test]
    fn a_query_is_its_words_folded_each_once() {
        assert_eq!(words("  Ada  LÖVE\u{a0}ada "), ["ada", "love"]);
        assert_eq!(words("a@b.c +x"), ["a@b.c", "+x"]);
        assert_eq!(words("-"), ["-"]);
        assert_eq!(words("a\u{1f}b"), ["a", "b"]);
        for blank in ["", "  ", "\u{1f}", "\u{301}"] {
            assert_eq!(Terms::parse(blank), None, "{blank:?}");
        }
    }

    /// SPEC C27: phone by digits.
    #[test]
    fn a_number_stands_for_its_digits_however_it_is_written() {
        for query in [
            "+1 (555) 123-4567",
            "1555 1234567",
            "1-555.123/4567",
            "１５５５１２３４５６７",
        ] {
            assert_eq!(words(query), ["15551234567"], "{query}");
        }
        assert_eq!(words("ada 555-123"), ["ada", "555123"]);
        assert_eq!(words("ada1815"), ["ada1815"]);
        assert_eq!(words("+()-"), ["+()-"]);
    }

    #[test]
    fn the_index_is_asked_for_the_first_of_the_longest_words_as_far_as_rows_go() {
        let lookup = |query: &str| Terms::parse(query).unwrap().lookup();
        assert_eq!(
            lookup("ada love byro"),
            Lookup {
                first: 'l',
                prefix: "love".into(),
                length: 4
            }
        );
        let long = lookup(&"ab".repeat(40));
        assert_eq!((long.first, long.length), ('a', SUFFIX_MAX_CHARS));
        assert_eq!(long.prefix, "ab".repeat(16));
    }

    #[test]
    fn queries_that_mean_the_same_have_one_form() {
        let form = |query: &str| Terms::parse(query).unwrap().to_string();
        assert_eq!(form(" ADA  löve"), form("ada love"));
        assert_eq!(form("+1 5-5"), "155");
    }
}
