//! One message traced from the platform's event id through every step (SPEC G07), compared with what the platform and the
//! agent saw.

use crate::{
    given_up::{listed, refuse},
    isolation::Numbers,
    left_to_sweeper::Lines,
    outgoing::{answer, say, talking},
    world::{HEAVY, World},
};
use serde_json::{Value, json};
use vestibule_domain::{
    access::request::Verdict,
    account::permission::Permission,
    connector::Connector,
    ids::{AccountId, ConnectorId},
};
use vestibule_testkit::{
    SignedRequest,
    demo_agent::AgentFailure,
    fault_proxy::{Fault, Rule},
    proof::scaled,
    simulator::{Failure, FailureRule, Place},
};

/// Slack's call that sends a text.
const POST: &str = "chat.postMessage";
/// Texts in an answer of the agent.
const TEXTS: usize = 2;
/// Messages that are sent at once.
const AT_ONCE: usize = 5;
/// People who write.
const PEOPLE: usize = 8;

/// A message of a person, and the platform's request with it.
struct Said {
    connector: Connector,
    person: String,
    text: String,
    /// The platform's id of the event.
    event_id: String,
    /// The first key of the event.
    key: String,
    request: SignedRequest,
}

impl Said {
    fn to(world: &World, connector: &Connector, person: &str, text: String) -> Self {
        let id = connector.id.to_string();
        let written = world.slack.write(&id, person, Place::Direct, &text);
        let written = written.unwrap();
        let message = &written.message;
        let team = &connector.settings["team_id"];
        Self {
            connector: connector.clone(),
            person: person.to_owned(),
            text,
            event_id: message.event_ids[0].clone(),
            key: format!("slack:{team}:{}:{}", message.channel, message.ts),
            request: written.request().unwrap(),
        }
    }

    /// The path of its trace by this id or key of its event.
    fn path(&self, world: &World, event: &str) -> String {
        trace_path(world, self.connector.id, event)
    }
}

fn trace_path(world: &World, connector: ConnectorId, event: &str) -> String {
    let project = world.project_path();
    format!("{project}/connectors/{connector}/trace?event={event}")
}

