//! Codes of the second factor: those of an authenticator app, and recovery codes for the loss of its
//! device (SPEC D31). Each counts once: the login is changed at its version with the answer.

use crate::{Deps, input, limits, problems::WRONG_CODE, tokens::sha256_hex, totp};
use data_encoding::BASE32_NOPAD;
use ring::rand::SecureRandom;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use vestibule_admin::{FieldErrors, auth::random_bytes, problem::ApiError, read_fields};
use vestibule_domain::{
    PortError, Timestamp,
    ids::LoginId,
    secret::Secret,
    team::{
        login::{Login, RECOVERY_CODES, RecoveryCode, SecondFactor},
        session::{Session, SignInMethod},
        throttle::ThrottleKind,
    },
};

/// Bytes of a recovery code. From 14 on, a plain hash is as good as a slow one (ASVS 6.5.2).
const RECOVERY_LEN: usize = 15;
/// Characters of a recovery code between hyphens.
const RECOVERY_GROUP: usize = 4;

/// A code of the second factor: one of the two.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "123456"}))]
pub struct FactorRequest {
    /// Six digits of the authenticator app.
    #[schema(nullable = false, write_only)]
    code: Option<String>,
    /// A recovery code, instead of `code`.
    #[schema(nullable = false, write_only)]
    recovery_code: Option<String>,
}

/// A code that was given.
#[derive(Debug)]
pub enum GivenCode {
    /// Of the authenticator app.
    App(String),
    /// A recovery code.
    Recovery(String),
}

/// Reads the code of a body: exactly one of the two.
pub fn read_code(fields: Map<String, Value>) -> Result<GivenCode, ApiError> {
    let mut errors = FieldErrors::default();
    let request: FactorRequest = read_fields(fields, &mut errors);
    let code = if let Some(recovery) = request.recovery_code {
        let other = ("code", request.code.is_some());
        input::token_instead_of(other, "recovery_code", recovery, &mut errors)
            .map(GivenCode::Recovery)
    } else {
        input::token("code", request.code, &mut errors).map(GivenCode::App)
    };
    match code {
        Some(code) if errors.is_empty() => Ok(code),
        _ => Err(errors.into_validation()),
    }
}

/// The subject under which codes are counted. A session through an account's provider has attempts of its own,
/// so that no provider uses up the login's.
#[must_use]
pub fn subject(session: &Session) -> String {
    let login_id = session.login_id;
    match &session.method {
        SignInMethod::Password => login_id.to_string(),
        SignInMethod::Provider { account_id, .. } => format!("{login_id}|{account_id}"),
    }
}

/// Counts an attempt of this subject, checks a code, and returns the factor as it is after its use.
pub async fn use_code(
    deps: &Deps,
    subject: &str,
    (login, factor): (&Login, &SecondFactor),
    code: &GivenCode,
    now: Timestamp,
) -> Result<SecondFactor, ApiError> {
    limits::admit(deps, ThrottleKind::Factor, subject).await?;
    let mut after = factor.clone();
    match code {
        GivenCode::App(code) => {
            let secret = open(deps, login.id, factor).await?;
            let step = totp::check(&secret, code, now, factor.last_step);
            after.last_step = step.ok_or(&WRONG_CODE)?;
        }
        GivenCode::Recovery(code) => {
            let hash = recovery_hash(login.id, code);
            let unused = |known: &&mut RecoveryCode| known.used_at.is_none() && known.hash == hash;
            let found = after.recovery.iter_mut().find(unused);
            found.ok_or(&WRONG_CODE)?.used_at = Some(now);
        }
    }
    Ok(after)
}

async fn open(deps: &Deps, login_id: LoginId, factor: &SecondFactor) -> Result<Vec<u8>, PortError> {
    let context = Login::secret_context(login_id);
    let opened = deps
        .vault
        .open(&factor.secret, Login::TOTP, &context)
        .await?;
    opened
        .and_then(|secret| totp::read_secret(secret.reveal()))
        .ok_or_else(|| PortError::corrupt("second factor", "it has no secret"))
}

