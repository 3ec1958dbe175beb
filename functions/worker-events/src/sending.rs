//! One attempt to send an event to a subscription.
//!
//! A job that finds its subscription well again goes on with the events that wait for it, as long as there is time: a
//! long outage costs few jobs.

use crate::{
    Deps,
    calling::{Called, Guard, PROVIDER, asked_wait},
};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    PortError, Timestamp,
    error::Chain,
    event::{
        delivery::{EventAttempt, EventDelivery, EventDeliveryStatus},
        health::Room,
    },
    ids::LeaseId,
    job::SendEvent,
    ports::{Claim, Lease, Sending},
};
use vestibule_edge::{
    jobs::Worked,
    logging::{Metric, count},
    sender::{Recording, TimeBudget},
    subscriptions::event_request,
};

/// Time that a worker has for a delivery: as long as its function may run.
const LEASE_TIME: Duration = Duration::from_mins(1);
/// Time after which a delivery to a paused subscription is looked at again.
const PAUSED_WAIT: Duration = Duration::from_hours(1);
/// Wait after a failure of ours.
const FAILED_WAIT: Duration = Duration::from_mins(1);
/// Last wait before an outcome is recorded again after a failure.
const RECORD_WAIT_LAST: Duration = Duration::from_millis(1600);
/// Time after which a job begins with no further event. Together with what the last one may take it is less than the
/// function's time limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(20);
/// Number of events in each part of the outbox that a job looks at before it looks again.
const DUE_AT_ONCE: usize = 10;

/// A delivery in hand.
struct Work<'a> {
    deps: &'a Deps,
    job: SendEvent,
    lease: LeaseId,
}

/// The end of an attempt.
enum Sent {
    /// There was none: another worker has the delivery, its time has not come, or it ended.
    Not(Worked),
    /// The delivery has this status.
    As {
        status: EventDeliveryStatus,
        /// Whether it had waited before.
        is_late: bool,
    },
}

/// Makes one attempt at a delivery, if its time has come.
pub(crate) async fn work(deps: &Deps, job: SendEvent) -> Result<Worked, PortError> {
    let budget = TimeBudget::new(deps.clock.now(), BEGIN_WITHIN);
    let (status, is_late) = match send(deps, job).await? {
        Sent::Not(worked) => return Ok(worked),
        Sent::As { status, is_late } => (status, is_late),
    };
    Ok(match status {
        EventDeliveryStatus::Waiting => Worked::Waits,
        EventDeliveryStatus::Failed => Worked::Ended,
        EventDeliveryStatus::Delivered => {
            if is_late {
                catch_up(deps, job, budget).await;
            }
            Worked::Ended
        }
    })
}

/// Goes on with what waits for a subscription, until it does not take one. The mark of a delivery that fails here brings
/// another job.
async fn catch_up(deps: &Deps, first: SendEvent, budget: TimeBudget) {
    let (scope, id) = (first.scope, first.subscription_id);
    let mut seen = BTreeSet::from([first.event_id]);
    loop {
        let now = deps.clock.now();
        let due = deps.sender.due_deliveries(scope, id, now, DUE_AT_ONCE);
        let mut jobs = match due.await {
            Ok(jobs) => jobs,
            Err(error) => {
                warn_of(first, &error);
                return;
            }
        };
        // The index may show marks for a while that are gone.
        jobs.retain(|job| seen.insert(job.event_id));
        if jobs.is_empty() {
            return;
        }
        for job in jobs {
            if budget.is_over(deps.clock.now()) {
                return;
            }
            match Box::pin(send(deps, job)).await {
                Ok(Sent::As { status, .. }) if status != EventDeliveryStatus::Delivered => return,
                Ok(_) => {}
                Err(error) => {
                    warn_of(job, &error);
                    return;
                }
            }
        }
    }
}

fn warn_of(job: SendEvent, error: &PortError) {
    tracing::warn!(
        subscription.id = %job.subscription_id,
        event.id = %job.event_id,
        error = %Chain(error),
        "the events that wait for a subscription are left to the sweeper"
    );
}

