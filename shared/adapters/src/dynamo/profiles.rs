//! Profiles that messages tell anew, written alone or in an update of a chat user's row that is made
//! anyway.

use super::{
    keys,
    table::{Table, n, s, to_value},
};
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use vestibule_domain::{PortError, ProjectScope, Timestamp, chat::renaming::ProfileChange};

/// An update of a chat user's row in parts.
pub(super) struct UserUpdate<'a> {
    pub(super) update: String,
    pub(super) condition: String,
    pub(super) names: Vec<(&'static str, &'a str)>,
    pub(super) values: Vec<(&'static str, AttributeValue)>,
}

impl<'a> UserUpdate<'a> {
    /// Makes an update whose expression ends with a `SET` clause.
    pub(super) fn new(
        update: &str,
        condition: &str,
        names: impl IntoIterator<Item = (&'static str, &'a str)>,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Self {
        Self {
            update: update.to_owned(),
            condition: condition.to_owned(),
            names: names.into_iter().collect(),
            values: values.into_iter().collect(),
        }
    }

    /// Adds the change of the profile, if any. Its condition fails once another message changed the
    /// profile. What the message does not tell, such as a kept picture, may change meanwhile.
    pub(super) fn with(mut self, change: Option<&ProfileChange>) -> Result<Self, PortError> {
        let Some(change) = change else {
            return Ok(self);
        };
        self.update.push_str(
            ", profile.display_name = :display_name, profile.first_name = :first_name, \
             profile.last_name = :last_name, profile.avatar_url = :avatar_url, \
             profile_told_at = :told_at",
        );
        self.values.extend([
            (":display_name", to_value(&change.profile.display_name)?),
            (":first_name", to_value(&change.profile.first_name)?),
            (":last_name", to_value(&change.profile.last_name)?),
            (":avatar_url", to_value(&change.profile.avatar_url)?),
            (":told_at", s(change.told_at)),
        ]);
        if let Some(language) = &change.profile.language {
            self.update.push_str(", profile.#language = :language");
            self.names.push(("#language", "language"));
            self.values.push((":language", to_value(language)?));
        }
        match change.told_before {
            None => self
                .condition
                .push_str(" AND attribute_not_exists(profile_told_at)"),
            Some(before) => {
                self.condition
                    .push_str(" AND profile_told_at = :told_before");
                self.values.push((":told_before", s(before)));
            }
        }
        Ok(self)
    }
}

/// Makes the update that takes over a profile and nothing else.
pub(super) fn update(
    table: &Table,
    scope: ProjectScope,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<Update, PortError> {
    let UserUpdate {
        update,
        condition,
        names,
        values,
    } = UserUpdate::new(
        "SET version = version + :one, updated_at = :now",
        "attribute_exists(pk)",
        [],
        [(":one", n(1)), (":now", s(now))],
    )
    .with(Some(change))?;
    let key = keys::chat_user(scope, change.chat_user_id);
    table.update_part(&key, &update, &condition, &names, &values)
}
