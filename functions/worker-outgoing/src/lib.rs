//! Sends the texts of conversations to their platforms (DESIGN §11).
//!
//! A job names a conversation; the record of the conversation knows which texts are to be sent, in the
//! order of their rows. A lease admits one worker at a time, so a job that comes late or twice does no
//! harm, and texts that are added meanwhile are sent by the worker that has the lease. Each piece that
//! went out is recorded before the next, so another attempt goes on behind it. A job that cannot run now
//! is acknowledged: the time of the next attempt stands on the record, and the outbox brings another job
//! then. The person may have been blocked, or have opted out, while a text that answers no message
//! waited, so that is looked up before it goes out. A job may ask for the sign that the agent is writing: it
//! is shown once behind the texts, or never. One gap remains: a crash after a platform accepted
//! a piece and before that is recorded leads to a second one (SPEC X01, RELIABILITY §2.6).
//!
//! | module | content |
//! |---|---|
//! | `sending` | one text, in the pieces that its platform accepts |
//! | `pauses` | the time of the next attempt |
//! | `wiring` | the adapters behind its ports |

mod pauses;
mod sending;
mod wiring;

pub use wiring::wire;

use sending::{Sending, send, unreadable};
use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};
use tracing::Instrument;
use vestibule_domain::{
    Clock, PortError,
    chat::typing::ShowTyping,
    connector::Connector,
    error::Chain,
    ids::{IdSource, LeaseId},
    job::{OutgoingJob, QueuedText, SendMessages, SendMessagesJob},
    ports::{
        ChatPlatform, Claim, ClaimedConversation, Lease, OutgoingQueue, OutgoingStore, SendPacer,
        TextOutcome, Unsent,
    },
};
use vestibule_edge::{
    batch::Outcome,
    connectors::{ConnectorCache, OpenConnector},
    jobs::{self, Worked},
    sender::{Later, Recording, TimeBudget},
    spans,
};

/// Time that a worker has for a job; longer than its function may run.
const LEASE_TIME: Duration = Duration::from_mins(1);
/// Time after which no further piece is sent. Together with the longest turn, send and record, it is less
/// than the function's time limit.
const SEND_UNTIL: Duration = Duration::from_secs(25);
/// Maximum number of texts of one job, so that no conversation keeps a worker from its other jobs.
const TEXTS_MAX: usize = 100;
/// Maximum number of texts read at once.
const PAGE: usize = 20;
/// Last wait before an outcome is recorded again after a failure.
const RECORD_WAIT_LAST: Duration = Duration::from_millis(1600);
/// Time that a platform has to show that a text is being written.
const TYPING_PATIENCE: Duration = Duration::from_secs(3);

/// Ports of the worker.
pub struct Deps {
    /// Conversations with texts to send.
    pub conversations: Arc<dyn OutgoingStore>,
    /// Connectors, a few seconds old at most.
    pub connectors: ConnectorCache,
    /// The platforms.
    pub platform: Arc<dyn ChatPlatform>,
    /// The pace of connectors, which also remembers that a platform refuses their calls.
    pub pacer: Arc<dyn SendPacer>,
    /// The queue for what this attempt leaves.
    pub outgoing: Arc<dyn OutgoingQueue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids for leases.
    pub ids: Arc<dyn IdSource>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Processes one message of the queue, received for the `receives`th time. Only a job that cannot be read,
/// or not even be postponed, or whose first worker may have died, goes back to the queue.
pub async fn handle(deps: &Deps, body: &str, receives: u32) -> Outcome {
    let mut job = match jobs::read(body) {
        Ok(OutgoingJob::SendMessages(job)) => *job,
        Err(outcome) => return outcome,
    };
    let order = job.order;
    let conversation_id = order.conversation_id;
    let typing = job.typing.take().filter(|_| receives == 1);
    let span = spans::of_texts(&order);
    let worked = Box::pin(work(deps, job)).instrument(span.clone()).await;
    if let (Some(typing), Ok(Worked::Ended)) = (typing, &worked) {
        show_typing(deps, order, &typing).await;
    }
    let _entered = span.entered();
    jobs::outcome(worked, receives, |error| {
        tracing::error!(
            conversation.id = %conversation_id,
            error = %Chain(error),
            "the texts of a conversation are left to the queue"
        );
    })
}

/// A job in hand.
struct Work<'a> {
    deps: &'a Deps,
    job: SendMessages,
    /// The time in which pieces are sent.
    budget: TimeBudget,
}

