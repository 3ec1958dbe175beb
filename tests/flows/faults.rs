//! No message is lost (DESIGN §3.4, RELIABILITY §4 R1 and R2). Every call for a first message meets every
//! fault, once or until the platform has delivered again. Afterwards the person has a name, one pending
//! request and one onboarding message. A worker that cannot know whether the message was sent looks for it
//! where the platform allows that (Slack). Elsewhere it sends again, the only case of a second onboarding
//! message.

use crate::world::{HEAVY, Invoked, SAID, World};
use futures_util::{StreamExt, stream};
use std::time::Duration;
use vestibule_domain::chat::send_status::SendStatus;
use vestibule_testkit::{
    fault_proxy::{Fault, FaultProxy, Rule},
    proof,
    simulator::{Failure, FailureRule, Place, Platform},
};

/// Number of cases that run at once, since they mostly wait for time-outs.
const CONCURRENCY: usize = 8;

/// One in this many cases of a call is in the sample: primes, so that each fault is tried at several calls. Slack
/// has the thickest sample, since only there the worker looks for a message that may have been sent; the
/// platforms share the code towards AWS.
const fn sampled_every(platform: Platform, link: Link) -> usize {
    match (platform, link) {
        (Platform::Slack, Link::Platform) => 1,
        (Platform::Slack, Link::Db | Link::Aws) | (_, Link::Platform) => 5,
        (_, Link::Db | Link::Aws) => 13,
    }
}

/// The proxy for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Db,
    Aws,
    Platform,
}

/// One call for a first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Site {
    link: Link,
    class: &'static str,
    occurrence: usize,
}

#[derive(Debug, Clone)]
struct Case {
    platform: Platform,
    site: Site,
    fault: Fault,
    until_redelivery: bool,
}

impl Case {
    /// Whether the worker cannot know that the message was sent: its answer was lost, or the worker died
    /// before it could record it.
    fn may_welcome_twice(&self) -> bool {
        let lost = self.site.link == Link::Platform && self.fault.takes_effect();
        let died = matches!(self.fault, Fault::KillBefore | Fault::KillAfter);
        self.platform != Platform::Slack && (lost || died)
    }
}

fn proxy(world: &World, link: Link) -> &FaultProxy {
    match link {
        Link::Db => &world.to_db,
        Link::Aws => &world.to_aws,
        Link::Platform => &world.to_slack,
    }
}

/// The calls for a first message in fresh processes. They are recorded from a run without faults, so that a
/// new call in the code extends the matrix.
async fn sites(platform: Platform) -> Vec<Site> {
    let mut world = World::on(platform).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.restart();
    assert!(world.work_onboarding().await);
    assert_eq!(world.welcomes(&ada), 1);
    let mut sites = Vec::new();
    for (link, proxy) in [
        (Link::Db, &world.to_db),
        (Link::Aws, &world.to_aws),
        (Link::Platform, &world.to_slack),
    ] {
        for call in proxy.log() {
            sites.push(Site {
                link,
                class: Box::leak(call.class.into_boxed_str()),
                occurrence: call.occurrence,
            });
        }
    }
    sites
}

/// A problem at the end of a case.
enum Trouble {
    /// Our own time limit ended an attempt before or after the fault, as can happen on a busy machine. The
    /// case is run again alone.
    OutOfTime(String),
    /// Something was lost or done twice.
    Wrong(String),
}

impl Trouble {
    fn what(self) -> String {
        match self {
            Self::OutOfTime(what) | Self::Wrong(what) => what,
        }
    }
}

