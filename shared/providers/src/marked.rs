//! Text in the making, whose mentions and links keep their places.

use crate::fields::{TEXT_MAX_CHARS, is_written};
use vestibule_domain::chat::entity::{Entities, Entity, Mark};

/// A person's text with its mentions and links. It becomes what [`written`](crate::fields::written)
/// would make of the same text.
#[derive(Debug, Default)]
pub struct MarkedText {
    text: String,
    chars: usize,
    entities: Vec<Entity>,
}

impl MarkedText {
    /// Adds plain text.
    pub fn push(&mut self, text: &str) {
        let room = TEXT_MAX_CHARS - self.chars;
        for c in text.chars().filter(|c| is_written(*c)).take(room) {
            self.text.push(c);
            self.chars += 1;
        }
    }

    /// Adds text that stands for a mention or link.
    pub fn mark(&mut self, text: &str, what: Mark) {
        let offset = self.chars;
        self.push(text);
        self.entities.push(Entity {
            offset,
            length: self.chars - offset,
            what,
        });
    }

    /// Removes white space at both ends.
    #[must_use]
    pub fn trimmed(self) -> Self {
        let behind = self.text.trim_start();
        let cut = self.chars - behind.chars().count();
        let text = behind.trim_end().to_owned();
        let chars = text.chars().count();
        let moved = |place: usize| place.saturating_sub(cut).min(chars);
        let entities = self.entities.into_iter().map(|entity| {
            let offset = moved(entity.offset);
            let behind = moved(entity.offset.saturating_add(entity.length));
            Entity {
                offset,
                length: behind - offset,
                what: entity.what,
            }
        });
        Self {
            entities: entities.collect(),
            text,
            chars,
        }
    }

    /// The text and its entities.
    #[must_use]
    pub fn finish(self) -> (String, Entities) {
        let entities = Entities::of(&self.text, self.entities);
        (self.text, entities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::written;
    use proptest::prelude::*;

    fn user(name: &str) -> Mark {
        Mark::User {
            id: Some(format!("U{name}")),
            name: Some(name.to_owned()),
        }
    }

    /// The marked pieces of a text.
    fn marked(text: &str, entities: &Entities) -> Vec<String> {
        entities
            .as_slice()
            .iter()
            .map(|entity| {
                let rest = text.chars().skip(entity.offset);
                rest.take(entity.length).collect()
            })
            .collect()
    }

    #[test]
    fn a_mention_is_found_at_its_place_behind_characters_of_any_width() {
        let mut making = MarkedText::default();
        making.push("👩🏽 é\u{0}, ask ");
        making.mark("@Ann\u{7}", user("Ann"));
        making.push(" or ");
        making.mark("@世", user("世"));
        let (text, entities) = making.finish();
        assert_eq!(text, "👩🏽 é, ask @Ann or @世");
        assert_eq!(marked(&text, &entities), ["@Ann", "@世"]);
    }

    #[test]
    fn trimming_moves_the_marks_and_drops_those_of_nothing() {
        let mut making = MarkedText::default();
        making.mark(" \n", user("blank"));
        making.push("\u{A0}hi ");
        making.mark("@Ann ", user("Ann"));
        making.mark("  ", user("blank"));
        let (text, entities) = making.trimmed().finish();
        assert_eq!(text, "hi @Ann");
        assert_eq!(marked(&text, &entities), ["@Ann"]);
    }

    #[test]
    fn a_mark_beyond_the_longest_text_is_dropped() {
        let mut making = MarkedText::default();
        making.push(&"é".repeat(TEXT_MAX_CHARS - 2));
        making.mark("@Ann", user("Ann"));
        making.mark("@Bob", user("Bob"));
        let (text, entities) = making.finish();
        assert_eq!(text.chars().count(), TEXT_MAX_CHARS);
        assert_eq!(marked(&text, &entities), ["@A"]);
    }

    proptest! {
        #[test]
        fn the_text_is_the_same_with_and_without_marks(pieces in prop::collection::vec((any::<String>(), any::<bool>()), 0..8)) {
            let mut making = MarkedText::default();
            let mut plain = String::new();
            for (piece, is_marked) in &pieces {
                plain.push_str(piece);
                if *is_marked {
                    making.mark(piece, Mark::Everybody);
                } else {
                    making.push(piece);
                }
            }
            let (text, entities) = making.trimmed().finish();
            let plain = written(&plain);
            prop_assert_eq!(text.as_str(), plain.trim());
            for piece in marked(&text, &entities) {
                prop_assert!(!piece.is_empty() && text.contains(&piece));
            }
        }
    }
}
