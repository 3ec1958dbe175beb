//! Setting a connector up through the admin API: testing it, connecting it, replacing its secrets while
//! messages arrive, and the pictures of the people who write through it.

use crate::accounts::{bot_token, signing_secret};
use crate::world::{AGENT_SECRET, Answer, SAID, SETUP_TOKEN, World};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, connector::Connector, ids::AccountId};
use vestibule_edge::connectors::FRESH_READ_INTERVAL;
use vestibule_testkit::{
    simulator::{Failure, Platform},
    slack_signer::sign,
};

const NEW_SECRET: &str = "the-new-signing-secret-of-grace";
const OTHER_SECRET: &str = "the-new-signing-secret-of-linus";

/// Calls the admin API.
pub async fn call(
    world: &World,
    token: &str,
    call: (&str, &str),
    body: Value,
    headers: &[(&str, &str)],
) -> Answer {
    world.call(token, call, body, headers).await
}

/// Calls the admin API without a body.
pub async fn post(world: &World, token: &str, path: &str) -> Answer {
    call(world, token, ("POST", path), Value::Null, &[]).await
}

/// A key with every permission in the world's account.
async fn all_powers(world: &World) -> String {
    world.all_powers().await
}

/// The path of the world's project.
fn project(world: &World) -> String {
    world.project_path()
}

fn path_of(world: &World, connector: &Connector) -> String {
    format!("{}/connectors/{}", project(world), connector.id)
}

