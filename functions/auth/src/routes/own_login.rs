//! `POST /v1/me/accounts/{account_id}/leave`, `GET /v1/me/export` and `POST /v1/me/delete`: what is on record about
//! the own login, and its end (SPEC D35).

use super::{
    me::{self, MyClients, MyPreferences, MyRole},
    sessions::SessionResponse,
};
use crate::{Deps, cookies, fresh_proof, input, leaving, records, visitor::known_browser};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_DISPOSITION},
    response::{IntoResponse, Response},
};
use futures_util::future::try_join4;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    ApiPath, FieldErrors, JsonBody, LoginCall,
    api_types::PermissionName,
    paths,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    Timestamp,
    event::Event,
    ids::AccountId,
    ports::{AccountPlace, BoundIdentity, LoginRemoval, MemberOutcome},
    secret::Secret,
    team::{login::Login, mail::MailKind, member::MemberStatus, session::SignInMethod},
};

paths! {
    /// An account of which the person is a member.
    MyAccountPath {
        /// The account's id.
        account_id: AccountId
    }
}

/// Leave an account
///
/// Ends the person's access to the account and their API keys there at once. The login and its other accounts are
/// untouched, and the person can be invited again.
#[utoipa::path(
    post,
    path = "/v1/me/accounts/{account_id}/leave",
    tag = "Me",
    params(MyAccountPath),
    responses(
        (status = 204, description = "The person is a member no longer."),
        (status = 404, description = "The person is no member of such an account.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The person is the last active super admin, or the member was changed meanwhile.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn leave_account(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    ApiPath(path): ApiPath<MyAccountPath>,
) -> Result<StatusCode, ApiError> {
    let is_of_this_account = matches!(
        &call.session.method,
        SignInMethod::Provider { account_id, .. } if *account_id == path.account_id
    );
    if !is_of_this_account {
        call.own()?;
    }
    let places = deps.logins.accounts(call.session.login_id).await?;
    let place = places
        .iter()
        .find(|place| place.account.id == path.account_id)
        .ok_or_else(|| ApiError::not_found("account"))?;
    match leaving::leave(&deps, &call, place).await? {
        MemberOutcome::Done => {
            leaving::note_left(&deps, call.session.login_id, call.now()).await;
            Ok(StatusCode::NO_CONTENT)
        }
        MemberOutcome::LastSuperAdmin => Err(leaving::last_super_admin_of([&place.account])),
    }
}

/// All that is on record about a login, except for secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyExportResponse {
    /// The login.
    login: ExportedLogin,
    /// Preferences, the same in every account.
    preferences: MyPreferences,
    /// The person's place in each account.
    memberships: Vec<ExportedMembership>,
    /// Sessions that have not been ended, those included whose time is over.
    sessions: Vec<SessionResponse>,
    /// Browsers that the login knows.
    devices: Vec<ExportedDevice>,
    /// Identities at providers that accounts bound to the login.
    identities: Vec<ExportedIdentity>,
}

/// A login.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedLogin {
    /// Id.
    id: String,
    /// E-mail address.
    email: String,
    /// Name.
    name: String,
    /// Time at which a mailed link proved the address; null if none did.
    #[schema(value_type = Option<String>, format = DateTime)]
    verified_at: Option<Timestamp>,
    /// Time at which the password was set; null if there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    password_set_at: Option<Timestamp>,
    /// Time at which the second factor was confirmed; null if there is none.
    #[schema(value_type = Option<String>, format = DateTime)]
    factor_confirmed_at: Option<Timestamp>,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A place in an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedMembership {
    /// Id of the account.
    account_id: String,
    /// Name of the account.
    account_name: String,
    /// Id of the member.
    member_id: String,
    /// Name of the person in this account.
    name: String,
    /// E-mail address in this account.
    email: String,
    /// The role; null for none.
    role: Option<MyRole>,
    /// Permissions besides those of the role.
    extra_permissions: Vec<PermissionName>,
    /// Clients whose records the member may touch.
    clients: MyClients,
    /// Status of the membership: `active` or `suspended`.
    #[schema(value_type = String)]
    status: MemberStatus,
    /// Time of creation.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Time of the last change.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A browser that signed the login in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportedDevice {
    /// Time of its last sign-in.
    #[schema(value_type = String, format = DateTime)]
    last_seen_at: Timestamp,
}

