//! Slack's Web API: `/slack/api/<method>`.
//!
//! Answers as Slack does: HTTP 200 with `ok` true or false for everything but rate limits.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use serde_json::{Value, json};

use super::account::App;
use super::checks::{Examined, examine};
use super::workspace::{Workspace, app_by_token, conversation, direct_channel, new_ts, unescape};
use crate::simulator::api;
use crate::simulator::asked::{Answer, Asked};
use crate::simulator::message::Message;
use crate::simulator::people::Person;
use crate::simulator::platform::Platform;
use crate::simulator::shared::Shared;
use crate::simulator::world::World;

/// The result of an API method: an answer, or the name of an error.
type Outcome = Result<Value, Refusal>;

#[derive(Debug)]
struct Refusal {
    error: String,
    /// Set if the call is wrong in any state of the workspace.
    violation: Option<String>,
}

impl Refusal {
    fn by_state(error: &str) -> Self {
        Self {
            error: error.to_owned(),
            violation: None,
        }
    }

    fn by_mistake(error: &str, what: impl Into<String>) -> Self {
        Self {
            error: error.to_owned(),
            violation: Some(what.into()),
        }
    }
}

pub(super) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path(api_method): Path<String>,
    http_method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (call, connector_id) = {
        let world = shared.world();
        let allowed_broadcasts = world
            .own::<Workspace>()
            .map_or(&[][..], |workspace| &workspace.allowed_broadcasts);
        let call = examine(
            &api_method,
            &http_method,
            &uri,
            &headers,
            &body,
            allowed_broadcasts,
        );
        let connector_id = call
            .token
            .as_deref()
            .and_then(|token| app_by_token(&world, token))
            .map(|app| app.connector_id);
        (call, connector_id)
    };
    let target = call.arguments.get("channel").and_then(Value::as_str);
    let asked = Asked {
        arguments: call.arguments.clone(),
        target: target.map(str::to_owned),
        connector_id,
        violations: call.violations.clone(),
        ..Asked::new(
            Platform::Slack,
            &api_method,
            http_method,
            call.content_type.clone(),
        )
    };
    api::serve(&shared, asked, |_, doing| {
        let outcome = perform(
            doing.world,
            &api_method,
            &call,
            doing.now_ms,
            doing.base_url,
        );
        outcome.map_or_else(
            |refusal| {
                doing.violations.extend(refusal.violation);
                error(StatusCode::OK, &refusal.error)
            },
            |answer| Answer::done(StatusCode::OK, answer),
        )
    })
    .await
}

pub(super) fn error(status: StatusCode, error: &str) -> Answer {
    Answer::refused(status, json!({"ok": false, "error": error}))
}

fn perform(
    world: &mut World,
    api_method: &str,
    call: &Examined,
    now_ms: i64,
    base_url: &str,
) -> Outcome {
    if let Some(error) = call.refused {
        return Err(Refusal::by_state(error));
    }
    let token = call.token.as_deref().unwrap_or_default();
    let app = app_by_token(world, token)
        .ok_or_else(|| Refusal::by_mistake("invalid_auth", "the token belongs to no app"))?;
    if app.token_revoked {
        return Err(Refusal::by_state("token_revoked"));
    }
    let argument = |name: &str| call.arguments.get(name).and_then(Value::as_str);
    match api_method {
        "auth.test" => Ok(auth_test(world, &app, base_url)),
        "users.info" => users_info(
            world,
            &app,
            argument("user").unwrap_or_default(),
            argument("include_locale") == Some("true"),
            base_url,
        ),
        "conversations.history" => conversations_history(
            world,
            &app,
            argument("channel").unwrap_or_default(),
            argument("include_all_metadata") == Some("true"),
        ),
        "conversations.replies" => conversations_replies(
            world,
            &app,
            argument("channel").unwrap_or_default(),
            argument("ts").unwrap_or_default(),
            argument("include_all_metadata") == Some("true"),
        ),
        "conversations.open" => {
            conversations_open(world, &app, argument("users").unwrap_or_default())
        }
        _ => {
            let only_visible_to = match api_method {
                "chat.postEphemeral" => argument("user"),
                _ => None,
            };
            let post = Post {
                channel: argument("channel").unwrap_or_default(),
                text: argument("text").unwrap_or_default(),
                thread_ts: argument("thread_ts"),
                only_visible_to,
                metadata: call.arguments.get("metadata").cloned(),
            };
            post_message(world, &app, &post, now_ms)
        }
    }
}

