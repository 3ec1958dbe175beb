//! Mails about new access requests to the members who may decide them and want to know (SPEC B35): see
//! [`vestibule_domain::team::notices`].

use crate::Deps;
use std::time::Duration;
use vestibule_domain::{
    PortError, Timestamp,
    error::Chain,
    ids::LeaseId,
    job::{SendNotices, TeamJob},
    ports::{Claim, Lease},
    team::{
        mail::Mail,
        notices::{AfterRound, NewRequests, NextStep, NoticeNames, NoticeOrder, Recipient, Round},
    },
};
use vestibule_edge::{batch::backoff, jobs::Worked, sender::TimeBudget};

/// Time that a worker has for a job; longer than its function may run.
const LEASE_TIME: Duration = Duration::from_mins(1);
/// Time after which no further page of members is begun. Together with a page it is less than the function's time
/// limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(10);
/// Mails of a job that are enqueued at once. The sweep brings the others in turn with those of other accounts, so
/// that no project with many members is in anybody's way.
const AT_ONCE_MAX: usize = 20;

/// Does a job.
pub(crate) async fn work(deps: &Deps, job: SendNotices) -> Result<Worked, PortError> {
    let lease = Lease::draw(deps.ids.as_ref(), deps.clock.as_ref(), LEASE_TIME);
    let order = match deps.notices.claim_notices(job, &lease).await? {
        Claim::Claimed(order) => order,
        other => return Ok(Worked::without(&other, lease.now)),
    };
    let work = Work {
        deps,
        job,
        lease: lease.id,
        budget: TimeBudget::new(lease.now, BEGIN_WITHIN),
    };
    match work.next_step(&order).await {
        Ok(()) => {}
        Err(error) if Lease::is_lost(&error) => return Err(error),
        Err(error) => {
            tracing::error!(
                project.id = %job.scope.project_id(),
                error = %Chain(&error),
                "notices could not be made and will be tried again"
            );
            work.postpone(deps.clock.now().plus(backoff(1))).await?;
        }
    }
    Ok(Worked::Ended)
}

/// A claimed order.
struct Work<'a> {
    deps: &'a Deps,
    job: SendNotices,
    lease: LeaseId,
    budget: TimeBudget,
}

/// The end of a job's part of a round.
enum Told {
    /// All members were told.
    All,
    /// The job's time is over.
    OutOfTime,
}

impl Work<'_> {
    /// Waits, or does a round.
    async fn next_step(&self, order: &NoticeOrder) -> Result<(), PortError> {
        let (deps, scope) = (self.deps, self.job.scope);
        let now = deps.clock.now();
        let round = match order.next_step(now) {
            NextStep::Wait(until) => return self.postpone(until).await,
            NextStep::Round(round) => round,
        };
        let requests = if deps.sends_mail {
            let span = (order.news_since(&round), round.until);
            deps.notices.new_requests(scope, span, now).await?
        } else {
            NewRequests::default()
        };
        // Members may have been told of requests that are decided now.
        let was_told = order.round.is_some() || !requests.is_empty();
        if !requests.is_empty() {
            if order.round.is_none() {
                self.save(&round).await?;
            }
            if let Told::OutOfTime = self.tell(&requests, &round).await? {
                return self.go_on_later().await;
            }
        }
        let now = deps.clock.now();
        self.end(&order.after(&round, was_told, now), now).await
    }

    /// Tells members of the requests, from the place that the round has reached.
    async fn tell(&self, requests: &NewRequests, round: &Round) -> Result<Told, PortError> {
        let (deps, scope) = (self.deps, self.job.scope);
        let Some(names) = deps.notices.names(scope).await? else {
            return Ok(Told::All);
        };
        let mut round = round.clone();
        let mut made = 0;
        loop {
            let page = deps
                .notices
                .recipients(scope, round.reached.as_ref())
                .await?;
            for recipient in &page.recipients {
                let mail = self.notice(recipient, &names, requests, round.until);
                let Some(mail) = mail else {
                    continue;
                };
                if deps.notices.add_mail(&mail).await? {
                    made += 1;
                    if made <= AT_ONCE_MAX {
                        deps.enqueue_mail(&mail).await;
                    }
                }
            }
            let Some(next) = page.next else {
                tracing::info!(project.id = %scope.project_id(), mails = made, "members were told of new requests");
                return Ok(Told::All);
            };
            round.reached = Some(next);
            self.save(&round).await?;
            if self.budget.is_over(deps.clock.now()) {
                return Ok(Told::OutOfTime);
            }
        }
    }

    fn notice(
        &self,
        recipient: &Recipient,
        names: &NoticeNames,
        requests: &NewRequests,
        until: Timestamp,
    ) -> Option<Mail> {
        let of = (self.job.scope, names);
        recipient.notice(of, requests, until, self.deps.clock.now())
    }

    async fn save(&self, round: &Round) -> Result<(), PortError> {
        let notices = &self.deps.notices;
        notices.save_round(self.job, self.lease, round).await
    }

    /// Ends the round. An order that came meanwhile gets a round of its own.
    async fn end(&self, after: &NoticeOrder, now: Timestamp) -> Result<(), PortError> {
        let notices = &self.deps.notices;
        let next = after.after_round();
        if notices.end_round(self.job, self.lease, after, next).await? {
            return Ok(());
        }
        let again = AfterRound::Again(after.next_round(now));
        let ended = notices.end_round(self.job, self.lease, after, again);
        if ended.await? {
            Ok(())
        } else {
            Err(Lease::LOST)
        }
    }

    async fn postpone(&self, until: Timestamp) -> Result<(), PortError> {
        let notices = &self.deps.notices;
        notices.postpone_notices(self.job, self.lease, until).await
    }

    /// Leaves the rest of the round to another job, at once.
    async fn go_on_later(&self) -> Result<(), PortError> {
        self.postpone(self.deps.clock.now()).await?;
        let job = TeamJob::SendNotices(self.job);
        if let Err(error) = self.deps.team.enqueue_team(job).await {
            tracing::warn!(error = %Chain(&error), "the rest of a round waits for the sweeper");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
