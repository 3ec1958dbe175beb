//! The records of the people who run an account, straight from their stores: what is written is read back, two at
//! once, callers who lost their right, and answers that were lost.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinSet;
use vestibule_adapters::dynamo::{
    DynamoAccounts, DynamoAudit, DynamoCredentials, DynamoLogins, DynamoMails, DynamoSetUp,
    DynamoTeam,
};
use vestibule_coldstart::Adapters;
use vestibule_domain::{
    AccountScope, SystemClock, Timestamp,
    account::{
        Account, Client,
        actor::Actor,
        api_key::{ApiKey, KeyOwner, PREVIOUS_HASH_KEPT, PreviousHash},
        credential::CredentialClaim,
        email_address::EmailAddress,
        permission::Permissions,
        proof::{CallerProof, CredentialPlace},
        rules::AccountRules,
    },
    event::{AuditEntry, Change, Event},
    ids::{
        AccountId, ApiKeyId, AuditId, ClientId, IdSource, InvitationId, LeaseId, LoginId,
        LoginMethodId, MailId, MemberId, SystemIds,
    },
    job::SendMail,
    page::{Order, Page, PageRequest},
    ports::{
        Acceptance, Accepted, AcceptingLogin, AccountPlace, AccountStore, Admission, ApiKeyStore,
        AuditFilter, AuditStore, Block, By, Claim, CredentialStore, DeviceToken, FirstAdmin,
        FirstAdminStore, FlowPurpose, FlowStore, InvitationStore, Invited, Lease, LoginChange,
        LoginStore, MailStore, MemberFilter, MemberStore, NewAccount, NewInvitation, Opening,
        RecordedEvent, Recovery, RecoveryOutcome, Reset, SessionStore, SetUpReader, SignInFlow,
        ThrottleStore,
    },
    team::{
        invitation::{Invitation, InvitationStatus, InvitationToken, InvitedMethod, TokenKind},
        login::{Login, Preferences},
        mail::{Mail, MailEvent, MailEventKind, MailKind, MailOwner, MailStatus},
        member::{ClientAccess, Member, MemberStatus},
        role::RoleKey,
        session::{Device, SESSION_LIFE, Session, SessionStage, SignInMethod},
        throttle::ThrottleKind,
    },
    vars::Vars,
};
use vestibule_testkit::{
    TestClock,
    aws_stub::AwsStub,
    dynamodb::DynamoDb,
    fault_proxy::{ArrivedCall, Fault, FaultProxy, Inspector, Rule},
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
        name: name.to_owned(),
        verified_at: Some(at(0)),
        password: None,
        factor: None,
        preferences: Preferences::default(),
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
pub struct Team {
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

impl Team {
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
                "AWS_ENDPOINT_URL" => &aws_url,
                "AWS_ENDPOINT_URL_DYNAMODB" => &table,
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
                is_default: true,
                request_hash: None,
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
            member: member.clone(),
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
            |login| AcceptingLogin::Existing(login, Vec::new()),
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
    let login_id = match &login {
        AcceptingLogin::New(login) | AcceptingLogin::Existing(login, _) => login.id,
    };
    Acceptance {
        invitation: invitation.clone(),
        member: Member {
            login_id: Some(login_id),
            name: name.to_owned(),
            status: MemberStatus::Active,
            ..pending.clone()
        },
        login,
        session: None,
        identity: None,
        audit: AuditEntry {
            scope: invitation.scope,
            ..entry("any", Event::MemberJoined(pending.id), 2)
        },
    }
}

/// SPEC D17, D19, E16.
#[tokio::test(flavor = "multi_thread")]
async fn an_invited_person_joins_and_is_found_by_every_way_that_leads_to_them() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let view = team.team.get_invitation(admin.scope, invited.id).await;
    let view = view.unwrap().unwrap();
    assert_eq!((&view.invitation, &view.member), (&invited, &pending));
    assert_eq!(view.mails.len(), 1);
    team.team
        .note_opened(admin.scope, invited.id, at(2))
        .await
        .unwrap();
    let new = AcceptingLogin::New(login("bob"));
    let accepted = team
        .team
        .accept(&accepting(&invited, &pending, "bob", new))
        .await
        .unwrap();
    assert_eq!(accepted, Accepted::Joined);
    team.sign_in("bob").await;

    let found = team.logins.find_login(&email("bob")).await.unwrap();
    assert_eq!(found, Some(login("bob")));
    let places = team.logins.accounts(login("bob").id).await.unwrap();
    assert_eq!(places.len(), 1);
    assert_eq!(places[0].standing.member.status, MemberStatus::Active);
    let claim = CredentialClaim::Session {
        login_id: login("bob").id,
        hash: session("bob").hash,
        account_id: Some(admin.scope.account_id()),
    };
    let credential = team.credentials.find_credential(&claim).await.unwrap();
    let caller = credential.unwrap().caller(&claim, at(3)).unwrap();
    assert_eq!(caller.member_id, Some(pending.id));
    let all = team
        .team
        .list_members(admin.scope, &MemberFilter::default(), &first_page())
        .await
        .unwrap();
    let names: Vec<_> = all
        .items
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, ["ada", "bob"]);
    let agents = MemberFilter {
        role: Some(RoleKey::Agent),
        status: Some(MemberStatus::Active),
    };
    let agents = team
        .team
        .list_members(admin.scope, &agents, &first_page())
        .await
        .unwrap();
    assert_eq!(agents.items.len(), 1);
    let listed = team
        .team
        .list_invitations(admin.scope, &first_page())
        .await
        .unwrap();
    assert_eq!(
        listed.items[0].invitation.status(at(3)),
        InvitationStatus::Accepted
    );
}

