//! Outcomes of a sign-in at a provider: a session of the account, a trial.

use super::{
    NOT_BOUND, SIGN_IN_FAILED,
    asking::trier,
    returned::{Done, Returned},
};
use crate::{
    Deps, cookies, limits,
    opening::{self, Opened, Prepared, SignInStatus},
    records,
    tokens::{self, LoginClaim, sha256_hex},
    visitor::is_known,
};
use futures_util::future::try_join3;
use serde_json::json;
use vestibule_admin::{
    log,
    problem::{ApiError, NOT_A_MEMBER},
};
use vestibule_domain::{
    event::{AuditEntry, Change, Event, told::Told},
    ids::{AccountId, AuditId, LoginId},
    ports::{AccountPlace, By, DeviceToken, Opening},
    secret::Secret,
    team::{
        login::Login,
        login_method::LoginMethod,
        mail::MailKind,
        session::{Session, SessionStage, SignInMethod},
        throttle::ThrottleKind,
    },
};

/// Sessions of a login through the providers of one account. The oldest ends when there would be more, and no other
/// session does (SPEC D27).
const SESSIONS_THROUGH_PROVIDER_MAX: usize = 10;

/// Opens a session of the member who bound the identity.
pub(super) async fn sign_in(returned: &Returned<'_>) -> Result<Done, ApiError> {
    let deps = returned.deps;
    let scope = returned.flow.scope;
    let bound = deps.logins.find_identity(scope, &returned.identity).await?;
    let bound = bound.ok_or(&NOT_BOUND)?;
    let (login, mut places, sessions) = try_join3(
        deps.logins.get_login(bound.login_id),
        deps.logins.accounts(bound.login_id),
        deps.sessions.list_sessions(bound.login_id),
    )
    .await?;
    let login = login.ok_or(&NOT_BOUND)?;
    // This account's only: what its provider does is no other account's business.
    places.retain(|place| {
        let member = &place.standing.member;
        (member.scope, member.id) == (scope, bound.member_id) && place.standing.is_active()
    });
    if places.is_empty() {
        return Err(ApiError::new(&NOT_A_MEMBER));
    }
    let prepared = prepare(
        returned,
        &login,
        Some((places.as_slice(), sessions.as_slice())),
    )
    .await?;
    let stored = deps
        .sessions
        .open_session(&prepared.session, &prepared.opening);
    stored.await?;
    Ok(done(prepared.stored(deps).await))
}

/// Prepares a session through the account's provider. `known` are the accounts of the login that are told, and its
/// sessions; without them, a link makes or renews the login.
pub(super) async fn prepare(
    returned: &Returned<'_>,
    login: &Login,
    known: Option<(&[AccountPlace], &[Session])>,
) -> Result<Prepared, ApiError> {
    let (deps, visitor, now) = (returned.deps, returned.visitor, returned.now);
    let account_id = returned.account.id;
    let (places, sessions) = known.unwrap_or_default();
    let token = tokens::session(login.id, deps.random.as_ref())?;
    let session = new_session(returned, login, token.hash);
    let device = device(returned, login).await?;
    let event = Event::LoginSignedIn(login.id);
    let audits = match session.stage {
        SessionStage::Full => {
            let mut after = records::device_facts(&session.device);
            if let Some(facts) = after.as_object_mut() {
                facts.insert("login_method".to_owned(), json!(returned.method.id));
            }
            records::audits(deps, (login, places), (event, &after), &visitor.origin, now)
        }
        SessionStage::AwaitingFactor => Vec::new(),
    };
    let tells = known.is_some() && !device.is_known;
    let mail = if tells && may_mail(deps, login, account_id).await? {
        let device = session.device.clone();
        records::login_mail(deps, login, MailKind::NewDevice { device, at: now }, now)
    } else {
        None
    };
    let opening = Opening {
        end: ending(sessions, account_id, login.id, visitor.session.as_ref()),
        device: DeviceToken { hash: device.hash },
        mail,
        audits,
    };
    Ok(Prepared {
        session,
        opening,
        cookies: vec![
            opening::session_cookie(token.token.reveal()),
            cookies::set(cookies::DEVICE, device.token.reveal(), cookies::DEVICE_AGE),
        ],
    })
}

/// The answer to a browser for which a session was opened.
pub(super) fn done(opened: Opened) -> Done {
    Done {
        awaits_factor: opened.status == SignInStatus::FactorRequired,
        cookies: opened.cookies,
    }
}

/// The session of a sign-in through the account's provider.
fn new_session(returned: &Returned<'_>, login: &Login, hash: String) -> Session {
    let device = returned.visitor.device();
    let session = Session {
        method: SignInMethod::Provider {
            account_id: returned.account.id,
            method_id: returned.method.id,
            identity: returned.identity.clone(),
        },
        ..opening::new_session(login, hash, device, returned.now)
    };
    let rules = &returned.account.rules;
    let lacks_factor = rules.factor_required && !rules.provider_factor_counts;
    if lacks_factor && session.has_factor {
        opening::awaiting_factor(session)
    } else {
        session
    }
}

/// The browser, as this account's provider knows it.
struct Browser {
    token: Secret,
    hash: String,
    is_known: bool,
}

