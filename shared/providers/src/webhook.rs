//! The inbound side of a chat platform: verification and parsing of requests.
//!
//! A provider gets the request byte for byte. It does not know how the request reached us, what is
//! stored, or how its events are handled.

use async_trait::async_trait;
use http::HeaderMap;
use std::collections::BTreeMap;
use vestibule_domain::{
    Timestamp,
    chat::change::MessageChange,
    chat::message::{Identity, InboundMessage},
    connector::{Connector, Provider},
    ports::FailureClass,
    secret::Secret,
    text::is_invisible,
};

/// A request as received.
#[derive(Clone, Copy)]
pub struct RawRequest<'a> {
    /// The headers; a repeated header is present twice, or joined with a comma.
    pub headers: &'a HeaderMap,
    /// The query string without `?`, not decoded.
    pub query: Option<&'a str>,
    /// The original bytes of the body, never decoded or serialised again.
    pub body: &'a [u8],
}

/// A connector with the secrets that a provider asked for.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// The opened secrets by field name, without those that are not set.
    pub secrets: &'a BTreeMap<String, Secret>,
}

impl Credentials<'_> {
    /// A secret that is set and not blank. Anybody could forge a signature made with a blank one.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets
            .get(name)
            .filter(|secret| !secret.reveal().trim().is_empty())
    }

    /// Whether a webhook address is the connector's, whatever its host.
    #[must_use]
    pub fn is_own_address(&self, url: &str) -> bool {
        url.strip_suffix(&self.connector.id.to_string())
            .is_some_and(|before| before.ends_with('/'))
    }
}

/// Maximum size of a body with one event. The longest text that Slack accepts, escaped and sent twice, is
/// half as long.
pub const BODY_MAX: usize = 1024 * 1024;

/// The inbound side of one chat platform.
#[async_trait]
pub trait WebhookProvider: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// The secrets that [`verify`](Self::verify) and [`bot`](Self::bot) use. The credentials lack those
    /// that are not set; `verify` decides whether it needs them.
    fn verification_secrets(&self) -> &'static [&'static str];

    /// Fetches what [`verify`](Self::verify) needs from outside, if anything, before the first
    /// request. Limited in time; what is missing is fetched later.
    async fn warm(&self, now: Timestamp) {
        let _ = now;
    }

    /// Whether the platform repeats a request that was answered with 5xx. If not, the intake
    /// retries its own writes for as long as it has time.
    fn redelivers(&self) -> bool {
        true
    }

    /// Maximum size of a body, in bytes.
    fn body_max(&self) -> usize {
        BODY_MAX
    }

    /// The answer to a request that was refused or failed. Most platforms look only at its status.
    fn refusal_reply(&self, status: u16) -> Reply {
        Reply {
            status,
            content_type: None,
            body: Vec::new(),
        }
    }

    /// Verifies that the platform sent this request to this connector's app. MUST depend on the raw
    /// bytes only, compare in constant time, and refuse if a necessary secret is missing or blank.
    /// Fetches what it needs from outside within a second, and answers
    /// [`NotCheckable`](Cause::NotCheckable) if it cannot.
    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal>;

    /// The bot that the platform counts its events for, where no request names it and two bots may count
    /// alike. It becomes part of the event keys: see [`Event::of_bot`].
    fn bot(&self, credentials: &Credentials<'_>) -> Option<String> {
        let _ = credentials;
        None
    }

    /// Parses an authentic request. Call it only after [`verify`](Self::verify). Refuses a request
    /// for another connector. MUST NOT panic, whatever the body holds.
    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<Parsed, Refusal>;
}

/// A refusal of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused: {reason}")]
pub struct Refusal {
    /// Whether the request is known not to be authentic.
    pub cause: Cause,
    /// The reason, for the log only: every refusal with the same cause gets the same answer.
    pub reason: &'static str,
}

/// The cause of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The request is not from the platform, or not for this connector.
    NotAuthentic,
    /// The request could not be checked, through no fault of its sender; the platform should send
    /// it again.
    NotCheckable,
}

impl Refusal {
    /// Refuses a request that is not authentic, for this reason.
    #[must_use]
    pub const fn because(reason: &'static str) -> Self {
        Self {
            cause: Cause::NotAuthentic,
            reason,
        }
    }

    /// Refuses a request that cannot be checked now, for this reason.
    #[must_use]
    pub const fn not_checkable(reason: &'static str) -> Self {
        Self {
            cause: Cause::NotCheckable,
            reason,
        }
    }
}

/// The events of an authentic request, and the answer once they are safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The events in the order of the request. Some platforms send several in a batch.
    pub events: Vec<Event>,
    /// The acknowledgement.
    pub reply: Reply,
}

