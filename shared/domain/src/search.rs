//! Search: what of a record is searched, and the jobs that keep the index in line with the records (SPEC C22–C31, B41).
//!
//! A change of what is searched leaves an order beside the record, in the same transaction. A worker then brings the
//! rows of the index in line with the record, so the index lags behind by a moment. Every hit is checked against the
//! record before it is shown.

use crate::{
    access::request::AccessRequest,
    account::email_address::EmailAddress,
    chat::user::ChatUser,
    directory::{end_user::EndUser, phone::PhoneNumber},
    ids::{ChatUserId, EndUserId, ProjectId},
    scope::ProjectScope,
};
use serde::{Deserialize, Serialize};

/// A kind of record that is searched. Each has an index of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchKind {
    /// End users.
    EndUsers,
    /// Chat users.
    ChatUsers,
}

/// A record that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchTarget {
    /// An end user.
    EndUser(EndUserId),
    /// A chat user.
    ChatUser(ChatUserId),
}

impl SearchTarget {
    /// The kind of the record.
    #[must_use]
    pub const fn kind(self) -> SearchKind {
        match self {
            Self::EndUser(_) => SearchKind::EndUsers,
            Self::ChatUser(_) => SearchKind::ChatUsers,
        }
    }
}

/// The job to bring the index in line with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexRecord {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// The record.
    pub target: SearchTarget,
}

impl IndexRecord {
    /// The project, which the job works for.
    #[must_use]
    pub const fn project_id(self) -> ProjectId {
        self.scope.project_id()
    }
}

/// The job to go through all records of a project, a page at a time. It has no mark in the outbox: an operator
/// orders it, and the queue keeps it until its last page is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexProject {
    /// Account and project.
    #[serde(flatten)]
    pub scope: ProjectScope,
    /// Whether to count differences and change nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_checks: bool,
    /// Start of the next page; `None` before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<ProjectPlace>,
}

/// A list of a project's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectList {
    /// The end users.
    EndUsers,
    /// The chat users.
    ChatUsers,
    /// The access requests, which are found through their chat users.
    AccessRequests,
}

impl ProjectList {
    /// The first list.
    pub const FIRST: Self = Self::EndUsers;

    /// The list behind this one.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::EndUsers => Some(Self::ChatUsers),
            Self::ChatUsers => Some(Self::AccessRequests),
            Self::AccessRequests => None,
        }
    }
}

/// A place among the records of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectPlace {
    /// The list.
    pub list: ProjectList,
    /// The place in it, as the store writes it; `None` at its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<String>,
}

/// A field that is searched. Matches name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchField {
    /// First name.
    FirstName,
    /// Middle name.
    MiddleName,
    /// Last name.
    LastName,
    /// All names together.
    FullName,
    /// Name to show.
    DisplayName,
    /// Name to show of the person who asks for access.
    UserName,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// The platform's own id of a person.
    Identifier,
    /// The second id of a person whom a platform knows by two.
    OtherIdentifier,
}

/// A searched text of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    /// The field.
    pub field: SearchField,
    /// The text, as it is shown.
    pub text: String,
    /// Whether its digits alone count.
    pub is_phone: bool,
}

impl SearchText {
    fn words(field: SearchField, text: impl Into<String>) -> Self {
        Self {
            field,
            text: text.into(),
            is_phone: false,
        }
    }

    fn phone(field: SearchField, text: impl Into<String>) -> Self {
        Self {
            is_phone: true,
            ..Self::words(field, text)
        }
    }
}

/// The searched texts of an end user, the most important first: of very long records only the beginning is searched.
/// The phone number is shown in this form, which has the same digits as the number.
#[must_use]
pub fn texts_of_end_user(user: &EndUser, phone_display: Option<&str>) -> Vec<SearchText> {
    let names = &user.names;
    let number = user.phone.as_ref().map(PhoneNumber::as_str);
    let shown = number.map(|number| phone_display.unwrap_or(number));
    let mut texts: Vec<SearchText> = Vec::new();
    texts.extend(shown.map(|text| SearchText::phone(SearchField::Phone, text)));
    for (field, name) in [
        (SearchField::FirstName, &names.first),
        (SearchField::MiddleName, &names.middle),
        (SearchField::LastName, &names.last),
    ] {
        texts.extend(name.as_deref().map(|name| SearchText::words(field, name)));
    }
    texts.push(SearchText::words(SearchField::FullName, names.full()));
    let email = user.email.as_ref().map(EmailAddress::as_str);
    texts.extend(email.map(|email| SearchText::words(SearchField::Email, email)));
    texts
}

/// The searched texts of a chat user: the ids, then the names.
#[must_use]
pub fn texts_of_chat_user(user: &ChatUser) -> Vec<SearchText> {
    let ids = [
        (SearchField::Identifier, Some(user.shown_id())),
        (SearchField::OtherIdentifier, user.hidden_id()),
    ];
    let mut texts: Vec<SearchText> = Vec::new();
    for (field, id) in ids {
        texts.extend(id.map(|id| {
            if id.is_phone() {
                SearchText::phone(field, &id.identifier)
            } else {
                SearchText::words(field, &id.identifier)
            }
        }));
    }
    let profile = &user.profile;
    for (field, name) in [
        (SearchField::FirstName, &profile.first_name),
        (SearchField::LastName, &profile.last_name),
        (SearchField::DisplayName, &profile.display_name),
    ] {
        texts.extend(name.as_deref().map(|name| SearchText::words(field, name)));
    }
    texts
}

