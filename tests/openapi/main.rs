//! The OpenAPI document: `infra/openapi.json` matches the code, and the document follows its own rules.

#![expect(
    clippy::unwrap_used,
    reason = "a test that finds the document otherwise than it looks for ends there"
)]

mod agent;

use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::PathBuf};
use vestibule_admin::{
    openapi::{MergeError, merged},
    problem::PROBLEM_JSON,
    routes::Access,
};
use vestibule_tests::admin_functions::{ADMIN_FUNCTIONS, table};

/// If set, the test writes the file instead of comparing it.
const UPDATE: &str = "UPDATE_OPENAPI";

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../infra/openapi.json")
}

/// The document of all admin functions.
fn document() -> Value {
    let parts = ADMIN_FUNCTIONS.map(|function| (function.openapi)());
    merged(parts.into()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((format!("{} {path}", method.to_uppercase()), operation));
        }
    }
    all
}

/// SPEC G01.
#[test]
fn the_committed_document_is_what_the_code_says() {
    let text = format!("{:#}\n", document());
    if std::env::var_os(UPDATE).is_some() {
        fs::write(file(), &text).unwrap();
    }
    let committed = fs::read_to_string(file()).unwrap();
    assert!(
        committed == text,
        "infra/openapi.json is stale. Write it anew and look at the difference:\n\
         {UPDATE}=1 cargo test -p vestibule-tests --test openapi"
    );
}

#[test]
fn the_document_has_the_version_of_the_workspace_which_is_the_newest_in_the_changelog() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(document()["info"]["version"], version);
    let changelog = file().with_file_name("../CHANGELOG.md");
    let changelog = fs::read_to_string(changelog).unwrap();
    let mut versions = changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## [")?.split(']').next());
    assert_eq!(versions.next(), Some("Unreleased"));
    assert_eq!(versions.next(), Some(version));
}

#[test]
fn every_route_is_in_the_document_with_who_may_call_it() {
    let document = document();
    let operations = operations(&document);
    assert_eq!(operations.len(), table().len());
    for route in table() {
        let name = format!("{} {}", route.method, route.path);
        let (_, operation) = operations.iter().find(|(one, _)| *one == name).unwrap();
        let told = &operation["security"];
        match route.access {
            Access::Open => {
                assert_eq!(*told, json!([]), "{name}");
                assert_eq!(operation.get("x-permission"), None, "{name}");
            }
            Access::Member => {
                assert_eq!(*told, json!([{"api_key": []}, {"session": []}]), "{name}");
                assert_eq!(operation.get("x-permission"), None, "{name}");
            }
            Access::SignedIn => {
                assert_eq!(*told, json!([{"session": []}]), "{name}");
                assert_eq!(operation.get("x-permission"), None, "{name}");
            }
            Access::Needs(permission) => {
                assert_eq!(*told, json!([{"api_key": []}, {"session": []}]), "{name}");
                assert_eq!(operation["x-permission"], permission.key(), "{name}");
                let text = operation["description"].as_str().unwrap();
                let needs = format!("`{permission}`");
                assert_eq!(text.matches(&needs).count(), 1, "{name}: {text}");
            }
        }
    }
}

#[test]
fn the_document_is_of_openapi_3_1_and_every_operation_is_named_and_described() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let tags: BTreeSet<_> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut seen = BTreeSet::new();
    for (route, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(seen.insert(id), "{id}");
        assert!(operation["summary"].is_string(), "{route}");
        assert!(operation["description"].is_string(), "{route}");
        let own = operation["tags"].as_array().unwrap();
        assert_eq!(own.len(), 1, "{route}");
        assert!(tags.contains(own[0].as_str().unwrap()), "{route}");
    }
}

/// SPEC G01.
#[test]
fn changes_deletions_and_rotations_of_records_with_an_etag_take_if_match_and_no_other_call_does() {
    let document = document();
    let mut takers = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let shows_version = item["get"]["responses"]["200"]["headers"]["ETag"].is_object();
        for (method, operation) in item.as_object().unwrap() {
            let changes = shows_version && ["patch", "delete"].contains(&method.as_str());
            let rotates = path.contains("/rotate-");
            let is_taker = operation["parameters"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["name"] == "If-Match"));
            assert_eq!(is_taker, changes || rotates, "{method} {path}");
            takers += usize::from(is_taker);
        }
    }
    assert!(takers >= 15, "{takers}");
}

#[test]
fn parts_that_contradict_each_other_make_no_document() {
    let [function, ..] = ADMIN_FUNCTIONS;
    let twice = merged(vec![(function.openapi)(), (function.openapi)()]);
    assert!(matches!(twice, Err(MergeError::Route(_))), "{twice:?}");
}

