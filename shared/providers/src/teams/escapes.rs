//! Teams' escapes.

/// Undoes Teams' escapes, once: a typed `&lt;` arrives as `&amp;lt;`.
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

const ESCAPES: [(&str, char); 7] = [
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&apos;", '\''),
    ("&#39;", '\''),
    ("&nbsp;", ' '),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_exactly_once() {
        for (escaped, plain) in [
            ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("&quot;it&#39;s&quot;&nbsp;me", "\"it's\" me"),
            ("&", "&"),
            ("&copy;", "&copy;"),
            ("é&lt;世", "é<世"),
        ] {
            assert_eq!(unescape(escaped), plain, "{escaped}");
        }
    }
}
