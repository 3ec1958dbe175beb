//! The functions, in this process, on the real adapters; around them an embedded DynamoDB, stand-ins for SQS, KMS and the
//! chat platforms, and an agent, each behind a proxy that can break calls.
//!
//! Time stands still until a test moves it. "Process" means one sandbox of a function: when a fault kills it, it stops
//! where it stands and a new one is made. A world that is dropped comes to rest first, and what must hold then is checked
//! ([`rest`]): no test has to ask for it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`wiring`] | the functions, made as their cold starts make them |
//! | [`fixtures`] | what a world begins with, and rows that no function writes |
//! | [`verbs`] | what happens: people write, functions run, time passes |
//! | [`admin`] | what admins do, through their API |
//! | [`views`] | what can be seen |
//! | [`rest`] | what holds once nothing is left to be done |

mod admin;
mod fixtures;
mod rest;
mod verbs;
mod views;
mod wiring;

pub use admin::Answer;

use crate::{accounts::open_account, judge::inspector};
use fixtures::{Stores, audit, connector_row, environment, make_project};
use rest::Expected;
use std::time::Duration;
use tokio::sync::Mutex;
use vestibule_domain::{
    AccountScope, ProjectScope, Timestamp,
    connector::{Connector, Policy},
    ids::{AccountId, ProjectId},
    ports::ConnectorStore,
};
use vestibule_testkit::{
    TestClock,
    aws_stub::{AwsStub, QueueSpec},
    demo_agent::DemoAgent,
    dynamodb::DynamoDb,
    fault_proxy::FaultProxy,
    simulator::{Platform, Simulator, SimulatorConfig},
};
use wiring::{Functions, Links};

/// The onboarding message of the connector that asks for approval.
pub const WELCOME: &str =
    "Welcome to Acme. Your request is being reviewed; you will hear from us within a day.";
/// A word in every message that people write here; it must never be logged.
pub const SAID: &str = "Good morning, are you there?";

/// Tests that keep a whole machine busy take turns: several at once would meet our own time limits.
pub static HEAVY: Mutex<()> = Mutex::const_new(());

/// The token of the stack's set-up.
pub const SETUP_TOKEN: &str = "setup-token-of-the-stack-0123456789abcdefghijklm";

/// What the agent's deliveries are signed with.
pub const AGENT_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const START_MS: i64 = 1_800_000_000_000;

/// Everything.
pub struct World {
    /// The time.
    pub clock: TestClock,
    /// The table.
    pub db: DynamoDb,
    /// Queues and keys.
    pub aws: AwsStub,
    /// Which platform people write over.
    pub platform: Platform,
    /// The platforms.
    pub slack: Simulator,
    /// The agent.
    pub agent: DemoAgent,
    /// Between the functions and the table.
    pub to_db: FaultProxy,
    /// Between the functions and queues and keys.
    pub to_aws: FaultProxy,
    /// Between the functions and the platforms.
    pub to_slack: FaultProxy,
    /// Between the functions and the agent.
    pub to_agent: FaultProxy,
    /// The connector that asks for approval.
    pub connector: Connector,
    /// The connector that is open to all, of another app.
    pub open: Connector,
    /// Account and project.
    pub scope: ProjectScope,
    /// The sandbox.
    pub functions: Functions,
    links: Links,
    stores: Stores,
    expected: Expected,
}

/// What became of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invoked {
    /// It ended by itself with this status.
    Answered(u16),
    /// Its process was killed.
    Killed,
}

impl World {
    /// A world with one account, one project, two Slack connectors and nobody who ever wrote.
    pub async fn new() -> Self {
        Self::on(Platform::Slack).await
    }

    /// The same with two connectors of another platform.
    pub async fn on(platform: Platform) -> Self {
        let clock = TestClock::at(START_MS);
        let db = DynamoDb::start().await.unwrap();
        let aws = AwsStub::start(clock.clone()).await.unwrap();
        prepare(&aws);
        let slack = Simulator::start(SimulatorConfig::default(), clock.clone())
            .await
            .unwrap();
        let agent = DemoAgent::start(AGENT_SECRET, clock.clone()).await.unwrap();
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
        };
        let direct = Links {
            db: db.url().to_owned(),
            table_name: db.table_name().to_owned(),
            aws: aws.url(),
            platforms: slack.url(),
            agent: agent.url(),
        };
        let stores = direct.function("test", &clock, Stores::over);

        let scope = AccountScope::of_verified(AccountId::derive(&["acme"]))
            .project(ProjectId::derive(&["concierge"]));
        let now = Timestamp::from_millis(START_MS);
        let environment = environment(scope, &to_agent, stores.vault.as_ref(), now).await;
        make_project(&stores, scope, &environment, now).await;
        let mut connectors = Vec::new();
        for (policy, name) in [
            (Policy::OnBoarding, "Acme Support"),
            (Policy::AllowAll, "Acme Support (open)"),
        ] {
            let named = (platform, name);
            let vault = stores.vault.as_ref();
            let connector = connector_row(scope, environment.id, policy, named, vault, now).await;
            stores
                .connectors
                .create_connector(&connector, &audit(scope, now))
                .await
                .unwrap();
            open_account(&slack, platform, &connector);
            connectors.push(connector);
        }
        let [connector, open] = connectors.try_into().unwrap();
        Self {
            functions: Functions::start(&links, platform, &clock),
            clock,
            db,
            aws,
            platform,
            slack,
            agent,
            to_db,
            to_aws,
            to_slack,
            to_agent,
            connector,
            open,
            scope,
            links,
            stores,
            expected: Expected::default(),
        }
    }

    /// A new process of every function: nothing is remembered, no connection is open.
    pub fn restart(&mut self) {
        self.replace_process();
    }

    /// Replaces the running process by a new one, and returns the old.
    pub fn replace_process(&mut self) -> Functions {
        let new = Functions::start(&self.links, self.platform, &self.clock);
        std::mem::replace(&mut self.functions, new)
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now_ms())
    }
}

/// Queues as in the template, and the key.
fn prepare(aws: &AwsStub) {
    aws.create_key("key");
    aws.set_secret("setup", SETUP_TOKEN);
    aws.create_queue(QueueSpec::new("onboarding-dlq", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("onboarding", Duration::from_mins(3)).dead_letters_to("onboarding-dlq", 5),
    );
    aws.create_queue(QueueSpec::new("inbox-dlq.fifo", Duration::from_secs(30)));
    aws.create_queue(
        QueueSpec::new("inbox.fifo", Duration::from_mins(6)).dead_letters_to("inbox-dlq.fifo", 6),
    );
}
