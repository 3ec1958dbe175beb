//! Exports of everything that is on record about one person (SPEC C62).

use crate::{
    conversations::put,
    end_users::text,
    erasure::PRIVATE,
    given_up::refuse,
    lifecycle::stranger,
    outgoing::say,
    world::{Answer, SAID, World},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, time::Duration};
use vestibule_adapters::dynamo::keys;
use vestibule_domain::{access::request::Verdict, account::permission::Permission};
use vestibule_testkit::{
    demo_agent::AgentFailure,
    proof,
    simulator::{Place, Platform},
};

/// The most that an answer is to have; Lambda takes 6 MB.
const ANSWER_MAX: usize = 4 * 1024 * 1024;

fn path(world: &World, person: &str) -> String {
    let id = world.chat_user_id(person);
    format!("{}/chat-users/{id}/export", world.project_path())
}

async fn get(world: &World, token: &str, path: &str) -> Answer {
    world.call(token, ("GET", path), Value::Null, &[]).await
}

/// An export in one, and the number of its pages.
async fn whole(world: &World, path: &str) -> (Map<String, Value>, usize) {
    let token = world.all_powers().await;
    let mut whole: Map<String, Value> = Map::new();
    let mut address = path.to_owned();
    for number in 1.. {
        let page = get(world, &token, &address).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.bytes.len() < ANSWER_MAX, "{}", page.bytes.len());
        let mut body = page.body.as_object().unwrap().clone();
        for list in ["requests", "conversations", "messages"] {
            let more = body[list].as_array().unwrap().clone();
            match whole.get_mut(list).and_then(Value::as_array_mut) {
                Some(known) => known.extend(more),
                None => drop(whole.insert(list.to_owned(), more.into())),
            }
        }
        whole.insert("chat_user".to_owned(), body["chat_user"].take());
        match body["continues"].as_str() {
            Some(cursor) => address = format!("{path}?cursor={cursor}"),
            None => return (whole, number),
        }
    }
    unreachable!("there is no end of numbers");
}

fn items<'a>(held: &'a Map<String, Value>, list: &str) -> &'a [Value] {
    held[list].as_array().unwrap()
}

/// SPEC C62, F07.
#[tokio::test(flavor = "multi_thread")]
async fn everything_on_record_about_a_person_is_exported_and_recorded_without_the_data() {
    let mut world = World::new().await;
    world.agent.answer_with_texts(2);
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    assert_eq!(world.decide(&ada, Verdict::Reject).await.status, 200);
    world.clock.advance(Duration::from_hours(25));
    let connector = world.connector.clone();
    let again = world.says(&connector, &ada, PRIVATE);
    assert_eq!(world.webhook(&connector, &again).await, 200);
    say(&world, &ada, PRIVATE).await;
    world.settle().await;

    let (held, _) = whole(&world, &path(&world, &ada)).await;
    let user = &held["chat_user"];
    assert_eq!(user["id"], world.chat_user_id(&ada).to_string());
    assert_eq!(user["display_name"], "Ada Lovelace");
    assert_eq!(user["picture"], Value::Null);
    let standings = user["standings"].as_array().unwrap();
    assert_eq!(standings.len(), world.rows("STANDING#").len());
    assert!(
        standings
            .iter()
            .all(|standing| standing["connector_name"].is_string())
    );
    let requests = items(&held, "requests");
    assert_eq!(requests.len(), 2);
    assert_eq!(requests.len(), world.rows("REQUEST").len());
    assert_eq!(requests[0]["status"], "rejected");
    assert_eq!(requests[0]["preview"], SAID);
    assert!(requests[0]["processed_by"]["name"].is_string());
    assert_eq!(requests[1]["preview"], PRIVATE);
    assert_eq!(
        items(&held, "conversations").len(),
        world.rows("WROTE_IN#").len()
    );
    let messages = items(&held, "messages");
    assert_eq!(messages.len(), world.rows("MESSAGE#").len());
    let said: Vec<_> = messages
        .iter()
        .filter(|message| text(message, "text").starts_with(PRIVATE))
        .map(|message| (message["by_person"] == true, text(message, "text")))
        .collect();
    let answers = [1, 2].map(|number| format!("{PRIVATE} {number}"));
    assert_eq!(
        said,
        [
            (true, PRIVATE),
            (false, answers[0].as_str()),
            (false, answers[1].as_str())
        ]
    );

    let entries = world.db.items().unwrap().into_iter();
    let entries: Vec<_> = entries
        .filter(|row| row.get("action") == Some(&json!("chat_user.exported")))
        .collect();
    assert_eq!(entries.len(), 1);
    let entry = Value::Object(entries[0].clone()).to_string();
    assert!(!entry.contains("Lovelace") && !entry.contains(PRIVATE));
}

/// SPEC C62, A31.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_we_keep_is_named_in_the_export() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.keep_avatar(&ada, b"GIF89a".to_vec()).await;
    let (held, _) = whole(&world, &path(&world, &ada)).await;
    let user = &held["chat_user"];
    let picture = json!({"media_type": "image/gif", "size": 6});
    assert_eq!(user["picture"], picture);
    assert!(text(user, "avatar_url").ends_with("/avatar"));
}