struct Post<'a> {
    channel: &'a str,
    text: &'a str,
    thread_ts: Option<&'a str>,
    only_visible_to: Option<&'a str>,
    metadata: Option<Value>,
}

fn post_message(world: &mut World, app: &App, post: &Post<'_>, now_ms: i64) -> Outcome {
    let connector_id = app.connector_id.clone();
    // A user id stands for the direct conversation with that person, except for an ephemeral message.
    let channel = if world.people.contains_key(post.channel) && post.only_visible_to.is_none() {
        direct_channel(world, &connector_id, post.channel)
    } else {
        post.channel.to_owned()
    };
    let place = conversation(world, &channel).ok_or_else(|| {
        Refusal::by_mistake(
            "channel_not_found",
            format!("there is no conversation {channel}"),
        )
    })?;
    if place.connector_id != connector_id {
        return Err(Refusal::by_mistake(
            "channel_not_found",
            format!("{channel} is a conversation of another app"),
        ));
    }
    if !place.app_is_member {
        return Err(Refusal::by_state("not_in_channel"));
    }
    if let Some(user) = post.only_visible_to {
        if !world.people.contains_key(user) {
            return Err(Refusal::by_mistake(
                "user_not_in_channel",
                format!("there is nobody called {user}"),
            ));
        }
        if place.with.as_deref().is_some_and(|with| with != user) {
            return Err(Refusal::by_mistake(
                "user_not_in_channel",
                format!("{user} is not in {channel}"),
            ));
        }
    }
    if let Some(thread_ts) = post.thread_ts {
        let exists = world
            .messages
            .iter()
            .any(|message| message.channel == channel && message.ts == thread_ts);
        if !exists {
            return Err(Refusal::by_mistake(
                "thread_not_found",
                format!("there is no message {thread_ts} in {channel}"),
            ));
        }
    }
    let with = place.with.clone();
    let ts = new_ts(world, now_ms);
    world.messages.push(Message {
        thread_ts: post.thread_ts.map(str::to_owned),
        plain: unescape(post.text),
        with,
        only_visible_to: post.only_visible_to.map(str::to_owned),
        metadata: post.metadata.clone(),
        ..Message::of_app(
            Platform::Slack,
            &connector_id,
            ts.clone(),
            channel.clone(),
            post.text,
            now_ms,
        )
    });
    if post.only_visible_to.is_some() {
        return Ok(json!({"ok": true, "message_ts": ts}));
    }
    Ok(json!({
        "ok": true, "channel": channel, "ts": ts,
        "message": {
            "type": "message", "user": app.install.bot_user_id, "bot_id": app.install.bot_id,
            "app_id": app.install.api_app_id, "team": app.install.team_id, "text": post.text, "ts": ts,
        },
    }))
}

/// Messages of a conversation, latest first, without replies in threads and ephemeral messages.
fn conversations_history(world: &World, app: &App, channel: &str, with_metadata: bool) -> Outcome {
    check_theirs(world, app, channel)?;
    let messages: Vec<Value> = world
        .messages
        .iter()
        .rev()
        .filter(|message| message.channel == channel)
        .filter(|message| message.thread_ts.is_none() && message.only_visible_to.is_none())
        .map(|message| shown(message, with_metadata))
        .collect();
    Ok(json!({"ok": true, "messages": messages, "has_more": false}))
}

/// Messages of a thread, its first message first, without ephemeral ones.
fn conversations_replies(
    world: &World,
    app: &App,
    channel: &str,
    thread_ts: &str,
    with_metadata: bool,
) -> Outcome {
    check_theirs(world, app, channel)?;
    let messages: Vec<Value> = world
        .messages
        .iter()
        .filter(|message| message.channel == channel && message.only_visible_to.is_none())
        .filter(|message| {
            message.ts == thread_ts || message.thread_ts.as_deref() == Some(thread_ts)
        })
        .map(|message| shown(message, with_metadata))
        .collect();
    if messages.is_empty() {
        return Err(Refusal::by_mistake(
            "thread_not_found",
            format!("there is no message {thread_ts} in {channel}"),
        ));
    }
    Ok(json!({"ok": true, "messages": messages, "has_more": false}))
}

