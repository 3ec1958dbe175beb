//! Texts and their entities, whose places Telegram counts in UTF-16 (Bot API 10.3, `MessageEntity`).

use super::names::name_of;
use crate::{
    addressed::behind_mention,
    fields::{given, string},
    marked::MarkedText,
    webhook::Event,
};
use serde_json::Value;
use vestibule_domain::{chat::entity::Mark, text::is_blank};

/// The fields with a message's own words, each with the field of its entities.
pub(super) const WRITTEN: [(&str, &str); 2] =
    [("text", "entities"), ("caption", "caption_entities")];

/// The person's own words; `None` if the message has no words of its own.
pub(super) fn of(message: &Value, is_in_group: bool) -> Result<Option<MarkedText>, Event> {
    for (name, entities) in WRITTEN {
        match given(message, name) {
            None => {}
            Some(Value::String(text)) => {
                let front = match (is_in_group, name) {
                    (false, _) => Front::Stays,
                    (true, "caption") => Front::Goes,
                    (true, _) => Front::GoesUnlessAlone,
                };
                return Ok(Some(marked(text, message.get(entities), front)));
            }
            Some(_) => return Err(Event::unreadable("the text is not a string")),
        }
    }
    let with_gift = given(message, "gift").and_then(|gift| {
        let text = string(gift, "text")?;
        Some(marked(text, gift.get("entities"), Front::Stays))
    });
    Ok(with_gift)
}

/// The mention of a bot at the front of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Front {
    /// It stays.
    Stays,
    /// It is taken out: it stands beside a file.
    Goes,
    /// It is taken out, unless nothing else was said.
    GoesUnlessAlone,
}

/// Marks the mentions and links in a text. Formatting, hashtags, commands and hidden passages are read as
/// they stand, and for a custom emoji its plain one stands there already.
///
/// In a group, a bot that is mentioned first is the one that is spoken to, and its mention is taken out with
/// its punctuation.
fn marked(text: &str, entities: Option<&Value>, front: Front) -> MarkedText {
    let mut reader = Reader {
        rest: text,
        place: 0,
    };
    let mut making = MarkedText::default();
    let mut is_front = front != Front::Stays;
    for place in places(entities) {
        if place.offset < reader.place {
            // It lies across the one before, which never happens to marks of Telegram's own.
            continue;
        }
        let before = reader.up_to(place.offset);
        let words = reader.up_to(place.end);
        let is_address = is_front && is_blank(before) && place.names_bot(words);
        is_front = false;
        let behind = behind_mention(reader.rest);
        if is_address && (front == Front::Goes || !is_blank(behind)) {
            reader.skip_to(behind.trim_start());
            continue;
        }
        making.push(before);
        match place.mark(words) {
            Some(mark) => making.mark(words, mark),
            None => making.push(words),
        }
    }
    making.push(reader.rest);
    making
}

/// An entity that may be a mention or link.
struct Place<'a> {
    kind: &'a str,
    offset: usize,
    end: usize,
    entity: &'a Value,
}

/// Kinds of entities that are mentions or links.
const MARKS: [&str; 6] = [
    "mention",
    "text_mention",
    "url",
    "text_link",
    "email",
    "phone_number",
];

/// The well-formed entities that may be mentions or links, in the order of the text.
fn places(entities: Option<&Value>) -> Vec<Place<'_>> {
    let all = entities.and_then(Value::as_array);
    let mut places: Vec<Place<'_>> = all
        .into_iter()
        .flatten()
        .filter_map(|entity| {
            let units = |name: &str| usize::try_from(entity.get(name)?.as_u64()?).ok();
            let offset = units("offset")?;
            Some(Place {
                kind: string(entity, "type").filter(|kind| MARKS.contains(kind))?,
                offset,
                end: offset.checked_add(units("length")?)?,
                entity,
            })
        })
        .collect();
    places.sort_by_key(|place| place.offset);
    places
}

impl Place<'_> {
    fn mark(&self, words: &str) -> Option<Mark> {
        let link = |url: String, label: Option<&str>| Mark::Link {
            url,
            label: label.map(str::to_owned),
        };
        Some(match self.kind {
            "mention" => mention(words),
            "text_mention" => user(given(self.entity, "user")?),
            "url" => link(address(words), None),
            "text_link" => link(address(string(self.entity, "url")?), Some(words)),
            "email" => link(mailbox(words), None),
            "phone_number" => link(phone(words), None),
            _ => return None,
        })
    }

    /// Whether a bot is mentioned: its username ends in `bot`, which is refused to people
    /// (core.telegram.org/bots/features, "Username").
    fn names_bot(&self, words: &str) -> bool {
        match self.kind {
            "mention" => words.to_ascii_lowercase().ends_with("bot"),
            "text_mention" => self.entity.pointer("/user/is_bot") == Some(&Value::Bool(true)),
            _ => false,
        }
    }
}

