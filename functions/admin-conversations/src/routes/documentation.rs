//! The head of this function's part of the OpenAPI document.

use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The head: its tag and the schema of problems.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags((name = "Conversations", description = "Conversations of people with the agent, and their messages."))
)]
pub struct Document;
