//! Thousands of people who wait at once: their lists, filters, search and numbers, and two admins who let them all in.

use crate::{
    conversations::put,
    requests::walked_by,
    search::url_encoded,
    world::{Answer, Asking, World},
};
use futures_util::future::join;
use serde_json::{Value, json};
use std::{cmp::Reverse, collections::BTreeMap, time::Duration};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    Timestamp,
    chat::user::ChatUser,
    connector::{Connector, Policy},
    search::{SearchTarget, texts_of_chat_user},
};
use vestibule_search::{Field, index_rows};
use vestibule_testkit::{
    fault_proxy::{Fault, ProxiedCall, Rule},
    proof,
    simulator::Platform,
};

/// The connectors beside the world's own. A platform tells them apart by the length of their names.
const CONNECTORS: [(Platform, &str); 3] = [
    (Platform::Slack, "Acme Sales"),
    (Platform::Telegram, "Acme on Telegram"),
    (Platform::Teams, "Acme on Teams"),
];
const FIRST: [&str; 7] = ["Ada", "Grace", "Hedy", "Mary", "Zoë", "Joan", "Lise"];
const LAST: [&str; 11] = [
    "Lovelace", "Hopper", "Lamarr", "Jackson", "Meitner", "Clarke", "Noether", "Curie", "Johnson",
    "Franklin", "Goodall",
];
/// A number without a common factor with that of the people.
const STRIDE: usize = 7919;
/// Number of requests that one call decides at most.
const AT_ONCE: usize = 100;

/// Number of people who wait.
fn size() -> usize {
    proof::scaled(300, 10_000)
}

/// Whether a filter or a search wants somebody.
type Wanted = fn(&Waiting) -> bool;
/// The time by which an order sorts somebody.
type Place = fn(&Waiting) -> Timestamp;

/// Somebody who waits.
struct Waiting {
    /// The place in the order of the first messages.
    number: usize,
    /// The place of the connector.
    connector: usize,
    name: String,
    asked_at: Timestamp,
    last_at: Timestamp,
    user: ChatUser,
    /// The id of the request.
    id: String,
}

impl Waiting {
    /// Whether the request is of the second quarter of the time.
    fn is_of_span(&self) -> bool {
        (size() / 4..size() / 2).contains(&self.number)
    }
}

/// A world in which many people wait.
struct Crowd {
    world: World,
    connectors: Vec<Connector>,
    begun: Timestamp,
    people: Vec<Waiting>,
}

impl Crowd {
    /// A world in which nobody waits yet, after all of them wrote.
    async fn new() -> Self {
        let mut world = World::new().await;
        // Whoever searches here writes the rows of the index at once.
        world.is_indexed_quietly = false;
        let environment = world.connector.environment_id;
        let mut connectors = vec![world.connector.clone()];
        for (platform, name) in CONNECTORS {
            let made = world.connector_on(platform, name, environment, Policy::OnBoarding);
            connectors.push(made.await);
        }
        let begun = world.now();
        let seconds = u64::try_from(2 * size()).unwrap();
        world.clock.advance(Duration::from_secs(seconds));
        Self {
            world,
            connectors,
            begun,
            people: Vec::new(),
        }
    }

    fn second(&self, number: usize) -> Timestamp {
        let seconds = u64::try_from(number).unwrap();
        self.begun.plus(Duration::from_secs(seconds))
    }

    /// Lets people ask until there are so many. Their last messages come in another order than their first ones.
    async fn grow(&mut self, count: usize) {
        for number in self.people.len()..count {
            let connector = number % self.connectors.len();
            let (first, last) = (number % FIRST.len(), number / FIRST.len() % LAST.len());
            let name = format!("{} {}", FIRST[first], LAST[last]);
            let identifier = format!("U{number:05}");
            let asked_at = self.second(number);
            let last_at = self.second(size() + number * STRIDE % size());
            let asking = Asking {
                connector: &self.connectors[connector],
                identifier: &identifier,
                name: &name,
                at: asked_at,
                last_at,
            };
            let (user, id) = self.world.has_asked(&asking).await;
            self.people.push(Waiting {
                number,
                connector,
                name,
                asked_at,
                last_at,
                user,
                id: id.to_string(),
            });
        }
    }