/// A mention by username.
pub(super) fn mention(username: &str) -> Mark {
    Mark::User {
        id: None,
        name: Some(username.trim_start_matches('@').to_owned()),
    }
}

/// A mention of somebody who has no username.
pub(super) fn user(user: &Value) -> Mark {
    Mark::User {
        id: super::digits(user, "id"),
        name: name_of(user),
    }
}

/// The address that Telegram opens: one without a scheme is a page's.
pub(super) fn address(written: &str) -> String {
    let has_scheme = written
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphanumeric()));
    if has_scheme {
        written.to_owned()
    } else {
        format!("http://{written}")
    }
}

/// The link to a mailbox.
pub(super) fn mailbox(written: &str) -> String {
    format!("mailto:{written}")
}

/// The link to a phone.
pub(super) fn phone(written: &str) -> String {
    let dialled: String = written
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '+')
        .collect();
    format!("tel:{dialled}")
}

/// Reads a text once, up to places counted in UTF-16. A place within a character is the one behind it.
struct Reader<'a> {
    rest: &'a str,
    place: usize,
}

impl<'a> Reader<'a> {
    fn up_to(&mut self, place: usize) -> &'a str {
        let mut at = self.place;
        let mut index = 0;
        for c in self.rest.chars() {
            if at >= place {
                break;
            }
            at += c.len_utf16();
            index += c.len_utf8();
        }
        self.place = at;
        let (read, rest) = self.rest.split_at_checked(index).unwrap_or((self.rest, ""));
        self.rest = rest;
        read
    }

    /// Passes over what stands before this end of the text.
    fn skip_to(&mut self, end: &'a str) {
        let skipped = self.rest.strip_suffix(end).unwrap_or_default();
        self.place += skipped.chars().map(char::len_utf16).sum::<usize>();
        self.rest = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str, entities: &Value, is_in_group: bool) -> (String, Value) {
        let front = if is_in_group {
            Front::GoesUnlessAlone
        } else {
            Front::Stays
        };
        let (text, entities) = marked(text, Some(entities), front).finish();
        (text, serde_json::to_value(entities).unwrap())
    }

    #[test]
    fn a_place_counted_in_utf_16_becomes_one_counted_in_characters() {
        let entities = json!([{"type": "mention", "offset": 8, "length": 4}]);
        let (text, entities) = read("👩🏽 世é @ann", &entities, false);
        assert_eq!(text, "👩🏽 世é @ann");
        let expected =
            json!([{"offset": 6, "length": 4, "kind": "user", "id": null, "name": "ann"}]);
        assert_eq!(entities, expected);
    }

    #[test]
    fn only_the_first_mention_of_a_bot_at_the_front_in_a_group_is_taken_out() {
        let at = |offset: usize, length: usize| json!({"type": "mention", "offset": offset, "length": length});
        for (text, entities, expected, kept) in [
            ("@ada_bot  hello", json!([at(0, 8)]), "hello", 0),
            (" \n@Ada_Bot\nhello", json!([at(2, 8)]), "hello", 0),
            (
                "@ada_bot @bea_bot hi",
                json!([at(0, 8), at(9, 8)]),
                "@bea_bot hi",
                1,
            ),
            ("hi @ada_bot", json!([at(3, 8)]), "hi @ada_bot", 1),
            ("@ann hello", json!([at(0, 4)]), "@ann hello", 1),
            (
                "@ann @ada_bot",
                json!([at(0, 4), at(5, 8)]),
                "@ann @ada_bot",
                2,
            ),
            ("@ada_bot, hello", json!([at(0, 8)]), "hello", 0),
            ("@ada_bot : hello", json!([at(0, 8)]), "hello", 0),
            ("@ada_bot :) hello", json!([at(0, 8)]), ":) hello", 0),
            // Nothing else was said.
            ("@ada_bot!", json!([at(0, 8)]), "@ada_bot!", 1),
            ("@ada_bot", json!([at(0, 8)]), "@ada_bot", 1),
            (
                "@ada_bot \u{200B}",
                json!([at(0, 8)]),
                "@ada_bot \u{200B}",
                1,
            ),
            // It was typed, and means nobody.
            ("@ada_bot hello", json!([]), "@ada_bot hello", 0),
            // Another entity in front is no text in front.
            (
                "@ada_bot hello",
                json!([{"type": "bold", "offset": 0, "length": 14}, at(0, 8)]),
                "hello",
                0,
            ),
        ] {
            let (read, marks) = read(text, &entities, true);
            assert_eq!(read, expected);
            assert_eq!(marks.as_array().unwrap().len(), kept, "{text}: {marks}");
        }
        let (private, _) = read("@ada_bot hello", &json!([at(0, 8)]), false);
        assert_eq!(private, "@ada_bot hello");
        let nameless = json!([{"type": "text_mention", "offset": 0, "length": 3, "user": {"id": 1, "is_bot": true}}]);
        assert_eq!(read("Ada hello", &nameless, true).0, "hello");
    }

    #[test]
    fn a_caption_of_nothing_but_the_bots_mention_is_none() {
        let entities = json!([{"type": "mention", "offset": 0, "length": 8}]);
        for (caption, expected) in [
            ("@ada_bot", ""),
            ("@ada_bot!", ""),
            ("@ada_bot, look", "look"),
            ("look @ada_bot", "look @ada_bot"),
        ] {
            let message = json!({"caption": caption, "caption_entities": entities});
            let Ok(Some(read)) = of(&message, true) else {
                panic!("{caption} is not read");
            };
            assert_eq!(read.finish().0, expected, "{caption}");
        }
    }

    #[test]
    fn what_follows_a_mention_that_was_taken_out_keeps_its_place() {
        let entities = json!([
            {"type": "mention", "offset": 0, "length": 8},
            {"type": "mention", "offset": 14, "length": 4},
        ]);
        let (text, marks) = read("@ada_bot 👋\u{3000} é@ann", &entities, true);
        assert_eq!(text, "👋\u{3000} é@ann");
        assert_eq!(marks.pointer("/0/offset"), Some(&json!(4)));
        assert_eq!(marks.pointer("/0/length"), Some(&json!(4)));
    }

    #[test]
    fn a_link_leads_where_telegram_leads() {
        for (kind, written, url) in [
            ("url", "https://example.com/a", "https://example.com/a"),
            ("url", "example.com", "http://example.com"),
            (
                "url",
                "example.com/?to=https://a.b",
                "http://example.com/?to=https://a.b",
            ),
            ("email", "ada@example.com", "mailto:ada@example.com"),
            ("phone_number", "+1 (212) 555-0123", "tel:+12125550123"),
        ] {
            let length = written.len();
            let entities = json!([{"type": kind, "offset": 0, "length": length}]);
            let (text, marks) = read(written, &entities, false);
            let expected =
                json!([{"offset": 0, "length": length, "kind": "link", "url": url, "label": null}]);
            assert_eq!((text.as_str(), marks), (written, expected));
        }
        let script = json!([{"type": "text_link", "offset": 0, "length": 4, "url": "javascript://x%0aalert(1)"}]);
        assert_eq!(read("here", &script, false), ("here".into(), json!([])));
    }

    #[test]
    fn malformed_entities_change_nothing() {
        for entities in [
            json!(7),
            json!([7, null, {}, {"type": "mention"}]),
            json!([{"type": "mention", "offset": -1, "length": 4}]),
            json!([{"type": "mention", "offset": 0, "length": "4"}]),
            json!([{"type": "mention", "offset": 99, "length": 4}]),
            json!([{"type": "mention", "offset": u64::MAX, "length": u64::MAX}]),
            json!([{"type": "text_mention", "offset": 0, "length": 4, "user": 7}]),
            json!([{"type": "text_link", "offset": 0, "length": 4}]),
            json!([{"type": "hologram", "offset": 0, "length": 4}]),
        ] {
            let (text, _) = read("👋 hello", &entities, true);
            assert_eq!(text, "👋 hello", "{entities}");
        }
    }

    proptest! {
        #[test]
        fn no_entity_changes_the_text(
            text in any::<String>(),
            raw in prop::collection::vec((0..MARKS.len(), 0..40_usize, 0..40_usize), 0..8),
        ) {
            let entities: Vec<Value> = raw
                .into_iter()
                .map(|(kind, offset, length)| json!({
                    "type": MARKS[kind], "offset": offset, "length": length,
                    "url": "https://example.com", "user": {"id": 1},
                }))
                .collect();
            let (read, _) = read(&text, &json!(entities), false);
            prop_assert_eq!(read, crate::fields::written(&text));
        }
    }
}
