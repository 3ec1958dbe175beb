//! Tests the faults from both sides: the client's answer and the server's work.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Capacity, Fault, FaultProxy, Inspector, Rule};
use crate::dynamodb::{DynamoDb, TABLE_NAME};
use crate::http_client::{HttpAnswer, HttpClient, HttpFailure, header_map};

async fn call(
    proxy: &FaultProxy,
    operation: &str,
    input: &Value,
) -> Result<HttpAnswer, HttpFailure> {
    let target = format!("DynamoDB_20120810.{operation}");
    let headers = header_map([
        ("content-type", "application/x-amz-json-1.0"),
        ("x-amz-target", target.as_str()),
        ("x-amz-date", "20260101T000000Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=t/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=00",
        ),
    ])
    .unwrap();
    HttpClient::default()
        .send(
            hyper::Method::POST,
            &proxy.url(),
            headers,
            input.to_string().into(),
            Some(Duration::from_millis(300)),
        )
        .await
}

/// The input of a `PutItem`.
fn row(pk: &str) -> Value {
    json!({"TableName": TABLE_NAME, "Item": {"pk": {"S": pk}, "sk": {"S": "1"}}})
}

async fn put(proxy: &FaultProxy, pk: &str) -> Result<HttpAnswer, HttpFailure> {
    call(proxy, "PutItem", &row(pk)).await
}

async fn database_behind_proxy() -> (DynamoDb, FaultProxy) {
    let db = DynamoDb::start().await.unwrap();
    let proxy = FaultProxy::start(db.url()).await.unwrap();
    (db, proxy)
}

