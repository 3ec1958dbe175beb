//! `POST /v1/projects/{project_id}/environments/reorder`

use super::{EnvironmentResponse, beside, layout};
use crate::{Deps, api_types::ProjectPath, routes::projects};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, JsonBody, amend, log,
    problem::{ApiError, Problem},
    problem_types, read_fields,
};
use vestibule_domain::{
    account::{Environment, layout::ENVIRONMENTS_MAX},
    event::{Change, Event},
    ids::EnvironmentId,
};

problem_types! {
    OTHER_ENVIRONMENTS = "other-environments", CONFLICT, "The project has other environments",
        "The order does not name every environment of the project once. Read the list again: one was added or deleted meanwhile.";
}

/// An order of the project's environments.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"environment_ids": ["01JD3Q3Z9V8M4T6K2N7P5R1S0W", "01JD3Q3Z9V8M4T6K2N7P5R1S0X"]}))]
pub struct ReorderEnvironmentsRequest {
    /// Ids of all environments of the project, in the new order.
    #[schema(required = true, nullable = false, min_items = 1, max_items = 50)]
    environment_ids: Option<Vec<String>>,
}

/// The environments of a project in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderedEnvironmentsResponse {
    /// The environments.
    items: Vec<EnvironmentResponse>,
}

/// Reorder the environments
///
/// All of them at once. Answers with all environments in their new order.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/environments/reorder",
    tag = "Environments",
    params(ProjectPath),
    request_body = ReorderEnvironmentsRequest,
    responses(
        (status = 200, description = "The environments in the new order.", body = OrderedEnvironmentsResponse),
        (status = 409, description = "The project has other environments than those in the order, or other callers keep changing them.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn reorder_environments(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Json<OrderedEnvironmentsResponse>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let order = &read_order(body.0)?;
    projects::read(&deps, call.scope(), path.project_id).await?;
    let (deps, call) = (&deps, &call);
    let ordered: Vec<Environment> = amend(
        &IfMatch::Absent,
        || layout(deps, scope),
        |layout| async move {
            let now = call.now();
            let ordered = layout.reordered(order, now).ok_or(&OTHER_ENVIRONMENTS)?;
            let is_stored = |one: &Environment| layout.environments.contains(one);
            let mut moved = ordered.clone();
            moved.retain(|one| !is_stored(one));
            if moved.is_empty() {
                return Ok(ordered);
            }
            let change = Change {
                event: Event::EnvironmentsReordered(path.project_id),
                before: names(&layout.environments),
                after: names(&ordered),
            };
            let entry = call.audit(change, now);
            deps.environments
                .reorder_environments(&layout, &moved, &entry)
                .await?;
            log(&entry);
            Ok(ordered)
        },
    )
    .await?;
    let mut beside = beside::of_all(deps, scope, order).await?;
    let now = call.now();
    let items = ordered.into_iter().map(|one| {
        let beside = beside.remove(&one.id).unwrap_or_default();
        EnvironmentResponse::of(one, beside, None, now)
    });
    Ok(Json(OrderedEnvironmentsResponse {
        items: items.collect(),
    }))
}

fn read_order(fields: Map<String, Value>) -> Result<Vec<EnvironmentId>, ApiError> {
    let mut errors = FieldErrors::default();
    let request: ReorderEnvironmentsRequest = read_fields(fields, &mut errors);
    let ids = request.environment_ids.as_deref();
    errors.required("environment_ids", ids);
    let ids = ids.unwrap_or_default();
    if ids.len() > ENVIRONMENTS_MAX {
        errors.add(
            "environment_ids",
            format!("must be at most {ENVIRONMENTS_MAX} ids"),
        );
    }
    let mut order = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        match id.parse() {
            Ok(id) => order.push(id),
            Err(_) => errors.add(
                format!("environment_ids.{index}"),
                "must be the id of an environment of this project",
            ),
        }
    }
    errors.check_body()?;
    Ok(order)
}

/// The order as the audit log records it.
fn names(environments: &[Environment]) -> Value {
    let names: Vec<_> = environments.iter().map(|one| one.name.as_str()).collect();
    json!({ "environments": names })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: Value) -> Result<Vec<EnvironmentId>, Vec<String>> {
        let Value::Object(fields) = body else {
            panic!("a body is an object");
        };
        let fields_of = |error: ApiError| {
            let errors = error.errors().iter();
            errors.map(|error| error.field.clone()).collect()
        };
        read_order(fields).map_err(fields_of)
    }

    /// SPEC C60.
    #[test]
    fn an_order_is_a_list_of_ids() {
        let id = EnvironmentId::derive(&["e"]);
        assert_eq!(read(json!({"environment_ids": [id]})), Ok(vec![id]));
        assert_eq!(read(json!({"environment_ids": []})), Ok(vec![]));
        let list = vec!["environment_ids".to_owned()];
        assert_eq!(read(json!({})), Err(list.clone()));
        assert_eq!(read(json!({"environment_ids": "x"})), Err(list.clone()));
        let many = vec![id; ENVIRONMENTS_MAX + 1];
        assert_eq!(read(json!({ "environment_ids": many })), Err(list));
        let second = vec!["environment_ids.1".to_owned()];
        assert_eq!(read(json!({"environment_ids": [id, "x"]})), Err(second));
    }
}
