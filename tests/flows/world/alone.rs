//! A function in a process of its own, whose memory is nobody else's.

use super::{World, wiring::Links};
use serde::{Deserialize, Serialize};
use std::{
    io::Write as _,
    process::{Command, Stdio},
};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::TestClock;

/// The test that is the process.
const PROCESS: &str = "world::alone::the_worker_for_the_index_in_a_process_of_its_own";
/// The variable with its [`Work`].
const WORK: &str = "VESTIBULE_TEST_INDEX_WORK";
/// Begins the line that tells its memory.
const REPORT: &str = "memory in KiB:";

#[derive(Serialize, Deserialize)]
struct Work {
    links: Links,
    now_ms: i64,
    /// A job that finds nothing to do.
    idle: String,
    job: String,
    times: usize,
}

/// Memory of a process, in KiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Resident memory with all connections open, before the work.
    pub idle: u64,
    /// Most resident memory during the work.
    pub peak: u64,
}

impl World {
    /// Lets a new process of `worker-index` do a job some times, after one that finds nothing to do.
    pub async fn memory_of_index_work(&self, job: &str, idle: &str, times: usize) -> Memory {
        let work = Work {
            links: self.links.clone(),
            now_ms: self.clock.now_ms(),
            idle: idle.to_owned(),
            job: job.to_owned(),
            times,
        };
        let work = serde_json::to_string(&work).unwrap();
        let process = move || {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", PROCESS, "--ignored", "--nocapture"])
                .env(WORK, work)
                .stderr(Stdio::inherit())
                .output()
                .unwrap()
        };
        let ended = tokio::task::spawn_blocking(process).await.unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success(), "{said}");
        let report = said.lines().find_map(|line| line.split_once(REPORT));
        let figures: Vec<u64> = report
            .unwrap_or_else(|| panic!("{said}"))
            .1
            .split_whitespace()
            .map(|figure| figure.parse().unwrap())
            .collect();
        let [idle, peak] = figures.try_into().unwrap();
        Memory { idle, peak }
    }
}

#[tokio::test]
#[ignore = "a process that `World::memory_of_index_work` starts"]
async fn the_worker_for_the_index_in_a_process_of_its_own() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only way to tell the process its work"
    )]
    let work = std::env::var(WORK)
        .unwrap_or_else(|_| panic!("only `World::memory_of_index_work` can start this"));
    let work: Work = serde_json::from_str(&work).unwrap();
    let clock = TestClock::at(work.now_ms);
    let (deps, _) = work
        .links
        .function("worker-index", &clock, worker_index::wire);
    let idle = worker_index::handle(&deps, &work.idle, 1).await;
    assert_eq!(idle, Outcome::Done);
    let before = resident("VmRSS");
    // Makes the most of before forgotten (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    for _ in 0..work.times {
        let outcome = worker_index::handle(&deps, &work.job, 1).await;
        assert_eq!(outcome, Outcome::Done);
    }
    let peak = resident("VmHWM");
    writeln!(std::io::stdout(), "\n{REPORT} {before} {peak}").unwrap();
}

/// A figure of this process's memory, in KiB.
fn resident(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
