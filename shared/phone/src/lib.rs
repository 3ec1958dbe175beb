//! Phone numbers as people type them: reads, checks and shows them.
//!
//! Whether a number is *possible* (its country exists, and numbers of this length in it) is a rule; whether it is
//! *valid* (such numbers are in use) is a hint, because countries open new ranges before the rules know of them.
//! Numbers that chat platforms assert are taken as they are and never read here.

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumberFormat};
use vestibule_domain::directory::phone::PhoneNumber;

/// Fewest digits of a number that a person types, the country's code included (SPEC C14).
const DIGITS_MIN: usize = 10;

/// The reason why a text is not taken as a phone number. Its text is the message for the field (SPEC C14, C18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneProblem {
    /// There is nothing to read.
    #[error("Phone number is required")]
    Missing,
    /// The text is not a number in international format, or no such number can exist.
    #[error(
        "Enter the number in international format with at least 10 digits, for example +1 555-123-4567"
    )]
    Unusable,
}

/// A phone number that a person typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The number.
    pub number: PhoneNumber,
    /// Whether numbers like this are known to be in use.
    pub is_valid: bool,
}

/// Reads a number in international format. `+` may be written `00`; spaces, dashes, points, slashes and parentheses
/// are left out, as is a national prefix in `+44 (0)20`. An extension makes the text no number.
pub fn read(text: &str) -> Result<Typed, PhoneProblem> {
    let text = text.trim_matches(is_left_out);
    if text.is_empty() {
        return Err(PhoneProblem::Missing);
    }
    let digits = digits_of(text).ok_or(PhoneProblem::Unusable)?;
    let number = possible(&digits)
        .filter(|number| number.digits().len() >= DIGITS_MIN)
        .ok_or(PhoneProblem::Unusable)?;
    let is_valid = is_valid(&number);
    Ok(Typed { number, is_valid })
}

/// Returns whether numbers like this are known to be in use.
#[must_use]
pub fn is_valid(number: &PhoneNumber) -> bool {
    possible(number.digits())
        .and_then(|number| parse(number.digits()))
        .is_some_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number))
}

/// Writes a number with the spaces and dashes of its country, as `+1 555-123-4567`. One that cannot exist is written
/// as it is.
#[must_use]
pub fn display(number: &PhoneNumber) -> String {
    possible(number.digits())
        .and_then(|number| parse(number.digits()))
        .map_or_else(
            || number.as_str().to_owned(),
            |parsed| {
                PHONE_NUMBER_UTIL
                    .format(&parsed, PhoneNumberFormat::International)
                    .into_owned()
            },
        )
}

/// The number of these digits, if one like it can exist: as it is, else in the form that stands for all its forms
/// (SPEC A45b).
fn possible(digits: &str) -> Option<PhoneNumber> {
    possible_as_it_is(digits).or_else(|| {
        let number = PhoneNumber::parse(&format!("+{digits}")).ok()?;
        possible_as_it_is(number.key().as_str())
    })
}

fn possible_as_it_is(digits: &str) -> Option<PhoneNumber> {
    let number = parse(digits)?;
    let length = PHONE_NUMBER_UTIL.is_possible_number_with_reason(&number);
    if length != Ok(NumberLengthType::IsPossible) {
        return None;
    }
    let text = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164);
    PhoneNumber::parse(&text).ok()
}

fn parse(digits: &str) -> Option<rlibphonenumber::PhoneNumber> {
    PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()
}

/// The digits of a text in international format, without the sign of it.
fn digits_of(text: &str) -> Option<String> {
    let mut digits = String::new();
    let mut has_plus = false;
    for character in text.chars() {
        match character {
            '+' | '\u{FF0B}' if digits.is_empty() && !has_plus => has_plus = true,
            _ if is_left_out(character) => {}
            _ => digits.push(digit(character)?),
        }
    }
    if has_plus {
        Some(digits)
    } else {
        digits.strip_prefix("00").map(ToOwned::to_owned)
    }
}

/// The digit, also one of full width, or an Arabic or Persian one.
fn digit(character: char) -> Option<char> {
    let zero = match character {
        '0'..='9' => '0',
        '\u{FF10}'..='\u{FF19}' => '\u{FF10}',
        '\u{0660}'..='\u{0669}' => '\u{0660}',
        '\u{06F0}'..='\u{06F9}' => '\u{06F0}',
        _ => return None,
    };
    let value = u32::from(character).checked_sub(u32::from(zero))?;
    char::from_digit(value, 10)
}

