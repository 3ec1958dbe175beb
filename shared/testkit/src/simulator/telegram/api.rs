//! Telegram's Bot API. Stricter than Telegram: a fault that Telegram silently accepts is a violation here.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::any;
use serde_json::{Value, json};

use super::account::TelegramAccount;
use super::updates::{general_id, general_id_after, new_message_id, private_chat, username};
use crate::simulator::api::{self, Performing};
use crate::simulator::asked::{self, Answer, Asked, Content};
use crate::simulator::connectors::{Connector, Webhook};
use crate::simulator::event::DeliveryState;
use crate::simulator::files::{self, PICTURE};
use crate::simulator::message::Message;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;
use crate::simulator::world::World;

/// Telegram's length limit for one message.
const MAX_TEXT_CHARS: usize = 4096;
/// The beginning of the paths of files in messages.
const DOCUMENTS: &str = "documents/file_";
const METHODS: &[(&str, &[&str])] = &[
    (
        "sendMessage",
        &[
            "chat_id",
            "text",
            "reply_parameters",
            "message_thread_id",
            "link_preview_options",
            "disable_notification",
            "protect_content",
            "parse_mode",
            "entities",
        ],
    ),
    (
        "sendChatAction",
        &["chat_id", "message_thread_id", "action"],
    ),
    ("getMe", &[]),
    ("getWebhookInfo", &[]),
    (
        "setWebhook",
        &[
            "url",
            "secret_token",
            "allowed_updates",
            "max_connections",
            "drop_pending_updates",
            "ip_address",
        ],
    ),
    ("deleteWebhook", &["drop_pending_updates"]),
    ("getUserProfilePhotos", &["user_id", "offset", "limit"]),
    ("getFile", &["file_id"]),
    ("getChat", &["chat_id"]),
];

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/telegram/{bot}/{method}", any(handle))
        .route("/telegram/file/{bot}/{*path}", any(file))
}

pub(super) fn error(status: StatusCode, description: &str) -> Answer {
    Answer::refused(
        status,
        json!({"ok": false, "error_code": status.as_u16(), "description": description}),
    )
}

pub(super) fn too_many_requests(retry_after_secs: u64) -> Answer {
    Answer::refused(
        StatusCode::TOO_MANY_REQUESTS,
        json!({
            "ok": false, "error_code": 429,
            "description": format!("Too Many Requests: retry after {retry_after_secs}"),
            "parameters": {"retry_after": retry_after_secs},
        }),
    )
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((bot, api_method)): Path<(String, String)>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let connector_id = connector_of(&shared, &bot);
    let mut asked = Asked {
        connector_id: connector_id.clone(),
        ..Asked::new(
            Platform::Telegram,
            &api_method,
            http_method.clone(),
            asked::content_type(&headers),
        )
    };
    if uri.query().is_some() {
        asked.arguments = asked::form(uri.query().unwrap_or_default().as_bytes());
    }
    if !body.is_empty() {
        asked.read_json(&body);
    }
    if !matches!(http_method, Method::GET | Method::POST) {
        asked.note(format!("{http_method} instead of GET or POST"));
    }
    match METHODS.iter().find(|(name, _)| *name == api_method) {
        Some((_, fields)) => asked.note_unknown(fields),
        None => asked.note(format!("there is no method {api_method}")),
    }
    // Whoever asks whether a token is good may have a wrong one.
    let asks_for_token = api_method == "getMe";
    // The secret is not recorded with the call.
    let secret = asked.arguments.get_mut("secret_token").map(Value::take);
    asked.target = integer(&asked.arguments, "chat_id").map(|id| id.to_string());
    api::serve(&shared, asked, |asked, doing| {
        let Some(connector) = connector_id.and_then(|id| doing.world.connector(&id).cloned())
        else {
            if !asks_for_token {
                doing.note("the token belongs to no bot");
            }
            return error(StatusCode::UNAUTHORIZED, "Unauthorized");
        };
        if connector.is_revoked {
            return error(StatusCode::UNAUTHORIZED, "Unauthorized");
        }
        perform(asked, doing, &connector, secret)
    })
    .await
}

