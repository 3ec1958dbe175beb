//! 360dialog's API for WhatsApp, and the statuses that calls cause.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{any, post};
use serde_json::{Map, Value, json};

use super::account::Dialog360Account;
use super::notifications::{envelope, new_wamid, value, wa_id};
use crate::simulator::api::{self, Performing};
use crate::simulator::asked::{self, Answer, Asked};
use crate::simulator::connectors::{Connector, Webhook};
use crate::simulator::event::Event;
use crate::simulator::failures::Failure;
use crate::simulator::files::PICTURE;
use crate::simulator::message::{Author, Message};
use crate::simulator::people::Person;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;

/// WhatsApp's length limit for one message.
const MAX_TEXT_CHARS: usize = 4096;
/// Error code: more than 24 hours have passed since the person last wrote.
const OUTSIDE_WINDOW: i64 = 131_047;
const UNDELIVERABLE: i64 = 131_026;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/360dialog/messages", post(messages))
        .route("/360dialog/v1/configs/webhook", any(webhook))
        .route("/360dialog/{media}", any(media))
        .route("/360dialog/whatsapp_business/attachments/", any(content))
}

/// An error in Meta's form.
pub(super) fn error(status: StatusCode, code: i64, message: &str) -> Answer {
    let message = match message {
        "" => "An error",
        message => message,
    };
    Answer::refused(
        status,
        json!({"error": {
            "message": format!("(#{code}) {message}"), "type": "OAuthException", "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": message}, "fbtrace_id": "AsimulatedTrace",
        }}),
    )
}

/// An error in the gateway's own form.
pub(super) fn gateway_error(status: StatusCode, message: &str) -> Answer {
    Answer::refused(
        status,
        json!({"meta": {
            "success": false, "http_code": status.as_u16(), "developer_message": message,
            "360dialog_trace_id": "00000000-0000-4000-8000-000000000000",
        }}),
    )
}

async fn messages(
    State(shared): State<Arc<Shared>>,
    http_method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut asked = new_call(&shared, "messages", http_method, &headers);
    asked.read_json(&body);
    asked.note_unknown(&[
        "messaging_product",
        "recipient_type",
        "to",
        "recipient",
        "type",
        "text",
        "context",
        "status",
        "message_id",
        "typing_indicator",
    ]);
    let is_read = asked.text("status").is_some();
    if is_read {
        "messages.read".clone_into(&mut asked.method);
    }
    asked.target = ["to", "recipient"]
        .into_iter()
        .find_map(|name| asked.text(name))
        .map(str::to_owned);
    api::serve(&shared, asked, |asked, doing| match allowed(asked, doing) {
        Ok(connector) if is_read => read(asked, doing, &connector),
        Ok(connector) => send(asked, doing, &connector),
        Err(answer) => answer,
    })
    .await
}

/// Marks a person's message as read, and shows that an answer is being written.
fn read(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    let id = asked.text("message_id").unwrap_or_default();
    let is_known = doing.world.messages.iter().any(|message| {
        message.connector_id == connector.id()
            && message.ts == id
            && matches!(message.author, Author::Person(_))
    });
    let indicator = asked.arguments.get("typing_indicator");
    let is_well_formed = asked.text("messaging_product") == Some("whatsapp")
        && asked.text("status") == Some("read")
        && indicator.is_none_or(|shown| *shown == json!({"type": "text"}));
    if !is_known || !is_well_formed {
        doing.note("it is not a person's message that is marked as read");
        return error(StatusCode::BAD_REQUEST, 100, "Invalid parameter");
    }
    Answer::done(StatusCode::OK, json!({"success": true}))
}

/// Tells where Meta has a file. 360dialog serves it under its own address.
async fn media(
    State(shared): State<Arc<Shared>>,
    Path(media): Path<String>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let mut asked = new_call(&shared, "media", http_method, &headers);
    asked.arguments = json!({"id": media});
    api::serve(&shared, asked, |asked, doing| {
        if let Err(answer) = allowed(asked, doing) {
            return answer;
        }
        let is_id = !media.is_empty() && media.bytes().all(|byte| byte.is_ascii_digit());
        if asked.http_method != Method::GET || !is_id {
            doing.note("there is no such file");
            return gateway_error(StatusCode::NOT_FOUND, "Media not found");
        }
        let expires = doing.now_ms / 1000 + 300;
        let meta = "https://lookaside.fbsbx.com/whatsapp_business/attachments/";
        Answer::done(
            StatusCode::OK,
            json!({
                "messaging_product": "whatsapp", "id": media, "mime_type": "image/jpeg", "file_size": PICTURE.len(),
                "url": format!("{meta}?mid={media}&ext={expires}&hash=ARs-simulated_{media}"),
            }),
        )
    })
    .await
}

