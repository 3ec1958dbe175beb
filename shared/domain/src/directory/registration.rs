//! Ways in which a chat user and the directory come together without an edit of the directory (SPEC B38, C54).

use crate::{
    Timestamp,
    chat::{profile::Profile, user::ChatUser},
    directory::{
        end_user::{EndUser, EndUserSource, NAME_MAX_CHARS, Names},
        phone::PhoneNumber,
    },
    event::{Change, Event},
    ids::EndUserId,
    scope::ProjectScope,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The part of the directory in an approval (SPEC B38). Somebody who is linked stays so, and the person whom they
/// are gets the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirectoryChoice {
    /// Link to the holder of the phone number that the platform asserts, else make a person of the chat user.
    #[default]
    ByNumber,
    /// Make a person of the chat user.
    CreateNew,
    /// Link to this person.
    AddToExisting(EndUserId),
    /// Keep the chat user apart from the directory.
    Apart,
}

/// An action on the directory that a caller asks for with an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryAction {
    /// See [`DirectoryChoice::CreateNew`].
    CreateNew,
    /// See [`DirectoryChoice::AddToExisting`].
    AddToExisting,
    /// See [`DirectoryChoice::Apart`].
    Apart,
}

/// The reason why a chat user cannot be linked to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misplaced {
    /// There is no such person in the project.
    NoSuchPerson,
    /// The chat user is linked to this other person.
    LinkedTo(EndUserId),
    /// The person is as many chat users as can be.
    TooMany,
}

/// The way in which a chat user and a person of the directory came together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joining {
    /// The chat user became a person of the directory.
    Registered,
    /// The chat user was linked to a person.
    Linked,
    /// A linked chat user brought environments to the person.
    Widened,
}

impl Joining {
    /// The change for the audit log. It names the two and their environments, and nothing else of them.
    #[must_use]
    pub fn change(self, person: &EndUser, user: &ChatUser) -> Change {
        let event = match self {
            Self::Registered => Event::EndUserCreated(person.id),
            Self::Linked => Event::EndUserLinked(person.id),
            Self::Widened => Event::EndUserUpdated(person.id),
        };
        Change {
            event,
            before: Value::Null,
            after: json!({
                "source": person.source,
                "chat_user_id": user.id,
                "environment_ids": person.environments,
            }),
        }
    }
}

impl Names {
    /// The names that a platform tells. One that does not split them tells the first name alone.
    #[must_use]
    pub fn told(profile: &Profile) -> Self {
        let is_split = profile.first_name.is_some() || profile.last_name.is_some();
        let first = if is_split {
            &profile.first_name
        } else {
            &profile.display_name
        };
        Self {
            first: first.as_deref().and_then(fitting),
            middle: None,
            last: profile.last_name.as_deref().and_then(fitting),
        }
    }
}

/// The name without blanks around it, cut to the longest that is stored.
fn fitting(name: &str) -> Option<String> {
    let cut: String = name.trim().chars().take(NAME_MAX_CHARS).collect();
    let name = cut.trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

impl EndUser {
    /// Makes a person of a chat user who is none yet, with the environments in which they may talk. The id follows
    /// from the record that it is made from, so that a repeated attempt makes the same person, and one who comes
    /// back after a removal is another.
    #[must_use]
    pub fn registered(
        scope: ProjectScope,
        user: &ChatUser,
        phone: Option<PhoneNumber>,
        at: Timestamp,
    ) -> Self {
        Self {
            id: EndUserId::derive(&[
                "registered",
                &user.id.to_string(),
                &user.created_at.to_string(),
                &user.version.to_string(),
            ]),
            scope,
            source: EndUserSource::SelfRegistered,
            names: Names::told(&user.profile),
            phone,
            email: None,
            environments: user.grants.keys().copied().collect(),
            chat_users: BTreeSet::from([user.id]),
            version: 1,
            links_version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, chat_user, environment, grant, scope};
    use std::collections::BTreeMap;

    fn told(display: Option<&str>, first: Option<&str>, last: Option<&str>) -> Names {
        Names::told(&Profile::from_raw(display, first, last, None))
    }

    /// SPEC A30, B38.
    #[test]
    fn a_person_is_named_as_the_platform_names_them() {
        let names = |first: Option<&str>, last: Option<&str>| Names {
            first: first.map(str::to_owned),
            middle: None,
            last: last.map(str::to_owned),
        };
        let (full, first, last) = (Some("Ada Lovelace"), Some("Ada"), Some("Lovelace"));
        assert_eq!(told(full, first, last), names(first, last));
        assert_eq!(told(full, first, None), names(first, None));
        assert_eq!(told(full, None, last), names(None, last));
        assert_eq!(told(full, None, None), names(full, None));
        assert_eq!(told(None, None, None), Names::default());
        let long = "é".repeat(NAME_MAX_CHARS + 1);
        let cut = told(Some(&long), None, None).first.unwrap();
        assert_eq!(cut.chars().count(), NAME_MAX_CHARS);
    }

    /// SPEC C54.
    #[test]
    fn whoever_registers_by_writing_has_their_own_access_and_one_link() {
        let user = ChatUser {
            grants: BTreeMap::from([(environment("e"), grant())]),
            ..chat_user()
        };
        let phone = PhoneNumber::parse("+4915112345678").ok();
        let person = EndUser::registered(scope(), &user, phone.clone(), at(9));
        assert_eq!(person.source, EndUserSource::SelfRegistered);
        assert_eq!(person.environments, BTreeSet::from([environment("e")]));
        assert_eq!(person.chat_users, BTreeSet::from([user.id]));
        assert_eq!(person.phone, phone);
        let again = EndUser::registered(scope(), &user, phone.clone(), at(10));
        assert_eq!(again.id, person.id);
        let later = ChatUser { version: 2, ..user };
        let other = EndUser::registered(scope(), &later, phone, at(10));
        assert_ne!(other.id, person.id);
    }

    #[test]
    fn the_audit_log_tells_the_way_without_personal_data() {
        let user = chat_user();
        let person = EndUser::registered(scope(), &user, None, at(9));
        for (joining, key) in [
            (Joining::Registered, "end_user.created"),
            (Joining::Linked, "end_user.linked"),
            (Joining::Widened, "end_user.updated"),
        ] {
            let change = joining.change(&person, &user);
            assert_eq!(change.event.key(), key);
            let after = json!({
                "source": "self_registered",
                "chat_user_id": user.id,
                "environment_ids": [],
            });
            assert_eq!(change.after, after);
        }
    }
}
