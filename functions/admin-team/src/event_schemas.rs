//! Schemas of what webhooks get, one for each type of event: what `vestibule_domain` serialises without knowing OpenAPI.
//!
//! A test in `tests/openapi` holds real bodies against them.

use serde_json::{Map, Value, json};
use vestibule_domain::event::catalogue::{EventType, Field, FieldKind};

/// Name of the schema of an event: its type as one word.
pub(crate) fn name(kind: EventType) -> String {
    let words = kind.key().split(['.', '_']);
    let mut name: String = words.map(capitalised).collect();
    name.push_str("Event");
    name
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The schema of the body that tells of an event.
pub(crate) fn schema(kind: EventType) -> Value {
    let mut required = vec!["type", "id", "timestamp", "sequence", "account_id", "data"];
    let mut properties = common(kind);
    if kind.is_of_project() {
        required.push("project_id");
        properties.extend(of_project());
    }
    json!({
        "type": "object",
        "description": format!("{} New fields may appear without notice.", kind.description()),
        "properties": properties,
        "required": required,
    })
}

fn common(kind: EventType) -> Map<String, Value> {
    let fields = [
        (
            "type",
            json!({"type": "string", "enum": [kind.key()], "description": "Type of the event."}),
        ),
        (
            "id",
            json!({"type": "string", "format": "id", "description": "Id of the event, the same on every attempt, and in the header `webhook-id`: who has seen it ignores it."}),
        ),
        (
            "timestamp",
            json!({"type": "string", "format": "date-time", "description": "Time of the event."}),
        ),
        (
            "sequence",
            json!({"type": "integer", "minimum": 0, "description": "Number of the event at this webhook, from 1 and without gaps; 0 for a test. Events may arrive in another order."}),
        ),
        (
            "account_id",
            json!({"type": "string", "format": "id", "description": "Account."}),
        ),
        ("data", data(kind)),
    ];
    named(fields)
}

fn of_project() -> Map<String, Value> {
    named([
        (
            "project_id",
            json!({"type": "string", "format": "id", "description": "Project."}),
        ),
        (
            "environment_id",
            json!({"type": "string", "format": "id", "description": "Environment, where one is concerned."}),
        ),
        (
            "connector_id",
            json!({"type": "string", "format": "id", "description": "Connector, where one is concerned."}),
        ),
    ])
}

fn named<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    let fields = fields.into_iter();
    fields
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn data(kind: EventType) -> Value {
    let fields = kind.fields().iter();
    let properties: Map<String, Value> = fields
        .clone()
        .map(|field| (field.name.to_owned(), value(field)))
        .collect();
    let required: Vec<&str> = fields
        .filter(|field| field.is_required)
        .map(|field| field.name)
        .collect();
    json!({
        "type": "object",
        "description": "Ids, codes, counts and times; no name, text, number or address of anybody.",
        "properties": properties,
        "required": required,
    })
}

fn value(field: &Field) -> Value {
    let mut schema = match field.kind {
        FieldKind::Id => json!({"type": "string", "format": "id"}),
        FieldKind::Actor | FieldKind::Code => json!({"type": "string"}),
        FieldKind::Codes => json!({"type": "array", "items": {"type": "string"}}),
        FieldKind::Count => json!({"type": "integer", "minimum": 0}),
        FieldKind::Time => json!({"type": "string", "format": "date-time"}),
        FieldKind::Flag => json!({"type": "boolean"}),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), field.description.into());
    }
    schema
}

/// The call that tells of an event.
pub(crate) fn webhook(kind: EventType) -> Value {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": {"type": "string"},
        })
    };
    json!({
        "post": {
            "operationId": format!("on_{}", kind.key().replace('.', "_")),
            "summary": kind.description(),
            "description": "Sent to each webhook that asks for it, signed after Standard Webhooks. Verify the signature over the body as received, and answer with 2xx within 5 seconds; anything else is tried again for 3 days, and 410 pauses the webhook.",
            "tags": ["Webhooks"],
            "security": [],
            "parameters": [
                header("webhook-id", "Id of the event."),
                header("webhook-timestamp", "Time of the attempt, in seconds since 1970."),
                header("webhook-signature", "Signatures with each secret that is valid, separated by blanks: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."),
            ],
            "requestBody": {
                "required": true,
                "content": {"application/json": {
                    "schema": {"$ref": format!("#/components/schemas/{}", name(kind))},
                }},
            },
            "responses": {"2XX": {"description": "The event has arrived."}},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_type_has_a_schema_of_its_own_name() {
        let names: BTreeSet<_> = EventType::ALL.map(name).into();
        assert_eq!(names.len(), EventType::ALL.len());
        assert!(names.contains("AccessRequestCreatedEvent"), "{names:?}");
    }

    #[test]
    fn a_schema_tells_which_fields_an_event_always_has() {
        let failed = schema(EventType::MessageFailed);
        assert_eq!(failed["properties"]["data"]["required"], json!(["class"]));
        let number = &failed["properties"]["data"]["properties"]["number"];
        assert_eq!(number["type"], "integer");
        let of_project = failed["required"].as_array().unwrap();
        assert!(of_project.contains(&json!("project_id")));
        let joined = schema(EventType::MemberJoined);
        assert_eq!(joined["properties"].get("project_id"), None);
    }
}
