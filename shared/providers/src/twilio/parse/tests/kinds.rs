//! Every kind of message that a person can send by SMS, MMS and `WhatsApp`, and its outcome.

use super::*;
use serde_json::{Value, json};
use vestibule_domain::chat::content::{
    Choice, Form, Location, Number, Part, Referral, Relation, Shared, Unsupported,
};

/// One kind of content.
struct Row {
    /// Name of its file in `events/twilio`, whose README names the source.
    event: &'static str,
    /// The person's own text.
    text: &'static str,
    files: &'static [AttachmentKind],
    parts: Vec<Part>,
    /// The text that an approver and a simple agent read.
    words: &'static str,
}

/// A row whose content is words of the person.
fn text(event: &'static str, text: &'static str, parts: Vec<Part>) -> Row {
    Row {
        event,
        text,
        files: &[],
        parts,
        words: text,
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

fn choice(title: &str, id: &str, message_id: &str) -> Part {
    Part::Choice(Choice {
        title: some(title),
        id: some(id),
        message_id: some(message_id),
    })
}

/// An answer to the message that the files of choices and flows answer.
fn form(fields: Value) -> Part {
    Part::Form(Form {
        name: None,
        message_id: some(ASKED),
        fields,
    })
}

/// Our message that the person answers.
const ASKED: &str = "SM00000000000000000000000000000065";

fn forwarded() -> Part {
    Part::Shared(Shared::new(Relation::Forwarded))
}

fn unsupported(name: Option<&str>) -> Part {
    let name = name.map(str::to_owned);
    Part::Unsupported(Unsupported { name })
}

fn words_and_files() -> Vec<Row> {
    vec![
        text("message_sms.form", "Hello", Vec::new()),
        text("message_whatsapp.form", "Hello", Vec::new()),
        Row {
            files: &[AttachmentKind::Image, AttachmentKind::File],
            ..text("message_mms.form", "Look", Vec::new())
        },
        file(
            "message_whatsapp_image.form",
            &[AttachmentKind::Image],
            "Picture",
        ),
        Row {
            files: &[AttachmentKind::Video],
            ..text("message_whatsapp_video.form", "Watch", Vec::new())
        },
        Row {
            files: &[AttachmentKind::File],
            ..text("message_whatsapp_document.form", "invoice.pdf", Vec::new())
        },
        file(
            "message_whatsapp_audio.form",
            &[AttachmentKind::Audio],
            "Audio",
        ),
        file(
            "message_whatsapp_voice.form",
            &[AttachmentKind::Voice],
            "Voice message",
        ),
        file(
            "message_whatsapp_sticker.form",
            &[AttachmentKind::Sticker],
            "Sticker",
        ),
        file(
            "message_whatsapp_contact.form",
            &[AttachmentKind::File],
            "File",
        ),
    ]
}

fn places_choices_and_forms() -> Vec<Row> {
    let place = Location {
        latitude: Number::new(47.3769),
        longitude: Number::new(8.5417),
        name: some("Main station"),
        address: some("Bahnhofplatz, 8001 Zürich"),
        live: false,
    };
    let current = Location {
        latitude: Number::new(-33.45),
        longitude: Number::new(-70.6667),
        ..Location::default()
    };
    vec![
        part(
            "message_whatsapp_location.form",
            vec![Part::Location(place)],
            "Location: Main station, Bahnhofplatz, 8001 Zürich, 47.3769, 8.5417",
        ),
        part(
            "message_whatsapp_location_current.form",
            vec![Part::Location(current)],
            "Location: -33.45, -70.6667",
        ),
        text(
            "message_whatsapp_button.form",
            "Confirm",
            vec![choice(
                "Confirm",
                "{confirm}",
                "MM00000000000000000000000000000065",
            )],
        ),
        text(
            "message_whatsapp_interactive.form",
            "Confirm",
            vec![choice(
                "Confirm",
                "{confirm}",
                "MM0000000000000000000000000000006f",
            )],
        ),
        text(
            "message_whatsapp_list.form",
            "First row",
            vec![choice("First row", "r1", ASKED)],
        ),
        text(
            "message_whatsapp_list_without_body.form",
            "First row",
            vec![choice("First row", "r1", ASKED)],
        ),
        part(
            "message_whatsapp_flow.form",
            vec![form(
                json!({"rating": "4", "comment": "Good", "flow_token": "T1"}),
            )],
            "Form: rating: 4, comment: Good, flow_token: T1",
        ),
        part(
            "message_whatsapp_flow_data.form",
            vec![form(json!({"rating": "4", "days": ["Mon", "Tue"]}))],
            "Form: rating: 4, days: Mon, Tue",
        ),
    ]
}

fn words_with_more_beside_them() -> Vec<Row> {
    let referral = Referral {
        source: some("ad"),
        source_id: some("120226305854810726"),
        url: some("https://fb.me/3cr4Wqqkv"),
        headline: some("Spring sale"),
        body: some("Everything must go"),
        payload: some("Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27v"),
    };
    let quoted = Shared {
        message_id: some(ASKED),
        from_id: some("whatsapp:+12028831111"),
        ..Shared::new(Relation::Quoted)
    };
    vec![
        text(
            "message_whatsapp_referral.form",
            "Hello",
            vec![Part::Referral(referral)],
        ),
        text(
            "message_whatsapp_reply.form",
            "Hello",
            vec![Part::Shared(quoted)],
        ),
        text(
            "message_whatsapp_forwarded.form",
            "Hello",
            vec![forwarded()],
        ),
        Row {
            parts: vec![forwarded()],
            ..file(
                "message_whatsapp_frequently_forwarded.form",
                &[AttachmentKind::Image],
                "Picture\nForwarded message",
            )
        },
    ]
}

fn withheld() -> Vec<Row> {
    let nameless = "Content that cannot be shown here";
    vec![
        part(
            "placeholder_sms_without_text.form",
            vec![unsupported(None)],
            nameless,
        ),
        part(
            "placeholder_unsupported.form",
            vec![unsupported(None)],
            nameless,
        ),
        part(
            "placeholder_image.form",
            vec![unsupported(Some("image"))],
            "Content that cannot be shown here: image",
        ),
        part(
            "placeholder_order.form",
            vec![unsupported(Some("order"))],
            "Content that cannot be shown here: order",
        ),
        part(
            "placeholder_new_type.form",
            vec![unsupported(Some("hologram"))],
            "Content that cannot be shown here: hologram",
        ),
    ]
}

/// Reads a message and whether the agent gets it.
fn read(name: &str) -> (InboundMessage, bool) {
    match only(captured_events(name)) {
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
        places_choices_and_forms(),
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
    println!("Twilio: {kinds} kinds of content, 0 of them blank");
    for name in captured_names("message_")
        .into_iter()
        .chain(captured_names("placeholder_"))
    {
        let (message, _) = read(&name);
        assert!(!is_blank(&message.words()), "{name}");
        assert!(!message.content().is_empty(), "{name}");
    }
}

/// The parts of a message with these parameters.
fn parts_of(changes: &[(&str, Option<&str>)]) -> Vec<Part> {
    let message = message_in(changed_whatsapp(changes));
    message.parts.as_slice().to_vec()
}

#[test]
fn a_choice_has_the_title_that_the_person_pressed_wherever_it_stands() {
    for (changes, title, id) in [
        (
            [("ButtonText", Some("Yes")), ("ButtonPayload", Some("y"))],
            some("Yes"),
            some("y"),
        ),
        (
            [("Body", Some("Yes")), ("ButtonPayload", Some("y"))],
            some("Yes"),
            some("y"),
        ),
        ([("Body", None), ("ListId", Some("y"))], None, some("y")),
        (
            [("Body", None), ("ListTitle", Some("Yes"))],
            some("Yes"),
            None,
        ),
    ] {
        let chosen = Part::Choice(Choice {
            title,
            id,
            message_id: None,
        });
        assert_eq!(parts_of(&changes), [chosen], "{changes:?}");
    }
}

#[test]
fn the_data_of_a_choice_are_no_form() {
    let reply = r#"{"type":"list_reply","list_reply":{"id":"r1","title":"First row"}}"#;
    let parts = parts_of(&[
        ("ListId", Some("r1")),
        ("ListTitle", Some("First row")),
        ("InteractiveData", Some(reply)),
    ]);
    assert!(matches!(parts.as_slice(), [Part::Choice(_)]), "{parts:?}");
}

#[test]
fn answers_are_found_wherever_the_flow_has_them() {
    for data in [
        r#"{"rating":4}"#,
        r#"{"response_json":"{\"rating\":4}"}"#,
        r#"{"nfm_reply":{"response_json":{"rating":4}}}"#,
        r#"{"interactive":{"nfm_reply":{"response_json":"{\"rating\":4}"}}}"#,
    ] {
        for name in ["FlowData", "InteractiveData"] {
            let filled_in = Part::Form(Form {
                fields: json!({"rating": 4}),
                ..Form::default()
            });
            assert_eq!(parts_of(&[(name, Some(data))]), [filled_in], "{data}");
        }
    }
    let message = message_in(changed_whatsapp(&[
        ("Body", None),
        ("FlowData", Some("4 stars")),
    ]));
    assert_eq!(message.words(), "Form: 4 stars");
}

#[test]
fn a_place_may_have_a_name_only_and_what_is_no_number_is_no_coordinate() {
    for (changes, words) in [
        (
            [("Label", Some("Home")), ("Latitude", None)],
            "Location: Home",
        ),
        ([("Label", None), ("Latitude", Some("north"))], "Location"),
        ([("Label", None), ("Latitude", Some("47"))], "Location"),
    ] {
        let all = [&changes[..], &[("Body", None)]].concat();
        assert_eq!(message_in(changed_whatsapp(&all)).words(), words);
    }
}

#[test]
fn what_stands_beside_the_content_does_not_make_a_message_of_nothing() {
    for (name, value) in [
        ("OriginalRepliedMessageSid", ASKED),
        ("ReferralHeadline", "Spring sale"),
        ("Forwarded", "true"),
    ] {
        let event = only(changed_whatsapp(&[("Body", None), (name, Some(value))]));
        let Event::Placeholder(message) = event else {
            panic!("{name} is content");
        };
        assert_eq!(message.parts.as_slice().len(), 2, "{name}");
    }
    assert_eq!(parts_of(&[("Forwarded", Some("false"))]), []);
    assert_eq!(parts_of(&[("ReferralNumMedia", Some("0"))]), []);
}

#[test]
fn parts_from_outside_are_clean_and_bounded() {
    let message = message_in(captured_events("hostile_parts.form"));
    let words = message.words();
    assert!(words.starts_with('y'), "{words}");
    let [Part::Location(place), Part::Choice(chosen), ..] = message.parts.as_slice() else {
        panic!("{:?}", message.parts);
    };
    assert_eq!(place.address.as_deref(), Some("gnorts"));
    assert_eq!((place.latitude, place.longitude), (None, None));
    assert_eq!(chosen.id.as_ref().map(String::len), Some(256));
}
