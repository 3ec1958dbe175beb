//! Failures that only delay something: the sweeper makes up for them, and the log tells of them.

use crate::world::{SAID, World};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};
use tracing::{
    Dispatch,
    subscriber::{DefaultGuard, set_default},
};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::fault_proxy::{Fault, Rule};

const READ: &str = "DynamoDB.GetItem";

/// A subscriber of no thread. With one subscriber only, `tracing` asks whichever thread comes by a line first, also that of
/// another test, whether anybody listens, and remembers the answer for all.
static LISTENER: LazyLock<Dispatch> = LazyLock::new(|| {
    let log = tracing_subscriber::fmt().with_writer(io::sink).finish();
    Dispatch::new(log)
});

/// The log of a test.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Begins to take what this thread logs, until the guard is dropped.
    pub fn begin() -> (Self, DefaultGuard) {
        LazyLock::force(&LISTENER);
        let lines = Self::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(move || writer.clone())
            .finish();
        (lines, set_default(log))
    }

    /// All lines.
    pub fn all(&self) -> Vec<Value> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = all.split(|byte| *byte == b'\n');
        lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    }

    /// The lines with this message.
    pub fn with(&self, message: &str) -> Vec<Value> {
        let mut lines = self.all();
        lines.retain(|line| line["message"] == message);
        lines
    }
}

/// A world in which a stranger wrote, and the job of the onboarding worker.
async fn begun() -> (World, String) {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    let job = world.aws.messages("onboarding").remove(0).body;
    world.count_from_here();
    (world, job)
}

/// Does a job, with the log. Nothing of it runs on another thread than the test.
async fn work(world: &World, job: &str) -> Lines {
    let (lines, logging) = Lines::begin();
    let worked = worker_onboarding::handle(&world.functions.onboarding, job, 1).await;
    drop(logging);
    assert_eq!(worked, Outcome::Done);
    lines
}

/// SPEC B41.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_cannot_be_read_for_the_index_is_told_in_the_log_and_the_rest_is_enqueued() {
    let message = "the search index of a linked person is left to the sweeper";
    let (world, job) = begun().await;
    let log = work(&world, &job).await;
    assert!(log.with(message).is_empty());
    // The person is read last.
    let reads = world.to_db.count(READ);
    let indexed = world.aws.messages("index").len();

    let (mut world, job) = begun().await;
    let body = json!({"__type": "com.amazon.coral.validate#ValidationException", "message": "no"});
    let refused = Fault::Answer {
        status: 400,
        body: body.to_string(),
    };
    world
        .to_db
        .inject(Rule::new(READ, refused).from_call(reads));
    let log = work(&world, &job).await;
    let told = log.with(message);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["level"], "WARN");
    let line = told[0].to_string();
    assert!(!line.contains("Ada") && !line.contains(SAID), "{line}");
    assert_eq!(world.aws.messages("index").len(), indexed);
    world.is_indexed_quietly = false;
    world.sweep().await;
    world.work_all().await;
    assert_eq!(world.index_orders(), []);
}
