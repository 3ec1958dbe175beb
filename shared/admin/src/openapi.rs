//! The OpenAPI document of all admin functions: generated from their handlers and routes, and completed
//! with the parts common to all operations.
//!
//! It is an artefact: each function exports its part, a test merges the parts into `infra/openapi.json`
//! and fails when that file is stale, and one function serves the file.

use crate::{
    AdminState,
    auth::SESSION_COOKIE,
    problem::{PROBLEM_JSON, ProblemType},
    routes::{Access, Route, Routes},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

const KEY_SCHEME: &str = "api_key";
const SESSION_SCHEME: &str = "session";
/// Extension that names the permission an operation requires.
const X_PERMISSION: &str = "x-permission";

/// Formats of our own, each with its pattern. A field or parameter declared with such a format gets the
/// pattern.
pub const FORMATS: [(&str, &str); 3] = [
    // At least one character that `vestibule_domain::text::clean_name` keeps.
    (
        "name",
        r"[^\u0000-\u0020\u007F-\u00A0\u00AD\u061C\u1680\u180E\u2000-\u200B\u200E\u200F\u2028-\u202F\u205F-\u206F\u3000\uFEFF\uFFF9-\uFFFB]",
    ),
    ("id", "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
    ("cursor", "^[A-Za-z0-9_-]+$"),
];

/// One function's part of the document.
#[derive(Debug)]
pub struct FunctionApi {
    document: Value,
    table: Vec<Route>,
    problems: Vec<&'static ProblemType>,
}

impl FunctionApi {
    /// The part of the function with these routes, whose handlers can answer with these problems of
    /// their own.
    #[must_use]
    pub fn of<D: AsRef<AdminState> + Send + Sync + 'static>(
        routes: &Routes<D>,
        problems: &[&[&'static ProblemType]],
    ) -> Self {
        Self {
            // A document of strings, numbers and maps keyed by strings always serialises to JSON.
            document: serde_json::to_value(routes.document()).unwrap_or_default(),
            table: routes.table().to_vec(),
            problems: problems.concat(),
        }
    }

    /// The properties of a schema, for additions that only the function knows.
    pub fn properties_mut(&mut self, schema: &str) -> Option<&mut Map<String, Value>> {
        at(
            &mut self.document,
            &["components", "schemas", schema, "properties"],
        )
    }

    /// Adds a schema that no handler names.
    pub fn add_schema(&mut self, name: &str, schema: Value) {
        if let Some(schemas) = at(&mut self.document, &["components", "schemas"]) {
            schemas.insert(name.to_owned(), schema);
        }
    }
}

/// Conflict between parts that keeps them from forming one document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Two functions have this route.
    #[error("two functions have the route {0}")]
    Route(String),
    /// Two operations have this id.
    #[error("two operations have the id {0}")]
    OperationId(String),
    /// Two schemas of this name differ.
    #[error("two schemas that differ have the name {0}")]
    Schema(String),
    /// Two problems declare this member differently.
    #[error("two problems declare the member {0} differently")]
    ProblemMember(String),
    /// Two problems have this type.
    #[error("two problems have the type {0}")]
    Problem(String),
}

/// Merges the parts of these functions into one document.
pub fn merged(functions: Vec<FunctionApi>) -> Result<Value, MergeError> {
    let mut problems: Vec<&'static ProblemType> = crate::problem::PROBLEM_TYPES.to_vec();
    let mut schemas = BTreeMap::new();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut tags = Vec::new();
    for mut function in functions {
        problems.extend(&function.problems);
        if let Some(Value::Array(own)) = function.document.get_mut("tags").map(Value::take) {
            for tag in own {
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
        }
        let own = at(&mut function.document, &["components", "schemas"]).map(std::mem::take);
        for (name, schema) in own.unwrap_or_default() {
            add_schema(&mut schemas, name, schema)?;
        }
        for route in &function.table {
            let method = route.method.to_lowercase();
            let Some(operation) = at(&mut function.document, &["paths", &route.path, &method])
            else {
                continue;
            };
            let mut operation = std::mem::take(operation);
            declare_access(&mut operation, route.access);
            add_problems(&mut operation, route);
            drop_null_body(&mut operation);
            let item = paths.entry(route.path.clone()).or_default();
            if item.insert(method, operation.into()).is_some() {
                let name = format!("{} {}", route.method, route.path);
                return Err(MergeError::Route(name));
            }
        }
    }
    check_unique(&problems, &paths)?;
    let extra = problem_members(&problems, &mut schemas)?;
    if let Some(properties) = schemas
        .get_mut("Problem")
        .and_then(|problem| at(problem, &["properties"]))
    {
        properties.extend(extra);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vestibule admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": description(&problems),
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problem_responses(&problems),
            "securitySchemes": {
                KEY_SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "vst_<account id>_<secret>",
                    "description": "An API key. The first one comes from the set-up.",
                },
                SESSION_SCHEME: {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "The session of a person who signed in. The header `Vestibule-Account` names the account of the call; one that may change something also needs `X-Vestibule-Console: 1`.",
                },
            },
        },
        "tags": tags,
    });
    add_patterns(&mut document);
    Ok(document)
}

