//! The writes by which the directory changes, as parts of any transaction.

use super::super::{
    items::{ChatUserItem, EndUserItem, HolderItem, PhoneItem},
    keys::{self, Key},
    table::{Cancelled, Table, check_write, delete_write, from_row, key_of, n, put_write, s},
};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use std::collections::BTreeSet;
use vestibule_domain::{
    PortError, ProjectScope, Timestamp,
    chat::user::ChatUser,
    directory::{end_user::EndUser, phone::PhoneNumber},
    ids::{EndUserId, EnvironmentId},
};

/// The record is as it was read.
const AS_READ: &str = "version = :version AND links_version = :links";
/// The phone number's row is this person's, or there is none.
const OWN_OR_NONE: &str = "attribute_not_exists(pk) OR end_user_id = :id";

/// The versions of a record that was read.
fn versions(user: &EndUser) -> [(&'static str, AttributeValue); 2] {
    [
        (":version", n(user.version)),
        (":links", n(user.links_version)),
    ]
}

/// The holder of a phone number that was the reason why a transaction was cancelled; `None` if no number was.
pub(in crate::dynamo) fn holder_in(reasons: &[Cancelled]) -> Result<Option<EndUserId>, PortError> {
    let rows = reasons.iter().filter_map(|reason| match reason {
        Cancelled::Condition(Some(row)) => Some(row),
        _ => None,
    });
    for row in rows {
        if key_of(row).is_some_and(|key| keys::is_phone(&key)) {
            let item: PhoneItem = from_row(row.clone(), "phone number")?;
            return Ok(Some(item.end_user_id));
        }
    }
    Ok(None)
}

/// The environment that becomes the only one of a person with this change. It must exist.
pub(in crate::dynamo) fn newly_sole(
    before: Option<&EndUser>,
    after: &EndUser,
) -> Option<EnvironmentId> {
    if before.is_some_and(|before| before.environments == after.environments) {
        return None;
    }
    let mut all = after.environments.iter();
    match (all.next(), all.next()) {
        (Some(sole), None) => Some(*sole),
        _ => None,
    }
}

/// The rows by which an environment finds this person among its holders.
fn held(user: &EndUser) -> Vec<Key> {
    let is_only = user.environments.len() == 1;
    let all = user.environments.iter();
    all.map(|id| keys::holder(user.scope, *id, user.id, is_only))
        .collect()
}

impl Table {
    /// Makes the writes that store a person: the record under the versions of `before`, or as a new one; then the
    /// row of the phone number, unless it says the same already or belongs to somebody else; then the removal of
    /// the number that the person gives up; then the rows of the person among the holders of environments, and the
    /// checks that an environment which becomes the only one stays. The versions in `after` are stored as they are.
    pub(in crate::dynamo) fn put_end_user_writes(
        &self,
        before: Option<&EndUser>,
        after: &EndUser,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let item = EndUserItem::from(after);
        let put = match before {
            None => self.put_part(&item, "attribute_not_exists(pk)", &[])?,
            Some(before) => self.put_part(&item, AS_READ, &versions(before))?,
        };
        let mut writes = vec![put_write(put)];
        let own = [(":id", s(after.id))];
        if let Some(phone) = &after.phone {
            let row = PhoneItem::new(after, phone);
            let stored = before.and_then(|before| {
                let phone = before.phone.as_ref()?;
                Some(PhoneItem::new(before, phone))
            });
            if stored.as_ref() != Some(&row) {
                writes.push(put_write(self.put_part(&row, OWN_OR_NONE, &own)?));
            }
        }
        let kept = after.phone.as_ref().map(PhoneNumber::key);
        let given_up = before
            .and_then(|before| before.phone.as_ref())
            .map(PhoneNumber::key)
            .filter(|key| Some(key) != kept.as_ref());
        if let Some(key) = given_up {
            let row = keys::phone(after.scope, &key);
            writes.push(delete_write(self.delete_part(&row, OWN_OR_NONE, &own)?));
        }
        let (stored, wanted) = (before.map(held).unwrap_or_default(), held(after));
        for key in wanted.iter().filter(|key| !stored.contains(key)) {
            writes.push(put_write(self.replacing_part(&HolderItem::at(key))?));
        }
        for key in stored.iter().filter(|key| !wanted.contains(key)) {
            writes.push(delete_write(self.removal_part(key)?));
        }
        if let Some(sole) = newly_sole(before, after) {
            writes.push(self.environment_check(after.scope, sole)?);
            let closing = keys::environment_closing(after.scope, sole);
            let check = self.check_part(&closing, "attribute_not_exists(pk)", &[], &[])?;
            writes.push(check_write(check));
        }
        let is_as_searched = before.is_some_and(|before| {
            before.names == after.names
                && before.phone == after.phone
                && before.email == after.email
        });
        if !is_as_searched {
            writes.push(self.end_user_order_write(after.scope, after.id, after.updated_at)?);
        }
        Ok(writes)
    }

    /// Makes the writes that remove a person as read: the record, the claim of the id, and the row of the phone
    /// number.
    pub(in crate::dynamo) fn delete_end_user_writes(
        &self,
        user: &EndUser,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let (scope, id) = (user.scope, user.id);
        // Due at once: the time of a deletion is not known here, and the sweep comes within a minute.
        let at = user.updated_at;
        let record = self.delete_part(&keys::end_user(scope, id), AS_READ, &versions(user))?;
        let mut writes = vec![
            delete_write(record),
            self.claim_write(&keys::end_user_claim(scope, id))?,
            self.end_user_order_write(scope, id, at)?,
        ];
        if let Some(phone) = &user.phone {
            let row = keys::phone(scope, &phone.key());
            let own = [(":id", s(id))];
            writes.push(delete_write(self.delete_part(&row, OWN_OR_NONE, &own)?));
        }
        for key in held(user) {
            writes.push(delete_write(self.removal_part(&key)?));
        }
        Ok(writes)
    }

    /// Makes the writes of those chat users, as read, that a change of their person changes: see
    /// [`EndUser::settle`].
    pub(in crate::dynamo) fn linked_chat_user_writes(
        &self,
        after: &EndUser,
        chat_users: &[ChatUser],
        granted_by: &str,
        at: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let mut writes = Vec::new();
        for user in chat_users {
            let settled = after.settle(user, granted_by, at);
            if settled != *user {
                writes.push(self.chat_user_write(after.scope, &settled)?);
            }
        }
        Ok(writes)
    }

    /// Makes the write of a chat user made from the record at `user.version`.
    pub(in crate::dynamo) fn chat_user_write(
        &self,
        scope: ProjectScope,
        user: &ChatUser,
    ) -> Result<TransactWriteItem, PortError> {
        let next = ChatUser {
            version: user.version + 1,
            ..user.clone()
        };
        let item = ChatUserItem::new(scope, &next);
        let put = self.put_part(&item, "version = :read", &[(":read", n(user.version))])?;
        Ok(put_write(put))
    }

    /// Makes the check that no person with this id was deleted.
    pub(in crate::dynamo) fn new_end_user_check(
        &self,
        user: &EndUser,
    ) -> Result<TransactWriteItem, PortError> {
        let claim = keys::end_user_claim(user.scope, user.id);
        let check = self.check_part(&claim, "attribute_not_exists(pk)", &[], &[])?;
        Ok(check_write(check))
    }

    /// Makes the checks that environments which a person gets exist.
    pub(in crate::dynamo) fn environment_checks(
        &self,
        scope: ProjectScope,
        environments: &BTreeSet<EnvironmentId>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let all = environments.iter();
        all.map(|id| self.environment_check(scope, *id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_domain::{
        AccountScope,
        directory::end_user::{EndUserSource, Names},
        ids::{AccountId, ProjectId},
    };

    fn holding(names: &[&str]) -> EndUser {
        let account = AccountScope::of_verified(AccountId::derive(&["a"]));
        let environments = names.iter().map(|name| EnvironmentId::derive(&[name]));
        EndUser {
            id: EndUserId::derive(&["u"]),
            scope: account.project(ProjectId::derive(&["p"])),
            source: EndUserSource::Invited,
            names: Names::default(),
            phone: None,
            email: None,
            environments: environments.collect(),
            chat_users: BTreeSet::new(),
            version: 1,
            links_version: 1,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
        }
    }

    /// SPEC C60.
    #[test]
    fn a_person_is_among_the_holders_of_each_environment_alone_or_beside_others() {
        let id = |name: &str| EnvironmentId::derive(&[name]);
        let (none, one, two) = (holding(&[]), holding(&["e"]), holding(&["e", "f"]));
        assert!(held(&none).is_empty());
        let only = keys::holder(one.scope, id("e"), one.id, true);
        assert_eq!(held(&one), [only]);
        assert!(held(&two).iter().all(|key| key.sk.starts_with("ALSO#")));
        assert_eq!(held(&two).len(), 2);
        for (before, after, expected) in [
            (None, &one, Some(id("e"))),
            (Some(&two), &one, Some(id("e"))),
            (Some(&none), &one, Some(id("e"))),
            (Some(&one), &one, None),
            (Some(&one), &two, None),
            (Some(&one), &none, None),
            (None, &two, None),
        ] {
            assert_eq!(newly_sole(before, after), expected);
        }
    }
}
