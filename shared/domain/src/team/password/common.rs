//! Passwords that many people choose: those on a list, and those that a few common words and patterns make up.

use std::{collections::HashSet, sync::LazyLock};

/// Common passwords, one a line.
const PASSWORDS: &str = include_str!("../common_passwords.txt");

/// Common short passwords made of letters, of which long ones are made.
static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| lines(include_str!("../common_words.txt")).collect());
const WORD_MIN: usize = 4;
const WORD_MAX: usize = 12;

/// Characters in an order that everybody knows, read in both directions: rows and columns of a keyboard, and the
/// alphabet.
const ORDERS: [&str; 14] = [
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
];
/// Rows of a keyboard, each half a key to the right of the one above.
const ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Fewest characters of a pattern: shorter ones stand in any word.
const ORDER_MIN: usize = 3;
const WALK_MIN: usize = 4;

/// Steps of each piece. A letter of an unknown word counts as much as a common word, so that a text counts as common
/// only if nearly all of its words do.
const PATTERN: usize = 1;
const SIGN: usize = 1;
const LETTER: usize = 2;
const WORD: usize = 2;
/// Most steps of a common password: two common words and a year are as many.
const COMMON_MAX: usize = 5;

/// Whether a password, in lower case, is common.
pub(super) fn is_common(folded: &str) -> bool {
    let text: Vec<char> = folded.chars().collect();
    is_listed(folded) || is_interleaved(&text) || steps(&text) <= COMMON_MAX
}

/// The entries of a list.
fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

/// Whether a password is on the list, or is one of the list with other digits at its end.
fn is_listed(folded: &str) -> bool {
    let stem = stem_of(folded);
    lines(PASSWORDS).any(|common| {
        let is_stem = !stem.is_empty() && (common == stem || stem_of(common) == stem);
        common == folded || is_stem
    })
}

/// A text without the digits at its end.
fn stem_of(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Whether every other character makes one pattern, and those between make another: `a1s2d3f4g5h6j7k8`.
fn is_interleaved(text: &[char]) -> bool {
    [0, 1].into_iter().all(|offset| {
        let half: Vec<char> = text.iter().skip(offset).step_by(2).copied().collect();
        half.len() >= ORDER_MIN && longest_order(&half) == half.len()
    })
}

/// The fewest steps in which a text is put together.
fn steps(text: &[char]) -> usize {
    // The fewest for each beginning of the text.
    let mut fewest = vec![usize::MAX; text.len() + 1];
    if let Some(nothing) = fewest.first_mut() {
        *nothing = 0;
    }
    for at in 0..text.len() {
        let (before, rest) = text.split_at(at);
        let spent = fewest.get(at).copied().unwrap_or(usize::MAX);
        for (length, more) in pieces(before, rest) {
            if let Some(known) = fewest.get_mut(at + length) {
                *known = (*known).min(spent.saturating_add(more));
            }
        }
    }
    fewest.last().copied().unwrap_or_default()
}

/// The pieces that can stand next, each by its length and its steps.
fn pieces(before: &[char], rest: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if let Some(first) = rest.first() {
        found.push((1, if first.is_alphabetic() { LETTER } else { SIGN }));
    }
    let orders = ORDER_MIN..=longest_order(rest);
    let walks = WALK_MIN..=run(rest, are_neighbours);
    found.extend(orders.chain(walks).map(|length| (length, PATTERN)));
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    found.extend((1..=digits).map(|length| (length, length.div_ceil(2))));
    if is_year(rest) {
        found.push((4, PATTERN));
    }
    let words = (WORD_MIN..=WORD_MAX).filter(|length| rest.get(..*length).is_some_and(is_word));
    found.extend(words.map(|length| (length, WORD)));
    found.extend(repeats(before, rest).map(|length| (length, PATTERN)));
    found
}

/// The length of the longest beginning that repeats one character, or follows an order.
fn longest_order(text: &[char]) -> usize {
    let along = |order: &'static str| {
        let place = move |c: char| order.find(c);
        let forth = run(text, |one, next| {
            place(one)
                .zip(place(next))
                .is_some_and(|(one, next)| next == one + 1)
        });
        let back = run(text, |one, next| {
            place(one)
                .zip(place(next))
                .is_some_and(|(one, next)| one == next + 1)
        });
        forth.max(back)
    };
    let same = run(text, |one, next| one == next);
    ORDERS.into_iter().map(along).fold(same, usize::max)
}

/// The length of the longest beginning in which each character follows from the one before.
fn run(text: &[char], follows: impl Fn(char, char) -> bool) -> usize {
    let pairs = text.windows(2);
    let fitting = pairs.take_while(|pair| matches!(pair, [one, next] if follows(*one, *next)));
    fitting.count() + usize::from(!text.is_empty())
}

