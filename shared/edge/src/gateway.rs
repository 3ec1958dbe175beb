//! The HTTP API in front of a function.
//!
//! `lambda_http` assembles a URL from an event's scheme, host, path and query, and panics when the
//! result is invalid. A stranger can influence all of them: the HTTP API decodes the path and passes
//! the query on unchanged. So every event is repaired first; an event that is already valid stays
//! unchanged.

use crate::runtime::caught;
use data_encoding::BASE64;
use futures_util::FutureExt;
use lambda_http::{
    Adapter, Error, IntoResponse, LambdaEvent, Request, Service,
    aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    lambda_runtime::{Diagnostic, Runtime, layers::TracingLayer},
    request::LambdaRequest,
    tower::{
        ServiceExt,
        util::{MapRequest, ThenLayer},
    },
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::{fmt, future::ready, panic::AssertUnwindSafe};
use url::Url;

/// Maximum length of a path or query, in bytes. The HTTP API accepts requests of 10 KB, headers
/// included.
const PART_MAX_BYTES: usize = 10 * 1024;
/// Characters that would end a path within a URL, be lost from it, or become a slash.
const NOT_IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'?').add(b'#').add(b'\\');
/// Characters that are invalid in a query.
const NOT_IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'#');
/// Header in which the HTTP API reports the client's scheme.
const SCHEME_HEADER: &str = "x-forwarded-proto";

/// Runs the function behind the HTTP API, as [`lambda_http::run`] does, with every event repaired.
pub async fn run<'a, R, S, E>(handler: S) -> Result<(), Error>
where
    S: Service<Request, Response = R, Error = E>,
    S::Future: Send + 'a,
    R: IntoResponse,
    E: fmt::Debug + Into<Diagnostic>,
{
    run_with_rest(handler, || ready(())).await
}

/// Runs the function as [`run`] does, and does the rest of each event once its answer was handed to Lambda, which
/// passes it on at once. The sandbox goes on until the function asks for another event: after the rest. A panic is logged, and
/// the function goes on; Lambda is told of one before the answer, without its message.
pub async fn run_with_rest<'a, R, S, E, F>(
    handler: S,
    rest: impl Fn() -> F + Clone,
) -> Result<(), Error>
where
    S: Service<Request, Response = R, Error = E>,
    S::Future: Send + 'a,
    R: IntoResponse,
    E: fmt::Debug + Into<Diagnostic>,
    F: Future<Output = ()>,
{
    let mended = |event: LambdaEvent<LambdaRequest>| LambdaEvent {
        payload: mended(event.payload),
        context: event.context,
    };
    let then_rest = ThenLayer::new(move |answered: Result<(), Error>| {
        let rest = AssertUnwindSafe(rest()).catch_unwind();
        async move {
            if rest.await.is_err() {
                tracing::error!(
                    "the rest of an event panicked; what it left undone is the sweeper's"
                );
            }
            answered
        }
    });
    let answers = MapRequest::new(Adapter::from(handler), mended)
        .map_err(Into::<Diagnostic>::into)
        .map_future(caught);
    // A layer is around those before it, and the innermost hands over the answer.
    Runtime::new(answers)
        .layer(then_rest)
        .layer(TracingLayer::new())
        .run()
        .await
}

/// Repairs an event, so that a request can be built from it.
#[must_use]
pub fn mended(event: LambdaRequest) -> LambdaRequest {
    match event {
        LambdaRequest::ApiGatewayV2(mut event) => {
            mend(&mut event);
            LambdaRequest::ApiGatewayV2(event)
        }
        other => other,
    }
}

fn mend(event: &mut ApiGatewayV2httpRequest) {
    let header = |name| event.headers.get(name)?.to_str().ok();
    let has_scheme = header(SCHEME_HEADER).is_none_or(|s| matches!(s, "http" | "https"));
    let has_host = header(http::header::HOST.as_str()).is_none_or(is_host);
    if !has_scheme {
        event.headers.remove(SCHEME_HEADER);
    }
    if !has_host {
        // The name of the API replaces it.
        event.headers.remove(http::header::HOST);
    }
    let path = event.raw_path.take().unwrap_or_default();
    let path = utf8_percent_encode(&path, NOT_IN_PATH).to_string();
    event.raw_path = Some(match path.strip_prefix('/') {
        Some(_) if path.len() <= PART_MAX_BYTES => path,
        _ => "/".to_owned(),
    });
    event.raw_query_string = event
        .raw_query_string
        .take()
        .map(|query| utf8_percent_encode(&query, NOT_IN_QUERY).to_string())
        .filter(|query| query.len() <= PART_MAX_BYTES);
    event.is_base64_encoded &= event
        .body
        .as_ref()
        .is_some_and(|body| BASE64.decode(body.as_bytes()).is_ok());
}

