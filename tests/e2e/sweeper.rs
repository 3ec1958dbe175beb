//! Jobs that were recorded but never enqueued (DESIGN §3.4).

use crate::{
    aws::call,
    stack::{CANARY, Place, Stack},
    waiting::{IN_MINUTES, eventually},
};
use serde_json::{Value, json};
use vestibule_testkit::TestClock;

#[tokio::test]
#[ignore = "needs a local stack"]
async fn an_onboarding_message_whose_job_was_lost_is_sent_by_the_next_sweep() {
    let stack = Stack::load();
    let nell = stack.person("Nell").await;
    let text = format!("anybody? ({CANARY})");
    stack
        .say(&nell, stack.connector(), Place::Direct, &text)
        .await;
    let first = stack.answers(&nell, stack.connector(), 1).await;
    let request = stack.request_with_name(&nell).await;
    stack.all_work_is_done().await;

    // The standing as a webhook leaves it that dies before it enqueues the job.
    let key = standing_key(&stack, &request);
    let a_minute_ago = TestClock::system().now_ms() - 60_000;
    let table = stack.fact("table_name");
    let lose_the_job = call(
        "dynamodb",
        "update_item",
        json!({
            "TableName": table, "Key": key,
            "UpdateExpression":
                "SET onboarding_message = :queued, owed = :message, outbox_pk = :shard, outbox_due = :due \
                 REMOVE attempts, lease_id, lease_until, settled_lease",
            "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(owed)",
            "ExpressionAttributeValues": {
                ":queued": {"M": {"status": {"S": "queued"}}}, ":message": {"S": "onboarding_message"},
                ":shard": {"S": "OUTBOX#0"}, ":due": {"N": a_minute_ago.to_string()},
            },
        }),
    );
    stack.aws(vec![lose_the_job]).await;
    assert_eq!(
        stack.only_request(&nell).await["onboarding_message"]["status"],
        "queued"
    );

    eventually("a sweep", IN_MINUTES, async || {
        let request = stack.only_request(&nell).await;
        (request["onboarding_message"]["status"] == "sent").then_some(())
    })
    .await;
    stack.all_work_is_done().await;
    let told = stack.answers(&nell, stack.connector(), 2).await;
    assert_eq!(told[1], first[0]);

    let read = call(
        "dynamodb",
        "get_item",
        json!({"TableName": table, "Key": key, "ConsistentRead": true}),
    );
    let row = stack.aws(vec![read]).await.remove(0);
    for mark in ["owed", "outbox_pk", "outbox_due"] {
        assert_eq!(row["Item"][mark], Value::Null, "{mark}");
    }
}

fn standing_key(stack: &Stack, request: &Value) -> Value {
    let pk = format!(
        "ACCOUNT#{}#PROJECT#{}#USER#{}",
        stack.fact("account_id"),
        stack.fact("project_id"),
        request["chat_user_id"].as_str().unwrap()
    );
    let sk = format!("STANDING#{}", stack.connector());
    json!({"pk": {"S": pk}, "sk": {"S": sk}})
}
