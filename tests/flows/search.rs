//! Search in lists (SPEC B41, C22–C31): what is found, what it costs, and what is never shown.

mod people;

use crate::{
    conversations::put,
    erasure::erase,
    lifecycle::stranger,
    world::{SAID, World},
};
use people::{Person, queries};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fmt::Write, time::Duration};
use vestibule_domain::{
    access::request::Verdict,
    ids::ChatUserId,
    search::{ProjectList, ProjectPlace},
};
use vestibule_edge::batch::Outcome;
use vestibule_search::Terms;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    proof,
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

/// What is listed on all pages, at most so many, and whether these are all.
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

/// SPEC B41, C22–C31.
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
    let none = page(
        &world,
        &token,
        &address(&world, "access-requests", "lovel", "&status=approved"),
    );
    assert_eq!(none.await["items"], json!([]));
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

/// A project of so many chat users, the first of whom wrote.
struct Crowd {
    world: World,
    token: String,
    /// The row of the first chat user, of which the others' are copies.
    row: Map<String, Value>,
    /// The searched texts of everybody, folded.
    folded: Vec<String>,
    /// The requests that admit the caller of a list.
    admission: usize,
}

impl Crowd {
    async fn new() -> Self {
        let mut world = searched(Platform::Slack).await;
        stranger(&world, "\u{1f600}").await;
        settle(&mut world).await;
        let token = world.all_powers().await;
        let row = world.rows("USER").remove(0);
        let mut crowd = Self {
            world,
            token,
            row,
            folded: Vec::new(),
            admission: 0,
        };
        // The list itself is one query.
        let list = format!("{}/chat-users?limit=1", crowd.world.project_path());
        crowd.admission = crowd.reads(&list).await - 1;
        crowd
    }

    /// The queries and batch reads of a call.
    async fn reads(&self, path: &str) -> usize {
        self.world.count_from_here();
        page(&self.world, &self.token, path).await;
        let calls = self.world.to_db.sequence();
        let counted = ["DynamoDB.Query", "DynamoDB.BatchGetItem"];
        calls
            .iter()
            .filter(|call| counted.contains(&call.as_str()))
            .count()
    }

    /// Whether a chat user is one of the crowd, unlike the one who wrote.
    fn has(&self, id: &str) -> bool {
        self.row["id"] != id
    }

    /// The partitions of the project begin like this.
    fn project(&self) -> String {
        let scope = self.world.scope;
        format!(
            "ACCOUNT#{}#PROJECT#{}",
            scope.account_id(),
            scope.project_id()
        )
    }

    fn id(number: usize) -> String {
        ChatUserId::derive(&["crowd", &number.to_string()]).to_string()
    }

    /// Adds people until there are so many. Rows of the index that the worker does not write are written as it does.
    async fn grow(&mut self, size: usize, by_worker: usize) {
        let before = self.folded.len();
        for number in before..size {
            let (person, id) = (Person::of(number), Self::id(number));
            let mut row = self.row.clone();
            let created = format!("2026-11-22T10:00:00.000Z#{id}");
            row.insert("pk".into(), format!("{}#USER#{id}", self.project()).into());
            row.insert("state_sk".into(), created.clone().into());
            row.insert("all_sk".into(), created.into());
            row.insert("id".into(), id.clone().into());
            row.insert(
                "person".into(),
                json!({"provider": "slack", "platform_scope": "T1", "identifier": person.email}),
            );
            row.insert(
                "other_id".into(),
                json!({"provider": "slack", "platform_scope": "phone", "identifier": person.phone}),
            );
            row["profile"]["display_name"] = person.name().into();
            row["profile"]["first_name"] = person.first.clone().into();
            row["profile"]["last_name"] = person.last.clone().into();
            put(&self.world, row);
            self.folded.push(person.folded());
            if number >= by_worker {
                for (suffix, from) in person.rows() {
                    put(&self.world, self.suffix(&id, &suffix, from));
                }
            }
        }
        if before < by_worker {
            order_project(&self.world).await;
        }
    }

    fn suffix(&self, id: &str, suffix: &str, from: usize) -> Map<String, Value> {
        let first = u32::from(suffix.chars().next().unwrap());
        let row = json!({
            "pk": format!("{}#SEARCH#c#{first}", self.project()),
            "sk": format!("{suffix}\u{1f}{id}"),
            "counts_from": from,
        });
        row.as_object().unwrap().clone()
    }

    /// The ids of all hits, in the order of the search.
    fn reference(&self, terms: &Terms) -> Vec<String> {
        let words = terms.words().iter().map(|word| word.iter().collect());
        let words: Vec<String> = words.collect();
        let mut hits = Vec::new();
        for (number, folded) in self.folded.iter().enumerate() {
            let may_be = words.iter().all(|word| folded.contains(word.as_str()));
            let suffix = may_be.then(|| Person::of(number).found_by(terms));
            if let Some(suffix) = suffix.flatten() {
                hits.push((
                    format!("{suffix}\u{1f}{}", Self::id(number)),
                    Self::id(number),
                ));
            }
        }
        hits.sort();
        hits.into_iter().map(|(_, id)| id).collect()
    }

