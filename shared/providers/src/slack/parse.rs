//! Parses a request from Slack into events (PROVIDERS §1.1).
//!
//! Payloads are read leniently, field by field: unknown fields are ignored, and only a missing
//! necessary one makes an event unreadable.

use super::{API_APP_ID, TEAM_ID, changes, content, files, key, time::instant};
use crate::{
    changes::event as change_event,
    fields::{at_second, event_key, given, is_id, malformed_element, string},
    json,
    webhook::{Event, Parsed, Refusal, Reply},
    withheld::event_of,
};
use serde_json::{Value, json};
use vestibule_domain::{
    chat::content::{Part, Parts, Reaction},
    chat::conversation::{ConversationKind, ConversationRef},
    chat::message::{Identity, InboundMessage},
    chat::profile::Profile,
    connector::Connector,
};

/// Longest challenge that is echoed, in bytes. Slack's have about fifty.
const CHALLENGE_MAX_BYTES: usize = 1024;

/// Subtypes of messages that a person writes, besides messages without a subtype.
const PERSONAL_SUBTYPES: [&str; 3] = ["file_share", "thread_broadcast", "me_message"];
/// An emoji on a message. Slack sends it to apps that subscribe to it.
const REACTION: &str = "reaction_added";
/// Slack's own assistant, whose messages look like a person's.
const SLACKBOT: &str = "USLACKBOT";

/// Parses an authentic request.
pub(super) fn request(body: &[u8], connector: &Connector) -> Result<Parsed, Refusal> {
    let Ok(payload) = json::read::<Value>(body) else {
        return Ok(Parsed::one(not_json(body)));
    };
    let event = match payload.get("type").and_then(Value::as_str) {
        // It names neither app nor workspace, and only proves that we know the signing secret.
        Some("url_verification") => return Ok(handshake(&payload)),
        Some("event_callback") => {
            check_connector(&payload, connector)?;
            return Ok(events(&payload, connector));
        }
        Some("app_rate_limited") => {
            check_app(&payload, connector)?;
            // It names a workspace even if the whole organisation installed the app.
            if !is_org_wide(connector) {
                check_connector(&payload, connector)?;
            }
            let since = payload.get("minute_rate_limited").and_then(Value::as_i64);
            Event::Throttled {
                since: since.and_then(at_second),
            }
        }
        Some(other) => Event::ignored(other),
        None => Event::unreadable("the request has no type"),
    };
    Ok(Parsed::one(event))
}

/// Slack checks certificates by sending a form.
fn not_json(body: &[u8]) -> Event {
    if body
        .split(|b| *b == b'&')
        .any(|pair| pair == b"ssl_check=1")
    {
        Event::ignored("ssl_check")
    } else {
        Event::unreadable("the request is not JSON")
    }
}

fn handshake(payload: &Value) -> Parsed {
    match payload.get("challenge").and_then(Value::as_str) {
        Some(challenge) if challenge.len() <= CHALLENGE_MAX_BYTES => Parsed {
            events: vec![Event::ignored("url_verification")],
            reply: Reply::json(&json!({ "challenge": challenge })),
        },
        _ => Parsed::one(Event::unreadable("the challenge is missing or too long")),
    }
}

/// Checks that the payload is for this connector. The signature proves the app's secret, not the
/// address: without this check one connector's events would pass as another's (PROVIDERS §6.3).
fn check_connector(payload: &Value, connector: &Connector) -> Result<(), Refusal> {
    check_app(payload, connector)?;
    let team =
        setting(connector, TEAM_ID).ok_or(Refusal::because("the connector has no team id"))?;
    let field = if is_org_wide(connector) {
        "enterprise_id"
    } else {
        TEAM_ID
    };
    let named = string(payload, field) == Some(team)
        || authorizations(payload).any(|one| string(one, field) == Some(team));
    if named {
        Ok(())
    } else {
        Err(Refusal::because("the event is for another workspace"))
    }
}

fn check_app(payload: &Value, connector: &Connector) -> Result<(), Refusal> {
    let app =
        setting(connector, API_APP_ID).ok_or(Refusal::because("the connector has no app id"))?;
    if string(payload, "api_app_id") == Some(app) {
        Ok(())
    } else {
        Err(Refusal::because("the event is for another app"))
    }
}

/// Whether the app is installed org-wide, without a workspace of its own.
fn is_org_wide(connector: &Connector) -> bool {
    setting(connector, TEAM_ID).is_some_and(|team| team.starts_with('E'))
}

