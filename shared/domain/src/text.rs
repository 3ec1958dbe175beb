//! Cleaning of text that came from outside.

/// Maximum length of a stored name, in characters.
pub const NAME_MAX_CHARS: usize = 200;
/// Maximum length of a message preview, in characters (SPEC A43).
pub const PREVIEW_MAX_CHARS: usize = 280;

/// Cleans a name for storing and showing: without control and bidirectional-override characters,
/// trimmed, white space folded, at most [`NAME_MAX_CHARS`] characters. `None` when nothing is left.
#[must_use]
pub fn clean_name(raw: &str) -> Option<String> {
    clean_line(raw, NAME_MAX_CHARS)
}

/// Makes the preview of a message for an approver: its beginning, cleaned like a name, in one line,
/// at most [`PREVIEW_MAX_CHARS`] characters. `None` when nothing is left.
#[must_use]
pub fn preview(raw: &str) -> Option<String> {
    clean_line(raw, PREVIEW_MAX_CHARS)
}

/// Cleans a text for storing and showing in one line, like [`clean_name`], with at most `max_chars`
/// characters.
#[must_use]
pub fn clean_line(raw: &str, max_chars: usize) -> Option<String> {
    let mut clean = String::new();
    for word in raw
        .split(|c: char| c.is_whitespace() || c.is_control())
        .map(|word| {
            word.chars()
                .filter(|c| !is_invisible(*c))
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
    {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(&word);
    }
    let clean: String = clean.chars().take(max_chars).collect();
    let clean = clean.trim_end();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// Cleans a text of several lines for storing and showing: without control characters other than line
/// breaks, without characters that reorder or hide, trimmed, at most `max_chars` characters. `None` when
/// nothing is left.
#[must_use]
pub fn clean_lines(raw: &str, max_chars: usize) -> Option<String> {
    let visible = raw
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .filter(|c| *c == '\n' || !is_invisible(*c));
    let clean: String = visible
        .skip_while(|c| c.is_whitespace())
        .take(max_chars)
        .collect();
    let clean = clean.trim_end();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// Returns the printable characters of an answer: white space as spaces, and no control characters.
pub fn printable(raw: &str) -> impl Iterator<Item = char> {
    raw.chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
}

/// Longest link that is kept, in bytes: the longest that browsers and servers generally take.
pub const LINK_MAX_BYTES: usize = 2048;
/// Schemes of links that a person may follow. Others, such as `javascript`, may run something.
const LINK_SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// Cleans a link in a person's message: `None` unless it is an address of a page, mailbox or phone, in
/// at most [`LINK_MAX_BYTES`], as ASCII.
#[must_use]
pub fn clean_link(raw: &str) -> Option<String> {
    let raw = raw.trim();
    // Longer ones are not worth parsing.
    if raw.len() > LINK_MAX_BYTES {
        return None;
    }
    let link = url::Url::parse(raw).ok()?;
    let is_graphic = |link: &str| link.bytes().all(|b| b.is_ascii_graphic());
    let is_followed = LINK_SCHEMES.contains(&link.scheme());
    let link = if is_graphic(raw) {
        raw.to_owned()
    } else {
        String::from(link)
    };
    let is_short = link.len() <= LINK_MAX_BYTES && is_graphic(&link);
    (is_followed && is_short).then_some(link)
}

/// Whether a person sees nothing of a text.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Whether a character is a control character, or a format character that reorders or hides the
/// text around it.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_loses_what_could_reorder_or_break_the_text_around_it() {
        assert_eq!(
            clean_name("  Ada\u{202E}\u{0} \n Love\u{200B}lace ").as_deref(),
            Some("Ada Lovelace")
        );
        assert_eq!(clean_name("\u{202E}\n\t"), None);
        assert_eq!(clean_name("محمد").as_deref(), Some("محمد"));
    }

    proptest! {
        #[test]
        fn a_preview_has_at_most_280_characters_and_none_that_is_invisible(raw in any::<String>()) {
            let Some(preview) = preview(&raw) else {
                prop_assert!(raw.chars().all(|c| c.is_whitespace() || is_invisible(c)));
                return Ok(());
            };
            prop_assert!(preview.chars().count() <= PREVIEW_MAX_CHARS);
            prop_assert!(!preview.chars().any(is_invisible));
            prop_assert_eq!(preview.trim(), preview.as_str());
        }
    }

    #[test]
    fn a_preview_is_the_beginning_of_a_message_in_one_line() {
        assert_eq!(
            preview("Good\nmorning,\t\u{202E}are you\u{200B} there?").as_deref(),
            Some("Good morning, are you there?")
        );
        assert_eq!(preview(&"é".repeat(1000)), Some("é".repeat(280)));
        assert_eq!(preview("\u{202E} \n"), None);
    }

    #[test]
    fn a_name_is_cut_at_a_character_and_not_within_one() {
        assert_eq!(
            clean_name(&"é".repeat(300)).map(|name| name.chars().count()),
            Some(NAME_MAX_CHARS)
        );
    }

    #[test]
    fn control_characters_and_those_that_reorder_or_hide_are_invisible_and_their_neighbours_are_not()
     {
        for (first, last) in [
            ('\u{0}', '\u{1F}'),
            ('\u{7F}', '\u{9F}'),
            ('\u{AD}', '\u{AD}'),
            ('\u{61C}', '\u{61C}'),
            ('\u{180E}', '\u{180E}'),
            ('\u{200B}', '\u{200B}'),
            ('\u{200E}', '\u{200F}'),
            ('\u{202A}', '\u{202E}'),
            ('\u{2060}', '\u{206F}'),
            ('\u{FEFF}', '\u{FEFF}'),
            ('\u{FFF9}', '\u{FFFB}'),
            ('\u{E0000}', '\u{E007F}'),
        ] {
            for c in [first, last] {
                assert!(is_invisible(c), "{c:?}");
            }
            let beside = [u32::from(first).checked_sub(1), Some(u32::from(last) + 1)];
            for c in beside.into_iter().flatten().filter_map(char::from_u32) {
                assert!(!is_invisible(c), "{c:?}");
            }
        }
        // Joiners are part of words in Persian and Hindi, and of emoji.
        assert_eq!(
            clean_name("می\u{200C}خواهم"),
            Some("می\u{200C}خواهم".into())
        );
    }

    #[test]
    fn words_are_parted_by_one_space_wherever_something_stood_between_them() {
        for raw in [
            "a b",
            " a\tb ",
            "a\u{0}b",
            "a\u{7F}\u{200B}\nb",
            "a\u{3000}b",
        ] {
            assert_eq!(clean_name(raw).as_deref(), Some("a b"), "{raw:?}");
        }
        assert_eq!(clean_name("a\u{200B}b").as_deref(), Some("ab"));
        // A cut right after a word leaves no space at the end.
        let cut = format!("{} b", "a".repeat(NAME_MAX_CHARS - 1));
        assert_eq!(clean_name(&cut), Some("a".repeat(NAME_MAX_CHARS - 1)));
    }

    #[test]
    fn several_lines_stay_lines_without_what_could_reorder_or_hide_them() {
        assert_eq!(
            clean_lines(" \n\u{200B}Dear\tAda\u{202E},\r\n\nyes\u{0} \n", 100).as_deref(),
            Some("Dear Ada,\n\nyes")
        );
        assert_eq!(clean_lines("éé é", 3).as_deref(), Some("éé"));
        assert_eq!(clean_lines(" \u{202E}\n", 3), None);
    }

    #[test]
    fn a_text_is_printable_with_spaces_for_its_breaks_and_without_control_characters() {
        let shown: String = printable("a\r\nb\t\u{0}c\u{1B}[1m é").collect();
        assert_eq!(shown, "a  b c[1m é");
    }

    #[test]
    fn a_text_is_blank_if_nothing_of_it_is_seen() {
        for (text, blank) in [
            ("", true),
            (" \n\t\u{3000}", true),
            ("\u{200B}\u{202E}\u{FEFF}", true),
            ("\u{200B}.", false),
            ("👍", false),
        ] {
            assert_eq!(is_blank(text), blank, "{text:?}");
        }
    }

    #[test]
    fn a_link_stays_as_it_was_written_unless_it_has_to_be_escaped() {
        for (raw, link) in [
            (" https://example.com ", Some("https://example.com")),
            (
                "https://example.com/ä b",
                Some("https://example.com/%C3%A4%20b"),
            ),
            ("HTTPS://EXAMPLE.COM", Some("HTTPS://EXAMPLE.COM")),
            ("ftp://example.com", None),
            ("https://", None),
        ] {
            assert_eq!(clean_link(raw).as_deref(), link, "{raw}");
        }
        let long = |length: usize| format!("https://a.b/{}", "x".repeat(length - 12));
        assert!(clean_link(&long(LINK_MAX_BYTES)).is_some());
        assert!(clean_link(&long(LINK_MAX_BYTES + 1)).is_none());
        let escaped = format!("https://a.b/{}", "é".repeat(LINK_MAX_BYTES / 3));
        assert!(clean_link(&escaped).is_none());
    }
}
