//! Fields that several routes read.

use vestibule_admin::FieldErrors;
use vestibule_domain::{
    account::email_address::EmailAddress,
    secret::Secret,
    team::password::{PASSWORD_MAX, check_password},
};

/// Longest token or code that is worth reading, in bytes.
const TOKEN_MAX_BYTES: usize = 512;

/// Reads a required e-mail address.
pub(crate) fn email(
    field: &str,
    given: Option<&str>,
    errors: &mut FieldErrors,
) -> Option<EmailAddress> {
    match EmailAddress::parse(errors.required(field, given)?) {
        Ok(email) => Some(email),
        Err(rule) => {
            errors.add(field, rule.to_string());
            None
        }
    }
}

/// Reads a required password that is compared with a stored one.
pub(crate) fn present_password(
    field: &str,
    given: Option<String>,
    errors: &mut FieldErrors,
) -> Option<Secret> {
    let given = errors.required(field, given)?;
    if given.chars().count() > PASSWORD_MAX {
        errors.add(
            field,
            format!("must have at most {PASSWORD_MAX} characters"),
        );
        return None;
    }
    Some(Secret::new(given))
}

/// Reads a required password that is to be stored.
pub(crate) fn new_password(
    field: &str,
    given: Option<String>,
    (email, name): (&EmailAddress, &str),
    errors: &mut FieldErrors,
) -> Option<Secret> {
    let password = Secret::new(errors.required(field, given)?);
    match check_password(&password, email, name) {
        Ok(()) => Some(password),
        Err(rule) => {
            errors.add(field, rule);
            None
        }
    }
}

/// Reads a token or code that stands in for another field. Both together are wrong.
pub(crate) fn token_instead_of(
    (other, has_other): (&str, bool),
    field: &str,
    given: String,
    errors: &mut FieldErrors,
) -> Option<String> {
    if has_other {
        errors.add(field, format!("cannot be given together with `{other}`"));
    }
    token(field, Some(given), errors)
}

/// Reads a required token or code.
pub(crate) fn token(
    field: &str,
    given: Option<String>,
    errors: &mut FieldErrors,
) -> Option<String> {
    let given = errors.required(field, given)?;
    if given.is_empty() || given.len() > TOKEN_MAX_BYTES {
        errors.add(field, format!("must have 1 to {TOKEN_MAX_BYTES} bytes"));
        return None;
    }
    Some(given)
}
