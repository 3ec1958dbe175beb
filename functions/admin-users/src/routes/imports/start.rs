//! `POST /v1/projects/{project_id}/end-users/imports/{import_id}/start`

use super::{
    IMPORT_ID, IMPORT_INCOMPLETE, IMPORT_RUNNING, RECEIVED,
    mapping::{self, MappedColumn},
    read, shown, wrong_state,
};
use crate::{Deps, api_types::ImportPath, environments::Environments};
use axum::{extract::State, response::Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, FieldErrors, IfMatch, OptionalJsonBody, amend,
    jobs::import_or_leave,
    log,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    directory::import::{Import, ImportStatus},
    event::{Change, Event},
    ports::ImportStarted,
};

/// Settings with which an import starts. Those that are left out stay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"dry_run": false}))]
pub struct StartImportRequest {
    /// Whether the run only says what the file would change. False by default after such a run.
    dry_run: Option<bool>,
    /// Contents of columns whose names do not tell them.
    #[schema(max_items = 100)]
    mapping: Option<Vec<MappedColumn>>,
}

/// Validated body.
#[derive(Debug)]
struct Start {
    only_checks: Option<bool>,
    mapping: Option<BTreeMap<String, Option<String>>>,
}

impl Start {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: StartImportRequest = read_fields(fields, &mut errors);
        let mapping = request
            .mapping
            .map(|columns| mapping::read(columns, &mut errors));
        errors.check_body()?;
        Ok(Self {
            only_checks: request.dry_run,
            mapping,
        })
    }
}

/// Start an import
///
/// A dry run reads the file and changes nobody; afterwards, start it again to import the file, or to try another
/// `mapping`. A run stops where the project is archived, or whoever started it loses the permission, or it fails as often
/// as it is tried; start it again once it may go on. Rows with mistakes are left out, and all others imported. An import that runs already, or is done, stays
/// as it is.
#[utoipa::path(
    post,
    path = "/v1/projects/{project_id}/end-users/imports/{import_id}/start",
    tag = "Users",
    params(ImportPath),
    request_body(content = Option<StartImportRequest>, description = "Optional."),
    responses(
        (status = 200, description = "The import runs, or is done.", body = super::ImportResponse, headers(("ETag" = String, description = "Version of the record."))),
        (status = 409, description = "Another import runs (see `import_id`), parts are missing (see `received`), or the import is over (see `state`).", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn start_import(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ImportPath>,
    body: OptionalJsonBody,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    let start = Start::read(body.0)?;
    let (deps, call, start) = (&*deps, &call, &start);
    amend(
        &IfMatch::Absent,
        || read(deps, scope, path.import_id),
        |import| run(deps, call, start, import),
    )
    .await
}

async fn run(
    deps: &Deps,
    call: &Call,
    start: &Start,
    import: Import,
) -> Result<Response, ApiError> {
    let only_checks = match import.status {
        ImportStatus::Uploading | ImportStatus::Stopped => {
            start.only_checks.unwrap_or(import.only_checks)
        }
        ImportStatus::Checked => start.only_checks.unwrap_or(false),
        ImportStatus::Checking | ImportStatus::Importing | ImportStatus::Done => {
            return Ok(shown(import));
        }
        ImportStatus::Cancelled | ImportStatus::Failed => return Err(wrong_state(&import)),
    };
    let received = import.received();
    if received != import.size {
        let problem = ApiError::new(&IMPORT_INCOMPLETE);
        return Err(problem.with_member(&RECEIVED, received));
    }
    let environments = Environments::read(deps, import.scope, &BTreeSet::new()).await?;
    let now = call.now();
    let author = call.actor().clone();
    let mut started = import.started(only_checks, environments.named(), author, now);
    if let Some(mapping) = &start.mapping {
        started.mapping.clone_from(mapping);
    }
    let change = Change {
        event: Event::ImportStarted(import.id),
        before: Value::Null,
        after: json!({"dry_run": only_checks, "size": import.size}),
    };
    let entry = call.audit(change, now);
    let outcome = deps.imports.start_import(&started, call.by(&entry)).await?;
    match outcome {
        ImportStarted::Done(stored) => {
            log(&entry);
            import_or_leave(deps.index.as_ref(), stored.job()).await;
            Ok(shown(*stored))
        }
        ImportStarted::Running(other) => {
            let problem = ApiError::new(&IMPORT_RUNNING);
            Err(problem.with_member(&IMPORT_ID, other.to_string()))
        }
    }
}
