//! More parked conversations than a drain has time for: each gets its turn, and none takes the time of the
//! others (DESIGN §3.5, §3.6).

use crate::{
    breaker::texts,
    lifecycle::attribute,
    outgoing::{say, talking},
    world::{SAID, World},
};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use vestibule_domain::{Clock, Timestamp};
use vestibule_testkit::{TestClock, demo_agent::AgentFailure};

/// The time that passes whenever a worker looks at its clock: about half a second a message.
const STEP: Duration = Duration::from_millis(100);

/// The clock of a worker whose every step takes time.
#[derive(Debug)]
struct SlowClock(TestClock);

#[async_trait]
impl Clock for SlowClock {
    fn now(&self) -> Timestamp {
        self.0.advance(STEP);
        Timestamp::from_millis(self.0.now_ms())
    }

    async fn wait_until(&self, at: Timestamp) {
        self.0.advance_to(at.millis());
    }
}

/// A world whose agent is down, and this many people who each wrote to it, "old 0" and so on.
async fn waiting(count: usize) -> (World, Vec<String>) {
    let (mut world, _) = talking(0).await;
    let down = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(down, None);
    let people: Vec<String> = (0..count)
        .map(|number| world.newcomer(&format!("Person {number}")))
        .collect();
    for (number, person) in people.iter().enumerate() {
        say(&world, person, &format!("old {number}")).await;
    }
    world.work_all().await;
    (world, people)
}

/// Lets one day pass and everybody write again, "new 0" and so on, and then so much time that only what they wrote
/// first has waited too long.
async fn three_days_later(world: &mut World, people: &[String]) {
    world.clock.advance(Duration::from_hours(24));
    for (number, person) in people.iter().enumerate() {
        say(world, person, &format!("new {number}")).await;
    }
    world.work_all().await;
    world.clock.advance(Duration::from_hours(49));
}

/// Lets a drain run, after the longest pause that there is between two, by a worker with a slow clock.
async fn drain_slowly(world: &mut World) {
    world.clock.advance(Duration::from_mins(6));
    let slow: Arc<dyn Clock> = Arc::new(SlowClock(world.clock.clone()));
    let usual = std::mem::replace(&mut world.functions.delivery.clock, slow);
    assert!(world.sweep().await);
    world.work_all().await;
    world.functions.delivery.clock = usual;
}

/// The parked messages.
fn parked(world: &World) -> Vec<Map<String, Value>> {
    let mut rows = world.rows("PARKED#");
    rows.retain(|row| row.contains_key("job"));
    rows
}

/// Writes this row of a parked message with another job.
fn put(world: &World, row: &Map<String, Value>, job: &str) {
    let mut raw: Map<String, Value> = row
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value.clone())))
        .collect();
    raw.insert("job".to_owned(), json!({ "S": job }));
    world.db.put_raw(&Value::Object(raw)).unwrap();
}

/// Number of given up messages with this in their text.
fn given_up(world: &World, text: &str) -> usize {
    let rows = world.rows("GIVEN_UP");
    let jobs = rows.iter().map(|row| row["job"].as_str().unwrap());
    jobs.filter(|job| job.contains(text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_that_have_been_parked_for_long_do_not_keep_those_behind_them_from_being_cleared()
 {
    let (mut world, people) = waiting(20).await;
    three_days_later(&mut world, &people).await;
    drain_slowly(&mut world).await;
    let cleared = given_up(&world, "old ");
    // One drain has time for some of them.
    assert!((1..people.len() / 2).contains(&cleared), "{cleared}");
    for _ in 0..=people.len() / cleared {
        drain_slowly(&mut world).await;
    }
    assert_eq!(given_up(&world, "old "), people.len());
    assert_eq!(given_up(&world, "new "), 0);
    assert_eq!(parked(&world).len(), people.len());

    world.agent.clear_failures();
    world.settle().await;
    let mut arrived = texts(&world);
    arrived.sort_unstable();
    let mut expected: Vec<String> = (0..people.len())
        .map(|number| format!("new {number}"))
        .collect();
    expected.push(SAID.to_owned());
    expected.sort_unstable();
    assert_eq!(arrived, expected);
    assert!(world.rows("PARKED#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_with_many_messages_does_not_take_the_time_of_the_others() {
    let (mut world, people) = waiting(4).await;
    // Whoever comes first in the list writes much more.
    let mut rows = world.rows("PARKED#");
    rows.retain(|row| !row.contains_key("job"));
    rows.sort_by_key(|row| row["sk"].as_str().unwrap().to_owned());
    let first = rows[0]["conversation_id"].as_str().unwrap();
    let of_first = parked(&world)
        .into_iter()
        .find(|row| row["pk"].as_str().unwrap().ends_with(first));
    let job = of_first.unwrap()["job"].as_str().unwrap().to_owned();
    let talker = (0..people.len())
        .find(|number| job.contains(&format!("old {number}")))
        .unwrap();
    for number in 0..30 {
        say(&world, &people[talker], &format!("much {number}.")).await;
    }
    world.work_all().await;
    three_days_later(&mut world, &people).await;

    drain_slowly(&mut world).await;
    assert_eq!(given_up(&world, "old "), people.len());
    let much = given_up(&world, "much ");
    assert!(much <= 15, "{much}");
    for _ in 0..15 {
        drain_slowly(&mut world).await;
    }
    assert_eq!(given_up(&world, "much "), 30);
    assert_eq!(parked(&world).len(), people.len());
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(texts(&world).len(), 1 + people.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_whose_work_always_fails_keeps_nobody_from_the_agent_and_has_no_attempt_counted()
 {
    let (mut world, people) = waiting(3).await;
    let row = parked(&world).remove(0);
    put(&world, &row, "{}");
    world.agent.clear_failures();
    for _ in 0..4 {
        drain_slowly(&mut world).await;
    }
    assert_eq!(texts(&world).len(), people.len());
    let left = parked(&world);
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["attempts"], row["attempts"]);
    put(&world, &row, row["job"].as_str().unwrap());
    world.settle().await;
    assert_eq!(texts(&world).len(), 1 + people.len());
    assert!(world.rows("PARKED#").is_empty());
}
