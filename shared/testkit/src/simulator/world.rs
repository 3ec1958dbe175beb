//! The world as it stands: people, Slack's workspace, the connectors of the other platforms, messages, and what happened
//! to events and calls.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calls::{ApiCall, Violation};
use super::config::{AppConfig, NewPerson, short_hash};
use super::connectors::{Connector, number, uuid};
use super::delivery::{Delivery, DeliveryState, Event};
use super::failures::FailureRule;
use super::platform::Platform;
use super::teams::Token;
use crate::slack_signer::SlackInstall;

/// How many API calls are kept; the page shows the latest, tests make far fewer.
const MAX_CALLS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) workspace_name: String,
    pub(super) api_url: Option<String>,
    /// Slack's.
    pub(super) apps: Vec<App>,
    /// Of the other platforms.
    pub(super) connectors: Vec<Connector>,
    /// The tokens that Microsoft gave out, by their text.
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) people: BTreeMap<String, Person>,
    /// Slack's.
    pub(super) conversations: BTreeMap<String, Conversation>,
    pub(super) messages: Vec<Message>,
    pub(super) events: BTreeMap<String, Event>,
    /// The events that calls gave rise to, such as statuses, and that were not sent yet.
    pub(super) outbox: Vec<String>,
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

/// Somebody, with what each platform knows them by.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// `U…`: Slack's id, and the simulator's own for all platforms.
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
    /// Microsoft's id, a UUID.
    pub aad_object_id: String,
    /// Telegram's id.
    pub telegram_id: i64,
    /// The number for SMS and WhatsApp, in E.164 with `+`.
    pub phone: String,
    /// WhatsApp's business-scoped id.
    pub bsuid: String,
    /// Which of the two WhatsApp tells.
    pub whatsapp_shows: WhatsAppShows,
}

/// What WhatsApp tells a business of who somebody is (PROVIDERS §4.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhatsAppShows {
    /// The number, as before 2026.
    Phone,
    /// The number and the business-scoped id.
    #[default]
    Both,
    /// The business-scoped id only: somebody with a username.
    Bsuid,
}

impl WhatsAppShows {
    pub(super) const fn phone(self) -> bool {
        matches!(self, Self::Phone | Self::Both)
    }

    pub(super) const fn bsuid(self) -> bool {
        matches!(self, Self::Bsuid | Self::Both)
    }
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
    /// The platform.
    pub provider: Platform,
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
    /// As it went over the wire; in Slack `&`, `<` and `>` escaped, mentions as `<@U…>`.
    pub text: String,
    /// The person it is between and the app, if it is not for everybody.
    pub with: Option<String>,
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
        match self.provider {
            Platform::Slack => unescape(&self.text),
            _ => self.text.clone(),
        }
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
        let of_person = |what: &str, from: i64, to: i64| number(&[what, &id], from, to);
        let aad_object_id = new
            .aad_object_id
            .unwrap_or_else(|| uuid(&["aadObjectId", &id]));
        let telegram_id = new
            .telegram_id
            .unwrap_or_else(|| of_person("telegram", 100_000_000, 7_999_999_999));
        let phone = new
            .phone
            .unwrap_or_else(|| format!("+1555{:07}", of_person("phone", 2_000_000, 9_999_999)));
        let bsuid = new.bsuid.unwrap_or_else(|| {
            let digits = of_person("bsuid", 10_000_000_000_000, 99_999_999_999_999);
            format!("US.{digits}")
        });
        self.people.insert(
            id.clone(),
            Person {
                id: id.clone(),
                aad_object_id,
                telegram_id,
                phone,
                bsuid,
                whatsapp_shows: new.whatsapp_shows,
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

    /// Puts a connector of another platform than Slack in, in place of any of the same id.
    pub(super) fn add_connector(&mut self, connector: Connector) {
        self.connectors.retain(|have| have.id() != connector.id());
        self.connectors.push(connector);
    }

    pub(super) fn connector(&self, connector_id: &str) -> Option<&Connector> {
        self.connectors.iter().find(|one| one.id() == connector_id)
    }

    pub(super) fn connector_mut(&mut self, connector_id: &str) -> Option<&mut Connector> {
        self.connectors
            .iter_mut()
            .find(|one| one.id() == connector_id)
    }

    pub(super) fn person_where(&self, is_wanted: impl Fn(&Person) -> bool) -> Option<&Person> {
        self.people.values().find(|person| is_wanted(person))
    }

    /// Keeps an event that a call gave rise to, to be sent after it.
    pub(super) fn post_event(&mut self, event: Event) {
        let event_id = event.delivery.event_id.clone();
        self.events.insert(event_id.clone(), event);
        self.outbox.push(event_id);
    }

    /// The delivery of this event, if an earlier one of its queue is not settled yet.
    pub(super) fn behind_another(&self, event_id: &str) -> Option<Delivery> {
        let event = self.events.get(event_id)?;
        let is_blocked = self.queue_of(event).any(|other| {
            other.order < event.order
                && matches!(
                    other.delivery.state,
                    DeliveryState::Waiting | DeliveryState::Retrying
                )
        });
        is_blocked.then(|| event.delivery.clone())
    }

    /// The first event behind this one in its queue that was not sent yet.
    pub(super) fn next_in_queue(&self, event_id: &str) -> Option<String> {
        let event = self.events.get(event_id)?;
        self.queue_of(event)
            .filter(|other| other.delivery.state == DeliveryState::Waiting)
            .min_by_key(|other| other.order)
            .map(|other| other.delivery.event_id.clone())
    }

    fn queue_of(&self, event: &Event) -> impl Iterator<Item = &Event> {
        let queue = event.queue.clone();
        self.events
            .values()
            .filter(move |other| queue.is_some() && other.queue == queue)
    }

    /// A number that no earlier call returned, and that grows with time.
    pub(super) fn next_number(&mut self) -> u64 {
        self.ids += 1;
        self.ids
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
                let is_party = message.with.as_deref().is_none_or(|with| with == user_id);
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
