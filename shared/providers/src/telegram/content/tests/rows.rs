//! One row for each thing that a person can send: its event, and what it is read into. The source of each
//! stands in the events' README.

use serde_json::{Value, json};

/// A field of `Message`, an event that has it, and what is read from it.
pub(super) type Row = (&'static str, &'static str, Value);

pub(super) fn all() -> Vec<Row> {
    [
        texts(),
        marks(),
        commands(),
        rich(),
        files(),
        places(),
        data(),
        withheld(),
        forwarded(),
        published(),
        quoted(),
    ]
    .concat()
}

fn link(offset: usize, length: usize, url: &str) -> Value {
    json!({"offset": offset, "length": length, "kind": "link", "url": url})
}

pub(super) fn mention(offset: usize, length: usize, name: &str) -> Value {
    json!({"offset": offset, "length": length, "kind": "user", "name": name})
}

fn texts() -> Vec<Row> {
    vec![
        ("text", "message_private", json!({"text": "hello there"})),
        ("text", "message_emoji", json!({"text": "Grüße 世界 👋🏽 👨‍👩‍👧"})),
        (
            "caption",
            "message_photo",
            json!({"text": "my cat", "files": ["image"]}),
        ),
        (
            "has_protected_content",
            "message_protected",
            json!({"text": "for you only"}),
        ),
        ("via_bot", "message_via_bot", json!({"text": "found it"})),
    ]
}

fn marks() -> Vec<Row> {
    vec![
        (
            "entities",
            "message_links",
            json!({
                "text": "👋 see our menu, example.com or https://example.com/a?b=1; ada@example.com, +1 555 0100",
                "entities": [
                    {"offset": 6, "length": 8, "kind": "link", "url": "https://example.com/menu", "label": "our menu"},
                    link(16, 11, "http://example.com"),
                    link(31, 25, "https://example.com/a?b=1"),
                    link(58, 15, "mailto:ada@example.com"),
                    link(75, 11, "tel:+15550100"),
                ],
            }),
        ),
        (
            "entities",
            "message_mentions",
            json!({"text": "ask @ann or Bob 世 @ada_bot", "entities": [
                mention(4, 4, "ann"),
                {"offset": 12, "length": 3, "kind": "user", "id": "6", "name": "Bob"},
                mention(18, 8, "ada_bot"),
            ]}),
        ),
        (
            "entities",
            "message_bot_mention",
            json!({"text": "hello @ann", "entities": [mention(6, 4, "ann")]}),
        ),
        (
            "entities",
            "message_bot_mention_alone",
            json!({"text": "@ada_bot", "entities": [mention(0, 8, "ada_bot")]}),
        ),
        (
            "text",
            "message_supergroup",
            json!({"text": "@ada_bot hello"}),
        ),
        (
            "entities",
            "message_formatted",
            json!({"text": "bold #tag $USD secret 👍 quoted code"}),
        ),
        (
            "caption_entities",
            "message_caption_entities",
            json!({
                "text": "invoice, see example.com",
                "files": ["file"],
                "entities": [link(13, 11, "http://example.com")],
            }),
        ),
    ]
}

fn commands() -> Vec<Row> {
    vec![
        (
            "entities",
            "message_command",
            json!({"text": "/help@ada_bot prices"}),
        ),
        (
            "ephemeral_message_id",
            "message_ephemeral",
            json!({"text": "/balance@ada_bot"}),
        ),
        ("entities", "message_start", json!({"text": "/start"})),
        (
            "entities",
            "message_start_payload",
            json!({
                "text": "/start ref_42-A",
                "parts": [{"kind": "referral", "source": "start", "payload": "ref_42-A"}],
            }),
        ),
        (
            "entities",
            "message_start_group",
            json!({
                "text": "/start@ada_bot team-7",
                "parts": [{"kind": "referral", "source": "start", "payload": "team-7"}],
            }),
        ),
    ]
}

fn rich() -> Vec<Row> {
    vec![(
        "rich_message",
        "message_rich",
        json!({
            "text": "Offer\nSee the tea, or ask @ann\n• green\n• black\na cup",
            "files": ["image", "voice"],
            "parts": [{"kind": "location", "latitude": 52.52, "longitude": 13.405}],
            "entities": [
                {"offset": 10, "length": 7, "kind": "link", "url": "https://example.com/tea", "label": "the tea"},
                mention(26, 4, "ann"),
            ],
        }),
    )]
}

