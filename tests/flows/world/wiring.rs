//! One sandbox of every function, made as at a cold start but with other variables: addresses of this
//! process, the world's clock, and the function's name as access key.

use super::people::MAIL_FROM;
use async_trait::async_trait;
use axum::Router;
use serde::{Deserialize, Serialize};
use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, LazyLock},
};
use vestibule_adapters::egress::{
    PLATFORM_API_URLS, TEAMS_OPENID_METADATA_URL, TEAMS_SERVICE_ORIGINS,
};
use vestibule_coldstart::{Adapters, EgressClientError, intake_ports};
use vestibule_domain::{
    Clock, Timestamp,
    connector::Provider,
    ports::{OnboardingQueue, VisibilityExtender},
    vars::Vars,
};
use vestibule_edge::intake::{Intake, IntakePorts};
use vestibule_providers::{catalogue::webhook_provider, webhook::WebhookProvider};
use vestibule_testkit::{
    TestClock,
    simulator::Platform,
    template::{Function, Template},
};
use vestibule_tests::admin_functions::ADMIN_FUNCTIONS;

/// The testkit's clock as our clock. A wait for a time moves it.
#[derive(Debug)]
pub struct SharedClock(pub TestClock);

#[async_trait]
impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now_ms())
    }

    async fn wait_until(&self, at: Timestamp) {
        self.0.advance_to(at.millis());
        // Others go on meanwhile.
        tokio::task::yield_now().await;
    }
}

/// Addresses that the functions use.
#[derive(Clone, Serialize, Deserialize)]
pub struct Links {
    /// The table.
    pub db: String,
    /// Its name.
    pub table_name: String,
    /// Every other AWS service.
    pub aws: String,
    /// The platforms.
    pub platforms: String,
    /// The agent.
    pub agent: String,
    /// The issuers of the providers by which members sign in, separated by commas.
    pub providers: String,
    /// Whether new requests order notices. The worlds of most tests do without, so that no time passes in them for
    /// the sake of mails.
    pub notices: bool,
    /// Days for which audit entries are kept; 0 for ever.
    pub audit_days: u16,
    /// Whether the stack has an address from which mails come.
    pub mails: bool,
}

impl Links {
    /// Makes one function from its adapters.
    pub fn function<T>(
        &self,
        name: &str,
        clock: &TestClock,
        make: impl FnOnce(&mut Adapters<'_>) -> T,
    ) -> T {
        let variable = |variable: &str| self.variable(name, variable);
        let clock = Arc::new(SharedClock(clock.clone()));
        let mut adapters = Adapters::new(Vars::new(&variable), clock);
        let function = make(&mut adapters);
        adapters.finish().unwrap();
        function
    }

    /// The variables that Lambda and the template set for a function.
    pub fn variable(&self, function: &str, variable: &str) -> Option<String> {
        let queue = |name: &str| format!("{}/000000000000/{name}", self.aws);
        let value = match variable {
            "AWS_REGION" => "us-east-1".to_owned(),
            "AWS_ACCESS_KEY_ID" => function.to_owned(),
            "AWS_SECRET_ACCESS_KEY" => "secret".to_owned(),
            "AWS_ENDPOINT_URL" => self.aws.clone(),
            "AWS_ENDPOINT_URL_DYNAMODB" => self.db.clone(),
            "TABLE_NAME" => self.table_name.clone(),
            "KMS_KEY_ID" => "key".to_owned(),
            "SETUP_SECRET_ARN" => "setup".to_owned(),
            "ONBOARDING_QUEUE_URL" => queue("onboarding"),
            "INBOX_QUEUE_URL" => queue("inbox.fifo"),
            "OUTGOING_QUEUE_URL" => queue("outgoing"),
            "EMAIL_QUEUE_URL" => queue("email"),
            "TEAM_QUEUE_URL" => queue("team"),
            "INDEX_QUEUE_URL" => queue("index"),
            "ROUTING_QUEUE_URL" => queue("routing.fifo"),
            "EVENTS_QUEUE_URL" => queue("events"),
            "PUBLIC_URL" | "CONSOLE_URL" => "https://api.example.test".to_owned(),
            "MAIL_FROM" if function == "worker-onboarding" && !self.notices => return None,
            "MAIL_FROM" if matches!(function, "admin-team" | "auth") && !self.mails => return None,
            "MAIL_FROM" => MAIL_FROM.to_owned(),
            "AUDIT_DAYS" => self.audit_days.to_string(),
            "MAIL_REPLY_TO" => "help@example.org".to_owned(),
            "MAIL_CONFIGURATION_SET" => "vestibule-mail".to_owned(),
            "PROVIDER_ORIGIN_ALLOWLIST" => self.providers.clone(),
            "AGENT_ORIGIN_ALLOWLIST" => self.agent.clone(),
            PLATFORM_API_URLS => format!("*={}", self.platforms),
            TEAMS_SERVICE_ORIGINS => self.platforms.clone(),
            TEAMS_OPENID_METADATA_URL => format!(
                "{}/botframework/v1/.well-known/openidconfiguration",
                self.platforms
            ),
            _ => return None,
        };
        Some(value)
    }
}

/// A value that is made when it is first used.
type OnFirstUse<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

/// A worker's ports and its queue, or what its configuration lacks.
type Wired<D> = Result<(D, Arc<dyn VisibilityExtender>), EgressClientError>;

/// A worker's sandbox.
pub struct Worker<D> {
    deps: D,
    /// The worker's queue, for its own use.
    pub queue: Arc<dyn VisibilityExtender>,
}

impl<D> Deref for Worker<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.deps
    }
}

