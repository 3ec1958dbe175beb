//! An agent that is slow or down: its messages wait on record and arrive in order, once, and nobody else
//! waits for it (DESIGN §3.5, §3.6, §11; SPEC F01, F11).

use crate::{
    outgoing::{asked, say, talking},
    world::{HEAVY, SAID, World},
};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use vestibule_domain::{
    account::{
        AgentEndpoint,
        agent::{AgentTimeout, MaxInFlight},
    },
    connector::Connector,
    ports::{AgentClient, AgentReply, AgentRequest},
};
use vestibule_testkit::{
    TestClock,
    demo_agent::AgentFailure,
    fault_proxy::{Fault, Rule},
    proof,
};

fn http(status: u16) -> AgentFailure {
    AgentFailure::Http {
        status,
        retry_after_secs: None,
    }
}

/// The texts that the agent took, in the order of arrival.
pub fn texts(world: &World) -> Vec<String> {
    let text = |delivery: &Value| delivery["message"]["text"].as_str().unwrap().to_owned();
    let deliveries = world.agent.deliveries();
    deliveries
        .iter()
        .map(|delivery| text(&delivery.body))
        .collect()
}

async fn change_agent(world: &World, change: impl FnOnce(&mut AgentEndpoint)) {
    world
        .change_environment(|environment| change(environment.agent.as_mut().unwrap()))
        .await;
}

