use super::*;
use crate::{
    auth::{NewApiToken, SESSION_COOKIE, TOKEN_SECRET_LEN, sha256_hex},
    fixtures::{Stores, account, account_id, now, request, session, standing},
};
use axum::{body::to_bytes, http::StatusCode};
use serde_json::Value;
use std::{sync::atomic::Ordering, time::Duration};
use tower::ServiceExt;
use utoipa_axum::routes;
use vestibule_domain::{
    Timestamp,
    account::{
        actor::Actor,
        api_key::{ApiKey, KeyOwner},
        credential::Credential,
        permission::Permissions,
    },
    ids::{ApiKeyId, LoginId},
    team::{
        member::MemberStatus,
        role::RoleKey,
        session::{Session, SessionStage},
    },
};

struct Deps(AdminState);

impl AsRef<AdminState> for Deps {
    fn as_ref(&self) -> &AdminState {
        &self.0
    }
}

#[utoipa::path(post, path = "/needs", responses((status = 204, description = "Done.")))]
async fn needs(call: Call) -> StatusCode {
    assert_eq!(call.scope().account_id(), account_id());
    StatusCode::NO_CONTENT
}

#[utoipa::path(post, path = "/member", responses((status = 204, description = "Done.")))]
async fn member(call: Call) -> StatusCode {
    assert_eq!(call.scope().account_id(), account_id());
    StatusCode::NO_CONTENT
}

#[utoipa::path(post, path = "/signed-in", responses((status = 204, description = "Done.")))]
async fn signed_in(call: LoginCall) -> StatusCode {
    assert_eq!(call.session.login_id, LoginId::derive(&["ana"]));
    if call.account.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NO_CONTENT
    }
}

fn router(stores: &Stores) -> Router {
    Routes::<Deps>::new(OpenApi::default())
        .authorised(Permission::AuditRead, routes!(needs))
        .member(routes!(member))
        .signed_in(routes!(signed_in))
        .into_router(Arc::new(Deps(stores.state())))
}

/// A caller: the credential that is stored, and the headers that claim it.
struct Claimed {
    stored: Option<Credential>,
    headers: Vec<(&'static str, String)>,
}

impl Claimed {
    fn without(mut self, header: &str) -> Self {
        self.headers.retain(|(name, _)| *name != header);
        self
    }

    fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    async fn call(&self, path: &str) -> (u16, Value) {
        let stores = Stores::with(self.stored.clone());
        self.call_at(&router(&stores), path).await
    }