impl<D> DerefMut for Worker<D> {
    fn deref_mut(&mut self) -> &mut D {
        &mut self.deps
    }
}

/// One sandbox of every function. Each starts at its first event, as on Lambda.
pub struct Functions {
    /// The webhook of the world's platform.
    pub intake: OnFirstUse<Intake>,
    /// `worker-onboarding`
    pub onboarding: OnFirstUse<Worker<worker_onboarding::Deps>>,
    /// `worker-delivery`
    pub delivery: OnFirstUse<Worker<worker_delivery::Deps>>,
    /// `worker-outgoing`
    pub outgoing: OnFirstUse<Worker<worker_outgoing::Deps>>,
    /// `worker-email`
    pub email: OnFirstUse<Worker<worker_email::Deps>>,
    /// `worker-team`
    pub team: OnFirstUse<Worker<worker_team::Deps>>,
    /// `worker-index`
    pub index: OnFirstUse<Worker<worker_index::Deps>>,
    /// `worker-routing`
    pub routing: OnFirstUse<Worker<worker_routing::Deps>>,
    /// `worker-events`
    pub events: OnFirstUse<Worker<worker_events::Deps>>,
    /// `email-events`
    pub email_events: OnFirstUse<Worker<email_events::Deps>>,
    /// `sweeper`
    pub sweeper: OnFirstUse<sweeper::Deps>,
    /// Every admin function, by folder.
    admin: Vec<(&'static str, OnFirstUse<Router>)>,
}

impl Functions {
    /// New sandboxes, with empty caches and no open connections.
    pub fn start(links: &Links, platform: Platform, clock: &TestClock) -> Self {
        let start = Start { links, clock };
        let webhook = format!("webhook-{}", platform.key());
        Self {
            intake: start.function(webhook, move |adapters| intake(platform, adapters)),
            onboarding: start.worker("worker-onboarding", worker_onboarding::wire),
            delivery: start.worker("worker-delivery", worker_delivery::wire),
            outgoing: start.worker("worker-outgoing", worker_outgoing::wire),
            email: start.worker("worker-email", |adapters| Ok(worker_email::wire(adapters))),
            team: start.worker("worker-team", |adapters| Ok(worker_team::wire(adapters))),
            index: start.worker("worker-index", |adapters| Ok(worker_index::wire(adapters))),
            routing: start.worker("worker-routing", |adapters| {
                Ok(worker_routing::wire(adapters))
            }),
            events: start.worker("worker-events", worker_events::wire),
            email_events: start.worker("email-events", |adapters| Ok(email_events::wire(adapters))),
            sweeper: start.function("sweeper".to_owned(), sweeper::wire),
            admin: ADMIN_FUNCTIONS
                .iter()
                .map(|function| {
                    let router = start.function(function.folder.to_owned(), |adapters| {
                        (function.start)(adapters).unwrap()
                    });
                    (function.folder, router)
                })
                .collect(),
        }
    }

    /// The admin function that the HTTP API calls for this path.
    pub fn admin(&self, path: &str) -> Router {
        static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::load().unwrap());
        let function = TEMPLATE.function_at(path).and_then(Function::folder);
        let mut admin = self.admin.iter();
        let found = admin.find(|(folder, _)| function == Some(folder));
        found
            .unwrap_or_else(|| panic!("{path}: {function:?}"))
            .1
            .clone()
    }
}

/// The surroundings in which functions start.
struct Start<'a> {
    links: &'a Links,
    clock: &'a TestClock,
}

impl Start<'_> {
    fn function<T>(
        &self,
        name: String,
        make: impl FnOnce(&mut Adapters<'_>) -> T + Send + 'static,
    ) -> OnFirstUse<T> {
        let (links, clock) = (self.links.clone(), self.clock.clone());
        LazyLock::new(Box::new(move || links.function(&name, &clock, make)))
    }

    fn worker<D: 'static>(
        &self,
        name: &str,
        wire: fn(&mut Adapters<'_>) -> Wired<D>,
    ) -> OnFirstUse<Worker<D>> {
        self.function(name.to_owned(), move |adapters| {
            let (deps, queue) = wire(adapters).unwrap();
            Worker { deps, queue }
        })
    }
}

/// A sandbox of a platform's webhook.
pub fn webhook(links: &Links, platform: Platform, clock: &TestClock) -> Intake {
    let name = format!("webhook-{}", platform.key());
    links.function(&name, clock, |adapters| intake(platform, adapters))
}

/// A sandbox of a platform's webhook that leaves its jobs to this queue.
pub fn webhook_over(
    links: &Links,
    platform: Platform,
    clock: &TestClock,
    onboarding: Arc<dyn OnboardingQueue>,
) -> Intake {
    let name = format!("webhook-{}", platform.key());
    links.function(&name, clock, |adapters| {
        let ports = IntakePorts {
            onboarding,
            ..intake_ports(adapters)
        };
        Intake::new(provider(platform, adapters), ports)
    })
}

fn intake(platform: Platform, adapters: &mut Adapters<'_>) -> Intake {
    Intake::new(provider(platform, adapters), intake_ports(adapters))
}

/// The inbound side of a platform.
fn provider(platform: Platform, adapters: &mut Adapters<'_>) -> Box<dyn WebhookProvider> {
    webhook_provider(&Provider::new(platform.key())).unwrap_or_else(|| {
        assert_eq!(platform, Platform::Teams, "nobody supplies what it needs");
        webhook_teams::provider(adapters)
    })
}
