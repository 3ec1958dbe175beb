//! Lambda events for a webhook function: the input is made a valid event, turned into a request, and answered
//! by an intake with empty stores that accept everything.
//!
//! The first line of an input is the path, and the rest is a request (see [`input`](crate::input)). The path
//! chooses the platform.

use crate::{
    input::Request,
    platform::{Fixture, NOW, Platform, Signer},
    platforms,
};
use async_trait::async_trait;
use data_encoding::BASE64;
use lambda_http::{Request as HttpRequest, Response, request::LambdaRequest};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};
use tokio::runtime::Runtime;
use vestibule_domain::{
    Clock, PortError, Timestamp,
    chat::conversation::Conversation,
    chat::message::{Identity, InboundMessage},
    chat::recognition::{Candidate, Handover, Link, Merge},
    chat::repeats::HandledEvent,
    connector::{Connector, Provider, SealedSecrets},
    ids::{ChatUserId, ConnectorId},
    job::{DeliverMessage, OnboardingJob},
    ports::{
        ConnectorReader, Counted, InboxQueue, IntakeKey, IntakeStore, Introduction, LateFailure,
        LateFailureOutcome, Loaded, Merged, OnboardingQueue, OpenRequest, Opened, SecretVault,
        StandingPlace, UnreadableEvent, Written,
    },
    scope::ProjectScope,
    secret::Secret,
};
use vestibule_edge::{
    gateway::mended,
    intake::{Intake, IntakePorts},
    webhook::handle,
};
use vestibule_providers::webhook::{
    Credentials, Parsed, RawRequest, Refusal, Reply, WebhookProvider,
};

/// Placeholder for the connector's id in a path.
const CONNECTOR: &str = "{connector}";
/// With this header, the event declares any body as base64.
const NO_BASE64: &str = "x-not-base64";

/// Largest message that SQS accepts, in bytes.
const QUEUED_MAX: usize = 1024 * 1024;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

static FUNCTIONS: LazyLock<Vec<Function>> =
    LazyLock::new(|| platforms::ALL.iter().copied().map(Function::of).collect());

/// A webhook function.
struct Function {
    fixture: Arc<Fixture>,
    intake: Intake,
}

/// Runs one event: unchanged, and with the platform's path and signature.
pub fn exercise(data: &[u8]) {
    let (path, request) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[] as &[u8]),
    };
    let path = String::from_utf8_lossy(path).into_owned();
    let request = Request::read(request);
    let function = FUNCTIONS
        .iter()
        .find(|function| path.contains(function.fixture.platform.key()))
        .unwrap_or(&FUNCTIONS[0]);

    let id = function.fixture.connector.id.to_string();
    if let Some(http) = http_request(&path.replace(CONNECTOR, &id), &request) {
        let status = answer(function, http).status();
        assert!(matches!(status.as_u16(), 401 | 413), "unsigned: {status}");
    }

    let fixture = &function.fixture;
    let key = fixture.platform.key();
    let path = format!("/webhooks/{key}/{id}");
    let mut signed = request;
    // The signature covers the sender's URL, and no platform sends a URL that is not valid.
    signed.query = None;
    signed.headers.remove(NO_BASE64);
    signed.headers.remove("host");
    signed.headers.remove("x-forwarded-proto");
    let must_be_taken = fixture.platform.sign(&mut signed, Signer::Platform);
    let parsed = fixture
        .platform
        .webhook()
        .parse(&signed.raw(), &fixture.connector, NOW);
    let http = http_request(&path, &signed).expect("an ordinary event");
    let response = answer(function, http);
    match parsed {
        Ok(parsed) if must_be_taken => {
            assert_eq!(response.status(), parsed.reply.status);
            assert_eq!(response.body().as_ref(), parsed.reply.body);
        }
        _ => assert_eq!(response.status(), 401),
    }
}

/// The runtime's request for this event, or `None` for an invalid event.
fn http_request(path: &str, request: &Request) -> Option<HttpRequest> {
    let event = serde_json::from_value::<LambdaRequest>(event(path, request)).ok()?;
    Some(mended(event).into())
}