async fn send(deps: &Deps, job: SendEvent) -> Result<Sent, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let delivery = match deps.sender.claim_delivery(job, &lease).await? {
        Claim::Claimed(delivery) => delivery,
        other => return Ok(Sent::Not(Worked::without(&other, lease.now))),
    };
    let is_late = delivery.next_try_at != Some(delivery.since);
    let work = Work {
        deps,
        job,
        lease: lease.id,
    };
    let next = match work.attempt(&delivery).await {
        Ok(Some(next)) => next,
        Ok(None) => return Ok(Sent::Not(Worked::Ended)),
        Err(error) if Lease::is_lost(&error) => return Err(error),
        Err(error) => {
            tracing::error!(
                subscription.id = %job.subscription_id,
                event.id = %job.event_id,
                error = %Chain(&error),
                "an event could not be sent and will be tried again"
            );
            let now = deps.clock.now();
            delivery.waited(now.plus(FAILED_WAIT), now)
        }
    };
    work.record(&next).await?;
    if next.status == EventDeliveryStatus::Failed {
        work.report_end(&next);
    }
    Ok(Sent::As {
        status: next.status,
        is_late,
    })
}

impl Work<'_> {
    /// Makes the attempt. Returns the delivery as it is now, or `None` if it ended with its subscription or its event.
    async fn attempt(&self, delivery: &EventDelivery) -> Result<Option<EventDelivery>, PortError> {
        let deps = self.deps;
        let Sending {
            subscription,
            event,
            health,
        } = deps.sender.sending(self.job).await?;
        let (Some(subscription), Some(event)) = (subscription, event) else {
            deps.sender.end_delivery(self.job, self.lease).await?;
            tracing::info!(
                subscription.id = %self.job.subscription_id,
                event.id = %self.job.event_id,
                "a delivery ends: its subscription or its event is gone"
            );
            return Ok(None);
        };
        let now = deps.clock.now();
        if let room @ (Room::WaitUntil(_) | Room::Paused) = health.room(now) {
            return Ok(Some(waiting(delivery, room, now)));
        }
        let vault = deps.vault.as_ref();
        let sequence = delivery.sequence;
        let request = event_request(vault, &subscription, &event, sequence, now).await?;
        let mut guard = Guard::of(deps, (subscription.scope, subscription.id), health);
        let reply = match guard.call(request).await {
            Called::Replied(reply) => reply,
            Called::NoRoom(room) => {
                return Ok(Some(waiting(delivery, room, deps.clock.now())));
            }
        };
        let at = deps.clock.now();
        let is_public = deps.private_origins.admit(&subscription.url).is_none();
        let attempt = EventAttempt::of(&reply, at, at.since(now), is_public);
        guard.note(&attempt, &reply).await;
        if attempt.is_success() {
            count(Metric::EventDelivered, PROVIDER, attempt.at);
        } else {
            self.report_failure(&attempt);
        }
        Ok(Some(delivery.tried(attempt, asked_wait(&reply))))
    }

    /// Records the delivery as it is now. The subscription may have the event already, so recording is repeated for as long
    /// as this worker has the lease.
    async fn record(&self, delivery: &EventDelivery) -> Result<(), PortError> {
        let mut recording = Recording::with_waits_up_to(RECORD_WAIT_LAST);
        loop {
            let stored = self.deps.sender.store_delivery(delivery, self.lease).await;
            let Err(error) = stored else {
                return Ok(());
            };
            if !recording.goes_on_after(&error).await {
                return Err(error);
            }
        }
    }

    fn report_failure(&self, attempt: &EventAttempt) {
        tracing::info!(
            subscription.id = %self.job.subscription_id,
            event.id = %self.job.event_id,
            http.status = attempt.http_status,
            reason = attempt.problem.as_deref(),
            "a subscription did not take an event"
        );
        count(Metric::EventDeliveryFailed, PROVIDER, attempt.at);
    }

    fn report_end(&self, delivery: &EventDelivery) {
        tracing::warn!(
            subscription.id = %self.job.subscription_id,
            event.id = %self.job.event_id,
            delivery.attempts = delivery.tries,
            "an event was given up"
        );
        count(
            Metric::EventDeliveryGivenUp,
            PROVIDER,
            self.deps.clock.now(),
        );
    }
}

/// The delivery as it waits for its subscription, which it did not reach.
fn waiting(delivery: &EventDelivery, room: Room, now: Timestamp) -> EventDelivery {
    let until = match room {
        Room::WaitUntil(until) => until,
        Room::Paused | Room::Call | Room::Probe => now.plus(PAUSED_WAIT),
    };
    delivery.waited(until, now)
}
