//! Delivers messages to the environment's agent, in order within a conversation, and stores the agent's
//! answers, to be sent by `worker-outgoing`.
//!
//! The queue brings one message of a conversation at a time. One write records that the message was
//! delivered, together with the texts of the answer, so the agent is asked once: nothing that happens to
//! these texts afterwards leads back here. The agent is asked again only if the worker died between its
//! answer and that write, or could not make the write; every attempt has the same `webhook-id`.
//!
//! Edits and deletions change the messages on record, and what a platform does not hand over is recorded,
//! whether or not the agent asks for these events. A deletion by a person who has no access changes what is on
//! record, waits or was given up, and no agent is told.
//!
//! A message that cannot be delivered now is parked: it stands on record, and with it all that follow in
//! its conversation, until the agent is well (DESIGN §3.5, §11). What the agent does not ask for waits for
//! nobody, except for a change of a message that is parked itself: the history follows it in their order.
//!
//! A message that the agent refuses for its content, or that waited too long, is given up: it stands on
//! record, to be listed and redriven by API. The queue's dead letters are for jobs that cannot be read.
//!
//! While people have a conversation, its messages are recorded and its agent is not asked (SPEC E36). A
//! message that was read before the handoff may still reach the agent, once. At a connector that the team answers,
//! a message begins with a handoff. A handed-off conversation has an open case, from which the router finds a member:
//! the write that records the message makes it, or takes effect only while it is open.
//!
//! | module | content |
//! |---|---|
//! | `asking` | one attempt to ask the agent |
//! | `handing_over` | conversations that members answer instead of the agent |
//! | `guard` | the limit of calls in flight and the breaker before it |
//! | `parking` | messages that cannot be delivered now |
//! | `draining` | parked messages, handed over |
//! | `round` | the way around parked conversations |
//! | `wiring` | the adapters behind its ports |

mod asking;
mod draining;
mod guard;
mod handing_over;
mod parking;
mod round;
mod wiring;

pub use wiring::wire;

use asking::{Asked, Waits, ask_agent};
use handing_over::{enqueue_offer, is_for_members, is_offered, opening, step};
use parking::{Seen, park};
use std::{fmt, sync::Arc, time::Duration};
use tracing::Instrument;
use vestibule_domain::{
    Clock, PortError, Timestamp,
    account::{Environment, actor::Actor},
    chat::conversation::{Conversation, Inbound},
    chat::handoff::Handoff,
    chat::history::HistoryDays,
    chat::repeats::HandledEvent,
    chat::typing::ShowTyping,
    connector::{Connector, Handler},
    error::Chain,
    ids::IdSource,
    job::{DeliverMessage, DrainParked, InboxJob, QueuedText, SendMessagesJob},
    ports::{
        AgentClient, AgentHealthStore, ConversationStore, DeliveryContext, DeliveryRecord,
        DrainQueue, GivenUp, Original, OutgoingQueue, ParkingStore, Recorded, RoutingQueue,
        SecretVault,
    },
    retry::conflict_wait,
    routing::case::Case,
};
use vestibule_edge::{
    agent::AgentAnswer,
    batch::Outcome,
    connectors::repeats,
    jobs,
    logging::{Metric, count},
    spans,
};
use vestibule_providers::withheld::placeholder_key;

/// Attempts at parking a message whose conversation changes meanwhile.
const PARK_ATTEMPTS: u32 = 5;
/// Failed attempts at recording an answer. Attempts that met another writer do not count.
const RECORD_ATTEMPTS: u32 = 8;
/// First wait before an answer is recorded again after a failure; each further wait is twice as long.
const RECORD_WAIT_FIRST: Duration = Duration::from_millis(100);
/// Longest such wait.
const RECORD_WAIT_LAST: Duration = Duration::from_millis(1600);
/// Time after which no further attempt at recording is started. Together with the longest call to the
/// table, it is less than the function's time limit.
const RECORD_UNTIL: Duration = Duration::from_secs(50);

