//! Calls to a subscriber, and the answers that it may give.

use super::{Stage, another, hooks::Reply};
use futures_util::future::join_all;
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::{
    event::delivery::{EventAttempt, EventDeliveryStatus},
    event::subscription::Subscription,
    job::EventJob,
};
use vestibule_edge::batch::Outcome;

const NEW_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const DAY: Duration = Duration::from_hours(24);
const MINUTE: Duration = Duration::from_mins(1);

impl Stage {
    /// The last attempt at the first event of a subscription.
    async fn first_attempt(&self, subscription: &Subscription) -> EventAttempt {
        let mut deliveries = self.world.deliveries_to(subscription).await;
        deliveries.remove(0).last.unwrap()
    }
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn every_subscription_of_the_account_gets_each_event_signed_and_no_other_account_does() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    stage.hook(own, "erp").await;
    stage.hook(another(), "globex").await;
    stage.world.members_leave(own, &["ana", "ben"]).await;
    stage.world.members_leave(another(), &["zoe"]).await;
    stage.work().await;
    for (name, account, numbers) in [
        ("crm", own, vec![1, 2]),
        ("erp", own, vec![1, 2]),
        ("globex", another(), vec![1]),
    ] {
        assert_eq!(stage.hooks.numbers(name), numbers, "{name}");
        assert_eq!(stage.hooks.calls(name), numbers.len(), "{name}");
        assert_eq!(stage.hooks.refused(name), Vec::<&str>::new());
        for event in stage.hooks.taken(name) {
            assert_eq!(event["type"], "member.left", "{event}");
            assert_eq!(event["account_id"], json!(account.account_id()), "{event}");
            assert!(event["data"]["member_id"].is_string(), "{event}");
        }
    }
    let delivered = EventDeliveryStatus::Delivered;
    assert_eq!(stage.statuses(&crm).await, [delivered, delivered]);
    assert!(stage.world.unpublished().is_empty());
    assert!(stage.world.owed().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_come_twice_and_at_once_number_each_event_once_and_call_once() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    let names: Vec<String> = (0..20).map(|number| format!("m{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.world.members_leave(own, &names).await;
    let orders = stage.world.unpublished();
    assert_eq!(orders.len(), 20);
    let world = &stage.world;
    let publish = orders.iter().chain(&orders).map(|order| async move {
        let job = serde_json::to_string(&EventJob::from(*order)).unwrap();
        worker_events::handle(&world.functions.events, &job, 1).await
    });
    join_all(publish).await;
    stage.world.settle().await;
    let deliveries = stage.world.deliveries_to(&crm).await;
    let numbers: Vec<u64> = deliveries
        .iter()
        .map(|delivery| delivery.sequence)
        .collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u64>>());
    let events: BTreeSet<_> = deliveries
        .iter()
        .map(|delivery| delivery.event_id)
        .collect();
    assert_eq!(events.len(), 20);
    assert_eq!(stage.hooks.numbers("crm"), numbers);
    assert_eq!(stage.hooks.calls("crm"), 20);
    // A job that comes late does nothing.
    let job = serde_json::to_string(&EventJob::from(deliveries[0].job())).unwrap();
    let worker = &stage.world.functions.events;
    assert_eq!(worker_events::handle(worker, &job, 1).await, Outcome::Done);
    assert_eq!(stage.hooks.calls("crm"), 20);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_signed_by_the_new_and_the_replaced_secret_while_both_hold_and_none_is_refused() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let mut crm = stage.hook(own, "crm").await;
    stage.world.rotates(&mut crm, NEW_SECRET).await;
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    stage.hooks.verifies_with("crm", NEW_SECRET);
    stage.world.members_leave(own, &["ben"]).await;
    stage.work().await;
    assert_eq!(stage.hooks.signatures("crm"), [2, 2]);
    stage.world.clock.advance(DAY);
    stage.world.members_leave(own, &["cid"]).await;
    stage.work().await;
    assert_eq!(stage.hooks.signatures("crm"), [2, 2, 1]);
    assert_eq!(stage.hooks.refused("crm"), Vec::<&str>::new());
    assert_eq!(stage.hooks.numbers("crm"), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_refusal_and_nobody_follows_it() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    let elsewhere = format!("{}/hooks/elsewhere", stage.hooks.origin());
    stage.hooks.answers("crm", Reply::Redirect(elsewhere));
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    let attempt = stage.first_attempt(&crm).await;
    assert_eq!(attempt.http_status, Some(307));
    assert_eq!(stage.statuses(&crm).await, [EventDeliveryStatus::Waiting]);
    stage.hooks.answers("crm", Reply::Takes);
    stage.world.settle().await;
    assert_eq!(stage.hooks.numbers("crm"), [1]);
    assert_eq!(stage.hooks.calls("elsewhere"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_answer_is_an_answer_and_a_slow_one_is_none() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    let erp = stage.hook(own, "erp").await;
    stage.hooks.answers("crm", Reply::Long);
    stage.hooks.answers("erp", Reply::Never);
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    assert_eq!(stage.statuses(&crm).await, [EventDeliveryStatus::Delivered]);
    assert_eq!(stage.statuses(&erp).await, [EventDeliveryStatus::Waiting]);
    let attempt = stage.first_attempt(&erp).await;
    assert_eq!(attempt.http_status, None);
    assert!(attempt.problem.is_some());
    // The call that took long gave its slot back.
    let health = stage.world.health_of(&erp).await;
    assert!(health.calls.slots.is_empty(), "{health:?}");
    stage.hooks.answers("erp", Reply::Takes);
    stage.world.settle().await;
    assert_eq!(stage.hooks.numbers("erp"), [1]);
    assert_eq!(stage.hooks.calls("crm"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_a_private_address_is_not_kept() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let crm = stage.hook(own, "crm").await;
    stage.hooks.answers("crm", Reply::Status(503));
    stage.world.members_leave(own, &["ana"]).await;
    stage.work().await;
    let attempt = stage.first_attempt(&crm).await;
    assert_eq!(attempt.http_status, Some(503));
    assert_eq!(attempt.answer, None);
    stage.hooks.answers("crm", Reply::Takes);
}

/// SPEC F04.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_address_is_not_called_and_the_deliveries_of_a_deleted_subscription_end() {
    let mut stage = Stage::set().await;
    let own = stage.own();
    let url = "https://169.254.169.254/latest/meta-data".to_owned();
    let inside = stage.world.subscribes(own, "inside", url).await;
    stage.world.members_leave(own, &["ana", "ben"]).await;
    stage.work().await;
    let attempt = stage.first_attempt(&inside).await;
    let problem = attempt.problem.unwrap();
    assert!(problem.starts_with("the address "), "{problem}");
    assert_eq!(attempt.http_status, None);
    assert_eq!(stage.world.deliveries_to(&inside).await.len(), 2);
    stage.world.unsubscribes(&inside).await;
    stage.pass(MINUTE * 2, MINUTE).await;
    assert_eq!(stage.world.deliveries_to(&inside).await, []);
    // An event of later is for nobody.
    stage.world.members_leave(own, &["cid"]).await;
    stage.work().await;
    assert_eq!(stage.world.deliveries_to(&inside).await, []);
    assert!(stage.world.owed().is_empty());
}

/// SPEC F04: SQS serves a group with few jobs before one that has many workers already.
#[tokio::test(flavor = "multi_thread")]
async fn the_jobs_of_each_account_are_a_group_of_their_queue() {
    let mut stage = Stage::set().await;
    let accounts = [stage.own(), another()];
    for scope in accounts {
        stage.hook(scope, "crm").await;
        stage.world.members_leave(scope, &["ana"]).await;
    }
    let groups = accounts.map(|scope| scope.account_id().to_string());
    assert!(stage.world.sweep().await);
    for _ in ["published", "sent"] {
        let jobs = stage.world.aws.messages("events");
        let found: BTreeSet<String> = jobs.into_iter().map(|job| job.group_id.unwrap()).collect();
        assert_eq!(found, groups.clone().into());
        for _ in &groups {
            assert!(stage.world.work_events().await);
        }
    }
    stage.world.settle().await;
}