/// SPEC D16, D21.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_invited_once_unless_the_new_invitation_replaces_the_old_one() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let (first, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let (audit, proof) = (
        entry("a", Event::MemberInvited(pending.id), 2),
        proof(&admin, "ada"),
    );
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    let again = invitation(admin.scope, "bob", RoleKey::Agent, 1);
    let again = team.team.invite(&again, by).await.unwrap();
    assert!(matches!(again, Invited::Existing(stored) if *stored == first));
    let mut other = invitation(admin.scope, "bob", RoleKey::SuperAdmin, 2);
    let taken = team.team.invite(&other, by).await.unwrap();
    let Invited::Taken(holder, Some(held)) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!((*holder, *held), (pending.clone(), first.clone()));
    other.replaces = Some(first.clone());
    let invited = team.team.invite(&other, by).await.unwrap();
    assert!(matches!(invited, Invited::New), "{invited:?}");
    assert_eq!(team.stored(&pending).await.status, MemberStatus::Removed);
    let new = AcceptingLogin::New(login("bob"));
    let late = accepting(&first, &pending, "bob", new.clone());
    assert_eq!(
        team.team.accept(&late).await.unwrap(),
        Accepted::NotPending(InvitationStatus::Revoked)
    );
    let accepted = accepting(&other.invitation, &other.member, "bob", new);
    assert_eq!(team.team.accept(&accepted).await.unwrap(), Accepted::Joined);
}

/// Issue 11, races: 50 parallel accepts of one invitation make one member.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_who_accept_one_invitation_at_once_make_one_member_and_one_login() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let mut tries = JoinSet::new();
    for number in 0..50 {
        let new = AcceptingLogin::New(Login {
            id: LoginId::derive(&["bob", &number.to_string()]),
            ..login("bob")
        });
        let acceptance = accepting(&invited, &pending, "bob", new);
        let store = Arc::clone(&team.team);
        tries.spawn(async move { store.accept(&acceptance).await });
    }
    let outcomes = tries.join_all().await;
    let joined = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Accepted::Joined)));
    assert_eq!(joined.count(), 1, "{outcomes:?}");
    let rows = team.db.items().unwrap();
    let of = |sk: &str| rows.iter().filter(|row| row["sk"] == sk).count();
    assert_eq!((of("LOGIN"), of("EMAIL"), of("MEMBER")), (1, 1, 2));
}

