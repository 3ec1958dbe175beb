//! The two outside worlds that get messages: chat platforms and agents.

use crate::{
    chat::conversation::ConversationRef, chat::message::Identity, chat::profile::Profile,
    connector::Connector,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a text goes.
#[derive(Debug, Clone, Copy)]
pub enum Destination<'a> {
    /// Into the conversation, where everybody in it can read.
    Conversation(&'a ConversationRef),
    /// To one person alone, who wrote in this conversation (SPEC A38).
    Privately(&'a Identity, &'a ConversationRef),
}

/// A text to send.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingText<'a> {
    /// Where to.
    pub to: Destination<'a>,
    /// Plain text.
    pub text: &'a str,
    /// By what it is known again, if it must not be sent twice.
    pub mark: Option<Mark<'a>>,
}

/// A name that a text carries where people do not see it. A platform that can be asked is asked for
/// it before a text is sent whose first attempt may have succeeded unseen.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// The name.
    pub id: &'a str,
    /// Whether an earlier attempt may have sent it.
    pub look_first: bool,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// This person cannot be reached.
    Recipient,
    /// The connector's credentials or permissions.
    Connector,
    /// The call itself.
    Request,
}

impl FailureClass {
    /// As stored and shown.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Connector => "connector",
            Self::Request => "request",
        }
    }
}

/// What a platform says of a text that it took.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The platform's id of the message: a failure that it reports later names it. Of a text in
    /// several messages, the last.
    pub message_id: Option<String>,
    /// The conversation's new id, when the platform has moved it (a Telegram group that became a
    /// supergroup).
    pub moved_to: Option<String>,
}

impl Receipt {
    /// The receipt of the message with this id.
    #[must_use]
    pub fn of(message_id: &str) -> Self {
        Self {
            message_id: Some(message_id.to_owned()),
            moved_to: None,
        }
    }
}

/// How sending ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The platform took it.
    Sent(Receipt),
    /// Try again, not before `after` if the platform said so.
    Retry {
        /// How long the platform asked us to wait.
        after: Option<Duration>,
        /// The platform's word for it.
        reason: String,
    },
    /// The platform will never take it.
    Failed {
        /// Whose fault.
        class: FailureClass,
        /// The platform's word for it.
        reason: String,
    },
}

/// Whom a profile is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ProfileQuery<'a> {
    /// The person.
    pub identity: &'a Identity,
    /// Where they wrote: some platforms tell names only to those who are in the conversation.
    pub conversation: &'a ConversationRef,
}

/// Largest avatar that is kept, in bytes.
pub const AVATAR_MAX_BYTES: usize = 100 * 1024;

/// A person's picture. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AvatarImage {
    /// `image/jpeg`, `image/png`, `image/gif` or `image/webp`, found from the bytes.
    pub media_type: &'static str,
    /// At most [`AVATAR_MAX_BYTES`].
    pub bytes: Vec<u8>,
}

impl AvatarImage {
    /// The picture, if these bytes are one of the known kinds and not too many.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let media_type = match bytes.as_slice() {
            [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => "image/png",
            [b'G', b'I', b'F', b'8', ..] => "image/gif",
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => "image/webp",
            _ => return None,
        };
        (bytes.len() <= AVATAR_MAX_BYTES).then_some(Self { media_type, bytes })
    }
}

impl std::fmt::Debug for AvatarImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AvatarImage")
            .field("media_type", &self.media_type)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

/// How asking for a profile ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileOutcome {
    /// The platform told it.
    Found {
        /// Names, and the avatar's address if anybody may read it.
        profile: Profile,
        /// The avatar itself, when its address carries a secret or takes a token.
        avatar: Option<AvatarImage>,
    },
    /// Try again.
    Retry {
        /// How long the platform asked us to wait.
        after: Option<Duration>,
        /// The platform's word for it.
        reason: String,
    },
    /// There is none to be had.
    None {
        /// The platform's word for it.
        reason: String,
    },
}

/// A chat platform, as a connector reaches it.
#[async_trait]
pub trait ChatPlatform: Send + Sync {
    /// The text in the pieces that the platform takes. Each is then sent, and recorded, by itself.
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String>;
    /// Sends a text.
    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome;
    /// How long after a person's message the platform lets us write to them in this conversation;
    /// `None` when it sets no such time.
    fn reply_window(
        &self,
        connector: &Connector,
        conversation: &ConversationRef,
    ) -> Option<Duration>;
    /// Asks for names and avatar.
    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome;
}

/// A signed request to an agent.
#[derive(Debug, Clone)]
pub struct AgentRequest {
    /// The environment's agent.
    pub endpoint: String,
    /// Name and value, `content-type` included.
    pub headers: Vec<(&'static str, String)>,
    /// The body that was signed.
    pub body: Vec<u8>,
}

/// How a request to an agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentReply {
    /// It answered 2xx with this body.
    Answered(Vec<u8>),
    /// It answered 2xx with more than is read. The message has arrived.
    AnsweredTooMuch,
    /// It answered something else; try again, not before `after` if it said so.
    Refused {
        /// The status.
        status: u16,
        /// `Retry-After`, if given.
        after: Option<Duration>,
    },
    /// No answer; try again.
    Unreachable {
        /// Why, without the address.
        reason: String,
    },
    /// The address may not be called.
    Forbidden {
        /// The rule.
        reason: String,
    },
}

/// Calls agents. MUST refuse addresses inside the network we run in, and follow no redirects.
#[async_trait]
pub trait AgentClient: Send + Sync {
    /// Makes one attempt.
    async fn post(&self, request: AgentRequest) -> AgentReply;
}
