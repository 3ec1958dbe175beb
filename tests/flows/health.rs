//! The health of the stack, as a monitor outside sees it.

use crate::world::{Answer, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// The answer to a call without a credential.
async fn health(world: &World) -> Answer {
    world.send(("GET", "/v1/health"), Value::Null, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_is_well_tells_anybody_so_with_its_version_and_nothing_else() {
    let world = World::new().await;
    world.count_from_here();
    let answer = health(&world).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.body,
        json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "dependencies": {"table": "ok"},
        })
    );
    assert_eq!(world.aws_calls(), ["DynamoDB.GetItem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_whose_table_refuses_or_hangs_answers_503_within_seconds() {
    let world = World::new().await;
    for fault in [Fault::Error500, Fault::Timeout] {
        let rule = Rule::new("DynamoDB.GetItem", fault).until_cleared();
        world.to_db.inject(rule);
        let asked = Instant::now();
        let answer = health(&world).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
        assert_eq!(answer.body["type"], "/problems/unavailable");
        assert!(asked.elapsed() < Duration::from_secs(10));
        world.to_db.clear();
        assert_eq!(health(&world).await.status, 200);
    }
}