impl Work<'_> {
    /// Whether no further piece is sent.
    fn is_out_of_time(&self) -> bool {
        self.budget.is_over(self.deps.clock.now())
    }
}

async fn work(deps: &Deps, job: SendMessagesJob) -> Result<Worked, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let claimed = match deps.conversations.claim(job.order, &lease).await? {
        Claim::Claimed(claimed) => claimed,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let work = Work {
        deps,
        job: job.order,
        budget: TimeBudget::new(lease.now, SEND_UNTIL),
    };
    let mut attempt = claimed.attempt;
    let later = match send_texts(&work, claimed, job.texts, &mut attempt).await {
        Ok(None) => return Ok(Worked::Ended),
        Ok(Some(later)) => later,
        Err(error) if Lease::is_lost(&error) => return Err(error),
        Err(error) => {
            tracing::error!(
                conversation.id = %job.order.conversation_id,
                error = %Chain(&error),
                "texts could not be sent and will be tried again"
            );
            Later::Failed
        }
    };
    postpone(&work, lease.id, attempt, later).await?;
    Ok(Worked::Waits)
}

/// Sends one text after the other. Returns the reason for another attempt, if one is needed, and the
/// attempt number in `attempt`.
async fn send_texts(
    work: &Work<'_>,
    mut claimed: Box<ClaimedConversation>,
    hint: Vec<QueuedText>,
    attempt: &mut u32,
) -> Result<Option<Later>, PortError> {
    let conversations = &work.deps.conversations;
    let mut connector = connector(work.deps, work.job).await?;
    let mut texts = usable(hint, &claimed);
    for _ in 0..TEXTS_MAX {
        *attempt = claimed.attempt;
        if work.is_out_of_time() {
            return Ok(Some(Later::OutOfTime));
        }
        if texts.is_empty() {
            texts = conversations.unsent(&claimed, PAGE).await?.into();
        }
        let left = match texts.pop_front() {
            Some(Unsent::Text(text)) => {
                let outcome = match send(work, connector.as_mut(), &mut claimed, &text).await? {
                    Sending::Finished(outcome) => outcome,
                    Sending::Later(later) => {
                        *attempt = claimed.attempt;
                        return Ok(Some(later));
                    }
                };
                let left = record(work, &claimed, text.number, &outcome).await?;
                tracing::info!(
                    message.number = text.number,
                    sending.status = outcome.status.key(),
                    "a text is finished"
                );
                left
            }
            Some(Unsent::Unreadable(text)) => {
                let status = unreadable(work, connector.as_ref());
                conversations
                    .record_unreadable(claimed, text, &status)
                    .await?
            }
            None => conversations.finish(claimed).await?,
        };
        match left {
            None => return Ok(None),
            Some(left) => claimed = left,
        }
    }
    Ok(Some(Later::OutOfTime))
}

/// The connector, unless it was deleted.
async fn connector(deps: &Deps, job: SendMessages) -> Result<Option<Connector>, PortError> {
    let found = deps.connectors.find(job.connector_id).await?;
    Ok(of_job(job, found.as_deref()))
}

/// The connector as it is at this moment, unless it was deleted.
async fn read_connector(work: &Work<'_>) -> Result<Option<Connector>, PortError> {
    let found = work.deps.connectors.read(work.job.connector_id).await?;
    Ok(of_job(work.job, found.as_deref()))
}

fn of_job(job: SendMessages, found: Option<&OpenConnector>) -> Option<Connector> {
    found
        .map(|open| open.connector.clone())
        .filter(|connector| connector.scope == job.scope)
}

/// Shows that a text is being written, unless it is too late for that.
async fn show_typing(deps: &Deps, order: SendMessages, typing: &ShowTyping) {
    if !typing.is_fresh(deps.clock.now()) {
        return;
    }
    match connector(deps, order).await {
        Ok(Some(connector)) => {
            let shown = deps.platform.show_typing(&connector, typing);
            // A platform that does not answer in time is none of our concern here.
            let _ = tokio::time::timeout(TYPING_PATIENCE, shown).await;
        }
        Ok(None) => {}
        Err(error) => {
            tracing::info!(error = %Chain(&error), "it is not shown that a text is being written");
        }
    }
}

