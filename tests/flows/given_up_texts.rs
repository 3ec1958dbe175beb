//! Texts that could not be sent to people: what is listed, and what a redrive sends (SPEC F01).

use crate::{
    given_up::{assert_redriven, listed, previews, redrive, unsent},
    outgoing::{answer, asked, say, talking, told},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{Failure, FailureRule},
};

/// Slack's call that sends a text.
const POST: &str = "chat.postMessage";

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_the_platform_did_not_take_for_days_go_out_once_and_last_when_redriven() {
    let (mut world, ada) = unsent(2, Failure::Http { status: 503 }).await;
    say(&world, &ada, "two").await;
    world.settle().await;
    let items = listed(&world).await;
    assert_eq!(previews(&items), ["one 2", "one 1"]);
    for (item, number) in items.iter().zip([5, 4]) {
        assert_eq!(item["kind"], "message");
        assert_eq!(item["message_number"], number);
        assert_eq!(item["delivery_id"], Value::Null);
        assert_eq!(
            item["environment_id"],
            world.open.environment_id.to_string()
        );
        assert_eq!(item["reason"], "waited_too_long");
        assert_eq!(item["may_have_gone_out"], false);
    }
    let ids = [&items[0]["id"], &items[1]["id"]];
    let redriven = redrive(&world, json!({ "ids": ids }), &[]).await;
    assert_redriven(&redriven, 2, 0);
    world.settle().await;
    let expected = [answer("two", 2), answer("one", 2)].concat();
    assert_eq!(told(&world, &ada), expected);
    assert_eq!(asked(&world), [1, 1, 1]);
    assert!(listed(&world).await.is_empty());
    // Whoever looks at the history sees the failure and the second attempt.
    let status = |number: &str| {
        let row = world.rows(&format!("MESSAGE#{number}")).remove(0);
        row["sending"]["status"].as_str().unwrap().to_owned()
    };
    let all = [
        "000000000004",
        "000000000005",
        "000000000009",
        "000000000010",
    ]
    .map(status);
    assert_eq!(all, ["failed", "failed", "sent", "sent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pieces_that_did_not_go_out_are_sent_when_a_text_is_redriven() {
    let (mut world, ada) = talking(1).await;
    let long = ["a", "b", "c"].map(|letter| letter.repeat(3900)).join(" ");
    world
        .agent
        .answer_with(json!({"replies": [{"text": long}]}));
    say(&world, &ada, "one").await;
    world.count_from_here();
    let down = Fault::Answer {
        status: 503,
        body: "{}".to_owned(),
    };
    world
        .to_slack
        .inject(Rule::new(POST, down).from_call(2).until_cleared());
    world.work_all().await;
    world.clock.advance(Duration::from_hours(73));
    assert!(world.sweep().await);
    world.work_all().await;
    world.to_slack.clear();
    assert_eq!(told(&world, &ada).len(), 1);
    assert!(previews(&listed(&world).await)[0].starts_with("bbb"));
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    let firsts: Vec<_> = told(&world, &ada)
        .iter()
        .map(|text| text.chars().next())
        .collect();
    assert_eq!(firsts, [Some('a'), Some('b'), Some('c')]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_may_have_gone_out_is_listed_and_never_sent_by_a_redrive() {
    let (mut world, ada) = talking(1).await;
    let lost = FailureRule::times(POST, Failure::ResetBefore, 1);
    world.slack.fail(lost);
    say(&world, &ada, "one").await;
    world.work_all().await;
    // Only the first attempt was not answered; the platform refused the last one.
    let down = Failure::Http { status: 503 };
    world.slack.fail(FailureRule::until_cleared(POST, down));
    world.clock.advance(Duration::from_hours(73));
    assert!(world.sweep().await);
    world.work_all().await;
    world.slack.clear_failures();
    let items = listed(&world).await;
    assert_eq!(items[0]["may_have_gone_out"], true, "{items:?}");
    for body in [json!({"all": true}), json!({"ids": [items[0]["id"]]})] {
        assert_redriven(&redrive(&world, body, &[]).await, 0, 1);
    }
    world.settle().await;
    assert_eq!(told(&world, &ada), Vec::<String>::new());
    assert_eq!(listed(&world).await, items);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_a_connector_whose_token_was_revoked_go_out_once_it_has_another() {
    let (mut world, ada) = talking(1).await;
    let revoked = Failure::Error {
        error: "token_revoked".to_owned(),
    };
    world.slack.fail(FailureRule::until_cleared(POST, revoked));
    say(&world, &ada, "one").await;
    world.settle().await;
    world.slack.clear_failures();
    let items = listed(&world).await;
    assert_eq!(previews(&items), ["one 1"]);
    let connector = world.open.id.to_string();
    let answer = redrive(&world, json!({"connector_id": connector}), &[]).await;
    assert_redriven(&answer, 1, 0);
    world.settle().await;
    assert_eq!(told(&world, &ada), ["one 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_a_deleted_connector_and_to_people_who_cannot_be_reached_are_not_sent_again() {
    let (mut world, ada) = talking(1).await;
    let archived = Failure::Error {
        error: "is_archived".to_owned(),
    };
    world.slack.fail(FailureRule::times(POST, archived, 1));
    say(&world, &ada, "archived").await;
    world.settle().await;
    assert!(listed(&world).await.is_empty());
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let token = world.all_powers().await;
    let connector = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let deleted = world
        .call(&token, ("DELETE", &connector), Value::Null, &[])
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    world.restart();
    world.settle().await;
    let items = listed(&world).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["reason"], "connector_deleted");
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 0, 1);
    world.settle().await;
    assert_eq!(listed(&world).await, items);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_keeps_no_history_shows_no_text_of_what_was_given_up() {
    let (mut world, ada) = talking(1).await;
    let token = world.all_powers().await;
    let path = world.project_path();
    let none = json!({"history_days": 0});
    let changed = world.call(&token, ("PATCH", &path), none, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let revoked = Failure::Error {
        error: "token_revoked".to_owned(),
    };
    world.slack.fail(FailureRule::until_cleared(POST, revoked));
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "one").await;
    world.settle().await;
    world.clock.advance(Duration::from_secs(1));
    world.slack.clear_failures();
    let kept = world.rows("MESSAGE#").len();
    assert_eq!(listed(&world).await[0]["preview"], Value::Null);
    assert_redriven(&redrive(&world, json!({"all": true}), &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(told(&world, &ada), ["one 1"]);
    assert!(world.rows("GIVEN_UP#").is_empty());
    assert_eq!(world.rows("MESSAGE#").len(), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_into_whose_conversation_others_keep_writing_is_left_and_redriven_by_the_next_call()
{
    let (mut world, ada) = unsent(1, Failure::Http { status: 503 }).await;
    let items = listed(&world).await;
    world.count_from_here();
    // The first transaction records the order.
    let held = Rule::new("DynamoDB.TransactWriteItems", Fault::TransactionConflict);
    world.to_db.inject(held.from_call(2).until_cleared());
    let body = json!({"ids": [items[0]["id"]]});
    assert_redriven(&redrive(&world, body.clone(), &[]).await, 0, 1);
    world.to_db.clear();
    assert_eq!(listed(&world).await, items);
    assert_redriven(&redrive(&world, body, &[]).await, 1, 0);
    world.settle().await;
    assert_eq!(told(&world, &ada), answer("one", 1));
}
