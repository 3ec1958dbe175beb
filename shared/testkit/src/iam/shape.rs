//! Shapes of partition keys, with placeholders for the parts that vary.

use std::fmt;

/// A partition key with `{id}`, `{month}`, `{number}`, `{hash}` and `{any}` in place of its values:
/// `ACCOUNT#{id}#AUDIT#{month}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyShape(String);

impl KeyShape {
    /// The shape of a partition key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        let mut parts: Vec<&str> = Vec::new();
        for part in key.split('#') {
            // The rest of these lists is chosen by whoever asks for them; desks are named by their channel.
            let is_asked_for = matches!(parts.last(), Some(&("AUDIT_BY" | "AUDIT_ON" | "DESK")));
            parts.push(if is_asked_for {
                "{any}"
            } else {
                placeholder(part)
            });
        }
        Self(parts.join("#"))
    }
}

impl fmt::Display for KeyShape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn placeholder(part: &str) -> &str {
    let all = |is: fn(char) -> bool| !part.is_empty() && part.chars().all(is);
    if part.len() == 26 && all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()) {
        "{id}"
    } else if part.len() == 64 && all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f')) {
        "{hash}"
    } else if all(|c| c.is_ascii_digit()) {
        "{number}"
    } else if part.len() == 7 && part.contains('-') && all(|c| c.is_ascii_digit() || c == '-') {
        "{month}"
    } else {
        part
    }
}

/// An example of a key with this shape.
#[must_use]
pub fn example_of(shape: &str) -> String {
    shape
        .replace("{id}", "01JD3Q3Z9V8M4T6K2N7P5R1S0W")
        .replace("{month}", "2026-11")
        .replace("{number}", "3")
        .replace("{hash}", &"0a".repeat(32))
        .replace("{any}", "member:01JD3Q3Z9V8M4T6K2N7P5R1S0W")
}
