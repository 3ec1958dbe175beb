//! A world's initial contents, and rows that no function writes.

use super::{AGENT_SECRET, WELCOME, World};
use crate::accounts::{bot_token, fields, open_account, signing_secret};
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use vestibule_adapters::{
    aws::{AwsSettings, sdk_config},
    dynamo::{
        DynamoAccessRequests, DynamoAccounts, DynamoClosings, DynamoConnectors, DynamoEndUsers,
        DynamoIntake, DynamoLogins, DynamoProjects, DynamoRouting, DynamoSendPacer,
        DynamoStandings, DynamoSubscriptions, DynamoTeam,
    },
    sqs::SqsQueue,
    vault::KmsVault,
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, PortError, ProjectScope, Timestamp,
    access::request::{AccessRequest, ReasonCode, RequestDecision, Verdict},
    access::standing::Standing,
    account::actor::Actor,
    account::{
        AgentEndpoint, Environment, Project,
        agent::{AgentTimeout, DeliveryDays, MaxInFlight},
        api_key::{ApiKey, KeyOwner},
        permission::Permission,
        proof::{CallerProof, CredentialPlace},
    },
    chat::history::HistoryDays,
    chat::profile::Profile,
    chat::user::ChatUser,
    connector::{
        AfterApproval, ApprovalMode, Connector, NEW_REQUESTS_PER_MINUTE_MAX, Policy, Provider,
        RequestLimits, SealedSecrets, secret_context,
    },
    event::{AuditEntry, Change, Event, told::Told},
    ids::{
        AccountId, ApiKeyId, AuditId, ClientId, ConnectorId, EnvironmentId, IdSource, SystemIds,
    },
    ports::{
        ApiKeyStore, AvatarImage, By, ConnectorStore, EndUserStore, EnvironmentStore,
        FetchedProfile, ImpliedDecision, IntakeStore, Introduction, Linked, ProjectStore,
        RequestCloser, SecretVault, StandingStore, Unlinked, Written,
    },
    secret::Secret,
    vars::Vars,
};
use vestibule_testkit::{dynamodb::DynamoDb, fault_proxy::FaultProxy, simulator::Platform};

/// The stores, without the fault proxies.
pub struct Stores {
    pub vault: Arc<KmsVault>,
    pub accounts: Arc<DynamoAccounts>,
    pub projects: Arc<DynamoProjects>,
    pub connectors: Arc<DynamoConnectors>,
    pub access_requests: Arc<DynamoAccessRequests>,
    pub closings: Arc<DynamoClosings>,
    pub end_users: Arc<DynamoEndUsers>,
    pub intake: Arc<DynamoIntake>,
    pub standings: Arc<DynamoStandings>,
    pub send_pacer: Arc<DynamoSendPacer>,
    pub team: Arc<DynamoTeam>,
    pub routing: Arc<DynamoRouting>,
    pub routing_queue: Arc<SqsQueue>,
    pub logins: Arc<DynamoLogins>,
    pub subscriptions: Arc<DynamoSubscriptions>,
    /// The worker of the search index.
    pub index: worker_index::Deps,
    /// The worker of outgoing events.
    pub events: worker_events::Deps,
    /// The right of whoever makes the initial contents.
    pub proof: CallerProof,
}

/// The account and the key's hash of whoever makes the initial contents. No list shows them.
const MAKER: (&str, &str) = ("maker-of-worlds", "maker");

fn maker() -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&[MAKER.0]))
}

/// Stores an account.
pub fn put_account(db: &DynamoDb, account: AccountScope, now: Timestamp) {
    let id = account.account_id().to_string();
    let at = json!({"S": now.to_string()});
    let client = json!({"M": {
        "id": {"S": default_client().to_string()},
        "name": {"S": "Acme"},
        "created_at": at,
    }});
    let row = json!({
        "pk": {"S": format!("ACCOUNT#{id}")},
        "sk": {"S": "ACCOUNT"},
        "id": {"S": id},
        "name": {"S": "Acme"},
        "default_client": client,
        "created_at": at,
    });
    db.put_raw(&row).unwrap();
}

/// The client of connectors that name none.
fn default_client() -> ClientId {
    ClientId::derive(&["default"])
}

