//! The way of the agent's answers to the person (DESIGN §11): the agent is asked once, its texts go out once
//! and in order, and nothing that a platform does leads back to the agent.

use crate::{
    conversations::{keep_for, put},
    world::{HEAVY, SAID, World},
};
use futures_util::future::{join, join_all};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    demo_agent::AgentFailure,
    fault_proxy::{Fault, Rule},
    proof,
    simulator::{Failure, FailureRule, Platform},
};

/// Slack's call that sends a text.
const POST: &str = "chat.postMessage";

/// A world in which a person already talks to the open connector, and the agent answers every further message
/// with this many texts: the message's own and a number.
pub async fn talking(texts: usize) -> (World, String) {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    world.agent.answer_with_texts(texts);
    (world, ada)
}

/// Lets a person write to the open connector.
pub async fn say(world: &World, person: &str, text: &str) {
    let request = world.says(&world.open, person, text);
    assert_eq!(world.webhook(&world.open, &request).await, 200);
}

/// The texts of the agent's answer to a message.
pub fn answer(message: &str, texts: usize) -> Vec<String> {
    (1..=texts)
        .map(|number| format!("{message} {number}"))
        .collect()
}

/// The texts that the person got since they began to talk.
pub fn told(world: &World, person: &str) -> Vec<String> {
    world.told(person).split_off(1)
}

/// Number of times that the agent was asked about each message.
pub fn asked(world: &World) -> Vec<u32> {
    let deliveries = world.agent.deliveries();
    deliveries
        .iter()
        .map(|delivery| delivery.times_received)
        .collect()
}

/// The messages on record, oldest first.
fn messages(world: &World) -> Vec<Map<String, Value>> {
    let mut rows = world.rows("MESSAGE#");
    rows.sort_by_key(|row| row["sk"].as_str().unwrap().to_owned());
    rows
}

