//! Reading of JSON from outside: requests, answers of platforms, and answers of agents.
//!
//! Senders cut texts within an emoji, copy text of another encoding, or put a byte order mark in
//! front. RFC 8259 (§7, §8.1, §8.2) leaves such documents to the reader, and `serde_json` refuses
//! them as a whole. One bad character must not cost the rest of a message.

use serde::de::DeserializeOwned;
use std::{fmt::Write as _, ops::RangeInclusive};

/// The mark that some senders put before a document. RFC 8259 §8.1 allows ignoring it.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";
/// Code units that are halves of a pair, in UTF-16.
const SURROGATES: RangeInclusive<u16> = 0xD800..=0xDFFF;

/// Parses JSON as `serde_json` does, or else with its characters repaired: without a byte order
/// mark in front, with U+FFFD for what is no character (half a surrogate pair, bytes that are not
/// UTF-8), and with control characters in strings accepted. The second attempt, too, takes linear
/// time, and is made only after the first has failed.
///
/// A signature is made over the bytes, so verify it before, and over these bytes.
///
/// # Errors
///
/// Fails if not even the repaired text is JSON, or if it is not of this type.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(bytes).or_else(|_| serde_json::from_str(&repaired(bytes)))
}

/// Repairs characters within strings. Elsewhere a repair changes nothing for the better: U+FFFD and
/// escapes are no JSON outside strings.
fn repaired(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text);
    let mut whole = String::with_capacity(rest.len());
    let mut is_in_string = false;
    while let Some((c, behind)) = first(rest) {
        rest = match c {
            '\\' => copy_escape(behind, &mut whole),
            c if is_in_string && c < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(whole, "\\u{:04x}", u32::from(c));
                behind
            }
            c => {
                is_in_string ^= c == '"';
                whole.push(c);
                behind
            }
        };
    }
    whole
}

/// Copies an escape, given what follows its backslash, and returns what follows the escape. An
/// escaped surrogate is copied as its character.
fn copy_escape<'a>(escape: &'a str, whole: &mut String) -> &'a str {
    if let Some((c, behind)) = surrogate(escape) {
        whole.push(c);
        return behind;
    }
    whole.push('\\');
    // Copied without a look at it: a backslash that is escaped begins no escape.
    let Some((escaped, behind)) = first(escape) else {
        return "";
    };
    whole.push(escaped);
    behind
}

/// Reads an escaped surrogate: the character of a whole pair, or U+FFFD for half of one.
fn surrogate(escape: &str) -> Option<(char, &str)> {
    let (unit, rest) = code_unit(escape).filter(|(unit, _)| SURROGATES.contains(unit))?;
    let pair = rest.strip_prefix('\\').and_then(|second| {
        let (low, behind) = code_unit(second)?;
        let character = char::decode_utf16([unit, low]).next()?.ok()?;
        Some((character, behind))
    });
    Some(pair.unwrap_or((char::REPLACEMENT_CHARACTER, rest)))
}

/// Reads `u` and four hexadecimal digits.
fn code_unit(escape: &str) -> Option<(u16, &str)> {
    let (digits, rest) = escape.strip_prefix('u')?.split_at_checked(4)?;
    let is_hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let unit = u16::from_str_radix(digits, 16).ok()?;
    is_hexadecimal.then_some((unit, rest))
}

