//! Orders to redrive: each is carried out once, whoever repeats it and wherever it is broken off.

use crate::{
    given_up::{assert_redriven, path, redrive, refuse, refused, taken, unsent},
    outgoing::{answer, asked, say, talking, told},
    world::{HEAVY, SAID},
};
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof,
    simulator::Failure,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_given_twice_or_by_two_at_once_is_carried_out_once() {
    let (mut world, ada) = refused(&["one", "two", "three"]).await;
    let world_ref = &world;
    let orders = ["a", "b", "a", "b"].map(|key| async move {
        let headers = [("idempotency-key", key)];
        redrive(world_ref, json!({"all": true}), &headers).await
    });
    let mut redriven = 0;
    for answer in join_all(orders).await {
        assert_eq!(answer.status, 202, "{}", answer.body);
        redriven = redriven.max(answer.body["redriven"].as_u64().unwrap());
    }
    assert!(redriven > 0);
    world.settle().await;
    assert_eq!(taken(&world), [SAID, "one", "two", "three"]);
    assert_eq!(asked(&world), [1; 4]);
    assert_eq!(told(&world, &ada).len(), 3);
    let again = redrive(&world, json!({"all": true}), &[("idempotency-key", "a")]).await;
    assert_eq!(again.status, 202);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let id = world.open.id.to_string();
    let other = json!({"connector_id": id});
    let refused = redrive(&world, other, &[("idempotency-key", "a")]).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/idempotency-key-reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_in_the_audit_log_once_with_what_it_is_about() {
    let (mut world, _) = refused(&["one"]).await;
    for _ in 0..2 {
        let headers = [("idempotency-key", "a")];
        assert_redriven(&redrive(&world, json!({"all": true}), &headers).await, 1, 0);
    }
    world.settle().await;
    let mut entries = world.rows("");
    entries.retain(|row| row.get("action") == Some(&json!("project.deliveries_redriven")));
    assert_eq!(entries.len(), 1, "{entries:?}");
    let project = world.scope.project_id();
    assert_eq!(entries[0]["target"], format!("project:{project}"));
    assert_eq!(entries[0]["after"]["all"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_redriven_by_one_order_in_the_order_in_which_they_were_given_up() {
    let count = proof::scaled(60_usize, 300);
    let texts: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    let (mut world, ada) = talking(1).await;
    refuse(&world, u32::try_from(count).unwrap());
    for text in &texts {
        say(&world, &ada, text).await;
        world.clock.advance(Duration::from_secs(1));
        world.work_all().await;
    }
    let mut redriven = 0;
    loop {
        let headers = [("idempotency-key", "a")];
        let answer = redrive(&world, json!({"all": true}), &headers).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        assert!(answer.body["redriven"].as_u64() >= Some(redriven));
        redriven = answer.body["redriven"].as_u64().unwrap();
        if answer.body["has_more"] == false {
            break;
        }
    }
    assert_eq!(redriven, u64::try_from(count).unwrap());
    world.settle().await;
    assert_eq!(taken(&world)[1..], texts);
}

/// An order that is broken off anywhere is repeated with its key, and loses and repeats nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_broken_off_loses_nothing_and_repeats_nothing() {
    let _turn = HEAVY.lock().await;
    let classes = [
        ("DynamoDB.TransactWriteItems", 1),
        ("DynamoDB.TransactWriteItems", 2),
        ("DynamoDB.TransactWriteItems", 3),
        ("DynamoDB.Query", 1),
        ("DynamoDB.UpdateItem", 1),
        ("SQS.SendMessage", 1),
    ];
    let faults = [
        Fault::Error500,
        Fault::ResetAfter,
        Fault::KillBefore,
        Fault::KillAfter,
    ];
    let mut cases = Vec::new();
    for (class, call) in classes {
        for fault in &faults {
            for of_texts in [false, true] {
                cases.push((class, call, fault.clone(), of_texts));
            }
        }
    }
    for (class, call, fault, of_texts) in cases.into_iter().step_by(proof::scaled(5, 1)) {
        let what = format!("{fault:?} at {class} {call}, texts: {of_texts}");
        let (mut world, ada) = if of_texts {
            unsent(2, Failure::Http { status: 503 }).await
        } else {
            refused(&["one", "two"]).await
        };
        let token = world.all_powers().await;
        let path = format!("{}/redrive", path(&world));
        let headers = [("idempotency-key", "a")];
        world.count_from_here();
        let rule = Rule::new(class, fault).from_call(call);
        let proxy = if class.starts_with("SQS") {
            &world.to_aws
        } else {
            &world.to_db
        };
        proxy.inject(rule);
        let route = ("POST", path.as_str());
        drop(
            world
                .try_call(&token, route, json!({"all": true}), &headers)
                .await,
        );
        for proxy in world.proxies() {
            proxy.clear();
        }
        // The next order finds the entries that the step left when it was broken off.
        for headers in [&headers[..], &[]] {
            let answer = redrive(&world, json!({"all": true}), headers).await;
            assert_eq!(answer.status, 202, "{what}: {}", answer.body);
        }
        world.settle().await;
        assert!(world.rows("GIVEN_UP#").is_empty(), "{what}");
        if of_texts {
            assert_eq!(told(&world, &ada), answer("one", 2), "{what}");
        } else {
            assert_eq!(taken(&world).len(), 3, "{what}");
        }
        assert!(asked(&world).iter().all(|times| *times == 1), "{what}");
    }
}
