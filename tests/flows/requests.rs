//! Access requests as admins read and decide them one by one.

use crate::{
    admin::{all_powers, call, project},
    client_access::Limited,
    conversations::put,
    lifecycle::{patch, stranger},
    world::{Answer, World},
};
use serde_json::{Value, json};
use std::time::Duration;
use vestibule_domain::{access::request::Verdict, ids::ConnectorId, ports::AccessRequestView};
use vestibule_testkit::simulator::{Place, Platform};

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

/// Ids of the requests in a list.
async fn listed(world: &World, token: &str, status: &str) -> Vec<String> {
    let list = format!("{}/access-requests{status}", project(world));
    let (code, page) = call(world, token, "GET", &list, Value::Null).await;
    assert_eq!(code, 200, "{page}");
    let rows = page["items"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned())
        .collect()
}

/// The standing of Ada in the project.
async fn standing(world: &World, token: &str, person: &str) -> Value {
    let id = world.chat_user_id(person);
    let path = format!("{}/chat-users/{id}", project(world));
    let (_, user) = call(world, token, "GET", &path, Value::Null).await;
    user["status"].clone()
}

/// SPEC B05, B08–B21, B26–B29: a request says who asks, where and when; after the approval, who decided and why; and the
/// person is in.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_tells_who_asks_and_where_and_after_an_approval_who_let_them_in_and_why() {
    let (mut world, ada, token, path) = waiting().await;
    let (_, row) = call(&world, &token, "GET", &path, Value::Null).await;
    let connector = world.connector.clone();
    assert_eq!(row["user_name"], "Ada Lovelace");
    assert_eq!(row["identifier"], ada.as_str());
    assert_eq!(row["provider"], "slack");
    assert_eq!(
        row["connector"],
        json!({"id": connector.id, "name": "Acme Support"})
    );
    assert_eq!(row["conversation"]["kind"], "direct");
    assert_eq!(row["status"], "pending");
    assert!(row["created_at"].is_string());
    for later in ["processed_by", "processed_at", "processing_note"] {
        assert_eq!(row[later], Value::Null, "{later}");
    }
    assert_eq!(standing(&world, &token, &ada).await, "onboarding");
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!(
        listed(&world, &token, "?status=pending").await,
        std::slice::from_ref(&id)
    );
    // No call makes a request.
    let list = format!("{}/access-requests", project(&world));
    let (status, _) = call(&world, &token, "POST", &list, json!({"identifier": ada})).await;
    assert!(matches!(status, 404 | 405), "{status}");

    let approver = world.person("super_admin").await;
    let approve = format!("{path}/approve");
    let body = json!({"note": "A new colleague."});
    let decided = world
        .call_as(&approver, ("POST", &approve), body, &[])
        .await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    let row = &decided.body;
    assert_eq!(row["status"], "approved");
    let member = format!("member:{}", approver.member_id);
    assert_eq!(row["processed_by"]["id"], member);
    assert_eq!(row["processed_at"], json!(world.now()));
    assert_eq!(row["processing_note"], "A new colleague.");
    for (list, ids) in [
        ("?status=pending", vec![]),
        ("?status=approved", vec![id.clone()]),
        ("?status=rejected", vec![]),
        ("", vec![id]),
    ] {
        assert_eq!(listed(&world, &token, list).await, ids, "{list}");
    }
    assert_eq!(standing(&world, &token, &ada).await, "active");
    let next = world.says(&connector, &ada, "And now?");
    assert_eq!(world.webhook(&connector, &next).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 1);
    assert_eq!(world.requests().await.len(), 1);
}

