//! `/v1/auth/reset…`: a new password by a mailed link (SPEC D28). The link proves the address (D24); the second
//! factor is still asked for (D31).

use crate::{
    Deps, input, limits, opening,
    opening::{Opened, SignInStatus},
    problems::TOKEN_NOT_VALID,
    records,
    routes::sign_in::SignInResponse,
    second_factor::{self, GivenCode},
    tokens,
    visitor::Visitor,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::future::try_join3;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use utoipa::ToSchema;
use vestibule_admin::{
    FieldErrors, JsonBody,
    problem::{ApiError, Problem},
    read_fields,
};
use vestibule_domain::{
    Timestamp,
    account::email_address::EmailAddress,
    event::Event,
    ids::MailId,
    ports::{AccountPlace, DeviceToken, LoginChange, Reset},
    secret::Secret,
    team::{
        login::{Login, PasswordRecord, SecondFactor},
        mail::{ChangedCredential, Mail, MailKind, MailOwner},
        throttle::ThrottleKind,
    },
};

/// Time for which a link holds.
const RESET_LIFE: Duration = Duration::from_mins(30);

/// An address whose login is to get a new password.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "ana@example.com"}))]
pub struct AskResetRequest {
    /// E-mail address of the login.
    #[schema(required = true, nullable = false)]
    email: Option<String>,
}

/// The link of a mail.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "vsr_…"}))]
pub struct LinkRequest {
    /// Token of the link: all that follows `#`.
    #[schema(required = true, nullable = false, write_only)]
    token: Option<String>,
}

/// A new password for the login that a link is for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "vsr_…", "password": "seven red kites over Lisbon"}))]
pub struct FinishResetRequest {
    /// Token of the link: all that follows `#`.
    #[schema(required = true, nullable = false, write_only)]
    token: Option<String>,
    /// The new password, 15 to 128 characters.
    #[schema(
        required = true,
        nullable = false,
        min_length = 15,
        max_length = 128,
        write_only
    )]
    password: Option<String>,
    /// Code of the second factor, if the login has one. Without it, it is asked for afterwards.
    #[schema(nullable = false, write_only)]
    code: Option<String>,
}

/// Nothing to tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskResetResponse {}

/// The login that a link is for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"email": "a…@example.com", "factor": false}))]
pub struct ResetResponse {
    /// E-mail address, masked.
    email: String,
    /// Whether the second factor will be asked for.
    factor: bool,
}

/// Reads the token of a body that has nothing else.
pub(super) fn read_link(fields: Map<String, Value>) -> Result<String, ApiError> {
    let mut errors = FieldErrors::default();
    let request: LinkRequest = read_fields(fields, &mut errors);
    match input::token("token", request.token, &mut errors) {
        Some(token) if errors.is_empty() => Ok(token),
        _ => Err(errors.into_validation()),
    }
}

