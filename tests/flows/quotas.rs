//! The limit on a connector's new requests: how many people it lets ask in a minute, and what is kept of the
//! others' messages (SPEC B37).

use crate::world::{HEAVY, Invoked, SAID, World, take_call};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::access::{
    quota::QuotaUse,
    request::{RequestStatus, Verdict},
};
use vestibule_testkit::{
    SignedRequest,
    fault_proxy::{Fault, Rule},
    lambda_events,
    simulator::Platform,
};

const MINUTE: Duration = Duration::from_mins(1);

/// A world whose connector takes this many new requests a minute.
pub async fn limited(platform: Platform, per_minute: u16) -> World {
    let mut world = World::on(platform).await;
    world
        .change_connector(|connector| connector.request_limits.new_per_minute = per_minute)
        .await;
    world
}

/// People who write for the first time.
pub fn strangers(world: &World, count: usize) -> Vec<String> {
    (0..count)
        .map(|number| world.newcomer(&format!("Person {number}")))
        .collect()
}

/// Lets a person write, and returns the status.
pub async fn writes(world: &World, person: &str) -> u16 {
    let connector = world.connector.clone();
    let hello = world.says(&connector, person, SAID);
    world.webhook(&connector, &hello).await
}

/// The number of messages that each connector held back.
pub async fn held_back(world: &World) -> Vec<u64> {
    let counts = world.held_back().await;
    counts.iter().map(|count| count.messages).collect()
}

/// The rows that are not about the quota itself.
pub fn other_rows(world: &World) -> Vec<serde_json::Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let partition = row["pk"].as_str().unwrap();
        !partition.ends_with("#NEW_REQUESTS")
            && !partition.ends_with("#HELD_BACK")
            && row["sk"] != "OUTGOING_EVENT"
    });
    rows
}

/// SPEC B37. The strangers write to two sandboxes of the function.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_strangers_at_once_exactly_as_many_ask_as_the_limit_says() {
    let _turn = HEAVY.lock().await;
    for (platform, per_minute) in [(Platform::Slack, 20), (Platform::Telegram, 1)] {
        let mut world = limited(platform, per_minute).await;
        let connector = world.connector.clone();
        let people = strangers(&world, 50);
        let requests: Vec<SignedRequest> = people
            .iter()
            .map(|person| world.says(&connector, person, SAID))
            .collect();
        let other = world.replace_process();
        let id = connector.id.to_string();
        let mut waiting: Vec<usize> = (0..people.len()).collect();
        for _ in 0..4 {
            let calls = waiting.iter().map(|number| {
                let sandboxes = [&world.functions.intake, &other.intake];
                let intake = sandboxes[number % 2];
                let event =
                    lambda_events::webhook_call(&requests[*number], world.platform.key(), &id);
                let call = lambda_http::request::from_str(&event.to_string()).unwrap();
                async move { take_call(intake, call).await.status().as_u16() }
            });
            let answers = join_all(calls).await;
            let left = waiting.into_iter().zip(answers);
            waiting = left
                .filter(|(_, status)| *status != 200)
                .map(|(number, _)| number)
                .collect();
        }
        assert!(waiting.is_empty(), "{platform:?}: {waiting:?}");
        world.settle().await;
        let asked = usize::from(per_minute);
        assert_eq!(world.requests().await.len(), asked, "{platform:?}");
        for kind in ["USER", "STANDING#", "PREVIEW"] {
            assert_eq!(world.rows(kind).len(), asked, "{platform:?} {kind}");
        }
        let welcomes: usize = people.iter().map(|person| world.welcomes(person)).sum();
        assert_eq!(welcomes, asked, "{platform:?}");
        // A message that was not answered in time is delivered again, and counted again.
        let counts = held_back(&world).await;
        assert_eq!(counts.len(), 1, "{platform:?}");
        let others = u64::try_from(people.len() - asked).unwrap();
        assert!(
            (others..=50).contains(&counts[0]),
            "{platform:?}: {counts:?}"
        );
    }
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_held_back_leaves_nothing_but_a_count_and_asks_like_any_stranger_a_minute_later()
 {
    for &platform in Platform::ALL {
        let mut world = limited(platform, 1).await;
        let people = strangers(&world, 2);
        assert_eq!(writes(&world, &people[0]).await, 200, "{platform:?}");
        let (before, jobs) = (other_rows(&world), world.aws.messages("onboarding").len());
        let since = world.now();
        assert_eq!(writes(&world, &people[1]).await, 200, "{platform:?}");
        let mut rows = other_rows(&world);
        if platform == Platform::Twilio {
            // Its requests stay authentic for ever, so the event is remembered: it must not ask later.
            rows.retain(|row| row["sk"] != "EVENT" || before.contains(row));
        }
        assert_eq!(rows, before, "{platform:?}");
        assert_eq!(world.aws.messages("onboarding").len(), jobs, "{platform:?}");
        assert_eq!(held_back(&world).await, [1], "{platform:?}");
        assert_eq!(world.held_back().await[0].since, since, "{platform:?}");

        world.clock.advance(MINUTE);
        assert_eq!(writes(&world, &people[1]).await, 200, "{platform:?}");
        world.settle().await;
        let requests = world.requests().await;
        assert_eq!(requests.len(), 2, "{platform:?}");
        assert_eq!(world.welcomes(&people[1]), 1, "{platform:?}");
        assert_eq!(held_back(&world).await, [1], "{platform:?}");
    }
}

