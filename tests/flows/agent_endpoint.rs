//! The environment's agent as an engineer sets it up: its signing secret is rotated while messages arrive,
//! and it is tried with test deliveries.

use crate::{
    connector_setup::{audited, call, post},
    world::{SAID, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, ids::AccountId};
use vestibule_testkit::{
    demo_agent::AgentFailure,
    fault_proxy::{Fault, Rule},
};

const OTHER_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Has a person write once more, and returns whether the agent took the message at the first attempt.
async fn takes(world: &mut World, ada: &str, text: &str) -> bool {
    let open = world.open.clone();
    let request = world.says(&open, ada, text);
    assert_eq!(world.webhook(&open, &request).await, 200);
    while world.work_onboarding().await || world.work_inbox().await {}
    let delivered = world.agent.deliveries().pop();
    delivered.is_some_and(|delivery| delivery.body["message"]["text"] == text)
}

/// Sets fields of the environment's agent.
async fn set(world: &World, token: &str, agent: Value) -> Value {
    let path = world.environment_path();
    let changed = call(world, token, ("PATCH", &path), json!({"agent": agent}), &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    changed.body["agent"].clone()
}

/// Rotates the signing secret, and returns the new one with the time until which the one before signs too.
async fn rotate(world: &World, token: &str) -> (String, Value) {
    let path = format!("{}/rotate-signing-secret", world.environment_path());
    let rotated = post(world, token, &path).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let agent = &rotated.body["agent"];
    let secret = agent["signing_secret"].as_str().unwrap().to_owned();
    (secret, agent["previous_secrets_until"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_loses_no_delivery_whichever_of_the_two_the_agent_verifies_with() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let ada = world.newcomer("Ada Lovelace");
    assert!(takes(&mut world, &ada, SAID).await);

    let (secret, until) = rotate(&world, &token).await;
    let day = Duration::from_hours(24);
    assert_eq!(until, json!(world.now().plus(day)));
    let shown = call(
        &world,
        &token,
        ("GET", &world.environment_path()),
        Value::Null,
        &[],
    )
    .await;
    assert_eq!(shown.body["agent"]["signing_secret"], json!({"set": true}));
    assert_eq!(shown.body["agent"]["previous_secrets_until"], until);

    assert!(takes(&mut world, &ada, "verified with the old one").await);
    world
        .clock
        .advance(day.saturating_sub(Duration::from_secs(1)));
    assert!(takes(&mut world, &ada, "and a moment before its end").await);
    assert!(world.agent.verify_with(&secret));
    assert!(takes(&mut world, &ada, "verified with the new one").await);
    world.clock.advance(Duration::from_secs(1));
    assert!(takes(&mut world, &ada, "which signs on alone").await);

    let token = world.all_powers().await;
    let agent = set(&world, &token, json!({})).await;
    assert_eq!(agent["previous_secrets_until"], Value::Null);
    let entries = audited(&world, "environment.signing_secret_rotated");
    assert_eq!(entries.len(), 1);
    assert!(!entries[0].to_string().contains(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_whose_answer_was_lost_and_that_is_repeated_loses_no_delivery_either() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let ada = world.newcomer("Ada Lovelace");
    rotate(&world, &token).await;
    let (secret, _) = rotate(&world, &token).await;
    assert!(takes(&mut world, &ada, "verified with the first one").await);
    assert!(world.agent.verify_with(&secret));
    assert!(takes(&mut world, &ada, "verified with the third one").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_entered_rotates_too_and_entered_again_it_changes_nothing() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let ada = world.newcomer("Ada Lovelace");
    let entered = json!({"signing_secret": OTHER_SECRET});
    for _ in 0..5 {
        let agent = set(&world, &token, entered.clone()).await;
        assert_eq!(agent["signing_secret"], json!({"set": true}));
        assert!(agent["previous_secrets_until"].is_string());
    }
    assert_eq!(audited(&world, "environment.updated").len(), 1);
    assert!(takes(&mut world, &ada, "verified with the old one").await);
    assert!(world.agent.verify_with(OTHER_SECRET));
    assert!(takes(&mut world, &ada, "verified with the new one").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_leaked_can_be_ended_at_once() {
    let mut world = World::new().await;
    let token = world.all_powers().await;
    let ada = world.newcomer("Ada Lovelace");
    rotate(&world, &token).await;
    let agent = set(&world, &token, json!({"previous_signing_secret": null})).await;
    assert_eq!(agent["previous_secrets_until"], Value::Null);
    // In one call: the new secret is in use, and no previous one is.
    let change = json!({"signing_secret": OTHER_SECRET, "previous_signing_secret": null});
    let agent = set(&world, &token, change).await;
    assert_eq!(agent["previous_secrets_until"], Value::Null);
    let row = world.rows("ENVIRONMENT#").remove(0);
    assert_eq!(row["agent"].get("previous_signing_secrets"), None);
    assert!(world.agent.verify_with(OTHER_SECRET));
    assert!(takes(&mut world, &ada, SAID).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_without_an_agent_has_no_secret_to_rotate() {
    let world = World::new().await;
    let token = world.all_powers().await;
    world
        .change_environment(|environment| environment.agent = None)
        .await;
    let path = format!("{}/rotate-signing-secret", world.environment_path());
    let refused = post(&world, &token, &path).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/no-agent");
    let other = path.replace("/environments/", "/environments/0");
    assert_eq!(post(&world, &token, &other).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_change_an_environment_and_not_read_it_sees_the_secret_that_it_drew() {
    let world = World::new().await;
    let write = [Permission::ProjectsWrite];
    let token = world.key(world.scope.account_id(), &write).await;
    let path = format!("{}/rotate-signing-secret", world.environment_path());
    let rotated = post(&world, &token, &path).await;
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    let secret = &rotated.body["agent"]["signing_secret"];
    assert!(secret.as_str().unwrap().starts_with("whsec_"));
    let id = world.connector.environment_id;
    assert_eq!(
        rotated.body,
        json!({"id": id, "agent": {"signing_secret": secret}})
    );
}

/// Sends a test delivery, and returns the outcome.
async fn test(world: &World) -> Value {
    let token = world.all_powers().await;
    let path = format!("{}/test", world.environment_path());
    let tested = post(world, &token, &path).await;
    assert_eq!(tested.status, 200, "{}", tested.body);
    assert!(tested.body["duration_ms"].is_u64(), "{}", tested.body);
    tested.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_shows_the_answer_of_the_agent_and_changes_nothing_but_the_audit_log() {
    let world = World::new().await;
    world
        .agent
        .answer_with(json!({"replies": [{"text": "one"}, {"text": "two"}]}));
    let token = world.all_powers().await;
    let path = format!("{}/test", world.environment_path());
    let before = world.db.items().unwrap().len();
    for _ in 0..2 {
        let tested = post(&world, &token, &path).await;
        assert_eq!(tested.status, 200, "{}", tested.body);
        assert_eq!(tested.body["status"], "ok", "{}", tested.body);
        assert_eq!(tested.body["http_status"], 200);
        assert_eq!(tested.body["problem"], Value::Null);
        assert_eq!(tested.body["replies"], json!(["one", "two"]));
        assert_eq!(tested.body["timeout_seconds"], 10);
        assert_eq!(tested.body["answer_type"], "json");
    }
    let deliveries = world.agent.deliveries();
    assert_eq!(deliveries.len(), 2, "each is a delivery of its own");
    let envelope = &deliveries[0].body;
    assert_eq!(envelope["type"], "test");
    let environment_id = world.connector.environment_id;
    assert_eq!(envelope["environment_id"], json!(environment_id));

    let entries = audited(&world, "environment.tested");
    assert_eq!(entries.len(), 2);
    let running = world.rows("AGENT_TESTS");
    assert_eq!((running.len(), &running[0]["tests"]), (1, &json!([])));
    let added = entries.len() + running.len();
    assert_eq!(world.db.items().unwrap().len(), before + added);
    for delivery in &deliveries {
        let after = json!({"delivery_id": delivery.body["id"]});
        assert!(entries.iter().any(|entry| entry["after"] == after));
    }
    assert_eq!(
        entries[0]["target"],
        format!("environment:{environment_id}")
    );
    for queue in ["onboarding", "inbox.fifo"] {
        assert!(world.aws.messages(queue).is_empty(), "{queue}");
    }
    assert_eq!(world.slack.count("chat.postMessage"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_what_is_wrong_with_an_agent_that_answers() {
    let world = World::new().await;
    world.agent.answer_with(json!({"replies": "hello"}));
    let tested = test(&world).await;
    assert_eq!(tested["status"], "malformed", "{tested}");
    assert_eq!(tested["http_status"], 200);
    // The agent here is at an origin that is allowed although it is private.
    assert_eq!(tested["answer"], Value::Null);
    assert_eq!(tested["answer_bytes"], r#"{"replies":"hello"}"#.len());
    let problem = tested["problem"].as_str().unwrap();
    assert!(problem.contains("nothing would be sent"), "{problem}");

    let failure = AgentFailure::Http {
        status: 500,
        retry_after_secs: None,
    };
    world.agent.fail(failure, Some(1));
    let tested = test(&world).await;
    assert_eq!(tested["status"], "refused", "{tested}");
    assert_eq!(tested["http_status"], 500);
    assert_eq!(tested["replies"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_why_an_agent_does_not_answer() {
    let world = World::new().await;
    world
        .to_agent
        .inject(Rule::new("deliveries", Fault::ResetBefore));
    let tested = test(&world).await;
    assert_eq!(tested["status"], "unreachable", "{tested}");
    assert_eq!(tested["http_status"], Value::Null);
    assert_eq!(tested["answer"], Value::Null);
    assert!(tested["problem"].is_string());

    world
        .change_environment(|environment| {
            let agent = environment.agent.as_mut().unwrap();
            agent.endpoint = "https://169.254.169.254/latest/meta-data".to_owned();
        })
        .await;
    let tested = test(&world).await;
    assert_eq!(tested["status"], "forbidden", "{tested}");
    let problem = tested["problem"].as_str().unwrap();
    assert!(problem.contains("public host"), "{problem}");
    assert_eq!(world.agent.deliveries().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_hangs_keeps_others_of_its_environment_away_and_one_that_was_killed_for_its_time()
 {
    let world = World::new().await;
    let token = world.all_powers().await;
    let path = format!("{}/test", world.environment_path());
    world
        .to_agent
        .inject(Rule::new("deliveries", Fault::KillAfter));
    let killed = world
        .unless_killed(Box::pin(post(&world, &token, &path)))
        .await;
    assert!(killed.is_none());
    // Its entry was written before the call.
    assert_eq!(audited(&world, "environment.tested").len(), 1);
    assert_eq!(world.agent.deliveries().len(), 1);

    for (wait, left) in [(0, "15"), (14, "1")] {
        world.clock.advance(Duration::from_secs(wait));
        let refused = post(&world, &token, &path).await;
        assert_eq!(refused.status, 429, "{}", refused.body);
        assert_eq!(refused.body["type"], "/problems/tests-under-way");
        assert_eq!(refused.headers["retry-after"], left);
    }
    assert_eq!(audited(&world, "environment.tested").len(), 1);
    assert_eq!(world.agent.deliveries().len(), 1);

    world.clock.advance(Duration::from_secs(1));
    for _ in 0..2 {
        assert_eq!(post(&world, &token, &path).await.status, 200);
    }
    assert_eq!(audited(&world, "environment.tested").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_tests_of_an_environment_at_once_one_reaches_the_agent() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let path = format!("{}/test", world.environment_path());
    world
        .to_agent
        .inject(Rule::new("deliveries", Fault::KillAfter));
    let at_once = Box::pin(async {
        tokio::join!(
            post(&world, &token, &path),
            post(&world, &token, &path),
            post(&world, &token, &path)
        )
    });
    // The agent's call ends all of them, so none ends before the others begin.
    assert!(world.unless_killed(at_once).await.is_none());
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(audited(&world, "environment.tested").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_whose_end_cannot_be_recorded_is_answered_and_one_that_cannot_begin_calls_nobody() {
    let world = World::new().await;
    let token = world.all_powers().await;
    let path = format!("{}/test", world.environment_path());
    world
        .to_db
        .inject(Rule::new("DynamoDB.PutItem", Fault::Error500).until_cleared());
    assert_eq!(post(&world, &token, &path).await.status, 200);
    world.to_db.clear();
    assert_eq!(post(&world, &token, &path).await.status, 429);
    world.clock.advance(Duration::from_secs(15));
    world
        .to_db
        .inject(Rule::new("DynamoDB.TransactWriteItems", Fault::Error500).until_cleared());
    assert_eq!(post(&world, &token, &path).await.status, 503);
    world.to_db.clear();
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(post(&world, &token, &path).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_for_those_who_may_change_the_environment_and_there_must_be_an_agent() {
    let world = World::new().await;
    let path = format!("{}/test", world.environment_path());
    let account = world.scope.account_id();
    let reader = world.key(account, &[Permission::ProjectsRead]).await;
    assert_eq!(post(&world, &reader, &path).await.status, 403);
    let stranger = world
        .key(AccountId::derive(&["globex"]), &Permission::ALL)
        .await;
    assert_eq!(post(&world, &stranger, &path).await.status, 404);

    let token = world.all_powers().await;
    let shop = json!({"name": "Shop"});
    let made = call(&world, &token, ("POST", "/v1/projects"), shop, &[]).await;
    let other = format!("/v1/projects/{}", made.body["id"].as_str().unwrap());
    let through = path.replace(&world.project_path(), &other);
    assert_eq!(post(&world, &token, &through).await.status, 404);

    world
        .change_environment(|environment| environment.agent = None)
        .await;
    let refused = post(&world, &token, &path).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["type"], "/problems/no-agent");
    assert_eq!(world.agent.deliveries().len(), 0);
    assert!(audited(&world, "environment.tested").is_empty());
}
