//! Rows that an earlier release wrote, under the code of today: every one is read, means what it meant, and its work is
//! done. `tests/rows` says where the rows come from.
//!
//! Each world checks when it is dropped that all work which its rows ordered is done, that nothing became a dead letter,
//! and that its rows agree.

use crate::world::{Answer, Left, SAID, World};
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};
use vestibule_admin::openapi::merged;
use vestibule_testkit::simulator::{NewPerson, Platform};
use vestibule_tests::admin_functions::ADMIN_FUNCTIONS;

/// The rows that a release left. Those that tables share stand there once.
#[derive(Deserialize)]
struct Release {
    tables: Vec<Table>,
    rows: Vec<Value>,
}

#[derive(Deserialize)]
struct Table {
    flow: String,
    platform: Platform,
    now_ms: i64,
    rows: Vec<usize>,
}

static TABLES: LazyLock<Vec<Left>> = LazyLock::new(|| {
    let release: Release = serde_json::from_str(include_str!("../rows/0.1.0.json")).unwrap();
    let Release { tables, rows } = release;
    let left = tables.into_iter().map(|table| Left {
        flow: table.flow,
        platform: table.platform,
        now_ms: table.now_ms,
        rows: table.rows.iter().map(|row| rows[*row].clone()).collect(),
    });
    left.collect()
});

/// The secret part of the API key and of the session in those tables whose token is known (`tests/rows/take.py`).
fn secret() -> String {
    "A".repeat(43)
}

/// Operations that may have nothing to show: pictures, and what is shown once or only at the end.
const MAY_HAVE_NOTHING: [&str; 4] = ["/avatar", "/image", "/made", "/errors/export"];

/// Parameters of lists that are shown for some values only.
const PARAMETERS: [(&str, &str); 3] = [
    ("/trace", "event=slack:T0001:D0001:1.0"),
    ("/figures", "from=2027-01-10&to=2027-01-20"),
    ("/deliveries", "status=given_up"),
];

/// The world of a table. Its people are known to the platform as before, and reachable.
async fn world_over(left: &Left) -> World {
    let world = World::over(left).await;
    for row in world.rows("USER") {
        let row = Value::Object(row);
        let person = &row["person"];
        if row["sk"] != "USER" || person["provider"] != "slack" {
            continue;
        }
        let name = row["profile"]["display_name"].as_str();
        let name = name.unwrap_or("Ada Lovelace");
        let id = person["identifier"].as_str().unwrap();
        world.slack.add_person(NewPerson::named(name).with_id(id));
        if world.platform == Platform::Slack {
            for connector in [&world.connector, &world.open] {
                drop(world.slack.direct_channel(&connector.id.to_string(), id));
            }
        }
    }
    world
}

/// Every row, by its key.
fn rows_by_key(world: &World) -> BTreeMap<(String, String), Map<String, Value>> {
    let rows = world.db.items().unwrap().into_iter();
    let key = |row: &Map<String, Value>, name: &str| row[name].as_str().unwrap().to_owned();
    rows.map(|row| ((key(&row, "pk"), key(&row, "sk")), row))
        .collect()
}

async fn get(world: &World, token: &str, path: &str) -> Answer {
    world.call(token, ("GET", path), Value::Null, &[]).await
}

