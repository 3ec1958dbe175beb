//! Texts that mention nobody.
//!
//! Telegram finds mentions in plain text, and entities can only add to them. A mention is an `@`
//! before 2 to 32 letters, digits and underscores, unless a letter, digit or underscore stands
//! before it, or it is a part of a link (`match_mentions`, `match_urls` and `fix_url` in `TDLib`'s
//! `MessageEntity.cpp`). An invisible space behind the `@` leaves nothing to mention.

/// Zero-width space: people do not see it, and no user name contains it.
const BREAK: char = '\u{200B}';

/// Length of a character as it is sent, in UTF-16 units: an `@` may get a [`BREAK`].
pub(super) const fn cost(c: char) -> usize {
    if c == '@' { 2 } else { c.len_utf16() }
}

/// Breaks every mention in a text. E-mail addresses and links stay as they are.
pub(super) fn broken(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(broken_in_word)
        .collect()
}

fn broken_in_word(word: &str) -> String {
    let mut parts = word.split('@');
    let mut safe = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let mentions = part.starts_with(is_name) && !safe.ends_with(is_name) && !is_in_link(&safe);
        safe.push('@');
        if mentions {
            safe.push(BREAK);
        }
        safe.push_str(part);
    }
    safe
}

/// Whether a character can be a part of a user name.
const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether what follows these characters is the path of a link. Stricter than Telegram, so that
/// nothing that only looks like a link keeps a mention.
fn is_in_link(before: &str) -> bool {
    let link = before.trim_start_matches(['(', '[', '"', '\'']);
    ["https://", "http://"]
        .iter()
        .find_map(|scheme| link.strip_prefix(scheme)?.split_once('/'))
        .is_some_and(|(host, path)| is_host(host) && path.chars().all(is_path))
}

fn is_host(host: &str) -> bool {
    host.rsplit_once('.').is_some_and(|(name, top)| {
        let is_label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        top.len() >= 2
            && top.chars().all(|c| c.is_ascii_alphabetic())
            && name.split('.').all(is_label)
    })
}

fn is_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~/%+=&?#@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text as Telegram reads it, with `¦` for the break.
    fn shown(text: &str) -> String {
        broken(text).replace(BREAK, "¦")
    }

    #[test]
    fn a_mention_is_broken_wherever_it_stands() {
        for (text, expected) in [
            ("@boss", "@¦boss"),
            ("ask @boss, please", "ask @¦boss, please"),
            ("(@boss)", "(@¦boss)"),
            ("line\n@boss", "line\n@¦boss"),
            ("@a_1 @B2", "@¦a_1 @¦B2"),
            ("@@boss", "@@¦boss"),
            ("@boss@chef", "@¦boss@chef"),
            (".@boss", ".@¦boss"),
            ("é@boss", "é@¦boss"),
            ("/start@boss", "/start@boss"),
            ("https://@boss", "https://@¦boss"),
            ("https://a.b/@boss", "https://a.b/@¦boss"),
            ("https://example.com @boss", "https://example.com @¦boss"),
            ("https://example.com/<@boss", "https://example.com/<@¦boss"),
            ("shttp://example.com/@boss", "shttp://example.com/@¦boss"),
            ("example.com/@boss", "example.com/@¦boss"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_mentions_nobody_stays_as_it_is() {
        for text in [
            "",
            "no mention",
            "ada@example.com",
            "1@2",
            "@",
            "@ home",
            "a @ b",
            "@é",
            "https://example.com/@ada/post-1",
            "(https://sub.example.com/a/@ada?x=1#@b)",
            "http://example.com/@ada@example.org",
        ] {
            assert_eq!(broken(text), text);
        }
    }

    #[test]
    fn a_break_is_counted_before_it_is_made() {
        let text = "@boss é👋";
        let counted: usize = text.chars().map(cost).sum();
        assert!(broken(text).encode_utf16().count() <= counted);
    }

    proptest! {
        #[test]
        fn nothing_changes_but_breaks_behind_an_at(text in "[@a_é. \n/:]{0,40}") {
            let broken = broken(&text);
            prop_assert_eq!(broken.replace(BREAK, ""), text.as_str());
            prop_assert!(broken.encode_utf16().count() <= text.chars().map(cost).sum::<usize>());
        }

        #[test]
        fn no_mention_is_left_outside_links(text in "[@a_é. \n/:]{0,40}") {
            let broken = broken(&text);
            let mut before = ' ';
            let mut chars = broken.chars().peekable();
            while let Some(c) = chars.next() {
                let starts = c == '@' && !is_name(before);
                prop_assert!(!(starts && chars.peek().copied().is_some_and(is_name)), "{}", broken);
                before = c;
            }
        }
    }
}
