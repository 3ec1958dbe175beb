//! Dispatches overdue outbox marks, every minute (DESIGN §3.4–3.6).
//!
//! A dispatch moves the mark first and then enqueues the job, so a job that is queued or in progress is
//! not enqueued again. A crash between the two leaves the mark in flight; a later sweep finds it lost
//! and dispatches it again.
//!
//! All kinds of job that send texts share the turns of a connector, and so its room in flight. Every other
//! kind has a room of its own.
//!
//! A stack that was told whom to invite first, and has invited nobody yet, gets a job to do so, ever more rarely
//! while that fails.

mod plan;
mod wiring;

pub use plan::{BUDGET, IN_FLIGHT_MAX, Planned, merged, plan};
pub use wiring::wire;

use futures_util::{StreamExt, future::join_all, stream};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
    time::Duration,
};
use vestibule_domain::{
    Clock, PortError, Timestamp,
    error::Chain,
    ids::ConnectorId,
    job::{InviteFirstAdmin, JobKind, TeamJob},
    ports::{
        Backlog, DispatchQueue, FirstAdminOrders, OUTBOX_SHARDS, OutboxPart, OutboxStore,
        OutboxView, Pace, PaceReader, Room, TeamQueue,
    },
};
use vestibule_edge::logging::{Metric, count};

/// Time between two sweeps, as in the template; each connector's room is computed for this long.
const PERIOD: Duration = Duration::from_mins(1);
/// Time after which a dispatched job without any result counts as lost: as long as the queue retries a
/// job that its worker cannot finish.
const LOST_AFTER: Duration = Duration::from_mins(15);
/// Marks dispatched concurrently.
const CONCURRENCY: usize = 20;
/// Time after which no dispatch is started; the function has ten seconds more.
const STOP_AFTER: Duration = Duration::from_secs(20);
/// Number of jobs waiting in a queue at which no more are enqueued there.
const QUEUE_MAX: usize = 1000;

/// The room for an account's notices: some of the workers are left to other accounts, however many projects it has.
const NOTICES_ROOM: Room = Room {
    jobs: 10,
    ..Room::UNLIMITED
};
/// The room for an account's events: one job publishes all of them, and more would only dispute the numbers of its
/// subscriptions. The second one is there in case the first fails.
const EVENTS_ROOM: Room = Room {
    jobs: 2,
    ..Room::UNLIMITED
};
/// The room for the events on their way to one subscription. A job that finds it well again goes on with the next ones, and
/// one that does not answer leaves workers to the others.
const EVENT_DELIVERIES_ROOM: Room = Room {
    jobs: 5,
    ..Room::UNLIMITED
};

/// Ports of the sweeper.
pub struct Deps {
    /// The outbox.
    pub outbox: Arc<dyn OutboxStore>,
    /// The pace of connectors.
    pub paces: Arc<dyn PaceReader>,
    /// The queues of jobs.
    pub queues: Arc<dyn DispatchQueue>,
    /// The orders of the first admin's invitation.
    pub first_admin_orders: Arc<dyn FirstAdminOrders>,
    /// The queue of jobs about the people who run accounts.
    pub team: Arc<dyn TeamQueue>,
    /// The first admin, if the stack was told whom to invite.
    pub first_admin: Option<InviteFirstAdmin>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Result of a sweep.
#[derive(Debug, Default)]
struct Tally {
    dispatched: usize,
    failed: Option<PortError>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.dispatched += other.dispatched;
        self.failed = self.failed.or(other.failed);
        self
    }

    fn failure(what: &str, error: PortError) -> Self {
        tracing::error!(error = %Chain(&error), "{what}");
        Self {
            dispatched: 0,
            failed: Some(error),
        }
    }
}

/// Dispatches the due marks, each group of kinds separately, and returns their number. Fails at the end if
/// anything failed, so that the failure shows; the next run does the rest.
pub async fn sweep(deps: &Deps) -> Result<usize, PortError> {
    let now = deps.clock.now();
    let adopted = adopt(deps, now).await;
    let adopted = adopted.add(invite_first_admin(deps, now).await);
    let groups = groups();
    let swept = join_all(groups.iter().map(|kinds| sweep_group(deps, kinds, now))).await;
    let total = swept.into_iter().fold(adopted, Tally::add);
    if total.dispatched > 0 {
        tracing::info!(jobs = total.dispatched, "jobs were dispatched");
    }
    match total.failed {
        Some(error) => Err(error),
        None => Ok(total.dispatched),
    }
}

