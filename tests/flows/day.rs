//! A day's traffic of a hundred connectors of every platform and of a customer's own system, by the test's clock: nothing
//! is lost, nothing comes twice, and in the end nothing waits (DESIGN §3, SPEC X01, E37).
//!
//! People write more by day than by night. Some are known, some ask and are let in, turned away or left to wait, some
//! are blocked. Platforms repeat events and fail to take texts, and the agent breaks off calls and is down for an hour.
//! The whole day is that of `PROOF=full`; the sample is an hour of three connectors.

use crate::{
    accounts::identity,
    admin::call,
    api_channels::LiveChat,
    explain::Draws,
    limits::post,
    world::{WELCOME, call_webhook},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Duration,
};
use vestibule_domain::{
    connector::{Connector, Policy},
    figures::Day as Date,
    ids::ChatUserId,
};
use vestibule_edge::intake::Intake;
use vestibule_testkit::{
    SignedRequest,
    demo_agent::AgentFailure,
    proof::scaled,
    simulator::{Failure, FailureRule, Message, NewPerson, Place, Platform},
};

/// With it everything happens in the sample too: decisions, a block, somebody who is left to wait, and repeats.
const SEED: u64 = 0x5EFB;
/// Messages of a connector in each hour of a day.
const CURVE: [u64; 24] = [
    2, 1, 1, 1, 1, 2, 3, 6, 9, 11, 12, 11, 9, 10, 11, 11, 10, 8, 6, 5, 4, 3, 3, 2,
];
/// The platforms of the connectors, in turn.
const PLATFORMS: [Platform; 5] = [
    Platform::Twilio,
    Platform::Slack,
    Platform::Telegram,
    Platform::Teams,
    Platform::Dialog360,
];
/// Minutes between two steps.
const STEP: u32 = 2;
/// Minutes between two rounds of admins.
const ROUND: u32 = 4;
/// Minutes that a request waits for its decision, and in which a person said nothing who is blocked. All texts for them
/// have gone out by then, although a platform refused some twice.
const PATIENCE: u32 = 10;
const QUIET: u32 = 6;
/// Minutes after which a platform repeats an event.
const REPEATS_AFTER: u32 = 8;
/// Minutes after an outage in which nobody is blocked: their messages may wait yet.
const CALM: u32 = 180;
/// Turns of half a minute within which all work is done at the end of the day.
const LAST_TURNS: usize = 400;
/// Attempts of a platform at an event.
const ATTEMPTS: usize = 4;
const QUEUES: [&str; 8] = [
    "onboarding",
    "inbox.fifo",
    "outgoing",
    "email",
    "team",
    "index",
    "routing.fifo",
    "events",
];

/// The size of a day.
#[derive(Clone, Copy)]
struct Size {
    connectors: usize,
    /// The hour at which it begins.
    from: usize,
    minutes: u32,
    /// The minutes from which and until which the agent is down.
    down: (u32, u32),
}

const FULL: Size = Size {
    connectors: 100,
    from: 0,
    minutes: 24 * 60,
    down: (13 * 60, 14 * 60),
};
const SAMPLE: Size = Size {
    connectors: 3,
    from: 9,
    minutes: 60,
    down: (20, 30),
};

/// Whether the messages of a person go to the agent.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    Given,
    /// Asked for in this minute; an admin will do this.
    Awaited(u32, Option<&'static str>),
    /// Rejected or blocked.
    Withheld,
}

/// Somebody who writes to one connector.
struct Somebody {
    /// Their id at the simulator, or at the customer's own system.
    id: String,
    /// The number of their connector; the customer's own system follows the last one.
    connector: usize,
    access: Access,
    said: u64,
    /// The minute of their last message.
    last: u32,
}

/// An event that its platform repeats.
struct Again {
    minute: u32,
    connector: usize,
    event_id: String,
}

