//! Exports: the rows of a list as a file, some at a time.

use crate::{
    fields::FieldErrors,
    problem::ApiError,
    query::{ListFilter, ListQuery, OrderName, list_query},
};
use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderName, HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use url::form_urlencoded;
use utoipa::IntoParams;
use vestibule_domain::page::{Cursor, Order, PAGE_MAX, Page, PageRequest};

/// The media type of comma-separated values.
pub const CSV: &str = "text/csv; charset=utf-8";
/// The header that names the next page of an answer that is no JSON.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("vestibule-next-cursor");
/// Rows of one answer.
const ROWS_MAX: usize = 1000;
/// Pages that are read for one answer, short ones included.
const PAGES_MAX: usize = 40;

/// The cursor of an export, for the documentation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes a parameter")]
pub struct ExportCursor {
    /// `Vestibule-Next-Cursor` of the page before. The other parameters must be the same as for that page.
    #[param(required = false, format = "cursor", min_length = 1, max_length = 4096)]
    cursor: String,
}

/// Filters of a list that can be exported.
pub trait ExportFilter: ListFilter {
    /// The filters as they were given, for the address of the next rows.
    fn given(params: &Self::Params) -> Vec<(&'static str, String)>;
}

/// The query of an export.
#[derive(Debug)]
pub struct ExportQuery<F> {
    /// The page to begin with.
    pub page: PageRequest,
    /// The filter.
    pub filter: F,
    /// The parameters of the call, without its cursor.
    pub asked: Vec<(&'static str, String)>,
}

impl<F: ExportFilter> ExportQuery<F> {
    fn parse(query: &str) -> Result<Self, ApiError> {
        let ListQuery { page, filter } = list_query::<Asked<F>>(query)?;
        let Asked { filter, mut asked } = filter;
        if page.order != F::ORDER {
            asked.push(("order", OrderName::from(page.order).spelling().to_owned()));
        }
        Ok(Self {
            page,
            filter,
            asked,
        })
    }
}

impl<S: Send + Sync, F: ExportFilter> FromRequestParts<S> for ExportQuery<F> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::parse(parts.uri.query().unwrap_or(""))
    }
}

/// A filter with the parameters that it was read from.
#[derive(Default)]
struct Asked<F> {
    filter: F,
    asked: Vec<(&'static str, String)>,
}

impl<F: ExportFilter> ListFilter for Asked<F> {
    type Params = F::Params;
    const ORDER: Order = F::ORDER;
    const ORDERS: &'static [&'static str] = F::ORDERS;

    fn read(params: F::Params, errors: &mut FieldErrors) -> Self {
        Self {
            asked: F::given(&params),
            filter: F::read(params, errors),
        }
    }

    fn order_by(&mut self, order: &str, errors: &mut FieldErrors) {
        self.asked.push(("order", order.to_owned()));
        self.filter.order_by(order, errors);
    }
}

/// Those of the parameters that have a value.
#[must_use]
pub fn given_parameters<const N: usize>(
    parameters: [(&'static str, Option<&str>); N],
) -> Vec<(&'static str, String)> {
    let parameters = parameters.into_iter();
    parameters
        .filter_map(|(name, value)| Some((name, value?.to_owned())))
        .collect()
}

/// Rows of an export, and the start of the next ones.
#[derive(Debug)]
pub struct ExportedRows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The start of the next rows, if there are more.
    pub next: Option<Cursor>,
}

/// A file of rows, as it is sent.
#[derive(Debug)]
pub struct ExportFile<'a> {
    /// The media type.
    pub media_type: &'static str,
    /// The name under which a browser stores the file.
    pub name: &'static str,
    /// The content.
    pub body: String,
    /// The path of the call.
    pub path: &'a str,
    /// The parameters of the call, without its cursor.
    pub asked: &'a [(&'static str, String)],
    /// The start of the next rows, if there are more.
    pub next: Option<Cursor>,
}

