//! The rule that holds an end user and the chat users that they are together.

use crate::{
    Timestamp,
    chat::user::{ChatUser, Grant},
    directory::{end_user::EndUser, phone::PhoneNumber},
};
use std::collections::BTreeMap;

impl ChatUser {
    /// The phone number that the platform asserts, if it asserts one.
    #[must_use]
    pub fn asserted_phone(&self) -> Option<PhoneNumber> {
        self.shown_id().phone_number()
    }
}

impl EndUser {
    /// Returns the chat user that a change of this record makes of one that is or was linked to it. One that the
    /// record names is linked and holds the record's environments; grants that stay keep their time and author.
    /// One that the record does not name has neither link nor grants. A block stays.
    #[must_use]
    pub fn settle(&self, user: &ChatUser, granted_by: &str, at: Timestamp) -> ChatUser {
        let is_linked = self.chat_users.contains(&user.id);
        let grants: BTreeMap<_, _> = self
            .environments
            .iter()
            .filter(|_| is_linked)
            .map(|environment| {
                let kept = user.grants.get(environment).cloned();
                let given = || Grant {
                    granted_at: at,
                    granted_by: granted_by.to_owned(),
                };
                (*environment, kept.unwrap_or_else(given))
            })
            .collect();
        let end_user_id = is_linked.then_some(self.id);
        if user.grants == grants && user.end_user_id == end_user_id {
            return user.clone();
        }
        ChatUser {
            grants,
            end_user_id,
            is_apart: user.is_apart && !is_linked,
            updated_at: at,
            ..user.clone()
        }
    }

    /// Removes the links to those of these chat users whose asserted phone number `before` had and this record
    /// does not have.
    pub fn give_up_number(&mut self, before: &Self, chat_users: &[ChatUser]) {
        let Some(given_up) = before.phone.as_ref().map(PhoneNumber::key) else {
            return;
        };
        if self.phone.as_ref().map(PhoneNumber::key) == Some(given_up.clone()) {
            return;
        }
        for user in chat_users {
            if user
                .asserted_phone()
                .is_some_and(|phone| phone.key() == given_up)
            {
                self.chat_users.remove(&user.id);
            }
        }
    }

