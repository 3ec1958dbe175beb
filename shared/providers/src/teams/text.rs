//! Plain text from Teams' markup, and splitting of long texts.

use crate::fields::{string, written};
use serde_json::Value;

/// Largest number of entities of an activity that are read.
const ENTITIES_MAX: usize = 100;

/// Extracts the plain text of an activity, without mentions of `bot`, with the names of the others,
/// and with Teams' escapes undone.
pub(super) fn spoken(raw: &str, activity: &Value, bot: &str) -> String {
    let mut text = raw.to_owned();
    let entities = activity.get("entities").and_then(Value::as_array);
    let mentions = entities
        .into_iter()
        .flatten()
        .take(ENTITIES_MAX)
        .filter_map(mention);
    for (who, markup, name) in mentions {
        text = if who == bot {
            without(&text, markup)
        } else {
            text.replace(markup, name)
        };
    }
    if string(activity, "textFormat") == Some("xml") {
        text = without_tags(&text);
    }
    written(unescape(&text).trim())
}

/// The id that an entity mentions, its markup, and the name in it.
fn mention(entity: &Value) -> Option<(&str, &str, &str)> {
    if string(entity, "type") != Some("mention") {
        return None;
    }
    let markup = string(entity, "text")?;
    let (_, name) = markup
        .strip_prefix("<at")?
        .strip_suffix("</at>")?
        .split_once('>')?;
    Some((string(entity.get("mentioned")?, "id")?, markup, name))
}

/// Removes every `markup` from a text, with the space after it.
fn without(text: &str, markup: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, behind)) = rest.split_once(markup) {
        kept.push_str(before);
        rest = ["&nbsp;", "\u{A0}", " "]
            .into_iter()
            .find_map(|space| behind.strip_prefix(space))
            .unwrap_or(behind);
    }
    kept.push_str(rest);
    kept
}

/// Converts simple markup to text, keeping its line breaks.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('<') {
        plain.push_str(before);
        let Some((tag, behind)) = from.split_once('>') else {
            plain.push('<');
            rest = from;
            break;
        };
        if matches!(
            tag.trim_end_matches(['/', ' ']),
            "br" | "/p" | "/div" | "/li"
        ) {
            plain.push('\n');
        }
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

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

/// Splits a text into pieces of at most `max_bytes` in UTF-16, as Teams counts them.
pub(super) fn split(text: &str, max_bytes: usize) -> Vec<&str> {
    crate::text::split(text, max_bytes, |c| c.len_utf16() * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const BOT: &str = "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c";

    fn entity(id: &str, markup: &str) -> Value {
        json!({"type": "mention", "text": markup, "mentioned": {"id": id, "name": "somebody"}})
    }

    fn spoken_with(raw: &str, entities: &[Value]) -> String {
        spoken(
            raw,
            &json!({"textFormat": "plain", "entities": entities}),
            BOT,
        )
    }

    #[test]
    fn mentions_of_the_bot_go_wherever_they_stand_and_however_often_they_are_listed() {
        let ours = entity(BOT, "<at>Desk</at>");
        for (raw, expected) in [
            ("<at>Desk</at> hi", "hi"),
            ("<at>Desk</at>&nbsp;hi", "hi"),
            ("<at>Desk</at>\u{A0}hi\n", "hi"),
            ("hello <at>Desk</at> there", "hello there"),
            ("<at>Desk</at> <at>Desk</at> hi", "hi"),
            ("<at>Desk</at>", ""),
            ("no mention", "no mention"),
        ] {
            let twice = [ours.clone(), ours.clone()];
            assert_eq!(spoken_with(raw, &twice), expected, "{raw}");
        }
        let with_id = entity(BOT, "<at id=\"0\">Desk</at>");
        assert_eq!(spoken_with("<at id=\"0\">Desk</at> hi", &[with_id]), "hi");
    }

    #[test]
    fn other_people_who_are_mentioned_keep_their_names() {
        let entities = [
            entity(BOT, "<at>Desk</at>"),
            entity("29:1ann", "<at>Ann</at>"),
        ];
        let text = spoken_with("<at>Desk</at> ask <at>Ann</at> please", &entities);
        assert_eq!(text, "ask Ann please");
    }

    #[test]
    fn an_entity_that_is_no_mention_takes_nothing_away() {
        for entity in [
            entity(BOT, "a"),
            entity(BOT, "<at>"),
            entity(BOT, "</at>"),
            entity("29:1ann", "a"),
            json!({"type": "clientInfo", "text": "<at>a</at>", "mentioned": {"id": BOT}}),
            json!({"type": "mention", "mentioned": {"id": BOT}}),
            json!({"type": "mention", "text": 7, "mentioned": 7}),
            json!("mention"),
        ] {
            assert_eq!(spoken_with("a banana", &[entity]), "a banana");
        }
    }

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
            assert_eq!(spoken_with(escaped, &[]), plain, "{escaped}");
        }
    }

    #[test]
    fn markup_is_read_as_text_only_where_teams_says_that_it_is_markup() {
        let raw = "<p>one <b>two</b></p><p>three<br/>four &lt;5</p>";
        let xml = spoken(raw, &json!({"textFormat": "xml"}), BOT);
        assert_eq!(xml, "one two\nthree\nfour <5");
        assert_eq!(spoken_with("a <b> c", &[]), "a <b> c");
        let open = spoken("1 < 2", &json!({"textFormat": "xml"}), BOT);
        assert_eq!(open, "1 < 2");
    }

    #[test]
    fn a_piece_is_measured_in_utf_16() {
        assert_eq!(split("aaaa", 4), ["aa", "aa"]);
        assert_eq!(split("😀😀", 4), ["😀", "😀"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_us_panic(raw in "(<at>|</at>|[a-z<>&;é ]|&lt;){0,60}", markup in "<at>[a-zé<>]{0,3}</at>") {
            let entities = [entity(BOT, &markup), entity("29:1", &markup)];
            for format in ["plain", "xml"] {
                let _ = spoken(&raw, &json!({"textFormat": format, "entities": entities}), BOT);
            }
        }
    }
}