/// SPEC C62, F01.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_wait_for_an_agent_and_those_that_were_given_up_are_exported_too() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, "heard").await;
    world.settle().await;
    refuse(&world, 1);
    say(&world, &ada, "refused").await;
    world.work_all().await;
    world.clock.advance(Duration::from_secs(1));
    let failure = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(failure, None);
    say(&world, &ada, "late").await;
    world.work_all().await;
    let (held, _) = whole(&world, &path(&world, &ada)).await;
    let states: BTreeMap<_, _> = items(&held, "messages")
        .iter()
        .filter(|message| message["by_person"] == true)
        .map(|message| (text(message, "text"), text(message, "state")))
        .collect();
    let expected = [
        ("heard", "recorded"),
        ("late", "waiting"),
        ("refused", "given_up"),
    ];
    assert_eq!(states, BTreeMap::from(expected));
    world.agent.clear_failures();
    world.settle().await;
}

/// SPEC C62, M03: what others wrote is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_thread_of_several_people_one_gets_their_own_messages_and_the_answers_to_them() {
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
    for (person, text) in [(&ada, PRIVATE), (&bob, "Thanks")] {
        let said = world
            .slack
            .write_in_thread(&id, person, Place::General, &thread, text)
            .unwrap();
        assert_eq!(world.webhook(&open, &said.request().unwrap()).await, 200);
        world.settle().await;
    }
    let answer = format!("{PRIVATE} 1");
    for (person, expected) in [
        (&ada, vec![PRIVATE, &answer]),
        (
            &bob,
            vec!["Who knows?", "Who knows? 1", "Thanks", "Thanks 1"],
        ),
    ] {
        let (held, _) = whole(&world, &path(&world, person)).await;
        let texts: Vec<_> = items(&held, "messages")
            .iter()
            .map(|message| text(message, "text"))
            .collect();
        assert_eq!(texts, expected);
        assert_eq!(items(&held, "conversations").len(), 1);
    }
}

/// SPEC C62, A29.
#[tokio::test(flavor = "multi_thread")]
async fn on_every_platform_an_export_has_the_person_and_their_words() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = stranger(&world, "Ada Lovelace").await;
        say(&world, &ada, PRIVATE).await;
        world.settle().await;
        let user = world.rows("USER").remove(0);
        let id = user["id"].as_str().unwrap();
        let path = format!("{}/chat-users/{id}/export", world.project_path());
        let (held, _) = whole(&world, &path).await;
        let identifier = user["person"]["identifier"].as_str().unwrap();
        let written = Value::Object(held.clone()).to_string();
        assert!(written.contains(identifier), "{platform:?}: {written}");
        assert_eq!(items(&held, "requests").len(), 1, "{platform:?}");
        let words = items(&held, "messages")
            .iter()
            .any(|message| message["text"] == PRIVATE);
        assert!(words, "{platform:?}: {written}");
    }
}

/// SPEC C62, G04.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_export_comes_in_pages_with_every_message_once_and_a_cursor_is_for_one_person_alone()
{
    let mut world = World::new().await;
    world.agent.answer_with_texts(1);
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    let rows = world.rows("MESSAGE#");
    let id = keys::parse_conversation(rows[0]["pk"].as_str().unwrap()).unwrap();
    let total = proof::scaled(300, 3_000);
    for number in 3..=total {
        let mut row = rows[usize::try_from(number % 2).unwrap()].clone();
        row.insert("number".to_owned(), number.into());
        row.insert("text".to_owned(), "x".repeat(16 * 1024).into());
        let key = keys::message(world.scope, id, number);
        row.insert("sk".to_owned(), key.sk.into());
        put(&world, row);
    }
    let of_ada = path(&world, &ada);
    let (held, pages) = whole(&world, &of_ada).await;
    assert!(pages > 2, "{pages}");
    let numbers: Vec<u64> = items(&held, "messages")
        .iter()
        .map(|message| message["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=total).collect::<Vec<_>>());
    assert_eq!(items(&held, "conversations").len(), 1);

    let bob = world.newcomer("Bob Martin");
    say(&world, &bob, SAID).await;
    world.settle().await;
    let token = world.all_powers().await;
    let first = get(&world, &token, &of_ada).await;
    let cursor = text(&first.body, "continues");
    let stolen = format!("{}?cursor={cursor}", path(&world, &bob));
    let refused = get(&world, &token, &stolen).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

/// SPEC C62, B39.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_needs_the_permission_for_each_part_of_it() {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    let needed = [
        Permission::ChatUsersRead,
        Permission::AccessRequestsRead,
        Permission::ConversationsRead,
    ];
    let path = path(&world, &ada);
    for lacking in needed {
        let mut held = needed.to_vec();
        held.retain(|one| *one != lacking);
        let token = world.key(world.scope.account_id(), &held).await;
        let refused = get(&world, &token, &path).await;
        assert_eq!(refused.status, 403, "{lacking}: {}", refused.body);
    }
    let token = world.key(world.scope.account_id(), &needed).await;
    assert_eq!(get(&world, &token, &path).await.status, 200);
    let nobody = path.replace(
        &world.chat_user_id(&ada).to_string(),
        "01JD3Q3Z9V8M4T6K2N7P5R1S0W",
    );
    assert_eq!(get(&world, &token, &nobody).await.status, 404);
}