/// A day, and what must have happened at its end.
struct Day {
    size: Size,
    live: LiveChat,
    connectors: Vec<(Platform, Connector)>,
    webhooks: BTreeMap<Platform, Intake>,
    people: Vec<Somebody>,
    /// The people of each connector.
    places: Vec<Vec<usize>>,
    again: Vec<Again>,
    draws: Draws,
    /// A key with every permission.
    token: String,
    messages: u64,
    /// The texts that the agent must get.
    due: BTreeSet<String>,
    asked: usize,
    decided: usize,
    blocked: usize,
    /// Calls that the agent may have broken off after it took the message.
    broken_off: u32,
}

/// SPEC X01, E37.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_a_hundred_connectors_loses_nothing_doubles_nothing_and_leaves_nothing_waiting() {
    let mut day = Box::pin(Day::begins(scaled(SAMPLE, FULL))).await;
    Box::pin(day.passes()).await;
    Box::pin(day.ends()).await;
    assert!(day.decided > 0 && day.blocked > 0, "nothing to decide");
    day.assert_delivered();
    day.assert_answered();
    Box::pin(day.assert_counted()).await;
    day.report();
}

impl Day {
    /// A day in which nobody has written yet.
    async fn begins(size: Size) -> Self {
        let mut live = Box::pin(LiveChat::with(json!({}))).await;
        let world = &mut live.world;
        // The sweeper and the workers do these too.
        world.is_indexed_quietly = false;
        world.is_told_quietly = false;
        world.agent.answer_with_texts(1);
        let environment = world.open.environment_id;
        let mut connectors = Vec::new();
        for number in 0..size.connectors {
            let platform = PLATFORMS[number % PLATFORMS.len()];
            // A platform tells connectors apart by the length of their names.
            let length = 30 + number / PLATFORMS.len();
            let name = format!("{:-<length$}", platform.key());
            let policy = match number % 3 {
                1 => Policy::AllowAll,
                _ => Policy::OnBoarding,
            };
            let made = world.connector_on(platform, &name, environment, policy);
            connectors.push((platform, made.await));
        }
        let webhooks = PLATFORMS.map(|platform| (platform, world.webhook_on(platform)));
        let token = world.all_powers().await;
        Self {
            size,
            live,
            places: vec![Vec::new(); connectors.len() + 1],
            connectors,
            webhooks: webhooks.into(),
            people: Vec::new(),
            again: Vec::new(),
            draws: Draws(SEED),
            token,
            messages: 0,
            due: BTreeSet::new(),
            asked: 0,
            decided: 0,
            blocked: 0,
            broken_off: 0,
        }
    }