/// Ports of the worker.
pub struct Deps {
    /// Conversations, and the other records of a delivery.
    pub conversations: Arc<dyn ConversationStore>,
    /// The health of agents.
    pub health: Arc<dyn AgentHealthStore>,
    /// Messages that wait for an agent.
    pub parking: Arc<dyn ParkingStore>,
    /// The queue of orders to hand them over.
    pub drains: Arc<dyn DrainQueue>,
    /// Signing secrets.
    pub vault: Arc<dyn SecretVault>,
    /// The client of agent endpoints.
    pub agents: Arc<dyn AgentClient>,
    /// The queue of texts to send.
    pub outgoing: Arc<dyn OutgoingQueue>,
    /// The router's queue.
    pub routing: Arc<dyn RoutingQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness for waits.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let job = match jobs::read(body) {
        Ok(InboxJob::DeliverMessage(job)) => job,
        Ok(InboxJob::DrainParked(job)) => return handle_drain(deps, job, receives).await,
        Err(outcome) => return outcome,
    };
    let worked = Box::pin(work(deps, &job, receives));
    let span = spans::of_delivery(&job);
    match worked.instrument(span.clone()).await {
        Ok(outcome) => outcome,
        Err(error) => {
            span.in_scope(|| {
                tracing::error!(
                    delivery.id = %job.delivery_id(),
                    error = %Chain(&error),
                    "a delivery failed and will be tried again"
                );
            });
            Outcome::RETRY
        }
    }
}

async fn handle_drain(deps: &Deps, job: DrainParked, receives: u32) -> Outcome {
    match draining::drain(deps, job, receives).await {
        Ok(outcome) => outcome,
        // The worker that has the lease now does the job.
        Err(PortError::Conflict { .. }) => Outcome::Done,
        Err(error) => {
            tracing::error!(
                environment.id = %job.environment_id,
                error = %Chain(&error),
                "parked messages are left to the queue"
            );
            Outcome::RETRY
        }
    }
}

/// Delivers the message or parks it.
async fn work(deps: &Deps, job: &DeliverMessage, receives: u32) -> Result<Outcome, PortError> {
    for _ in 0..PARK_ATTEMPTS {
        if let Some(outcome) = work_once(deps, job, receives).await? {
            return Ok(outcome);
        }
    }
    Ok(Outcome::RETRY)
}

/// Makes one attempt. `None` if the message was to be parked, and its conversation has changed meanwhile.
async fn work_once(
    deps: &Deps,
    job: &DeliverMessage,
    receives: u32,
) -> Result<Option<Outcome>, PortError> {
    let now = deps.clock.now();
    let context = deps.conversations.delivery_context(job, now).await?;
    let connector = context.connector.as_ref();
    let seen = Seen {
        agent: context.agent.clone(),
        parked: context.parked,
        event: connector.map(|connector| HandledEvent::delivered(job, repeats(connector), now)),
    };
    let attempt = Attempt {
        job,
        number: receives,
        is_behind: seen.parked.is_some(),
        may_probe: false,
        record_until: now.plus(RECORD_UNTIL),
    };
    let delivered = deliver(deps, &attempt, context).await?;
    tracing::info!(
        outcome = delivered.key(),
        attempt = receives,
        "a delivery was worked on"
    );
    match delivered {
        Delivered::Answered | Delivered::NotAsked => Ok(Some(Outcome::Done)),
        Delivered::Refused(status) => {
            let reason = refusal(status);
            let given_up = GivenUp {
                job,
                attempts: receives,
                parked: None,
                event: seen.event.as_ref(),
                reason: &reason,
                at: deps.clock.now(),
            };
            give_up(deps, &given_up).await?;
            Ok(Some(Outcome::Done))
        }
        Delivered::Waits(waits) => {
            let is_parked = park(deps, job, receives, &waits, &seen).await?;
            Ok(is_parked.then_some(Outcome::Done))
        }
    }
}

/// The reason of giving up a message that the agent refused with this status.
fn refusal(status: u16) -> String {
    format!("http_{status}")
}

