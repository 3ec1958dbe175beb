//! People who wait for a decision, straight from the store of the webhooks.

use super::{SAID, World};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    Timestamp,
    access::{
        request::{AccessRequest, Preview},
        standing::Standing,
    },
    chat::{
        content::Parts,
        conversation::{ConversationKind, ConversationRef},
        entity::Entities,
        message::{Identity, InboundMessage},
        profile::Profile,
        repeats::{HandledEvent, Repeats},
        user::ChatUser,
    },
    connector::Connector,
    ids::AccessRequestId,
    ports::{IntakeStore, OpenRequest, Opened},
};

/// Somebody who asks for access.
pub struct Asking<'a> {
    /// The connector to which they write.
    pub connector: &'a Connector,
    /// The platform's id of them.
    pub identifier: &'a str,
    /// Their name.
    pub name: &'a str,
    /// Time of the first message.
    pub at: Timestamp,
    /// Time of the last message.
    pub last_at: Timestamp,
}

impl World {
    /// Lets a new person have asked for access, as a webhook records it. The work that follows is done. Returns the
    /// person and the id of the request.
    pub async fn has_asked(&self, asking: &Asking<'_>) -> (ChatUser, AccessRequestId) {
        let (connector, at) = (asking.connector, asking.at);
        let message = InboundMessage {
            sender: Identity {
                provider: connector.provider.clone(),
                platform_scope: "T1".to_owned(),
                identifier: asking.identifier.to_owned(),
            },
            also_known_as: None,
            profile: Profile::from_raw(Some(asking.name), None, None, None),
            conversation: ConversationRef::new(
                connector.id,
                ConversationKind::Direct,
                format!("D-{}", asking.identifier),
                None,
            ),
            text: SAID.to_owned(),
            attachments: Vec::new(),
            parts: Parts::default(),
            entities: Entities::default(),
            provider_event_id: format!("first-{}", asking.identifier),
            event_keys: vec![format!("first:{}", asking.identifier)],
            sent_at: at,
        };
        let user = ChatUser::first(&message, None, connector, at);
        let id = AccessRequestId::derive(&[
            &connector.id.to_string(),
            &user.id.to_string(),
            &message.provider_event_id,
        ]);
        let repeats = Repeats::For(Duration::from_hours(24));
        let open = OpenRequest {
            new_chat_user: Some(user.clone()),
            standing: Standing {
                message_count: 2,
                last_message_at: Some(asking.last_at),
                pending_tasks: BTreeSet::new(),
                ..Standing::first(&message, connector, at).with_request(id, &message, false)
            },
            request: AccessRequest::asked_by(&message, connector, id, 0, at),
            no_longer_admitted: None,
            preview: Preview::of(&message.text, at),
            held: None,
            event: HandledEvent::of(&message, connector.id, repeats, at),
            profile: None,
            quota: None,
        };
        let opened = self.stores.intake.open_request(&open, at).await;
        assert_eq!(opened.unwrap(), Opened::Done);
        (user, id)
    }
}