fn add_schema(
    schemas: &mut BTreeMap<String, Value>,
    name: String,
    schema: Value,
) -> Result<(), MergeError> {
    match schemas.get(&name) {
        Some(there) if *there != schema => Err(MergeError::Schema(name)),
        _ => {
            schemas.insert(name, schema);
            Ok(())
        }
    }
}

fn check_unique(
    problems: &[&'static ProblemType],
    paths: &BTreeMap<String, Map<String, Value>>,
) -> Result<(), MergeError> {
    let mut uris = BTreeSet::new();
    for problem in problems {
        if !uris.insert(problem.uri) {
            return Err(MergeError::Problem(problem.uri.to_owned()));
        }
    }
    let mut ids = BTreeSet::new();
    for operation in paths.values().flat_map(Map::values) {
        let id = operation.get("operationId").and_then(Value::as_str);
        let id = id.unwrap_or_default();
        if !ids.insert(id) {
            return Err(MergeError::OperationId(id.to_owned()));
        }
    }
    Ok(())
}

/// The members that only some kinds of problems have.
fn problem_members(
    problems: &[&'static ProblemType],
    schemas: &mut BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, MergeError> {
    let mut members = BTreeMap::new();
    for member in problems.iter().flat_map(|problem| problem.members) {
        let mut schema = serde_json::to_value(member.schema()).unwrap_or_default();
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), member.description.into());
        }
        match members.insert(member.name.to_owned(), schema.clone()) {
            Some(other) if other != schema => {
                return Err(MergeError::ProblemMember(member.name.to_owned()));
            }
            _ => {}
        }
        for (name, schema) in member.components() {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            add_schema(schemas, name, schema)?;
        }
    }
    Ok(members)
}

