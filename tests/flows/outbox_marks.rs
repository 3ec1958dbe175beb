//! Marks and jobs that an earlier release wrote, and marks that fit no row.

use crate::{
    lifecycle::{attribute, patch, stranger, world_of},
    outbox::{MINUTE, Row, lose_jobs, standing, work},
    world::{SAID, WELCOME, World},
};
use serde_json::{Value, json};
use vestibule_domain::{access::request::RequestStatus, connector::ApprovalMode};
use vestibule_edge::batch::Outcome;

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_orders_only_the_job_that_fits_its_row_and_a_bad_one_is_stepped_over() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    let marked = standing(&world);
    lose_jobs(&world);
    let project = marked["pk"]
        .as_str()
        .unwrap()
        .split("#USER#")
        .next()
        .unwrap();
    let connector = world.connector.id;
    let mut bad = vec![
        (
            format!("{project}#CLOSINGS"),
            format!("CLOSING#{connector}"),
            "OUTBOX#onboard_chat_user#0",
        ),
        (
            marked["pk"].as_str().unwrap().to_owned(),
            "STANDING#nobody".to_owned(),
            "OUTBOX#onboard_chat_user#1",
        ),
        (
            format!("CONNECTOR#{connector}#NOT"),
            "CONNECTOR".to_owned(),
            "OUTBOX#close_pending_requests#2",
        ),
        ("nonsense".to_owned(), "nonsense".to_owned(), "OUTBOX#0"),
    ];
    // More bad marks than a page holds, all before the good one.
    bad.extend((0..400).map(|i| {
        (
            format!("nonsense {i}"),
            "x".to_owned(),
            "OUTBOX#onboard_chat_user#3",
        )
    }));
    for (pk, sk, part) in &bad {
        let row = json!({
            "pk": {"S": pk}, "sk": {"S": sk}, "version": {"N": "1"}, "outbox_pk": {"S": part}, "outbox_due": {"N": "1"},
        });
        world.db.put_raw(&row).unwrap();
    }
    world.clock.advance(MINUTE);
    let before = world.aws.accepted("onboarding");
    assert!(world.sweep().await);
    assert_eq!(world.aws.accepted("onboarding") - before, 1);
    work(&mut world).await;
    assert_eq!(world.welcomes(&ada), 1);
    assert_eq!(world.outbox().len(), bad.len());
    for (pk, sk, _) in &bad {
        world.db.delete_raw(pk, sk).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_that_an_earlier_release_wrote_are_found_and_settled() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let (ada, open) = (stranger(&world, "Ada Lovelace").await, world.open.clone());
    patch(
        &world,
        &open,
        json!({"policy": "OnBoarding", "onboarding_message": WELCOME}),
    )
    .await;
    world.restart();
    let grace = world.newcomer("Grace Hopper");
    let hello = world.says(&open, &grace, SAID);
    world.webhook(&open, &hello).await;
    patch(&world, &open, json!({"policy": "AllowAll"})).await;
    world.restart();
    lose_jobs(&world);
    let due = world.now().millis();
    for (number, row) in [world.rows("STANDING#"), world.rows("CLOSING#")]
        .concat()
        .into_iter()
        .enumerate()
    {
        let mut row: Row = row
            .into_iter()
            .filter(|(name, _)| name != "owes")
            .map(|(name, value)| (name, attribute(value)))
            .collect();
        if row.contains_key("request_pending") {
            row.insert(
                "owes".to_owned(),
                json!({"SS": ["onboarding_message", "profile"]}),
            );
        }
        row.insert(
            "outbox_pk".to_owned(),
            json!({"S": format!("OUTBOX#{number}")}),
        );
        row.insert("outbox_due".to_owned(), json!({"N": due.to_string()}));
        world.db.put_raw(&Value::Object(row)).unwrap();
    }
    assert_eq!(world.outbox().len(), 3);
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    assert!(world.rows("CLOSING#").is_empty());
    let decided = world.requests().await;
    let closed = decided
        .iter()
        .filter(|view| view.request.status() == RequestStatus::Rejected);
    assert_eq!(closed.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_an_earlier_release_enqueued_are_still_read() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    lose_jobs(&world);
    let (account, project) = (world.scope.account_id(), world.scope.project_id());
    let connector = world.connector.id;
    for body in [
        format!(
            r#"{{"job":"onboard_chat_user","account_id":"{account}","project_id":"{project}","chat_user_id":"{}","connector_id":"{connector}"}}"#,
            world.chat_user_id(&ada)
        ),
        format!(
            r#"{{"job":"close_pending_requests","account_id":"{account}","project_id":"{project}","connector_id":"{connector}"}}"#
        ),
    ] {
        let outcome = worker_onboarding::handle(&world.functions.onboarding, &body, 1).await;
        assert_eq!(outcome, Outcome::Done, "{body}");
    }
    assert_eq!(world.welcomes(&ada), 1);
    world.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_a_worker_of_an_earlier_release_postponed_is_dispatched() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    lose_jobs(&world);
    let mut row: Row = standing(&world)
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    row.insert(
        "owes".to_owned(),
        json!({"SS": ["onboarding_message", "profile"]}),
    );
    let millis = world.now().plus(MINUTE).millis();
    row.insert("outbox_due".to_owned(), json!({"N": millis.to_string()}));
    world.db.put_raw(&Value::Object(row)).unwrap();
    world.clock.advance(MINUTE * 2);
    world.sweep().await;
    work(&mut world).await;
    assert_eq!(world.welcomes(&ada), 1);
    world.settle().await;
}