/// SPEC B37. A captured request of Twilio's stays authentic for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_captured_request_that_was_held_back_asks_for_nothing_later() {
    let mut world = limited(Platform::Twilio, 1).await;
    let connector = world.connector.clone();
    let people = strangers(&world, 2);
    assert_eq!(writes(&world, &people[0]).await, 200);
    let captured = world.says(&connector, &people[1], SAID);
    assert_eq!(world.webhook(&connector, &captured).await, 200);
    world.clock.advance(MINUTE);
    assert_eq!(world.webhook(&connector, &captured).await, 200);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 1);
    assert_eq!(held_back(&world).await, [1]);
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_person_uses_the_limit_once_however_many_messages_they_write() {
    let _turn = HEAVY.lock().await;
    let mut world = limited(Platform::Slack, 2).await;
    let connector = world.connector.clone();
    let people = strangers(&world, 3);
    let first: Vec<SignedRequest> = (0..20)
        .map(|number| world.says(&connector, &people[0], &format!("{SAID} {number}")))
        .collect();
    let twice: Vec<&SignedRequest> = first.iter().chain(&first).collect();
    assert!(world.storm(&connector, &twice).await);
    for person in &people[1..] {
        assert_eq!(writes(&world, person).await, 200);
    }
    world.settle().await;
    let askers: BTreeSet<_> = world
        .requests()
        .await
        .iter()
        .map(|view| view.request.chat_user_id)
        .collect();
    let expected: BTreeSet<_> = people[..2]
        .iter()
        .map(|person| world.chat_user_id(person))
        .collect();
    assert_eq!(askers, expected);
    assert_eq!(held_back(&world).await, [1]);
}

/// SPEC B37, X01.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_while_it_makes_the_request_takes_nobodys_place() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        let mut world = limited(Platform::Slack, 1).await;
        let people = strangers(&world, 2);
        dies_and_asks_again(
            &mut world,
            &people[0],
            ("TransactWriteItems", fault.clone(), 1),
        )
        .await;
        assert_eq!(writes(&world, &people[1]).await, 200);
        world.settle().await;
        assert_eq!(world.requests().await.len(), 1, "{fault:?}");
        assert_eq!(world.welcomes(&people[0]), 1, "{fault:?}");
        assert_eq!(held_back(&world).await, [1], "{fault:?}");
    }
}

/// Lets a person write to a function that a fault kills at this call, and then to the next one.
async fn dies_and_asks_again(
    world: &mut World,
    person: &str,
    (operation, fault, call): (&str, Fault, usize),
) {
    let connector = world.connector.clone();
    let hello = world.says(&connector, person, SAID);
    world.count_from_here();
    let rule = Rule::new(&format!("DynamoDB.{operation}"), fault.clone());
    world.to_db.inject(rule.from_call(call));
    let died = world.try_webhook(&connector, &hello).await;
    assert_eq!(died, Invoked::Killed, "{operation} {fault:?} {call}");
    let again = world.try_webhook(&connector, &hello).await;
    assert_eq!(
        again,
        Invoked::Answered(200),
        "{operation} {fault:?} {call}"
    );
}

/// People who begin at the same row of a quota of five, which has room for three.
pub fn five_of_one_row(world: &World) -> Vec<String> {
    let begins_at_the_larger_row = |person: &String| {
        let usage = QuotaUse {
            connector_id: world.connector.id,
            per_minute: 5,
            chat_user_id: world.chat_user_id(person),
            at: world.now(),
        };
        usage.rows().next().unwrap().share == 3
    };
    let mut people = strangers(world, 60);
    people.retain(begins_at_the_larger_row);
    people.truncate(5);
    assert_eq!(people.len(), 5);
    people
}

/// The number of people in all rows of quotas.
pub fn places_taken(world: &World) -> usize {
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| row["pk"].as_str().unwrap().ends_with("#NEW_REQUESTS"));
    let people = rows.iter().map(|row| row["people"].as_array().unwrap());
    people.map(Vec::len).sum()
}