/// Whether two keys touch.
fn are_neighbours(one: char, other: char) -> bool {
    let place = |c: char| {
        let mut rows = ROWS.into_iter().enumerate();
        rows.find_map(|(row, keys)| Some((row, keys.find(c)?)))
    };
    let Some(((row, column), (other_row, other_column))) = place(one).zip(place(other)) else {
        return false;
    };
    match (row.abs_diff(other_row), row < other_row) {
        (0, _) => column.abs_diff(other_column) == 1,
        (1, true) => column == other_column || column == other_column + 1,
        (1, false) => column == other_column || column + 1 == other_column,
        _ => false,
    }
}

/// Whether a text begins with a year of this century or the last.
fn is_year(text: &[char]) -> bool {
    matches!(
        text,
        ['1', '9', ten, one, ..] | ['2', '0', ten, one, ..]
            if ten.is_ascii_digit() && one.is_ascii_digit()
    )
}

/// Whether a text is a common word, as it is or with digits and signs in place of letters.
fn is_word(text: &[char]) -> bool {
    let plain: String = text.iter().collect();
    let spelt: String = text.iter().map(|c| letter_of(*c)).collect();
    WORDS.contains(plain.as_str()) || WORDS.contains(spelt.as_str())
}

/// The letter that a digit or sign often stands for.
const fn letter_of(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// Lengths of the pieces that repeat an end of the text before, once or more often.
fn repeats(before: &[char], rest: &[char]) -> impl Iterator<Item = usize> {
    let ends = (0..before.len()).filter_map(move |from| before.get(from..));
    ends.flat_map(move |end| {
        let again = rest.chunks(end.len()).take_while(move |part| *part == end);
        again
            .enumerate()
            .map(|(index, part)| (index + 1) * part.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Characters of the shortest password that the rules allow.
    const ALLOWED_MIN: usize = super::super::PASSWORD_MIN;

    #[test]
    fn a_password_of_common_words_and_patterns_is_common() {
        for common in [
            "michaelmichael1",
            "dragonmonkey2019",
            "dr4g0nm0nk3y2020",
            "princess31121999",
            "!!!iloveyou!!!!!!",
            "qwertzuiopqwertz",
            "1qaz2wsx3edc4rfv",
            "zxcvfdsaqwer4321",
            "a1s2d3f4g5h6j7k8",
            "010203040506070809",
            "1324354657687980",
            "112233445566778899",
            "abcabcabcabcabcabc",
            "x7x7x7x7x7x7x7x7x7",
            "987654321987654321",
            "aaaaaaaabbbbbbbb",
        ] {
            assert!(is_common(common), "{common}");
        }
    }

    #[test]
    fn a_password_of_three_words_or_of_chance_is_not_common() {
        for rare in [
            "plum tree river",
            "dragon monkey shadow",
            "seven green herons at noon",
            "840275913664208",
            "michael81940275",
            "kqzvwmtrbxnjdhg",
            "vestibule acme tools",
        ] {
            assert!(!is_common(rare), "{rare}");
        }
    }

    /// ASVS 6.2.4.
    #[test]
    fn far_more_than_three_thousand_common_passwords_that_are_long_enough_are_refused() {
        let mut common = BTreeSet::new();
        for word in &*WORDS {
            // Ways to make a favourite word long enough for a rule.
            common.extend([
                format!("{word}{word}{word}{word}"),
                format!("{word}123456789012345"),
            ]);
        }
        common.extend(lines(PASSWORDS).map(str::to_owned));
        common.retain(|password| password.chars().count() >= ALLOWED_MIN);
        assert!(common.len() > 3_000, "{}", common.len());
        for password in &common {
            assert!(is_common(password), "{password}");
        }
    }

    #[test]
    fn every_common_password_is_in_lower_case_and_long_enough_to_matter() {
        let all: Vec<_> = lines(PASSWORDS).collect();
        assert!(all.len() > 150, "{}", all.len());
        for common in all {
            assert!(common.chars().count() >= 12, "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }

    #[test]
    fn every_common_word_is_of_small_letters_and_stands_on_the_list_once() {
        let all: Vec<_> = lines(include_str!("../common_words.txt")).collect();
        assert_eq!(all.len(), WORDS.len());
        assert!(all.len() >= 2_000, "{}", all.len());
        for word in all {
            assert!((WORD_MIN..=WORD_MAX).contains(&word.len()), "{word}");
            assert!(word.bytes().all(|c| c.is_ascii_lowercase()), "{word}");
        }
    }
}
