//! `GET /v1/audit/export`: the audit log as CSV or JSON lines, by pages.

use super::{AuditEntryResponse, AuditParams, read_filter, retain_known};
use crate::Deps;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use vestibule_admin::{
    Call, FieldErrors, ListFilter, ListQuery,
    export::{CSV, ExportCursor, ExportFile, ExportedRows, csv, given_parameters},
    problem::ApiError,
};
use vestibule_domain::ports::{AuditFilter, StoredAuditEntry};

const PATH: &str = "/v1/audit/export";
/// Columns of the CSV, in order.
const COLUMNS: [&str; 9] = [
    "id",
    "at",
    "actor_id",
    "actor_name",
    "action",
    "target",
    "before",
    "after",
    "request_id",
];

/// Format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Format {
    /// Comma-separated values (RFC 4180), with a header line.
    #[default]
    Csv,
    /// One JSON object a line.
    Jsonl,
}

/// Parameters of an export, as received.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// `csv` (default) or `jsonl`.
    #[param(nullable = false, example = "csv")]
    format: Option<String>,
    /// Only changes by this actor.
    #[param(nullable = false)]
    actor: Option<String>,
    /// Only this event.
    #[param(nullable = false)]
    action: Option<String>,
    /// Only changes of this target.
    #[param(nullable = false)]
    target: Option<String>,
    /// Only at this time or later.
    #[param(nullable = false, format = DateTime)]
    from: Option<String>,
    /// Only before this time.
    #[param(nullable = false, format = DateTime)]
    to: Option<String>,
}

/// An export, checked.
#[derive(Debug, Default)]
pub struct Export {
    format: Format,
    filter: AuditFilter,
    /// The filters as they were asked for, for the address of the next page.
    asked: Vec<(&'static str, String)>,
}

impl ListFilter for Export {
    type Params = ExportParams;

    fn read(params: ExportParams, errors: &mut FieldErrors) -> Self {
        let format = match params.format.as_deref() {
            None | Some("csv") => Format::Csv,
            Some("jsonl") => Format::Jsonl,
            Some(_) => {
                errors.add("format", "must be one of `csv`, `jsonl`");
                Format::Csv
            }
        };
        let asked = given_parameters([
            ("format", params.format.as_deref()),
            ("actor", params.actor.as_deref()),
            ("action", params.action.as_deref()),
            ("target", params.target.as_deref()),
            ("from", params.from.as_deref()),
            ("to", params.to.as_deref()),
        ]);
        Self {
            format,
            asked,
            filter: read_filter(
                AuditParams {
                    actor: params.actor,
                    action: params.action,
                    target: params.target,
                    from: params.from,
                    to: params.to,
                },
                errors,
            ),
        }
    }
}

/// Export the audit log
///
/// At most 1000 rows an answer, latest first. The header `Link` with `rel="next"` leads to the next ones, and
/// `Vestibule-Next-Cursor` names them; without these, the answer is the last. Cells that a spreadsheet would run as a
/// formula begin with an apostrophe.
#[utoipa::path(
    get,
    path = "/v1/audit/export",
    tag = "Audit log",
    params(ExportParams, ExportCursor),
    responses((status = 200, description = "Some rows.", content(
        (String = "text/csv"),
        (String = "application/jsonl")
    ), headers(
        ("Link" = String, description = "Address of the next rows, with `rel=\"next\"`."),
        ("Vestibule-Next-Cursor" = String, description = "Start of the next rows.")
    )))
)]
pub async fn export_audit(
    State(deps): State<Arc<Deps>>,
    call: Call,
    query: ListQuery<Export>,
) -> Result<Response, ApiError> {
    let ListQuery { page, filter } = query;
    let (deps, call, wanted) = (&deps, &call, &filter.filter);
    let found = ExportedRows::read(page, |page| async move {
        let mut page = deps.audit.list_audit(call.scope(), wanted, &page).await?;
        retain_known(call, &mut page.items);
        Ok(page)
    })
    .await?;
    let (media_type, name, body) = match filter.format {
        Format::Csv => (CSV, "audit.csv", as_csv(found.rows)),
        Format::Jsonl => ("application/jsonl", "audit.jsonl", jsonl(found.rows)),
    };
    let file = ExportFile {
        media_type,
        name,
        body,
        path: PATH,
        asked: &filter.asked,
        next: found.next,
    };
    Ok(file.into_response())
}

fn jsonl(entries: Vec<StoredAuditEntry>) -> String {
    let mut text = String::new();
    for entry in entries {
        // A struct of strings and JSON always serialises to JSON.
        let line = serde_json::to_string(&AuditEntryResponse::from(entry)).unwrap_or_default();
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn as_csv(entries: Vec<StoredAuditEntry>) -> String {
    let rows = entries.into_iter().map(|entry| {
        [
            entry.id.to_string(),
            entry.at.to_string(),
            entry.actor.id,
            entry.actor.name,
            entry.action,
            entry.target,
            entry.before.to_string(),
            entry.after.to_string(),
            entry.request_id,
        ]
    });
    csv(COLUMNS, rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use vestibule_domain::{Timestamp, account::actor::Actor, ids::AuditId};

    fn entry(name: &str) -> StoredAuditEntry {
        StoredAuditEntry {
            id: AuditId::derive(&["e"]),
            at: Timestamp::from_millis(0),
            actor: Actor {
                id: "member:m".to_owned(),
                name: name.to_owned(),
            },
            action: "role.updated".to_owned(),
            target: "role:r".to_owned(),
            before: json!(null),
            after: json!({"name": "a, \"b\""}),
            request_id: "r1".to_owned(),
        }
    }

    /// SPEC G02.
    #[test]
    fn an_export_has_one_line_for_each_entry() {
        let csv = as_csv(vec![entry("=cmd"), entry("Ada\nLovelace")]);
        assert!(
            csv.starts_with("id,at,actor_id,actor_name,action,target,before,after,request_id\r\n")
        );
        assert!(csv.contains("\"'=cmd\""), "{csv}");
        assert!(csv.contains(r#""{""name"":""a, \""b\""""}""#), "{csv}");
        let lines = jsonl(vec![entry("Ada"), entry("Ada\nLovelace")]);
        assert_eq!(lines.lines().count(), 2);
        for line in lines.lines() {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(entry["action"], "role.updated");
        }
    }

    #[test]
    fn the_filters_of_a_call_are_kept_for_the_next_rows() {
        let mut errors = FieldErrors::default();
        let params = ExportParams {
            format: Some("jsonl".to_owned()),
            target: Some("role:r&x".to_owned()),
            ..ExportParams::default()
        };
        let export = Export::read(params, &mut errors);
        assert_eq!(export.format, Format::Jsonl);
        let asked = [
            ("format", "jsonl".to_owned()),
            ("target", "role:r&x".to_owned()),
        ];
        assert_eq!(export.asked, asked);
    }
}