/// SPEC B37. The fourth person's first row is full, and another one has room.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_their_row_full_takes_a_place_in_another_one_also_after_a_crash() {
    for (operation, fault, call) in [
        ("TransactWriteItems", Fault::KillBefore, 1),
        ("TransactWriteItems", Fault::KillAfter, 1),
        ("UpdateItem", Fault::KillAfter, 1),
        ("UpdateItem", Fault::KillBefore, 2),
        ("UpdateItem", Fault::KillAfter, 2),
        ("TransactWriteItems", Fault::KillBefore, 2),
        ("TransactWriteItems", Fault::KillAfter, 2),
    ] {
        let mut world = limited(Platform::Slack, 5).await;
        let people = five_of_one_row(&world);
        for person in &people[..3] {
            assert_eq!(writes(&world, person).await, 200);
        }
        world.restart();
        let case = (operation, fault, call);
        dies_and_asks_again(&mut world, &people[3], case.clone()).await;
        assert_eq!(places_taken(&world), 4, "{case:?}");
        world.settle().await;
        assert_eq!(world.requests().await.len(), 4, "{case:?}");
        assert_eq!(world.welcomes(&people[3]), 1, "{case:?}");
        assert_eq!(held_back(&world).await, [0_u64; 0], "{case:?}");
    }
}

/// SPEC B37. A function that knows of a full row does not try it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_tries_a_full_row_with_one_request_alone() {
    let mut world = limited(Platform::Slack, 5).await;
    let people = five_of_one_row(&world);
    for person in &people[..3] {
        assert_eq!(writes(&world, person).await, 200);
    }
    let asking = [
        "DynamoDB.BatchGetItem",
        "DynamoDB.TransactWriteItems",
        "DynamoDB.UpdateItem",
        "DynamoDB.UpdateItem",
        "DynamoDB.TransactWriteItems",
        "SQS.SendMessage",
    ];
    world.count_from_here();
    assert_eq!(writes(&world, &people[3]).await, 200);
    assert_eq!(world.aws_calls(), asking);
    world.count_from_here();
    assert_eq!(writes(&world, &people[4]).await, 200);
    let knowing = [asking[0], asking[2], asking[3], asking[4], asking[5]];
    assert_eq!(world.aws_calls(), knowing);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 5);
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_limit_holds_back_nobody_who_asks_for_nothing_new_and_no_other_connector() {
    let mut world = limited(Platform::Slack, 1).await;
    let people = strangers(&world, 3);
    assert_eq!(writes(&world, &people[0]).await, 200);
    world.decide(&people[0], Verdict::Approve).await;
    world.clock.advance(MINUTE);
    for person in [&people[1], &people[2], &people[0], &people[1]] {
        assert_eq!(writes(&world, person).await, 200);
    }
    assert_eq!(held_back(&world).await, [1]);
    let open = world.open.clone();
    let hello = world.says(&open, &people[2], SAID);
    assert_eq!(world.webhook(&open, &hello).await, 200);
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), 2);
    let pending = requests
        .iter()
        .find(|view| view.request.status() == RequestStatus::Pending)
        .unwrap();
    assert_eq!(pending.request.chat_user_id, world.chat_user_id(&people[1]));
    assert_eq!(pending.standing.as_ref().unwrap().message_count, 2);
    assert_eq!(world.agent.deliveries().len(), 2);
}

/// SPEC B37, U212.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_held_back_is_shown_for_a_day_and_then_counted_anew() {
    let mut world = limited(Platform::Slack, 1).await;
    let people = strangers(&world, 3);
    for person in &people {
        assert_eq!(writes(&world, person).await, 200);
    }
    let begun = world.now();
    assert_eq!(held_back(&world).await, [2]);
    world.clock.advance(Duration::from_hours(23));
    assert_eq!(writes(&world, &people[1]).await, 200);
    assert_eq!(writes(&world, &people[2]).await, 200);
    assert_eq!(held_back(&world).await, [3]);
    assert_eq!(world.held_back().await[0].since, begun);
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(held_back(&world).await, [0_u64; 0]);
    let later = strangers(&world, 2);
    for person in &later {
        assert_eq!(writes(&world, person).await, 200);
    }
    assert_eq!(held_back(&world).await, [1]);
    assert_eq!(world.held_back().await[0].since, world.now());
    world.settle().await;
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_beyond_the_limit_costs_one_read_and_one_update_a_message() {
    let world = limited(Platform::Slack, 1).await;
    for person in strangers(&world, 3) {
        assert_eq!(writes(&world, &person).await, 200);
    }
    let next = world.newcomer("Ada Lovelace");
    world.count_from_here();
    assert_eq!(writes(&world, &next).await, 200);
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "DynamoDB.UpdateItem"]
    );
}

/// SPEC B37, B41, U212.
#[tokio::test(flavor = "multi_thread")]
async fn the_counts_of_requests_name_the_connectors_that_held_back() {
    let mut world = limited(Platform::Slack, 1).await;
    for person in strangers(&world, 3) {
        assert_eq!(writes(&world, &person).await, 200);
    }
    let since = world.now();
    let path = format!("{}/access-requests/counts", world.project_path());
    let shown = async |world: &World| {
        let token = world.all_powers().await;
        let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["held_back"].clone()
    };
    let expected = json!([{
        "connector_id": world.connector.id, "connector_name": world.connector.name,
        "limit_per_minute": 1, "messages": 2, "since": since,
    }]);
    assert_eq!(shown(&world).await, expected);
    world.settle().await;
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(shown(&world).await, json!([]));
}
