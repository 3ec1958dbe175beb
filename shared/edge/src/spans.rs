//! Spans that put the ids of a message on every line that is logged while it is in hand, so that one query finds its whole way
//! through the logs of the functions (infra/runbook.md).

use tracing::{Span, info_span};
use vestibule_domain::{
    access::standing::Standing,
    chat::message::InboundMessage,
    connector::Connector,
    ids::InboundEventId,
    job::{DeliverMessage, SendMessages},
};

/// The span of a message that comes in.
#[must_use]
pub fn of_message(connector: &Connector, message: &InboundMessage) -> Span {
    let key = message.event_keys.first().map_or("", String::as_str);
    info_span!(
        "message",
        connector.id = %connector.id,
        conversation.id = %message.conversation.id,
        delivery.id = %DeliverMessage::id_at(connector.id, key),
        event.id = %InboundEventId::derive(&[key]),
    )
}

/// The span of a message on its way to the agent.
#[must_use]
pub fn of_delivery(job: &DeliverMessage) -> Span {
    info_span!(
        "delivery",
        connector.id = %job.connector_id,
        conversation.id = %job.conversation.id,
        delivery.id = %job.delivery_id(),
        event.id = %InboundEventId::derive(&[job.event_key()]),
    )
}

/// The span of the texts of a conversation that go out.
#[must_use]
pub fn of_texts(order: &SendMessages) -> Span {
    info_span!(
        "texts",
        connector.id = %order.connector_id,
        conversation.id = %order.conversation_id,
    )
}

/// The span of the tasks of a person at a connector.
#[must_use]
pub fn of_standing(standing: &Standing) -> Span {
    info_span!(
        "onboarding",
        connector.id = %standing.connector_id,
        conversation.id = %standing.conversation.id,
        chat_user.id = %standing.chat_user_id,
        access_request.id = standing.request_id.map(display),
    )
}
