//! The rule for mentions of the bot itself (SPEC F06): at the front of a message they only say whom it is
//! for, and are taken out with the punctuation that belongs to them (`@name, …`); elsewhere they are words of a
//! sentence, and stay as `@name`.

use crate::marked::MarkedText;
use vestibule_domain::{
    chat::entity::{Entities, Mark},
    text::{is_blank, is_invisible},
};

/// Punctuation that may stand between a mention and what is said to whom it names.
const MARKS: [char; 17] = [
    ',', ':', ';', '.', '!', '?', '-', '–', '—', '…', '،', '、', '。', '，', '：', '！', '？',
];
/// Those of them that begin no word.
const COMMAS: [char; 4] = [',', '،', '、', '，'];

/// The text behind a mention that was taken out, without the punctuation that belongs to it: on the same line,
/// and with white space behind it. So a smiley, a number and a list stay whole.
#[must_use]
pub fn behind_mention(text: &str) -> &str {
    let line = text.trim_start_matches([' ', '\t', '\u{A0}']);
    let rest = line.trim_start_matches(MARKS);
    if rest.is_empty() || rest.starts_with(char::is_whitespace) {
        return rest;
    }
    line.strip_prefix(COMMAS).unwrap_or(text)
}

/// Whether what follows a mention may still be the punctuation that belongs to it.
fn is_open(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || is_invisible(c) || MARKS.contains(&c))
}

/// A text in the making, without mentions of the bot at its front.
#[derive(Debug)]
pub struct Addressed {
    making: MarkedText,
    is_front: bool,
    is_line_start: bool,
    keeps_front: bool,
    /// Text since a mention was taken out, while it may belong to that mention.
    behind: Option<String>,
}

impl Default for Addressed {
    fn default() -> Self {
        Self {
            making: MarkedText::default(),
            is_front: true,
            is_line_start: true,
            keeps_front: false,
            behind: None,
        }
    }
}

impl Addressed {
    /// A text with all its mentions of the bot: of another's message, or of one that says nothing else.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            keeps_front: true,
            ..Self::default()
        }
    }

    /// Adds plain text.
    pub fn push(&mut self, text: &str) {
        let Some(mut behind) = self.behind.take() else {
            return self.write(text);
        };
        behind.push_str(text);
        if is_open(text) {
            self.behind = Some(behind);
        } else {
            self.write(behind_mention(&behind));
        }
    }

    fn write(&mut self, text: &str) {
        self.is_front = self.is_front && is_blank(text);
        self.making.push(text);
        self.note_end(text);
    }

    /// Adds text that stands for a mention or link.
    pub fn mark(&mut self, text: &str, what: Mark) {
        if let Some(behind) = self.behind.take() {
            self.write(behind_mention(&behind));
        }
        self.is_front = false;
        self.making.mark(text, what);
        self.note_end(text);
    }

    /// Adds a mention of the bot, unless it stands at the front.
    pub fn mark_own(&mut self, text: &str, what: Mark) {
        if self.keeps_front || !self.is_front {
            self.mark(text, what);
        } else {
            self.behind = Some(String::new());
        }
    }

    /// Begins a new line, unless one has begun.
    pub fn new_line(&mut self) {
        if !self.is_line_start {
            self.push("\n");
        }
    }

    /// Whether the text is empty, or its last line is.
    #[must_use]
    pub const fn is_line_start(&self) -> bool {
        self.is_line_start
    }

    /// Whether there is nothing but white space and mentions of the bot that are taken out, with their
    /// punctuation.
    #[must_use]
    pub const fn is_front(&self) -> bool {
        self.is_front
    }

    /// The text, without white space at its ends, and its entities.
    #[must_use]
    pub fn finish(self) -> (String, Entities) {
        self.making.trimmed().finish()
    }

    fn note_end(&mut self, text: &str) {
        if let Some(last) = text.chars().next_back() {
            self.is_line_start = last == '\n';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bot() -> Mark {
        Mark::User {
            id: Some("U0BOT".into()),
            name: None,
        }
    }

    /// Adds a piece of text; `@` stands for a mention of the bot.
    fn made(pieces: &[&str], mut making: Addressed) -> (String, usize) {
        for piece in pieces {
            match *piece {
                "@" => making.mark_own("@bot", bot()),
                text => making.push(text),
            }
        }
        let (text, entities) = making.finish();
        (text, entities.as_slice().len())
    }

    #[test]
    fn the_bots_own_mention_goes_at_the_front_and_stays_elsewhere() {
        for (pieces, text, kept) in [
            (&["@", " hi"] as &[&str], "hi", 0),
            (&[" ", "@", " ", "@", "\n hi"], "hi", 0),
            (&["hi ", "@", "!"], "hi @bot!", 1),
            (&["@", " ask ", "@"], "ask @bot", 1),
            (&["@"], "", 0),
            (&["@", ", help"], "help", 0),
            (&["@", ":", " help"], "help", 0),
            (&["@", " - help"], "help", 0),
            (&["@", "!!! help"], "help", 0),
            (&["@", ",help"], "help", 0),
            (&["@", "、help"], "help", 0),
            (&["@", ", ", "@", ": help"], "help", 0),
            (&["@", "?"], "", 0),
            (&["@", " :) hello"], ":) hello", 0),
            (&["@", " -5 degrees"], "-5 degrees", 0),
            (&["@", "\n- one\n- two"], "- one\n- two", 0),
            (&["@", "'s answer"], "'s answer", 0),
            (&["hi ", "@", ", help"], "hi @bot, help", 1),
        ] {
            let (made, marks) = made(pieces, Addressed::default());
            assert_eq!((made.as_str(), marks), (text, kept), "{pieces:?}");
        }
        let whole = made(&["@", ", hi"], Addressed::whole());
        assert_eq!(whole, ("@bot, hi".to_owned(), 1));
    }

    #[test]
    fn a_mention_of_somebody_else_behind_the_bots_stays() {
        let mut making = Addressed::default();
        making.mark_own("@bot", bot());
        making.push(", ");
        making.mark("@ann", bot());
        making.push(", help");
        let (text, entities) = making.finish();
        assert_eq!(text, "@ann, help");
        assert_eq!(entities.as_slice().len(), 1);
    }

    #[test]
    fn a_new_line_begins_once() {
        let mut making = Addressed::default();
        making.new_line();
        making.push("one");
        making.new_line();
        making.new_line();
        making.push("two\n");
        making.new_line();
        making.push("three");
        assert_eq!(making.finish().0, "one\ntwo\nthree");
    }
}
