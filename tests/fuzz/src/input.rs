//! Inputs as plain text, so that captured events are seeds and findings are readable.
//!
//! A request is its query, its headers, a blank line, and its body to the end:
//!
//! ```text
//! a=1&b=2
//! content-type: application/json
//!
//! {"any": "bytes"}
//! ```
//!
//! An input with `!` in front is a text to send, followed by the platform's answers, separated by blank
//! lines. The first line of an answer is its status and the seconds of its `Retry-After`; `-` is no answer,
//! and `x` a call that was not made:
//!
//! ```text
//! !Hello
//!
//! 429 30
//! {"ok": false}
//!
//! 200
//! {"ok": true}
//! ```

use http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memmem;
use std::time::Duration;
use vestibule_providers::{
    outgoing::{CallResult, HttpReply},
    webhook::RawRequest,
};

/// An input.
pub enum Input {
    /// A request to us.
    Request(Request),
    /// A text that we send, with the platform's answers.
    Answers(Answers),
}

/// A request as received.
#[derive(Debug, Clone)]
pub struct Request {
    /// The header lines that are valid.
    pub headers: HeaderMap,
    /// Without its `?`.
    pub query: Option<String>,
    /// The remaining bytes.
    pub body: Vec<u8>,
}

/// A text to send, and the platform's answers.
pub struct Answers {
    /// The text.
    pub text: String,
    /// The answers in order.
    pub results: Vec<CallResult>,
}

impl Input {
    /// Reads any bytes as an input.
    pub fn read(data: &[u8]) -> Self {
        match data.strip_prefix(b"!") {
            Some(rest) => Self::Answers(Answers::read(rest)),
            None => Self::Request(Request::read(data)),
        }
    }
}

impl Request {
    /// Reads any bytes as a request.
    pub fn read(data: &[u8]) -> Self {
        let (query, mut rest) = until(data, b"\n");
        let mut headers = HeaderMap::new();
        while !rest.is_empty() {
            let (line, behind) = until(rest, b"\n");
            rest = behind;
            if line.is_empty() {
                break;
            }
            let (name, value) = until(line, b": ");
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
            {
                headers.append(name, value);
            }
        }
        let query = String::from_utf8_lossy(query).into_owned();
        Self {
            headers,
            query: (!query.is_empty()).then_some(query),
            body: rest.to_vec(),
        }
    }

    /// The request in the form that a provider gets.
    pub fn raw(&self) -> RawRequest<'_> {
        RawRequest {
            headers: &self.headers,
            query: self.query.as_deref(),
            body: &self.body,
        }
    }

    /// Sets a header in place of all others with its name.
    pub fn set(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).expect("our own headers are plain");
        self.headers.insert(name, value);
    }
}

impl Answers {
    fn read(data: &[u8]) -> Self {
        let (text, mut rest) = until(data, b"\n\n");
        let mut results = Vec::new();
        while !rest.is_empty() {
            let (answer, behind) = until(rest, b"\n\n");
            rest = behind;
            let (head, body) = until(answer, b"\n");
            results.push(result(head, body));
        }
        Self {
            text: String::from_utf8_lossy(text).into_owned(),
            results,
        }
    }
}

fn result(head: &[u8], body: &[u8]) -> CallResult {
    let reason = String::from_utf8_lossy(body).into_owned();
    match head {
        b"-" => return CallResult::NoReply { reason },
        b"x" => return CallResult::Forbidden { reason },
        _ => {}
    }
    let (status, retry_after) = until(head, b" ");
    let number = |digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok();
    CallResult::Replied(HttpReply {
        status: number(status)
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(200),
        retry_after: number(retry_after).map(Duration::from_secs),
        body: body.to_vec(),
    })
}

/// The parts before and after the first `mark`; everything and nothing if there is none.
fn until<'a>(data: &'a [u8], mark: &[u8]) -> (&'a [u8], &'a [u8]) {
    memmem::find(data, mark).map_or((data, &[]), |at| (&data[..at], &data[at + mark.len()..]))
}
