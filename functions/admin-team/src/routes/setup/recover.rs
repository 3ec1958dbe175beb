//! `POST /v1/setup/recover`: the way back in (SPEC D30).

use super::{NOT_SET_UP, SETUP_TOKEN_USED, WRONG_SETUP_TOKEN, admit, is_token};
use crate::{
    Deps, operator,
    routes::invitations::draft::read_email,
    tokens::{self, InvitationWords},
};
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use vestibule_admin::{
    CallOrigin, FieldErrors, JsonBody,
    auth::sha256_hex,
    log,
    problem::{ApiError, Problem, UNVERIFIED_LOGIN},
    read_fields, validation,
};
use vestibule_domain::{
    AccountScope, Timestamp,
    account::{Account, actor::Actor, email_address::EmailAddress},
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AccountId, AuditId, MailId},
    ports::{AccountPlace, Recovery, RecoveryOutcome, SetUpState, SetupToken},
    team::{
        client_access::ClientAccess,
        invitation::TokenKind,
        login::Login,
        mail::{ChangedCredential, Mail, MailKind, MailOwner},
        member::{Member, MemberStatus},
        rights::Rights,
        role::{RoleKey, SUPER_ADMIN_NAME},
    },
};

/// A recovery.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"setup_token": "a new value of the secret of the stack's output", "email": "grace@example.com"}))]
pub struct RecoverRequest {
    /// Value of the secret named in the stack's outputs, set after the last set-up or recovery.
    #[schema(required = true, nullable = false, write_only)]
    setup_token: Option<String>,
    /// E-mail address of the person who shall get in.
    #[schema(required = true, nullable = false, format = "email", max_length = 254)]
    email: Option<String>,
    /// The account; the stack's first one by default.
    #[schema(format = "id")]
    account_id: Option<String>,
    /// Instead of an invitation, removes the second factor of the login with this address; false by default.
    reset_factor: Option<bool>,
}

/// The outcome of a recovery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"invitation_link": null}))]
pub struct RecoverResponse {
    /// Link of the invitation, if it was not sent by e-mail; null otherwise.
    invitation_link: Option<String>,
}

/// Let the operator in again
///
/// Invites a super admin to an account, or removes a login's second factor. Whoever can change the stack's set-up
/// secret may do it, once for each value that was set after the last set-up or recovery. A person who is a member of
/// the account already becomes an active super admin at once, and signs in as ever. If a copied link made their login
/// and nobody proved its address, they are invited instead: the mailed link, or without a sender the link in the answer,
/// ends what was set in that login before. If the account's members signed in at a provider only, passwords count again. The
/// reset of a factor changes no account.
#[utoipa::path(
    post,
    path = "/v1/setup/recover",
    tag = "Set-up",
    request_body = RecoverRequest,
    responses(
        (status = 202, description = "The invitation is on its way, or its link is in the answer; or the person can sign in.", body = RecoverResponse),
        (status = 401, description = "The set-up token is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The set-up token was used before, or the stack is not set up, or the stack sends no mail and nobody proved the address of the login, which is in another account too.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many calls with set-up tokens.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn recover(
    State(deps): State<Arc<Deps>>,
    origin: CallOrigin,
    body: JsonBody,
) -> Result<(StatusCode, Json<RecoverResponse>), ApiError> {
    let asked = Asked::read(body.0)?;
    admit(&deps, &origin).await?;
    let token = deps.setup_token.fresh_setup_token().await?;
    if !is_token(&token.value, &asked.setup_token, deps.random.as_ref())? {
        return Err(ApiError::new(&WRONG_SETUP_TOKEN));
    }
    let state = deps.set_up.set_up_state().await?;
    let state = state.ok_or(&NOT_SET_UP)?;
    if !is_new(&token, &state) {
        return Err(ApiError::new(&SETUP_TOKEN_USED));
    }
    let scope = AccountScope::of_verified(asked.account_id.unwrap_or(state.account_id));
    let account = read_account(&deps, scope).await?;
    let recovering = Recovering {
        deps: &deps,
        origin: &origin,
        account,
        now: deps.admin.clock.now(),
        value_hash: sha256_hex(token.value.reveal().as_bytes()),
    };
    let login = deps.logins.find_login(&asked.email).await?;
    let (recovery, link) = match (asked.reset_factor, login) {
        (true, Some(login)) => (recovering.factor_reset(login), None),
        (true, None) => return Err(no_login()),
        (false, login) => recovering.way_in(&asked.email, login.as_ref()).await?,
    };
    match deps.accounts.recover(&recovery).await? {
        RecoveryOutcome::Done => {}
        RecoveryOutcome::Used => return Err(ApiError::new(&SETUP_TOKEN_USED)),
    }
    log(&recovery.audit);
    tokens::send_or_leave(&deps, recovery.mail.as_ref()).await;
    let body = RecoverResponse {
        invitation_link: link,
    };
    Ok((StatusCode::ACCEPTED, Json(body)))
}

/// Whether a value of the secret was set after the last set-up or recovery.
fn is_new(token: &SetupToken, state: &SetUpState) -> bool {
    let last = state.recovered_at.unwrap_or(state.at).max(state.at);
    last < token.set_at
}

async fn read_account(deps: &Deps, scope: AccountScope) -> Result<Account, ApiError> {
    let account = deps.accounts.get_account(scope).await?;
    account.ok_or_else(|| refused("account_id", "must be the id of an account of this stack"))
}

fn no_login() -> ApiError {
    refused("email", "must be the address of a login")
}

fn refused(field: &str, rule: &str) -> ApiError {
    let mut errors = FieldErrors::default();
    errors.add(field, rule);
    errors.into_validation()
}

/// A recovery as it was asked for, checked.
struct Asked {
    setup_token: String,
    email: EmailAddress,
    account_id: Option<AccountId>,
    reset_factor: bool,
}

impl Asked {
    fn read(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut errors = FieldErrors::default();
        let request: RecoverRequest = read_fields(fields, &mut errors);
        let setup_token = errors.required("setup_token", request.setup_token);
        let email = errors.required("email", request.email.as_deref());
        let email = email.and_then(|text| read_email("email", text, &mut errors));
        let account_id = validation::id("account_id", request.account_id.as_deref(), &mut errors);
        let reset_factor = request.reset_factor.unwrap_or(false);
        if reset_factor && request.account_id.is_some() {
            errors.add("account_id", "goes without `reset_factor`");
        }
        match (setup_token, email) {
            (Some(setup_token), Some(email)) if errors.is_empty() => Ok(Self {
                setup_token,
                email,
                account_id,
                reset_factor,
            }),
            _ => Err(errors.into_validation()),
        }
    }
}

/// A recovery whose token is proven.
struct Recovering<'a> {
    deps: &'a Deps,
    origin: &'a CallOrigin,
    account: Account,
    now: Timestamp,
    value_hash: String,
}

