//! Blocks that outlive the erasure of their people (SPEC A45, C41).

use crate::{
    client_access::Limited,
    erasure::{erase, rows_with},
    lifecycle::stranger,
    world::World,
};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{connector::Connector, ports::Written};
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{NewPerson, Platform, WhatsAppShows},
};

const PHONE: &str = "+14155550199";
const BSUID: &str = "US.1349120865530274";

fn path(world: &World) -> String {
    format!("{}/chat-users/kept-blocks", world.project_path())
}

async fn listed(world: &World, token: &str) -> Vec<Value> {
    let answer = world
        .call(token, ("GET", &path(world)), Value::Null, &[])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

/// Lifts the only block, and returns the status of the answer.
async fn lift(world: &World, token: &str) -> u16 {
    let blocks = listed(world, token).await;
    let [block] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    let path = format!("{}/{}", path(world), block["id"].as_str().unwrap());
    let answer = world.call(token, ("DELETE", &path), Value::Null, &[]).await;
    answer.status
}

async fn write(world: &World, connector: &Connector, person: &str) {
    let hello = world.says(connector, person, "Let me in");
    assert_eq!(world.webhook(connector, &hello).await, 200);
}

/// Blocks and erases the only person on record, whatever the platform's ids of them. Returns their record.
async fn shut_out(world: &mut World, token: &str) -> Map<String, Value> {
    let user = world.rows("USER").remove(0);
    let id = user["id"].as_str().unwrap();
    let path = format!("{}/chat-users/{id}", world.project_path());
    let block = format!("{path}/block");
    for (method, path, status) in [("POST", &block, 200), ("DELETE", &path, 202)] {
        let answer = world.call(token, (method, path), Value::Null, &[]).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        world.clock.advance(Duration::from_secs(1));
    }
    world.settle().await;
    user
}

/// A person who asked for access and was blocked, a while ago.
async fn blocked() -> (World, String) {
    let mut world = World::new().await;
    let ada = stranger(&world, "Ada Lovelace").await;
    world.settle().await;
    world.block(&ada).await;
    world.clock.advance(Duration::from_secs(1));
    (world, ada)
}

/// Such a person, who was then erased.
async fn erased() -> (World, String) {
    let (mut world, ada) = blocked().await;
    erase(&world, &ada).await;
    world.settle().await;
    (world, ada)
}

fn entry(world: &World, action: &str) -> Value {
    let mut entries = world.db.items().unwrap();
    entries.retain(|row| row.get("action") == Some(&json!(action)));
    assert_eq!(entries.len(), 1, "{entries:?}");
    Value::Object(entries.remove(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_blocked_person_but_a_hash_and_they_stay_out_at_the_cost_of_one_read()
{
    let (mut world, ada) = erased().await;
    let id = world.chat_user_id(&ada).to_string();
    for words in [id.as_str(), ada.as_str(), "Lovelace"] {
        assert_eq!(rows_with(&world, words), [], "{words}");
    }
    assert_eq!(world.rows("KEPT_BLOCK").len(), 1);
    let deliveries = world.agent.deliveries().len();
    let before = world.db.items().unwrap();
    for connector in [world.connector.clone(), world.open.clone()] {
        write(&world, &connector, &ada).await;
        // The connector is known by now.
        let again = world.says(&connector, &ada, "Let me in");
        world.count_from_here();
        assert_eq!(world.webhook(&connector, &again).await, 200);
        assert_eq!(world.aws_calls(), ["DynamoDB.BatchGetItem"]);
    }
    world.settle().await;
    assert_eq!(world.db.items().unwrap(), before);
    assert_eq!(world.agent.deliveries().len(), deliveries);
    assert_eq!(world.welcomes(&ada), 1);
    let told = entry(&world, "chat_user.erased");
    assert_eq!(told["before"], json!({"status": "blocked"}));
    assert_eq!(told["after"], json!({"block": "kept"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_of_an_erased_person_is_listed_without_them_and_lets_them_begin_anew_once_lifted()
{
    let (mut world, ada) = erased().await;
    let token = world.all_powers().await;
    let blocks = listed(&world, &token).await;
    let [block] = blocks.as_slice() else {
        panic!("{blocks:?}");
    };
    assert_eq!(block["provider"], "slack");
    let connector = json!([{"id": world.connector.id, "name": world.connector.name}]);
    assert_eq!(block["connectors"], connector);
    assert!(block["blocked_at"].as_str() < block["erased_at"].as_str());
    assert_ne!(block["blocked_by"], "");
    let text = block.to_string();
    for words in [&world.chat_user_id(&ada).to_string(), &ada] {
        assert!(!text.contains(words.as_str()), "{text}");
    }
    assert_eq!(lift(&world, &token).await, 204);
    assert_eq!(listed(&world, &token).await, [] as [Value; 0]);
    assert_eq!(world.rows("KEPT_BLOCK"), []);
    let told = entry(&world, "kept_block.lifted");
    let target = format!("kept_block:{}", block["id"].as_str().unwrap());
    assert_eq!(told["target"], target);
    let times = json!({"blocked_at": block["blocked_at"], "erased_at": block["erased_at"]});
    assert_eq!(told["before"], times);
    // Lifted once, it is not there.
    let again = format!("{}/{}", path(&world), block["id"].as_str().unwrap());
    let again = world.call(&token, ("DELETE", &again), Value::Null, &[]);
    assert_eq!(again.await.status, 404);
    let connector = world.connector.clone();
    write(&world, &connector, &ada).await;
    world.settle().await;
    assert_eq!(world.welcomes(&ada), 2);
    assert_eq!(world.requests().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_kept_on_every_platform() {
    for &platform in Platform::ALL {
        let mut world = World::on(platform).await;
        let ada = stranger(&world, "Ada Lovelace").await;
        world.settle().await;
        let token = world.all_powers().await;
        let user = shut_out(&mut world, &token).await;
        let identifier = user["person"]["identifier"].as_str().unwrap();
        for words in [identifier, "Lovelace"] {
            assert_eq!(rows_with(&world, words), [], "{platform:?} {words}");
        }
        let connector = world.connector.clone();
        write(&world, &connector, &ada).await;
        world.settle().await;
        for kind in ["USER", "SAME_AS", "STANDING#", "REQUEST", "CONVERSATION"] {
            assert_eq!(world.rows(kind), [], "{platform:?} {kind}");
        }
        assert_eq!(world.welcomes(&ada), 1, "{platform:?}");
        assert_eq!(lift(&world, &token).await, 204, "{platform:?}");
        write(&world, &connector, &ada).await;
        world.settle().await;
        assert_eq!(world.rows("USER").len(), 1, "{platform:?}");
    }
}

/// SPEC A29.
#[tokio::test(flavor = "multi_thread")]
async fn the_block_of_an_erased_person_counts_for_a_second_id_that_they_tell_and_not_for_the_next_holder_of_the_number()
 {
    for shut_out_by in [WhatsAppShows::Phone, WhatsAppShows::Bsuid] {
        let case = format!("{shut_out_by:?}");
        let mut world = World::on(Platform::Dialog360).await;
        let token = world.all_powers().await;
        let connector = world.connector.clone();
        let person = |name: &str, shows: WhatsAppShows, bsuid: &str| {
            world.slack.add_person(NewPerson {
                phone: Some(PHONE.to_owned()),
                bsuid: Some(bsuid.to_owned()),
                whatsapp_shows: shows,
                ..NewPerson::named(name)
            })
        };
        let number = person("Ada", WhatsAppShows::Phone, BSUID);
        let hidden = person("Ada", WhatsAppShows::Bsuid, BSUID);
        let both = person("Ada", WhatsAppShows::Both, BSUID);
        let next = person("Bob", WhatsAppShows::Both, "US.1349120865530275");
        let blocked = match shut_out_by {
            WhatsAppShows::Phone => &number,
            _ => &hidden,
        };
        write(&world, &connector, blocked).await;
        world.settle().await;
        world.block(blocked).await;
        world.clock.advance(Duration::from_secs(1));
        erase(&world, blocked).await;
        world.settle().await;
        write(&world, &connector, &both).await;
        assert_eq!(world.rows("KEPT_BLOCK").len(), 2, "{case}");
        let before = world.db.items().unwrap();
        for person in [&both, &number, &hidden] {
            write(&world, &connector, person).await;
        }
        world.settle().await;
        assert_eq!(world.db.items().unwrap(), before, "{case}");
        assert_eq!(world.rows("USER"), [], "{case}");
        // The number is Bob's by now, also where it comes alone.
        for person in [&next, &number] {
            write(&world, &connector, person).await;
            assert_eq!(world.rows("USER").len(), 1, "{case}");
        }
        world.settle().await;
        assert_eq!(lift(&world, &token).await, 204, "{case}");
        assert_eq!(world.rows("KEPT_BLOCK"), [], "{case}");
        write(&world, &connector, &hidden).await;
        world.settle().await;
        assert_eq!(world.rows("USER").len(), 2, "{case}");
    }
}

/// SPEC A29.
#[tokio::test(flavor = "multi_thread")]
async fn blocks_of_two_erased_people_who_had_one_number_after_each_other_are_lifted_one_by_one() {
    let mut world = World::on(Platform::Dialog360).await;
    let token = world.all_powers().await;
    let connector = world.connector.clone();
    let mut people = Vec::new();
    for bsuid in [BSUID, "US.1349120865530275"] {
        let person = world.slack.add_person(NewPerson {
            phone: Some(PHONE.to_owned()),
            bsuid: Some(bsuid.to_owned()),
            whatsapp_shows: WhatsAppShows::Both,
            ..NewPerson::named("Ada")
        });
        write(&world, &connector, &person).await;
        world.settle().await;
        shut_out(&mut world, &token).await;
        people.push(person);
    }
    let blocks = listed(&world, &token).await;
    assert_eq!(blocks.len(), 2, "{blocks:?}");
    for person in &people {
        write(&world, &connector, person).await;
    }
    assert_eq!(world.rows("USER"), []);
    for block in &blocks {
        let path = format!("{}/{}", path(&world), block["id"].as_str().unwrap());
        let lifted = world.call(&token, ("DELETE", &path), Value::Null, &[]);
        assert_eq!(lifted.await.status, 204);
    }
    assert_eq!(world.rows("KEPT_BLOCK"), []);
    for person in &people {
        write(&world, &connector, person).await;
    }
    world.settle().await;
    assert_eq!(world.rows("USER").len(), 2);
}

/// SPEC A45.
#[tokio::test(flavor = "multi_thread")]
async fn every_number_of_an_erased_person_is_blocked_however_many_they_tell_and_blocks_of_the_last_ones_are_listed()
 {
    const FURTHER: usize = 50;
    let mut world = World::on(Platform::Dialog360).await;
    let token = world.all_powers().await;
    let connector = world.connector.clone();
    let person = |phone: &str, shows: WhatsAppShows| {
        world.slack.add_person(NewPerson {
            phone: Some(phone.to_owned()),
            bsuid: Some(BSUID.to_owned()),
            whatsapp_shows: shows,
            ..NewPerson::named("Ada")
        })
    };
    let phones: Vec<String> = (0..FURTHER + 2)
        .map(|number| format!("+1415555{:04}", 100 + number))
        .collect();
    let hidden = person(PHONE, WhatsAppShows::Bsuid);
    let [both, alone] = [WhatsAppShows::Both, WhatsAppShows::Phone].map(|shows| {
        let people = phones.iter().map(|phone| person(phone, shows));
        people.collect::<Vec<_>>()
    });
    write(&world, &connector, &hidden).await;
    world.settle().await;
    shut_out(&mut world, &token).await;
    for person in &both {
        write(&world, &connector, person).await;
    }
    assert_eq!(world.rows("KEPT_BLOCK").len(), 1 + phones.len());
    let blocks = listed(&world, &token).await;
    assert_eq!(blocks.len(), 3, "{blocks:?}");
    for block in &blocks {
        assert_eq!(block["blocked_at"], blocks[0]["blocked_at"]);
        assert_eq!(block["connectors"], blocks[0]["connectors"]);
    }
    let before = world.db.items().unwrap();
    for person in both.iter().chain(&alone) {
        write(&world, &connector, person).await;
    }
    assert_eq!(world.db.items().unwrap(), before);
    for block in &blocks {
        let path = format!("{}/{}", path(&world), block["id"].as_str().unwrap());
        let lifted = world.call(&token, ("DELETE", &path), Value::Null, &[]);
        assert_eq!(lifted.await.status, 204);
    }
    assert_eq!(world.rows("KEPT_BLOCK"), []);
    write(&world, &connector, &both[FURTHER + 1]).await;
    assert_eq!(world.rows("USER").len(), 1);
}

/// A webhook that read the person's records before the erasure, and the block after it, knows neither.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_flight_while_its_author_is_erased_makes_nobody_new() {
    let (mut world, ada) = blocked().await;
    let user = world.requests().await.remove(0).chat_user.unwrap();
    let connector = world.connector.clone();
    let standing = world.standing_at(&connector, &ada).await.unwrap();
    let hello = world.says(&connector, &ada, "Let me in");
    let (_, status) = join(erase(&world, &ada), world.webhook(&connector, &hello)).await;
    assert_eq!(status, 200);
    let written = world.introduce_anew(&user, &standing).await;
    assert_eq!(written, Written::Raced);
    world.settle().await;
    for kind in ["USER", "STANDING#", "REQUEST"] {
        assert_eq!(world.rows(kind), [], "{kind}");
    }
    assert_eq!(world.welcomes(&ada), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_kept_once_whether_the_erasure_is_interrupted_or_ordered_twice_at_once() {
    for fault in [Fault::KillBefore, Fault::KillAfter, Fault::ResetAfter] {
        let (mut world, ada) = blocked().await;
        let token = world.all_powers().await;
        let person = format!(
            "{}/chat-users/{}",
            world.project_path(),
            world.chat_user_id(&ada)
        );
        let route = ("DELETE", person.as_str());
        world.count_from_here();
        let rule = Rule::new("DynamoDB.TransactWriteItems", fault.clone());
        world.to_db.inject(rule);
        drop(world.try_call(&token, route, Value::Null, &[]).await);
        for proxy in world.proxies() {
            proxy.clear();
        }
        let twice = join(
            world.call(&token, route, Value::Null, &[]),
            world.call(&token, route, Value::Null, &[]),
        );
        let (one, two) = twice.await;
        // Whoever comes second finds the erasure, or nobody.
        let statuses = [one.status, two.status];
        assert!(statuses.contains(&202), "{fault:?} {statuses:?}");
        world.settle().await;
        assert_eq!(world.rows("USER"), [], "{fault:?}");
        assert_eq!(world.rows("KEPT_BLOCK").len(), 1, "{fault:?}");
        let connector = world.connector.clone();
        write(&world, &connector, &ada).await;
        world.settle().await;
        assert_eq!(world.rows("USER"), [], "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_is_lifted_while_the_person_writes_lets_in_this_message_or_the_next() {
    let (mut world, ada) = erased().await;
    let token = world.all_powers().await;
    let connector = world.connector.clone();
    let hello = world.says(&connector, &ada, "Let me in");
    let (lifted, status) = join(lift(&world, &token), world.webhook(&connector, &hello)).await;
    assert_eq!((lifted, status), (204, 200));
    write(&world, &connector, &ada).await;
    world.settle().await;
    assert_eq!(world.rows("KEPT_BLOCK"), []);
    assert_eq!(world.rows("USER").len(), 1);
    assert_eq!(world.requests().await.len(), 1);
    assert_eq!(world.welcomes(&ada), 2);
}

/// SPEC A47.
#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_outlived_its_person_is_explained_to_whoever_has_the_id() {
    let (world, ada) = erased().await;
    let token = world.all_powers().await;
    let path = format!("{}/explain", world.project_path());
    let body = json!({"connector_id": world.connector.id, "identifier": ada});
    let answer = world.call(&token, ("POST", &path), body, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = &answer.body;
    assert_eq!(body["decision"], "drop", "{body}");
    assert_eq!(body["reason"], "blocked");
    assert_eq!(body["facts"][0]["holds"], true);
    assert_eq!(body["changes"][0]["action"], "lift_block");
    let sentence = body["sentence"].as_str().unwrap();
    assert!(sentence.contains("and erased on"), "{sentence}");
}

/// SPEC B39.
#[tokio::test(flavor = "multi_thread")]
async fn a_kept_block_of_another_clients_connector_does_not_exist() {
    let (world, _) = erased().await;
    let limited = Limited::new(&world).await;
    let token = world.all_powers().await;
    let block = listed(&world, &token).await.remove(0);
    let one = format!("{}/{}", path(&world), block["id"].as_str().unwrap());
    for answer in limited
        .call(&world, ("GET", &path(&world)), &Value::Null)
        .await
    {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.body["items"], json!([]));
    }
    for answer in limited.call(&world, ("DELETE", &one), &Value::Null).await {
        assert_eq!(answer.status, 404, "{}", answer.body);
    }
    assert_eq!(world.rows("KEPT_BLOCK").len(), 1);
}
