//! Files of messages: `/slack-files/files-pri/<team>-<file>/<name>`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::workspace::app_by_token;
use crate::simulator::api;
use crate::simulator::asked::{self, Answer, Asked};
use crate::simulator::files;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((id, name)): Path<(String, String)>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let token = asked::text_header(&headers, header::AUTHORIZATION.as_str())
        .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let app = token.and_then(|token| app_by_token(&shared.world(), &token));
    let asked = Asked {
        arguments: json!({"id": id, "name": name}),
        connector_id: app.map(|app| app.connector_id),
        ..Asked::new(Platform::Slack, "files-pri", http_method, None)
    };
    api::serve(&shared, asked, |asked, doing| {
        if asked.http_method != Method::GET {
            doing.note("a file is not read by GET");
        }
        let connector = asked.connector_id.as_deref();
        let Some(connector) = connector.and_then(|id| doing.world.connector(id)) else {
            doing.note("the token belongs to no app");
            return login_page();
        };
        if connector.is_revoked {
            return login_page();
        }
        files::ranged(&headers)
    })
    .await
}

/// Slack shows its login page to whoever may not read a file.
fn login_page() -> Answer {
    let page = "https://acme.slack.com/?redir=%2Ffiles-pri".to_owned();
    Answer::elsewhere(StatusCode::FOUND, page)
}