/// Moves marks of earlier releases to the place that is swept.
async fn adopt(deps: &Deps, now: Timestamp) -> Tally {
    match deps.outbox.adopt_old_marks().await {
        Ok((moved, unreadable)) => {
            if moved > 0 {
                tracing::info!(marks = moved, "marks of an earlier release were moved");
            }
            report(&unreadable, now);
            Tally::default()
        }
        Err(error) => Tally::failure("marks of an earlier release could not all be moved", error),
    }
}

/// Orders the invitation of the first admin until it was made. The job's own condition makes a second one harmless.
async fn invite_first_admin(deps: &Deps, now: Timestamp) -> Tally {
    let Some(job) = &deps.first_admin else {
        return Tally::default();
    };
    match deps.first_admin_orders.count_due_order(now).await {
        Ok(true) => {}
        Ok(false) => return Tally::default(),
        Err(error) => {
            let what = "an order of the first admin's invitation cannot be counted";
            return Tally::failure(what, error);
        }
    }
    let job = TeamJob::InviteFirstAdmin(job.clone());
    match deps.team.enqueue_team(job).await {
        Ok(()) => Tally {
            dispatched: 1,
            failed: None,
        },
        Err(error) => Tally::failure("the first admin's invitation could not be ordered", error),
    }
}

/// Groups the kinds of job by the rooms that they share.
fn groups() -> Vec<Vec<JobKind>> {
    let (texts, others): (Vec<JobKind>, Vec<JobKind>) = JobKind::ALL
        .into_iter()
        .partition(|kind| kind.sends_texts());
    let alone = others.into_iter().map(|kind| vec![kind]);
    alone.chain([texts]).collect()
}

async fn sweep_group(deps: &Deps, kinds: &[JobKind], now: Timestamp) -> Tally {
    let mut total = Tally::default();
    let mut backlogs = Vec::new();
    for (found, tally) in join_all(kinds.iter().map(|kind| look(deps, *kind, now))).await {
        backlogs.push(found);
        total = total.add(tally);
    }
    let mut found = backlogs.iter().flatten();
    if found.all(|backlog| backlog.overdue.is_empty()) {
        return total;
    }
    let paces = if kinds.iter().any(|kind| kind.sends_texts()) {
        paces(deps, &backlogs).await
    } else {
        HashMap::new()
    };
    let first = usize::try_from(now.seconds() / 60).unwrap_or(0);
    let unpaced = match kinds {
        [JobKind::SendNotices] => NOTICES_ROOM,
        [JobKind::PublishEvent] => EVENTS_ROOM,
        [JobKind::SendEvent] => EVENT_DELIVERIES_ROOM,
        _ => Room::UNLIMITED,
    };
    let planned = plan(&backlogs, first, |owner| {
        let pace = owner.connector_id().and_then(|id| paces.get(&id));
        pace.map_or(unpaced, |pace| pace.room(now, PERIOD))
    });
    // Kinds have queues of their own, and none waits for the queue of another.
    let of_kind = |kind: JobKind| {
        let planned = planned.iter();
        planned
            .filter(|planned| planned.entry.job.kind() == kind)
            .cloned()
            .collect::<Vec<Planned>>()
    };
    let stop_at = now.plus(STOP_AFTER);
    let dispatched = join_all(
        kinds
            .iter()
            .map(|kind| dispatch_all(deps, of_kind(*kind), stop_at)),
    );
    dispatched.await.into_iter().fold(total, Tally::add)
}

