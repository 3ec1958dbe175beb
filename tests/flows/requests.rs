//! Access requests as admins read and decide them one by one.

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{patch, stranger},
    world::{Answer, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::access::request::Verdict;

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
