//! The admin API on the real stores: set-up, decisions and their cost, lists, secrets, and access to other
//! accounts.

use crate::world::{SAID, SETUP_TOKEN, World};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, ids::AccountId};
use vestibule_testkit::fault_proxy::{Fault, Rule};

mod keys;

/// Calls the admin API and returns status and body.
pub async fn call(
    world: &World,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    call_with(world, token, method, path, body, &[]).await
}

async fn call_with(
    world: &World,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
    headers: &[(&str, &str)],
) -> (u16, Value) {
    let answer = world.call(token, (method, path), body, headers).await;
    (answer.status, answer.body)
}

/// The path of the world's project.
pub fn project(world: &World) -> String {
    world.project_path()
}

/// A key with every permission.
pub async fn all_powers(world: &World) -> String {
    world.all_powers().await
}

/// A world with a pending request, and the request's path.
async fn waiting() -> (World, String, String) {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.settle().await;
    let token = all_powers(&world).await;
    let id = world.requests().await[0].request.id;
    let path = format!("{}/access-requests/{id}", project(&world));
    (world, token, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_takes_two_reads_side_by_side_one_of_the_person_one_transaction_one_job_and_two_of_the_answer()
 {
    let (world, token, path) = waiting().await;
    world.count_from_here();
    let (status, body) = call(
        &world,
        &token,
        "POST",
        &format!("{path}/approve"),
        json!({"note": "Known to us"}),
    )
    .await;
    assert_eq!(status, 200, "{body}");
    let mut calls = world.aws_calls();
    // The reads are side by side, and so are the job and the read of the answer.
    calls[..3].sort_unstable();
    calls[4..].sort_unstable();
    assert_eq!(
        calls,
        [
            "DynamoDB.BatchGetItem",
            "DynamoDB.GetItem",
            "DynamoDB.GetItem",
            "DynamoDB.TransactWriteItems",
            "DynamoDB.BatchGetItem",
            "DynamoDB.BatchGetItem",
            "SQS.SendMessage"
        ]
    );
    assert_eq!(body["status"], "approved");
    assert_eq!(body["processed_by"]["name"], "Grace's key");
    assert_eq!(body["processing_note"], "Known to us");
    let entries: Vec<_> = world
        .db
        .items()
        .unwrap()
        .into_iter()
        .filter(|row| row.get("action") == Some(&json!("access_request.approved")))
        .collect();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["after"]["note"], "Known to us");
}

/// SPEC B30.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_decision_is_told_the_first_and_the_same_one_again_changes_nothing() {
    let (world, token, path) = waiting().await;
    let (approve, reject) = (format!("{path}/approve"), format!("{path}/reject"));
    assert_eq!(
        call(&world, &token, "POST", &approve, json!({"note": "yes"}))
            .await
            .0,
        200
    );
    let before = world.db.items().unwrap();
    let (status, body) = call(
        &world,
        &token,
        "POST",
        &approve,
        json!({"note": "yes, again"}),
    )
    .await;
    assert_eq!((status, &body["processing_note"]), (200, &json!("yes")));
    let (status, body) = call(&world, &token, "POST", &reject, Value::Null).await;
    assert_eq!(status, 409, "{body}");
    assert_eq!(body["type"], "/problems/already-decided");
    assert_eq!(body["decision"]["verdict"], "approve");
    assert_eq!(world.db.items().unwrap(), before);
}