/// Runs one case.
async fn run(case: &Case) -> Result<(), Trouble> {
    let mut world = World::on(case.platform).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.count_from_here();
    let rule = Rule::new(case.site.class, case.fault.clone()).from_call(case.site.occurrence);
    let rule = if case.until_redelivery {
        rule.until_cleared()
    } else {
        rule
    };
    proxy(&world, case.site.link).inject(rule);

    let first = world.try_webhook(&connector, &hello).await;
    world.restart();
    // Slack delivers again unless it got 200, and sometimes even then. The worker runs before that, or in
    // parallel when the fault lasts until then.
    let redelivered = if case.until_redelivery {
        world.work_while_delivered_again(&connector, &hello).await
    } else {
        world.work_onboarding().await;
        world.restart();
        world.try_webhook(&connector, &hello).await
    };
    let fired = world.has_struck();
    if !fired {
        return Err(Trouble::OutOfTime("the fault never fired".to_owned()));
    }
    for proxy in [&world.to_db, &world.to_aws, &world.to_slack] {
        proxy.clear();
    }
    if redelivered != Invoked::Answered(200) && first != Invoked::Answered(200) {
        world.clock.advance(Duration::from_mins(1));
        let last = world.try_webhook(&connector, &hello).await;
        if last != Invoked::Answered(200) {
            return Err(Trouble::OutOfTime(format!(
                "the platform was never told 200: {first:?}, {redelivered:?}, {last:?}"
            )));
        }
    }
    world.settle().await;

    let welcomes = world.welcomes(&ada);
    let requests = world.requests().await;
    let pending = requests
        .iter()
        .filter(|view| view.request.decision.is_none())
        .count();
    let count = requests
        .first()
        .and_then(|view| view.standing.as_ref())
        .map_or(0, |standing| standing.message_count);
    let recorded = requests
        .first()
        .and_then(|view| view.standing.as_ref())
        .and_then(|standing| standing.onboarding_message.clone());
    let named = !case.platform.tells_name(Place::Direct)
        || world
            .rows("USER")
            .first()
            .is_some_and(|user| user["profile"]["display_name"] == "Ada Lovelace");
    let as_often_as_due = welcomes == 1 || welcomes == 2 && case.may_welcome_twice();
    let facts = (
        world.rows("USER").len(),
        world.rows("STANDING#").len(),
        requests.len(),
        pending,
        count,
        as_often_as_due,
        matches!(recorded, Some(SendStatus::Sent { .. })),
        named,
    );
    if facts == (1, 1, 1, 1, 1, true, true, true) {
        world.assert_good_manners();
        Ok(())
    } else {
        Err(Trouble::Wrong(format!(
            "(users, standings, requests, pending, counted, welcomed, recorded, named) = {facts:?}, welcomes {welcomes}"
        )))
    }
}

/// Makes one test per platform.
macro_rules! on_each {
    ($($(#[$doc:meta])* $platform:ident = $key:literal in $folder:ident with $account:ident,)*) => {$(
        mod $folder {
            use super::{Platform, every_fault_at_every_call};

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn no_fault_on_the_way_of_a_first_message_loses_it() {
                every_fault_at_every_call(Platform::$platform).await;
            }
        }
    )*};
}

vestibule_testkit::platforms!(on_each);

async fn every_fault_at_every_call(platform: Platform) {
    let _turn = HEAVY.lock().await;
    let sites = sites(platform).await;
    assert!(sites.len() >= 10, "{sites:?}");
    let faults = [
        Fault::Error500,
        Fault::Throttle,
        Fault::Timeout,
        Fault::TimeoutAfter,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::KillBefore,
        Fault::KillAfter,
        Fault::TransactionConflict,
        Fault::Garbage,
        Fault::GarbageAfter,
        Fault::ExpiredCredentials,
    ];
    let mut cases = Vec::new();
    for site in &sites {
        for fault in &faults {
            let aws_only = matches!(
                fault,
                Fault::TransactionConflict | Fault::ExpiredCredentials
            );
            // A platform's success counts even if its answer cannot be read, so the call is carried out.
            let other_garbage = match site.link {
                Link::Platform => Fault::Garbage,
                Link::Db | Link::Aws => Fault::GarbageAfter,
            };
            if aws_only && site.link == Link::Platform
                || *fault == Fault::TransactionConflict && site.link != Link::Db
                || *fault == other_garbage
            {
                continue;
            }
            for until_redelivery in [false, true] {
                cases.push(Case {
                    platform,
                    site: *site,
                    fault: fault.clone(),
                    until_redelivery,
                });
            }
        }
    }
    let mut tried = Vec::new();
    let cases: Vec<Case> = cases
        .into_iter()
        .enumerate()
        .filter(|(index, case)| {
            let is_new = !tried.contains(&case.fault);
            if is_new {
                tried.push(case.fault.clone());
            }
            is_new || index % proof::scaled(sampled_every(platform, case.site.link), 1) == 0
        })
        .map(|(_, case)| case)
        .collect();
    for site in &sites {
        assert!(cases.iter().any(|case| case.site == *site), "{site:?}");
    }
    for fault in &faults {
        assert!(cases.iter().any(|case| case.fault == *fault), "{fault:?}");
    }
    let troubled: Vec<(&Case, Trouble)> = stream::iter(&cases)
        .map(async |case| {
            let trouble = Box::pin(run(case)).await.err()?;
            Some((case, trouble))
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(async |troubled| troubled)
        .collect()
        .await;
    let mut failures = Vec::new();
    for (case, trouble) in troubled {
        let again = match trouble {
            Trouble::OutOfTime(_) => Box::pin(run(case)).await.err(),
            Trouble::Wrong(_) => Some(trouble),
        };
        failures.extend(again.map(|trouble| format!("{case:?}: {}", trouble.what())));
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_slack_does_not_show_the_history_a_crash_may_welcome_twice_and_never_not_at_all() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    world.slack.fail(FailureRule::until_cleared(
        "conversations.history",
        Failure::Error {
            error: "missing_scope".into(),
        },
    ));
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world
        .to_slack
        .inject(Rule::new("chat.postMessage", Fault::KillAfter));
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 2);
}
