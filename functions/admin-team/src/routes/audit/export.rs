//! `GET /v1/audit/export`: the audit log as CSV or JSON lines, by pages.

use super::{AuditEntryResponse, AuditParams, read_filter, retain_known};
use crate::Deps;
use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK},
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use url::form_urlencoded;
use utoipa::IntoParams;
use vestibule_admin::{Call, FieldErrors, ListFilter, ListQuery, problem::ApiError};
use vestibule_domain::{
    page::{Cursor, PAGE_MAX, PageRequest},
    ports::{AuditFilter, StoredAuditEntry},
};

const PATH: &str = "/v1/audit/export";
/// The header that names the next page of an answer that is no JSON.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("vestibule-next-cursor");
/// Rows of one answer.
const ROWS_MAX: usize = 1000;
/// Pages that are read for one answer, short ones included.
const PAGES_MAX: usize = 40;
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

/// The cursor of an export, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
pub struct ExportCursor {
    /// `Vestibule-Next-Cursor` of the page before. The other parameters must be the same as for that page.
    #[param(required = false, format = "cursor", min_length = 1, max_length = 4096)]
    cursor: String,
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
        let asked = [
            ("format", &params.format),
            ("actor", &params.actor),
            ("action", &params.action),
            ("target", &params.target),
            ("from", &params.from),
            ("to", &params.to),
        ];
        let asked = asked.into_iter();
        let asked = asked.filter_map(|(name, value)| Some((name, value.clone()?)));
        Self {
            format,
            asked: asked.collect(),
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
    let mut request = PageRequest {
        limit: PAGE_MAX,
        ..page
    };
    let mut entries: Vec<StoredAuditEntry> = Vec::new();
    for _ in 0..PAGES_MAX {
        let mut page = deps
            .audit
            .list_audit(call.scope(), &filter.filter, &request)
            .await?;
        retain_known(&call, &mut page.items);
        entries.extend(page.items);
        request.cursor = page.next;
        let is_full = entries.len() + usize::from(PAGE_MAX) > ROWS_MAX;
        if request.cursor.is_none() || is_full {
            break;
        }
    }
    let (media_type, name, body) = match filter.format {
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv", csv(entries)),
        Format::Jsonl => ("application/jsonl", "audit.jsonl", jsonl(entries)),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = format!("attachment; filename=\"{name}\"");
    headers.extend(
        HeaderValue::try_from(disposition)
            .ok()
            .map(|value| (CONTENT_DISPOSITION, value)),
    );
    if let Some(cursor) = request.cursor {
        headers.extend(next_headers(&filter, &cursor));
    }
    Ok((headers, Body::from(body)).into_response())
}

/// The headers that lead to the next rows.
fn next_headers(filter: &Export, Cursor(cursor): &Cursor) -> Vec<(HeaderName, HeaderValue)> {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filter.asked.iter().map(|(name, value)| (*name, value)))
        .append_pair("cursor", cursor)
        .finish();
    let link = format!("<{PATH}?{query}>; rel=\"next\"");
    [(LINK, link), (NEXT_CURSOR, cursor.clone())]
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
        .collect()
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

fn csv(entries: Vec<StoredAuditEntry>) -> String {
    let mut text = COLUMNS.join(",");
    text.push_str("\r\n");
    for entry in entries {
        let cells = [
            entry.id.to_string(),
            entry.at.to_string(),
            entry.actor.id,
            entry.actor.name,
            entry.action,
            entry.target,
            entry.before.to_string(),
            entry.after.to_string(),
            entry.request_id,
        ];
        let cells: Vec<_> = cells.iter().map(|cell| escaped(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A cell in quotes, which no spreadsheet takes for a formula (ASVS 1.2.10).
fn escaped(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
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

    /// ASVS 1.2.10.
    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            let cell = escaped(formula);
            assert!(cell.starts_with("\"'"), "{cell}");
        }
        assert_eq!(
            escaped("Ada \"the\" Lovelace"),
            "\"Ada \"\"the\"\" Lovelace\""
        );
        assert_eq!(escaped(""), "\"\"");
    }

    /// SPEC G02.
    #[test]
    fn an_export_has_one_line_for_each_entry() {
        let csv = csv(vec![entry("=cmd"), entry("Ada\nLovelace")]);
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
    fn the_next_rows_are_named_with_the_same_filters() {
        let mut errors = FieldErrors::default();
        let params = ExportParams {
            format: Some("jsonl".to_owned()),
            target: Some("role:r&x".to_owned()),
            ..ExportParams::default()
        };
        let export = Export::read(params, &mut errors);
        assert_eq!(export.format, Format::Jsonl);
        let headers = next_headers(&export, &Cursor("abc".to_owned()));
        let [(_, link), (name, cursor)] = headers.as_slice() else {
            panic!("there are two");
        };
        assert_eq!(
            link,
            "</v1/audit/export?format=jsonl&target=role%3Ar%26x&cursor=abc>; rel=\"next\""
        );
        assert_eq!(
            (name.as_str(), cursor),
            ("vestibule-next-cursor", &HeaderValue::from_static("abc"))
        );
    }
}
