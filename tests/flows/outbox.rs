//! The outbox at scale (DESIGN §3.4–3.6): every connector has its share of a sweep, waiting is no failure, and nothing is
//! enqueued again while its job is under way.

use crate::{
    lifecycle::{NOTICE, stranger, world_of},
    world::{HEAVY, SAID, WELCOME, World},
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access_request::Verdict,
    chat_user::OnboardingMessage,
    connector::ApprovalMode,
    ids::{ChatUserId, ConnectorId},
    ports::Turn,
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof,
    simulator::Failure,
};

const MINUTE: Duration = Duration::from_mins(1);

/// How often the platform was asked to post a text.
fn posts(world: &World) -> usize {
    world.to_slack.count("chat.postMessage")
}

/// The only standing's row.
fn standing(world: &World) -> serde_json::Map<String, Value> {
    world.rows("STANDING#").remove(0)
}

fn attempts(world: &World) -> i64 {
    standing(world)["attempts"].as_i64().unwrap()
}

/// A minute passes: what waits is worked on, then the sweep comes, and what it dispatched is worked on.
async fn minute(world: &mut World) {
    world.clock.advance(MINUTE);
    while world.work_onboarding().await {}
    world.sweep().await;
    while world.work_onboarding().await {}
}

/// Loses the jobs in the onboarding queue.
fn lose_jobs(world: &World) {
    while let Some(batch) = world.aws.take_batch("onboarding", 10) {
        world.aws.finish_batch(&batch, Some(&json!({})));
    }
}

/// The row of somebody who asked for nothing and at whose connector a step without consequences is pending: a mark that
/// costs its worker as little as one can.
fn pile_up(world: &World, connector: ConnectorId, how_many: usize) {
    let template = attributes(standing(world));
    let due = world.now().millis() / 1000 - 60;
    for number in 0..how_many {
        let user = ChatUserId::derive(&["piled up", &number.to_string()]);
        let pk = format!(
            "ACCOUNT#{}#PROJECT#{}#USER#{user}",
            world.scope.account_id(),
            world.scope.project_id()
        );
        let shard = user.to_string().bytes().last().unwrap() % 4;
        let mut row = template.clone();
        for name in ["request_id", "onboarding_message", "lease_id", "lease_until", "attempts", "settled_lease", "approval"] {
            row.remove(name);
        }
        for (name, value) in [
            ("pk", json!({ "S": pk })),
            ("sk", json!({"S": format!("STANDING#{connector}")})),
            ("chat_user_id", json!({"S": user.to_string()})),
            ("connector_id", json!({"S": connector.to_string()})),
            ("request_pending", json!({"BOOL": false})),
            ("owes", json!({"SS": ["related_requests"]})),
            ("outbox_pk", json!({"S": format!("OUTBOX#onboard_chat_user#{shard}")})),
            // The sweep goes by where a mark stands: in the lane that its connector's marks have.
            ("outbox_due", json!({"N": (world.lane(connector) * 100_000_000_000 + due).to_string()})),
        ] {
            row.insert(name.to_owned(), value);
        }
        world.db.put_raw(&Value::Object(row)).unwrap();
    }
}
