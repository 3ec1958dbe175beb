//! `/v1/auth/invitation/…`: an invitation, seen from its link (SPEC D15–D18, D24). Providers accept in
//! [`providers`](super::providers).

use crate::{
    Deps, cookies, input,
    joining::{self, Link, check_room, find_link, status_word},
    limits,
    opening::{self, Known, SignInStatus},
    problems::{OTHER_LOGIN_METHOD, SIGN_IN_TO_ACCEPT, WRONG_CREDENTIALS, WRONG_LOGIN},
    refusals,
    routes::{
        methods::SignInProvider,
        reset::{LinkRequest, read_link},
        sign_in,
    },
    visitor::{Visitor, session_of},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::future::{try_join, try_join3};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    FieldErrors, JsonBody,
    problem::{ApiError, Problem},
    read_fields, validation,
};
use vestibule_domain::{
    PortError, Timestamp,
    error::Chain,
    ids::LoginId,
    ports::AcceptingLogin,
    secret::Secret,
    team::{
        invitation::{InvitationStatus, InvitedMethod, TokenKind},
        login::{Login, PasswordRecord, Preferences},
        role::{RoleKey, Roles},
        session::{Session, SessionStage},
        throttle::ThrottleKind,
    },
};

/// An invitation, as its link shows it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "status": "pending",
    "account": {"id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "name": "Acme"},
    "invited_by": "Grace", "role_name": "Agent", "email": "ana@example.com",
    "method": {"kind": "password", "provider": null}, "login": "new",
    "expires_at": "2026-12-06T10:00:00.000Z"
}))]
pub struct OpenedInvitationResponse {
    /// Status: `pending`, `accepted`, `revoked` or `expired`.
    status: &'static str,
    /// The account that invites.
    account: InvitingAccount,
    /// Name of the inviter.
    invited_by: String,
    /// Name of the role.
    role_name: String,
    /// The invited address.
    email: String,
    /// The way of signing in.
    method: InvitationLinkMethod,
    /// `known` if the address has a login that has to sign in, `new` if a password is to be chosen. Null for a
    /// link that was copied, which proves no address.
    login: Option<&'static str>,
    /// Time from which it can no longer be accepted.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// An account that invites.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitingAccount {
    /// Id.
    id: String,
    /// Name.
    name: String,
}

/// The way in which an invitee signs in.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationLinkMethod {
    /// `password` or `provider`.
    kind: &'static str,
    /// The provider, unless the account has removed it.
    provider: Option<SignInProvider>,
}

/// Look at an invitation
///
/// Notes that the link was opened, and changes nothing else, so that programs that open links in mails do no
/// harm.
#[utoipa::path(
    post,
    path = "/v1/auth/invitation/inspect",
    tag = "Sign-in",
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The invitation.", body = OpenedInvitationResponse),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "There is no such link.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn inspect_invitation(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Json<OpenedInvitationResponse>, ApiError> {
    let token = read_link(body.0)?;
    admit(&deps, &visitor).await?;
    let link = find_link(&deps, &token).await?;
    let (roles, provider, login) = try_join3(
        deps.members.roles(link.scope()),
        provider(&deps, &link),
        known_login(&deps, &link),
    )
    .await?;
    let now = deps.admin.clock.now();
    let invitation = &link.view.invitation;
    let status = invitation.status(now);
    if status == InvitationStatus::Pending && invitation.opened_at.is_none() {
        let noted = deps
            .invitations
            .note_opened(link.scope(), invitation.id, now);
        if let Err(error) = noted.await {
            tracing::warn!(error = %Chain(&error), "the opening of an invitation was not noted");
        }
    }
    Ok(Json(OpenedInvitationResponse {
        status: status_word(status),
        account: InvitingAccount {
            id: link.account.id.to_string(),
            name: link.account.name.clone(),
        },
        invited_by: invitation.invited_by.name.clone(),
        role_name: role_name(&link.view.member.role, &roles),
        email: invitation.email.to_string(),
        method: InvitationLinkMethod {
            kind: match invitation.method {
                InvitedMethod::Password => "password",
                InvitedMethod::Provider { .. } => "provider",
            },
            provider,
        },
        login,
        expires_at: invitation.expires_at,
    }))
}

async fn admit(deps: &Deps, visitor: &Visitor) -> Result<(), ApiError> {
    let network = visitor.origin.network();
    limits::admit(deps, ThrottleKind::Token, &network).await
}

async fn provider(deps: &Deps, link: &Link) -> Result<Option<SignInProvider>, PortError> {
    let InvitedMethod::Provider { method_id, .. } = link.view.invitation.method else {
        return Ok(None);
    };
    let method = deps.methods.get_method(link.scope(), method_id).await?;
    Ok(method.as_ref().map(SignInProvider::from))
}

/// Whether the address has a proven login; `None` for a link that an admin copied, whose holder is not told.
async fn known_login(deps: &Deps, link: &Link) -> Result<Option<&'static str>, PortError> {
    match link.kind {
        TokenKind::Copied => Ok(None),
        TokenKind::Mailed | TokenKind::Operator => {
            let login = deps.logins.find_login(&link.view.invitation.email).await?;
            let is_known = login.is_some_and(|login| login.verified_at.is_some());
            Ok(Some(if is_known { "known" } else { "new" }))
        }
    }
}

