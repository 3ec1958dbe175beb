//! `GET /v1/projects/{project_id}/end-users/export`: the list as CSV, by pages (SPEC C61).

use super::{EndUserOrderParams, EndUserParams, EndUserQuery};
use crate::{Deps, api_types::ProjectPath, environments::Environments};
use axum::{extract::State, response::Response};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use vestibule_admin::{
    ApiPath, Call,
    export::{ExportCursor, ExportFilter, ExportQuery, ExportedRows, given_parameters},
    log,
    problem::ApiError,
    project_of_empty_list,
};
use vestibule_csv::columns::Field;
use vestibule_domain::{
    directory::end_user::EndUser,
    event::{Change, Event},
};

/// Text between environments in a cell, as an import reads them.
const SEPARATOR: &str = "; ";

impl ExportFilter for EndUserQuery {
    fn given(params: &EndUserParams) -> Vec<(&'static str, String)> {
        given_parameters([
            ("environment_id", params.environment_id.as_deref()),
            ("source", params.source.as_deref()),
            ("q", params.q.as_deref()),
        ])
    }
}

/// Export the users
///
/// The list as filtered, in columns that an import reads, at most 1000 rows an answer. The header `Link` with
/// `rel="next"` leads to the next ones, and `Vestibule-Next-Cursor` names them; without these, the answer is the last.
/// Cells that a spreadsheet would run as a formula begin with an apostrophe, which an import takes away. The audit log
/// records each answer without the data.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/export",
    tag = "Users",
    params(ProjectPath, EndUserParams, EndUserOrderParams, ExportCursor),
    responses((status = 200, description = "Some rows.", content((String = "text/csv")), headers(
        ("Link" = String, description = "Address of the next rows, with `rel=\"next\"`."),
        ("Vestibule-Next-Cursor" = String, description = "Start of the next rows.")
    )))
)]
pub async fn export_end_users(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ExportQuery<EndUserQuery>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let (deps, filter) = (&deps, &query.filter.0);
    let found = ExportedRows::read(query.page, |page| async move {
        let found = deps.end_users.list_end_users(scope, filter, &page).await?;
        project_of_empty_list(deps.projects.as_ref(), scope, &page, &found).await?;
        Ok(found)
    })
    .await?;
    let held: BTreeSet<_> = found
        .rows
        .iter()
        .flat_map(|user| user.environments.iter().copied())
        .collect();
    let environments = Environments::read(deps, scope, &held).await?;
    let change = Change {
        event: Event::DirectoryExported(path.project_id),
        before: Value::Null,
        after: json!({"end_users": found.rows.len()}),
    };
    let entry = call.audit(change, call.now());
    deps.admin.audit.append(&entry).await?;
    log(&entry);
    let path = format!("/v1/projects/{}/end-users/export", path.project_id);
    let columns = Field::ALL.map(Field::title);
    Ok(
        found.into_csv("users.csv", (&path, &query.asked), columns, |user| {
            cells(&user, &environments)
        }),
    )
}

/// The cells of one user.
fn cells(user: &EndUser, environments: &Environments) -> [String; Field::ALL.len()] {
    let told = |text: Option<String>| text.unwrap_or_default();
    Field::ALL.map(|field| match field {
        Field::Phone => told(user.phone.as_ref().map(ToString::to_string)),
        Field::Email => told(user.email.as_ref().map(ToString::to_string)),
        Field::FirstName => told(user.names.first.clone()),
        Field::MiddleName => told(user.names.middle.clone()),
        Field::LastName => told(user.names.last.clone()),
        Field::Environments => {
            let held = environments.of(&user.environments);
            let names: Vec<&str> = held.iter().map(|one| one.name.as_str()).collect();
            names.join(SEPARATOR)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_rows_have_every_filter_of_the_first_ones() {
        let expected = [("environment_id", "e"), ("source", "invited"), ("q", "ada")];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        let params = EndUserParams {
            environment_id: Some("e".to_owned()),
            source: Some("invited".to_owned()),
            q: Some("ada".to_owned()),
        };
        assert_eq!(EndUserQuery::given(&params), expected);
        assert!(EndUserQuery::given(&EndUserParams::default()).is_empty());
    }
}
