//! A call to a platform's API, and its answer.

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::platform::Platform;

/// A call, before the state is considered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) platform: Platform,
    /// The name of the method in failure rules, on the page and in tests.
    pub(super) method: String,
    pub(super) http_method: Method,
    pub(super) content_type: Option<String>,
    /// Without tokens and secrets.
    pub(super) arguments: Value,
    /// The target conversation or number.
    pub(super) target: Option<String>,
    pub(super) connector_id: Option<String>,
    pub(super) violations: Vec<String>,
}

impl Asked {
    /// A call of which only method and content type are known.
    pub(super) fn new(
        platform: Platform,
        method: &str,
        http_method: Method,
        content_type: Option<String>,
    ) -> Self {
        Self {
            platform,
            method: method.to_owned(),
            http_method,
            content_type,
            arguments: json!({}),
            target: None,
            connector_id: None,
            violations: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// Reads the arguments as JSON. Anything else is noted and leaves them empty.
    pub(super) fn read_json(&mut self, body: &[u8]) {
        if !self.is_of_type("application/json") {
            self.note("the body is not sent as application/json");
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(arguments @ Value::Object(_)) => self.arguments = arguments,
            Ok(_) => self.note("the body is not a JSON object"),
            Err(error) => self.note(format!("the body is not JSON: {error}")),
        }
    }

    /// Reads the arguments as a form. Anything else is noted and leaves them empty.
    pub(super) fn read_form(&mut self, body: &[u8]) {
        if self.is_of_type("application/x-www-form-urlencoded") {
            self.arguments = form(body);
        } else {
            self.note("the body is not sent as application/x-www-form-urlencoded");
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).and_then(Value::as_str)
    }

    /// Notes each argument that is not in `known`.
    pub(super) fn note_unknown(&mut self, known: &[&str]) {
        let Value::Object(fields) = &self.arguments else {
            return;
        };
        let unknown: Vec<String> = fields
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| format!("{} has no field `{name}`", self.method))
            .collect();
        self.violations.extend(unknown);
    }

    fn is_of_type(&self, wanted: &str) -> bool {
        self.content_type
            .as_deref()
            .and_then(|kind| kind.split(';').next())
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted))
    }
}

/// The answer to a call.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// Whether the call was carried out.
    pub(super) is_done: bool,
    /// Whether the body must not be recorded.
    pub(super) is_secret: bool,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Json(Value),
    File(&'static str, &'static [u8]),
    /// A part of a file, from this position on, of so many bytes in all.
    Part {
        kind: &'static str,
        content: &'static [u8],
        first: usize,
        size: usize,
    },
    /// Nothing here but another address.
    Elsewhere(String),
    Text(String),
}

impl Answer {
    /// The answer to a call that was carried out.
    pub(super) const fn done(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            content: Content::Json(body),
            is_done: true,
            is_secret: false,
        }
    }

    /// A refusal.
    pub(super) const fn refused(status: StatusCode, body: Value) -> Self {
        Self {
            status,
            content: Content::Json(body),
            is_done: false,
            is_secret: false,
        }
    }

    /// A text that is in no platform's error format.
    pub(super) fn text(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            content: Content::Text(text.to_owned()),
            is_done: false,
            is_secret: false,
        }
    }

    /// A picture.
    pub(super) const fn picture(content: &'static [u8]) -> Self {
        Self {
            status: StatusCode::OK,
            content: Content::File("image/jpeg", content),
            is_done: true,
            is_secret: false,
        }
    }

    /// A part of a picture with so many bytes in all.
    pub(super) const fn part(content: &'static [u8], first: usize, size: usize) -> Self {
        Self {
            status: StatusCode::PARTIAL_CONTENT,
            content: Content::Part {
                kind: "image/jpeg",
                content,
                first,
                size,
            },
            is_done: true,
            is_secret: false,
        }
    }

    /// A redirect.
    pub(super) const fn elsewhere(status: StatusCode, location: String) -> Self {
        Self {
            status,
            content: Content::Elsewhere(location),
            is_done: true,
            is_secret: false,
        }
    }

    pub(super) fn value(&self) -> Value {
        match &self.content {
            _ if self.is_secret => json!("(not kept)"),
            Content::Json(value) => value.clone(),
            Content::File(kind, content) => json!({"content_type": kind, "bytes": content.len()}),
            Content::Part {
                kind,
                content,
                first,
                ..
            } => json!({"content_type": kind, "first": first, "bytes": content.len()}),
            Content::Elsewhere(location) => json!({ "location": location }),
            Content::Text(text) => json!(text),
        }
    }

    pub(super) fn into_response(self) -> Response {
        match self.content {
            Content::Json(value) => {
                let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
                (self.status, kind, value.to_string()).into_response()
            }
            Content::File(kind, content) => {
                (self.status, [(header::CONTENT_TYPE, kind)], content).into_response()
            }
            Content::Part {
                kind,
                content,
                first,
                size,
            } => {
                let last = first + content.len().saturating_sub(1);
                let range = format!("bytes {first}-{last}/{size}");
                let headers = [
                    (header::CONTENT_TYPE, kind.to_owned()),
                    (header::CONTENT_RANGE, range),
                ];
                (self.status, headers, content).into_response()
            }
            Content::Elsewhere(location) => {
                (self.status, [(header::LOCATION, location)]).into_response()
            }
            Content::Text(text) => (self.status, text).into_response(),
        }
    }
}

pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    text_header(headers, header::CONTENT_TYPE.as_str())
}

pub(super) fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// A form or query as JSON. Of a repeated name, the last value counts.
pub(super) fn form(encoded: &[u8]) -> Value {
    let fields: Map<String, Value> = url::form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect();
    Value::Object(fields)
}
