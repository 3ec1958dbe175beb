//! The outbox at scale (DESIGN §3.4–3.6): each connector gets its share of a sweep, and waiting does not count as
//! failing.
#![expect(
    clippy::print_stdout,
    reason = "figures of the proofs are for whoever runs them"
)]

use crate::{
    lifecycle::{NOTICE, attribute, patch, stranger, world_of},
    world::{HEAVY, SAID, WELCOME, World},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::Verdict,
    connector::ApprovalMode,
    ids::ChatUserId,
    ports::{Limited, Turn},
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof::scaled,
    simulator::Failure,
};

pub const MINUTE: Duration = Duration::from_mins(1);
/// Largest number of jobs of one connector that may be in progress.
const IN_FLIGHT_MAX: usize = sweeper::IN_FLIGHT_MAX;

pub type Row = Map<String, Value>;

/// The number of requests to the platform to post a text or look up a profile.
fn platform_calls(world: &World) -> usize {
    world.to_slack.log().len()
}

/// The row of the only standing.
pub fn standing(world: &World) -> Row {
    world.rows("STANDING#").remove(0)
}

/// Runs the worker until no job is available.
pub async fn work(world: &mut World) {
    while world.work_onboarding().await {}
}

/// Advances a minute: sweeps, then works on the dispatched jobs in the order of their turns.
async fn minute(world: &mut World) {
    world.sweep().await;
    for _ in 0..60 {
        world.clock.advance(Duration::from_secs(1));
        work(world).await;
    }
}

/// Loses every job in the onboarding queue, as if the queue were created anew. Returns their number.
pub fn lose_jobs(world: &World) -> usize {
    let mut lost = 0;
    while let Some(batch) = world.aws.take_batch("onboarding", 10) {
        lost += batch.message_ids.len();
        world.aws.finish_batch(&batch, Some(&json!({})));
    }
    lost
}

/// Copies this row for other people, each with an overdue mark and a pending task without effects, the
/// cheapest job for a worker.
fn pile_up(world: &World, like: &Row, how_many: usize) {
    let lane = like["outbox_due"].as_i64().unwrap() / 100_000_000_000;
    let due = world.now().seconds() - 3600;
    let template: Row = like
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "owes" | "outbox_due" | "attempts"))
        .map(|(name, value)| (name.clone(), attribute(value.clone())))
        .collect();
    for number in 0..how_many {
        let (user, pk) = piled_up(world, number);
        let shard = user.bytes().last().unwrap() % 4;
        let mut row = template.clone();
        for (name, value) in [
            ("pk", json!({ "S": pk })),
            ("chat_user_id", json!({ "S": user })),
            ("owes", json!({"SS": ["related_requests"]})),
            (
                "outbox_pk",
                json!({"S": format!("OUTBOX#onboard_chat_user#{shard}")}),
            ),
            (
                "outbox_due",
                json!({"N": (lane * 100_000_000_000 + due).to_string()}),
            ),
        ] {
            row.insert(name.to_owned(), value);
        }
        world.db.put_raw(&Value::Object(row)).unwrap();
    }
}

/// The id and the partition of one of the copies.
fn piled_up(world: &World, number: usize) -> (String, String) {
    let user = ChatUserId::derive(&["piled up", &number.to_string()]).to_string();
    let (account, project) = (world.scope.account_id(), world.scope.project_id());
    let pk = format!("ACCOUNT#{account}#PROJECT#{project}#USER#{user}");
    (user, pk)
}

/// Deletes the copies, whose people never wrote.
fn clear_away(world: &World, how_many: usize) {
    let sk = format!("STANDING#{}", world.open.id);
    for number in 0..how_many {
        world
            .db
            .delete_raw(&piled_up(world, number).1, &sk)
            .unwrap();
    }
}

/// A world with this many overdue marks at the open connector, and a person with a pending request at the
/// other.
async fn flooded(marks: usize) -> (World, String) {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let open = world.open.clone();
    let grace = world.newcomer("Grace Hopper");
    let hello = world.says(&open, &grace, SAID);
    world.webhook(&open, &hello).await;
    let mut marked = world.rows("STANDING#");
    marked.retain(|row| row["connector_id"] == open.id.to_string());
    pile_up(&world, &marked[0], marks);
    while world.work_inbox().await || world.work_outgoing().await {}
    work(&mut world).await;
    world.count_from_here();
    (world, ada)
}