fn setting<'a>(connector: &'a Connector, name: &str) -> Option<&'a str> {
    connector.settings.get(name).map(String::as_str)
}

/// Reads the event, and reports files that its message is taken without.
fn events(payload: &Value, connector: &Connector) -> Parsed {
    let event = event(payload, connector).unwrap_or_else(|other| other);
    let is_message = matches!(event, Event::Message(_) | Event::Placeholder(_));
    let mut parsed = Parsed::one(event);
    if is_message && let Some(inner) = payload.get("event") {
        let has_id = |file: &Value| string(file, "id").is_some_and(is_id);
        parsed
            .events
            .extend(malformed_element(inner, "files", has_id));
    }
    parsed
}

/// Reads a person's message, or says what it is instead.
fn event(payload: &Value, connector: &Connector) -> Result<Event, Event> {
    let event = payload
        .get("event")
        .filter(|event| event.is_object())
        .ok_or_else(|| Event::unreadable("the event is not an object"))?;
    let kind = string(event, "type").ok_or_else(|| Event::unreadable("the event has no type"))?;
    if kind == REACTION {
        return reaction(payload, event, connector).map(event_of);
    }
    if matches!(kind, "message" | "app_mention")
        && let Some(change) = changes::of(event)
    {
        if let Some(kind) = no_persons_message(payload, &change.message, kind)? {
            return Ok(Event::ignored(&format!("{kind}:{}", change.kind.key())));
        }
        let at = instant(&change.at)
            .ok_or_else(|| Event::unreadable("the time of the change is not a time"))?;
        let message = message(payload, &change.message, connector)?;
        let written_at = Some(message.sent_at);
        return Ok(change_event(
            message,
            change.kind,
            at,
            written_at,
            &change.at,
        ));
    }
    if let Some(kind) = no_persons_message(payload, event, kind)? {
        return Ok(Event::ignored(&kind));
    }
    message(payload, event, connector).map(event_of)
}

/// Names the kind of an event that is not a person's message (SPEC A39).
fn no_persons_message(payload: &Value, event: &Value, kind: &str) -> Result<Option<String>, Event> {
    if !matches!(kind, "message" | "app_mention") {
        return Ok(Some(kind.to_owned()));
    }
    let instead = match given(event, "subtype") {
        None => None,
        Some(Value::String(subtype)) if PERSONAL_SUBTYPES.contains(&subtype.as_str()) => None,
        Some(Value::String(subtype)) => Some(subtype.as_str()),
        Some(_) => return Err(Event::unreadable("the subtype is not a string")),
    };
    let instead = instead.or_else(|| {
        let user = event.get("user").and_then(Value::as_str);
        // A file uploaded by a bot names only the bot's user.
        let ours = |user| bot_users(payload).any(|bot| bot == user);
        if event.get("hidden") == Some(&Value::Bool(true)) {
            Some("hidden")
        } else if given(event, "edited").is_some() {
            // An edit without its time cannot be told from others of the message.
            Some("edited")
        } else if given(event, "bot_id").is_some() || given(event, "bot_profile").is_some() {
            Some("bot")
        } else if given(event, "user").is_none() || user == Some("") {
            Some("no_user")
        } else if user == Some(SLACKBOT) {
            Some("slackbot")
        } else if user.is_some_and(ours) {
            Some("own")
        } else if files::are_all_gone(event) && content::is_blank_without_files(event) {
            Some("placeholder")
        } else {
            None
        }
    });
    Ok(instead.map(|instead| format!("{kind}:{instead}")))
}

/// Reads a person's reaction to a message of ours as a message under it. `item_user` says whose message it
/// is on (docs.slack.dev, reference/events/`reaction_added`).
fn reaction(
    payload: &Value,
    event: &Value,
    connector: &Connector,
) -> Result<InboundMessage, Event> {
    let bots: Vec<&str> = bot_users(payload).collect();
    let is_ours = |name: &str| string(event, name).is_some_and(|user| bots.contains(&user));
    let item = given(event, "item").filter(|item| string(item, "type") == Some("message"));
    let (Some(item), true, false) = (item, is_ours("item_user"), is_ours("user")) else {
        return Err(Event::ignored(REACTION));
    };
    let (Some(emoji), Some(on), Some(at)) = (
        string(event, "reaction"),
        string(item, "ts").filter(|on| instant(on).is_some()),
        string(event, "event_ts"),
    ) else {
        return Err(Event::unreadable("the reaction is not complete"));
    };
    let channel = string(item, "channel").unwrap_or("");
    let under = json!({
        "user": event.get("user"), "channel": channel, "ts": at,
        "thread_ts": (!channel.starts_with('D')).then_some(on),
    });
    let message = message(payload, &under, connector)?;
    let (scope, user) = (&message.sender.platform_scope, &message.sender.identifier);
    let own = format!("reaction:{scope}:{channel}:{on}:{user}:{emoji}:{at}");
    Ok(InboundMessage {
        event_keys: vec![
            event_key("slack", &own),
            event_key("slack", &message.provider_event_id),
        ],
        parts: Parts::of([Part::Reaction(Reaction {
            emoji: Some(emoji.to_owned()),
            message_id: Some(on.to_owned()),
        })]),
        ..message
    })
}

