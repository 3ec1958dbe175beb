//! The router under faults (RELIABILITY §4 R1 and R2): every call of an offer, a drain and a removal meets every fault. Nothing
//! is lost, nothing is assigned twice, and no limit is exceeded.

use crate::world::{HEAVY, World};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use vestibule_domain::{ids::MemberId, routing::routed::Verb};
use vestibule_testkit::{
    fault_proxy::{Fault, FaultProxy, Rule},
    proof,
};

/// Number of cases that run at once, since they mostly wait for time-outs.
const CONCURRENCY: usize = 8;
/// One in this many cases is in the sample: a prime, so that each call meets other faults than the one before it.
const SAMPLED_EVERY: usize = 7;

const HELD: [&str; 3] = ["first", "second", "third"];

/// The work that meets the faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// A member has room for the conversation.
    Offer,
    /// Nobody has.
    Wait,
    /// A member gets room for two of three that wait.
    Drain,
    /// A member with three conversations is removed, and another one has room for two.
    Removal,
}

#[derive(Debug, Clone)]
struct Case {
    work: Work,
    is_db: bool,
    class: String,
    occurrence: usize,
    fault: Fault,
}

fn ana() -> MemberId {
    MemberId::derive(&["ana"])
}

fn ben() -> MemberId {
    MemberId::derive(&["ben"])
}

/// A world whose next job of the router is this work.
async fn before(work: Work) -> World {
    let mut world = World::new().await;
    match work {
        Work::Offer | Work::Wait => {
            world.seated("ana", u32::from(work == Work::Offer)).await;
            world.offers("first", world.demand()).await;
        }
        Work::Drain => {
            world.seated("ana", 0).await;
            hold(&mut world).await;
            world.change_seat(ana(), |seat| seat.limit = Some(2)).await;
            world.orders_drain().await;
        }
        Work::Removal => {
            world.seated("ana", 3).await;
            hold(&mut world).await;
            world.seated("ben", 2).await;
            world.removes(ana()).await;
        }
    }
    world
}

async fn hold(world: &mut World) {
    for name in HELD {
        world.clock.advance(Duration::from_secs(1));
        world.offers(name, world.demand()).await;
        while world.work_routing().await {}
    }
}

/// The difference from the state that every way leads to, if there is one.
async fn trouble(world: &World, work: Work) -> Option<String> {
    let mut holders = Vec::new();
    let mut lines = Vec::new();
    for name in HELD {
        if name != HELD[0] && matches!(work, Work::Offer | Work::Wait) {
            continue;
        }
        holders.push(world.holder_of(name).await);
        let assigns = world.lines_of(name, Verb::Assign).await;
        lines.push((assigns, world.lines_of(name, Verb::Requeue).await));
    }
    world.assert_desk_agrees().await;
    let is_right = match work {
        Work::Offer => holders == [Some(ana())] && lines == [(1, 0)],
        Work::Wait => holders == [None] && lines == [(0, 0)],
        Work::Drain => {
            holders == [Some(ana()), Some(ana()), None] && lines == [(1, 0), (1, 0), (0, 0)]
        }
        // A drain between the parts of a requeue finds only some of them.
        Work::Removal => {
            let with_ben = holders.iter().filter(|holder| **holder == Some(ben()));
            let has_each = holders
                .iter()
                .zip(&lines)
                .all(|(holder, (assigns, requeues))| {
                    *requeues == 1 && *assigns == 1 + usize::from(holder.is_some())
                });
            with_ben.count() == 2
                && holders.iter().all(|holder| *holder != Some(ana()))
                && has_each
                && world.rows("REQUEUE").is_empty()
        }
    };
    (!is_right).then(|| format!("holders {holders:?}, assigned and requeued {lines:?}"))
}

/// The calls of this work, recorded from a run without faults, so that a new call in the code extends the matrix.
async fn sites(work: Work) -> Vec<(bool, String, usize)> {
    let mut world = before(work).await;
    world.restart();
    world.count_from_here();
    while world.work_routing().await {}
    let sites = [(true, &world.to_db), (false, &world.to_aws)]
        .into_iter()
        .flat_map(|(is_db, proxy)| {
            let calls = proxy.log().into_iter();
            calls.map(move |call| (is_db, call.class, call.occurrence))
        })
        .collect();
    world.settle().await;
    assert_eq!(trouble(&world, work).await, None, "{work:?}");
    sites
}

fn proxy(world: &World, is_db: bool) -> &FaultProxy {
    if is_db { &world.to_db } else { &world.to_aws }
}

/// Runs one case.
async fn run(case: &Case) -> Option<String> {
    let mut world = before(case.work).await;
    world.restart();
    world.count_from_here();
    let rule = Rule::new(&case.class, case.fault.clone()).from_call(case.occurrence);
    proxy(&world, case.is_db).inject(rule);
    while world.work_routing().await {}
    if !world.has_struck() {
        return Some("the fault never fired".to_owned());
    }
    world.to_db.clear();
    world.to_aws.clear();
    world.settle().await;
    // A drain that was lost is made up for by the next sweep.
    world.clock.advance(Duration::from_mins(1));
    world.sweep_if_due().await;
    world.settle().await;
    trouble(&world, case.work).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_at_any_call_of_an_offer_a_drain_or_a_removal_loses_or_doubles_anything() {
    let _turn = HEAVY.lock().await;
    let mut cases = Vec::new();
    for work in [Work::Offer, Work::Wait, Work::Drain, Work::Removal] {
        let sites = sites(work).await;
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
