//! The head of this function's part of the OpenAPI document.

use utoipa::OpenApi;
use vestibule_admin::problem::Problem;

/// The head: its tag and the schema of problems.
#[derive(OpenApi)]
#[openapi(
    components(schemas(Problem)),
    tags((name = "Users", description = "People whom a project knows by name and phone number, and who may write to the agent."))
)]
pub struct Document;

#[cfg(test)]
mod tests {
    use crate::{
        api_types::{EndUserSourceName, ImportFieldName, ImportStatusName, ImportStopName},
        routes::end_users::EndUserOrderName,
    };
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use vestibule_admin::{openapi::merged, search::MatchField};

    #[test]
    fn every_enumeration_is_spelled_as_on_the_wire() {
        let document = merged(vec![crate::openapi()]).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let told: BTreeMap<&str, Value> = schemas
            .iter()
            .filter_map(|(name, schema)| Some((name.as_str(), schema.get("enum")?.clone())))
            .collect();
        let on_the_wire = BTreeMap::from([
            ("EndUserSourceName", json!(EndUserSourceName::SPELLINGS)),
            ("ImportFieldName", json!(ImportFieldName::SPELLINGS)),
            ("ImportStatusName", json!(ImportStatusName::SPELLINGS)),
            ("ImportStopName", json!(ImportStopName::SPELLINGS)),
            ("MatchField", json!(MatchField::SPELLINGS)),
        ]);
        assert_eq!(told, on_the_wire);
        let orders = [
            EndUserOrderName::Newest,
            EndUserOrderName::Oldest,
            EndUserOrderName::Name,
        ];
        assert_eq!(json!(orders), json!(["newest", "oldest", "name"]));
    }
}