impl Recovering<'_> {
    fn scope(&self) -> AccountScope {
        AccountScope::of_verified(self.account.id)
    }

    /// The account with passwords let in again: a provider that is gone may be what locked everybody out.
    fn with_passwords(&self) -> Account {
        let mut account = self.account.clone();
        account.rules.sso_only = false;
        account
    }

    /// A recovery that leaves the account as it is.
    fn recovery(&self, event: Event, after: Value) -> Recovery {
        Recovery {
            account: self.account.clone(),
            invitation: None,
            member: None,
            mail: None,
            factor_reset: None,
            value_hash: self.value_hash.clone(),
            audit: AuditEntry {
                id: AuditId::new(self.deps.admin.ids.draw()),
                scope: self.scope(),
                at: self.now,
                actor: Actor::recovery(),
                change: Change {
                    event,
                    before: Value::Null,
                    after,
                },
                request_id: self.origin.request_id.clone(),
                told: Told::default(),
            },
        }
    }

    /// Removes the second factor of a login, which is told so (SPEC D33).
    fn factor_reset(&self, login: Login) -> Recovery {
        let recovery = self.recovery(Event::LoginFactorReset(login.id), Value::Null);
        let mail = self.deps.mail_from.as_ref().map(|_| {
            let kind = MailKind::CredentialsChanged {
                what: ChangedCredential::SecondFactor,
                at: self.now,
            };
            let id = MailId::new(self.deps.admin.ids.draw());
            let owner = MailOwner::Login(login.id);
            Mail::queued(
                id,
                owner,
                login.email.clone(),
                Some(&login.name),
                kind,
                None,
                self.now,
            )
        });
        Recovery {
            mail,
            factor_reset: Some(Login {
                factor: None,
                updated_at: self.now,
                ..login
            }),
            ..recovery
        }
    }

    /// Makes a member of the account its super admin, or invites one. Returns the link to show. A login whose address
    /// nobody proved may be anybody's, so it becomes a super admin's only by a link that ends what was set in it
    /// (SPEC D24).
    async fn way_in(
        &self,
        email: &EmailAddress,
        login: Option<&Login>,
    ) -> Result<(Recovery, Option<String>), ApiError> {
        let places = match login {
            Some(login) => self.deps.logins.accounts(login.id).await?,
            None => Vec::new(),
        };
        let is_unproven = login.is_some_and(|login| login.verified_at.is_none());
        if is_unproven {
            let is_elsewhere = places
                .iter()
                .any(|place| place.account.id != self.account.id);
            // Without the proof of a mailbox it joins no second account, so the link could not be used.
            if self.deps.mail_from.is_none() && is_elsewhere {
                return Err(ApiError::new(&UNVERIFIED_LOGIN));
            }
            return self.invited(email).await;
        }
        match member_of(places, self.account.id) {
            Some(member) => Ok((self.raised(member), None)),
            None => self.invited(email).await,
        }
    }

    /// Makes a member an active super admin.
    fn raised(&self, member: Member) -> Recovery {
        let clients = ClientAccess::All;
        let mut work = member.work.clone();
        // Whoever serves all clients has no channels by client.
        work.prune(&clients);
        let event = Event::AccountRecovered(self.account.id);
        let after = json!({"member_id": member.id, "email": member.email});
        Recovery {
            account: self.with_passwords(),
            member: Some(Member {
                role: RoleKey::SuperAdmin,
                clients,
                work,
                limit: None,
                status: MemberStatus::Active,
                updated_at: self.now,
                ..member
            }),
            ..self.recovery(event, after)
        }
    }

    /// Invites a super admin.
    async fn invited(&self, email: &EmailAddress) -> Result<(Recovery, Option<String>), ApiError> {
        let (deps, now) = (self.deps, self.now);
        let base = deps.link_base(self.origin)?;
        let ids = deps.admin.ids.as_ref();
        let (mut invitation, member) = operator::invited(ids, self.scope(), email, now);
        let is_sent = deps.mail_from.is_some();
        let kind = if is_sent {
            TokenKind::Mailed
        } else {
            TokenKind::Operator
        };
        let token = tokens::add_link(deps, &mut invitation, (kind, &Rights::ALL), now)?;
        let words = InvitationWords {
            account_name: &self.account.name,
            invited_by: operator::NAME,
            role_name: SUPER_ADMIN_NAME,
        };
        let mail = if is_sent {
            let mail = tokens::invitation_mail(deps, &invitation, &member, &token, words, now);
            Some(mail.await?)
        } else {
            None
        };
        let event = Event::AccountRecovered(self.account.id);
        let after = json!({
            "member_id": member.id, "invitation_id": invitation.id, "email": email, "sent": is_sent,
        });
        let recovery = Recovery {
            account: self.with_passwords(),
            invitation: Some(invitation),
            member: Some(member),
            mail,
            ..self.recovery(event, after)
        };
        Ok((recovery, (!is_sent).then(|| tokens::link(&base, &token))))
    }
}

