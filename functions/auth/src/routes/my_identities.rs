//! `/v1/me/identities`: identities at providers of accounts that are connected with the login (SPEC D27, D33).

use super::{me, sessions::derived_id};
use crate::{
    Deps,
    problems::{ACCOUNTS, IDENTITY_REQUIRED_BY, NamedAccount, NamedAccounts},
    records,
};
use axum::{Json, extract::State, http::StatusCode};
use futures_util::future::{try_join, try_join3};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use vestibule_admin::{
    ApiPath, LoginCall, log,
    problem::{ApiError, Problem},
};
use vestibule_domain::{
    account::actor::Actor,
    event::{AuditEntry, Change, Event, told::Told},
    ids::AuditId,
    ports::{AccountPlace, BoundIdentity, IdentityRemoval},
    team::{
        mail::ChangedCredential,
        member::MemberStatus,
        session::{Session, SignInMethod},
    },
};

/// The identities of the login.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyIdentitiesResponse {
    /// Identities.
    items: Vec<MyIdentityResponse>,
}

/// An identity at a provider of an account, by which the login gets into that account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "ONSXG43JN5XHG2LPNZZWKZBAMF", "account": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme"},
    "login_method_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X"
}))]
pub struct MyIdentityResponse {
    /// Id.
    id: String,
    /// The account.
    account: NamedAccount,
    /// Id of the account's login method.
    login_method_id: String,
}

/// An identity of the login.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MyIdentityPath {
    /// The identity's id.
    #[param(example = "ONSXG43JN5XHG2LPNZZWKZBAMF")]
    pub identity_id: String,
}

/// An identity with the place of the login in the account that bound it.
type Connected<'a> = (&'a BoundIdentity, &'a AccountPlace);

/// The identities of a login in the accounts whose member it is.
fn connected<'a>(bound: &'a [BoundIdentity], places: &'a [AccountPlace]) -> Vec<Connected<'a>> {
    let with_place = |bound: &'a BoundIdentity| {
        let place = places.iter().find(|place| {
            place.account.id == bound.account_id
                && place.standing.member.status != MemberStatus::Removed
        });
        Some((bound, place?))
    };
    bound.iter().filter_map(with_place).collect()
}

fn wire_id(bound: &BoundIdentity) -> String {
    derived_id(&format!("{}|{}", bound.account_id, bound.hash.as_str()))
}

fn named(place: &AccountPlace) -> NamedAccount {
    NamedAccount {
        id: place.account.id.to_string(),
        name: place.account.name.clone(),
    }
}

/// List identities
///
/// Names that accounts' providers give the login are not stored.
#[utoipa::path(
    get,
    path = "/v1/me/identities",
    tag = "Me",
    responses((status = 200, description = "The identities of the login.", body = MyIdentitiesResponse))
)]
pub async fn list_identities(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
) -> Result<Json<MyIdentitiesResponse>, ApiError> {
    call.own()?;
    let id = call.session.login_id;
    let (places, bound) =
        try_join(deps.logins.accounts(id), deps.own_logins.identities(id)).await?;
    let items = connected(&bound, &places)
        .into_iter()
        .map(|(bound, place)| MyIdentityResponse {
            id: wire_id(bound),
            account: named(place),
            login_method_id: bound.method_id.to_string(),
        });
    Ok(Json(MyIdentitiesResponse {
        items: items.collect(),
    }))
}

/// Disconnect an identity
///
/// Ends the sessions of its account that it opened, and tells the login by mail. Refused if the account lets its members
/// in at a provider only, and this is the last identity there.
#[utoipa::path(
    delete,
    path = "/v1/me/identities/{identity_id}",
    tag = "Me",
    params(MyIdentityPath),
    responses(
        (status = 204, description = "The identity opens nothing."),
        (status = 404, description = "There is no such identity.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The login would not get into the account, or identities were changed meanwhile.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn disconnect_identity(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    ApiPath(path): ApiPath<MyIdentityPath>,
) -> Result<StatusCode, ApiError> {
    call.own()?;
    let id = call.session.login_id;
    let login = me::read(&deps, id).await?;
    let (places, bound, sessions) = try_join3(
        deps.logins.accounts(id),
        deps.own_logins.identities(id),
        deps.sessions.list_sessions(id),
    )
    .await?;
    let all = connected(&bound, &places);
    let (identity, place) = all
        .iter()
        .copied()
        .find(|(identity, _)| wire_id(identity) == path.identity_id)
        .ok_or_else(|| ApiError::not_found("identity"))?;
    let rules = &place.account.rules;
    let is_way = |one: &BoundIdentity| rules.methods.contains_key(&one.method_id);
    let kept = all.iter().map(|(other, _)| *other).find(|other| {
        other.account_id == identity.account_id && other.hash != identity.hash && is_way(other)
    });
    if rules.sso_only && is_way(identity) && kept.is_none() {
        let accounts = serde_json::to_value(NamedAccounts(vec![named(place)])).unwrap_or_default();
        return Err(ApiError::new(&IDENTITY_REQUIRED_BY).with_member(&ACCOUNTS, accounts));
    }
    let now = call.now();
    let member = &place.standing.member;
    let removal = IdentityRemoval {
        session: call.session.clone(),
        scope: member.scope,
        account_version: place.account.version,
        hash: identity.hash.clone(),
        kept: kept.map(|kept| kept.hash.clone()),
        end_sessions: opened_by(identity, &sessions),
        mail: records::changed_mail(&deps, &login, ChangedCredential::Identity, now),
        audit: AuditEntry {
            id: AuditId::new(call.ids().draw()),
            scope: member.scope,
            at: now,
            actor: Actor::member(member.id, member.name.clone()),
            change: Change {
                event: Event::IdentityUnbound(member.id),
                before: json!({"login_method": identity.method_id}),
                after: Value::Null,
            },
            request_id: call.origin.request_id.clone(),
            told: Told::default(),
        },
    };
    deps.own_logins.remove_identity(&removal).await?;
    log(&removal.audit);
    records::enqueue(&deps, removal.mail.as_ref()).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions that the identity opened through its account.
fn opened_by(identity: &BoundIdentity, sessions: &[Session]) -> Vec<String> {
    let is_opened = |session: &&Session| match &session.method {
        SignInMethod::Password => false,
        SignInMethod::Provider {
            account_id,
            identity: through,
            ..
        } => *account_id == identity.account_id && *through == identity.hash,
    };
    let opened = sessions.iter().filter(is_opened);
    opened.map(|session| session.hash.clone()).collect()
}