/// SPEC E04: rights are checked in the transaction of the change.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_lost_the_right_meanwhile_changes_nothing() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let bob = team.join(&admin, "bob", RoleKey::SuperAdmin).await;
    let cleo = team.join(&admin, "cleo", RoleKey::Agent).await;
    let audit = entry("a", Event::MemberSuspended(cleo.id), 5);
    let suspended = |member: &Member| Member {
        status: MemberStatus::Suspended,
        ..member.clone()
    };
    let of_bob = proof(&bob, "bob");
    let stale = By {
        audit: &audit,
        proof: &of_bob,
    };
    // The member changed.
    let of_ada = proof(&admin, "ada");
    let other = entry("a", Event::MemberUpdated(bob.id), 5);
    let by_ada = By {
        audit: &other,
        proof: &of_ada,
    };
    let demoted = Member {
        role: RoleKey::Agent,
        ..bob.clone()
    };
    team.team
        .update_member(&demoted, &bob, &[], by_ada)
        .await
        .unwrap();
    let after = suspended(&cleo);
    let refused = team.team.update_member(&after, &cleo, &[], stale).await;
    assert!(CallerProof::is_lost(&refused.unwrap_err()));
    // The session ended.
    let now = team.stored(&bob).await;
    let of_bob = proof(&now, "bob");
    team.logins
        .end_sessions(LoginId::derive(&["bob"]), &[session("bob").hash], &[])
        .await
        .unwrap();
    let ended = By {
        audit: &audit,
        proof: &of_bob,
    };
    let refused = team.team.update_member(&after, &cleo, &[], ended).await;
    assert!(CallerProof::is_lost(&refused.unwrap_err()));
    assert_eq!(team.stored(&cleo).await.status, MemberStatus::Active);
}

/// RELIABILITY §2.2.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_was_lost_took_effect_once_and_says_so() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let (invited, pending) = team.invite(&admin, "bob", RoleKey::Agent).await;
    let lost = || Rule::new("DynamoDB.TransactWriteItems", Fault::ResetAfter);
    team.to_db.inject(lost());
    let new = AcceptingLogin::New(login("bob"));
    let acceptance = accepting(&invited, &pending, "bob", new);
    let accepted = team.team.accept(&acceptance).await.unwrap();
    assert_eq!(accepted, Accepted::Joined);
    let bob = team.stored(&pending).await;
    let audit = entry("a", Event::MemberUpdated(bob.id), 5);
    let proof = proof(&admin, "ada");
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    let promoted = Member {
        role: RoleKey::SuperAdmin,
        ..bob.clone()
    };
    team.to_db.inject(lost());
    team.team
        .update_member(&promoted, &bob, &[], by)
        .await
        .unwrap();
    assert!(!team.to_db.has_pending_rules());
    let stored = team.stored(&bob).await;
    assert_eq!((stored.role, stored.version), (RoleKey::SuperAdmin, 3));
}

/// SPEC D29: the old secret is taken for 24 hours, and renewing keeps the id.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_found_by_both_of_its_hashes_and_a_renewed_one_by_its_own() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let proof = proof(&admin, "ada");
    let first = way_in("a", "script");
    team.add_key(&first, &proof).await;
    let rotated = ApiKey {
        hash: "key-2".to_owned(),
        previous: Some(PreviousHash {
            hash: first.hash.clone(),
            until: at(5).plus(PREVIOUS_HASH_KEPT),
        }),
        ..first.clone()
    };
    let audit = entry("a", Event::ApiKeyRotated(first.id), 5);
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    team.accounts
        .rotate_key(&rotated, &first, by)
        .await
        .unwrap();
    for hash in [&first.hash, &rotated.hash] {
        let claim = CredentialClaim::ApiKey {
            account_id: admin.scope.account_id(),
            hash: hash.clone(),
        };
        let found = team.credentials.find_credential(&claim).await.unwrap();
        assert!(found.unwrap().caller(&claim, at(6)).is_ok(), "{hash}");
    }
    let stored = team.accounts.get_key(admin.scope, first.id).await.unwrap();
    let stored = stored.unwrap();
    let renewed = ApiKey {
        expires_at: at(2_000_000),
        ..stored.clone()
    };
    let audit = entry("a", Event::ApiKeyRenewed(first.id), 6);
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    team.accounts.renew_key(&renewed, by).await.unwrap();
    let listed = team
        .accounts
        .list_keys(admin.scope, &first_page())
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].expires_at, at(2_000_000));
}