/// SPEC B30.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_decisions_made_at_once_one_takes_effect() {
    let (world, token, path) = waiting().await;
    let answers = join_all((0..20).map(|i| {
        let verb = if i % 2 == 0 { "approve" } else { "reject" };
        let (world, token, path) = (&world, &token, format!("{path}/{verb}"));
        async move { (verb, call(world, token, "POST", &path, Value::Null).await.0) }
    }))
    .await;
    let (_, shown) = call(&world, &token, "GET", &path, Value::Null).await;
    let winner = if shown["status"] == "approved" {
        "approve"
    } else {
        "reject"
    };
    for (verb, status) in answers {
        assert_eq!(status, if verb == winner { 200 } else { 409 }, "{verb}");
    }
    let granted = world.rows("USER")[0]["grants"].as_object().unwrap().len();
    assert_eq!(granted, usize::from(winner == "approve"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_whose_answer_was_lost_is_made_once() {
    for fault in [
        Fault::ResetAfter,
        Fault::TimeoutAfter,
        Fault::ResetBefore,
        Fault::Error500,
    ] {
        let (world, token, path) = waiting().await;
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault.clone()));
        let (status, body) = call(
            &world,
            &token,
            "POST",
            &format!("{path}/approve"),
            Value::Null,
        )
        .await;
        assert_eq!(status, 200, "{fault:?}: {body}");
        let decided = world
            .db
            .items()
            .unwrap()
            .into_iter()
            .filter(|row| row.get("action") == Some(&json!("access_request.approved")))
            .count();
        assert_eq!(decided, 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_database_is_a_503_that_says_nothing_of_it() {
    let (world, token, path) = waiting().await;
    world
        .to_db
        .inject(Rule::new("DynamoDB.*", Fault::Error500).until_cleared());
    let (status, body) = call(
        &world,
        &token,
        "POST",
        &format!("{path}/approve"),
        Value::Null,
    )
    .await;
    assert_eq!(status, 503);
    assert!(
        !body.to_string().to_lowercase().contains("dynamo"),
        "{body}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stack_is_set_up_once_and_a_lost_answer_can_be_had_again() {
    let world = World::new().await;
    let asked = json!({"setup_token": SETUP_TOKEN, "account_name": "Globex"});
    let set_up = async |token: &str, key: &str| {
        let body = json!({"setup_token": token, "account_name": "Globex"});
        call_with(
            &world,
            "",
            "POST",
            "/v1/setup",
            body,
            &[("idempotency-key", key)],
        )
        .await
    };
    assert_eq!(
        set_up("wrong-token-of-the-stack-0123456789abcdefghijklm", "one")
            .await
            .0,
        401
    );
    let (status, first) = set_up(SETUP_TOKEN, "one").await;
    assert_eq!(status, 201, "{first}");
    let (status, again) = set_up(SETUP_TOKEN, "one").await;
    assert_eq!(
        (status, &again["api_key"]["key"]),
        (201, &first["api_key"]["key"])
    );
    assert_eq!(set_up(SETUP_TOKEN, "two").await.0, 409);
    assert_eq!(call(&world, "", "POST", "/v1/setup", asked).await.0, 409);
    world.clock.advance(Duration::from_mins(11));
    assert_eq!(set_up(SETUP_TOKEN, "one").await.0, 409);
    let key = first["api_key"]["key"].as_str().unwrap();
    assert_eq!(
        call(&world, key, "GET", "/v1/projects", Value::Null)
            .await
            .0,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_sees_and_changes_nothing() {
    let (world, _, path) = waiting().await;
    let stranger = world
        .key(AccountId::derive(&["globex"]), &Permission::ALL)
        .await;
    let project = project(&world);
    let connector = format!("{project}/connectors/{}", world.connector.id);
    let user = format!(
        "{project}/chat-users/{}",
        world.rows("USER")[0]["id"].as_str().unwrap()
    );
    let before = world.db.items().unwrap();
    for (method, path) in [
        ("GET", project.clone()),
        ("GET", path.clone()),
        ("POST", format!("{path}/approve")),
        ("POST", format!("{path}/reject")),
        ("GET", connector.clone()),
        ("DELETE", connector),
        ("GET", user.clone()),
        ("POST", format!("{user}/block")),
        ("GET", format!("{project}/access-requests")),
        ("GET", format!("{project}/chat-users")),
        ("GET", format!("{project}/connectors")),
        ("GET", format!("{project}/environments")),
    ] {
        let (status, body) = call(&world, &stranger, method, &path, Value::Null).await;
        assert_eq!(status, 404, "{method} {path}: {body}");
    }
    let (_, projects) = call(&world, &stranger, "GET", "/v1/projects", Value::Null).await;
    assert_eq!(projects["items"], json!([]));
    assert_eq!(world.db.items().unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_the_permission_is_told_which_one_and_changes_nothing() {
    let (world, _, path) = waiting().await;
    let reader = world
        .key(world.scope.account_id(), &[Permission::AccessRequestsRead])
        .await;
    let (status, body) = call(
        &world,
        &reader,
        "POST",
        &format!("{path}/approve"),
        Value::Null,
    )
    .await;
    assert_eq!(status, 403);
    assert!(
        body.to_string().contains("access_requests.decide"),
        "{body}"
    );
    assert_eq!(
        call(&world, &reader, "GET", &path, Value::Null).await.0,
        200
    );
    assert_eq!(
        call(&world, "vst_nonsense", "GET", &path, Value::Null)
            .await
            .0,
        401
    );
    world.clock.advance(Duration::from_hours(25));
    assert_eq!(
        call(&world, &reader, "GET", &path, Value::Null).await.0,
        401
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_walked_page_by_page_and_its_cursor_is_good_for_it_alone() {
    let mut world = World::new().await;
    let connector = world.connector.clone();
    for i in 0..7 {
        let person = world.newcomer(&format!("Person {i}"));
        let hello = world.says(&connector, &person, SAID);
        world.webhook(&connector, &hello).await;
        world.clock.advance(Duration::from_secs(1));
    }
    world.settle().await;
    let token = all_powers(&world).await;
    let list = format!("{}/access-requests", project(&world));
    let mut seen = Vec::new();
    let mut next = Value::Null;
    let mut cursors = Vec::new();
    loop {
        let page = match next.as_str() {
            None => format!("{list}?status=pending&limit=3"),
            Some(cursor) => format!("{list}?status=pending&limit=3&cursor={cursor}"),
        };
        let (status, body) = call(&world, &token, "GET", &page, Value::Null).await;
        assert_eq!(status, 200, "{body}");
        for item in body["items"].as_array().unwrap() {
            seen.push(item["id"].as_str().unwrap().to_owned());
        }
        next = body["next_cursor"].clone();
        match next.as_str() {
            None => break,
            Some(cursor) => cursors.push(cursor.to_owned()),
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), cursors.len()), (7, 2));
    let cursor = &cursors[0];
    let mut forged = cursor.clone();
    forged.replace_range(20..21, if &cursor[20..21] == "A" { "B" } else { "A" });
    for path in [
        format!("{list}?status=pending&limit=3&cursor={forged}"),
        format!("{list}?status=approved&limit=3&cursor={cursor}"),
        format!("{}/chat-users?cursor={cursor}", project(&world)),
    ] {
        let (status, body) = call(&world, &token, "GET", &path, Value::Null).await;
        assert_eq!(status, 400, "{path}: {body}");
    }
    let filtered = format!("{list}?connector_id={}", world.open.id);
    assert_eq!(
        call(&world, &token, "GET", &filtered, Value::Null).await.1["items"],
        json!([])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_is_made_changed_and_deleted_and_shows_no_secret() {
    let world = World::new().await;
    let set_up = json!({"setup_token": SETUP_TOKEN, "account_name": "Globex"});
    let (_, made) = call(&world, "", "POST", "/v1/setup", set_up).await;
    let token = made["api_key"]["key"].as_str().unwrap().to_owned();
    let (_, made) = call(
        &world,
        &token,
        "POST",
        "/v1/projects",
        json!({"name": "Shop"}),
    )
    .await;
    let project = format!("/v1/projects/{}", made["id"].as_str().unwrap());
    let environments = format!("{project}/environments");
    let (_, found) = call(&world, &token, "GET", &environments, Value::Null).await;
    let names: Vec<&Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["name"])
        .collect();
    assert_eq!(names, ["Development", "Staging", "Production"]);
    let environment = found["items"][0]["id"].clone();
    let list = format!("{project}/connectors");
    let slack = json!({
        "api_app_id": "A0NEW", "team_id": "T0NEW",
        "signing_secret": "canary-signing-secret-0", "bot_token": "xoxb-canary-bot-token",
    });
    let asked = json!({"name": "New", "provider": "slack", "environment_id": environment, "policy": "OnBoarding", "slack": slack});
    let (status, body) = call(&world, &token, "POST", &list, asked.clone()).await;
    assert_eq!(status, 422, "{body}");
    assert!(body.to_string().contains("onboarding_message"), "{body}");

    let mut good = asked;
    good["onboarding_message"] = json!("Welcome, please wait.");
    let headers = [("idempotency-key", "create-1")];
    let (status, made) = call_with(&world, &token, "POST", &list, good.clone(), &headers).await;
    assert_eq!(status, 201, "{made}");
    let (status, again) = call_with(&world, &token, "POST", &list, good.clone(), &headers).await;
    assert_eq!((status, &again["id"]), (201, &made["id"]));
    let path = format!("{list}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        made["webhook_url"],
        format!(
            "https://api.example.test/webhooks/slack/{}",
            made["id"].as_str().unwrap()
        )
    );

    let update = json!({"policy": "AllowAll", "slack": {"bot_token": "xoxb-canary-rotated-token"}});
    let (status, changed) = call(&world, &token, "PATCH", &path, update).await;
    assert_eq!(
        (status, &changed["policy"]),
        (200, &json!("AllowAll")),
        "{changed}"
    );
    for body in [&made, &again, &changed] {
        assert!(!body.to_string().contains("canary"), "{body}");
        assert_eq!(body["slack"]["bot_token"], json!({"set": true}));
    }
    let rows = serde_json::to_string(&world.db.items().unwrap()).unwrap();
    assert!(!rows.contains("canary"));
    let stale = [("if-match", "\"1\"")];
    let (status, _) = call_with(&world, &token, "DELETE", &path, Value::Null, &stale).await;
    assert_eq!(status, 412);
    assert_eq!(
        call(&world, &token, "DELETE", &path, Value::Null).await.0,
        204
    );
    assert_eq!(call(&world, &token, "GET", &path, Value::Null).await.0, 404);
}

/// SPEC A45.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_blocked_and_let_back_in_through_the_api() {
    let (mut world, token, path) = waiting().await;
    let ada = world.requests().await[0].request.identifier.clone();
    let connector = world.connector.clone();
    call(
        &world,
        &token,
        "POST",
        &format!("{path}/approve"),
        Value::Null,
    )
    .await;
    let user = format!(
        "{}/chat-users/{}",
        project(&world),
        world.chat_user_id(&ada)
    );
    let (status, body) = call(
        &world,
        &token,
        "POST",
        &format!("{user}/block"),
        json!({"note": "spam"}),
    )
    .await;
    assert_eq!(
        (status, &body["status"]),
        (200, &json!("blocked")),
        "{body}"
    );
    let blocked = format!("{}/chat-users?status=blocked", project(&world));
    assert_eq!(
        call(&world, &token, "GET", &blocked, Value::Null).await.1["items"][0]["identifier"],
        ada
    );
    let hello = world.says(&connector, &ada, "hello?");
    world.webhook(&connector, &hello).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 0);
    let (status, body) = call(
        &world,
        &token,
        "POST",
        &format!("{user}/unblock"),
        Value::Null,
    )
    .await;
    assert_eq!((status, &body["status"]), (200, &json!("active")), "{body}");
    let hello = world.says(&connector, &ada, "hello again");
    world.webhook(&connector, &hello).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
}

/// SPEC A32.
#[tokio::test(flavor = "multi_thread")]
async fn people_are_listed_by_the_provider_through_which_they_write() {
    let (world, token, _) = waiting().await;
    for (filter, count) in [
        ("provider=slack", 1),
        ("provider=slack&status=onboarding", 1),
        ("provider=slack&status=blocked", 0),
        ("provider=telegram", 0),
    ] {
        let list = format!("{}/chat-users?{filter}", project(&world));
        let (status, page) = call(&world, &token, "GET", &list, Value::Null).await;
        assert_eq!(status, 200, "{page}");
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{filter}");
    }
}
