//! `GET /v1/projects/{project_id}/access-requests`

use super::{
    super::{avatars::Avatars, providers::read_provider},
    details::{AccessRequestDetailsResponse, readable},
};
use crate::{
    Deps,
    api_types::{ProjectPath, RequestStatusName},
    serving::served,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery, PlaceParams,
    api_types::ListResponse,
    export::{ExportFilter, given_parameters},
    problem::ApiError,
    project_of_empty_list, search, validation,
};
use vestibule_domain::{Timestamp, access::request::RequestStatus, ports::AccessRequestFilter};

/// No filter by status.
const ALL: &str = "all";
/// The order by the last message, which only people who wait have.
const LAST_MESSAGE: &str = "last_message";
/// Maximum number of connectors, and of providers, in a filter.
const CHOICES_MAX: usize = 10;

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
    /// Only requests made through one of these connectors: up to 10 ids, separated by commas.
    #[param(
        nullable = false,
        pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}(,[0-7][0-9A-HJKMNP-TV-Z]{25}){0,9}$"
    )]
    connector_id: Option<String>,
    /// Only requests from one of these providers: up to 10 keys, separated by commas.
    #[param(nullable = false, example = "slack,teams")]
    provider: Option<String>,
    /// Only requests made at or after this time.
    #[param(nullable = false, format = DateTime)]
    created_after: Option<String>,
    /// Only requests made before this time, which must be later than `created_after`.
    #[param(nullable = false, format = DateTime)]
    created_before: Option<String>,
    /// Only requests of people in whose names or ids each of these words occurs, whatever case, accents and widths;
    /// phone numbers are compared by their digits. The list is then in the order of the search, and pages may be
    /// short.
    #[param(nullable = false, max_length = 200, example = "lovel")]
    q: Option<String>,
}

/// The order of the list, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
pub struct AccessRequestOrderParams {
    /// Order by creation, `newest` first or `oldest` first; or `last_message`: those who wrote last come
    /// first, with `status=pending` only. Whoever writes while pages are read moves to the front.
    #[param(required = false, inline)]
    order: AccessRequestOrder,
}

/// Order of access requests, for the documentation.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it only describes a parameter")]
enum AccessRequestOrder {
    /// Latest first.
    Newest,
    /// Earliest first.
    Oldest,
    /// By the last message, latest first.
    LastMessage,
}

/// Validated filters.
#[derive(Debug, Default)]
pub struct AccessRequestQuery(pub(super) AccessRequestFilter);

impl ListFilter for AccessRequestQuery {
    type Params = AccessRequestParams;
    const ORDERS: &'static [&'static str] = &[LAST_MESSAGE];

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
        let connectors = params.connector_id.as_deref();
        let connector = |part: &str, errors: &mut FieldErrors| {
            validation::id("connector_id", Some(part), errors)
        };
        let providers = params.provider.as_deref();
        let provider =
            |part: &str, errors: &mut FieldErrors| read_provider("provider", Some(part), errors);
        let after = read_time("created_after", params.created_after.as_deref(), errors);
        let before = read_time("created_before", params.created_before.as_deref(), errors);
        if let (Some(after), Some(before)) = (after, before)
            && before <= after
        {
            errors.add("created_before", "must be later than created_after");
        }
        Self(AccessRequestFilter {
            status: status.map(Into::into),
            connector_ids: validation::several(
                "connector_id",
                connectors,
                CHOICES_MAX,
                errors,
                connector,
            ),
            providers: validation::several("provider", providers, CHOICES_MAX, errors, provider),
            created_after: after,
            created_before: before,
            by_last_message: false,
            query: search::query("q", params.q.as_deref(), errors),
        })
    }

    fn order_by(&mut self, _: &str, errors: &mut FieldErrors) {
        if self.0.status != Some(RequestStatus::Pending) {
            errors.add("order", "can be `last_message` with `status=pending` only");
        }
        self.0.by_last_message = true;
    }
}

impl ExportFilter for AccessRequestQuery {
    fn given(params: &AccessRequestParams) -> Vec<(&'static str, String)> {
        given_parameters([
            ("status", params.status.as_deref()),
            ("connector_id", params.connector_id.as_deref()),
            ("provider", params.provider.as_deref()),
            ("created_after", params.created_after.as_deref()),
            ("created_before", params.created_before.as_deref()),
            ("q", params.q.as_deref()),
        ])
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
    params(ProjectPath, AccessRequestParams, PlaceParams, AccessRequestOrderParams),
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
    let (words, now) = (query.filter.0.query.as_deref(), call.now());
    Ok(ListResponse::of(page, |view| {
        AccessRequestDetailsResponse::found(readable(&call, view), words, &avatars, now)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// SPEC B34.
    #[test]
    fn several_connectors_and_providers_may_be_named_and_the_last_message_orders_those_who_wait() {
        let (one, two) = ("01JD3Q3Z9V8M4T6K2N7P5R1S0W", "01JD3Q3Z9V8M4T6K2N7P5R1S0X");
        let mut errors = FieldErrors::default();
        let params = AccessRequestParams {
            status: Some("pending".to_owned()),
            connector_id: Some(format!("{one},{two}")),
            provider: Some("slack,teams".to_owned()),
            ..AccessRequestParams::default()
        };
        let mut query = AccessRequestQuery::read(params, &mut errors);
        query.order_by(LAST_MESSAGE, &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(query.0.connector_ids.len(), 2);
        assert_eq!(query.0.providers.len(), 2);
        assert!(query.0.by_last_message);
        let mut all = AccessRequestQuery::default();
        all.order_by(LAST_MESSAGE, &mut errors);
        assert!(errors.names("order"));
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
                q: Some("x".repeat(201)),
            },
            &mut errors,
        );
        for field in [
            "status",
            "connector_id",
            "provider",
            "created_after",
            "created_before",
            "q",
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
