//! Hands parked messages over: one worker at a time for an environment, under a lease.
//!
//! The first message is the probe of an open breaker. Once the agent has answered, conversations follow
//! side by side, each in its own order. A conversation is parked until the last of its messages is done,
//! so a message that arrives meanwhile is parked behind them and never overtakes one.
//!
//! Every part of a drain goes on behind the conversation that was looked at last, and so does the next drain:
//! see [`Round`]. A failure of our own is no attempt, however often it happens: attempts are calls of the
//! agent, and only time ends a wait. The conversation that failed has its next turn behind all others.

use crate::{
    Attempt, Delivered, Deps, RECORD_UNTIL,
    asking::Waits,
    change_original, deliver, give_up, reaches_agent, refusal,
    round::{Round, first_place},
    was_delivered,
};
use futures_util::{StreamExt, stream};
use std::{
    sync::atomic::{AtomicBool, AtomicU8, Ordering},
    time::Duration,
};
use tracing::Instrument;
use vestibule_domain::{
    PortError, Timestamp,
    account::agent::DeliveryDays,
    account::agent_health::{AgentHealth, HealthStatus},
    error::Chain,
    ids::ConversationId,
    job::DrainParked,
    ports::{Claim, ClaimedAgent, GivenUp, Lease, ParkedConversation, ParkedMessage, Postponement},
};
use vestibule_edge::{batch::Outcome, spans};

/// Time that a worker has for a drain; longer than its function may run.
const LEASE_TIME: Duration = Duration::from_secs(70);
/// Time after which no further message is begun. Together with the longest call of an agent and the time for
/// recording its answer, it is less than the function's time limit.
const DRAIN_UNTIL: Duration = Duration::from_secs(20);
/// Time after which nothing more is given up or recorded without the agent in this drain.
const CLEAR_FOR: Duration = Duration::from_secs(5);
/// Time that one conversation has for messages about which the agent is not asked, while the agent is to be
/// probed or others are to be cleared too.
const TURN: Duration = Duration::from_secs(1);
/// Number of conversations in hand at the same time.
const CONCURRENCY: usize = 10;
/// Number of conversations read at once.
const CONVERSATIONS: usize = 100;
/// Number of messages of a conversation read at once.
const MESSAGES: usize = 10;
/// Wait for a slot of an agent that is at its limit and otherwise well.
const BUSY_WAIT: Duration = Duration::from_millis(250);
/// Number of such waits for one message, before the drain is put off.
const BUSY_TRIES: u32 = 20;
/// Pause after a failure of our own.
const PAUSE: Duration = Duration::from_secs(30);
/// Longest wait for which the trigger itself is hidden; a longer one is left to the outbox.
const HIDDEN_MAX: Duration = Duration::from_secs(45);
/// Number of receives after which a trigger is left to the outbox: the queue's count is for poison.
const HIDDEN_UNTIL: u32 = 3;

/// A drain in hand.
struct Drain<'a> {
    deps: &'a Deps,
    job: DrainParked,
    /// Time after which no further message is begun.
    stop_at: Timestamp,
    /// Time after which no answer is recorded any more.
    record_until: Timestamp,
    /// Whether the agent turned out not to be well.
    is_over: AtomicBool,
    /// See [`Self::days`].
    days: AtomicU8,
}

/// The treatment of a message by a drain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Deliver it, even if the breaker is open, and no other once the agent was asked.
    Probe,
    /// Deliver it.
    Deliver,
    /// Give it up if it has waited too long, or record it if the agent does not get it.
    WithoutAgent,
}

/// The place of a drain in the list: see [`ClaimedAgent::place`].
type Place = Option<ConversationId>;

/// The end of the work on a conversation.
enum Ended {
    /// Nothing is left, or the rest is for another round.
    Worked,
    /// The same, and the agent was not asked about any of the messages.
    NotAsked,
    /// The agent is not well.
    Waits(AgentHealth),
}

impl Ended {
    const fn of(was_asked: bool) -> Self {
        if was_asked {
            Self::Worked
        } else {
            Self::NotAsked
        }
    }
}

/// The end of a drain.
enum Drained {
    /// Nothing is parked any more.
    Finished,
    /// It goes on at this time.
    Later(Timestamp),
}