async fn file(
    State(shared): State<Arc<Shared>>,
    Path((bot, path)): Path<(String, String)>,
    http_method: Method,
    headers: HeaderMap,
) -> Response {
    let connector_id = connector_of(&shared, &bot);
    let asked = Asked {
        arguments: json!({"path": path}),
        connector_id: connector_id.clone(),
        ..Asked::new(Platform::Telegram, "file", http_method, None)
    };
    api::serve(&shared, asked, |_, doing| {
        let telegram_id = path
            .strip_prefix("photos/file_")
            .and_then(|rest| rest.strip_suffix(".jpg"))
            .and_then(|id| id.parse::<i64>().ok());
        let exists = doing
            .world
            .person_where(|person| Some(person.telegram_id) == telegram_id)
            .is_some();
        if connector_id.is_none() || !(exists || path.starts_with(DOCUMENTS)) {
            doing.note("there is no such file of this bot");
            return error(StatusCode::NOT_FOUND, "Not Found");
        }
        files::ranged(&headers)
    })
    .await
}

fn connector_of(shared: &Shared, bot: &str) -> Option<String> {
    let token = bot.strip_prefix("bot")?;
    let world = shared.world();
    world
        .connectors
        .iter()
        .find(|connector| {
            connector
                .account::<TelegramAccount>()
                .is_some_and(|account| account.bot_token == token)
        })
        .map(|connector| connector.id().to_owned())
}

