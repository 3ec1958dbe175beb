//! The functions, in this process, on the real adapters; around them an embedded DynamoDB, stand-ins for SQS, KMS and
//! Slack, and an agent, each behind a proxy that can break calls.
//!
//! Time stands still until a test moves it. "Process" means one sandbox of a function: when a fault kills it, it stops
//! where it stands and a new one is made.

use crate::accounts::{bot_token, fields, identity, open_account, signing_secret};
use aws_lambda_events::event::sqs::SqsEvent;
use data_encoding::HEXLOWER;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use lambda_http::{Body, Response};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::{collections::BTreeMap, future::Future, pin::pin, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{
        DynamoAccessRequests, DynamoAccounts, DynamoChatUsers, DynamoClosings, DynamoConnectors,
        DynamoConversations, DynamoIntake, DynamoOutbox, DynamoProjects, DynamoSendPacer,
        DynamoStandings, KeyringStore, Table,
    },
    egress::{
        HttpAgentClient, HttpChatTransport, HttpKeySource, PlatformAddresses, TEAMS_SERVICE_ORIGINS,
    },
    setup_token::SecretsManagerSetupToken,
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_domain::{
    AccountScope, Clock, PortError, ProjectScope, Timestamp,
    access::request::{AccessRequest, DecideOutcome, ReasonCode, RequestDecision, Verdict},
    account::actor::Actor,
    account::{AgentEndpoint, ApiKey, AuditEntry, Environment, Permission, Project},
    chat::profile::Profile,
    connector::{
        AfterApproval, ApprovalMode, Connector, ExistingUsers, Policy, Provider, SealedSecrets,
        WebhookState, secret_context,
    },
    egress::OriginAllowList,
    ids::{
        AccountId, ApiKeyId, AuditId, ChatUserId, ClientId, ConnectorId, EnvironmentId, IdSource,
        ProjectId, SystemIds,
    },
    job::OnboardChatUser,
    page::{Order, PageRequest},
    ports::{
        AccessRequestFilter, AccessRequestStore, AccessRequestView, ApiKeyStore, AvatarImage,
        ChatUserStore, ConnectorStore, FailureClass, FetchedProfile, ImpliedDecision, IntakeStore,
        LateFailure, LateFailureOutcome, ProjectStore, RequestCloser, SecretVault, SendPacer,
        StandingPlace, StandingStore, Turn,
    },
    secret::Secret,
    vars::Vars,
};
use vestibule_edge::{
    batch,
    chat::Platforms,
    intake::{Intake, IntakePorts},
    pace::Paced,
    webhook,
};
use vestibule_providers::{
    catalogue::chat_providers, dialog360::Dialog360, slack::Slack, teams::TeamsWebhook,
    telegram::Telegram, twilio::Twilio, webhook::WebhookProvider,
};
use vestibule_testkit::{
    SignedRequest, TestClock,
    aws_stub::{AwsStub, QueueSpec},
    demo_agent::DemoAgent,
    dynamodb::DynamoDb,
    fault_proxy::FaultProxy,
    lambda_events,
    simulator::{Message, NewPerson, Person, Place, Platform, Simulator, SimulatorConfig},
};

/// The onboarding message of the connector that asks for approval.
pub const WELCOME: &str =
    "Welcome to Acme. Your request is being reviewed; you will hear from us within a day.";
/// A word in every message that people write here; it must never be logged.
pub const SAID: &str = "Good morning, are you there?";

/// Tests that keep a whole machine busy take turns: several at once would meet our own time limits.
pub static HEAVY: Mutex<()> = Mutex::const_new(());

/// The token of the stack's set-up.
pub const SETUP_TOKEN: &str = "setup-token-of-the-stack-0123456789abcdefghijklm";

const AGENT_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const START_MS: i64 = 1_800_000_000_000;

/// The clock of our side, which is the testkit's.
#[derive(Debug)]
pub struct SharedClock(pub TestClock);

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now_ms())
    }
}

