//! Whoever wrote last in a conversation, and their wishes at its connector.

use super::{
    items::{ChatUserItem, StandingItem},
    keys::{self, Key},
    people::find_chat_user,
    table::{Attributes, Table, take},
};
use std::collections::HashMap;
use vestibule_domain::{
    PortError, ProjectScope,
    access::audience::Audience,
    access::consent::Consents,
    access::standing::Standing,
    chat::conversation::{Conversation, ConversationRef},
    chat::user::ChatUser,
    ids::ConnectorId,
};

/// A conversation, as its record was read.
pub(super) struct Place<'a> {
    pub(super) scope: ProjectScope,
    pub(super) connector_id: ConnectorId,
    pub(super) conversation: &'a Conversation,
}

/// The person who wrote last, as far as was read, and the rows that were read beside them.
pub(super) struct Writer {
    chat_user: Option<ChatUser>,
    consents: Consents,
    pub(super) beside: HashMap<Key, Attributes>,
}

impl Writer {
    /// Reads whoever wrote last, in one read together with the rows `beside`, or in a few where two records
    /// of one person were merged since.
    pub(super) async fn read(
        table: &Table,
        place: &Place<'_>,
        beside: &[Key],
    ) -> Result<Self, PortError> {
        let Place {
            scope,
            connector_id,
            conversation,
        } = *place;
        let mut wanted = beside.to_vec();
        let Some(id) = conversation.chat_user_id else {
            return Ok(Self {
                chat_user: None,
                consents: Consents::default(),
                beside: table.get_batch(&wanted).await?,
            });
        };
        let user = keys::chat_user(scope, id);
        let standing = keys::standing(scope, id, connector_id);
        wanted.extend([user.clone(), standing.clone()]);
        let mut rows = table.get_batch(&wanted).await?;
        let mut consents = consents(&mut rows, &standing)?;
        let chat_user = match take::<ChatUserItem>(&mut rows, &user, "chat user")? {
            Some(item) => Some(item.into()),
            None => find_chat_user(table, scope, id).await?,
        };
        if let Some(survivor) = chat_user.as_ref().filter(|user| user.id != id) {
            let standing = keys::standing(scope, survivor.id, connector_id);
            let mut rows = table.get_batch(std::slice::from_ref(&standing)).await?;
            consents = self::consents(&mut rows, &standing)?;
        }
        Ok(Self {
            chat_user,
            consents,
            beside: rows,
        })
    }

    /// Makes the audience of a conversation in this place.
    pub(super) fn audience(self, conversation: &Conversation, place: ConversationRef) -> Audience {
        Audience {
            place,
            last_message_at: conversation.last_message_at,
            chat_user: self.chat_user,
            consents: self.consents,
        }
    }
}

fn consents(rows: &mut HashMap<Key, Attributes>, standing: &Key) -> Result<Consents, PortError> {
    let item = take::<StandingItem>(rows, standing, "standing")?;
    Ok(item.map_or_else(Consents::default, |item| Standing::from(item).consents))
}
