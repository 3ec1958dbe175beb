//! All that a person can send in Teams, a row for each kind, with its source. Reactions are none of them:
//! Teams tells of those to any message of a conversation, and whether it is ours only our own records say.

use crate::{
    teams::{fixtures::connector, parse::request},
    webhook::Event,
};
use std::{collections::BTreeMap, fs, path::PathBuf};
use vestibule_domain::{
    Timestamp, chat::content::Part, chat::entity::Entity, chat::message::InboundMessage,
    egress::OriginAllowList, text::is_blank,
};

/// A kind of content in Teams' own schema, and what it is read as.
struct Row {
    /// The group that it is counted in.
    group: &'static str,
    /// The captured activity.
    event: &'static str,
    /// Where the schema is described, or a rule of ours.
    source: &'static str,
    /// The person's own text.
    text: &'static str,
    /// The marked pieces of the text, each with its kind and its id or address.
    marks: &'static [(&'static str, &'static str, &'static str)],
    /// All other content, in words.
    others: &'static [(&'static str, &'static str)],
}

const MESSAGES: &str = "msteams-docs, conversation-messages.md";
const HTML: &str = "msteams-docs#3960 (the HTML of a message among its attachments)";
const MENTIONS: &str = "msteams-docs, Channel and group chat conversations";
const REPLY: &str = "Microsoft Graph, chats: getAllMessages (itemtype Reply)";
const ENTITY: &str = "microsoft/teams.net, QuotedReplyEntity";
const FORWARD: &str =
    "openclaw/openclaw, extensions/msteams/src/inbound.test.ts (itemtype Forward)";
const GRAPH: &str = "Microsoft Graph, chatMessageAttachment";
const ACTIONS: &str = "msteams-docs, Card actions";
const CARDS: &str = "msteams-docs, Types of cards";
const FILES: &str = "msteams-docs, Send and receive files through the bot";
const CLIENT: &str = "the markup of Teams' own clients";

const BOT: &str = "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c";

