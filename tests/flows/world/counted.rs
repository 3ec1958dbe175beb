//! Lines of metrics, of other tests that run in a process of their own: a process either counts for all of its tests, or for
//! none.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};
use vestibule_testkit::cloudwatch::Metrics;

/// The variable of a process whose functions count.
const COUNTS: &str = "VESTIBULE_TEST_COUNTS";

/// Starts a function as Lambda does, if this process is one of [`counted_in`]. From then on, all of its functions count.
pub(super) async fn start_if_counting() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the only way to tell the process what to do"
    )]
    let counts = std::env::var(COUNTS).is_ok();
    if counts {
        // It finds no table in its environment, after it has started its logs.
        let started = vestibule_coldstart::start(|_| Ok(()));
        drop(Box::pin(started).await);
    }
}

/// The values that functions counted in each of these tests.
pub fn counted_in(tests: &[&str]) -> BTreeMap<String, Metrics> {
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .args(tests)
        .env(COUNTS, "yes")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{said}");
    let mut counted: BTreeMap<String, Metrics> = BTreeMap::new();
    let mut running = String::new();
    for line in said.lines() {
        // The name of a test stands before its first line.
        let begun = line.strip_prefix("test ");
        let begun = begun.and_then(|line| line.split_once(" ... "));
        let line = begun.map_or(line, |(_, line)| line);
        if let Some((test, _)) = begun {
            test.clone_into(&mut running);
        }
        let metrics = counted.entry(running.clone()).or_default();
        metrics.read_line(line).unwrap();
    }
    for test in tests {
        assert!(counted.contains_key(*test), "{test} did not run");
    }
    counted
}
