//! Search in lists (SPEC B41, C22–C31): what is found, what it costs, and what is never shown.

mod crowd;
mod people;
mod ways_in;

use crate::{
    erasure::erase,
    lifecycle::stranger,
    world::{SAID, World},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fmt::Write, time::Duration};
use vestibule_domain::{
    access::request::Verdict,
    search::{ProjectList, ProjectPlace},
};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{NewPerson, Platform, WhatsAppShows},
};

/// A world whose index is left to the sweeper and the worker.
async fn searched(platform: Platform) -> World {
    let mut world = World::on(platform).await;
    world.is_indexed_quietly = false;
    world
}

/// Does all work, that of the index included.
async fn settle(world: &mut World) {
    world.settle().await;
    world.index_all().await;
}

/// The address of a list with a query, and further parameters.
fn address(world: &World, list: &str, query: &str, rest: &str) -> String {
    let query = url_encoded(query);
    format!("{}/{list}?q={query}{rest}", world.project_path())
}

/// A text as a value in an address.
pub fn url_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}

/// A page of a list.
async fn page(world: &World, token: &str, path: &str) -> Value {
    let answer = world.call(token, ("GET", path), Value::Null, &[]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// The items on all pages, at most so many, and whether these are all.
async fn pages(
    world: &World,
    token: &str,
    (list, query): (&str, &str),
    most: usize,
) -> (Vec<Value>, bool) {
    let mut items = Vec::new();
    let mut rest = "&limit=100".to_owned();
    for _ in 0..most {
        let body = page(world, token, &address(world, list, query, &rest)).await;
        items.extend(body["items"].as_array().unwrap().iter().cloned());
        match body["next_cursor"].as_str() {
            Some(cursor) => rest = format!("&limit=100&cursor={cursor}"),
            None => return (items, true),
        }
    }
    (items, false)
}

/// The names of the chat users whom a query finds.
async fn found(world: &World, token: &str, query: &str) -> Vec<String> {
    let (users, _) = pages(world, token, ("chat-users", query), 50).await;
    users
        .iter()
        .map(|user| user["display_name"].as_str().unwrap().to_owned())
        .collect()
}

/// The rows of the index.
fn suffixes(world: &World) -> Vec<Map<String, Value>> {
    let mut rows = world.rows("");
    rows.retain(|row| row["pk"].as_str().unwrap().contains("#SEARCH#"));
    rows
}

/// SPEC B41.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_asked_is_found_by_any_part_of_a_name_and_the_answer_says_where() {
    let mut world = searched(Platform::Slack).await;
    let ada = stranger(&world, "Zoë Lovelace").await;
    stranger(&world, "Grace Hopper").await;
    settle(&mut world).await;
    let token = world.all_powers().await;
    for query in ["zoe", "OVEL", "e lo", "lace zo", "ｚｏｅ"] {
        assert_eq!(
            found(&world, &token, query).await,
            ["Zoë Lovelace"],
            "{query}"
        );
    }
    assert_eq!(found(&world, &token, "hopper zoe").await, [""; 0]);
    let path = address(&world, "chat-users", "oe", "");
    let body = page(&world, &token, &path).await;
    let place = json!({"field": "display_name", "start": 1, "end": 3});
    let matches = body["items"][0]["matches"].as_array().unwrap();
    assert!(matches.contains(&place), "{matches:?}");
    let (requests, _) = pages(&world, &token, ("access-requests", "lovel"), 9).await;
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0]["chat_user_id"],
        world.chat_user_id(&ada).to_string()
    );
    let approved = address(&world, "access-requests", "lovel", "&status=approved");
    let none = page(&world, &token, &approved).await;
    assert_eq!(none["items"], json!([]));
}

/// SPEC B41.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_found_says_where_in_the_name_and_the_id_that_it_shows() {
    let mut world = searched(Platform::Slack).await;
    let ada = stranger(&world, "Zoë Lovelace").await;
    settle(&mut world).await;
    let token = world.all_powers().await;
    let matches = async |query: &str| {
        let path = address(&world, "access-requests", query, "");
        let body = page(&world, &token, &path).await;
        body["items"][0]["matches"].clone()
    };
    assert_eq!(
        matches("lovel zoe").await,
        json!([
            {"field": "user_name", "start": 0, "end": 3},
            {"field": "user_name", "start": 4, "end": 9},
        ])
    );
    let whole = json!([{"field": "identifier", "start": 0, "end": ada.len()}]);
    assert_eq!(matches(&ada).await, whole);
    let list = format!("{}/access-requests", world.project_path());
    let all = page(&world, &token, &list).await;
    assert_eq!(all["items"][0]["matches"], json!([]));
}

