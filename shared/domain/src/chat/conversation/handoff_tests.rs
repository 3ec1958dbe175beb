use super::*;
use crate::{
    account::actor::Actor,
    chat::handoff::HandoffRequest,
    samples::{at, conversation, environment},
};

/// A message of this second that was answered with so many texts.
fn delivered(place: &ConversationRef, second: i64, replies: u64) -> Delivered<'_> {
    Delivered {
        inbound: Inbound::Message,
        place,
        environment_id: environment("e"),
        chat_user_id: ChatUserId::derive(&["u"]),
        provider_event_id: "Ev1",
        sent_at: at(second),
        at: at(second + 1),
        replies,
        handoff: None,
    }
}

#[test]
fn a_handoff_stays_while_people_have_the_conversation_and_their_messages_leave_no_gap() {
    let place = conversation("D1");
    let handoff =
        HandoffRequest::cut(Some("sales"), None).made_by(Actor::agent(environment("e")), at(1));
    let answered = Conversation::default().with_delivered(&Delivered {
        handoff: Some(&handoff),
        ..delivered(&place, 1, 1)
    });
    assert_eq!(answered.handoff.as_ref(), Some(&handoff));
    let record = answered.with_delivered(&Delivered {
        inbound: Inbound::HandedOff,
        ..delivered(&place, 5, 0)
    });
    assert_eq!(record.handoff, answered.handoff);
    assert_eq!((record.message_count, record.message_total), (1, 3));
    assert_eq!(record.last_message_at, Some(at(5)));
    let again = HandoffRequest::default().made_by(Actor::system(), at(9));
    let changed = record.with_delivered(&Delivered {
        inbound: Inbound::Nothing,
        provider_event_id: "Ev2",
        handoff: Some(&again),
        ..delivered(&place, 8, 0)
    });
    assert_eq!(changed.handoff, Some(again));
    assert_eq!(changed.last_event_id.as_deref(), Some("Ev1"));
    assert_eq!((changed.message_count, changed.message_total), (1, 3));
    assert_eq!(changed.last_message_at, Some(at(5)));
}
