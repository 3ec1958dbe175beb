//! The deliveries of an event, ordered at every subscription that asks for it.
//!
//! A job goes on with the other events of its account, as long as there is time: many events at once cost few jobs.

use crate::Deps;
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    AccountScope, PortError, Timestamp,
    error::Chain,
    event::{
        catalogue::EventType, health::PauseReason, outgoing::OutgoingEvent,
        subscription::Subscription, told::Fact,
    },
    job::{PublishEvent, TeamJob, TellPause},
    ports::EVENTS_AT_ONCE,
};
use vestibule_edge::{jobs::Worked, sender::TimeBudget};

/// Time after which a job begins with no further events. Together with what the last ones may take it is less than the
/// function's time limit.
const BEGIN_WITHIN: Duration = Duration::from_secs(20);

/// Publishes an event, and the others of its account that wait.
pub(crate) async fn work(deps: &Deps, job: PublishEvent) -> Result<Worked, PortError> {
    let budget = TimeBudget::new(deps.clock.now(), BEGIN_WITHIN);
    let mut jobs = vec![job];
    let mut done = BTreeSet::from([job.event_id]);
    // Whoever published the event of this job goes on with the others.
    while publish(deps, job.scope, &jobs).await? {
        jobs = deps
            .publisher
            .unpublished(job.scope, EVENTS_AT_ONCE)
            .await?;
        // The index may show marks for a while that are gone.
        jobs.retain(|job| done.insert(job.event_id));
        let Some(next) = jobs.first() else {
            break;
        };
        if budget.is_over(deps.clock.now()) {
            deps.enqueue(*next).await;
            break;
        }
    }
    Ok(Worked::Ended)
}

/// Orders the deliveries of these events. `false` if none of them was still to be published.
async fn publish(
    deps: &Deps,
    scope: AccountScope,
    jobs: &[PublishEvent],
) -> Result<bool, PortError> {
    let mut events = Vec::new();
    for job in jobs {
        events.extend(deps.publisher.event(*job).await?);
    }
    if events.is_empty() {
        return Ok(false);
    }
    events.sort_by_key(|event| (event.at, event.id));
    let mut failed = None;
    for subscription in deps.publisher.subscribers(scope).await? {
        // One that cannot be served keeps nothing from the others.
        if let Err(error) = order(deps, &subscription, &events).await {
            tracing::warn!(
                subscription.id = %subscription.id,
                error = %Chain(&error),
                "events could not be ordered at a subscription"
            );
            failed = Some(error);
        }
    }
    if let Some(error) = failed {
        return Err(error);
    }
    for pause in events.iter().filter_map(pause_of) {
        deps.team.enqueue_team(TeamJob::TellPause(pause)).await?;
    }
    deps.publisher.published(jobs).await.map(|()| true)
}

/// The order to tell people of a pause, if the event is one.
fn pause_of(event: &OutgoingEvent) -> Option<TellPause> {
    if event.kind != EventType::WebhookPaused {
        return None;
    }
    let text = |name: &str| match event.told.data.get(name)? {
        Fact::Text(text) => Some(text.as_str()),
        Fact::Flag(_) | Fact::Count(_) | Fact::Texts(_) => None,
    };
    Some(TellPause {
        scope: event.scope,
        subscription_id: text("webhook_id")?.parse().ok()?,
        reason: PauseReason::from_key(text("reason")?)?,
        since: Timestamp::parse(text("since")?)?,
    })
}

/// Orders the deliveries of those of these events that a subscription asks for.
async fn order(
    deps: &Deps,
    subscription: &Subscription,
    events: &[OutgoingEvent],
) -> Result<(), PortError> {
    let heard = events.iter().filter(|event| subscription.hears(event));
    let heard: Vec<OutgoingEvent> = heard.cloned().collect();
    if heard.is_empty() {
        return Ok(());
    }
    let now = deps.clock.now();
    for send in deps.publisher.deliver(subscription, &heard, now).await? {
        deps.enqueue(send).await;
    }
    Ok(())
}