/// Gives a message up: it is listed, and can be ordered again by API. One that another worker took off meanwhile
/// is not given up, and so neither reported nor counted.
async fn give_up(deps: &Deps, given_up: &GivenUp<'_>) -> Result<(), PortError> {
    if !deps.parking.give_up(given_up).await? {
        return Ok(());
    }
    tracing::error!(
        delivery.id = %given_up.job.delivery_id(),
        environment.id = %given_up.job.environment_id,
        reason = given_up.reason,
        "a delivery was given up"
    );
    count(Metric::DeliveryGivenUp, guard::AGENT, given_up.at);
    Ok(())
}

/// An attempt to deliver a message.
struct Attempt<'a> {
    job: &'a DeliverMessage,
    /// Number of the attempt, from 1.
    number: u32,
    /// Whether messages of its conversation wait that come before it.
    is_behind: bool,
    /// Whether the agent may be asked although its breaker is open.
    may_probe: bool,
    /// Time until which the answer may be recorded.
    record_until: Timestamp,
}

/// The outcome of an attempt.
enum Delivered {
    /// The agent has the message.
    Answered,
    /// The message needs no delivery, or is on record without the agent, or was delivered before.
    NotAsked,
    /// The agent refused the message for its content, with this status.
    Refused(u16),
    /// The message waits for the agent.
    Waits(Waits),
}

impl Delivered {
    /// The key, as logged.
    const fn key(&self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NotAsked => "not_asked",
            Self::Refused(_) => "refused",
            Self::Waits(_) => "waits",
        }
    }
}

/// Makes one attempt to deliver a message.
async fn deliver(
    deps: &Deps,
    attempt: &Attempt<'_>,
    context: DeliveryContext,
) -> Result<Delivered, PortError> {
    let job = attempt.job;
    if was_delivered(job, &context) {
        // The attempt that recorded the answer may have died before it enqueued what follows.
        if context.conversation.outgoing.has_unsent() {
            enqueue(deps, job, Vec::new(), None).await;
        }
        if is_offered(&context) {
            enqueue_offer(deps, job).await;
        }
        return Ok(Delivered::NotAsked);
    }
    let (Some(connector), Some(user)) = (&context.connector, &context.chat_user) else {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            "a message is dropped: its connector or its sender was deleted"
        );
        return Ok(Delivered::NotAsked);
    };
    if job.event.is_for_history() {
        return withdraw(deps, attempt, &context).await;
    }
    let original = change_original(deps, job, context.history).await?;
    let is_wanted = is_wanted(job, context.environment.as_ref());
    // A message that is not on record may be among those that wait.
    if attempt.is_behind && (is_wanted || original == Some(Original::Unknown)) {
        return Ok(Delivered::Waits(Waits {
            was_asked: false,
            health: context.agent.health,
        }));
    }
    let reaches_agent = reaches_agent(job, &context);
    let inbound = match job.event.adds(reaches_agent) {
        Inbound::Unseen if is_for_members(connector, &context.conversation) => Inbound::HandedOff,
        inbound => inbound,
    };
    let given = if reaches_agent {
        let question = asking::Question {
            job,
            connector,
            user,
            environment: context.environment.as_ref(),
            conversation: &context.conversation,
            original_sequence: original.and_then(Original::sequence),
            state: &context.agent,
            attempt: attempt.number,
            may_probe: attempt.may_probe,
        };
        let asked = ask_agent(deps, &question).await?;
        question.count(&asked, deps.clock.now());
        match asked {
            Asked::Answered(given) => given,
            Asked::Refused(status) => return Ok(Delivered::Refused(status)),
            Asked::Waits(waits) => return Ok(Delivered::Waits(waits)),
        }
    } else if leaves_nothing(inbound, context.history) {
        return Ok(Delivered::NotAsked);
    } else {
        AgentAnswer::default()
    };
    let now = deps.clock.now();
    let event = HandledEvent::delivered(job, repeats(connector), now);
    let handoff = given
        .handoff
        .map(|request| request.made_by(Actor::agent(job.environment_id), now));
    let answer = Answer {
        job,
        connector,
        inbound,
        event: &event,
        replies: &given.texts,
        handoff: handoff.as_ref(),
        record_until: attempt.record_until,
    };
    let typing = given
        .typing
        .then(|| typing_in(job, &context.conversation, now));
    let known = Known {
        conversation: context.conversation,
        history: context.history,
        case: context.case,
        is_stale: false,
    };
    let texts = record(deps, &answer, known).await?;
    if texts.is_some() || typing.is_some() {
        enqueue(deps, job, texts.unwrap_or_default(), typing).await;
    }
    Ok(if reaches_agent {
        Delivered::Answered
    } else {
        Delivered::NotAsked
    })
}