/// The content of a file. Nobody documents whether ranges are respected, so they are not.
async fn content(
    State(shared): State<Arc<Shared>>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let mut asked = new_call(&shared, "attachments", http_method, &headers);
    asked.arguments = asked::form(uri.query().unwrap_or_default().as_bytes());
    api::serve(&shared, asked, |asked, doing| {
        if let Err(answer) = allowed(asked, doing) {
            return answer;
        }
        let id = asked.text("mid").unwrap_or_default();
        let expected = format!("ARs-simulated_{id}");
        if asked.text("hash") != Some(expected.as_str()) || asked.text("ext").is_none() {
            doing.note("the address is not the one that Meta told");
            return gateway_error(StatusCode::NOT_FOUND, "Media not found");
        }
        Answer::picture(PICTURE)
    })
    .await
}

async fn webhook(
    State(shared): State<Arc<Shared>>,
    http_method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut asked = new_call(&shared, "configs/webhook", http_method.clone(), &headers);
    let mut sets = None;
    if http_method == Method::POST {
        asked.read_json(&body);
        // The header is a secret, so it is not recorded with the call.
        let secret = asked
            .arguments
            .pointer("/headers/Authorization")
            .and_then(Value::as_str)
            .map(str::to_owned);
        sets = asked.text("url").map(|url| (url.to_owned(), secret));
        if let Some(headers) = asked.arguments.get_mut("headers") {
            let names: Vec<String> = headers
                .as_object()
                .map(|headers| headers.keys().cloned().collect())
                .unwrap_or_default();
            *headers = json!(names);
        }
        asked.note_unknown(&["url", "headers"]);
    }
    api::serve(&shared, asked, |asked, doing| {
        let connector = match allowed(asked, doing) {
            Ok(connector) => connector,
            Err(answer) => return answer,
        };
        match asked.http_method {
            Method::GET => {
                let url = connector.webhook_url(doing.world.api_url.as_deref());
                let account = connector.account::<Dialog360Account>().unwrap_or_default();
                let configured = format!("Bearer {}", account.webhook_secret);
                let headers: Map<String, Value> = connector
                    .webhook_secret(&configured)
                    .map(|value| ("Authorization".to_owned(), json!(value)))
                    .into_iter()
                    .collect();
                Answer::done(StatusCode::OK, json!({"url": url, "headers": headers}))
            }
            Method::POST => set_webhook(doing, &connector, sets),
            _ => {
                doing.note(format!("{} instead of GET or POST", asked.http_method));
                gateway_error(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
            }
        }
    })
    .await
}

fn set_webhook(
    doing: &mut Performing<'_>,
    connector: &Connector,
    sets: Option<(String, Option<String>)>,
) -> Answer {
    let Some((url, secret)) = sets else {
        doing.note("a webhook without `url`");
        return gateway_error(StatusCode::BAD_REQUEST, "url is missing");
    };
    if !secret.as_deref().unwrap_or_default().starts_with("Bearer ") {
        doing.note("a webhook without the header `Authorization: Bearer …` would take messages from anybody");
    }
    if let Some(connector) = doing.world.connector_mut(connector.id()) {
        connector.webhook = Webhook::Set {
            url: url.clone(),
            secret,
            allowed_updates: Vec::new(),
        };
    }
    Answer::done(StatusCode::OK, json!({ "url": url }))
}

fn new_call(shared: &Shared, method: &str, http_method: Method, headers: &HeaderMap) -> Asked {
    let key = asked::text_header(headers, "d360-api-key");
    let connector_id = shared
        .world()
        .connectors
        .iter()
        .find(|connector| {
            connector
                .account::<Dialog360Account>()
                .is_some_and(|account| Some(account.api_key) == key)
        })
        .map(|connector| connector.id().to_owned());
    Asked {
        connector_id,
        ..Asked::new(
            Platform::Dialog360,
            method,
            http_method,
            asked::content_type(headers),
        )
    }
}

fn allowed(asked: &Asked, doing: &mut Performing<'_>) -> Result<Connector, Answer> {
    let connector = asked
        .connector_id
        .as_deref()
        .and_then(|id| doing.world.connector(id).cloned());
    let Some(connector) = connector else {
        doing.note("D360-API-KEY belongs to no number");
        return Err(gateway_error(StatusCode::UNAUTHORIZED, "Invalid api key"));
    };
    if connector.is_revoked {
        return Err(gateway_error(StatusCode::UNAUTHORIZED, "Invalid api key"));
    }
    Ok(connector)
}

fn send(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    let text = asked
        .arguments
        .pointer("/text/body")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    if let Some(problem) = wrong_shape(asked, &text) {
        doing.note(problem.clone());
        return error(
            StatusCode::BAD_REQUEST,
            100,
            &format!("Invalid parameter: {problem}"),
        );
    }
    let to = asked.text("to");
    let input = to
        .or_else(|| asked.text("recipient"))
        .unwrap_or_default()
        .to_owned();
    let by_phone = to.is_some();
    let person = doing
        .world
        .person_where(|person| {
            if by_phone {
                wa_id(person) == input.trim_start_matches('+')
            } else {
                person.bsuid == input
            }
        })
        .cloned();
    let wamid = new_wamid(doing.world);
    let Some(person) = person else {
        doing.note(format!("`{input}` is nobody's"));
        add_status(
            doing,
            connector,
            &wamid,
            "failed",
            None,
            Some(UNDELIVERABLE),
        );
        return accepted(&input, &wamid, None);
    };
    let replied = asked
        .arguments
        .pointer("/context/message_id")
        .and_then(Value::as_str);
    let standing = connector.standing(&person.id);
    let problem = match doing.failure {
        Some(Failure::Undelivered { code }) => Some(*code),
        _ if standing.has_blocked => Some(UNDELIVERABLE),
        _ if !standing.window_is_open(doing.now_ms) => Some(OUTSIDE_WINDOW),
        _ => None,
    };
    add_status(
        doing,
        connector,
        &wamid,
        if problem.is_some() { "failed" } else { "sent" },
        Some(&person),
        problem,
    );
    if problem.is_none() {
        add_status(doing, connector, &wamid, "delivered", Some(&person), None);
        doing.world.messages.push(Message {
            thread_ts: replied.map(str::to_owned),
            with: Some(person.id.clone()),
            ..Message::of_app(
                Platform::Dialog360,
                connector.id(),
                wamid.clone(),
                person.phone.clone(),
                &text,
                doing.now_ms,
            )
        });
    }
    accepted(&input, &wamid, Some(&person))
}

/// Reports a fault in the message that does not depend on its recipient.
fn wrong_shape(asked: &Asked, text: &str) -> Option<String> {
    let chars = text.chars().count();
    if asked.text("messaging_product") != Some("whatsapp") {
        return Some("`messaging_product` is not `whatsapp`".to_owned());
    }
    if asked.text("type") != Some("text") {
        return Some("`type` is not `text`".to_owned());
    }
    if asked
        .text("recipient_type")
        .is_some_and(|kind| kind != "individual")
    {
        return Some("`recipient_type` is not `individual`".to_owned());
    }
    if text.trim().is_empty() || chars > MAX_TEXT_CHARS {
        return Some(format!("`text.body` has {chars} characters"));
    }
    match (asked.text("to"), asked.text("recipient")) {
        (None, None) => Some("neither `to` nor `recipient`".to_owned()),
        (Some(to), _) if !is_phone(to) => Some("`to` is not a phone number".to_owned()),
        (None, Some(id)) if !is_bsuid(id) => {
            Some("`recipient` is not a business-scoped id".to_owned())
        }
        _ => None,
    }
}

fn is_phone(text: &str) -> bool {
    let digits = text.trim_start_matches('+');
    (6..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_bsuid(text: &str) -> bool {
    text.split_once('.').is_some_and(|(country, id)| {
        country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && !id.is_empty()
            && id.len() <= 132
    })
}

fn accepted(input: &str, wamid: &str, person: Option<&Person>) -> Answer {
    let mut contact = json!({"input": input});
    if let Value::Object(fields) = &mut contact {
        match person {
            None => {
                fields.insert("wa_id".into(), json!(input.trim_start_matches('+')));
            }
            Some(person) => {
                if person.whatsapp_shows.phone() {
                    fields.insert("wa_id".into(), json!(wa_id(person)));
                }
                if person.whatsapp_shows.bsuid() {
                    fields.insert("user_id".into(), json!(person.bsuid));
                }
            }
        }
    }
    Answer::done(
        StatusCode::OK,
        json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]}),
    )
}

