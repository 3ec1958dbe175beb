//! `GET /v1/permissions`: the catalogue of permissions (SPEC E27).

use crate::api_types::PermissionAreaName;
use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_admin::api_types::{ListResponse, PermissionName};
use vestibule_domain::account::permission::Permission;

/// A permission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "key": "access_requests.decide", "area": "access_requests", "label": "Decide requests",
    "description": "Approve and reject access requests."
}))]
pub struct PermissionResponse {
    /// Key, by which roles and API keys name it.
    key: PermissionName,
    /// Part of the system that it is about.
    area: PermissionAreaName,
    /// The permission in a few words.
    label: &'static str,
    /// The permission in a sentence.
    description: &'static str,
}

impl From<Permission> for PermissionResponse {
    fn from(permission: Permission) -> Self {
        Self {
            key: permission.into(),
            area: permission.area().into(),
            label: permission.label(),
            description: permission.description(),
        }
    }
}

/// List the permissions
///
/// All permissions there are, in one page.
#[utoipa::path(
    get,
    path = "/v1/permissions",
    tag = "Roles",
    responses((status = 200, description = "All permissions.", body = ListResponse<PermissionResponse>))
)]
pub async fn list_permissions() -> Json<ListResponse<PermissionResponse>> {
    Json(ListResponse {
        items: Permission::ALL
            .into_iter()
            .map(PermissionResponse::from)
            .collect(),
        next_cursor: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SPEC E27.
    #[tokio::test]
    async fn every_permission_is_listed_with_its_words() {
        let Json(listed) = list_permissions().await;
        assert_eq!(listed.items.len(), Permission::ALL.len());
        assert_eq!(listed.next_cursor, None);
        for item in listed.items {
            assert!(!item.label.is_empty(), "{item:?}");
            assert!(item.description.ends_with('.'), "{item:?}");
        }
    }
}
