//! People who are erased: what goes, what stays, and how the work goes on when it is interrupted (SPEC F07,
//! A50).

use crate::{
    given_up::refuse,
    lifecycle::{attribute, stranger},
    outgoing::say,
    world::{Answer, SAID, World},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, time::Duration};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{
    access::request::Verdict,
    account::permission::Permission,
    connector::Policy,
    ids::{AccountId, ChatUserId, ConversationId},
};
use vestibule_testkit::{
    demo_agent::AgentFailure,
    fault_proxy::{Fault, Rule},
    proof,
    simulator::{Place, Platform},
};

/// A text that only the erased person writes.
pub const PRIVATE: &str = "My secret is a yellow submarine";

fn path(world: &World, person: &str) -> String {
    format!(
        "{}/chat-users/{}",
        world.project_path(),
        world.chat_user_id(person)
    )
}

async fn try_erase(world: &World, person: &str, headers: &[(&str, &str)]) -> Answer {
    let account = world.scope.account_id();
    let needed = [Permission::ChatUsersErase, Permission::ChatUsersRead];
    let token = world.key(account, &needed).await;
    let path = path(world, person);
    world
        .call(&token, ("DELETE", &path), Value::Null, headers)
        .await
}

pub async fn erase(world: &World, person: &str) -> Value {
    let answer = try_erase(world, person, &[]).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body
}

/// The rows with these words, apart from the audit log. Outgoing events hold ids for eight days, and no other words.
pub fn rows_with(world: &World, words: &str) -> Vec<Map<String, Value>> {
    let is_id = words.parse::<ChatUserId>().is_ok();
    let mut rows = world.db.items().unwrap();
    rows.retain(|row| {
        let pk = row["pk"].as_str().unwrap();
        let is_kept = pk.contains("#AUDIT#") || (is_id && pk.contains("#OUTGOING_EVENT#"));
        !is_kept && Value::Object(row.clone()).to_string().contains(words)
    });
    rows.sort_by_key(|row| format!("{} {}", row["pk"], row["sk"]));
    rows
}

pub fn assert_nothing_is_left(world: &World, person: &str) {
    for words in [&world.chat_user_id(person).to_string(), PRIVATE] {
        assert_eq!(rows_with(world, words), [], "{words}");
    }
    assert!(world.owed().is_empty());
}