/// Looks for the marks of a kind. A full queue leaves nothing to dispatch, except to those who have nothing
/// under way.
async fn look(deps: &Deps, kind: JobKind, now: Timestamp) -> (Vec<Backlog>, Tally) {
    let each = IN_FLIGHT_MAX / usize::from(OUTBOX_SHARDS);
    let views = join_all(OutboxPart::of(kind).map(|part| deps.outbox.overdue(part, now, each)));
    let mut total = Tally::default();
    let mut backlogs = Vec::new();
    for view in views.await {
        match view {
            Ok(OutboxView {
                backlogs: found,
                unreadable,
            }) => {
                report(&unreadable, now);
                backlogs.extend(found);
            }
            Err(error) => {
                total = total.add(Tally::failure("a part of the outbox cannot be seen", error));
            }
        }
    }
    let mut backlogs = merged(backlogs);
    let has_any = backlogs.iter().any(|backlog| !backlog.overdue.is_empty());
    if has_any && queue_is_full(deps, kind).await {
        for backlog in &mut backlogs {
            // One job of an owner that has none under way: a full queue is no reason to forget anybody.
            let most = usize::from(backlog.in_flight == 0);
            backlog.overdue.truncate(most);
        }
    }
    (backlogs, total)
}

async fn dispatch_all(deps: &Deps, planned: Vec<Planned>, stop_at: Timestamp) -> Tally {
    stream::iter(planned)
        .map(|planned| dispatch(deps, planned, stop_at))
        .buffer_unordered(CONCURRENCY)
        .fold(Tally::default(), async |total, one| total.add(one))
        .await
}

/// Reads the paces of the connectors that have overdue marks of any kind. A failure does not hold jobs back: each
/// job checks its turn itself.
async fn paces(deps: &Deps, backlogs: &[Vec<Backlog>]) -> HashMap<ConnectorId, Pace> {
    let overdue = backlogs
        .iter()
        .flatten()
        .filter(|backlog| !backlog.overdue.is_empty());
    let ids: BTreeSet<ConnectorId> = overdue
        .filter_map(|backlog| backlog.owner.connector_id())
        .collect();
    let ids: Vec<ConnectorId> = ids.into_iter().collect();
    deps.paces.paces(&ids).await.unwrap_or_else(|error| {
        tracing::warn!(error = %Chain(&error), "jobs are dispatched without knowing their connectors' pace");
        HashMap::new()
    })
}

/// Whether the queue of a kind of job is full: more jobs would not be done any sooner.
async fn queue_is_full(deps: &Deps, kind: JobKind) -> bool {
    match deps.queues.waiting(kind).await {
        Ok(waiting) if waiting >= QUEUE_MAX => {
            tracing::warn!(
                job.kind = kind.key(),
                jobs = waiting,
                "the queue is full; only those with no job under way get one"
            );
            true
        }
        Ok(_) => false,
        Err(error) => {
            tracing::warn!(error = %Chain(&error), "jobs are dispatched without knowing how many wait");
            false
        }
    }
}

async fn dispatch(deps: &Deps, planned: Planned, stop_at: Timestamp) -> Tally {
    let Planned { entry, delay } = planned;
    let now = deps.clock.now();
    if now >= stop_at {
        return Tally::default();
    }
    let until = now.plus(LOST_AFTER).plus(delay);
    match deps.outbox.dispatch(&entry, until).await {
        Ok(true) => {}
        Ok(false) => return Tally::default(),
        Err(error) => {
            // The move may have taken effect and its answer been lost: then the mark has no job.
            if let Err(again) = deps.outbox.take_back(&entry, until).await {
                tracing::error!(error = %Chain(&again), "a mark may be in flight without a job until it is found lost");
            }
            return Tally::failure("a mark could not be dispatched", error);
        }
    }
    if let Err(error) = deps.queues.enqueue_after(entry.job, delay).await {
        if let Err(again) = deps.outbox.take_back(&entry, until).await {
            tracing::error!(error = %Chain(&again), "a mark is in flight without a job until it is found lost");
        }
        return Tally::failure("a job could not be enqueued", error);
    }
    Tally {
        dispatched: 1,
        failed: None,
    }
}

/// Reports rows that have a mark but no job of its kind.
fn report(unreadable: &[String], now: Timestamp) {
    for row in unreadable {
        tracing::error!(row, "a row carries a mark and orders no job of its kind");
        count(Metric::OutboxMarkUnreadable, "outbox", now);
    }
}
