//! The tags and texts of HTML, in order. Whatever is no tag is text.

/// A piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, with its escapes.
    Text(&'a str),
    /// A tag.
    Tag(Tag<'a>),
}

/// A tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// Its name, in lower case.
    pub(super) name: String,
    /// Whether it ends an element.
    pub(super) is_end: bool,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The value of an attribute, with its escapes.
    pub(super) fn value_of(&self, wanted: &str) -> Option<&'a str> {
        attributes(self.attributes)
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    }

    /// Whether the element is of this kind, which ends its `itemtype`.
    pub(super) fn is_of_type(&self, kind: &str) -> bool {
        self.value_of("itemtype")
            .is_some_and(|given| given.ends_with(kind))
    }

    fn of(inside: &'a str) -> Self {
        let (is_end, named) = match inside.strip_prefix('/') {
            Some(named) => (true, named),
            None => (false, inside),
        };
        let (name, attributes) = split_at_first(named, |c| c.is_ascii_whitespace() || c == '/');
        Self {
            name: name.to_ascii_lowercase(),
            is_end,
            attributes,
        }
    }
}

/// The tags and texts of HTML. Each character is looked at a fixed number of times.
pub(super) fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        if let Some(after) = rest.strip_prefix('<').filter(|after| begins_tag(after)) {
            let Some((inside, behind)) = split_tag(after) else {
                return Some(Token::Text(std::mem::take(&mut rest)));
            };
            rest = behind;
            return Some(Token::Tag(Tag::of(inside)));
        }
        let begin = first.len_utf8();
        let next = rest.get(begin..).and_then(|behind| behind.find('<'));
        let end = next.map_or(rest.len(), |at| begin + at);
        let (text, behind) = rest.split_at_checked(end)?;
        rest = behind;
        Some(Token::Text(text))
    })
}

fn begins_tag(after: &str) -> bool {
    after.starts_with('!')
        || after
            .strip_prefix('/')
            .unwrap_or(after)
            .starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Splits at the end of a tag, which no value of an attribute contains; `None` if it has no end.
fn split_tag(after: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut is_value = false;
    for (at, c) in after.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '>' => {
                let (inside, from) = after.split_at_checked(at)?;
                return Some((inside, from.strip_prefix('>')?));
            }
            None if is_value && matches!(c, '"' | '\'') => quote = Some(c),
            Some(_) | None => {}
        }
        is_value = quote.is_none() && (c == '=' || is_value && c.is_ascii_whitespace());
    }
    None
}

/// The attributes of a tag with their values as written.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let from = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let (name, behind) =
            split_at_first(from, |c| c.is_ascii_whitespace() || matches!(c, '=' | '/'));
        if name.is_empty() {
            return None;
        }
        let (value, behind) = match behind.trim_start().strip_prefix('=') {
            Some(value) => value_at_start(value.trim_start()),
            None => ("", behind),
        };
        rest = behind;
        Some((name, value))
    })
}

/// The value at the start of a text, quoted or not, and what follows it.
fn value_at_start(text: &str) -> (&str, &str) {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.split_once(quote))
        .unwrap_or_else(|| split_at_first(text, |c| c.is_ascii_whitespace()))
}

/// Splits a text before the first such character.
fn split_at_first(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    text.find(is_end)
        .and_then(|at| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sources(html: &str) -> Vec<&str> {
        tokens(html)
            .filter_map(|token| match token {
                Token::Tag(tag) if tag.name == "img" => tag.value_of("src"),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_values_of_attributes_are_read_however_their_tags_are_written() {
        for tag in [
            "<img src=\"https://a.example/1\">",
            "<IMG src='https://a.example/1'/>",
            "<img src=https://a.example/1 alt=x>",
            "<img\n  alt=\"a > b\"  src = \"https://a.example/1\" />",
            "<img hidden src=\"https://a.example/1\">",
            "<img alt=it's src=\"https://a.example/1\">",
        ] {
            assert_eq!(sources(tag), ["https://a.example/1"], "{tag}");
        }
    }

    #[test]
    fn what_is_no_tag_or_no_attribute_is_none() {
        for html in [
            "",
            "no tag",
            "<p>&lt;img src=\"https://a.example/1\"&gt;</p>",
            "<img>",
            "<img/>",
            "<img alt=\"src\">",
            "<img data-src=\"https://a.example/1\">",
            "<imgx src=\"https://a.example/1\">",
            "<img alt=x> src=\"https://a.example/1\"",
            "< img src=\"https://a.example/1\">",
        ] {
            assert!(sources(html).is_empty(), "{html}");
        }
    }

    #[test]
    fn tags_and_texts_come_in_order() {
        let kinds: Vec<String> = tokens("a<b>c</b> 1 < 2 <")
            .map(|token| match token {
                Token::Text(text) => text.to_owned(),
                Token::Tag(tag) => format!("{}{}", if tag.is_end { "/" } else { "" }, tag.name),
            })
            .collect();
        assert_eq!(kinds, ["a", "b", "c", "/b", " 1 ", "< 2 ", "<"]);
        let open: Vec<_> = tokens("a<b title=\"c> d").collect();
        assert_eq!(open, [Token::Text("a"), Token::Text("<b title=\"c> d")]);
    }

    proptest! {
        #[test]
        fn no_html_makes_us_panic(html in "(<img |src|=|\"|'|>|<|/|&amp;|[a-zé ]){0,60}") {
            let _ = sources(&html);
        }
    }
}