    /// A number below this limit.
    fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap();
        usize::try_from(self.draws.below(limit)).unwrap()
    }

    async fn passes(&mut self) {
        let begun = self.live.world.clock.now_ms();
        for minute in (0..self.size.minutes).step_by(usize::try_from(STEP).unwrap()) {
            let at = begun + i64::from(minute) * 60_000;
            self.live.world.clock.advance_to(at);
            // Otherwise the proxies would remember each call of the day.
            self.live.world.count_from_here();
            if minute.is_multiple_of(60) {
                self.token = self.live.world.all_powers().await;
            }
            self.brings_misfortune(minute);
            self.repeats(minute).await;
            let hour = usize::try_from(minute / 60).unwrap();
            let messages = CURVE[(self.size.from + hour) % CURVE.len()];
            for place in 0..self.places.len() {
                if self.draws.below(u64::from(60 / STEP)) < messages {
                    Box::pin(self.hears(place, minute)).await;
                }
            }
            assert!(self.live.world.sweep_if_due().await);
            self.live.world.work_all().await;
            if minute.is_multiple_of(ROUND) {
                self.decides(minute).await;
                self.blocks(minute).await;
            }
        }
    }

    /// Lets platforms refuse texts, and the agent break off a call or be down.
    fn brings_misfortune(&mut self, minute: u32) {
        let (from, until) = self.size.down;
        if minute == from {
            let down = AgentFailure::Http {
                status: 503,
                retry_after_secs: None,
            };
            self.live.world.agent.fail(down, None);
        }
        if minute == until {
            self.live.world.agent.clear_failures();
        }
        if minute % 12 == 6 && !(from..until).contains(&minute) {
            let broken_off = AgentFailure::ResetAfter;
            self.live.world.agent.fail(broken_off, Some(1));
            self.broken_off += 1;
        }
        if minute % 20 == 8 {
            let failure = if self.draws.coin() {
                Failure::Http { status: 503 }
            } else {
                Failure::RateLimited {
                    retry_after_secs: 20,
                }
            };
            let number = self.below(self.connectors.len());
            let platform = self.connectors[number].0;
            let rule = FailureRule::times(post(platform), failure, 2);
            self.live.world.slack.fail(rule.at(platform));
        }
    }

    /// Lets platforms send events again that were accepted a while ago.
    async fn repeats(&mut self, minute: u32) {
        let all = mem::take(&mut self.again).into_iter();
        let (due, later): (Vec<_>, Vec<_>) = all.partition(|again| again.minute <= minute);
        self.again = later;
        for again in due {
            let (platform, connector) = &self.connectors[again.connector];
            let request = self.live.world.slack.next_request(&again.event_id);
            accepted(&self.webhooks[platform], connector, &request.unwrap()).await;
        }
    }

    /// Lets somebody write at this place, perhaps for the first time.
    async fn hears(&mut self, place: usize, minute: u32) {
        let count = self.places[place].len();
        let is_new = self.draws.below(100) < 15;
        let number = if count == 0 || is_new {
            self.comes(place, minute).await
        } else {
            let at = self.below(count);
            self.places[place][at]
        };
        self.messages += 1;
        let text = format!("m{} Where is my parcel?", self.messages);
        let times = if self.draws.below(10) == 0 { 2 } else { 1 };
        if place == self.connectors.len() {
            self.brings(number, &text, times).await;
        } else {
            self.writes(number, &text, times, minute).await;
        }
        let somebody = &mut self.people[number];
        somebody.said += 1;
        somebody.last = minute;
        if somebody.access == Access::Given {
            self.due.insert(text);
        }
    }

    /// Somebody comes to a place for the first time.
    async fn comes(&mut self, place: usize, minute: u32) -> usize {
        let number = self.people.len();
        let (id, access) = match self.connectors.get(place) {
            None => (format!("own-{number}"), Access::Given),
            Some((platform, connector)) => {
                let world = &self.live.world;
                let phone = format!("+1415{}", 2_000_000 + number);
                let id = world.slack.add_person(NewPerson {
                    phone: Some(phone.clone()),
                    telegram_id: Some(1_000_000 + i64::try_from(number).unwrap()),
                    ..NewPerson::named(&format!("Person {number}"))
                });
                if connector.policy == Policy::AllowAll {
                    (id, Access::Given)
                } else if *platform == Platform::Twilio && self.draws.below(3) == 0 {
                    let environments = [connector.environment_id];
                    world.invites_to_chat(&phone, &environments).await;
                    (id, Access::Given)
                } else {
                    self.asked += 1;
                    let verb = match self.draws.below(20) {
                        0..=12 => Some("approve"),
                        13..=16 => Some("reject"),
                        _ => None,
                    };
                    (id, Access::Awaited(minute, verb))
                }
            }
        };
        self.people.push(Somebody {
            id,
            connector: place,
            access,
            said: 0,
            last: minute,
        });
        self.places[place].push(number);
        number
    }

    /// Lets a platform send a message so many times at once, and perhaps once more later.
    async fn writes(&mut self, number: usize, text: &str, times: usize, minute: u32) {
        let somebody = &self.people[number];
        let (platform, connector) = &self.connectors[somebody.connector];
        let id = connector.id.to_string();
        let simulator = &self.live.world.slack;
        let written = simulator.write(&id, &somebody.id, Place::Direct, text);
        let mut events = written.unwrap().events.into_iter();
        let event = events.find(|event| event.kind == "message").unwrap();
        for _ in 0..times {
            accepted(&self.webhooks[platform], connector, &event.request).await;
        }
        if self.draws.below(15) == 0 {
            self.again.push(Again {
                minute: minute + REPEATS_AFTER,
                connector: somebody.connector,
                event_id: event.event_id,
            });
        }
    }

    /// Lets the customer's own system bring a message so many times.
    async fn brings(&self, number: usize, text: &str, times: usize) {
        let message_id = format!("own-{}", self.messages);
        for _ in 0..times {
            let person = &self.people[number].id;
            let brought = self.live.brings_by(&self.token, &message_id, person, text);
            let answer = brought.await;
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
    }

    /// Decides the requests of those who have waited for a while and are not left to wait.
    async fn decides(&mut self, minute: u32) {
        let mut ready = Vec::new();
        for (number, somebody) in self.people.iter().enumerate() {
            if let Access::Awaited(since, Some(verb)) = somebody.access
                && since + PATIENCE <= minute
            {
                ready.push((number, verb));
            }
        }
        if ready.is_empty() {
            return;
        }
        let requests = self.pending().await;
        for (number, verb) in ready {
            let id = self.chat_user_id(number).to_string();
            self.acts(&format!("access-requests/{}/{verb}", requests[&id]))
                .await;
            self.decided += 1;
            self.people[number].access = match verb {
                "approve" => Access::Given,
                _ => Access::Withheld,
            };
        }
    }

    /// Blocks somebody who has been quiet for a while.
    async fn blocks(&mut self, minute: u32) {
        let (from, until) = self.size.down;
        let may_wait = from.saturating_sub(QUIET)..until + CALM;
        let here = self.people.iter().enumerate().filter(|(_, somebody)| {
            somebody.connector < self.connectors.len()
                && somebody.access == Access::Given
                && somebody.last + QUIET <= minute
        });
        let here: Vec<usize> = here.map(|(number, _)| number).collect();
        if may_wait.contains(&minute) || here.is_empty() || self.draws.coin() {
            return;
        }
        let number = here[self.below(here.len())];
        let id = self.chat_user_id(number);
        self.acts(&format!("chat-users/{id}/block")).await;
        self.blocked += 1;
        self.people[number].access = Access::Withheld;
    }

    /// Calls a route of the project that changes something.
    async fn acts(&self, route: &str) {
        let world = &self.live.world;
        let path = format!("{}/{route}", world.project_path());
        let (status, body) = call(world, &self.token, "POST", &path, Value::Null).await;
        assert_eq!(status, 200, "{route}: {body}");
    }

    /// The pending requests, by chat user.
    async fn pending(&self) -> BTreeMap<String, String> {
        let world = &self.live.world;
        let list = format!(
            "{}/access-requests?status=pending&limit=100",
            world.project_path()
        );
        let (mut found, mut path) = (BTreeMap::new(), list.clone());
        loop {
            let (status, page) = call(world, &self.token, "GET", &path, Value::Null).await;
            assert_eq!(status, 200, "{page}");
            for row in page["items"].as_array().unwrap() {
                let [user, request] =
                    ["chat_user_id", "id"].map(|field| row[field].as_str().unwrap().to_owned());
                found.insert(user, request);
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                return found;
            };
            path = format!("{list}&cursor={cursor}");
        }
    }

    /// The id of somebody who wrote to a platform's connector.
    fn chat_user_id(&self, number: usize) -> ChatUserId {
        let (world, somebody) = (&self.live.world, &self.people[number]);
        let (platform, connector) = &self.connectors[somebody.connector];
        let person = world.known_as(&somebody.id);
        identity(*platform, connector, &person).chat_user_id(world.scope)
    }

    /// Lets time pass until nothing waits.
    async fn ends(&mut self) {
        let world = &mut self.live.world;
        world.agent.clear_failures();
        world.slack.clear_failures();
        for _ in 0..LAST_TURNS {
            world.work_all().await;
            let mut queues = QUEUES.iter();
            let is_empty = queues.all(|queue| world.aws.messages(queue).is_empty());
            if is_empty && world.owed().is_empty() && world.index_orders().is_empty() {
                return;
            }
            world.count_from_here();
            world.clock.advance(Duration::from_secs(30));
            assert!(world.sweep_if_due().await);
        }
        panic!("work is left: {:?}", world.owed());
    }

    /// Asserts that the agent got each message that is for it once, and no other.
    fn assert_delivered(&self) {
        let world = &self.live.world;
        let deliveries = world.agent.deliveries();
        let mut came: BTreeMap<&str, usize> = BTreeMap::new();
        for delivery in &deliveries {
            let text = delivery.body["message"]["text"].as_str().unwrap();
            *came.entry(text).or_default() += 1;
        }
        let lost = self
            .due
            .iter()
            .filter(|text| !came.contains_key(text.as_str()));
        assert_eq!(lost.collect::<Vec<_>>(), Vec::<&String>::new(), "lost");
        came.retain(|text, times| *times != 1 || !self.due.contains(*text));
        assert_eq!(came, BTreeMap::new(), "twice, or for nobody");
        // A message comes again, under its id, where its call was broken off, and only there.
        let again = deliveries
            .iter()
            .map(|delivery| delivery.times_received - 1);
        let again: u32 = again.sum();
        assert!((1..=self.broken_off).contains(&again), "{again}");
        for left in ["PARKED#", "GIVEN_UP"] {
            let rows = world.rows(left);
            assert!(rows.is_empty(), "{rows:?}");
        }
    }

    /// Asserts that each reply and each onboarding message went out once, and nothing else.
    fn assert_answered(&self) {
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        let posted = self.live.world.slack.posted();
        let by_platforms = posted.iter().map(Message::plain_text);
        for text in by_platforms.chain(self.live.posted()) {
            *told.entry(text).or_default() += 1;
        }
        assert_eq!(told.remove(WELCOME).unwrap_or_default(), self.asked);
        let lost = self
            .due
            .iter()
            .filter(|text| told.remove(&reply(text)) != Some(1));
        assert_eq!(lost.collect::<Vec<_>>(), Vec::<&String>::new(), "not once");
        assert_eq!(told, BTreeMap::new(), "nobody's replies");
    }

    /// Asserts that figures and counts of messages are those of the day. The numbers of requests are checked with every
    /// world.
    async fn assert_counted(&self) {
        let world = &self.live.world;
        let day = Duration::from_hours(24);
        let (from, to) = (Date::of(world.now().minus(day * 2)), Date::of(world.now()));
        let path = format!("{}/figures?from={from}&to={to}", world.project_path());
        let token = world.all_powers().await;
        let (status, figures) = call(world, &token, "GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{figures}");
        let total = &figures["total"];
        assert_eq!(total["requests"], json!(self.asked), "{total}");
        assert_eq!(total["decisions"], json!(self.decided), "{total}");

        let mut said = BTreeMap::new();
        for (number, somebody) in self.people.iter().enumerate() {
            if matches!(somebody.access, Access::Awaited(..)) {
                said.insert(self.chat_user_id(number).to_string(), somebody.said);
            }
        }
        for row in world.rows("STANDING#") {
            if let Some(said) = said.remove(row["chat_user_id"].as_str().unwrap()) {
                assert_eq!(row["message_count"], json!(said), "{row:?}");
            }
        }
        assert!(said.is_empty(), "without a standing: {said:?}");
    }

    #[expect(clippy::print_stdout, reason = "`make load` shows the figures")]
    fn report(&self) {
        println!(
            "{} messages of {} people: {} for the agent, {} requests, {} decisions, {} blocks",
            self.messages,
            self.people.len(),
            self.due.len(),
            self.asked,
            self.decided,
            self.blocked,
        );
    }
}

/// The agent's reply to a text.
fn reply(text: &str) -> String {
    format!("{text} 1")
}

/// Lets a platform send a request until it is accepted.
async fn accepted(intake: &Intake, connector: &Connector, request: &SignedRequest) {
    for _ in 0..ATTEMPTS {
        if call_webhook(intake, connector, request).await == 200 {
            return;
        }
    }
    panic!("never accepted: {}", connector.name);
}
