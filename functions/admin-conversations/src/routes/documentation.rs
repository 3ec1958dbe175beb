//! The head of this function's part of the OpenAPI document.

use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The head: its tag and the schema of problems.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags(
        (name = "Conversations", description = "Conversations of people with the agent, and their messages."),
        (name = "Deliveries", description = "Deliveries to agents and messages to people that were given up.")
    )
)]
pub struct Document;

#[cfg(test)]
mod tests {
    use crate::routes::{
        conversations::ConversationStateName,
        deliveries::GivenUpKind,
        messages::{AttachmentKindName, AuthorKind, MessageDirection, SendingStatus},
    };
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use vestibule_admin::{api_types::ConversationKindName, openapi::merged};

    #[test]
    fn every_enumeration_is_spelled_as_on_the_wire() {
        let document = merged(vec![crate::openapi()]).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let told: BTreeMap<&str, Value> = schemas
            .iter()
            .filter_map(|(name, schema)| Some((name.as_str(), schema.get("enum")?.clone())))
            .collect();
        let on_the_wire = BTreeMap::from([
            ("AttachmentKindName", json!(AttachmentKindName::SPELLINGS)),
            (
                "AuthorKind",
                json!([
                    AuthorKind::ChatUser,
                    AuthorKind::Agent,
                    AuthorKind::System,
                    AuthorKind::Unknown
                ]),
            ),
            (
                "ConversationKindName",
                json!(ConversationKindName::SPELLINGS),
            ),
            (
                "ConversationStateName",
                json!(ConversationStateName::SPELLINGS),
            ),
            (
                "GivenUpKind",
                json!([GivenUpKind::Delivery, GivenUpKind::Message]),
            ),
            (
                "MessageDirection",
                json!([MessageDirection::Inbound, MessageDirection::Outgoing]),
            ),
            (
                "SendingStatus",
                json!([
                    SendingStatus::Queued,
                    SendingStatus::Sent,
                    SendingStatus::Failed,
                    SendingStatus::Skipped
                ]),
            ),
        ]);
        assert_eq!(told, on_the_wire);
    }
}
