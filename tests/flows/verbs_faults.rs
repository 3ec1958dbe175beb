//! The verbs of routing over the API under faults (RELIABILITY §4 R1 and R2): every call of a release, a transfer and a
//! requeue meets every fault. Nothing is lost, nothing takes effect twice, and the same call again completes it.

use crate::{
    connector_setup::audited,
    handoff::shown,
    verbs::{begun, id, member, verb},
    world::{HEAVY, Person, World},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{
    fault_proxy::{Fault, FaultProxy, Rule},
    proof,
};

/// Number of cases that run at once, since they mostly wait for time-outs.
const CONCURRENCY: usize = 8;
/// One in this many cases is in the sample: a prime, so that each call meets other faults than the one before it.
const SAMPLED_EVERY: usize = 13;
/// Every call is repeated under this key.
const ONCE: [(&str, &str); 1] = [("idempotency-key", "once")];

/// The call that meets the faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Release,
    Transfer,
    Requeue,
}

impl Work {
    /// The last part of the address.
    const fn verb(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Transfer => "transfer",
            Self::Requeue => "requeue",
        }
    }

    /// The event in the audit log.
    const fn event(self) -> &'static str {
        match self {
            Self::Release => "conversation.released",
            Self::Transfer => "conversation.transferred",
            Self::Requeue => "conversation.requeued",
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    work: Work,
    is_db: bool,
    class: String,
    occurrence: usize,
    fault: Fault,
}

/// A conversation that Ana has, while Bo has room.
struct Stage {
    world: World,
    token: String,
    path: String,
    bo: Person,
    offered_at: Value,
}

impl Stage {
    async fn set() -> Self {
        let (mut world, admin, path, _) = begun().await;
        let work = json!({"channels": {"slack": 1}});
        let ana = member(&world, &admin, "Ana", work.clone()).await;
        verb(&world, &admin, &path, "offer", Value::Null).await;
        world.settle().await;
        let case = shown(&world, &path).await["case"].clone();
        assert_eq!(case["assigned_to"]["id"], id(&ana), "{case}");
        let bo = member(&world, &admin, "Bo", work).await;
        world.settle().await;
        let token = world.all_powers().await;
        // A new process has read nothing yet.
        world.restart();
        world.count_from_here();
        Self {
            world,
            token,
            path,
            bo,
            offered_at: case["offered_at"].clone(),
        }
    }

    fn body(&self, work: Work) -> Value {
        match work {
            Work::Transfer => json!({"member_id": id(&self.bo)}),
            Work::Release | Work::Requeue => Value::Null,
        }
    }

    /// Makes the call, which a fault may end.
    async fn call(&mut self, work: Work) -> Option<u16> {
        let (address, body) = (format!("{}/{}", self.path, work.verb()), self.body(work));
        let route = ("POST", address.as_str());
        let call = self.world.try_call(&self.token, route, body, &ONCE);
        call.await.map(|answer| answer.status)
    }

    /// The difference from the state that every way leads to, if there is one.
    async fn trouble(&self, work: Work) -> Option<String> {
        let world = &self.world;
        let case = shown(world, &self.path).await["case"].clone();
        let lines = shown(world, &format!("{}/routing?order=oldest", self.path)).await;
        let lines = lines["items"].as_array().unwrap().iter();
        let verbs: Vec<_> = lines.map(|line| line["verb"].as_str().unwrap()).collect();
        let is_right = match work {
            Work::Release => case["state"] == "released" && verbs == ["offer", "assign", "release"],
            Work::Transfer => {
                case["assigned_to"]["id"] == id(&self.bo)
                    && verbs == ["offer", "assign", "transfer"]
            }
            // Whoever of the two was idle for longer has it.
            Work::Requeue => {
                case["state"] == "assigned" && verbs == ["offer", "assign", "requeue", "assign"]
            }
        };
        let is_once = audited(world, work.event()).len() == 1;
        let has_place = case["offered_at"] == self.offered_at;
        world.assert_desk_agrees().await;
        (!is_right || !is_once || !has_place).then(|| format!("{verbs:?} {case}"))
    }
}

/// The calls of this work, recorded from a run without faults, so that a new call in the code extends the matrix.
async fn sites(work: Work) -> Vec<(bool, String, usize)> {
    let mut stage = Box::pin(Stage::set()).await;
    assert_eq!(stage.call(work).await, Some(200), "{work:?}");
    let world = &stage.world;
    let sites = [(true, &world.to_db), (false, &world.to_aws)]
        .into_iter()
        .flat_map(|(is_db, proxy)| {
            let calls = proxy.log().into_iter();
            calls.map(move |call| (is_db, call.class, call.occurrence))
        })
        .collect();
    stage.world.settle().await;
    assert_eq!(stage.trouble(work).await, None, "{work:?}");
    sites
}

fn proxy(world: &World, is_db: bool) -> &FaultProxy {
    if is_db { &world.to_db } else { &world.to_aws }
}

/// Runs one case.
async fn run(case: &Case) -> Option<String> {
    let mut stage = Box::pin(Stage::set()).await;
    let rule = Rule::new(&case.class, case.fault.clone()).from_call(case.occurrence);
    proxy(&stage.world, case.is_db).inject(rule);
    stage.call(case.work).await;
    if !stage.world.has_struck() {
        return Some("the fault never fired".to_owned());
    }
    for proxy in stage.world.proxies() {
        proxy.clear();
    }
    let again = stage.call(case.work).await;
    if again != Some(200) {
        return Some(format!("the same call again was answered with {again:?}"));
    }
    stage.world.settle().await;
    // A drain that was lost is made up for by the next sweep.
    stage.world.clock.advance(Duration::from_mins(1));
    stage.world.sweep_if_due().await;
    stage.world.settle().await;
    stage.trouble(case.work).await
}

/// SPEC E32, E33.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_at_any_call_of_a_release_a_transfer_or_a_requeue_loses_or_doubles_anything() {
    let _turn = HEAVY.lock().await;
    let mut cases = Vec::new();
    for work in [Work::Release, Work::Transfer, Work::Requeue] {
        let sites = Box::pin(sites(work)).await;
        assert!(sites.len() >= 4, "{work:?}: {sites:?}");
        for (is_db, class, occurrence) in sites {
            for fault in Fault::MATRIX {
                if fault == Fault::TransactionConflict && !is_db {
                    continue;
                }
                cases.push(Case {
                    work,
                    is_db,
                    class: class.clone(),
                    occurrence,
                    fault,
                });
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
