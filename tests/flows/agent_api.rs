//! Texts that the agent writes without being asked, over the API (DESIGN §11): each goes out once and in order with
//! the agent's answers, and only to people who may be written to.

use crate::{
    outgoing::{answer, say, sent, talking, told},
    world::{Answer, HEAVY, SAID, World},
};
use futures_util::{StreamExt, future::join_all, stream};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    account::permission::Permission,
    ids::{AccountId, ConversationId},
};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{Failure, FailureRule, Platform},
};

const DAY: Duration = Duration::from_hours(24);

/// A key of the agent.
async fn agents_key(world: &World) -> String {
    let account = world.scope.account_id();
    let may = [Permission::ConversationsReply];
    world.key(account, &may).await
}

/// The path of the messages of the only conversation, below that of its project.
fn messages_path(world: &World) -> String {
    let row = world.rows("CONVERSATION").remove(0);
    let id = row["pk"].as_str().unwrap().rsplit('#').next().unwrap();
    format!("/conversations/{id}/messages")
}

fn body(texts: &[&str]) -> Value {
    let messages: Vec<_> = texts.iter().map(|text| json!({"text": text})).collect();
    json!({ "messages": messages })
}

/// Writes into the only conversation, under this `Idempotency-Key`.
async fn write_as(world: &World, key: &str, texts: &[&str]) -> Answer {
    let path = format!("{}{}", world.project_path(), messages_path(world));
    let token = agents_key(world).await;
    let headers = [("idempotency-key", key)];
    world
        .call(&token, ("POST", &path), body(texts), &headers)
        .await
}

/// Writes into the only conversation.
async fn write(world: &World, texts: &[&str]) -> Answer {
    let path = format!("{}{}", world.project_path(), messages_path(world));
    let token = agents_key(world).await;
    world.call(&token, ("POST", &path), body(texts), &[]).await
}

/// Asserts that nothing may be written, for this reason.
async fn assert_refused(world: &World, kind: &str) -> Value {
    let rows = world.rows("MESSAGE#").len();
    let refused = write(world, &["Hello?"]).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], format!("/problems/{kind}"));
    assert_eq!(world.rows("MESSAGE#").len(), rows);
    refused.body
}

/// The numbers of the messages in an answer.
fn numbers(answer: &Answer) -> Vec<u64> {
    assert_eq!(answer.status, 202, "{}", answer.body);
    let messages = answer.body["messages"].as_array().unwrap();
    let number = |message: &Value| message["number"].as_u64().unwrap();
    messages.iter().map(number).collect()
}

async fn read(world: &World, rest: &str) -> (u16, Value) {
    let path = format!("{}{}{rest}", world.project_path(), messages_path(world));
    let token = world.all_powers().await;
    let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    (answer.status, answer.body)
}

