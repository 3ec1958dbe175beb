//! Every kind of message that a person can send by `WhatsApp`, and its outcome.

use super::*;
use vestibule_domain::chat::content::{
    Choice, Contact, Form, Item, Location, Number, Order, Part, Reaction, Referral, Relation,
    Shared, Unsupported,
};

/// One kind of content.
struct Row {
    /// Name of its file in `events/360dialog`, whose README names the source.
    event: &'static str,
    /// The person's own text.
    text: &'static str,
    files: &'static [AttachmentKind],
    parts: Vec<Part>,
    /// The text that an approver and a simple agent read.
    words: &'static str,
}

/// A row whose content is words of the person only.
fn text(event: &'static str, text: &'static str, parts: Vec<Part>) -> Row {
    Row {
        event,
        text,
        files: &[],
        parts,
        words: text,
    }
}

/// A row whose content is a file with words.
fn captioned(event: &'static str, words: &'static str, files: &'static [AttachmentKind]) -> Row {
    Row {
        files,
        ..text(event, words, Vec::new())
    }
}

/// A row whose content is a file without words.
fn file(event: &'static str, files: &'static [AttachmentKind], words: &'static str) -> Row {
    Row {
        event,
        text: "",
        files,
        parts: Vec::new(),
        words,
    }
}

