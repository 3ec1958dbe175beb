//! `GET /v1/openapi.json`, and the head of this function's part of the document.

use axum::{
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The document of all admin functions, as its test writes it.
const DOCUMENT: &str = include_str!("../../../../infra/openapi.json");

/// The head of the document: its tags and the schema of problems.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags(
        (name = "Projects", description = "One agent each, with environments and connectors."),
        (name = "Environments", description = "Stages of a project, each with the agent that serves it."),
        (name = "Connectors", description = "Connections to chat platforms, each with its access policy."),
        (name = "Chat users", description = "People who wrote through a connector."),
        (name = "Access requests", description = "Requests for access to the agent, and the decisions about them."),
        (name = "Documentation", description = "This document, and the health of the stack that serves it."),
    )
)]
pub struct Document;

/// Read this document
///
/// OpenAPI 3.1, generated from the code that serves the calls.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "Documentation",
    responses((status = 200, description = "The OpenAPI document.", body = Object))
)]
pub async fn get_openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