/// Stores the credential by which the initial contents are made.
pub fn put_credential(db: &DynamoDb) {
    let row = json!({
        "pk": {"S": format!("ACCOUNT#{}", maker().account_id())},
        "sk": {"S": format!("KEY#{}", MAKER.1)},
        "expires_at_time": {"S": "9999-01-01T00:00:00.000Z"},
    });
    db.put_raw(&row).unwrap();
}

impl Stores {
    /// The stores, over these adapters.
    pub fn over(adapters: &mut Adapters<'_>) -> Self {
        let vault = adapters.sealing_vault();
        Self {
            accounts: adapters.accounts(&vault),
            projects: adapters.projects(&vault),
            connectors: adapters.connectors(&vault),
            access_requests: adapters.access_requests(&vault),
            closings: adapters.closings(),
            end_users: adapters.end_users(&vault),
            intake: adapters.intake(&vault),
            standings: adapters.standings(),
            send_pacer: adapters.send_pacer(),
            team: adapters.team(&vault),
            routing: adapters.routing(),
            routing_queue: adapters.routing_queue(),
            logins: adapters.logins(&vault),
            subscriptions: adapters.subscriptions(&vault),
            index: worker_index::wire(adapters).0,
            events: worker_events::wire(adapters).unwrap().0,
            proof: CallerProof {
                credential: CredentialPlace::ApiKey {
                    hash: MAKER.1.to_owned(),
                },
                scope: maker(),
                member: None,
                roles_version: None,
            },
            vault,
        }
    }
}

impl World {
    /// Puts a message into a queue that no function would send. The group is for a FIFO queue.
    pub async fn enqueue_raw(&self, queue: &str, body: &str, group: &str) {
        let url = self.aws.queue_url(queue);
        let variable = |name: &str| self.links.variable("test", name);
        let mut settings = AwsSettings::read(&mut Vars::new(&variable));
        // Without the proxy, because no role may do this.
        settings.endpoint_url = Some(self.aws.url());
        let hash = HEXLOWER.encode(digest(&SHA256, body.as_bytes()).as_ref());
        let is_fifo = queue.strip_suffix(".fifo").is_some();
        aws_sdk_sqs::Client::new(&sdk_config(&settings))
            .send_message()
            .queue_url(url)
            .message_body(body)
            .set_message_group_id(is_fifo.then(|| group.to_owned()))
            .set_message_deduplication_id(is_fifo.then_some(hash))
            .send()
            .await
            .unwrap();
    }

    /// Closes a request as the deletion of a connector does. Returns whether it was still pending.
    pub async fn close(&self, request: AccessRequest) -> Result<bool, PortError> {
        let by = Actor {
            id: "member:grace".into(),
            name: "Grace Hopper".into(),
        };
        let decision = RequestDecision {
            verdict: Verdict::Reject,
            by,
            at: self.now(),
            note: None,
            reason: Some(ReasonCode::ConnectorDeleted),
        };
        let audit_id = AuditId::new(SystemIds.draw());
        let audit = decision.audit_entry(&request, audit_id, "test".to_owned());
        let implied = ImpliedDecision {
            request,
            decision,
            audit,
        };
        self.stores.closings.decide_implied(&implied).await
    }

    /// Lets a person who wrote at a connector have written at this many others as well.
    pub async fn wrote_at_others(&self, standing: &Standing, connectors: usize) {
        for number in 0..connectors {
            let introduction = Introduction {
                scope: self.scope,
                new_chat_user: None,
                standing: Standing {
                    connector_id: ConnectorId::derive(&["other", &number.to_string()]),
                    request_id: None,
                    request_pending: false,
                    version: 0,
                    ..standing.clone()
                },
                profile: None,
            };
            let written = self.stores.intake.introduce(&introduction, self.now());
            assert_eq!(written.await.unwrap(), Written::Done);
        }
    }

    /// Introduces a person anew by what a webhook read of them before.
    pub async fn introduce_anew(&self, user: &ChatUser, standing: &Standing) -> Written {
        let introduction = Introduction {
            scope: self.scope,
            new_chat_user: Some(ChatUser {
                block: None,
                version: 1,
                ..user.clone()
            }),
            standing: Standing {
                request_id: None,
                request_pending: false,
                version: 0,
                ..standing.clone()
            },
            profile: None,
        };
        let written = self.stores.intake.introduce(&introduction, self.now());
        written.await.unwrap()
    }