/// Name of a role, as people know it. One that is gone is none (SPEC E35).
pub(super) fn role_name(key: &RoleKey, roles: &Roles) -> String {
    roles.name_of(key).unwrap_or("No role").to_owned()
}

/// The acceptance of an invitation.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "vsi_…", "name": "Ana", "password": "seven red kites over Lisbon"}))]
pub struct AcceptInvitationRequest {
    /// Token of the link: all that follows `#`.
    #[schema(required = true, nullable = false, write_only)]
    token: Option<String>,
    /// Name of the person, 1 to 100 characters. Required unless they are signed in.
    #[schema(nullable = false, min_length = 1, max_length = 100, format = "name")]
    name: Option<String>,
    /// A new password, or that of the login that the address has. Required unless they are signed in.
    #[schema(nullable = false, max_length = 128, write_only)]
    password: Option<String>,
}

/// An invitation that was accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"account_id": "01JD3Q3Z9V8M4T6K2N7P5R1S0W", "status": "signed_in"}))]
pub struct AcceptInvitationResponse {
    /// Id of the account.
    account_id: String,
    /// `signed_in`: the person is a member. `factor_required`: give the code of the second factor, then accept
    /// again.
    status: SignInStatus,
}

/// A person without a session: a name and a password, checked by the rules for new ones.
struct Newcomer {
    name: String,
    password: Secret,
}

