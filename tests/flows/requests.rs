//! Access requests as admins read and decide them one by one.

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{patch, stranger},
    world::{Answer, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, ports::AccessRequestView};

/// A world in which Ada wrote, with a key and the path of her request.
pub async fn waiting() -> (World, String, String, String) {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let token = all_powers(&world).await;
    let id = world.requests().await[0].request.id;
    let path = format!("{}/access-requests/{id}", project(&world));
    (world, ada, token, path)
}

/// The version of the record in an answer.
pub fn etag(answer: &Answer) -> String {
    let value = answer.headers.get("etag").unwrap();
    value.to_str().unwrap().to_owned()
}

/// SPEC B18, B22: the answer of a decision is what a read shows.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_answers_with_the_whole_record_and_its_version() {
    for verb in ["approve", "reject"] {
        let (world, _, token, path) = waiting().await;
        let before = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        let decide = format!("{path}/{verb}");
        let decided = world
            .call(&token, ("POST", &decide), json!({"note": "Seen"}), &[])
            .await;
        assert_eq!(decided.status, 200, "{}", decided.body);
        let shown = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(decided.body, shown.body, "{verb}");
        assert_eq!(etag(&decided), etag(&shown), "{verb}");
        assert_ne!(etag(&before), etag(&shown), "{verb}");
        assert_eq!(decided.body["user_name"], "Ada Lovelace", "{verb}");
        assert_eq!(decided.body["processing_note"], "Seen", "{verb}");
        let again = world
            .call(&token, ("POST", &decide), Value::Null, &[])
            .await;
        assert_eq!((again.status, &again.body), (200, &shown.body), "{verb}");
    }
}

/// SPEC B08, B12, B14, B25: a row tells what an approver needs, without another call.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_names_its_environment_and_channel_and_says_who_is_blocked_and_when_to_ask_again() {
    let (world, ada, token, path) = waiting().await;
    let list = format!("{}/access-requests", project(&world));
    let (_, page) = call(&world, &token, "GET", &list, Value::Null).await;
    let row = &page["items"][0];
    assert_eq!(row["environment_name"], "Development", "{row}");
    assert_eq!(row["channel"], "slack");
    assert_eq!(row["conversation"]["kind"], "direct");
    assert_eq!(
        (&row["blocked"], &row["message_count"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(row["new_request_possible_at"], Value::Null);
    assert!(row["last_message_at"].is_string());

    world.decide(&ada, Verdict::Reject).await;
    let (_, rejected) = call(&world, &token, "GET", &path, Value::Null).await;
    let day = Duration::from_hours(24);
    let until = world.now().plus(day).to_string();
    assert_eq!(rejected["new_request_possible_at"], json!(until));
    let connector = world.connector.clone();
    patch(&world, &connector, json!({"request_cooldown_seconds": 60})).await;
    let (_, rejected) = call(&world, &token, "GET", &path, Value::Null).await;
    let until = world.now().plus(Duration::from_mins(1)).to_string();
    assert_eq!(rejected["new_request_possible_at"], json!(until));
    world.block(&ada).await;
    let (_, blocked) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(blocked["blocked"], true);
    assert_eq!(blocked["new_request_possible_at"], Value::Null);
}

/// SPEC B34: a page costs one query and one batch read for every hundred rows beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_requests_takes_one_query_and_one_batch_read() {
    let (mut world, _, token, _) = waiting().await;
    for number in 0..20 {
        stranger(&world, &format!("Person {number}")).await;
    }
    world.settle().await;
    let list = format!("{}/access-requests?limit=30", project(&world));
    world.count_from_here();
    let (status, page) = call(&world, &token, "GET", &list, Value::Null).await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 21));
    let calls = world.aws_calls();
    let queries = calls.iter().filter(|one| *one == "DynamoDB.Query");
    assert_eq!(queries.count(), 1, "{calls:?}");
    // The credential and the rows beside the requests.
    let reads = calls.iter().filter(|one| *one == "DynamoDB.BatchGetItem");
    assert_eq!(reads.count(), 2, "{calls:?}");
}

/// The ids on the pages of a list of requests, a few at a time.
async fn walked(world: &World, token: &str, query: &str) -> Vec<String> {
    let list = format!("{}/access-requests?{query}&limit=2", project(world));
    let (mut ids, mut path) = (Vec::new(), list.clone());
    loop {
        let (status, page) = call(world, token, "GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        ids.extend(
            items
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            return ids;
        };
        path = format!("{list}&cursor={cursor}");
    }
}

/// SPEC B34, A43: whoever waits can be listed by the last message, and a decided request leaves that list.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_are_listed_by_their_last_message_and_filtered_by_connectors_and_providers()
{
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let mut people = Vec::new();
    for name in ["Ada", "Grace", "Hedy", "Mary", "Rosa"] {
        people.push(stranger(&world, name).await);
        world.clock.advance(Duration::from_mins(1));
    }
    world.settle().await;
    let id = |world: &World, person: &str, views: &[AccessRequestView]| {
        let user = world.chat_user_id(person);
        let mut all = views.iter();
        let found = all.find(|view| view.request.chat_user_id == user);
        found.unwrap().request.id.to_string()
    };
    let views = world.requests().await;
    let ids: Vec<_> = people
        .iter()
        .map(|person| id(&world, person, &views))
        .collect();
    for person in [&people[1], &people[0]] {
        world.clock.advance(Duration::from_mins(1));
        let more = world.says(&connector, person, "Hello again");
        assert_eq!(world.webhook(&connector, &more).await, 200);
    }
    world.settle().await;
    let token = all_powers(&world).await;
    let of = |places: &[usize]| -> Vec<String> {
        places.iter().map(|place| ids[*place].clone()).collect()
    };
    let by_last = "status=pending&order=last_message";
    assert_eq!(walked(&world, &token, by_last).await, of(&[0, 1, 4, 3, 2]));
    world.decide(&people[1], Verdict::Approve).await;
    world.decide(&people[4], Verdict::Reject).await;
    world.settle().await;
    assert_eq!(walked(&world, &token, by_last).await, of(&[0, 3, 2]));
    let all = walked(&world, &token, "status=all").await;
    assert_eq!(all, of(&[4, 3, 2, 1, 0]));

    let (here, open) = (connector.id, world.open.id);
    let nowhere = format!("connector_id={open}&provider=slack,teams");
    let somewhere = format!("connector_id={open},{here}&provider=teams,slack");
    for order in ["", "&status=pending&order=last_message"] {
        let none = walked(&world, &token, &format!("{nowhere}{order}")).await;
        assert_eq!(none, Vec::<String>::new(), "{order}");
        let some = walked(&world, &token, &format!("{somewhere}{order}")).await;
        assert_eq!(some.len(), if order.is_empty() { 5 } else { 3 }, "{order}");
        let others = format!("provider=teams,telegram{order}");
        assert!(walked(&world, &token, &others).await.is_empty(), "{order}");
    }
    let list = format!("{}/access-requests", project(&world));
    for wrong in [
        "order=last_message",
        "status=all&order=last_message",
        "order=name",
    ] {
        let path = format!("{list}?{wrong}");
        let (status, answer) = call(&world, &token, "GET", &path, Value::Null).await;
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (400, &json!("order"))
        );
    }
}

/// SPEC A43: the place in the list costs a held message no further call.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_still_takes_one_read_and_one_transaction() {
    let (world, ada, _, _) = waiting().await;
    let connector = world.connector.clone();
    let more = world.says(&connector, &ada, "Hello again");
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &more).await, 200);
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]
    );
}
