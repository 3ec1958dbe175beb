//! Writers that meet at a row of the quota of new requests: a stranger waits for it, and asks once (SPEC B37, DESIGN §3.8).

use crate::{
    quotas::{five_of_one_row, held_back, limited, other_rows, places_taken, strangers, writes},
    world::{HEAVY, SAID, World},
};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::access::quota::QuotaUse;
use vestibule_testkit::{
    SignedRequest,
    fault_proxy::{Fault, Rule},
    simulator::Platform,
};

const TRANSACTION: &str = "DynamoDB.TransactWriteItems";
const UPDATE: &str = "DynamoDB.UpdateItem";
/// Attempts of the table at one write.
const TABLE_ATTEMPTS: usize = 3;
/// Attempts of a webhook at one message.
const WEBHOOK_ATTEMPTS: usize = 8;

/// One conflict at a row of the connector's quota: the first that a person tries, or a later one.
fn conflict(world: &World, person: &str, place: usize) -> Rule {
    let connector = &world.connector;
    let usage = QuotaUse {
        connector_id: connector.id,
        per_minute: connector.request_limits.new_per_minute,
        chat_user_id: world.chat_user_id(person),
        at: world.now(),
    };
    let row = usage.rows().nth(place).unwrap();
    let key = keys::quota(connector.id, usage.minute(), row.number);
    let fault = Fault::ConflictAt {
        pk: key.pk,
        sk: key.sk,
    };
    Rule::new("DynamoDB.*", fault)
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_whose_row_of_the_quota_is_held_asks_once_as_soon_as_it_is_free() {
    for &platform in Platform::ALL {
        for conflicts in [1, TABLE_ATTEMPTS, 2 * TABLE_ATTEMPTS + 1] {
            let mut world = limited(platform, 60).await;
            let ada = world.newcomer("Ada Lovelace");
            let rule = conflict(&world, &ada, 0);
            world.to_db.inject(rule.times(conflicts));
            assert_eq!(writes(&world, &ada).await, 200, "{platform:?} {conflicts}");
            assert!(!world.to_db.has_pending_rules(), "{platform:?} {conflicts}");
            assert_eq!(places_taken(&world), 1, "{platform:?} {conflicts}");
            world.settle().await;
            let requests = world.requests().await;
            assert_eq!(requests.len(), 1, "{platform:?} {conflicts}");
            assert_eq!(world.welcomes(&ada), 1, "{platform:?} {conflicts}");
            assert!(held_back(&world).await.is_empty(), "{platform:?}");
        }
    }
}

/// SPEC B37. Twilio may not send the message again, so its webhook goes on until its time is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_the_quota_that_stays_held_ends_in_a_503_that_leaves_nothing_and_costs_little() {
    for platform in [Platform::Slack, Platform::Twilio] {
        let mut world = limited(platform, 60).await;
        let connector = world.connector.clone();
        let ada = world.newcomer("Ada Lovelace");
        let hello = world.says(&connector, &ada, SAID);
        let before = other_rows(&world);
        let rule = conflict(&world, &ada, 0);
        world.to_db.inject(rule.until_cleared());
        world.count_from_here();
        assert_eq!(world.webhook(&connector, &hello).await, 503, "{platform:?}");
        let transactions = world.to_db.count(TRANSACTION);
        assert!(transactions > TABLE_ATTEMPTS, "{platform:?}");
        if platform == Platform::Slack {
            let most = TABLE_ATTEMPTS * WEBHOOK_ATTEMPTS;
            assert!(transactions <= most, "{transactions}");
        }
        assert_eq!(other_rows(&world), before, "{platform:?}");
        assert_eq!(places_taken(&world), 0, "{platform:?}");
        assert!(world.aws.messages("onboarding").is_empty(), "{platform:?}");
        world.to_db.clear();
        assert_eq!(world.webhook(&connector, &hello).await, 200, "{platform:?}");
        assert_eq!(places_taken(&world), 1, "{platform:?}");
        world.settle().await;
        assert_eq!(world.requests().await.len(), 1, "{platform:?}");
        assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
    }
}