/// Paths of the operations that a key may read with.
fn readable() -> Vec<String> {
    let parts = ADMIN_FUNCTIONS.map(|function| (function.openapi)());
    let document: Value = merged(parts.into()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let takes_a_key = |operation: &Value| {
        let mut ways = operation["security"].as_array().into_iter().flatten();
        ways.any(|way| way.get("api_key").is_some())
    };
    paths
        .iter()
        .filter(|(path, operations)| {
            // The caller is no member, and attachments are at the platform.
            takes_a_key(&operations["get"])
                && !path.starts_with("/v1/me/")
                && !path.contains("/attachments/")
        })
        .map(|(path, _)| path.clone())
        .collect()
}

/// Reads everything that the API shows, as somebody would who follows its lists.
struct Reader<'a> {
    world: &'a World,
    token: String,
    flow: &'a str,
    /// Ids that lists showed, by the list.
    lists: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    async fn read(&mut self, template: &str) {
        let mut paths = vec![String::new()];
        for segment in template.split('/').skip(1) {
            let mut longer = Vec::new();
            for path in paths {
                if segment.starts_with('{') {
                    let ids = self.listed(&path).await;
                    longer.extend(ids.iter().map(|id| format!("{path}/{id}")));
                } else {
                    longer.push(format!("{path}/{segment}"));
                }
            }
            paths = longer;
        }
        for path in paths {
            let parameters = PARAMETERS.iter().find(|(end, _)| path.ends_with(end));
            let query = parameters.map_or(String::new(), |(_, query)| format!("?{query}"));
            let answer = get(self.world, &self.token, &format!("{path}{query}")).await;
            let may_be_empty = MAY_HAVE_NOTHING.iter().any(|end| path.ends_with(end));
            assert!(
                answer.status == 200 || (may_be_empty && answer.status < 500),
                "{}: {path}: {} {}",
                self.flow,
                answer.status,
                answer.body
            );
        }
    }

    /// The ids or numbers of what the list at this path shows.
    async fn listed(&mut self, path: &str) -> Vec<String> {
        if let Some(known) = self.lists.get(path) {
            return known.clone();
        }
        let answer = get(self.world, &self.token, path).await;
        assert_eq!(answer.status, 200, "{}: {path}: {}", self.flow, answer.body);
        let items = answer.body["items"].as_array().into_iter().flatten();
        let ids: Vec<_> = items
            .filter_map(|item| match (&item["id"], &item["number"]) {
                (Value::String(id), _) => Some(id.clone()),
                (_, Value::Number(number)) => Some(number.to_string()),
                _ => None,
            })
            .collect();
        self.lists.insert(path.to_owned(), ids.clone());
        ids
    }
}