    /// The requests that a query's first page takes, beside those that admit the caller.
    async fn requests_of_first_page(&self, query: &str) -> usize {
        let path = address(&self.world, "chat-users", query, "");
        self.reads(&path).await - self.admission
    }
}

/// The number below which this many of a hundred lie.
fn percentile(numbers: &mut [usize], hundredth: usize) -> usize {
    numbers.sort_unstable();
    numbers[(numbers.len() - 1) * hundredth / 100]
}

/// SPEC C22–C31: every answer is that of a reference which reads everybody, over all pages, and the first page of
/// one word takes two requests whatever the size. A sample of the pages of very common words in the full proof: the
/// emulator reads a whole partition for each.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "the figures of a proof")]
async fn every_answer_is_that_of_a_reference_and_a_first_page_costs_the_same_at_any_size() {
    let (small, large) = proof::scaled((250, 1000), (10_000, 100_000));
    let queries = queries(proof::scaled(100, 500), small);
    let pages_max = proof::scaled(1000, 40);
    let mut crowd = Crowd::new().await;
    let mut means = Vec::new();
    for size in [small, large] {
        crowd.grow(size, 1000).await;
        let (mut of_one, mut of_several) = (Vec::new(), Vec::new());
        for query in &queries {
            let terms = Terms::parse(query).unwrap();
            let requests = crowd.requests_of_first_page(query).await;
            if terms.words().len() == 1 {
                of_one.push(requests);
            } else {
                of_several.push(requests);
            }
        }
        let one = (percentile(&mut of_one, 50), percentile(&mut of_one, 99));
        let several = (
            percentile(&mut of_several, 50),
            percentile(&mut of_several, 99),
        );
        eprintln!(
            "{size} people: requests of a first page, p50 and p99: one word {one:?}, several {several:?}"
        );
        assert!(one.1 <= 2, "{one:?}");
        assert!(several.1 <= 8, "{several:?}");
        means.push(of_one.iter().sum::<usize>() * 100 / of_one.len());
    }
    let ratio = means[1] * 100 / means[0];
    eprintln!("ratio of first pages: {ratio} %");
    assert!((90..=110).contains(&ratio), "{means:?}");
    let sample: Vec<Vec<(String, usize)>> = (0..large.min(1000))
        .map(|number| Person::of(number).rows())
        .collect();
    let mut read = Vec::new();
    for query in &queries {
        let terms = Terms::parse(query).unwrap();
        let expected = crowd.reference(&terms);
        let of = ("chat-users", query.as_str());
        let (listed, is_whole) = pages(&crowd.world, &crowd.token, of, pages_max).await;
        let ids = listed.iter().map(|user| user["id"].as_str().unwrap());
        let listed: Vec<&str> = ids.filter(|id| crowd.has(id)).collect();
        assert!(listed.len() <= expected.len(), "{query:?}: {listed:?}");
        assert_eq!(listed, expected[..listed.len()], "{query:?}");
        assert!(!is_whole || listed.len() == expected.len(), "{query:?}");
        assert!(is_whole || pages_max < 1000, "{query:?}");
        let lookup = terms.lookup();
        let (mut rows, mut hits) = (0, 0);
        for person in &sample {
            let all = person
                .iter()
                .filter(|(suffix, _)| suffix.starts_with(&lookup.prefix));
            let own: Vec<usize> = all.map(|(_, from)| *from).collect();
            rows += own.len();
            hits += usize::from(own.iter().any(|from| *from <= lookup.length));
        }
        if let Some(each) = (rows * 100).checked_div(hits) {
            read.push(each);
        }
    }
    let each = (percentile(&mut read, 50), percentile(&mut read, 99));
    eprintln!("rows of the index read for a hit, in hundredths, p50 and p99: {each:?}");
    let mut of_a_person: Vec<usize> = sample.iter().map(Vec::len).collect();
    let mean = of_a_person.iter().sum::<usize>() / of_a_person.len();
    let (p99, most) = (
        percentile(&mut of_a_person, 99),
        percentile(&mut of_a_person, 100),
    );
    eprintln!("rows of a person: mean {mean}, p99 {p99}, most {most}");
    assert!(mean <= 60 && most <= 200, "{mean} {most}");
    if large > 1000 {
        // The world's own checks read all rows, of which there are millions.
        std::mem::forget(crowd);
    }
}

/// The rows that a crowd is given in the full proof are those that the worker writes.
#[tokio::test(flavor = "multi_thread")]
async fn the_worker_writes_the_rows_that_the_proof_is_made_of() {
    let mut crowd = Crowd::new().await;
    let before = suffixes(&crowd.world).len();
    crowd.grow(20, 20).await;
    let mut written = suffixes(&crowd.world);
    let mut expected = Vec::new();
    for number in 0..20 {
        for (suffix, from) in Person::of(number).rows() {
            expected.push(crowd.suffix(&Crowd::id(number), &suffix, from));
        }
    }
    let key = |row: &Map<String, Value>| format!("{} {}", row["pk"], row["sk"]);
    let ids: BTreeSet<String> = (0..20).map(Crowd::id).collect();
    written.retain(|row| {
        let sk = row["sk"].as_str().unwrap();
        ids.contains(sk.rsplit('\u{1f}').next().unwrap())
    });
    assert!(before < suffixes(&crowd.world).len());
    written.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(written, expected);
}
