//! The closing of requests when the connector's policy or environment changes, or the connector goes (SPEC A42, A46).

use crate::{
    admin::{all_powers, call, project},
    lifecycle::{NOTICE, connector_path, implied_entries, patch, stranger, world_of},
    world::{AGENT_SECRET, SAID, WELCOME, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{
    access::request::{RequestStatus, Verdict},
    connector::{ApprovalMode, Connector},
    ports::AccessRequestView,
};
use vestibule_testkit::fault_proxy::{Fault, Rule};

/// SPEC A42.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn turning_the_policy_off_closes_every_request_although_a_worker_dies() {
    const STRANGERS: usize = 250;
    let mut world = World::new().await;
    let mut people = Vec::new();
    for i in 0..STRANGERS {
        people.push(stranger(&world, &format!("Person {i}")).await);
        world.clock.advance(Duration::from_millis(5));
    }
    world.settle().await;
    let connector = world.connector.clone();
    let told: Vec<_> = people.iter().map(|person| world.told(person)).collect();
    patch(&world, &connector, json!({"policy": "AllowAll"})).await;
    for (fault, at) in [(Fault::KillAfter, 40), (Fault::KillBefore, 90)] {
        world.count_from_here();
        world
            .to_db
            .inject(Rule::new("DynamoDB.TransactWriteItems", fault).from_call(at));
        while !world.has_struck() {
            assert!(world.work_onboarding().await || world.sweep().await);
            world.clock.advance(Duration::from_mins(1));
        }
    }
    world.settle().await;
    let token = all_powers(&world).await;
    let list = format!("{}/access-requests?status=pending", project(&world));
    let (_, pending) = call(&world, &token, "GET", &list, Value::Null).await;
    assert_eq!(pending["items"], json!([]));
    let requests = world.rows("REQUEST");
    assert_eq!(requests.len(), STRANGERS);
    for request in requests {
        assert_eq!(request["decision"]["verdict"], "reject");
        assert_eq!(request["decision"]["reason"], "policy_off");
    }
    assert_eq!(implied_entries(&world, "policy_off"), STRANGERS);
    for standing in world.rows("STANDING#") {
        assert_eq!(standing["request_pending"], false);
        assert_eq!(standing["rejection_count"], 0);
    }
    assert_eq!(world.rows("CLOSING#").len(), 0);
    let now: Vec<_> = people.iter().map(|person| world.told(person)).collect();
    assert_eq!(now, told);

    let ada = &people[0];
    let again = world.says(&connector, ada, "And now?");
    world.webhook(&connector, &again).await;
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_opened_while_requests_are_closed_is_closed_too() {
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let connector = world.connector.clone();
    let late = world.newcomer("Grace Hopper");
    let warm = world.says(&connector, &world.newcomer("Alan Turing"), SAID);
    world.webhook(&connector, &warm).await;
    patch(&world, &connector, json!({"policy": "AllowAll"})).await;
    while world.work_onboarding().await {}
    // The webhook has the previous connector cached.
    let hello = world.says(&connector, &late, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    let pending = async |world: &World| {
        let all = world.requests().await;
        let pending = |view: &&_| status(view) == RequestStatus::Pending;
        all.iter().filter(pending).count()
    };
    assert_eq!(pending(&world).await, 1);
    world.settle().await;
    assert_eq!(pending(&world).await, 0);
    assert_eq!(implied_entries(&world, "policy_off"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_connector_that_serves_another_environment_now_are_asked_anew() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let connector = world.connector.clone();
    let token = all_powers(&world).await;
    let path = format!("{}/environments", project(&world));
    let staging = json!({"name": "Staging"});
    let (created, staging) = call(&world, &token, "POST", &path, staging).await;
    assert_eq!(created, 201, "{staging}");
    patch(&world, &connector, json!({"environment_id": staging["id"]})).await;
    world.restart();
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(status(&requests[0]), RequestStatus::Rejected);
    assert_eq!(implied_entries(&world, "connector_moved"), 1);

    let again = world.says(&connector, &ada, "Hello?");
    assert_eq!(world.webhook(&connector, &again).await, 200);
    world.settle().await;
    let requests = world.requests().await;
    assert_eq!(status(&requests[0]), RequestStatus::Pending);
    assert_eq!(
        requests[0].request.environment_id.to_string(),
        staging["id"]
    );
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_let_in_openly_ask_for_approval_in_the_environment_that_the_connector_moves_to() {
    for moves_while_open in [false, true] {
        let mut world = World::new().await;
        let open = world.open.clone();
        let (ada, grace) = (
            world.newcomer("Ada Lovelace"),
            world.newcomer("Grace Hopper"),
        );
        let hello = world.says(&open, &ada, SAID);
        assert_eq!(world.webhook(&open, &hello).await, 200);
        world.settle().await;
        assert_eq!(world.agent.deliveries().len(), 1);
        let token = all_powers(&world).await;
        let environments = format!("{}/environments", project(&world));
        let staging = json!({"name": "Staging", "agent": {
            "endpoint": format!("{}/deliveries", world.to_agent.url()), "signing_secret": AGENT_SECRET,
        }});
        let (_, staging) = call(&world, &token, "POST", &environments, staging).await;

        world.clock.advance(Duration::from_mins(1));
        let on = json!({"policy": "OnBoarding", "existing_users": "keep", "onboarding_message": WELCOME});
        if moves_while_open {
            patch(&world, &open, json!({"environment_id": staging["id"]})).await;
            world.restart();
            world.clock.advance(Duration::from_mins(1));
            let hello = world.says(&open, &grace, SAID);
            assert_eq!(world.webhook(&open, &hello).await, 200);
            world.clock.advance(Duration::from_mins(1));
            patch(&world, &open, on).await;
        } else {
            let mut both = on;
            both["environment_id"] = staging["id"].clone();
            patch(&world, &open, both).await;
        }
        world.restart();
        for person in [&ada, &grace] {
            let again = world.says(&open, person, "Hello again");
            assert_eq!(world.webhook(&open, &again).await, 200);
        }
        let waiting: Vec<_> = world
            .requests()
            .await
            .into_iter()
            .map(|view| view.request.chat_user_id)
            .collect();
        assert!(waiting.contains(&world.chat_user_id(&ada)));
        // Whoever was let in where the connector leads is kept.
        let grace_waits = waiting.contains(&world.chat_user_id(&grace));
        assert_eq!(grace_waits, !moves_while_open);
    }
}

fn status(view: &AccessRequestView) -> RequestStatus {
    view.request.status()
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_made_since_the_policy_is_on_again_stay() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let connector = world.connector.clone();
    patch(&world, &connector, json!({"policy": "AllowList"})).await;
    world.clock.advance(Duration::from_secs(5));
    patch(&world, &connector, json!({"policy": "OnBoarding"})).await;
    world.clock.advance(Duration::from_secs(11));
    let grace = stranger(&world, "Grace Hopper").await;
    world.settle().await;
    let requests = world.requests().await;
    let of = |person: &str| {
        let id = world.chat_user_id(person);
        requests
            .iter()
            .find(|view| view.request.chat_user_id == id)
            .unwrap()
    };
    assert_eq!(status(of(&ada)), RequestStatus::Rejected);
    assert_eq!(status(of(&grace)), RequestStatus::Pending);

    // A request that was closed with the policy does not count as rejected, so there is no cool-down.
    let again = world.says(&connector, &ada, "Me again");
    world.webhook(&connector, &again).await;
    world.settle().await;
    let requests = world.requests().await;
    let latest = requests
        .iter()
        .find(|view| view.request.chat_user_id == world.chat_user_id(&ada))
        .unwrap();
    assert_eq!(status(latest), RequestStatus::Pending);
    assert_eq!(latest.request.rejected_before, 0);
    assert_eq!(world.welcomes(&ada), 1);
}

/// SPEC A46.
#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_connector_closes_its_requests_which_keep_its_name() {
    let mut world = World::new().await;
    stranger(&world, "Ada Lovelace").await;
    stranger(&world, "Grace Hopper").await;
    let token = all_powers(&world).await;
    let path = connector_path(&world, &world.connector);
    // The queue refuses the job, and the sweeper finds the mark.
    world
        .to_aws
        .inject(Rule::new("SQS.SendMessage", Fault::Error500).until_cleared());
    let (status, _) = call(&world, &token, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 204);
    world.to_aws.clear();
    world.settle().await;
    let list = format!("{}/access-requests?status=rejected", project(&world));
    let (_, rejected) = call(&world, &token, "GET", &list, Value::Null).await;
    let items = rejected["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        assert_eq!(item["reason_code"], "connector_deleted");
        assert_eq!(item["connector"]["name"], "Acme Support");
        assert_eq!(item["processed_by"]["name"], "Grace's key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_and_a_closing_at_once_leave_one_decision() {
    let mut world = world_of(ApprovalMode::Notify).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let connector = world.connector.clone();
    patch(&world, &connector, json!({"policy": "AllowList"})).await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    let request = world.requests().await.remove(0).request;
    assert_eq!(request.status(), RequestStatus::Approved);
    assert_eq!(implied_entries(&world, "policy_off"), 0);
    assert_eq!(world.told(&ada), [WELCOME, NOTICE]);
}

/// SPEC A42.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_what_a_change_would_affect_and_changes_nothing() {
    let mut world = World::new().await;
    let (connector, open) = (world.connector.clone(), world.open.clone());
    for name in ["Ada Lovelace", "Grace Hopper"] {
        stranger(&world, name).await;
    }
    let blocked = world.newcomer("Alan Turing");
    for person in [world.newcomer("Edsger Dijkstra"), blocked.clone()] {
        let hello = world.says(&open, &person, SAID);
        world.webhook(&open, &hello).await;
    }
    world.settle().await;
    world.block(&blocked).await;
    let token = all_powers(&world).await;
    let environments = format!("{}/environments", project(&world));
    let staging = json!({"name": "Staging"});
    let (_, staging) = call(&world, &token, "POST", &environments, staging).await;
    let dry = async |connector: &Connector, body: Value| {
        let path = connector_path(&world, connector);
        let (status, answer) = call(&world, &token, "PATCH", &path, body).await;
        assert_eq!(status, 200, "{answer}");
        let counts = answer["dry_run"].clone();
        assert_eq!(answer["id"], connector.id.to_string());
        [
            counts["pending_requests_closed"].clone(),
            counts["chat_users_kept"].clone(),
            counts["chat_users_needing_approval"].clone(),
        ]
        .map(|count| {
            assert_eq!(count["more"], false);
            count["count"].as_u64().unwrap()
        })
    };
    let before = world.db.items().unwrap();
    let off = json!({"policy": "AllowAll", "dry_run": true});
    assert_eq!(dry(&connector, off).await, [2, 0, 0]);
    let on = |existing: &str| {
        json!({
            "policy": "OnBoarding", "onboarding_message": WELCOME, "existing_users": existing, "dry_run": true,
        })
    };
    assert_eq!(dry(&open, on("keep")).await, [0, 1, 0]);
    assert_eq!(dry(&open, on("require_approval")).await, [0, 0, 1]);
    let elsewhere = json!({"environment_id": staging["id"], "dry_run": true});
    assert_eq!(dry(&connector, elsewhere).await, [2, 0, 0]);
    assert_eq!(
        dry(&open, json!({"name": "X", "dry_run": true})).await,
        [0, 0, 0]
    );
    assert_eq!(world.db.items().unwrap(), before);
    assert_eq!(world.aws.messages("onboarding").len(), 0);
}
