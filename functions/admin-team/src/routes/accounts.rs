//! Further accounts (SPEC D34): by a member who may create them, or with the stack's set-up token.

use super::{
    account::AccountResponse,
    invitations::draft::read_email,
    setup::{WRONG_SETUP_TOKEN, admit, default_client, is_token},
};
use crate::{
    Deps, operator,
    tokens::{self, InvitationWords},
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use vestibule_admin::{
    Call, CallOrigin, FieldErrors, IDEMPOTENCY_REPLAYED, IdempotencyKey, JsonBody,
    api_types::{IdempotencyHeader, created},
    log,
    problem::{ApiError, IDEMPOTENCY_KEY_REUSED, Problem, TOO_MANY_ACCOUNTS, UNVERIFIED_LOGIN},
    problem_types, read_fields, validation,
};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{
        Account, actor::Actor, credential::Missing, email_address::EmailAddress,
        proof::CallerProof, rules::AccountRules,
    },
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AccountId, AuditId, ClientId, MemberId},
    ports::{Created, NewAccount},
    team::{
        availability::Availability,
        client_access::ClientAccess,
        invitation::TokenKind,
        login::{ACCOUNTS_MAX, Login},
        member::{Member, MemberStatus},
        rights::Rights,
        role::{RoleKey, SUPER_ADMIN_NAME},
        work::Work,
    },
};

problem_types! {
    NEEDS_A_MEMBER = "needs-a-member", CONFLICT, "The caller is no member",
        "Whoever creates an account becomes its super admin, and a key of the account is nobody. Call with a session, or create the account with the set-up token.";
}

/// An account to create.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Globex"}))]
pub struct CreateAccountRequest {
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
}

/// Create a further account
///
/// The caller becomes its super admin. It takes a session that the person opened without a provider: neither a key nor
/// an account's provider speaks for the person beyond that account.
#[utoipa::path(
    post,
    path = "/v1/accounts",
    tag = "Account",
    params(IdempotencyHeader),
    request_body = CreateAccountRequest,
    responses(
        (status = 201, description = "The account was created, by this call or an earlier one with this Idempotency-Key.", body = AccountResponse),
        (status = 409, description = "The caller is no member, or is a member of too many accounts, or nobody proved the address of the login.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_account(
    State(deps): State<Arc<Deps>>,
    call: Call,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: CreateAccountRequest = read_fields(body.0, &mut errors);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let (Some(name), true) = (name, errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    let (caller, login) = caller(&deps, &call).await?;
    let now = call.now();
    let id: AccountId = idempotency.id(&call, "accounts");
    let member = Member {
        id: MemberId::new(call.ids().draw()),
        scope: AccountScope::of_verified(id),
        role: RoleKey::SuperAdmin,
        extra: BTreeSet::new(),
        clients: ClientAccess::All,
        work: Work::default(),
        availability: Availability::available(now),
        limit: None,
        status: MemberStatus::Active,
        invitation_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
        ..caller
    };
    let author = Author {
        actor: Actor::member(member.id, member.name.clone()),
        request_id: call.origin.request_id.clone(),
        proof: Some(call.caller.proof.clone()),
    };
    let new = NewAccount {
        login: Some(login),
        ..new_account(&deps, (id, name), member, author, now)
    };
    match deps.accounts.create_account(&new).await? {
        Created::New => {
            log(&new.audit);
            Ok(answer(&deps, new.account, false))
        }
        Created::Existing(existing) if existing.name == new.account.name => {
            Ok(answer(&deps, *existing, true))
        }
        Created::Existing(_) | Created::Spent => Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED)),
    }
}

fn answer(deps: &Deps, account: Account, replayed: bool) -> Response {
    let version = account.version;
    created(version, AccountResponse::of(account, deps), replayed)
}

/// The member who calls, and the login, which has room for another account.
async fn caller(deps: &Deps, call: &Call) -> Result<(Member, Login), ApiError> {
    let id = call.caller.member_id.ok_or(&NEEDS_A_MEMBER)?;
    if !call.caller.is_own_sign_in {
        return Err(ApiError::sign_in_insufficient(Missing::OwnSignIn));
    }
    let member = deps.members.get_member(call.scope(), id).await?;
    let member = member.ok_or(&NEEDS_A_MEMBER)?;
    let login_id = member.login_id.ok_or(&NEEDS_A_MEMBER)?;
    let login = deps.logins.get_login(login_id);
    let places = deps.logins.accounts(login_id);
    let (login, places) = try_join(login, places).await?;
    let login = login.ok_or(&NEEDS_A_MEMBER)?;
    // Whoever made the login of an address by a copied link must not fill the places of its owner. Without mail, nobody
    // can prove an address.
    if login.verified_at.is_none() && deps.mail_from.is_some() {
        return Err(ApiError::new(&UNVERIFIED_LOGIN));
    }
    if places.len() >= ACCOUNTS_MAX {
        return Err(ApiError::new(&TOO_MANY_ACCOUNTS));
    }
    Ok((member, login))
}

/// The author of a new account.
struct Author {
    actor: Actor,
    request_id: String,
    proof: Option<CallerProof>,
}