fn files() -> Vec<Row> {
    vec![
        (
            "photo",
            "message_photo_without_caption",
            json!({"files": ["image"], "words": "Picture"}),
        ),
        (
            "live_photo",
            "message_live_photo",
            json!({"files": ["video"], "words": "Video"}),
        ),
        (
            "animation",
            "message_animation",
            json!({"files": ["video"], "words": "Video: wave.mp4"}),
        ),
        (
            "video",
            "message_video",
            json!({"files": ["video"], "text": "look"}),
        ),
        (
            "video_note",
            "message_video_note",
            json!({"files": ["video"], "words": "Video"}),
        ),
        (
            "voice",
            "message_voice",
            json!({"files": ["voice"], "words": "Voice message"}),
        ),
        (
            "audio",
            "message_audio",
            json!({"files": ["audio"], "words": "Audio: air.mp3"}),
        ),
        (
            "document",
            "message_document",
            json!({"files": ["file"], "text": "for you"}),
        ),
        (
            "sticker",
            "message_sticker",
            json!({"files": ["sticker"], "words": "Sticker: 👍"}),
        ),
        (
            "paid_media",
            "message_paid_media",
            json!({"files": ["image", "video"], "text": "worth it"}),
        ),
        (
            "paid_media",
            "placeholder_paid_media_preview",
            json!({
                "parts": [{"kind": "unsupported", "name": "paid_media"}],
                "words": "Content that cannot be shown here: paid_media",
                "withheld": true,
            }),
        ),
    ]
}

fn one(part: &Value, words: &str) -> Value {
    json!({"parts": [part], "words": words})
}

fn places() -> Vec<Row> {
    let place = json!({"kind": "location", "latitude": 52.52, "longitude": 13.405});
    let venue = json!({
        "kind": "location", "name": "Café", "address": "Street 1", "latitude": 52.52, "longitude": 13.405,
    });
    let live = json!({"kind": "location", "latitude": 52.52, "longitude": 13.405, "live": true});
    vec![
        (
            "location",
            "message_location",
            one(&place, "Location: 52.52, 13.405"),
        ),
        (
            "location",
            "message_live_location",
            one(&live, "Live location: 52.52, 13.405"),
        ),
        (
            "venue",
            "message_venue",
            one(&venue, "Location: Café, Street 1, 52.52, 13.405"),
        ),
    ]
}

fn data() -> Vec<Row> {
    let contact =
        json!({"kind": "contact", "name": "Ada", "phones": ["+15550100"], "provider_id": "5"});
    let card = json!({
        "kind": "contact", "name": "Ada Lovelace", "organization": "Engines Ltd., Research",
        "phones": ["+15550100", "+1 555 0101"], "emails": ["ada@example.com"], "provider_id": "5",
    });
    let poll = json!({"kind": "poll", "question": "When?", "options": ["Now", "Later"]});
    let dice = json!({"kind": "dice", "emoji": "🎲", "value": 6});
    let checklist = json!({"kind": "checklist", "title": "Move", "tasks": [
        {"id": "1", "text": "Pack", "done": true}, {"id": "2", "text": "Drive"},
    ]});
    let form = json!({"kind": "form", "name": "Order", "fields": {"size": "L", "count": 2}});
    let chosen = json!({"kind": "choice", "title": "News", "id": "-1001234567890"});
    let card_words =
        "Contact: Ada Lovelace, Engines Ltd., Research, +15550100, +1 555 0101, ada@example.com";
    vec![
        (
            "contact",
            "message_contact",
            one(&contact, "Contact: Ada, +15550100"),
        ),
        ("contact", "message_contact_vcard", one(&card, card_words)),
        (
            "poll",
            "message_poll",
            one(&poll, "Poll: When? (Now, Later)"),
        ),
        ("dice", "message_dice", one(&dice, "🎲: 6")),
        (
            "checklist",
            "message_checklist",
            one(&checklist, "Checklist: Move, [x] Pack, [ ] Drive"),
        ),
        (
            "web_app_data",
            "message_web_app_data",
            one(&form, "Form Order: size: L, count: 2"),
        ),
        ("chat_shared", "message_chat_shared", one(&chosen, "News")),
        (
            "users_shared",
            "message_users_shared",
            json!({
                "parts": [
                    {"kind": "contact", "name": "Ann Lee", "provider_id": "5"},
                    {"kind": "contact", "name": "bob", "provider_id": "6"},
                ],
                "words": "Contact: Ann Lee\nContact: bob",
            }),
        ),
        (
            "gift",
            "message_gift",
            json!({
                "text": "thank you @ann",
                "entities": [mention(10, 4, "ann")],
                "parts": [{"kind": "unsupported", "name": "gift"}],
            }),
        ),
    ]
}

fn withheld() -> Vec<Row> {
    let withheld = |name: &str| {
        json!({
            "parts": [{"kind": "unsupported", "name": name}],
            "words": format!("Content that cannot be shown here: {name}"),
            "withheld": true,
        })
    };
    vec![
        ("gift", "placeholder_gift_silent", withheld("gift")),
        ("hologram", "placeholder_unknown", withheld("hologram")),
    ]
}

/// A message of somebody else, of which this is known besides.
fn shared(relation: &str, from: &str, known: &Value) -> Value {
    let mut shared = json!({"kind": "shared", "relation": relation, "from": from});
    let fields = shared.as_object_mut().unwrap();
    fields.extend(known.as_object().unwrap().clone());
    shared
}