/// Sets the stack up and makes a project. Returns the account's key, the project's path, and the id of an
/// environment with the world's agent.
pub async fn new_project(world: &World) -> (String, String, String) {
    let account = json!({"setup_token": SETUP_TOKEN, "account_name": "Globex"});
    let made = call(world, "", ("POST", "/v1/setup"), account, &[]).await;
    let token = made.body["api_key"]["key"].as_str().unwrap().to_owned();
    let shop = json!({"name": "Shop"});
    let made = call(world, &token, ("POST", "/v1/projects"), shop, &[]).await;
    let project = format!("/v1/projects/{}", made.body["id"].as_str().unwrap());
    let environments = format!("{project}/environments");
    let found = call(world, &token, ("GET", &environments), Value::Null, &[]).await;
    let environment_id = found.body["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{environments}/{environment_id}");
    let agent = json!({"agent": {
        "endpoint": format!("{}/deliveries", world.to_agent.url()), "signing_secret": AGENT_SECRET,
    }});
    let changed = call(world, &token, ("PATCH", &path), agent, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    (token, project, environment_id)
}

/// The audit entries of one action, in order.
pub fn audited(world: &World, action: &str) -> Vec<Value> {
    let mut entries: Vec<_> = world
        .db
        .items()
        .unwrap()
        .into_iter()
        .filter(|row| row.get("action") == Some(&json!(action)))
        .collect();
    entries.sort_by_key(|row| row["sk"].to_string());
    entries.into_iter().map(Value::Object).collect()
}

/// Whether a message with a signature by this secret is accepted now.
async fn takes(world: &World, connector: &Connector, secret: &str) -> bool {
    let person = world.newcomer("Ada Lovelace");
    let said = world.says(connector, &person, SAID);
    let request = sign(secret, world.clock.now_secs(), said.body);
    match world.webhook(connector, &request).await {
        200 => true,
        401 => false,
        status => panic!("status {status}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_that_a_connector_works_and_changes_nothing_but_the_audit_log() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.rows("CONNECTOR");
    let path = format!("{}/test", path_of(&world, &world.connector));
    for _ in 0..2 {
        let tested = post(&world, &token, &path).await;
        assert_eq!(tested.status, 200, "{}", tested.body);
        assert_eq!(tested.body["status"], "ok");
        let summary = tested.body["summary"].as_str().unwrap();
        let name = world.connector.name.to_lowercase();
        assert_eq!(summary, format!("Connected as @{name} in Workspace."));
        assert_eq!(tested.body["problem"], Value::Null);
    }
    assert_eq!(world.slack.count("auth.test"), 2);
    assert_eq!(world.rows("CONNECTOR"), connector);
    let entries = audited(&world, "connector.tested");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["after"]["status"], "ok");
    assert_eq!(entries[0]["actor"]["name"], "Grace's key");
    assert_eq!(
        entries[0]["target"],
        format!("connector:{}", world.connector.id)
    );
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_platform_can_be_asked_whether_a_connector_works() {
    for &platform in Platform::ALL {
        let world = World::on(platform).await;
        let token = all_powers(&world).await;
        let path = format!("{}/test", path_of(&world, &world.connector));
        let tested = post(&world, &token, &path).await;
        assert_eq!(tested.status, 200, "{platform:?}: {}", tested.body);
        assert_eq!(tested.body["status"], "ok", "{platform:?}: {}", tested.body);
        assert_eq!(world.slack.violations(), [], "{platform:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_left_out_is_ours_and_one_that_is_given_is_told() {
    let world = World::new().await;
    let (token, project, environment_id) = new_project(&world).await;
    let list = format!("{project}/connectors");
    let sid = "AC0123456789abcdef0123456789abcdef";
    let asked = json!({
        "name": "Texts", "provider": "twilio", "environment_id": environment_id,
        "twilio": {
            "account_sid": sid, "phone_number": "+15551234567",
            "auth_token": "0123456789abcdef0123456789abcdef",
        },
    });
    let made = call(&world, &token, ("POST", &list), asked, &[]).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    let ours = format!("https://api.example.test/webhooks/twilio/{id}");
    assert_eq!(made.body["twilio"]["webhook_url"], ours);
    assert_eq!(made.body["webhook_url"], ours);

    let path = format!("{list}/{id}");
    let proxy = "https://proxy.example.test/twilio";
    let change = json!({"twilio": {"webhook_url": proxy}});
    let changed = call(&world, &token, ("PATCH", &path), change, &[]).await;
    assert_eq!(changed.body["webhook_url"], proxy, "{}", changed.body);
    let connected = post(&world, &token, &format!("{path}/connect")).await;
    assert_eq!(connected.body["status"], "manual");
    assert!(connected.body["steps"].to_string().contains(proxy));

    let blank = json!({"twilio": {"webhook_url": ""}});
    let changed = call(&world, &token, ("PATCH", &path), blank, &[]).await;
    assert_eq!(changed.body["twilio"]["webhook_url"], ours);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_slack_refuses_names_the_field_and_what_to_do() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let path = path_of(&world, &world.connector);
    let test = format!("{path}/test");
    let other_team = json!({"slack": {"team_id": "T0OTHER"}});
    call(&world, &token, ("PATCH", &path), other_team, &[]).await;
    let tested = post(&world, &token, &test).await;
    assert_eq!(
        (tested.status, &tested.body["status"]),
        (200, &json!("failed"))
    );
    assert_eq!(tested.body["field"], "slack.team_id");

    world.slack.revoke_token(&world.connector.id.to_string());
    let tested = post(&world, &token, &test).await;
    assert_eq!(
        (tested.status, &tested.body["status"]),
        (200, &json!("failed"))
    );
    assert_eq!(tested.body["field"], "slack.bot_token");
    assert!(tested.body["problem"].as_str().unwrap().ends_with('.'));
    let reason = tested.body["reason"].as_str().unwrap();
    let entries = audited(&world, "connector.tested");
    assert_eq!(entries.len(), 2);
    assert!(
        entries
            .iter()
            .any(|entry| entry["after"]["reason"] == reason)
    );
    let written = json!([tested.body, entries]).to_string();
    assert!(
        !written.contains(&bot_token(&world.connector.name)),
        "{written}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slack_that_cannot_be_asked_is_no_failure_of_the_connector() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let path = format!("{}/test", path_of(&world, &world.connector));
    let limited = Failure::RateLimited {
        retry_after_secs: 30,
    };
    for (failure, after) in [
        (limited, json!(30)),
        (Failure::Http { status: 503 }, Value::Null),
        (Failure::ResetBefore, Value::Null),
    ] {
        world.slack.fail_next("auth.test", failure);
        let tested = post(&world, &token, &path).await;
        assert_eq!(
            (tested.status, &tested.body["status"]),
            (200, &json!("unavailable"))
        );
        assert_eq!(tested.body["retry_after_seconds"], after);
        assert!(tested.body["problem"].is_string() && tested.body["reason"].is_string());
    }
    assert_eq!(post(&world, &token, &path).await.body["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_slack_has_no_api_the_steps_are_told_and_no_secret_of_ours_can_be_drawn() {
    let world = World::new().await;
    let token = all_powers(&world).await;
    let path = path_of(&world, &world.connector);
    let connected = post(&world, &token, &format!("{path}/connect")).await;
    assert_eq!(
        (connected.status, &connected.body["status"]),
        (200, &json!("manual"))
    );
    let url = format!(
        "https://api.example.test/webhooks/slack/{}",
        world.connector.id
    );
    assert!(
        connected.body["steps"].to_string().contains(&url),
        "{}",
        connected.body
    );
    assert_eq!(audited(&world, "connector.connect_asked").len(), 1);

    let shown = call(&world, &token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(shown.body["can_connect"], false);
    assert_eq!(shown.body["webhook_url"], url);
    assert_eq!(shown.body["webhook_connected_at"], Value::Null);
    let rotated = post(&world, &token, &format!("{path}/rotate-webhook-secret")).await;
    assert_eq!(
        (rotated.status, &rotated.body["type"]),
        (409, &json!("/problems/no-secret-of-ours"))
    );
    assert!(world.slack.calls().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_replaced_is_taken_for_a_day_more_and_not_longer() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let old = signing_secret(&connector.name);
    assert!(takes(&world, &connector, &old).await);
    let path = path_of(&world, &connector);
    let change = json!({"slack": {"signing_secret": NEW_SECRET}});
    let rotated_ms = world.clock.now_ms();
    let changed = call(&world, &token, ("PATCH", &path), change.clone(), &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let until = changed.body["previous_secrets_until"].clone();
    assert!(until.is_string(), "{}", changed.body);
    assert_eq!(
        changed.body["slack"]["previous_signing_secret"],
        json!({"set": true})
    );

    // The process has the previous connector cached, and reads it again when a signature does not match.
    world.clock.advance(FRESH_READ_INTERVAL);
    assert!(takes(&world, &connector, NEW_SECRET).await);
    assert!(takes(&world, &connector, &old).await);
    world.restart();
    assert!(takes(&world, &connector, &old).await);

    let again = call(&world, &token, ("PATCH", &path), change, &[]).await;
    assert_eq!(again.headers["etag"], changed.headers["etag"]);
    assert_eq!(again.body["previous_secrets_until"], until);

    world.clock.set(rotated_ms + 24 * 3_600_000 - 1);
    assert!(takes(&world, &connector, &old).await);
    assert!(takes(&world, &connector, NEW_SECRET).await);
    world.clock.advance(Duration::from_millis(1));
    assert!(!takes(&world, &connector, &old).await);
    assert!(takes(&world, &connector, NEW_SECRET).await);
    world.restart();
    assert!(!takes(&world, &connector, &old).await);

    let token = all_powers(&world).await;
    let renamed = json!({"name": "Renamed"});
    let changed = call(&world, &token, ("PATCH", &path), renamed, &[]).await;
    assert_eq!(
        changed.body["slack"]["previous_signing_secret"],
        json!({"set": false})
    );
    assert_eq!(changed.body["previous_secrets_until"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_secret_that_is_blanked_is_refused_at_once() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let old = signing_secret(&connector.name);
    let path = path_of(&world, &connector);
    let leaked = json!({"slack": {"signing_secret": NEW_SECRET, "previous_signing_secret": ""}});
    let changed = call(&world, &token, ("PATCH", &path), leaked, &[]).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["previous_secrets_until"], Value::Null);
    world.restart();
    assert!(takes(&world, &connector, NEW_SECRET).await);
    assert!(!takes(&world, &connector, &old).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_enter_the_same_new_secret_at_once_lose_no_message() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let old = signing_secret(&connector.name);
    let path = path_of(&world, &connector);
    let change = || json!({"slack": {"signing_secret": NEW_SECRET}});
    let (one, two) = join(
        call(&world, &token, ("PATCH", &path), change(), &[]),
        call(&world, &token, ("PATCH", &path), change(), &[]),
    )
    .await;
    assert_eq!((one.status, two.status), (200, 200));
    world.restart();
    assert!(takes(&world, &connector, &old).await);
    assert!(takes(&world, &connector, NEW_SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_read_the_same_connector_one_is_told_that_the_other_was_faster() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let connector = world.connector.clone();
    let old = signing_secret(&connector.name);
    let path = path_of(&world, &connector);
    let read = call(&world, &token, ("GET", &path), Value::Null, &[]).await;
    let etag = read.headers["etag"].to_str().unwrap().to_owned();
    let headers = [("if-match", etag.as_str())];
    let change = |secret: &str| json!({"slack": {"signing_secret": secret}});
    let (one, two) = join(
        call(
            &world,
            &token,
            ("PATCH", &path),
            change(NEW_SECRET),
            &headers,
        ),
        call(
            &world,
            &token,
            ("PATCH", &path),
            change(OTHER_SECRET),
            &headers,
        ),
    )
    .await;
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let (winner, loser) = if one.status == 200 {
        (NEW_SECRET, OTHER_SECRET)
    } else {
        (OTHER_SECRET, NEW_SECRET)
    };
    world.restart();
    assert!(takes(&world, &connector, &old).await);
    assert!(takes(&world, &connector, winner).await);
    assert!(!takes(&world, &connector, loser).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_we_keep_is_shown_by_us_and_can_do_nothing_else() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    world.webhook(&connector, &hello).await;
    world.settle().await;
    let user = format!(
        "{}/chat-users/{}",
        project(&world),
        world.chat_user_id(&ada)
    );
    let avatar = format!("{user}/avatar");
    let none = call(&world, &token, ("GET", &avatar), Value::Null, &[]).await;
    assert_eq!(
        (none.status, &none.body["type"]),
        (404, &json!("/problems/not-found"))
    );

    let picture = b"\x89PNG\r\n\x1a\n<script>alert(1)</script>".to_vec();
    world.keep_avatar(&ada, picture.clone()).await;
    let shown = call(&world, &token, ("GET", &user), Value::Null, &[]).await;
    assert_eq!(
        shown.body["avatar_url"],
        format!("https://api.example.test{avatar}")
    );
    let requests = format!("{}/access-requests", project(&world));
    let requests = call(&world, &token, ("GET", &requests), Value::Null, &[]).await;
    assert_eq!(
        requests.body["items"][0]["avatar_url"],
        shown.body["avatar_url"]
    );

    let found = call(&world, &token, ("GET", &avatar), Value::Null, &[]).await;
    assert_eq!(found.status, 200);
    assert_eq!(found.bytes.to_vec(), picture);
    for (name, value) in [
        ("content-type", "image/png"),
        ("cache-control", "private, max-age=3600"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
    ] {
        let all: Vec<_> = found.headers.get_all(name).iter().collect();
        assert_eq!(all, [value], "{name}");
    }
    assert_eq!(none.headers["cache-control"], "no-store");
}

/// Every row but those that record a refused attempt (SPEC G02).
fn records(world: &World) -> Vec<Map<String, Value>> {
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let pk = row["pk"].as_str().unwrap();
        !pk.contains("#AUDIT#") && !pk.starts_with("THROTTLE#")
    });
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn none_of_it_is_for_those_without_the_permission_or_of_another_account() {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let hello = world.says(&world.connector, &ada, SAID);
    world.webhook(&world.connector, &hello).await;
    world.keep_avatar(&ada, b"\xff\xd8\xff\xe0".to_vec()).await;
    let path = path_of(&world, &world.connector);
    let user = format!(
        "{}/chat-users/{}",
        project(&world),
        world.chat_user_id(&ada)
    );
    let routes = [
        ("POST", format!("{path}/test"), Permission::ConnectorsWrite),
        (
            "POST",
            format!("{path}/connect"),
            Permission::ConnectorsWrite,
        ),
        (
            "POST",
            format!("{path}/rotate-webhook-secret"),
            Permission::ConnectorsWrite,
        ),
        ("GET", format!("{user}/avatar"), Permission::ChatUsersRead),
    ];
    let stranger = world
        .key(AccountId::derive(&["globex"]), &Permission::ALL)
        .await;
    for (method, path, needed) in routes {
        let others: Vec<_> = Permission::ALL
            .into_iter()
            .filter(|permission| *permission != needed)
            .collect();
        let limited = world.key(world.scope.account_id(), &others).await;
        for (token, status) in [
            (limited.as_str(), 403),
            (stranger.as_str(), 404),
            ("nobody", 401),
        ] {
            let before = records(&world);
            let answer = call(&world, token, (method, &path), Value::Null, &[]).await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
            assert_eq!(records(&world), before);
        }
    }
    assert!(world.slack.calls().is_empty());
}