impl<T> ExportedRows<T> {
    /// Collects the rows of one answer, page by page, from `page` on.
    pub async fn read<Reading>(
        page: PageRequest,
        read: impl Fn(PageRequest) -> Reading,
    ) -> Result<Self, ApiError>
    where
        Reading: Future<Output = Result<Page<T>, ApiError>>,
    {
        let mut wanted = PageRequest {
            limit: PAGE_MAX,
            ..page
        };
        let mut rows = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = read(wanted.clone()).await?;
            rows.extend(page.items);
            wanted.cursor = page.next;
            let is_full = rows.len() + usize::from(PAGE_MAX) > ROWS_MAX;
            if wanted.cursor.is_none() || is_full {
                break;
            }
        }
        Ok(Self {
            rows,
            next: wanted.cursor,
        })
    }

    /// The answer: the rows as CSV, in a file of this name. The path and the parameters of the call lead to the next
    /// rows.
    #[must_use]
    pub fn into_csv<const N: usize>(
        self,
        name: &'static str,
        (path, asked): (&str, &[(&'static str, String)]),
        columns: [&str; N],
        cells: impl FnMut(T) -> [String; N],
    ) -> Response {
        let file = ExportFile {
            media_type: CSV,
            name,
            body: csv(columns, self.rows.into_iter().map(cells)),
            path,
            asked,
            next: self.next,
        };
        file.into_response()
    }
}

impl IntoResponse for ExportFile<'_> {
    fn into_response(self) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        let disposition = format!("attachment; filename=\"{}\"", self.name);
        headers.extend(
            HeaderValue::try_from(disposition)
                .ok()
                .map(|value| (CONTENT_DISPOSITION, value)),
        );
        if let Some(cursor) = &self.next {
            headers.extend(next_headers(self.path, self.asked, cursor));
        }
        (headers, Body::from(self.body)).into_response()
    }
}

/// The headers that lead to the next rows.
fn next_headers(
    path: &str,
    asked: &[(&'static str, String)],
    Cursor(cursor): &Cursor,
) -> Vec<(HeaderName, HeaderValue)> {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(asked.iter().map(|(name, value)| (*name, value)))
        .append_pair("cursor", cursor)
        .finish();
    let link = format!("<{path}?{query}>; rel=\"next\"");
    [(LINK, link), (NEXT_CURSOR, cursor.clone())]
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
        .collect()
}

/// Comma-separated values (RFC 4180) with a line of column names, each cell in quotes.
#[must_use]
pub fn csv<const N: usize>(
    columns: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut text = columns.join(",");
    text.push_str("\r\n");
    for cells in rows {
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
    use serde::Deserialize;

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
        let text = csv(["a", "b"], [["1".to_owned(), "x\ny".to_owned()]]);
        assert_eq!(text, "a,b\r\n\"1\",\"x\ny\"\r\n");
    }

    #[test]
    fn the_next_rows_are_named_with_the_same_filters() {
        let asked = [
            ("format", "jsonl".to_owned()),
            ("target", "role:r&x".to_owned()),
        ];
        let headers = next_headers("/v1/audit/export", &asked, &Cursor("abc".to_owned()));
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

    /// A list of people, which can be ordered by name.
    #[derive(Debug, Default, PartialEq)]
    struct People {
        place: Option<String>,
        by_name: bool,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct PeopleParams {
        place: Option<String>,
        q: Option<String>,
    }

    impl ListFilter for People {
        type Params = PeopleParams;
        const ORDERS: &'static [&'static str] = &["name"];

        fn read(params: PeopleParams, _: &mut FieldErrors) -> Self {
            Self {
                place: params.place,
                by_name: false,
            }
        }

        fn order_by(&mut self, _: &str, _: &mut FieldErrors) {
            self.by_name = true;
        }
    }

    impl ExportFilter for People {
        fn given(params: &PeopleParams) -> Vec<(&'static str, String)> {
            given_parameters([
                ("place", params.place.as_deref()),
                ("q", params.q.as_deref()),
            ])
        }
    }

    #[test]
    fn the_next_rows_are_asked_for_as_the_first_ones() {
        let by_name = ExportQuery::<People>::parse("order=name&place=here&cursor=a").unwrap();
        let filter = People {
            place: Some("here".to_owned()),
            by_name: true,
        };
        assert_eq!(by_name.filter, filter);
        let owned = |(name, value): (&'static str, &str)| (name, value.to_owned());
        assert_eq!(
            by_name.asked,
            [("place", "here"), ("order", "name")].map(owned)
        );
        for (query, asked) in [
            ("order=oldest&q=x", &[("q", "x"), ("order", "oldest")][..]),
            ("order=newest", &[]),
            ("limit=7", &[]),
        ] {
            let read = ExportQuery::<People>::parse(query).unwrap();
            let asked: Vec<_> = asked.iter().copied().map(owned).collect();
            assert_eq!(read.asked, asked, "{query}");
        }
        assert!(ExportQuery::<People>::parse("order=age").is_err());
    }

    #[tokio::test]
    async fn an_answer_ends_at_a_thousand_rows_or_forty_pages() {
        for (items, rows) in [(100, 1000), (1, 40)] {
            let first = PageRequest {
                limit: 1,
                cursor: None,
                order: Order::NewestFirst,
            };
            let read = ExportedRows::read(first, |wanted| async move {
                assert_eq!(wanted.limit, PAGE_MAX);
                Ok(Page {
                    items: vec![(); items],
                    next: Some(Cursor("more".to_owned())),
                })
            });
            let read = read.await.unwrap();
            assert_eq!((read.rows.len(), read.next.is_some()), (rows, true));
        }
    }
}
