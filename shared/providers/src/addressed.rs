//! The rule for mentions of the bot itself (SPEC F06): at the front of a message they only say whom it is
//! for, and are taken out; elsewhere they are words of a sentence, and stay as `@name`.

use crate::marked::MarkedText;
use vestibule_domain::{
    chat::entity::{Entities, Mark},
    text::is_blank,
};

/// A text in the making, without mentions of the bot at its front.
#[derive(Debug)]
pub struct Addressed {
    making: MarkedText,
    is_front: bool,
    is_line_start: bool,
    keeps_front: bool,
}

impl Default for Addressed {
    fn default() -> Self {
        Self {
            making: MarkedText::default(),
            is_front: true,
            is_line_start: true,
            keeps_front: false,
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
        self.is_front = self.is_front && is_blank(text);
        self.making.push(text);
        self.note_end(text);
    }

    /// Adds text that stands for a mention or link.
    pub fn mark(&mut self, text: &str, what: Mark) {
        self.is_front = false;
        self.making.mark(text, what);
        self.note_end(text);
    }

    /// Adds a mention of the bot, unless it stands at the front.
    pub fn mark_own(&mut self, text: &str, what: Mark) {
        if self.keeps_front || !self.is_front {
            self.mark(text, what);
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

    /// Whether there is nothing but white space and mentions of the bot that are taken out.
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
        ] {
            let (made, marks) = made(pieces, Addressed::default());
            assert_eq!((made.as_str(), marks), (text, kept), "{pieces:?}");
        }
        let whole = made(&["@", " hi"], Addressed::whole());
        assert_eq!(whole, ("@bot hi".to_owned(), 1));
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
