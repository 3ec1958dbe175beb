//! The rows of the index.

use crate::{Field, Folded, Terms, terms::SUFFIX_MAX_CHARS};
use std::fmt;

/// Most rows of a record, and so the number of characters of a record that are searched, blanks not counted.
pub const ROWS_MAX: usize = 200;

/// Stands between the tokens of a whole. No folded text holds it.
const SEPARATOR: char = '\u{1f}';

/// The searched texts of a record, folded, as one. It can be written down as a text and read again: the rows of a
/// record that changes meanwhile are found by it, also after the rules of folding have changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whole(Vec<char>);

impl Whole {
    /// Makes the whole of a record.
    #[must_use]
    pub fn of_record<F>(fields: &[Field<'_, F>]) -> Self {
        let folded: Vec<Folded> = fields.iter().map(Field::folded).collect();
        Self::of(&folded)
    }

    /// Reads a whole that was written down.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self(text.chars().collect())
    }

    /// Makes the rows of the index.
    #[must_use]
    pub fn rows(&self) -> Vec<IndexRow> {
        let mut rows = Vec::new();
        for place in 0..self.0.len() {
            let suffix = self.suffix(place);
            let earlier = (0..place).map(|place| common(self.suffix(place), suffix));
            let from = earlier.max().unwrap_or(0) + 1;
            if from <= suffix.len() {
                rows.push(IndexRow {
                    suffix: suffix.iter().collect(),
                    from,
                });
            }
        }
        rows
    }

    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a Folded>) -> Self {
        let mut whole = Self(Vec::new());
        let mut left = ROWS_MAX;
        for text in texts {
            for token in text.chars().split(|character| *character == ' ') {
                let token = token.get(..left.min(token.len())).unwrap_or_default();
                // Every place at which a word may begin in it is there already.
                if token.is_empty() || whole.first(token).is_some() {
                    continue;
                }
                if !whole.0.is_empty() {
                    whole.0.push(SEPARATOR);
                }
                whole.0.extend(token);
                left -= token.len();
            }
        }
        whole
    }

    /// The first place of a word.
    pub(crate) fn first(&self, word: &[char]) -> Option<usize> {
        if word.is_empty() {
            return None;
        }
        self.0.windows(word.len()).position(|part| part == word)
    }

    /// The suffix that begins at a place; empty at a separator.
    fn suffix(&self, place: usize) -> &[char] {
        let rest = self.0.get(place..).unwrap_or_default();
        let end = rest
            .iter()
            .take(SUFFIX_MAX_CHARS)
            .take_while(|character| **character != SEPARATOR)
            .count();
        rest.get(..end).unwrap_or_default()
    }
}

impl fmt::Display for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().collect::<String>())
    }
}

/// A row of the index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexRow {
    /// A token of the record from one of its characters on. The rows of a record differ in it.
    pub suffix: String,
    /// Length from which on a word with which the suffix begins has no earlier place in the record.
    pub from: usize,
}

/// Makes the rows of a record.
#[must_use]
pub fn index_rows<F>(fields: &[Field<'_, F>]) -> Vec<IndexRow> {
    Whole::of_record(fields).rows()
}

/// The suffix of the row by which a query finds the record as it stands; `None` if the query's longest word does not
/// occur.
#[must_use]
pub fn first_row<F>(fields: &[Field<'_, F>], terms: &Terms) -> Option<String> {
    let whole = Whole::of_record(fields);
    let place = whole.first(terms.longest())?;
    Some(whole.suffix(place).iter().collect())
}

/// Number of characters with which both begin.
fn common(one: &[char], other: &[char]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FieldKind;

    fn words(text: &str) -> Field<'_, ()> {
        Field {
            name: (),
            text,
            kind: FieldKind::Words,
        }
    }

    fn rows(texts: &[&str]) -> Vec<(String, usize)> {
        let fields: Vec<Field<'_, ()>> = texts.iter().map(|text| words(text)).collect();
        let rows = index_rows(&fields).into_iter();
        rows.map(|row| (row.suffix, row.from)).collect()
    }

    fn row(suffix: &str, from: usize) -> (String, usize) {
        (suffix.to_owned(), from)
    }

    #[test]
    fn a_row_is_the_rest_of_a_token_and_counts_from_the_length_at_which_it_is_the_first() {
        assert_eq!(
            rows(&["Ada"]),
            [row("ada", 1), row("da", 1)],
            "the last a is no first place of any word"
        );
        assert_eq!(
            rows(&["Bo Bob"]),
            [row("bo", 1), row("o", 1), row("bob", 3), row("ob", 2)]
        );
    }

    #[test]
    fn texts_that_others_hold_add_no_rows() {
        let alone = rows(&["Ada Byron"]);
        assert_eq!(rows(&["Ada Byron", "Ada", "BYRON", "yro"]), alone);
        assert!(rows(&["", " ", "\u{301}"]).is_empty());
    }

    #[test]
    fn a_whole_that_was_written_down_has_the_same_rows() {
        let whole = Whole::of_record(&[words("Bo Bób"), words("bo@x.de")]);
        assert_eq!(Whole::read(&whole.to_string()), whole);
        let read = Whole::read(&whole.to_string()).rows();
        assert_eq!(read, index_rows(&[words("Bo Bób"), words("bo@x.de")]));
    }

    #[test]
    fn a_suffix_ends_after_32_characters_or_with_its_token() {
        let token: String = ('a'..='z').chain('0'..='9').collect();
        let found = rows(&[token.as_str(), "é"]);
        assert_eq!(found.len(), 36);
        assert_eq!(found[0].0.len(), SUFFIX_MAX_CHARS);
        assert_eq!(found[35], row("9", 1));
        assert_eq!(found[3].0, token[3..35]);
    }

    #[test]
    fn a_record_has_at_most_200_rows_and_no_more_of_it_is_searched() {
        let parts: Vec<String> = (0..60)
            .map(|number| format!("{number:03}x{number:02}"))
            .collect();
        let long = parts.concat();
        let fields = [words(&long), words("behind")];
        assert!(index_rows(&fields).len() <= ROWS_MAX);
        let terms = |query: &str| Terms::parse(query).unwrap();
        assert_eq!(first_row(&fields, &terms("behind")), None);
        assert_eq!(crate::find(&fields, &terms("behind")), None);
        assert_eq!(crate::find(&fields, &terms(&long[190..210])), None);
        assert!(crate::find(&fields, &terms(&long[180..200])).is_some());
        assert!(first_row(&fields, &terms(&long[180..200])).is_some());
    }
}
