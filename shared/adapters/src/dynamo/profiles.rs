//! Profiles that messages tell anew, written alone or in an update of a chat user's row that is made
//! anyway.

use super::{
    keys,
    search::OrderedIndex,
    table::{Cancelled, Table, Transacted, n, s, to_value, update_write},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use vestibule_domain::{
    PortError, ProjectScope, Timestamp, chat::renaming::ProfileChange,
    event::occasions::profile_told,
};

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

/// Makes these writes of a profile. That their condition fails is no error: the person was erased meanwhile, or another
/// message was first.
pub(super) async fn write(table: &Table, writes: Vec<TransactWriteItem>) -> Result<(), PortError> {
    match table.transact(writes).await? {
        Transacted::Done => Ok(()),
        Transacted::Cancelled(reasons) => {
            let is_held = |reason: &Cancelled| matches!(reason, Cancelled::Contended);
            if reasons.iter().any(is_held) {
                Err(PortError::Conflict { what: "profile" })
            } else {
                Ok(())
            }
        }
    }
}

/// Makes the writes that take over a profile, order that it be found, and tell it.
pub(super) fn writes(
    table: &Table,
    scope: ProjectScope,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<Vec<TransactWriteItem>, PortError> {
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
    let update = table.update_part(&key, &update, &condition, &names, &values)?;
    let index = OrderedIndex::of_chat_user(scope, change.chat_user_id, now);
    let event = profile_told(scope, change);
    Ok(vec![
        update_write(update),
        table.index_order_write(index)?,
        table.outgoing_event_write(&event)?,
    ])
}