/// The order to show that the agent is writing. A change is no message that could be marked as read.
fn typing_in(job: &DeliverMessage, conversation: &Conversation, at: Timestamp) -> ShowTyping {
    let is_message = job.event.original_key().is_none();
    ShowTyping {
        conversation: conversation.outgoing.current(&job.conversation),
        message_id: is_message.then(|| job.provider_event_id.clone()),
        at,
    }
}

/// Whether a delivery that the agent does not get leaves nothing to record. A message for people who took
/// over is counted even where no message is kept: answers to it have their time.
const fn leaves_nothing(inbound: Inbound, history: HistoryDays) -> bool {
    match inbound {
        Inbound::Nothing => true,
        Inbound::Unseen => history.keeps_nothing(),
        Inbound::Message | Inbound::HandedOff => false,
    }
}

/// Whether the agent is to be asked about the message.
fn reaches_agent(job: &DeliverMessage, context: &DeliveryContext) -> bool {
    let connector = context.connector.as_ref();
    let is_answered_by_agent =
        connector.is_none_or(|connector| connector.handler == Handler::Agent);
    is_answered_by_agent
        && context.conversation.handoff.is_none()
        && is_wanted(job, context.environment.as_ref())
}

/// Takes a change over into the message on record, or into the placeholder that stands for it. Returns the
/// message, if the delivery is a change and the project keeps any. The same change is taken over once only,
/// however often it is tried.
async fn change_original(
    deps: &Deps,
    job: &DeliverMessage,
    history: HistoryDays,
) -> Result<Option<Original>, PortError> {
    match job.event.original_key() {
        Some(key) if !history.keeps_nothing() => {
            let originals = [key.to_owned(), placeholder_key(key)];
            let original = deps.conversations.change_message(job, &originals).await?;
            Ok(Some(original))
        }
        Some(_) | None => Ok(None),
    }
}

/// Takes a deletion by a person without access over into what is on record, waits or was given up, and makes no
/// row for it (SPEC A45).
async fn withdraw(
    deps: &Deps,
    attempt: &Attempt<'_>,
    context: &DeliveryContext,
) -> Result<Delivered, PortError> {
    let job = attempt.job;
    let Some(key) = job.event.original_key() else {
        return Ok(Delivered::NotAsked);
    };
    let originals = [key.to_owned(), placeholder_key(key)];
    let connector = context.connector.as_ref();
    let was_moved = connector.is_some_and(|connector| connector.environment_since.is_some());
    // First, since a message that waits no longer is on record. Where the connector led before it was moved,
    // messages may wait of which this environment knows nothing.
    if attempt.is_behind || was_moved {
        deps.parking.withdraw(job, &originals).await?;
    }
    let original = change_original(deps, job, context.history).await?;
    if !matches!(original, Some(Original::OnRecord { .. })) {
        // Last, since a message that waits no longer may have been given up.
        deps.parking.remove_given_up(job, &originals).await?;
    }
    Ok(Delivered::NotAsked)
}

/// Whether the agent gets the event. A message waits for an agent; a change of one, or what the platform does
/// not hand over, is for an agent that asks for it.
fn is_wanted(job: &DeliverMessage, environment: Option<&Environment>) -> bool {
    if job.event.is_for_history() {
        return false;
    }
    let Some(event) = job.event.asked_for() else {
        return true;
    };
    environment
        .and_then(|environment| environment.agent.as_ref())
        .is_some_and(|agent| agent.events.contains(&event))
}

fn was_delivered(job: &DeliverMessage, context: &DeliveryContext) -> bool {
    context.is_delivered || context.conversation.has_any(&job.event_keys)
}

