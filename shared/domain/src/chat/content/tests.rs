use super::*;
use crate::text::is_invisible;
use proptest::prelude::*;
use serde_json::{Value, json};

#[expect(clippy::unnecessary_wraps, reason = "most fields are optional")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn number(value: f64) -> Option<Number> {
    Number::new(value)
}

fn file(kind: AttachmentKind, name: Option<&str>) -> Attachment {
    Attachment {
        kind,
        provider_id: "F1".into(),
        name: name.map(str::to_owned),
        mime_type: None,
        url: None,
    }
}

/// A part of each kind that a platform can hand over, in which every text is `text`.
fn of_every_kind(text: &str) -> Vec<Part> {
    let all = || vec![text.to_owned(); 1000];
    let item = Item {
        product_id: some(text),
        quantity: number(2.0),
        price: number(4.5),
        currency: some(text),
    };
    let task = Task {
        id: some(text),
        text: text.to_owned(),
        done: true,
    };
    vec![
        Part::Location(Location {
            name: some(text),
            address: some(text),
            latitude: number(48.2),
            longitude: number(16.3),
            live: true,
        }),
        Part::Contact(Contact {
            name: some(text),
            organization: some(text),
            phones: all(),
            emails: all(),
            provider_id: some(text),
        }),
        Part::Order(Order {
            catalog_id: some(text),
            items: vec![item; 1000],
        }),
        Part::Form(Form {
            name: some(text),
            message_id: some(text),
            fields: json!({text: text, "list": all(), "within": {"answer": text}}),
        }),
        Part::Choice(Choice {
            title: some(text),
            id: some(text),
            message_id: some(text),
        }),
        Part::Reaction(Reaction {
            emoji: some(text),
            message_id: some(text),
        }),
        Part::Poll(Poll {
            question: some(text),
            options: all(),
        }),
        Part::Dice(Dice {
            emoji: some(text),
            value: 6,
        }),
        Part::Checklist(Checklist {
            title: some(text),
            tasks: vec![task; 1000],
        }),
        Part::Referral(Referral {
            source: some(text),
            source_id: some(text),
            url: some(text),
            headline: some(text),
            body: some(text),
            payload: some(text),
        }),
        Part::Shared(Shared {
            from: some(text),
            from_id: some(text),
            message_id: some(text),
            text: some(text),
            ..Shared::new(Relation::Forwarded)
        }),
        Part::Unsupported(Unsupported { name: some(text) }),
    ]
}

/// Every text within a value, names of fields included.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| std::iter::once(name.as_str()).chain(texts(value)))
            .collect(),
        _ => Vec::new(),
    }
}

fn is_clean(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !is_invisible(c))
}

proptest! {
    #[test]
    fn a_part_is_clean_and_bounded_and_says_something_whatever_the_person_sent(
        text in prop_oneof![any::<String>(), "[ \u{202E}\u{0}\n\"a]{0,40}"],
    ) {
        for raw in of_every_kind(&text) {
            let parts = Parts::of([raw]);
            prop_assert_eq!(parts.as_slice().len(), 1);
            for part in parts.as_slice() {
                let words = part.words();
                prop_assert!(!is_blank(&words), "{:?}", part);
                prop_assert!(is_clean(&words), "{:?}", words);
                prop_assert!(words.chars().count() <= WORDS_MAX_CHARS);
                let json = serde_json::to_value(part).unwrap();
                for text in texts(&json) {
                    prop_assert!(is_clean(text), "{:?}", text);
                }
            }
        }
    }

    #[test]
    fn the_words_of_a_message_are_never_blank(text in any::<String>(), said in any::<String>()) {
        let parts = Parts::of(of_every_kind(&text));
        for parts in [parts, Parts::default()] {
            for text in [said.as_str(), "", " \u{200B}\n"] {
                prop_assert!(!is_blank(&text_or_words(text, &[], &parts)));
                prop_assert!(!all(text, &[], &parts).is_empty());
            }
        }
    }
}