/// Works on a trigger that the queue brought for the `receives`th time.
pub(crate) async fn drain(
    deps: &Deps,
    job: DrainParked,
    receives: u32,
) -> Result<Outcome, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let now = lease.now;
    let mut claimed = match deps.parking.claim_drain(job, &lease).await? {
        Claim::Claimed(claimed) => claimed,
        Claim::NotBefore(at) => return Ok(again(receives, at.since(now))),
        // The worker that has the lease may have died over this very message.
        Claim::HeldUntil(until) if receives > 1 => return Ok(again(receives, until.since(now))),
        Claim::HeldUntil(_) | Claim::NothingPending => return Ok(Outcome::Done),
    };
    claimed.place = first_place(&claimed);
    let drain = Drain {
        deps,
        job,
        stop_at: now.plus(DRAIN_UNTIL),
        record_until: now.plus(RECORD_UNTIL),
        is_over: AtomicBool::new(false),
        days: AtomicU8::new(DeliveryDays::MIN),
    };
    let due = match drain.run(&mut claimed).await {
        Ok(Drained::Finished) => return Ok(Outcome::Done),
        Ok(Drained::Later(due)) => due,
        Err(error) if Lease::is_lost(&error) => return Err(error),
        Err(error) => {
            tracing::error!(
                environment.id = %job.environment_id,
                error = %Chain(&error),
                "parked messages could not be handed over and will be tried again"
            );
            deps.clock.now().plus(PAUSE)
        }
    };
    let postponement = Postponement::waited(1, due);
    deps.parking.postpone_drain(&claimed, postponement).await?;
    let wait = due.since(deps.clock.now());
    if !wait.is_zero() {
        return Ok(again(receives, wait));
    }
    if let Err(error) = deps.drains.enqueue_drain(job).await {
        tracing::warn!(error = %Chain(&error), "parked messages that are left wait for the sweeper");
    }
    Ok(Outcome::Done)
}

/// A trigger that comes too early. A short wait is kept by the trigger itself, which holds up nothing but
/// other triggers of its environment.
fn again(receives: u32, wait: Duration) -> Outcome {
    if receives <= HIDDEN_UNTIL && wait <= HIDDEN_MAX {
        Outcome::Retry { after: Some(wait) }
    } else {
        Outcome::Done
    }
}

