//! The counts that `make cost` prices.

use crate::{
    tally::{Tally, UPDATE, file, lasting, on_file, space},
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};
use vestibule_domain::access::request::Verdict;
use vestibule_testkit::template::root;

/// Names of events in the cost model.
pub const FIRST: &str = "a stranger's first message";
pub const APPROVAL: &str = "a request approved";
pub const SILENT: &str = "an approved person's message without a reply";
pub const REPLIED: &str = "an approved person's message with one reply";
pub const AGAIN: &str = "the same event again";
/// The sweep that runs each minute.
const SWEEP: &str = "a sweep with nothing to do";

/// A world whose functions have started, and whose project has had somebody approved.
async fn warm() -> World {
    let mut world = World::new().await;
    let grace = world.newcomer("Grace Hopper");
    let connector = world.connector.clone();
    let first = world.says(&connector, &grace, SAID);
    assert_eq!(world.webhook(&connector, &first).await, 200);
    world.settle().await;
    assert_eq!(world.decide(&grace, Verdict::Approve).await.status, 200);
    world.settle().await;
    let next = world.says(&connector, &grace, "And now?");
    assert_eq!(world.webhook(&connector, &next).await, 200);
    world.settle().await;
    world.sweep().await;
    world
}

/// Everything that a message of an approved person causes.
async fn message(world: &mut World, person: &str, text: &str) -> Value {
    let connector = world.connector.clone();
    world.clock.advance(Duration::from_mins(1));
    // Functions that have just read the connector, as busy ones have.
    let earlier = world.says(&connector, person, "Are you there?");
    assert_eq!(world.webhook(&connector, &earlier).await, 200);
    world.work_all().await;
    world.clock.advance(Duration::from_secs(5));
    let message = world.says(&connector, person, text);
    let mut tally = Tally::begin(world);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    tally.add("webhook", world);
    tally.work(world).await;
    tally.index(world).await;
    tally.counts()
}

/// The counts of every event, and the space of what is kept of a person.
async fn counted() -> Value {
    let mut world = warm().await;
    let connector = world.connector.clone();
    let before = lasting(&world);
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&connector, &ada, SAID);

    let mut tally = Tally::begin(&world);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    tally.add("webhook", &world);
    tally.work(&world).await;
    tally.index(&mut world).await;
    let first = tally.counts();

    assert_eq!(world.webhook(&connector, &hello).await, 200);
    let mut tally = Tally::begin(&world);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    tally.add("webhook", &world);
    let again = tally.counts();

    let mut tally = Tally::begin(&world);
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    tally.add("admin-access", &world);
    tally.work(&world).await;
    tally.index(&mut world).await;
    let approval = tally.counts();

    let after = lasting(&world);
    let new = after.iter().filter(|(key, _)| !before.contains_key(*key));
    let person = space(new.map(|(_, row)| row));

    let replied = message(&mut world, &ada, "One").await;
    world.agent.answer_with(json!({"replies": []}));
    let silent = message(&mut world, &ada, "Two").await;

    assert!(world.sweep().await);
    let mut tally = Tally::begin(&world);
    assert!(world.sweep().await);
    tally.add("sweeper", &world);
    let sweep = tally.counts();
    json!({
        "events": {
            FIRST: first,
            AGAIN: again,
            APPROVAL: approval,
            REPLIED: replied,
            SILENT: silent,
            SWEEP: sweep,
        },
        "kept": {"an approved person": person},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_model_has_the_counts_of_the_flows() {
    let counted = counted().await;
    if std::env::var_os(UPDATE).is_some() {
        fs::write(file(), format!("{counted:#}\n")).unwrap();
    }
    let modelled = on_file();
    assert_eq!(
        modelled["events"], counted["events"],
        "tests/costs.json is stale. Write it anew and look at the difference:\n\
         {UPDATE}=1 cargo test -p vestibule-tests --test flows cost_model"
    );
    let of =
        |counts: &Value, what: &str| counts["kept"]["an approved person"][what].as_u64().unwrap();
    for what in ["rows", "index_entries"] {
        assert_eq!(of(&modelled, what), of(&counted, what), "{what}");
    }
    for what in ["bytes", "index_bytes"] {
        // Ports of stand-ins and times are of different lengths.
        let (old, new) = (of(&modelled, what), of(&counted, what));
        assert!(
            old.abs_diff(new) * 20 <= old,
            "{what}: {old}, counted {new}"
        );
    }
}

#[test]
fn the_price_of_each_event_is_made_of_the_counts_on_file() {
    let done = Command::new("python3")
        .arg(root().join("infra/scripts/cost.py"))
        .arg("--json")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(done.status.success());
    let priced: Value = serde_json::from_slice(&done.stdout).unwrap();
    let model = on_file();
    for (event, functions) in model["events"].as_object().unwrap() {
        let counts = &priced["counts"][event];
        let steps = functions.as_object().unwrap();
        let sum = |unit: &str| -> f64 {
            let of_step = |step: &Value| step[unit].as_f64().unwrap();
            steps.values().map(of_step).sum()
        };
        for unit in [
            "read_units",
            "table_write_units",
            "index_write_units",
            "invocations",
        ] {
            let told = counts[unit].as_f64().unwrap();
            assert!((told - sum(unit)).abs() < 1e-9, "{event}: {unit}: {told}");
        }
        let sends: u64 = steps
            .values()
            .filter_map(|step| step["calls"]["SQS.SendMessage"].as_u64())
            .sum();
        assert_eq!(counts["jobs"], sends, "{event}");
        // A job in a queue that keeps an order is sent, received and deleted at that queue's price.
        let in_order = ["worker-delivery", "worker-routing"].map(|worker| steps.get(worker));
        let in_order = in_order.into_iter().flatten();
        let jobs: f64 = in_order
            .map(|step| step["invocations"].as_f64().unwrap())
            .sum();
        let told = counts["fifo_requests"].as_f64().unwrap();
        assert!((told - 3.0 * jobs).abs() < 1e-9, "{event}: {told}");
        let dollars = &priced["dollars"][event];
        let parts = dollars.as_object().unwrap().iter();
        let parts: f64 = parts
            .filter(|(part, _)| *part != "total")
            .map(|(_, dollars)| dollars.as_f64().unwrap())
            .sum();
        assert!(
            (parts - dollars["total"].as_f64().unwrap()).abs() < 1e-6,
            "{event}"
        );
        // A write unit costs 0.625 dollars a million.
        let writes = sum("table_write_units") * 0.625;
        let told = dollars["DynamoDB writes"].as_f64().unwrap();
        assert!(
            (told - writes).abs() < 1e-6,
            "{event}: {told}, not {writes}"
        );
    }
    let number = |of: &Value| of.as_object().unwrap().len();
    assert_eq!(number(&priced["counts"]), number(&model["events"]));
}
