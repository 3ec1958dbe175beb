//! The middleware around an admin router.

use crate::problem::{ApiError, METHOD_NOT_ALLOWED, NO_SUCH_ROUTE, Raised};
use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ALLOW, CACHE_CONTROL, REFERRER_POLICY, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
            USER_AGENT, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
        },
        request::Parts,
    },
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use lambda_http::request::RequestContext;
use std::{convert::Infallible, net::IpAddr, sync::Arc};
use tracing::Instrument;
use vestibule_domain::ids::IdSource;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-request-id");

const SECURITY_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    ),
];

/// The origin of a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallOrigin {
    /// The call's id in logs, audit entries and problems.
    pub request_id: String,
    /// The host name under which the gateway was reached, according to the gateway.
    pub domain_name: Option<String>,
    /// The IP address of the caller, according to the gateway.
    pub source_ip: Option<String>,
    /// The caller's own word on its browser or program.
    pub user_agent: Option<String>,
}

impl CallOrigin {
    fn of(request: &Request, ids: &dyn IdSource) -> Self {
        let gateway = match request.extensions().get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => Some(context),
            _ => None,
        };
        let request_id = gateway
            .and_then(|context| context.request_id.clone())
            .or_else(|| header_id(request.headers()))
            .unwrap_or_else(|| ids.draw().to_string());
        let user_agent = request.headers().get(USER_AGENT);
        Self {
            request_id,
            domain_name: gateway.and_then(|context| context.domain_name.clone()),
            source_ip: gateway.and_then(|context| context.http.source_ip.clone()),
            user_agent: user_agent
                .and_then(|agent| agent.to_str().ok())
                .map(str::to_owned),
        }
    }

    /// The network of the caller, by which attempts are counted: of IPv6 the first 64 bits, since one customer has
    /// all addresses in them.
    #[must_use]
    pub fn network(&self) -> String {
        let address = self.source_ip.as_deref().unwrap_or_default();
        match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(v6)) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            _ => address.to_owned(),
        }
    }
}

/// The gateway's id of the call, where only a header carries it.
fn header_id(headers: &HeaderMap) -> Option<String> {
    headers
        .get(X_AMZN_REQUEST_ID)?
        .to_str()
        .ok()
        .filter(|id| !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
}

impl<S: Send + Sync> FromRequestParts<S> for CallOrigin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

/// Adds the common parts of every answer to a finished router: a call id, security headers, and problem
/// details for every error, including unknown addresses and methods.
pub(crate) fn with_middleware(router: Router, ids: Arc<dyn IdSource>) -> Router {
    router
        .fallback(async || ApiError::new(&NO_SUCH_ROUTE))
        .method_not_allowed_fallback(async || ApiError::new(&METHOD_NOT_ALLOWED))
        .layer(middleware::from_fn_with_state(ids, handle))
}

async fn handle(
    State(ids): State<Arc<dyn IdSource>>,
    mut request: Request,
    next: Next,
) -> Response {
    let origin = CallOrigin::of(&request, ids.as_ref());
    let is_head = request.method() == Method::HEAD;
    let span = tracing::info_span!(
        "call",
        request.id = %origin.request_id,
        http.method = %request.method(),
    );
    request.extensions_mut().insert(origin.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(Raised(error)) = response.extensions_mut().remove() {
        span.in_scope(|| error.log());
        let mut problem = error.problem(&origin.request_id).into_response();
        // The router sets `Allow` for a refused method.
        let allow = response.headers().get(ALLOW).cloned();
        problem
            .headers_mut()
            .extend(allow.map(|allow| (ALLOW, allow)));
        let wait = error.retry_after_seconds().map(HeaderValue::from);
        problem
            .headers_mut()
            .extend(wait.map(|wait| (RETRY_AFTER, wait)));
        response = problem;
    }
    if is_head {
        *response.body_mut() = Body::empty();
    }
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        // A picture may be cached, so the answer's own headers win.
        headers.entry(name).or_insert(value);
    }
    if unauthorized {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"vestibule\""),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&origin.request_id) {
        headers.insert(X_REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{UNAUTHENTICATED, UNAVAILABLE};
    use axum::{body::to_bytes, http::header::CONTENT_TYPE, routing::get};
    use serde_json::Value;
    use std::time::Duration;
    use tower::ServiceExt;
    use vestibule_domain::ids::SystemIds;

    async fn later() -> ApiError {
        ApiError::new(&UNAVAILABLE).with_retry_after(Duration::from_secs(7))
    }

    async fn call(method: Method, path: &str) -> (StatusCode, HeaderMap, Value) {
        let router = Router::new()
            .route("/ok", get(async || "fine"))
            .route("/no", get(async || ApiError::new(&UNAUTHENTICATED)))
            .route("/later", get(later));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(X_AMZN_REQUEST_ID, "call-1")
            .body(Body::empty())
            .unwrap();
        let response = with_middleware(router, Arc::new(SystemIds))
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 10_000).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        (parts.status, parts.headers, body)
    }

    #[test]
    fn addresses_of_one_customer_count_together() {
        let network = |address: Option<&str>| {
            let origin = CallOrigin {
                source_ip: address.map(str::to_owned),
                ..CallOrigin::default()
            };
            origin.network()
        };
        for (address, subject) in [
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ] {
            assert_eq!(network(Some(address)), subject);
        }
        assert_eq!(network(None), "");
    }

    #[tokio::test]
    async fn every_answer_has_the_security_headers_and_the_id_of_the_call() {
        for path in ["/ok", "/no", "/elsewhere"] {
            let (_, headers, _) = call(Method::GET, path).await;
            assert_eq!(headers["cache-control"], "no-store", "{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
            assert!(headers.contains_key("strict-transport-security"), "{path}");
            assert_eq!(headers["x-request-id"], "call-1", "{path}");
        }
    }

    #[tokio::test]
    async fn an_unknown_address_and_an_unknown_method_are_problems() {
        let (status, headers, body) = call(Method::GET, "/elsewhere").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(headers[CONTENT_TYPE], "application/problem+json");
        assert_eq!(body["type"], "/problems/no-such-route");
        assert_eq!(body["request_id"], "call-1");

        let (status, headers, body) = call(Method::DELETE, "/ok").await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(headers[ALLOW], "GET,HEAD");
        assert_eq!(body["type"], "/problems/method-not-allowed");
    }

    #[tokio::test]
    async fn who_does_not_say_who_they_are_is_told_how_to() {
        let (status, headers, body) = call(Method::GET, "/no").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[WWW_AUTHENTICATE], "Bearer realm=\"vestibule\"");
        assert_eq!(body["type"], "/problems/unauthenticated");
    }

    #[tokio::test]
    async fn who_has_to_wait_is_told_how_long() {
        let (status, headers, _) = call(Method::GET, "/later").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(headers[RETRY_AFTER], "7");
        let (_, headers, _) = call(Method::GET, "/no").await;
        assert!(!headers.contains_key(RETRY_AFTER));
    }

    #[tokio::test]
    async fn the_answer_to_head_has_no_body() {
        for (path, expected) in [("/ok", 200), ("/no", 401), ("/elsewhere", 404)] {
            let (status, _, body) = call(Method::HEAD, path).await;
            assert_eq!((status.as_u16(), body), (expected, Value::Null), "{path}");
        }
    }
}
