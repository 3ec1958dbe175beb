//! The blocks of a message that has no text (docs.slack.dev, "Blocks", and `RichTextElement` of
//! `@slack/types`).
//!
//! JSON is nested at most 128 deep (see [`json`](crate::json)), so blocks within blocks are too.

use super::{mrkdwn, text::unescape};
use crate::{
    addressed::Addressed,
    fields::{is_id, string},
};
use serde_json::Value;

/// Deepest indentation of a list (docs.slack.dev, "Rich text block").
const INDENT_MAX: u64 = 8;
/// Words for a picture without any.
const PICTURE: &str = "Picture";
/// Words for a film without any.
const VIDEO: &str = "Video";

/// Writes what blocks say, a line for each. Those that only offer something to press say nothing.
pub(super) fn write<'a>(
    blocks: impl IntoIterator<Item = &'a Value>,
    bots: &[&str],
    into: &mut Addressed,
) {
    for block in blocks {
        into.new_line();
        match string(block, "type").unwrap_or("") {
            "rich_text" => {
                for element in list(block, "elements") {
                    rich(element, bots, into);
                }
            }
            "section" | "header" => {
                if let Some(text) = block.get("text") {
                    text_object(text, bots, into);
                }
                lines(list(block, "fields"), bots, into);
            }
            "context" => lines(list(block, "elements"), bots, into),
            "markdown" => into.push(string(block, "text").unwrap_or("")),
            "image" => picture(block, into),
            "video" => film(block, into),
            "table" => table(block, bots, into),
            _ => {}
        }
    }
}

/// The elements of a list, if there is one.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn lines<'a>(texts: impl Iterator<Item = &'a Value>, bots: &[&str], into: &mut Addressed) {
    for text in texts {
        into.new_line();
        text_object(text, bots, into);
    }
}

fn text_object(object: &Value, bots: &[&str], into: &mut Addressed) {
    match (string(object, "type"), string(object, "text")) {
        (Some("mrkdwn"), Some(text)) => mrkdwn::write(text, bots, into),
        (Some("image"), _) => picture(object, into),
        (_, Some(text)) => into.push(&unescape(text)),
        (_, None) => {}
    }
}

fn rich(element: &Value, bots: &[&str], into: &mut Addressed) {
    into.new_line();
    match string(element, "type") {
        Some("rich_text_list") => items(element, bots, into),
        Some("rich_text_quote") => {
            into.push("> ");
            inlines(element, bots, into);
        }
        _ => inlines(element, bots, into),
    }
}

fn items(element: &Value, bots: &[&str], into: &mut Addressed) {
    let number = |field: &str| element.get(field).and_then(Value::as_u64).unwrap_or(0);
    let indent = usize::try_from(number("indent").min(INDENT_MAX)).unwrap_or(0);
    let first = number("offset").saturating_add(1);
    let is_ordered = string(element, "style") == Some("ordered");
    for (place, item) in (0_u64..).zip(list(element, "elements")) {
        into.new_line();
        into.push(&"    ".repeat(indent));
        if is_ordered {
            into.push(&format!("{}. ", first.saturating_add(place)));
        } else {
            into.push("• ");
        }
        inlines(item, bots, into);
    }
}

fn inlines(element: &Value, bots: &[&str], into: &mut Addressed) {
    for inline in list(element, "elements") {
        write_inline(inline, bots, into);
    }
}

fn write_inline(element: &Value, bots: &[&str], into: &mut Addressed) {
    let field = |name| string(element, name);
    let id = |name| field(name).filter(|id| is_id(id));
    match field("type").unwrap_or("") {
        "link" => {
            if let Some(url) = field("url") {
                mrkdwn::link(url, field("text"), into);
            }
        }
        "user" => {
            if let Some(id) = id("user_id") {
                mrkdwn::user(id, None, bots, into);
            }
        }
        "usergroup" => {
            if let Some(id) = id("usergroup_id") {
                mrkdwn::group(id, None, into);
            }
        }
        "channel" | "team" => {
            if let Some(id) = id("channel_id").or_else(|| id("team_id")) {
                mrkdwn::channel(id, None, into);
            }
        }
        "broadcast" => mrkdwn::everybody(field("range").unwrap_or("here"), into),
        "emoji" => {
            if let Some(name) = field("name") {
                into.push(&format!(":{name}:"));
            }
        }
        "date" => into.push(field("fallback").unwrap_or("")),
        "color" => into.push(field("value").unwrap_or("")),
        _ => into.push(field("text").unwrap_or("")),
    }
}

/// Writes a picture as a link. It may lie anywhere, and our token is for Slack alone, so it is no file.
fn picture(block: &Value, into: &mut Addressed) {
    let title = block.pointer("/title/text").and_then(Value::as_str);
    let label = title.or_else(|| string(block, "alt_text"));
    let label = label.unwrap_or(PICTURE);
    match string(block, "image_url") {
        Some(url) => mrkdwn::link(url, Some(label), into),
        None => into.push(label),
    }
}

fn film(block: &Value, into: &mut Addressed) {
    let title = block.pointer("/title/text").and_then(Value::as_str);
    let label = title.unwrap_or(VIDEO);
    match string(block, "title_url").or_else(|| string(block, "video_url")) {
        Some(url) => mrkdwn::link(url, Some(label), into),
        None => into.push(label),
    }
}