fn message(payload: &Value, event: &Value, connector: &Connector) -> Result<InboundMessage, Event> {
    let id = |name: &'static str| {
        string(event, name)
            .filter(|id| is_id(id))
            .ok_or_else(|| Event::unreadable(format!("event.{name} is missing or malformed")))
    };
    let (user, channel, ts) = (id("user")?, id("channel")?, id("ts")?);
    let event_id = string(payload, "event_id")
        .filter(|id| is_id(id))
        .ok_or_else(|| Event::unreadable("event_id is missing or malformed"))?;
    let sent_at = instant(ts).ok_or_else(|| Event::unreadable("event.ts is not a time"))?;
    let thread_ts = match given(event, "thread_ts") {
        None => None,
        Some(Value::String(thread)) if instant(thread).is_some() => Some(thread.clone()),
        Some(_) => return Err(Event::unreadable("event.thread_ts is not a time")),
    };
    let kind = conversation_kind(event, channel);
    // Outside direct messages, an answer opens a thread under the message, and the conversation
    // continues there.
    let thread = match kind {
        // A message that others answer in a thread is not in that thread itself.
        ConversationKind::Direct => thread_ts.filter(|thread| thread != ts),
        ConversationKind::Group | ConversationKind::Channel => {
            thread_ts.or_else(|| Some(ts.to_owned()))
        }
    };
    let scope = platform_scope(connector);
    let bots: Vec<&str> = bot_users(payload).collect();
    let content = content::of(event, &bots)?;
    Ok(InboundMessage {
        also_known_as: None,
        profile: Profile::default(),
        sender: Identity {
            provider: key(),
            platform_scope: scope.to_owned(),
            identifier: user.to_owned(),
        },
        conversation: ConversationRef::new(connector.id, kind, channel.to_owned(), thread),
        text: content.text,
        attachments: content.attachments,
        parts: content.parts,
        entities: content.entities,
        provider_event_id: event_id.to_owned(),
        // The message's own key comes first: a mention arrives as two events, and Slack sometimes
        // sends one message under several event ids.
        event_keys: vec![
            event_key("slack", &format!("{scope}:{channel}:{ts}")),
            event_key("slack", event_id),
        ],
        sent_at,
    })
}

/// The scope in which user ids are unique (SPEC A25): the installation, which is a workspace (`T…`)
/// or an organisation (`E…`). The event's own fields are not enough. An organisation's people write
/// from any of its workspaces under one id, `W…` or `U…`, and some kinds of message lack the fields
/// that name the author's workspace, so one person would become two. People of another workspace in
/// a shared channel (Slack Connect) have ids of their own.
pub(super) fn platform_scope(connector: &Connector) -> &str {
    connector.settings.get(TEAM_ID).map_or("", String::as_str)
}

/// Determines the kind from `channel_type` or, if that is missing (in mentions), from the first
/// letter of the id. An unknown kind counts as readable by everybody.
fn conversation_kind(event: &Value, channel: &str) -> ConversationKind {
    match (string(event, "channel_type"), channel.chars().next()) {
        (Some("im" | "app_home"), _) | (None, Some('D')) => ConversationKind::Direct,
        (Some("mpim" | "group"), _) | (None, Some('G')) => ConversationKind::Group,
        _ => ConversationKind::Channel,
    }
}

/// User ids of our own bot. An authorization that is not a bot's belongs to a person who authorized
/// us, and who may well write to us.
fn bot_users(payload: &Value) -> impl Iterator<Item = &str> {
    authorizations(payload)
        .filter(|one| one.get("is_bot") != Some(&Value::Bool(false)))
        .filter_map(|one| string(one, "user_id"))
}

fn authorizations(payload: &Value) -> impl Iterator<Item = &Value> {
    let all = payload.get("authorizations").and_then(Value::as_array);
    all.into_iter().flatten()
}

#[cfg(test)]
mod tests;