/// SPEC D15, D25.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_told_before_the_outcome_is_recorded_stays_on_the_mail() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    team.invite(&admin, "bob", RoleKey::Agent).await;
    let new = invitation(admin.scope, "bob", RoleKey::Agent, 1);
    let mail = new.mail.unwrap();
    let job = SendMail {
        owner: mail.owner,
        mail_id: mail.id,
    };
    let lease = Lease {
        id: LeaseId::derive(&["one"]),
        now: at(2),
        time: Duration::from_secs(30),
    };
    let Claim::Claimed(mut claimed) = team.mails.claim_mail(job, &lease).await.unwrap() else {
        panic!("the mail waits to be sent");
    };
    assert_eq!(claimed, mail);
    for _ in 0..2 {
        team.mails.begin(job, lease.id).await.unwrap();
    }
    let bounced = MailEvent::new(MailEventKind::BouncedHard, at(4), Some("no such user"));
    for expected in [RecordedEvent::New, RecordedEvent::Known] {
        let recorded = team.mails.record_event(job, bounced.clone(), true).await;
        assert_eq!(recorded.unwrap(), expected);
    }
    claimed.tries = 1;
    claimed.ses_id = Some("ses-1".to_owned());
    claimed.take(MailEvent::new(MailEventKind::Sent, at(3), None));
    for _ in 0..2 {
        team.mails
            .settle_mail(job, lease.id, &claimed)
            .await
            .unwrap();
    }
    let found = team.mails.find_by_ses_id("ses-1").await.unwrap();
    assert_eq!(found, Some(job));
    let view = team
        .team
        .get_invitation(admin.scope, new.invitation.id)
        .await;
    let stored = view.unwrap().unwrap().mails.remove(0);
    assert_eq!(stored.status, MailStatus::Bounced);
    assert_eq!((stored.events.len(), stored.tries), (3, 1));
    assert!(matches!(
        team.mails.claim_mail(job, &lease).await.unwrap(),
        Claim::NothingPending
    ));
    let blocked = team.mails.is_blocked(&mail).await.unwrap();
    assert_eq!(blocked, Some(Block::HardBounce));
    let event = Event::InvitationMailBlockLifted(new.invitation.id);
    let (audit, proof) = (entry("a", event, 10), proof(&admin, "ada"));
    let by = By {
        audit: &audit,
        proof: &proof,
    };
    let lifted = team.mails.lift_block(admin.scope, &mail.to, by).await;
    assert!(lifted.unwrap());
    assert_eq!(team.mails.is_blocked(&mail).await.unwrap(), None);
    let of_another = Mail {
        owner: MailOwner::Account(scope("b")),
        ..mail
    };
    let elsewhere = team.mails.is_blocked(&of_another).await.unwrap();
    assert_eq!(elsewhere, Some(Block::HardBounce));
}

/// SPEC D28.
#[tokio::test(flavor = "multi_thread")]
async fn a_throttle_admits_a_burst_and_then_says_how_long_to_wait() {
    let team = Team::start().await;
    let kind = ThrottleKind::Factor;
    for _ in 0..kind.rule().burst {
        let admission = team.logins.admit(kind, "bob", at(0)).await.unwrap();
        assert_eq!(admission, Admission::Admitted);
    }
    let Admission::Wait(wait) = team.logins.admit(kind, "bob", at(0)).await.unwrap() else {
        panic!("the burst is used up");
    };
    assert_eq!(wait, kind.rule().interval);
    let other = team.logins.admit(kind, "cleo", at(0)).await.unwrap();
    assert_eq!(other, Admission::Admitted);
    let later = at(0).plus(wait);
    let again = team.logins.admit(kind, "bob", later).await.unwrap();
    assert_eq!(again, Admission::Admitted);
}

