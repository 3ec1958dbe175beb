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
        (name = "Teams", description = "Groups of members for routing."),
        (name = "Clients", description = "Customers and brands that the account serves."),
        (name = "Channels", description = "Ways on which conversations come: those of connectors, and others through the API."),
        (name = "Login methods", description = "Identity providers of the account."),
        (name = "API keys", description = "API keys for scripts."),
        (name = "Webhooks", description = "Addresses at which the account's own systems hear its events."),
        (name = "Audit log", description = "The record of changes and of refused attempts."),
    )
)]
pub struct Document;

#[cfg(test)]
mod tests {
    use crate::{
        api_types::{
            AvailabilityStateName, EventDeliveryStatusName, InvitationStatusName, MailStatusName,
            MemberStatusName, PauseReasonName, PermissionAreaName, WebhookStatusName,
        },
        routes::{
            api_keys::KeyOwnerKind, invitations::InvitedMethodKind,
            webhooks::test::WebhookTestStatus,
        },
    };
    use serde_json::json;
    use vestibule_admin::openapi::merged;

    #[test]
    fn enumerations_are_spelled_as_on_the_wire() {
        let document = merged(vec![crate::openapi()]).unwrap();
        let schemas = &document["components"]["schemas"];
        for (name, spellings) in [
            (
                "AvailabilityStateName",
                json!(AvailabilityStateName::SPELLINGS),
            ),
            (
                "InvitationStatusName",
                json!(InvitationStatusName::SPELLINGS),
            ),
            ("MailStatusName", json!(MailStatusName::SPELLINGS)),
            ("MemberStatusName", json!(MemberStatusName::SPELLINGS)),
            ("PermissionAreaName", json!(PermissionAreaName::SPELLINGS)),
            ("WebhookStatusName", json!(WebhookStatusName::SPELLINGS)),
            ("PauseReasonName", json!(PauseReasonName::SPELLINGS)),
            (
                "EventDeliveryStatusName",
                json!(EventDeliveryStatusName::SPELLINGS),
            ),
            (
                "WebhookTestStatus",
                json!([
                    WebhookTestStatus::Delivered,
                    WebhookTestStatus::Refused,
                    WebhookTestStatus::Unreachable,
                    WebhookTestStatus::Forbidden,
                ]),
            ),
            (
                "KeyOwnerKind",
                json!([
                    KeyOwnerKind::Account,
                    KeyOwnerKind::Member,
                    KeyOwnerKind::ApiKey
                ]),
            ),
            (
                "InvitedMethodKind",
                json!([InvitedMethodKind::Password, InvitedMethodKind::Provider]),
            ),
        ] {
            assert_eq!(schemas[name]["enum"], spellings, "{name}");
        }
    }

    #[test]
    fn what_a_call_requires_is_marked_required() {
        let document = merged(vec![crate::openapi()]).unwrap();
        let schemas = &document["components"]["schemas"];
        for (name, required) in [
            ("CreateApiKeyRequest", json!(["name", "permissions"])),
            ("CreateRoleRequest", json!(["name", "permissions"])),
            ("CreateInvitationRequest", json!(["email"])),
            ("AvailabilityRequest", json!(["state"])),
            ("TeamRequest", json!(["name"])),
            ("CreateWebhookRequest", json!(["name", "url", "events"])),
            ("AddChannelRequest", json!(["key"])),
            ("SetUpRequest", json!(["setup_token", "account_name"])),
            ("RecoverRequest", json!(["setup_token", "email"])),
        ] {
            assert_eq!(schemas[name]["required"], required, "{name}");
        }
    }
}