/// SPEC G01.
#[test]
fn every_success_has_a_schema_and_every_error_is_a_problem() {
    let document = document();
    for (route, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("500"), "{route}");
        for (status, response) in responses {
            let response = match response.get("$ref") {
                Some(reference) => resolve(&document, reference),
                None => response,
            };
            assert!(response["description"].is_string(), "{route} {status}");
            match status.as_str() {
                "204" | "303" => assert!(response.get("content").is_none(), "{route}"),
                "200" | "201" | "202" | "206" => {
                    let content = response["content"].as_object().unwrap();
                    // An export has one form for each program that reads it.
                    let is_export = route.ends_with("/export");
                    assert!(content.len() == 1 || is_export, "{route}");
                    for one in content.values() {
                        assert!(one["schema"].is_object(), "{route} {status}");
                    }
                }
                _ => assert_eq!(
                    response["content"][PROBLEM_JSON]["schema"]["$ref"],
                    "#/components/schemas/Problem",
                    "{route} {status}"
                ),
            }
        }
        let is_open = operation["security"] == json!([]);
        // An open route may refuse calls of other sites with it.
        assert!(is_open || responses.contains_key("403"), "{route}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        assert!(resolve(&document, reference).is_object(), "{reference}");
    }
}

#[test]
fn every_field_and_parameter_is_described() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert_described(name, schema);
    }
    for (route, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let text = parameter["description"].as_str();
            assert!(
                text.is_some_and(|text| !text.is_empty()),
                "{route}: {parameter}"
            );
        }
    }
}

#[test]
fn every_body_has_an_example_and_cannot_be_null() {
    let document = document();
    for (route, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else {
            continue;
        };
        let content = body["content"].as_object().unwrap();
        // Bytes are what they are.
        if content.contains_key("application/octet-stream") {
            assert_eq!(content.len(), 1, "{route}");
            continue;
        }
        let schema = &body["content"]["application/json"]["schema"];
        let reference = schema
            .get("$ref")
            .unwrap_or_else(|| panic!("{route}: {schema}"));
        let schema = resolve(&document, reference);
        assert!(schema["example"].is_object(), "{route} {reference}");
        assert_eq!(schema["type"], "object", "{route} {reference}");
    }
}

#[test]
fn names_ids_and_cursors_have_patterns() {
    let document = document();
    let mut found = BTreeSet::new();
    collect_patterns(&document, &mut found);
    for format in ["name", "id", "cursor"] {
        assert!(found.contains(format), "{format}: {found:?}");
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (schema, property) in [
        ("CreateProjectRequest", "name"),
        ("UpdateProjectRequest", "name"),
        ("CreateEnvironmentRequest", "name"),
        ("UpdateEnvironmentRequest", "name"),
        ("CreateConnectorRequest", "name"),
        ("UpdateConnectorRequest", "name"),
        ("CreateApiKeyRequest", "name"),
        ("SetUpRequest", "account_name"),
    ] {
        let text = &schemas[schema]["properties"][property];
        assert!(text["pattern"].is_string(), "{schema}.{property}: {text}");
    }
}

#[test]
fn what_only_some_problems_tell_is_in_the_schema_of_problems() {
    let document = document();
    let problem = &document["components"]["schemas"]["Problem"];
    let members = problem["properties"].as_object().unwrap();
    for member in ["errors", "permissions", "decision", "existing_id"] {
        assert!(members.contains_key(member), "{member}");
    }
    let required: Vec<_> = problem["required"].as_array().unwrap().clone();
    assert_eq!(
        required,
        ["type", "title", "status", "detail", "request_id"].map(Value::from)
    );
}

fn resolve<'a>(document: &'a Value, reference: &Value) -> &'a Value {
    let place = reference.as_str().unwrap().trim_start_matches('#');
    document.pointer(place).unwrap_or(&Value::Null)
}

fn visit<'a>(value: &'a Value, each: &mut dyn FnMut(&'a Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            each(fields);
            fields.values().for_each(|value| visit(value, each));
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, each)),
        _ => {}
    }
}

fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    visit(value, &mut |fields| found.extend(fields.get("$ref")));
}

/// The formats of all texts with a pattern.
fn collect_patterns(value: &Value, found: &mut BTreeSet<String>) {
    visit(value, &mut |fields| {
        if let (Some(Value::String(_)), Some(Value::String(format))) =
            (fields.get("pattern"), fields.get("format"))
        {
            found.insert(format.clone());
        }
    });
}

fn assert_described(place: &str, schema: &Value) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        // The description of a nullable reference is beside the reference.
        let text = property.pointer("/description");
        let text = text.or_else(|| property.pointer("/oneOf/0/description"));
        let text = text.and_then(Value::as_str);
        assert!(
            text.is_some_and(|text| !text.is_empty()),
            "{place}.{name}: {property}"
        );
        assert_described(&format!("{place}.{name}"), property);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        assert_described(place, part);
    }
}