/// One sandbox of every function.
pub struct Functions {
    /// The webhook of the world's platform.
    pub intake: Intake,
    /// `worker-onboarding`
    pub onboarding: worker_onboarding::Deps,
    delivery: worker_delivery::Deps,
    sweeper: sweeper::Deps,
    onboarding_queue: SqsQueue,
    inbox_queue: SqsQueue,
    /// `admin-access`
    pub admin: axum::Router,
}

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
    table: Table,
    vault: Arc<KmsVault>,
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
        let to_db = FaultProxy::start(db.url()).await.unwrap();
        let to_aws = FaultProxy::start(&aws.url()).await.unwrap();
        let to_slack = FaultProxy::start(&slack.url()).await.unwrap();
        slack.reached_at(&to_slack.url());
        let to_agent = FaultProxy::start(&agent.url()).await.unwrap();

        let direct = Links {
            db: db.url().to_owned(),
            aws: aws.url(),
        };
        let table = Table::new(&sdk_config(&settings(&direct.db)), db.table_name());
        let vault = Arc::new(
            KmsVault::new(
                &sdk_config(&settings(&direct.aws)),
                KeyringStore::new(table.clone()),
            )
            .with_kms_key("key"),
        );
        let scope = AccountScope::of_verified(AccountId::derive(&["acme"]))
            .project(ProjectId::derive(&["concierge"]));
        let now = Timestamp::from_millis(START_MS);
        let environment = environment(scope, &to_agent, vault.as_ref(), now).await;
        make_project(&table, &vault, scope, &environment, now).await;
        let connector = connector(
            scope,
            environment.id,
            Policy::OnBoarding,
            (platform, "Acme Support"),
            vault.as_ref(),
            now,
        )
        .await;
        let open = self::connector(
            scope,
            environment.id,
            Policy::AllowAll,
            (platform, "Acme Support (open)"),
            vault.as_ref(),
            now,
        )
        .await;
        let connectors = DynamoConnectors::new(table.clone(), vault.clone());
        for connector in [&connector, &open] {
            connectors
                .create_connector(connector, &audit(scope, now))
                .await
                .unwrap();
            open_account(&slack, platform, connector);
        }
        let links = Links {
            db: to_db.url(),
            aws: to_aws.url(),
        };
        let functions = functions(
            &links,
            (platform, &to_slack),
            &to_agent,
            db.table_name(),
            &clock,
        );
        Self {
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
            functions,
            table,
            vault,
        }
    }

    /// A new process of every function: nothing is remembered, no connection is open.
    pub fn restart(&mut self) {
        self.replace_process();
    }

    fn links(&self) -> Links {
        Links {
            db: self.to_db.url(),
            aws: self.to_aws.url(),
        }
    }

    /// Somebody new on every platform; returns the simulator's id of them.
    pub fn person(&self, name: &str) -> String {
        self.slack.add_person(NewPerson::named(name))
    }

    /// The request with which the platform tells of a direct message; it is not sent yet.
    pub fn says(&self, connector: &Connector, person: &str, text: &str) -> SignedRequest {
        self.says_in(connector, person, Place::Direct, text)
    }

    /// The same in this place.
    pub fn says_in(
        &self,
        connector: &Connector,
        person: &str,
        place: Place,
        text: &str,
    ) -> SignedRequest {
        self.slack
            .write(&connector.id.to_string(), person, place, text)
            .unwrap()
            .request()
            .unwrap()
    }

    /// Calls the webhook.
    pub fn webhook<'a>(
        &'a self,
        connector: &Connector,
        request: &'a SignedRequest,
    ) -> BoxFuture<'a, u16> {
        let id = connector.id.to_string();
        async move { self.answer(&id, request).await.status().as_u16() }.boxed()
    }

    /// Calls the webhook and returns the whole answer.
    pub async fn answer(&self, connector_id: &str, request: &SignedRequest) -> Response<Body> {
        let event = lambda_events::webhook_call(request, self.platform.key(), connector_id);
        self.answer_event(&event).await
    }

    /// Calls the webhook with an event of the HTTP API.
    pub async fn answer_event(&self, event: &Value) -> Response<Body> {
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        webhook::handle(&self.functions.intake, request).await
    }

    /// Calls the webhook in a process that faults may kill.
    pub async fn try_webhook(&mut self, connector: &Connector, request: &SignedRequest) -> Invoked {
        let status = self.unless_killed(self.webhook(connector, request)).await;
        if status.is_none() {
            self.restart();
        }
        status.map_or(Invoked::Killed, Invoked::Answered)
    }

    /// Calls the webhook with all of these at once, and again with those that were not taken, as platforms do. `false` when some
    /// never were.
    pub async fn storm(&self, connector: &Connector, requests: &[&SignedRequest]) -> bool {
        let mut waiting = requests.to_vec();
        for _ in 0..4 {
            let sent = waiting
                .iter()
                .map(|request| self.webhook(connector, request));
            let answers = join_all(sent).await;
            let left = waiting.into_iter().zip(answers);
            waiting = left
                .filter(|(_, status)| *status != 200)
                .map(|(request, _)| request)
                .collect();
        }
        waiting.is_empty()
    }

    /// Hands the onboarding worker what waits, once. `false` when nothing did.
    pub async fn work_onboarding(&mut self) -> bool {
        self.work("onboarding").await
    }

    /// Hands the delivery worker what waits, once. `false` when nothing did.
    pub async fn work_inbox(&mut self) -> bool {
        self.work("inbox.fifo").await
    }

    /// Hands the onboarding worker what waits, and has Slack deliver again once a fault has struck, while the worker is still
    /// at it; after that every fault is over.
    pub async fn work_while_delivered_again(
        &mut self,
        connector: &Connector,
        request: &SignedRequest,
    ) -> Invoked {
        let batch = self.aws.take_batch("onboarding", 10);
        let worked = tokio::sync::watch::Sender::new(false);
        let work = async {
            let Some(batch) = &batch else { return };
            let event = serde_json::from_value(batch.event.clone()).unwrap();
            let answer = self
                .unless_killed(self.run_worker("onboarding", event))
                .await;
            self.aws.finish_batch(batch, answer.as_ref());
        };
        let work = async {
            work.await;
            worked.send_replace(true);
        };
        let deliver = async {
            while !self.has_struck() && !*worked.borrow() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            let status = self.unless_killed(self.webhook(connector, request)).await;
            for proxy in [&self.to_db, &self.to_aws, &self.to_slack, &self.to_agent] {
                proxy.clear();
            }
            status
        };
        let (status, ()) = futures_util::future::join(deliver, work).await;
        self.restart();
        status.map_or(Invoked::Killed, Invoked::Answered)
    }

    async fn work(&mut self, queue: &str) -> bool {
        let Some(batch) = self.aws.take_batch(queue, 10) else {
            return false;
        };
        let event: SqsEvent = serde_json::from_value(batch.event.clone()).unwrap();
        let answer = self.unless_killed(self.run_worker(queue, event)).await;
        self.aws.finish_batch(&batch, answer.as_ref());
        if answer.is_none() {
            self.restart();
        }
        true
    }

    fn run_worker<'a>(&'a self, queue: &'a str, event: SqsEvent) -> BoxFuture<'a, Value> {
        let functions = &self.functions;
        async move {
            let response = if queue == "onboarding" {
                let deps = &functions.onboarding;
                let handle = async |body: String, _| worker_onboarding::handle(deps, &body).await;
                batch::run(event, &functions.onboarding_queue, handle).await
            } else {
                let deps = &functions.delivery;
                let handle = async |body: String, _| worker_delivery::handle(deps, &body).await;
                batch::run(event, &functions.inbox_queue, handle).await
            };
            serde_json::to_value(response).unwrap()
        }
        .boxed()
    }

    /// Puts a message into a FIFO queue that no function of ours would have sent.
    pub async fn enqueue_raw(&self, queue: &str, body: &str, group: &str) {
        let url = self.aws.queue_url(queue);
        let hash = HEXLOWER.encode(digest(&SHA256, body.as_bytes()).as_ref());
        aws_sdk_sqs::Client::new(&sdk_config(&settings(&self.aws.url())))
            .send_message()
            .queue_url(url)
            .message_body(body)
            .message_group_id(group)
            .message_deduplication_id(hash)
            .send()
            .await
            .unwrap();
    }

    /// Runs the sweeper; a failure is what its alarm would show.
    pub async fn sweep(&mut self) -> bool {
        let swept = self
            .unless_killed(sweeper::sweep(&self.functions.sweeper))
            .await;
        if swept.is_none() {
            self.restart();
        }
        swept.is_some_and(|result| result.is_ok())
    }

    /// Lets time pass and everything that is due happen, until nothing is left to be done.
    pub async fn settle(&mut self) {
        for _ in 0..200 {
            while self.work_onboarding().await || self.work_inbox().await {}
            let waiting = ["onboarding", "inbox.fifo"]
                .iter()
                .any(|queue| !self.aws.messages(queue).is_empty());
            if !waiting && self.outbox().is_empty() {
                return;
            }
            self.clock.advance(Duration::from_secs(30));
            self.sweep().await;
        }
        panic!("the world does not come to rest");
    }

    /// Runs something in a process that any of the proxies may kill.
    async fn unless_killed<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let work = pin!(work);
        self.to_db
            .run_until_killed(
                self.to_aws.run_until_killed(
                    self.to_slack
                        .run_until_killed(self.to_agent.run_until_killed(work)),
                ),
            )
            .await
            .flatten()
            .flatten()
            .flatten()
    }

    /// What each platform knows somebody by.
    pub fn known_as(&self, person: &str) -> Person {
        self.slack.person(person).unwrap()
    }

    /// The chat user that a person is on the world's platform.
    pub fn chat_user_id(&self, person: &str) -> ChatUserId {
        identity(self.platform, &self.connector, &self.known_as(person)).chat_user_id(self.scope)
    }

    /// Every access request of the project, newest first.
    pub async fn requests(&self) -> Vec<AccessRequestView> {
        self.access_requests()
            .list_access_requests(self.scope, &AccessRequestFilter::default(), &first_page())
            .await
            .unwrap()
            .items
    }

    /// Decides the newest request of somebody.
    pub async fn decide(&self, person: &str, verdict: Verdict) -> DecideOutcome {
        let id = self.chat_user_id(person);
        let request = self
            .requests()
            .await
            .into_iter()
            .find(|view| view.request.chat_user_id == id)
            .unwrap()
            .request;
        let by = Actor {
            id: "member:grace".into(),
            name: "Grace Hopper".into(),
        };
        let audit = AuditId::new(SystemIds.draw());
        let outcome = self
            .access_requests()
            .decide(&request, verdict, &by, None, (audit, "test"), self.now())
            .await
            .unwrap();
        if verdict == Verdict::Approve && matches!(outcome, DecideOutcome::Recorded(_)) {
            let job = OnboardChatUser {
                scope: request.scope,
                chat_user_id: request.chat_user_id,
                connector_id: request.connector_id,
            };
            let queue = &self.functions.sweeper.queue;
            queue.enqueue_onboarding(job.into()).await.unwrap();
        }
        outcome
    }

    /// Somebody says that they do not want to be written to.
    pub async fn opts_out(&self, person: &str) {
        let place = StandingPlace {
            scope: self.scope,
            connector_id: self.connector.id,
            chat_user_ids: &[self.chat_user_id(person)],
        };
        DynamoIntake::new(self.table.clone())
            .note_consent(&place, Some(self.now()))
            .await
            .unwrap();
    }

    /// The platform reports that a message which it had taken did not arrive.
    pub async fn did_not_arrive(&self, person: &str, message_id: &str) -> LateFailureOutcome {
        let place = StandingPlace {
            scope: self.scope,
            connector_id: self.connector.id,
            chat_user_ids: &[self.chat_user_id(person)],
        };
        let failure = LateFailure {
            message_id,
            class: FailureClass::Recipient,
            reason: "63016",
            at: self.now(),
        };
        DynamoIntake::new(self.table.clone())
            .note_send_failure(&place, &failure)
            .await
            .unwrap()
    }

    /// Closes a request as a connector that is deleted does; whether it was still to be decided.
    pub async fn close(&self, request: AccessRequest) -> Result<bool, PortError> {
        let by = Actor {
            id: "member:grace".into(),
            name: "Grace Hopper".into(),
        };
        let implied = ImpliedDecision {
            request,
            decision: RequestDecision {
                verdict: Verdict::Reject,
                by,
                at: self.now(),
                note: None,
                reason: Some(ReasonCode::ConnectorDeleted),
            },
            audit_id: AuditId::new(SystemIds.draw()),
            request_id: "test".to_owned(),
        };
        DynamoClosings::new(self.table.clone())
            .decide_implied(&implied)
            .await
    }

    /// Shuts somebody out.
    pub async fn block(&self, person: &str) {
        let users = DynamoChatUsers::new(self.table.clone(), self.vault.clone());
        let mut user = users
            .get_chat_user(self.scope, self.chat_user_id(person))
            .await
            .unwrap()
            .unwrap();
        user.block = Some(vestibule_domain::chat::user::Block {
            blocked_at: self.now(),
            blocked_by: "Grace Hopper".into(),
            note: None,
        });
        users
            .update_chat_user(self.scope, &user, &audit(self.scope, self.now()))
            .await
            .unwrap();
    }

    /// Keeps a picture of somebody, as from a platform whose own address is not for everybody.
    pub async fn keep_avatar(&self, person: &str, bytes: Vec<u8>) {
        let profile = Profile {
            avatar_kept: true,
            ..Profile::default()
        };
        let avatar = AvatarImage::from_bytes(bytes);
        let learnt = FetchedProfile {
            profile: &profile,
            avatar: avatar.as_ref(),
            at: self.now(),
        };
        DynamoStandings::new(self.table.clone())
            .store_profile(self.scope, self.chat_user_id(person), learnt)
            .await
            .unwrap();
    }

    /// Gives an account a key with these permissions; returns the token.
    pub async fn key(&self, account_id: AccountId, permissions: &[Permission]) -> String {
        let drawn = format!("{}{}", SystemIds.draw(), SystemIds.draw());
        let token = format!("vst_{account_id}_{}", drawn.get(..43).unwrap());
        let hash = HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref());
        let key = ApiKey {
            id: ApiKeyId::new(SystemIds.draw()),
            scope: AccountScope::of_verified(account_id),
            name: "Grace's key".into(),
            hash,
            permissions: permissions.iter().copied().collect(),
            created_by: Actor {
                id: "test".into(),
                name: "Test".into(),
            },
            created_at: self.now(),
            expires_at: self.now().plus(Duration::from_hours(24)),
            last_used_at: Some(self.now()),
        };
        let audit = AuditEntry {
            scope: key.scope,
            ..audit(self.scope, self.now())
        };
        DynamoAccounts::new(self.table.clone(), self.vault.clone())
            .insert_key(&key, &audit)
            .await
            .unwrap();
        token
    }

    /// Changes the connector that asks for approval.
    pub async fn change_connector(&mut self, change: impl FnOnce(&mut Connector)) {
        let connectors = DynamoConnectors::new(self.table.clone(), self.vault.clone());
        let mut connector = connectors
            .get_connector(self.scope, self.connector.id)
            .await
            .unwrap()
            .unwrap();
        change(&mut connector);
        connectors
            .update_connector(&connector, &audit(self.scope, self.now()))
            .await
            .unwrap();
        connector.version += 1;
        self.connector = connector;
        self.restart();
    }

    /// Settings and secrets of the open connector's app, sealed for another connector.
    pub async fn other_secrets(
        &self,
        connector: &Connector,
    ) -> (BTreeMap<String, String>, SealedSecrets) {
        let name = &self.open.name;
        let other = self::connector(
            self.scope,
            connector.environment_id,
            connector.policy,
            (self.platform, name),
            self.vault.as_ref(),
            self.now(),
        )
        .await;
        let secrets = BTreeMap::from([
            (
                "signing_secret".to_owned(),
                Secret::new(signing_secret(name)),
            ),
            ("bot_token".to_owned(), Secret::new(bot_token(name))),
        ]);
        let (scope, id) = (self.scope, connector.id);
        let sealed = self
            .vault
            .seal(&secrets, &move |field: &str| {
                secret_context(scope, id, field)
            })
            .await
            .unwrap();
        (other.settings, sealed)
    }

    /// Replaces the running process by a new one, and returns the old.
    pub fn replace_process(&mut self) -> Functions {
        let links = self.links();
        let new = functions(
            &links,
            (self.platform, &self.to_slack),
            &self.to_agent,
            self.db.table_name(),
            &self.clock,
        );
        std::mem::replace(&mut self.functions, new)
    }

    fn access_requests(&self) -> DynamoAccessRequests {
        DynamoAccessRequests::new(self.table.clone(), self.vault.clone())
    }

    /// Takes the onboarding connector's next turn to send.
    pub async fn take_turn(&self, interval: Duration) -> Turn {
        DynamoSendPacer::new(self.table.clone())
            .take_turn(self.connector.id, interval, self.now())
            .await
            .unwrap()
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now_ms())
    }

    /// Rows whose sort key begins like this.
    pub fn rows(&self, sort_key: &str) -> Vec<serde_json::Map<String, Value>> {
        let mut rows = self.db.items().unwrap();
        rows.retain(|row| {
            row["sk"]
                .as_str()
                .is_some_and(|sk| sk.starts_with(sort_key))
        });
        rows
    }

    /// Marks in the outbox.
    pub fn outbox(&self) -> Vec<serde_json::Map<String, Value>> {
        self.db.index_items("outbox").unwrap()
    }

    /// What the onboarding connector's app told somebody, as they read it.
    pub fn told(&self, person: &str) -> Vec<String> {
        self.slack
            .messages_to(person)
            .iter()
            .map(Message::plain_text)
            .collect()
    }

    /// How often somebody got the onboarding message.
    pub fn welcomes(&self, person: &str) -> usize {
        self.told(person)
            .iter()
            .filter(|text| *text == WELCOME)
            .count()
    }

    /// Forgets the calls so far; the next ones are counted from here.
    pub fn count_from_here(&self) {
        for proxy in [&self.to_db, &self.to_aws, &self.to_slack, &self.to_agent] {
            proxy.reset_counts();
        }
    }

    /// Whether any fault has been met since [`Self::count_from_here`].
    pub fn has_struck(&self) -> bool {
        [&self.to_db, &self.to_aws, &self.to_slack, &self.to_agent]
            .iter()
            .any(|proxy| proxy.log().iter().any(|call| call.fault.is_some()))
    }

    /// The AWS calls since [`Self::count_from_here`].
    pub fn aws_calls(&self) -> Vec<String> {
        [self.to_db.sequence(), self.to_aws.sequence()].concat()
    }

    /// Nobody broke a rule of Slack's or of Standard Webhooks.
    pub fn assert_good_manners(&self) {
        assert_eq!(self.slack.violations(), []);
        assert_eq!(self.agent.violations(), Vec::<String>::new());
        assert_eq!(self.agent.refused(), Vec::<String>::new());
    }
}

