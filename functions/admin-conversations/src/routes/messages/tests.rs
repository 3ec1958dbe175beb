//! Messages as they are shown, and the choice of those that a call asks for.

use super::*;
use serde_json::json;
use vestibule_domain::{
    chat::byline::Byline,
    chat::content::{Parts, Relation, Shared},
    chat::entity::{Entities, Entity, Mark},
    ids::{ChatUserId, DeliveryId, MemberId},
};

fn at() -> Timestamp {
    Timestamp::parse("2026-11-22T10:00:00Z").unwrap()
}

fn file() -> Attachment {
    Attachment {
        kind: AttachmentKind::Image,
        provider_id: "F1".to_owned(),
        name: Some("shelf.png".to_owned()),
        mime_type: Some("image/png".to_owned()),
        url: Some("https://files.example.test/F1?token=canary".to_owned()),
    }
}

#[test]
fn a_message_of_an_unknown_author_is_inbound_if_it_came_with_an_event() {
    for (provider_event_id, direction) in [
        (Some("Ev1".to_owned()), MessageDirection::Inbound),
        (None, MessageDirection::Outgoing),
    ] {
        let shown = MessageResponse::from(StoredMessage {
            author: Author::Unknown,
            provider_event_id,
            ..message("Hello")
        });
        assert_eq!(shown.direction, direction);
        let author = serde_json::to_value(&shown.author).unwrap();
        assert_eq!(author, json!({"kind": "unknown", "id": null, "name": null}));
    }
}

fn message(text: &str) -> StoredMessage {
    StoredMessage {
        number: 7,
        at: at(),
        author: Author::ChatUser(ChatUserId::derive(&["u"])),
        signature: None,
        text: text.to_owned(),
        parts: Parts::default(),
        entities: Entities::default(),
        attachments: Vec::new(),
        delivery_id: Some(DeliveryId::derive(&["d"])),
        provider_event_id: Some("Ev1".to_owned()),
        sequence: Some(4),
        sending: None,
        edited_at: None,
        deleted_at: None,
    }
}

fn shown(message: StoredMessage) -> Value {
    serde_json::to_value(MessageResponse::from(message)).unwrap()
}

#[test]
fn a_person_s_message_is_shown_with_everything_that_is_known_of_it() {
    let mention = Entity {
        offset: 0,
        length: 4,
        what: Mark::User {
            id: Some("U1".to_owned()),
            name: Some("Ann".to_owned()),
        },
    };
    let shown = shown(StoredMessage {
        entities: Entities::of("@Ann, look", [mention]),
        attachments: vec![file()],
        ..message("@Ann, look")
    });
    let expected = json!({
        "number": 7, "direction": "inbound",
        "author": {"kind": "chat_user", "id": ChatUserId::derive(&["u"]), "name": null},
        "text": "@Ann, look",
        "content": [
            {"kind": "text", "text": "@Ann, look"},
            {"kind": "file", "index": 0, "type": "image", "provider_id": "F1", "name": "shelf.png", "mime_type": "image/png", "url": null},
        ],
        "entities": [{"offset": 0, "length": 4, "kind": "user", "id": "U1", "name": "Ann"}],
        "attachments": [{"index": 0, "kind": "image", "provider_id": "F1", "name": "shelf.png", "mime_type": "image/png"}],
        "sequence": 4, "delivery_id": DeliveryId::derive(&["d"]), "provider_event_id": "Ev1",
        "created_at": "2026-11-22T10:00:00.000Z", "edited_at": null, "deleted_at": null, "sending": null,
    });
    assert_eq!(shown, expected);
}

#[test]
fn no_address_of_a_file_at_the_platform_is_shown() {
    let quoted = Shared {
        files: vec![file()],
        ..Shared::new(Relation::Quoted)
    };
    let shown = shown(StoredMessage {
        parts: Parts::of([Part::Shared(quoted)]),
        attachments: vec![file()],
        ..message("")
    });
    assert_eq!(shown["content"][1]["files"][0]["provider_id"], "F1");
    assert!(!shown.to_string().contains("canary"), "{shown}");
}

#[test]
fn an_edited_message_tells_when_and_a_deleted_one_says_nothing() {
    let edited = shown(StoredMessage {
        edited_at: Some(at()),
        ..message("Where is it?")
    });
    assert_eq!(
        (&edited["text"], &edited["edited_at"], &edited["deleted_at"]),
        (&json!("Where is it?"), &json!(at()), &Value::Null)
    );
    let deleted = shown(StoredMessage {
        deleted_at: Some(at()),
        ..message("")
    });
    assert_eq!(
        (
            &deleted["text"],
            &deleted["content"],
            &deleted["deleted_at"]
        ),
        (&json!(""), &json!([]), &json!(at()))
    );
}