#[test]
fn no_part_is_so_large_that_it_is_left_out() {
    for text in ["\u{10348}", "\"", "\\", "é"] {
        let long = text.repeat(5000);
        let mut raw = of_every_kind(&long);
        let url = format!("https://example.com/{}", "\"".repeat(2000));
        raw.push(Part::Shared(Shared {
            from: Some(long.clone()),
            text: Some(long),
            files: vec![
                Attachment {
                    url: Some(url),
                    provider_id: "\"".repeat(512),
                    ..file(AttachmentKind::File, Some(&text.repeat(200)))
                };
                100
            ],
            ..Shared::new(Relation::Quoted)
        }));
        for part in raw {
            let name = part.words().chars().take(30).collect::<String>();
            let parts = Parts::of([part]);
            assert_eq!(parts.as_slice().len(), 1, "{name}");
            assert!(json_size(&parts) <= PARTS_MAX_BYTES + 2, "{name}");
        }
    }
}

#[test]
fn parts_beyond_the_size_of_a_job_are_left_out_and_those_before_them_are_kept() {
    let long = || {
        Part::Choice(Choice {
            title: Some("x".repeat(1000)),
            ..Choice::default()
        })
    };
    let parts = Parts::of((0..200).map(|_| long()));
    assert!((50..65).contains(&parts.as_slice().len()));
    assert!(json_size(&parts) <= PARTS_MAX_BYTES + 2);
    let short = Parts::of((0..1000).map(|_| Part::Unsupported(Unsupported::default())));
    assert_eq!(short.as_slice().len(), PARTS_MAX);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table with a row for each kind")]
fn every_kind_says_in_plain_words_what_came() {
    let item = |quantity, product: &str| Item {
        product_id: some(product),
        quantity: number(quantity),
        price: number(4.5),
        currency: some("EUR"),
    };
    for (part, words) in [
        (
            Part::Location(Location {
                name: some("Main office"),
                latitude: number(48.2082),
                longitude: number(16.373_800_000_000_1),
                ..Location::default()
            }),
            "Location: Main office, 48.2082, 16.3738",
        ),
        (
            Part::Location(Location {
                latitude: number(0.0),
                longitude: number(-170.0),
                live: true,
                ..Location::default()
            }),
            "Live location: 0, -170",
        ),
        (
            Part::Contact(Contact {
                name: some("Ada Lovelace"),
                phones: vec!["+43 1 234".into()],
                emails: vec!["ada@example.com".into()],
                ..Contact::default()
            }),
            "Contact: Ada Lovelace, +43 1 234, ada@example.com",
        ),
        (Part::Contact(Contact::default()), "Contact"),
        (
            Part::Order(Order {
                catalog_id: some("c"),
                items: vec![item(2.0, "tea"), item(1.5, "cake")],
            }),
            "Order: 2 × tea at 4.5 EUR, 1.5 × cake at 4.5 EUR",
        ),
        (
            Part::Form(Form {
                fields: json!({"name": "Ada", "size": 3, "new": true, "days": ["Mon", "Tue"], "none": null}),
                ..Form::default()
            }),
            "Form: name: Ada, size: 3, new: yes, days: Mon, Tue",
        ),
        (Part::Form(Form::default()), "Form"),
        (
            Part::Choice(Choice {
                title: some("Yes, please"),
                id: some("yes"),
                ..Choice::default()
            }),
            "Yes, please",
        ),
        (
            Part::Choice(Choice {
                id: some("yes"),
                ..Choice::default()
            }),
            "Choice: yes",
        ),
        (
            Part::Reaction(Reaction {
                emoji: some("👍"),
                ..Reaction::default()
            }),
            "Reaction: 👍",
        ),
        (
            Part::Poll(Poll {
                question: some("Lunch?"),
                options: vec!["Yes".into(), "No".into()],
            }),
            "Poll: Lunch? (Yes, No)",
        ),
        (Part::Poll(Poll::default()), "Poll"),
        (
            Part::Dice(Dice {
                emoji: some("🎲"),
                value: 6,
            }),
            "🎲: 6",
        ),
        (
            Part::Checklist(Checklist {
                title: some("Party"),
                tasks: vec![
                    Task {
                        text: "Cake".into(),
                        done: true,
                        ..Task::default()
                    },
                    Task {
                        text: "Tea".into(),
                        ..Task::default()
                    },
                ],
            }),
            "Checklist: Party, [x] Cake, [ ] Tea",
        ),
        (
            Part::Referral(Referral {
                source: some("ad"),
                headline: some("Spring sale"),
                url: some("https://fb.me/1"),
                ..Referral::default()
            }),
            "Came from: Spring sale, https://fb.me/1",
        ),
        (
            Part::Shared(Shared {
                from: some("Grace"),
                text: some("See you\nat noon"),
                files: vec![file(AttachmentKind::Image, Some("plan.png"))],
                ..Shared::new(Relation::Forwarded)
            }),
            "Forwarded message from Grace: See you\nat noon, Picture: plan.png",
        ),
        (
            Part::Unsupported(Unsupported { name: some("poll") }),
            "Content that cannot be shown here: poll",
        ),
    ] {
        let parts = Parts::of([part]);
        assert_eq!(parts.as_slice()[0].words(), words);
        assert_eq!(text_or_words(" ", &[], &parts), words);
    }
}

#[test]
fn an_id_keeps_the_white_space_that_programs_compare() {
    let parts = Parts::of([Part::Choice(Choice {
        title: some("Yes,  please"),
        id: some(" {\"a\":  1}\u{0}\n"),
        message_id: some(" \u{200B}"),
    })]);
    let expected = Choice {
        title: some("Yes, please"),
        id: some(" {\"a\":  1}"),
        message_id: None,
    };
    assert_eq!(parts.as_slice(), [Part::Choice(expected)]);
}

#[test]
fn a_place_needs_both_coordinates_and_both_on_earth() {
    for (latitude, longitude) in [
        (number(90.1), number(0.0)),
        (number(0.0), number(-180.1)),
        (number(1.0), None),
        (None, number(1.0)),
    ] {
        let location = Location {
            latitude,
            longitude,
            ..Location::default()
        };
        let expected = [Part::Location(Location::default())];
        assert_eq!(Parts::of([Part::Location(location)]).as_slice(), expected);
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Number::new(value), None);
    }
}

