//! Messages as the customer's system brings them.

use super::{ApiChannel, CHANNEL, key};
use crate::{
    fields::{event_key, written},
    webhook::{Credentials, Parsed, RawRequest, Refusal, WebhookProvider},
};
use async_trait::async_trait;
use vestibule_domain::{
    Timestamp,
    chat::{
        content::Parts,
        conversation::{ConversationKind, ConversationRef},
        entity::Entities,
        message::{Identity, InboundMessage},
        profile::Profile,
    },
    connector::{Connector, Provider},
    text::is_invisible,
};

/// Longest id of a person, a conversation or a message there, in characters.
const ID_MAX_CHARS: usize = 128;

/// A message that the customer's system brings.
#[derive(Debug, Clone, Copy)]
pub struct Brought<'a> {
    /// Its own id of the message, by which a second one is known.
    pub message_id: &'a str,
    /// Its own id of the person.
    pub user_id: &'a str,
    /// The person's name, if it tells one.
    pub user_name: Option<&'a str>,
    /// The language of the person's client, if it tells one.
    pub language: Option<&'a str>,
    /// Its own id of the conversation, if the person has several.
    pub conversation_id: Option<&'a str>,
    /// The person's words.
    pub text: &'a str,
    /// Time of writing.
    pub sent_at: Timestamp,
}

impl Brought<'_> {
    /// Whether a text can be the id of a person, a conversation or a message: 1 to 128 characters, all of them visible.
    #[must_use]
    pub fn is_id(text: &str) -> bool {
        (1..=ID_MAX_CHARS).contains(&text.chars().count())
            && !text.chars().any(|c| c.is_whitespace() || is_invisible(c))
    }
}

/// The message that was brought through this connector; `None` if it is no connector by API, or an id is none.
#[must_use]
pub fn message(connector: &Connector, brought: &Brought<'_>) -> Option<InboundMessage> {
    let sender = identity(connector, brought.user_id)?;
    let channel = connector.settings.get(CHANNEL)?;
    let ids = [Some(brought.message_id), brought.conversation_id];
    if !ids.into_iter().flatten().all(Brought::is_id) {
        return None;
    }
    let conversation = ConversationRef::new(
        connector.id,
        ConversationKind::Direct,
        brought.user_id.to_owned(),
        brought.conversation_id.map(str::to_owned),
    );
    // Many systems number the messages of each conversation.
    let event = format!("{}:{}", conversation.id, brought.message_id);
    Some(InboundMessage {
        sender,
        also_known_as: None,
        profile: Profile::from_raw(brought.user_name, None, None, None)
            .with_language(brought.language),
        conversation: conversation.on_channel(channel),
        text: written(brought.text),
        attachments: Vec::new(),
        parts: Parts::default(),
        entities: Entities::default(),
        provider_event_id: brought.message_id.to_owned(),
        event_keys: vec![event_key(key().key(), &event)],
        sent_at: brought.sent_at,
    })
}

/// The person with this id in the system of the connector's client, on the connector's channel. Each client's system
/// gives ids of its own, and is believed about them: one must not write as another's person, who may be approved. The
/// colon keeps the scope apart from those of platforms.
pub(super) fn identity(connector: &Connector, user_id: &str) -> Option<Identity> {
    let channel = connector.settings.get(CHANNEL)?;
    let is_own = connector.provider == key() && Brought::is_id(user_id);
    is_own.then(|| Identity {
        provider: key(),
        platform_scope: format!("channel:{channel}:{}", connector.client_id),
        identifier: user_id.to_owned(),
    })
}

/// Takes nothing: a message comes through our own API, whose caller has a key. The intake asks it for everything else.
#[async_trait]
impl WebhookProvider for ApiChannel {
    fn provider(&self) -> Provider {
        key()
    }

    fn verification_secrets(&self) -> &'static [&'static str] {
        &[]
    }

    async fn verify(
        &self,
        _request: &RawRequest<'_>,
        _credentials: &Credentials<'_>,
        _now: Timestamp,
    ) -> Result<(), Refusal> {
        Err(NO_WEBHOOK)
    }

    fn parse(
        &self,
        _request: &RawRequest<'_>,
        _connector: &Connector,
        _now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        Err(NO_WEBHOOK)
    }
}

