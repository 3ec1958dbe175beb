//! The content of a message: its parts, its files, and the mentions and links in its text.

use super::schema::{
    Field, count, list, nullable, object, one_of, spelled, text, text_or_null, time_or_null, truth,
};
use serde_json::{Value, json};

/// A schema that its kinds tell from the others: its name, its kinds, its description, its other fields.
type OfKind = (
    &'static str,
    &'static [&'static str],
    &'static str,
    Vec<Field>,
);

/// The schemas by name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let (parts, entities) = (parts(), entities());
    let names =
        |all: &[OfKind]| -> Vec<&'static str> { all.iter().map(|(name, ..)| *name).collect() };
    let part = one_of(
        "Part of a message. New kinds may appear: pass over those that you do not know.",
        &names(&parts),
    );
    let entity = one_of(
        "Mention or link in the text of a message.",
        &names(&entities),
    );
    let mut all = vec![
        ("ContentPart", part),
        ("TextEntity", entity),
        ("MessageAttachment", attachment()),
    ];
    all.extend(parts.into_iter().map(|one| of_kind(one, Vec::new())));
    all.extend(entities.into_iter().map(|one| of_kind(one, place())));
    all
}

fn of_kind(
    (name, kinds, description, own): OfKind,
    mut fields: Vec<Field>,
) -> (&'static str, Value) {
    fields.push(("kind", spelled(kinds), "Kind."));
    fields.extend(own);
    (name, object(description, fields))
}

fn parts() -> [OfKind; 14] {
    [
        (
            "ContentText",
            &["text"],
            "Words of the person.",
            vec![("text", text(), "Text.")],
        ),
        file(),
        location(),
        contact(),
        order(),
        form(),
        choice(),
        reaction(),
        poll(),
        dice(),
        checklist(),
        referral(),
        shared(),
        (
            "ContentUnsupported",
            &["unsupported"],
            "Something that the platform does not hand over, or that is not known here.",
            vec![("name", text_or_null(), "The platform's name for it.")],
        ),
    ]
}

fn file() -> OfKind {
    let types = ["image", "video", "audio", "voice", "sticker", "document"];
    let mut fields = vec![
        ("index", count(), "Place in `attachments`."),
        ("type", spelled(&types), "Type of the file."),
    ];
    fields.extend(of_a_file());
    ("ContentFile", &["file"], "A file or picture.", fields)
}

/// The fields of every file, besides its kind.
fn of_a_file() -> Vec<Field> {
    vec![
        ("provider_id", text(), "The platform's id of the file."),
        ("name", text_or_null(), "File name."),
        (
            "mime_type",
            text_or_null(),
            "Media type, as the platform states it.",
        ),
        (
            "url",
            text_or_null(),
            "Address of the content at the platform.",
        ),
    ]
}

fn attachment() -> Value {
    let kinds = ["image", "video", "audio", "file"];
    let mut fields = vec![("kind", spelled(&kinds), "Kind of the file.")];
    fields.extend(of_a_file());
    object(
        "File of a message. Its content stays with the platform.",
        fields,
    )
}

fn location() -> OfKind {
    let fields = vec![
        ("name", text_or_null(), "Name of the place."),
        ("address", text_or_null(), "Address of the place."),
        (
            "latitude",
            nullable("number"),
            "Latitude in degrees, from -90 to 90.",
        ),
        (
            "longitude",
            nullable("number"),
            "Longitude in degrees, from -180 to 180.",
        ),
        (
            "live",
            truth(),
            "Whether the person shares the place as it changes.",
        ),
    ];
    ("ContentLocation", &["location"], "A place.", fields)
}

fn contact() -> OfKind {
    let fields = vec![
        ("name", text_or_null(), "Name on the card."),
        ("organization", text_or_null(), "Organisation on the card."),
        ("phones", list(&text()), "Phone numbers, as written."),
        ("emails", list(&text()), "E-mail addresses."),
        (
            "provider_id",
            text_or_null(),
            "The platform's id of the person, if the card has one.",
        ),
    ];
    ("ContentContact", &["contact"], "A contact card.", fields)
}

fn order() -> OfKind {
    let item = vec![
        (
            "product_id",
            text_or_null(),
            "Id of the product in the catalogue.",
        ),
        ("quantity", nullable("number"), "Number of pieces."),
        ("price", nullable("number"), "Price of one piece."),
        (
            "currency",
            text_or_null(),
            "Currency of the price, such as `EUR`.",
        ),
    ];
    let fields = vec![
        (
            "catalog_id",
            text_or_null(),
            "The platform's id of the catalogue.",
        ),
        (
            "items",
            list(&object("Ordered product.", item)),
            "Ordered products.",
        ),
    ];
    (
        "ContentOrder",
        &["order"],
        "An order from a catalogue.",
        fields,
    )
}

