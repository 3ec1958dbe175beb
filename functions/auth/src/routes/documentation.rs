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

#[cfg(test)]
mod tests {
    use crate::{
        opening::SignInStatus,
        routes::me::{AllMyClients, HourCycleName, ThemeName},
        routes::providers::ProviderPurpose,
    };
    use serde_json::{Value, json};
    use std::collections::BTreeMap;
    use vestibule_admin::{openapi::merged, routes::Access};
    use vestibule_domain::account::permission::Permission;

    #[test]
    fn every_enumeration_is_spelled_as_on_the_wire() {
        let document = merged(vec![crate::openapi()]).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let told: BTreeMap<&str, Value> = schemas
            .iter()
            .filter_map(|(name, schema)| Some((name.as_str(), schema.get("enum")?.clone())))
            .filter(|(name, _)| *name != "ProviderPurpose")
            .collect();
        let on_the_wire = BTreeMap::from([
            ("AllMyClients", json!([AllMyClients::All])),
            ("HourCycleName", json!(HourCycleName::SPELLINGS)),
            (
                "PermissionName",
                json!(Permission::ALL.map(Permission::key)),
            ),
            (
                "SignInStatus",
                json!([SignInStatus::SignedIn, SignInStatus::FactorRequired]),
            ),
            ("ThemeName", json!(ThemeName::SPELLINGS)),
        ]);
        assert_eq!(told, on_the_wire);
        let purposes = ["sign_in", "accept", "bind", "trial"];
        for purpose in purposes {
            let read: Result<ProviderPurpose, _> = serde_json::from_value(json!(purpose));
            assert!(read.is_ok(), "{purpose}");
        }
        assert_eq!(schemas["ProviderPurpose"]["enum"], json!(purposes));
    }

    #[test]
    fn what_is_open_is_sign_in_and_what_is_ones_own_needs_a_session() {
        for route in crate::table() {
            let expected = if route.path.starts_with("/v1/auth/") {
                Access::Open
            } else {
                Access::SignedIn
            };
            assert_eq!(route.access, expected, "{} {}", route.method, route.path);
        }
    }
}