impl Parsed {
    /// One event, acknowledged with an empty body.
    #[must_use]
    pub fn one(event: Event) -> Self {
        Self {
            events: vec![event],
            reply: Reply::empty(),
        }
    }
}

/// An event that a request reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person wrote.
    Message(Box<InboundMessage>),
    /// A person wrote something that the platform does not pass on. It asks for access like a message,
    /// and there is nothing to deliver.
    Placeholder(Box<InboundMessage>),
    /// A person edited or deleted a message.
    Changed(Box<MessageChange>),
    /// Not a person's message (SPEC A39). It is acknowledged and ignored.
    Ignored {
        /// Its kind, for the log: short and cleaned (see [`clean_kind`]).
        kind: String,
    },
    /// The platform could not deliver a message that it had accepted from us.
    SendFailed(Box<SendFailure>),
    /// A person opted out, or in again (Twilio's STOP and START, an unblocked bot on Telegram). The platform
    /// enforces it; we respect and show it.
    Consent {
        /// The person, under every id that the platform names.
        sender: Vec<Identity>,
        /// The channel that the wish is about, when the connector has more than one.
        channel: Option<String>,
        /// Whether they may be written to.
        may_write: bool,
        /// Time of the wish, if the platform states it.
        at: Option<Timestamp>,
        /// The key by which a second delivery is recognised, if the event has an id.
        event_key: Option<String>,
    },
    /// The platform has paused sending, and messages may be missing. It raises an alarm.
    Throttled {
        /// The start of the pause, if the platform names it.
        since: Option<Timestamp>,
    },
    /// An authentic event that could not be parsed. It is acknowledged, so that the platform does
    /// not retry for days, and kept for an admin.
    Unreadable {
        /// The problem, without the event's content.
        detail: String,
    },
}

/// An outgoing message that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendFailure {
    /// The recipient, under every id that the platform names.
    pub recipient: Vec<Identity>,
    /// The platform's id of the message: that of its [`Receipt`](vestibule_domain::ports::Receipt).
    pub message_id: String,
    /// Party at fault.
    pub class: FailureClass,
    /// The platform's reason, cleaned.
    pub reason: String,
}

impl Event {
    /// Creates [`Ignored`](Self::Ignored) with a kind that came from outside.
    #[must_use]
    pub fn ignored(kind: &str) -> Self {
        Self::Ignored {
            kind: clean_kind(kind),
        }
    }

    /// Adds the bot that the platform counted the event for to the event keys, so that after a change
    /// of the connector's bot no message counts as one of the bot before.
    #[must_use]
    pub fn of_bot(mut self, bot: &str) -> Self {
        let keys: Vec<&mut String> = match &mut self {
            Self::Message(message) | Self::Placeholder(message) => {
                message.event_keys.iter_mut().collect()
            }
            Self::Changed(change) => {
                let own = change.message.event_keys.iter_mut();
                own.chain([&mut change.original_key]).collect()
            }
            Self::Consent { event_key, .. } => event_key.iter_mut().collect(),
            _ => Vec::new(),
        };
        for key in keys {
            *key = format!("{key}@{bot}");
        }
        self
    }

    /// Creates [`Unreadable`](Self::Unreadable).
    #[must_use]
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::Unreadable {
            detail: detail.into(),
        }
    }
}

/// Longest kind of an ignored event, in characters.
pub const KIND_MAX_CHARS: usize = 64;

/// Cleans a kind for the log: at most [`KIND_MAX_CHARS`] characters, none of them invisible.
#[must_use]
pub fn clean_kind(raw: &str) -> String {
    raw.chars()
        .filter(|c| !is_invisible(*c))
        .take(KIND_MAX_CHARS)
        .collect()
}

/// The acknowledgement that a platform needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Absent with an empty body.
    pub content_type: Option<&'static str>,
    /// The body. Some platforms act on it, so it is empty wherever possible.
    pub body: Vec<u8>,
}

impl Reply {
    /// 200 without a body.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            status: 200,
            content_type: None,
            body: Vec::new(),
        }
    }

    /// 200 with a JSON body.
    #[must_use]
    pub fn json(body: &serde_json::Value) -> Self {
        Self {
            status: 200,
            content_type: Some("application/json"),
            body: body.to_string().into_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_bounded_and_cannot_break_the_log() {
        assert_eq!(
            clean_kind("message\n\u{202E}_changed\u{0}"),
            "message_changed"
        );
        assert_eq!(clean_kind(&"é".repeat(500)).chars().count(), KIND_MAX_CHARS);
    }
}