fn is_host(text: &str) -> bool {
    let address = format!("https://{text}/");
    let bare = |url: Url| {
        url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    Url::parse(&address).is_ok_and(bare) && address.parse::<http::Uri>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lambda_http::RequestExt;
    use serde_json::{Value, json};

    fn event(changes: &Value) -> Value {
        let mut event = json!({
            "version": "2.0",
            "rawPath": "/webhooks/slack/01",
            "rawQueryString": "a=1",
            "headers": {"host": "api.example.com", "x-forwarded-proto": "https"},
            "requestContext": {
                "domainName": "api.example.com",
                "http": {"method": "POST", "path": "/webhooks/slack/01"},
                "stage": "$default",
            },
            "body": "{}",
            "isBase64Encoded": false,
        });
        for (name, change) in changes.as_object().unwrap() {
            match change.as_object() {
                Some(fields) => fields
                    .iter()
                    .for_each(|(field, value)| event[name][field] = value.clone()),
                None => event[name] = change.clone(),
            }
        }
        event
    }

    /// A request as the runtime builds it.
    fn request(changes: &Value) -> Request {
        let event = serde_json::from_value(event(changes)).unwrap();
        mended(event).into()
    }

    #[test]
    fn an_ordinary_event_stays_as_it_is() {
        for (changes, uri) in [
            (json!({}), "https://api.example.com/webhooks/slack/01?a=1"),
            (
                json!({"rawQueryString": "bodySHA256=5e&x=%22a%22&y='`{}|^[]", "headers": {"host": "api.example.com:8443"}}),
                "https://api.example.com:8443/webhooks/slack/01?bodySHA256=5e&x=%22a%22&y='`{}|^[]",
            ),
            (
                json!({"rawQueryString": "", "headers": {"x-forwarded-proto": "http"}}),
                "http://api.example.com/webhooks/slack/01",
            ),
        ] {
            let request = request(&changes);
            assert_eq!(request.uri(), uri);
            assert_eq!(request.raw_http_path(), "/webhooks/slack/01");
            assert_eq!(request.body().as_ref(), b"{}");
        }
    }

    #[test]
    fn what_makes_no_url_does_not_panic_and_stays_what_it_is() {
        for (changes, uri) in [
            (
                json!({"rawQueryString": "a=<b>"}),
                "/webhooks/slack/01?a=%3Cb%3E",
            ),
            (
                json!({"rawQueryString": "a=\" \u{1}\u{7F}"}),
                "/webhooks/slack/01?a=%22%20%01%7F",
            ),
            (
                json!({"rawQueryString": "a=#b"}),
                "/webhooks/slack/01?a=%23b",
            ),
            (json!({"rawPath": "/a?b#c/01"}), "/a%3Fb%23c/01?a=1"),
            (json!({"rawPath": "/é \u{1}"}), "/%C3%A9%20%01?a=1"),
            (json!({"rawPath": ":99999/"}), "/?a=1"),
            (json!({"rawPath": "@evil.example/"}), "/?a=1"),
            (json!({"rawPath": ""}), "/?a=1"),
            (json!({"rawPath": null, "rawQueryString": null}), "/"),
            (
                json!({"rawPath": format!("/{}", "é".repeat(40_000))}),
                "/?a=1",
            ),
            (
                json!({"rawQueryString": "a".repeat(70_000)}),
                "/webhooks/slack/01",
            ),
            (
                json!({"headers": {"host": "api.example.com:99999"}}),
                "/webhooks/slack/01?a=1",
            ),
            (
                json!({"headers": {"host": "a b"}}),
                "/webhooks/slack/01?a=1",
            ),
            (json!({"headers": {"host": ""}}), "/webhooks/slack/01?a=1"),
            (
                json!({"headers": {"host": "evil.example/?x"}}),
                "/webhooks/slack/01?a=1",
            ),
            (
                json!({"headers": {"host": "user@evil.example"}}),
                "/webhooks/slack/01?a=1",
            ),
            (
                json!({"headers": {"x-forwarded-proto": "https,https"}}),
                "/webhooks/slack/01?a=1",
            ),
            (
                json!({"headers": {"x-forwarded-proto": ""}}),
                "/webhooks/slack/01?a=1",
            ),
            (
                json!({"headers": {"x-forwarded-proto": "javascript:"}}),
                "/webhooks/slack/01?a=1",
            ),
        ] {
            let expected = format!("https://api.example.com{uri}");
            assert_eq!(request(&changes).uri().to_string(), expected, "{changes}");
        }
    }

    #[test]
    fn a_body_that_is_no_base64_is_text() {
        let encoded = request(&json!({"body": "e30=", "isBase64Encoded": true}));
        assert_eq!(encoded.body().as_ref(), b"{}");
        let broken = request(&json!({"body": "e30", "isBase64Encoded": true}));
        assert_eq!(broken.body().as_ref(), b"e30");
    }
}