/// Begins a second factor: a secret that nobody confirmed yet.
pub async fn begin(deps: &Deps, login_id: LoginId) -> Result<(SecondFactor, Vec<u8>), ApiError> {
    let secret = random_bytes::<{ totp::SECRET_LEN }>(deps.random.as_ref())?;
    let fields = BTreeMap::from([(Login::TOTP.to_owned(), Secret::new(totp::spelled(&secret)))]);
    let context = move |_: &str| Login::secret_context(login_id);
    let factor = SecondFactor {
        secret: deps.vault.seal(&fields, &context).await?,
        confirmed_at: None,
        last_step: 0,
        recovery: Vec::new(),
    };
    Ok((factor, secret.to_vec()))
}

/// Draws new recovery codes: as they are shown, once, and as they are stored.
pub fn draw_recovery(
    deps: &Deps,
    login_id: LoginId,
) -> Result<(Vec<String>, Vec<RecoveryCode>), PortError> {
    draw(deps.random.as_ref(), login_id)
}

fn draw(
    random: &dyn SecureRandom,
    login_id: LoginId,
) -> Result<(Vec<String>, Vec<RecoveryCode>), PortError> {
    let mut shown = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let bytes = random_bytes::<RECOVERY_LEN>(random)?;
        shown.push(grouped(&BASE32_NOPAD.encode(&bytes).to_lowercase()));
    }
    let stored = shown.iter().map(|code| RecoveryCode {
        hash: recovery_hash(login_id, code),
        used_at: None,
    });
    let stored = stored.collect();
    Ok((shown, stored))
}

fn grouped(code: &str) -> String {
    let mut grouped = String::new();
    for (place, c) in code.chars().enumerate() {
        if place > 0 && place % RECOVERY_GROUP == 0 {
            grouped.push('-');
        }
        grouped.push(c);
    }
    grouped
}

/// Spaces, hyphens and case of a code do not count.
fn recovery_hash(login_id: LoginId, code: &str) -> String {
    let code: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    sha256_hex(&format!("recovery|{login_id}|{code}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use serde_json::json;
    use std::collections::BTreeSet;

    fn read(body: Value) -> Result<GivenCode, ApiError> {
        let Value::Object(fields) = body else {
            panic!("a body is an object");
        };
        read_code(fields)
    }

    #[test]
    fn a_code_is_one_of_the_app_or_one_for_recovery() {
        assert!(matches!(
            read(json!({"code": "123456"})),
            Ok(GivenCode::App(_))
        ));
        assert!(matches!(
            read(json!({"recovery_code": "abcd-efgh-2345-6723"})),
            Ok(GivenCode::Recovery(_))
        ));
        for (wrong, field) in [
            (json!({}), "code"),
            (json!({"code": ""}), "code"),
            (json!({"code": "1", "recovery_code": "2"}), "recovery_code"),
            (json!({"code": 123_456}), "code"),
        ] {
            let error = read(wrong).unwrap_err();
            assert_eq!(error.errors()[0].field, field);
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_people_type_it_and_counts_for_its_login_only() {
        let login = LoginId::derive(&["ana"]);
        let code = grouped("abcdefgh23456723");
        assert_eq!(code, "abcd-efgh-2345-6723");
        let hash = recovery_hash(login, &code);
        assert_eq!(hash, recovery_hash(login, " ABCD efgh2345 6723"));
        assert_ne!(hash, recovery_hash(login, "abcd-efgh-2345-6722"));
        assert_ne!(hash, recovery_hash(LoginId::derive(&["bob"]), &code));
    }

    /// SPEC D31, ASVS 6.5.2 to 6.5.4.
    #[test]
    fn a_recovery_code_has_120_random_bits_and_is_stored_as_a_hash_of_its_login() {
        let login = LoginId::derive(&["ana"]);
        let (shown, stored) = draw(&SystemRandom::new(), login).unwrap();
        assert_eq!(
            (shown.len(), stored.len()),
            (RECOVERY_CODES, RECOVERY_CODES)
        );
        let different: BTreeSet<&String> = shown.iter().collect();
        assert_eq!(different.len(), RECOVERY_CODES);
        for (code, kept) in shown.iter().zip(&stored) {
            // A character of base32 has five bits.
            assert_eq!(code.chars().filter(|c| *c != '-').count() * 5, 120);
            assert_eq!(kept.hash, recovery_hash(login, code));
            assert_eq!(kept.used_at, None);
        }
    }
}