/// A world of this platform in which a person talks to the open connector.
async fn talking_on(platform: Platform) -> (World, String) {
    let mut world = World::on(platform).await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    (world, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_go_out_in_order_with_the_agents_answers_and_are_read_back_one_by_one() {
    let (mut world, ada) = talking(2).await;
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let added = write(&world, &["By the way", "your table is ready"]).await;
    assert_eq!(numbers(&added), [6, 7]);
    let first = &added.body["messages"][0];
    assert_eq!(first["text"], "By the way");
    assert_eq!(first["direction"], "outgoing");
    assert_eq!(
        first["author"],
        json!({"kind": "agent", "id": null, "name": null})
    );
    assert_eq!(first["delivery_id"], Value::Null);
    assert_eq!(first["sending"]["status"], "queued");
    say(&world, &ada, "two").await;
    world.settle().await;
    let own = ["By the way", "your table is ready"].map(str::to_owned);
    let expected = [answer("one", 2), own.to_vec(), answer("two", 2)].concat();
    assert_eq!(told(&world, &ada), expected);
    let (status, mut shown) = read(&world, "/6").await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["sending"]["status"], "sent");
    shown["sending"] = first["sending"].clone();
    assert_eq!(shown, *first);
    for nothing in ["/0", "/11", "/999999999999", "/18446744073709551615", "/x"] {
        let (status, body) = read(&world, nothing).await;
        assert_eq!(status, 404, "{nothing}: {body}");
    }
    let conversation = world.rows("CONVERSATION").remove(0);
    assert_eq!(conversation["message_total"], 10);
    assert_eq!(conversation["message_count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_made_twice_with_one_key_is_made_once_and_answered_alike() {
    let (mut world, ada) = talking(1).await;
    let first = write_as(&world, "k1", &["Hello?"]).await;
    assert_eq!(numbers(&first), [3]);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    world.settle().await;
    for _ in 0..2 {
        let again = write_as(&world, "k1", &["Hello?"]).await;
        assert_eq!((again.status, &again.body), (202, &first.body));
        assert_eq!(again.headers["idempotency-replayed"], "true");
    }
    for other in [&["Hello!"][..], &["Hello?", "Hello?"]] {
        let refused = write_as(&world, "k1", other).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["type"], "/problems/idempotency-key-reused");
        assert_eq!(refused.body["errors"][0]["field"], "Idempotency-Key");
    }
    assert_eq!(numbers(&write_as(&world, "k2", &["Hello?"]).await), [4]);
    world.settle().await;
    assert_eq!(told(&world, &ada), ["Hello?", "Hello?"]);
    world.clock.advance(30 * DAY);
    assert_eq!(numbers(&write_as(&world, "k1", &["Again"]).await), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_once_get_numbers_of_their_own_unless_they_are_one_call() {
    let (mut world, ada) = talking(1).await;
    let texts = ["a", "b", "c", "d"];
    let calls = texts.map(|text| {
        let world = &world;
        async move { write_as(world, text, &[text]).await }
    });
    let mut given = Vec::new();
    for answer in join_all(calls).await {
        given.extend(numbers(&answer));
    }
    given.sort_unstable();
    assert_eq!(given, [3, 4, 5, 6]);
    let same = [0; 3].map(|_| write_as(&world, "same", &["e", "f"]));
    for answer in join_all(same).await {
        assert_eq!(numbers(&answer), [7, 8]);
    }
    world.settle().await;
    let told = told(&world, &ada);
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(told[4..], ["e", "f"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_to_ten_texts_are_taken_that_are_neither_blank_nor_too_long() {
    let (mut world, ada) = talking(1).await;
    let ten: Vec<String> = (1..=10).map(|number| number.to_string()).collect();
    let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
    assert_eq!(numbers(&write(&world, &ten).await).len(), 10);
    let too_long = "x".repeat(40_001);
    for (texts, field) in [
        (vec![], "messages"),
        ([ten.as_slice(), &["11"]].concat(), "messages"),
        (vec!["fine", " \n\u{200b}"], "messages.1.text"),
        (vec![too_long.as_str()], "messages.0.text"),
    ] {
        let refused = write(&world, &texts).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["type"], "/problems/validation");
        assert_eq!(refused.body["errors"][0]["field"], field);
    }
    world.settle().await;
    assert_eq!(told(&world, &ada), ten);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_reply_writes_and_only_in_conversations_of_the_own_project() {
    let (world, _) = talking(1).await;
    let path = messages_path(&world);
    let all = world.all_powers().await;
    let account = world.scope.account_id();
    let reader = world.key(account, &[Permission::ConversationsRead]).await;
    let globex = AccountId::derive(&["globex"]);
    let globex = world.key(globex, &Permission::ALL).await;
    let shop = json!({"name": "Shop"});
    let made = world.call(&all, ("POST", "/v1/projects"), shop, &[]).await;
    let shop = format!("/v1/projects/{}", made.body["id"].as_str().unwrap());
    let nowhere = ConversationId::derive(&["nowhere"]);
    let nowhere = format!("/conversations/{nowhere}/messages");
    let own = world.project_path();
    for (token, project, path, status) in [
        (&reader, &own, &path, 403),
        (&globex, &own, &path, 404),
        (&all, &shop, &path, 404),
        (&all, &own, &nowhere, 404),
    ] {
        let route = format!("{project}{path}");
        let answer = world
            .call(token, ("POST", &route), body(&["Hello?"]), &[])
            .await;
        assert_eq!(answer.status, status, "{route}: {}", answer.body);
    }
    assert_eq!(world.rows("MESSAGE#").len(), 2);
    assert!(world.outbox().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_after_a_stop_until_a_start() {
    let (mut world, ada) = talking_on(Platform::Twilio).await;
    let before = world.told(&ada).len();
    // This one waits until the person has opted out.
    assert_eq!(write(&world, &["Hello?"]).await.status, 202);
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "STOP").await;
    world.settle().await;
    let last = sent(&world).pop().unwrap();
    assert_eq!(last["status"], "failed");
    assert_eq!(last["class"], "recipient");
    assert_eq!(last["reason"], "opted_out");
    let refused = assert_refused(&world, "opted-out").await;
    assert!(refused["since"].is_string(), "{refused}");
    assert_eq!(world.told(&ada).len(), before);
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "START").await;
    world.settle().await;
    assert_eq!(write(&world, &["Welcome back"]).await.status, 202);
    world.settle().await;
    assert_eq!(world.told(&ada).last().unwrap(), "Welcome back");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_whatsapp_nobody_is_written_to_a_day_after_their_last_message() {
    let (mut world, ada) = talking_on(Platform::Dialog360).await;
    world.clock.advance(Duration::from_hours(23));
    assert_eq!(write(&world, &["In time"]).await.status, 202);
    world.settle().await;
    assert_eq!(world.told(&ada).last().unwrap(), "In time");
    // This one waits until the time is over.
    assert_eq!(write(&world, &["Too late"]).await.status, 202);
    world.clock.advance(Duration::from_hours(2));
    let refused = assert_refused(&world, "reply-window-closed").await;
    assert!(refused["since"].is_string(), "{refused}");
    world.settle().await;
    let last = sent(&world).pop().unwrap();
    assert_eq!(last["class"], "recipient");
    assert_eq!(last["reason"], "window_closed");
    assert_eq!(world.told(&ada).last().unwrap(), "In time");
    say(&world, &ada, "Still there?").await;
    world.settle().await;
    assert_eq!(write(&world, &["Of course"]).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_while_they_are_blocked() {
    let (mut world, ada) = talking(1).await;
    assert_eq!(write(&world, &["Hello?"]).await.status, 202);
    world.block(&ada).await;
    assert_refused(&world, "access-ended").await;
    world.settle().await;
    let last = sent(&world).pop().unwrap();
    assert_eq!(last["class"], "recipient");
    assert_eq!(last["reason"], "access_ended");
    assert_eq!(told(&world, &ada), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_where_the_connector_was_deleted_or_the_place_is_unknown() {
    let (mut world, ada) = talking(1).await;
    let row = world.rows("CONVERSATION").remove(0);
    let of_release_before = json!({
        "pk": {"S": row["pk"]}, "sk": {"S": row["sk"]},
        "connector_id": {"S": row["connector_id"]}, "message_count": {"N": "1"},
        "recent_events": {"L": []}, "version": {"N": "2"}, "updated_at": {"S": row["updated_at"]},
    });
    world.db.put_raw(&of_release_before).unwrap();
    assert_refused(&world, "place-unknown").await;
    say(&world, &ada, "one").await;
    world.settle().await;
    assert_eq!(write(&world, &["Hello?"]).await.status, 202);
    world.settle().await;
    let token = world.all_powers().await;
    let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let deleted = world
        .call(&token, ("DELETE", &path), Value::Null, &[])
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert_refused(&world, "connector-deleted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_keeps_no_history_has_none_of_these_texts_once_they_are_sent() {
    let (mut world, ada) = talking(1).await;
    let token = world.all_powers().await;
    let path = world.project_path();
    let none = json!({"history_days": 0});
    let changed = world.call(&token, ("PATCH", &path), none, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(numbers(&write(&world, &["Hello?", "Ada?"]).await), [3, 4]);
    world.settle().await;
    assert_eq!(told(&world, &ada), ["Hello?", "Ada?"]);
    assert!(world.rows("MESSAGE#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_waits_for_a_platform_that_is_down_and_for_a_queue_that_takes_no_job() {
    let (mut world, ada) = talking(1).await;
    let failure = Failure::Http { status: 503 };
    world
        .slack
        .fail(FailureRule::times("chat.postMessage", failure, 3));
    let down = Rule::new("SQS.SendMessage", Fault::Error500).until_cleared();
    world.to_aws.inject(down);
    assert_eq!(write(&world, &["Hello?"]).await.status, 202);
    world.to_aws.clear();
    assert!(world.aws.messages("outgoing").is_empty());
    world.settle().await;
    assert_eq!(told(&world, &ada), ["Hello?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_takes_three_reads_one_write_and_one_send_and_its_text_two_reads_more_than_an_answer()
 {
    let (mut world, ada) = talking(1).await;
    // After a pause, a turn costs nothing extra.
    world.clock.advance(Duration::from_secs(1));
    let path = format!("{}{}", world.project_path(), messages_path(&world));
    let token = agents_key(&world).await;
    world.count_from_here();
    let route = ("POST", path.as_str());
    let added = world.call(&token, route, body(&["Hello?"]), &[]).await;
    assert_eq!(added.status, 202, "{}", added.body);
    let calls = world.aws_calls();
    assert_eq!(calls.len(), 5, "{calls:?}");
    assert_eq!(
        calls[1..],
        [
            "DynamoDB.BatchGetItem",
            "DynamoDB.BatchGetItem",
            "DynamoDB.TransactWriteItems",
            "SQS.SendMessage"
        ]
    );
    world.count_from_here();
    assert!(world.work_outgoing().await);
    assert_eq!(
        world.aws_calls(),
        [
            "DynamoDB.UpdateItem",
            "DynamoDB.BatchGetItem",
            "DynamoDB.BatchGetItem",
            "DynamoDB.UpdateItem",
            "DynamoDB.TransactWriteItems"
        ]
    );
    assert_eq!(told(&world, &ada), ["Hello?"]);
}

/// A fault at one call to AWS.
#[derive(Debug, Clone)]
struct Case {
    is_db: bool,
    class: String,
    occurrence: usize,
    fault: Fault,
    times: usize,
}

/// The calls to AWS of a call to the API, recorded from one without faults.
async fn cases() -> Vec<Case> {
    let (mut world, _) = talking(1).await;
    let path = format!("{}{}", world.project_path(), messages_path(&world));
    let token = agents_key(&world).await;
    world.restart();
    world.count_from_here();
    let headers = [("idempotency-key", "k")];
    let route = ("POST", path.as_str());
    let added = world.call(&token, route, body(&["a"]), &headers).await;
    assert_eq!(added.status, 202, "{}", added.body);
    let mut cases = Vec::new();
    for (is_db, proxy) in [(true, &world.to_db), (false, &world.to_aws)] {
        for call in proxy.log() {
            for (fault, times) in [
                (Fault::KillBefore, 1),
                (Fault::KillAfter, 1),
                (Fault::ResetAfter, 1),
                (Fault::Error500, 3),
            ] {
                cases.push(Case {
                    is_db,
                    class: call.class.clone(),
                    occurrence: call.occurrence,
                    fault,
                    times,
                });
            }
        }
    }
    cases
}

/// Makes the call again with its key until it is answered. The error says what was lost or done twice.
async fn run(case: &Case) -> Result<(), String> {
    let (mut world, ada) = talking(1).await;
    let path = format!("{}{}", world.project_path(), messages_path(&world));
    let token = agents_key(&world).await;
    world.restart();
    world.count_from_here();
    let rule = Rule::new(&case.class, case.fault.clone());
    let rule = rule.from_call(case.occurrence).times(case.times);
    let proxy = if case.is_db {
        &world.to_db
    } else {
        &world.to_aws
    };
    proxy.inject(rule);
    let headers = [("idempotency-key", "k")];
    let mut given = Vec::new();
    for _ in 0..5 {
        let route = ("POST", path.as_str());
        match world
            .try_call(&token, route, body(&["a", "b"]), &headers)
            .await
        {
            Some(answer) if answer.status == 202 => {
                given = numbers(&answer);
                break;
            }
            Some(answer) if answer.status != 503 => return Err(answer.body.to_string()),
            Some(_) | None => {}
        }
    }
    if !world.has_struck() {
        return Err("the fault never fired".to_owned());
    }
    world.settle().await;
    let told = told(&world, &ada);
    let rows = world.rows("MESSAGE#").len();
    if given == [3, 4] && told == ["a", "b"] && rows == 4 {
        Ok(())
    } else {
        Err(format!("numbers {given:?}, told {told:?}, {rows} rows"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_at_any_call_loses_a_text_or_writes_it_twice() {
    let _turn = HEAVY.lock().await;
    let cases = cases().await;
    assert!(cases.len() >= 20, "{cases:?}");
    let failures: Vec<String> = stream::iter(&cases)
        .map(async |case| {
            let problem = Box::pin(run(case)).await.err()?;
            Some(format!("{case:?}: {problem}"))
        })
        .buffer_unordered(8)
        .filter_map(async |problem| problem)
        .collect()
        .await;
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
