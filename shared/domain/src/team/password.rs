//! Rules for passwords, after NIST SP 800-63B-4: long, not common, no rules about their composition
//! (SPEC D28).

mod common;

use crate::{account::email_address::EmailAddress, secret::Secret};
use common::is_common;
use std::cmp::Reverse;

/// Fewest characters of a password.
pub const PASSWORD_MIN: usize = 15;
/// Most characters of a password.
pub const PASSWORD_MAX: usize = 128;

/// Fewest characters that must remain without what everybody can know.
const UNKNOWN_MIN: usize = 8;
/// Fewest characters of a part that counts as known: shorter ones stand in any text.
const PART_MIN: usize = 3;
const PRODUCT: &str = "vestibule";

/// Checks a new password, taken as it was typed. The error is read after the field's name.
pub fn check_password(new: &Secret, email: &EmailAddress, name: &str) -> Result<(), &'static str> {
    let typed = new.reveal();
    let length = typed.chars().count();
    if length < PASSWORD_MIN {
        return Err("must have at least 15 characters");
    }
    if length > PASSWORD_MAX {
        return Err("must have at most 128 characters");
    }
    let folded = typed.to_lowercase();
    if is_common(&folded) {
        return Err("must not be a common password");
    }
    if is_known(folded, email, name) {
        return Err("must not be made of the e-mail address, the name or 'vestibule'");
    }
    Ok(())
}

/// Whether little remains of a password without what everybody can know.
fn is_known(mut folded: String, email: &EmailAddress, name: &str) -> bool {
    let (local, domain) = email.parts();
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        lower
            .split(|c: char| !c.is_alphanumeric())
            .map(str::to_owned)
            .collect()
    };
    let mut parts = vec![
        PRODUCT.to_owned(),
        email.as_str().to_owned(),
        local.to_owned(),
        domain.to_owned(),
    ];
    parts.extend([local, domain, name].into_iter().flat_map(words));
    parts.retain(|part| part.chars().count() >= PART_MIN);
    // A long part before the shorter ones that it contains.
    parts.sort_by_key(|part| Reverse(part.len()));
    for part in &parts {
        folded = folded.replace(part.as_str(), "");
    }
    folded.chars().count() < UNKNOWN_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHORT: Result<(), &str> = Err("must have at least 15 characters");
    const COMMON_ONE: Result<(), &str> = Err("must not be a common password");
    const KNOWN: Result<(), &str> =
        Err("must not be made of the e-mail address, the name or 'vestibule'");

    fn check(password: &str) -> Result<(), &'static str> {
        let email = EmailAddress::parse("ana.lopez@acme-tools.example").unwrap();
        check_password(&Secret::new(password), &email, "Ana López")
    }

    /// SPEC D28.
    #[test]
    fn a_password_has_15_to_128_characters_of_any_kind() {
        assert_eq!(check(&"é".repeat(14)), SHORT);
        assert_eq!(check("plum tree river"), Ok(()));
        assert_eq!(check("plumtreerivera"), SHORT);
        assert_eq!(check("    é    🙂    ."), Ok(()));
        assert_eq!(check(&"plum tree river ".repeat(8)), Ok(()));
        let too_long = format!("{}x", "plum tree river ".repeat(8));
        assert_eq!(check(&too_long), Err("must have at most 128 characters"));
    }

    #[test]
    fn a_common_password_is_refused_in_any_case_and_with_digits_behind_it() {
        for common in [
            "123456789012345",
            "PasswordPassword",
            "passwordpassword2026",
            "password1234567",
            "1Q2W3E4R5T6Y7U8I9O0P",
            "Correct Horse Battery Staple",
        ] {
            assert_eq!(check(common), COMMON_ONE, "{common}");
        }
        // Digits alone are no stem: only those on the list are common.
        assert_eq!(check("840275913664208"), Ok(()));
    }

    #[test]
    fn a_password_is_not_made_of_what_everybody_knows() {
        for known in [
            "VestibuleVestibule1",
            "ana.lopez@acme-tools.example",
            "AnaLopezAcme2026",
            "lópez-lópez-lópez",
            "vestibule acme tools",
        ] {
            assert_eq!(check(known), KNOWN, "{known}");
        }
        assert_eq!(check("vestibule at dawn, quietly"), Ok(()));
    }

    proptest! {
        #[test]
        fn a_check_never_fails_and_takes_nothing_short(password in any::<String>(), name in any::<String>()) {
            let email = EmailAddress::parse("a@b.example").unwrap();
            let checked = check_password(&Secret::new(password.clone()), &email, &name);
            let length = password.chars().count();
            prop_assert!(checked.is_err() || (PASSWORD_MIN..=PASSWORD_MAX).contains(&length));
        }
    }
}
