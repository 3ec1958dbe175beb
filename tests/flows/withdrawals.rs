//! Deletions by people who have no access, or none any more: what they wrote before goes, no row is made, and
//! no agent is told (SPEC A45, F10).

use crate::{
    conversations::{keep_for, put},
    edits::{changed, delivered, history, let_in, preview, received, send, world_of},
    given_up::{assert_redriven, redrive, refuse},
    parked_changes::{go_down, parked_after, recover},
    world::{Invoked, SAID, World},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_domain::connector::{ApprovalMode, ExistingUsers, Policy};
use vestibule_testkit::fault_proxy::{Fault, Rule};

const WROTE: &str = "What time is it?";

/// Keys of all rows, apart from those that calls to the API leave.
fn keys(world: &World) -> BTreeSet<String> {
    let rows = world.db.items().unwrap();
    rows.iter()
        .map(|row| format!("{} {}", row["pk"], row["sk"]))
        .filter(|key| !key.contains("KEY") && !key.contains("#AUDIT#"))
        .collect()
}

/// Blocks a person some time after their last message.
async fn block(world: &World, person: &str) {
    world.clock.advance(Duration::from_secs(2));
    world.block(person).await;
}

/// Whether any row has these words.
fn is_anywhere(world: &World, words: &str) -> bool {
    let rows = world.db.items().unwrap();
    rows.iter()
        .any(|row| serde_json::to_string(row).unwrap().contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_person_deletes_goes_from_the_history_without_a_row_and_no_agent_is_told() {
    for asks in [false, true] {
        let mut world = World::new().await;
        if asks {
            world.asks_for(&["message.edited", "message.deleted"]).await;
        }
        let (ada, next) = let_in(&mut world).await;
        let connector = world.connector.clone();
        block(&world, &ada).await;
        let before = keys(&world);
        let told = world.told(&ada);
        let deletion = changed(&world, &connector, &next, None, 9);
        for _ in 0..2 {
            send(&world, &deletion).await;
            world.settle().await;
            let messages = history(&world).await;
            assert_eq!(messages.len(), 1);
            assert_eq!(messages[0]["text"], "");
            assert!(messages[0]["deleted_at"].is_string());
        }
        assert_eq!(keys(&world), before);
        assert_eq!(delivered(&world), [received(WROTE)]);
        assert_eq!(world.told(&ada), told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_person_edits_stays_as_it_was_and_writes_nothing() {
    let mut world = World::new().await;
    let (ada, next) = let_in(&mut world).await;
    let connector = world.connector.clone();
    world.block(&ada).await;
    world.settle().await;
    let before = world.db.items().unwrap();
    send(
        &world,
        &changed(&world, &connector, &next, Some("You fools"), 9),
    )
    .await;
    assert!(world.aws.messages("inbox.fifo").is_empty());
    world.settle().await;
    assert_eq!(world.db.items().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_by_a_blocked_person_takes_the_webhook_one_read_and_one_send() {
    let mut world = World::new().await;
    let (ada, next) = let_in(&mut world).await;
    let connector = world.connector.clone();
    block(&world, &ada).await;
    let warm = changed(&world, &connector, &next, Some("You fools"), 5);
    send(&world, &warm).await;
    let deletion = changed(&world, &connector, &next, None, 9);
    world.count_from_here();
    send(&world, &deletion).await;
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "SQS.SendMessage"]
    );
    world.count_from_here();
    assert!(world.work_inbox().await);
    assert_eq!(
        world.aws_calls(),
        [
            "DynamoDB.BatchGetItem",
            "DynamoDB.BatchGetItem",
            "DynamoDB.UpdateItem"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_stranger_who_was_never_let_in_costs_one_read_with_every_message_and_deletion() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    send(&world, &first).await;
    world.settle().await;
    world.block(&ada).await;
    world.clock.advance(Duration::from_secs(2));
    send(&world, &first).await;
    let before = world.db.items().unwrap();
    let next = world.says(&connector, &ada, "Let me in");
    for request in [next.clone(), changed(&world, &connector, &next, None, 9)] {
        world.count_from_here();
        send(&world, &request).await;
        assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);
    }
    assert_eq!(world.db.items().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_first_message_of_a_blocked_person_is_shown_no_more() {
    let mut world = world_of(ApprovalMode::Replay).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let first = world.says(&connector, &ada, SAID);
    send(&world, &first).await;
    world.settle().await;
    world.block(&ada).await;
    let before = keys(&world);
    send(&world, &changed(&world, &connector, &first, None, 9)).await;
    world.settle().await;
    assert_eq!(preview(&world).await, None);
    assert!(!is_anywhere(&world, SAID));
    assert_eq!(keys(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_deletes_whom_the_connector_serves_no_longer_goes_from_the_history() {
    let mut world = World::new().await;
    world.asks_for(&["message.deleted"]).await;
    world
        .change_connector(|connector| connector.policy = Policy::AllowAll)
        .await;
    world.restart();
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let said = world.says(&connector, &ada, WROTE);
    send(&world, &said).await;
    world.settle().await;
    assert_eq!(history(&world).await[0]["text"], WROTE);
    world
        .change_connector(|connector| connector.policy = Policy::AllowList)
        .await;
    world.restart();
    let before = keys(&world);
    send(&world, &changed(&world, &connector, &said, None, 9)).await;
    world.settle().await;
    assert_eq!(history(&world).await[0]["text"], "");
    assert_eq!(delivered(&world), [received(WROTE)]);
    assert_eq!(keys(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_of_a_message_that_a_blocked_person_deletes_is_neither_delivered_nor_recorded() {
    for asks in [false, true] {
        let mut world = World::new().await;
        if asks {
            world.asks_for(&["message.edited", "message.deleted"]).await;
        }
        let (ada, _) = let_in(&mut world).await;
        let connector = world.connector.clone();
        world.clock.advance(Duration::from_secs(2));
        go_down(&world);
        let waits = world.says(&connector, &ada, "Are you there?");
        assert_eq!(parked_after(&mut world, &waits).await, 1);
        let edit = changed(&world, &connector, &waits, Some("Anybody?"), 6);
        assert_eq!(parked_after(&mut world, &edit).await, 2);
        world.block(&ada).await;
        let before = keys(&world);
        let deletion = changed(&world, &connector, &waits, None, 9);
        // A drain may have taken it off already: no agent has to be well for that.
        assert!(parked_after(&mut world, &deletion).await <= 2);
        assert!(keys(&world).is_subset(&before));
        for words in ["Are you there?", "Anybody?"] {
            assert!(!is_anywhere(&world, words), "{words}");
        }
        recover(&mut world).await;
        assert_eq!(delivered(&world), [received(WROTE)]);
        assert_eq!(history(&world).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_by_a_blocked_person_that_a_crash_interrupts_is_done_when_it_comes_again() {
    for fault in [Fault::KillBefore, Fault::KillAfter] {
        let mut world = World::new().await;
        let (ada, next) = let_in(&mut world).await;
        let connector = world.connector.clone();
        block(&world, &ada).await;
        let deletion = changed(&world, &connector, &next, None, 9);
        world.count_from_here();
        let send_fails = Rule::new("SQS.SendMessage", fault.clone());
        world.to_aws.inject(send_fails);
        let killed = world.try_webhook(&connector, &deletion).await;
        assert_eq!(killed, Invoked::Killed);
        send(&world, &deletion).await;
        world.to_db.inject(Rule::new("DynamoDB.UpdateItem", fault));
        world.work_inbox().await;
        world.settle().await;
        assert_eq!(history(&world).await[0]["text"], "");
    }
}

/// Lets as many messages wait behind the one that does, and leaves nothing to do.
async fn waits_behind(world: &mut World, behind: u64) {
    world.work_all().await;
    let mut rows = world.rows("PARKED#");
    rows.retain(|row| row.contains_key("job"));
    let mut row = rows.remove(0);
    let first = row["sk"].as_str().unwrap().to_owned();
    let (place, _) = first.rsplit_once('#').unwrap();
    let mut job: Value = serde_json::from_str(row["job"].as_str().unwrap()).unwrap();
    job["text"] = "Something else".into();
    for number in 2..behind + 2 {
        job["event_keys"] = json!([format!("slack:other:{number}")]);
        row.insert("sk".to_owned(), format!("{place}#{number:012}").into());
        row.insert("number".to_owned(), number.into());
        row.insert("job".to_owned(), job.to_string().into());
        put(world, row.clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_of_what_waits_reads_fifty_rows_at_once_the_newest_first_and_twelve_times_at_most()
 {
    for (behind, pages, is_found) in [(0, 1, true), (10, 1, true), (60, 2, true), (620, 12, false)]
    {
        let mut world = World::new().await;
        let (ada, _) = let_in(&mut world).await;
        let connector = world.connector.clone();
        world.clock.advance(Duration::from_secs(2));
        go_down(&world);
        let waits = world.says(&connector, &ada, "Are you there?");
        assert_eq!(parked_after(&mut world, &waits).await, 1);
        world.block(&ada).await;
        waits_behind(&mut world, behind).await;
        send(&world, &changed(&world, &connector, &waits, None, 9)).await;
        world.count_from_here();
        assert!(world.work_inbox().await);
        let calls = world.aws_calls();
        let queries = calls.iter().filter(|call| *call == "DynamoDB.Query");
        // One more is for the history.
        assert_eq!(queries.count(), pages + 1, "{behind}: {calls:?}");
        assert_eq!(!is_anywhere(&world, "Are you there?"), is_found, "{behind}");
        without_what_waits_behind(&world);
    }
}

/// Takes the rows away that no message made, so that no work is left for them.
fn without_what_waits_behind(world: &World) {
    for row in world.rows("PARKED#") {
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("job").contains("slack:other:") {
            world.db.delete_raw(text("pk"), text("sk")).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_message_that_waits_goes_though_its_author_has_to_ask_for_access_by_the_time_of_its_deletion()
 {
    let mut world = World::new().await;
    world
        .change_connector(|connector| connector.policy = Policy::AllowAll)
        .await;
    go_down(&world);
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let waits = world.says(&connector, &ada, WROTE);
    assert_eq!(parked_after(&mut world, &waits).await, 1);
    let since = world.now();
    world
        .change_connector(|connector| {
            connector.policy = Policy::OnBoarding;
            connector.onboarding_since = Some(since);
            connector.existing_users = ExistingUsers::RequireApproval;
        })
        .await;
    let asks = world.says(&connector, &ada, "Hello?");
    assert_eq!(parked_after(&mut world, &asks).await, 1);
    assert_eq!(preview(&world).await.as_deref(), Some("Hello?"));
    let deletion = changed(&world, &connector, &waits, None, 9);
    parked_after(&mut world, &deletion).await;
    recover(&mut world).await;
    assert_eq!(delivered(&world), []);
    assert!(!is_anywhere(&world, WROTE));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_person_writes_and_deletes_costs_one_read_and_no_worker_though_they_are_on_record()
 {
    let mut world = World::new().await;
    let (ada, next) = let_in(&mut world).await;
    let connector = world.connector.clone();
    block(&world, &ada).await;
    let before = world.db.items().unwrap();
    let at_once = world.says(&connector, &ada, "You fools");
    world.clock.advance(Duration::from_secs(2));
    let later = world.says(&connector, &ada, "You fools");
    for written in [at_once, later] {
        send(&world, &written).await;
        world.count_from_here();
        send(&world, &changed(&world, &connector, &written, None, 9)).await;
        assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);
    }
    assert!(world.aws.messages("inbox.fifo").is_empty());
    assert_eq!(world.db.items().unwrap(), before);
    // Messages from before the block still go.
    send(&world, &changed(&world, &connector, &next, None, 9)).await;
    world.settle().await;
    assert_eq!(history(&world).await[0]["text"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_by_a_blocked_person_is_looked_for_among_fifty_messages_once_its_event_is_forgotten()
 {
    for (last, text) in [(40_u64, ""), (60, WROTE)] {
        let mut world = World::new().await;
        let (ada, next) = let_in(&mut world).await;
        let connector = world.connector.clone();
        let mut rows = world.rows("MESSAGE#");
        rows.retain(|row| row["number"] == 1);
        let mut row = rows.remove(0);
        row.remove("delivery_id");
        for number in 3..=last {
            row.insert("number".to_owned(), number.into());
            row.insert("sk".to_owned(), format!("MESSAGE#{number:012}").into());
            put(&world, row.clone());
        }
        for mut row in world.rows("EVENT") {
            row.remove("message_number");
            put(&world, row);
        }
        block(&world, &ada).await;
        send(&world, &changed(&world, &connector, &next, None, 9)).await;
        world.count_from_here();
        assert!(world.work_inbox().await);
        let calls = world.aws_calls();
        let queries = calls.iter().filter(|call| *call == "DynamoDB.Query");
        assert_eq!(queries.count(), 1, "{last}: {calls:?}");
        let mut rows = world.rows("MESSAGE#");
        rows.retain(|row| row["number"] == 1);
        assert_eq!(rows[0]["text"], text, "{last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_agent_of_an_environment_that_the_connector_left_goes_with_its_deletion()
{
    let mut world = World::new().await;
    let (ada, _) = let_in(&mut world).await;
    let connector = world.connector.clone();
    world.clock.advance(Duration::from_secs(2));
    go_down(&world);
    let waits = world.says(&connector, &ada, "Are you there?");
    assert_eq!(parked_after(&mut world, &waits).await, 1);
    let other = world.another_environment("Acme Sales").await;
    let now = world.now();
    world
        .change_connector(|connector| connector.move_to(other.environment_id, now))
        .await;
    let deletion = changed(&world, &connector, &waits, None, 9);
    parked_after(&mut world, &deletion).await;
    assert!(!is_anywhere(&world, "Are you there?"));
    recover(&mut world).await;
    assert_eq!(delivered(&world), [received(WROTE)]);
    assert_eq!(history(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_of_a_message_that_a_blocked_person_deletes_is_not_there_to_be_redriven()
{
    for keeps in [30, 0] {
        let mut world = World::new().await;
        keep_for(&world, keeps).await;
        let (ada, _) = let_in(&mut world).await;
        let connector = world.connector.clone();
        let mut refused = Vec::new();
        for text in ["Are you there?", "Hello?"] {
            world.clock.advance(Duration::from_secs(2));
            refuse(&world, 1);
            let request = world.says(&connector, &ada, text);
            send(&world, &request).await;
            world.settle().await;
            refused.push(request);
        }
        assert_eq!(world.rows("GIVEN_UP#").len(), 2);
        block(&world, &ada).await;
        for _ in 0..2 {
            let deletion = changed(&world, &connector, &refused[0], None, 9);
            send(&world, &deletion).await;
            world.settle().await;
            assert!(!is_anywhere(&world, "Are you there?"));
            assert_eq!(world.rows("GIVEN_UP#").len(), 1);
        }
        let answer = redrive(&world, json!({"all": true}), &[]).await;
        assert_redriven(&answer, 1, 0);
    }
}
