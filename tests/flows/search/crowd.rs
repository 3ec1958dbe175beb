//! A crowd of made-up chat users, searched through the API and by a reference.

use super::{
    address, order_project, page, pages,
    people::{Person, queries},
    searched, settle, suffixes,
};
use crate::{conversations::put, lifecycle::stranger, world::World};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use vestibule_domain::ids::ChatUserId;
use vestibule_search::Terms;
use vestibule_testkit::{proof, simulator::Platform};

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

/// SPEC C22–C27: every answer is that of a reference which reads everybody, over all pages, and the first page of
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