/// The texts of a job, if the first of them is the next to be sent.
fn usable(hint: Vec<QueuedText>, claimed: &ClaimedConversation) -> VecDeque<Unsent> {
    let next = claimed.outgoing.next;
    let mut texts = hint
        .into_iter()
        .skip_while(|text| text.number < next)
        .peekable();
    if texts.peek().is_some_and(|text| text.number == next) {
        texts.map(Unsent::Text).collect()
    } else {
        VecDeque::new()
    }
}

/// Records that a text is finished. The platform may already have it, so recording is repeated for as
/// long as this worker has time and the lease.
async fn record(
    work: &Work<'_>,
    claimed: &ClaimedConversation,
    number: u64,
    outcome: &TextOutcome,
) -> Result<Option<Box<ClaimedConversation>>, PortError> {
    let mut recording = Recording::with_waits_up_to(RECORD_WAIT_LAST);
    loop {
        let conversations = &work.deps.conversations;
        let claimed = Box::new(claimed.clone());
        let recorded = conversations.record_text(claimed, number, outcome).await;
        let error = match recorded {
            Err(error) => error,
            left => return left,
        };
        if !recording.goes_on_after(&error).await {
            return Err(error);
        }
    }
}

/// Gives the lease back, to be claimed again at the time of the next attempt.
async fn postpone(
    work: &Work<'_>,
    lease: LeaseId,
    attempt: u32,
    later: Later,
) -> Result<(), PortError> {
    let now = work.deps.clock.now();
    let postponement = later.postponement(attempt, now, pauses::pause(attempt));
    let conversations = &work.deps.conversations;
    conversations
        .postpone(work.job, lease, postponement)
        .await?;
    if later == Later::OutOfTime {
        let next = work.deps.outgoing.enqueue_outgoing(work.job.into()).await;
        if let Err(error) = next {
            tracing::warn!(error = %Chain(&error), "the texts that are left wait for the sweeper");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope, Timestamp,
        chat::byline::Byline,
        chat::conversation::{ConversationKind, ConversationRef, Outgoing},
        ids::{AccountId, ConnectorId, ConversationId, ProjectId},
    };

    fn claimed(next: u64) -> ClaimedConversation {
        let connector_id = ConnectorId::derive(&["c"]);
        ClaimedConversation {
            job: SendMessages {
                scope: AccountScope::of_verified(AccountId::derive(&["a"]))
                    .project(ProjectId::derive(&["p"])),
                connector_id,
                conversation_id: ConversationId::derive(&["c"]),
            },
            lease: LeaseId::derive(&["l"]),
            attempt: 1,
            place: ConversationRef::new(
                connector_id,
                ConversationKind::Direct,
                "D1".to_owned(),
                None,
            ),
            outgoing: Outgoing {
                next,
                last: 9,
                ..Outgoing::default()
            },
            claimed_at: Timestamp::from_millis(0),
        }
    }

    fn texts(numbers: std::ops::RangeInclusive<u64>) -> Vec<QueuedText> {
        let text = |number| QueuedText {
            number,
            at: Timestamp::from_millis(0),
            text: number.to_string(),
            is_ephemeral: false,
            is_unprompted: false,
            byline: Byline::default(),
        };
        numbers.map(text).collect()
    }

    #[test]
    fn the_texts_of_a_job_are_used_from_the_next_one_to_send_on_and_only_if_it_is_among_them() {
        for (next, used) in [(2, 0), (3, 3), (4, 2), (5, 1), (6, 0)] {
            let usable = usable(texts(3..=5), &claimed(next));
            assert_eq!(usable.len(), used, "{next}");
            let numbers = usable.iter().map(|unsent| match unsent {
                Unsent::Text(text) => text.number,
                Unsent::Unreadable(text) => text.number,
            });
            assert_eq!(numbers.min().unwrap_or(next), next);
        }
        assert!(usable(Vec::new(), &claimed(1)).is_empty());
    }
}