    /// Links a chat user. The environments become those of both, and the changes are counted.
    pub fn take_in(&mut self, user: &ChatUser, at: Timestamp) {
        self.chat_users.insert(user.id);
        self.links_version += 1;
        let known = self.environments.len();
        self.environments.extend(user.grants.keys());
        if self.environments.len() > known {
            self.version += 1;
            self.updated_at = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::message::{PHONE_SCOPE, WHATSAPP_SCOPE},
        samples::{at, block, chat_user, end_user, environment, grant, identity},
    };
    use std::collections::BTreeSet;

    fn linked(phone: &str) -> (EndUser, ChatUser) {
        let user = ChatUser {
            identity: identity(PHONE_SCOPE, phone),
            end_user_id: Some(end_user().id),
            grants: BTreeMap::from([(environment("e"), grant())]),
            ..chat_user()
        };
        let person = EndUser {
            chat_users: BTreeSet::from([user.id]),
            ..end_user()
        };
        (person, user)
    }

    #[test]
    fn of_two_ids_the_phone_number_is_what_a_platform_asserts() {
        let (own, phone) = (
            identity(WHATSAPP_SCOPE, "DE.1"),
            identity(PHONE_SCOPE, "+4915112345678"),
        );
        let number = PhoneNumber::parse("+4915112345678").ok();
        for (identity, other_id, expected) in [
            (own.clone(), None, None),
            (own.clone(), Some(phone.clone()), number.clone()),
            (phone, Some(own), number),
            (identity(PHONE_SCOPE, "12345"), None, None),
        ] {
            let user = ChatUser {
                identity,
                other_id,
                ..chat_user()
            };
            assert_eq!(user.asserted_phone(), expected);
        }
    }

    /// SPEC A41, C32.
    #[test]
    fn a_linked_chat_user_holds_the_environments_of_the_person_and_keeps_older_grants() {
        let (person, user) = linked("+4915112345678");
        let more = EndUser {
            environments: BTreeSet::from([environment("e"), environment("f")]),
            ..person.clone()
        };
        let settled = more.settle(&user, "Ana", at(9));
        let given = Grant {
            granted_at: at(9),
            granted_by: "Ana".to_owned(),
        };
        let expected = BTreeMap::from([(environment("e"), grant()), (environment("f"), given)]);
        assert_eq!(settled.grants, expected);
        assert_eq!(settled.updated_at, at(9));
        assert_eq!(person.settle(&user, "Ana", at(9)), user);
        let none = EndUser {
            environments: BTreeSet::new(),
            ..person
        };
        let settled = none.settle(&user, "Ana", at(9));
        assert!(settled.grants.is_empty());
        assert_eq!(settled.end_user_id, Some(none.id));
    }

    /// SPEC C41: a block stays.
    #[test]
    fn a_chat_user_whom_the_person_does_not_name_loses_link_and_grants_and_keeps_a_block() {
        let (person, user) = linked("+4915112345678");
        let blocked = ChatUser {
            block: Some(block()),
            ..user
        };
        let alone = EndUser {
            chat_users: BTreeSet::new(),
            ..person
        };
        let settled = alone.settle(&blocked, "Ana", at(9));
        assert!(settled.grants.is_empty());
        assert_eq!(settled.end_user_id, None);
        assert_eq!(settled.block, Some(block()));
    }

    #[test]
    fn a_chat_user_whom_an_admin_links_is_no_longer_kept_apart() {
        let (person, user) = linked("+4915112345678");
        let apart = ChatUser {
            end_user_id: None,
            is_apart: true,
            ..user
        };
        assert!(!person.settle(&apart, "Ana", at(9)).is_apart);
        let alone = EndUser {
            chat_users: BTreeSet::new(),
            ..person
        };
        assert!(alone.settle(&apart, "Ana", at(9)).is_apart);
    }

    /// SPEC C32, A45b.
    #[test]
    fn a_person_who_gets_another_number_loses_the_chat_users_of_the_old_one_alone() {
        let (before, user) = linked("+5215512345678");
        let other = ChatUser {
            id: crate::ids::ChatUserId::derive(&["other"]),
            identity: identity("T1", "U1"),
            ..user.clone()
        };
        let before = EndUser {
            phone: PhoneNumber::parse("+525512345678").ok(),
            chat_users: BTreeSet::from([user.id, other.id]),
            ..before
        };
        let known = [user.clone(), other.clone()];
        for (phone, expected) in [
            ("+525512345678", vec![user.id, other.id]),
            ("+5215512345678", vec![user.id, other.id]),
            ("+4915112345678", vec![other.id]),
            ("", vec![other.id]),
        ] {
            let mut after = EndUser {
                phone: PhoneNumber::parse(phone).ok(),
                ..before.clone()
            };
            after.give_up_number(&before, &known);
            assert_eq!(after.chat_users, BTreeSet::from_iter(expected), "{phone}");
        }
        let mut after = end_user();
        let numberless = EndUser {
            phone: None,
            ..before
        };
        after.chat_users.insert(user.id);
        after.give_up_number(&numberless, &known);
        assert_eq!(after.chat_users, BTreeSet::from([user.id]));
    }

    #[test]
    fn a_link_joins_the_environments_of_both_and_counts_as_an_edit_if_there_are_more() {
        let (person, user) = linked("+4915112345678");
        let mut same = EndUser {
            chat_users: BTreeSet::new(),
            ..person.clone()
        };
        same.take_in(&user, at(9));
        assert_eq!(same.links_version, person.links_version + 1);
        assert_eq!(
            same,
            EndUser {
                links_version: same.links_version,
                ..person.clone()
            }
        );
        let mut more = EndUser {
            environments: BTreeSet::from([environment("f")]),
            ..person.clone()
        };
        more.take_in(&user, at(9));
        let both = BTreeSet::from([environment("e"), environment("f")]);
        assert_eq!(more.environments, both);
        assert_eq!((more.version, more.updated_at), (person.version + 1, at(9)));
    }
}