fn form() -> OfKind {
    let fields = vec![
        ("name", text_or_null(), "Name of the form."),
        (
            "message_id",
            text_or_null(),
            "The platform's id of the message that held the form.",
        ),
        (
            "fields",
            json!({}),
            "Answers by field, as the platform hands them over.",
        ),
    ];
    (
        "ContentForm",
        &["form"],
        "An answered form: a flow in WhatsApp, a submitted card in Teams.",
        fields,
    )
}

fn choice() -> OfKind {
    let fields = vec![
        ("title", text_or_null(), "Title that the person saw."),
        (
            "id",
            text_or_null(),
            "Id or payload, which the person did not see.",
        ),
        (
            "message_id",
            text_or_null(),
            "The platform's id of the message that offered the choice.",
        ),
    ];
    (
        "ContentChoice",
        &["choice"],
        "A pressed button, or an entry chosen from a list.",
        fields,
    )
}

fn reaction() -> OfKind {
    let fields = vec![
        (
            "emoji",
            text_or_null(),
            "Emoji, or the platform's name for it.",
        ),
        (
            "message_id",
            text_or_null(),
            "The platform's id of the message.",
        ),
    ];
    (
        "ContentReaction",
        &["reaction"],
        "A reaction to a message.",
        fields,
    )
}

fn poll() -> OfKind {
    let fields = vec![
        ("question", text_or_null(), "Question."),
        ("options", list(&text()), "Answers to choose from."),
    ];
    ("ContentPoll", &["poll"], "A poll.", fields)
}

fn dice() -> OfKind {
    let fields = vec![
        ("emoji", text_or_null(), "Emoji of the game."),
        ("value", count(), "Result."),
    ];
    (
        "ContentDice",
        &["dice"],
        "A thrown die, or another game of chance of the platform.",
        fields,
    )
}

fn checklist() -> OfKind {
    let task = vec![
        ("id", text_or_null(), "The platform's id of the task."),
        ("text", text(), "Text of the task."),
        ("done", truth(), "Whether the task is done."),
    ];
    let fields = vec![
        ("title", text_or_null(), "Title."),
        ("tasks", list(&object("Task.", task)), "Tasks."),
    ];
    ("ContentChecklist", &["checklist"], "A checklist.", fields)
}

fn referral() -> OfKind {
    let fields = vec![
        (
            "source",
            text_or_null(),
            "Kind of the source, in the platform's word: `ad`, `post`, `start`.",
        ),
        (
            "source_id",
            text_or_null(),
            "The platform's id of the source.",
        ),
        ("url", text_or_null(), "Address of the source."),
        ("headline", text_or_null(), "Headline of an advertisement."),
        ("body", text_or_null(), "Text of an advertisement."),
        (
            "payload",
            text_or_null(),
            "Content of the link, such as Telegram's parameter of `/start`.",
        ),
    ];
    (
        "ContentReferral",
        &["referral"],
        "The advertisement or link by which the person came.",
        fields,
    )
}

fn shared() -> OfKind {
    let kinds = ["image", "video", "audio", "voice", "sticker", "file"];
    let mut file = vec![("kind", spelled(&kinds), "Kind of the file.")];
    file.extend(of_a_file());
    let fields = vec![
        (
            "relation",
            spelled(&["forwarded", "quoted"]),
            "Whether the person passed the message on or answered it.",
        ),
        (
            "from",
            text_or_null(),
            "Name of the author: a person, a channel, a bot.",
        ),
        (
            "from_id",
            text_or_null(),
            "The platform's id of the author.",
        ),
        (
            "message_id",
            text_or_null(),
            "The platform's id of the message.",
        ),
        ("sent_at", time_or_null(), "Time of writing."),
        (
            "text",
            text_or_null(),
            "Text of the message, or its content in words.",
        ),
        (
            "files",
            list(&object("File of a shared message.", file)),
            "Files of the message. They are not among `attachments`.",
        ),
    ];
    (
        "ContentShared",
        &["shared"],
        "A forwarded or quoted message.",
        fields,
    )
}

/// The fields of every mention or link, besides its kind.
fn place() -> Vec<Field> {
    vec![
        (
            "offset",
            count(),
            "Place of the first character, counted in Unicode characters of the text.",
        ),
        ("length", count(), "Number of characters."),
    ]
}

fn entities() -> [OfKind; 3] {
    [
        (
            "TextMention",
            &["user", "group", "channel"],
            "Mention of a person, group or channel.",
            vec![
                ("id", text_or_null(), "The platform's id."),
                ("name", text_or_null(), "Name."),
            ],
        ),
        (
            "TextMentionOfEverybody",
            &["everybody"],
            "Mention of everybody here.",
            Vec::new(),
        ),
        (
            "TextLink",
            &["link"],
            "Link.",
            vec![
                ("url", text(), "Address."),
                (
                    "label",
                    text_or_null(),
                    "Words that stand for the address, if it does not stand there itself.",
                ),
            ],
        ),
    ]
}
