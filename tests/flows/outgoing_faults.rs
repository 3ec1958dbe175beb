//! No answer of the agent is lost on its way to the person, and nothing is done twice without need (DESIGN §11).
//! Every call of both workers meets every fault: the agent is asked again only if its answer was lost or died with
//! the worker before it was recorded, and a text goes out again only if the worker could not learn or record that it
//! had gone out.

use crate::{
    outgoing::{answer, asked, say, sent, talking, told},
    world::{HEAVY, World},
};
use futures_util::{StreamExt, stream};
use vestibule_testkit::{
    fault_proxy::{Fault, FaultProxy, Rule},
    proof,
};

/// The proxy of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Db,
    Aws,
    Agent,
    Platform,
}

impl Link {
    const ALL: [Self; 4] = [Self::Db, Self::Aws, Self::Agent, Self::Platform];

    fn proxy(self, world: &World) -> &FaultProxy {
        match self {
            Self::Db => &world.to_db,
            Self::Aws => &world.to_aws,
            Self::Agent => &world.to_agent,
            Self::Platform => &world.to_slack,
        }
    }
}

/// One call of a delivery and of sending its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Site {
    link: Link,
    class: &'static str,
    occurrence: usize,
}

impl Site {
    /// Whether the call is the write that records the agent's answer.
    fn records_the_answer(self) -> bool {
        self.is_transaction() && self.occurrence == 1
    }

    /// Whether the call is the write that records a text that went out.
    fn records_a_text(self) -> bool {
        self.is_transaction() && self.occurrence > 1
    }

    fn is_transaction(self) -> bool {
        self.class == "DynamoDB.TransactWriteItems"
    }
}

#[derive(Debug, Clone)]
struct Case {
    site: Site,
    fault: Fault,
    times: usize,
}

impl Case {
    fn kills(&self) -> bool {
        matches!(self.fault, Fault::KillBefore | Fault::KillAfter)
    }

    /// Whether the answer was lost on its way, or died with the worker before it was written.
    fn may_ask_twice(&self) -> bool {
        let lost = self.site.link == Link::Agent && self.fault.takes_effect();
        lost || self.site.records_the_answer() && self.fault == Fault::KillBefore
    }

    /// Whether a text went out and the worker could not learn or record that.
    fn may_send_twice(&self) -> bool {
        let lost = self.site.link == Link::Platform && self.fault.takes_effect();
        lost || self.site.records_a_text() && self.fault == Fault::KillBefore
    }
}

/// A world with a message for the agent, which answers it with two texts, and fresh processes.
async fn with_a_message() -> (World, String) {
    let (mut world, ada) = talking(2).await;
    say(&world, &ada, "one").await;
    world.restart();
    world.count_from_here();
    (world, ada)
}

/// The calls of both workers, recorded from a run without faults, so that a new call extends the matrix.
async fn sites() -> Vec<Site> {
    let (mut world, ada) = with_a_message().await;
    assert!(world.work_inbox().await);
    assert!(world.work_outgoing().await);
    assert_eq!(told(&world, &ada), answer("one", 2));
    let mut sites = Vec::new();
    for link in Link::ALL {
        for call in link.proxy(&world).log() {
            sites.push(Site {
                link,
                class: Box::leak(call.class.into_boxed_str()),
                occurrence: call.occurrence,
            });
        }
    }
    sites
}

fn cases(sites: &[Site]) -> Vec<Case> {
    let mut cases = Vec::new();
    for &site in sites {
        let mut add = |fault: Fault, times| cases.push(Case { site, fault, times });
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            add(fault, 1);
        }
        for fault in [Fault::Error500, Fault::ResetBefore, Fault::ResetAfter] {
            add(fault.clone(), 1);
            if site.link != Link::Agent && site.link != Link::Platform {
                add(fault, 3);
            }
        }
        if site.link == Link::Db {
            add(Fault::TransactionConflict, 1);
            add(Fault::TransactionConflict, 3);
        }
    }
    cases
}

/// Runs one case. The error says what was lost or done twice.
async fn run(case: &Case) -> Result<(), String> {
    let (mut world, ada) = with_a_message().await;
    let rule = Rule::new(case.site.class, case.fault.clone());
    let rule = rule.from_call(case.site.occurrence).times(case.times);
    case.site.link.proxy(&world).inject(rule);
    world.settle().await;
    if !world.has_struck() {
        return Err("the fault never fired".to_owned());
    }
    let asked = asked(&world).pop().unwrap();
    let told = told(&world, &ada);
    let mut once = told.clone();
    once.dedup();
    let conversation = world.rows("CONVERSATION").remove(0);
    let facts = (
        asked == 1 || asked == 2 && case.may_ask_twice(),
        told.len() == 2 || told.len() == 3 && case.may_send_twice(),
        once == answer("one", 2),
        sent(&world).iter().all(|status| status["status"] == "sent"),
        conversation["message_count"] == 2,
        conversation["message_total"] == 5,
    );
    if facts == (true, true, true, true, true, true) {
        Ok(())
    } else {
        Err(format!(
            "(asked, told, in order, recorded, counted, numbered) = {facts:?}, asked {asked} times, told {told:?}"
        ))
    }
}

/// The sample has one in this many of the cases that end no process.
const SAMPLED_EVERY: usize = 5;
/// Number of cases that run at once, since they mostly wait for time-outs.
const CONCURRENCY: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_at_any_call_loses_an_answer_or_asks_or_sends_again_without_need() {
    let _turn = HEAVY.lock().await;
    let sites = sites().await;
    assert!(sites.len() >= 13, "{sites:?}");
    let every = proof::scaled(SAMPLED_EVERY, 1);
    let cases: Vec<Case> = cases(&sites)
        .into_iter()
        .enumerate()
        .filter(|(index, case)| case.kills() || index % every == 0)
        .map(|(_, case)| case)
        .collect();
    let problems: Vec<(&Case, String)> = stream::iter(&cases)
        .map(async |case| {
            let problem = Box::pin(run(case)).await.err()?;
            Some((case, problem))
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(async |problem| problem)
        .collect()
        .await;
    // A busy machine may run out of our own time limits. Such a case passes alone.
    let mut failures = Vec::new();
    for (case, problem) in problems {
        let again = Box::pin(run(case)).await.err();
        failures.extend(again.map(|again| format!("{case:?}: {problem}; again: {again}")));
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases failed:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