fn event(path: &str, request: &Request) -> Value {
    let mut headers = Map::new();
    headers.insert("host".into(), json!("api.example.com"));
    headers.insert("x-forwarded-proto".into(), json!("https"));
    for name in request.headers.keys() {
        let values = request.headers.get_all(name).iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.to_string(), json!(values.join(",")));
    }
    let text = std::str::from_utf8(&request.body).ok();
    let body = text.map_or_else(|| BASE64.encode(&request.body), str::to_owned);
    json!({
        "version": "2.0",
        "routeKey": "POST /webhooks/x/{connector_id}",
        "rawPath": path,
        "rawQueryString": request.query.as_deref().unwrap_or(""),
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "",
            },
            "requestId": "r",
            "routeKey": "POST /webhooks/x/{connector_id}",
            "stage": "$default",
            "time": "12/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1_583_348_638_390_i64,
        },
        "body": body,
        "isBase64Encoded": text.is_none() || request.headers.contains_key(NO_BASE64),
    })
}

fn answer(function: &Function, request: HttpRequest) -> Response<lambda_http::Body> {
    RUNTIME.block_on(async {
        let answer = handle(&function.intake, request).await;
        function.intake.enqueue_rest().await;
        answer
    })
}

impl Function {
    fn of(platform: &'static dyn Platform) -> Self {
        let fixture = Arc::new(Fixture::of(platform));
        let ports = Arc::new(Ports(Arc::clone(&fixture)));
        let intake = Intake::new(
            Box::new(Shared(platform)),
            IntakePorts {
                connectors: ports.clone(),
                vault: ports.clone(),
                store: ports.clone(),
                onboarding: ports.clone(),
                inbox: ports.clone(),
                clock: ports,
            },
        );
        Self { fixture, intake }
    }
}

/// A provider behind a shared reference.
struct Shared(&'static dyn Platform);

#[async_trait]
impl WebhookProvider for Shared {
    fn provider(&self) -> Provider {
        self.0.webhook().provider()
    }

    fn verification_secrets(&self) -> &'static [&'static str] {
        self.0.webhook().verification_secrets()
    }

    async fn verify(
        &self,
        request: &RawRequest<'_>,
        credentials: &Credentials<'_>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.0.webhook().verify(request, credentials, now).await
    }

    fn bot(&self, credentials: &Credentials<'_>) -> Option<String> {
        self.0.webhook().bot(credentials)
    }

    fn parse(
        &self,
        request: &RawRequest<'_>,
        connector: &Connector,
        now: Timestamp,
    ) -> Result<Parsed, Refusal> {
        self.0.webhook().parse(request, connector, now)
    }

    fn refusal_reply(&self, status: u16) -> Reply {
        self.0.webhook().refusal_reply(status)
    }
}

/// Ports with one connector and no other records.
struct Ports(Arc<Fixture>);

#[async_trait]
impl ConnectorReader for Ports {
    async fn find_connector(&self, id: ConnectorId) -> Result<Option<Connector>, PortError> {
        let connector = &self.0.connector;
        Ok((connector.id == id).then(|| connector.clone()))
    }
}

#[async_trait]
impl SecretVault for Ports {
    async fn seal(
        &self,
        _fields: &BTreeMap<String, Secret>,
        _context: &(dyn for<'a> Fn(&'a str) -> String + Send + Sync),
    ) -> Result<SealedSecrets, PortError> {
        Ok(SealedSecrets::default())
    }

    async fn open(
        &self,
        _sealed: &SealedSecrets,
        field: &str,
        _context: &str,
    ) -> Result<Option<Secret>, PortError> {
        Ok(self.0.verifying.get(field).cloned())
    }
}

#[async_trait]
impl IntakeStore for Ports {
    async fn load(&self, key: &IntakeKey<'_>) -> Result<Loaded, PortError> {
        let nobody = |identity: &Identity| Candidate {
            identity: identity.clone(),
            user: None,
            same_as: None,
            had_another_holder: false,
            standing: None,
            kept_block: None,
        };
        Ok(Loaded {
            sender: nobody(key.sender),
            // With both ids, the two would be linked for good, and no record is made here.
            also_known_as: None,
            holder: None,
            conversation: Conversation::default(),
            is_repeated: false,
            is_half_blocked: false,
        })
    }

