//! Parameters of a request, from a form or from JSON.

use crate::json;
use http::{HeaderMap, header::CONTENT_TYPE};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The encoding of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `application/x-www-form-urlencoded`, Twilio's default.
    Form,
    /// `application/json`, where an account is set up for it.
    Json,
}

impl Format {
    /// Determines the format from the content type; `None` if it is missing, repeated or unknown.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let media_type = value.to_str().ok()?.split(';').next()?.trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::Form)
        } else if media_type.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else {
            None
        }
    }
}

/// All values of all parameters, sorted bytewise and deduplicated, as Twilio signs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Params(BTreeMap<String, BTreeSet<String>>);

impl Params {
    /// Parses a body; `None` if it does not have the format.
    pub(super) fn read(format: Format, body: &[u8]) -> Option<Self> {
        match format {
            Format::Form => Some(Self::from_form(body)),
            Format::Json => Self::from_json(body),
        }
    }

    /// Parses a form. Bytes that are not UTF-8 become U+FFFD, as in Twilio's own helpers; nothing
    /// is trimmed, and empty values stay.
    pub(super) fn from_form(body: &[u8]) -> Self {
        let mut all = BTreeMap::<String, BTreeSet<String>>::new();
        for (name, value) in form_urlencoded::parse(body) {
            let values = all.entry(name.into_owned()).or_default();
            values.insert(value.into_owned());
        }
        Self(all)
    }

    fn from_json(body: &[u8]) -> Option<Self> {
        let Ok(Value::Object(fields)) = json::read(body) else {
            return None;
        };
        let mut all = BTreeMap::new();
        for (name, value) in fields {
            let values = match value {
                Value::Array(several) => several.into_iter().filter_map(scalar).collect(),
                one => scalar(one).into_iter().collect(),
            };
            all.insert(name, values);
        }
        Some(Self(all))
    }

    /// The parameter's only value, unless it is empty. The signature does not prove the order of
    /// several values, so none of them counts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.get(name)?.iter();
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// Whether the request has the parameter, whatever its value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The string that Twilio appends to the address before signing.
    pub(super) fn signed(&self) -> String {
        let mut signed = String::new();
        for (name, values) in &self.0 {
            for value in values {
                signed.push_str(name);
                signed.push_str(value);
            }
        }
        signed
    }
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_once_and_nothing_of_it_is_dropped() {
        let form = Params::from_form(
            b"Body=+1%2B1+%3D+2%0A&Empty=&Name&From=%2B1&=x&&B%C3%B6=%F0%9F%91%8B",
        );
        for (name, value) in [
            ("Body", " 1+1 = 2\n"),
            ("From", "+1"),
            ("", "x"),
            ("Bö", "👋"),
        ] {
            assert_eq!(form.get(name), Some(value));
        }
        assert_eq!(form.get("Empty"), None);
        assert_eq!(form.signed(), "xBody 1+1 = 2\nBö👋EmptyFrom+1Name");
    }

    #[test]
    fn names_are_sorted_by_themselves_and_not_with_their_values() {
        let form = Params::from_form(b"ReasonConferenceEnded=a&Reason=z&a=1&B=2");
        assert_eq!(form.signed(), "B2ReasonzReasonConferenceEndedaa1");
    }

    #[test]
    fn a_repeated_parameter_is_signed_once_per_value_and_counts_only_where_all_agree() {
        let form = Params::from_form(b"a=2&a=1&a=2&b=1&b=1");
        assert_eq!(form.signed(), "a1a2b1");
        assert_eq!((form.get("a"), form.get("b")), (None, Some("1")));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_and_broken_escapes_stay() {
        let form = Params::from_form(b"a=%FF%zz%4&b=\xff");
        assert_eq!(form.get("a"), Some("\u{FFFD}%zz%4"));
        assert_eq!(form.get("b"), Some("\u{FFFD}"));
    }

    #[test]
    fn json_has_the_same_parameters() {
        let body = br#"{"Body":"Hi","NumMedia":0,"Flag":true,"None":null,"Deep":{"a":1},"Many":["a","b"],"One":["a"]}"#;
        let json = Params::read(Format::Json, body).unwrap();
        for (name, value) in [
            ("Body", Some("Hi")),
            ("NumMedia", Some("0")),
            ("Flag", Some("true")),
            ("None", None),
            ("Deep", None),
            ("Many", None),
            ("One", Some("a")),
        ] {
            assert_eq!(json.get(name), value, "{name}");
        }
        for body in ["[]", "7", "", "{", "\"Body=Hi\""] {
            assert_eq!(Params::read(Format::Json, body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn the_content_type_says_which_it_is() {
        for (value, format) in [
            ("application/x-www-form-urlencoded", Some(Format::Form)),
            (
                "Application/X-WWW-Form-Urlencoded ; charset=utf-8",
                Some(Format::Form),
            ),
            ("application/json", Some(Format::Json)),
            ("application/json;charset=UTF-8", Some(Format::Json)),
            ("application/json, application/json", None),
            ("text/json", None),
            ("multipart/form-data; boundary=x", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
            assert_eq!(Format::of(&headers), format, "{value}");
        }
        let mut twice = HeaderMap::new();
        twice.append(CONTENT_TYPE, "application/json".parse().unwrap());
        twice.append(CONTENT_TYPE, "application/json".parse().unwrap());
        assert_eq!(Format::of(&twice), None);
        assert_eq!(Format::of(&HeaderMap::new()), None);
    }
}