/// An identity at a provider of an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "login_method_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0X"}))]
pub struct ExportedIdentity {
    /// Id of the account.
    account_id: String,
    /// Id of the account's login method.
    login_method_id: String,
}

impl From<&Login> for ExportedLogin {
    fn from(login: &Login) -> Self {
        let factor = login.confirmed_factor();
        Self {
            id: login.id.to_string(),
            email: login.email.to_string(),
            name: login.name.clone(),
            verified_at: login.verified_at,
            password_set_at: login.password.as_ref().map(|password| password.set_at),
            factor_confirmed_at: factor.and_then(|factor| factor.confirmed_at),
            created_at: login.created_at,
            updated_at: login.updated_at,
        }
    }
}

impl From<&AccountPlace> for ExportedMembership {
    fn from(place: &AccountPlace) -> Self {
        let member = &place.standing.member;
        let extra = member.extra.iter().copied();
        Self {
            account_id: place.account.id.to_string(),
            account_name: place.account.name.clone(),
            member_id: member.id.to_string(),
            name: member.name.clone(),
            email: member.email.to_string(),
            role: me::role(&member.role, &place.standing.roles),
            extra_permissions: extra.map(PermissionName).collect(),
            clients: MyClients::from(&member.clients),
            status: member.status,
            created_at: member.created_at,
            updated_at: member.updated_at,
        }
    }
}

impl From<BoundIdentity> for ExportedIdentity {
    fn from(identity: BoundIdentity) -> Self {
        Self {
            account_id: identity.account_id.to_string(),
            login_method_id: identity.method_id.to_string(),
        }
    }
}

/// Export what is on record
///
/// The login, its places in accounts, its sessions, browsers, identities and preferences, as a file. Secrets, and
/// what hashes of them are stored, are left out.
#[utoipa::path(
    get,
    path = "/v1/me/export",
    tag = "Me",
    responses((status = 200, description = "The records about the login.", body = MyExportResponse, headers(("Content-Disposition" = String, description = "Lets a browser save the answer as a file."))))
)]
pub async fn export_login(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
) -> Result<Response, ApiError> {
    call.own()?;
    let id = call.session.login_id;
    let login = me::read(&deps, id).await?;
    let (places, sessions, devices, identities) = try_join4(
        deps.logins.accounts(id),
        deps.sessions.list_sessions(id),
        deps.own_logins.devices(id),
        deps.own_logins.identities(id),
    )
    .await?;
    let sessions = sessions.iter();
    let known = |seen_at: &Timestamp| login.knows_browser_of(*seen_at);
    let devices = devices.into_iter().filter(known);
    let export = MyExportResponse {
        login: ExportedLogin::from(&login),
        preferences: MyPreferences::from(&login.preferences),
        memberships: places.iter().map(ExportedMembership::from).collect(),
        sessions: sessions
            .map(|session| SessionResponse::of(session, &call.session))
            .collect(),
        devices: devices
            .map(|last_seen_at| ExportedDevice { last_seen_at })
            .collect(),
        identities: identities.into_iter().map(ExportedIdentity::from).collect(),
    };
    let as_file = HeaderValue::from_static("attachment; filename=\"login.json\"");
    Ok(([(CONTENT_DISPOSITION, as_file)], Json(export)).into_response())
}

/// The proof for the deletion of a login: one of the two.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "seven red kites over Lisbon"}))]
pub struct DeleteLoginRequest {
    /// The password of the login.
    #[schema(nullable = false, max_length = 128, write_only)]
    password: Option<String>,
    /// Six digits of the authenticator app, instead of `password`.
    #[schema(nullable = false, write_only)]
    code: Option<String>,
}

/// The proof that was given.
enum GivenProof {
    Password(Secret),
    Code(String),
}

