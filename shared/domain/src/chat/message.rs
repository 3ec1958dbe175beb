//! Messages from people, in one form for all providers.

pub use crate::chat::attachment::{Attachment, AttachmentKind};

use crate::{
    Timestamp,
    chat::content::{self, Part, Parts},
    chat::conversation::ConversationRef,
    chat::entity::Entities,
    chat::profile::Profile,
    connector::Provider,
    directory::phone::PhoneNumber,
    ids::ChatUserId,
    scope::ProjectScope,
    text::is_blank,
};
use serde::{Deserialize, Serialize};

/// A person's identity on a platform (SPEC A24–A29).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The platform.
    pub provider: Provider,
    /// The scope within which the identifier is unique: a Slack team or enterprise, a Teams tenant.
    pub platform_scope: String,
    /// The platform's own id of the person. Opaque.
    pub identifier: String,
}

/// Scope of identities that are phone numbers: `+` and digits. It is the same for SMS and `WhatsApp`, so
/// that one number on both is one chat user.
pub const PHONE_SCOPE: &str = "phone";
/// Scope of identities that are `WhatsApp`'s business-scoped user ids. They are unique within a
/// business portfolio, but webhooks do not name the portfolio.
pub const WHATSAPP_SCOPE: &str = "whatsapp";

impl Identity {
    /// Whether the same person may be on record under another identity.
    #[must_use]
    pub fn may_be_one_of_two(&self) -> bool {
        matches!(self.platform_scope.as_str(), PHONE_SCOPE | WHATSAPP_SCOPE)
    }

    /// Whether the identity is a phone number.
    #[must_use]
    pub fn is_phone(&self) -> bool {
        self.platform_scope == PHONE_SCOPE
    }

    /// The phone number that the identity is. Short codes are none.
    #[must_use]
    pub fn phone_number(&self) -> Option<PhoneNumber> {
        let number = self.is_phone().then_some(&self.identifier)?;
        PhoneNumber::parse(number).ok()
    }

    /// The chat user of this identity in a project. The id is derived, so two first messages that
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

/// A message that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The sender.
    pub sender: Identity,
    /// The sender's second id, when the platform provides two: a `WhatsApp` phone number and a
    /// business-scoped user id (SPEC A29). `sender` is the more stable of the two.
    pub also_known_as: Option<Identity>,
    /// The sender's profile as far as the message contains it; empty where a call is needed.
    pub profile: Profile,
    /// The conversation.
    pub conversation: ConversationRef,
    /// The person's own words, plain: the platform's own escapes are undone. Empty if the person wrote
    /// nothing: see [`words`](Self::words).
    pub text: String,
    /// Files in the message.
    pub attachments: Vec<Attachment>,
    /// All that the message says besides its text and files.
    pub parts: Parts,
    /// Mentions and links in the text.
    pub entities: Entities,
    /// The platform's own id of the event.
    pub provider_event_id: String,
    /// The keys by which a second delivery of this message is recognised. The first one names the
    /// message to the queue and the agent. There is at least one; each has at most 128 characters
    /// of `A-Z a-z 0-9` and punctuation.
    pub event_keys: Vec<String>,
    /// Time of writing, as the platform states it.
    pub sent_at: Timestamp,
}

impl InboundMessage {
    /// The whole content, in the order text, files, all else. Never empty.
    #[must_use]
    pub fn content(&self) -> Vec<Part> {
        content::all(&self.text, &self.attachments, &self.parts)
    }

    /// The text or, if the person wrote none, the content in plain words. Never blank.
    #[must_use]
    pub fn words(&self) -> String {
        content::text_or_words(&self.text, &self.attachments, &self.parts)
    }

    /// Whether the message has no content here: neither text nor file nor any other part that the
    /// platform handed over.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        is_blank(&self.text) && self.attachments.is_empty() && self.parts.are_withheld()
    }

    /// Whether the message is a reaction to another one, and nothing else.
    #[must_use]
    pub fn is_reaction(&self) -> bool {
        let parts = self.parts.as_slice();
        is_blank(&self.text)
            && self.attachments.is_empty()
            && !parts.is_empty()
            && parts.iter().all(|part| matches!(part, Part::Reaction(_)))
    }

    /// The sender's id to show: a phone number, if the message has one (SPEC A28, A29).
    #[must_use]
    pub fn shown_id(&self) -> &Identity {
        self.also_known_as
            .as_ref()
            .filter(|other| other.is_phone())
            .unwrap_or(&self.sender)
    }

    /// The sender's phone number, if the platform asserts one with the message.
    #[must_use]
    pub fn asserted_phone(&self) -> Option<PhoneNumber> {
        self.shown_id().phone_number()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::content::{Location, Reaction, Unsupported};
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
    fn a_message_asserts_the_phone_number_among_its_sender_s_ids() {
        let (user_id, phone) = (
            identity(WHATSAPP_SCOPE, "DE.1"),
            identity(PHONE_SCOPE, "+4915112345678"),
        );
        let number = PhoneNumber::parse("+4915112345678").ok();
        for (sender, also_known_as, asserted) in [
            (user_id.clone(), Some(phone.clone()), number.clone()),
            (phone, Some(user_id.clone()), number),
            (user_id, None, None),
            (identity(PHONE_SCOPE, "32665"), None, None),
            (identity("T1", "+4915112345678"), None, None),
        ] {
            let message = InboundMessage {
                sender,
                also_known_as,
                ..message()
            };
            assert_eq!(message.asserted_phone(), asserted);
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

    #[test]
    fn only_a_message_of_nothing_else_is_a_reaction() {
        let reaction = || Part::Reaction(Reaction::default());
        let place = || Part::Location(Location::default());
        for (text, parts, expected) in [
            ("", vec![reaction()], true),
            (" ", vec![reaction(), reaction()], true),
            ("Hello", vec![reaction()], false),
            ("", vec![reaction(), place()], false),
            ("", vec![], false),
        ] {
            let message = InboundMessage {
                text: text.into(),
                parts: Parts::of(parts),
                ..message()
            };
            assert_eq!(message.is_reaction(), expected, "{message:?}");
        }
    }

    #[test]
    fn the_words_of_a_message_are_its_text_or_else_say_what_came() {
        for (text, words) in [("Hello", "Hello"), (" ", "Location")] {
            let message = InboundMessage {
                text: text.into(),
                parts: Parts::of([Part::Location(Location::default())]),
                ..message()
            };
            assert_eq!(message.words(), words);
        }
    }

    #[test]
    fn a_message_is_withheld_if_nothing_of_it_was_handed_over() {
        let unsupported = || Part::Unsupported(Unsupported::default());
        let place = || Part::Location(Location::default());
        for (text, parts, withheld) in [
            ("", vec![], true),
            (" \u{200B}\n", vec![unsupported()], true),
            ("", vec![unsupported(), place()], false),
            ("Hello", vec![unsupported()], false),
        ] {
            let message = InboundMessage {
                text: text.into(),
                parts: Parts::of(parts),
                ..message()
            };
            assert_eq!(message.is_withheld(), withheld, "{message:?}");
            assert!(!message.content().is_empty());
            assert!(!is_blank(&message.words()));
        }
    }
}
