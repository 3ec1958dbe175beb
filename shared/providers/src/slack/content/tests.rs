//! All that a person can send in Slack, a row for each kind, with its source. Messages that Slack itself or a
//! bot writes are none of them (see `parse`).

use crate::{
    slack::{Slack, fixtures::connector},
    webhook::{Event, RawRequest, WebhookProvider},
};
use http::HeaderMap;
use std::{collections::BTreeMap, fs, path::PathBuf};
use vestibule_domain::{
    Timestamp, chat::content::Part, chat::entity::Entity, chat::message::InboundMessage,
    text::is_blank,
};

/// A kind of content in Slack's own schema, and what it is read as.
struct Row {
    /// The group that it is counted in.
    group: &'static str,
    /// The captured event.
    event: &'static str,
    /// Where the schema is described: a page of docs.slack.dev, or a rule of ours.
    source: &'static str,
    /// The person's own text.
    text: &'static str,
    /// The marked pieces of the text, each with its kind and its id or address.
    marks: &'static [(&'static str, &'static str, &'static str)],
    /// All other content, in words.
    others: &'static [(&'static str, &'static str)],
}

const MESSAGE: &str = "reference/events/message";
const FORMATTING: &str = "Formatting message text";
const RICH_TEXT: &str = "Rich text block";
const BLOCKS: &str = "Blocks";
const ATTACHMENTS: &str = "Secondary message attachments";
const FILE: &str = "reference/objects/file-object";

/// A row of text alone.
const fn text(event: &'static str, source: &'static str, text: &'static str) -> Row {
    Row {
        group: "text",
        event,
        source,
        text,
        marks: &[],
        others: &[],
    }
}

/// A row of a file alone.
const fn file(event: &'static str, others: &'static [(&'static str, &'static str)]) -> Row {
    Row {
        group: "file",
        event,
        source: FILE,
        text: "",
        marks: &[],
        others,
    }
}

