//! The workspace as it stands: apps, people, conversations, messages and what happened to events and calls.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::calls::{ApiCall, Violation};
use super::config::{AppConfig, NewPerson, short_hash};
use super::delivery::Event;
use super::failures::FailureRule;
use crate::slack_signer::SlackInstall;

/// How many API calls are kept; the page shows the latest, tests make far fewer.
const MAX_CALLS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) workspace_name: String,
    pub(super) api_url: Option<String>,
    pub(super) apps: Vec<App>,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) conversations: BTreeMap<String, Conversation>,
    pub(super) messages: Vec<Message>,
    pub(super) events: BTreeMap<String, Event>,
    pub(super) failures: Vec<FailureRule>,
    pub(super) calls: Vec<ApiCall>,
    pub(super) call_count: u64,
    pub(super) violations: Vec<Violation>,
    pub(super) allowed_broadcasts: Vec<String>,
    /// Goes into ids, so that a simulator that is started anew makes no id that an earlier one made.
    pub(super) seed: String,
    pub(super) ids: u64,
    pub(super) last_ts_micros: i64,
}

#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) config: AppConfig,
    pub(super) install: SlackInstall,
    pub(super) token_revoked: bool,
}

/// Somebody in the workspace.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// `U…`
    pub id: String,
    /// The full name.
    pub name: String,
    /// The name they chose to be called by; may be empty.
    pub display_name: String,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The e-mail address, if the app may see it.
    pub email: Option<String>,
    /// Their own workspace, for a guest over Slack Connect.
    pub home_team_id: Option<String>,
}

/// Where messages go.
#[derive(Clone, Debug, Serialize)]
pub struct Conversation {
    /// `D…` or `C…`
    pub id: String,
    /// The app in it.
    pub connector_id: String,
    /// The other party of a direct conversation; `None` for the channel.
    pub with: Option<String>,
    /// Whether the app is a member and may write.
    pub app_is_member: bool,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A person, by id.
    Person(String),
    /// An app, by its connector.
    App(String),
}

/// One message in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its id within the conversation.
    pub ts: String,
    /// The conversation.
    pub channel: String,
    /// The connector whose conversation it is.
    pub connector_id: String,
    /// The message it replies to in a thread.
    pub thread_ts: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// As it went over the wire: `&`, `<` and `>` escaped, mentions as `<@U…>`.
    pub text: String,
    /// The only person who sees it, for an ephemeral message.
    pub only_visible_to: Option<String>,
    /// What the app attached to it and people do not see.
    #[serde(skip)]
    pub metadata: Option<Value>,
    /// The events that told the app of it.
    pub event_ids: Vec<String>,
    /// When it was written, in milliseconds.
    pub at_ms: i64,
}

impl Message {
    /// The text as a person reads it.
    #[must_use]
    pub fn plain_text(&self) -> String {
        unescape(&self.text)
    }

    /// Whether an app wrote it.
    #[must_use]
    pub const fn is_from_app(&self) -> bool {
        matches!(self.author, Author::App(_))
    }
}

impl World {
    pub(super) fn add_app(&mut self, config: AppConfig) {
        let install = config.install();
        let channel = general_channel(&config.connector_id);
        self.conversations.insert(
            channel.clone(),
            Conversation {
                id: channel,
                connector_id: config.connector_id.clone(),
                with: None,
                app_is_member: true,
            },
        );
        self.apps
            .retain(|app| app.config.connector_id != config.connector_id);
        self.apps.push(App {
            config,
            install,
            token_revoked: false,
        });
    }

    pub(super) fn add_person(&mut self, new: NewPerson) -> String {
        let id = new.id.unwrap_or_else(|| self.new_id("U"));
        let mut words = new.name.split_whitespace();
        let first = words.next().unwrap_or_default().to_owned();
        let rest = words.collect::<Vec<_>>().join(" ");
        self.people.insert(
            id.clone(),
            Person {
                id: id.clone(),
                display_name: new.display_name.unwrap_or_else(|| new.name.clone()),
                first_name: new.first_name.unwrap_or(first),
                last_name: new.last_name.unwrap_or(rest),
                name: new.name,
                email: new.email,
                home_team_id: new.home_team_id,
            },
        );
        id
    }

    pub(super) fn app(&self, connector_id: &str) -> Option<&App> {
        self.apps
            .iter()
            .find(|app| app.config.connector_id == connector_id)
    }

    pub(super) fn app_by_token(&self, token: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.config.bot_token == token)
    }

    pub(super) fn webhook_url(&self, app: &App) -> Option<String> {
        app.config.webhook_url.clone().or_else(|| {
            let base = self.api_url.as_deref()?.trim_end_matches('/');
            Some(format!("{base}/webhooks/slack/{}", app.config.connector_id))
        })
    }

    /// The direct conversation of an app and a person, opened if there is none yet.
    pub(super) fn direct_channel(&mut self, connector_id: &str, user_id: &str) -> String {
        let id = format!("D0{}", short_hash(&[connector_id, user_id]));
        self.conversations
            .entry(id.clone())
            .or_insert_with(|| Conversation {
                id: id.clone(),
                connector_id: connector_id.to_owned(),
                with: Some(user_id.to_owned()),
                app_is_member: true,
            });
        id
    }

    /// Everything that this person can see, oldest first.
    pub(super) fn seen_by(&self, user_id: &str) -> Vec<Message> {
        self.messages
            .iter()
            .filter(|message| {
                let is_party = self
                    .conversations
                    .get(&message.channel)
                    .is_some_and(|place| place.with.as_deref().is_none_or(|with| with == user_id));
                let is_meant = message
                    .only_visible_to
                    .as_deref()
                    .is_none_or(|only| only == user_id);
                is_party && is_meant
            })
            .cloned()
            .collect()
    }

    pub(super) fn record_call(&mut self, call: ApiCall) {
        if self.calls.len() == MAX_CALLS {
            self.calls.remove(0);
        }
        self.calls.push(call);
    }

    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}0{}{:04}", self.seed, self.ids)
    }

    /// Slack's message ids are times that never repeat.
    pub(super) fn new_ts(&mut self, now_ms: i64) -> String {
        let micros = (now_ms * 1000).max(self.last_ts_micros + 100);
        self.last_ts_micros = micros;
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

/// The one channel that an app shares with everybody.
pub(super) fn general_channel(connector_id: &str) -> String {
    format!("C0{}", short_hash(&[connector_id, "general"]))
}

/// What Slack makes of what a person types: special characters escaped, `@Name` of the app a mention.
pub(super) fn typed(text: &str, app: &App) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let mention = format!("<@{}>", app.install.bot_user_id);
    escaped.replace(&format!("@{}", app.config.name), &mention)
}

/// The way back, for people to read.
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// The channel that a call is about, if it says so.
pub(super) fn channel_of(arguments: &Value) -> Option<&str> {
    arguments.get("channel").and_then(Value::as_str)
}