    /// Links the chat user of a person to the user with this id.
    pub async fn link(&self, person: &str, end_user: &str) -> Linked {
        let audit = audit(self.scope, self.now());
        let by = By {
            audit: &audit,
            proof: &self.stores.proof,
        };
        let (users, id) = (&self.stores.end_users, end_user.parse().unwrap());
        let linked = users.link(self.scope, id, self.chat_user_id(person), by);
        linked.await.unwrap()
    }

    /// Ends the link of a person's chat user.
    pub async fn unlink(&self, person: &str, keeps_access: bool) -> Unlinked {
        let audit = audit(self.scope, self.now());
        let by = By {
            audit: &audit,
            proof: &self.stores.proof,
        };
        let (users, id) = (&self.stores.end_users, self.chat_user_id(person));
        let unlinked = users.unlink(self.scope, id, keeps_access, by);
        unlinked.await.unwrap()
    }

    /// Stores a person's picture, as for a platform whose picture addresses are not public.
    pub async fn keep_avatar(&self, person: &str, bytes: Vec<u8>) {
        let profile = Profile {
            avatar_kept: true,
            ..Profile::default()
        };
        let avatar = AvatarImage::from_bytes(bytes);
        let learnt = FetchedProfile {
            profile: &profile,
            avatar: avatar.as_ref(),
            changed: &["avatar_url"],
            at: self.now(),
        };
        self.stores
            .standings
            .store_profile(self.scope, self.chat_user_id(person), learnt)
            .await
            .unwrap();
    }

    /// Creates a key with these permissions in an account and returns its token.
    pub async fn key(&self, account_id: AccountId, permissions: &[Permission]) -> String {
        self.key_of(account_id, permissions, None).await
    }

    /// Creates such a key that is limited to this environment, if one is given.
    pub async fn key_of(
        &self,
        account_id: AccountId,
        permissions: &[Permission],
        environment_id: Option<EnvironmentId>,
    ) -> String {
        let drawn = format!("{}{}", SystemIds.draw(), SystemIds.draw());
        let token = format!("vst_{account_id}_{}", drawn.get(..43).unwrap());
        let hash = HEXLOWER.encode(digest(&SHA256, token.as_bytes()).as_ref());
        let key = ApiKey {
            id: ApiKeyId::new(SystemIds.draw()),
            scope: AccountScope::of_verified(account_id),
            name: "Grace's key".into(),
            hash,
            permissions: permissions.iter().copied().collect(),
            environment_id,
            created_by: Actor {
                id: "test".into(),
                name: "Test".into(),
            },
            created_at: self.now(),
            expires_at: self.now().plus(Duration::from_hours(24)),
            owner: KeyOwner::Account,
            last_used_at: Some(self.now()),
            previous: None,
            made_by_credential: None,
            request_hash: None,
            version: 1,
        };
        let audit = AuditEntry {
            scope: key.scope,
            ..audit(self.scope, self.now())
        };
        let by = By {
            audit: &audit,
            proof: &self.stores.proof,
        };
        self.stores.accounts.insert_key(&key, by).await.unwrap();
        token
    }

