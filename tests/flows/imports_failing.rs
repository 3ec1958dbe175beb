//! Imports that fail, or that somebody ends while they fail (SPEC C61).

use crate::{
    end_users::{add, new_user, text},
    imports::{HEADER, break_off, counts, get, import_path, phone, phones, post, send, start},
    lifecycle::attribute,
    world::World,
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_adapters::dynamo::keys;
use vestibule_domain::ids::EndUserId;
use vestibule_edge::{
    batch::{Outcome, backoff},
    jobs::ATTEMPTS_MAX,
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// Longer than a lease and any wait between two attempts.
const LONG: Duration = Duration::from_mins(6);

/// Sends a file of so many people.
async fn sent(world: &World, token: &str, people: usize) -> Value {
    let rows: Vec<String> = (0..people)
        .map(|number| format!("{},,Ada,,Lovelace,Development\n", phone(number)))
        .collect();
    let file = format!("{HEADER}\n{}", rows.concat());
    send(world, token, file.as_bytes(), 1 << 20, false).await
}

async fn seen(world: &World, token: &str, import: &Value) -> Value {
    let answer = get(world, token, &import_path(world, import)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Gives the worker the job of an import.
async fn attempt(world: &World, import: &Value) {
    let job = json!({
        "job": "import_users", "account_id": world.scope.account_id(),
        "project_id": world.scope.project_id(), "import_id": import["id"],
    });
    let worked = worker_index::handle(&world.functions.index, &job.to_string(), 1).await;
    assert_eq!(worked, Outcome::Done);
}

/// The only import's row.
fn row(world: &World) -> Map<String, Value> {
    let mut rows = world.rows("IMPORT");
    rows.retain(|row| row.contains_key("import_status"));
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

/// Has every read of several rows refused.
fn refuse_reads(world: &World) {
    let body = json!({"__type": "com.amazon.coral.validate#ValidationException", "message": "no"});
    let fault = Fault::Answer {
        status: 400,
        body: body.to_string(),
    };
    let rule = Rule::new("DynamoDB.BatchGetItem", fault);
    world.to_db.inject(rule.until_cleared());
}

async fn cancel(world: &World, token: &str, import: &Value) -> Value {
    let path = format!("{}/cancel", import_path(world, import));
    let asked = post(world, token, &path, Value::Null).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    asked.body
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_goes_no_further_is_given_up_says_why_and_can_be_started_again() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token, 3).await;
    start(&world, &token, &import, Value::Null).await;
    refuse_reads(&world);
    for made in 1..ATTEMPTS_MAX {
        attempt(&world, &import).await;
        let row = row(&world);
        assert_eq!(row["import_status"], "importing");
        assert_eq!(row["attempts"], made);
        let next = world.now().plus(backoff(made)).millis();
        assert_eq!(row["not_before"], next, "attempt {made}");
        world.clock.advance(backoff(made));
    }
    attempt(&world, &import).await;
    world.to_db.clear();
    // The first key ends within the day that the attempts take.
    let token = world.all_powers().await;
    let stopped = seen(&world, &token, &import).await;
    assert_eq!(stopped["status"], "stopped", "{stopped}");
    assert_eq!(stopped["stopped_because"], "given_up");
    let problem = text(&stopped["problems"][0], "message");
    assert!(
        problem.contains("a service refused a call") && problem.contains("start the import again"),
        "{problem}"
    );
    assert!(row(&world).get("outbox_pk").is_none());
    assert!(world.rows("RUNNING").is_empty());
    assert!(!world.rows("PART#").is_empty());
    start(&world, &token, &import, Value::Null).await;
    world.settle().await;
    let done = seen(&world, &token, &import).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(
        (counts(&done), &done["problems"]),
        ([3, 0, 0, 0], &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_count_from_the_last_step_forward() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token, 300).await;
    start(&world, &token, &import, Value::Null).await;
    refuse_reads(&world);
    for made in 1..=3 {
        attempt(&world, &import).await;
        world.clock.advance(backoff(made));
    }
    assert_eq!(row(&world)["attempts"], 3);
    world.to_db.clear();
    break_off(&mut world).await;
    world.clock.advance(LONG);
    refuse_reads(&world);
    attempt(&world, &import).await;
    // The worker that died had planned the second hundred, from which attempts count anew.
    assert_eq!(row(&world)["attempts"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_ended_while_its_planned_rows_fail() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token, 300).await;
    start(&world, &token, &import, Value::Null).await;
    break_off(&mut world).await;
    assert!(!row(&world)["progress"]["batch"].is_null());
    let asked = cancel(&world, &token, &import).await;
    assert_eq!(asked["status"], "importing", "{asked}");
    world.clock.advance(LONG);
    let stored = phones(&world).len();
    refuse_reads(&world);
    attempt(&world, &import).await;
    world.to_db.clear();
    let ended = seen(&world, &token, &import).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    // Who of the second hundred is stored cannot be read.
    assert_eq!(counts(&ended), [100, 0, 0, 0]);
    world.settle().await;
    assert_eq!(phones(&world).len(), stored);
    assert!(world.rows("RUNNING").is_empty());
    assert!(world.rows("PART#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_waits_after_a_failure_ends_at_once_when_somebody_ends_it() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token, 3).await;
    start(&world, &token, &import, Value::Null).await;
    refuse_reads(&world);
    for made in 1..=4 {
        attempt(&world, &import).await;
        world.clock.advance(backoff(made));
    }
    attempt(&world, &import).await;
    world.to_db.clear();
    cancel(&world, &token, &import).await;
    assert!(world.work_index().await);
    let ended = seen(&world, &token, &import).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    assert_eq!(phones(&world).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_user_cannot_be_read_is_a_mistake_and_the_others_are_imported() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    add(&world, &token, new_user(&world, "Ada", &phone(1))).await;
    world.settle().await;
    let mut broken = world.rows("END_USER").remove(0);
    broken.insert("names".to_owned(), json!("no names"));
    let broken: Map<_, _> = broken
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    world.db.put_raw(&Value::Object(broken)).unwrap();
    let import = sent(&world, &token, 3).await;
    start(&world, &token, &import, Value::Null).await;
    attempt(&world, &import).await;
    assert_left_out(&world, &token, &import).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_stored_is_a_mistake_in_the_end_and_the_others_are_imported() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let import = sent(&world, &token, 3).await;
    // Something stands in the place of the second row's user.
    let id = EndUserId::derive(&["imported", text(&import, "id"), "3"]);
    let key = keys::end_user(world.scope, id);
    let in_the_way = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
    world.db.put_raw(&in_the_way).unwrap();
    start(&world, &token, &import, Value::Null).await;
    for made in 1..=4 {
        attempt(&world, &import).await;
        assert_eq!(row(&world)["attempts"], made);
        assert_eq!(row(&world)["import_status"], "importing");
        world.clock.advance(backoff(made));
    }
    attempt(&world, &import).await;
    assert_left_out(&world, &token, &import).await;
}

/// Asserts that an import of three rows is done without the second one.
async fn assert_left_out(world: &World, token: &str, import: &Value) {
    let done = seen(world, token, import).await;
    assert_eq!(done["status"], "done", "{done}");
    assert_eq!(counts(&done), [2, 0, 0, 1]);
    let path = format!("{}/errors", import_path(world, import));
    let mistakes = get(world, token, &path).await.body;
    let mistakes = mistakes["items"].as_array().unwrap();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert_eq!(mistakes[0]["line"], 3);
    assert_eq!(mistakes[0]["rule"], "not_stored");
}
