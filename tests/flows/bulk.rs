//! Decisions about many access requests in one call (SPEC B32).

use crate::{
    admin::{all_powers, call, project},
    client_access::Limited,
    lifecycle::stranger,
    world::{SAID, World},
};
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_domain::{
    access::request::RequestStatus, account::permission::Permission, ids::AccessRequestId,
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// An id that no request has.
const NOBODY: &str = "01JD3Q3Z9V8M4T6K2N7P5R1S0W";

/// A world in which this many people wait, with a key, the path of the call, and the ids of the requests.
async fn waiting(count: usize) -> (World, String, String, Vec<String>) {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let people = (0..count).map(|number| world.newcomer(&format!("Person {number}")));
    let people: Vec<_> = people.collect();
    let hellos: Vec<_> = people
        .iter()
        .map(|person| world.says(&connector, person, SAID))
        .collect();
    for some in hellos.chunks(10) {
        let statuses = join_all(some.iter().map(|hello| world.webhook(&connector, hello))).await;
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    }
    world.settle().await;
    let token = all_powers(&world).await;
    let path = format!("{}/access-requests/decide", project(&world));
    let ids = world.requests().await.into_iter();
    let ids: Vec<_> = ids.map(|view| view.request.id.to_string()).collect();
    assert_eq!(ids.len(), count);
    (world, token, path, ids)
}

/// The outcomes in an answer, in its order.
fn outcomes(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap().iter();
    results
        .map(|result| result["outcome"].as_str().unwrap())
        .collect()
}

/// The audit entries of decisions.
fn audited(world: &World) -> usize {
    let decisions = ["access_request.approved", "access_request.rejected"];
    let rows = world.db.items().unwrap().into_iter().filter(|row| {
        let action = row.get("action").and_then(Value::as_str);
        action.is_some_and(|action| decisions.contains(&action))
    });
    rows.count()
}

/// SPEC B32: a hundred at once, one result for each in the order of the call, and a repetition changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_are_decided_in_one_call_and_each_is_answered_in_order() {
    let (mut world, token, path, ids) = waiting(100).await;
    let body = json!({"decision": "approve", "ids": ids, "note": "The new team"});
    let (status, answer) = call(&world, &token, "POST", &path, body.clone()).await;
    assert_eq!(status, 200, "{answer}");
    assert!(outcomes(&answer).iter().all(|one| *one == "decided"));
    let results = answer["results"].as_array().unwrap();
    for (result, id) in results.iter().zip(&ids) {
        assert_eq!(result["id"], json!(id));
        assert_eq!(result["request"]["status"], "approved");
        assert_eq!(result["request"]["processing_note"], "The new team");
        assert_eq!(result["problem"], Value::Null);
    }
    assert_eq!(audited(&world), 100);
    world.settle().await;
    let before = world.db.items().unwrap();
    let (_, again) = call(&world, &token, "POST", &path, body).await;
    assert!(outcomes(&again).iter().all(|one| *one == "decided"));
    assert_eq!(world.db.items().unwrap(), before);
}

/// SPEC B30, B32: two admins on the same list at once never decide one twice, and never see a 5xx.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_admins_who_decide_the_same_hundred_at_once_decide_each_once() {
    let (mut world, one, path, ids) = waiting(100).await;
    let other = all_powers(&world).await;
    let mut turned = ids.clone();
    turned.reverse();
    let approving = json!({"decision": "approve", "ids": ids});
    let rejecting = json!({"decision": "reject", "ids": turned});
    let (approved, rejected) = join(
        call(&world, &one, "POST", &path, approving),
        call(&world, &other, "POST", &path, rejecting),
    )
    .await;
    let mut decided = BTreeSet::new();
    for (status, answer) in [&approved, &rejected] {
        assert_eq!(*status, 200, "{answer}");
        for result in answer["results"].as_array().unwrap() {
            let id = result["id"].as_str().unwrap();
            match result["outcome"].as_str().unwrap() {
                "decided" => assert!(decided.insert(id.to_owned()), "{id} twice"),
                "already" => {
                    let problem = &result["problem"];
                    assert_eq!(problem["type"], "/problems/already-decided", "{result}");
                }
                outcome => panic!("{outcome}: {result}"),
            }
        }
    }
    assert_eq!(decided.len(), 100);
    assert_eq!(audited(&world), 100);
    world.settle().await;
    let requests = world.requests().await.into_iter();
    let approvals = requests.filter(|view| view.request.status() == RequestStatus::Approved);
    let users = world.rows("USER").into_iter();
    let granted = users.filter(|user| {
        user["grants"]
            .as_object()
            .is_some_and(|all| !all.is_empty())
    });
    assert_eq!(approvals.count(), granted.count());
}

