//! Values that `WhatsApp` hands over as text: the answers of a completed flow, and numbers.

use crate::json;
use serde_json::{Map, Value};
use vestibule_domain::chat::content::Number;

/// The business's own mark of a flow, among the answers that the person gave (Meta, "Receiving Flow
/// Response").
const FLOW_TOKEN: &str = "flow_token";

/// Reads the answers of a form, which are JSON within a text. What is not JSON is one answer. The
/// answers come before the token of the flow, so that a preview begins with what the person said.
#[must_use]
pub fn answers(response: &str) -> Value {
    match json::read::<Value>(response.as_bytes()) {
        Ok(Value::Object(fields)) => {
            let (token, answers): (Map<_, _>, Map<_, _>) =
                fields.into_iter().partition(|(name, _)| name == FLOW_TOKEN);
            Value::Object(answers.into_iter().chain(token).collect())
        }
        Ok(other) => other,
        Err(_) => Value::String(response.to_owned()),
    }
}

/// Reads a number in decimal notation.
#[must_use]
pub fn decimal(text: &str) -> Option<Number> {
    text.trim().parse().ok().and_then(Number::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_read_from_json_and_the_token_of_the_flow_is_the_last() {
        for (response, expected) in [
            (
                r#"{"flow_token":"T","name":"Ada","days":["Mon"]}"#,
                r#"{"name":"Ada","days":["Mon"],"flow_token":"T"}"#,
            ),
            ("{}", "{}"),
            ("[1]", "[1]"),
            ("null", "null"),
            ("Ada, 7", r#""Ada, 7""#),
            ("", r#""""#),
        ] {
            assert_eq!(answers(response).to_string(), expected, "{response}");
        }
    }

    #[test]
    fn answers_too_deep_to_be_read_are_a_text() {
        let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
        assert_eq!(answers(&deep), json!(deep));
    }

    #[test]
    fn a_number_is_finite() {
        for (text, expected) in [
            ("47.3769", Some(47.3769)),
            (" -8 ", Some(-8.0)),
            ("inf", None),
            ("NaN", None),
            ("1e999", None),
            ("47,3", None),
            ("", None),
        ] {
            assert_eq!(decimal(text), expected.and_then(Number::new), "{text}");
        }
    }
}