/// The first character, and the others.
fn first(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    Some((characters.next()?, characters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::any_json;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// The text that a JSON string with this content is read as.
    fn text(content: &[u8]) -> Option<String> {
        read(&[b"\"".as_slice(), content, b"\""].concat()).ok()
    }

    #[test]
    fn half_a_surrogate_pair_is_read_as_a_replacement_character() {
        for (content, expected) in [
            (r"cut emoji \ud83d", "cut emoji \u{FFFD}"),
            (r"\ud83d", "\u{FFFD}"),
            (r"\uDE00 low", "\u{FFFD} low"),
            (r"\uD83d, mixed case", "\u{FFFD}, mixed case"),
            (r"\ude00\ud83d", "\u{FFFD}\u{FFFD}"),
            (r"\ud83d\ud83d\ude00", "\u{FFFD}😀"),
            (r"\ud83d\ude00\ude00", "😀\u{FFFD}"),
            (r"\ud83d\u0041", "\u{FFFD}A"),
            (r"\ud83d\n", "\u{FFFD}\n"),
            (r#"\ud83d\""#, "\u{FFFD}\""),
            (
                r"\ud800 \udbff \udc00 \udfff",
                "\u{FFFD} \u{FFFD} \u{FFFD} \u{FFFD}",
            ),
            (r"\ud7ff \ue000 \ud800", "\u{D7FF} \u{E000} \u{FFFD}"),
        ] {
            assert_eq!(
                text(content.as_bytes()).as_deref(),
                Some(expected),
                "{content}"
            );
        }
    }

    #[test]
    fn a_whole_pair_stays_a_character_beside_half_of_one() {
        for (content, expected) in [
            (r"\ud83d\ude00 \ud83d", "😀 \u{FFFD}"),
            (r"\uD83D\uDE00 \ud83d", "😀 \u{FFFD}"),
            (r"😀 \ud83d", "😀 \u{FFFD}"),
        ] {
            assert_eq!(
                text(content.as_bytes()).as_deref(),
                Some(expected),
                "{content}"
            );
        }
    }

    #[test]
    fn a_backslash_that_is_escaped_begins_no_escape() {
        for (content, expected) in [
            (r"\\ud83d \ud83d", "\\ud83d \u{FFFD}"),
            (r"\\\ud83d", "\\\u{FFFD}"),
            (r"\\\\ud83d \ud83d", "\\\\ud83d \u{FFFD}"),
            (r"\ud83d\\ude00", "\u{FFFD}\\ude00"),
            (r#"\"\\\" \ud83d"#, "\"\\\" \u{FFFD}"),
        ] {
            assert_eq!(
                text(content.as_bytes()).as_deref(),
                Some(expected),
                "{content}"
            );
        }
    }

    #[test]
    fn keys_and_fields_that_nobody_uses_are_repaired_too() {
        let read: Value = read(br#"{"\ud83d": 1, "unused": ["\udc00"], "text": "hello"}"#).unwrap();
        assert_eq!(
            read,
            json!({"\u{FFFD}": 1, "unused": ["\u{FFFD}"], "text": "hello"})
        );
    }

    #[test]
    fn a_byte_order_mark_in_front_is_skipped_and_elsewhere_it_is_text() {
        let marked: Value = read(b"\xEF\xBB\xBF{\"ok\": true}").unwrap();
        assert_eq!(marked, json!({"ok": true}));
        let marked: Value = read(b"\xEF\xBB\xBF{\"text\": \"\xEF\xBB\xBF\\ud83d\"}").unwrap();
        assert_eq!(marked, json!({"text": "\u{FEFF}\u{FFFD}"}));
        for body in [
            &b"{\xEF\xBB\xBF}"[..],
            b"\xEF\xBB\xBF",
            b"\xEF\xBB\xBF\xEF\xBB\xBF{}",
        ] {
            assert!(read::<Value>(body).is_err(), "{body:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_read_as_replacement_characters_within_strings_only() {
        assert_eq!(
            text(b"caf\xE9 au lait").as_deref(),
            Some("caf\u{FFFD} au lait")
        );
        // The quote that ends the string is no part of the character that was cut off before it.
        assert_eq!(text(b"cut \xF0\x9F\x98").as_deref(), Some("cut \u{FFFD}"));
        assert_eq!(
            text(b"\xED\xA0\xBD").as_deref(),
            Some("\u{FFFD}\u{FFFD}\u{FFFD}")
        );
        for body in [
            &b"\xFF{}"[..],
            b"{}\xFF",
            b"{\"a\"\xFF: 1}",
            b"\xFF\xFE{\0}\0",
        ] {
            assert!(read::<Value>(body).is_err(), "{body:?}");
        }
    }

    #[test]
    fn a_control_character_in_a_string_is_read_as_itself() {
        assert_eq!(text(b"one\ntwo\tthree").as_deref(), Some("one\ntwo\tthree"));
        assert_eq!(
            text(b"\0\x1B\x1F \\ud83d").as_deref(),
            Some("\0\u{1B}\u{1F} \u{FFFD}")
        );
        let spaced: Value = read(b"{\r\n\t\"a\":\t\"\n\"\r\n}").unwrap();
        assert_eq!(spaced, json!({"a": "\n"}));
        assert!(read::<Value>(b"{\"a\":\0 1}").is_err());
    }

    #[test]
    fn what_no_repair_makes_json_is_refused() {
        for body in [
            "",
            "not JSON",
            r#"{"text": "\ud83"}"#,
            r#"{"text": "\u+123"}"#,
            r#"{"text": "\ud83d\u"}"#,
            r#"{"text": "\ud83dé\u00"}"#,
            r#"{"text": "\x"}"#,
            r#"{"text": "\"#,
            r#"{"text": "\ud83d"#,
            r"{\ud83d: 1}",
            r#"{"text": "a"} {"text": "b"}"#,
        ] {
            assert!(read::<Value>(body.as_bytes()).is_err(), "{body}");
        }
        let deep = "[".repeat(3000) + &"]".repeat(3000);
        assert!(read::<Value>(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_json_has_the_value_that_it_has_for_everybody(value in any_json(&["a", "b"])) {
            let body = value.to_string();
            let expected: Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(read::<Value>(body.as_bytes()).unwrap(), expected.clone());
            // The repair alone changes nothing either.
            let repaired: Value = serde_json::from_str(&repaired(body.as_bytes())).unwrap();
            prop_assert_eq!(repaired, expected);
        }

        #[test]
        fn no_bytes_make_us_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read::<Value>(&body);
        }

        #[test]
        fn nothing_that_looks_like_an_escape_makes_us_panic(body in r#"[\\u"dD8cCeEfF{}:,0é ]{0,60}"#) {
            let _ = read::<Value>(body.as_bytes());
        }

        #[test]
        fn code_units_are_read_as_they_are_in_utf_16(units in proptest::collection::vec(
            prop_oneof![any::<u16>(), 0xD7F0..0xE010_u16], 0..20,
        )) {
            let mut content = String::new();
            for unit in &units {
                write!(content, "\\u{unit:04x}").unwrap();
            }
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(text(content.as_bytes()), Some(expected));
        }
    }
}