impl Drain<'_> {
    /// Hands over what is parked until nothing is left, the agent is not well, or the time is over.
    async fn run(&self, claimed: &mut ClaimedAgent) -> Result<Drained, PortError> {
        self.clear_without_agent(&mut claimed.place).await?;
        if let Some(health) = self.probe(&mut claimed.place).await? {
            return Ok(self.later(&health));
        }
        loop {
            let mut round = Round::from(claimed.place);
            let mut page = self.next_page(&mut round).await?;
            if page.is_empty() {
                match self.deps.parking.finish_drain(claimed.clone()).await? {
                    None => return Ok(Drained::Finished),
                    Some(more) => *claimed = more,
                }
            }
            let mut failed = None;
            while !page.is_empty() {
                match self.deliver_page(page, &mut claimed.place).await {
                    Ok(None) => {}
                    Ok(Some(health)) => return Ok(self.later(&health)),
                    Err(error) => failed = Some(error),
                }
                let now = self.deps.clock.now();
                if now >= self.stop_at {
                    return Ok(Drained::Later(now));
                }
                page = self.next_page(&mut round).await?;
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
    }

    /// Delivers messages until the agent was asked about one. Returns the agent's health if it is not well.
    /// A conversation that fails is passed over, so that it does not keep the others.
    async fn probe(&self, place: &mut Place) -> Result<Option<AgentHealth>, PortError> {
        let mut failed = None;
        let mut round = Round::from(*place);
        loop {
            let page = self.next_page(&mut round).await?;
            if page.is_empty() {
                return failed.map_or(Ok(None), Err);
            }
            for conversation in page {
                if self.must_stop() {
                    return failed.map_or(Ok(None), Err);
                }
                *place = Some(conversation.conversation_id);
                let turn = self.turn_until(self.stop_at);
                match self.work_off(&conversation, Mode::Probe, turn).await {
                    Ok(Ended::Worked) => return Ok(None),
                    Ok(Ended::NotAsked) => {}
                    Ok(Ended::Waits(health)) => return Ok(Some(health)),
                    Err(error) => {
                        report(&conversation, &error);
                        failed = Some(error);
                    }
                }
            }
        }
    }

    /// Delivers the messages of these conversations side by side. Returns the agent's health if it is not
    /// well. A conversation that fails does not keep the others from being worked off.
    async fn deliver_page(
        &self,
        page: Vec<ParkedConversation>,
        place: &mut Place,
    ) -> Result<Option<AgentHealth>, PortError> {
        let ended: Vec<Result<Ended, PortError>> = stream::iter(page)
            .map(|conversation| {
                if !self.must_stop() {
                    *place = Some(conversation.conversation_id);
                }
                self.deliver_conversation(conversation)
            })
            .buffer_unordered(CONCURRENCY)
            .collect()
            .await;
        let mut found = Ok(None);
        for ended in ended {
            match ended {
                Ok(Ended::Worked | Ended::NotAsked) => {}
                Ok(Ended::Waits(health)) => return Ok(Some(health)),
                Err(error) => found = Err(error),
            }
        }
        found
    }

    async fn deliver_conversation(
        &self,
        conversation: ParkedConversation,
    ) -> Result<Ended, PortError> {
        let work = self.work_off(&conversation, Mode::Deliver, self.stop_at);
        let ended = work.await;
        if let Err(error) = &ended {
            report(&conversation, error);
        }
        ended
    }

    /// Gives up what has waited too long, and records what people answer instead of the agent, for a part of
    /// the time only: the agent may be well again.
    async fn clear_without_agent(&self, place: &mut Place) -> Result<(), PortError> {
        let until = self.deps.clock.now().plus(CLEAR_FOR).min(self.stop_at);
        let mut round = Round::from(*place);
        loop {
            let page = self.next_page(&mut round).await?;
            if page.is_empty() {
                return Ok(());
            }
            let handed_off = self.deps.parking.handed_off(&page).await?;
            for conversation in &page {
                let now = self.deps.clock.now();
                if now >= until {
                    return Ok(());
                }
                *place = Some(conversation.conversation_id);
                let is_old = self.days().is_over(conversation.since, now);
                if !is_old && !handed_off.contains(&conversation.conversation_id) {
                    continue;
                }
                let turn = self.turn_until(until);
                let work = self.work_off(conversation, Mode::WithoutAgent, turn);
                if let Err(error) = work.await {
                    report(conversation, &error);
                }
            }
        }
    }

    /// The end of a conversation's turn that begins now, if the turns of all end then.
    fn turn_until(&self, until: Timestamp) -> Timestamp {
        self.deps.clock.now().plus(TURN).min(until)
    }

    /// Days for which messages wait, or the fewest that there can be until that was read.
    fn days(&self) -> DeliveryDays {
        let days = self.days.load(Ordering::Relaxed);
        DeliveryDays::new(u64::from(days)).unwrap_or_default()
    }

    /// Reads the next conversations of the round. None are left at its end.
    async fn next_page(&self, round: &mut Round) -> Result<Vec<ParkedConversation>, PortError> {
        let parking = &self.deps.parking;
        loop {
            let read = parking.parked_conversations(self.job, round.behind(), CONVERSATIONS);
            match round.take(read.await?) {
                Some(page) if page.is_empty() => {}
                Some(page) => return Ok(page),
                None => return Ok(Vec::new()),
            }
        }
    }

    /// Works off the messages of a conversation in their order, and its row after the last one. After `turn`,
    /// none follows one about which the agent was not asked.
    async fn work_off(
        &self,
        conversation: &ParkedConversation,
        mode: Mode,
        turn: Timestamp,
    ) -> Result<Ended, PortError> {
        let limit = if mode == Mode::Probe { 1 } else { MESSAGES };
        let mut busy = 0;
        let mut was_asked = false;
        while !self.must_stop() {
            let parking = &self.deps.parking;
            let messages = parking.parked_messages(conversation, limit).await?;
            if messages.is_empty() {
                // A message that was parked meanwhile is for the next round.
                parking.unpark(conversation).await?;
                break;
            }
            for message in messages {
                if self.must_stop() {
                    return Ok(Ended::of(was_asked));
                }
                let worked = Box::pin(self.work_on(&message, mode));
                let worked = worked.instrument(spans::of_delivery(&message.job));
                match worked.await? {
                    Worked::Gone => {
                        busy = 0;
                        was_asked = true;
                    }
                    Worked::NotAsked if self.deps.clock.now() >= turn => {
                        return Ok(Ended::of(was_asked));
                    }
                    Worked::NotAsked => {}
                    Worked::Stays => return Ok(Ended::of(was_asked)),
                    // All slots are taken, and one becomes free soon.
                    Worked::Waits(waits)
                        if busy < BUSY_TRIES && waits.health.status() == HealthStatus::Ok =>
                    {
                        busy += 1;
                        tokio::time::sleep(BUSY_WAIT).await;
                        if mode == Mode::Probe {
                            return Ok(Ended::Worked);
                        }
                        break;
                    }
                    Worked::Waits(waits) => {
                        self.is_over.store(true, Ordering::Relaxed);
                        return Ok(Ended::Waits(waits.health));
                    }
                }
            }
            if mode == Mode::Probe && was_asked {
                break;
            }
        }
        Ok(Ended::of(was_asked))
    }

    fn must_stop(&self) -> bool {
        self.is_over.load(Ordering::Relaxed) || self.deps.clock.now() >= self.stop_at
    }

    async fn work_on(&self, message: &ParkedMessage, mode: Mode) -> Result<Worked, PortError> {
        let (deps, job) = (self.deps, &message.job);
        let now = deps.clock.now();
        let context = deps.conversations.delivery_context(job, now).await?;
        let agent = context
            .environment
            .as_ref()
            .and_then(|environment| environment.agent.as_ref());
        let days = agent.map(|agent| agent.delivery_days).unwrap_or_default();
        self.days.store(days.days(), Ordering::Relaxed);
        let is_old = days.is_over(message.parked_at, now);
        let needs_agent = reaches_agent(job, &context);
        if is_old && needs_agent && !was_delivered(job, &context) {
            // Only the agent does without a change; its message may have been delivered meanwhile.
            change_original(deps, job, context.history).await?;
            self.give_up(message, message.attempts, "not_delivered_in_time")
                .await?;
            return Ok(Worked::NotAsked);
        }
        if mode == Mode::WithoutAgent && !is_old && needs_agent {
            return Ok(Worked::Stays);
        }
        let attempt = Attempt {
            job,
            number: message.attempts.saturating_add(1),
            is_behind: false,
            may_probe: mode == Mode::Probe,
            record_until: self.record_until,
        };
        let delivered = deliver(deps, &attempt, context).await?;
        tracing::info!(
            outcome = delivered.key(),
            attempt = attempt.number,
            "a delivery was worked on"
        );
        match delivered {
            Delivered::Answered => deps.parking.remove_parked(message).await?,
            Delivered::NotAsked => {
                deps.parking.remove_parked(message).await?;
                return Ok(Worked::NotAsked);
            }
            Delivered::Refused(status) => {
                self.give_up(message, attempt.number, &refusal(status))
                    .await?;
            }
            Delivered::Waits(waits) => {
                if waits.was_asked {
                    deps.parking.count_attempt(message).await?;
                }
                return Ok(Worked::Waits(waits));
            }
        }
        Ok(Worked::Gone)
    }

    async fn give_up(
        &self,
        message: &ParkedMessage,
        attempts: u32,
        reason: &str,
    ) -> Result<(), PortError> {
        let given_up = GivenUp {
            job: &message.job,
            attempts,
            parked: Some(message.number),
            event: None,
            reason,
            at: self.deps.clock.now(),
        };
        give_up(self.deps, &given_up).await
    }

    fn later(&self, health: &AgentHealth) -> Drained {
        Drained::Later(health.next_drain(self.deps.clock.now()))
    }
}

/// The outcome for a parked message.
enum Worked {
    /// It is parked no longer, and the agent was asked.
    Gone,
    /// It is parked no longer, and the agent was not asked.
    NotAsked,
    /// It waits for the agent, and has not waited too long.
    Stays,
    /// The agent is not well.
    Waits(Waits),
}

fn report(conversation: &ParkedConversation, error: &PortError) {
    tracing::error!(
        conversation.id = %conversation.conversation_id,
        error = %Chain(error),
        "the parked messages of a conversation could not be worked off"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_wait_is_kept_by_the_trigger_and_a_long_or_late_one_by_the_outbox() {
        let short = Duration::from_secs(5);
        let hidden = Outcome::Retry { after: Some(short) };
        assert_eq!(again(1, short), hidden);
        assert_eq!(again(HIDDEN_UNTIL, short), hidden);
        assert_eq!(again(HIDDEN_UNTIL + 1, short), Outcome::Done);
        assert_eq!(again(1, HIDDEN_MAX + short), Outcome::Done);
    }
}
