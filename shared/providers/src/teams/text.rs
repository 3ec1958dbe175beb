//! The text of an activity as plain text, and splitting of long texts.

use super::{
    escapes::unescape,
    mentions::{Mentions, name_in},
};
use crate::addressed::Addressed;

/// Beginning and end of what stands for a quoted message (`QuotedReplyEntityExtensions` of
/// microsoft/teams.net).
const QUOTED: (&str, &str) = ("<quoted messageId=\"", "\"/>");

/// Writes a plain text with its mentions. Markup that no entity explains was typed.
pub(super) fn write(raw: &str, mentions: &mut Mentions, into: &mut Addressed) {
    let mut rest = raw;
    while let Some((piece, behind)) = rest.split_once("</at>") {
        let markup = piece.rfind("<at").and_then(|at| piece.split_at_checked(at));
        let known = markup.and_then(|(before, markup)| {
            let name = name_in(markup)?;
            mentions.know(&name).then_some((before, name))
        });
        if let Some((before, name)) = known {
            into.push(&unescape(before));
            mentions.write(&name, into);
        } else {
            into.push(&unescape(piece));
            into.push("</at>");
        }
        rest = behind;
    }
    into.push(&unescape(rest));
}

/// Removes what stands for quoted messages.
pub(super) fn without_quoted(raw: &str) -> String {
    let mut pieces = raw.split(QUOTED.0);
    let mut kept = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        match piece.split_once(QUOTED.1) {
            Some((id, behind)) if !id.contains('<') => kept.push_str(behind),
            _ => {
                kept.push_str(QUOTED.0);
                kept.push_str(piece);
            }
        }
    }
    kept
}

/// Splits a text into pieces of at most `max_bytes` in UTF-16, as Teams counts them.
pub(super) fn split(text: &str, max_bytes: usize) -> Vec<&str> {
    crate::text::split(text, max_bytes, |c| c.len_utf16() * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const BOT: &str = "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c";

    fn entity(id: &str, markup: &str) -> Value {
        json!({"type": "mention", "text": markup, "mentioned": {"id": id, "name": "somebody"}})
    }

    /// The text that is read, and its entities.
    fn read(raw: &str, entities: &[Value]) -> (String, Value) {
        let mut mentions = Mentions::of(&json!({ "entities": entities }), BOT);
        let mut making = Addressed::default();
        write(raw, &mut mentions, &mut making);
        let (text, entities) = making.finish();
        (text, serde_json::to_value(entities).unwrap())
    }

    #[test]
    fn mentions_of_the_bot_go_at_the_front_and_stay_elsewhere_however_often_they_are_listed() {
        let ours = entity(BOT, "<at>Desk</at>");
        for (raw, expected) in [
            ("<at>Desk</at> hi", "hi"),
            ("<at>Desk</at>&nbsp;hi", "hi"),
            ("<at>Desk</at>\u{A0}hi\n", "hi"),
            ("hello <at>Desk</at> there", "hello @Desk there"),
            ("<at>Desk</at> <at>Desk</at> hi", "hi"),
            ("<at id=\"0\">Desk</at> hi", "hi"),
            ("<at>Desk</at>", ""),
            ("no mention", "no mention"),
        ] {
            let twice = [ours.clone(), ours.clone()];
            assert_eq!(read(raw, &twice).0, expected, "{raw}");
        }
        let with_id = entity(BOT, "<at id=\"0\">Desk</at>");
        assert_eq!(read("<at id=\"0\">Desk</at> hi", &[with_id]).0, "hi");
    }

    #[test]
    fn whoever_else_is_mentioned_stands_there_by_name_and_is_told_apart() {
        let entities = [
            entity(BOT, "<at>Desk</at>"),
            entity("29:1ann", "<at>Ann</at>"),
            entity("29:2ann", "<at>Ann</at>"),
            json!({"type": "mention", "text": "<at>Leads</at>", "mentioned": {"id": "dGFn", "type": "tag"}}),
            entity("19:97@thread.tacv2", "<at>General</at>"),
            entity("19:4c@thread.v2", "<at>Everyone</at>"),
            entity("29:3tom", "<at>Tom &amp; Co</at>"),
        ];
        let raw = "<at>Desk</at> <at>Ann</at>, <at>Ann</at>, <at>Leads</at>, <at>General</at>, <at>Everyone</at>, <at>Tom &amp; Co</at>";
        let (text, entities) = read(raw, &entities);
        assert_eq!(text, "@Ann, @Ann, @Leads, @General, @Everyone, @Tom & Co");
        for (index, kind, id) in [
            (0, "user", Some("29:1ann")),
            (1, "user", Some("29:2ann")),
            (2, "group", Some("dGFn")),
            (3, "channel", Some("19:97@thread.tacv2")),
            (4, "everybody", None),
            (5, "user", Some("29:3tom")),
        ] {
            assert_eq!(entities[index]["kind"], kind, "{index}");
            assert_eq!(entities[index]["id"].as_str(), id, "{index}");
        }
        assert_eq!(entities[1]["offset"], 6);
        assert_eq!(entities[5]["name"], "Tom & Co");
    }

    #[test]
    fn somebody_who_is_listed_once_may_be_mentioned_twice() {
        let ann = [entity("29:1ann", "<at>Ann</at>")];
        let (text, entities) = read("<at>Ann</at> and <at>Ann</at>", &ann);
        assert_eq!(text, "@Ann and @Ann");
        assert_eq!(entities.as_array().unwrap().len(), 2);
    }

    #[test]
    fn an_entity_that_is_no_mention_takes_nothing_away() {
        for entity in [
            entity(BOT, "a"),
            entity(BOT, "<at>"),
            entity(BOT, "</at>"),
            entity(BOT, "<at></at>"),
            entity("29:1ann", "a"),
            json!({"type": "clientInfo", "text": "<at>a</at>", "mentioned": {"id": BOT}}),
            json!({"type": "mention", "mentioned": {"id": BOT}}),
            json!({"type": "mention", "text": 7, "mentioned": 7}),
            json!("mention"),
        ] {
            assert_eq!(
                read("a banana", &[entity]),
                ("a banana".to_owned(), json!([]))
            );
        }
        let typed = "<at>Bob</at> <attach>Ann</at> <at";
        let ann = [entity("29:1ann", "<at>Ann</at>")];
        assert_eq!(read(typed, &ann), (typed.to_owned(), json!([])));
    }

    #[test]
    fn what_stands_for_a_quoted_message_is_no_text() {
        for (raw, kept) in [
            ("<quoted messageId=\"1\"/>\nyes", "\nyes"),
            (
                "a <quoted messageId=\"1\"/> b <quoted messageId=\"2\"/>",
                "a  b ",
            ),
            ("<quoted messageId=\"1", "<quoted messageId=\"1"),
            ("<quoted messageId=\"<b>\"/>", "<quoted messageId=\"<b>\"/>"),
            ("", ""),
        ] {
            assert_eq!(without_quoted(raw), kept, "{raw}");
        }
    }

    #[test]
    fn a_piece_is_measured_in_utf_16() {
        assert_eq!(split("aaaa", 4), ["aa", "aa"]);
        assert_eq!(split("😀😀", 4), ["😀", "😀"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_us_panic(raw in "(<at>|</at>|<quoted messageId=\"|\"/>|[a-z<>&;é ]|&lt;){0,60}", markup in "<at>[a-zé<>]{0,3}</at>") {
            let entities = [entity(BOT, &markup), entity("29:1", &markup)];
            let _ = read(&without_quoted(&raw), &entities);
        }
    }
}