/// SPEC B37. The fourth person's first row is full.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_their_row_full_waits_for_one_that_is_held_and_has_room() {
    for conflicts in [1, TABLE_ATTEMPTS + 1] {
        let mut world = limited(Platform::Slack, 5).await;
        let people = five_of_one_row(&world);
        for person in &people[..3] {
            assert_eq!(writes(&world, person).await, 200);
        }
        let rule = conflict(&world, &people[3], 1);
        world.to_db.inject(rule.times(conflicts));
        assert_eq!(writes(&world, &people[3]).await, 200, "{conflicts}");
        assert!(!world.to_db.has_pending_rules(), "{conflicts}");
        assert_eq!(places_taken(&world), 4, "{conflicts}");
        world.settle().await;
        assert_eq!(world.requests().await.len(), 4, "{conflicts}");
        assert_eq!(world.welcomes(&people[3]), 1, "{conflicts}");
        assert!(held_back(&world).await.is_empty(), "{conflicts}");
    }
}

/// SPEC B37. The fourth person's first row is full, and the other one is held for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_for_a_place_ends_with_the_attempts_of_its_message() {
    let mut world = limited(Platform::Slack, 5).await;
    let connector = world.connector.clone();
    let people = five_of_one_row(&world);
    for person in &people[..3] {
        assert_eq!(writes(&world, person).await, 200);
    }
    let hello = world.says(&connector, &people[3], SAID);
    let rule = conflict(&world, &people[3], 1);
    world.to_db.inject(rule.until_cleared());
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &hello).await, 503);
    assert_eq!(world.to_db.count(TRANSACTION), 1);
    let most = (1 + TABLE_ATTEMPTS) * WEBHOOK_ATTEMPTS;
    assert!(world.to_db.count(UPDATE) <= most);
    assert_eq!(places_taken(&world), 3);
    world.to_db.clear();
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    assert_eq!(places_taken(&world), 4);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 4);
    assert_eq!(world.welcomes(&people[3]), 1);
}

/// SPEC B37. A quota of 16 has four rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_pays_once_for_each_row_of_a_used_up_quota_and_then_for_none() {
    const ROWS: usize = 4;
    let mut world = limited(Platform::Slack, 16).await;
    let people = strangers(&world, 20);
    for person in &people[..18] {
        assert_eq!(writes(&world, person).await, 200);
    }
    assert_eq!(held_back(&world).await, [2]);
    world.restart();
    world.count_from_here();
    assert_eq!(writes(&world, &people[18]).await, 200);
    assert_eq!(world.to_db.count(TRANSACTION), 1);
    // The last one counts what was held back.
    assert_eq!(world.to_db.count(UPDATE), ROWS + 1);
    for place in 0..ROWS {
        let rule = conflict(&world, &people[19], place);
        world.to_db.inject(rule.until_cleared());
    }
    world.count_from_here();
    for person in &people[16..] {
        assert_eq!(writes(&world, person).await, 200);
    }
    assert_eq!(world.to_db.count(TRANSACTION), 0);
    assert_eq!(world.to_db.count(UPDATE), 4);
    assert!(world.to_db.log().iter().all(|call| call.fault.is_none()));
    assert_eq!(held_back(&world).await, [7]);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 16);
}

/// SPEC B37.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_strangers_who_meet_at_the_rows_exactly_as_many_ask_as_the_limit_says() {
    let _turn = HEAVY.lock().await;
    let mut world = limited(Platform::Slack, 8).await;
    let connector = world.connector.clone();
    let people = strangers(&world, 12);
    for place in 0..2 {
        let rule = conflict(&world, &people[0], place);
        world.to_db.inject(rule.one_in(3));
    }
    let requests: Vec<SignedRequest> = people
        .iter()
        .map(|person| world.says(&connector, person, SAID))
        .collect();
    let requests: Vec<&SignedRequest> = requests.iter().collect();
    assert!(world.storm(&connector, &requests).await);
    let faults = world.to_db.log().into_iter().filter_map(|call| call.fault);
    assert!(faults.count() > 0);
    world.to_db.clear();
    assert_eq!(places_taken(&world), 8);
    world.settle().await;
    assert_eq!(world.requests().await.len(), 8);
    let welcomes: usize = people.iter().map(|person| world.welcomes(person)).sum();
    assert_eq!(welcomes, 8);
    // A message that is delivered again may be counted again.
    let counts = held_back(&world).await;
    assert!(matches!(counts[..], [4..=12]), "{counts:?}");
}
