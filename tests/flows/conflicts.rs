//! Writers that meet at a row: each tries again after a wait of its own, and nobody outside is told (DESIGN §3.8).
//! The embedded database raises no conflict between transactions, so the fault proxy does.

use crate::world::{SAID, World};
use futures_util::future::{join, join_all};
use vestibule_domain::{access::request::RequestStatus, access::request::Verdict};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::Platform,
};

/// More conflicts in a row than the table itself sits out, so that the caller has to read again.
const LONGER_THAN_THE_TABLE_WAITS: usize = 4;

fn conflict(operation: &str) -> Rule {
    Rule::new(&format!("DynamoDB.{operation}"), Fault::TransactionConflict)
}

/// A world in which Ada's first message was handled.
async fn asked(platform: Platform) -> (World, String) {
    let mut world = World::on(platform).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    (world, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_meets_another_writer_is_made_all_the_same() {
    for verdict in [Verdict::Approve, Verdict::Reject] {
        let (world, ada) = asked(Platform::Slack).await;
        let rule = conflict("TransactWriteItems").times(LONGER_THAN_THE_TABLE_WAITS);
        world.to_db.inject(rule);
        let answer = world.decide(&ada, verdict).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!world.to_db.has_pending_rules());
        let status = world.requests().await[0].request.status();
        let expected = match verdict {
            Verdict::Approve => RequestStatus::Approved,
            Verdict::Reject => RequestStatus::Rejected,
        };
        assert_eq!(status, expected);
    }
}

/// SPEC B30.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_meets_a_burst_of_messages_is_made_once_and_nobody_is_told_of_a_conflict() {
    const BURST: usize = 12;
    for verdict in [Verdict::Approve, Verdict::Reject] {
        let (mut world, ada) = asked(Platform::Slack).await;
        let connector = world.connector.clone();
        let more: Vec<_> = (0..3)
            .map(|i| world.says(&connector, &ada, &format!("Hello again {i}")))
            .collect();
        let rule = conflict("TransactWriteItems").times(BURST);
        world.to_db.inject(rule);
        let deciding = world.decide(&ada, verdict);
        let writing = join_all(more.iter().map(|hello| world.webhook(&connector, hello)));
        let (answer, written) = join(deciding, writing).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!world.to_db.has_pending_rules());
        world.to_db.clear();
        // The platform sends again what a webhook could not take in time.
        for (hello, status) in more.iter().zip(written) {
            if status != 200 {
                assert_eq!(world.webhook(&connector, hello).await, 200);
            }
        }
        world.settle().await;
        let audited = world.rows("").into_iter().filter(|row| {
            let action = row.get("action").and_then(serde_json::Value::as_str);
            action.is_some_and(|action| action.starts_with("access_request."))
        });
        assert_eq!(audited.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_sits_out_fourteen_conflicts_in_a_row() {
    let (world, ada) = asked(Platform::Slack).await;
    world.to_db.inject(conflict("TransactWriteItems").times(14));
    let answer = world.decide(&ada, Verdict::Approve).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(!world.to_db.has_pending_rules());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_record_that_meets_another_writer_is_made_all_the_same() {
    let (world, _) = asked(Platform::Slack).await;
    let token = world.all_powers().await;
    let path = format!("{}/connectors/{}", world.project_path(), world.connector.id);
    let rule = conflict("TransactWriteItems").times(LONGER_THAN_THE_TABLE_WAITS);
    world.to_db.inject(rule);
    let body = serde_json::json!({"name": "Help desk"});
    let answer = world.call(&token, ("PATCH", &path), body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["name"], "Help desk");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_row_is_held_by_a_transaction_waits_for_it_and_sends_once() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let hello = world.says(&connector, &ada, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        world.to_db.inject(conflict("UpdateItem"));
        // One round: the job does not go back to the queue.
        assert!(world.work_onboarding().await);
        assert!(!world.to_db.has_pending_rules(), "{platform:?}");
        assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_onboarding_job_that_met_other_writers_at_its_claim_comes_again_from_the_queue() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    let job = world.aws.messages("onboarding").remove(0).body;
    let rule = conflict("UpdateItem").times(LONGER_THAN_THE_TABLE_WAITS);
    world.to_db.inject(rule);
    let worked = worker_onboarding::handle(&world.functions.onboarding, &job, 1).await;
    assert_eq!(worked, Outcome::RETRY);
    world.to_db.clear();
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_sent_is_not_sent_again_because_its_row_is_held_when_that_is_recorded() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let hello = world.says(&connector, &ada, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200);
        world.count_from_here();
        // The worker claims the row, takes its turn to send, and records what it sent.
        let rule = conflict("UpdateItem").from_call(3);
        world.to_db.inject(rule.times(LONGER_THAN_THE_TABLE_WAITS));
        world.settle().await;
        assert!(!world.to_db.has_pending_rules(), "{platform:?}");
        assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_meets_other_writers_is_taken_at_once_on_every_platform() {
    for &platform in Platform::ALL {
        let (mut world, ada) = asked(platform).await;
        let connector = world.connector.clone();
        let rule = conflict("TransactWriteItems").times(LONGER_THAN_THE_TABLE_WAITS);
        world.to_db.inject(rule);
        let bob = world.newcomer("Bob Kahn");
        let first = world.says(&connector, &bob, SAID);
        assert_eq!(world.webhook(&connector, &first).await, 200, "{platform:?}");
        assert!(!world.to_db.has_pending_rules(), "{platform:?}");
        world.settle().await;
        assert_eq!(world.requests().await.len(), 2, "{platform:?}");
        assert_eq!((world.welcomes(&ada), world.welcomes(&bob)), (1, 1));
    }
}
