//! Hits: the records in which a query occurs, and where.

use crate::{Field, Folded, Terms, rows::Whole};
use std::ops::Range;

/// A place in a field at which a word of the query occurs, in UTF-16 units of the field's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match<F> {
    /// Name of the field.
    pub field: F,
    /// The first unit.
    pub start: usize,
    /// The unit behind the last.
    pub end: usize,
}

/// Decides whether a record is a hit: every word of the query occurs in one of its fields. Returns all places of all
/// words, field by field in order; places that touch or overlap are one.
#[must_use]
pub fn find<F: Copy>(fields: &[Field<'_, F>], terms: &Terms) -> Option<Vec<Match<F>>> {
    let folded: Vec<Folded> = fields.iter().map(Field::folded).collect();
    let whole = Whole::of(&folded);
    if !terms.words().iter().all(|word| whole.first(word).is_some()) {
        return None;
    }
    let mut matches = Vec::new();
    for (field, text) in fields.iter().zip(&folded) {
        for place in places(text, terms) {
            matches.push(Match {
                field: field.name,
                start: place.start,
                end: place.end,
            });
        }
    }
    Some(matches)
}

/// The places of all words in one text, in order and without overlaps.
fn places(text: &Folded, terms: &Terms) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for word in terms.words() {
        for (start, part) in text.chars().windows(word.len()).enumerate() {
            if part == word.as_slice() {
                found.extend(text.original(start..start + word.len()));
            }
        }
    }
    found.sort_by_key(|place| (place.start, place.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for place in found {
        match joined.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => joined.push(place),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FieldKind;

    fn person() -> [Field<'static, &'static str>; 5] {
        let words = |name, text| Field {
            name,
            text,
            kind: FieldKind::Words,
        };
        [
            Field {
                name: "phone",
                text: "+49 1511 2345678",
                kind: FieldKind::Phone,
            },
            words("first_name", "Zoë"),
            words("last_name", "Weiß-Müller"),
            words("full_name", "Zoë Weiß-Müller"),
            words("email", "zoe@example.com"),
        ]
    }

    fn hits(query: &str) -> Option<Vec<(&'static str, usize, usize)>> {
        let terms = Terms::parse(query).unwrap();
        let matches = find(&person(), &terms)?;
        let places = matches.into_iter();
        Some(places.map(|it| (it.field, it.start, it.end)).collect())
    }

    /// SPEC C22–C27, C29.
    #[test]
    fn any_part_of_a_name_an_address_or_a_number_is_found_in_its_field_as_shown() {
        assert_eq!(
            hits("OE"),
            Some(vec![
                ("first_name", 1, 3),
                ("full_name", 1, 3),
                ("email", 1, 3)
            ])
        );
        assert_eq!(
            hits("zoe"),
            Some(vec![
                ("first_name", 0, 3),
                ("full_name", 0, 3),
                ("email", 0, 3)
            ])
        );
        assert_eq!(
            hits("weiss-mu"),
            Some(vec![("last_name", 0, 7), ("full_name", 4, 11)])
        );
        assert_eq!(hits("11-23 45"), Some(vec![("phone", 6, 13)]));
        assert_eq!(hits("115"), None);
        assert_eq!(hits("example.COM"), Some(vec![("email", 4, 15)]));
    }

    #[test]
    fn every_word_must_occur_and_each_may_occur_in_another_field() {
        assert_eq!(
            hits("zoe 678"),
            Some(vec![
                ("phone", 13, 16),
                ("first_name", 0, 3),
                ("full_name", 0, 3),
                ("email", 0, 3)
            ])
        );
        assert_eq!(hits("zoe nobody"), None);
    }

    #[test]
    fn places_that_touch_or_overlap_are_one() {
        assert_eq!(hits("exam xample le.c"), Some(vec![("email", 4, 13)]));
        assert_eq!(hits("@ ex"), Some(vec![("email", 3, 6)]));
        assert_eq!(
            hits("l"),
            Some(vec![
                ("last_name", 7, 9),
                ("full_name", 11, 13),
                ("email", 9, 10)
            ])
        );
    }
}
