//! Schemas, made of few words.

use serde_json::{Map, Value, json};

/// A field: its name, its schema, its description.
pub(super) type Field = (&'static str, Value, &'static str);

/// An object whose fields are always there.
pub(super) fn object(description: &str, fields: Vec<Field>) -> Value {
    let required: Vec<_> = fields.iter().map(|(name, ..)| *name).collect();
    let required = json!(required);
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|(name, schema, description)| (name.to_owned(), described(schema, description)))
        .collect();
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
    })
}

/// The same object, except that this field may be absent.
pub(super) fn optional(mut object: Value, name: &str) -> Value {
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|field| field != name);
    }
    object
}

fn described(mut schema: Value, description: &str) -> Value {
    if let Some(rules) = schema.as_object_mut() {
        rules.insert("description".to_owned(), description.into());
    }
    schema
}

/// One of the schemas with these names.
pub(super) fn one_of(description: &str, names: &[&str]) -> Value {
    let choices: Vec<_> = names.iter().map(|name| reference(name)).collect();
    json!({"description": description, "oneOf": choices})
}

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn text_or_null() -> Value {
    nullable("string")
}

pub(super) fn nullable(of: &str) -> Value {
    json!({"type": [of, "null"]})
}

pub(super) fn truth() -> Value {
    json!({"type": "boolean"})
}

/// A whole number from 0.
pub(super) fn count() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// A whole number from 1.
pub(super) fn number() -> Value {
    json!({"type": "integer", "minimum": 1})
}

pub(super) fn number_or_null() -> Value {
    json!({"type": ["integer", "null"], "minimum": 1})
}

pub(super) fn id() -> Value {
    json!({"type": "string", "format": "id"})
}

pub(super) fn time() -> Value {
    json!({"type": "string", "format": "date-time"})
}

pub(super) fn time_or_null() -> Value {
    json!({"type": ["string", "null"], "format": "date-time"})
}

pub(super) fn spelled(spellings: &[&str]) -> Value {
    json!({"type": "string", "enum": spellings})
}

pub(super) fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}
