//! Splitting of texts that are too long for one message.

/// Splits a text into pieces of at most `max`, where `cost` is what each character counts: 1, or
/// the length of its escape, or its UTF-16 units. It breaks between paragraphs, else lines, else
/// words, else characters, and drops the white space there. A blank text has no pieces.
#[must_use]
pub fn split(text: &str, max: usize, cost: fn(char) -> usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (piece, behind) = rest
            .split_at_checked(break_at(rest, max, cost))
            .unwrap_or((rest, ""));
        pieces.push(piece.trim_end());
        rest = behind.trim_start();
    }
    pieces
}

/// Counts every character as one.
#[must_use]
pub fn one_each(_: char) -> usize {
    1
}

/// The end of the first piece of `text`, in bytes; never 0.
fn break_at(text: &str, max: usize, cost: fn(char) -> usize) -> usize {
    let mut room = max;
    let mut end = 0;
    for c in text.chars() {
        let cost = cost(c);
        if cost > room && end > 0 {
            return nicest_break(text, end);
        }
        room = room.saturating_sub(cost);
        end += c.len_utf8();
    }
    text.len()
}

/// The best place to break at or before `end`. A break in the first half is worse than a less
/// suitable one in the second: it would take more posts than needed.
fn nicest_break(text: &str, end: usize) -> usize {
    let (window, behind) = text.split_at_checked(end).unwrap_or((text, ""));
    let last = |mark: &str| {
        if behind.starts_with(mark) {
            Some(end)
        } else {
            window.rfind(mark)
        }
    };
    let (paragraph, line) = (last("\n\n"), last("\n"));
    let word = if behind.starts_with(char::is_whitespace) {
        Some(end)
    } else {
        window.rfind(char::is_whitespace)
    };
    [paragraph, line, word]
        .into_iter()
        .flatten()
        .find(|at| *at >= end / 2)
        .or(word.filter(|at| *at > 0))
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_broken_where_it_reads_best() {
        assert_eq!(split("one two", 100, one_each), ["one two"]);
        assert_eq!(
            split("aaaa bb\n\ncccc dd", 12, one_each),
            ["aaaa bb", "cccc dd"]
        );
        assert_eq!(
            split("aaaa bb\ncccc dd", 12, one_each),
            ["aaaa bb", "cccc dd"]
        );
        assert_eq!(split("aaaa bbbb cccc", 10, one_each), ["aaaa bbbb", "cccc"]);
        assert_eq!(split("aaaa bbbb", 4, one_each), ["aaaa", "bbbb"]);
        assert_eq!(split("abcdefgh", 3, one_each), ["abc", "def", "gh"]);
        assert_eq!(split("ééé", 2, one_each), ["éé", "é"]);
    }

    #[test]
    fn a_blank_text_has_no_pieces() {
        assert!(split(" \n\t ", 10, one_each).is_empty());
        assert!(split("", 10, one_each).is_empty());
    }

    proptest! {
        #[test]
        fn splitting_loses_nothing_but_white_space(text in "[a-z&<> \né世]{0,400}", max in 1_usize..60) {
            let pieces = split(&text, max, one_each);
            let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(kept(&pieces.concat()), kept(&text));
            for piece in pieces {
                let sent = piece.chars().count();
                prop_assert!((1..=max).contains(&sent), "{} characters", sent);
            }
        }
    }
}
