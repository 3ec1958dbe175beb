//! Messages made of blocks, which bots write and people pass on (Bot API 10.3, `RichMessage`).
//!
//! Every block and text is read by the fields that it has, whatever its type, so that one that is not known
//! yet is read as well. Recursion ends with the JSON, which is not read deeper than 128 levels.

use super::{files, parts, text};
use crate::{
    fields::{given, string},
    marked::MarkedText,
};
use serde_json::Value;
use vestibule_domain::chat::{
    content::Part,
    entity::Mark,
    message::{Attachment, AttachmentKind},
};

/// The content of the blocks.
#[derive(Default)]
pub(super) struct Rich {
    pub(super) text: MarkedText,
    pub(super) files: Vec<Attachment>,
    pub(super) places: Vec<Part>,
    /// Whether a line was written, whether the next text begins another, and whether it must not.
    is_begun: bool,
    is_behind_line: bool,
    is_glued: bool,
}

/// Reads a message block by block, a line for each.
pub(super) fn read(message: &Value) -> Rich {
    let mut rich = Rich::default();
    rich.blocks(message);
    rich
}

impl Rich {
    fn blocks(&mut self, within: &Value) {
        for block in elements(within, "blocks") {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Value) {
        self.end_line();
        for name in ["summary", "text", "expression"] {
            self.line(block.get(name));
        }
        for item in elements(block, "items") {
            self.item(item);
        }
        for row in elements(block, "cells") {
            self.row(row);
        }
        self.blocks(block);
        self.places
            .extend(given(block, "location").map(parts::location));
        let room = files::MAX.saturating_sub(self.files.len());
        let spoken =
            given(block, "voice_note").and_then(|voice| files::file(voice, AttachmentKind::Voice));
        self.files
            .extend(files::own(block).chain(spoken).take(room));
        if let Some(caption) = given(block, "caption") {
            // A table's caption is a text, any other has one.
            self.line(Some(caption));
            self.line(caption.get("credit"));
        }
        self.line(block.get("credit"));
    }

    fn item(&mut self, item: &Value) {
        self.end_line();
        self.push(string(item, "label").unwrap_or("•"));
        self.push(" ");
        if item.get("has_checkbox") == Some(&Value::Bool(true)) {
            let is_checked = item.get("is_checked") == Some(&Value::Bool(true));
            self.push(if is_checked { "[x] " } else { "[ ] " });
        }
        // The first block stands on the line of the label.
        self.is_glued = true;
        self.blocks(item);
        self.is_glued = false;
    }

    fn row(&mut self, row: &Value) {
        self.end_line();
        for (index, cell) in row.as_array().into_iter().flatten().enumerate() {
            if index > 0 {
                self.push(" | ");
            }
            if let Some(text) = cell.get("text") {
                self.text(text);
            }
        }
    }

    fn line(&mut self, text: Option<&Value>) {
        if let Some(text) = text {
            self.end_line();
            self.text(text);
        }
    }

    fn end_line(&mut self) {
        self.is_behind_line = self.is_begun && !self.is_glued;
    }

    /// Begins the next line, if the last one has ended.
    fn begin(&mut self) {
        if self.is_behind_line {
            self.text.push("\n");
        }
        self.is_behind_line = false;
        self.is_glued = false;
        self.is_begun = true;
    }

    fn push(&mut self, text: &str) {
        if !text.is_empty() {
            self.begin();
            self.text.push(text);
        }
    }

    fn text(&mut self, text: &Value) {
        match text {
            Value::String(text) => self.push(text),
            Value::Array(texts) => texts.iter().for_each(|text| self.text(text)),
            Value::Object(_) => match mark(text) {
                Some(mark) => {
                    let mut words = String::new();
                    plain(text, &mut words);
                    self.begin();
                    self.text.mark(&words, mark);
                }
                None => {
                    if let Some(text) = within(text) {
                        self.text(text);
                    }
                }
            },
            _ => {}
        }
    }
}

/// The elements of a list.
fn elements<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    let all = value.get(name).and_then(Value::as_array);
    all.into_iter().flatten()
}

/// The words of a formatted text: another text, the plain emoji of a custom one, or a formula.
fn within(text: &Value) -> Option<&Value> {
    ["text", "alternative_text", "expression"]
        .into_iter()
        .find_map(|name| given(text, name))
}

/// The words of a text, in which nothing is marked.
fn plain(text: &Value, words: &mut String) {
    match text {
        Value::String(text) => words.push_str(text),
        Value::Array(texts) => texts.iter().for_each(|text| plain(text, words)),
        Value::Object(_) => {
            if let Some(text) = within(text) {
                plain(text, words);
            }
        }
        _ => {}
    }
}

/// The mention or link that a formatted text is.
fn mark(formatted: &Value) -> Option<Mark> {
    let link = |url: String| Mark::Link { url, label: None };
    let field = |name: &str| string(formatted, name);
    Some(match field("type")? {
        "url" => {
            let mut label = String::new();
            plain(formatted, &mut label);
            let url = field("url")?;
            Mark::Link {
                url: text::address(url),
                label: (label != url).then_some(label),
            }
        }
        "email_address" => link(text::mailbox(field("email_address")?)),
        "phone_number" => link(text::phone(field("phone_number")?)),
        "mention" => text::mention(field("username")?),
        "text_mention" => text::user(given(formatted, "user")?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(blocks: &Value) -> String {
        read(&json!({"blocks": blocks})).text.finish().0
    }

    #[test]
    fn every_block_is_read_on_lines_of_its_own() {
        let blocks = json!([
            {"type": "heading", "size": 1, "text": "Menu"},
            {"type": "divider"},
            {"type": "paragraph", "text": ["Try ", {"type": "bold", "text": ["the ", {"type": "italic", "text": "soup"}]}, "!"]},
            {"type": "list", "items": [
                {"label": "1.", "blocks": [{"type": "paragraph", "text": "Soup"}]},
                {"label": "2.", "has_checkbox": true, "is_checked": true, "blocks": [
                    {"type": "paragraph", "text": "Bread"}, {"type": "paragraph", "text": "with butter"},
                ]},
            ]},
            {"type": "table", "caption": "Prices", "cells": [
                [{"text": "Soup"}, {"text": "4 €"}], [{"text": "Bread"}, {}],
            ]},
            {"type": "details", "summary": "More", "blocks": [{"type": "mathematical_expression", "expression": "1+1"}]},
            {"type": "pullquote", "text": "Good", "credit": "Ada"},
            {"type": "hologram", "text": {"type": "sparkling", "text": "new"}},
            {"type": "paragraph", "text": {"type": "custom_emoji", "alternative_text": "🥣"}},
        ]);
        let expected = "Menu\nTry the soup!\n1. Soup\n2. [x] Bread\nwith butter\nSoup | 4 €\nBread | \nPrices\n\
                        More\n1+1\nGood\nAda\nnew\n🥣";
        assert_eq!(lines(&blocks), expected);
    }

    #[test]
    fn what_is_malformed_says_nothing() {
        for blocks in [
            json!(null),
            json!(7),
            json!([7, null, [], {}]),
            json!([{"text": 7, "items": 7, "cells": [7, [7]], "blocks": {}, "caption": 7, "photo": 7}]),
            json!([{"text": [[], {}, {"type": "url"}, {"type": "mention", "text": {}}]}]),
        ] {
            assert_eq!(lines(&blocks).trim(), "", "{blocks}");
        }
    }
}
