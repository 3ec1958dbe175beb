//! The functions in one process with the real adapters, an embedded DynamoDB, stand-ins for SQS, KMS and the
//! platforms, and an agent, each behind a proxy that can break calls.
//!
//! Time stands still until a test advances it. "Process" means one sandbox of a function: a fault that kills
//! it stops it at once, and a new one starts. A dropped world first finishes all work, then checks its final
//! state ([`rest`]) for every test.
//!
//! | module | contents |
//! |---|---|
//! | [`wiring`] | the functions, made as at a cold start |
//! | [`contents`] | initial contents, and those that an earlier release left |
//! | [`fixtures`] | records, and rows that no function writes |
//! | [`holders`] | people of the directory, straight from its store |
//! | [`verbs`] | actions: people write, functions run, time passes |
//! | [`alone`] | a function in a process of its own |
//! | [`counted`] | the metrics that functions count |
//! | [`admin`] | actions of admins, through the API |
//! | [`desk`] | desks, cases and the router's jobs, straight from their store |
//! | [`directory`] | the directory of people, past the API |
//! | [`elsewhere`] | webhooks of platforms beside the world's own |
//! | [`subscribers`] | subscriptions, and the events that they hear, straight from their stores |
//! | [`people`] | the people who run the account, and their mails |
//! | [`waiting`] | people who wait for a decision, past the webhooks |
//! | [`views`] | observations |
//! | [`rest`] | checks of the final state |

mod admin;
mod alone;
mod contents;
mod counted;
mod desk;
mod directory;
mod elsewhere;
mod fixtures;
mod holders;
mod people;
mod rest;
mod subscribers;
mod verbs;
mod views;
mod waiting;
mod wiring;

pub use admin::Answer;
pub use contents::Left;
pub use counted::counted_in;
pub use elsewhere::{call_webhook, take_call};
pub use people::{MAIL_FROM, Person};
pub use subscribers::SUBSCRIBER_SECRET;
pub use views::marks_of_work;
pub use waiting::Asking;

use crate::{accounts::open_account, judge::inspector};
use counted::start_if_counting;
use fixtures::Stores;
use rest::Expected;
use std::time::Duration;
use tokio::sync::Mutex;
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    connector::Connector,
    ids::{AccountId, ProjectId},
};
use vestibule_testkit::{
    TestClock,
    aws_stub::{AwsStub, QueueSpec},
    demo_agent::DemoAgent,
    dynamodb::DynamoDb,
    fault_proxy::FaultProxy,
    openid_provider::OpenIdProvider,
    simulator::{Platform, Simulator, SimulatorConfig, SimulatorOptions},
};
use wiring::{Functions, Links};

/// The onboarding message of the connector that requires approval.
pub const WELCOME: &str =
    "Welcome to Acme. Your request is being reviewed; you will hear from us within a day.";
/// The text of people's messages here, which must never be logged.
pub const SAID: &str = "Good morning, are you there?";

/// Tests that use the whole machine take turns, because in parallel they would exceed our own time limits.
pub static HEAVY: Mutex<()> = Mutex::const_new(());

/// The set-up token of the stack.
pub const SETUP_TOKEN: &str = "setup-token-of-the-stack-0123456789abcdefghijklm";

/// The signing secret of deliveries to the agent.
pub const AGENT_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The time at which a new world begins.
const START_MS: i64 = 1_800_000_000_000;

/// One isolated stack with its platforms, agent and people.
pub struct World {
    /// The time.
    pub clock: TestClock,
    /// The table.
    pub db: DynamoDb,
    /// Queues, keys and secrets.
    pub aws: AwsStub,
    /// The platform that people use.
    pub platform: Platform,
    /// The platforms.
    pub slack: Simulator,
    /// The agent.
    pub agent: DemoAgent,
    /// The provider of an honest account.
    pub honest: OpenIdProvider,
    /// The provider of an account that means harm.
    pub hostile: OpenIdProvider,
    /// The proxy between the functions and the table.
    pub to_db: FaultProxy,
    /// The proxy between the functions and the other AWS services.
    pub to_aws: FaultProxy,
    /// The proxy between the functions and the platforms.
    pub to_slack: FaultProxy,
    /// The proxy between the functions and the agent.
    pub to_agent: FaultProxy,
    /// The connector that requires approval.
    pub connector: Connector,
    /// The open connector, which has another app.
    pub open: Connector,
    /// The account and project.
    pub scope: ProjectScope,
    /// The functions' current sandboxes.
    pub functions: Functions,
    /// Whether the search index follows its records at every sweep without the sweeper's doing, the worker's calls and
    /// their faults. Tests of anything else need not know of it.
    pub is_indexed_quietly: bool,
    /// Whether events are published at every sweep without the sweeper's doing, the worker's calls and their faults. Tests of
    /// anything else need not know of them.
    pub is_told_quietly: bool,
    links: Links,
    stores: Stores,
    expected: Expected,
}

/// Outcome of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoked {
    /// It ended with this status.
    Answered(u16),
    /// Its process was killed.
    Killed,
}

impl World {
    /// A world with one account, one project and two Slack connectors. Nobody has written yet.
    pub async fn new() -> Self {
        Self::on(Platform::Slack).await
    }

    /// A world with two connectors of this platform.
    pub async fn on(platform: Platform) -> Self {
        Box::pin(Self::start(platform, None)).await
    }