#[test]
fn the_content_is_the_text_the_files_by_number_and_all_else() {
    let files = [
        file(AttachmentKind::Image, Some("plan.png")),
        file(AttachmentKind::Voice, None),
    ];
    let place = Part::Location(Location::default());
    let parts = Parts::of([place, Part::Text { text: "no".into() }]);
    let json = serde_json::to_value(all("Here", &files, &parts)).unwrap();
    let nothing = Value::Null;
    assert_eq!(
        json,
        json!([
            {"kind": "text", "text": "Here"},
            {"kind": "file", "index": 0, "type": "image", "provider_id": "F1", "name": "plan.png",
             "mime_type": nothing, "url": nothing},
            {"kind": "file", "index": 1, "type": "voice", "provider_id": "F1", "name": nothing,
             "mime_type": nothing, "url": nothing},
            {"kind": "location", "name": nothing, "address": nothing, "latitude": nothing,
             "longitude": nothing, "live": false},
        ])
    );
    assert_eq!(text_or_words("Here", &files, &parts), "Here");
    let words = "Picture: plan.png\nVoice message\nLocation";
    assert_eq!(text_or_words("", &files, &parts), words);
    assert_eq!(
        text_or_words("", &[], &Parts::default()),
        "Content that cannot be shown here"
    );
}