/// Sweeps and works until no mark is left. Returns the numbers of sweeps and jobs.
async fn drain(
    world: &mut World,
    mut between: impl AsyncFnMut(&mut World, usize),
) -> (usize, usize) {
    let before = world.aws.accepted("onboarding");
    for sweeps in 1..=1000 {
        world.sweep().await;
        let waiting = world.aws.messages("onboarding").len();
        // A job whose enqueueing had no answer is enqueued once more: one in a hundred.
        let doubled = if world.has_struck() {
            IN_FLIGHT_MAX / 50
        } else {
            10
        };
        assert!(
            waiting <= IN_FLIGHT_MAX + doubled,
            "{waiting} jobs in flight"
        );
        between(world, sweeps).await;
        work(world).await;
        world.clock.advance(MINUTE);
        if world.db.is_index_empty("outbox").unwrap() {
            return (sweeps, world.aws.accepted("onboarding") - before);
        }
    }
    panic!("the outbox does not become empty");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_of_one_connector_that_pile_up_are_worked_off_once_each_and_hold_up_nobody() {
    let _turn = HEAVY.lock().await;
    // More than may be in flight at once.
    let marks = scaled(IN_FLIGHT_MAX * 5 / 4, 100_000);
    let (mut world, ada) = flooded(marks).await;
    let grace = stranger(&world, "Grace Hopper the second").await;
    work(&mut world).await;
    let mut told = Vec::new();
    let mut lost = 0;
    let (sweeps, jobs) = drain(&mut world, async |world: &mut World, sweep| {
        match sweep {
            // A notice that is ordered while the connector's jobs wait.
            1 => {
                world.decide(&ada, Verdict::Approve).await;
                work(world).await;
                told = world.told(&ada);
            }
            // Another one whose job is lost, so that only its mark is left, behind all the others.
            2 => {
                lost += lose_jobs(world);
                world.decide(&grace, Verdict::Approve).await;
                lost += lose_jobs(world);
                world.clock.advance(MINUTE + Duration::from_secs(1));
                world.sweep().await;
                work(world).await;
                told.extend(world.told(&grace));
            }
            _ => {}
        }
    })
    .await;
    assert_eq!(told, [WELCOME, NOTICE, WELCOME, NOTICE]);
    println!("{marks} marks: {sweeps} sweeps, {jobs} jobs, {lost} of them lost on the way");
    assert!((jobs - lost) * 10 <= marks * 12, "{jobs} jobs, {lost} lost");
    let standings = world.rows("STANDING#");
    assert!(!standings.iter().any(|row| row.contains_key("owes")));
    clear_away(&world, marks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_failing_call_in_a_hundred_makes_a_sweep_no_slower() {
    let _turn = HEAVY.lock().await;
    let marks = scaled(400, 20_000);
    let mut taken = Vec::new();
    for fault in [None, Some(Fault::Error500), Some(Fault::ResetAfter)] {
        let (mut world, _) = flooded(marks).await;
        if let Some(fault) = &fault {
            for (proxy, service) in [(&world.to_db, "DynamoDB.*"), (&world.to_aws, "SQS.*")] {
                proxy.inject(Rule::new(service, fault.clone()).one_in(100));
            }
        }
        taken.push(drain(&mut world, async |_: &mut World, _| {}).await);
        assert_eq!(world.has_struck(), fault.is_some());
        clear_away(&world, marks);
    }
    println!(
        "{marks} marks: (sweeps, jobs) without failures, with calls that fail, and with lost answers: {taken:?}"
    );
    let (sweeps, jobs) = taken[0];
    for (with_failures, jobs_with_failures) in &taken[1..] {
        assert!(with_failures * 100 <= sweeps * 105, "{taken:?}");
        assert!(jobs_with_failures * 100 <= jobs * 105, "{taken:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_asks_to_wait_for_an_hour_is_left_alone_by_every_copy_of_every_job_of_the_connector()
 {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    limit_for_an_hour(&world);
    let copies = world.aws.take_batch("onboarding", 10).unwrap();
    world.aws.finish_batch(&copies, None);
    world.clock.advance(Duration::from_secs(270));
    world.count_from_here();
    work(&mut world).await;
    assert!(platform_calls(&world) >= 1);
    assert_eq!(standing(&world)["attempts"], 0);
    // Slack does not say that the limit is the connector's, but the next stranger meets it too.
    limit_for_an_hour(&world);
    let kay = stranger(&world, "Kay McNulty").await;
    work(&mut world).await;
    let calls = platform_calls(&world);
    let grace = stranger(&world, "Grace Hopper").await;
    for _ in 0..58 {
        // The platform delivers again, and each time the job is enqueued again.
        world.webhook(&connector, &hello).await;
        minute(&mut world).await;
        assert_eq!(
            platform_calls(&world),
            calls,
            "{:?}",
            world.to_slack.sequence()
        );
    }
    for row in world.rows("STANDING#") {
        assert_eq!(row["attempts"], 0, "{row:?}");
    }
    assert_eq!(world.aws.messages("onboarding"), []);
    world.settle().await;
    for person in [&ada, &kay, &grace] {
        assert_eq!(world.welcomes(person), 1);
    }
    assert_eq!(world.aws.messages("onboarding-dlq").len(), 0);
}

/// Makes Slack refuse the next text and ask for an hour's wait.
fn limit_for_an_hour(world: &World) {
    let limit = Failure::RateLimited {
        retry_after_secs: 3600,
    };
    world.slack.fail_next("chat.postMessage", limit);
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_for_a_platform_however_often_is_never_giving_up() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    // No round counts as an attempt, so the number of rounds matters to the full proof only.
    for round in 0..scaled(20, worker_onboarding::ATTEMPTS_MAX + 5) {
        world.slack.fail_next(
            "chat.postMessage",
            Failure::RateLimited {
                retry_after_secs: 30,
            },
        );
        work(&mut world).await;
        assert_eq!(standing(&world)["attempts"], 0, "round {round}");
        world.clock.advance(Duration::from_secs(31));
        world.sweep().await;
    }
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_asks_to_wait_for_days_is_not_asked_to_take_the_text_for_ever() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    for (hours, status) in [(0, "queued"), (71, "queued"), (2, "failed")] {
        world.clock.advance(Duration::from_hours(hours));
        world.slack.fail_next(
            "chat.postMessage",
            Failure::RateLimited {
                retry_after_secs: 1,
            },
        );
        world.sweep().await;
        work(&mut world).await;
        let message = standing(&world)["onboarding_message"].clone();
        assert_eq!(message["status"], status, "{message}");
    }
    assert_eq!(standing(&world)["onboarding_message"]["class"], "gave_up");
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pace_keeps_a_job_from_the_platform_and_uses_up_no_attempt() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    let interval = MINUTE;
    while !matches!(world.take_turn(interval).await, Turn::Crowded(_)) {}
    world.count_from_here();
    work(&mut world).await;
    assert_eq!(platform_calls(&world), 0);
    assert_eq!(world.aws.messages("onboarding"), []);
    let row = standing(&world);
    assert_eq!(row["attempts"], 0);
    assert!(row["not_before"].as_i64().unwrap() > world.now().millis());
    // Nothing is dispatched early.
    let before = world.aws.accepted("onboarding");
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(10));
        world.sweep().await;
    }
    assert_eq!(world.aws.accepted("onboarding"), before);
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_many_people_at_one_connector_go_out_at_its_pace_with_one_job_each() {
    let mut world = World::new().await;
    let mut people = Vec::new();
    for number in 0..scaled(120, 1_000) {
        people.push(stranger(&world, &format!("Person {number}")).await);
    }
    lose_jobs(&world);
    // Slack accepts twenty texts a second from a connector with a known pace.
    world.take_turn(Duration::from_millis(50)).await;
    let before = world.aws.accepted("onboarding");
    world.clock.advance(MINUTE);
    while !world.outbox().is_empty() {
        minute(&mut world).await;
    }
    let jobs = world.aws.accepted("onboarding") - before;
    println!("{jobs} jobs for {} messages", people.len());
    assert!(jobs * 10 <= people.len() * 12, "{jobs} jobs");
    assert!(people.iter().all(|person| world.welcomes(person) == 1));
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_gets_one_job_of_a_connector_that_has_none_under_way_and_none_of_another() {
    let (mut world, _) = flooded(1100).await;
    assert!(world.sweep().await);
    let waiting = world.aws.messages("onboarding").len();
    assert!(waiting >= 1000, "{waiting}");
    // Two people whose jobs never reach the queue.
    let connector = world.connector.clone();
    world
        .to_aws
        .inject(Rule::new("SQS.SendMessage", Fault::Error500).until_cleared());
    let mut people = Vec::new();
    for name in ["Grace Hopper", "Alan Turing"] {
        let person = world.newcomer(name);
        let hello = world.says(&connector, &person, SAID);
        world.try_webhook(&connector, &hello).await;
        people.push(person);
    }
    world.to_aws.clear();
    world.clock.advance(MINUTE);
    assert_eq!(world.aws.messages("onboarding").len(), waiting);
    assert!(world.sweep().await);
    assert_eq!(world.aws.messages("onboarding").len(), waiting + 1);
    // A second sweep adds none: the connector now has a job under way.
    assert!(world.sweep().await);
    assert_eq!(world.aws.messages("onboarding").len(), waiting + 1);
    world.settle().await;
    assert!(people.iter().all(|person| world.welcomes(person) == 1));
    clear_away(&world, 1100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pace_row_that_cannot_be_read_hides_no_other_connectors_pause() {
    let mut world = World::new().await;
    let (paused, open) = (world.connector.clone(), world.open.clone());
    let (ada, grace) = (
        world.newcomer("Ada Lovelace"),
        world.newcomer("Grace Hopper"),
    );
    for (connector, person) in [(&paused, &ada), (&open, &grace)] {
        let hello = world.says(connector, person, SAID);
        assert_eq!(world.webhook(connector, &hello).await, 200);
    }
    while world.work_inbox().await || world.work_outgoing().await {}
    lose_jobs(&world);
    world.pause(Limited::Texts, Duration::from_hours(1)).await;
    let key = format!("CONNECTOR#{}#PACE", open.id);
    let unreadable = json!({"pk": {"S": key}, "sk": {"S": "PACE"}, "due": {"S": "soon"}});
    world.db.put_raw(&unreadable).unwrap();
    world.clock.advance(MINUTE);
    assert!(world.sweep().await);
    let jobs = world.aws.messages("onboarding");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert!(jobs[0].body.contains(&open.id.to_string()), "{jobs:?}");
    world.db.delete_raw(&key, "PACE").unwrap();
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_copy_of_a_closings_job_goes_through_the_requests_before_it_is_to_be_resumed() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    patch(&world, &connector, json!({"policy": "AllowAll"})).await;
    let job = world.aws.messages("onboarding").remove(0).body;
    work(&mut world).await;
    let closing = world.rows("CLOSING#").remove(0);
    assert!(closing["not_before"].as_i64().unwrap() > world.now().millis());
    world.count_from_here();
    for _ in 0..5 {
        worker_onboarding::handle(&world.functions.onboarding, &job, 1).await;
    }
    assert_eq!(world.aws_calls(), ["DynamoDB.UpdateItem"; 5]);
    world.settle().await;
    assert!(world.rows("CLOSING#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_closed_while_the_platform_accepts_no_texts() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.pause(Limited::Texts, Duration::from_hours(1)).await;
    patch(&world, &connector, json!({"policy": "AllowAll"})).await;
    work(&mut world).await;
    world.clock.advance(MINUTE + Duration::from_secs(2));
    world.sweep().await;
    work(&mut world).await;
    assert!(world.rows("CLOSING#").is_empty());
}
