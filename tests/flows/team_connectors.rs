//! Conversations that members answer instead of the agent (SPEC E36): those of a connector that the team answers, and
//! those that the agent or a call hands over. Whatever happens to a delivery, its conversation has one case.

use crate::{
    admin::call,
    breaker::texts,
    handoff::{conversation_of, give_back, hand_off, only_conversation, shown},
    outgoing::{say, talking, told},
    world::{SAID, World},
};
use futures_util::future::join;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vestibule_domain::{account::permission::Permission, routing::seat::Seat};
use vestibule_edge::batch::Outcome;
use vestibule_testkit::{
    fault_proxy::{Fault, Rule},
    simulator::{NewPerson, Platform},
};

const NOTICE: &str = "All colleagues are busy. You are next.";
const HINWEIS: &str = "Alle Kollegen sind beschäftigt. Sie sind als Nächstes an der Reihe.";

/// Changes the open connector, and returns the answer.
async fn changes(world: &World, body: Value) -> Value {
    let token = world.all_powers().await;
    let path = format!("{}/connectors/{}", world.project_path(), world.open.id);
    let (status, answer) = call(world, &token, "PATCH", &path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A world whose open connector the team answers.
async fn answered_by_team() -> (World, String) {
    let world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    changes(&world, json!({"handler": "team"})).await;
    (world, ada)
}

fn cases(world: &World) -> Vec<Map<String, Value>> {
    let mut rows = world.rows("CASE");
    rows.retain(|row| row["sk"] == "CASE");
    rows
}

/// The only case.
fn only_case(world: &World) -> Map<String, Value> {
    let mut cases = cases(world);
    assert_eq!(cases.len(), 1, "{cases:?}");
    cases.remove(0)
}

fn state(world: &World) -> String {
    let case = only_case(world);
    case["state"]["kind"].as_str().unwrap().to_owned()
}

/// The authors of the offers in the conversations' threads.
fn offers(world: &World) -> Vec<String> {
    let mut lines = world.rows("ROUTED#");
    lines.retain(|line| line["verb"] == "offer");
    lines.sort_by_key(|line| line["number"].as_u64());
    let by = |line: &Map<String, Value>| line["by"]["id"].as_str().unwrap().to_owned();
    lines.iter().map(by).collect()
}

/// Checks that a message made one conversation with one case, and that the router has looked for a member.
async fn assert_waits_once(world: &World, messages: u64) {
    assert_eq!(state(world), "waiting");
    assert_eq!(offers(world), ["system"]);
    assert_eq!(world.rows("WAITING#").len(), 1);
    let conversation = shown(world, &only_conversation(world, "").await).await;
    assert_eq!(conversation["state"], "handed_off");
    assert_eq!(conversation["message_count"], messages);
    assert_eq!(texts(world), Vec::<String>::new());
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn at_a_connector_of_the_team_messages_wait_for_a_member_and_the_agent_is_asked_nothing() {
    let (mut world, ada) = answered_by_team().await;
    let answer = changes(&world, json!({"skills": ["German"]})).await;
    assert_eq!(
        (&answer["handler"], &answer["skills"]),
        (&json!("team"), &json!(["German"]))
    );
    for text in [SAID, "Anybody?"] {
        world.clock.advance(Duration::from_secs(1));
        say(&world, &ada, text).await;
        world.settle().await;
    }
    assert_waits_once(&world, 2).await;
    let path = only_conversation(&world, "?state=handed_off").await;
    let handoff = shown(&world, &path).await["handoff"].clone();
    assert_eq!(handoff["by"]["id"], "system");
    let listed = shown(&world, &format!("{path}/messages?order=oldest")).await;
    let said = listed["items"].as_array().unwrap().iter();
    let said: Vec<_> = said
        .map(|message| (&message["text"], &message["sequence"]))
        .collect();
    let second = json!("Anybody?");
    let expected = [(&json!(SAID), &Value::Null), (&second, &Value::Null)];
    assert_eq!(said, expected);
    let case = only_case(&world);
    assert_eq!(case["demand"]["skills"], json!(["German"]));
    assert_eq!(
        case["demand"]["client_id"],
        world.open.client_id.to_string()
    );
    assert_eq!(case["channel"], "slack");
    assert_eq!(world.told(&ada), Vec::<String>::new());
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_team_that_is_brought_again_or_twice_at_once_makes_one_case() {
    let (mut world, ada) = answered_by_team().await;
    for text in [SAID, "Anybody?"] {
        say(&world, &ada, text).await;
    }
    let jobs = world.aws.messages("inbox.fifo");
    let functions = &world.functions;
    let work = |job: usize| {
        let body = &jobs[job].body;
        Box::pin(worker_delivery::handle(&functions.delivery, body, 1))
    };
    for (one, other) in [(0, 0), (0, 1), (1, 1)] {
        let outcomes = join(work(one), work(other)).await;
        assert_eq!(outcomes, (Outcome::Done, Outcome::Done));
    }
    world.settle().await;
    assert_waits_once(&world, 2).await;
}

/// SPEC E36: the worker of a delivery dies before or after each of its calls.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_the_team_that_dies_at_any_call_makes_one_case_when_it_comes_again() {
    for (is_db, class) in [
        (true, "DynamoDB.BatchGetItem"),
        (true, "DynamoDB.TransactWriteItems"),
        (false, "SQS.SendMessage"),
    ] {
        for fault in [Fault::KillBefore, Fault::KillAfter] {
            let (mut world, ada) = answered_by_team().await;
            say(&world, &ada, SAID).await;
            world.restart();
            world.count_from_here();
            let proxy = if is_db { &world.to_db } else { &world.to_aws };
            proxy.inject(Rule::new(class, fault));
            world.work_inbox().await;
            assert!(world.has_struck(), "{class}");
            world.settle().await;
            assert_waits_once(&world, 1).await;
        }
    }
}

/// SPEC E36: the queue of the router does not accept the offer, so that the sweep finds it.
#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_was_not_enqueued_is_made_good_by_the_sweep() {
    let (mut world, ada) = answered_by_team().await;
    say(&world, &ada, SAID).await;
    let down = Rule::new("SQS.SendMessage", Fault::Error500).until_cleared();
    world.to_aws.inject(down);
    assert!(world.work_inbox().await);
    world.to_aws.clear();
    assert_eq!(state(&world), "offered");
    assert!(world.aws.messages("routing.fifo").is_empty());
    world.settle().await;
    assert_waits_once(&world, 1).await;
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn a_handoff_of_the_agent_and_one_over_the_api_offer_the_conversation_once() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    let handoff = json!({"team": "sales", "note": "Wants an offer", "skills": ["Billing"]});
    world.agent.answer_with(json!({"handoff": handoff}));
    say(&world, &ada, "one").await;
    assert!(world.work_inbox().await);
    let offered = only_case(&world);
    assert_eq!(offered["state"]["kind"], "offered");
    assert_eq!(offered["demand"]["skills"], json!(["Billing"]));
    assert_eq!(offered["demand"].get("team_id"), None);
    let agent = format!("agent:{}", world.open.environment_id);
    assert_eq!(offers(&world), std::slice::from_ref(&agent));
    assert_eq!(
        shown(&world, &path).await["handoff"]["skills"],
        json!(["Billing"])
    );
    hand_off(&world, &path, json!({"team": "support"})).await;
    assert_eq!(only_case(&world), offered);
    world.settle().await;
    assert_eq!(state(&world), "waiting");
    assert_eq!(offers(&world), [agent]);

    let bob = world.newcomer("Bob Martin");
    world.agent.answer_with_texts(1);
    say(&world, &bob, "Hello").await;
    world.settle().await;
    let path = conversation_of(&world, &bob).await;
    for _ in 0..2 {
        hand_off(&world, &path, json!({"skills": ["Billing"]})).await;
    }
    assert_eq!(cases(&world).len(), 2);
    assert_eq!(offers(&world).len(), 2);
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn giving_back_or_closing_ends_the_case_and_the_load_of_whoever_has_it_with_the_same_write() {
    let (mut world, ada) = talking(1).await;
    let seat = world.seated("ana", 1).await;
    let path = conversation_of(&world, &ada).await;
    for closes in [false, true] {
        hand_off(&world, &path, Value::Null).await;
        world.settle().await;
        assert_eq!(state(&world), "assigned");
        assert_eq!(world.seat(seat.member_id).await.load, 1);
        if closes {
            let token = world.all_powers().await;
            let body = json!({"state": "closed"});
            let (status, closed) = call(&world, &token, "PATCH", &path, body).await;
            assert_eq!((status, &closed["state"]), (200, &json!("closed")));
        } else {
            give_back(&world, &path).await;
        }
        assert_eq!(state(&world), "released");
        assert_eq!(world.seat(seat.member_id).await.load, 0);
        assert_eq!(shown(&world, &path).await["handoff"], Value::Null);
        say(&world, &ada, "And now?").await;
        world.settle().await;
        assert_eq!(texts(&world).pop().unwrap(), "And now?");
        assert_eq!(state(&world), "released");
        assert_eq!(shown(&world, &path).await["state"], "open");
    }
    assert_eq!(offers(&world).len(), 2);
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_back_at_a_connector_of_the_team_waits_again_with_the_next_message() {
    let (mut world, ada) = answered_by_team().await;
    say(&world, &ada, SAID).await;
    world.settle().await;
    let path = only_conversation(&world, "").await;
    give_back(&world, &path).await;
    assert_eq!(state(&world), "released");
    assert!(world.rows("WAITING#").is_empty());
    world.clock.advance(Duration::from_secs(1));
    say(&world, &ada, "Anybody?").await;
    world.settle().await;
    assert_eq!(state(&world), "waiting");
    assert_eq!(offers(&world), ["system", "system"]);
    assert_eq!(texts(&world), Vec::<String>::new());
    // The agent has what comes next once the connector is its again.
    changes(&world, json!({"handler": "agent"})).await;
    give_back(&world, &path).await;
    say(&world, &ada, "Hello?").await;
    world.settle().await;
    assert_eq!(texts(&world), ["Hello?"]);
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_of_a_member_is_theirs_and_goes_out_under_their_name_if_the_connector_shows_it() {
    let (mut world, ada) = talking(1).await;
    let path = conversation_of(&world, &ada).await;
    let grace = world.person("super_admin").await;
    let seat = Seat {
        member_id: grace.member_id,
        limit: Some(1),
        ..world.seated("nobody", 0).await
    };
    world.put_seat(&seat).await;
    hand_off(&world, &path, Value::Null).await;
    world.settle().await;
    assert_eq!(
        only_case(&world)["state"]["member"]["id"],
        grace.member_id.to_string()
    );
    let replied = world.now();
    let write = format!("{path}/messages");
    for (shows_author, said) in [
        (true, "Grace Hopper: Good morning"),
        (false, "Good morning"),
    ] {
        changes(&world, json!({"shows_author": shows_author})).await;
        let body = json!({"messages": [{"text": "Good morning"}]});
        let key = shows_author.to_string();
        let headers = [("idempotency-key", key.as_str())];
        for _ in 0..2 {
            let answer = world
                .call_as(&grace, ("POST", &write), body.clone(), &headers)
                .await;
            assert_eq!(answer.status, 202, "{}", answer.body);
            let message = &answer.body["messages"][0];
            let author = json!({"kind": "member", "id": grace.member_id, "name": "Grace Hopper"});
            assert_eq!(message["author"], author);
            assert_eq!(message["text"], "Good morning");
        }
        world.settle().await;
        assert_eq!(told(&world, &ada).pop().unwrap(), said);
    }
    assert_eq!(told(&world, &ada).len(), 2);
    assert_eq!(only_case(&world)["first_reply_at"], json!(replied));
    // A key speaks for the agent.
    let account = world.scope.account_id();
    let key = world.key(account, &[Permission::ConversationsReply]).await;
    let body = json!({"messages": [{"text": "I am back"}]});
    let (status, answer) = call(&world, &key, "POST", &write, body).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(answer["messages"][0]["author"]["kind"], "agent");
}

/// SPEC E36.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_of_a_member_that_may_not_go_out_is_refused_before_it_is_sent() {
    let mut world = World::on(Platform::Dialog360).await;
    let ada = world.newcomer("Ada Lovelace");
    say(&world, &ada, SAID).await;
    world.settle().await;
    let before = world.told(&ada);
    let path = format!("{}/messages", only_conversation(&world, "").await);
    let grace = world.person("super_admin").await;
    let too_long = "x".repeat(40_001);
    let body = json!({"messages": [{"text": too_long}]});
    let refused = world.call_as(&grace, ("POST", &path), body, &[]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.body["errors"][0]["field"], "messages.0.text");

    world.clock.advance(Duration::from_hours(24));
    let grace = world.person("super_admin").await;
    let body = json!({"messages": [{"text": "Good morning"}]});
    let refused = world.call_as(&grace, ("POST", &path), body, &[]).await;
    let problem = refused.body["type"].as_str().unwrap();
    assert!(problem.ends_with("reply-window-closed"), "{problem}");
    assert_eq!(refused.status, 409);
    world.settle().await;
    assert_eq!(world.told(&ada), before);
}

/// SPEC E36, A52.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_waits_is_told_so_once_in_their_language_and_one_who_need_not_is_told_nothing()
{
    let mut world = World::new().await;
    let notice =
        json!({"handler": "team", "queue_notice": NOTICE, "queue_notices": {"de": HINWEIS}});
    changes(&world, notice).await;
    world.seated("ana", 1).await;
    let [first, german, other] = ["en", "de-AT", ""].map(|language| {
        let name = format!("Ada {language}");
        let person = NewPerson::named(name.trim()).speaking(language);
        world.slack.add_person(person)
    });
    for person in [&first, &german, &other] {
        world.clock.advance(Duration::from_secs(1));
        for text in [SAID, "Anybody?"] {
            say(&world, person, text).await;
            world.settle().await;
        }
    }
    assert_eq!(world.told(&first), Vec::<String>::new());
    assert_eq!(world.told(&german), [HINWEIS]);
    assert_eq!(world.told(&other), [NOTICE]);
    let authors = world.rows("MESSAGE#");
    let by_system = authors
        .iter()
        .filter(|row| row["author"]["kind"] == "system");
    assert_eq!(by_system.count(), 2);
}

/// SPEC E36: the router's job comes again, or dies at any call.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_told_once_although_the_routers_job_comes_again_or_dies() {
    for fault in [
        None,
        Some(("DynamoDB.BatchGetItem", Fault::KillBefore)),
        Some(("DynamoDB.BatchGetItem", Fault::KillAfter)),
        Some(("SQS.SendMessage", Fault::KillBefore)),
    ] {
        let (mut world, ada) = answered_by_team().await;
        changes(&world, json!({"queue_notice": NOTICE})).await;
        say(&world, &ada, SAID).await;
        assert!(world.work_inbox().await);
        let job = world.aws.messages("routing.fifo").remove(0).body;
        if let Some((class, fault)) = fault {
            let proxy = if class.starts_with("SQS") {
                &world.to_aws
            } else {
                &world.to_db
            };
            proxy.inject(Rule::new(class, fault));
        }
        world.settle().await;
        let functions = &world.functions;
        let again = worker_routing::handle(&functions.routing, &job, 2).await;
        assert_eq!(again, Outcome::Done);
        world.settle().await;
        assert_eq!(world.told(&ada), [NOTICE]);
        assert_eq!(state(&world), "waiting");
    }
}
