//! The schemas of deliveries to agents and of their answers, held against the types that are sent and read.

use crate::document;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::Environment,
    chat::{
        content::{
            Checklist, Choice, Contact, Dice, File, FileType, Form, Item, Location, Number, Order,
            Part, Poll, Reaction, Referral, Relation, Shared, Task, Unsupported,
        },
        conversation::ConversationKind,
        delivery::{AgentResponse, Envelope, REPLIES_MAX},
        entity::{Entities, Entity, Mark},
        message::{Attachment, AttachmentKind},
    },
    ids::{AccountId, DeliveryId, EnvironmentId, ProjectId},
};
use vestibule_testkit::json_schema::faults;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn x() -> String {
    "x".to_owned()
}

fn number() -> Option<Number> {
    Number::new(1.5)
}

fn file(file_type: FileType, name: Option<String>) -> Part {
    Part::File(File {
        index: 0,
        file_type,
        provider_id: "F1".to_owned(),
        mime_type: name.clone(),
        url: name.clone(),
        name,
    })
}

fn shared(relation: Relation, kind: AttachmentKind) -> Part {
    let attachment = Attachment {
        kind,
        provider_id: "F1".to_owned(),
        name: Some(x()),
        mime_type: None,
        url: Some(x()),
    };
    Part::Shared(Shared {
        from: Some(x()),
        from_id: Some(x()),
        message_id: Some(x()),
        sent_at: Some(NOW),
        text: Some(x()),
        files: vec![attachment],
        ..Shared::new(relation)
    })
}

/// Parts of every kind, with every field and with as few as possible.
fn parts() -> Vec<Part> {
    let mut parts = full_parts();
    parts.extend([
        Part::Location(Location::default()),
        Part::Contact(Contact::default()),
        Part::Order(Order {
            catalog_id: None,
            items: vec![Item::default()],
        }),
        Part::Form(Form::default()),
        Part::Choice(Choice::default()),
        Part::Reaction(Reaction::default()),
        Part::Poll(Poll::default()),
        Part::Dice(Dice::default()),
        Part::Checklist(Checklist {
            title: None,
            tasks: vec![Task::default()],
        }),
        Part::Referral(Referral::default()),
        Part::Shared(Shared::new(Relation::Quoted)),
        Part::Unsupported(Unsupported::default()),
    ]);
    for file_type in [
        FileType::Image,
        FileType::Video,
        FileType::Audio,
        FileType::Voice,
        FileType::Sticker,
        FileType::Document,
    ] {
        parts.extend([file(file_type, None), file(file_type, Some(x()))]);
    }
    for kind in [
        AttachmentKind::Image,
        AttachmentKind::Video,
        AttachmentKind::Audio,
        AttachmentKind::Voice,
        AttachmentKind::Sticker,
        AttachmentKind::File,
    ] {
        parts.push(shared(Relation::Forwarded, kind));
    }
    parts
}

fn full_parts() -> Vec<Part> {
    vec![
        Part::Text {
            text: "Hello".to_owned(),
        },
        Part::Location(Location {
            name: Some(x()),
            address: Some(x()),
            latitude: number(),
            longitude: number(),
            live: true,
        }),
        Part::Contact(Contact {
            name: Some(x()),
            organization: Some(x()),
            phones: vec!["+43 1 234".to_owned()],
            emails: vec!["ada@example.com".to_owned()],
            provider_id: Some(x()),
        }),
        Part::Order(Order {
            catalog_id: Some(x()),
            items: vec![Item {
                product_id: Some(x()),
                quantity: number(),
                price: number(),
                currency: Some(x()),
            }],
        }),
        Part::Form(Form {
            name: Some(x()),
            message_id: Some(x()),
            fields: json!({"size": "M", "tags": ["a", 1, null]}),
        }),
        Part::Choice(Choice {
            title: Some(x()),
            id: Some(x()),
            message_id: Some(x()),
        }),
        Part::Reaction(Reaction {
            emoji: Some(x()),
            message_id: Some(x()),
        }),
        Part::Poll(Poll {
            question: Some(x()),
            options: vec!["yes".to_owned()],
        }),
        Part::Dice(Dice {
            emoji: Some(x()),
            value: 6,
        }),
        Part::Checklist(Checklist {
            title: Some(x()),
            tasks: vec![Task {
                id: Some(x()),
                text: "Pack".to_owned(),
                done: true,
            }],
        }),
        Part::Referral(Referral {
            source: Some(x()),
            source_id: Some(x()),
            url: Some(x()),
            headline: Some(x()),
            body: Some(x()),
            payload: Some(x()),
        }),
        Part::Unsupported(Unsupported { name: Some(x()) }),
    ]
}

/// The kind of a part. A new one needs a sample above and a schema.
fn kind(part: &Part) -> &'static str {
    match part {
        Part::Text { .. } => "text",
        Part::File(_) => "file",
        Part::Location(_) => "location",
        Part::Contact(_) => "contact",
        Part::Order(_) => "order",
        Part::Form(_) => "form",
        Part::Choice(_) => "choice",
        Part::Reaction(_) => "reaction",
        Part::Poll(_) => "poll",
        Part::Dice(_) => "dice",
        Part::Checklist(_) => "checklist",
        Part::Referral(_) => "referral",
        Part::Shared(_) => "shared",
        Part::Unsupported(_) => "unsupported",
    }
}