#[test]
fn what_a_platform_keeps_to_itself_is_no_content() {
    let withheld = || Part::Unsupported(Unsupported::default());
    assert!(Parts::default().are_withheld());
    assert!(Parts::of([withheld()]).are_withheld());
    let with_more = Parts::of([withheld(), Part::Dice(Dice::default())]);
    assert!(!with_more.are_withheld());
}

#[test]
fn what_stands_beside_what_was_withheld_is_no_content_of_its_own() {
    let shared = |relation, text: Option<&str>| {
        Part::Shared(Shared {
            text: text.map(str::to_owned),
            ..Shared::new(relation)
        })
    };
    for (beside, withheld) in [
        (shared(Relation::Quoted, Some("Are you there?")), true),
        (shared(Relation::Quoted, None), true),
        (Part::Referral(Referral::default()), true),
        (shared(Relation::Forwarded, None), true),
        (shared(Relation::Forwarded, Some("The plan")), false),
    ] {
        let unsupported = Part::Unsupported(Unsupported::default());
        let parts = Parts::of([unsupported, beside.clone()]);
        assert_eq!(parts.are_withheld(), withheld, "{beside:?}");
        assert!(!Parts::of([beside.clone()]).are_withheld(), "{beside:?}");
    }
}

#[test]
fn a_form_that_is_too_deep_or_too_large_keeps_its_beginning() {
    let form = |fields| {
        let parts = Parts::of([Part::Form(Form {
            fields,
            ..Form::default()
        })]);
        let Some(Part::Form(form)) = parts.as_slice().first().cloned() else {
            panic!("no form");
        };
        form.fields
    };
    let mut deep = json!("end");
    for _ in 0..100 {
        deep = json!({ "within": deep });
    }
    let kept = form(json!({"first": 1, "deep": deep})).to_string();
    assert!(
        kept.starts_with(r#"{"first":1,"deep":{"within":"#),
        "{kept}"
    );
    assert!(kept.len() < 200, "{kept}");
    let answers: Vec<String> = (0..500).map(|_| "x".repeat(5000)).collect();
    let kept = form(json!({"first": 1, "answers": answers, "last": 2}));
    assert_eq!(kept["first"], 1);
    assert_eq!(kept["answers"][0], "x".repeat(1000));
    assert!(kept.to_string().len() <= 32 * 1024);
    // Each quotation mark takes two bytes in JSON.
    let answers: Vec<String> = (0..500).map(|_| "\"".repeat(1000)).collect();
    let kept = form(json!(answers));
    assert_eq!(kept[0], "\"".repeat(1000));
    assert!(kept.to_string().len() <= 32 * 1024);
}

#[test]
fn parts_come_out_of_a_job_as_they_went_in() {
    let parts = Parts::of(of_every_kind("Ada").into_iter().map(|part| match part {
        Part::Contact(contact) => Part::Contact(Contact {
            phones: vec!["+43".into()],
            emails: Vec::new(),
            ..contact
        }),
        other => other,
    }));
    let job = serde_json::to_string(&parts).unwrap();
    assert_eq!(serde_json::from_str::<Parts>(&job).unwrap(), parts);
}

/// SPEC F13.
#[test]
fn a_part_without_addresses_keeps_all_else_of_its_files() {
    let of = |file: &Attachment| {
        let mut parts = all("Look", std::slice::from_ref(file), &Parts::default());
        parts.push(Part::Shared(Shared {
            files: vec![file.clone()],
            ..Shared::new(Relation::Quoted)
        }));
        parts
    };
    let bare = file(AttachmentKind::Image, Some("shelf.png"));
    let known = Attachment {
        url: some("https://files.example.test/F1?token=canary"),
        ..bare.clone()
    };
    assert_ne!(of(&known), of(&bare));
    let shown: Vec<Part> = of(&known)
        .into_iter()
        .map(Part::without_addresses)
        .collect();
    assert_eq!(shown, of(&bare));
}
