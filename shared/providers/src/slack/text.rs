//! Slack's escapes, and splitting of long texts.

/// Undoes Slack's three escapes, once: a typed `&lt;` arrives as `&amp;lt;`.
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

/// Escapes a text, so that it cannot mention anybody, link, or ping a whole channel.
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

/// Splits a text into pieces of at most `max` characters after escaping, so that no escape is cut.
pub(super) fn split(text: &str, max: usize) -> Vec<&str> {
    crate::text::split(text, max, |c| escape_of(c).map_or(1, str::len))
}

const ESCAPES: [(&str, char); 3] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];

fn escape_of(c: char) -> Option<&'static str> {
    ESCAPES
        .iter()
        .find(|(_, meant)| *meant == c)
        .map(|(escape, _)| *escape)
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