    async fn call_at(&self, router: &Router, path: &str) -> (u16, Value) {
        let headers = self.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let request = request("POST", path, &headers);
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        (status, body["type"].clone())
    }
}

/// Ana in the console, with this role and status, and this session.
fn ana(role: RoleKey, status: MemberStatus, session: Session) -> Claimed {
    let login_id = session.login_id;
    let token = format!("vss_{login_id}_{}", "A".repeat(43));
    let mut standing = standing();
    standing.member.role = role;
    standing.member.status = status;
    Claimed {
        stored: Some(Credential::Session {
            session: Session {
                hash: sha256_hex(token.as_bytes()),
                ..session
            },
            standing: Some(standing),
            account: Some(account()),
            identity: None,
        }),
        headers: vec![
            ("cookie", format!("{SESSION_COOKIE}={token}")),
            ("vestibule-account", account_id().to_string()),
            ("x-vestibule-console", "1".to_owned()),
        ],
    }
}

fn admin() -> Claimed {
    ana(RoleKey::SuperAdmin, MemberStatus::Active, session())
}

fn key(permissions: Permissions, expires_at: Timestamp) -> Claimed {
    let made = NewApiToken::from_secret(account_id(), &[1; TOKEN_SECRET_LEN]);
    Claimed {
        stored: Some(Credential::ApiKey {
            key: ApiKey {
                id: ApiKeyId::derive(&["k"]),
                scope: AccountScope::of_verified(account_id()),
                name: "script".to_owned(),
                hash: made.hash,
                previous: None,
                permissions,
                environment_id: None,
                created_by: Actor::set_up(),
                made_by_credential: None,
                created_at: now(),
                expires_at,
                owner: KeyOwner::Account,
                last_used_at: None,
                request_hash: None,
                version: 1,
            },
            owner: None,
        }),
        headers: vec![("authorization", format!("Bearer {}", made.token.reveal()))],
    }
}

fn later() -> Timestamp {
    now().plus(Duration::from_mins(1))
}

const AGAIN: &str = "/problems/sign-in-again";
const CROSS_SITE: &str = "/problems/cross-site-call";
const INSUFFICIENT: &str = "/problems/sign-in-insufficient";
const NOT_A_MEMBER: &str = "/problems/not-a-member";
const NO_ACCOUNT: &str = "/problems/invalid-parameters";
const NO_KEY: &str = "/problems/unauthenticated";
const NO_PERMISSION: &str = "/problems/permission-missing";

/// The status and the problem at the three routes, in the order of their declaration.
type Answers = [(u16, &'static str); 3];

async fn check(name: &str, caller: &Claimed, answers: Answers) {
    for (path, (status, problem)) in ["/needs", "/member", "/signed-in"].into_iter().zip(answers) {
        let problem = match problem {
            "" => Value::Null,
            problem => problem.into(),
        };
        assert_eq!(caller.call(path).await, (status, problem), "{name} {path}");
    }
}

#[tokio::test]
async fn every_route_lets_in_the_people_of_its_declaration_and_nobody_else() {
    let person = |role, status| ana(role, status, session());
    let in_state = |session| ana(RoleKey::SuperAdmin, MemberStatus::Active, session);
    let awaiting = Session {
        stage: SessionStage::AwaitingFactor,
        ..session()
    };
    let ended = Session {
        expires_at: now(),
        ..session()
    };
    let let_in = [(204, ""), (204, ""), (200, "")];
    let agents = [(403, NO_PERMISSION), (204, ""), (200, "")];
    let no_member = [(403, NOT_A_MEMBER), (403, NOT_A_MEMBER), (204, "")];
    let no_account = [(400, NO_ACCOUNT), (400, NO_ACCOUNT), (204, "")];
    let suspended = person(RoleKey::SuperAdmin, MemberStatus::Suspended);
    let removed = person(RoleKey::SuperAdmin, MemberStatus::Removed);
    let pending = person(RoleKey::SuperAdmin, MemberStatus::Pending);
    let agent = person(RoleKey::Agent, MemberStatus::Active);
    check("admin", &admin(), let_in).await;
    check("agent", &agent, agents).await;
    check("suspended", &suspended, no_member).await;
    check("removed", &removed, no_member).await;
    check("pending", &pending, no_member).await;
    check("awaiting", &in_state(awaiting), [(403, INSUFFICIENT); 3]).await;
    check("ended", &in_state(ended), [(401, AGAIN); 3]).await;
    let silent = admin().without("vestibule-account");
    check("no account", &silent, no_account).await;
    let elsewhere = admin().without("x-vestibule-console");
    check("another site", &elsewhere, [(403, CROSS_SITE); 3]).await;
    let nobody = Claimed {
        stored: None,
        headers: Vec::new(),
    };
    let nobodys = [(401, NO_KEY), (401, NO_KEY), (401, AGAIN)];
    check("nobody", &nobody, nobodys).await;
}

#[tokio::test]
async fn every_route_lets_in_the_keys_of_its_declaration_and_no_other() {
    let nothing: Permissions = [].into_iter().collect();
    let full = [(204, ""), (204, ""), (401, AGAIN)];
    let empty = [(403, NO_PERMISSION), (204, ""), (401, AGAIN)];
    let expired = [(401, NO_KEY), (401, NO_KEY), (401, AGAIN)];
    check("full", &key(Permissions::All, later()), full).await;
    check("empty", &key(nothing, later()), empty).await;
    check("expired", &key(Permissions::All, now()), expired).await;
}

/// A key wins over a cookie, so that a script in a browser is what its key is.
#[tokio::test]
async fn a_key_beside_a_cookie_counts_alone() {
    let cookie = format!("{SESSION_COOKIE}=vss_x");
    let both = key(Permissions::All, later()).with("cookie", &cookie);
    assert_eq!(both.call("/needs").await.0, 204);
    assert_eq!(both.call("/signed-in").await.0, 401);
}

/// SPEC G02.
#[tokio::test]
async fn a_refused_attempt_is_recorded_and_only_so_many() {
    let caller = ana(RoleKey::Agent, MemberStatus::Active, session());
    let stores = Stores::with(caller.stored.clone());
    let router = router(&stores);
    for _ in 0..4 {
        assert_eq!(caller.call_at(&router, "/needs").await.0, 403);
    }
    let entries = stores.audit.0.lock().unwrap().clone();
    assert_eq!(entries.len(), 2);
    let change = &entries[0].change;
    assert_eq!(change.event.key(), "call.refused");
    let after = serde_json::json!({"method": "POST", "path": "/needs", "permission": "audit.read"});
    assert_eq!(change.after, after);
    let member = standing().member.id;
    assert_eq!(entries[0].actor.id, format!("member:{member}"));
}

/// SPEC D28: polling is no activity.
#[tokio::test]
async fn a_call_that_the_console_makes_by_itself_is_no_activity() {
    let idle = Session {
        created_at: Timestamp::from_millis(-600_000),
        last_active_at: Timestamp::from_millis(-600_000),
        ..session()
    };
    for (background, noted) in [(false, 1), (true, 0)] {
        let mut caller = ana(RoleKey::SuperAdmin, MemberStatus::Active, idle.clone());
        if background {
            caller = caller.with("x-vestibule-background", "1");
        }
        for path in ["/needs", "/member", "/signed-in"] {
            let stores = Stores::with(caller.stored.clone());
            caller.call_at(&router(&stores), path).await;
            let count = stores.credentials.noted.load(Ordering::Relaxed);
            assert_eq!(count, noted, "{path}");
        }
    }
}

#[test]
fn the_table_says_of_every_route_whom_it_lets_in() {
    let routes = Routes::<Deps>::new(OpenApi::default())
        .authorised(Permission::AuditRead, routes!(needs))
        .member(routes!(member))
        .signed_in(routes!(signed_in));
    let access: Vec<_> = routes.table().iter().map(|route| route.access).collect();
    let declared = [
        Access::Needs(Permission::AuditRead),
        Access::Member,
        Access::SignedIn,
    ];
    assert_eq!(access, declared);
}
