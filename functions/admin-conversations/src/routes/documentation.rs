//! The head of this function's part of the OpenAPI document.

use super::conversations::ConversationViewName;
use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The head: its tags, the schema of problems and that of an enumeration which only a parameter has.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem, ConversationViewName)),
    tags(
        (name = "Conversations", description = "Conversations of people with the agent, and their messages."),
        (name = "Routing", description = "Members who have conversations, and conversations that wait for one."),
        (name = "Figures", description = "Times that people waited for members, and for decisions."),
        (name = "Deliveries", description = "Deliveries to agents and messages to people that were given up.")
    )
)]
pub struct Document;

#[cfg(test)]
mod tests {
    use crate::routes::{
        conversations::{
            ConversationStateName, ConversationViewName,
            case::{CaseStateName, WaitCode},
        },
        deliveries::GivenUpKind,
        desks::PresenceName,
        messages::{AttachmentKindName, AuthorKind, MessageDirection, SendingStatus},
        routing::lines::RoutedVerbName,
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
                    AuthorKind::Member,
                    AuthorKind::System,
                    AuthorKind::Unknown
                ]),
            ),
            (
                "CaseStateName",
                json!([
                    CaseStateName::Offered,
                    CaseStateName::Waiting,
                    CaseStateName::Assigned,
                    CaseStateName::Released
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
                "ConversationViewName",
                json!(ConversationViewName::SPELLINGS),
            ),
            (
                "GivenUpKind",
                json!([GivenUpKind::Delivery, GivenUpKind::Message]),
            ),
            (
                "MessageDirection",
                json!([MessageDirection::Inbound, MessageDirection::Outgoing]),
            ),
            ("PresenceName", json!(PresenceName::SPELLINGS)),
            ("RoutedVerbName", json!(RoutedVerbName::SPELLINGS)),
            (
                "SendingStatus",
                json!([
                    SendingStatus::Queued,
                    SendingStatus::Sent,
                    SendingStatus::Failed,
                    SendingStatus::Skipped
                ]),
            ),
            (
                "WaitCode",
                json!([
                    WaitCode::NobodyHasChannel,
                    WaitCode::NobodyMayReply,
                    WaitCode::NobodyHasClient,
                    WaitCode::NobodyInTeam,
                    WaitCode::NobodyHasSkills,
                    WaitCode::AllDeclined,
                    WaitCode::NobodyAvailable,
                    WaitCode::AllAtLimit,
                    WaitCode::AboutToBeAssigned
                ]),
            ),
        ]);
        assert_eq!(told, on_the_wire);
    }
}