fn description(problems: &[&'static ProblemType]) -> String {
    let mut text = String::from(
        "Controls who may talk to a chat agent, and connects chat platforms to it.\n\n\
         Calls require an API key as a bearer token, or the session of a person who signed in and the header \
         `Vestibule-Account`; those that require neither have no security section. \
         Unknown body fields and query parameters are refused. Times are RFC 3339 in UTC.\n\n\
         A call that creates something accepts an `Idempotency-Key`: repeated with the same key, it creates \
         nothing new. `PATCH` and `DELETE` of a record that is shown with an `ETag`, and the rotation of its \
         secret, accept `If-Match` with the `ETag` of the record as it was read: if it has changed since, the \
         call is refused with 412. No other call takes `If-Match`. The answer to a change shows the record to callers who may read it, and its `id` to \
         others.\n\n\
         Lists have pages: pass `next_cursor` as `cursor` until it is null.\n\n\
         Errors are problem details (RFC 9457). `type` is one of:\n\n\
         | type | status | meaning |\n|---|---|---|\n",
    );
    let mut problems = problems.to_vec();
    problems.sort_by_key(|problem| problem.status);
    for kind in problems {
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

/// One response per status.
fn problem_responses(problems: &[&'static ProblemType]) -> Value {
    let statuses: BTreeSet<u16> = problems.iter().map(|kind| kind.status.as_u16()).collect();
    statuses
        .into_iter()
        .map(|status| {
            let titles: Vec<_> = problems
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

/// Declares the access that an operation requires: for programs, and at the end of its description for
/// people.
fn declare_access(operation: &mut Map<String, Value>, access: Access) {
    let (needs, security) = match access {
        Access::Open => {
            operation.insert("security".to_owned(), json!([]));
            return;
        }
        Access::Needs(permission) => {
            operation.insert(X_PERMISSION.to_owned(), permission.key().into());
            (
                format!("Requires `{permission}`."),
                json!([{KEY_SCHEME: []}, {SESSION_SCHEME: []}]),
            )
        }
        Access::Member => (
            "For every caller of the account.".to_owned(),
            json!([{KEY_SCHEME: []}, {SESSION_SCHEME: []}]),
        ),
        Access::SignedIn => (
            "For everyone who is signed in.".to_owned(),
            json!([{SESSION_SCHEME: []}]),
        ),
    };
    let description = match operation.get("description").and_then(Value::as_str) {
        Some(text) => format!("{} {needs}", text.trim_end()),
        None => needs,
    };
    operation.insert("description".to_owned(), description.into());
    operation.insert("security".to_owned(), security);
}

/// Adds the errors that follow from an operation's parameters, body and access.
fn add_problems(operation: &mut Map<String, Value>, route: &Route) {
    let is_open = route.access == Access::Open;
    let has_body = operation.contains_key("requestBody");
    let has_parameters = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|all| {
            all.iter()
                .any(|one| one.get("in").is_some_and(|place| place != "path"))
        });
    let possible = [
        (400, has_body || has_parameters || !is_open),
        (401, !is_open),
        (403, !is_open),
        (404, route.path.contains('{')),
        (409, !is_open && route.method != "GET"),
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

/// Removes null from an optional body: it may be left out, but `Option` would also allow null.
fn drop_null_body(operation: &mut Map<String, Value>) {
    let Some(schema) = operation
        .get_mut("requestBody")
        .and_then(|body| body.pointer_mut("/content/application~1json/schema"))
    else {
        return;
    };
    let body = schema
        .get_mut("oneOf")
        .and_then(Value::as_array_mut)
        .and_then(|choices| choices.iter_mut().find(|one| one.get("$ref").is_some()))
        .map(Value::take);
    if let Some(body) = body {
        *schema = body;
    }
}

/// Adds the pattern of each of our formats.
fn add_patterns(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let format = fields.get("format").and_then(Value::as_str);
            let ours = FORMATS.iter().find(|(name, _)| Some(*name) == format);
            if let Some((_, pattern)) = ours {
                fields.insert("pattern".to_owned(), (*pattern).into());
            }
            fields.values_mut().for_each(add_patterns);
        }
        Value::Array(items) => items.iter_mut().for_each(add_patterns),
        _ => {}
    }
}

/// The object at a path.
fn at<'a>(value: &'a mut Value, place: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let mut value = value;
    for name in place {
        value = value.get_mut(name)?;
    }
    value.as_object_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::text::clean_name;

    fn pattern(format: &str) -> &'static str {
        FORMATS.iter().find(|(name, _)| *name == format).unwrap().1
    }

    /// The ranges of a class of excluded characters, all written as `\uXXXX`.
    fn excluded(pattern: &str) -> Vec<(u32, u32)> {
        let class = pattern
            .strip_prefix("[^")
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap();
        class
            .split("\\u")
            .skip(1)
            .fold((Vec::new(), false), |(mut ranges, is_end), part| {
                let code = u32::from_str_radix(&part[..4], 16).unwrap();
                if is_end {
                    let (from, _) = ranges.pop().unwrap();
                    ranges.push((from, code));
                } else {
                    ranges.push((code, code));
                }
                (ranges, part.ends_with('-'))
            })
            .0
    }

    #[test]
    fn the_pattern_of_names_asks_for_a_character_that_is_kept() {
        let excluded = excluded(pattern("name"));
        assert!(excluded.len() > 10, "{excluded:?}");
        for c in '\u{0}'..='\u{FFFF}' {
            let code = u32::from(c);
            let is_excluded = excluded
                .iter()
                .any(|(from, to)| (*from..=*to).contains(&code));
            assert_eq!(
                clean_name(&c.to_string()).is_none(),
                is_excluded,
                "{code:04X}"
            );
        }
    }
}
