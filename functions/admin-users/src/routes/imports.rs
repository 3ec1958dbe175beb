//! Imports of users from a file (SPEC C61).

pub mod cancel;
pub mod create;
pub mod errors;
mod mapping;
pub mod part;
pub mod start;

use crate::{
    Deps,
    api_types::{ImportFieldName, ImportPath, ImportStatusName, ImportStopName, ProjectPath},
};
use axum::{Json, extract::State, response::Response};
use mapping::MappedColumn;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, Call, ListQuery, PageParams,
    api_types::{ActorResponse, ListResponse, found},
    problem::{ApiError, ProblemMember, STATUS},
    problem_types, project_of_empty_list,
};
use vestibule_domain::{
    ProjectScope, Timestamp,
    directory::import::{Import, ImportColumn, ImportCounts, ImportError},
    ids::ImportId,
};

problem_types! {
    IMPORT_RUNNING = "import-running", CONFLICT, "Another import runs",
        "A project has one import at a time. Wait for `import_id`, or cancel it.", [IMPORT_ID];
    IMPORT_INCOMPLETE = "import-incomplete", CONFLICT, "The file is not complete",
        "The sizes of the parts must add up to the size of the file. `received` is what they add up to.", [RECEIVED];
    IMPORT_STATE = "import-state", CONFLICT, "The state of the import does not allow this",
        "`state` is the state. Parts are taken while it is `uploading`, and an import that is over does not start again.", [STATUS];
}

const IMPORT_ID: ProblemMember =
    ProblemMember::of::<String>("import_id", "Id of the import that runs.");
const RECEIVED: ProblemMember = ProblemMember::of::<u64>("received", "Bytes that were received.");

/// An import of users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "file_name": "people.csv", "size": 52000, "received": 52000, "dry_run": true,
    "mapping": [{"column": "Nummer", "field": "phone"}], "status": "checked", "stopped_because": null, "cancel_requested": false, "rows": 1219,
    "settled": 1219, "counts": {"new": 1204, "changed": 12, "unchanged": 0, "errors": 3}, "mistakes": 4,
    "columns": [{"name": "Nummer", "field": "phone"}, {"name": "Notes", "field": null}], "unknown_columns": ["Notes"],
    "problems": [], "started_by": {"id": "api_key:01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "first key"},
    "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:05.000Z", "version": 7
}))]
pub struct ImportResponse {
    /// Id.
    id: String,
    /// Name of the file, to show.
    file_name: String,
    /// Size of the file, in bytes.
    size: u64,
    /// Bytes that were received.
    received: u64,
    /// Whether the last run, or the one to come, changes nobody.
    dry_run: bool,
    /// Contents of columns whose names do not tell them.
    mapping: Vec<MappedColumn>,
    /// State.
    status: ImportStatusName,
    /// Why the last run does not go on; null for any other.
    stopped_because: Option<ImportStopName>,
    /// Whether somebody asked to end it. It ends at its worker's next look.
    cancel_requested: bool,
    /// Number of rows, once they are counted.
    rows: Option<u64>,
    /// Number of rows that were worked off.
    settled: u64,
    /// Counts of their outcomes.
    counts: ImportCountsResponse,
    /// Number of mistakes, of which a row may have several. At most 5000 are kept.
    mistakes: u64,
    /// Columns of the file, once they are read.
    columns: Vec<ImportColumnResponse>,
    /// Names of columns that nobody knows.
    unknown_columns: Vec<String>,
    /// Mistakes of the file as a whole, and the reason why a run was given up.
    problems: Vec<ImportErrorResponse>,
    /// Whoever made or last started it.
    started_by: ActorResponse,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Version of the record, as in `ETag`.
    version: u64,
}

/// Numbers of rows by what came of them, or would.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportCountsResponse {
    /// Users who are added.
    new: u64,
    /// Users who are changed.
    changed: u64,
    /// Users who are as the file says.
    unchanged: u64,
    /// Rows with mistakes, which are left out.
    errors: u64,
}

/// A column of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportColumnResponse {
    /// Name in the file.
    name: String,
    /// Its content; null for a column that is left out.
    field: Option<ImportFieldName>,
}

