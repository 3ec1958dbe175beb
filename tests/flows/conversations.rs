//! Conversations and their messages over the admin API (SPEC F07): lists, pages both ways, the time for which
//! messages are shown, access to other projects, and the cost of a page.

use crate::{
    lifecycle::attribute,
    world::{SAID, World},
};
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{
    account::permission::Permission,
    ids::{AccountId, ConnectorId, ConversationId},
};
use vestibule_testkit::proof;

const DAY: Duration = Duration::from_hours(24);

/// A world in which the agent answered a person with two texts.
async fn talked() -> (World, String) {
    let mut world = World::new().await;
    let replies = json!({"replies": [{"text": "Good morning"}, {"text": "I am"}]});
    world.agent.answer_with(replies);
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    (world, ada)
}

async fn say(world: &World, person: &str, text: &str) {
    let request = world.says(&world.open, person, text);
    assert_eq!(world.webhook(&world.open, &request).await, 200);
}

/// A key that may read conversations and nothing else.
async fn reader(world: &World) -> String {
    let account = world.scope.account_id();
    world.key(account, &[Permission::ConversationsRead]).await
}

/// The answer to a call about conversations of the world's project.
async fn try_get(world: &World, token: &str, rest: &str) -> (u16, Value) {
    let path = format!("{}/conversations{rest}", world.project_path());
    let answer = world.call(token, ("GET", &path), Value::Null, &[]).await;
    (answer.status, answer.body)
}

async fn get(world: &World, rest: &str) -> Value {
    let (status, body) = try_get(world, &reader(world).await, rest).await;
    assert_eq!(status, 200, "{rest}: {body}");
    body
}

/// The path of the messages of the only conversation, below that of all conversations.
async fn messages_path(world: &World) -> String {
    let listed = get(world, "").await;
    let [conversation] = listed["items"].as_array().unwrap().as_slice() else {
        panic!("there is not one conversation: {listed}");
    };
    format!("/{}/messages", conversation["id"].as_str().unwrap())
}

fn numbers(page: &Value) -> Vec<u64> {
    let items = page["items"].as_array().unwrap();
    let number = |item: &Value| item["number"].as_u64().unwrap();
    items.iter().map(number).collect()
}