/// The agent's answer to a message, empty if the agent does not get it, and the time until which it may be
/// recorded.
struct Answer<'a> {
    job: &'a DeliverMessage,
    connector: &'a Connector,
    inbound: Inbound,
    event: &'a HandledEvent,
    replies: &'a [String],
    handoff: Option<&'a Handoff>,
    record_until: Timestamp,
}

/// The conversation that an answer belongs to, as this worker knows it.
struct Known {
    conversation: Conversation,
    history: HistoryDays,
    case: Option<Case>,
    /// Whether another writer changed it meanwhile.
    is_stale: bool,
}

/// Records the delivery with its answer, and returns the texts to enqueue; `None` when there is nothing to
/// send. The agent has answered, so recording is repeated for as long as this worker has time.
async fn record(
    deps: &Deps,
    answer: &Answer<'_>,
    mut known: Known,
) -> Result<Option<Vec<QueuedText>>, PortError> {
    let (mut failures, mut conflicts) = (0, 0);
    let mut wait = RECORD_WAIT_FIRST;
    loop {
        let error = match record_once(deps, answer, &mut known).await {
            Ok(texts) => return Ok(texts),
            Err(error) => error,
        };
        let passes = matches!(
            error,
            PortError::Conflict { .. } | PortError::Unavailable { .. }
        );
        if known.is_stale {
            conflicts += 1;
        } else {
            failures += 1;
        }
        let in_time = deps.clock.now().plus(wait) < answer.record_until;
        if !passes || failures >= RECORD_ATTEMPTS || !in_time {
            return Err(error);
        }
        tracing::warn!(
            delivery.id = %answer.job.delivery_id(),
            error = %Chain(&error),
            "an answer could not be recorded yet"
        );
        if known.is_stale {
            tokio::time::sleep(conflict_wait(conflicts, deps.ids.as_ref())).await;
        } else {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(RECORD_WAIT_LAST);
        }
    }
}

/// Makes one attempt at recording, with the conversation read again if it has changed.
async fn record_once(
    deps: &Deps,
    answer: &Answer<'_>,
    known: &mut Known,
) -> Result<Option<Vec<QueuedText>>, PortError> {
    if known.is_stale {
        let now = deps.clock.now();
        let context = deps.conversations.delivery_context(answer.job, now).await?;
        if was_delivered(answer.job, &context) {
            return Ok(context.conversation.outgoing.has_unsent().then(Vec::new));
        }
        known.conversation = context.conversation;
        known.case = context.case;
        known.is_stale = false;
    }
    // A handoff that somebody made meanwhile says more than the connector's own.
    let opening = opening(answer).filter(|_| known.conversation.handoff.is_none());
    let begun = answer.handoff.or(opening.as_ref());
    let case = step(answer, known, begun);
    let record = DeliveryRecord {
        job: answer.job,
        inbound: answer.inbound,
        conversation: &known.conversation,
        event: answer.event,
        replies: answer.replies,
        handoff: begun,
        case: &case,
        history: known.history,
        at: answer.event.at,
    };
    let recorded = deps.conversations.record_delivery(&record).await;
    if recorded.is_ok() && case.offered().is_some() {
        enqueue_offer(deps, answer.job).await;
    }
    match recorded {
        Ok(Recorded::Now(texts)) => Ok((!texts.is_empty()).then_some(texts)),
        Ok(Recorded::Before) => Ok((!answer.replies.is_empty()).then(Vec::new)),
        Err(error) => {
            known.is_stale = matches!(error, PortError::Conflict { .. });
            Err(error)
        }
    }
}

/// Enqueues the texts of an answer, and the sign that the agent writes another one. The texts are on record,
/// so a failure only delays them.
async fn enqueue(
    deps: &Deps,
    job: &DeliverMessage,
    texts: Vec<QueuedText>,
    typing: Option<ShowTyping>,
) {
    let texts = SendMessagesJob::new(job.send_messages(), texts).with_typing(typing);
    let queued = deps.outgoing.enqueue_outgoing(texts).await;
    if let Err(error) = queued {
        tracing::warn!(
            delivery.id = %job.delivery_id(),
            error = %Chain(&error),
            "the texts of an answer are left to the sweeper"
        );
    }
}
