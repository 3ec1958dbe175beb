//! The OpenAPI document: generated from the handlers, and completed with the providers' fields from the
//! catalogue and the schemas of deliveries to agents.

use crate::{agent_schemas, routes};
use serde_json::{Map, Value, json};
use vestibule_admin::openapi::FunctionApi;
use vestibule_providers::catalogue::{ConnectorKind, FieldSpec, connector_kinds};

/// This function's part of the document.
pub fn part() -> FunctionApi {
    let mut api = FunctionApi::of(&routes::all(), routes::PROBLEM_TYPES);
    add_sections(&mut api);
    for (name, schema) in agent_schemas::all() {
        api.add_schema(name, schema);
    }
    api
}

/// Adds the providers' fields to the schemas of connectors, under each provider's key.
fn add_sections(api: &mut FunctionApi) {
    for (schema, section) in [
        (
            "ConnectorResponse",
            shown_section as fn(&dyn ConnectorKind) -> Value,
        ),
        ("CreateConnectorRequest", asked_section),
        ("UpdateConnectorRequest", changed_section),
    ] {
        if let Some(properties) = api.properties_mut(schema) {
            for kind in connector_kinds() {
                properties.insert(kind.provider().key().to_owned(), section(*kind));
            }
        }
    }
}

fn shown_section(kind: &dyn ConnectorKind) -> Value {
    section(
        kind,
        "Fields of a connector of this provider; absent for other providers.",
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
        "Fields of a connector of this provider.",
        true,
        asked_field,
    )
}

fn changed_section(kind: &dyn ConnectorKind) -> Value {
    section(
        kind,
        "Fields to change; fields left out keep their values.",
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
    use crate::{
        api_types::{
            AfterApprovalName, AgentEventName, AgentHealthStatusName, ChangeActionName,
            ChatUserStatusName, DirectoryActionName, ExistingUsersName, FactName, HandlerName,
            PolicyName, ReasonCodeName, RequestStatusName, TestOutcomeName, VerdictName,
        },
        routes::{
            access_requests::{
                bulk::BulkOutcome,
                follow_up::{FollowUpStatus, OnboardingMessageStatus},
            },
            chat_users::export::HeldMessageState,
            connectors::{
                messages::MessageOutcomeName,
                outcome::SetUpStatus,
                trace::{ReplyStatus, TraceOutcomeName},
            },
            environments::test::{AnswerType, TestDeliveryStatus},
            explain::{DecisionName, DecisionReasonName},
            health::HealthName,
            providers::FillName,
        },
    };
    use serde::{Serialize, de::DeserializeOwned};
    use std::collections::BTreeMap;
    use vestibule_admin::{api_types::ConversationKindName, openapi::merged, search::MatchField};

    fn document() -> Value {
        merged(vec![part()]).unwrap()
    }

    /// The spellings of a field-less enum that serde knows: its error for an unknown one lists them.
    fn spellings<T: DeserializeOwned + Serialize>() -> Vec<Value> {
        let error = serde_json::from_value::<T>(json!("none of them"))
            .err()
            .unwrap();
        let text = error.to_string();
        let (_, listed) = text.split_once(", expected ").unwrap();
        let listed: Vec<_> = listed
            .split('`')
            .skip(1)
            .step_by(2)
            .map(Value::from)
            .collect();
        for spelling in &listed {
            let value: T = serde_json::from_value(spelling.clone()).unwrap();
            assert_eq!(serde_json::to_value(value).unwrap(), *spelling);
        }
        listed
    }

    #[test]
    fn every_enumeration_is_spelled_as_on_the_wire() {
        let document = document();
        let told: BTreeMap<_, _> = document["components"]["schemas"]
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(name, schema)| Some((name.as_str(), schema.get("enum")?.as_array()?)))
            .collect();
        macro_rules! on_the_wire {
            ($($name:ident),* $(,)?) => {
                BTreeMap::from([$((stringify!($name), spellings::<$name>())),*])
            };
        }
        let on_the_wire = on_the_wire![
            AfterApprovalName,
            AgentEventName,
            AgentHealthStatusName,
            AnswerType,
            BulkOutcome,
            ChangeActionName,
            ChatUserStatusName,
            ConversationKindName,
            DecisionName,
            DecisionReasonName,
            DirectoryActionName,
            ExistingUsersName,
            FactName,
            FillName,
            FollowUpStatus,
            HandlerName,
            HealthName,
            HeldMessageState,
            MatchField,
            MessageOutcomeName,
            OnboardingMessageStatus,
            PolicyName,
            ReasonCodeName,
            ReplyStatus,
            RequestStatusName,
            SetUpStatus,
            TestDeliveryStatus,
            TestOutcomeName,
            TraceOutcomeName,
            VerdictName,
        ];
        let names: Vec<_> = told.keys().collect();
        assert_eq!(names, on_the_wire.keys().collect::<Vec<_>>());
        for (name, spellings) in on_the_wire {
            assert_eq!(*told[name], spellings, "{name}");
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
        let shared = [vestibule_admin::problem::PROBLEM_TYPES];
        let kinds = routes::PROBLEM_TYPES
            .iter()
            .chain(&shared)
            .copied()
            .flatten();
        let mut count = 0;
        for kind in kinds {
            assert!(text.contains(&format!("`{}`", kind.uri)), "{}", kind.uri);
            count += 1;
        }
        assert_eq!(count, 46);
    }

    #[test]
    fn the_problems_of_resources_keep_their_names_statuses_and_titles() {
        let told: Vec<_> = routes::PROBLEM_TYPES
            .iter()
            .copied()
            .flatten()
            .map(|kind| (kind.uri, kind.status.as_u16(), kind.title))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "/problems/already-decided",
                    409,
                    "The access request was decided before"
                ),
                (
                    "/problems/chat-user-blocked",
                    409,
                    "The chat user is blocked"
                ),
                (
                    "/problems/linked-to-another",
                    409,
                    "The chat user is another user"
                ),
                (
                    "/problems/too-many-chat-users",
                    409,
                    "The user is as many chat users as possible"
                ),
                (
                    "/problems/not-approved",
                    409,
                    "The access request is not approved"
                ),
                (
                    "/problems/connect-first",
                    409,
                    "The platform was not told the last webhook secret yet"
                ),
                (
                    "/problems/no-secret-of-ours",
                    409,
                    "This connector has no webhook secret that is made here"
                ),
                (
                    "/problems/not-by-api",
                    409,
                    "A platform sends the messages of this connector"
                ),
                (
                    "/problems/keys-only",
                    403,
                    "Messages of people come from your own system, with an API key"
                ),
                (
                    "/problems/channel-removed",
                    409,
                    "The account removed the channel of this connector"
                ),
                (
                    "/problems/too-many-messages",
                    429,
                    "The connector brought too many messages in this minute"
                ),
                ("/problems/name-taken", 409, "The name is taken"),
                (
                    "/problems/too-many-environments",
                    409,
                    "The project has as many environments as it can have"
                ),
                ("/problems/no-agent", 409, "The environment has no agent"),
                (
                    "/problems/environment-in-use",
                    409,
                    "The environment is in use"
                ),
                (
                    "/problems/other-environments",
                    409,
                    "The project has other environments"
                ),
                (
                    "/problems/tests-under-way",
                    429,
                    "Other test deliveries are under way"
                ),
                (
                    "/problems/other-clients",
                    403,
                    "The project has connectors of other clients"
                ),
                ("/problems/other-name", 409, "The project has another name"),
            ]
        );
    }
}