pub async fn keep_for(world: &World, days: u16) {
    let token = world.all_powers().await;
    let change = json!({ "history_days": days });
    let answer = world
        .call(&token, ("PATCH", &world.project_path()), change, &[])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Writes a row as it is.
pub fn put(world: &World, row: Map<String, Value>) {
    let row: Map<_, _> = row
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    world.db.put_raw(&Value::Object(row)).unwrap();
}

/// Adds messages up to this number, each a copy of the first.
fn fill(world: &World, last: u64) {
    let mut first = world.rows("MESSAGE#");
    first.retain(|row| row["number"] == 1);
    let first = first.remove(0);
    for number in 4..=last {
        let mut row = first.clone();
        row.insert("number".to_owned(), number.into());
        row.insert("sk".to_owned(), format!("MESSAGE#{number:012}").into());
        put(world, row);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_listed_with_the_place_and_time_of_its_last_message() {
    let (world, ada) = talked().await;
    for query in ["", "?state=open", "?order=oldest"] {
        let listed = get(&world, query).await;
        let items = listed["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{query}: {listed}");
        assert_eq!(listed["next_cursor"], Value::Null);
        let shown = &items[0];
        assert_eq!(shown["state"], "open");
        assert_eq!(shown["connector_id"], world.open.id.to_string());
        let environment = world.open.environment_id.to_string();
        assert_eq!(shown["environment_id"], environment);
        assert_eq!(shown["chat_user_id"], world.chat_user_id(&ada).to_string());
        assert_eq!(shown["kind"], "direct");
        assert_eq!(shown["message_count"], 3);
        assert!(shown["last_activity_at"].is_string(), "{shown}");
        let one = format!("/{}", shown["id"].as_str().unwrap());
        let mut read = get(&world, &one).await;
        // Only a single one tells who may reply, and only the list shows the beginning of its last message.
        let reply = read.as_object_mut().unwrap().remove("reply").unwrap();
        assert_eq!(reply["code"], "permission-missing", "{reply}");
        let mut listed = shown.clone();
        assert!(listed.as_object_mut().unwrap().remove("preview").is_some());
        assert_eq!(read, listed);
    }
    assert_eq!(get(&world, "?state=closed").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_read_is_left_out_of_the_page_and_is_a_fault_when_it_is_asked_for()
{
    let (world, _) = talked().await;
    let path = messages_path(&world).await;
    let mut rows = world.rows("MESSAGE#");
    rows.retain(|row| row["number"] == 2);
    let mut row = rows.remove(0);
    row.insert("at".to_owned(), json!(5));
    put(&world, row);
    for query in ["", "?order=oldest", "?limit=2", "?before=4&after=0"] {
        let mut shown = numbers(&get(&world, &format!("{path}{query}")).await);
        shown.sort_unstable();
        assert_eq!(shown, [1, 3], "{query}");
    }
    let token = reader(&world).await;
    let (status, body) = try_get(&world, &token, &format!("{path}/2")).await;
    assert_eq!((status, &body["type"]), (500, &json!("/problems/internal")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_an_author_that_a_later_release_knows_is_shown() {
    let (world, _) = talked().await;
    let path = messages_path(&world).await;
    let mut rows = world.rows("MESSAGE#");
    rows.retain(|row| row["number"] == 3);
    let mut row = rows.remove(0);
    let partner = json!({"kind": "partner", "id": "01JD3Q3Z9V8M4T6K2N7P5R1S0Z"});
    row.insert("author".to_owned(), partner);
    put(&world, row);
    let shown = get(&world, &format!("{path}/3")).await;
    assert_eq!(
        shown["author"],
        json!({"kind": "unknown", "id": null, "name": null})
    );
    assert_eq!(shown["direction"], "outgoing");
    assert_eq!(shown["text"], "I am");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conversation_with_the_latest_activity_comes_first() {
    let (mut world, ada) = talked().await;
    let grace = world.newcomer("Grace Hopper");
    let mut writers = Vec::new();
    for person in [&grace, &ada] {
        world.clock.advance(Duration::from_mins(1));
        say(&world, person, SAID).await;
        world.settle().await;
        let listed = get(&world, "").await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
        writers.push(listed["items"][0]["chat_user_id"].clone());
    }
    let expected = [&grace, &ada].map(|person| world.chat_user_id(person).to_string());
    assert_eq!(writers, expected.map(Value::from));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_read_back_from_the_end_and_both_ways_from_a_point() {
    let (world, ada) = talked().await;
    let path = messages_path(&world).await;
    let page = get(&world, &path).await;
    assert_eq!(numbers(&page), [3, 2, 1]);
    assert_eq!(page["next_cursor"], Value::Null);
    let (said, answered) = (&page["items"][2], &page["items"][1]);
    assert_eq!(said["direction"], "inbound");
    let id = world.chat_user_id(&ada).to_string();
    let author = json!({"kind": "chat_user", "id": id, "name": null});
    assert_eq!(said["author"], author);
    assert_eq!(said["text"], SAID);
    assert_eq!(said["content"], json!([{"kind": "text", "text": SAID}]));
    assert_eq!(
        (&said["sequence"], &said["sending"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(answered["direction"], "outgoing");
    assert_eq!(
        answered["author"],
        json!({"kind": "agent", "id": null, "name": null})
    );
    assert_eq!(answered["text"], "Good morning");
    assert_eq!(answered["sending"]["status"], "sent");
    assert_eq!(answered["delivery_id"], said["delivery_id"]);
    for (query, expected) in [
        ("?order=oldest", vec![1, 2, 3]),
        ("?before=3", vec![2, 1]),
        ("?after=1&order=oldest", vec![2, 3]),
        ("?after=1", vec![3, 2]),
        ("?after=1&before=3", vec![2]),
        ("?after=1&before=2", vec![]),
        ("?after=3", vec![]),
        ("?before=1", vec![]),
    ] {
        let page = get(&world, &format!("{path}{query}")).await;
        assert_eq!(numbers(&page), expected, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_walked_page_by_page_each_once_and_a_cursor_is_good_for_its_list_alone() {
    let (world, _) = talked().await;
    let path = messages_path(&world).await;
    fill(&world, 25);
    let mut cursors = Vec::new();
    for (query, from, to) in [
        ("?limit=10", 1, 25),
        ("?limit=10&order=oldest", 1, 25),
        ("?limit=10&after=3&before=24", 4, 23),
    ] {
        let mut seen = Vec::new();
        let mut next = String::new();
        loop {
            let page = get(&world, &format!("{path}{query}{next}")).await;
            seen.extend(numbers(&page));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
            cursors.push(cursor.to_owned());
        }
        if !query.contains("oldest") {
            seen.reverse();
        }
        assert_eq!(seen, (from..=to).collect::<Vec<u64>>(), "{query}");
    }
    let cursor = &cursors[0];
    let token = reader(&world).await;
    for rest in [
        format!("{path}?limit=10&order=oldest&cursor={cursor}"),
        format!("{path}?limit=10&after=3&cursor={cursor}"),
        format!("?cursor={cursor}"),
        format!("{path}?cursor=AAAA"),
    ] {
        let (status, body) = try_get(&world, &token, &rest).await;
        assert_eq!(status, 400, "{rest}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_parameter_is_told_with_its_rule() {
    let (world, _) = talked().await;
    let path = messages_path(&world).await;
    let token = reader(&world).await;
    for (rest, field) in [
        ("?state=ended".to_owned(), "state"),
        ("?connector_id=x".to_owned(), "connector_id"),
        ("?provider=slack".to_owned(), "provider"),
        (format!("{path}?before=x"), "before"),
        (format!("{path}?after=-1"), "after"),
        (format!("{path}?before=1&after=1"), "before"),
    ] {
        let (status, body) = try_get(&world, &token, &rest).await;
        assert_eq!(status, 400, "{rest}: {body}");
        assert_eq!(body["errors"][0]["field"], field, "{rest}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_of_another_project_or_account_is_not_there() {
    let (world, _) = talked().await;
    let path = messages_path(&world).await;
    let one = path.trim_end_matches("/messages");
    let all = world.all_powers().await;
    let shop = json!({"name": "Shop"});
    let made = world.call(&all, ("POST", "/v1/projects"), shop, &[]).await;
    let shop = format!("/v1/projects/{}", made.body["id"].as_str().unwrap());
    let globex = AccountId::derive(&["globex"]);
    let globex = world.key(globex, &Permission::ALL).await;
    for (token, project, list) in [
        (&all, shop, 200),
        (&globex, world.project_path(), 404),
        (
            &all,
            "/v1/projects/01JD3Q3Z9V8M4T6K2N7P5R1S0W".to_owned(),
            404,
        ),
    ] {
        for (rest, expected) in [("", list), (one, 404), (path.as_str(), 404)] {
            let path = format!("{project}/conversations{rest}");
            let answer = world.call(token, ("GET", &path), Value::Null, &[]).await;
            assert_eq!(answer.status, expected, "{path}: {}", answer.body);
            if expected == 200 {
                assert_eq!(answer.body["items"], json!([]), "{path}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_another_project_is_not_listed_though_its_index_attributes_lead_here() {
    let (world, _) = talked().await;
    let mut row = world.rows("CONVERSATION").remove(0);
    let own = world.scope.project_id().to_string();
    let elsewhere = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
    let pk = row["pk"].as_str().unwrap().replace(&own, elsewhere);
    row.insert("pk".to_owned(), pk.into());
    put(&world, row);
    assert_eq!(world.rows("CONVERSATION").len(), 2);
    for query in ["", "?state=open"] {
        let listed = get(&world, query).await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_keeps_the_conversations_that_pass_it() {
    let (world, ada) = talked().await;
    let nobody = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";
    for (name, own) in [
        ("connector_id", world.open.id.to_string()),
        ("environment_id", world.open.environment_id.to_string()),
        ("chat_user_id", world.chat_user_id(&ada).to_string()),
    ] {
        for (id, count) in [(own.as_str(), 1), (nobody, 0)] {
            for state in ["", "&state=open"] {
                let listed = get(&world, &format!("?{name}={id}{state}")).await;
                let found = listed["items"].as_array().unwrap().len();
                assert_eq!(found, count, "{name}={id}{state}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_one_conversation_passes_takes_four_reads_a_page_and_leads_to_it() {
    let (world, _) = talked().await;
    let row = world.rows("CONVERSATION").remove(0);
    let own = get(&world, "").await["items"][0]["id"].clone();
    let own = own.as_str().unwrap();
    for number in 0..1200 {
        let id = ConversationId::derive(&["other", &number.to_string()]).to_string();
        let order = format!("2099-01-01T00:00:00.000Z#{id}");
        let pk = row["pk"].as_str().unwrap().replace(own, &id);
        let mut other = row.clone();
        for (name, value) in [
            ("pk", pk),
            ("connector_id", ConnectorId::derive(&["other"]).to_string()),
            ("all_sk", order.clone()),
            ("state_sk", order),
        ] {
            other.insert(name.to_owned(), value.into());
        }
        put(&world, other);
    }
    let token = reader(&world).await;
    for limit in [1, 100] {
        let query = format!("?connector_id={}&limit={limit}", world.open.id);
        let (mut found, mut pages, mut next) = (Vec::new(), 0, String::new());
        loop {
            world.count_from_here();
            let (status, page) = try_get(&world, &token, &format!("{query}{next}")).await;
            assert_eq!(status, 200, "{page}");
            let calls = world.aws_calls();
            let reads = calls.iter().filter(|call| *call == "DynamoDB.Query");
            assert!(reads.count() <= 4, "{calls:?}");
            pages += 1;
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(pages, 2, "limit {limit}");
        let [only] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(only["id"], own);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_older_than_the_project_keeps_them_are_not_shown_though_their_rows_are_there() {
    let (mut world, ada) = talked().await;
    let path = messages_path(&world).await;
    world.clock.advance(2 * DAY);
    say(&world, &ada, "And now?").await;
    world.settle().await;
    assert_eq!(numbers(&get(&world, &path).await), [6, 5, 4, 3, 2, 1]);
    keep_for(&world, 1).await;
    for (query, expected) in [
        ("", vec![6, 5, 4]),
        ("?order=oldest", vec![4, 5, 6]),
        ("?order=oldest&limit=1", vec![4]),
        ("?before=4", vec![]),
    ] {
        let page = get(&world, &format!("{path}{query}")).await;
        assert_eq!(numbers(&page), expected, "{query}");
    }
    keep_for(&world, 0).await;
    assert_eq!(get(&world, &path).await["items"], json!([]));
    keep_for(&world, 30).await;
    assert_eq!(numbers(&get(&world, &path).await), [6, 5, 4, 3, 2, 1]);
    world.clock.advance(29 * DAY);
    assert_eq!(numbers(&get(&world, &path).await), [6, 5, 4]);
    assert_eq!(world.rows("MESSAGE#").len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_long_conversation_takes_two_reads_wherever_it_lies() {
    let (world, _) = talked().await;
    let path = messages_path(&world).await;
    let last = proof::scaled(2_000, 100_000);
    fill(&world, last);
    let token = reader(&world).await;
    // The data key for cursors is opened once per process.
    try_get(&world, &token, &format!("{path}?limit=1")).await;
    let middle = last / 2;
    for (query, first, is_back) in [
        ("?limit=100".to_owned(), last, true),
        ("?limit=100&order=oldest".to_owned(), 1, false),
        (format!("?limit=100&before={middle}"), middle - 1, true),
        (
            format!("?limit=100&order=oldest&after={middle}"),
            middle + 1,
            false,
        ),
    ] {
        let mut next = String::new();
        let mut seen = Vec::new();
        for _ in 0..3 {
            world.count_from_here();
            let (status, page) = try_get(&world, &token, &format!("{path}{query}{next}")).await;
            assert_eq!(status, 200, "{page}");
            // The caller's key, then project and conversation, then the messages.
            assert_eq!(
                world.aws_calls(),
                [
                    "DynamoDB.BatchGetItem",
                    "DynamoDB.BatchGetItem",
                    "DynamoDB.Query"
                ],
                "{query}"
            );
            seen.extend(numbers(&page));
            next = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
        }
        let expected: Vec<u64> = if is_back {
            (first - 299..=first).rev().collect()
        } else {
            (first..first + 300).collect()
        };
        assert_eq!(seen, expected, "{query}");
    }
}