/// SPEC B41: a person's earlier requests are found as well.
#[tokio::test(flavor = "multi_thread")]
async fn all_requests_of_a_person_are_found_page_by_page() {
    let mut world = searched(Platform::Slack).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    stranger(&world, "Adam Smith").await;
    settle(&mut world).await;
    let connector = world.connector.clone();
    for _ in 0..2 {
        world.decide(&ada, Verdict::Reject).await;
        world.clock.advance(Duration::from_hours(25));
        let again = world.says(&connector, &ada, "Please");
        assert_eq!(world.webhook(&connector, &again).await, 200);
        settle(&mut world).await;
    }
    let token = world.all_powers().await;
    let mut listed = Vec::new();
    let mut rest = "&limit=1".to_owned();
    loop {
        let path = address(&world, "access-requests", "ada", &rest);
        let body = page(&world, &token, &path).await;
        for request in body["items"].as_array().unwrap() {
            listed.push(request["id"].as_str().unwrap().to_owned());
        }
        match body["next_cursor"].as_str() {
            Some(cursor) => rest = format!("&limit=1&cursor={cursor}"),
            None => break,
        }
    }
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!((listed.len(), once.len()), (4, 4), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_changed_finds_nobody_from_then_on_and_the_new_one_does_soon() {
    let mut world = searched(Platform::Dialog360).await;
    let connector = world.connector.clone();
    let [ada, king] = ["Ada Lovelace", "Ada King"].map(|name| {
        world.slack.add_person(NewPerson {
            phone: Some("+14155550199".to_owned()),
            whatsapp_shows: WhatsAppShows::Phone,
            ..NewPerson::named(name)
        })
    });
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    settle(&mut world).await;
    let token = world.all_powers().await;
    assert_eq!(found(&world, &token, "lovelace").await, ["Ada Lovelace"]);
    let renamed = world.says(&connector, &king, "It is me");
    assert_eq!(world.webhook(&connector, &renamed).await, 200);
    // The index still has the old name alone, and the record says otherwise.
    assert_eq!(found(&world, &token, "lovelace").await, [""; 0]);
    world.index_all().await;
    assert_eq!(found(&world, &token, "lovelace").await, [""; 0]);
    assert_eq!(found(&world, &token, "king").await, ["Ada King"]);
    assert_eq!(found(&world, &token, "+1 415 555-0199").await, ["Ada King"]);
    let of_old = suffixes(&world);
    let of_old = of_old
        .iter()
        .filter(|row| row["sk"].as_str().unwrap().starts_with("lovel"));
    assert_eq!(of_old.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_found_no_more_and_leaves_no_row() {
    let mut world = searched(Platform::Slack).await;
    let ada = stranger(&world, "Ada Lovelace").await;
    settle(&mut world).await;
    let token = world.all_powers().await;
    assert_eq!(found(&world, &token, "ada").await, ["Ada Lovelace"]);
    erase(&world, &ada).await;
    assert_eq!(found(&world, &token, "ada").await, [""; 0]);
    let (requests, _) = pages(&world, &token, ("access-requests", "ada"), 9).await;
    assert!(requests.is_empty());
    settle(&mut world).await;
    assert!(suffixes(&world).is_empty());
    assert!(world.rows("INDEX").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_its_query_and_filter() {
    let mut world = searched(Platform::Slack).await;
    for name in ["Ada One", "Ada Two", "Ada Three"] {
        stranger(&world, name).await;
    }
    settle(&mut world).await;
    let token = world.all_powers().await;
    let path = address(&world, "chat-users", "ada", "&limit=1");
    let cursor = page(&world, &token, &path).await["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    let same = address(
        &world,
        "chat-users",
        " ADA ",
        &format!("&limit=1&cursor={cursor}"),
    );
    assert_eq!(
        page(&world, &token, &same).await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for (list, query, rest) in [
        ("chat-users", "on", ""),
        ("chat-users", "ada t", ""),
        ("chat-users", "ada", "&status=onboarding"),
    ] {
        let path = address(&world, list, query, &format!("{rest}&cursor={cursor}"));
        let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(
            answer.body["errors"][0]["field"], "cursor",
            "{list} {query}"
        );
    }
}

/// The rows of the index that belong to the texts of all chat users, and to nothing else.
async fn assert_in_line(world: &World, case: &str) {
    let mut differences = 0;
    let mut place = Some(ProjectPlace {
        list: ProjectList::FIRST,
        behind: None,
    });
    while let Some(at) = place {
        let index = &world.functions.index.index;
        let page = index.index_page(world.scope, &at, true).await.unwrap();
        differences += page.differences;
        place = page.next;
    }
    assert_eq!(differences, 0, "{case}");
}

/// A name with more rows than one transaction holds: all its characters differ.
fn long_name() -> String {
    let letters = (0..95).map(|place| char::from_u32(0x4e00 + place).unwrap());
    letters.chain(" Ada".chars()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_step_between_a_record_and_its_rows_leaves_nothing_wrong() {
    let classes = [
        ("DynamoDB.UpdateItem", 2),
        ("DynamoDB.GetItem", 2),
        ("DynamoDB.TransactWriteItems", 2),
    ];
    let faults = [
        Fault::KillBefore,
        Fault::KillAfter,
        Fault::Error500,
        Fault::ResetAfter,
    ];
    for (class, calls) in classes {
        for call in 1..=calls {
            for fault in &faults {
                let case = format!("{fault:?} at {class} {call}");
                let mut world = searched(Platform::Slack).await;
                let ada = stranger(&world, &long_name()).await;
                world.work_all().await;
                let rule = Rule::new(class, fault.clone()).from_call(call);
                world.count_from_here();
                world.to_db.inject(rule);
                world.index_all().await;
                world.to_db.clear();
                world.clock.advance(Duration::from_mins(10));
                assert!(world.sweep().await);
                world.work_all().await;
                assert_in_line(&world, &case).await;
                let token = world.all_powers().await;
                assert_eq!(found(&world, &token, "ada").await.len(), 1, "{case}");
                erase(&world, &ada).await;
                settle(&mut world).await;
                assert!(suffixes(&world).is_empty(), "{case}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_lost_are_counted_by_a_check_and_written_again_on_order() {
    let mut world = searched(Platform::Slack).await;
    stranger(&world, "Ada Lovelace").await;
    settle(&mut world).await;
    let token = world.all_powers().await;
    let lost = suffixes(&world);
    let lost = lost
        .iter()
        .find(|row| row["sk"].as_str().unwrap().starts_with("love"));
    let lost = lost.unwrap();
    let (pk, sk) = (lost["pk"].as_str().unwrap(), lost["sk"].as_str().unwrap());
    world.db.delete_raw(pk, sk).unwrap();
    let users = ProjectPlace {
        list: ProjectList::ChatUsers,
        behind: None,
    };
    let check = async |world: &World| {
        let index = &world.functions.index.index;
        let page = index.index_page(world.scope, &users, true).await.unwrap();
        (page.records, page.differences)
    };
    assert_eq!(check(&world).await, (1, 1));
    assert_eq!(found(&world, &token, "love").await, [""; 0]);
    order_project(&world).await;
    assert_eq!(check(&world).await, (1, 0));
    assert_eq!(found(&world, &token, "love").await, ["Ada Lovelace"]);
}

/// Lets the worker write the index of the whole project anew.
async fn order_project(world: &World) {
    let (account, project) = (world.scope.account_id(), world.scope.project_id());
    let mut job =
        json!({"job": "index_project", "account_id": account, "project_id": project}).to_string();
    loop {
        let outcome = worker_index::handle(&world.functions.index, &job, 1).await;
        assert_eq!(outcome, Outcome::Done);
        let Some(next) = world.aws.take_batch("index", 1) else {
            return;
        };
        let event: aws_lambda_events::event::sqs::SqsEvent =
            serde_json::from_value(next.event.clone()).unwrap();
        job = event.records[0].body.clone().unwrap();
        world
            .aws
            .finish_batch(&next, Some(&json!({"batchItemFailures": []})));
    }
}
