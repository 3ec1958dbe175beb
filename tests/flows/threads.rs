//! Answers stay where, and before whom, the person wrote (SPEC A38).

use crate::world::{SAID, WELCOME, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use vestibule_domain::connector::Connector;
use vestibule_testkit::{
    SignedRequest,
    simulator::{Place, Platform},
};

/// The request with its body changed. A Teams token does not cover the body.
fn changed(request: &SignedRequest, change: impl FnOnce(&mut Value)) -> SignedRequest {
    let mut body: Value = serde_json::from_str(&request.text()).unwrap();
    change(&mut body);
    request.clone().with_body(body.to_string())
}

/// The activity of a message in the Teams channel, without the thread in its conversation's id. Returns the
/// activity's id too.
fn root_post(
    world: &World,
    connector: &Connector,
    person: &str,
    text: &str,
) -> (SignedRequest, String, String) {
    let request = world.says_in(connector, person, Place::General, text);
    let mut ids = (String::new(), String::new());
    let request = changed(&request, |activity| {
        let thread = activity["conversation"]["id"].as_str().unwrap().to_owned();
        let channel = thread.split(';').next().unwrap();
        activity["conversation"]["id"] = channel.into();
        let id = activity["id"].as_str().unwrap().to_owned();
        ids = (format!("{channel};messageid={id}"), id);
    });
    (request, ids.0, ids.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_slack_the_onboarding_text_and_the_answer_stay_in_the_assistants_chat() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    for (connector, welcomed) in [(world.connector.clone(), true), (world.open.clone(), false)] {
        let id = connector.id.to_string();
        let chat = world.slack.write_dm(&id, &ada, "New chat").unwrap();
        let thread = chat.message.ts;
        let asked = world
            .slack
            .write_in_thread(&id, &ada, Place::Direct, &thread, SAID)
            .unwrap();
        let request = asked.request().unwrap();
        assert_eq!(world.webhook(&connector, &request).await, 200);
        world.settle().await;
        let last = world.slack.posted().pop().unwrap();
        assert_eq!(last.plain_text() == WELCOME, welcomed);
        assert_eq!(last.thread_ts, Some(thread));
    }
    assert_eq!(world.welcomes(&ada), 1);
    world.assert_good_manners();
}

#[tokio::test(flavor = "multi_thread")]
async fn in_teams_each_post_in_a_channel_is_a_conversation_and_answered_below_it() {
    let mut world = World::on(Platform::Teams).await;
    let ada = world.newcomer("Ada Lovelace");
    let open = world.open.clone();
    let (first, first_thread, first_id) = root_post(&world, &open, &ada, SAID);
    let (second, second_thread, _) = root_post(&world, &open, &ada, "And another thing");
    // A reply may name its thread only by the message that it replies to.
    let (reply, ..) = root_post(&world, &open, &ada, "As I said");
    let reply = changed(&reply, |activity| activity["replyToId"] = first_id.into());
    for request in [&first, &second, &reply] {
        assert_eq!(world.webhook(&open, request).await, 200);
    }
    world.settle().await;
    let deliveries = world.agent.deliveries();
    assert_eq!(deliveries.len(), 3);
    let conversations: BTreeSet<_> = deliveries
        .iter()
        .map(|delivery| delivery.body["conversation"]["id"].to_string())
        .collect();
    assert_eq!(conversations.len(), 2);
    let mut threads: Vec<_> = world
        .slack
        .posted()
        .into_iter()
        .map(|message| message.channel)
        .collect();
    threads.sort();
    let mut expected = [first_thread.clone(), first_thread, second_thread];
    expected.sort();
    assert_eq!(threads, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_teams_a_message_for_the_bot_alone_is_answered_for_its_writer_alone() {
    let mut world = World::on(Platform::Teams).await;
    let (ada, grace) = (
        world.newcomer("Ada Lovelace"),
        world.newcomer("Grace Hopper"),
    );
    let open = world.open.clone();
    let aloud = world.says_in(&open, &grace, Place::General, "Hello everybody");
    let request = world.says_in(&open, &ada, Place::General, SAID);
    let aside = changed(&request, |activity| {
        activity["recipient"]["isTargeted"] = json!(true);
    });
    for request in [&aloud, &aside] {
        assert_eq!(world.webhook(&open, request).await, 200);
    }
    world.settle().await;
    let mut seen: Vec<_> = world
        .slack
        .posted()
        .into_iter()
        .map(|message| message.only_visible_to)
        .collect();
    seen.sort();
    assert_eq!(seen, [None, Some(ada)]);
    let kinds: Vec<_> = world
        .agent
        .deliveries()
        .iter()
        .map(|delivery| delivery.body["conversation"]["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("direct")), "{kinds:?}");
    assert!(kinds.contains(&json!("channel")), "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_teams_a_stranger_who_writes_to_the_bot_alone_is_welcomed_in_private() {
    let mut world = World::on(Platform::Teams).await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let request = world.says_in(&connector, &ada, Place::General, SAID);
    let aside = changed(&request, |activity| {
        activity["recipient"]["isTargeted"] = json!(true);
    });
    assert_eq!(world.webhook(&connector, &aside).await, 200);
    world.settle().await;
    assert_eq!(world.told(&ada), [WELCOME]);
    let with: Vec<_> = world
        .slack
        .posted()
        .into_iter()
        .map(|message| message.with)
        .collect();
    assert_eq!(with, [Some(ada)]);
}