    /// A world whose table has the rows that an earlier release left, and nothing else.
    pub async fn over(left: &Left) -> Self {
        Box::pin(Self::start(left.platform, Some(left))).await
    }

    async fn start(platform: Platform, left: Option<&Left>) -> Self {
        start_if_counting().await;
        let clock = TestClock::at(left.map_or(START_MS, |left| left.now_ms));
        let db = DynamoDb::start().await.unwrap();
        let aws = AwsStub::start(clock.clone()).await.unwrap();
        prepare(&aws);
        let options = SimulatorOptions {
            clock: clock.clone(),
            seed: left.map_or("SIM", |_| "LATER").to_owned(),
            ..SimulatorOptions::default()
        };
        let slack = Simulator::start_with(SimulatorConfig::default(), options)
            .await
            .unwrap();
        let agent = DemoAgent::start(AGENT_SECRET, clock.clone()).await.unwrap();
        let [honest, hostile] = [(); 2].map(|()| OpenIdProvider::start(clock.clone()));
        let (honest, hostile) = (honest.await.unwrap(), hostile.await.unwrap());
        let providers = format!("{},{}", honest.issuer(), hostile.issuer());
        let to_db = FaultProxy::start_inspected(db.url(), inspector())
            .await
            .unwrap();
        let to_aws = FaultProxy::start_inspected(&aws.url(), inspector())
            .await
            .unwrap();
        let to_slack = FaultProxy::start(&slack.url()).await.unwrap();
        slack.reached_at(&to_slack.url());
        let to_agent = FaultProxy::start(&agent.url()).await.unwrap();
        let links = Links {
            db: to_db.url(),
            table_name: db.table_name().to_owned(),
            aws: to_aws.url(),
            platforms: to_slack.url(),
            agent: to_agent.url(),
            providers: providers.clone(),
            notices: false,
            audit_days: 0,
            mails: true,
        };
        let direct = Links {
            db: db.url().to_owned(),
            table_name: db.table_name().to_owned(),
            aws: aws.url(),
            platforms: slack.url(),
            agent: agent.url(),
            providers,
            notices: false,
            audit_days: 0,
            mails: true,
        };
        match left {
            Some(left) => left.put(
                &db,
                &[
                    ("agent", to_agent.url()),
                    ("platforms", to_slack.url()),
                    ("honest", honest.issuer()),
                    ("hostile", hostile.issuer()),
                ],
            ),
            None => fixtures::put_credential(&db),
        }
        let stores = direct.function("test", &clock, Stores::over);

        let scope = AccountScope::of_verified(AccountId::derive(&["acme"]))
            .project(ProjectId::derive(&["concierge"]));
        let [connector, open] = match left {
            Some(_) => contents::kept(&stores, scope).await,
            None => contents::make(&db, &stores, (scope, platform), &to_agent).await,
        };
        for connector in [&connector, &open] {
            open_account(&slack, platform, connector);
        }
        Self {
            functions: Functions::start(&links, platform, &clock),
            clock,
            db,
            aws,
            platform,
            slack,
            agent,
            honest,
            hostile,
            to_db,
            to_aws,
            to_slack,
            to_agent,
            connector,
            open,
            scope,
            is_indexed_quietly: true,
            is_told_quietly: true,
            links,
            stores,
            expected: Expected::default(),
        }
    }

    /// Starts a new process of every function, with empty caches and no open connections.
    pub fn restart(&mut self) {
        self.replace_process();
    }

    /// Starts a new process of every function, and returns the previous one.
    pub fn replace_process(&mut self) -> Functions {
        let new = Functions::start(&self.links, self.platform, &self.clock);
        std::mem::replace(&mut self.functions, new)
    }

    /// Lets the functions call a customer's system at this origin too, although it is on this machine.
    pub fn reaches_also(&mut self, origin: &str) {
        self.links.agent = format!("{},{origin}", self.links.agent);
        self.restart();
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now_ms())
    }
}

/// Creates the template's queues and the key.
fn prepare(aws: &AwsStub) {
    aws.create_key("key");
    aws.set_secret("setup", SETUP_TOKEN);
    aws.create_queue(QueueSpec::new("onboarding-dlq", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("onboarding", Duration::from_secs(270)).dead_letters_to("onboarding-dlq", 5),
    );
    aws.create_queue(QueueSpec::new("outgoing-dlq", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("outgoing", Duration::from_secs(270)).dead_letters_to("outgoing-dlq", 5),
    );
    for (name, seconds) in [
        ("email", 180),
        ("email-events", 180),
        ("team", 180),
        ("index", 180),
        ("events", 360),
    ] {
        let dead = format!("{name}-dlq");
        aws.create_queue(QueueSpec::new(&dead, Duration::from_secs(30)));
        let queue = QueueSpec::new(name, Duration::from_secs(seconds));
        aws.create_queue(queue.dead_letters_to(&dead, 5));
    }
    aws.create_queue(QueueSpec::new("routing-dlq.fifo", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("routing.fifo", Duration::from_mins(3))
            .dead_letters_to("routing-dlq.fifo", 5),
    );
    aws.create_queue(QueueSpec::new("inbox-dlq.fifo", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("inbox.fifo", Duration::from_mins(6)).dead_letters_to("inbox-dlq.fifo", 6),
    );
}
