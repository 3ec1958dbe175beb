//! The worker of outgoing events under faults (RELIABILITY §4 R1 and R2): every call of a publication, of a call and of
//! what follows meets every fault. Each subscriber gets each event at least once, under the same number, and nobody hears of a
//! pause twice.

use super::{
    another,
    hooks::{Hooks, Reply},
};
use crate::{
    connector_setup::audited,
    world::{HEAVY, World},
};
use futures_util::{StreamExt, stream};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::event::{
    delivery::EventDeliveryStatus, health::PauseReason, subscription::Subscription,
};
use vestibule_testkit::{
    fault_proxy::{Fault, FaultProxy, Rule},
    proof,
};

/// Number of cases that run at once, since they mostly wait for time-outs.
const CONCURRENCY: usize = 8;
/// One in this many cases is in the sample: a prime, so that each call meets other faults than the one before it.
const SAMPLED_EVERY: usize = 11;

/// The work that meets the faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// An event is published and sent to two subscribers.
    Tell,
    /// A subscriber that was down is well again.
    Recover,
    /// A subscriber says that it is gone.
    Pause,
    /// The subscription of a delivery is gone.
    End,
}

impl Work {
    const ALL: [Self; 4] = [Self::Tell, Self::Recover, Self::Pause, Self::End];
}

/// The proxy of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Db,
    Aws,
    Hook,
}

impl Link {
    const ALL: [Self; 3] = [Self::Db, Self::Aws, Self::Hook];

