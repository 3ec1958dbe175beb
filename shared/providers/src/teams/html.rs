//! Pictures in the HTML body of a message.

use super::text::unescape;

/// Ends of the `itemtype` of an emoji, which the text contains as a character.
const EMOJI: &str = "/Emoji";

/// Addresses of the pictures that a message's HTML shows, in order, without emojis.
pub(super) fn pictures(html: &str) -> impl Iterator<Item = String> {
    html.split("<img")
        .skip(1)
        .filter(|tag| tag.starts_with(|c: char| c.is_ascii_whitespace()))
        .filter_map(picture)
}

/// Address of the picture of an `img` tag, given from behind its name.
fn picture(tag: &str) -> Option<String> {
    let value_of = |wanted: &str| {
        attributes(tag)
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    };
    let is_emoji = value_of("itemtype").is_some_and(|kind| kind.ends_with(EMOJI));
    value_of("src").filter(|_| !is_emoji).map(unescape)
}

/// The attributes of a tag, given from behind its name, with their values as written.
fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let from = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        let (name, behind) = split_at_first(from, |c| {
            c.is_ascii_whitespace() || matches!(c, '=' | '/' | '>')
        });
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
        .unwrap_or_else(|| split_at_first(text, |c| c.is_ascii_whitespace() || c == '>'))
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

    fn addresses(html: &str) -> Vec<String> {
        pictures(html).collect()
    }

    #[test]
    fn the_addresses_of_pictures_are_read_however_their_tags_are_written() {
        for tag in [
            "<img src=\"https://a.example/1\">",
            "<img src='https://a.example/1'/>",
            "<img src=https://a.example/1 alt=x>",
            "<img\n  alt=\"a > b\"  src = \"https://a.example/1\" />",
            "<img hidden src=\"https://a.example/1\">",
        ] {
            assert_eq!(addresses(tag), ["https://a.example/1"], "{tag}");
        }
        let two =
            "<div>one<img src=\"https://a.example/1\"> two <img src=\"https://a.example/2\"></div>";
        assert_eq!(
            addresses(two),
            ["https://a.example/1", "https://a.example/2"]
        );
    }

    #[test]
    fn an_address_is_read_without_its_escapes() {
        let html = "<img src=\"https://a.example/1?x=1&amp;y=2\">";
        assert_eq!(addresses(html), ["https://a.example/1?x=1&y=2"]);
    }

    #[test]
    fn what_shows_no_picture_has_no_address() {
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
            "<img itemtype=\"http://schema.skype.com/Emoji\" src=\"https://statics.example/smile\">",
        ] {
            assert!(addresses(html).is_empty(), "{html}");
        }
    }

    proptest! {
        #[test]
        fn no_html_makes_us_panic(html in "(<img |src|=|\"|'|>|/|&amp;|[a-zé ]){0,60}") {
            let _ = addresses(&html);
        }
    }
}
