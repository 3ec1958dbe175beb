//! Jobs whose sweep or worker fails, or that come twice: none is lost, and none has its effects twice (DESIGN §3.4).

use crate::{
    lifecycle::{attribute, stranger},
    outbox::{MINUTE, Row, lose_jobs, standing, work},
    world::{SAID, World},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::ids::ConnectorId;
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof::scaled,
    simulator::Failure,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_finds_another_copy_at_work_is_acknowledged_and_uses_up_no_attempt() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    join_all((0..4).map(|_| world.webhook(&connector, &hello))).await;
    assert_eq!(world.aws.messages("onboarding").len(), 5);
    world.to_slack.inject(Rule::new(
        "chat.postMessage",
        Fault::Delay(Duration::from_millis(300)),
    ));
    assert!(world.work_onboarding().await);
    assert_eq!(world.aws.messages("onboarding"), []);
    assert_eq!(world.welcomes(&ada), 1);
    assert!(world.outbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_enqueued_again_while_its_job_waits_or_is_in_work() {
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    lose_jobs(&world);
    let before = world.aws.accepted("onboarding");
    for _ in 0..15 {
        world.clock.advance(MINUTE);
        world.sweep().await;
    }
    assert_eq!(world.aws.accepted("onboarding") - before, 1);
    // The worker dies, and the queue redelivers the job before the sweep considers it lost.
    world
        .to_slack
        .inject(Rule::new("chat.postMessage", Fault::KillBefore));
    work(&mut world).await;
    for _ in 0..2 {
        world.clock.advance(MINUTE);
        world.sweep().await;
        work(&mut world).await;
    }
    assert_eq!(world.aws.accepted("onboarding") - before, 1);
    world.settle().await;
    assert_eq!(world.aws.accepted("onboarding") - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_fails_at_any_call_loses_nothing_and_doubles_no_message() {
    // The calls of a sweep, recorded from a run without faults.
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    lose_jobs(&world);
    world.clock.advance(MINUTE);
    world.count_from_here();
    assert!(world.sweep().await);
    let (db, aws) = (world.to_db.log(), world.to_aws.log());
    assert!(db.len() > 4 && aws.len() == 2, "{db:?} {aws:?}");
    let mut sites: Vec<(bool, String, usize)> = Vec::new();
    for (is_db, calls) in [(true, db), (false, aws)] {
        for call in calls {
            // Partitions are read in parallel, so the first call stands for all.
            if call.class != "DynamoDB.Query" || call.occurrence == 1 {
                sites.push((is_db, call.class, call.occurrence));
            }
        }
    }
    let mut cases = Vec::new();
    for (is_db, class, occurrence) in &sites {
        for fault in [
            Fault::Error500,
            Fault::ResetBefore,
            Fault::ResetAfter,
            Fault::KillBefore,
            Fault::KillAfter,
            Fault::TransactionConflict,
        ] {
            if fault == Fault::TransactionConflict && !is_db {
                continue;
            }
            for times in [1, 3] {
                let rule = Rule::new(class, fault.clone())
                    .from_call(*occurrence)
                    .times(times);
                let case = format!("{fault:?} {times} times at {class} {occurrence}");
                cases.push((*is_db, rule, case));
            }
        }
    }
    // A call has ten or twelve cases. With seven, each call meets other faults than the one before it.
    for (is_db, rule, case) in cases.into_iter().step_by(scaled(7, 1)) {
        let mut world = World::new().await;
        let ada = stranger(&world, "Ada Lovelace").await;
        lose_jobs(&world);
        world.clock.advance(MINUTE);
        world.count_from_here();
        let before = world.aws.accepted("onboarding");
        let proxy = if is_db { &world.to_db } else { &world.to_aws };
        proxy.inject(rule);
        world.sweep().await;
        assert!(world.has_struck(), "{case}");
        world.to_db.clear();
        world.to_aws.clear();
        world.settle().await;
        assert_eq!(world.welcomes(&ada), 1, "{case}");
        let jobs = world.aws.accepted("onboarding") - before;
        assert!((1..=3).contains(&jobs), "{case}: {jobs} jobs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_whose_dispatch_has_no_answer_goes_back_and_is_dispatched_by_the_next_sweep() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    lose_jobs(&world);
    world.clock.advance(MINUTE);
    let waiting = world.outbox();
    let before = world.aws.accepted("onboarding");
    world.count_from_here();
    // Every attempt of the update takes effect or finds it done, and none is answered.
    world
        .to_db
        .inject(Rule::new("DynamoDB.UpdateItem", Fault::ResetAfter).times(3));
    assert!(!world.sweep().await);
    assert!(world.has_struck());
    assert_eq!(world.aws.accepted("onboarding"), before);
    let places = |rows: &[Row]| -> Vec<(Value, Value)> {
        rows.iter()
            .map(|row| (row["outbox_pk"].clone(), row["outbox_due"].clone()))
            .collect()
    };
    assert_eq!(places(&world.outbox()), places(&waiting));
    assert!(world.sweep().await);
    assert_eq!(world.aws.accepted("onboarding"), before + 1);
    work(&mut world).await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_it_puts_a_job_off_or_waits_loses_nothing() {
    for (class, occurrence) in [
        ("DynamoDB.UpdateItem", 1),
        ("DynamoDB.UpdateItem", 2),
        ("DynamoDB.UpdateItem", 3),
    ] {
        for fault in [
            Fault::KillBefore,
            Fault::KillAfter,
            Fault::ResetAfter,
            Fault::Error500,
        ] {
            let mut world = World::new().await;
            let ada = stranger(&world, "Ada Lovelace").await;
            world.slack.fail_next(
                "chat.postMessage",
                Failure::RateLimited {
                    retry_after_secs: 600,
                },
            );
            world.count_from_here();
            let rule = Rule::new(class, fault.clone()).from_call(occurrence);
            world.to_db.inject(rule);
            work(&mut world).await;
            let case = format!("{fault:?} at {class} {occurrence}");
            assert!(world.has_struck(), "{case}");
            world.settle().await;
            assert_eq!(world.welcomes(&ada), 1, "{case}");
            assert_eq!(world.aws.messages("onboarding-dlq").len(), 0, "{case}");
        }
    }
}

/// The first receive may have ended with its worker. Only a message that goes back to the queue can become
/// a dead letter.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_received_again_while_its_row_is_held_waits_in_the_queue() {
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    let job = world.aws.messages("onboarding").remove(0).body;
    let held = world.now().plus(Duration::from_secs(40)).millis();
    let mut row: Row = standing(&world)
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    row.insert(
        "owes".to_owned(),
        json!({"SS": ["onboarding_message", "profile"]}),
    );
    row.insert(
        "lease_id".to_owned(),
        json!({"S": ConnectorId::derive(&["another"]).to_string()}),
    );
    row.insert("lease_until".to_owned(), json!({"N": held.to_string()}));
    world.db.put_raw(&Value::Object(row)).unwrap();
    let deps = &world.functions.onboarding;
    let again = worker_onboarding::handle(deps, &job, 2).await;
    let after = Some(Duration::from_secs(40));
    assert_eq!(again, Outcome::Retry { after });
    assert_eq!(
        worker_onboarding::handle(deps, &job, 1).await,
        Outcome::Done
    );
    world.clock.advance(Duration::from_secs(41));
    work(&mut world).await;
    world.settle().await;
}
