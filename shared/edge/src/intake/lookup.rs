//! Looks somebody up as the intake of their next message would (SPEC A47), and changes nothing.

use super::sender::SenderIds;
use vestibule_domain::{
    PortError, Timestamp,
    chat::message::Identity,
    chat::recognition::{
        ALIASES_MAX, Candidate, Recognition, for_now, kept_block, led_to, recognise,
    },
    chat::repeats::{HandledEvent, Repeats},
    connector::Connector,
    directory::phone::PhoneNumber,
    ports::{IntakeKey, IntakeStore, Known, Loaded},
};

/// Number of lookups: the ids of the person, and the way to their record.
const LOOKUPS: usize = ALIASES_MAX + 2;

/// Finds the records on which a message by these ids would be decided at the connector. `also_known_as` is the
/// person's second id, if the platform knows two; `sender` is the more stable of them. Where the intake would write
/// first, because it learns that two ids belong together, the records are those that it would go on with, as far as
/// can be told without writing.
pub async fn look_up(
    store: &dyn IntakeStore,
    connector: &Connector,
    sender: &Identity,
    also_known_as: Option<&Identity>,
    now: Timestamp,
) -> Result<Known, PortError> {
    let mut ids = SenderIds {
        sender: sender.clone(),
        also_known_as: also_known_as.cloned(),
        is_home: false,
        phone: also_known_as
            .and_then(Identity::phone_number)
            .or_else(|| sender.phone_number()),
    };
    let no_event = HandledEvent {
        connector_id: connector.id,
        keys: Vec::new(),
        at: now,
        repeats: Repeats::ForEver,
        conversation_id: None,
        request_id: None,
    };
    for _ in 0..LOOKUPS {
        let phone = ids.phone.as_ref().map(PhoneNumber::key);
        let mut loaded = store
            .load(&IntakeKey {
                scope: connector.scope,
                connector_id: connector.id,
                sender: &ids.sender,
                also_known_as: ids.also_known_as.as_ref(),
                phone: phone.as_ref(),
                conversation_id: None,
                event: &no_event,
            })
            .await?;
        if let Some(block) = kept_block(&loaded.sender, loaded.also_known_as.as_ref()) {
            return Ok(Known {
                kept_block: Some(block.clone()),
                ..Known::default()
            });
        }
        let number = ids.known_number(phone, &mut loaded);
        if let Some(person) = person(&mut ids, loaded, connector) {
            return Ok(Known {
                chat_user: person.user,
                standing: person.standing,
                number,
                ..Known::default()
            });
        }
    }
    Ok(Known::default())
}

/// The records that count, or `None` if other ids are to be read first.
fn person(ids: &mut SenderIds, loaded: Loaded, connector: &Connector) -> Option<Candidate> {
    let recognition = if ids.is_home {
        led_to(&loaded.sender)
    } else {
        recognise(&loaded.sender, loaded.also_known_as.as_ref())
    };
    let Loaded {
        sender,
        also_known_as,
        ..
    } = loaded;
    match recognition {
        Recognition::Stable | Recognition::NewUnderBoth => Some(sender),
        Recognition::Phone => Some(also_known_as.unwrap_or(sender)),
        Recognition::Elsewhere(identity) => {
            ids.turn_to(identity, true);
            None
        }
        Recognition::PassedOn(identity) => {
            ids.turn_to(identity, false);
            None
        }
        Recognition::Links(link) => {
            ids.turn_to(link.person, true);
            None
        }
        // The number is another person's, or again the one of the record.
        Recognition::HandsOver(handover) => Some(match (handover.now_of, also_known_as) {
            (None, Some(phone)) => phone,
            _ => sender,
        }),
        Recognition::Merges(_) => Some(for_now(sender, also_known_as, connector.environment_id)),
    }
}
