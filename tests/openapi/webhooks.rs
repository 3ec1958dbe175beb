//! The schemas of what webhooks get, held against the bodies that are sent.

use crate::document;
use serde_json::{Value, json};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::actor::Actor,
    event::{
        catalogue::{EventType, FieldKind},
        outgoing::OutgoingEvent,
        told::{EventData, Told},
    },
    ids::{
        AccountId, ConnectorId, EnvironmentId, MemberId, OutgoingEventId, ProjectId, SubscriptionId,
    },
};
use vestibule_testkit::json_schema::faults;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn account() -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&["a"]))
}

/// Data with every field of the type, or with those alone that every event has.
fn data(kind: EventType, is_full: bool) -> EventData {
    let fields = kind.fields().iter();
    fields
        .filter(|field| is_full || field.is_required)
        .fold(EventData::new(), |data, field| match field.kind {
            FieldKind::Id => data.id(field.name, MemberId::derive(&[field.name])),
            FieldKind::Actor => data.actor(&Actor::system()),
            FieldKind::Code => data.code(field.name, "active"),
            FieldKind::Codes => data.codes(field.name, ["role", "clients"]),
            FieldKind::Count => data.count(field.name, 7),
            FieldKind::Time => data.time(field.name, NOW),
            FieldKind::Flag => data.flag(field.name, true),
        })
}

fn body(kind: EventType, is_full: bool) -> Value {
    let place = if kind.is_of_project() {
        let place = Told::in_project(account().project(ProjectId::derive(&["p"])));
        if is_full {
            place
                .at_connector(ConnectorId::derive(&["c"]))
                .in_environment(EnvironmentId::derive(&["e"]))
        } else {
            place
        }
    } else {
        Told::default()
    };
    let told = place.with(data(kind, is_full));
    let event = OutgoingEvent::new(kind, account(), NOW, &["x"], told);
    assert_eq!(event.missing(), Vec::<&str>::new(), "{kind}");
    serde_json::from_slice(&event.body(1).unwrap()).unwrap()
}

/// The schema of the body of a call, by way of the document's section of calls.
fn schema_of(document: &Value, kind: EventType) -> &Value {
    let path = format!(
        "/webhooks/{}/post/requestBody/content/application~1json/schema",
        kind.key()
    );
    document.pointer(&path).unwrap()
}

/// SPEC F04, G01.
#[test]
fn every_type_of_event_is_in_the_document_with_the_schema_of_what_is_sent() {
    let document = document();
    let calls = document["webhooks"].as_object().unwrap();
    assert_eq!(calls.len(), EventType::ALL.len());
    for kind in EventType::ALL {
        let schema = schema_of(&document, kind);
        for is_full in [true, false] {
            let body = body(kind, is_full);
            assert_eq!(
                faults(&document, schema, &body),
                Vec::<String>::new(),
                "{kind}: {body}"
            );
        }
        let headers = calls[kind.key()]["post"]["parameters"].as_array().unwrap();
        let names: Vec<_> = headers.iter().map(|header| &header["name"]).collect();
        assert_eq!(
            names,
            ["webhook-id", "webhook-timestamp", "webhook-signature"]
        );
    }
}

#[test]
fn an_event_of_another_type_without_its_project_or_with_free_text_is_none() {
    let document = document();
    let kind = EventType::ChatUserErased;
    let schema = schema_of(&document, kind);
    let good = body(kind, true);
    let mut other = good.clone();
    other["type"] = json!("member.left");
    let mut homeless = good.clone();
    homeless.as_object_mut().unwrap().remove("project_id");
    let mut wordy = good.clone();
    wordy["data"]["display_name"] = json!("Ada Lovelace");
    for wrong in [other, homeless, wordy] {
        assert_eq!(faults(&document, schema, &wrong).len(), 1, "{wrong}");
    }
}

#[test]
fn a_test_is_what_its_schema_says() {
    let document = document();
    let event = OutgoingEvent::test(
        account(),
        SubscriptionId::derive(&["s"]),
        OutgoingEventId::derive(&["o"]),
        NOW,
    );
    let body: Value = serde_json::from_slice(&event.body(0).unwrap()).unwrap();
    let schema = schema_of(&document, EventType::WebhookTest);
    assert_eq!(faults(&document, schema, &body), Vec::<String>::new());
    assert_eq!(body["sequence"], 0);
}