/// Whether a character only separates, or has no width: address books add such to what is copied from them.
fn is_left_out(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.' | '/' | '(' | ')' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2010}'..='\u{2015}'
                | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{2212}' | '\u{30FC}'
                | '\u{FEFF}' | '\u{FF08}' | '\u{FF09}' | '\u{FF0D}'..='\u{FF0F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    /// The people of demos, whose numbers must be such as an admin can add.
    #[test]
    fn the_demonstration_has_people_of_a_dozen_languages_with_numbers_of_ranges_in_use() {
        let table = include_str!("../../../infra/local/people.txt");
        let mut languages = 0;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let pattern = line.split('|').nth(1).unwrap().trim();
            for digit in '0'..='9' {
                let number = pattern.replace('#', &digit.to_string());
                let typed = read(&number).unwrap();
                assert!(typed.is_valid, "{number}");
            }
            languages += 1;
        }
        assert!(languages >= 12, "{languages}");
    }

    /// SPEC C14.
    #[test]
    fn numbers_of_many_countries_are_read_and_shown_as_their_countries_write_them() {
        for shown in [
            "+1 201-555-0123",
            "+44 7400 123456",
            "+44 20 7946 0018",
            "+49 1512 3456789",
            "+33 6 12 34 56 78",
            "+34 612 34 56 78",
            "+39 312 345 6789",
            "+39 02 1234 5678",
            "+41 78 123 45 67",
            "+43 664 123456",
            "+31 6 12345678",
            "+48 512 345 678",
            "+46 70 123 45 67",
            "+55 11 96123-4567",
            "+52 222 123 4567",
            "+54 9 11 2345-6789",
            "+91 81234 56789",
            "+81 90-1234-5678",
            "+61 412 345 678",
            "+27 71 123 4567",
            "+234 802 123 4567",
            "+254 712 123456",
            "+90 501 234 56 78",
            "+7 912 345-67-89",
            "+86 131 2345 6789",
            "+380 50 123 4567",
            "+65 8123 4567",
            "+354 611 1234",
            "+966 51 234 5678",
            "+353 85 012 3456",
        ] {
            let typed = read(shown).unwrap();
            assert!(typed.is_valid, "{shown}");
            assert!(is_valid(&typed.number), "{shown}");
            assert_eq!(display(&typed.number), shown);
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            assert_eq!(typed.number.digits(), digits);
            assert_eq!(read(typed.number.as_str()), Ok(typed));
        }
    }

    /// SPEC C14.
    #[test]
    fn separators_other_digits_and_other_signs_of_the_international_format_are_understood() {
        for text in [
            "+4915123456789",
            "  +49 1512-345.67/89 ",
            "(+49) 1512 3456789",
            "+49 (0)1512 3456789",
            "0049 1512 3456789",
            "00 49 1512 3456789",
            "+\u{FF14}\u{FF19}15123456789",
            "\u{FF0B}4915123456789",
            "\u{202A}+49\u{A0}1512\u{2011}3456789\u{202C}",
            "+\u{0664}\u{0669}\u{0661}\u{0665}\u{0661}\u{0662}3456789",
            "+49 1512 345678\u{06F9}",
        ] {
            let typed = read(text).unwrap();
            assert_eq!(typed.number.as_str(), "+4915123456789", "{text}");
        }
    }

    /// SPEC C14, C18.
    #[test]
    fn what_is_not_a_number_in_international_format_is_refused_with_the_fields_message() {
        for text in ["", "   ", "-", "\u{202C}", "()"] {
            assert_eq!(read(text), Err(PhoneProblem::Missing), "{text}");
        }
        assert_eq!(
            PhoneProblem::Missing.to_string(),
            "Phone number is required"
        );
        for text in [
            "15551234567",
            "0151 23456789",
            "+",
            "00",
            "+0049 1512 3456789",
            "+1 555-1234",
            "+376 312 345",
            "+999 123 456 789",
            "+1 555 123 45678",
            "+1 555-123-4567 x12",
            "+1 555-123-4567 ext. 12",
            "+1 555-123-4567#12",
            "+1 555-123-4567,12",
            "+1 555-123-4567;ext=12",
            "tel:+15551234567",
            "+1 555 CALL NOW",
            "++15551234567",
            "+1+5551234567",
            "+1 555-123-4567 +1 555-123-4568",
            "+15551234567\u{0}",
            "+123456789012345678901234567890",
            "hello",
        ] {
            assert_eq!(read(text), Err(PhoneProblem::Unusable), "{text}");
        }
        assert_eq!(
            PhoneProblem::Unusable.to_string(),
            "Enter the number in international format with at least 10 digits, for example +1 555-123-4567"
        );
    }

    #[test]
    fn a_possible_number_of_a_range_that_is_not_in_use_is_taken_and_told() {
        let typed = read("+1 555-123-4567").unwrap();
        assert_eq!(typed.number, number("+15551234567"));
        assert!(!typed.is_valid);
        assert!(!is_valid(&typed.number));
        assert_eq!(display(&typed.number), "+1 555-123-4567");
    }

    /// SPEC A45b: current rules call the longer form of Mexican numbers too long.
    #[test]
    fn a_number_in_a_form_of_old_is_taken_in_the_form_of_today() {
        let typed = read("+52 1 222 123 4567").unwrap();
        assert_eq!(typed.number, number("+522221234567"));
        assert!(typed.is_valid);
        let asserted = number("+5212221234567");
        assert_eq!(display(&asserted), "+52 222 123 4567");
        assert!(is_valid(&asserted));
        assert_eq!(asserted.key(), typed.number.key());
    }

    #[test]
    fn a_number_that_cannot_exist_is_shown_as_it_is() {
        for text in ["+1234567", "+999123456789"] {
            assert_eq!(display(&number(text)), text);
            assert!(!is_valid(&number(text)));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused_and_what_is_shown_is_read_again(text in "[+0-9 ()x-]{0,24}|\\PC{0,24}") {
            if let Ok(typed) = read(&text) {
                let again = read(&display(&typed.number)).map(|typed| typed.number.key());
                prop_assert_eq!(again, Ok(typed.number.key()));
            }
        }
    }
}