/// Ask for a new password
///
/// Sends a link to the address if it has a login. The answer is the same in every case.
#[utoipa::path(
    post,
    path = "/v1/auth/reset",
    tag = "Sign-in",
    request_body = AskResetRequest,
    responses(
        (status = 202, description = "A mail is on its way if the address has a login, and mails can be sent.", body = AskResetResponse),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn ask_reset(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: AskResetRequest = read_fields(body.0, &mut errors);
    let email = input::email("email", request.email.as_deref(), &mut errors);
    let Some(email) = email.filter(|_| errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    // Without a sender there is no mail, and nothing to write.
    if deps.mail_from.is_some() && is_admitted(&deps, &visitor, &email).await? {
        send_link(&deps, &email).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(AskResetResponse {})).into_response())
}

async fn is_admitted(
    deps: &Deps,
    visitor: &Visitor,
    email: &EmailAddress,
) -> Result<bool, ApiError> {
    let network = visitor.origin.network();
    Ok(
        limits::is_admitted(deps, ThrottleKind::ResetAddress, &network).await?
            && limits::is_admitted(deps, ThrottleKind::ResetLogin, &email.hash()).await?,
    )
}

/// Orders the mail without looking for a login, so that no answer and no time can tell of one. The worker of mails looks,
/// and sends none to an address without a login.
async fn send_link(deps: &Deps, email: &EmailAddress) -> Result<(), ApiError> {
    let now = deps.admin.clock.now();
    let token = tokens::reset(deps.random.as_ref())?;
    let expires_at = now.plus(RESET_LIFE);
    let mail_id = MailId::new(deps.admin.ids.draw());
    let fields = BTreeMap::from([(Mail::TOKEN.to_owned(), token.token)]);
    let context = move |_: &str| Mail::secret_context(mail_id);
    let sealed = deps.vault.seal(&fields, &context).await?;
    let reset = Reset {
        email: email.clone(),
        hash: token.hash,
        asked_at: now,
        expires_at,
    };
    let mail = Mail::queued(
        mail_id,
        MailOwner::Login(Mail::owner_by_address(email)),
        email.clone(),
        None,
        MailKind::PasswordReset { expires_at },
        Some(sealed),
        now,
    );
    deps.logins.ask_reset(&reset, &mail).await?;
    records::enqueue(deps, Some(&mail)).await;
    Ok(())
}

/// Look at a link for a new password
///
/// Changes nothing, so that programs that open links in mails do no harm.
#[utoipa::path(
    post,
    path = "/v1/auth/reset/inspect",
    tag = "Sign-in",
    request_body = LinkRequest,
    responses(
        (status = 200, description = "The link is valid.", body = ResetResponse),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The link is not valid.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn inspect_reset(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Json<ResetResponse>, ApiError> {
    let token = read_link(body.0)?;
    let (login, _) = find(&deps, &visitor, &token).await?;
    Ok(Json(ResetResponse {
        email: login.email.masked(),
        factor: kept_factor(&login).is_some(),
    }))
}

/// Finds the login that a link is for, and the hash of its token.
async fn find(deps: &Deps, visitor: &Visitor, token: &str) -> Result<(Login, String), ApiError> {
    let network = visitor.origin.network();
    limits::admit(deps, ThrottleKind::Token, &network).await?;
    let hash = tokens::read_reset(token).ok_or(&TOKEN_NOT_VALID)?;
    let now = deps.admin.clock.now();
    let reset = deps.logins.find_reset(&hash, now).await?;
    let reset = reset.filter(|reset| reset.hash == hash && now < reset.expires_at);
    let reset = reset.ok_or(&TOKEN_NOT_VALID)?;
    // The change is made at the version that is read here, so the address holds until then.
    let login = deps.logins.find_login(&reset.email).await?;
    let login = login.filter(|login| reset.is_for(login));
    Ok((login.ok_or(&TOKEN_NOT_VALID)?, hash))
}

/// The confirmed second factor that a reset keeps. If the address was never proven, somebody else may have made
/// the login by a copied link, and its factor ends with its password (SPEC D24).
fn kept_factor(login: &Login) -> Option<&SecondFactor> {
    login.verified_at.and(login.confirmed_factor())
}

/// Set a new password
///
/// Proves the address, ends every session of the login, and signs in. The second factor is still asked for. If nobody had
/// proven the address before, identities at providers that were connected with the login end too. The login
/// forgets every browser but this one, so that a mail tells of the next sign-in from another.
#[utoipa::path(
    post,
    path = "/v1/auth/reset/finish",
    tag = "Sign-in",
    request_body = FinishResetRequest,
    responses(
        (status = 200, description = "The password is set.", body = SignInResponse),
        (status = 401, description = "The code of the second factor is not right.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The call comes from a page of another site, or lacks `X-Vestibule-Console: 1`.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "The link is not valid.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "There were too many attempts.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn finish_reset(
    State(deps): State<Arc<Deps>>,
    visitor: Visitor,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut errors = FieldErrors::default();
    let request: FinishResetRequest = read_fields(body.0, &mut errors);
    let token = input::token("token", request.token, &mut errors);
    let code = request.code;
    let code = code.and_then(|code| input::token("code", Some(code), &mut errors));
    let Some(token) = token.filter(|_| errors.is_empty()) else {
        return Err(errors.into_validation());
    };
    let (login, spent) = find(&deps, &visitor, &token).await?;
    let rules = (&login.email, login.name.as_str());
    let password = input::new_password("password", request.password, rules, &mut errors);
    let Some(password) = password else {
        return Err(errors.into_validation());
    };
    let now = deps.admin.clock.now();
    let factor = check_factor(&deps, &login, code, now).await?;
    let is_given = factor.is_some();
    let after = renewed(&deps, &login, &password, factor, now).await?;
    let opened = store(&deps, &visitor, (&login, &after), (spent, is_given), now).await?;
    Ok(opened.into_response())
}

/// Checks the code of the second factor, if one is given and the login keeps a factor: returns the factor as it
/// is after its use. `None` if it still has to be given.
async fn check_factor(
    deps: &Deps,
    login: &Login,
    code: Option<String>,
    now: Timestamp,
) -> Result<Option<SecondFactor>, ApiError> {
    let (Some(code), Some(factor)) = (code, kept_factor(login)) else {
        return Ok(None);
    };
    let (subject, code) = (login.id.to_string(), GivenCode::App(code));
    let used = second_factor::use_code(deps, &subject, (login, factor), &code, now).await?;
    Ok(Some(used))
}

/// The login with its new password and a proven address.
async fn renewed(
    deps: &Deps,
    login: &Login,
    password: &Secret,
    used: Option<SecondFactor>,
    now: Timestamp,
) -> Result<Login, ApiError> {
    let factor = used.or_else(|| {
        let kept = login.verified_at.and(login.factor.as_ref());
        kept.cloned()
    });
    Ok(Login {
        verified_at: login.verified_at.or(Some(now)),
        password: Some(PasswordRecord {
            hash: deps.passwords.hash(password).await?,
            set_at: now,
        }),
        factor,
        updated_at: now,
        ..login.clone()
    })
}

/// Stores the login, spends the link, ends every session, and opens one.
async fn store(
    deps: &Deps,
    visitor: &Visitor,
    (before, after): (&Login, &Login),
    (spent, has_given_factor): (String, bool),
    now: Timestamp,
) -> Result<Opened, ApiError> {
    let token = tokens::session(after.id, deps.random.as_ref())?;
    let (sessions, places, known) = try_join3(
        async {
            deps.sessions
                .list_sessions(after.id)
                .await
                .map_err(ApiError::from)
        },
        async { deps.logins.accounts(after.id).await.map_err(ApiError::from) },
        visitor.known_to(deps, before.id, Some(before)),
    )
    .await?;
    let mut session = opening::new_session(after, token.hash, visitor.device(), now);
    let mut status = SignInStatus::SignedIn;
    if has_given_factor {
        session = opening::with_factor(session, now);
    } else if session.has_factor {
        session = opening::awaiting_factor(session);
        status = SignInStatus::FactorRequired;
    }
    // An address that was changed since, and proven by that, is not the invited one.
    let freed = match before.verified_at {
        None => AccountPlace::freed(&places, now),
        Some(_) => Vec::new(),
    };
    let event = Event::LoginPasswordChanged(after.id);
    let facts = json!({
        "by": "reset",
        "address_proven": before.verified_at.is_none(),
        "device": records::device_facts(&session.device),
        "known_device": known.is_some(),
    });
    let audits = records::audits(
        deps,
        (after, &places),
        (event, &facts),
        &visitor.origin,
        now,
    );
    let change = LoginChange {
        end_sessions: sessions.into_iter().map(|session| session.hash).collect(),
        ends_earlier: true,
        unbinds: before.verified_at.is_none(),
        replaces: None,
        session: Some(session),
        reset: Some(spent),
        device: known.map(|known| DeviceToken {
            hash: known.hash.clone(),
        }),
        mail: records::changed_mail(deps, after, ChangedCredential::Password, now),
        freed,
        audits,
    };
    deps.logins.update_login(after, &change).await?;
    records::log_events(&change.audits, event);
    records::enqueue(deps, change.mail.as_ref()).await;
    Ok(Opened {
        status,
        cookies: vec![opening::session_cookie(token.token.reveal())],
    })
}