/// SPEC D18, D27: a link and a flow count once.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_and_a_sign_in_at_a_provider_count_once_and_not_after_their_time() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let bob = team.join(&admin, "bob", RoleKey::Agent).await;
    let login_id = bob.login_id.unwrap();
    let reset = Reset {
        login_id,
        hash: "reset".to_owned(),
        expires_at: at(1800),
    };
    let mail = |name: &str, kind| {
        let owner = MailOwner::Login(login_id);
        let id = MailId::derive(&[name]);
        Mail::queued(id, owner, email("bob"), None, kind, None, at(0))
    };
    let kind = MailKind::PasswordReset {
        expires_at: at(1800),
    };
    for (name, reset) in [("known", Some(&reset)), ("unknown", None)] {
        team.to_db.reset_counts();
        let mail = mail(name, kind.clone());
        team.logins
            .ask_reset(&email(name), reset, &mail)
            .await
            .unwrap();
        assert_eq!(team.to_db.sequence(), ["DynamoDB.TransactWriteItems"]);
    }
    let find = |second| team.logins.find_reset(login_id, "reset", at(second));
    assert_eq!(find(1799).await.unwrap(), Some(reset));
    assert_eq!(find(1800).await.unwrap(), None);
    let spend = LoginChange {
        reset: Some("reset".to_owned()),
        ..LoginChange::default()
    };
    let login = team.logins.get_login(login_id).await.unwrap().unwrap();
    team.logins.update_login(&login, &spend).await.unwrap();
    let login = team.logins.get_login(login_id).await.unwrap().unwrap();
    assert!(team.logins.update_login(&login, &spend).await.is_err());

    let flow = SignInFlow {
        state_hash: "state".to_owned(),
        browser_hash: "browser".to_owned(),
        scope: admin.scope,
        method_id: LoginMethodId::derive(&["m"]),
        issuer: None,
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
        purpose: FlowPurpose::SignIn,
        return_to: "/console/".to_owned(),
        expires_at: at(600),
    };
    team.logins.save_flow(&flow).await.unwrap();
    let lost = Rule::new("DynamoDB.TransactWriteItems", Fault::ResetAfter);
    team.to_db.inject(lost);
    let taken = team.logins.take_flow("state", at(1)).await.unwrap();
    assert_eq!(taken, Some(flow.clone()));
    assert_eq!(team.logins.take_flow("state", at(1)).await.unwrap(), None);
    team.logins.save_flow(&flow).await.unwrap();
    assert_eq!(team.logins.take_flow("state", at(600)).await.unwrap(), None);
}

async fn listed(team: &Team, filter: AuditFilter, limit: u16) -> Vec<String> {
    let mut found = Vec::new();
    let mut page = PageRequest {
        limit,
        ..first_page()
    };
    loop {
        let Page { items, next } = team
            .audit
            .list_audit(scope("a"), &filter, &page)
            .await
            .unwrap();
        assert!(items.len() <= usize::from(limit));
        found.extend(items.into_iter().map(|entry| entry.action));
        match next {
            None => return found,
            cursor => page.cursor = cursor,
        }
    }
}

