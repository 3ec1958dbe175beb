//! Identities and forms on `WhatsApp`, whichever company passes the messages on (SPEC A28, A29;
//! PROVIDERS §4.5).
//!
//! `WhatsApp` identifies a person by a phone number, by a business-scoped user id (BSUID), or by
//! both. The BSUID is the stable id: it is present whether or not the person hides their number,
//! while a number may pass to somebody else. A new number comes with a new BSUID.

mod form;

pub use form::{answers, decimal};

use std::time::Duration;
use vestibule_domain::{
    chat::message::{Identity, PHONE_SCOPE, WHATSAPP_SCOPE},
    connector::Provider,
    directory::phone::{PhoneKey, PhoneNumber},
};

/// Time after a person's message during which `WhatsApp` lets a business write freely.
pub const WINDOW: Duration = Duration::from_hours(24);
/// Longest part of a BSUID after its country, in characters.
const BSUID_MAX_CHARS: usize = 128;
/// Mark of a parent portfolio's BSUID, after its country.
const PARENT_MARK: &str = "ENT.";
/// Fewest digits of a phone number with its country code. Short codes, which do not belong to
/// people, have fewer.
const PHONE_MIN_DIGITS: usize = 7;
/// Most digits that a phone number can have (E.164).
const PHONE_MAX_DIGITS: usize = 15;

/// Whether two texts of digits are one phone number in two notations (see [`PhoneNumber::key`]). The notation that
/// `WhatsApp` registered a number in, the carriers' and the platforms' own differ (Gupshup, "A brief
/// note on the inconsistencies for mobile numbers and their `WhatsApp` IDs"; Whapi, "Specifics of
/// sending messages to numbers of different countries").
#[must_use]
pub fn is_same_number(one: &str, other: &str) -> bool {
    one == other || matches!((key(one), key(other)), (Some(one), Some(other)) if one == other)
}

fn key(digits: &str) -> Option<PhoneKey> {
    let number = PhoneNumber::parse(&format!("+{digits}"));
    number.ok().map(|number| number.key())
}

/// Whether a text is a business-scoped user id: a country in capitals, a dot, and 1 to 128 letters
/// and digits (`US.13491208655302741918`), or that of a parent portfolio (`US.ENT.1181579921288`).
#[must_use]
pub fn is_bsuid(text: &str) -> bool {
    let Some((country, rest)) = text.split_once('.') else {
        return false;
    };
    let own = rest.strip_prefix(PARENT_MARK).unwrap_or(rest);
    country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && (1..=BSUID_MAX_CHARS).contains(&own.len())
        && own.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// The digits of a phone number with its country code, with or without `+`; `None` for anything
/// else.
#[must_use]
pub fn phone_digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let fits = (PHONE_MIN_DIGITS..=PHONE_MAX_DIGITS).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0');
    fits.then_some(digits)
}

/// The identity of a phone number, with or without `+`.
#[must_use]
pub fn phone_identity(provider: &Provider, phone: &str) -> Option<Identity> {
    let digits = phone_digits(phone)?;
    Some(Identity {
        provider: provider.clone(),
        platform_scope: PHONE_SCOPE.to_owned(),
        identifier: format!("+{digits}"),
    })
}

/// The identity of a BSUID.
#[must_use]
pub fn bsuid_identity(provider: &Provider, bsuid: &str) -> Option<Identity> {
    is_bsuid(bsuid).then(|| Identity {
        provider: provider.clone(),
        platform_scope: WHATSAPP_SCOPE.to_owned(),
        identifier: bsuid.to_owned(),
    })
}

/// The identity of a person by an id that an admin types: a BSUID, or a phone number with its country code in any
/// notation.
#[must_use]
pub fn typed_identity(provider: &Provider, typed: &str) -> Option<Identity> {
    bsuid_identity(provider, typed).or_else(|| {
        let is_separator = |c: &char| c.is_whitespace() || "-./()".contains(*c);
        let number: String = typed.chars().filter(|c| !is_separator(c)).collect();
        phone_identity(provider, number.strip_prefix("00").unwrap_or(&number))
    })
}