#[tokio::test]
async fn a_reset_after_loses_the_answer_of_a_write_that_took_effect() {
    let (db, proxy) = database_behind_proxy().await;
    proxy.inject(Rule::new("DynamoDB.PutItem", Fault::ResetAfter));
    assert!(matches!(
        put(&proxy, "a").await,
        Err(HttpFailure::Connection(_))
    ));
    assert_eq!(db.items().unwrap().len(), 1);
    assert_eq!(proxy.log()[0].upstream_status, Some(200));
    assert!(!proxy.has_pending_rules());
    assert_eq!(put(&proxy, "b").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_reset_before_never_reaches_the_server() {
    let (db, proxy) = database_behind_proxy().await;
    proxy.inject(Rule::new("DynamoDB.*", Fault::ResetBefore).until_cleared());
    for _ in 0..3 {
        assert!(matches!(
            put(&proxy, "a").await,
            Err(HttpFailure::Connection(_))
        ));
    }
    proxy.clear();
    assert_eq!(db.items().unwrap().len(), 0);
    assert_eq!(proxy.count("DynamoDB.PutItem"), 3);
    assert!(put(&proxy, "a").await.is_ok());
}

#[tokio::test]
async fn only_the_chosen_occurrence_meets_the_fault() {
    let (db, proxy) = database_behind_proxy().await;
    proxy.inject(Rule::new("DynamoDB.PutItem", Fault::Throttle).from_call(2));
    assert_eq!(put(&proxy, "a").await.unwrap().status, 200);
    let throttled = put(&proxy, "b").await.unwrap();
    assert_eq!(throttled.status, 400);
    assert!(
        String::from_utf8_lossy(&throttled.body).contains("ProvisionedThroughputExceededException")
    );
    assert_eq!(put(&proxy, "c").await.unwrap().status, 200);
    assert_eq!(db.items().unwrap().len(), 2);
    assert_eq!(proxy.sequence(), ["DynamoDB.PutItem"; 3]);
}

#[tokio::test]
async fn a_conflict_at_a_row_is_met_by_what_writes_the_row_and_by_nothing_else() {
    let (db, proxy) = database_behind_proxy().await;
    let conflict = Fault::ConflictAt {
        pk: "b".to_owned(),
        sk: "1".to_owned(),
    };
    proxy.inject(Rule::new("DynamoDB.*", conflict).times(2));
    assert_eq!(put(&proxy, "a").await.unwrap().status, 200);
    let key = json!({"pk": {"S": "b"}, "sk": {"S": "1"}});
    let get = json!({"TableName": TABLE_NAME, "Key": key});
    let read = call(&proxy, "GetItem", &get).await.unwrap();
    assert_eq!(read.status, 200);
    let parts = ["c", "b", "d"].map(|pk| json!({"Put": row(pk)}));
    let transaction = json!({"TransactItems": parts});
    let cancelled = call(&proxy, "TransactWriteItems", &transaction)
        .await
        .unwrap();
    assert_eq!(cancelled.status, 400);
    let answer: Value = serde_json::from_slice(&cancelled.body).unwrap();
    let reasons = answer["CancellationReasons"].as_array().unwrap();
    let codes: Vec<&Value> = reasons.iter().map(|reason| &reason["Code"]).collect();
    assert_eq!(codes, ["None", "TransactionConflict", "None"]);
    let refused = put(&proxy, "b").await.unwrap();
    assert_eq!(refused.status, 400);
    assert!(String::from_utf8_lossy(&refused.body).contains("TransactionConflictException"));
    assert_eq!(db.items().unwrap().len(), 1);
    assert!(!proxy.has_pending_rules());
    let done = call(&proxy, "TransactWriteItems", &transaction)
        .await
        .unwrap();
    assert_eq!(done.status, 200);
    assert_eq!(db.items().unwrap().len(), 4);
}

#[tokio::test]
async fn a_wait_for_a_call_ends_when_it_arrives_and_one_for_an_answer_when_it_comes_back() {
    const PUT: &str = "DynamoDB.PutItem";
    let (_db, proxy) = database_behind_proxy().await;
    let slow = Fault::Delay(Duration::from_millis(100));
    proxy.inject(Rule::new(PUT, slow).from_call(2));
    let arrived = async {
        proxy.until_call(PUT, 2).await;
        let log = proxy.log();
        assert_eq!(log.len(), 2);
        assert_eq!(log[1].upstream_status, None);
        proxy
            .until(|log| log.iter().all(|call| call.upstream_status.is_some()))
            .await;
        proxy.log().len()
    };
    let calls = async {
        for pk in ["a", "b"] {
            assert_eq!(put(&proxy, pk).await.unwrap().status, 200);
        }
    };
    let (seen, ()) = tokio::join!(arrived, calls);
    assert_eq!(seen, 2);
    // Calls that have come already are not waited for.
    proxy.until_call(PUT, 1).await;
    proxy.inject(Rule::new(PUT, Fault::Throttle));
    let (throttled, ()) = tokio::join!(put(&proxy, "c"), proxy.until_fault());
    assert_eq!(throttled.unwrap().status, 400);
}

#[tokio::test]
async fn a_timeout_answers_nothing_and_the_late_one_has_taken_effect() {
    let (db, proxy) = database_behind_proxy().await;
    proxy.inject(Rule::new("DynamoDB.PutItem", Fault::Timeout));
    assert_eq!(put(&proxy, "a").await.unwrap_err(), HttpFailure::Timeout);
    assert_eq!(db.items().unwrap().len(), 0);
    proxy.inject(Rule::new("DynamoDB.PutItem", Fault::TimeoutAfter));
    assert_eq!(put(&proxy, "a").await.unwrap_err(), HttpFailure::Timeout);
    assert_eq!(db.items().unwrap().len(), 1);
}

#[tokio::test]
async fn a_killed_handler_sees_no_error_and_runs_no_further() {
    let (db, proxy) = database_behind_proxy().await;
    for (fault, items) in [(Fault::KillBefore, 0), (Fault::KillAfter, 1)] {
        proxy.inject(Rule::new("DynamoDB.PutItem", fault));
        let mut went_on = false;
        let outcome = proxy
            .run_until_killed(async {
                let _ = put(&proxy, "a").await;
                went_on = true;
            })
            .await;
        assert_eq!(outcome, None);
        assert!(!went_on);
        assert_eq!(db.items().unwrap().len(), items);
    }
    assert!(
        proxy
            .run_until_killed(put(&proxy, "b"))
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn an_inspector_sees_who_calls_and_what_it_refuses_never_reaches_the_server() {
    let db = DynamoDb::start().await.unwrap();
    let inspector = Inspector::new(|call| {
        let key = call.input["Item"]["pk"]["S"].as_str().unwrap_or_default();
        if key == "a" {
            return Ok(());
        }
        Err(format!(
            "{} may not {} {key}",
            call.access_key_id, call.operation
        ))
    });
    let proxy = FaultProxy::start_inspected(db.url(), inspector)
        .await
        .unwrap();
    assert_eq!(put(&proxy, "a").await.unwrap().status, 200);
    let refused = put(&proxy, "b").await.unwrap();
    assert_eq!(refused.status, 400);
    let body = String::from_utf8(refused.body.to_vec()).unwrap();
    assert!(body.contains("AccessDeniedException"), "{body}");
    assert_eq!(proxy.refused(), ["t may not DynamoDB.PutItem b"]);
    assert_eq!(db.items().unwrap().len(), 1);
    assert_eq!(proxy.count("DynamoDB.PutItem"), 1);
}

#[tokio::test]
async fn a_proxy_that_measures_tells_what_calls_consume_since_the_counts_began() {
    let (_db, proxy) = database_behind_proxy().await;
    put(&proxy, "a").await.unwrap();
    assert_eq!(proxy.consumed(), Capacity::default());
    proxy.measure();
    for pk in ["b", "c"] {
        let answer = put(&proxy, pk).await.unwrap();
        assert_eq!(answer.status, 200);
    }
    let writes = Capacity {
        table_writes: 2.0,
        ..Capacity::default()
    };
    assert_eq!(proxy.consumed(), writes);
    proxy.reset_counts();
    assert_eq!(proxy.consumed(), Capacity::default());
}