/// Mentions and links of every kind in a text of five characters.
fn entities() -> Entities {
    let mention = |id: Option<String>| {
        let name = id.clone();
        [
            Mark::User {
                id: id.clone(),
                name: name.clone(),
            },
            Mark::Group {
                id: id.clone(),
                name: name.clone(),
            },
            Mark::Channel { id, name },
        ]
    };
    let link = |label: Option<String>| Mark::Link {
        url: "https://example.com".to_owned(),
        label,
    };
    let mut all = vec![Mark::Everybody, link(None), link(Some(x()))];
    all.extend(mention(None));
    all.extend(mention(Some(x())));
    let all = all.into_iter().map(|what| Entity {
        offset: 0,
        length: 5,
        what,
    });
    Entities::of("@here", all)
}

fn environment() -> Environment {
    let account = AccountScope::of_verified(AccountId::derive(&["a"]));
    Environment {
        id: EnvironmentId::derive(&["e"]),
        scope: account.project(ProjectId::derive(&["p"])),
        name: "Staging".to_owned(),
        position: 0,
        agent: None,
        request_hash: None,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn delivery_faults(envelope: &Envelope<'_>) -> Vec<String> {
    let value = serde_json::to_value(envelope).unwrap();
    faults(&document(), &reference("AgentDelivery"), &value)
}

/// The kinds that the choices of a schema have.
fn kinds_of(schema: &str) -> BTreeSet<String> {
    let document = document();
    let list = |schema: &Value, place: &str| {
        let found = schema.pointer(place).and_then(Value::as_array);
        found.unwrap().clone()
    };
    let mut kinds = BTreeSet::new();
    for choice in list(&document, &format!("/components/schemas/{schema}/oneOf")) {
        let place = choice.get("$ref").and_then(Value::as_str).unwrap();
        let schema = document.pointer(place.trim_start_matches('#')).unwrap();
        let own = list(schema, "/properties/kind/enum");
        kinds.extend(own.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    kinds
}

#[test]
fn a_delivery_with_every_kind_of_content_is_as_its_schema_says() {
    let parts = parts();
    let sampled: BTreeSet<String> = parts.iter().map(|part| kind(part).to_owned()).collect();
    assert_eq!(sampled, kinds_of("ContentPart"));

    let entities = entities();
    assert_eq!(entities.as_slice().len(), 9);
    let marked = serde_json::to_value(entities.as_slice()).unwrap();
    let marked: BTreeSet<_> = marked
        .as_array()
        .unwrap()
        .iter()
        .map(|entity| entity["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(marked, kinds_of("TextEntity"));

    let id = DeliveryId::derive(&["d"]);
    let mut envelope = Envelope::test(&environment(), id, NOW);
    assert_eq!(delivery_faults(&envelope), Vec::<String>::new());
    envelope.message.content = parts;
    envelope.message.entities = entities.as_slice();
    envelope.conversation.thread = Some("1.2");
    envelope.chat_user.first_name = Some("Ada");
    envelope.chat_user.last_name = Some("Lovelace");
    envelope.chat_user.avatar_url = Some("https://example.com/ada.png");
    for kind in [
        ConversationKind::Direct,
        ConversationKind::Group,
        ConversationKind::Channel,
    ] {
        envelope.conversation.kind = kind;
        assert_eq!(delivery_faults(&envelope), Vec::<String>::new());
    }
}

#[test]
fn a_field_or_kind_that_the_schema_of_deliveries_does_not_name_is_noticed() {
    let id = DeliveryId::derive(&["d"]);
    let envelope = serde_json::to_value(Envelope::test(&environment(), id, NOW)).unwrap();
    let document = document();
    for (place, value) in [
        ("/type", json!("message.sung")),
        ("/end_user", json!(1)),
        ("/connector", json!({"id": "1", "name": "x"})),
        ("/message/content/0/kind", json!("smell")),
        ("/message/content/0/text", json!(null)),
        ("/message/attachments", json!([{"kind": "sticker"}])),
    ] {
        let mut changed = envelope.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let found = faults(&document, &reference("AgentDelivery"), &changed);
        assert!(!found.is_empty(), "{place}");
    }
    let mut more = envelope;
    more["message"]["mood"] = json!("good");
    let found = faults(&document, &reference("AgentDelivery"), &more);
    assert_eq!(found, ["/message/mood is not in the schema"]);
}

#[test]
fn an_answer_is_as_its_schema_says_exactly_if_all_of_it_is_sent() {
    let document = document();
    let texts = |count: usize| json!({"replies": vec![json!({"text": "x"}); count]});
    let mut fitting = 0;
    for answer in [
        json!({}),
        json!({"replies": []}),
        texts(1),
        texts(REPLIES_MAX),
        texts(REPLIES_MAX + 1),
        json!({"replies": "hello"}),
        json!({"replies": {"text": "x"}}),
        json!({"replies": [{"text": 7}]}),
        json!({"replies": [{"text": null}]}),
        json!({"replies": [{}]}),
        json!({"replies": ["x"]}),
        json!({"replies": [null]}),
        json!({"handoff": {}}),
        json!({"handoff": {"team": "sales", "note": null}, "typing": true}),
        json!({"handoff": {"skills": ["German"]}}),
        json!({"handoff": null, "typing": null}),
        json!({"handoff": true}),
        json!({"handoff": []}),
        json!({"handoff": {"team": 7}}),
        json!({"handoff": {"skills": "German"}}),
        json!({"handoff": {"note": ["x"]}}),
        json!({"typing": "yes"}),
        json!("hello"),
    ] {
        let fits = faults(&document, &reference("AgentAnswer"), &answer).is_empty();
        let read = serde_json::from_value::<AgentResponse>(answer.clone());
        let is_all_sent = read.is_ok_and(|read| {
            read.malformed == 0
                && read.malformed_fields.is_empty()
                && read.replies.len() <= REPLIES_MAX
        });
        assert_eq!(fits, is_all_sent, "{answer}");
        fitting += usize::from(fits);
    }
    assert_eq!(fitting, 8);
}
