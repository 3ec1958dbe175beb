//! The cost of an event, function by function, as `tests/costs.json` has it and `make cost` prices it.

use crate::world::World;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

/// If set, the test of the cost model writes the file instead of comparing it.
pub const UPDATE: &str = "UPDATE_COSTS";
/// The queues in the order of the work behind an event, and who works on each.
const QUEUES: [(&str, &str); 6] = [
    ("onboarding", "worker-onboarding"),
    ("inbox.fifo", "worker-delivery"),
    ("outgoing", "worker-outgoing"),
    ("team", "worker-team"),
    ("email", "worker-email"),
    ("routing.fifo", "worker-routing"),
];
/// Longer than any pause between two texts.
const PAUSE: Duration = Duration::from_secs(5);

/// The work of each function for an event.
#[derive(Default)]
pub struct Tally(BTreeMap<String, Step>);

/// The work of one function for it.
#[derive(Default)]
struct Step {
    invocations: u64,
    calls: BTreeMap<String, u64>,
    reads: f64,
    table_writes: f64,
    index_writes: f64,
}

impl Tally {
    /// Counts from here on.
    pub fn begin(world: &World) -> Self {
        world.to_db.measure();
        world.count_from_here();
        Self::default()
    }

    /// Adds an invocation of a function: all calls since the last look.
    pub fn add(&mut self, function: &str, world: &World) {
        let step = self.0.entry(function.to_owned()).or_default();
        step.invocations += 1;
        for call in world.aws_calls() {
            *step.calls.entry(call).or_default() += 1;
        }
        let consumed = world.to_db.consumed();
        step.reads += consumed.reads;
        step.table_writes += consumed.table_writes;
        step.index_writes += consumed.index_writes;
        world.count_from_here();
    }

    /// Lets the workers do all that follows, and adds it.
    pub async fn work(&mut self, world: &World) {
        for _ in 0..3 {
            for (queue, function) in QUEUES {
                world.count_from_here();
                while world.work_on(queue).await {
                    self.add(function, world);
                }
            }
            world.clock.advance(PAUSE);
        }
    }

    /// Brings the search index up to date, and adds it.
    pub async fn index(&mut self, world: &mut World) {
        if !world.index_orders().is_empty() {
            world.count_from_here();
            world.index_all().await;
            self.add("worker-index", world);
        }
    }

    /// The counts by function.
    pub fn counts(self) -> Value {
        let steps = self.0.into_iter().map(|(function, step)| {
            let counts = json!({
                "invocations": step.invocations,
                "calls": step.calls,
                "read_units": step.reads,
                "table_write_units": step.table_writes,
                "index_write_units": step.index_writes,
            });
            (function, counts)
        });
        Value::Object(steps.collect())
    }
}

/// The rows that stay for good, by key; without those that count something, of which a connector has some whoever comes.
pub fn lasting(world: &World) -> BTreeMap<(String, String), Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    let of_key = |row: &Map<String, Value>, name: &str| row[name].as_str().unwrap().to_owned();
    rows.retain(|row| !row.contains_key("expires_at") && !of_key(row, "pk").ends_with("#TALLIES"));
    rows.into_iter()
        .map(|row| ((of_key(&row, "pk"), of_key(&row, "sk")), row))
        .collect()
}

/// The space of these rows, and of their entries in the indexes that have the whole row.
pub fn space<'a>(rows: impl Iterator<Item = &'a Map<String, Value>>) -> Value {
    // DynamoDB adds this to each row and to each entry.
    const OVERHEAD: usize = 100;
    let (mut count, mut bytes, mut entries, mut index_bytes) = (0, 0, 0, 0);
    for row in rows {
        let size = attributes(row) + OVERHEAD;
        count += 1;
        bytes += size;
        let within = ["state_pk", "all_pk"];
        let within = within.iter().filter(|key| row.contains_key(**key)).count();
        entries += within;
        index_bytes += within * size;
    }
    json!({"rows": count, "bytes": bytes, "index_entries": entries, "index_bytes": index_bytes})
}

fn attributes(row: &Map<String, Value>) -> usize {
    row.iter()
        .map(|(name, value)| name.len() + size(value))
        .sum()
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number.to_string().len().div_ceil(2) + 1,
        Value::String(text) => text.len(),
        Value::Array(all) => 3 + all.iter().map(|one| 1 + size(one)).sum::<usize>(),
        Value::Object(fields) => 3 + attributes(fields) + fields.len(),
    }
}

/// The file of counts.
pub fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("costs.json")
}

/// The counts on file.
pub fn on_file() -> Value {
    serde_json::from_str(&fs::read_to_string(file()).unwrap()).unwrap()
}

/// Asserts that the calls since the last look are those that the cost model has for this function and event.
pub fn agrees(world: &World, event: &str, function: &str) {
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for call in world.aws_calls() {
        *calls.entry(call).or_default() += 1;
    }
    let modelled = &on_file()["events"][event][function]["calls"];
    assert_eq!(*modelled, json!(calls), "{event}: {function}");
}