const ROWS: &[Row] = &[
    Row {
        group: "reaction",
        event: "message_reaction",
        source: "reference/events/reaction_added",
        text: "",
        marks: &[],
        others: &[("reaction", "Reaction: thumbsup")],
    },
    text("message_im", MESSAGE, "Hello"),
    text("me_message", "reference/events/message/me_message", "waves"),
    text(
        "thread_broadcast",
        "reference/events/message/thread_broadcast",
        "For everyone",
    ),
    text("message_emoji", FORMATTING, ":wave: :party_parrot: 👋"),
    Row {
        group: "text",
        event: "message_escaped",
        source: FORMATTING,
        text: "Tom & Jerry <tom@example.com> über @U0BOT example.com 👋",
        marks: &[
            ("@U0BOT", "user", "U0BOT"),
            ("example.com", "link", "https://example.com"),
        ],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mentions",
        source: FORMATTING,
        text: "@U456DEF789 and @grace are in #help and #C789, @desk too",
        marks: &[
            ("@U456DEF789", "user", "U456DEF789"),
            ("@grace", "user", "W789"),
            ("#help", "channel", "C456DEF789"),
            ("#C789", "channel", "C789"),
            ("@desk", "group", "S123"),
        ],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_everybody",
        source: FORMATTING,
        text: "@here @channel @everyone, typed <!here>",
        marks: &[
            ("@here", "everybody", ""),
            ("@channel", "everybody", ""),
            ("@everyone", "everybody", ""),
        ],
        others: &[],
    },
    Row {
        group: "mention",
        event: "app_mention",
        source: "reference/events/app_mention",
        text: "hi",
        marks: &[],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mention_within",
        source: "SPEC F06",
        text: "please tell @U0BOT apart",
        marks: &[("@U0BOT", "user", "U0BOT")],
        others: &[],
    },
    Row {
        group: "mention",
        event: "message_mention_only",
        source: "SPEC F06",
        text: "@U0BOT",
        marks: &[("@U0BOT", "user", "U0BOT")],
        others: &[],
    },
    Row {
        group: "link",
        event: "message_links",
        source: FORMATTING,
        text: "See https://example.com/?a=1&b=2, the plan, ada@example.com or +43123",
        marks: &[
            (
                "https://example.com/?a=1&b=2",
                "link",
                "https://example.com/?a=1&b=2",
            ),
            ("the plan", "link", "https://example.com/plan"),
            ("ada@example.com", "link", "mailto:ada@example.com"),
            ("+43123", "link", "tel:+43123"),
        ],
        others: &[],
    },
    Row {
        group: "link",
        event: "message_date",
        source: FORMATTING,
        text: "Until Feb 18, 2014",
        marks: &[("Feb 18, 2014", "link", "https://example.com/cal")],
        others: &[],
    },
    Row {
        group: "link",
        event: "message_link_preview",
        source: ATTACHMENTS,
        text: "Read https://example.com/news",
        marks: &[(
            "https://example.com/news",
            "link",
            "https://example.com/news",
        )],
        others: &[],
    },
    Row {
        group: "block",
        event: "message_rich_text_only",
        source: RICH_TEXT,
        text: "Dear @U456DEF789, read the plan in #C456DEF789 :wave:\n1. mix\n2. bake\n    • eat\n> yum\nlet x = 1 < 2;\n@S123 @here Feb 18, 2014 #F405B3",
        marks: &[
            ("@U456DEF789", "user", "U456DEF789"),
            ("the plan", "link", "https://example.com/plan"),
            ("#C456DEF789", "channel", "C456DEF789"),
            ("@S123", "group", "S123"),
            ("@here", "everybody", ""),
        ],
        others: &[],
    },
    Row {
        group: "block",
        event: "message_blocks_only",
        source: BLOCKS,
        text: "Ticket 7\nFor @U456DEF789 & all\n*State* open\nCat",
        marks: &[
            ("@U456DEF789", "user", "U456DEF789"),
            ("Cat", "link", "https://example.com/cat.png"),
        ],
        others: &[],
    },
    Row {
        group: "block",
        event: "placeholder_unknown_block",
        source: BLOCKS,
        text: "",
        marks: &[],
        others: &[("unsupported", "Content that cannot be shown here: call")],
    },
    Row {
        group: "attachment",
        event: "message_attachment_only",
        source: ATTACHMENTS,
        text: "A new ticket\nTicket 7\nIt is broken\nState: open",
        marks: &[
            ("Ticket 7", "link", "https://example.com/7"),
            ("broken", "link", "https://example.com/how"),
        ],
        others: &[],
    },
    Row {
        group: "attachment",
        event: "message_picture_by_command",
        source: ATTACHMENTS,
        text: "a waving cat",
        marks: &[("a waving cat", "link", "https://media.example.com/cat.gif")],
        others: &[],
    },
    Row {
        group: "shared",
        event: "message_forwarded",
        source: ATTACHMENTS,
        text: "",
        marks: &[],
        others: &[(
            "shared",
            "Forwarded message from Grace: See the plan & come, Picture: plan.png",
        )],
    },
    Row {
        group: "shared",
        event: "message_forwarded_with_text",
        source: ATTACHMENTS,
        text: "Please look",
        marks: &[],
        others: &[(
            "shared",
            "Forwarded message from Grace: See the plan & come",
        )],
    },
    Row {
        group: "shared",
        event: "message_forwarded_blocks",
        source: ATTACHMENTS,
        text: "",
        marks: &[],
        others: &[("shared", "Forwarded message from Grace: From blocks")],
    },
    Row {
        group: "shared",
        event: "message_shared_by_link",
        source: ATTACHMENTS,
        text: "https://example.slack.com/archives/C456DEF789/p1568915000000100",
        marks: &[(
            "https://example.slack.com/archives/C456DEF789/p1568915000000100",
            "link",
            "https://example.slack.com/archives/C456DEF789/p1568915000000100",
        )],
        others: &[(
            "shared",
            "Forwarded message from Grace: See the plan & come",
        )],
    },
    Row {
        group: "file",
        event: "file_share",
        source: "reference/events/message/file_share",
        text: "Here is the invoice",
        marks: &[],
        others: &[("file", "File: invoice.pdf")],
    },
    file("file_share_image", &[("file", "Picture: cat.png")]),
    file("file_share_video", &[("file", "Video: cat.mp4")]),
    file("file_share_audio", &[("file", "Audio: song.mp3")]),
    file(
        "file_share_audio_clip",
        &[("file", "Voice message: audio_message.m4a")],
    ),
    file(
        "file_share_audio_clip_without_type",
        &[("file", "Voice message: audio_message.m4a")],
    ),
    file(
        "file_share_video_clip",
        &[("file", "Video: video_message.mp4")],
    ),
    file("file_share_snippet", &[("file", "File: hello.py")]),
    file("file_share_post", &[("file", "File: Minutes")]),
    file("file_share_canvas", &[("file", "File: Upcoming plans")]),
    file("file_share_list", &[("file", "File: Tasks")]),
    file("file_share_external", &[("file", "File: Budget")]),
];

fn message(event: &str) -> InboundMessage {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/slack");
    let body = fs::read(path.join(format!("{event}.json"))).unwrap();
    let headers = HeaderMap::new();
    let request = RawRequest {
        headers: &headers,
        query: None,
        body: &body,
    };
    let parsed = Slack.parse(&request, &connector(), Timestamp::from_millis(0));
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
    println!("Slack: {} kinds of content: {counts:?}", ROWS.len());
}