    /// Changes the connector that requires approval.
    pub async fn change_connector(&mut self, change: impl FnOnce(&mut Connector)) {
        let connectors = &self.stores.connectors;
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

    /// Changes the environment of the world's connectors, past the rules of the API.
    pub async fn change_environment(&self, change: impl FnOnce(&mut Environment)) {
        let environments = &self.stores.projects;
        let mut environment = environments
            .get_environment(self.scope, self.connector.environment_id)
            .await
            .unwrap()
            .unwrap();
        change(&mut environment);
        environments
            .update_environment(&environment, &audit(self.scope, self.now()))
            .await
            .unwrap();
    }

    /// Adds an environment whose agent is the world's too, and an open connector of this name that leads to it.
    /// The platform tells connectors apart by the length of their names.
    pub async fn another_environment(&self, name: &str) -> Connector {
        let (scope, now) = (self.scope, self.now());
        let vault = self.stores.vault.as_ref();
        let environment = environment(scope, name, &self.to_agent, vault, now).await;
        let environments = &self.stores.projects;
        let layout = environments.layout(scope).await.unwrap();
        let environment = Environment {
            position: layout.next_position(),
            ..environment
        };
        environments
            .create_environment(&environment, layout.version, &audit(scope, now))
            .await
            .unwrap();
        self.connector_on(self.platform, name, environment.id, Policy::AllowAll)
            .await
    }

    /// Adds a connector of any platform that leads to this environment.
    pub async fn connector_on(
        &self,
        platform: Platform,
        name: &str,
        environment_id: EnvironmentId,
        policy: Policy,
    ) -> Connector {
        let (scope, now, named) = (self.scope, self.now(), (platform, name));
        let vault = self.stores.vault.as_ref();
        let connector = connector_row(scope, environment_id, policy, named, vault, now).await;
        let connectors = &self.stores.connectors;
        connectors
            .create_connector(&connector, &audit(scope, now))
            .await
            .unwrap();
        open_account(&self.slack, platform, &connector);
        connector
    }

    /// Settings and secrets of the open connector's app, sealed for another connector.
    pub async fn other_secrets(
        &self,
        connector: &Connector,
    ) -> (BTreeMap<String, String>, SealedSecrets) {
        let name = &self.open.name;
        let other = connector_row(
            self.scope,
            connector.environment_id,
            connector.policy,
            (self.platform, name),
            self.stores.vault.as_ref(),
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
            .stores
            .vault
            .seal(&secrets, &move |field: &str| {
                secret_context(scope, id, field)
            })
            .await
            .unwrap();
        (other.settings, sealed)
    }
}

/// The project, with one environment.
pub async fn make_project(
    stores: &Stores,
    scope: ProjectScope,
    environment: &Environment,
    now: Timestamp,
) {
    let project = Project {
        scope,
        name: "Concierge".into(),
        history_days: HistoryDays::default(),
        archived_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    stores
        .projects
        .create_project(
            &project,
            std::slice::from_ref(environment),
            &audit(scope, now),
        )
        .await
        .unwrap();
}

pub async fn environment(
    scope: ProjectScope,
    name: &str,
    to_agent: &FaultProxy,
    vault: &KmsVault,
    now: Timestamp,
) -> Environment {
    let id = EnvironmentId::derive(&[name]);
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
        name: name.to_owned(),
        position: 0,
        agent: Some(AgentEndpoint {
            endpoint: format!("{}/deliveries", to_agent.url()),
            signing_secret,
            previous_signing_secrets: Vec::new(),
            timeout: AgentTimeout::default(),
            max_in_flight: MaxInFlight::default(),
            delivery_days: DeliveryDays::default(),
            events: BTreeSet::new(),
        }),
        request_hash: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

pub async fn connector_row(
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
        client_id: default_client(),
        name: name.to_owned(),
        policy,
        onboarding_since: (policy == Policy::OnBoarding).then_some(now),
        onboarding_message: (policy == Policy::OnBoarding).then(|| WELCOME.to_owned()),
        request_cooldown: Duration::from_hours(24),
        // Tests let hundreds of strangers write within one minute.
        request_limits: RequestLimits {
            new_per_minute: NEW_REQUESTS_PER_MINUTE_MAX,
            ..RequestLimits::default()
        },
        // Separate tests cover what follows an approval.
        after_approval: AfterApproval {
            mode: ApprovalMode::Silent,
            ..AfterApproval::default()
        },
        settings,
        secrets: sealed,
        created_at: now,
        updated_at: now,
        ..vestibule_samples::connector(Provider::new(platform.key()))
    }
}

pub fn audit(scope: ProjectScope, now: Timestamp) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(SystemIds.draw()),
        scope: scope.account(),
        at: now,
        actor: Actor {
            id: "test".into(),
            name: "Test".into(),
        },
        change: Change {
            event: Event::ProjectUpdated(scope.project_id()),
            before: json!(null),
            after: json!(null),
        },
        request_id: "test".into(),
        told: Told::default(),
    }
}
