//! The Lambda side of a webhook.

use crate::intake::Intake;
use lambda_http::{Body, Request, RequestExt, Response};
use vestibule_domain::ids::ConnectorId;
use vestibule_providers::webhook::{RawRequest, Reply};

/// Answers a call of the platform. The connector's id is the last part of the path, after any stage or
/// domain mapping.
pub async fn handle(intake: &Intake, request: Request) -> Response<Body> {
    let path = request.raw_http_path().to_owned();
    let connector_id: Option<ConnectorId> =
        path.rsplit('/').next().and_then(|last| last.parse().ok());
    let query = request.uri().query().map(str::to_owned);
    let (parts, body) = request.into_parts();
    let raw = RawRequest {
        headers: &parts.headers,
        query: query.as_deref(),
        body: body.as_ref(),
    };
    respond(intake.answer(connector_id, &raw).await)
}

fn respond(reply: Reply) -> Response<Body> {
    let body = match String::from_utf8(reply.body) {
        Ok(text) if text.is_empty() => Body::Empty,
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Binary(binary.into_bytes()),
    };
    let mut response = Response::new(body);
    if let Ok(status) = http::StatusCode::from_u16(reply.status) {
        *response.status_mut() = status;
    }
    if let Some(content_type) = reply.content_type {
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static(content_type),
        );
    }
    response
}