    /// Writes the rows of the search index that its worker writes, in a fraction of the time.
    fn index(&self) {
        for one in &self.people {
            let texts = texts_of_chat_user(&one.user);
            let texts = texts.iter();
            let fields: Vec<_> = texts
                .map(|text| Field::new(text.field, &text.text, text.is_phone))
                .collect();
            let target = SearchTarget::ChatUser(one.user.id);
            for row in index_rows(&fields) {
                let key = keys::suffix(self.world.scope, target, &row.suffix);
                let row = json!({"pk": key.pk, "sk": key.sk, "counts_from": row.from});
                put(&self.world, row.as_object().unwrap().clone());
            }
        }
    }

    /// The ids of the requests of these people, the latest first.
    fn ids(
        &self,
        keeps: impl Fn(&Waiting) -> bool,
        at: impl Fn(&Waiting) -> Timestamp,
    ) -> Vec<String> {
        let mut kept: Vec<&Waiting> = self.people.iter().filter(|one| keeps(one)).collect();
        kept.sort_by_key(|one| Reverse(at(one)));
        kept.into_iter().map(|one| one.id.clone()).collect()
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/access-requests{rest}", self.world.project_path())
    }

    /// Asserts that the numbers are those of a crowd of whom so many wait, and returns the calls of the table that
    /// they take.
    async fn assert_counted(&self, token: &str, pending: usize) -> Vec<String> {
        let world = &self.world;
        world.count_from_here();
        let path = self.path("/counts");
        let told = world.call(token, ("GET", &path), Value::Null, &[]).await;
        assert_eq!(told.status, 200, "{}", told.body);
        let units: usize = world.to_db.log().iter().map(read_units).sum();
        assert!(units <= 25, "{units}");
        let up_to = |count: usize| json!({"count": count.min(1000), "more": count > 1000});
        assert_eq!(told.body["pending"], up_to(pending));
        assert_eq!(told.body["approved"], up_to(self.people.len() - pending));
        let newest = self.people.last().filter(|_| pending > 0);
        let newest = newest.map(|one| json!({"id": one.id, "created_at": one.asked_at}));
        assert_eq!(told.body["newest_pending"], json!(newest));
        let mut calls = world.to_db.sequence();
        calls.sort_unstable();
        calls
    }
}

/// The read units of a call, rather too many than too few: every read counts as a consistent one, and a row is longer
/// on the wire than for DynamoDB.
fn read_units(call: &ProxiedCall) -> usize {
    const UNIT: usize = 4096;
    match call.class.as_str() {
        "DynamoDB.Query" => call.answer.bytes.div_ceil(UNIT),
        "DynamoDB.GetItem" | "DynamoDB.BatchGetItem" => {
            call.request.rows + call.answer.bytes / UNIT
        }
        other => panic!("{other}"),
    }
}