fn new_account(
    deps: &Deps,
    (id, name): (AccountId, String),
    member: Member,
    author: Author,
    now: Timestamp,
) -> NewAccount {
    let ids = &deps.admin.ids;
    let client = default_client(ClientId::new(ids.draw()), now);
    let change = Change {
        event: Event::AccountCreated(id),
        before: Value::Null,
        after: json!({"name": name, "client_id": client.id, "member_id": member.id}),
    };
    NewAccount {
        account: Account {
            id,
            name,
            rules: AccountRules::default(),
            version: 1,
            created_at: now,
            updated_at: now,
        },
        client,
        audit: AuditEntry {
            id: AuditId::new(ids.draw()),
            scope: member.scope,
            at: now,
            actor: author.actor,
            change,
            request_id: author.request_id,
            told: Told::default(),
        },
        member,
        login: None,
        invitation: None,
        mail: None,
        proof: author.proof,
    }
}

/// An account to create with the set-up token.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"setup_token": "the secret of the stack's output", "name": "Globex", "admin_email": "grace@example.com"}))]
pub struct OperatorAccountRequest {
    /// Token from the secret named in the stack's outputs.
    #[schema(required = true, nullable = false, write_only)]
    setup_token: Option<String>,
    /// Name, 1 to 100 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 100,
        format = "name"
    )]
    name: Option<String>,
    /// E-mail address of the first super admin, who is invited.
    #[schema(required = true, nullable = false, format = "email", max_length = 254)]
    admin_email: Option<String>,
}

/// An account that the operator created.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorAccountResponse {
    /// The account.
    account: AccountResponse,
    /// Link of the super admin's invitation, if it was not sent by e-mail; null otherwise.
    invitation_link: Option<String>,
}

/// Create a further account with the set-up token
///
/// Its super admin is invited.
#[utoipa::path(
    post,
    path = "/v1/setup/accounts",
    tag = "Set-up",
    params(IdempotencyHeader),
    request_body = OperatorAccountRequest,
    responses(
        (status = 201, description = "The account was created, by this call or an earlier one with this Idempotency-Key.", body = OperatorAccountResponse),
        (status = 401, description = "The set-up token is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls with set-up tokens.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create_account_as_operator(
    State(deps): State<Arc<Deps>>,
    origin: CallOrigin,
    idempotency: IdempotencyKey,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: OperatorAccountRequest = read_fields(body.0, &mut errors);
    let given = errors.required("setup_token", request.setup_token);
    let name = validation::required_name("name", request.name.as_deref(), &mut errors);
    let email = errors.required("admin_email", request.admin_email.as_deref());
    let email = email.and_then(|text| read_email("admin_email", text, &mut errors));
    let (Some(given), Some(name), Some(email), true) = (given, name, email, errors.is_empty())
    else {
        return Err(errors.into_validation());
    };
    admit(&deps, &origin).await?;
    let token = deps.setup_token.setup_token().await?.value;
    if !is_token(&token, &given, deps.random.as_ref())? {
        return Err(ApiError::new(&WRONG_SETUP_TOKEN));
    }
    let id = match &idempotency.0 {
        Some(key) => AccountId::derive(&["operator", "accounts", key.as_str()]),
        None => AccountId::new(deps.admin.ids.draw()),
    };
    let (new, link) = with_invitation(&deps, &origin, (id, name), &email).await?;
    match deps.accounts.create_account(&new).await? {
        Created::New => {
            log(&new.audit);
            tokens::send_or_leave(&deps, new.mail.as_ref()).await;
            let body = shown(&deps, new.account, link);
            Ok((StatusCode::CREATED, Json(body)).into_response())
        }
        Created::Existing(existing) if existing.name == new.account.name => {
            // A link is shown once. A lost one is had again by a recovery.
            let body = Json(shown(&deps, *existing, None));
            Ok((StatusCode::CREATED, [IDEMPOTENCY_REPLAYED], body).into_response())
        }
        Created::Existing(_) | Created::Spent => Err(ApiError::new(&IDEMPOTENCY_KEY_REUSED)),
    }
}

fn shown(deps: &Deps, account: Account, link: Option<String>) -> OperatorAccountResponse {
    OperatorAccountResponse {
        account: AccountResponse::of(account, deps),
        invitation_link: link,
    }
}

/// Makes the records of an account whose super admin is invited. Returns the link to show.
async fn with_invitation(
    deps: &Deps,
    origin: &CallOrigin,
    (id, name): (AccountId, String),
    email: &EmailAddress,
) -> Result<(NewAccount, Option<String>), ApiError> {
    let base = deps.link_base(origin)?;
    let now = deps.admin.clock.now();
    let ids = deps.admin.ids.as_ref();
    let scope = AccountScope::of_verified(id);
    let (mut invitation, member) = operator::invited(ids, scope, email, now);
    let is_sent = deps.mail_from.is_some();
    let kind = if is_sent {
        TokenKind::Mailed
    } else {
        TokenKind::Operator
    };
    let token = tokens::add_link(deps, &mut invitation, (kind, &Rights::ALL), now)?;
    let words = InvitationWords {
        account_name: &name,
        invited_by: operator::NAME,
        role_name: SUPER_ADMIN_NAME,
    };
    let mail = if is_sent {
        let mail = tokens::invitation_mail(deps, &invitation, &member, &token, words, now);
        Some(mail.await?)
    } else {
        None
    };
    let author = Author {
        actor: Actor::set_up(),
        request_id: origin.request_id.clone(),
        proof: None,
    };
    let new = NewAccount {
        invitation: Some(invitation),
        mail,
        ..new_account(deps, (id, name), member, author, now)
    };
    Ok((new, (!is_sent).then(|| tokens::link(&base, &token))))
}