    async fn extend_block(
        &self,
        _scope: ProjectScope,
        _stable: &Identity,
        _phone: &Identity,
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn link(&self, _scope: ProjectScope, _link: &Link) -> Result<(), PortError> {
        Ok(())
    }

    async fn merge(
        &self,
        _scope: ProjectScope,
        _merge: &Merge,
        _now: Timestamp,
    ) -> Result<Merged, PortError> {
        Ok(Merged::ReadAgain)
    }

    async fn hand_over(&self, _scope: ProjectScope, _handover: &Handover) -> Result<(), PortError> {
        Ok(())
    }

    async fn use_quota(
        &self,
        _usage: &vestibule_domain::access::quota::QuotaUse,
    ) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn count_brought(
        &self,
        _connector_id: ConnectorId,
        _now: Timestamp,
    ) -> Result<bool, PortError> {
        Ok(true)
    }

    async fn count_held_back(
        &self,
        _scope: ProjectScope,
        _connector_id: ConnectorId,
        _now: Timestamp,
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn open_request(
        &self,
        _open: &OpenRequest,
        _due: Timestamp,
    ) -> Result<Opened, PortError> {
        Ok(Opened::Done)
    }

    async fn introduce(
        &self,
        _introduction: &Introduction,
        _due: Timestamp,
    ) -> Result<Written, PortError> {
        Ok(Written::Done)
    }

    async fn find_request(
        &self,
        _scope: ProjectScope,
        _id: vestibule_domain::ids::AccessRequestId,
    ) -> Result<Option<vestibule_domain::access::request::AccessRequest>, PortError> {
        Ok(None)
    }

    async fn preapprove(
        &self,
        _approval: &vestibule_domain::access::preapproval::Preapproval,
        _due: Timestamp,
    ) -> Result<vestibule_domain::ports::Preapproved, PortError> {
        Ok(vestibule_domain::ports::Preapproved::Raced)
    }

    async fn leave_tasks(
        &self,
        _scope: ProjectScope,
        _standing: &vestibule_domain::access::standing::Standing,
        _due: Timestamp,
    ) -> Result<Written, PortError> {
        Ok(Written::Done)
    }

    async fn count_held(
        &self,
        _scope: ProjectScope,
        _standing: &vestibule_domain::access::standing::Standing,
        _message: &InboundMessage,
        _first: Option<&vestibule_domain::ports::FirstMessage>,
        _event: &HandledEvent,
        _profile: Option<&vestibule_domain::chat::renaming::ProfileChange>,
    ) -> Result<Counted, PortError> {
        Ok(Counted::Done)
    }

    async fn change_first_message(
        &self,
        _scope: ProjectScope,
        _id: vestibule_domain::ids::AccessRequestId,
        _change: &vestibule_domain::chat::change::MessageChange,
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn take_profile(
        &self,
        _scope: ProjectScope,
        _change: &vestibule_domain::chat::renaming::ProfileChange,
        _now: Timestamp,
    ) -> Result<(), PortError> {
        Ok(())
    }

    async fn remember(&self, _event: &HandledEvent) -> Result<(), PortError> {
        Ok(())
    }

    async fn remembered(
        &self,
        _connector_id: ConnectorId,
        _event_keys: &BTreeSet<String>,
        _now: Timestamp,
    ) -> Result<BTreeSet<String>, PortError> {
        Ok(BTreeSet::new())
    }

    async fn note_send_failure(
        &self,
        _place: &StandingPlace<'_>,
        _failure: &LateFailure<'_>,
    ) -> Result<LateFailureOutcome, PortError> {
        Ok(LateFailureOutcome::Done)
    }

    async fn note_consent(
        &self,
        _place: &StandingPlace<'_>,
        _wish: &vestibule_domain::access::consent::Wish,
        _due: Timestamp,
    ) -> Result<Vec<ChatUserId>, PortError> {
        Ok(Vec::new())
    }

    async fn keep_unreadable(&self, _letter: &UnreadableEvent) -> Result<(), PortError> {
        Ok(())
    }
}

#[async_trait]
impl OnboardingQueue for Ports {
    async fn enqueue_onboarding(&self, _job: OnboardingJob) -> Result<(), PortError> {
        Ok(())
    }
}

#[async_trait]
impl InboxQueue for Ports {
    async fn enqueue_delivery(&self, message: DeliverMessage) -> Result<(), PortError> {
        let sent = serde_json::to_vec(&message).expect("it is JSON");
        assert!(sent.len() <= QUEUED_MAX, "{} bytes", sent.len());
        Ok(())
    }
}

#[async_trait]
impl Clock for Ports {
    fn now(&self) -> Timestamp {
        NOW
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}
