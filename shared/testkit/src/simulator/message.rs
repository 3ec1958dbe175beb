//! Messages, from people and from apps.

use serde::Serialize;
use serde_json::Value;

use super::item::Item;
use super::people::Person;
use super::platform::Platform;

/// Place where a person writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Directly to the app.
    Direct,
    /// In the app's channel, team or group.
    General,
    /// By WhatsApp, to a number at Twilio that also has SMS. Everywhere else the same as [`Place::Direct`].
    WhatsApp,
}

impl Place {
    /// The name of the place in the control API.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Direct => "im",
            Self::General => "general",
            Self::WhatsApp => "whatsapp",
        }
    }
}

/// A person's message, with its recipient and place.
pub(super) struct Saying<'a> {
    pub(super) person: &'a Person,
    pub(super) place: Place,
    pub(super) text: &'a str,
    pub(super) item: Option<&'a Item>,
    /// The message that it replies to.
    pub(super) thread: Option<&'a str>,
    pub(super) now_ms: i64,
    pub(super) base_url: &'a str,
}

impl Saying<'_> {
    /// The words in which a person sees it.
    pub(super) fn shown(&self) -> String {
        match self.item {
            None => self.text.to_owned(),
            Some(item) if self.text.is_empty() => item.words(),
            Some(item) => format!("{}\n{}", item.words(), self.text),
        }
    }
}

/// Author of a message.
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
    /// The message's id within the conversation.
    pub ts: String,
    /// The conversation.
    pub channel: String,
    /// The connector that the conversation belongs to.
    pub connector_id: String,
    /// The first message of the thread that it replies to.
    pub thread_ts: Option<String>,
    /// The author.
    pub author: Author,
    /// Text as sent over the wire; in Slack, `&`, `<` and `>` are escaped and mentions are `<@U…>`.
    pub text: String,
    /// Text as a person reads it.
    #[serde(skip)]
    pub(super) plain: String,
    /// The person in a conversation with the app that is not for everybody.
    pub with: Option<String>,
    /// The only person who sees it, for an ephemeral message.
    pub only_visible_to: Option<String>,
    /// Metadata from the app, which people do not see.
    #[serde(skip)]
    pub metadata: Option<Value>,
    /// The events that report the message to the app.
    pub event_ids: Vec<String>,
    /// Time of writing, in milliseconds.
    pub at_ms: i64,
}

impl Message {
    /// Text as a person reads it.
    #[must_use]
    pub fn plain_text(&self) -> String {
        self.plain.clone()
    }

    /// Whether an app wrote it.
    #[must_use]
    pub const fn is_from_app(&self) -> bool {
        matches!(self.author, Author::App(_))
    }

    /// A person's message to an app.
    pub(super) fn of_person(
        provider: Platform,
        connector_id: &str,
        saying: &Saying<'_>,
        ts: String,
        channel: String,
    ) -> Self {
        let user_id = &saying.person.id;
        Self {
            thread_ts: saying.thread.map(str::to_owned),
            author: Author::Person(user_id.clone()),
            with: Some(user_id.clone()),
            ..Self::of_app(
                provider,
                connector_id,
                ts,
                channel,
                &saying.shown(),
                saying.now_ms,
            )
        }
    }

    /// An app's message to everybody in the conversation.
    pub(super) fn of_app(
        provider: Platform,
        connector_id: &str,
        ts: String,
        channel: String,
        text: &str,
        at_ms: i64,
    ) -> Self {
        Self {
            provider,
            ts,
            channel,
            connector_id: connector_id.to_owned(),
            thread_ts: None,
            author: Author::App(connector_id.to_owned()),
            text: text.to_owned(),
            plain: text.to_owned(),
            with: None,
            only_visible_to: None,
            metadata: None,
            event_ids: Vec::new(),
            at_ms,
        }
    }
}
