//! `POST /v1/projects/{project_id}/end-users/imports`

use super::{
    ImportResponse,
    mapping::{self, MappedColumn},
};
use crate::{Deps, api_types::ProjectPath, routes::end_users::check_project};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IdempotencyKey, JsonBody,
    api_types::{IdempotencyHeader, created},
    problem::{ApiError, IDEMPOTENCY_KEY_REUSED},
    read_fields,
    validation::required_name,
};
use vestibule_domain::{
    directory::import::{IMPORT_FILE_MAX_BYTES, Import, ImportProgress, ImportStatus},
    ids::ImportId,
    ports::Created,
};

/// A file to import.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"file_name": "people.csv", "size": 52000, "dry_run": true}))]
pub struct CreateImportRequest {
    /// Name of the file, to show.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    file_name: Option<String>,
    /// Size of the file in bytes, at most 20 MiB.
    #[schema(required = true, nullable = false, minimum = 1, maximum = 20_971_520)]
    size: Option<u64>,
    /// Whether the first run only says what the file would change. False by default.
    dry_run: Option<bool>,
    /// Contents of columns whose names do not tell them.
    #[schema(max_items = 100)]
    mapping: Option<Vec<MappedColumn>>,
}

/// Validated body.
#[derive(Debug)]
struct NewImport {
    file_name: String,
    size: u64,
    only_checks: bool,
    mapping: BTreeMap<String, Option<String>>,
}

impl NewImport {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: CreateImportRequest = read_fields(fields, &mut errors);
        let file_name = required_name("file_name", request.file_name.as_deref(), &mut errors);
        let size = errors.required("size", request.size);
        if size.is_some_and(|size| !(1..=IMPORT_FILE_MAX_BYTES).contains(&size)) {
            errors.add(
                "size",
                format!("must be 1 to {IMPORT_FILE_MAX_BYTES} bytes"),
            );
        }
        let mapping = mapping::read(request.mapping.unwrap_or_default(), &mut errors);
        match (file_name, size) {
            (Some(file_name), Some(size)) if errors.is_empty() => Ok(Self {
                file_name,
                size,
                only_checks: request.dry_run.unwrap_or(false),
                mapping,
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// Import users
///
/// Announces a CSV file of at most 50,000 rows. Then send it in parts, and start the import: rows of known phone numbers
/// change their users, and others add users. Whatever separates cells, encodes characters or ends lines is recognised,
/// and so are the usual names of columns in any order.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/end-users/imports",
    tag = "Users",
    params(ProjectPath, IdempotencyHeader),
    request_body = CreateImportRequest,
    responses((status = 201, description = "The import awaits its file.", body = ImportResponse))
)]
pub async fn create_import(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    ApiPath(path): ApiPath<ProjectPath>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let new = NewImport::read(body.0)?;
    check_project(&deps, scope).await?;
    let now = call.now();
    let route = format!("projects/{}/end-users/imports", path.project_id);
    let id: ImportId = idempotency.id(&call, &route);
    let import = Import {
        id,
        scope,
        file_name: new.file_name,
        size: new.size,
        only_checks: new.only_checks,
        mapping: new.mapping,
        environments: Vec::new(),
        parts: BTreeMap::new(),
        status: ImportStatus::Uploading,
        is_cancelled: false,
        progress: ImportProgress::default(),
        author: call.actor().clone(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let proof = &call.caller.proof;
    match deps.imports.create_import(&import, proof).await? {
        Created::New => Ok(answer(import, false)),
        Created::Existing(existing) if facts(&existing) == facts(&import) => {
            Ok(answer(*existing, true))
        }
        Created::Existing(_) | Created::Spent => Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED)),
    }
}

fn answer(import: Import, is_replayed: bool) -> Response {
    created(import.version, ImportResponse::from(import), is_replayed)
}

/// The values that a caller gave of an import, by which two calls are told apart. Starting it may change the others.
fn facts(import: &Import) -> Value {
    json!({"file_name": import.file_name, "size": import.size})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(value: Value) -> Vec<String> {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        let refused = NewImport::read(fields).unwrap_err();
        let errors = refused.errors().iter();
        errors.map(|error| error.field.clone()).collect()
    }

    /// SPEC C61.
    #[test]
    fn a_file_has_a_name_and_at_most_20_mib() {
        assert_eq!(errors(json!({})), ["file_name", "size"]);
        for size in [json!(0), json!(20_971_521), json!(-1), json!("1")] {
            let body = json!({"file_name": "people.csv", "size": size});
            assert_eq!(errors(body), ["size"]);
        }
        let fields = json!({"file_name": "people.csv", "size": 20_971_520});
        let new = NewImport::read(fields.as_object().cloned().unwrap()).unwrap();
        assert!(!new.only_checks && new.mapping.is_empty());
    }
}