/// The texts by which an access request of this person is found. Those that the request shows have its names of fields:
/// the name to show, which without a name is an id, and the id under which the person asked.
#[must_use]
pub fn texts_of_access_request(request: &AccessRequest, user: &ChatUser) -> Vec<SearchText> {
    let mut texts = texts_of_chat_user(user);
    for text in &mut texts {
        text.field = match text.field {
            SearchField::DisplayName => SearchField::UserName,
            SearchField::Identifier | SearchField::OtherIdentifier => {
                if text.text == request.identifier {
                    SearchField::Identifier
                } else {
                    SearchField::OtherIdentifier
                }
            }
            other => other,
        };
    }
    if user.profile.display_name.is_none() {
        texts.push(SearchText {
            is_phone: user.shown_id().is_phone(),
            ..SearchText::words(SearchField::UserName, user.display_name())
        });
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::{message::PHONE_SCOPE, profile::Profile},
        directory::end_user::Names,
        samples::{chat_user, end_user, identity, request, scope},
    };

    fn shown(texts: &[SearchText]) -> Vec<(SearchField, &str, bool)> {
        let texts = texts.iter();
        texts
            .map(|text| (text.field, text.text.as_str(), text.is_phone))
            .collect()
    }

    /// SPEC C22–C27.
    #[test]
    fn an_end_user_is_searched_by_each_name_all_names_address_and_phone_number() {
        let ada = EndUser {
            names: Names {
                first: Some("Ada".into()),
                middle: Some("King".into()),
                last: Some("Lovelace".into()),
            },
            phone: Some(PhoneNumber::parse("+4915112345678").unwrap()),
            email: Some(EmailAddress::parse("ada@example.com").unwrap()),
            ..end_user()
        };
        let texts = texts_of_end_user(&ada, Some("+49 1511 2345678"));
        assert_eq!(
            shown(&texts),
            [
                (SearchField::Phone, "+49 1511 2345678", true),
                (SearchField::FirstName, "Ada", false),
                (SearchField::MiddleName, "King", false),
                (SearchField::LastName, "Lovelace", false),
                (SearchField::FullName, "Ada King Lovelace", false),
                (SearchField::Email, "ada@example.com", false),
            ]
        );
        let texts = texts_of_end_user(&ada, None);
        assert_eq!(texts[0].text, "+4915112345678");
        let nobody = EndUser {
            names: Names::default(),
            phone: None,
            email: None,
            ..ada
        };
        let texts = texts_of_end_user(&nobody, Some("+49"));
        assert_eq!(shown(&texts), [(SearchField::FullName, "", false)]);
    }

    /// SPEC B41.
    #[test]
    fn a_chat_user_is_searched_by_names_and_ids_a_number_among_them_by_its_digits() {
        let user = ChatUser {
            identity: identity("T1", "U1"),
            other_id: Some(identity(PHONE_SCOPE, "+49151")),
            profile: Profile::from_raw(Some("Ada L."), Some("Ada"), Some("Lovelace"), None),
            ..chat_user()
        };
        let texts = texts_of_chat_user(&user);
        assert_eq!(
            shown(&texts),
            [
                (SearchField::Identifier, "+49151", true),
                (SearchField::OtherIdentifier, "U1", false),
                (SearchField::FirstName, "Ada", false),
                (SearchField::LastName, "Lovelace", false),
                (SearchField::DisplayName, "Ada L.", false),
            ]
        );
    }

    /// SPEC B41.
    #[test]
    fn a_request_is_found_by_its_person_and_shows_their_name_and_the_id_under_which_they_asked() {
        let named = ChatUser {
            identity: identity("T1", "U1"),
            other_id: Some(identity(PHONE_SCOPE, "+49151")),
            profile: Profile::from_raw(Some("Ada L."), Some("Ada"), None, None),
            ..chat_user()
        };
        let asked_as = |identifier: &str| AccessRequest {
            identifier: identifier.into(),
            ..request()
        };
        let texts = texts_of_access_request(&asked_as("U1"), &named);
        assert_eq!(
            shown(&texts),
            [
                (SearchField::OtherIdentifier, "+49151", true),
                (SearchField::Identifier, "U1", false),
                (SearchField::FirstName, "Ada", false),
                (SearchField::UserName, "Ada L.", false),
            ]
        );
        let nameless = ChatUser {
            profile: Profile::default(),
            ..named
        };
        let texts = texts_of_access_request(&asked_as("+49151"), &nameless);
        assert_eq!(
            shown(&texts),
            [
                (SearchField::Identifier, "+49151", true),
                (SearchField::OtherIdentifier, "U1", false),
                (SearchField::UserName, "+49151", true),
            ]
        );
    }

    #[test]
    fn a_project_is_gone_through_list_by_list() {
        let mut lists = vec![ProjectList::FIRST];
        while let Some(next) = lists.last().and_then(|list| list.next()) {
            lists.push(next);
        }
        assert_eq!(
            lists,
            [
                ProjectList::EndUsers,
                ProjectList::ChatUsers,
                ProjectList::AccessRequests
            ]
        );
    }

    #[test]
    fn a_target_is_of_its_own_kind() {
        let job = IndexRecord {
            scope: scope(),
            target: SearchTarget::ChatUser(chat_user().id),
        };
        assert_eq!(job.target.kind(), SearchKind::ChatUsers);
        assert_eq!(job.project_id(), scope().project_id());
        let other = SearchTarget::EndUser(end_user().id);
        assert_eq!(other.kind(), SearchKind::EndUsers);
    }
}
