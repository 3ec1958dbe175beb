//! The stores over one table, with the people and records of the tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};
use vestibule_adapters::clock::SystemClock;
use vestibule_adapters::dynamo::{
    DynamoAccounts, DynamoAudit, DynamoCredentials, DynamoLogins, DynamoMails, DynamoSetUp,
    DynamoTeam,
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{
        Account, Client,
        actor::Actor,
        api_key::{ApiKey, KeyOwner},
        email_address::EmailAddress,
        permission::Permissions,
        proof::{CallerProof, CredentialPlace},
        rules::AccountRules,
    },
    event::{AuditEntry, Change, Event, told::Told},
    ids::{
        AccountId, ApiKeyId, AuditId, ClientId, IdSource, InvitationId, LoginId, MemberId,
        SystemIds,
    },
    page::{Order, PageRequest},
    ports::{
        Acceptance, Accepted, AcceptingLogin, AccountPlace, AccountStore, ApiKeyStore, By,
        DeviceToken, InvitationStore, Invited, LoginStore, MemberStore, NewAccount, NewInvitation,
        Opening, SessionStore,
    },
    team::{
        availability::Availability,
        client_access::ClientAccess,
        invitation::{Invitation, InvitationToken, InvitedMethod, TokenKind},
        login::{Login, Preferences},
        mail::{Mail, MailKind, MailOwner},
        member::{Member, MemberStatus},
        role::RoleKey,
        session::{Device, SESSION_LIFE, Session, SessionStage, SignInMethod},
        work::Work,
    },
    vars::Vars,
};
use vestibule_testkit::{
    TestClock,
    aws_stub::AwsStub,
    dynamodb::DynamoDb,
    fault_proxy::{ArrivedCall, FaultProxy, Inspector},
};

const NOW: i64 = 1_780_000_000;

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((NOW + second) * 1000)
}

pub fn scope(account: &str) -> AccountScope {
    AccountScope::of_verified(AccountId::derive(&[account]))
}

pub fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

/// A person: one login, the same in every account.
pub fn login(name: &str) -> Login {
    Login {
        id: LoginId::derive(&[name]),
        email: email(name),
        address_since: at(0),
        name: name.to_owned(),
        verified_at: Some(at(0)),
        password: None,
        factor: None,
        preferences: Preferences::default(),
        left_at: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The member that a person is to be in an account.
pub fn member(account: &str, name: &str, role: RoleKey, status: MemberStatus) -> Member {
    let login_id = (status != MemberStatus::Pending).then(|| LoginId::derive(&[name]));
    Member {
        id: MemberId::derive(&[account, name]),
        scope: scope(account),
        login_id,
        email: email(name),
        name: name.to_owned(),
        role,
        extra: BTreeSet::new(),
        clients: ClientAccess::All,
        work: Work::default(),
        availability: Availability::available(at(0)),
        limit: None,
        status,
        invitation_id: None,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub fn session(name: &str) -> Session {
    Session {
        login_id: LoginId::derive(&[name]),
        hash: format!("session-of-{name}"),
        method: SignInMethod::Password,
        stage: SessionStage::Full,
        factor_at: None,
        device: Device::default(),
        created_at: at(0),
        expires_at: at(0).plus(SESSION_LIFE),
        last_active_at: at(0),
        has_factor: false,
        login_version: 1,
        seen: BTreeMap::new(),
    }
}

/// The right of a person's session, with the member as it was read.
pub fn proof(member: &Member, name: &str) -> CallerProof {
    CallerProof {
        credential: CredentialPlace::Session {
            login_id: LoginId::derive(&[name]),
            hash: session(name).hash,
        },
        scope: member.scope,
        member: Some((member.id, member.version)),
        roles_version: None,
    }
}

/// The right of a key of the account.
pub fn key_proof(key: &ApiKey) -> CallerProof {
    CallerProof {
        credential: CredentialPlace::ApiKey {
            hash: key.hash.clone(),
        },
        scope: key.scope,
        member: None,
        roles_version: None,
    }
}

/// An entry of this account.
pub fn entry(account: &str, event: Event, second: i64) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(SystemIds.draw()),
        scope: scope(account),
        at: at(second),
        actor: Actor::system(),
        change: Change {
            event,
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
        },
        request_id: "r".to_owned(),
        told: Told::default(),
    }
}

/// An unlimited key of the account itself.
pub fn way_in(account: &str, name: &str) -> ApiKey {
    ApiKey {
        id: ApiKeyId::derive(&[account, name]),
        scope: scope(account),
        name: name.to_owned(),
        hash: format!("key-{account}-{name}"),
        previous: None,
        permissions: Permissions::All,
        environment_id: None,
        created_by: Actor::system(),
        made_by_credential: None,
        created_at: at(0),
        expires_at: at(1_000_000),
        owner: KeyOwner::Account,
        last_used_at: None,
        request_hash: None,
        version: 1,
    }
}

pub fn first_page() -> PageRequest {
    PageRequest {
        limit: 100,
        cursor: None,
        order: Order::NewestFirst,
    }
}

/// The stores over one table, behind a proxy that can break calls and that notes every text sent to the table.
pub struct TeamStores {
    pub db: DynamoDb,
    // Keys of the vault.
    _aws: AwsStub,
    pub to_db: FaultProxy,
    pub sent: Arc<Mutex<Vec<String>>>,
    pub accounts: Arc<DynamoAccounts>,
    pub team: Arc<DynamoTeam>,
    pub credentials: Arc<DynamoCredentials>,
    pub logins: Arc<DynamoLogins>,
    pub mails: Arc<DynamoMails>,
    pub set_up: Arc<DynamoSetUp>,
    pub audit: Arc<DynamoAudit>,
}

/// Collects the text attributes of a request.
fn texts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(text) if name == "S" => found.push(text.to_owned()),
                    _ => texts(value, found),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// A plain value in DynamoDB's form.
fn attribute(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => serde_json::json!({"S": text}),
        serde_json::Value::Number(number) => serde_json::json!({"N": number.to_string()}),
        serde_json::Value::Bool(flag) => serde_json::json!({"BOOL": flag}),
        serde_json::Value::Null => serde_json::json!({"NULL": true}),
        serde_json::Value::Array(values) => {
            let values: Vec<_> = values.iter().map(attribute).collect();
            serde_json::json!({"L": values})
        }
        serde_json::Value::Object(fields) => {
            let fields: serde_json::Map<_, _> = fields
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)))
                .collect();
            serde_json::json!({"M": fields})
        }
    }
}

