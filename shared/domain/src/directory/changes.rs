//! Changes of people as the audit log records them: without personal data, because entries outlive the person (SPEC C41,
//! G02).

use crate::{
    directory::{end_user::EndUser, phone::PhoneNumber},
    event::{Change, Event},
};
use serde_json::{Value, json};

impl EndUser {
    /// The change that adds this person.
    #[must_use]
    pub fn addition(&self) -> Change {
        Change {
            event: Event::EndUserCreated(self.id),
            before: Value::Null,
            after: self.traces(),
        }
    }

    /// The change that makes `after` of this person. It names the fields that differ.
    #[must_use]
    pub fn change_to(&self, after: &Self) -> Change {
        let mut traces = after.traces();
        if let Some(traces) = traces.as_object_mut() {
            traces.insert("changed".to_owned(), json!(self.fields_that_differ(after)));
        }
        Change {
            event: Event::EndUserUpdated(self.id),
            before: self.traces(),
            after: traces,
        }
    }

    /// The change that removes this person.
    #[must_use]
    pub fn removal(&self) -> Change {
        Change {
            event: Event::EndUserDeleted(self.id),
            before: self.traces(),
            after: Value::Null,
        }
    }

    fn traces(&self) -> Value {
        json!({"source": self.source, "environments": self.environments})
    }

    fn fields_that_differ(&self, after: &Self) -> Vec<&'static str> {
        let number = |user: &Self| user.phone.as_ref().map(PhoneNumber::key);
        [
            ("phone", number(self) != number(after)),
            ("email", self.email != after.email),
            ("first_name", self.names.first != after.names.first),
            ("middle_name", self.names.middle != after.names.middle),
            ("last_name", self.names.last != after.names.last),
            ("environments", self.environments != after.environments),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        directory::end_user::Names,
        samples::{end_user, environment},
    };

    /// SPEC C41, G02.
    #[test]
    fn changes_are_recorded_with_the_names_of_fields_and_without_what_they_hold() {
        let before = EndUser {
            phone: PhoneNumber::parse("+5215512345678").ok(),
            ..end_user()
        };
        let after = EndUser {
            names: Names {
                first: Some("Augusta".into()),
                ..before.names.clone()
            },
            phone: PhoneNumber::parse("+525512345678").ok(),
            environments: [environment("f")].into(),
            ..before.clone()
        };
        let change = before.change_to(&after);
        assert_eq!(change.event, Event::EndUserUpdated(before.id));
        assert_eq!(
            change.after["changed"],
            json!(["first_name", "environments"])
        );
        assert_eq!(change.before, before.addition().after);
        assert_eq!(change.before, before.removal().before);
        assert_eq!(
            (before.addition().before, before.removal().after),
            (Value::Null, Value::Null)
        );
        for value in [change.before, change.after] {
            let text = value.to_string();
            assert!(
                !text.contains("Augusta") && !text.contains("5512345678"),
                "{text}"
            );
        }
    }
}