/// SPEC B05, B15–B17, B22–B24: a rejection is recorded as an approval is, and the person stays in onboarding.
#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_person_stays_in_onboarding_and_the_request_says_who_rejected_it_and_why() {
    let (mut world, ada, token, path) = waiting().await;
    let approver = world.person("super_admin").await;
    let reject = format!("{path}/reject");
    let long = json!({"note": "x".repeat(4001)});
    let refused = world.call_as(&approver, ("POST", &reject), long, &[]).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let note = "x".repeat(4000);
    let body = json!({"note": note});
    let decided = world.call_as(&approver, ("POST", &reject), body, &[]).await;
    assert_eq!(decided.status, 200, "{}", decided.body);
    let row = &decided.body;
    assert_eq!(row["status"], "rejected");
    let member = format!("member:{}", approver.member_id);
    assert_eq!(row["processed_by"]["id"], member);
    assert_eq!(row["processing_note"], note);
    let ids = listed(&world, &token, "?status=rejected").await;
    assert_eq!(ids, [row["id"].as_str().unwrap().to_owned()]);
    assert_eq!(
        listed(&world, &token, "?status=approved").await,
        Vec::<String>::new()
    );
    assert_eq!(standing(&world, &token, &ada).await, "onboarding");
    let connector = world.connector.clone();
    let next = world.says(&connector, &ada, "Please");
    assert_eq!(world.webhook(&connector, &next).await, 200);
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), 0);
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

/// SPEC B12.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_names_its_group_where_the_platform_does_and_never_a_direct_conversation() {
    for (platform, told) in [
        (Platform::Telegram, json!("general")),
        (Platform::Slack, Value::Null),
    ] {
        let mut world = World::on(platform).await;
        let ada = world.newcomer("Ada Lovelace");
        let connector = world.connector.clone();
        let text = format!("@{} Good morning", connector.name);
        let request = world.says_in(&connector, &ada, Place::General, &text);
        assert_eq!(world.webhook(&connector, &request).await, 200);
        stranger(&world, "Grace Hopper").await;
        world.settle().await;
        let token = all_powers(&world).await;
        let list = format!("{}/access-requests", project(&world));
        let (_, page) = call(&world, &token, "GET", &list, Value::Null).await;
        let rows = page["items"].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{page}");
        for row in rows {
            let is_direct = row["conversation"]["kind"] == "direct";
            assert_eq!(
                is_direct,
                row["chat_user_id"] != json!(world.chat_user_id(&ada))
            );
            let expected = if is_direct { &Value::Null } else { &told };
            assert_eq!(&row["conversation_name"], expected, "{platform:?}");
        }
    }
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

/// The ids on the pages of a list of requests, a few at a time.
async fn walked(world: &World, token: &str, query: &str) -> Vec<String> {
    walked_by(world, token, query, 2).await
}

/// The ids on the pages of a list of requests, of so many each.
pub async fn walked_by(world: &World, token: &str, query: &str, limit: usize) -> Vec<String> {
    let list = format!("{}/access-requests?{query}&limit={limit}", project(world));
    let (mut ids, mut path) = (Vec::new(), list.clone());
    loop {
        let (status, page) = call(world, token, "GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{page}");
        let items = page["items"].as_array().unwrap();
        ids.extend(
            items
                .iter()
                .map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            return ids;
        };
        path = format!("{list}&cursor={cursor}");
    }
}

/// SPEC B34, A43: whoever waits can be listed by the last message, and a decided request leaves that list.
#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_are_listed_by_their_last_message_and_filtered_by_connectors_and_providers()
{
    let mut world = World::new().await;
    let connector = world.connector.clone();
    let mut people = Vec::new();
    for name in ["Ada", "Grace", "Hedy", "Mary", "Rosa"] {
        people.push(stranger(&world, name).await);
        world.clock.advance(Duration::from_mins(1));
    }
    world.settle().await;
    let id = |world: &World, person: &str, views: &[AccessRequestView]| {
        let user = world.chat_user_id(person);
        let mut all = views.iter();
        let found = all.find(|view| view.request.chat_user_id == user);
        found.unwrap().request.id.to_string()
    };
    let views = world.requests().await;
    let ids: Vec<_> = people
        .iter()
        .map(|person| id(&world, person, &views))
        .collect();
    for person in [&people[1], &people[0]] {
        world.clock.advance(Duration::from_mins(1));
        let more = world.says(&connector, person, "Hello again");
        assert_eq!(world.webhook(&connector, &more).await, 200);
    }
    world.settle().await;
    let token = all_powers(&world).await;
    let of = |places: &[usize]| -> Vec<String> {
        places.iter().map(|place| ids[*place].clone()).collect()
    };
    let by_last = "status=pending&order=last_message";
    assert_eq!(walked(&world, &token, by_last).await, of(&[0, 1, 4, 3, 2]));
    world.decide(&people[1], Verdict::Approve).await;
    world.decide(&people[4], Verdict::Reject).await;
    world.settle().await;
    assert_eq!(walked(&world, &token, by_last).await, of(&[0, 3, 2]));
    let all = walked(&world, &token, "status=all").await;
    assert_eq!(all, of(&[4, 3, 2, 1, 0]));

    let (here, open) = (connector.id, world.open.id);
    let nowhere = format!("connector_id={open}&provider=slack,teams");
    let somewhere = format!("connector_id={open},{here}&provider=teams,slack");
    for order in ["", "&status=pending&order=last_message"] {
        let none = walked(&world, &token, &format!("{nowhere}{order}")).await;
        assert_eq!(none, Vec::<String>::new(), "{order}");
        let some = walked(&world, &token, &format!("{somewhere}{order}")).await;
        assert_eq!(some.len(), if order.is_empty() { 5 } else { 3 }, "{order}");
        let others = format!("provider=teams,telegram{order}");
        assert!(walked(&world, &token, &others).await.is_empty(), "{order}");
    }
    let list = format!("{}/access-requests", project(&world));
    for wrong in [
        "order=last_message",
        "status=all&order=last_message",
        "order=name",
    ] {
        let path = format!("{list}?{wrong}");
        let (status, answer) = call(&world, &token, "GET", &path, Value::Null).await;
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (400, &json!("order"))
        );
    }
}

