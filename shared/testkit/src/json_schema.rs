//! Checks values against the part of JSON Schema (draft 2020-12) that an OpenAPI document uses.
//!
//! It is stricter than the standard in two points: a field that an object's schema does not name is a fault,
//! so that no schema can lag behind what is sent, and so is a keyword that is not known here. Formats and
//! patterns are not checked.

use serde_json::{Map, Value};

/// Lists the faults of a value, each with its place. References lead into the document.
#[must_use]
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(document, schema, ("", value), &mut faults);
    faults
}

fn check(
    document: &Value,
    schema: &Value,
    (place, value): (&str, &Value),
    faults: &mut Vec<String>,
) {
    let Some(rules) = schema.as_object() else {
        faults.push(format!("{place}: `{schema}` is no schema"));
        return;
    };
    for (keyword, rule) in rules {
        match keyword.as_str() {
            "$ref" => match target(document, rule) {
                Some(target) => check(document, target, (place, value), faults),
                None => faults.push(format!("{place}: {rule} leads nowhere")),
            },
            "oneOf" => check_choices(document, rule, (place, value), faults),
            "properties" => check_fields(document, rule, (place, value), faults),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, rule, (&format!("{place}/{index}"), item), faults);
                }
            }
            "required" => {
                let names = rule.as_array().into_iter().flatten();
                let missing = names
                    .filter_map(Value::as_str)
                    .filter(|name| value.is_object() && value.get(name).is_none());
                faults.extend(missing.map(|name| format!("{place}/{name} is missing")));
            }
            "type" | "enum" | "minimum" | "maxItems" => {
                if !holds(keyword, rule, value) {
                    faults.push(format!("{place}: {value} breaks {keyword} {rule}"));
                }
            }
            "description" | "example" | "format" | "pattern" => {}
            _ => faults.push(format!("{place}: the keyword {keyword} is not known here")),
        }
    }
}

fn target<'a>(document: &'a Value, reference: &Value) -> Option<&'a Value> {
    document.pointer(reference.as_str()?.strip_prefix('#')?)
}

fn check_fields(
    document: &Value,
    properties: &Value,
    (place, value): (&str, &Value),
    faults: &mut Vec<String>,
) {
    for (name, member) in value.as_object().into_iter().flat_map(Map::iter) {
        let place = format!("{place}/{name}");
        match properties.get(name) {
            Some(schema) => check(document, schema, (&place, member), faults),
            None => faults.push(format!("{place} is not in the schema")),
        }
    }
}

fn check_choices(
    document: &Value,
    choices: &Value,
    (place, value): (&str, &Value),
    faults: &mut Vec<String>,
) {
    let tried: Vec<Vec<String>> = choices
        .as_array()
        .into_iter()
        .flatten()
        .map(|choice| {
            let mut faults = Vec::new();
            check(document, choice, (place, value), &mut faults);
            faults
        })
        .collect();
    match tried.iter().filter(|faults| faults.is_empty()).count() {
        0 => {
            faults.push(format!("{place}: none of the choices fits"));
            faults.extend(tried.into_iter().min_by_key(Vec::len).into_iter().flatten());
        }
        1 => {}
        _ => faults.push(format!("{place}: more than one of the choices fits")),
    }
}

/// Whether a value keeps the rule of a keyword that is about the value as a whole.
fn holds(keyword: &str, rule: &Value, value: &Value) -> bool {
    match keyword {
        "type" => match rule {
            Value::Array(types) => types.iter().any(|name| is_of_type(name, value)),
            name => is_of_type(name, value),
        },
        "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
        "minimum" => rule
            .as_f64()
            .zip(value.as_f64())
            .is_none_or(|(least, number)| least <= number),
        "maxItems" => {
            let most = rule.as_u64().and_then(|most| usize::try_from(most).ok());
            let count = value.as_array().map(Vec::len);
            most.zip(count).is_none_or(|(most, count)| count <= most)
        }
        _ => false,
    }
}

fn is_of_type(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(schema: &Value, value: &Value) -> Vec<String> {
        let document = json!({"components": {"schemas": {
            "Cat": {"type": "object", "properties": {"kind": {"enum": ["cat"]}}, "required": ["kind"]},
            "Dog": {"type": "object", "properties": {"kind": {"enum": ["dog"]}}, "required": ["kind"]},
        }}});
        faults(&document, schema, value)
    }

    #[test]
    fn a_value_that_keeps_every_rule_has_no_fault() {
        let schema = json!({
            "type": "object", "description": "x", "required": ["age", "pets", "note"],
            "properties": {
                "age": {"type": "integer", "minimum": 0},
                "pets": {"type": "array", "maxItems": 2, "items": {"oneOf": [
                    {"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"},
                ]}},
                "note": {"type": ["string", "null"]},
            },
        });
        let good = json!({"age": 7, "pets": [{"kind": "cat"}, {"kind": "dog"}], "note": null});
        assert_eq!(found(&schema, &good), Vec::<String>::new());
        for (name, wrong) in [
            ("age", json!(-1)),
            ("age", json!(1.5)),
            ("pets", json!([{"kind": "cow"}])),
            ("pets", json!([{"kind": "cat", "name": "Tom"}])),
            ("pets", json!([{}])),
            (
                "pets",
                json!([{"kind": "cat"}, {"kind": "cat"}, {"kind": "cat"}]),
            ),
            ("note", json!(1)),
            ("more", json!(1)),
        ] {
            let mut bad = good.clone();
            bad[name] = wrong;
            assert!(!found(&schema, &bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn a_missing_field_an_unknown_keyword_and_a_dead_reference_are_faults() {
        let required = json!({"required": ["name"]});
        assert_eq!(found(&required, &json!({})), ["/name is missing"]);
        assert_eq!(found(&json!({"anyOf": []}), &json!(1)).len(), 1);
        let dead = json!({"$ref": "#/components/schemas/Cow"});
        assert_eq!(found(&dead, &json!(1)).len(), 1);
    }

    #[test]
    fn a_value_that_fits_two_choices_is_at_fault() {
        let schema = json!({"oneOf": [{"type": "number"}, {"type": "integer"}]});
        assert_eq!(found(&schema, &json!(1)).len(), 1);
        assert!(found(&schema, &json!(1.5)).is_empty());
    }
}