fn read_proof(fields: Map<String, Value>) -> Result<GivenProof, ApiError> {
    let mut errors = FieldErrors::default();
    let request: DeleteLoginRequest = read_fields(fields, &mut errors);
    let proof = if let Some(code) = request.code {
        let other = ("password", request.password.is_some());
        input::token_instead_of(other, "code", code, &mut errors).map(GivenProof::Code)
    } else {
        input::present_password("password", request.password, &mut errors).map(GivenProof::Password)
    };
    match proof {
        Some(proof) if errors.is_empty() => Ok(proof),
        _ => Err(errors.into_validation()),
    }
}

/// Delete the login
///
/// Leaves every account, ends every session, and deletes the login with what is on record about it. What its
/// members did stays in the accounts' audit logs, under the names that they had. This cannot be undone. A call that
/// ended half way can be repeated.
#[utoipa::path(
    post,
    path = "/v1/me/delete",
    tag = "Me",
    request_body = DeleteLoginRequest,
    responses(
        (status = 204, description = "The login is deleted."),
        (status = 401, description = "The password or the code is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The person is the last active super admin of an account, or something changed meanwhile.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete_login(
    State(deps): State<Arc<Deps>>,
    call: LoginCall,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    call.own()?;
    let proof = read_proof(body.0)?;
    // Read before its accounts: it changes when it joins one, and then it is not deleted.
    let login = me::read(&deps, call.session.login_id).await?;
    let login = match proof {
        GivenProof::Password(password) => {
            let browser = known_browser(&deps, &headers, &login).await?;
            fresh_proof::check_password(&deps, &login, browser.as_ref(), &password).await?;
            login
        }
        GivenProof::Code(code) => fresh_proof::use_code(&deps, &call, login, code).await?,
    };
    let places = deps.logins.accounts(login.id).await?;
    check_others_remain(&deps, &places).await?;
    for place in &places {
        let outcome = leaving::leave(&deps, &call, place).await?;
        if outcome == MemberOutcome::LastSuperAdmin {
            return Err(leaving::last_super_admin_of([&place.account]));
        }
    }
    remove(&deps, &call, login).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookies::add(response.headers_mut(), [cookies::clear(cookies::SESSION)]);
    Ok(response)
}

/// Fails, before anything is left, if an account would have no active super admin.
async fn check_others_remain(deps: &Deps, places: &[AccountPlace]) -> Result<(), ApiError> {
    let mut last = Vec::new();
    for place in places {
        if leaving::is_last_super_admin(deps, place).await? {
            last.push(&place.account);
        }
    }
    if last.is_empty() {
        Ok(())
    } else {
        Err(leaving::last_super_admin_of(last))
    }
}

/// Deletes the login, which is a member of no account any more.
async fn remove(deps: &Deps, call: &LoginCall, login: Login) -> Result<(), ApiError> {
    let (id, now) = (login.id, call.now());
    let sessions = deps.sessions.list_sessions(id).await?;
    let current = call.session.hash.clone();
    let others = sessions.into_iter().map(|session| session.hash);
    let removal = LoginRemoval {
        end_sessions: others.filter(|hash| *hash != current).collect(),
        mail: records::login_mail(deps, &login, MailKind::LoginDeleted { at: now }, now),
        login,
        current,
    };
    deps.own_logins.remove_login(&removal).await?;
    records::log_events(&[], Event::LoginDeleted(id));
    records::enqueue(deps, removal.mail.as_ref()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Result<GivenProof, ApiError> {
        let Value::Object(fields) = body else {
            panic!("a body is an object");
        };
        read_proof(fields)
    }

    #[test]
    fn a_deletion_takes_the_password_or_a_code() {
        assert!(matches!(
            read(json!({"password": "seven red kites over Lisbon"})),
            Ok(GivenProof::Password(_))
        ));
        assert!(matches!(
            read(json!({"code": "123456"})),
            Ok(GivenProof::Code(_))
        ));
        for (wrong, field) in [
            (json!({}), "password"),
            (json!({"password": "a".repeat(129)}), "password"),
            (json!({"code": ""}), "code"),
            (json!({"code": "123456", "password": "x"}), "code"),
        ] {
            let Err(error) = read(wrong) else {
                panic!("no proof was given");
            };
            assert_eq!(error.errors()[0].field, field);
        }
    }
}