/// SPEC B34, B41.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_waits_is_listed_in_every_order_by_every_filter_and_search_each_person_once() {
    let page = proof::scaled(40, 100);
    let mut crowd = Crowd::new().await;
    crowd.grow(size()).await;
    crowd.index();
    let token = crowd.world.all_powers().await;
    let mut oldest = crowd.ids(|_| true, |one| one.asked_at);
    oldest.reverse();
    let listed = walked_by(&crowd.world, &token, "status=pending&order=oldest", page).await;
    assert_eq!(listed, oldest);

    let connectors = &crowd.connectors;
    let two = format!("connector_id={},{}", connectors[0].id, connectors[3].id);
    let (from, to) = (crowd.second(size() / 4), crowd.second(size() / 2));
    let span = format!("created_after={from}&created_before={to}");
    let all = format!("{two}&provider=teams,telegram&{span}");
    let filters: [(&str, Wanted); 5] = [
        ("", |_| true),
        (&two, |one| matches!(one.connector, 0 | 3)),
        ("provider=slack,teams", |one| one.connector != 2),
        (&span, Waiting::is_of_span),
        (&all, |one| one.connector == 3 && one.is_of_span()),
    ];
    let orders: [(&str, Place); 2] = [
        ("newest", |one| one.asked_at),
        ("last_message", |one| one.last_at),
    ];
    for (filter, keeps) in filters {
        for (order, at) in orders {
            let query = format!("status=pending&order={order}&{filter}");
            let expected = crowd.ids(keeps, at);
            assert!(!expected.is_empty(), "{query}");
            let listed = walked_by(&crowd.world, &token, query.trim_end_matches('&'), page).await;
            assert_eq!(listed, expected, "{query}");
        }
    }

    let one_of_two = format!("&{two}");
    let searches: [(&str, &str, Wanted); 5] = [
        ("ovel", "", |one| one.name.ends_with("Lovelace")),
        ("ZOE", "", |one| one.name.starts_with("Zoë")),
        ("son zo", "", |one| {
            one.name.starts_with("Zoë") && one.name.ends_with("son")
        }),
        ("u0001", "", |one| (10..20).contains(&one.number)),
        ("ovel", &one_of_two, |one| {
            one.name.ends_with("Lovelace") && matches!(one.connector, 0 | 3)
        }),
    ];
    for (words, filter, keeps) in searches {
        let query = format!("status=pending&q={}{filter}", url_encoded(words));
        let mut expected = crowd.ids(keeps, |one| one.asked_at);
        assert!(!expected.is_empty(), "{words} {filter}");
        expected.sort();
        let mut found = walked_by(&crowd.world, &token, &query, page).await;
        found.sort();
        assert_eq!(found, expected, "{words} {filter}");
    }
    if size() > 1000 {
        // The world's own checks read all rows, of which there are hundreds of thousands.
        std::mem::forget(crowd);
    }
}

/// The ids in an answer, in its order.
fn ids_of(answer: &Answer, list: &str) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body[list].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Notes by which admin each request of an answer was decided, and asserts that the answer names the one who did.
fn note(
    deciders: &mut BTreeMap<String, usize>,
    (admin, answer): (usize, &Answer),
    members: &[String; 2],
) {
    for result in answer.body["results"].as_array().unwrap() {
        let id = result["id"].as_str().unwrap();
        let decider = match result["outcome"].as_str().unwrap() {
            "decided" => {
                assert_eq!(deciders.insert(id.to_owned(), admin), None, "{id}");
                admin
            }
            "already" => {
                let kind = &result["problem"]["type"];
                assert_eq!(kind, "/problems/already-decided", "{result}");
                1 - admin
            }
            outcome => panic!("{outcome}: {result}"),
        };
        let request = &result["request"];
        assert_eq!(request["status"], "approved", "{result}");
        assert_eq!(request["processed_by"]["id"], members[decider], "{result}");
    }
}

