//! The head of this function's part of the OpenAPI document.

use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The head: its tags and the schema of problems.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags(
        (name = "Sign-in", description = "Sign-in of people, and the acceptance of invitations. Calls that change something come from the console's own pages: `X-Vestibule-Console: 1`."),
        (name = "Me", description = "The person who is signed in.")
    )
)]
pub struct Document;