impl TeamStores {
    pub async fn start() -> Self {
        let db = DynamoDb::start().await.unwrap();
        let aws = AwsStub::start(TestClock::at(NOW * 1000)).await.unwrap();
        aws.create_key("key");
        let sent = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&sent);
        let inspector = Inspector::new(move |call: &ArrivedCall| {
            texts(&call.input, &mut noted.lock().unwrap());
            Ok(())
        });
        let to_db = FaultProxy::start_inspected(db.url(), inspector)
            .await
            .unwrap();
        let (table, aws_url) = (to_db.url(), aws.url());
        let variable = |name: &str| {
            let value = match name {
                "AWS_REGION" => "us-east-1",
                "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
                "AWS_ENDPOINT_URL" => aws_url.as_str(),
                "AWS_ENDPOINT_URL_DYNAMODB" => table.as_str(),
                "TABLE_NAME" => db.table_name(),
                "KMS_KEY_ID" => "key",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let mut adapters = Adapters::new(Vars::new(&variable), Arc::new(SystemClock));
        let vault = adapters.sealing_vault();
        let accounts = adapters.accounts(&vault);
        let (team, credentials) = (adapters.team(&vault), adapters.credentials(&vault));
        let (logins, mails) = (adapters.logins(&vault), adapters.mails());
        let (set_up, audit) = (adapters.set_up(), adapters.audit(&vault));
        adapters.finish().unwrap();
        Self {
            db,
            _aws: aws,
            to_db,
            sent,
            accounts,
            team,
            credentials,
            logins,
            mails,
            set_up,
            audit,
        }
    }

    /// An account whose super admin is this person, who is signed in.
    pub async fn account(&self, account: &str, admin: &str) -> Member {
        let member = member(account, admin, RoleKey::SuperAdmin, MemberStatus::Active);
        let id = scope(account).account_id();
        let new = NewAccount {
            account: Account {
                id,
                name: account.to_owned(),
                rules: AccountRules::default(),
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
            client: Client {
                id: ClientId::derive(&[account]),
                name: account.to_owned(),
                channels: BTreeSet::new(),
                first_reply_minutes: None,
                is_default: true,
                request_hash: None,
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
            member: member.clone(),
            login: None,
            invitation: None,
            mail: None,
            audit: entry(account, Event::AccountCreated(id), 0),
            proof: None,
        };
        self.accounts.create_account(&new).await.unwrap();
        self.sign_in_once(admin).await;
        member
    }

    /// Opens the person's session.
    pub async fn sign_in(&self, name: &str) {
        let opening = Opening {
            end: Vec::new(),
            device: DeviceToken {
                hash: "device".to_owned(),
            },
            mail: None,
            audits: Vec::new(),
        };
        let session = session(name);
        self.logins.open_session(&session, &opening).await.unwrap();
    }

    /// Invites a person, and returns the invitation with its member.
    pub async fn invite(&self, admin: &Member, name: &str, role: RoleKey) -> (Invitation, Member) {
        let account = &admin.scope;
        let new = invitation(*account, name, role, 1);
        let event = Event::MemberInvited(new.member.id);
        let audit = AuditEntry {
            scope: *account,
            ..entry("any", event, 1)
        };
        let proof = proof(admin, &admin.name);
        let by = By {
            audit: &audit,
            proof: &proof,
        };
        let invited = self.team.invite(&new, by).await.unwrap();
        assert!(matches!(invited, Invited::New), "{invited:?}");
        (new.invitation, new.member)
    }

    /// Lets a person join, and returns the member as stored.
    pub async fn join(&self, admin: &Member, name: &str, role: RoleKey) -> Member {
        let (invitation, member) = self.invite(admin, name, role).await;
        let known = self.logins.find_login(&email(name)).await.unwrap();
        let login = known.map_or_else(
            || AcceptingLogin::New(login(name)),
            AcceptingLogin::Existing,
        );
        let acceptance = accepting(&invitation, &member, name, login);
        let accepted = self.team.accept(&acceptance).await.unwrap();
        assert_eq!(accepted, Accepted::Joined);
        self.sign_in_once(name).await;
        self.stored(&member).await
    }

    pub async fn sign_in_once(&self, name: &str) {
        let login_id = LoginId::derive(&[name]);
        if self
            .logins
            .list_sessions(login_id)
            .await
            .unwrap()
            .is_empty()
        {
            self.sign_in(name).await;
        }
    }

    pub async fn stored(&self, member: &Member) -> Member {
        let stored = self.team.get_member(member.scope, member.id).await.unwrap();
        stored.unwrap()
    }

    /// The accounts of a person.
    pub async fn logins_accounts(&self, name: &str) -> Vec<AccountPlace> {
        self.logins
            .accounts(LoginId::derive(&[name]))
            .await
            .unwrap()
    }

    /// Changes the status of a stored member without our application code.
    pub fn overwrite(&self, member: &Member) {
        let id = member.id.to_string();
        let rows = self.db.items().unwrap();
        let row = rows
            .iter()
            .find(|row| row["sk"] == "MEMBER" && row["id"] == id.as_str())
            .unwrap();
        let status = serde_json::to_value(member.status).unwrap();
        let mut item = serde_json::Map::new();
        for (name, value) in row {
            let value = if name == "status" { &status } else { value };
            item.insert(name.clone(), attribute(value));
        }
        self.db.put_raw(&item.into()).unwrap();
    }

    pub async fn add_key(&self, key: &ApiKey, by: &CallerProof) {
        let audit = AuditEntry {
            scope: key.scope,
            ..entry("any", Event::ApiKeyCreated(key.id), 1)
        };
        let by = By {
            audit: &audit,
            proof: by,
        };
        self.accounts.insert_key(key, by).await.unwrap();
    }
}

/// An invitation of a person by password, with its mail.
pub fn invitation(account: AccountScope, name: &str, role: RoleKey, number: u32) -> NewInvitation {
    let id = account.account_id().to_string();
    let number_text = number.to_string();
    let invitation_id = InvitationId::derive(&[&id, name, &number_text]);
    let member_id = MemberId::derive(&[&id, name, &number_text]);
    let invitation = Invitation {
        id: invitation_id,
        scope: account,
        member_id,
        email: email(name),
        method: InvitedMethod::Password,
        invited_by: Actor::system(),
        tokens: vec![InvitationToken {
            hash: "token".to_owned(),
            kind: TokenKind::Mailed,
            made_at: at(1),
        }],
        copied_rights: None,
        sends: 1,
        resent_at: Vec::new(),
        opened_at: None,
        accepted_at: None,
        revoked_at: None,
        expires_at: at(604_800),
        request_hash: None,
        version: 1,
        created_at: at(1),
        updated_at: at(1),
    };
    let member = Member {
        id: member_id,
        scope: account,
        invitation_id: Some(invitation_id),
        ..member("any", name, role, MemberStatus::Pending)
    };
    let kind = MailKind::Invitation {
        account_name: "Acme".to_owned(),
        invited_by: "System".to_owned(),
        role_name: "Agent".to_owned(),
        expires_at: at(604_800),
        invitation_id: Some(invitation_id),
    };
    let mail = Mail::queued(
        Mail::id_of_invitation(invitation_id, 1),
        MailOwner::Account(account),
        email(name),
        None,
        kind,
        None,
        at(1),
    );
    NewInvitation {
        invitation,
        member,
        mail: Some(mail),
        replaces: None,
    }
}

/// The acceptance of an invitation by this login.
pub fn accepting(
    invitation: &Invitation,
    pending: &Member,
    name: &str,
    login: AcceptingLogin,
) -> Acceptance {
    let login_id = login.login().id;
    Acceptance {
        invitation: invitation.clone(),
        member: Member {
            login_id: Some(login_id),
            name: name.to_owned(),
            status: MemberStatus::Active,
            ..pending.clone()
        },
        login,
        roles_version: None,
        session: None,
        opening: None,
        identity: None,
        audit: AuditEntry {
            scope: invitation.scope,
            ..entry("any", Event::MemberJoined(pending.id), 2)
        },
    }
}
