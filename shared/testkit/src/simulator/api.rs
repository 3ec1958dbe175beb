//! What the platforms' APIs have in common here: each call meets the switches, is carried out or not, is remembered with
//! what was wrong about it, and is answered, stalled or cut off.

use std::sync::Arc;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::calls::{ApiCall, Violation};
use super::failures::{self, Failure};
use super::platform::Platform;
use super::world::World;
use super::{Shared, control, dialog360, slack_api, teams, telegram, twilio};
use crate::loopback;

/// A call, before any look at the state.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) platform: Platform,
    /// The name that failure rules, the page and tests know it by.
    pub(super) method: String,
    pub(super) http_method: Method,
    pub(super) content_type: Option<String>,
    /// Never tokens or secrets.
    pub(super) arguments: Value,
    /// The conversation or number that it is about.
    pub(super) target: Option<String>,
    pub(super) connector_id: Option<String>,
    pub(super) violations: Vec<String>,
}

impl Asked {
    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }

    /// The arguments as JSON; anything else is noted and leaves them empty.
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

    /// The arguments as a form; anything else is noted and leaves them empty.
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

    /// Notes each argument that is not among `known`.
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

/// What a call is answered with.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// Whether what was asked for was done.
    pub(super) is_done: bool,
    /// Whether the body must not be remembered.
    pub(super) is_secret: bool,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Json(Value),
    File(&'static str, &'static [u8]),
    Text(String),
}

impl Answer {
    /// What was asked for, done.
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

    /// A picture.
    pub(super) const fn picture(content: &'static [u8]) -> Self {
        Self {
            status: StatusCode::OK,
            content: Content::File("image/jpeg", content),
            is_done: true,
            is_secret: false,
        }
    }

    fn value(&self) -> Value {
        match &self.content {
            _ if self.is_secret => json!("(not kept)"),
            Content::Json(value) => value.clone(),
            Content::File(kind, content) => json!({"content_type": kind, "bytes": content.len()}),
            Content::Text(text) => json!(text),
        }
    }

    fn into_response(self) -> Response {
        match self.content {
            Content::Json(value) => {
                let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
                (self.status, kind, value.to_string()).into_response()
            }
            Content::File(kind, content) => {
                (self.status, [(header::CONTENT_TYPE, kind)], content).into_response()
            }
            Content::Text(text) => (self.status, text).into_response(),
        }
    }
}

/// What `perform` works with.
pub(super) struct Performing<'a> {
    pub(super) world: &'a mut World,
    pub(super) violations: &'a mut Vec<String>,
    /// A switch that the call meets although it is carried out.
    pub(super) failure: Option<&'a Failure>,
    pub(super) now_ms: i64,
    pub(super) base_url: &'a str,
}

impl Performing<'_> {
    /// Notes something that is wrong whatever the state.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }
}

/// Meets the switches, carries the call out, remembers it and answers it.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    asked: Asked,
    perform: impl FnOnce(&Asked, &mut Performing<'_>) -> Answer,
) -> Response {
    let now_ms = shared.clock.now_ms();
    let base_url = shared.base_url();
    let (answer, failure) = shared.change(|world| {
        world.call_count += 1;
        let number = world.call_count;
        let failure = failures::next(
            &mut world.failures,
            asked.platform,
            &asked.method,
            asked.target.as_deref(),
        );
        let mut violations = asked.violations.clone();
        let answer = match &failure {
            Some(failure) if !failure.takes_effect() => by_switch(&asked, failure),
            _ => perform(
                &asked,
                &mut Performing {
                    world,
                    violations: &mut violations,
                    failure: failure.as_ref(),
                    now_ms,
                    base_url: &base_url,
                },
            ),
        };
        world
            .violations
            .extend(violations.into_iter().map(|what| Violation {
                call: number,
                provider: asked.platform,
                method: asked.method.clone(),
                what,
            }));
        let is_answered = !failure.as_ref().is_some_and(Failure::is_silent);
        world.record_call(ApiCall {
            number,
            at_ms: now_ms,
            provider: asked.platform,
            connector_id: asked.connector_id,
            method: asked.method,
            http_method: asked.http_method.to_string(),
            content_type: asked.content_type,
            arguments: asked.arguments,
            status: is_answered.then_some(answer.status.as_u16()),
            answer: if is_answered {
                answer.value()
            } else {
                Value::Null
            },
            failure: failure.clone(),
            is_done: answer.is_done,
        });
        (answer, failure)
    });
    control::send_outbox(shared);
    match failure {
        Some(Failure::Stall | Failure::StallAfter) => loopback::never().await,
        Some(Failure::ResetBefore | Failure::ResetAfter) => loopback::reset(),
        Some(Failure::RateLimited { retry_after_secs }) => {
            let retry_after = [(header::RETRY_AFTER, retry_after_secs.to_string())];
            (retry_after, answer.into_response()).into_response()
        }
        _ => answer.into_response(),
    }
}

/// A switch's failure in the platform's own words.
fn by_switch(asked: &Asked, failure: &Failure) -> Answer {
    let platform = asked.platform;
    let status =
        |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match failure {
        Failure::RateLimited { retry_after_secs } => match platform {
            Platform::Slack => slack_api::error(StatusCode::TOO_MANY_REQUESTS, "ratelimited"),
            Platform::Telegram => telegram::too_many_requests(*retry_after_secs),
            Platform::Teams => teams::error(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                "The request rate is too high",
            ),
            Platform::Dialog360 => {
                dialog360::error(StatusCode::TOO_MANY_REQUESTS, 130_429, "Rate limit hit")
            }
            Platform::Twilio => {
                twilio::error(StatusCode::TOO_MANY_REQUESTS, 20_429, "Too Many Requests")
            }
        },
        Failure::Http { status: code } => Answer {
            status: status(*code),
            content: Content::Text("upstream error".to_owned()),
            is_done: false,
            is_secret: false,
        },
        Failure::Error { error } => match platform {
            Platform::Slack => slack_api::error(StatusCode::OK, error),
            _ => coded(asked, StatusCode::BAD_REQUEST, error, ""),
        },
        Failure::Code {
            status: code,
            code: error,
            message,
        } => coded(asked, status(*code), error, message),
        Failure::Stall
        | Failure::StallAfter
        | Failure::ResetBefore
        | Failure::ResetAfter
        | Failure::Undelivered { .. } => Answer::refused(StatusCode::OK, Value::Null),
    }
}

fn coded(asked: &Asked, status: StatusCode, code: &str, message: &str) -> Answer {
    let number = code.parse().unwrap_or_default();
    match asked.platform {
        Platform::Slack => slack_api::error(status, code),
        Platform::Telegram => telegram::error(status, code),
        Platform::Teams if asked.method == "token" => teams::token_error(status, code, message),
        Platform::Teams => teams::error(status, code, message),
        // A number is Meta's; anything else is what the gateway says itself.
        Platform::Dialog360 if number == 0 && code != "0" => dialog360::gateway_error(status, code),
        Platform::Dialog360 => dialog360::error(status, number, message),
        Platform::Twilio => twilio::error(status, number, message),
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

/// A form or query as JSON; of a repeated name the last value.
pub(super) fn form(encoded: &[u8]) -> Value {
    let fields: Map<String, Value> = url::form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), json!(value)))
        .collect();
    Value::Object(fields)
}
