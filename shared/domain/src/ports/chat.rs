//! The two kinds of recipients outside: chat platforms and agents.

use crate::{
    chat::conversation::ConversationRef, chat::message::Identity, chat::profile::Profile,
    chat::typing::ShowTyping, connector::Connector,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The recipient of a text.
#[derive(Debug, Clone, Copy)]
pub enum Destination<'a> {
    /// The conversation, where everybody in it can read the text.
    Conversation(&'a ConversationRef),
    /// One person alone, who wrote in this conversation (SPEC A38).
    Privately(&'a Identity, &'a ConversationRef),
}

/// A text to send.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingText<'a> {
    /// The recipient.
    pub to: Destination<'a>,
    /// A name of the text, the same at each attempt, for recipients who tell by it that a text came again.
    pub id: &'a str,
    /// Plain text.
    pub text: &'a str,
    /// A name by which the text is recognised, if it must not be sent twice.
    pub mark: Option<Mark<'a>>,
}

/// A hidden name in a text. The first attempt at a text may have succeeded unseen. A platform that
/// can search for the name is asked before the text is sent again.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    /// The name.
    pub id: &'a str,
    /// Whether an earlier attempt may have sent the text.
    pub look_first: bool,
}

/// The part at fault in a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// This person cannot be reached.
    Recipient,
    /// The connector's credentials or permissions are at fault.
    Connector,
    /// The call itself is at fault.
    Request,
}

impl FailureClass {
    /// The key as stored and shown.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Connector => "connector",
            Self::Request => "request",
        }
    }
}

/// A platform's answer to a text that it accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The platform's id of the message, which a later failure report names. For a text in several
    /// messages, the id of the last.
    pub message_id: Option<String>,
    /// The conversation's new id, when the platform has moved it (a Telegram group that became a supergroup).
    pub moved_to: Option<String>,
    /// The recipient's stable id, when the platform names it (`WhatsApp`).
    pub recipient: Option<Identity>,
    /// The new address for calls about the conversation, when the platform has named one (a Teams tenant in
    /// another cloud).
    pub reply_url: Option<String>,
}

impl Receipt {
    /// Makes the receipt of the message with this id.
    #[must_use]
    pub fn of(message_id: &str) -> Self {
        Self {
            message_id: Some(message_id.to_owned()),
            ..Self::default()
        }
    }
}

/// The part of a connector that a wait before another attempt holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryScope {
    /// Every text of the connector.
    Connector,
    /// Texts of the same conversation. Others go out meanwhile.
    Conversation,
    /// Conversation and connector each have a limit, and the platform does not say which one was met. It is read
    /// as the conversation's, and as the connector's too if another conversation meets one before any text gets
    /// through.
    Unclear,
}

/// The reason of a call that was not answered in time.
pub const TIMED_OUT: &str = "timed out";
/// The reason of a call without a connection.
pub const COULD_NOT_CONNECT: &str = "could not connect";
/// The reason of a call whose connection ended before the whole answer came.
pub const CONNECTION_BROKE: &str = "the connection broke";
/// The reason of a call whose answer is longer than we read.
pub const ANSWER_TOO_LONG: &str = "the answer is too long";

/// Whether a call that failed for this reason got no answer at all.
#[must_use]
pub fn is_unanswered(reason: &str) -> bool {
    [TIMED_OUT, COULD_NOT_CONNECT, CONNECTION_BROKE].contains(&reason)
}

/// Whether a call that failed for this reason may have taken effect: it was made, and no answer of the
/// platform itself came. A gateway's 502 and 504 say the same of the platform behind it (RFC 9110 §15.6).
#[must_use]
pub fn may_have_taken_effect(reason: &str) -> bool {
    [
        TIMED_OUT,
        CONNECTION_BROKE,
        ANSWER_TOO_LONG,
        "http_502",
        "http_504",
    ]
    .contains(&reason)
}

/// The outcome of sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// The platform accepted the text.
    Sent(Receipt),
    /// Try again, not before `after` if the platform named a time.
    Retry {
        /// The wait that the platform asked for, if any.
        after: Option<Duration>,
        /// The part of the connector that the wait holds for.
        scope: RetryScope,
        /// The platform's own reason.
        reason: String,
    },
    /// The platform will never accept the text.
    Failed {
        /// The part at fault.
        class: FailureClass,
        /// The platform's own reason.
        reason: String,
    },
}

/// A query for a person's profile.
#[derive(Debug, Clone, Copy)]
pub struct ProfileQuery<'a> {
    /// The person.
    pub identity: &'a Identity,
    /// The conversation in which the person wrote: some platforms show names only to its members.
    pub conversation: &'a ConversationRef,
}

/// Maximum size of a stored avatar, in bytes.
pub const AVATAR_MAX_BYTES: usize = 100 * 1024;

/// A person's picture. Its `Debug` hides the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct AvatarImage {
    /// `image/jpeg`, `image/png`, `image/gif` or `image/webp`, detected from the bytes.
    pub media_type: &'static str,
    /// At most [`AVATAR_MAX_BYTES`].
    pub bytes: Vec<u8>,
}

impl AvatarImage {
    /// Makes a picture of these bytes, if they are of a known kind and not too many.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let media_type = picture_type(&bytes)?;
        (bytes.len() <= AVATAR_MAX_BYTES).then_some(Self { media_type, bytes })
    }
}

/// The media type of a picture that a browser shows and never executes, by its first bytes.
#[must_use]
pub const fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
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
        ] => Some("image/webp"),
        _ => None,
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