fn check_theirs(world: &World, app: &App, channel: &str) -> Result<(), Refusal> {
    let is_theirs =
        conversation(world, channel).is_some_and(|place| place.connector_id == app.connector_id);
    if is_theirs {
        return Ok(());
    }
    Err(Refusal::by_mistake(
        "channel_not_found",
        format!("there is no conversation {channel} of this app"),
    ))
}

fn shown(message: &Message, with_metadata: bool) -> Value {
    let metadata = message.metadata.as_ref().filter(|_| with_metadata);
    json!({"type": "message", "ts": message.ts, "text": message.text, "metadata": metadata})
}

fn conversations_open(world: &mut World, app: &App, users: &str) -> Outcome {
    if users.is_empty() {
        return Err(Refusal::by_mistake(
            "users_list_not_supplied",
            "`users` is missing",
        ));
    }
    if users.contains(',') {
        return Err(Refusal::by_mistake(
            "invalid_arguments",
            "the simulator opens conversations with one person",
        ));
    }
    if users == app.install.bot_user_id {
        return Err(Refusal::by_mistake(
            "cannot_dm_bot",
            "the app would talk to itself",
        ));
    }
    if !world.people.contains_key(users) {
        return Err(Refusal::by_mistake(
            "user_not_found",
            format!("there is nobody called {users}"),
        ));
    }
    let channel = direct_channel(world, &app.connector_id, users);
    Ok(json!({"ok": true, "channel": {"id": channel}}))
}

fn users_info(
    world: &World,
    app: &App,
    user_id: &str,
    with_locale: bool,
    base_url: &str,
) -> Outcome {
    let person = world.people.get(user_id).ok_or_else(|| {
        Refusal::by_mistake(
            "user_not_found",
            format!("there is nobody called {user_id}"),
        )
    })?;
    let mut user = user(person, app, base_url);
    if let (true, Some(language), Value::Object(fields)) =
        (with_locale, &person.language, &mut user)
    {
        fields.insert("locale".into(), json!(language));
    }
    Ok(json!({"ok": true, "user": user}))
}

fn user(person: &Person, app: &App, base_url: &str) -> Value {
    let avatar = format!("{base_url}/avatars/{}.svg", person.id);
    let mut profile = json!({
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.display_name,
        "display_name_normalized": person.display_name,
        "avatar_hash": "g0000000000",
        "image_24": avatar, "image_32": avatar, "image_48": avatar, "image_72": avatar, "image_192": avatar,
        "image_512": avatar,
        "team": person.home_team_id.as_ref().unwrap_or(&app.install.team_id),
    });
    // Slack reveals only a short profile of people from other workspaces.
    if person.home_team_id.is_none()
        && let Value::Object(fields) = &mut profile
    {
        fields.insert("first_name".into(), json!(person.first_name));
        fields.insert("last_name".into(), json!(person.last_name));
        fields.insert("title".into(), json!(""));
        if let Some(email) = &person.email {
            fields.insert("email".into(), json!(email));
        }
    }
    json!({
        "id": person.id,
        "team_id": person.home_team_id.as_ref().unwrap_or(&app.install.team_id),
        "name": person.name.to_lowercase().replace(' ', "."),
        "deleted": false, "real_name": person.name,
        "tz": "Europe/Amsterdam", "tz_label": "Central European Time", "tz_offset": 3600,
        "profile": profile,
        "is_admin": false, "is_owner": false, "is_primary_owner": false, "is_restricted": false,
        "is_ultra_restricted": false, "is_bot": false, "is_app_user": false,
        "is_stranger": person.home_team_id.is_some(), "updated": 1_700_000_000,
    })
}

fn auth_test(world: &World, app: &App, base_url: &str) -> Value {
    json!({
        "ok": true, "url": format!("{base_url}/"), "team": world.workspace_name, "team_id": app.install.team_id,
        "user": app.name.to_lowercase(), "user_id": app.install.bot_user_id, "bot_id": app.install.bot_id,
        "enterprise_id": app.install.enterprise_id,
        "is_enterprise_install": app.install.enterprise_id.is_some(),
    })
}
