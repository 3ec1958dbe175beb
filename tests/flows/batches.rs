//! Requests with many messages (360dialog): taken several conversations at once, in order within each, and further
//! with every delivery when one is not enough.

use crate::world::{SAID, World};
use serde_json::{Value, json};
use vestibule_domain::connector::Connector;
use vestibule_testkit::{
    SignedRequest,
    fault_proxy::{Fault, Rule},
    simulator::Platform,
};

/// People who write in one batch: more than are taken at once.
const PEOPLE: usize = 20;
/// Messages that one delivery gets through to the queue before its time is over.
const IN_TIME: usize = 12;

/// One request with the messages of all of these.
fn batch(requests: &[SignedRequest]) -> SignedRequest {
    let body = |request: &SignedRequest| serde_json::from_slice::<Value>(&request.body).unwrap();
    let mut all = body(&requests[0]);
    let entries = requests
        .iter()
        .flat_map(|request| body(request)["entry"].as_array().unwrap().clone());
    all["entry"] = entries.collect();
    requests[0].clone().with_body(all.to_string())
}

/// The deletion of the message that this request brings.
fn deletion_of(request: &SignedRequest) -> SignedRequest {
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    let message = &mut body["entry"][0]["changes"][0]["value"]["messages"][0];
    let original = message["id"].as_str().unwrap().to_owned();
    message.as_object_mut().unwrap().remove("text");
    message["id"] = format!("{original}.gone").into();
    message["type"] = "revoke".into();
    message["revoke"] = json!({"original_message_id": original});
    request.clone().with_body(body.to_string())
}

/// A limit as of a delivery's time: no call after the first few succeeds, and nothing is tried again.
fn limit() -> Rule {
    let body = json!({"__type": "com.amazonaws.sqs#AccessDeniedException", "message": "too late"});
    let fault = Fault::Answer {
        status: 400,
        body: body.to_string(),
    };
    Rule::new("SQS.SendMessage", fault)
        .from_call(IN_TIME + 1)
        .until_cleared()
}

/// Delivers a request as the platform does: again until it is taken.
async fn deliver(world: &World, connector: &Connector, request: &SignedRequest) {
    for _ in 0..10 {
        match world.webhook(connector, request).await {
            200 => return,
            status => assert_eq!(status, 503),
        }
    }
    panic!("the request is never taken");
}

/// A world in which this many people already talk to the open connector.
async fn talking(people: usize) -> (World, Vec<String>) {
    let mut world = World::on(Platform::Dialog360).await;
    let open = world.open.clone();
    let people: Vec<String> = (0..people)
        .map(|number| world.newcomer(&format!("Person {number}")))
        .collect();
    let hellos: Vec<_> = people
        .iter()
        .map(|person| world.says(&open, person, SAID))
        .collect();
    deliver(&world, &open, &batch(&hellos)).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), people.len());
    (world, people)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_too_large_for_one_delivery_gets_further_with_each_and_ends() {
    let (mut world, people) = talking(PEOPLE).await;
    let open = world.open.clone();
    let messages: Vec<_> = people
        .iter()
        .map(|person| world.says(&open, person, "And now?"))
        .collect();
    let all = batch(&messages);
    let mut left = PEOPLE;
    while left > IN_TIME {
        world.count_from_here();
        world.to_aws.inject(limit());
        assert_eq!(world.webhook(&open, &all).await, 503);
        world.to_aws.clear();
        left -= IN_TIME;
        assert_eq!(world.aws.messages("inbox.fifo").len(), PEOPLE - left);
    }
    world.count_from_here();
    assert_eq!(world.webhook(&open, &all).await, 200);
    assert_eq!(world.to_aws.count("SQS.SendMessage"), left);
    // The last delivery, once more: one read finds that all is done.
    world.count_from_here();
    assert_eq!(world.webhook(&open, &all).await, 200);
    assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 2 * PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_batch_of_deletions_by_blocked_people_gets_further_with_each_delivery_and_ends() {
    let (mut world, people) = talking(PEOPLE).await;
    let open = world.open.clone();
    let messages: Vec<_> = people
        .iter()
        .map(|person| world.says(&open, person, "And now?"))
        .collect();
    deliver(&world, &open, &batch(&messages)).await;
    world.settle().await;
    for person in &people {
        world.block(person).await;
    }
    let deletions: Vec<_> = messages.iter().map(deletion_of).collect();
    let all = batch(&deletions);
    world.count_from_here();
    world.to_aws.inject(limit());
    assert_eq!(world.webhook(&open, &all).await, 503);
    world.to_aws.clear();
    assert_eq!(world.aws.messages("inbox.fifo").len(), IN_TIME);
    world.count_from_here();
    assert_eq!(world.webhook(&open, &all).await, 200);
    assert_eq!(world.to_aws.count("SQS.SendMessage"), PEOPLE - IN_TIME);
    world.settle().await;
    let rows = world.rows("MESSAGE#");
    let deleted = rows.iter().filter(|row| row.contains_key("deleted_at"));
    assert_eq!(deleted.count(), PEOPLE);
    assert_eq!(world.agent.deliveries().len(), 2 * PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_of_a_large_batch_each_make_one_request_and_their_messages_stay_in_order() {
    let mut world = World::on(Platform::Dialog360).await;
    let connector = world.connector.clone();
    let people: Vec<String> = (0..20)
        .map(|number| world.newcomer(&format!("Person {number}")))
        .collect();
    let mut messages = Vec::new();
    for text in ["First", "Second"] {
        for person in &people {
            messages.push(world.says(&connector, person, text));
        }
    }
    let all = batch(&messages);
    for _ in 0..2 {
        deliver(&world, &connector, &all).await;
    }
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(requests.len(), people.len());
    for view in requests {
        assert_eq!(view.standing.unwrap().message_count, 2);
    }
    for preview in world.rows("PREVIEW") {
        assert_eq!(preview["text"], "First", "{preview:?}");
    }
    for person in &people {
        assert_eq!(world.welcomes(person), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_batch_costs_what_its_messages_cost_alone() {
    let (world, people) = talking(3).await;
    let open = world.open.clone();
    let messages: Vec<_> = people
        .iter()
        .map(|person| world.says(&open, person, "And now?"))
        .collect();
    world.count_from_here();
    assert_eq!(world.webhook(&open, &batch(&messages)).await, 200);
    assert_eq!(world.to_db.count("DynamoDB.BatchGetItem"), 3);
    assert_eq!(world.to_aws.count("SQS.SendMessage"), 3);
    assert_eq!(world.to_db.count("DynamoDB.PutItem"), 0);
}
