//! Slack's escapes, and texts that are too long for one post.

/// Undoes Slack's three escapes, once: what somebody typed as `&lt;` arrives as `&amp;lt;`.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
        plain.push_str(before);
        let (escape, meant) = ESCAPES
            .iter()
            .copied()
            .find(|(escape, _)| from.starts_with(escape))
            .unwrap_or(("&", '&'));
        plain.push(meant);
        rest = from.strip_prefix(escape).unwrap_or("");
    }
    plain.push_str(rest);
    plain
}

/// Makes a text mean nothing but itself: no mention, no link, no ping of a whole channel.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match escape_of(c) {
            Some(escape) => escaped.push_str(escape),
            None => escaped.push(c),
        }
    }
    escaped
}

/// The text in pieces that have at most `max` characters once they are escaped, so that an escape
/// is never cut. It is broken between paragraphs, else lines, else words, else characters; white
/// space where it is broken is dropped. A blank text has no pieces.
pub(super) fn split(text: &str, max: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (piece, behind) = rest
            .split_at_checked(break_at(rest, max))
            .unwrap_or((rest, ""));
        pieces.push(piece.trim_end());
        rest = behind.trim_start();
    }
    pieces
}

const ESCAPES: [(&str, char); 3] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];

fn escape_of(c: char) -> Option<&'static str> {
    ESCAPES
        .iter()
        .find(|(_, meant)| *meant == c)
        .map(|(escape, _)| *escape)
}

/// Where the first piece of `text` ends, in bytes; never 0.
fn break_at(text: &str, max: usize) -> usize {
    let mut room = max;
    let mut end = 0;
    for c in text.chars() {
        let cost = escape_of(c).map_or(1, str::len);
        if cost > room && end > 0 {
            return nicest_break(text, end);
        }
        room = room.saturating_sub(cost);
        end += c.len_utf8();
    }
    text.len()
}

/// The best place to break at or before `end`. A break in the first half is worse than a less
/// nice one behind it: it would make more posts than needed.
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
    fn escapes_are_undone_exactly_once() {
        for (escaped, plain) in [
            ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("&amp;amp;", "&amp;"),
            ("&", "&"),
            ("&&lt", "&&lt"),
            ("&quot;&#39;&LT;", "&quot;&#39;&LT;"),
            ("é&lt;世", "é<世"),
            ("", ""),
        ] {
            assert_eq!(unescape(escaped), plain, "{escaped}");
        }
    }

    #[test]
    fn nobody_can_ping_a_channel_through_us() {
        assert_eq!(
            escape("<!channel> & <@U1>"),
            "&lt;!channel&gt; &amp; &lt;@U1&gt;"
        );
    }

    #[test]
    fn a_text_is_broken_where_it_reads_best() {
        assert_eq!(split("one two", 100), ["one two"]);
        assert_eq!(split("aaaa bb\n\ncccc dd", 12), ["aaaa bb", "cccc dd"]);
        assert_eq!(split("aaaa bb\ncccc dd", 12), ["aaaa bb", "cccc dd"]);
        assert_eq!(split("aaaa bbbb cccc", 10), ["aaaa bbbb", "cccc"]);
        assert_eq!(split("aaaa bbbb", 4), ["aaaa", "bbbb"]);
        assert_eq!(split("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(split("ééé", 2), ["éé", "é"]);
    }

    #[test]
    fn a_blank_text_has_no_pieces() {
        assert!(split(" \n\t ", 10).is_empty());
        assert!(split("", 10).is_empty());
    }

    #[test]
    fn a_piece_is_measured_as_it_is_sent() {
        assert_eq!(split("&&&&", 10), ["&&", "&&"]);
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in any::<String>()) {
            prop_assert_eq!(unescape(&escape(&text)), text);
        }

        #[test]
        fn splitting_loses_nothing_but_white_space(text in "[a-z&<> \né世]{0,400}", max in 5_usize..60) {
            let pieces = split(&text, max);
            let kept = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(kept(&pieces.concat()), kept(&text));
            for piece in pieces {
                let sent = escape(piece).chars().count();
                prop_assert!((1..=max).contains(&sent), "{} characters", sent);
            }
        }
    }
}