/// Accept an invitation
///
/// With the session of the invited address, its login joins. Without one, a mailed link makes a login for an
/// address that has none; a copied link also signs the login in that the address has, by its password.
#[utoipa::path(
    post,
    path = "/v1/auth/invitation/accept",
    tag = "Sign-in",
    request_body = AcceptInvitationRequest,
    responses(
        (status = 200, description = "The invitation is accepted, or waits for the second factor.", body = AcceptInvitationResponse),
        (status = 401, description = "The address has a login, and this is not its password.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It cannot be accepted, or not so.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "There is no such link.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn accept_invitation(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let mut request: AcceptInvitationRequest = read_fields(body.0, &mut errors);
    let token = input::token("token", request.token.take(), &mut errors);
    let Some(token) = token.filter(|_| errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    admit(&deps, &visitor).await?;
    let link = find_link(&deps, &token).await?;
    link.check(deps.admin.clock.now())?;
    let own = own_session(&deps, &visitor).await?;
    let caller = Accepting {
        deps: &deps,
        visitor: &visitor,
        link: &link,
    };
    match (own, link.kind) {
        (Some(session), kind) => {
            let login = caller.login_of(&session).await?;
            if kind.ends_earlier() && login.verified_at.is_none() {
                let newcomer = newcomer(request, &link)?;
                return caller.renew(login, newcomer).await;
            }
            caller.join(&login).await?;
            Ok(caller.answer(SignInStatus::SignedIn))
        }
        (None, TokenKind::Mailed | TokenKind::Operator) => {
            let newcomer = newcomer(request, &link)?;
            caller.by_own_link(newcomer).await
        }
        (None, TokenKind::Copied) => {
            let newcomer = newcomer(request, &link)?;
            caller.by_copy(newcomer).await
        }
    }
}

/// Reads name and password. The rules are those for a new login in every case: otherwise an error would tell
/// whether the address has one (SPEC D17).
fn newcomer(request: AcceptInvitationRequest, link: &Link) -> Result<Newcomer, ApiError> {
    let invitation = &link.view.invitation;
    if matches!(invitation.method, InvitedMethod::Provider { .. }) {
        return Err(ApiError::new(&OTHER_LOGIN_METHOD));
    }
    let mut errors = FieldErrors::default();
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let rules = (&invitation.email, name.as_deref().unwrap_or_default());
    let password = input::new_password("password", request.password, rules, &mut errors);
    match (name, password) {
        (Some(name), Some(password)) => Ok(Newcomer { name, password }),
        _ => Err(errors.into_validation()),
    }
}

/// The session of the cookie, if the login signed in by itself. A provider's session proves nothing beyond its
/// account (SPEC D27).
async fn own_session(deps: &Deps, visitor: &Visitor) -> Result<Option<Session>, ApiError> {
    let Some(claim) = &visitor.session else {
        return Ok(None);
    };
    let session = session_of(deps, claim, deps.admin.clock.now()).await?;
    let is_own =
        |session: &Session| session.stage == SessionStage::Full && session.is_own_sign_in();
    Ok(session.filter(is_own))
}

/// A link in the hands of a browser.
struct Accepting<'a> {
    deps: &'a Deps,
    visitor: &'a Visitor,
    link: &'a Link,
}

impl Accepting<'_> {
    /// The login of a session, which must be that of the invited address.
    async fn login_of(&self, session: &Session) -> Result<Login, ApiError> {
        let login = self.deps.logins.get_login(session.login_id).await?;
        login
            .filter(|login| login.email == self.link.view.invitation.email)
            .ok_or_else(|| ApiError::new(&WRONG_LOGIN))
    }

    /// Joins a login as it is.
    async fn join(&self, login: &Login) -> Result<(), ApiError> {
        let places = self.deps.logins.accounts(login.id).await?;
        check_room(self.link, login, &places)?;
        let login = AcceptingLogin::Existing(login.clone());
        let origin = &self.visitor.origin;
        let accepted = joining::accept(self.deps, self.link, login, None, None, origin);
        Box::pin(accepted).await.map(drop)
    }

    /// Accepts without a session by a link that came by mail, or from the operator of the stack.
    async fn by_own_link(&self, newcomer: Newcomer) -> Result<Response, ApiError> {
        let email = &self.link.view.invitation.email;
        match self.deps.logins.find_login(email).await? {
            None => self.make(newcomer).await,
            Some(login) if login.verified_at.is_some() => Err(ApiError::new(&SIGN_IN_TO_ACCEPT)),
            Some(login) => self.renew(login, newcomer).await,
        }
    }

    /// Makes a login for the address. Its address is proven by a mailed link only.
    async fn make(&self, newcomer: Newcomer) -> Result<Response, ApiError> {
        let now = self.deps.admin.clock.now();
        let login = Login {
            id: LoginId::new(self.deps.admin.ids.draw()),
            email: self.link.view.invitation.email.clone(),
            address_since: now,
            name: newcomer.name,
            verified_at: self.link.kind.proves_address().then_some(now),
            password: Some(self.password(&newcomer.password, now).await?),
            factor: None,
            preferences: Preferences::default(),
            left_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        self.open(AcceptingLogin::New(login), &Known::NEW).await
    }

    /// Renews an unproven login of the address (SPEC D24).
    async fn renew(&self, login: Login, newcomer: Newcomer) -> Result<Response, ApiError> {
        let now = self.deps.admin.clock.now();
        let password = self.password(&newcomer.password, now).await?;
        let set = (newcomer.name, Some(password));
        let renewed = joining::renew(self.deps, self.link, login, set).await?;
        self.open(AcceptingLogin::Renewed(renewed), &Known::NEW)
            .await
    }

    async fn password(&self, given: &Secret, now: Timestamp) -> Result<PasswordRecord, ApiError> {
        Ok(PasswordRecord {
            hash: self.deps.passwords.hash(given).await?,
            set_at: now,
        })
    }

    /// Accepts without a session by a link that went through an admin's hands. It proves no address: an
    /// existing login joins by its own password, a new one stays unverified.
    async fn by_copy(&self, newcomer: Newcomer) -> Result<Response, ApiError> {
        let (deps, visitor) = (self.deps, self.visitor);
        let email = &self.link.view.invitation.email;
        sign_in::admit(deps, visitor, email, None).await?;
        let Some(login) = deps.logins.find_login(email).await? else {
            return self.make(newcomer).await;
        };
        let verdict = refusals::compare(deps, Some(&login), &newcomer.password).await?;
        if !verdict.matches {
            refusals::record(deps, visitor, email, Some(&login)).await?;
            return Err(ApiError::new(&WRONG_CREDENTIALS));
        }
        let device = visitor.known_to(deps, login.id, Some(&login)).await?;
        if login.confirmed_factor().is_some() {
            let opened = opening::sign_in(deps, visitor, &login, device).await?;
            let mut response = self.answer(opened.status);
            cookies::add(response.headers_mut(), opened.cookies);
            return Ok(response);
        }
        let places = deps.logins.accounts(login.id);
        let sessions = deps.sessions.list_sessions(login.id);
        let (places, sessions) = try_join(places, sessions).await?;
        check_room(self.link, &login, &places)?;
        let known = Known {
            places: &places,
            sessions: &sessions,
            device,
            is_new: false,
        };
        self.open(AcceptingLogin::Existing(login), &known).await
    }

    /// Accepts, and opens a session in the same transaction.
    async fn open(
        &self,
        accepting: AcceptingLogin,
        known: &Known<'_>,
    ) -> Result<Response, ApiError> {
        let (deps, visitor, login) = (self.deps, self.visitor, accepting.login());
        let prepared = opening::prepare(deps, visitor, login, known)?;
        let origin = &visitor.origin;
        let accepted = joining::accept(deps, self.link, accepting, Some(prepared), None, origin);
        let opened = Box::pin(accepted).await?;
        let mut response = self.answer(SignInStatus::SignedIn);
        let set = opened.map(|opened| opened.cookies).unwrap_or_default();
        cookies::add(response.headers_mut(), set);
        Ok(response)
    }

    fn answer(&self, status: SignInStatus) -> Response {
        let account_id = self.link.account.id.to_string();
        Json(AcceptInvitationResponse { account_id, status }).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{ids::RoleId, team::role::Role};

    #[test]
    fn a_role_is_named_as_people_know_it_and_one_that_is_gone_is_none() {
        let at = Timestamp::from_millis(0);
        let roles = Roles {
            custom: vec![Role {
                id: RoleId::derive(&["r"]),
                name: "Approver".to_owned(),
                description: None,
                permissions: BTreeSet::new(),
                request_hash: None,
                version: 1,
                created_at: at,
                updated_at: at,
            }],
            version: 1,
        };
        for (key, name) in [
            (RoleKey::SuperAdmin, "Super Admin"),
            (RoleKey::Agent, "Agent"),
            (RoleKey::Custom(RoleId::derive(&["r"])), "Approver"),
            (RoleKey::Custom(RoleId::derive(&["gone"])), "No role"),
            (RoleKey::None, "No role"),
        ] {
            assert_eq!(role_name(&key, &roles), name);
        }
    }
}