fn perform(
    asked: &Asked,
    doing: &mut Performing<'_>,
    connector: &Connector,
    secret: Option<Value>,
) -> Answer {
    match asked.method.as_str() {
        "sendMessage" => send_message(asked, doing, connector),
        "sendChatAction" => chat_action(asked, doing, connector),
        "getMe" => ok(json!({
            "id": bot_id(connector), "is_bot": true,
            "first_name": connector.config.name, "username": username(&connector.config.name, "bot"),
            "can_join_groups": true, "can_read_all_group_messages": true, "supports_inline_queries": false,
        })),
        "getWebhookInfo" => ok(webhook_info(doing.world, connector)),
        "setWebhook" => set_webhook(asked, doing, connector, secret),
        "deleteWebhook" => {
            if let Some(connector) = doing.world.connector_mut(connector.id()) {
                connector.webhook = Webhook::Deleted;
            }
            ok(json!(true))
        }
        "getUserProfilePhotos" => profile_photos(asked, doing),
        "getFile" => get_file(asked, doing),
        "getChat" => get_chat(asked, doing, connector),
        _ => error(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn ok(result: impl Into<Value>) -> Answer {
    let result: Value = result.into();
    Answer::done(StatusCode::OK, json!({"ok": true, "result": result}))
}

fn bad_request(what: &str) -> Answer {
    error(StatusCode::BAD_REQUEST, &format!("Bad Request: {what}"))
}

fn send_message(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    if asked.http_method != Method::POST {
        doing.note("sendMessage by GET: the text would stand in logs");
    }
    if asked.arguments.get("parse_mode").is_some() {
        doing.note("parse_mode is set: text that a person wrote would be read as markup");
    }
    let text = asked.text("text").unwrap_or_default().to_owned();
    if text.trim().is_empty() {
        doing.note("a message without text");
        return bad_request("message text is empty");
    }
    if text.chars().count() > MAX_TEXT_CHARS {
        doing.note(format!("{} characters of text", text.chars().count()));
        return bad_request("message is too long");
    }
    let Some(chat_id) = integer(&asked.arguments, "chat_id") else {
        doing.note("`chat_id` is not a number");
        return bad_request("chat_id is empty");
    };
    let with = match recipient(doing, connector, chat_id) {
        Ok(with) => with,
        Err(answer) => return answer,
    };
    let reply_to = asked
        .arguments
        .pointer("/reply_parameters/message_id")
        .and_then(Value::as_i64);
    if let Some(reply_to) = reply_to {
        let exists = doing.world.messages.iter().any(|message| {
            message.connector_id == connector.id()
                && message.channel == chat_id.to_string()
                && message.ts == reply_to.to_string()
        });
        let may_miss = asked
            .arguments
            .pointer("/reply_parameters/allow_sending_without_reply")
            == Some(&Value::Bool(true));
        if !exists && !may_miss {
            return bad_request("message to be replied not found");
        }
    }
    let message_id = new_message_id(doing.world);
    let chat = match with
        .as_deref()
        .and_then(|user_id| doing.world.people.get(user_id))
    {
        Some(person) => private_chat(person),
        None => json!({"id": chat_id, "title": "general", "type": "supergroup"}),
    };
    doing.world.messages.push(Message {
        thread_ts: reply_to.map(|id| id.to_string()),
        with,
        ..Message::of_app(
            Platform::Telegram,
            connector.id(),
            message_id.to_string(),
            chat_id.to_string(),
            &text,
            doing.now_ms,
        )
    });
    ok(json!({
        "message_id": message_id, "chat": chat, "date": doing.now_ms.div_euclid(1000), "text": text,
        "from": {"id": bot_id(connector), "is_bot": true,
                 "first_name": connector.config.name, "username": username(&connector.config.name, "bot")},
    }))
}

fn chat_action(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    if asked.text("action") != Some("typing") {
        doing.note("`action` is not `typing`");
        return bad_request("wrong parameter action in request");
    }
    let Some(chat_id) = integer(&asked.arguments, "chat_id") else {
        doing.note("`chat_id` is not a number");
        return bad_request("chat_id is empty");
    };
    match recipient(doing, connector, chat_id) {
        Ok(_) => ok(json!(true)),
        Err(answer) => answer,
    }
}

/// The person of the chat, or `None` for the group; otherwise the reason why the bot cannot write there.
fn recipient(
    doing: &mut Performing<'_>,
    connector: &Connector,
    chat_id: i64,
) -> Result<Option<String>, Answer> {
    let forbidden = |what: &str| error(StatusCode::FORBIDDEN, &format!("Forbidden: {what}"));
    if chat_id == general_id(connector) {
        if connector.left_general {
            return Err(forbidden("bot was kicked from the supergroup chat"));
        }
        return Ok(None);
    }
    if (0..connector.upgrades).any(|upgrades| chat_id == general_id_after(connector, upgrades)) {
        return Err(Answer::refused(
            StatusCode::BAD_REQUEST,
            json!({
                "ok": false, "error_code": 400,
                "description": "Bad Request: group chat was upgraded to a supergroup chat",
                "parameters": {"migrate_to_chat_id": general_id(connector)},
            }),
        ));
    }
    let person = doing
        .world
        .person_where(|person| person.telegram_id == chat_id)
        .map(|person| person.id.clone());
    let Some(user_id) = person else {
        doing.note(format!("there is no chat {chat_id}"));
        return Err(bad_request("chat not found"));
    };
    let standing = connector.standing(&user_id);
    if standing.has_blocked {
        return Err(forbidden("bot was blocked by the user"));
    }
    if !standing.is_known {
        return Err(bad_request("chat not found"));
    }
    if !standing.has_started {
        return Err(forbidden("bot can't initiate conversation with a user"));
    }
    Ok(Some(user_id))
}

fn set_webhook(
    asked: &Asked,
    doing: &mut Performing<'_>,
    connector: &Connector,
    secret: Option<Value>,
) -> Answer {
    let url = asked.text("url").unwrap_or_default().to_owned();
    let is_loopback = url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost");
    if !url.starts_with("https://") && !is_loopback {
        doing.note("the webhook's URL is not https");
        return bad_request("bad webhook: An HTTPS URL must be provided for webhook");
    }
    let secret = secret.and_then(|secret| secret.as_str().map(str::to_owned));
    match secret.as_deref() {
        None | Some("") => {
            doing.note("a webhook without secret_token would take updates from anybody");
        }
        Some(secret) if secret.len() > 256 => {
            doing.note("secret_token has more than 256 characters");
            return bad_request("secret token is too long");
        }
        Some(secret)
            if !secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) =>
        {
            doing.note("secret_token has characters other than A-Z a-z 0-9 _ -");
            return bad_request("secret token contains unallowed characters");
        }
        Some(_) => {}
    }
    let allowed_updates: Vec<String> = asked
        .arguments
        .get("allowed_updates")
        .and_then(Value::as_array)
        .map(|kinds| {
            kinds
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    if !allowed_updates.iter().any(|kind| kind == "message") {
        doing.note("allowed_updates does not name `message`: an earlier setting would stay");
    }
    if let Some(connector) = doing.world.connector_mut(connector.id()) {
        connector.webhook = Webhook::Set {
            url,
            secret,
            allowed_updates,
        };
    }
    Answer::done(
        StatusCode::OK,
        json!({"ok": true, "result": true, "description": "Webhook was set"}),
    )
}

fn webhook_info(world: &World, connector: &Connector) -> Value {
    let allowed_updates = match &connector.webhook {
        Webhook::Set {
            allowed_updates, ..
        } => allowed_updates.clone(),
        Webhook::Configured | Webhook::Deleted => Vec::new(),
    };
    let url = connector
        .webhook_url(world.api_url.as_deref())
        .unwrap_or_default();
    let of_bot = || {
        world
            .events
            .values()
            .map(|event| &event.delivery)
            .filter(|delivery| delivery.connector_id == connector.id())
    };
    let pending = of_bot()
        .filter(|delivery| delivery.state == DeliveryState::Retrying)
        .count();
    let mut info = json!({
        "url": url, "has_custom_certificate": false, "pending_update_count": pending, "max_connections": 40,
        "allowed_updates": allowed_updates,
    });
    let last_failed = of_bot()
        .flat_map(|delivery| &delivery.attempts)
        .filter(|attempt| attempt.failure.is_some())
        .max_by_key(|attempt| attempt.at_ms);
    if let Some(attempt) = last_failed
        && let Value::Object(fields) = &mut info
    {
        let message = attempt.status.map_or_else(
            || "Connection timed out".to_owned(),
            |status| format!("Wrong response from the webhook: {status}"),
        );
        fields.insert("last_error_date".into(), json!(attempt.at_ms / 1000));
        fields.insert("last_error_message".into(), json!(message));
    }
    info
}

fn profile_photos(asked: &Asked, doing: &mut Performing<'_>) -> Answer {
    let user_id = integer(&asked.arguments, "user_id");
    let person = doing
        .world
        .person_where(|person| Some(person.telegram_id) == user_id);
    let Some(person) = person else {
        doing.note("`user_id` is nobody's");
        return bad_request("user not found");
    };
    let file_id = format!("photo-{}", person.telegram_id);
    ok(json!({
        "total_count": 1,
        "photos": [[{"file_id": file_id, "file_unique_id": format!("u{file_id}"), "width": 96, "height": 96,
                     "file_size": PICTURE.len()}]],
    }))
}

fn get_file(asked: &Asked, doing: &mut Performing<'_>) -> Answer {
    let file_id = asked.text("file_id").unwrap_or_default();
    let file_path = if let Some(telegram_id) = file_id.strip_prefix("photo-") {
        format!("photos/file_{telegram_id}.jpg")
    } else if let Some(message_id) = file_id.strip_prefix("file-") {
        format!("{DOCUMENTS}{message_id}.jpg")
    } else {
        doing.note("there is no such file");
        return bad_request("invalid file_id");
    };
    ok(json!({
        "file_id": file_id, "file_unique_id": format!("u{file_id}"), "file_size": PICTURE.len(),
        "file_path": file_path,
    }))
}

fn get_chat(asked: &Asked, doing: &mut Performing<'_>, connector: &Connector) -> Answer {
    let chat_id = integer(&asked.arguments, "chat_id").unwrap_or_default();
    match recipient(doing, connector, chat_id) {
        Err(answer) => answer,
        Ok(None) => ok(json!({"id": chat_id, "title": "general", "type": "supergroup"})),
        Ok(Some(user_id)) => {
            let chat = doing.world.people.get(&user_id).map(private_chat);
            let mut answer = ok(json!(chat));
            if let Content::Json(value) = &mut answer.content
                && let Some(Value::Object(fields)) = value.get_mut("result")
            {
                let file_id = format!("photo-{chat_id}");
                let photo = json!({"small_file_id": file_id, "big_file_id": file_id});
                fields.insert("photo".into(), photo);
            }
            answer
        }
    }
}

fn bot_id(connector: &Connector) -> Option<i64> {
    connector.account().as_ref().map(TelegramAccount::bot_id)
}

/// An integer, given as a number or as text.
fn integer(arguments: &Value, name: &str) -> Option<i64> {
    match arguments.get(name)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
