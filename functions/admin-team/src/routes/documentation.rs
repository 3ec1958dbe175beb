//! The head of this function's part of the OpenAPI document.

use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The head: its tags and the schema of problems.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags(
        (name = "Set-up", description = "Creates the first account of a stack, and lets its operator in again."),
        (name = "Account", description = "The account, its rules, and further accounts."),
        (name = "Members", description = "The people who run the account."),
        (name = "Invitations", description = "Invitations of people to the account."),
        (name = "Roles", description = "Sets of permissions that members hold."),
        (name = "Clients", description = "Customers and brands that the account serves."),
        (name = "Login methods", description = "Identity providers of the account."),
        (name = "API keys", description = "API keys for scripts."),
        (name = "Audit log", description = "The record of changes and of refused attempts."),
    )
)]
pub struct Document;