/// SPEC A43: the place in the list costs a held message no further call.
#[tokio::test(flavor = "multi_thread")]
async fn a_held_message_still_takes_one_read_and_one_transaction() {
    let (world, ada, _, _) = waiting().await;
    let connector = world.connector.clone();
    let more = world.says(&connector, &ada, "Hello again");
    world.count_from_here();
    assert_eq!(world.webhook(&connector, &more).await, 200);
    assert_eq!(
        world.aws_calls(),
        ["DynamoDB.BatchGetItem", "DynamoDB.TransactWriteItems"]
    );
}

/// The numbers that a caller gets.
async fn counts(world: &World, token: &str) -> Value {
    let path = format!("{}/access-requests/counts", project(world));
    let (status, counts) = call(world, token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{counts}");
    counts
}

/// SPEC B41: numbers of each tab, and the newest request.
#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_state_with_the_newest_that_waits() {
    let mut world = World::new().await;
    let token = all_powers(&world).await;
    let none = json!({"count": 0, "more": false});
    let empty = counts(&world, &token).await;
    assert_eq!(
        (&empty["pending"], &empty["newest_pending"]),
        (&none, &Value::Null)
    );
    assert_eq!(empty["held_back"], json!([]));
    let mut people = Vec::new();
    for name in ["Ada", "Grace", "Hedy", "Mary"] {
        world.clock.advance(Duration::from_secs(1));
        people.push(stranger(&world, name).await);
    }
    world.settle().await;
    let newest = world.requests().await.remove(0).request;
    let told = counts(&world, &token).await;
    assert_eq!(told["pending"], json!({"count": 4, "more": false}));
    assert_eq!(
        told["newest_pending"],
        json!({"id": newest.id, "created_at": newest.created_at})
    );
    world.decide(&people[0], Verdict::Approve).await;
    world.decide(&people[3], Verdict::Reject).await;
    world.settle().await;
    let told = counts(&world, &token).await;
    assert_eq!(told["pending"]["count"], 2);
    assert_eq!(told["approved"], json!({"count": 1, "more": false}));
    // A project from before there were tallies is counted row by row.
    let pk = world.rows("BEGUN")[0]["pk"].as_str().unwrap().to_owned();
    world.db.delete_raw(&pk, "BEGUN").unwrap();
    assert_eq!(counts(&world, &token).await, told);

    let limited = Limited::new(&world).await;
    let path = format!("{}/access-requests/counts", project(&world));
    for answer in limited.call(&world, ("GET", &path), &Value::Null).await {
        assert_eq!(answer.body["pending"], none, "{}", answer.body);
        assert_eq!(answer.body["newest_pending"], Value::Null);
    }
    let nowhere = path.replace(
        &world.scope.project_id().to_string(),
        "01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    );
    assert_eq!(
        call(&world, &token, "GET", &nowhere, Value::Null).await.0,
        404
    );
}

/// The size of a row, as DynamoDB counts it within a tenth: names and values as text.
fn size(row: &serde_json::Map<String, Value>) -> usize {
    let of = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string().len(), str::len)
    };
    row.iter().map(|(name, value)| name.len() + of(value)).sum()
}