/// A mistake in a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"line": 17, "column": "Phone", "rule": "phone_plus_missing", "message": "The number begins without +; was the plus sign lost?"}))]
pub struct ImportErrorResponse {
    /// Line on which the row begins. CR, LF and CRLF end a line.
    line: u64,
    /// Name of the column; empty for a row as a whole.
    column: String,
    /// Key of the rule, which does not change.
    rule: String,
    /// Message for whoever made the file.
    message: String,
}

impl From<ImportCounts> for ImportCountsResponse {
    fn from(counts: ImportCounts) -> Self {
        Self {
            new: counts.new,
            changed: counts.changed,
            unchanged: counts.unchanged,
            errors: counts.errors,
        }
    }
}

impl From<&ImportColumn> for ImportColumnResponse {
    fn from(column: &ImportColumn) -> Self {
        Self {
            name: column.name.clone(),
            field: column.field.as_deref().and_then(ImportFieldName::parse),
        }
    }
}

impl From<ImportError> for ImportErrorResponse {
    fn from(error: ImportError) -> Self {
        Self {
            line: error.line,
            column: error.column,
            rule: error.rule,
            message: error.message,
        }
    }
}

impl From<Import> for ImportResponse {
    fn from(import: Import) -> Self {
        let progress = &import.progress;
        let unknown = progress.columns.iter().filter(|column| column.is_unknown);
        Self {
            id: import.id.to_string(),
            received: import.received(),
            size: import.size,
            dry_run: import.only_checks,
            mapping: mapping::shown(&import.mapping),
            status: import.status.into(),
            stopped_because: progress.stop.map(Into::into),
            cancel_requested: import.is_cancelled,
            rows: progress.rows,
            settled: progress.settled,
            counts: progress.counts.into(),
            mistakes: progress.counts.mistakes,
            columns: progress.columns.iter().map(Into::into).collect(),
            unknown_columns: unknown.map(|column| column.name.clone()).collect(),
            problems: progress.problems.iter().cloned().map(Into::into).collect(),
            started_by: (&import.author).into(),
            created_at: import.created_at,
            updated_at: import.updated_at,
            version: import.version,
            file_name: import.file_name,
        }
    }
}

/// List the imports
///
/// Those of the last 30 days.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/imports",
    tag = "Users",
    params(ProjectPath, PageParams),
    responses((status = 200, description = "One page.", body = ListResponse<ImportResponse>))
)]
pub async fn list_imports(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ProjectPath>,
    query: ListQuery<()>,
) -> Result<Json<ListResponse<ImportResponse>>, ApiError> {
    let scope = call.scope().project(path.project_id);
    let page = deps.imports.list_imports(scope, &query.page).await?;
    project_of_empty_list(deps.projects.as_ref(), scope, &query.page, &page).await?;
    Ok(ListResponse::of(page, Into::into))
}

/// Read an import
///
/// With its progress: call it every few seconds while the import runs.
#[utoipa::path(
    get,
    path = "/v1/projects/{project_id}/end-users/imports/{import_id}",
    tag = "Users",
    params(ImportPath),
    responses((status = 200, description = "The import.", body = ImportResponse, headers(("ETag" = String, description = "Version of the record."))))
)]
pub async fn get_import(
    State(deps): State<Arc<Deps>>,
    call: Call,
    ApiPath(path): ApiPath<ImportPath>,
) -> Result<Response, ApiError> {
    let scope = call.scope().project(path.project_id);
    Ok(shown(read(&deps, scope, path.import_id).await?))
}

/// The answer with an import.
fn shown(import: Import) -> Response {
    found(import.version, ImportResponse::from(import))
}

/// Reads an import, which must exist.
async fn read(deps: &Deps, scope: ProjectScope, id: ImportId) -> Result<Import, ApiError> {
    let import = deps.imports.get_import(scope, id).await?;
    import.ok_or_else(|| ApiError::not_found("import"))
}

/// The problem of an import in a state that does not allow a call.
fn wrong_state(import: &Import) -> ApiError {
    ApiError::new(&IMPORT_STATE).with_member(&STATUS, import.status.key())
}
