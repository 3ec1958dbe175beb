//! One person's message, whatever the provider.

use crate::{
    Timestamp, chat::conversation::ConversationRef, chat::profile::Profile, connector::Provider,
    ids::ChatUserId, scope::ProjectScope,
};
use serde::{Deserialize, Serialize};

/// Who wrote, as the platform tells it (SPEC A24–A29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The platform.
    pub provider: Provider,
    /// Within what the identifier is unique: a Slack team or enterprise, a Teams tenant.
    pub platform_scope: String,
    /// The platform's own id of the person. Opaque.
    pub identifier: String,
}

/// Scope of identities that are phone numbers: `+` and digits. It is the same for SMS and `WhatsApp`, so
/// that one number on both is one chat user.
pub const PHONE_SCOPE: &str = "phone";
/// Scope of identities that are `WhatsApp`'s business-scoped user ids. They are unique within a
/// business portfolio, which no webhook names.
pub const WHATSAPP_SCOPE: &str = "whatsapp";

impl Identity {
    /// Whether the same person may be on record under another identity.
    #[must_use]
    pub fn may_be_one_of_two(&self) -> bool {
        matches!(self.platform_scope.as_str(), PHONE_SCOPE | WHATSAPP_SCOPE)
    }

    /// Whether it is a phone number.
    #[must_use]
    pub fn is_phone(&self) -> bool {
        self.platform_scope == PHONE_SCOPE
    }

    /// The chat user that this identity is in a project. Derived, so two first messages that
    /// arrive together name the same row.
    #[must_use]
    pub fn chat_user_id(&self, scope: ProjectScope) -> ChatUserId {
        ChatUserId::derive(&[
            &scope.project_id().to_string(),
            self.provider.key(),
            &self.platform_scope,
            &self.identifier,
        ])
    }
}

/// A file or picture that came with a message. A reference: its content stays with the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// The provider's id of it.
    pub provider_id: String,
    /// Its file name, cleaned.
    pub name: Option<String>,
    /// Its media type as the provider tells it.
    pub mime_type: Option<String>,
    /// Where the provider keeps it; reading it takes the connector's credentials.
    pub url: Option<String>,
}

/// What an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// Anything else.
    File,
}

/// A message that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// Who.
    pub sender: Identity,
    /// The same person under a second id, when the platform tells both: a `WhatsApp` phone number and
    /// a business-scoped user id (SPEC A29). `sender` is the more stable of the two.
    pub also_known_as: Option<Identity>,
    /// What the message itself tells of the sender; empty where it takes a call to know.
    pub profile: Profile,
    /// Where.
    pub conversation: ConversationRef,
    /// What. Plain text: the provider's own escapes are undone.
    pub text: String,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The provider's own id of the event.
    pub provider_event_id: String,
    /// Everything by which a second delivery of this message is known. The first names it towards
    /// queue and agent; at least one, each at most 128 characters of `A-Z a-z 0-9` and punctuation.
    pub event_keys: Vec<String>,
    /// When it was written, as the provider tells it.
    pub sent_at: Timestamp,
}

impl InboundMessage {
    /// The id of the sender to show: a phone number if it was told (SPEC A28, A29).
    #[must_use]
    pub fn shown_id(&self) -> &Identity {
        self.also_known_as
            .as_ref()
            .filter(|other| other.is_phone())
            .unwrap_or(&self.sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{identity, message, scope};

    #[test]
    fn a_phone_number_or_a_user_id_of_whatsapp_may_be_one_of_two_ids() {
        for (platform_scope, one_of_two, phone) in [
            (PHONE_SCOPE, true, true),
            (WHATSAPP_SCOPE, true, false),
            ("T1", false, false),
            ("", false, false),
        ] {
            let identity = identity(platform_scope, "1");
            assert_eq!(identity.may_be_one_of_two(), one_of_two);
            assert_eq!(identity.is_phone(), phone);
        }
    }

    #[test]
    fn a_chat_user_is_another_in_another_project_on_another_platform_and_under_another_id() {
        let own = identity("T1", "U1");
        let id = own.chat_user_id(scope());
        assert_eq!(id, own.clone().chat_user_id(scope()));
        let elsewhere = scope()
            .account()
            .project(crate::ids::ProjectId::derive(&["q"]));
        let telegram = Identity {
            provider: Provider::new("telegram"),
            ..own.clone()
        };
        for other in [
            own.chat_user_id(elsewhere),
            telegram.chat_user_id(scope()),
            identity("T2", "U1").chat_user_id(scope()),
            identity("T1", "U2").chat_user_id(scope()),
        ] {
            assert_ne!(other, id);
        }
    }

    #[test]
    fn a_sender_is_shown_by_a_phone_number_if_one_was_told() {
        let sender = identity(WHATSAPP_SCOPE, "DE.1");
        for (also_known_as, shown) in [
            (None, "DE.1"),
            (Some(identity(PHONE_SCOPE, "+49")), "+49"),
            (Some(identity(WHATSAPP_SCOPE, "grace")), "DE.1"),
        ] {
            let message = InboundMessage {
                sender: sender.clone(),
                also_known_as,
                ..message()
            };
            assert_eq!(message.shown_id().identifier, shown);
        }
    }
}
