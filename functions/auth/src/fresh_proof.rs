//! The proof that whoever calls is still the person who signed in: the password, or a code of the second factor,
//! given once more. What can take a login away from its owner asks for it (SPEC D31, D35).

use crate::{
    Deps, limits,
    problems::{FACTOR_NOT_SET, WRONG_CREDENTIALS},
    refusals,
    second_factor::{self, GivenCode},
};
use vestibule_admin::{LoginCall, problem::ApiError};
use vestibule_domain::{
    ports::{DeviceToken, LoginChange},
    secret::Secret,
    team::{login::Login, throttle::ThrottleKind},
};

/// Checks the password of a login. Tries are counted with those of sign-ins: by browser if the login knows it, so that
/// a stranger who guesses does not keep the owner from it, or else by address.
pub async fn check_password(
    deps: &Deps,
    login: &Login,
    browser: Option<&DeviceToken>,
    given: &Secret,
) -> Result<(), ApiError> {
    let (kind, subject) = match browser {
        Some(known) => {
            let subject = limits::device_subject(&login.id.to_string(), &known.hash);
            (ThrottleKind::SignInDevice, subject)
        }
        None => (ThrottleKind::SignInLogin, login.email.hash()),
    };
    limits::admit(deps, kind, &subject).await?;
    let verdict = refusals::compare(deps, Some(login), given).await?;
    if verdict.matches {
        Ok(())
    } else {
        Err(ApiError::new(&WRONG_CREDENTIALS))
    }
}

/// Uses a code of the second factor, and returns the login as it is afterwards: a code counts once, whatever
/// becomes of the call.
pub async fn use_code(
    deps: &Deps,
    call: &LoginCall,
    login: Login,
    code: String,
) -> Result<Login, ApiError> {
    let factor = login.confirmed_factor().ok_or(&FACTOR_NOT_SET)?;
    let subject = second_factor::subject(&call.session);
    let (code, now) = (GivenCode::App(code), call.now());
    let used = second_factor::use_code(deps, &subject, (&login, factor), &code, now).await?;
    let after = Login {
        factor: Some(used),
        updated_at: now,
        ..login
    };
    let change = LoginChange::default();
    deps.logins.update_login(&after, &change).await?;
    Ok(Login {
        version: after.version + 1,
        ..after
    })
}
