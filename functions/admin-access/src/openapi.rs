//! The OpenAPI document: made from the handlers, finished with the providers' fields from the catalogue.

use axum::{
    Extension,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::OpenApi;
use vestibule_admin::{
    openapi::{at, completed},
    problem::Problem,
};
use vestibule_providers::catalogue::{ConnectorKind, FieldSpec, connector_kinds};

#[derive(OpenApi)]
#[openapi(
    info(title = "Vestibule admin API", version = "1"),
    components(schemas(Problem)),
    tags(
        (name = "Set-up", description = "The first account of a stack."),
        (name = "Projects", description = "One agent each, with environments and connectors."),
        (name = "Environments", description = "Stages of a project, each with the agent that serves it."),
        (name = "Connectors", description = "Ways in from chat platforms, each with its policy."),
        (name = "Chat users", description = "Everyone who wrote through a connector."),
        (name = "Access requests", description = "Strangers who ask to talk to the agent, and the decisions."),
        (name = "API keys", description = "Keys for scripts."),
        (name = "Documentation", description = "This document."),
    ),
    security(("api_key" = []))
)]
pub struct Document;

/// The document as it is served.
#[derive(Debug, Clone)]
pub struct Served(Arc<str>);

/// Read this document
///
/// OpenAPI 3.1, made from the code that serves the calls.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "Documentation",
    security(()),
    responses((status = 200, description = "The OpenAPI document.", body = Object))
)]
pub async fn get_openapi(Extension(Served(document)): Extension<Served>) -> Response {
    ([(CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

/// The document of these routes, with what all of them have in common.
pub fn finished(document: &utoipa::openapi::OpenApi) -> Served {
    let text = with_sections(document).to_string();
    Served(text.into())
}

fn with_sections(document: &utoipa::openapi::OpenApi) -> Value {
    let mut document = completed(document);
    add_sections(&mut document);
    document
}

/// Adds the providers' fields to the schemas of connectors, under each provider's key.
fn add_sections(document: &mut Value) {
    for (schema, section) in [
        (
            "ConnectorResponse",
            shown_section as fn(&dyn ConnectorKind) -> Value,
        ),
        ("CreateConnectorRequest", asked_section),
        ("UpdateConnectorRequest", changed_section),
    ] {
        let place = ["components", "schemas", schema, "properties"];
        if let Some(properties) = at(document, &place) {
            for kind in connector_kinds() {
                properties.insert(kind.provider().key().to_owned(), section(*kind));
            }
        }
    }
}

fn shown_section(kind: &dyn ConnectorKind) -> Value {
    section(
        kind,
        "The fields of a connector of this provider; absent on others.",
        false,
        |field| {
            if field.secret {
                json!({"allOf": [{"$ref": "#/components/schemas/StoredSecret"}], "description": field.help})
            } else {
                json!({"type": ["string", "null"], "description": field.help})
            }
        },
    )
}

fn asked_section(kind: &dyn ConnectorKind) -> Value {
    section(
        kind,
        "The fields of a connector of this provider.",
        true,
        asked_field,
    )
}

fn changed_section(kind: &dyn ConnectorKind) -> Value {
    section(
        kind,
        "Fields to change; those left out stay.",
        false,
        asked_field,
    )
}

fn asked_field(field: &FieldSpec) -> Value {
    json!({"type": "string", "description": field.help, "writeOnly": field.secret})
}

fn section(
    kind: &dyn ConnectorKind,
    description: &str,
    all_needed: bool,
    of: fn(&FieldSpec) -> Value,
) -> Value {
    let fields = kind.fields();
    let properties: Map<_, _> = fields
        .iter()
        .map(|field| (field.name.to_owned(), of(field)))
        .collect();
    let required: Vec<_> = fields
        .iter()
        .filter(|field| all_needed && field.required)
        .map(|field| field.name)
        .collect();
    json!({
        "type": "object",
        "description": format!("{}: {description}", kind.label()),
        "properties": properties,
        "required": required,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes;
    use std::collections::BTreeSet;
    use vestibule_admin::{
        openapi::METHODS,
        problem::{PROBLEM_JSON, PROBLEM_TYPES},
    };

    fn document() -> Value {
        let (_, document) = routes::all().split_for_parts();
        with_sections(&document)
    }

    fn operations(document: &Value) -> Vec<(String, &Value)> {
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(METHODS.contains(&method.as_str()), "{method} {path}");
                all.push((format!("{} {path}", method.to_uppercase()), operation));
            }
        }
        all
    }

    #[test]
    fn every_route_of_the_contract_is_there_and_no_other() {
        let document = document();
        let mut routes: Vec<_> = operations(&document)
            .into_iter()
            .map(|(route, _)| route)
            .collect();
        routes.sort();
        assert_eq!(
            routes,
            [
                "DELETE /v1/api-keys/{api_key_id}",
                "DELETE /v1/projects/{project_id}/connectors/{connector_id}",
                "GET /v1/api-keys",
                "GET /v1/openapi.json",
                "GET /v1/projects",
                "GET /v1/projects/{project_id}",
                "GET /v1/projects/{project_id}/access-requests",
                "GET /v1/projects/{project_id}/access-requests/{access_request_id}",
                "GET /v1/projects/{project_id}/chat-users",
                "GET /v1/projects/{project_id}/chat-users/{chat_user_id}",
                "GET /v1/projects/{project_id}/chat-users/{chat_user_id}/avatar",
                "GET /v1/projects/{project_id}/connectors",
                "GET /v1/projects/{project_id}/connectors/{connector_id}",
                "GET /v1/projects/{project_id}/environments",
                "GET /v1/projects/{project_id}/environments/{environment_id}",
                "GET /v1/providers",
                "PATCH /v1/projects/{project_id}",
                "PATCH /v1/projects/{project_id}/connectors/{connector_id}",
                "PATCH /v1/projects/{project_id}/environments/{environment_id}",
                "POST /v1/api-keys",
                "POST /v1/projects",
                "POST /v1/projects/{project_id}/access-requests/{access_request_id}/approve",
                "POST /v1/projects/{project_id}/access-requests/{access_request_id}/reject",
                "POST /v1/projects/{project_id}/chat-users/{chat_user_id}/block",
                "POST /v1/projects/{project_id}/chat-users/{chat_user_id}/unblock",
                "POST /v1/projects/{project_id}/connectors",
                "POST /v1/projects/{project_id}/connectors/{connector_id}/connect",
                "POST /v1/projects/{project_id}/connectors/{connector_id}/rotate-webhook-secret",
                "POST /v1/projects/{project_id}/connectors/{connector_id}/test",
                "POST /v1/projects/{project_id}/environments",
                "POST /v1/setup",
            ]
        );
    }

    #[test]
    fn the_document_is_of_openapi_3_1_and_every_operation_has_its_own_name() {
        let document = document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut seen = BTreeSet::new();
        for (route, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap();
            assert!(seen.insert(id.to_owned()), "{id}");
            assert!(operation["summary"].is_string(), "{route}");
            assert!(operation["description"].is_string(), "{route}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{route}");
        }
    }

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
                    "204" => assert!(response.get("content").is_none(), "{route}"),
                    "200" | "201" => {
                        let is_picture = route.ends_with("/avatar");
                        let media_type = if is_picture {
                            "image/*"
                        } else {
                            "application/json"
                        };
                        let schema = &response["content"][media_type]["schema"];
                        assert!(schema.is_object(), "{route} {status}");
                    }
                    _ => assert_eq!(
                        response["content"][PROBLEM_JSON]["schema"]["$ref"],
                        "#/components/schemas/Problem",
                        "{route} {status}"
                    ),
                }
            }
            let open = ["GET /v1/openapi.json", "POST /v1/setup"].contains(&route.as_str());
            assert_eq!(operation.get("security").is_some(), open, "{route}");
            assert_eq!(responses.contains_key("403"), !open, "{route}");
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
    fn what_a_call_requires_is_marked_required() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        let required = |name: &str| schemas[name]["required"].clone();
        assert_eq!(required("CreateProjectRequest"), json!(["name"]));
        assert_eq!(
            required("CreateConnectorRequest"),
            json!(["name", "provider", "environment_id"])
        );
        assert_eq!(
            required("CreateApiKeyRequest"),
            json!(["name", "permissions"])
        );
        assert_eq!(
            required("SetUpRequest"),
            json!(["setup_token", "account_name"])
        );
        for name in [
            "UpdateProjectRequest",
            "UpdateEnvironmentRequest",
            "UpdateConnectorRequest",
        ] {
            assert_eq!(required(name), Value::Null, "{name}");
        }
    }

    #[test]
    fn the_fields_of_every_provider_are_in_the_connector_s_schemas() {
        let document = document();
        let schemas = &document["components"]["schemas"];
        for kind in connector_kinds() {
            let key = kind.provider();
            for field in kind.fields() {
                let of = |schema: &str| {
                    schemas[schema]["properties"][key.key()]["properties"][field.name].clone()
                };
                assert_eq!(of("CreateConnectorRequest")["writeOnly"], field.secret);
                assert_eq!(of("UpdateConnectorRequest")["type"], "string");
                assert_eq!(of("ConnectorResponse").get("allOf").is_some(), field.secret);
            }
        }
    }

    #[test]
    fn every_kind_of_problem_is_in_the_document_s_description() {
        let document = document();
        let text = document["info"]["description"].as_str().unwrap();
        for kind in PROBLEM_TYPES {
            assert!(text.contains(kind.uri), "{}", kind.uri);
        }
    }

    #[test]
    fn every_body_has_an_example() {
        let document = document();
        for (route, operation) in operations(&document) {
            let mut references = Vec::new();
            if let Some(body) = operation.get("requestBody") {
                collect_references(body, &mut references);
                assert!(!references.is_empty(), "{route}");
            }
            for reference in references {
                assert!(
                    resolve(&document, reference)["example"].is_object(),
                    "{route} {reference}"
                );
            }
        }
    }

    fn resolve<'a>(document: &'a Value, reference: &Value) -> &'a Value {
        let place = reference.as_str().unwrap().trim_start_matches('#');
        document.pointer(place).unwrap_or(&Value::Null)
    }

    fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name == "$ref" {
                        found.push(value);
                    } else {
                        collect_references(value, found);
                    }
                }
            }
            Value::Array(items) => items
                .iter()
                .for_each(|item| collect_references(item, found)),
            _ => {}
        }
    }

    fn assert_described(place: &str, schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            // A reference that may be null is described beside the reference.
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
}
