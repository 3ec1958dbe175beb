//! Ports in memory for the tests of the shell.

use crate::AdminState;
use async_trait::async_trait;
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, request::Parts},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use vestibule_domain::{
    AccountScope, Clock, PortError, Timestamp,
    account::{
        Account,
        credential::{Credential, CredentialClaim},
        email_address::EmailAddress,
        rules::AccountRules,
    },
    event::AuditEntry,
    ids::{AccountId, LoginId, MemberId, SystemIds},
    page::{ListError, Page, PageRequest},
    ports::{Admission, AuditFilter, AuditStore, CredentialStore, StoredAuditEntry, ThrottleStore},
    team::{
        availability::Availability,
        client_access::ClientAccess,
        member::{Member, MemberStatus},
        member_standing::MemberStanding,
        role::{RoleKey, Roles},
        session::{Device, SESSION_LIFE, Session, SessionStage, SignInMethod},
        throttle::ThrottleKind,
        work::Work,
    },
};

/// The time of every test.
pub fn now() -> Timestamp {
    Timestamp::from_millis(0)
}

struct Now;

#[async_trait]
impl Clock for Now {
    fn now(&self) -> Timestamp {
        now()
    }

    async fn wait_until(&self, at: Timestamp) {
        panic!("no wait until {at}");
    }
}

/// One credential, and the number of its uses that were noted.
pub struct Credentials {
    found: Option<Credential>,
    pub noted: AtomicUsize,
}

#[async_trait]
impl CredentialStore for Credentials {
    async fn find_credential(&self, _: &CredentialClaim) -> Result<Option<Credential>, PortError> {
        Ok(self.found.clone())
    }

    async fn note_use(
        &self,
        _: &Credential,
        _: Option<MemberId>,
        _: Timestamp,
    ) -> Result<(), PortError> {
        self.noted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// The entries that were added.
#[derive(Default)]
pub struct Audit(pub Mutex<Vec<AuditEntry>>);

#[async_trait]
impl AuditStore for Audit {
    async fn list_audit(
        &self,
        _: AccountScope,
        _: &AuditFilter,
        _: &PageRequest,
    ) -> Result<Page<StoredAuditEntry>, ListError> {
        Ok(Page {
            items: Vec::new(),
            next: None,
        })
    }

    async fn append(&self, entry: &AuditEntry) -> Result<(), PortError> {
        self.0.lock().unwrap().push(entry.clone());
        Ok(())
    }
}

/// Admits so many attempts.
pub struct Throttles(Mutex<usize>);

#[async_trait]
impl ThrottleStore for Throttles {
    async fn admit(&self, _: ThrottleKind, _: &str, _: Timestamp) -> Result<Admission, PortError> {
        let mut left = self.0.lock().unwrap();
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
            Ok(Admission::Admitted)
        } else {
            Ok(Admission::Wait(Duration::from_secs(1)))
        }
    }
}

/// The ports of the shell.
pub struct Stores {
    pub credentials: Arc<Credentials>,
    pub audit: Arc<Audit>,
    pub throttles: Arc<Throttles>,
}

impl Default for Stores {
    fn default() -> Self {
        Self::with(None)
    }
}

impl Stores {
    /// Finds this credential, whatever is claimed. Two refused attempts are recorded.
    pub fn with(found: Option<Credential>) -> Self {
        Self {
            credentials: Arc::new(Credentials {
                found,
                noted: AtomicUsize::new(0),
            }),
            audit: Arc::default(),
            throttles: Arc::new(Throttles(Mutex::new(2))),
        }
    }

    pub fn state(&self) -> AdminState {
        AdminState {
            credentials: self.credentials.clone(),
            clock: Arc::new(Now),
            ids: Arc::new(SystemIds),
            public_url: None,
            audit: self.audit.clone(),
            throttles: self.throttles.clone(),
        }
    }
}

/// The head of a request.
pub fn parts_of(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
    request(method, uri, headers).into_parts().0
}

/// A request without a body.
pub fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Request {
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        // Bytes that are no ASCII come from the wire too.
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        builder = builder.header(*name, value);
    }
    builder.body(Body::empty()).unwrap()
}

/// The account of every test.
pub fn account_id() -> AccountId {
    AccountId::derive(&["a"])
}

pub fn account() -> Account {
    Account {
        id: account_id(),
        name: "Acme".to_owned(),
        rules: AccountRules::default(),
        version: 1,
        created_at: now(),
        updated_at: now(),
    }
}

/// An active member without a role.
pub fn standing() -> MemberStanding {
    MemberStanding {
        member: Member {
            id: MemberId::derive(&["ana"]),
            scope: AccountScope::of_verified(account_id()),
            login_id: Some(LoginId::derive(&["ana"])),
            email: EmailAddress::parse("ana@example.com").unwrap(),
            name: "Ana".to_owned(),
            role: RoleKey::None,
            extra: BTreeSet::new(),
            clients: ClientAccess::All,
            work: Work::default(),
            availability: Availability::available(now()),
            limit: None,
            status: MemberStatus::Active,
            invitation_id: None,
            version: 1,
            created_at: now(),
            updated_at: now(),
        },
        roles: Roles::default(),
    }
}

/// Ana's session, by password, without a token that leads to it.
pub fn session() -> Session {
    Session {
        login_id: LoginId::derive(&["ana"]),
        hash: String::new(),
        method: SignInMethod::Password,
        stage: SessionStage::Full,
        factor_at: None,
        device: Device::default(),
        created_at: now(),
        expires_at: now().plus(SESSION_LIFE),
        last_active_at: now(),
        has_factor: false,
        login_version: 1,
        seen: BTreeMap::new(),
    }
}