/// Asserts that everybody is in, by one decision of the admin who is noted, and that the tallies of each connector say
/// so.
fn assert_everybody_is_in(
    crowd: &Crowd,
    deciders: &BTreeMap<String, usize>,
    members: &[String; 2],
) {
    let world = &crowd.world;
    let mut entries = world.db.items().unwrap();
    entries.retain(|row| row.get("action") == Some(&json!("access_request.approved")));
    let told: BTreeMap<&str, &Value> = entries
        .iter()
        .map(|entry| {
            let target = entry["target"].as_str().unwrap();
            let id = target.strip_prefix("access_request:").unwrap();
            (id, &entry["actor"]["id"])
        })
        .collect();
    assert_eq!((entries.len(), told.len()), (size(), size()));
    for (id, decider) in deciders {
        assert_eq!(told[id.as_str()], &members[*decider], "{id}");
    }
    let mut users = world.rows("USER");
    users.retain(|user| {
        let grants = user["grants"].as_object();
        grants.is_some_and(|grants| !grants.is_empty())
    });
    assert_eq!(users.len(), size());
    world.assert_tallies_agree();
    let mut tallies = world.rows("CONNECTOR#");
    tallies.retain(|row| row.contains_key("pending_count"));
    for (place, connector) in crowd.connectors.iter().enumerate() {
        let of = json!(connector.id);
        let sum = |name: &str| -> i64 {
            let rows = tallies.iter().filter(|row| row["connector_id"] == of);
            rows.map(|row| row[name].as_i64().unwrap()).sum()
        };
        let people = crowd.people.iter().filter(|one| one.connector == place);
        let approved = i64::try_from(people.count()).unwrap();
        assert_eq!(sum("pending_count"), 0, "{}", connector.name);
        assert_eq!(sum("approved_count"), approved, "{}", connector.name);
    }
}

/// SPEC B30, B32, B41. The numbers take the same calls whatever the size.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_admins_who_approve_the_same_hundreds_at_once_until_nobody_waits_decide_each_once() {
    let mut crowd = Crowd::new().await;
    crowd.grow(3).await;
    let token = crowd.world.all_powers().await;
    // The first call of a sandbox may read more.
    crowd.assert_counted(&token, 3).await;
    let of_few = crowd.assert_counted(&token, 3).await;
    crowd.grow(size()).await;
    assert_eq!(crowd.assert_counted(&token, size()).await, of_few);

    let world = &crowd.world;
    let admins = [
        world.person("super_admin").await,
        world.person("super_admin").await,
    ];
    let members = admins
        .each_ref()
        .map(|admin| format!("member:{}", admin.member_id));
    // DynamoDB refuses a transaction that meets another, where the emulator makes one after the other.
    let conflict = Rule::new("DynamoDB.TransactWriteItems", Fault::TransactionConflict);
    world.to_db.inject(conflict.one_in(20));
    let list = crowd.path(&format!("?status=pending&order=oldest&limit={AT_ONCE}"));
    let decide = crowd.path("/decide");
    let mut deciders = BTreeMap::new();
    while deciders.len() < size() {
        let pages = join(
            world.call_as(&admins[0], ("GET", &list), Value::Null, &[]),
            world.call_as(&admins[1], ("GET", &list), Value::Null, &[]),
        );
        let (page, same) = pages.await;
        let ids = ids_of(&page, "items");
        assert_eq!(ids_of(&same, "items"), ids);
        let before = deciders.len();
        assert_eq!(ids.len(), AT_ONCE.min(size() - before));
        let turned: Vec<&String> = ids.iter().rev().collect();
        let one = json!({"decision": "approve", "ids": ids});
        let other = json!({"decision": "approve", "ids": turned});
        let answers = join(
            world.call_as(&admins[0], ("POST", &decide), one, &[]),
            world.call_as(&admins[1], ("POST", &decide), other, &[]),
        );
        let (one, other) = answers.await;
        assert_eq!(ids_of(&one, "results"), ids);
        assert!(ids_of(&other, "results").iter().eq(turned));
        note(&mut deciders, (0, &one), &members);
        note(&mut deciders, (1, &other), &members);
        assert!(ids.iter().all(|id| deciders.contains_key(id)));
        assert_eq!(deciders.len() - before, ids.len());
        crowd.assert_counted(&token, size() - deciders.len()).await;
    }
    // Both were at work.
    assert!(deciders.values().any(|admin| *admin == 0));
    assert!(deciders.values().any(|admin| *admin == 1));
    assert_everybody_is_in(&crowd, &deciders, &members);
    for proxy in world.proxies() {
        assert_eq!(proxy.refused(), Vec::<String>::new());
    }
    // The work that follows from each approval has proofs of its own, and takes longer than all of this.
    std::mem::forget(crowd);
}