/// The agent's health, as the API shows it.
async fn health(world: &World) -> Value {
    let token = world.all_powers().await;
    let path = world.environment_path();
    let shown = world.call(&token, ("GET", &path), Value::Null, &[]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.body["agent"]["health"].clone()
}

/// The messages that wait in the inbox.
fn waiting(world: &World) -> usize {
    let inbox = world.aws.messages("inbox.fifo");
    let waits = |body: &str| body.contains("\"deliver_message\"");
    inbox.iter().filter(|message| waits(&message.body)).count()
}

/// Lets this much time pass, with everything that happens in it.
async fn pass(world: &mut World, time: Duration) {
    let step = Duration::from_secs(15);
    let mut passed = Duration::ZERO;
    while passed < time {
        world.clock.advance(step);
        passed += step;
        assert!(world.sweep().await);
        world.work_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_for_an_agent_that_is_down_wait_on_record_and_arrive_in_order_when_it_is_well() {
    let (mut world, ada) = talking(1).await;
    let well = json!({"status": "ok", "since": null, "last_error": null, "next_attempt_at": null});
    assert_eq!(health(&world).await, well);
    world.agent.fail(http(503), None);
    let since = json!(world.now());
    for text in ["one", "two", "three"] {
        say(&world, &ada, text).await;
    }
    world.work_all().await;
    assert_eq!(waiting(&world), 0);
    // The conversation and its three messages.
    assert_eq!(world.rows("PARKED#").len(), 4);
    let failing = health(&world).await;
    assert_eq!(failing["status"], "failing", "{failing}");
    assert_eq!(failing["since"], since);
    assert_eq!(failing["last_error"]["reason"], "http_503");

    pass(&mut world, Duration::from_mins(10)).await;
    let down = health(&world).await;
    assert_eq!(down["status"], "down", "{down}");
    assert_eq!(down["since"], since);
    assert!(down["next_attempt_at"].is_string(), "{down}");
    // Nobody's message goes to the agent while one at a time tries it.
    let bob = world.newcomer("Bob Martin");
    say(&world, &bob, "four").await;
    world.count_from_here();
    assert!(world.work_inbox().await);
    assert!(
        !world
            .to_agent
            .log()
            .iter()
            .any(|call| call.class == "deliveries")
    );
    assert_eq!(waiting(&world), 0);

    world.agent.clear_failures();
    world.settle().await;
    let mut arrived = texts(&world);
    arrived.retain(|text| text != "four");
    assert_eq!(arrived, [SAID, "one", "two", "three"]);
    assert_eq!(asked(&world), [1; 5]);
    assert_eq!(world.rows("PARKED#").len(), 0);
    assert_eq!(health(&world).await, well);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_down_is_asked_with_growing_pauses_of_five_minutes_at_most() {
    let (mut world, ada) = talking(1).await;
    world.agent.fail(http(503), None);
    say(&world, &ada, "one").await;
    world.count_from_here();
    pass(&mut world, Duration::from_hours(1)).await;
    let attempts = world.to_agent.log().len();
    // Some at once, then one in five minutes, each up to a sweep late.
    assert!((10..=20).contains(&attempts), "{attempts}");
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one"]);
    let delivery = world.agent.deliveries().pop().unwrap();
    assert_eq!(delivery.body["delivery_attempt"], json!(attempts + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waited_too_long_is_given_up_as_a_row_and_later_ones_arrive() {
    let (mut world, ada) = talking(1).await;
    world.agent.fail(http(500), None);
    say(&world, &ada, "old").await;
    world.work_all().await;
    world.clock.advance(Duration::from_hours(24));
    say(&world, &ada, "new").await;
    pass(&mut world, Duration::from_mins(1)).await;
    world.clock.advance(Duration::from_hours(48));
    pass(&mut world, Duration::from_mins(10)).await;
    let given_up = world.rows("GIVEN_UP");
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert_eq!(given_up[0]["reason"], "not_delivered_in_time");
    assert!(given_up[0]["job"].as_str().unwrap().contains("old"));
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "new"]);
    assert_eq!(world.rows("PARKED#").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_message_that_the_agent_will_not_have_is_given_up_and_the_next_one_arrives() {
    let (mut world, ada) = talking(1).await;
    world.agent.fail(http(503), Some(1));
    world.agent.fail(http(422), Some(1));
    for text in ["refused", "taken"] {
        say(&world, &ada, text).await;
    }
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "taken"]);
    let given_up = world.rows("GIVEN_UP");
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert_eq!(given_up[0]["reason"], "http_422");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_wait_for_an_agent_that_is_not_set_yet() {
    let (mut world, ada) = talking(1).await;
    let mut agent = None;
    world
        .change_environment(|environment| agent = environment.agent.take())
        .await;
    say(&world, &ada, "one").await;
    pass(&mut world, Duration::from_mins(20)).await;
    assert_eq!((texts(&world).len(), waiting(&world)), (1, 0));
    world
        .change_environment(|environment| environment.agent = agent)
        .await;
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_finds_no_slot_is_broken_off_and_no_slot_is_left_taken() {
    let _turn = HEAVY.lock().await;
    let (mut world, ada) = talking(1).await;
    let bob = world.newcomer("Bob Martin");
    say(&world, &bob, "Hello").await;
    world.settle().await;
    change_agent(&world, |agent| {
        agent.max_in_flight = MaxInFlight::new(1).unwrap();
        agent.timeout = AgentTimeout::from_seconds(3).unwrap();
    })
    .await;
    world.agent.fail(AgentFailure::Stall, None);
    for person in [&ada, &bob] {
        say(&world, person, "one").await;
    }
    assert!(world.work_inbox().await);
    // Two conversations with one message each. Only the call that had the slot was a failure.
    assert_eq!(world.rows("PARKED#").len(), 4);
    let row = world.rows("AGENT").remove(0);
    assert_eq!((&row["failures"], &row["slots"]), (&json!(1), &json!({})));
    world.agent.clear_failures();
    world.settle().await;
    assert_eq!(texts(&world).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_a_crashed_worker_held_is_free_when_its_time_is_over() {
    let _turn = HEAVY.lock().await;
    let (mut world, ada) = talking(1).await;
    change_agent(&world, |agent| {
        agent.max_in_flight = MaxInFlight::new(1).unwrap();
        agent.timeout = AgentTimeout::from_seconds(3).unwrap();
    })
    .await;
    world.agent.fail(AgentFailure::Stall, Some(1));
    say(&world, &ada, "one").await;
    world.count_from_here();
    // The one update of this worker takes the slot.
    let kill = Rule::new("DynamoDB.UpdateItem", Fault::KillAfter);
    world.to_db.inject(kill);
    assert!(world.work_inbox().await);
    assert!(world.has_struck());
    let row = world.rows("AGENT").remove(0);
    assert_eq!(row["slots"].as_object().unwrap().len(), 1);
    world.settle().await;
    assert_eq!(texts(&world), [SAID, "one"]);
}

/// A crash anywhere while messages are parked and handed over loses none.
#[tokio::test(flavor = "multi_thread")]
async fn no_fault_while_messages_wait_loses_one_or_changes_their_order() {
    let _turn = HEAVY.lock().await;
    let classes = [
        "DynamoDB.BatchGetItem",
        "DynamoDB.TransactWriteItems",
        "DynamoDB.UpdateItem",
        "DynamoDB.Query",
    ];
    let faults = [
        Fault::Error500,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::KillBefore,
        Fault::KillAfter,
    ];
    let mut cases = Vec::new();
    for class in classes {
        for fault in &faults {
            for parked_before in [false, true] {
                cases.push((class, fault.clone(), parked_before));
            }
        }
    }
    let every = proof::scaled(3, 1);
    for (class, fault, parked_before) in cases.into_iter().step_by(every) {
        let what = format!("{fault:?} at {class}, parked before: {parked_before}");
        let (mut world, ada) = talking(1).await;
        world.agent.fail(http(503), Some(1));
        for text in ["one", "two", "three"] {
            say(&world, &ada, text).await;
        }
        if parked_before {
            world.work_all().await;
        }
        world.to_db.inject(Rule::new(class, fault));
        world.settle().await;
        assert_eq!(texts(&world), [SAID, "one", "two", "three"], "{what}");
        assert_eq!(world.rows("PARKED#").len(), 0, "{what}");
    }
}

/// The agents of all environments, of which one can hang.
struct ModelAgents {
    clock: TestClock,
    hangs: AtomicBool,
    got: Mutex<Vec<Got>>,
}

/// A message that an agent took.
#[derive(Clone)]
struct Got {
    text: String,
    at: i64,
}

/// The end of the address of the agent that hangs.
const HANGING: &str = "/hanging";

#[async_trait]
impl AgentClient for ModelAgents {
    async fn post(&self, request: AgentRequest) -> AgentReply {
        let hangs = request.endpoint.ends_with(HANGING) && self.hangs.load(Ordering::Relaxed);
        if hangs {
            tokio::time::sleep(request.timeout).await;
            return AgentReply::Unreachable {
                reason: "timed_out".to_owned(),
            };
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let text = body["message"]["text"].as_str().unwrap().to_owned();
        let at = self.clock.now_ms();
        self.got.lock().unwrap().push(Got { text, at });
        AgentReply::Answered {
            status: 200,
            body: Vec::new(),
        }
    }
}

/// People who write to an agent.
struct Crowd {
    connector: Connector,
    people: Vec<String>,
    /// The texts that each of them wrote.
    wrote: Vec<Vec<String>>,
    count: usize,
}

impl Crowd {
    fn new(world: &World, connector: &Connector, size: usize) -> Self {
        let name = |number| format!("{} {number}", connector.name);
        Self {
            connector: connector.clone(),
            people: (0..size)
                .map(|number| world.newcomer(&name(number)))
                .collect(),
            wrote: vec![Vec::new(); size],
            count: 0,
        }
    }

    /// Lets the next person write, and notes when.
    async fn write(&mut self, world: &World, written: &mut BTreeMap<String, i64>) {
        let number = self.count % self.people.len();
        let text = format!("{} {}", self.connector.name, self.count);
        self.count += 1;
        let request = world.says(&self.connector, &self.people[number], &text);
        written.insert(text.clone(), world.clock.now_ms());
        assert_eq!(world.webhook(&self.connector, &request).await, 200);
        self.wrote[number].push(text);
    }
}

/// A step of the modelled time, which passes as the machine's does.
const STEP: Duration = Duration::from_millis(50);
/// Steps between two messages to the agent that hangs: 600 a minute.
const STEPS_HANGING: usize = 2;
/// Steps between two messages to each of the others.
const STEPS_OTHERS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_hanging_agent_among_three_holds_up_nobody_else_and_gets_everything_once_it_is_well() {
    let _turn = HEAVY.lock().await;
    // Without a limit, the calls of the hanging agent alone would need more slots than there are.
    let (seconds, slots) = proof::scaled((8, 25), (600, 50));
    let (limit, timeout) = proof::scaled((8, 5), (20, 25));
    let mut world = World::new().await;
    let agents = Arc::new(ModelAgents {
        clock: world.clock.clone(),
        hangs: AtomicBool::new(true),
        got: Mutex::default(),
    });
    world.functions.delivery.agents = agents.clone();
    let endpoint = format!("{}{HANGING}", world.to_agent.url());
    change_agent(&world, |agent| {
        agent.endpoint = endpoint;
        agent.max_in_flight = MaxInFlight::new(limit).unwrap();
        agent.timeout = AgentTimeout::from_seconds(timeout).unwrap();
    })
    .await;
    let others = [
        world.another_environment("Acme Sales").await,
        world.another_environment("Acme Billing Desk").await,
    ];
    let mut hanging = Crowd::new(&world, &world.open, 40);
    let mut others = others.map(|connector| Crowd::new(&world, &connector, 3));
    let mut written = BTreeMap::new();
    let over = async {
        let mut steps = tokio::time::interval(STEP);
        for step in 0..seconds * 20 {
            steps.tick().await;
            world.clock.advance(STEP);
            if step % STEPS_HANGING == 0 {
                hanging.write(&world, &mut written).await;
            }
            if step % STEPS_OTHERS == 0 {
                for crowd in &mut others {
                    crowd.write(&world, &mut written).await;
                }
            }
            if step % 1200 == 1199 {
                sweeper::sweep(&world.functions.sweeper).await.unwrap();
            }
        }
    };
    world.poll_inbox(slots, over).await;

    let got = agents.got.lock().unwrap().clone();
    let mut waits: Vec<i64> = got.iter().map(|got| got.at - written[&got.text]).collect();
    waits.sort_unstable();
    let p99 = waits[(waits.len() * 99).div_ceil(100) - 1];
    assert!(p99 < 2000, "{p99} ms");
    let reached: usize = others.iter().map(|crowd| crowd.count).sum();
    assert!(got.len() + 4 >= reached, "{} of {reached}", got.len());
    assert_eq!(health(&world).await["status"], "down");

    agents.hangs.store(false, Ordering::Relaxed);
    world.settle().await;
    let got: Vec<String> = {
        let got = agents.got.lock().unwrap();
        got.iter().map(|got| got.text.clone()).collect()
    };
    assert_eq!(got.len(), written.len());
    for crowd in others.iter().chain([&hanging]) {
        for wrote in &crowd.wrote {
            let arrived: Vec<&String> = got.iter().filter(|text| wrote.contains(text)).collect();
            assert_eq!(arrived, wrote.iter().collect::<Vec<_>>());
        }
    }
    assert!(world.rows("PARKED#").is_empty());
}