const ROWS: &[Row] = &[
    Row {
        group: "text",
        event: "message_personal",
        source: MESSAGES,
        text: "Hello Teams TestBot.",
        marks: &[],
        others: &[],
    },
    Row {
        group: "text",
        event: "message_escaped",
        source: MESSAGES,
        text: "a < b && c > d \"x\"",
        marks: &[],
        others: &[],
    },
    Row {
        group: "text",
        event: "message_xml",
        source: "Bot Framework, Activity schema (textFormat)",
        text: "one two\nthree & four",
        marks: &[],
        others: &[],
    },
    Row {
        group: "text",
        event: "message_html_only",
        source: HTML,
        text: "Dear desk,\n• mix\n• bake",
        marks: &[],
        others: &[],
    },
    Row {
        group: "text",
        event: "message_emoji",
        source: CLIENT,
        text: "Well done 😀",
        marks: &[],
        others: &[],
    },
    Row {
        group: "text",
        event: "message_code_block",
        source: CLIENT,
        text: "Look\r\nlet x = 1 < 2;",
        marks: &[],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_channel_reply",
        source: MENTIONS,
        text: "reply to thread",
        marks: &[],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mentions_others",
        source: MENTIONS,
        text: "please ask @Adele Vance",
        marks: &[("@Adele Vance", "user", "29:1adele")],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mentions_places",
        source: MENTIONS,
        text: "@Leads, see @General, @Everyone",
        marks: &[
            ("@Leads", "group", "YzY2"),
            (
                "@General",
                "channel",
                "19:97641583cf154265a237da28ebbde27a@thread.tacv2",
            ),
            ("@Everyone", "everybody", ""),
        ],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mention_within",
        source: "SPEC F06",
        text: "please tell @ridotest apart",
        marks: &[("@ridotest", "user", BOT)],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mention_only",
        source: "SPEC F06",
        text: "@ridotest",
        marks: &[("@ridotest", "user", BOT)],
        others: &[],
    },
    Row {
        group: "link",
        event: "message_links",
        source: HTML,
        text: "See the plan or https://example.com",
        marks: &[
            ("the plan", "link", "https://example.com/plan?a=1&b=2"),
            ("https://example.com", "link", "https://example.com"),
        ],
        others: &[],
    },
    Row {
        group: "quoted",
        event: "message_quoted_in_html",
        source: REPLY,
        text: "Yes it is",
        marks: &[],
        others: &[("shared", "Quoted message from Adele Vance: Is it open?")],
    },
    Row {
        group: "quoted",
        event: "message_quoted_by_entity",
        source: ENTITY,
        text: "Yes it is",
        marks: &[],
        others: &[("shared", "Quoted message from Adele Vance: Is it open?")],
    },
    Row {
        group: "quoted",
        event: "message_quoted_only",
        source: ENTITY,
        text: "",
        marks: &[],
        others: &[("shared", "Quoted message from Adele Vance: Is it open?")],
    },
    Row {
        group: "quoted",
        event: "message_quoted_by_reference",
        source: GRAPH,
        text: "Yes it is",
        marks: &[],
        others: &[("shared", "Quoted message from Adele Vance: Is it open?")],
    },
    Row {
        group: "forwarded",
        event: "message_forwarded",
        source: FORWARD,
        text: "",
        marks: &[],
        others: &[("shared", "Forwarded message: the plan is ready")],
    },
    Row {
        group: "forwarded",
        event: "message_forwarded_with_text",
        source: FORWARD,
        text: "see this",
        marks: &[],
        others: &[("shared", "Forwarded message: the plan is ready")],
    },
    Row {
        group: "forwarded",
        event: "message_forwarded_picture",
        source: FORWARD,
        text: "",
        marks: &[],
        others: &[("shared", "Forwarded message: Picture")],
    },
    Row {
        group: "forwarded",
        event: "message_forwarded_by_reference",
        source: GRAPH,
        text: "",
        marks: &[],
        others: &[(
            "shared",
            "Forwarded message from Adele Vance: the plan is ready",
        )],
    },
    Row {
        group: "card",
        event: "message_card_submit",
        source: ACTIONS,
        text: "",
        marks: &[],
        others: &[("form", "Form: choice: yes")],
    },
    Row {
        group: "card",
        event: "message_card_choice",
        source: ACTIONS,
        text: "Yes, please",
        marks: &[],
        others: &[("choice", "Yes, please")],
    },
    Row {
        group: "card",
        event: "message_card_choice_with_fields",
        source: ACTIONS,
        text: "Yes, please",
        marks: &[],
        others: &[("form", "Form: choice: yes, seats: 2")],
    },
    Row {
        group: "card",
        event: "message_link_card",
        source: CARDS,
        text: "https://example.com/7",
        marks: &[("https://example.com/7", "link", "https://example.com/7")],
        others: &[(
            "shared",
            "Forwarded message from Tickets: Ticket 7\nopen\nIt is broken",
        )],
    },
    Row {
        group: "card",
        event: "message_place_card",
        source: CARDS,
        text: "",
        marks: &[],
        others: &[(
            "shared",
            "Forwarded message from Places: Map\nMain office\nRing 1, Vienna",
        )],
    },
    Row {
        group: "card",
        event: "message_contact_card",
        source: CARDS,
        text: "",
        marks: &[],
        others: &[(
            "shared",
            "Forwarded message: Adele Vance\nPhone\n+43 1 234\nMail\nadele@example.com",
        )],
    },
    Row {
        group: "card",
        event: "placeholder_empty_card",
        source: CARDS,
        text: "",
        marks: &[],
        others: &[("unsupported", "Content that cannot be shown here: card")],
    },
    Row {
        group: "elsewhere",
        event: "placeholder_loop_component",
        source: GRAPH,
        text: "",
        marks: &[],
        others: &[(
            "unsupported",
            "Content that cannot be shown here: Loop component",
        )],
    },
    Row {
        group: "elsewhere",
        event: "placeholder_code_snippet",
        source: GRAPH,
        text: "",
        marks: &[],
        others: &[(
            "unsupported",
            "Content that cannot be shown here: code snippet",
        )],
    },
    Row {
        group: "elsewhere",
        event: "placeholder_meeting",
        source: GRAPH,
        text: "",
        marks: &[],
        others: &[("unsupported", "Content that cannot be shown here: meeting")],
    },
    Row {
        group: "file",
        event: "message_file",
        source: FILES,
        text: "see this",
        marks: &[],
        others: &[("file", "File: report.pdf")],
    },
    Row {
        group: "file",
        event: "message_file_picture",
        source: FILES,
        text: "",
        marks: &[],
        others: &[("file", "Picture: cat.png")],
    },
    Row {
        group: "file",
        event: "message_file_link",
        source: GRAPH,
        text: "",
        marks: &[],
        others: &[("file", "File: budget.xlsx")],
    },
    Row {
        group: "file",
        event: "placeholder_file_without_address",
        source: FILES,
        text: "",
        marks: &[],
        others: &[("unsupported", "Content that cannot be shown here: file")],
    },
    Row {
        group: "file",
        event: "message_image_without_text",
        source: FILES,
        text: "",
        marks: &[],
        others: &[("file", "Picture")],
    },
    Row {
        group: "file",
        event: "message_pasted_picture",
        source: CLIENT,
        text: "",
        marks: &[],
        others: &[("file", "Picture")],
    },
    Row {
        group: "file",
        event: "message_gif",
        source: CLIENT,
        text: "",
        marks: &[],
        others: &[("file", "Picture")],
    },
    Row {
        group: "file",
        event: "message_sticker",
        source: CLIENT,
        text: "",
        marks: &[],
        others: &[("file", "Sticker")],
    },
    Row {
        group: "file",
        event: "message_video_clip",
        source: CLIENT,
        text: "",
        marks: &[],
        others: &[("file", "Video")],
    },
    Row {
        group: "file",
        event: "message_audio_clip",
        source: "made up after the video clip",
        text: "",
        marks: &[],
        others: &[("file", "Voice message")],
    },
];

