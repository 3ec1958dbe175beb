//! The keys of the directory: end users and phone numbers.

use super::{Key, project_pk};
use vestibule_domain::{
    ProjectScope,
    directory::phone::PhoneKey,
    ids::{EndUserId, EnvironmentId},
};

pub(super) fn end_user_pk(scope: ProjectScope, id: EndUserId) -> String {
    format!("{}#END_USER#{id}", project_pk(scope))
}

/// An end user.
#[must_use]
pub fn end_user(scope: ProjectScope, id: EndUserId) -> Key {
    Key::new(end_user_pk(scope, id), END_USER)
}

const END_USER: &str = "END_USER";

/// Whether a row is that of an end user.
#[must_use]
pub fn is_end_user(key: &Key) -> bool {
    key.sk == END_USER
}

/// The claim of a deleted end user's id, so that the id is not used again.
#[must_use]
pub fn end_user_claim(scope: ProjectScope, id: EndUserId) -> Key {
    Key::new(end_user_pk(scope, id), "CLAIM")
}

/// The list of a project's end users by creation.
#[must_use]
pub fn end_users(scope: ProjectScope) -> String {
    format!("{}#END_USERS", project_pk(scope))
}

/// The list of a project's end users by name.
#[must_use]
pub fn end_users_by_name(scope: ProjectScope) -> String {
    format!("{}#by_name", end_users(scope))
}

/// The partition of the people who hold an environment. It is no list of an index, since the deletion of the
/// environment must not overlook anybody.
#[must_use]
pub fn holders(scope: ProjectScope, id: EnvironmentId) -> String {
    format!("{}#HOLDERS#{id}", project_pk(scope))
}

/// A person who holds an environment, alone or beside others.
#[must_use]
pub fn holder(scope: ProjectScope, id: EnvironmentId, of: EndUserId, is_only: bool) -> Key {
    let prefix = if is_only { ONLY_PREFIX } else { ALSO_PREFIX };
    Key::new(holders(scope, id), format!("{prefix}{of}"))
}

/// The mark that an environment is about to be deleted, beside its holders: nobody comes to hold it alone.
#[must_use]
pub fn environment_closing(scope: ProjectScope, id: EnvironmentId) -> Key {
    Key::new(holders(scope, id), "CLOSED")
}

/// Prefix of the sort keys of people who hold no other environment.
pub const ONLY_PREFIX: &str = "ONLY#";
const ALSO_PREFIX: &str = "ALSO#";

/// Parses the person in the sort key of a holder.
#[must_use]
pub fn parse_holder(sk: &str) -> Option<EndUserId> {
    let id = sk
        .strip_prefix(ONLY_PREFIX)
        .or_else(|| sk.strip_prefix(ALSO_PREFIX))?;
    id.parse().ok()
}

/// The holder of a phone number, in every form of the number.
#[must_use]
pub fn phone(scope: ProjectScope, phone: &PhoneKey) -> Key {
    Key::new(format!("{}#{PHONE}#{phone}", project_pk(scope)), PHONE)
}

const PHONE: &str = "PHONE";

/// Whether a row is that of a phone number.
#[must_use]
pub fn is_phone(key: &Key) -> bool {
    key.sk == PHONE
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use vestibule_domain::{
        AccountScope,
        directory::phone::PhoneNumber,
        ids::{AccountId, ProjectId},
    };

    fn scope(project: &str) -> ProjectScope {
        AccountScope::of_verified(AccountId::derive(&["a"])).project(ProjectId::derive(&[project]))
    }

    fn number(scope: ProjectScope, text: &str) -> Key {
        phone(scope, &PhoneNumber::parse(text).unwrap().key())
    }

    #[test]
    fn every_person_and_every_number_has_a_partition_of_its_own_within_its_project() {
        let (one, other) = (EndUserId::derive(&["1"]), EndUserId::derive(&["2"]));
        let mut partitions = BTreeSet::new();
        for scope in [scope("p"), scope("q")] {
            partitions.insert(end_user(scope, one).pk);
            partitions.insert(end_user(scope, other).pk);
            partitions.insert(number(scope, "+4915112345678").pk);
            partitions.insert(number(scope, "+4915112345679").pk);
        }
        assert_eq!(partitions.len(), 8);
        let claim = end_user_claim(scope("p"), one);
        assert_eq!(claim.pk, end_user(scope("p"), one).pk);
        assert_ne!(claim, end_user(scope("p"), one));
        assert!(is_phone(&number(scope("p"), "+4915112345678")));
        assert!(!is_phone(&claim));
    }

    #[test]
    fn the_holders_of_an_environment_lie_in_its_partition_and_those_of_nothing_else_apart() {
        let (environment, one) = (EnvironmentId::derive(&["e"]), EndUserId::derive(&["1"]));
        let [only, also] = [true, false].map(|only| holder(scope("p"), environment, one, only));
        assert_eq!([&only.pk, &also.pk], [&holders(scope("p"), environment); 2]);
        assert!(only.sk.starts_with(ONLY_PREFIX) && !also.sk.starts_with(ONLY_PREFIX));
        assert_eq!(
            [only, also].map(|key| parse_holder(&key.sk)),
            [Some(one); 2]
        );
        assert_eq!(parse_holder("END_USER"), None);
    }

    /// SPEC A45b, C59.
    #[test]
    fn both_forms_of_a_number_have_one_key() {
        let scope = scope("p");
        assert_eq!(
            number(scope, "+5215512345678"),
            number(scope, "+525512345678")
        );
    }
}
