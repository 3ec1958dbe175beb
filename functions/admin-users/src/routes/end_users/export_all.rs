//! `GET /v1/projects/{project_id}/end-users/export`: the list as CSV, by pages (SPEC C61).

use super::{EndUserOrderName, EndUserParams, EndUserQuery};
use crate::{Deps, api_types::ProjectPath, environments::Environments};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::IntoParams;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, ListFilter, ListQuery,
    export::{CSV, ExportCursor, ExportFile, ExportedRows, csv},
    log,
    problem::ApiError,
    project_of_empty_list,
};
use vestibule_csv::columns::Field;
use vestibule_domain::{
    directory::end_user::EndUser,
    event::{Change, Event},
    page::Order,
};

/// Text between environments in a cell, as an import reads them.
const SEPARATOR: &str = "; ";

/// The order of an export, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
pub struct EndUserExportParams {
    /// Order: `newest` first (default), `oldest` first, or by `name`.
    #[param(required = false, inline)]
    order: EndUserOrderName,
}

/// An export, checked.
#[derive(Debug, Default)]
pub struct Export {
    filter: EndUserQuery,
    /// The parameters as they were asked for, for the address of the next page.
    asked: Vec<(&'static str, String)>,
}

impl ListFilter for Export {
    type Params = EndUserParams;
    const ORDERS: &'static [&'static str] = EndUserQuery::ORDERS;

    fn read(params: EndUserParams, errors: &mut FieldErrors) -> Self {
        let asked = [
            ("environment_id", &params.environment_id),
            ("source", &params.source),
            ("q", &params.q),
        ];
        let asked = asked.into_iter();
        let asked = asked.filter_map(|(name, value)| Some((name, value.clone()?)));
        Self {
            asked: asked.collect(),
            filter: EndUserQuery::read(params, errors),
        }
    }

    fn order_by(&mut self, order: &str, errors: &mut FieldErrors) {
        self.asked.push(("order", order.to_owned()));
        self.filter.order_by(order, errors);
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
    params(ProjectPath, EndUserParams, EndUserExportParams, ExportCursor),
    responses((status = 200, description = "Some rows.", content((String = "text/csv")), headers(
        ("Link" = String, description = "Address of the next rows, with `rel=\"next\"`."),
        ("Vestibule-Next-Cursor" = String, description = "Start of the next rows.")
    )))
)]
pub async fn export_end_users(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<Export>,
) -> Result<Response, ApiError> {
    let ListQuery {
        page,
        filter: asked,
    } = query;
    let scope = call.scope().project(path.project_id);
    let (deps, filter, mut params) = (&deps, &asked.filter.0, asked.asked);
    if page.order == Order::OldestFirst {
        params.push(("order", "oldest".to_owned()));
    }
    let found = ExportedRows::read(page, |page| async move {
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
    let rows = found.rows.iter().map(|user| cells(user, &environments));
    let path = format!("/v1/projects/{}/end-users/export", path.project_id);
    let file = ExportFile {
        media_type: CSV,
        name: "users.csv",
        body: csv(Field::ALL.map(Field::title), rows),
        path: &path,
        asked: &params,
        next: found.next,
    };
    Ok(file.into_response())
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
    fn the_next_rows_are_asked_for_as_the_first_ones() {
        let mut errors = FieldErrors::default();
        let params = EndUserParams {
            source: Some("invited".to_owned()),
            ..EndUserParams::default()
        };
        let mut export = Export::read(params, &mut errors);
        export.order_by("name", &mut errors);
        assert!(errors.is_empty());
        let expected = [("source", "invited"), ("order", "name")];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(export.asked, expected);
        assert!(export.filter.0.by_name && export.filter.0.source.is_some());
    }
}