fn message(event: &str) -> InboundMessage {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/teams");
    let body = fs::read(path.join(format!("{event}.json"))).unwrap();
    let origins = OriginAllowList::parse("https://smba.trafficmanager.net").unwrap();
    let parsed = request(&body, &connector(), &origins, Timestamp::from_millis(0));
    let is_withheld = event.starts_with("placeholder_");
    match parsed.unwrap().events.remove(0) {
        Event::Message(message) if !is_withheld => *message,
        Event::Placeholder(message) if is_withheld => *message,
        other => panic!("{event}: no message but {other:?}"),
    }
}

/// The marked pieces of a message's text, each with its kind and its id or address.
fn marks(message: &InboundMessage) -> Vec<(String, String, String)> {
    let of = |entity: &Entity| {
        let piece = message.text.chars().skip(entity.offset);
        let json = serde_json::to_value(entity).unwrap();
        let field = |name: &str| json[name].as_str().unwrap_or("").to_owned();
        let target = format!("{}{}", field("id"), field("url"));
        (piece.take(entity.length).collect(), field("kind"), target)
    };
    message.entities.as_slice().iter().map(of).collect()
}

/// All content besides the text, in words.
fn others(message: &InboundMessage) -> Vec<(String, String)> {
    let of = |part: &Part| {
        let json = serde_json::to_value(part).unwrap();
        (json["kind"].as_str().unwrap().to_owned(), part.words())
    };
    let content = message.content();
    let others = content
        .iter()
        .filter(|part| !matches!(part, Part::Text { .. }));
    others.map(of).collect()
}

#[test]
fn whatever_a_person_can_send_is_read_as_they_see_it() {
    for row in ROWS {
        let message = message(row.event);
        assert_eq!(message.text, row.text, "{}", row.event);
        let expected: Vec<_> = row
            .marks
            .iter()
            .map(|(piece, kind, target)| {
                (
                    (*piece).to_owned(),
                    (*kind).to_owned(),
                    (*target).to_owned(),
                )
            })
            .collect();
        assert_eq!(marks(&message), expected, "{}", row.event);
        let expected: Vec<_> = row
            .others
            .iter()
            .map(|(kind, words)| ((*kind).to_owned(), (*words).to_owned()))
            .collect();
        assert_eq!(others(&message), expected, "{}", row.event);
    }
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the numbers are for whoever asks for them"
)]
fn nothing_that_a_person_can_send_is_blank() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in ROWS {
        assert!(!row.source.is_empty(), "{}", row.event);
        let message = message(row.event);
        let words = message.words();
        assert!(!is_blank(&words), "{}", row.event);
        assert!(row.text.is_empty() || words == row.text, "{}", row.event);
        for (_, part) in row.others.iter().filter(|_| row.text.is_empty()) {
            assert!(words.contains(part), "{}: {words}", row.event);
        }
        *counts.entry(row.group).or_default() += 1;
    }
    println!("Teams: {} kinds of content: {counts:?}", ROWS.len());
}
