//! The inbound side of a chat platform: is this request authentic, and what does it say?
//!
//! A provider gets the request as it came, byte for byte. It does not know how the request reached
//! us, what is stored, or what becomes of the events.

use async_trait::async_trait;
use http::HeaderMap;
use std::collections::BTreeMap;
use vestibule_domain::{
    Timestamp,
    chat::message::{Identity, InboundMessage},
    connector::{Connector, Provider},
    ports::FailureClass,
    secret::Secret,
    text::is_invisible,
};

/// A request as it came.
#[derive(Clone, Copy)]
pub struct RawRequest<'a> {
    /// Its headers; a header that came twice is there twice, or joined with a comma.
    pub headers: &'a HeaderMap,
    /// The query string without its `?`, not decoded.
    pub query: Option<&'a str>,
    /// The body's own bytes: never a decoded or re-serialised form.
    pub body: &'a [u8],
}

/// A connector with those of its secrets that a provider asked for.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// The opened secrets by field name. Those that are not set are not there.
    pub secrets: &'a BTreeMap<String, Secret>,
}

impl Credentials<'_> {
    /// A secret that is set and not blank. A blank one would make signatures that anybody can make.
    #[must_use]
    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets
            .get(name)
            .filter(|secret| !secret.reveal().trim().is_empty())
    }

    /// Whether a webhook address that the platform names is the connector's, whatever the host.
    #[must_use]
    pub fn is_own_address(&self, url: &str) -> bool {
        url.strip_suffix(&self.connector.id.to_string())
            .is_some_and(|before| before.ends_with('/'))
    }
}

/// The inbound side of one chat platform.
#[async_trait]
pub trait WebhookProvider: Send + Sync {
    /// The platform.
    fn provider(&self) -> Provider;

    /// The secrets that [`verify`](Self::verify) looks at. One that is not set is left out of the
    /// credentials; whether it is needed is for `verify` to say.
    fn verification_secrets(&self) -> &'static [&'static str];

    /// Fetches what [`verify`](Self::verify) will need from outside, if anything, before the first
    /// request. Bounded in time; what cannot be had now is fetched later.
    async fn warm(&self, now: Timestamp) {
        let _ = now;
    }

    /// Whether the platform sends a request again that was answered with 5xx. Where it does not, the
    /// intake tries its own writes again for as long as it has.
    fn redelivers(&self) -> bool {
        true
    }

    /// The answer to a request that is not taken, or that failed. Only its status counts for most.
    fn refusal_reply(&self, status: u16) -> Reply {
        Reply {
            status,
            content_type: None,
            body: Vec::new(),
        }
    }

    /// Whether the platform sent this request to this connector's app. MUST depend on the raw
    /// bytes only, compare in constant time, and refuse when a needed secret is missing or blank.
    /// What it needs from outside it fetches within a second, and says
    /// [`NotCheckable`](Cause::NotCheckable) when that cannot be had.
    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal>;

    /// What an authentic request says. Call it after [`verify`](Self::verify) only. Refuses what is
    /// another connector's. MUST NOT panic, whatever the body holds.
    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<Parsed, Refusal>;
}

/// The request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("refused: {reason}")]
pub struct Refusal {
    /// Whether anybody knows that it is not authentic.
    pub cause: Cause,
    /// Why, for the log only: every refusal of the same cause is answered alike.
    pub reason: &'static str,
}

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It is not the platform's, or not for this connector.
    NotAuthentic,
    /// It could not be checked, by no fault of its sender: the platform is to send it again.
    NotCheckable,
}

impl Refusal {
    /// A refusal of what is not authentic, for this reason.
    #[must_use]
    pub const fn because(reason: &'static str) -> Self {
        Self {
            cause: Cause::NotAuthentic,
            reason,
        }
    }

    /// A refusal of what cannot be checked now, for this reason.
    #[must_use]
    pub const fn not_checkable(reason: &'static str) -> Self {
        Self {
            cause: Cause::NotCheckable,
            reason,
        }
    }
}

/// What an authentic request says, and how it is answered once its events are safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// In the order of the request. Batching platforms send several.
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

/// One thing that a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A person wrote.
    Message(Box<InboundMessage>),
    /// Nothing that a person wrote (SPEC A39). Acknowledged, and that is all.
    Ignored {
        /// What it is, for the log: short and clean (see [`clean_kind`]).
        kind: String,
    },
    /// The platform reports that it could not deliver a message which it had taken from us.
    SendFailed(Box<SendFailure>),
    /// A person asked not to be written to any more, or to be again (Twilio's STOP and START). The
    /// platform enforces it; we respect and show it.
    Consent {
        /// Who, under every id the platform tells.
        sender: Vec<Identity>,
        /// Whether they may be written to.
        may_write: bool,
    },
    /// The platform has stopped sending for a while, and messages may be missing. Raise an alarm.
    Throttled {
        /// Since when, if it says so.
        since: Option<Timestamp>,
    },
    /// Authentic, but not understood. Acknowledged, so that the platform does not retry for days,
    /// and kept as a dead letter.
    Unreadable {
        /// What is wrong with it, without its content.
        detail: String,
    },
}

/// A message of ours that did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendFailure {
    /// To whom it was sent, under every id the platform tells.
    pub recipient: Vec<Identity>,
    /// The platform's id of the message: that of its [`Receipt`](vestibule_domain::ports::Receipt).
    pub message_id: String,
    /// Whose fault.
    pub class: FailureClass,
    /// The platform's word for it, clean.
    pub reason: String,
}

impl Event {
    /// [`Ignored`](Self::Ignored), with a kind that came from outside.
    #[must_use]
    pub fn ignored(kind: &str) -> Self {
        Self::Ignored {
            kind: clean_kind(kind),
        }
    }

    /// [`Unreadable`](Self::Unreadable).
    #[must_use]
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::Unreadable {
            detail: detail.into(),
        }
    }
}

/// Longest kind of an ignored event, in characters.
pub const KIND_MAX_CHARS: usize = 64;

/// A kind as it may be logged: at most [`KIND_MAX_CHARS`] characters, none of them invisible.
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
    /// Some platforms act on what stands here, so it is empty wherever it can be.
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