/// A person's identities: the stable id first, then the phone if both are known. A malformed id
/// counts as absent; `None` if none is left.
#[must_use]
pub fn identities(
    provider: &Provider,
    phone: Option<&str>,
    bsuid: Option<&str>,
) -> Option<(Identity, Option<Identity>)> {
    let phone = phone.and_then(|phone| phone_identity(provider, phone));
    match bsuid.and_then(|bsuid| bsuid_identity(provider, bsuid)) {
        Some(stable) => Some((stable, phone)),
        None => phone.map(|phone| (phone, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn twilio() -> Provider {
        Provider::new("twilio")
    }

    #[test]
    fn a_bsuid_is_a_country_and_letters_and_digits() {
        let (longest, too_long) = ("9".repeat(128), "9".repeat(129));
        for good in [
            "US.13491208655302741918",
            "BR.1A2b3C",
            "ID.4",
            "US.ENT.11815799212886844830",
            &format!("US.{longest}"),
            &format!("US.ENT.{longest}"),
        ] {
            assert!(is_bsuid(good), "{good}");
        }
        for bad in [
            "",
            "US",
            "US.",
            ".123",
            "us.123",
            "USA.123",
            "U1.123",
            "US.12 3",
            "US.12-3",
            "US.12.3",
            "US.ENT.",
            "US.ENT.ENT.1",
            "US.é",
            "ÜS.1",
            "US.123\n",
            "whatsapp:US.123",
            "972987654321",
            &format!("US.{too_long}"),
            &format!("US.ENT.{too_long}"),
        ] {
            assert!(!is_bsuid(bad), "{bad}");
        }
    }

    /// SPEC A47.
    #[test]
    fn a_number_is_typed_in_any_notation_with_its_country_code() {
        for typed in [
            "+1 (415) 555-0199",
            "0014155550199",
            "1.415.555.0199",
            "14155550199",
        ] {
            let identity = typed_identity(&twilio(), typed).unwrap();
            assert_eq!(identity.identifier, "+14155550199", "{typed}");
            assert!(identity.is_phone());
        }
        let bsuid = typed_identity(&twilio(), "US.1349120865530274").unwrap();
        assert_eq!(bsuid.platform_scope, WHATSAPP_SCOPE);
        for wrong in ["", "Ada", "0415 555 0199", "32665", "+1 415 555 0199 ext 7"] {
            assert_eq!(typed_identity(&twilio(), wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_phone_number_is_its_digits_with_or_without_a_plus() {
        for (text, digits) in [
            ("972987654321", "972987654321"),
            ("+972987654321", "972987654321"),
            ("6834000", "6834000"),
            ("123456789012345", "123456789012345"),
        ] {
            assert_eq!(phone_digits(text), Some(digits));
        }
        for bad in [
            "",
            "+",
            "++972987654321",
            "0972987654321",
            "32665",
            "1234567890123456",
            "972 987 654 321",
            "972987654321 ",
            "٩٧٢٩٨٧٦٥٤٣٢١",
            "US.13491208655302741918",
            "whatsapp:+972987654321",
        ] {
            assert_eq!(phone_digits(bad), None, "{bad}");
        }
    }

    /// SPEC A45b.
    #[test]
    fn a_number_is_the_same_with_and_without_the_digit_that_its_country_writes_or_leaves_out() {
        for (long, short) in [
            ("5511987654321", "551187654321"),
            ("5215512345678", "525512345678"),
            ("5491158749895", "541158749895"),
        ] {
            assert!(is_same_number(long, short), "{long}");
            assert!(is_same_number(short, long), "{long}");
            assert!(is_same_number(long, long), "{long}");
        }
        for (one, other) in [
            ("5511987654321", "551187654322"),
            ("5511887654321", "551187654321"),
            // A mobile number and a landline.
            ("5511912345678", "551112345678"),
            ("551191234567", "55111234567"),
            ("5225512345678", "525512345678"),
            ("4991158749895", "491158749895"),
            ("12028831111", "2028831111"),
            ("", "12028831111"),
        ] {
            assert!(!is_same_number(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_stable_id_comes_first() {
        let phone = Identity {
            provider: twilio(),
            platform_scope: "phone".into(),
            identifier: "+972987654321".into(),
        };
        let bsuid = Identity {
            provider: twilio(),
            platform_scope: "whatsapp".into(),
            identifier: "US.1a2B".into(),
        };
        for (given_phone, given_bsuid, expected) in [
            (
                Some("972987654321"),
                Some("US.1a2B"),
                Some((bsuid.clone(), Some(phone.clone()))),
            ),
            (None, Some("US.1a2B"), Some((bsuid.clone(), None))),
            (Some("0"), Some("US.1a2B"), Some((bsuid, None))),
            (Some("+972987654321"), None, Some((phone.clone(), None))),
            (Some("972987654321"), Some("1a2B"), Some((phone, None))),
            (Some("x"), Some("x"), None),
            (None, None, None),
        ] {
            assert_eq!(
                identities(&twilio(), given_phone, given_bsuid),
                expected,
                "{given_phone:?} {given_bsuid:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_is_both_a_phone_number_and_a_bsuid(text in "[A-Z0-9.+]{0,20}") {
            prop_assert!(phone_digits(&text).is_none() || !is_bsuid(&text));
        }
    }
}