/// Status of the texts on record.
pub fn sent(world: &World) -> Vec<Value> {
    messages(world)
        .into_iter()
        .filter_map(|row| row.get("sending").cloned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_asked_once_however_often_the_platform_fails() {
    let (mut world, ada) = talking(2).await;
    let failure = Failure::Http { status: 503 };
    world.slack.fail(FailureRule::times(POST, failure, 9));
    say(&world, &ada, "one").await;
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 2));
    assert_eq!(asked(&world), [1, 1]);
    assert!(sent(&world).iter().all(|status| status["status"] == "sent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_asked_once_although_the_platform_wants_no_text_for_an_hour() {
    let (mut world, ada) = talking(2).await;
    let limit = Failure::RateLimited {
        retry_after_secs: 3600,
    };
    world.slack.fail_next(POST, limit);
    say(&world, &ada, "one").await;
    world.work_all().await;
    let calls = world.slack.count(POST);
    for _ in 0..58 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep().await;
        world.work_all().await;
    }
    assert_eq!(world.slack.count(POST), calls, "the platform was called");
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 2));
    assert_eq!(asked(&world), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_is_asked_once_although_the_connector_is_deleted_before_its_answer_goes_out() {
    let (mut world, ada) = talking(2).await;
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let token = world.all_powers().await;
    let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let deleted = world
        .call(&token, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    world.restart();
    world.settle().await;
    assert_eq!(told(&world, &ada), Vec::<String>::new());
    assert_eq!(asked(&world), [1, 1]);
    for status in &sent(&world)[1..] {
        assert_eq!(status["status"], "failed");
        assert_eq!(status["class"], "connector");
        assert_eq!(status["reason"], "connector_deleted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_five_texts_goes_out_in_order_although_two_jobs_and_a_sweep_come_at_once() {
    let (mut world, ada) = talking(5).await;
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let job = world.aws.messages("outgoing").remove(0).body;
    // By now the sweep would take the job for lost.
    world.clock.advance(Duration::from_mins(2));
    let functions = &world.functions;
    let work = || worker_outgoing::handle(&functions.outgoing, &job, 1);
    let at_once = join_all([work(), work()]);
    let (outcomes, swept) = join(at_once, sweeper::sweep(&functions.sweeper)).await;
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done]);
    swept.unwrap();
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 5));
    assert_eq!(asked(&world), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_are_added_while_a_conversation_is_being_sent_follow_in_order() {
    let (mut world, ada) = talking(3).await;
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    say(&world, &ada, "two").await;
    let sending = world.aws.messages("outgoing").remove(0).body;
    let added = world.aws.messages("inbox.fifo").remove(0).body;
    let slow = Fault::Delay(Duration::from_millis(200));
    world.to_slack.inject(Rule::new(POST, slow).times(2));
    let functions = &world.functions;
    let outcomes = join(
        Box::pin(worker_outgoing::handle(&functions.outgoing, &sending, 1)),
        Box::pin(worker_delivery::handle(&functions.delivery, &added, 1)),
    )
    .await;
    assert_eq!(outcomes, (Outcome::Done, Outcome::Done));
    world.settle().await;
    let expected = [answer("one", 3), answer("two", 3)].concat();
    assert_eq!(told(&world, &ada), expected);
    assert_eq!(asked(&world), [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_to_two_messages_stay_in_order_when_the_first_has_to_wait() {
    let (mut world, ada) = talking(3).await;
    world.count_from_here();
    let rule = Rule::new(POST, Fault::Error500).from_call(2).times(2);
    world.to_slack.inject(rule);
    for text in ["one", "two"] {
        say(&world, &ada, text).await;
    }
    world.settle().await;
    let expected = [answer("one", 3), answer("two", 3)].concat();
    assert_eq!(told(&world, &ada), expected);
    assert_eq!(asked(&world), [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_not_enqueued_is_made_good_by_the_sweep() {
    let (mut world, ada) = talking(2).await;
    say(&world, &ada, "one").await;
    let down = Rule::new("SQS.SendMessage", Fault::Error500).until_cleared();
    world.to_aws.inject(down);
    assert!(world.work_inbox().await);
    world.to_aws.clear();
    assert!(world.aws.messages("inbox.fifo").is_empty());
    assert!(world.aws.messages("outgoing").is_empty());
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 2));
    assert_eq!(asked(&world), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_record_met_another_writer_is_recorded_without_asking_again() {
    let (mut world, ada) = talking(2).await;
    say(&world, &ada, "one").await;
    let conflict = Rule::new("DynamoDB.TransactWriteItems", Fault::TransactionConflict);
    world.to_db.inject(conflict.times(30));
    assert!(world.work_inbox().await);
    assert!(world.aws.messages("inbox.fifo").is_empty());
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 2));
    assert_eq!(asked(&world), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_had_to_wait_does_not_reach_somebody_who_was_blocked_meanwhile() {
    let (mut world, ada) = talking(1).await;
    let limit = Failure::RateLimited {
        retry_after_secs: 3600,
    };
    world.slack.fail_next(POST, limit);
    say(&world, &ada, "one").await;
    world.work_all().await;
    world.block(&ada).await;
    world.clock.advance(Duration::from_hours(2));
    world.settle().await;
    assert_eq!(told(&world, &ada), Vec::<String>::new());
    let status = sent(&world).pop().unwrap();
    assert_eq!(status["status"], "failed");
    assert_eq!(status["reason"], "access_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_message_that_waited_for_its_agent_does_not_reach_somebody_who_was_blocked_meanwhile()
 {
    let (mut world, ada) = talking(1).await;
    let down = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(down, None);
    say(&world, &ada, "one").await;
    world.work_all().await;
    assert!(!world.rows("PARKED#").is_empty());
    world.block(&ada).await;
    world.agent.clear_failures();
    world.clock.advance(Duration::from_hours(2));
    world.settle().await;
    assert!(world.rows("PARKED#").is_empty());
    assert_eq!(told(&world, &ada), Vec::<String>::new());
    let status = sent(&world).pop().unwrap();
    assert_eq!(status["status"], "failed");
    assert_eq!(status["reason"], "access_ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_met_another_writer_at_its_claim_comes_again_from_the_queue() {
    let (mut world, ada) = talking(1).await;
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let job = world.aws.messages("outgoing").remove(0).body;
    let conflict = Rule::new("DynamoDB.UpdateItem", Fault::TransactionConflict);
    world.to_db.inject(conflict.times(3));
    let worked = worker_outgoing::handle(&world.functions.outgoing, &job, 1).await;
    assert_eq!(worked, Outcome::RETRY);
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_time_is_over_leaves_the_rest_to_the_next() {
    let (mut world, ada) = talking(5).await;
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let job = world.aws.messages("outgoing").remove(0).body;
    let accepted = world.aws.accepted("outgoing");
    world.count_from_here();
    let slow = Fault::Delay(Duration::from_secs(1));
    world.to_slack.inject(Rule::new(POST, slow));
    let late = async {
        world.to_slack.until_call(POST, 1).await;
        world.clock.advance(Duration::from_secs(30));
    };
    let work = worker_outgoing::handle(&world.functions.outgoing, &job, 1);
    let (outcome, ()) = join(work, late).await;
    assert_eq!(outcome, Outcome::Done);
    assert_eq!(told(&world, &ada), answer("one", 1));
    assert_eq!(world.aws.accepted("outgoing"), accepted + 1);
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_cannot_be_sent_for_three_days_is_given_up_and_later_ones_go_out() {
    let (mut world, ada) = talking(2).await;
    let failure = Failure::Http { status: 503 };
    world.slack.fail(FailureRule::until_cleared(POST, failure));
    say(&world, &ada, "one").await;
    world.work_all().await;
    world.clock.advance(Duration::from_hours(73));
    assert!(world.sweep().await);
    world.work_all().await;
    assert!(world.outbox().is_empty());
    for status in &sent(&world)[1..] {
        assert_eq!(status["status"], "failed");
        assert_eq!(status["class"], "gave_up");
    }
    world.slack.clear_failures();
    say(&world, &ada, "two").await;
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("two", 2));
    assert_eq!(asked(&world), [1, 1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_waited_for_three_days_is_not_sent_though_the_platform_is_well_again() {
    let (mut world, ada) = talking(2).await;
    let failure = Failure::Http { status: 503 };
    world.slack.fail(FailureRule::until_cleared(POST, failure));
    say(&world, &ada, "one").await;
    world.work_all().await;
    world.slack.clear_failures();
    world.clock.advance(Duration::from_hours(73));
    world.settle().await;
    assert!(world.outbox().is_empty());
    for status in &sent(&world)[1..] {
        assert_eq!(status["class"], "gave_up");
        assert_eq!(status["reason"], "waited_too_long");
    }
    assert_eq!(told(&world, &ada), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_cannot_be_read_is_kept_as_failed_and_the_later_ones_go_out() {
    for days in [30, 0] {
        let (mut world, ada) = talking(3).await;
        keep_for(&world, days).await;
        let failure = Failure::Http { status: 503 };
        world.slack.fail(FailureRule::until_cleared(POST, failure));
        say(&world, &ada, "one").await;
        world.work_all().await;
        let waits = |row: &Map<String, Value>| {
            row.get("sending")
                .is_some_and(|sending| sending["status"] == "queued")
        };
        let mut waiting = messages(&world);
        waiting.retain(waits);
        let mut row = waiting.remove(1);
        row.insert("at".to_owned(), json!(5));
        put(&world, row.clone());

        world.slack.clear_failures();
        world.settle().await;
        assert!(world.outbox().is_empty());
        assert_eq!(told(&world, &ada), ["one 1", "one 3"]);
        let left = messages(&world);
        assert!(!left.iter().any(waits));
        let left = left.into_iter().find(|other| other["sk"] == row["sk"]);
        let status = left.map(|row| row["sending"]["class"].clone());
        assert_eq!(status, (days > 0).then(|| json!("unreadable")), "{days}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_of_the_sender_that_cannot_be_read_goes_back_to_the_queue() {
    let (mut world, ada) = talking(1).await;
    say(&world, &ada, "one").await;
    let outcome = worker_outgoing::handle(&world.functions.outgoing, "{}", 1).await;
    assert_eq!(outcome, Outcome::RETRY);
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_on_record_both_ways_with_numbers_without_gaps() {
    let (mut world, ada) = talking(2).await;
    say(&world, &ada, "one").await;
    world.settle().await;
    let rows = messages(&world);
    let numbers: Vec<u64> = rows
        .iter()
        .map(|row| row["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let texts: Vec<&str> = rows
        .iter()
        .map(|row| row["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        (texts[0], &texts[2..]),
        (SAID, ["one", "one 1", "one 2"].as_slice())
    );
    let is_sent = |row: &Map<String, Value>| row.get("sending").is_some();
    let outgoing: Vec<bool> = rows.iter().map(is_sent).collect();
    assert_eq!(outgoing, [false, true, false, true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_the_release_before_goes_on_with_the_next_numbers() {
    let (mut world, ada) = talking(2).await;
    let row = world.rows("CONVERSATION").remove(0);
    let of_release_before = json!({
        "pk": {"S": row["pk"]}, "sk": {"S": row["sk"]},
        "connector_id": {"S": row["connector_id"]}, "message_count": {"N": "1"},
        "recent_events": {"L": []}, "version": {"N": "2"},
        "progress": {"M": {"delivery_id": {"S": world.agent.deliveries()[0].webhook_id}, "pieces_sent": {"N": "1"}}},
        "updated_at": {"S": row["updated_at"]},
    });
    world.db.put_raw(&of_release_before).unwrap();
    say(&world, &ada, "one").await;
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 2));
    let delivery = world.agent.deliveries().pop().unwrap();
    assert_eq!(delivery.body["message"]["sequence"], 2);
    let conversation = world.rows("CONVERSATION").remove(0);
    assert_eq!(conversation["message_count"], 2);
    assert_eq!(conversation["message_total"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_keeps_no_history_has_no_text_on_record_once_the_work_is_done() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let path = world.project_path();
    let none = json!({"history_days": 0});
    let changed = world.call(&token, ("PATCH", &path), none, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    world.agent.answer_with_texts(3);
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    assert!(world.work_inbox().await);
    assert_eq!(messages(&world).len(), 3, "the texts wait to be sent");
    world.settle().await;
    assert_eq!(world.told(&ada), answer(SAID, 3));
    assert!(messages(&world).is_empty());
    let rows = json!(world.db.items().unwrap()).to_string();
    assert!(!rows.contains(SAID), "{rows}");
}

/// People who write in turn.
const PEOPLE: usize = 20;
/// Messages in a second.
const MESSAGES_A_SECOND: usize = 5;
/// Texts of an answer.
const TEXTS: usize = 5;
/// Number of times that the rest is worked on, at most.
const DRAIN_MAX: usize = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connector_that_gets_more_answers_than_it_may_send_asks_the_agent_once_a_message() {
    let _turn = HEAVY.lock().await;
    // Twilio's connectors send ten texts a second.
    let mut world = World::on(Platform::Twilio).await;
    world.agent.answer_with_texts(TEXTS);
    let people: Vec<String> = (0..PEOPLE)
        .map(|number| world.newcomer(&format!("Person {number}")))
        .collect();
    let mut expected = vec![Vec::new(); PEOPLE];
    let mut count = 0;
    let begin = world.now();
    let mut swept = begin;
    while count < proof::scaled(3, 600) * MESSAGES_A_SECOND {
        // A worker that waits for its turn moves the clock, by more than a second too.
        let seconds = 1 + usize::try_from(world.now().since(begin).as_secs()).unwrap();
        while count < seconds.min(proof::scaled(3, 600)) * MESSAGES_A_SECOND {
            let (number, text) = (count % PEOPLE, format!("message {count}"));
            say(&world, &people[number], &text).await;
            expected[number].extend(answer(&text, TEXTS));
            count += 1;
        }
        while world.work_onboarding().await || world.work_inbox().await {}
        world.work_outgoing_at_once().await;
        world.clock.advance(Duration::from_secs(1));
        if world.now().since(swept) >= Duration::from_mins(1) {
            assert!(world.sweep().await);
            swept = world.now();
        }
    }
    // The rest goes out at the connector's pace.
    for _ in 0..DRAIN_MAX {
        if world.outbox().is_empty() {
            break;
        }
        world.clock.advance(Duration::from_secs(4));
        assert!(world.sweep().await);
        world.work_outgoing_at_once().await;
    }
    world.settle().await;
    assert_eq!(asked(&world), vec![1; count]);
    for (person, expected) in people.iter().zip(expected) {
        assert_eq!(world.told(person), expected);
    }
    assert!(sent(&world).iter().all(|status| status["status"] == "sent"));
}
