//! Puts messages on record that cannot be delivered now, so that none waits in the queue, where it would
//! hold up others (DESIGN §3.5).

use crate::{Deps, asking::Waits};
use vestibule_domain::{
    PortError,
    chat::repeats::HandledEvent,
    error::Chain,
    job::DeliverMessage,
    ports::{AgentState, Parked, ParkedConversation, Parking},
};

/// The records that were read with a message that is to be parked.
pub(crate) struct Seen {
    /// The environment's agent.
    pub(crate) agent: AgentState,
    /// The messages of the conversation that wait already.
    pub(crate) parked: Option<ParkedConversation>,
    /// The event of the message, unless its connector was deleted.
    pub(crate) event: Option<HandledEvent>,
}

/// Parks the message that the queue brought for the `receives`th time. `false` if its conversation has
/// changed since it was read.
pub(crate) async fn park(
    deps: &Deps,
    job: &DeliverMessage,
    receives: u32,
    waits: &Waits,
    seen: &Seen,
) -> Result<bool, PortError> {
    let now = deps.clock.now();
    let before = receives.saturating_sub(1);
    let parking = Parking {
        job,
        attempts: before + u32::from(waits.was_asked),
        behind: seen.parked,
        event: seen.event.as_ref(),
        at: now,
    };
    if deps.parking.park(&parking).await? == Parked::Stale {
        return Ok(false);
    }
    // The worker that parks the first message of a conversation orders the drain, and if it was stopped in
    // between, the next one that gets the same message does.
    if seen.parked.is_none() || receives > 1 || !seen.agent.has_drain {
        let agent = job.drain_parked();
        let due = waits.health.next_drain(now);
        deps.parking.order_drain(agent, due, now).await?;
        if !seen.agent.has_drain
            && let Err(error) = deps.drains.enqueue_drain(agent).await
        {
            tracing::warn!(
                environment.id = %agent.environment_id,
                error = %Chain(&error),
                "parked messages are left to the sweeper"
            );
        }
    }
    Ok(true)
}
