//! `GET /v1/projects/{project_id}/access-requests`

use super::{
    super::{avatars::Avatars, providers::read_provider},
    details::AccessRequestDetailsResponse,
};
use crate::{
    Deps,
    api_types::{ProjectPath, RequestStatusName},
    serving::served,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PageParams, api_types::ListResponse,
    problem::ApiError, project_of_empty_list, validation,
};
use vestibule_domain::{Timestamp, ports::AccessRequestFilter};

/// No filter by status.
const ALL: &str = "all";

/// Filters for access requests.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccessRequestParams {
    /// Only requests in this state: `pending`, `approved`, `rejected`, or `all` (the default).
    #[param(
        nullable = false,
        pattern = "^(pending|approved|rejected|all)$",
        example = "pending"
    )]
    status: Option<String>,
    /// Only requests made through this connector.
    #[param(nullable = false, format = "id")]
    connector_id: Option<String>,
    /// Only requests from this provider.
    #[param(nullable = false, example = "slack")]
    provider: Option<String>,
    /// Only requests made at or after this time.
    #[param(nullable = false, format = DateTime)]
    created_after: Option<String>,
    /// Only requests made before this time, which must be later than `created_after`.
    #[param(nullable = false, format = DateTime)]
    created_before: Option<String>,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct AccessRequestQuery(AccessRequestFilter);

impl ListFilter for AccessRequestQuery {
    type Params = AccessRequestParams;

    fn read(params: AccessRequestParams, errors: &mut FieldErrors) -> Self {
        let spellings: Vec<_> = RequestStatusName::SPELLINGS
            .iter()
            .copied()
            .chain([ALL])
            .collect();
        let status = params.status.as_deref().filter(|status| *status != ALL);
        let status = validation::one_of(
            "status",
            status,
            &spellings,
            RequestStatusName::parse,
            errors,
        );
        let connector = params.connector_id.as_deref();
        let after = read_time("created_after", params.created_after.as_deref(), errors);
        let before = read_time("created_before", params.created_before.as_deref(), errors);
        if let (Some(after), Some(before)) = (after, before)
            && before <= after
        {
            errors.add("created_before", "must be later than created_after");
        }
        Self(AccessRequestFilter {
            status: status.map(Into::into),
            connector_id: validation::id("connector_id", connector, errors),
            provider: read_provider("provider", params.provider.as_deref(), errors),
            created_after: after,
            created_before: before,
        })
    }
}

fn read_time(field: &str, given: Option<&str>, errors: &mut FieldErrors) -> Option<Timestamp> {
    // An unescaped `+` of an offset is decoded as a space.
    let time = Timestamp::parse(&given?.replace(' ', "+"));
    if time.is_none() {
        errors.add(
            field,
            "must be a time such as 2026-11-22T10:00:00Z (RFC 3339)",
        );
    }
    time
}

/// List the access requests
///
/// One list covers all connectors of the project, of the clients whose records the caller may touch. A page may
/// be short, or empty, before the last one.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/access-requests",
    tag = "Access requests",
    params(ProjectPath, AccessRequestParams, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<AccessRequestDetailsResponse>))
)]
pub async fn list_access_requests(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<AccessRequestQuery>,
) -> Result<Json<ListResponse<AccessRequestDetailsResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let mut page = deps
        .access_requests
        .list_access_requests(scope, &query.filter.0, &query.page)
        .await?;
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &page).await?;
    let served = served(&deps, &call, scope).await?;
    page.items
        .retain(|view| served.contains(view.request.connector_id));
    let avatars = Avatars::of(&deps, &call.origin, path.project_id);
    let now = call.now();
    Ok(ListResponse::of(page, |view| {
        AccessRequestDetailsResponse::of(view, &avatars, now)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::access::request::RequestStatus;

    fn of(status: &str) -> (AccessRequestFilter, FieldErrors) {
        let mut errors = FieldErrors::default();
        let params = AccessRequestParams {
            status: Some(status.to_owned()),
            ..AccessRequestParams::default()
        };
        (AccessRequestQuery::read(params, &mut errors).0, errors)
    }

    #[test]
    fn all_is_no_filter() {
        assert_eq!(of("all").0.status, None);
        assert!(of("all").1.is_empty());
        assert_eq!(of("pending").0.status, Some(RequestStatus::Pending));
        assert!(of("open").1.names("status"));
    }

    #[test]
    fn every_wrong_filter_is_told() {
        let mut errors = FieldErrors::default();
        let wrong = || Some("x".to_owned());
        AccessRequestQuery::read(
            AccessRequestParams {
                status: wrong(),
                connector_id: wrong(),
                provider: wrong(),
                created_after: wrong(),
                created_before: wrong(),
            },
            &mut errors,
        );
        for field in [
            "status",
            "connector_id",
            "provider",
            "created_after",
            "created_before",
        ] {
            assert!(errors.names(field), "{field}");
        }
    }

    #[test]
    fn a_span_ends_after_it_begins() {
        for (before, is_wrong) in [("10:00:00", true), ("09:59:59", true), ("10:00:01", false)] {
            let mut errors = FieldErrors::default();
            let params = AccessRequestParams {
                created_after: Some("2026-11-22T10:00:00Z".to_owned()),
                created_before: Some(format!("2026-11-22T{before}Z")),
                ..AccessRequestParams::default()
            };
            AccessRequestQuery::read(params, &mut errors);
            assert_eq!(errors.names("created_before"), is_wrong, "{before}");
        }
    }

    #[test]
    fn a_time_may_have_an_offset() {
        let mut errors = FieldErrors::default();
        assert_eq!(
            read_time("x", Some("2026-11-22T11:00:00 01:00"), &mut errors),
            Timestamp::parse("2026-11-22T10:00:00Z")
        );
        assert!(errors.is_empty());
    }
}
