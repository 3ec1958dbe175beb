//! Proves that the rows of the index list each hit exactly once, for random people and queries.

use crate::{Field, FieldKind, IndexRow, Terms, find, first_row, fold, index_rows};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A record: names, an address and a number.
type Person = (Vec<String>, String, String);

fn fields(person: &Person) -> Vec<Field<'_, ()>> {
    let (names, email, phone) = person;
    let words = |text| Field {
        name: (),
        text,
        kind: FieldKind::Words,
    };
    let mut fields = vec![Field {
        name: (),
        text: phone.as_str(),
        kind: FieldKind::Phone,
    }];
    fields.extend(names.iter().map(|name| words(name.as_str())));
    fields.push(words(email));
    fields
}

/// The hits by the rows of all people, each as often as it is listed.
fn by_rows(people: &[Person], terms: &Terms) -> BTreeMap<usize, usize> {
    let lookup = terms.lookup();
    let mut listed = BTreeMap::new();
    for (id, person) in people.iter().enumerate() {
        let fields = fields(person);
        let counts =
            |row: &IndexRow| row.suffix.starts_with(&lookup.prefix) && row.from <= lookup.length;
        let rows: Vec<IndexRow> = index_rows(&fields).into_iter().filter(counts).collect();
        assert!(rows.len() <= 1, "{rows:?}");
        for row in rows {
            if first_row(&fields, terms) == Some(row.suffix) && find(&fields, terms).is_some() {
                *listed.entry(id).or_insert(0) += 1;
            }
        }
    }
    listed
}

/// The definition, once more and by other means: every word stands in one of the folded texts.
fn by_reading(people: &[Person], terms: &Terms) -> BTreeSet<usize> {
    let words: Vec<String> = terms
        .words()
        .iter()
        .map(|word| word.iter().collect())
        .collect();
    let hit = |person: &Person| {
        let texts: Vec<String> = fields(person)
            .iter()
            .map(|field| {
                let folded = fold(field.text);
                let folded = match field.kind {
                    FieldKind::Words => folded,
                    FieldKind::Phone => folded.digits(),
                };
                folded.chars().iter().collect()
            })
            .collect();
        words
            .iter()
            .all(|word| texts.iter().any(|text| text.contains(word.as_str())))
    };
    let all = people.iter().enumerate();
    all.filter(|(_, person)| hit(person))
        .map(|(id, _)| id)
        .collect()
}

fn check(people: &[Person], query: &str) -> Result<(), TestCaseError> {
    let Some(terms) = Terms::parse(query) else {
        return Ok(());
    };
    let listed = by_rows(people, &terms);
    prop_assert!(
        listed.values().all(|times| *times == 1),
        "{query:?}: {listed:?}"
    );
    let listed: BTreeSet<usize> = listed.into_keys().collect();
    let found: BTreeSet<usize> = (0..people.len())
        .filter(|id| find(&fields(&people[*id]), &terms).is_some())
        .collect();
    prop_assert_eq!(&listed, &found, "{:?}", query);
    prop_assert_eq!(found, by_reading(people, &terms), "{:?}", query);
    Ok(())
}

fn person(letters: &'static str) -> impl Strategy<Value = Person> {
    let name = format!("[{letters}]{{0,12}}");
    (
        prop::collection::vec(name.as_str().of_texts(), 0..4),
        format!("[{letters}]{{0,40}}@[ab]{{1,3}}\\.[a-c]{{2}}")
            .as_str()
            .of_texts(),
        "\\+[0-9]{0,4} [0-9]{0,4}-[0-9]{0,4}".of_texts(),
    )
}

/// A regular expression as a strategy of texts.
trait Texts {
    fn of_texts(&self) -> BoxedStrategy<String>;
}

impl Texts for str {
    fn of_texts(&self) -> BoxedStrategy<String> {
        proptest::string::string_regex(self).unwrap().boxed()
    }
}

proptest! {
    /// Few letters, so that words occur often, in several places, and overlap themselves.
    #[test]
    fn the_rows_list_each_hit_once_however_often_the_words_occur(
        people in prop::collection::vec(person("ab "), 1..6),
        query in "[ab]{1,3}( [ab]{1,2})?",
    ) {
        check(&people, &query)?;
    }

    /// Punctuation alone, the separator of the whole, accents, other scripts, digits.
    #[test]
    fn the_rows_list_each_hit_once_for_queries_of_any_characters(
        people in prop::collection::vec(person("aÀß\u{301}'’.@\u{1f}が\u{3099}か١1 -"), 1..6),
        query in "[aÀß\u{301}'.@\u{1f}が\u{3099}か1 -]{1,6}",
    ) {
        check(&people, &query)?;
    }

    /// Words that are longer than the rows.
    #[test]
    fn the_rows_list_each_hit_once_for_long_words(
        stem in "[ab]{28,36}",
        ends in prop::collection::vec("[ab]{0,8}", 2..8),
        taken in any::<prop::sample::Index>(),
    ) {
        let people: Vec<Person> = ends
            .chunks(2)
            .map(|ends| {
                let names = ends.iter().map(|end| format!("{stem}{end}")).collect();
                (names, String::new(), String::new())
            })
            .collect();
        let query = format!("{stem}{}", taken.get(&ends));
        check(&people, &query)?;
    }

    /// Parts of what is on record, so that most queries have a hit.
    #[test]
    fn a_part_of_a_persons_own_text_finds_the_person(
        people in prop::collection::vec(person("abcdé "), 1..6),
        who in any::<prop::sample::Index>(),
        from in 0_usize..40,
        length in 1_usize..40,
    ) {
        let (names, email, phone) = who.get(&people);
        for text in names.iter().chain([email, phone]) {
            let part: String = text.chars().skip(from % (text.chars().count() + 1)).take(length).collect();
            check(&people, &part)?;
        }
    }
}