/// A person who waits at one connector, talked to the agent at the other, and has a picture.
async fn known(world: &mut World, name: &str) -> String {
    let person = stranger(world, name).await;
    say(world, &person, PRIVATE).await;
    world.settle().await;
    world
        .keep_avatar(&person, b"\xff\xd8\xff\xe0".to_vec())
        .await;
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_person_but_audit_entries_and_others_keep_all_of_theirs() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(2);
    let ada = known(&mut world, "Ada Lovelace").await;
    let bob = stranger(&world, "Bob Martin").await;
    say(&world, &bob, SAID).await;
    world.settle().await;
    let of_bob = rows_with(&world, &world.chat_user_id(&bob).to_string());
    assert!(of_bob.len() > 4, "{of_bob:?}");
    let messages = world.rows("MESSAGE#").len();
    let answer = erase(&world, &ada).await;
    assert_eq!(answer["id"], world.chat_user_id(&ada).to_string());
    assert_eq!(answer["erasing_since"], json!(world.now()));
    assert!(!world.rows("ERASURE#").is_empty());
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert_eq!(world.rows("ERASURE#").len(), 0);
    assert_eq!(world.rows("AVATAR").len(), 0);
    // Her message and the two answers.
    assert_eq!(world.rows("MESSAGE#").len(), messages - 3);
    assert_eq!(
        rows_with(&world, &world.chat_user_id(&bob).to_string()),
        of_bob
    );
    let mut entries = world.db.items().unwrap();
    entries.retain(|row| row.get("action") == Some(&json!("chat_user.erased")));
    assert_eq!(entries.len(), 1);
    let target = format!("chat_user:{}", world.chat_user_id(&ada));
    assert_eq!(entries[0]["target"], target);
    assert_eq!(entries[0]["before"], json!({"status": "active"}));
    assert_eq!(entries[0]["after"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_every_platform_a_person_goes_with_every_id_that_the_platform_knows_them_by() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        world.agent.answer_with_texts(1);
        let ada = stranger(&world, "Ada Lovelace").await;
        say(&world, &ada, PRIVATE).await;
        world.settle().await;
        let user = world.rows("USER").remove(0);
        let token = world.all_powers().await;
        let id = user["id"].as_str().unwrap();
        let path = format!("{}/chat-users/{id}", world.project_path());
        let answer = world.call(&token, ("DELETE", &path), Value::Null, &[]);
        assert_eq!(answer.await.status, 202, "{platform:?}");
        world.settle().await;
        let identifier = user["person"]["identifier"].as_str().unwrap();
        for words in [identifier, PRIVATE, "Lovelace"] {
            assert_eq!(rows_with(&world, words), [], "{platform:?} {words}");
        }
        for kind in [
            "USER",
            "SAME_AS",
            "STANDING#",
            "REQUEST",
            "MESSAGE#",
            "CONVERSATION",
            "OUTGOING#",
            "WROTE_IN#",
        ] {
            assert_eq!(world.rows(kind), [], "{platform:?} {kind}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_writes_while_the_erasure_runs_is_a_stranger_who_asks_anew() {
    let mut world = World::new().await;
    let ada = known(&mut world, "Ada Lovelace").await;
    world.decide(&ada, Verdict::Approve).await;
    world.settle().await;
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.clock.advance(Duration::from_secs(1));
    // Neither the old approval nor the open connector's admission counts, before the job and after it.
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, "Hello, we have not met");
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    let deliveries = world.agent.deliveries().len();
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), deliveries);
    assert_eq!(world.welcomes(&ada), 2);
    let requests = world.requests().await;
    assert_eq!(requests.len(), 1);
    assert!(requests[0].request.decision.is_none());
    let preview = requests[0].preview.as_ref();
    assert_eq!(preview.unwrap().text, "Hello, we have not met");
    assert_eq!(rows_with(&world, PRIVATE), []);
    assert!(world.rows("ERASURE#").is_empty());
    // Whoever came back can be let in, and erased again.
    assert_eq!(world.decide(&ada, Verdict::Approve).await.status, 200);
    world.settle().await;
    say(&world, &ada, PRIVATE).await;
    world.settle().await;
    assert!(!rows_with(&world, PRIVATE).is_empty());
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_who_came_back_says_to_the_agent_stays() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let ada = known(&mut world, "Ada Lovelace").await;
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "Good evening").await;
    world.settle().await;
    assert_eq!(rows_with(&world, PRIVATE), []);
    let texts: BTreeSet<String> = world
        .rows("MESSAGE#")
        .iter()
        .map(|row| row["text"].as_str().unwrap().to_owned())
        .collect();
    let expected = ["Good evening", "Good evening 1"].map(str::to_owned);
    assert_eq!(texts, BTreeSet::from(expected));
    // The conversation is found again.
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    assert!(world.rows("MESSAGE#").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_asked_for_twice_is_done_once_and_a_person_who_is_gone_is_not_there() {
    let mut world = World::new().await;
    let ada = known(&mut world, "Ada Lovelace").await;
    let first = erase(&world, &ada).await;
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(erase(&world, &ada).await, first);
    world.settle().await;
    assert_eq!(try_erase(&world, &ada, &[]).await.status, 404);
    assert_nothing_is_left(&world, &ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_needs_its_permission_and_the_version_that_the_caller_names() {
    let mut world = World::new().await;
    let ada = known(&mut world, "Ada Lovelace").await;
    let before = world.db.items().unwrap();
    let stale = try_erase(&world, &ada, &[("if-match", "\"999\"")]).await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    let account = world.scope.account_id();
    let blocking = world.key(account, &[Permission::ChatUsersBlock]).await;
    let elsewhere = AccountId::derive(&["globex"]);
    let other = world.key(elsewhere, &[Permission::ChatUsersErase]).await;
    for (token, status) in [(blocking, 403), (other, 404)] {
        let path = path(&world, &ada);
        let answer = world.call(&token, ("DELETE", &path), Value::Null, &[]);
        assert_eq!(answer.await.status, status);
    }
    let of_people = |rows: Vec<Map<String, Value>>| -> Vec<_> {
        let is_of_people =
            |row: &Map<String, Value>| row["pk"].as_str().unwrap().contains("#USER#");
        rows.into_iter().filter(is_of_people).collect()
    };
    assert_eq!(of_people(world.db.items().unwrap()), of_people(before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_for_silence_survives_the_person_and_nothing_else_of_the_standing_does() {
    let mut world = World::new().await;
    let ada = known(&mut world, "Ada Lovelace").await;
    world.opts_out(&ada).await;
    erase(&world, &ada).await;
    world.settle().await;
    assert_eq!(rows_with(&world, PRIVATE), []);
    let standings = world.rows("STANDING#");
    assert_eq!(standings.len(), 1, "{standings:?}");
    let kept = &standings[0];
    assert_eq!(kept["consents"]["only"]["may_write"], false);
    assert_eq!(kept["conversation"]["provider_conversation_id"], "");
    assert!(!kept.contains_key("request_id"));
    // The stranger asks anew, and the wish still counts.
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, SAID);
    assert_eq!(world.webhook(&connector, &hello).await, 200);
    world.settle().await;
    let standings = world.rows("STANDING#");
    assert_eq!(standings.len(), 1, "{standings:?}");
    assert_eq!(standings[0]["consents"]["only"]["may_write"], false);
    assert_eq!(standings[0]["request_pending"], true);
    assert_ne!(standings[0]["conversation"]["provider_conversation_id"], "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_whom_a_wish_is_left_can_write_whatever_the_connectors_policy() {
    for policy in [Policy::AllowAll, Policy::AllowList] {
        let mut world = World::new().await;
        let ada = known(&mut world, "Ada Lovelace").await;
        world.opts_out(&ada).await;
        erase(&world, &ada).await;
        world.settle().await;
        world
            .change_connector(|connector| connector.policy = policy)
            .await;
        world.restart();
        let connector = world.connector.clone();
        let hello = world.says(&connector, &ada, SAID);
        assert_eq!(world.webhook(&connector, &hello).await, 200, "{policy:?}");
        world.settle().await;
        assert_eq!(world.rows("USER").len(), 1, "{policy:?}");
        let standing = world.rows("STANDING#").remove(0);
        assert_eq!(standing["consents"]["only"]["may_write"], false);
        assert_ne!(standing["conversation"]["provider_conversation_id"], "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_thread_of_several_people_one_goes_with_the_answers_to_them_and_the_others_stay() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let (ada, bob) = (world.newcomer("Ada Lovelace"), world.newcomer("Bob Martin"));
    let open = world.open.clone();
    let id = open.id.to_string();
    let root = world
        .slack
        .write(&id, &bob, Place::General, "Who knows?")
        .unwrap();
    assert_eq!(world.webhook(&open, &root.request().unwrap()).await, 200);
    world.settle().await;
    let thread = root.message.ts;
    for (person, text) in [(&ada, PRIVATE), (&bob, "Thanks"), (&ada, PRIVATE)] {
        let said = world
            .slack
            .write_in_thread(&id, person, Place::General, &thread, text)
            .unwrap();
        assert_eq!(world.webhook(&open, &said.request().unwrap()).await, 200);
        world.settle().await;
    }
    assert_eq!(world.rows("MESSAGE#").len(), 8);
    erase(&world, &ada).await;
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    let mut texts: Vec<_> = world
        .rows("MESSAGE#")
        .iter()
        .map(|row| row["text"].as_str().unwrap().to_owned())
        .collect();
    texts.sort();
    assert_eq!(texts, ["Thanks", "Thanks 1", "Who knows?", "Who knows? 1"]);
    let conversation = world.rows("CONVERSATION").remove(0);
    assert!(!conversation.contains_key("chat_user_id"));
    assert_eq!(conversation["message_total"], 8);
}

/// Puts a row as the functions store it.
fn put(world: &World, row: Map<String, Value>) {
    let row: Map<_, _> = row
        .into_iter()
        .map(|(name, value)| (name, attribute(value)))
        .collect();
    world.db.put_raw(&Value::Object(row)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_wait_for_an_agent_and_those_that_were_given_up_are_erased_too() {
    let mut world = World::new().await;
    let ada = known(&mut world, "Ada Lovelace").await;
    let deliveries = world.agent.deliveries().len();
    refuse(&world, 1);
    say(&world, &ada, PRIVATE).await;
    world.work_all().await;
    assert_eq!(world.rows("GIVEN_UP#").len(), 1);
    world.clock.advance(Duration::from_secs(1));
    let failure = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(failure, None);
    say(&world, &ada, PRIVATE).await;
    world.work_all().await;
    let parked = world.rows("PARKED#");
    assert!(parked.iter().any(|row| row.contains_key("job")));
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    while world.work_onboarding().await {}
    assert_eq!(rows_with(&world, PRIVATE), []);
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(world.agent.deliveries().len(), deliveries);
    assert!(world.rows("PARKED#").is_empty());
    assert_nothing_is_left(&world, &ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_hand_when_the_person_is_erased_is_erased_by_the_second_pass() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let ada = known(&mut world, "Ada Lovelace").await;
    let rows = rows_with(&world, PRIVATE);
    world.clock.advance(Duration::from_secs(1));
    erase(&world, &ada).await;
    while world.work_onboarding().await {}
    assert_eq!(rows_with(&world, PRIVATE), []);
    // A worker that had read the person before writes what it has: the same rows once more.
    for row in rows {
        if row["pk"].as_str().unwrap().contains("#CONVERSATION#") {
            put(&world, row);
        }
    }
    assert_ne!(rows_with(&world, PRIVATE), []);
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
}

/// Faults of every kind at every call of the job.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_is_interrupted_at_any_call_goes_on_and_ends() {
    let faults = [
        Fault::KillBefore,
        Fault::KillAfter,
        Fault::Error500,
        Fault::ResetAfter,
        Fault::TransactionConflict,
    ];
    let classes = [
        "DynamoDB.TransactWriteItems",
        "DynamoDB.Query",
        "DynamoDB.UpdateItem",
        "DynamoDB.PutItem",
        "SQS.SendMessage",
    ];
    let every = proof::scaled(3, 1);
    let occurrences = proof::scaled(2, 8);
    let mut number = 0;
    for class in classes {
        for occurrence in 1..=occurrences {
            for fault in &faults {
                number += 1;
                let is_known =
                    *fault != Fault::TransactionConflict || class.starts_with("DynamoDB.T");
                if number % every != 0 || !is_known {
                    continue;
                }
                let mut world = World::new().await;
                let ada = known(&mut world, "Ada Lovelace").await;
                erase(&world, &ada).await;
                world.count_from_here();
                for proxy in [&world.to_db, &world.to_aws] {
                    proxy.inject(Rule::new(class, fault.clone()).from_call(occurrence));
                }
                for _ in 0..3 {
                    world.work_onboarding().await;
                }
                for proxy in world.proxies() {
                    proxy.clear();
                }
                world.settle().await;
                assert_nothing_is_left(&world, &ada);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_conversation_is_erased_page_by_page_and_that_of_another_person_stays() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let ada = known(&mut world, "Ada Lovelace").await;
    let bob = world.newcomer("Bob Martin");
    say(&world, &bob, SAID).await;
    world.settle().await;
    let conversation = |world: &World, person: &str| -> ConversationId {
        let id = world.chat_user_id(person).to_string();
        let mut rows = world.rows("CONVERSATION");
        rows.retain(|row| row["chat_user_id"] == id);
        keys::parse_conversation(rows[0]["pk"].as_str().unwrap()).unwrap()
    };
    let total = proof::scaled(1_500, 20_000);
    for person in [&ada, &bob] {
        let id = conversation(&world, person);
        let mut rows = world.rows("MESSAGE#");
        rows.retain(|row| row["pk"] == keys::conversation(world.scope, id).pk);
        for number in 3..=total {
            let mut row = rows[usize::try_from(number % 2).unwrap()].clone();
            row.insert("number".to_owned(), number.into());
            row.insert(
                "sk".to_owned(),
                keys::message(world.scope, id, number).sk.into(),
            );
            put(&world, row);
        }
    }
    let of_bob = conversation(&world, &bob);
    erase(&world, &ada).await;
    // Processes end between the pages, and the sweeper goes on.
    for _ in 0..4 {
        world.work_onboarding().await;
        world.restart();
    }
    world.settle().await;
    assert_nothing_is_left(&world, &ada);
    let left = world.rows("MESSAGE#");
    assert_eq!(u64::try_from(left.len()).unwrap(), total);
    let pk = keys::conversation(world.scope, of_bob).pk;
    assert!(left.iter().all(|row| row["pk"] == pk));
}
