//! Phone numbers in international format.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Fewest digits of a number, the country's code included. Shorter ones are short codes, which nobody holds.
const DIGITS_MIN: usize = 7;
/// Most digits of a number (ITU-T E.164).
const DIGITS_MAX: usize = 15;

/// The error for a text that is not a phone number in the format `+4915112345678`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a phone number in international format such as +4915112345678")]
pub struct InvalidPhone;

/// A phone number: a plus sign and digits, as its holder or a chat platform wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Parses `+` and 7 to 15 digits, the first of which is not 0. Nothing else is removed or added: the
    /// rules for numbers that people type are in the crate `vestibule-phone`.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        let digits = text.strip_prefix('+').ok_or(InvalidPhone)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
            && (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len());
        if is_number {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidPhone)
        }
    }

    /// The number as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits, without the plus sign.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.get(1..).unwrap_or_default()
    }

    /// The one form that stands for all forms of the number (SPEC A45b): Mexico without the 1 of mobile numbers,
    /// Argentina without their 9, Brazil without the ninth digit of mobile numbers.
    #[must_use]
    pub fn key(&self) -> PhoneKey {
        let digits = self.digits();
        let short = match digits.split_at_checked(2) {
            Some(("52", rest)) => without_first(rest, '1', 10).map(|rest| format!("52{rest}")),
            Some(("54", rest)) => without_first(rest, '9', 10).map(|rest| format!("54{rest}")),
            Some(("55", rest)) => rest.split_at_checked(2).and_then(|(area, rest)| {
                without_first(rest, '9', 8)
                    .filter(|rest| rest.starts_with(['6', '7', '8', '9']))
                    .map(|rest| format!("55{area}{rest}"))
            }),
            _ => None,
        };
        PhoneKey(short.unwrap_or_else(|| digits.to_owned()))
    }
}

/// The digits after `first`, if `first` comes first and that many digits follow.
fn without_first(digits: &str, first: char, left: usize) -> Option<&str> {
    digits.strip_prefix(first).filter(|rest| rest.len() == left)
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhone;

    fn try_from(text: String) -> Result<Self, InvalidPhone> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The digits that stand for a phone number in all its forms: see [`PhoneNumber::key`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneKey(String);

impl PhoneKey {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> String {
        PhoneNumber::parse(text).unwrap().key().to_string()
    }

    #[test]
    fn a_number_is_a_plus_sign_and_seven_to_fifteen_digits() {
        for right in ["+1234567", "+4915112345678", "+123456789012345"] {
            assert_eq!(PhoneNumber::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "+",
            "1234567",
            "+123456",
            "+1234567890123456",
            "+0123456789",
            "+49 151 1234",
            "+49151a2345",
            "+٤٩١٥١١٢٣٤",
        ] {
            assert_eq!(PhoneNumber::parse(wrong), Err(InvalidPhone), "{wrong}");
        }
    }

    /// SPEC A45b.
    #[test]
    fn the_two_forms_of_one_number_have_one_key() {
        for (long, short) in [
            ("+5215512345678", "+525512345678"),
            ("+5491123456789", "+541123456789"),
            ("+5511987654321", "+551187654321"),
        ] {
            assert_eq!(key(long), key(short));
            assert_eq!(format!("+{}", key(long)), short);
        }
    }

    #[test]
    fn other_numbers_that_look_alike_keep_their_keys() {
        for number in [
            "+5512345678901",
            "+552123456789",
            "+5511921234567",
            "+52155123456",
            "+54911234567",
            "+4915112345678",
            "+12025550123",
        ] {
            assert_eq!(format!("+{}", key(number)), number);
        }
    }
}