#[test]
fn a_message_without_words_is_told_in_words() {
    let shown = shown(StoredMessage {
        attachments: vec![file()],
        ..message("")
    });
    assert_eq!(shown["text"], "Picture: shelf.png");
}

#[test]
fn a_text_of_the_agent_is_shown_with_the_status_of_its_sending() {
    let reason = "is_archived".to_owned();
    for (status, expected) in [
        (
            SendStatus::Queued,
            json!({"status": "queued", "at": null, "class": null, "reason": null}),
        ),
        (
            SendStatus::Sent {
                at: at(),
                message_id: Some("17.1".to_owned()),
            },
            json!({"status": "sent", "at": at(), "class": null, "reason": null}),
        ),
        (
            SendStatus::Failed {
                at: at(),
                class: "recipient".to_owned(),
                reason,
            },
            json!({"status": "failed", "at": at(), "class": "recipient", "reason": "is_archived"}),
        ),
        (
            SendStatus::Skipped {
                at: at(),
                reason: None,
            },
            json!({"status": "skipped", "at": at(), "class": null, "reason": null}),
        ),
    ] {
        let shown = shown(StoredMessage {
            author: Author::Agent,
            provider_event_id: None,
            sequence: None,
            sending: Some(status),
            ..message("Hi Ada")
        });
        assert_eq!(shown["direction"], "outgoing");
        assert_eq!(
            shown["author"],
            json!({"kind": "agent", "id": null, "name": null})
        );
        assert_eq!(shown["sending"], expected);
        assert_eq!(
            shown["content"],
            json!([{"kind": "text", "text": "Hi Ada"}])
        );
        assert_eq!(shown["sequence"], Value::Null);
    }
}

/// SPEC E36.
#[test]
fn a_text_of_a_member_is_shown_under_their_name_at_the_time() {
    let id = MemberId::derive(&["m"]);
    let byline = Byline::member(id, "Ana".to_owned(), false);
    let shown = shown(StoredMessage {
        author: byline.author,
        signature: byline.signature,
        provider_event_id: None,
        ..message("Hi Ada")
    });
    assert_eq!(shown["direction"], "outgoing");
    assert_eq!(
        shown["author"],
        json!({"kind": "member", "id": id, "name": "Ana"})
    );
    assert_eq!(shown["text"], "Hi Ada");
}

#[test]
fn a_kind_of_file_is_spelled_as_in_the_domain() {
    for spelling in AttachmentKindName::SPELLINGS {
        let name = AttachmentKindName::parse(spelling).unwrap();
        let kind = serde_json::to_value(AttachmentKind::from(name)).unwrap();
        assert_eq!(kind, *spelling);
    }
}

fn read(before: Option<&str>, after: Option<&str>) -> (MessageQuery, FieldErrors) {
    let mut errors = FieldErrors::default();
    let params = MessageParams {
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    (MessageQuery::read(params, &mut errors), errors)
}

#[test]
fn a_point_in_the_conversation_is_a_number() {
    let (query, errors) = read(Some("120"), Some("80"));
    assert!(errors.is_empty());
    assert_eq!((query.before, query.after), (Some(120), Some(80)));
    let (query, errors) = read(None, Some("0"));
    assert!(errors.is_empty());
    assert_eq!((query.before, query.after), (None, Some(0)));
    let largest = MESSAGE_NUMBER_MAX.to_string();
    assert!(read(Some(&largest), None).1.is_empty());
    let too_large = (MESSAGE_NUMBER_MAX + 1).to_string();
    for wrong in ["", "-1", "+1", "1.0", "x", " 1", &too_large] {
        let (query, errors) = read(Some(wrong), Some(wrong));
        assert!(errors.names("before") && errors.names("after"), "{wrong}");
        assert_eq!((query.before, query.after), (None, None));
    }
}

#[test]
fn a_stretch_ends_behind_its_beginning() {
    for (before, is_wrong) in [("79", true), ("80", true), ("81", false)] {
        let (_, errors) = read(Some(before), Some("80"));
        assert_eq!(errors.names("before"), is_wrong, "{before}");
    }
}