/// A record that the rows of a table hold has to be in its list.
fn assert_shown(world: &World, flow: &str, lists: &BTreeMap<String, Vec<String>>) -> usize {
    let shown: BTreeSet<_> = lists.values().flatten().map(String::as_str).collect();
    let project = format!("#PROJECT#{}", world.scope.project_id());
    let mut count = 0;
    for kind in ["REQUEST", "END_USER"] {
        for row in world.rows(kind) {
            let is_here = row["pk"].as_str().unwrap().contains(&project);
            if row["sk"] != kind || !is_here {
                continue;
            }
            let id = row["id"].as_str().unwrap();
            assert!(shown.contains(id), "{flow}: no list shows {kind} {id}");
            count += 1;
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_release_before_is_read_and_none_is_changed_by_it() {
    let templates = readable();
    assert!(templates.len() > 40, "{templates:?}");
    let mut records = 0;
    for left in &*TABLES {
        let world = world_over(left).await;
        let before = rows_by_key(&world);
        let token = world.all_powers().await;
        let mut reader = Reader {
            world: &world,
            token,
            flow: &left.flow,
            lists: BTreeMap::new(),
        };
        for template in &templates {
            reader.read(template).await;
        }
        records += assert_shown(&world, &left.flow, &reader.lists);
        let after = rows_by_key(&world);
        for (key, row) in before {
            assert_eq!(after.get(&key), Some(&row), "{}", left.flow);
        }
    }
    assert!(records > 10, "{records}");
}

/// The requests of a table in this state at the two connectors that each world has, as the API shows them.
async fn requests(world: &World, token: &str, status: &str) -> Vec<Value> {
    let path = format!("{}/access-requests?status={status}", world.project_path());
    let answer = get(world, token, &path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let known = [&world.connector, &world.open].map(|connector| connector.id.to_string());
    let mut requests = answer.body["items"].as_array().unwrap().clone();
    requests.retain(|request| {
        known
            .iter()
            .any(|id| request["connector"]["id"] == id.as_str())
    });
    requests
}

/// Lets whoever made a request write again, and returns how often the agent got the message.
async fn writes(world: &mut World, request: &Value, text: &str) -> usize {
    let id = request["connector"]["id"].as_str().unwrap();
    let connectors = [world.connector.clone(), world.open.clone()];
    let mut connectors = connectors.into_iter();
    let connector = connectors
        .find(|connector| connector.id.to_string() == id)
        .unwrap();
    let message = world.says(&connector, request["identifier"].as_str().unwrap(), text);
    assert_eq!(world.webhook(&connector, &message).await, 200);
    world.settle().await;
    let deliveries = world.agent.deliveries();
    let of_it = deliveries
        .iter()
        .filter(|delivery| delivery.body["message"]["text"] == text);
    of_it.count()
}

/// Tables whose people write through Slack to the two connectors that each world has, and whose conversations no member has.
fn of_slack() -> impl Iterator<Item = &'static Left> {
    TABLES.iter().filter(|left| {
        let has_cases = left.rows.iter().any(|row| row["sk"]["S"] == "CASE");
        left.platform == Platform::Slack && !has_cases
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_approved_before_an_upgrade_is_answered_after_it() {
    let mut answered = 0;
    for left in of_slack() {
        let mut world = world_over(left).await;
        let token = world.all_powers().await;
        for request in requests(&world, &token, "approved").await {
            if request["chat_user_status"] == "active" {
                let text = format!("{SAID} {answered}");
                assert_eq!(
                    writes(&mut world, &request, &text).await,
                    1,
                    "{}: {request}",
                    left.flow
                );
                answered += 1;
            }
        }
    }
    assert!(answered > 0, "no table has anybody who was approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waited_during_an_upgrade_is_decided_after_it() {
    let mut decided = 0;
    for left in of_slack() {
        let mut world = world_over(left).await;
        let token = world.all_powers().await;
        for request in requests(&world, &token, "pending").await {
            if request["blocked"] == true {
                continue;
            }
            let verb = ["approve", "reject"][decided % 2];
            let id = request["id"].as_str().unwrap();
            let path = format!("{}/access-requests/{id}/{verb}", world.project_path());
            let answer = world
                .call(&token, ("POST", &path), json!({"note": "After it"}), &[])
                .await;
            // Somebody else's approval of the same person may have covered it.
            assert_eq!(answer.status, 200, "{}: {}", left.flow, answer.body);
            world.settle().await;
            let expected = usize::from(verb == "approve");
            let text = format!("{SAID} {decided}");
            let got = writes(&mut world, &request, &text).await;
            assert_eq!(got, expected, "{}: {verb} {request}", left.flow);
            decided += 1;
            // One a table: an approval covers the person's other requests.
            break;
        }
    }
    assert!(decided > 1, "{decided}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_welcomed_over_the_rows_of_the_release_before() {
    let mut asked = 0;
    for left in of_slack() {
        let mut world = world_over(left).await;
        let before = world.requests().await.len();
        let stranger = NewPerson::named("Edsger Dijkstra").with_id("U0EDSGER");
        let stranger = world.slack.add_person(stranger);
        let connector = world.connector.clone();
        let message = world.says(&connector, &stranger, SAID);
        assert_eq!(world.webhook(&connector, &message).await, 200);
        world.settle().await;
        asked += world.requests().await.len() - before;
    }
    assert!(asked > 0, "no table has a connector that asks");
}

/// The hash by which a token is stored.
fn hash(token: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_session_of_the_release_before_still_open() {
    let (mut keys, mut sessions) = (0, 0);
    for left in &*TABLES {
        let world = world_over(left).await;
        let pk = |row: &Map<String, Value>| row["pk"].as_str().unwrap().to_owned();
        for row in world.rows("KEY#") {
            let account = pk(&row).trim_start_matches("ACCOUNT#").to_owned();
            let token = format!("vst_{account}_{}", secret());
            if row["sk"] == format!("KEY#{}", hash(&token)) {
                let answer = get(&world, &token, "/v1/projects").await;
                assert_eq!(answer.status, 200, "{}: {}", left.flow, answer.body);
                keys += 1;
            }
        }
        for row in world.rows("SESSION#") {
            let of_login = pk(&row);
            let Some(login) = of_login.split('#').nth(1) else {
                continue;
            };
            let token = format!("vss_{login}_{}", secret());
            if row["sk"] != format!("SESSION#{}", hash(&token)) {
                continue;
            }
            let cookie = format!("__Host-vestibule={token}");
            let headers = [
                ("cookie", cookie.as_str()),
                ("x-vestibule-console", "1"),
                ("sec-fetch-site", "same-origin"),
            ];
            let answer = world.send(("GET", "/v1/me"), Value::Null, &headers).await;
            assert_eq!(answer.status, 200, "{}: {}", left.flow, answer.body);
            assert_eq!(answer.body["login"]["id"], login, "{}", answer.body);
            sessions += 1;
        }
    }
    assert!(keys > 0 && sessions > 0, "{keys} keys, {sessions} sessions");
}
