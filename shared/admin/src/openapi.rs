//! The OpenAPI document: made from the handlers, finished with what they all have in common.
//!
//! What a handler cannot say for itself is added here from where it is defined: the errors that
//! follow from a call's shape ([`problem`](crate::problem)).

use crate::problem::{PROBLEM_JSON, PROBLEM_TYPES};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fmt::Write as _};

const SECURITY_SCHEME: &str = "api_key";
/// The methods that operations have.
pub const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

/// The document with what all operations have in common.
#[must_use]
pub fn completed(document: &utoipa::openapi::OpenApi) -> Value {
    // The document is made of strings, numbers and maps keyed by strings: it always is JSON.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    if let Some(info) = at(&mut document, &["info"]) {
        info.insert("description".to_owned(), description().into());
    }
    if let Some(components) = at(&mut document, &["components"]) {
        components.insert("responses".to_owned(), problem_responses());
        components.insert(
            "securitySchemes".to_owned(),
            json!({SECURITY_SCHEME: {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "vst_<account id>_<secret>",
                "description": "An API key. The first one comes from the set-up.",
            }}),
        );
    }
    if let Some(paths) = at(&mut document, &["paths"]) {
        for (path, item) in paths {
            let has_ids = path.contains('{');
            for method in METHODS {
                if let Some(operation) = at(item, &[method]) {
                    add_problems(operation, has_ids);
                }
            }
        }
    }
    document
}

fn description() -> String {
    let mut text = String::from(
        "Decides who may talk to a chat agent, and sets up the ways in.\n\n\
         Every call but the set-up and this document needs an API key as a bearer token. \
         Unknown body fields and query parameters are refused. Times are RFC 3339 in UTC.\n\n\
         A call that creates something takes an `Idempotency-Key`: repeated with the same one, it makes \
         nothing new. A call that changes something takes `If-Match` with the `ETag` of the record as \
         it was read.\n\n\
         Lists have pages: pass `next_cursor` as `cursor` until it is null.\n\n\
         Errors are problem details (RFC 9457). `type` is one of:\n\n\
         | type | status | meaning |\n|---|---|---|\n",
    );
    for kind in PROBLEM_TYPES {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {}. {} |",
            kind.uri,
            kind.status.as_u16(),
            kind.title,
            kind.meaning
        );
    }
    text
}

/// One response a status, for the errors that follow from the shape of a call.
fn problem_responses() -> Value {
    let statuses: BTreeSet<u16> = PROBLEM_TYPES
        .iter()
        .map(|kind| kind.status.as_u16())
        .collect();
    statuses
        .into_iter()
        .map(|status| {
            let titles: Vec<_> = PROBLEM_TYPES
                .iter()
                .filter(|kind| kind.status.as_u16() == status)
                .map(|kind| format!("{} (`{}`)", kind.title, kind.uri))
                .collect();
            let response = json!({
                "description": format!("{}.", titles.join("; or: ")),
                "content": {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            });
            (format!("Problem{status}"), response)
        })
        .collect::<Map<_, _>>()
        .into()
}

/// Adds the errors that an operation can be answered with because of what it takes.
fn add_problems(operation: &mut Map<String, Value>, has_ids: bool) {
    let public = operation.contains_key("security");
    let has_body = operation.contains_key("requestBody");
    let has_parameters = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|all| {
            all.iter()
                .any(|one| one.get("in").is_some_and(|place| place != "path"))
        });
    let possible = [
        (400, has_body || has_parameters),
        (401, !public),
        (403, !public),
        (404, has_ids),
        (413, has_body),
        (415, has_body),
        (422, has_body),
        (500, true),
        (503, true),
    ];
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for (status, _) in possible.into_iter().filter(|(_, possible)| *possible) {
        let reference = json!({"$ref": format!("#/components/responses/Problem{status}")});
        responses.entry(status.to_string()).or_insert(reference);
    }
}

/// The object at a place.
pub fn at<'a>(value: &'a mut Value, place: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let mut value = value;
    for name in place {
        value = value.get_mut(name)?;
    }
    value.as_object_mut()
}