/// The trace at this path, for the holder of this key.
async fn traced(world: &World, token: &str, path: &str) -> Value {
    let answer = world.call(token, ("GET", path), Value::Null, &[]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

/// Lets the agent, the platform or the table fail for a while, or none of them.
fn break_something(world: &World, numbers: &mut Numbers) {
    match numbers.below(6) {
        0 => refuse(world, 1),
        1 => down(world, Some(3)),
        2 => {
            let failure = Failure::Http { status: 503 };
            world.slack.fail(FailureRule::times(POST, failure, 3));
        }
        3 => {
            let rule = Rule::new("DynamoDB.TransactWriteItems", Fault::Error500);
            world.to_db.inject(rule.times(3));
        }
        4 => {
            let rule = Rule::new("DynamoDB.BatchGetItem", Fault::Error500);
            world.to_db.inject(rule.times(2));
        }
        _ => {}
    }
}

/// Lets the agent fail so many times, or until its failures are cleared.
fn down(world: &World, times: Option<u32>) {
    let failure = AgentFailure::Http {
        status: 503,
        retry_after_secs: None,
    };
    world.agent.fail(failure, times);
}

/// Sends messages to one connector at once, some of them twice.
async fn storm(world: &World, connector: &Connector, said: &[Said], numbers: &mut Numbers) {
    let mut requests = Vec::new();
    for one in said.iter().filter(|one| one.connector.id == connector.id) {
        for _ in 0..=numbers.below(2) {
            requests.push(&one.request);
        }
    }
    assert!(world.storm(connector, &requests).await);
}

/// Asserts that the trace of a message says what the platform, the agent and the lists of the API say. Returns its outcome.
fn assert_as_seen(
    world: &World,
    said: &Said,
    trace: &Value,
    requests: &[(String, Value)],
) -> String {
    let what = format!("{}: {trace}", said.text);
    let deliveries = world.agent.deliveries();
    let mut to_agent = deliveries
        .iter()
        .filter(|one| one.body["message"]["provider_event_id"] == said.event_id.as_str());
    let got = to_agent.next();
    assert!(to_agent.next().is_none(), "delivered twice: {what}");
    let mut seen: Vec<(String, String)> = world
        .slack
        .messages_to(&said.person)
        .iter()
        .map(|message| (message.plain_text(), message.ts.clone()))
        .collect();
    let texts = answer(&said.text, TEXTS);
    seen.retain(|(text, _)| texts.contains(text));
    let replies = trace["replies"].as_array().unwrap();
    let told = replies.iter().map(|reply| &reply["provider_message_id"]);
    let told: Vec<&str> = told.map(|id| id.as_str().unwrap()).collect();
    let sent: Vec<&str> = seen.iter().map(|(_, ts)| ts.as_str()).collect();
    assert_eq!(told, sent, "{what}");
    assert!(
        replies.iter().all(|reply| reply["status"] == "sent"),
        "{what}"
    );
    assert!(!trace.to_string().contains(&said.text), "{what}");
    let outcome = trace["outcome"].as_str().unwrap();
    match (outcome, got) {
        ("delivered", Some(delivery)) => {
            assert_eq!(trace["delivery_id"], delivery.webhook_id, "{what}");
            let body = &delivery.body;
            assert_eq!(
                trace["conversation_id"], body["conversation"]["id"],
                "{what}"
            );
            let message = &body["message"];
            assert_eq!(trace["message"]["sequence"], message["sequence"], "{what}");
            let received = &message["received_at"];
            assert_eq!(trace["message"]["received_at"], *received, "{what}");
            assert_eq!(seen.len(), TEXTS, "{what}");
            assert_eq!(trace["access_request"], Value::Null, "{what}");
            assert_eq!(trace["undelivered"], Value::Null, "{what}");
        }
        ("held", None) => {
            let id = world.chat_user_id(&said.person).to_string();
            let request = requests.iter().find(|(person, _)| *person == id);
            let (_, request) = request.unwrap();
            assert_eq!(trace["access_request"]["id"], request["id"], "{what}");
            let status = &trace["access_request"]["status"];
            assert_eq!(*status, request["status"], "{what}");
            assert_eq!(said.connector.id, world.connector.id, "{what}");
            assert_eq!(trace["delivery_id"], Value::Null, "{what}");
            assert_eq!(world.welcomes(&said.person), 1, "{what}");
        }
        ("given_up", None) => {
            assert_eq!(trace["undelivered"]["reason"], "http_422", "{what}");
            assert_eq!(trace["message"], Value::Null, "{what}");
        }
        (_, got) => panic!("{what}, and the agent got {got:?}"),
    }
    outcome.to_owned()
}

/// Every access request as the API tells it, by person.
async fn requests(world: &World) -> Vec<(String, Value)> {
    let token = world.all_powers().await;
    let path = format!(
        "{}/access-requests?status=all&limit=100",
        world.project_path()
    );
    let answer = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    let items = answer.body["items"].as_array().unwrap();
    let by_person = |request: &Value| {
        let person = request["chat_user_id"].as_str().unwrap();
        (person.to_owned(), request.clone())
    };
    items.iter().map(by_person).collect()
}

/// SPEC G07: people whom the agent knows and strangers write in a storm, some events come twice, and the agent, the platform
/// and the table fail now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_trace_of_each_message_of_a_storm_is_what_the_platform_and_the_agent_saw() {
    let _turn = HEAVY.lock().await;
    let mut world = World::new().await;
    world.agent.answer_with_texts(TEXTS);
    let mut numbers = Numbers(7);
    let people: Vec<String> = (0..PEOPLE)
        .map(|number| world.newcomer(&format!("Person {number}")))
        .collect();
    let (asking, open) = (world.connector.clone(), world.open.clone());
    let mut all = Vec::new();
    for round in 0..scaled(20, 100) / AT_ONCE {
        let mut said = Vec::new();
        for number in 0..AT_ONCE {
            let person = usize::try_from(numbers.below(8)).unwrap();
            let connector = if numbers.below(3) == 0 {
                &asking
            } else {
                &open
            };
            let text = format!("message {round}.{number}");
            said.push(Said::to(&world, connector, &people[person], text));
        }
        break_something(&world, &mut numbers);
        for connector in [&asking, &open] {
            storm(&world, connector, &said, &mut numbers).await;
        }
        world.settle().await;
        world.to_db.clear();
        all.append(&mut said);
        // Somebody who waits is let in.
        let waits = all.iter().find(|one| one.connector.id == asking.id);
        if round == 1
            && let Some(person) = waits.map(|one| one.person.clone())
        {
            assert_eq!(world.decide(&person, Verdict::Approve).await.status, 200);
            world.settle().await;
        }
    }
    let (token, requests) = (world.all_powers().await, requests(&world).await);
    let given_up = listed(&world).await;
    let mut outcomes = Vec::new();
    for said in &all {
        let trace = traced(&world, &token, &said.path(&world, &said.event_id)).await;
        let outcome = assert_as_seen(&world, said, &trace, &requests);
        let is_listed = given_up
            .iter()
            .any(|entry| entry["delivery_id"] == trace["delivery_id"]);
        assert_eq!(is_listed, outcome == "given_up", "{trace}");
        // Each key of the event leads to the same records.
        let mut by_key = traced(&world, &token, &said.path(&world, &said.key)).await;
        assert_eq!(by_key["event"], said.key.as_str());
        by_key["event"] = trace["event"].clone();
        assert_eq!(by_key, trace, "{}", said.text);
        outcomes.push(outcome);
    }
    for outcome in ["delivered", "held", "given_up"] {
        assert!(outcomes.iter().any(|one| one == outcome), "{outcomes:?}");
    }
}

/// SPEC G07.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_traced_while_it_waits_for_the_agent_when_it_is_given_up_and_once_it_arrived()
{
    let (mut world, ada) = talking(1).await;
    let token = world.all_powers().await;
    let open = world.open.clone();
    let nothing = traced(&world, &token, &trace_path(&world, open.id, "Ev0")).await;
    assert_eq!(nothing["outcome"], "unknown");
    assert_eq!(nothing["handled_at"], Value::Null);

    refuse(&world, 1);
    let refused = Said::to(&world, &open, &ada, "refused".to_owned());
    assert_eq!(world.webhook(&open, &refused.request).await, 200);
    world.settle().await;
    down(&world, None);
    let waits = Said::to(&world, &open, &ada, "waits".to_owned());
    assert_eq!(world.webhook(&open, &waits.request).await, 200);
    world.work_all().await;
    let trace = traced(&world, &token, &waits.path(&world, &waits.event_id)).await;
    assert_eq!(trace["outcome"], "waiting", "{trace}");
    assert!(
        trace["undelivered"]["attempts"].as_u64() >= Some(1),
        "{trace}"
    );
    let waiting_id = trace["delivery_id"].clone();
    assert!(waiting_id.is_string(), "{trace}");
    // The same event again changes nothing: the message is on record.
    let queued = world.aws.messages("inbox.fifo").len();
    assert_eq!(world.webhook(&open, &waits.request).await, 200);
    assert_eq!(world.aws.messages("inbox.fifo").len(), queued);
    world.agent.clear_failures();
    world.settle().await;
    let trace = traced(&world, &token, &waits.path(&world, &waits.event_id)).await;
    assert_eq!(trace["outcome"], "delivered", "{trace}");
    assert_eq!(trace["delivery_id"], waiting_id);
    assert_eq!(trace["replies"].as_array().unwrap().len(), 1, "{trace}");

    let trace = traced(&world, &token, &refused.path(&world, &refused.key)).await;
    assert_eq!(trace["outcome"], "given_up", "{trace}");
    let reason = json!("http_422");
    assert_eq!(trace["undelivered"]["reason"], reason, "{trace}");
    assert_eq!(trace["undelivered"]["attempts"], 1, "{trace}");
}

/// SPEC G07, M03.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_tells_nobody_of_another_account_or_project_and_of_requests_only_who_may_read_them()
{
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let said = Said::to(&world, &connector, &ada, "Good morning".to_owned());
    assert_eq!(world.webhook(&connector, &said.request).await, 200);
    world.settle().await;
    let (account, path) = (world.scope.account_id(), said.path(&world, &said.event_id));
    let reader = [Permission::DeliveriesRead, Permission::AccessRequestsRead];
    let [sees, blind] = [&reader[..], &reader[..1]];
    let (sees, blind) = (
        world.key(account, sees).await,
        world.key(account, blind).await,
    );
    let trace = traced(&world, &sees, &path).await;
    assert_eq!(trace["outcome"], "held");
    let request = world.requests().await.remove(0).request.id.to_string();
    assert_eq!(trace["access_request"]["id"], request);
    let trace = traced(&world, &blind, &path).await;
    assert_eq!(trace["outcome"], "held");
    assert_eq!(trace["access_request"], Value::Null);

    let other = world.key(AccountId::derive(&["globex"]), &Permission::ALL);
    let other = other.await;
    let powers = world.all_powers().await;
    let shop = json!({"name": "Shop"});
    let made = world.call(&powers, ("POST", "/v1/projects"), shop, &[]);
    let made = made.await.body["id"].as_str().unwrap().to_owned();
    let elsewhere = path.replace(&world.scope.project_id().to_string(), &made);
    let without = path.split('?').next().unwrap();
    for (token, path, status) in [
        (&other, path.as_str(), 404),
        (&powers, elsewhere.as_str(), 404),
        (&powers, without, 400),
    ] {
        let answer = world.call(token, ("GET", path), Value::Null, &[]).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    // The event of one connector is none of the other.
    let at_open = trace_path(&world, world.open.id, &said.event_id);
    assert_eq!(
        traced(&world, &powers, &at_open).await["outcome"],
        "unknown"
    );
}

/// SPEC C62, G07: the row of an event outlives the person, and leads nobody to them.
#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_an_event_names_its_conversation_or_its_request() {
    let (mut world, ada) = talking(1).await;
    say(&world, &ada, "one").await;
    let connector = world.connector.clone();
    let said = Said::to(&world, &connector, &ada, "Good morning".to_owned());
    assert_eq!(world.webhook(&connector, &said.request).await, 200);
    world.settle().await;
    let conversation = world.rows("CONVERSATION").remove(0);
    let conversation = conversation["pk"].as_str().unwrap();
    let request = world.requests().await.remove(0).request.id.to_string();
    let ids = [conversation.rsplit('#').next().unwrap(), request.as_str()];
    let events = world.rows("EVENT");
    assert!(events.len() >= 6, "{events:?}");
    for event in events {
        assert!(event["veiled_conversation"].is_string(), "{event:?}");
        let stored = Value::Object(event).to_string();
        assert!(ids.iter().all(|id| !stored.contains(id)), "{stored}");
    }
}

/// SPEC G07: the conversation's id finds the lines of every function, and all but those of the texts have the delivery's too.
#[tokio::test(flavor = "multi_thread")]
async fn every_function_logs_the_ids_of_the_message_in_hand_and_never_its_text() {
    let (mut world, ada) = talking(1).await;
    let open = world.open.clone();
    let said = Said::to(&world, &open, &ada, "Where is my order?".to_owned());
    let (lines, logging) = Lines::begin();
    assert_eq!(world.webhook(&open, &said.request).await, 200);
    world.work_all().await;
    drop(logging);
    let token = world.all_powers().await;
    let trace = traced(&world, &token, &said.path(&world, &said.event_id)).await;
    for (message, outcome, has_delivery) in [
        ("message taken", Some("delivered"), true),
        ("a delivery was worked on", Some("answered"), true),
        ("a text is finished", None, false),
    ] {
        let found = lines.with(message);
        assert_eq!(found.len(), 1, "{message}: {:?}", lines.all());
        let line = &found[0];
        let span = &line["span"];
        assert_eq!(span["connector.id"], open.id.to_string(), "{line}");
        assert_eq!(span["conversation.id"], trace["conversation_id"], "{line}");
        let delivery = span.get("delivery.id");
        assert_eq!(delivery.is_some(), has_delivery, "{line}");
        assert!(
            delivery.is_none_or(|id| *id == trace["delivery_id"]),
            "{line}"
        );
        assert_eq!(line["outcome"].as_str(), outcome, "{line}");
    }
    for line in lines.all() {
        let line = line.to_string();
        assert!(
            !line.contains(&said.text) && !line.contains("Ada"),
            "{line}"
        );
    }
}

/// SPEC G07.
#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_message_is_found_in_the_logs_by_its_conversation_and_its_request() {
    let mut world = World::new().await;
    let ada = world.newcomer("Ada Lovelace");
    let connector = world.connector.clone();
    let said = Said::to(&world, &connector, &ada, "Good morning".to_owned());
    let (lines, logging) = Lines::begin();
    assert_eq!(world.webhook(&connector, &said.request).await, 200);
    world.work_all().await;
    drop(logging);
    let request = world.requests().await.remove(0).request;
    let taken = lines.with("message taken").remove(0);
    assert_eq!(taken["outcome"], "request_opened");
    let done = lines.with("onboarding tasks are done").remove(0);
    for line in [&taken, &done] {
        let conversation = request.conversation.id.to_string();
        assert_eq!(line["span"]["conversation.id"], conversation, "{line}");
    }
    assert_eq!(done["span"]["access_request.id"], request.id.to_string());
}