const NO_WEBHOOK: Refusal = Refusal::because("messages of this provider come through the API");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use vestibule_domain::ids::{ClientId, ConnectorId};

    const BROUGHT: Brought<'_> = Brought {
        message_id: "m-1",
        user_id: "ada@example.com",
        user_name: Some(" Ada Lovelace "),
        language: Some("de-AT"),
        conversation_id: None,
        text: "Hello\u{0}",
        sent_at: Timestamp::from_millis(5000),
    };

    fn connector(channel: &str) -> Connector {
        testing::connector(key(), &[(CHANNEL, channel)])
    }

    /// SPEC E38, M02.
    #[test]
    fn a_message_is_one_of_the_person_on_the_channel_of_the_connector() {
        let message = message(&connector("live_chat"), &BROUGHT).unwrap();
        assert_eq!(message.sender.identifier, "ada@example.com");
        let client = connector("live_chat").client_id;
        let scope = format!("channel:live_chat:{client}");
        assert_eq!(message.sender.platform_scope, scope);
        assert_eq!(
            message.profile.display_name.as_deref(),
            Some("Ada Lovelace")
        );
        assert!(message.profile.language.is_some());
        let conversation = &message.conversation;
        assert_eq!(conversation.channel.as_deref(), Some("live_chat"));
        assert_eq!(conversation.kind, ConversationKind::Direct);
        assert_eq!(message.text, "Hello");
        let event = format!("api:{}:m-1", conversation.id);
        assert_eq!(message.event_keys, [event]);
    }

    /// SPEC A38.
    #[test]
    fn two_people_share_no_conversation_even_under_one_id() {
        let in_thread = |user_id, conversation_id| {
            let brought = Brought {
                user_id,
                conversation_id,
                ..BROUGHT
            };
            message(&connector("live_chat"), &brought)
                .unwrap()
                .conversation
                .id
        };
        let (ada, bob) = (in_thread("ada", Some("t")), in_thread("bob", Some("t")));
        assert_ne!(ada, bob);
        assert_ne!(ada, in_thread("ada", None));
        assert_eq!(ada, in_thread("ada", Some("t")));
    }

    /// SPEC X01.
    #[test]
    fn messages_of_one_id_in_two_conversations_are_two_and_in_one_the_same() {
        let keys = |user_id, conversation_id| {
            let brought = Brought {
                user_id,
                conversation_id,
                ..BROUGHT
            };
            message(&connector("live_chat"), &brought)
                .unwrap()
                .event_keys
        };
        let first = keys("ada", None);
        assert_eq!(first, keys("ada", None));
        assert_ne!(first, keys("bob", None));
        assert_ne!(first, keys("ada", Some("t")));
    }

    /// SPEC B39.
    #[test]
    fn the_same_id_in_the_systems_of_two_clients_names_two_people_and_at_two_connectors_of_one_the_same()
     {
        let person = |connector: &Connector| message(connector, &BROUGHT).unwrap().sender;
        let own = connector("live_chat");
        let of_another_client = Connector {
            client_id: ClientId::derive(&["other"]),
            ..own.clone()
        };
        let second = Connector {
            id: ConnectorId::derive(&["second"]),
            ..own.clone()
        };
        assert_ne!(person(&own), person(&of_another_client));
        assert_ne!(
            person(&own).chat_user_id(own.scope),
            person(&of_another_client).chat_user_id(own.scope)
        );
        assert_eq!(person(&own), person(&second));
        assert_ne!(person(&own), person(&connector("forum")));
    }

    #[test]
    fn no_channel_makes_a_person_one_of_a_platform_or_a_phone_number() {
        for channel in ["phone", "whatsapp"] {
            let message = message(&connector(channel), &BROUGHT).unwrap();
            assert!(!message.sender.is_phone() && !message.sender.may_be_one_of_two());
            assert_eq!(message.asserted_phone(), None);
        }
    }

    #[test]
    fn what_is_no_id_and_a_connector_of_a_platform_make_no_message() {
        let connector = connector("live_chat");
        let long = "x".repeat(ID_MAX_CHARS + 1);
        for wrong in ["", "a b", "a\u{202E}b", long.as_str()] {
            for brought in [
                Brought {
                    user_id: wrong,
                    ..BROUGHT
                },
                Brought {
                    message_id: wrong,
                    ..BROUGHT
                },
                Brought {
                    conversation_id: Some(wrong),
                    ..BROUGHT
                },
            ] {
                assert_eq!(message(&connector, &brought), None, "{wrong:?}");
            }
        }
        let slack = testing::connector(Provider::new("slack"), &[(CHANNEL, "live_chat")]);
        assert_eq!(message(&slack, &BROUGHT), None);
    }
}