/// A row whose content is neither words nor files.
fn part(event: &'static str, parts: Vec<Part>, words: &'static str) -> Row {
    Row {
        event,
        text: "",
        files: &[],
        parts,
        words,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "most fields are optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn place(name: Option<&str>, address: Option<&str>, latitude: f64, longitude: f64) -> Part {
    Part::Location(Location {
        name: name.map(str::to_owned),
        address: address.map(str::to_owned),
        latitude: Number::new(latitude),
        longitude: Number::new(longitude),
        live: false,
    })
}

fn item(product: &str, quantity: f64, price: f64, currency: &str) -> Item {
    Item {
        product_id: some(product),
        quantity: Number::new(quantity),
        price: Number::new(price),
        currency: some(currency),
    }
}

fn choice(title: &str, id: &str, message_id: Option<&str>) -> Part {
    Part::Choice(Choice {
        title: some(title),
        id: some(id),
        message_id: message_id.map(str::to_owned),
    })
}

fn form(name: Option<&str>, message_id: Option<&str>, fields: Value) -> Part {
    Part::Form(Form {
        name: name.map(str::to_owned),
        message_id: message_id.map(str::to_owned),
        fields,
    })
}

fn quoted(message_id: &str) -> Part {
    Part::Shared(Shared {
        message_id: some(message_id),
        from_id: some("972123456789"),
        ..Shared::new(Relation::Quoted)
    })
}

fn forwarded() -> Part {
    Part::Shared(Shared::new(Relation::Forwarded))
}

fn unsupported(name: Option<&str>) -> Part {
    let name = name.map(str::to_owned);
    Part::Unsupported(Unsupported { name })
}

fn advertisement() -> Part {
    Part::Referral(Referral {
        source: some("ad"),
        source_id: some("120226305854810726"),
        url: some("https://fb.me/3cr4Wqqkv"),
        headline: some("Spring sale"),
        body: some("Everything must go"),
        payload: some(CLICK),
    })
}

/// The id of a click on an advertisement.
const CLICK: &str = "Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5nW1h7IHYeYymGb5K5J5iTROpBhWAGaIAeUzHL50";

fn words_and_files() -> Vec<Row> {
    vec![
        text("message_text", "Body Text", Vec::new()),
        text(
            "message_formatted_text",
            "*Bold*, _italic_, ~gone~ and ```code```: https://example.com/?a=1",
            Vec::new(),
        ),
        captioned("message_image", "Look", &[AttachmentKind::Image]),
        captioned("message_video", "Watch", &[AttachmentKind::Video]),
        captioned("message_document", "Our invoice", &[AttachmentKind::File]),
        file(
            "message_image_without_caption",
            &[AttachmentKind::Image],
            "Picture",
        ),
        file("message_audio", &[AttachmentKind::Audio], "Audio"),
        file("message_voice", &[AttachmentKind::Voice], "Voice message"),
        file("message_sticker", &[AttachmentKind::Sticker], "Sticker"),
        file(
            "message_sticker_animated",
            &[AttachmentKind::Sticker],
            "Sticker",
        ),
    ]
}

fn places_contacts_and_orders() -> Vec<Row> {
    let contact = |name, phones: &[&str]| Contact {
        name: some(name),
        phones: phones.iter().map(|phone| (*phone).to_owned()).collect(),
        ..Contact::default()
    };
    vec![
        part(
            "message_location",
            vec![place(
                Some("A place"),
                None,
                37.484_748_369_504_9,
                -122.147_337_308_666_4,
            )],
            "Location: A place, 37.484748, -122.147337",
        ),
        part(
            "message_location_chosen",
            vec![place(
                Some("Facebook HQ"),
                Some("1 Hacker Way, Menlo Park, CA 94025"),
                37.461_197_8,
                -122.216_438_5,
            )],
            "Location: Facebook HQ, 1 Hacker Way, Menlo Park, CA 94025, 37.461198, -122.216438",
        ),
        part(
            "message_location_current",
            vec![place(None, None, 12.25089, 43.90539), forwarded()],
            "Location: 12.25089, 43.90539\nForwarded message",
        ),
        part(
            "message_contacts",
            vec![Part::Contact(contact(
                "Ada Lovelace",
                &["+44 20 7946 0018"],
            ))],
            "Contact: Ada Lovelace, +44 20 7946 0018",
        ),
        part(
            "message_contacts_several",
            vec![
                Part::Contact(Contact {
                    organization: some("Example Ltd"),
                    emails: vec!["chandler@example.com".into()],
                    provider_id: some("15555555555"),
                    ..contact("Chandler Bing", &["+1 555-555-5555", "+1 555-555-5556"])
                }),
                Part::Contact(Contact {
                    provider_id: some("17777777777"),
                    ..contact("Rachel Green", &["17777777777"])
                }),
                Part::Contact(contact("Monica", &[])),
            ],
            "Contact: Chandler Bing, Example Ltd, +1 555-555-5555, +1 555-555-5556, \
             chandler@example.com\nContact: Rachel Green, 17777777777\nContact: Monica",
        ),
        text(
            "message_order",
            "Please",
            vec![Part::Order(Order {
                catalog_id: some("1"),
                items: vec![item("sku1", 2.0, 10.0, "EUR")],
            })],
        ),
        part(
            "message_order_several",
            vec![
                Part::Order(Order {
                    catalog_id: some("354160437058781"),
                    items: vec![
                        item("HAMBURGER", 3.0, 30.0, "ILS"),
                        item("FRENCH_FRIES", 2.0, 34.5, "ILS"),
                    ],
                }),
                quoted("wamid.ours=="),
            ],
            "Order: 3 × HAMBURGER at 30 ILS, 2 × FRENCH_FRIES at 34.5 ILS\nQuoted message",
        ),
    ]
}

fn answers() -> Vec<Row> {
    let ours = Some("wamid.ours==");
    vec![
        text(
            "message_button",
            "Yes, please",
            vec![choice("Yes, please", "yes-1", Some("wamid.earlier"))],
        ),
        text(
            "message_interactive_button_reply",
            "First button",
            vec![choice("First button", "b1", None)],
        ),
        text(
            "message_interactive_list_reply",
            "First row",
            vec![choice("First row", "r1", None)],
        ),
        part(
            "message_interactive_flow_reply",
            vec![form(None, None, json!({"a": 1}))],
            "Form: a: 1",
        ),
        part(
            "message_interactive_flow_answers",
            vec![form(
                None,
                ours,
                json!({
                    "comment_text": "Comment Text", "delivery_rating": "4",
                    "flow_token": "AQAAAAACS5FpgQ_cAAAAAD0QI3s.",
                }),
            )],
            "Form: comment_text: Comment Text, delivery_rating: 4, \
             flow_token: AQAAAAACS5FpgQ_cAAAAAD0QI3s.",
        ),
        part(
            "message_interactive_address_reply",
            vec![form(
                Some("address_message"),
                ours,
                json!({
                    "name": "Ada Lovelace", "in_pin_code": "400063", "city": "Mumbai",
                    "saved_address_id": "address1",
                }),
            )],
            "Form address_message: name: Ada Lovelace, in_pin_code: 400063, city: Mumbai, \
             saved_address_id: address1",
        ),
        part(
            "message_interactive_call_permission_accepted",
            vec![form(
                Some("call_permission_reply"),
                ours,
                json!({
                    "response": "accept", "expiration_timestamp": 1_697_648_023,
                    "response_source": "user_action",
                }),
            )],
            "Form call_permission_reply: response: accept, expiration_timestamp: 1697648023, \
             response_source: user_action",
        ),
        part(
            "message_interactive_call_permission_rejected",
            vec![form(
                Some("call_permission_reply"),
                ours,
                json!({"response": "reject", "response_source": "user_action"}),
            )],
            "Form call_permission_reply: response: reject, response_source: user_action",
        ),
        part(
            "message_reaction",
            vec![Part::Reaction(Reaction {
                emoji: some("👍"),
                message_id: some("wamid.ours=="),
            })],
            "Reaction: 👍",
        ),
    ]
}

fn words_with_more_beside_them() -> Vec<Row> {
    let product = Part::Referral(Referral {
        source: some("product"),
        source_id: some("HAMBURGER"),
        payload: some("354160437058781"),
        ..Referral::default()
    });
    vec![
        text(
            "message_referral",
            "I saw your advertisement",
            vec![advertisement()],
        ),
        text(
            "message_referred_product",
            "Is this still there?",
            vec![product, quoted("wamid.ours==")],
        ),
        text("message_forwarded", "forwarded text", vec![forwarded()]),
        Row {
            parts: vec![forwarded()],
            ..file(
                "message_frequently_forwarded",
                &[AttachmentKind::Image],
                "Picture\nForwarded message",
            )
        },
        text("message_reply", "Body Text", vec![quoted("wamid.earlier")]),
    ]
}

fn withheld() -> Vec<Row> {
    let nameless = "Content that cannot be shown here";
    vec![
        part("placeholder_unsupported", vec![unsupported(None)], nameless),
        part("placeholder_unknown", vec![unsupported(None)], nameless),
        part("placeholder_unavailable", vec![unsupported(None)], nameless),
        part(
            "placeholder_poll",
            vec![unsupported(Some("poll_creation"))],
            "Content that cannot be shown here: poll_creation",
        ),
        part(
            "placeholder_lost_image",
            vec![unsupported(Some("image"))],
            "Content that cannot be shown here: image",
        ),
        part(
            "placeholder_new_type",
            vec![unsupported(Some("hologram"))],
            "Content that cannot be shown here: hologram",
        ),
        part(
            "placeholder_new_interactive_type",
            vec![unsupported(Some("hologram_reply")), quoted("wamid.ours==")],
            "Content that cannot be shown here: hologram_reply\nQuoted message",
        ),
        part(
            "placeholder_call_permission_without_reply",
            vec![
                unsupported(Some("call_permission_reply")),
                quoted("wamid.ours=="),
            ],
            "Content that cannot be shown here: call_permission_reply\nQuoted message",
        ),
        part(
            "placeholder_interactive_without_reply",
            vec![unsupported(Some("interactive")), quoted("wamid.ours==")],
            "Content that cannot be shown here: interactive\nQuoted message",
        ),
        part(
            "placeholder_empty_text",
            vec![unsupported(Some("text"))],
            "Content that cannot be shown here: text",
        ),
        part(
            "placeholder_after_advertisement",
            vec![unsupported(None), advertisement()],
            ADVERTISED,
        ),
    ]
}

const ADVERTISED: &str = "Content that cannot be shown here\nCame from: Spring sale, https://fb.me/3cr4Wqqkv, Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5nW1h7IHYeYymGb5K5J5iTROpBhWAGaIAeUzHL50";

/// Reads a message and whether the agent gets it.
fn read(name: &str) -> (InboundMessage, bool) {
    match only_event(&captured(name)) {
        Event::Message(message) => (*message, true),
        Event::Placeholder(message) => (*message, false),
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the count is the result")]
fn every_kind_of_content_becomes_text_files_and_parts_and_says_something() {
    let delivered = [
        words_and_files(),
        places_contacts_and_orders(),
        answers(),
        words_with_more_beside_them(),
    ];
    let delivered = delivered.into_iter().flatten().map(|row| (row, true));
    let withheld = withheld().into_iter().map(|row| (row, false));
    let mut kinds = 0;
    for (row, is_delivered) in delivered.chain(withheld) {
        let (message, is_for_the_agent) = read(row.event);
        assert_eq!(is_for_the_agent, is_delivered, "{}", row.event);
        assert_eq!(message.text, row.text, "{}", row.event);
        let files: Vec<_> = message.attachments.iter().map(|file| file.kind).collect();
        assert_eq!(files, row.files, "{}", row.event);
        assert_eq!(message.parts.as_slice(), row.parts, "{}", row.event);
        assert!(message.entities.is_empty(), "{}", row.event);
        assert_eq!(message.words(), row.words, "{}", row.event);
        kinds += 1;
    }
    println!("360dialog: {kinds} kinds of content, 0 of them blank");
    for name in captured_names("message_")
        .into_iter()
        .chain(captured_names("placeholder_"))
    {
        let (message, _) = read(&name);
        assert!(!is_blank(&message.words()), "{name}");
        assert!(!message.content().is_empty(), "{name}");
    }
}