/// SPEC G02.
#[tokio::test(flavor = "multi_thread")]
async fn audit_entries_are_found_by_actor_target_action_and_dates() {
    let team = Team::start().await;
    let admin = team.account("a", "ada").await;
    let day = 86_400;
    let key = ApiKeyId::derive(&["k"]);
    let by_ada = Actor::member(admin.id, "ada".to_owned());
    for (event, days) in [
        (Event::ApiKeyCreated(key), 1),
        (Event::ApiKeyRenewed(key), 40),
        (Event::ApiKeyRevoked(key), 100),
    ] {
        let entry = AuditEntry {
            actor: by_ada.clone(),
            ..entry("a", event, days * day)
        };
        team.audit.append(&entry).await.unwrap();
        team.audit.append(&entry).await.unwrap();
    }
    let newest = ["api_key.revoked", "api_key.renewed", "api_key.created"];
    let of = |change: &dyn Fn(&mut AuditFilter)| {
        let mut filter = AuditFilter::default();
        change(&mut filter);
        filter
    };
    let actor = of(&|filter| filter.actor = Some(by_ada.id.clone()));
    assert_eq!(listed(&team, actor.clone(), 2).await, newest);
    let target = of(&|filter| filter.target = Some(format!("api_key:{key}")));
    assert_eq!(listed(&team, target, 2).await, newest);
    let all = listed(&team, AuditFilter::default(), 2).await;
    assert_eq!(all[..3], newest);
    assert_eq!(all[3..], ["account.created"]);
    let action = of(&|filter| filter.action = Some("api_key.renewed".to_owned()));
    assert_eq!(listed(&team, action, 2).await, ["api_key.renewed"]);
    let range = |filter: AuditFilter| AuditFilter {
        from: Some(at(40 * day)),
        to: Some(at(100 * day)),
        ..filter
    };
    for filter in [actor, AuditFilter::default()] {
        assert_eq!(listed(&team, range(filter), 2).await, ["api_key.renewed"]);
    }
    let none = AuditFilter {
        from: Some(at(5)),
        to: Some(at(5)),
        ..AuditFilter::default()
    };
    assert!(listed(&team, none, 2).await.is_empty());
}

/// SPEC D30.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_invited_once_and_a_value_of_the_secret_recovers_once() {
    let team = Team::start().await;
    assert_eq!(team.set_up.set_up_state().await.unwrap(), None);
    let account = scope("a");
    let id = account.account_id();
    let new = invitation(account, "ada", RoleKey::SuperAdmin, 1);
    let first = FirstAdmin {
        account: Some((
            Account {
                id,
                name: "Acme".to_owned(),
                rules: AccountRules::default(),
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
            Client {
                id: ClientId::derive(&["c"]),
                name: "Acme".to_owned(),
                channels: BTreeSet::new(),
                is_default: true,
                request_hash: None,
                version: 1,
                created_at: at(0),
                updated_at: at(0),
            },
        )),
        scope: account,
        invitation: new.invitation.clone(),
        member: new.member.clone(),
        mail: new.mail.clone(),
        audit: entry("a", Event::MemberInvited(new.member.id), 1),
    };
    let store = &team.set_up;
    assert!(store.invite_first_admin(&first).await.unwrap());
    assert!(!store.invite_first_admin(&first).await.unwrap());
    let state = store.set_up_state().await.unwrap().unwrap();
    assert_eq!((state.account_id, state.key_set_up), (id, false));
    let stored = team.accounts.get_account(account).await.unwrap();
    let again = invitation(account, "ada", RoleKey::SuperAdmin, 2);
    let recovery = Recovery {
        account: stored.unwrap(),
        invitation: Some(again.invitation.clone()),
        member: Some(again.member.clone()),
        mail: again.mail.clone(),
        factor_reset: None,
        value_hash: "value".to_owned(),
        audit: entry("a", Event::AccountRecovered(id), 9),
    };
    for expected in [RecoveryOutcome::Done, RecoveryOutcome::Used] {
        let outcome = team.accounts.recover(&recovery).await.unwrap();
        assert_eq!(outcome, expected);
    }
    let state = store.set_up_state().await.unwrap().unwrap();
    assert_eq!(state.recovered_at, Some(at(9)));
    let old = team.stored(&new.member).await;
    assert_eq!(old.status, MemberStatus::Removed);
    let login = AcceptingLogin::New(login("ada"));
    let accepted = accepting(&again.invitation, &again.member, "ada", login);
    assert_eq!(team.team.accept(&accepted).await.unwrap(), Accepted::Joined);
}