    /// Whether a call by this link can meet this fault.
    const fn has(self, fault: &Fault) -> bool {
        match fault {
            Fault::TransactionConflict => matches!(self, Self::Db),
            Fault::ExpiredCredentials | Fault::Throttle | Fault::Garbage => {
                !matches!(self, Self::Hook)
            }
            _ => true,
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    work: Work,
    link: Link,
    class: String,
    occurrence: usize,
    fault: Fault,
}

/// A world whose next job of the worker is the work.
struct Stage {
    world: World,
    hooks: Hooks,
    to_hook: FaultProxy,
    one: Subscription,
    other: Subscription,
}

impl Stage {
    /// A world with two subscriptions, and one of another account, which hears nothing.
    async fn set() -> Self {
        let mut world = Box::pin(World::new()).await;
        world.is_told_quietly = false;
        let hooks = Hooks::start(world.clock.clone()).await;
        let to_hook = FaultProxy::start(&hooks.origin()).await.unwrap();
        world.reaches_also(&to_hook.url());
        let url = |name: &str| format!("{}/hooks/{name}", to_hook.url());
        let own = world.scope.account();
        let one = world.subscribes(own, "one", url("one")).await;
        let other = world.subscribes(own, "other", url("other")).await;
        world
            .subscribes(another(), "stranger", url("stranger"))
            .await;
        Self {
            world,
            hooks,
            to_hook,
            one,
            other,
        }
    }

    /// Enqueues what is due.
    async fn sweep(&mut self) {
        // One that runs out of time on a busy machine is made up for by the next one.
        assert!(self.world.sweep().await || self.world.sweep().await);
    }

    async fn before(work: Work) -> Self {
        let mut stage = Box::pin(Self::set()).await;
        let own = stage.world.scope.account();
        match work {
            Work::Tell => {
                stage.world.members_leave(own, &["ana"]).await;
                stage.sweep().await;
            }
            Work::Recover => {
                stage.hooks.answers("one", Reply::Status(503));
                let three = ["ana", "ben", "cid"];
                stage.world.members_leave(own, &three).await;
                stage.sweep().await;
                stage.world.work_all().await;
                stage.hooks.answers("one", Reply::Takes);
                stage.world.clock.advance(Duration::from_mins(1));
                stage.sweep().await;
            }
            Work::Pause | Work::End => {
                if work == Work::Pause {
                    stage.hooks.answers("one", Reply::Status(410));
                }
                stage.world.members_leave(own, &["ana"]).await;
                stage.sweep().await;
                assert!(stage.world.work_events().await);
                if work == Work::End {
                    stage.world.unsubscribes(&stage.one).await;
                }
            }
        }
        stage.world.restart();
        stage.world.count_from_here();
        stage.to_hook.reset_counts();
        stage
    }

    /// Lets the worker do what is in its queue, in a process that any fault can kill.
    async fn work(&mut self) {
        loop {
            let worked = self.to_hook.run_until_killed(self.world.work_events());
            match worked.await {
                Some(true) => {}
                Some(false) => return,
                None => self.world.restart(),
            }
        }
    }

    fn proxy(&self, link: Link) -> &FaultProxy {
        match link {
            Link::Db => &self.world.to_db,
            Link::Aws => &self.world.to_aws,
            Link::Hook => &self.to_hook,
        }
    }

    fn has_struck(&self) -> bool {
        let at_the_hook = self.to_hook.log();
        self.world.has_struck() || at_the_hook.iter().any(|call| call.fault.is_some())
    }

    /// The difference from the state that every way leads to, if there is one.
    async fn trouble(&self, work: Work) -> Option<String> {
        let (hooks, world) = (&self.hooks, &self.world);
        let (one, other) = (hooks.numbers("one"), hooks.numbers("other"));
        let is_right = match work {
            Work::Tell => one == [1] && other == [1],
            Work::Recover => one == [1, 2, 3] && other == [1, 2, 3],
            Work::Pause => {
                let paused = world.health_of(&self.one).await.paused;
                one.is_empty()
                    && other == [1, 2]
                    && paused.map(|pause| pause.reason) == Some(PauseReason::Gone)
                    && audited(world, "webhook.paused").len() == 1
            }
            Work::End => {
                let left = world.deliveries_to(&self.one).await;
                one.is_empty() && hooks.calls("one") == 0 && left.is_empty() && other == [1]
            }
        };
        // Each number is one event's, however often it came.
        let taken = hooks.taken("other");
        let ids: BTreeSet<_> = taken.iter().map(|event| event["id"].to_string()).collect();
        let deliveries = world.deliveries_to(&self.other).await;
        let is_delivered = |status| status == EventDeliveryStatus::Delivered;
        let is_whole = ids.len() == other.len()
            && deliveries.iter().all(|one| is_delivered(one.status))
            && hooks.refused("one").is_empty()
            && hooks.refused("other").is_empty()
            && hooks.calls("stranger") == 0
            && world.unpublished().is_empty();
        (!is_right || !is_whole).then(|| format!("{one:?} {other:?} {taken:?} {deliveries:?}"))
    }

    /// Ends all faults, and finishes what is due.
    async fn settle(&mut self, work: Work) {
        for proxy in self.world.proxies() {
            proxy.clear();
        }
        self.to_hook.clear();
        if work == Work::Pause {
            // Events of a paused subscription wait for days, so only the pause is waited for.
            for _ in 0..30 {
                self.work().await;
                self.world.clock.advance(Duration::from_mins(1));
                self.world.sweep_if_due().await;
            }
            self.work().await;
        } else {
            self.world.settle().await;
        }
    }

    /// Lets the world come to rest.
    async fn end(self, work: Work) {
        if work == Work::Pause {
            self.world.unsubscribes(&self.one).await;
        }
    }
}

/// The calls of this work, recorded from a run without faults, so that a new call in the code extends the matrix.
async fn sites(work: Work) -> Vec<(Link, String, usize)> {
    let mut stage = Box::pin(Stage::before(work)).await;
    stage.work().await;
    let mut sites = Vec::new();
    for link in Link::ALL {
        let calls = stage.proxy(link).log().into_iter();
        sites.extend(calls.map(|call| (link, call.class, call.occurrence)));
    }
    stage.settle(work).await;
    assert_eq!(stage.trouble(work).await, None, "{work:?}");
    stage.end(work).await;
    sites
}

/// Runs one case.
async fn run(case: &Case) -> Option<String> {
    let mut stage = Box::pin(Stage::before(case.work)).await;
    let rule = Rule::new(&case.class, case.fault.clone()).from_call(case.occurrence);
    stage.proxy(case.link).inject(rule);
    stage.work().await;
    if !stage.has_struck() {
        return Some("the fault never fired".to_owned());
    }
    stage.settle(case.work).await;
    let trouble = stage.trouble(case.work).await;
    stage.end(case.work).await;
    trouble
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_at_any_call_of_the_worker_loses_an_event_or_tells_a_pause_twice() {
    let _turn = HEAVY.lock().await;
    let mut cases = Vec::new();
    for work in Work::ALL {
        let sites = Box::pin(sites(work)).await;
        assert!(sites.len() >= 4, "{work:?}: {sites:?}");
        for (link, class, occurrence) in sites {
            for fault in Fault::MATRIX {
                if link.has(&fault) {
                    cases.push(Case {
                        work,
                        link,
                        class: class.clone(),
                        occurrence,
                        fault,
                    });
                }
            }
        }
    }
    let sample = cases.iter().step_by(proof::scaled(SAMPLED_EVERY, 1));
    let failures: Vec<String> = stream::iter(sample)
        .map(async |case| {
            let trouble = Box::pin(run(case)).await?;
            Some(format!("{case:?}: {trouble}"))
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(async |failure| failure)
        .collect()
        .await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