/// SPEC B32: each that cannot be decided says why, and the others are decided.
#[tokio::test(flavor = "multi_thread")]
async fn one_request_that_cannot_be_decided_does_not_hold_up_the_others() {
    let (mut world, token, path, ids) = waiting(2).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let user = world.chat_user_id(&ada);
    let mut all = world.requests().await.into_iter();
    let blocked = all.find(|view| view.request.chat_user_id == user);
    let blocked = blocked.unwrap().request.id;
    world.block(&ada).await;
    let other = all_powers(&world).await;
    let alone = format!("{}/access-requests/{}/reject", project(&world), ids[0]);
    assert_eq!(
        call(&world, &other, "POST", &alone, Value::Null).await.0,
        200
    );
    let all = json!([ids[0], NOBODY, blocked, ids[1]]);
    let body = json!({"decision": "approve", "ids": all});
    let (status, answer) = call(&world, &token, "POST", &path, body).await;
    assert_eq!(status, 200, "{answer}");
    let expected = ["already", "not_found", "blocked", "decided"];
    assert_eq!(outcomes(&answer), expected, "{answer}");
    let results = &answer["results"];
    assert_eq!(results[0]["request"]["status"], "rejected");
    assert_eq!(results[0]["problem"]["decision"]["verdict"], "reject");
    assert_eq!(results[2]["problem"]["type"], "/problems/chat-user-blocked");
    assert_eq!(results[2]["request"], Value::Null);
}

/// SPEC B32: a failure of the table at one of them is that one's alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_fails_or_meets_others_too_long_is_told_and_the_rest_is_made() {
    let refusal = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ValidationException",
        "message": "no",
    });
    let refused = Fault::Answer {
        status: 400,
        body: refusal.to_string(),
    };
    for (fault, times, outcome) in [
        (Fault::TransactionConflict, 18, "conflict"),
        (refused, 1, "failed"),
    ] {
        let (world, token, path, ids) = waiting(3).await;
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault);
        world.to_db.inject(rule.times(times));
        let body = json!({"decision": "reject", "ids": ids});
        let (status, answer) = call(&world, &token, "POST", &path, body).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(
            outcomes(&answer),
            [outcome, "decided", "decided"],
            "{answer}"
        );
        assert_eq!(audited(&world), 2);
    }
}

/// SPEC B39: requests of another client do not exist; who may not read a request sees its outcome alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_decides_only_what_it_may_see_and_is_shown_only_what_it_may_read() {
    let (world, _, path, ids) = waiting(2).await;
    let limited = Limited::new(&world).await;
    let body = json!({"decision": "approve", "ids": ids});
    for answer in limited.call(&world, ("POST", &path), &body).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(outcomes(&answer.body), ["not_found", "not_found"]);
    }
    assert_eq!(audited(&world), 0);
    let account = world.scope.account_id();
    let blind = world
        .key(account, &[Permission::AccessRequestsDecide])
        .await;
    let (_, answer) = call(&world, &blind, "POST", &path, body).await;
    assert_eq!(outcomes(&answer), ["decided", "decided"]);
    assert_eq!(answer["results"][0]["request"], Value::Null, "{answer}");
    let unknown = AccessRequestId::derive(&["elsewhere"]);
    let nowhere = path.replace(&world.scope.project_id().to_string(), NOBODY);
    let body = json!({"decision": "approve", "ids": [unknown]});
    assert_eq!(call(&world, &blind, "POST", &nowhere, body).await.0, 404);
}