/// The outcome of a query for a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileOutcome {
    /// The platform provided the profile.
    Found {
        /// Names, and the avatar's address if anybody may read it.
        profile: Profile,
        /// The avatar itself, when its address contains a secret or reading it needs a token.
        avatar: Option<AvatarImage>,
    },
    /// Try again.
    Retry {
        /// The wait that the platform asked for, if any.
        after: Option<Duration>,
        /// The platform's own reason.
        reason: String,
    },
    /// No profile can be had.
    None {
        /// The platform's own reason.
        reason: String,
    },
}

/// A chat platform, as a connector reaches it.
#[async_trait]
pub trait ChatPlatform: Send + Sync {
    /// Splits a text into pieces that the platform accepts. Each piece is sent and recorded by itself.
    fn pieces(&self, connector: &Connector, text: &str) -> Vec<String>;
    /// Sends a text.
    async fn send(&self, connector: &Connector, text: OutgoingText<'_>) -> SendOutcome;
    /// The time after a person's message during which the platform lets us write to them in this
    /// conversation; `None` when there is no limit.
    fn reply_window(
        &self,
        connector: &Connector,
        conversation: &ConversationRef,
    ) -> Option<Duration>;
    /// Whether the connector's platform reports by the message's id that a text which it accepted did not
    /// arrive.
    fn reports_late_failures(&self, connector: &Connector) -> bool;
    /// Whether the connector's platform can be asked for a text by its [`Mark`].
    fn finds_marked_texts(&self, connector: &Connector) -> bool;
    /// Whether the connector's platform tells a person's language in the profile, and not with each message.
    fn profile_tells_language(&self, connector: &Connector) -> bool;
    /// Shows for some seconds that a text is being written, where the platform has a sign for it. It is tried
    /// once, and nobody waits for it.
    async fn show_typing(&self, connector: &Connector, typing: &ShowTyping);
    /// Queries a person's names, avatar and language.
    async fn profile(&self, connector: &Connector, query: ProfileQuery<'_>) -> ProfileOutcome;
}

/// A signed request to an agent.
#[derive(Debug, Clone)]
pub struct AgentRequest {
    /// Address of the environment's agent.
    pub endpoint: String,
    /// Name and value, `content-type` included.
    pub headers: Vec<(&'static str, String)>,
    /// The body that was signed.
    pub body: Vec<u8>,
    /// Time within which the whole answer must have arrived.
    pub timeout: Duration,
}

/// The outcome of a request to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentReply {
    /// The agent answered 2xx with this body.
    Answered {
        /// The status.
        status: u16,
        /// The whole body.
        body: Vec<u8>,
    },
    /// The agent answered 2xx with a body longer than we read. The message has arrived.
    AnsweredTooMuch {
        /// The status.
        status: u16,
    },
    /// The agent answered with another status. Try again, not before `after` if that is given.
    Refused {
        /// The status.
        status: u16,
        /// Beginning of the body.
        body: Vec<u8>,
        /// `Retry-After`, if given.
        after: Option<Duration>,
    },
    /// No answer; try again.
    Unreachable {
        /// The cause, without the address.
        reason: String,
    },
    /// The address may not be called.
    Forbidden {
        /// The rule that forbids the address.
        reason: String,
    },
}

/// Calls agents. MUST refuse addresses inside the network we run in, and follow no redirects.
#[async_trait]
pub trait AgentClient: Send + Sync {
    /// Makes one attempt.
    async fn post(&self, request: AgentRequest) -> AgentReply;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes_and_nothing_else_is_one() {
        let files: [(&[u8], Option<&str>); 10] = [
            (b"\xFF\xD8\xFF\xE0\x00\x10JFIF", Some("image/jpeg")),
            (b"\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR", Some("image/png")),
            (b"GIF87a", Some("image/gif")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\x1A\x00\x00\x00WEBPVP8L", Some("image/webp")),
            // Sound in the container of WebP.
            (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
            // A picture that may hold a script.
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
            (b"\x89PNG\r\n", None),
            (b"\xFF\xD8", None),
            (b"", None),
        ];
        for (bytes, media_type) in files {
            assert_eq!(picture_type(bytes), media_type, "{bytes:?}");
        }
    }

    #[test]
    fn a_picture_of_a_known_kind_is_kept_if_it_has_100_kib_at_most() {
        let gif = |length: usize| {
            let mut bytes = b"GIF89a".to_vec();
            bytes.resize(length, 0);
            bytes
        };
        let expected = AvatarImage {
            media_type: "image/gif",
            bytes: gif(102_400),
        };
        assert_eq!(AvatarImage::from_bytes(gif(102_400)), Some(expected));
        assert_eq!(AvatarImage::from_bytes(gif(102_401)), None);
        assert_eq!(AvatarImage::from_bytes(b"<html>".to_vec()), None);
    }

    #[test]
    fn a_picture_is_shown_by_its_kind_and_size_and_never_by_its_bytes() {
        let image = AvatarImage {
            media_type: "image/gif",
            bytes: b"GIF89a".to_vec(),
        };
        let shown = format!("{image:?}");
        assert_eq!(
            shown,
            r#"AvatarImage { media_type: "image/gif", bytes: 6 }"#
        );
    }

    #[test]
    fn a_receipt_of_a_message_has_its_id_and_no_other_news() {
        let expected = Receipt {
            message_id: Some("wamid.1".into()),
            moved_to: None,
            recipient: None,
            reply_url: None,
        };
        assert_eq!(Receipt::of("wamid.1"), expected);
    }

    #[test]
    fn a_call_may_have_taken_effect_unless_the_platform_itself_answered() {
        for reason in [
            "timed out",
            "the connection broke",
            "the answer is too long",
            "http_502",
            "http_504",
        ] {
            assert!(may_have_taken_effect(reason), "{reason}");
        }
        for reason in [
            "could not connect",
            "http_500",
            "http_503",
            "ratelimited",
            "",
        ] {
            assert!(!may_have_taken_effect(reason), "{reason}");
        }
    }
}