const NEWS: &str = "-1001234567890";
const WRITTEN_AT: &str = "2019-09-26T17:13:20.000Z";
const REPLIED_AT: &str = "2019-09-26T17:18:20.000Z";

/// The row of a message of the channel that was passed on.
fn of_news(id: &str) -> Value {
    let known = json!({"from_id": NEWS, "message_id": id, "sent_at": WRITTEN_AT});
    shared("forwarded", "News", &known)
}

fn forwarded() -> Vec<Row> {
    let passed_on = |from: &str, id: &str| {
        let known = json!({"from_id": id, "sent_at": WRITTEN_AT});
        json!({"text": "see this", "parts": [shared("forwarded", from, &known)]})
    };
    let hidden = shared("forwarded", "Somebody", &json!({"sent_at": WRITTEN_AT}));
    vec![
        (
            "forward_origin",
            "message_forward",
            passed_on("Ada", "110201543"),
        ),
        (
            "forward_origin",
            "message_forward_chat",
            passed_on("Test", "-1001160242915"),
        ),
        (
            "forward_origin",
            "message_forward_hidden",
            json!({"text": "see this", "parts": [hidden]}),
        ),
        (
            "forward_origin",
            "message_forward_channel",
            json!({
                "files": ["image"],
                "parts": [of_news("12")],
                "words": "Picture\nForwarded message from News",
            }),
        ),
    ]
}

fn published() -> Vec<Row> {
    let published =
        |text: &str| shared("forwarded", "News", &json!({"from_id": NEWS, "text": text}));
    let story = json!({"from_id": NEWS, "message_id": "3", "text": "Story"});
    let invoice =
        json!({"kind": "shared", "relation": "forwarded", "text": "Invoice: Tea, A pound of tea"});
    let shop = shared(
        "forwarded",
        "Shop",
        &json!({"from_id": "1", "sent_at": WRITTEN_AT}),
    );
    // Of files, only the kinds are compared.
    let mut game = shared(
        "forwarded",
        "Games",
        &json!({"text": "Game: Lumberjack, Chop wood"}),
    );
    game["files"] = json!(["image"]);
    let game_words = "Forwarded message from Games: Game: Lumberjack, Chop wood, Picture";
    let news = "Forwarded message from News";
    vec![
        (
            "story",
            "message_story",
            json!({"parts": [shared("forwarded", "News", &story)], "words": format!("{news}: Story")}),
        ),
        (
            "game",
            "message_game",
            json!({"parts": [game], "words": game_words}),
        ),
        (
            "invoice",
            "message_invoice",
            json!({
                "parts": [invoice, shop],
                "words": "Forwarded message: Invoice: Tea, A pound of tea\nForwarded message from Shop",
            }),
        ),
        (
            "giveaway",
            "message_giveaway",
            json!({
                "parts": [published("Giveaway: A year of tea"), of_news("12")],
                "words": format!("{news}: Giveaway: A year of tea\n{news}"),
            }),
        ),
        (
            "giveaway_winners",
            "message_giveaway_winners",
            json!({
                "parts": [published("Winners of a giveaway"), of_news("13")],
                "words": format!("{news}: Winners of a giveaway\n{news}"),
            }),
        ),
    ]
}

fn quoted() -> Vec<Row> {
    let answer = |text: &str, part: Value| json!({"text": text, "parts": [part]});
    let of_bot = |text: &str| {
        let known = json!({
            "from_id": "110201543", "message_id": "6500", "sent_at": REPLIED_AT, "text": text,
        });
        shared("quoted", "Ada", &known)
    };
    let of_ann = |id: &str| {
        let known = json!({"from_id": "5", "message_id": id, "sent_at": REPLIED_AT});
        shared("quoted", "Ann Lee", &known)
    };
    let mut photo = of_ann("6501");
    photo["files"] = json!(["image"]);
    let mut poll = of_ann("6502");
    poll["text"] = json!("Poll: When? (Now)");
    let external =
        json!({"from_id": NEWS, "message_id": "12", "sent_at": WRITTEN_AT, "text": "the invoice"});
    let mut external = shared("quoted", "News", &external);
    external["files"] = json!(["file"]);
    let story = json!({"from_id": NEWS, "message_id": "3", "text": "Story"});
    let story = shared("quoted", "News", &story);
    vec![
        (
            "reply_to_message",
            "message_supergroup_reply",
            answer("yes", of_bot("Is it?")),
        ),
        (
            "reply_to_message",
            "message_reply_photo",
            answer("nice", photo),
        ),
        (
            "reply_to_message",
            "message_reply_poll",
            answer("this one", poll),
        ),
        (
            "reply_to_message",
            "message_forum_topic_first",
            json!({"text": "in a topic"}),
        ),
        ("quote", "message_quote", answer("this one", of_bot("tea"))),
        (
            "external_reply",
            "message_external_reply",
            answer("is this right?", external),
        ),
        (
            "reply_to_story",
            "message_reply_to_story",
            answer("wow", story),
        ),
    ]
}
