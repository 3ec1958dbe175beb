//! Reasons of failures, in a platform's own words where its code says too little.
//!
//! Reasons are stored, shown to admins and logged. A platform's words may repeat a part of the call,
//! so that numbers of people, tokens and whatever looks like a payload are removed from them.

use serde_json::Value;
use vestibule_domain::text::is_invisible;

/// Longest reason, in characters.
pub const REASON_MAX_CHARS: usize = 200;

/// Shortest phone number, in digits. The longest error codes have six.
const PHONE_MIN_DIGITS: usize = 7;

/// Shortest word that can be a token or a platform's id, if it has letters and digits.
const TOKEN_MIN_CHARS: usize = 20;

/// Characters between the groups of a phone number.
const GROUPING: [char; 5] = [' ', '-', '.', '(', ')'];

/// Stands for what was removed.
const REMOVED: &str = "…";

/// The places of words in the platforms' refusals, the most telling first.
const WORDS: [&str; 14] = [
    "/meta/developer_message",
    "/error/error_data/details",
    "/error/message",
    "/error_data/details",
    "/errors/0/details",
    "/errors/0/message",
    "/errors/0/title",
    "/detail",
    "/details",
    "/message",
    "/error_description",
    "/title",
    "/errors/0/detail",
    "/error",
];

/// Cleans a reason: at most [`REASON_MAX_CHARS`] characters, none of them invisible.
#[must_use]
pub fn clean_reason(raw: &str) -> String {
    raw.chars()
        .filter(|c| !is_invisible(*c))
        .take(REASON_MAX_CHARS)
        .collect()
}

/// The words of a refusal, as the platform wrote them.
pub(crate) fn words_in(body: &Value) -> Option<&str> {
    WORDS.iter().find_map(|place| {
        let words = body.pointer(place)?.as_str()?;
        (!words.trim().is_empty()).then_some(words)
    })
}

/// A code and the platform's words, such as `http_400: Something went wrong`.
pub(crate) fn with_words(code: &str, words: Option<&str>) -> String {
    let words = words.map(presentable).unwrap_or_default();
    if words.is_empty() || words == code {
        code.to_owned()
    } else {
        format!("{code}: {words}")
    }
}

/// The code of a reason, without words.
pub(crate) fn code_of(reason: &str) -> &str {
    reason.split_once(": ").map_or(reason, |(code, _)| code)
}

/// A platform's words in one line, up to the first payload in JSON or HTML, without tokens and long
/// numbers.
pub(crate) fn presentable(words: &str) -> String {
    let words = words.split(['{', '<']).next().unwrap_or("");
    let visible: String = words
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_invisible(*c))
        .collect();
    let words: Vec<&str> = visible
        .split_whitespace()
        .map(|word| if is_token(word) { REMOVED } else { word })
        .collect();
    let words = without_long_numbers(&words.join(" "));
    words.trim_end_matches([' ', '(', ':']).to_owned()
}

fn is_token(word: &str) -> bool {
    word.chars().count() >= TOKEN_MIN_CHARS
        && word.contains(|c: char| c.is_ascii_digit())
        && word.contains(char::is_alphabetic)
}

fn without_long_numbers(words: &str) -> String {
    let mut shown = String::with_capacity(words.len());
    let mut number = String::new();
    for c in words.chars() {
        if c.is_ascii_digit() || (!number.is_empty() && GROUPING.contains(&c)) {
            number.push(c);
        } else {
            shown.push_str(&unless_long(&number));
            number.clear();
            shown.push(c);
        }
    }
    shown.push_str(&unless_long(&number));
    shown
}

fn unless_long(number: &str) -> String {
    if number.chars().filter(char::is_ascii_digit).count() < PHONE_MIN_DIGITS {
        return number.to_owned();
    }
    let digits = number.trim_end_matches(GROUPING);
    let behind = number.strip_prefix(digits).unwrap_or("");
    format!("{REMOVED}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_reason_is_the_code_and_the_platforms_words() {
        for (code, words, expected) in [
            ("http_400", Some("The sky fell"), "http_400: The sky fell"),
            (
                "http_400",
                Some(" The\r\n sky\tfell "),
                "http_400: The sky fell",
            ),
            ("http_400", Some(" \n"), "http_400"),
            ("http_400", None, "http_400"),
            ("Forbidden", Some("Forbidden"), "Forbidden"),
        ] {
            let reason = with_words(code, words);
            assert_eq!(reason, expected, "{words:?}");
            assert_eq!(code_of(&reason), code);
        }
    }

    #[test]
    fn a_reason_shows_no_phone_number_no_token_and_no_payload() {
        for (words, expected) in [
            (
                "'To' number +14155550100 is not valid",
                "'To' number +… is not valid",
            ),
            (
                "number +1 (415) 555-0100 is not valid",
                "number +… is not valid",
            ),
            (
                "code 131056, limit of 1 request every 6 seconds",
                "code 131056, limit of 1 request every 6 seconds",
            ),
            ("invalid key XXcanaryKey0123456789abcdef", "invalid key …"),
            (
                "no /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef here",
                "no … here",
            ),
            (
                "ForbiddenOperationException occurred",
                "ForbiddenOperationException occurred",
            ),
            (
                r#"Invalid payload ({"text":{"body":"a canary text"}})"#,
                "Invalid payload",
            ),
            ("<html><body>Bad gateway</body></html>", ""),
            ("split\u{200B}ting\u{202E} is undone", "splitting is undone"),
        ] {
            assert_eq!(presentable(words), expected, "{words}");
        }
    }

    #[test]
    fn words_are_found_in_the_envelope_of_every_platform() {
        for (body, expected) in [
            (
                json!({"meta": {"developer_message": "gateway"}}),
                Some("gateway"),
            ),
            (
                json!({"error": {"message": "(#1) Something", "error_data": {"details": "the details"}}}),
                Some("the details"),
            ),
            (
                json!({"error": {"code": "X", "message": "inside"}}),
                Some("inside"),
            ),
            (
                json!({"errors": [{"code": 470, "title": "old"}]}),
                Some("old"),
            ),
            (
                json!({"title": "Bad Request", "detail": "RFC 9457"}),
                Some("RFC 9457"),
            ),
            (json!({"message": "plain"}), Some("plain")),
            (json!({"errors": [{"message": "one of"}]}), Some("one of")),
            (json!({"errors": [{"detail": "alone"}]}), Some("alone")),
            (json!({"error": "a text"}), Some("a text")),
            (
                json!({"error": "Forbidden", "message": "more telling"}),
                Some("more telling"),
            ),
            (json!({"message": " ", "title": "titled"}), Some("titled")),
            (json!({"message": 7}), None),
            (json!([]), None),
        ] {
            assert_eq!(words_in(&body), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_long_number_survives(digits in "[0-9]{7,20}", before in "[a-z ]{0,10}", behind in "[a-z ]{0,10}") {
            let shown = presentable(&format!("{before}{digits}{behind}"));
            prop_assert!(!shown.contains(digits.as_str()), "{}", shown);
        }

        #[test]
        fn a_clean_reason_is_short_and_stays_as_it_is(raw in any::<String>()) {
            let reason = clean_reason(&with_words("http_400", Some(&raw)));
            prop_assert!(reason.chars().count() <= REASON_MAX_CHARS);
            prop_assert_eq!(clean_reason(&reason), reason);
        }
    }
}