fn add_status(
    doing: &mut Performing<'_>,
    connector: &Connector,
    wamid: &str,
    status: &str,
    person: Option<&Person>,
    code: Option<i64>,
) {
    let Some(account) = connector.account() else {
        return;
    };
    let mut item = json!({
        "id": wamid, "status": status, "timestamp": doing.now_ms.div_euclid(1000).to_string(),
    });
    if let Value::Object(fields) = &mut item {
        if let Some(person) = person {
            if person.whatsapp_shows.phone() {
                fields.insert("recipient_id".into(), json!(wa_id(person)));
            }
            if person.whatsapp_shows.bsuid() {
                fields.insert("recipient_user_id".into(), json!(person.bsuid));
            }
        }
        if let Some(code) = code {
            let title = match code {
                OUTSIDE_WINDOW => "Re-engagement message",
                UNDELIVERABLE => "Message undeliverable",
                _ => "Message not delivered",
            };
            let errors = json!([{"code": code, "title": title, "message": title, "error_data": {"details": title}}]);
            fields.insert("errors".into(), errors);
        }
    }
    let body = envelope(connector, &value(&account, "statuses", &json!([item])));
    let number = doing.world.next_number();
    doing.world.post_event(Event::new(
        Platform::Dialog360,
        &format!("status-{number}"),
        "status",
        connector.id(),
        body.to_string().into_bytes(),
    ));
}
