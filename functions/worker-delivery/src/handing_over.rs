//! Conversations that members answer instead of the agent (SPEC E36).

use crate::{Answer, Deps, Known};
use vestibule_domain::{
    account::actor::Actor,
    chat::{
        conversation::Conversation,
        handoff::{Handoff, HandoffRequest},
        offering::{CaseStep, HandedOff},
    },
    connector::{Connector, Handler},
    error::Chain,
    job::{DeliverMessage, OfferConversation},
    ports::DeliveryContext,
    routing::case::CaseState,
};
use vestibule_providers::catalogue::channel_of;

/// Whether the messages of the conversation are for members: they have it, or get all that come through the connector.
pub(crate) fn is_for_members(connector: &Connector, conversation: &Conversation) -> bool {
    conversation.handoff.is_some() || connector.handler == Handler::Team
}

/// The handoff with which a message at a connector that the team answers begins, if nobody has handed its conversation
/// off.
pub(crate) fn opening(answer: &Answer<'_>) -> Option<Handoff> {
    let opens = answer.connector.handler == Handler::Team && answer.inbound.messages() > 0;
    opens.then(|| HandoffRequest::default().made_by(Actor::system(), answer.event.at))
}

/// The part of the record that concerns the conversation's case, with the handoff that begins with it.
pub(crate) fn step(answer: &Answer<'_>, known: &Known, begun: Option<&Handoff>) -> CaseStep {
    let Some(handoff) = begun.or(known.conversation.handoff.as_ref()) else {
        return CaseStep::Nothing;
    };
    let (connector, job) = (answer.connector, answer.job);
    let channel = channel_of(&connector.provider, &job.conversation);
    let handed_off = HandedOff {
        connector,
        conversation_id: job.conversation.id,
        channel: channel.as_deref().unwrap_or(connector.provider.key()),
        handoff,
        history: known.history,
        case: known.case.as_ref(),
    };
    handed_off.step(answer.event.at)
}

/// Enqueues the offer of a case that is on record. Its mark is too, so a failure only delays it.
pub(crate) async fn enqueue_offer(deps: &Deps, job: &DeliverMessage) {
    let offer = OfferConversation {
        scope: job.scope,
        conversation_id: job.conversation.id,
    };
    if let Err(error) = deps.routing.enqueue_routing(offer.into()).await {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            error = %Chain(&error),
            "the offer of a conversation is left to the sweeper"
        );
    }
}

/// Whether the conversation has been offered and nobody was looked for yet.
pub(crate) fn is_offered(context: &DeliveryContext) -> bool {
    let case = context.case.as_ref();
    case.is_some_and(|case| case.state == CaseState::Offered)
}