/// The login's member in this account, active or suspended.
fn member_of(places: Vec<AccountPlace>, account_id: AccountId) -> Option<Member> {
    places
        .into_iter()
        .find(|place| place.account.id == account_id)
        .map(|place| place.standing.member)
        .filter(|member| {
            matches!(
                member.status,
                MemberStatus::Active | MemberStatus::Suspended
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::secret::Secret;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn state(set_up: i64, recovered: Option<i64>) -> SetUpState {
        SetUpState {
            account_id: AccountId::derive(&["a"]),
            at: at(set_up),
            admin_invited_at: None,
            key_set_up: true,
            recovered_at: recovered.map(at),
        }
    }

    /// SPEC D30.
    #[test]
    fn only_a_value_set_after_the_last_set_up_or_recovery_counts() {
        let set = |second| SetupToken {
            value: Secret::new("token"),
            set_at: at(second),
        };
        for (second, state, counts) in [
            (9, state(10, None), false),
            (10, state(10, None), false),
            (11, state(10, None), true),
            (11, state(10, Some(20)), false),
            (20, state(10, Some(20)), false),
            (21, state(10, Some(20)), true),
            (15, state(20, Some(10)), false),
        ] {
            assert_eq!(is_new(&set(second), &state), counts, "{second} {state:?}");
        }
    }

    #[test]
    fn a_recovery_names_a_token_and_an_address_and_an_account_or_a_factor() {
        let fields = |body: Value| match body {
            Value::Object(fields) => match Asked::read(fields) {
                Ok(_) => Vec::new(),
                Err(error) => error.errors().iter().map(|one| one.field.clone()).collect(),
            },
            _ => panic!("a body is an object"),
        };
        let id = AccountId::derive(&["a"]);
        assert_eq!(fields(json!({})), ["setup_token", "email"]);
        let good = json!({"setup_token": "x", "email": "Ada@Example.com", "account_id": id});
        assert!(fields(good).is_empty());
        let factor = json!({"setup_token": "x", "email": "ada@example.com", "reset_factor": true});
        assert!(fields(factor).is_empty());
        let both = json!({"setup_token": "x", "email": "ada@example.com", "account_id": id, "reset_factor": true});
        assert_eq!(fields(both), ["account_id"]);
        let wrong = json!({"setup_token": "x", "email": "ada", "account_id": "a"});
        assert_eq!(fields(wrong), ["email", "account_id"]);
    }
}