/// A browser is remembered per account. A provider must not make its own browser one that the login knows: a known
/// one has attempts of its own, and no mail tells of it.
async fn device(returned: &Returned<'_>, login: &Login) -> Result<Browser, ApiError> {
    let (deps, account_id) = (returned.deps, returned.account.id);
    let hash = |token: &Secret| sha256_hex(&format!("{}|{account_id}", token.reveal()));
    if let Some(device) = &returned.visitor.device {
        let hash = hash(&device.token);
        let is_known = is_known(deps, login.id, Some(login), &hash).await?;
        return Ok(Browser {
            token: device.token.clone(),
            hash,
            is_known,
        });
    }
    let drawn = tokens::device(deps.random.as_ref())?;
    Ok(Browser {
        hash: hash(&drawn.token),
        token: drawn.token,
        is_known: false,
    })
}

/// Whether a mail may tell the login of a new device. A provider could make new ones without end.
async fn may_mail(deps: &Deps, login: &Login, account_id: AccountId) -> Result<bool, ApiError> {
    let subject = format!("{}|{account_id}|new_device", login.id);
    Ok(limits::is_admitted(deps, ThrottleKind::ResetLogin, &subject).await?)
}

/// The sessions that end for a new one: that of the same browser, and the oldest through this account's providers.
fn ending(
    sessions: &[Session],
    account_id: AccountId,
    login_id: LoginId,
    browser: Option<&LoginClaim>,
) -> Vec<String> {
    let browser = browser.filter(|claim| claim.login_id == login_id);
    let is_browsers = |session: &Session| browser.is_some_and(|claim| claim.hash == session.hash);
    let is_accounts = |session: &Session| match session.method {
        SignInMethod::Password => false,
        SignInMethod::Provider { account_id: of, .. } => of == account_id,
    };
    let mut through: Vec<&Session> = sessions
        .iter()
        .filter(|session| is_accounts(session) && !is_browsers(session))
        .collect();
    through.sort_by_key(|session| session.created_at);
    let surplus = (through.len() + 1).saturating_sub(SESSIONS_THROUGH_PROVIDER_MAX);
    let oldest = through.into_iter().take(surplus);
    oldest
        .chain(sessions.iter().filter(|session| is_browsers(session)))
        .map(|session| session.hash.clone())
        .collect()
}

/// Notes that a sign-in by the method went well. Nobody is signed in.
pub(super) async fn trial(returned: &Returned<'_>, session_hash: &str) -> Result<Done, ApiError> {
    let (deps, now) = (returned.deps, returned.now);
    let account_id = returned.account.id;
    let (caller, hash) = trier(deps, returned.visitor, account_id, now).await?;
    if hash != session_hash {
        return Err(ApiError::new(&SIGN_IN_FAILED));
    }
    let tried = LoginMethod {
        tried_at: Some(now),
        updated_at: now,
        ..returned.method.clone()
    };
    let entry = AuditEntry {
        id: AuditId::new(deps.admin.ids.draw()),
        scope: returned.method.scope,
        at: now,
        actor: caller.actor.clone(),
        change: Change {
            event: Event::LoginMethodTried(tried.id),
            before: json!({"tried_at": returned.method.tried_at}),
            after: json!({"tried_at": tried.tried_at}),
        },
        request_id: returned.visitor.origin.request_id.clone(),
        told: Told::default(),
    };
    let by = By {
        audit: &entry,
        proof: &caller.proof,
    };
    deps.methods.update_method(&tried, by).await?;
    log(&entry);
    Ok(Done::default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use vestibule_domain::{
        Timestamp,
        ids::LoginMethodId,
        team::{identity::IdentityHash, session::Device},
    };

    fn account(name: &str) -> AccountId {
        AccountId::derive(&[name])
    }

    fn login() -> LoginId {
        LoginId::derive(&["ana"])
    }

    fn session(hash: &str, through: Option<&str>, at: i64) -> Session {
        let at = Timestamp::from_millis(at);
        Session {
            login_id: login(),
            hash: hash.to_owned(),
            method: through.map_or(SignInMethod::Password, |name| SignInMethod::Provider {
                account_id: account(name),
                method_id: LoginMethodId::derive(&[name]),
                identity: IdentityHash::oidc("https://idp.example", name),
            }),
            stage: SessionStage::Full,
            factor_at: None,
            device: Device::default(),
            created_at: at,
            expires_at: at,
            last_active_at: at,
            has_factor: false,
            login_version: 1,
            seen: BTreeMap::new(),
        }
    }

    /// SPEC D27.
    #[test]
    fn a_provider_ends_no_session_but_those_of_its_account_and_of_its_browser() {
        let mut sessions = vec![
            session("own", None, 0),
            session("elsewhere", Some("globex"), 1),
        ];
        for n in 0..10 {
            sessions.push(session(&format!("p{n}"), Some("acme"), 10 + n));
        }
        let ended = |sessions: &[Session], browser: Option<&LoginClaim>| {
            ending(sessions, account("acme"), login(), browser)
        };
        assert_eq!(ended(&sessions, None), ["p0"]);
        assert!(ended(&sessions[..11], None).is_empty());
        let browser = LoginClaim {
            login_id: login(),
            hash: "own".to_owned(),
        };
        assert_eq!(ended(&sessions[..11], Some(&browser)), ["own"]);
        let others = LoginClaim {
            login_id: LoginId::derive(&["bob"]),
            ..browser
        };
        assert!(ended(&sessions[..11], Some(&others)).is_empty());
    }
}