/// SPEC B41: at ten thousand pending requests, the numbers take at most 25 read units, and stop at a thousand.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_requests_are_counted_by_a_few_read_units() {
    const CONNECTORS: usize = 50;
    let (world, _, token, _) = waiting().await;
    let tally = world.rows("CONNECTOR#").remove(0);
    let mut rows = Vec::new();
    for other in 0..CONNECTORS {
        let id = ConnectorId::derive(&[&other.to_string()]).to_string();
        for row in 0..8 {
            let mut more = tally.clone();
            more.insert("sk".to_owned(), json!(format!("CONNECTOR#{id}#{row}")));
            more.insert("connector_id".to_owned(), json!(id));
            more.insert("pending_count".to_owned(), json!(25));
            more.insert("approved_count".to_owned(), json!(0));
            put(&world, more.clone());
            rows.push(more);
        }
    }
    world.count_from_here();
    let told = counts(&world, &token).await;
    assert_eq!(told["pending"], json!({"count": 1000, "more": true}));
    let calls = world.aws_calls();
    let queries = calls.iter().filter(|one| *one == "DynamoDB.Query").count();
    assert_eq!(queries, 3, "{calls:?}");
    // Half a unit for each 4 KB of all tallies, half a unit for the newest request, and one for what was held back.
    let bytes: usize = rows.iter().map(size).sum();
    let halves = bytes.div_ceil(4096) + size(&world.rows("REQUEST")[0]).div_ceil(4096) + 2;
    assert!(halves <= 2 * 25, "{halves}");
    for row in rows {
        let pk = row["pk"].as_str().unwrap();
        world
            .db
            .delete_raw(pk, row["sk"].as_str().unwrap())
            .unwrap();
    }
}

/// SPEC B41: the export holds what the list shows, as filtered, and no cell that a spreadsheet would run.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_exported_as_filtered_and_no_cell_is_a_formula() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    stranger(&world, "=HYPERLINK(1)").await;
    world.settle().await;
    world.decide(&ada, Verdict::Reject).await;
    let token = all_powers(&world).await;
    let export = format!("{}/access-requests/export", project(&world));
    let lines = async |query: &str| {
        let path = format!("{export}{query}");
        let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "text/csv; charset=utf-8");
        assert!(answer.headers.get("link").is_none());
        let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = lines("").await;
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].starts_with("id,status,user_name,identifier,provider,"));
    let waiting = lines("?status=pending&order=last_message").await;
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    assert!(waiting[1].contains("\"'=HYPERLINK(1)\""), "{waiting:?}");
    let rejected = lines("?status=rejected&provider=slack").await;
    assert!(
        rejected[1].contains("\"rejected\",\"Ada Lovelace\""),
        "{rejected:?}"
    );
    assert_eq!(lines("?provider=teams").await.len(), 1);
    let limited = Limited::new(&world).await;
    for answer in limited.call(&world, ("GET", &export), &Value::Null).await {
        let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    let wrong = format!("{export}?status=open");
    assert_eq!(
        call(&world, &token, "GET", &wrong, Value::Null).await.0,
        400
    );
}

/// SPEC A37: chat users are counted by their standing.
#[tokio::test(flavor = "multi_thread")]
async fn people_are_counted_by_their_standing() {
    let (mut world, ada, token, _) = waiting().await;
    let grace = stranger(&world, "Grace Hopper").await;
    stranger(&world, "Hedy Lamarr").await;
    world.settle().await;
    world.decide(&ada, Verdict::Approve).await;
    world.block(&grace).await;
    world.settle().await;
    let path = format!("{}/chat-users/counts", project(&world));
    let (status, told) = call(&world, &token, "GET", &path, Value::Null).await;
    assert_eq!(status, 200, "{told}");
    let one = json!({"count": 1, "more": false});
    assert_eq!(
        told,
        json!({"onboarding": one, "active": one, "blocked": one})
    );
    let limited = Limited::new(&world).await;
    let none = json!({"count": 0, "more": false});
    for answer in limited.call(&world, ("GET", &path), &Value::Null).await {
        let expected = json!({"onboarding": none, "active": none, "blocked": none});
        assert_eq!(answer.body, expected);
    }
}