/// The first page of a list.
pub fn first_page() -> PageRequest {
    PageRequest {
        limit: 100,
        cursor: None,
        order: Order::NewestFirst,
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

struct Links {
    db: String,
    aws: String,
}

fn settings(endpoint: &str) -> AwsSettings {
    AwsSettings {
        region: "us-east-1".into(),
        access_key_id: "AKIDTEST".into(),
        secret_access_key: Secret::new("secret"),
        session_token: None,
        endpoint_url: Some(endpoint.to_owned()),
    }
}

fn functions(
    links: &Links,
    (platform, to_slack): (Platform, &FaultProxy),
    to_agent: &FaultProxy,
    table_name: &str,
    clock: &TestClock,
) -> Functions {
    let aws = sdk_config(&settings(&links.aws));
    let table = Table::new(&sdk_config(&settings(&links.db)), table_name);
    let queue = |name: &str| SqsQueue::new(&aws, &format!("{}/000000000000/{name}", links.aws));
    let vault = Arc::new(KmsVault::new(&aws, KeyringStore::new(table.clone())));
    let clock: Arc<dyn Clock> = Arc::new(SharedClock(clock.clone()));
    let base = to_slack.url();
    let address = |name: &str| {
        let path = match name {
            "SLACK_API_URL" => "/slack/api",
            "TELEGRAM_API_URL" => "/telegram",
            "MICROSOFT_LOGIN_URL" => "/microsoft-login",
            "MICROSOFT_GRAPH_URL" => "/graph/v1.0",
            "DIALOG360_API_URL" => "/360dialog",
            "TWILIO_API_URL" => "/twilio",
            TEAMS_SERVICE_ORIGINS => "",
            _ => return None,
        };
        Some(format!("{base}{path}"))
    };
    let addresses = PlatformAddresses::read(&mut Vars::new(&address));
    let transport = HttpChatTransport::new(addresses).unwrap();
    let transport = Arc::new(transport);
    let platforms = Platforms::new(
        transport.clone(),
        vault.clone(),
        chat_providers(),
        clock.clone(),
    );
    let pacer = Arc::new(DynamoSendPacer::new(table.clone()));
    let platforms = Arc::new(Paced::new(platforms, pacer, clock.clone()));
    let store = Arc::new(DynamoIntake::new(table.clone()));
    let exempt = OriginAllowList::parse(&to_agent.url()).unwrap();
    let (admin_table, admin_clock) = (table.clone(), clock.clone());
    Functions {
        intake: Intake::new(
            provider(platform, &base),
            IntakePorts {
                connectors: store.clone(),
                vault: vault.clone(),
                store: store.clone(),
                onboarding: Arc::new(queue("onboarding")),
                inbox: Arc::new(queue("inbox.fifo")),
                clock: clock.clone(),
            },
        ),
        onboarding: worker_onboarding::Deps {
            standings: Arc::new(DynamoStandings::new(table.clone())),
            requests: Arc::new(DynamoClosings::new(table.clone())),
            connectors: store,
            platform: platforms.clone(),
            inbox: Arc::new(queue("inbox.fifo")),
            onboarding: Arc::new(queue("onboarding")),
            clock: clock.clone(),
            ids: Arc::new(SystemIds),
        },
        delivery: worker_delivery::Deps {
            conversations: Arc::new(DynamoConversations::new(table.clone())),
            vault,
            agents: Arc::new(HttpAgentClient::new(exempt).unwrap()),
            platform: platforms,
            clock: clock.clone(),
        },
        sweeper: sweeper::Deps {
            outbox: Arc::new(DynamoOutbox::new(table)),
            queue: Arc::new(queue("onboarding")),
            clock,
        },
        onboarding_queue: queue("onboarding"),
        inbox_queue: queue("inbox.fifo"),
        admin: admin(
            &aws,
            &admin_table,
            admin_clock,
            to_agent,
            queue("onboarding"),
            transport,
        ),
    }
}

/// The project, with its one environment.
async fn make_project(
    table: &Table,
    vault: &Arc<KmsVault>,
    scope: ProjectScope,
    environment: &Environment,
    now: Timestamp,
) {
    let projects = DynamoProjects::new(table.clone(), vault.clone());
    let project = Project {
        scope,
        name: "Concierge".into(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    projects
        .create_project(
            &project,
            std::slice::from_ref(environment),
            &audit(scope, now),
        )
        .await
        .unwrap();
}

/// The inbound side of a platform that is reached at this address.
fn provider(platform: Platform, base: &str) -> Box<dyn WebhookProvider> {
    match platform {
        Platform::Slack => Box::new(Slack),
        Platform::Teams => {
            let metadata = format!("{base}/botframework/v1/.well-known/openidconfiguration");
            let keys = HttpKeySource::named_by(metadata);
            let origins = OriginAllowList::parse(base).unwrap();
            Box::new(TeamsWebhook::new(Arc::new(keys), origins))
        }
        Platform::Telegram => Box::new(Telegram),
        Platform::Dialog360 => Box::new(Dialog360),
        Platform::Twilio => Box::new(Twilio),
    }
}

fn admin(
    aws: &aws_types::SdkConfig,
    table: &Table,
    clock: Arc<dyn Clock>,
    to_agent: &FaultProxy,
    onboarding: SqsQueue,
    transport: Arc<HttpChatTransport>,
) -> axum::Router {
    let keyring = KeyringStore::new(table.clone());
    let vault = Arc::new(KmsVault::new(aws, keyring).with_kms_key("key"));
    let accounts = Arc::new(DynamoAccounts::new(table.clone(), vault.clone()));
    let projects = Arc::new(DynamoProjects::new(table.clone(), vault.clone()));
    admin_access::router(admin_access::Deps {
        accounts: accounts.clone(),
        api_keys: accounts,
        projects: projects.clone(),
        environments: projects,
        connectors: Arc::new(DynamoConnectors::new(table.clone(), vault.clone())),
        chat_users: Arc::new(DynamoChatUsers::new(table.clone(), vault.clone())),
        access_requests: Arc::new(DynamoAccessRequests::new(table.clone(), vault.clone())),
        onboarding: Arc::new(onboarding),
        vault,
        transport,
        setup_token: Arc::new(SecretsManagerSetupToken::new(aws, "setup")),
        clock,
        ids: Arc::new(SystemIds),
        random: Arc::new(ring::rand::SystemRandom::new()),
        public_url: Some("https://api.example.test".into()),
        agent_origin_allowlist: OriginAllowList::parse(&to_agent.url()).unwrap(),
    })
}

async fn environment(
    scope: ProjectScope,
    to_agent: &FaultProxy,
    vault: &KmsVault,
    now: Timestamp,
) -> Environment {
    let id = EnvironmentId::derive(&["development"]);
    let secret = BTreeMap::from([(
        AgentEndpoint::SIGNING_SECRET.to_owned(),
        Secret::new(AGENT_SECRET),
    )]);
    let signing_secret = vault
        .seal(&secret, &|_: &str| Environment::secret_context(scope, id))
        .await
        .unwrap();
    Environment {
        id,
        scope,
        name: "Development".into(),
        position: 0,
        agent: Some(AgentEndpoint {
            endpoint: format!("{}/deliveries", to_agent.url()),
            signing_secret,
        }),
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

async fn connector(
    scope: ProjectScope,
    environment_id: EnvironmentId,
    policy: Policy,
    (platform, name): (Platform, &str),
    vault: &KmsVault,
    now: Timestamp,
) -> Connector {
    let id = ConnectorId::derive(&[name]);
    let (settings, secrets) = fields(platform, name, id);
    let sealed = vault
        .seal(&secrets, &move |field: &str| {
            secret_context(scope, id, field)
        })
        .await
        .unwrap();
    Connector {
        id,
        scope,
        environment_id,
        client_id: ClientId::derive(&["default"]),
        name: name.to_owned(),
        provider: Provider::new(platform.key()),
        policy,
        onboarding_since: (policy == Policy::OnBoarding).then_some(now),
        existing_users: ExistingUsers::Keep,
        onboarding_message: (policy == Policy::OnBoarding).then(|| WELCOME.to_owned()),
        request_cooldown: Duration::from_hours(24),
        // What follows an approval has its own tests.
        after_approval: AfterApproval {
            mode: ApprovalMode::Silent,
            notice: None,
        },
        settings,
        secrets: sealed,
        webhook: WebhookState::default(),
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn audit(scope: ProjectScope, now: Timestamp) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(SystemIds.draw()),
        scope: scope.account(),
        at: now,
        actor: Actor {
            id: "test".into(),
            name: "Test".into(),
        },
        action: "test.changed",
        target: "test".into(),
        before: json!(null),
        after: json!(null),
        request_id: "test".into(),
    }
}
