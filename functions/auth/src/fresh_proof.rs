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
    ports::LoginChange,
    secret::Secret,
    team::{login::Login, throttle::ThrottleKind},
};

/// Checks the password of a login. Wrong ones are counted with those of sign-ins.
pub async fn check_password(deps: &Deps, login: &Login, given: &Secret) -> Result<(), ApiError> {
    let subject = login.id.to_string();
    limits::admit(deps, ThrottleKind::SignInLogin, &subject).await?;
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