fn table(block: &Value, bots: &[&str], into: &mut Addressed) {
    for row in list(block, "rows") {
        into.new_line();
        let cells = row.as_array().into_iter().flatten();
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                into.push(" | ");
            }
            match string(cell, "type") {
                Some("rich_text") => {
                    for element in list(cell, "elements") {
                        inlines(element, bots, into);
                    }
                }
                _ => into.push(string(cell, "text").unwrap_or("")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fields::TEXT_MAX_CHARS, slack::fixtures::any_json};
    use proptest::prelude::*;
    use serde_json::json;

    fn read(blocks: &Value) -> (String, Value) {
        let mut making = Addressed::default();
        write(blocks.as_array().unwrap(), &["U0BOT"], &mut making);
        let (text, entities) = making.finish();
        (text, serde_json::to_value(entities).unwrap())
    }

    fn rich_text(elements: &Value) -> (String, Value) {
        read(&json!([{"type": "rich_text", "elements": elements}]))
    }

    fn section(elements: &Value) -> Value {
        json!({"type": "rich_text_section", "elements": elements})
    }

    #[test]
    fn rich_text_is_read_element_by_element() {
        for (element, text, kind) in [
            (
                json!({"type": "text", "text": "a < b", "style": {"bold": true}}),
                "a < b",
                None,
            ),
            (json!({"type": "emoji", "name": "wave"}), ":wave:", None),
            (
                json!({"type": "date", "timestamp": 1, "fallback": "today"}),
                "today",
                None,
            ),
            (
                json!({"type": "color", "value": "#F405B3"}),
                "#F405B3",
                None,
            ),
            (
                json!({"type": "link", "url": "https://a.example"}),
                "https://a.example",
                Some("link"),
            ),
            (
                json!({"type": "link", "url": "https://a.example", "text": "here"}),
                "here",
                Some("link"),
            ),
            (
                json!({"type": "user", "user_id": "U1"}),
                "@U1",
                Some("user"),
            ),
            (
                json!({"type": "usergroup", "usergroup_id": "S1"}),
                "@S1",
                Some("group"),
            ),
            (
                json!({"type": "channel", "channel_id": "C1"}),
                "#C1",
                Some("channel"),
            ),
            (
                json!({"type": "team", "team_id": "T1"}),
                "#T1",
                Some("channel"),
            ),
            (
                json!({"type": "broadcast", "range": "channel"}),
                "@channel",
                Some("everybody"),
            ),
            (
                json!({"type": "something_new", "text": "words"}),
                "words",
                None,
            ),
        ] {
            let (read, entities) = rich_text(&json!([section(&json!([element]))]));
            assert_eq!(read, text, "{element}");
            assert_eq!(entities[0]["kind"].as_str(), kind, "{element}");
        }
    }

    #[test]
    fn lists_quotes_and_code_keep_their_lines() {
        let word = |text: &str| json!({"type": "text", "text": text});
        let (text, _) = rich_text(&json!([
            section(&json!([{"type": "user", "user_id": "U0BOT"}, word(" Steps")])),
            {"type": "rich_text_list", "style": "ordered", "offset": 2, "elements": [section(&json!([word("mix")])), section(&json!([word("bake")]))]},
            {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(&json!([word("eat")]))]},
            {"type": "rich_text_quote", "elements": [word("yum")]},
            {"type": "rich_text_preformatted", "elements": [word("let x = 1;\nlet y = 2;")]},
        ]));
        assert_eq!(
            text,
            "Steps\n3. mix\n4. bake\n    • eat\n> yum\nlet x = 1;\nlet y = 2;"
        );
    }

    #[test]
    fn every_other_block_that_says_something_is_read() {
        let (text, _) = read(&json!([
            {"type": "header", "text": {"type": "plain_text", "text": "Tom &amp; Jerry"}},
            {"type": "divider"},
            {"type": "section", "text": {"type": "mrkdwn", "text": "<#C1|help>"},
             "fields": [{"type": "mrkdwn", "text": "one"}, {"type": "plain_text", "text": "two"}]},
            {"type": "context", "elements": [{"type": "image", "image_url": "https://a.example/1.png", "alt_text": "a cat"}, {"type": "mrkdwn", "text": "small"}]},
            {"type": "markdown", "text": "**bold**"},
            {"type": "image", "image_url": "https://a.example/2.png", "alt_text": "x", "title": {"type": "plain_text", "text": "A dog"}},
            {"type": "image", "slack_file": {"id": "F1"}},
            {"type": "video", "video_url": "https://a.example/3", "title": {"type": "plain_text", "text": "A film"}},
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "b"}]}]}]]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Press"}}]},
        ]));
        assert_eq!(
            text,
            "Tom & Jerry\n#help\none\ntwo\na cat\nsmall\n**bold**\nA dog\nPicture\nA film\na | b"
        );
    }

    proptest! {
        #[test]
        fn no_blocks_make_us_panic(kind in prop::sample::select(vec!["rich_text", "section", "context", "image", "video", "table"]), any in any_json()) {
            let mut block = any.clone();
            if let Some(block) = block.as_object_mut() {
                block.insert("type".into(), kind.into());
                block.insert("elements".into(), any.clone());
                block.insert("rows".into(), any);
            }
            let (text, _) = read(&json!([block]));
            prop_assert!(text.chars().count() <= TEXT_MAX_CHARS);
        }
    }
}
