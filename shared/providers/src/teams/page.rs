//! A text in the making from HTML, where white space is one space and elements are lines.

use super::escapes::unescape;
use crate::addressed::Addressed;
use vestibule_domain::chat::entity::Entities;

/// A page of text.
#[derive(Debug)]
pub(super) struct Page {
    into: Addressed,
    gap: Gap,
    /// Elements that keep their white space, and have begun and not ended.
    code: usize,
    /// Whether an entry of a list has begun and has no words yet.
    is_item_start: bool,
}

/// White space that is written before the next word, if one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
}

impl Page {
    /// A page that continues this text.
    pub(super) const fn new(into: Addressed) -> Self {
        Self {
            into,
            gap: Gap::None,
            code: 0,
            is_item_start: false,
        }
    }

    /// Writes text as it stands in HTML.
    pub(super) fn text(&mut self, raw: &str) {
        if self.code > 0 {
            if !raw.is_empty() {
                self.open().push(&unescape(raw));
            }
            return;
        }
        let mut is_first = true;
        for word in raw.split(|c: char| c.is_ascii_whitespace()) {
            if !is_first {
                self.space();
            }
            is_first = false;
            if !word.is_empty() {
                self.open().push(&unescape(word));
            }
        }
    }

    /// Begins or ends an element, which may be a line of its own.
    pub(super) fn element(&mut self, name: &str, is_end: bool) {
        match name {
            "br" => self.break_line(),
            "p" | "div" | "tr" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5"
            | "h6" | "hr" => self.line(),
            "li" => {
                self.line();
                if !is_end {
                    self.open().push("• ");
                    self.is_item_start = true;
                }
            }
            "td" | "th" => self.space(),
            "pre" | "codeblock" => {
                self.line();
                self.code = if is_end {
                    self.code.saturating_sub(1)
                } else {
                    self.code + 1
                };
            }
            _ => {}
        }
    }

    /// Parts what follows by a space.
    pub(super) fn space(&mut self) {
        self.gap = self.gap.max(Gap::Space);
    }

    /// Begins a new line, unless one has begun.
    pub(super) fn line(&mut self) {
        self.gap = Gap::Line;
    }

    /// Ends the line, even if it is empty.
    fn break_line(&mut self) {
        self.open().push("\n");
    }

    /// The text, ready for the next word.
    pub(super) fn open(&mut self) -> &mut Addressed {
        let is_item_start = std::mem::take(&mut self.is_item_start);
        match self.gap {
            _ if is_item_start => {}
            Gap::Line => self.into.new_line(),
            Gap::Space if !self.into.is_line_start() => self.into.push(" "),
            Gap::Space | Gap::None => {}
        }
        self.gap = Gap::None;
        &mut self.into
    }

    /// The text and its entities.
    pub(super) fn finish(self) -> (String, Entities) {
        self.into.finish()
    }
}
