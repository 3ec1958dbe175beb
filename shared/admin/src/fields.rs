//! Reads the fields of a JSON object or a query into a struct, and reports every broken rule at once.
//!
//! Structs read here have only optional fields: a required field is a rule like any other, and the
//! handler checks it with [`FieldErrors::required`].

use crate::problem::{ApiError, FieldError};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

/// The fields of one call that break a rule.
#[derive(Debug, Clone, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Records that `field` breaks `rule`, a text to be read after the field's name.
    pub fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.0.push(FieldError {
            field: field.into(),
            rule: rule.into(),
        });
    }

    /// Whether an error is recorded for `field`.
    #[must_use]
    pub fn names(&self, field: &str) -> bool {
        self.0.iter().any(|error| error.field == field)
    }

    /// Returns the value, and records an error if it is missing.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        // A value of the wrong type was removed; one error for it is enough.
        if value.is_none() && !self.names(field) {
            self.add(field, "is required");
        }
        value
    }

    /// Whether no rule is broken so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The error for fields of a body that break rules.
    #[must_use]
    pub fn into_validation(self) -> ApiError {
        ApiError::validation(self.0)
    }

    /// Fails if a field of the body broke a rule.
    pub fn check_body(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::validation(self.0))
        }
    }

    /// Fails if a query parameter or header broke a rule.
    pub fn check_parameters(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::invalid_parameters(self.0))
        }
    }
}

/// A field of a change that may be left out, be null, or have a value. For `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Nullable<T> {
    /// Left out: the stored value stays.
    #[default]
    Absent,
    /// Null: the stored value is removed.
    Null,
    /// The new value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            None => Self::Null,
            Some(value) => Self::Value(value),
        })
    }
}

/// A field of a change that may be left out but not be null.
/// For `#[serde(default, deserialize_with = "given")]`.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Maximum number of errors in one answer: each costs another parse of the whole.
const ERRORS_MAX: usize = 50;

/// Reads the fields into `T`. Each unreadable field is recorded and left out, then the rest is read, so
/// one call reports all of them.
pub fn read_fields<T: DeserializeOwned + Default>(
    fields: Map<String, Value>,
    errors: &mut FieldErrors,
) -> T {
    let mut value = Value::Object(fields);
    let mut found = 0;
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return read,
            Err(error) => error,
        };
        let (mut place, message) = (segments(error.path()), error.inner().to_string());
        let unknown = message
            .strip_prefix("unknown field `")
            .and_then(|rest| rest.split_once('`'))
            .map(|(field, _)| field.to_owned());
        if let Some(field) = &unknown
            && place.last() != Some(field)
        {
            place.push(field.clone());
        }
        let rule = match unknown {
            Some(_) => "is not known here".to_owned(),
            None => rule_of(&message),
        };
        errors.add(place.join("."), rule);
        found += 1;
        if found == ERRORS_MAX || !remove(&mut value, &place) {
            // The whole value is of the wrong type, so there is nothing left to read.
            return T::default();
        }
    }
}

fn segments(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// The rule broken by a value that serde could not read. Serde's own text repeats the value, which may
/// be a secret.
fn rule_of(message: &str) -> String {
    let Some((problem, expected)) = message.split_once(", expected ") else {
        return "is not valid".to_owned();
    };
    let expected = match expected.trim() {
        "a string" | "string or map" | "a borrowed string" => "text",
        "a boolean" => "true or false",
        "u8" | "u16" | "u32" | "u64" => "a whole number, 0 or more",
        "i64" => "a whole number",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other => other,
    };
    if problem.starts_with("unknown variant") && !expected.starts_with("one of") {
        return format!("must be one of {}", expected.replace(" or ", ", "));
    }
    format!("must be {expected}")
}

/// Removes a value. `false` when there is none.
fn remove(value: &mut Value, place: &[String]) -> bool {
    match (value, place) {
        (Value::Object(map), [last]) => map.remove(last).is_some(),
        (Value::Object(map), [first, rest @ ..]) => {
            map.get_mut(first).is_some_and(|inner| remove(inner, rest))
        }
        (Value::Array(items), [first, rest @ ..]) => {
            let Some(index) = first.parse::<usize>().ok().filter(|at| *at < items.len()) else {
                return false;
            };
            if rest.is_empty() {
                items.remove(index);
                return true;
            }
            items
                .get_mut(index)
                .is_some_and(|inner| remove(inner, rest))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        name: Option<String>,
        seconds: Option<u32>,
        policy: Option<Kind>,
        inner: Option<Inner>,
        list: Option<Vec<Kind>>,
        message: Nullable<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Kind {
        One,
        Two,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        url: Option<String>,
    }

    fn read(value: Value) -> (Outer, Vec<(String, String)>) {
        let Value::Object(fields) = value else {
            panic!("not an object")
        };
        let mut errors = FieldErrors::default();
        let read = read_fields(fields, &mut errors);
        let errors = errors.0.into_iter().map(|error| (error.field, error.rule));
        (read, errors.collect())
    }

    #[test]
    fn all_fields_that_cannot_be_read_are_told_at_once_and_the_rest_is_read() {
        let (outer, errors) = read(json!({
            "name": 5, "seconds": -1, "policy": "Three", "extra": 1,
            "inner": {"url": [], "port": 1}, "list": ["One", "Nine", "Two"],
            "message": null,
        }));
        assert_eq!(
            outer,
            Outer {
                inner: Some(Inner::default()),
                list: Some(vec![Kind::One, Kind::Two]),
                message: Nullable::Null,
                ..Outer::default()
            }
        );
        let expect = [
            ("name", "must be text"),
            ("seconds", "must be a whole number, 0 or more"),
            ("policy", "must be one of `One`, `Two`"),
            ("extra", "is not known here"),
            ("inner.url", "must be text"),
            ("inner.port", "is not known here"),
            ("list.1", "must be one of `One`, `Two`"),
        ];
        for (field, rule) in expect {
            assert!(
                errors.contains(&(field.to_owned(), rule.to_owned())),
                "{field} {rule}: {errors:?}"
            );
        }
        assert_eq!(errors.len(), expect.len(), "{errors:?}");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_not_repeated() {
        let (_, errors) = read(json!({"seconds": "xoxb-canary", "inner": "xoxb-canary"}));
        assert_eq!(
            errors,
            [
                (
                    "seconds".to_owned(),
                    "must be a whole number, 0 or more".to_owned()
                ),
                ("inner".to_owned(), "must be an object".to_owned()),
            ]
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_not_also_missing() {
        let mut errors = FieldErrors::default();
        errors.add("name", "must be text");
        assert_eq!(errors.required::<String>("name", None), None);
        assert_eq!(errors.required::<String>("provider", None), None);
        assert!(errors.names("provider"));
        assert_eq!(errors.0.len(), 2);
    }
}
