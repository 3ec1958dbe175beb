//! End users: the people whom a project knows (SPEC C01–C10).

use crate::{
    Timestamp,
    account::email_address::EmailAddress,
    directory::phone::PhoneNumber,
    ids::{ChatUserId, EndUserId, EnvironmentId},
    record::{Record, Repeatable},
    scope::ProjectScope,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most chat users that one end user is linked to: each is part of the transaction that changes the end user.
pub const LINKS_MAX: usize = 20;
/// Longest of each of a person's names, in characters.
pub const NAME_MAX_CHARS: usize = 100;

/// The way in which a person came into the directory (SPEC C53, C54).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndUserSource {
    /// A member or a key added the person.
    Invited,
    /// The person wrote to the agent.
    SelfRegistered,
}

impl EndUserSource {
    /// The key, as stored and on the wire.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::SelfRegistered => "self_registered",
        }
    }
}

/// A person's names, each trimmed and not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Names {
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Middle name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub middle: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

impl Names {
    /// The names that there are, in one text; empty without any.
    #[must_use]
    pub fn full(&self) -> String {
        let names = [&self.first, &self.middle, &self.last];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        names.join(" ")
    }
}

/// A person whom a project knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndUser {
    /// Id of the person.
    pub id: EndUserId,
    /// Account and project.
    pub scope: ProjectScope,
    /// The way in which the person came into the directory.
    pub source: EndUserSource,
    /// The names.
    pub names: Names,
    /// The phone number, of which the project knows no second holder. Who registered by writing may have none.
    pub phone: Option<PhoneNumber>,
    /// The e-mail address. Several people may share one.
    pub email: Option<EmailAddress>,
    /// The environments in which the person may talk to the agent. Only taking away access that was approved
    /// leaves none.
    pub environments: BTreeSet<EnvironmentId>,
    /// The chat users that the person is.
    pub chat_users: BTreeSet<ChatUserId>,
    /// Counts changes of what an admin sees and edits. Links are counted apart, so that a person who writes
    /// meanwhile spoils no edit.
    pub version: u64,
    /// Counts changes of [`EndUser::chat_users`].
    pub links_version: u64,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change that [`EndUser::version`] counts.
    pub updated_at: Timestamp,
}

impl Record for EndUser {
    fn version(&self) -> u64 {
        self.version
    }
}

/// Two creations under one `Idempotency-Key` are told apart by their values.
impl Repeatable for EndUser {}

impl EndUser {
    /// The name to show: the names, else the phone number, else the e-mail address; empty without any.
    #[must_use]
    pub fn display_name(&self) -> String {
        let full = self.names.full();
        if full.is_empty() {
            self.phone
                .as_ref()
                .map(PhoneNumber::as_str)
                .or(self.email.as_ref().map(EmailAddress::as_str))
                .unwrap_or_default()
                .to_owned()
        } else {
            full
        }
    }
}

/// The row under a phone number's key: its holder, with the environments of the holder's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneHolder {
    /// The holder.
    pub end_user_id: EndUserId,
    /// The holder's environments.
    pub environments: BTreeSet<EnvironmentId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{at, end_user};

    #[test]
    fn a_person_is_shown_by_names_then_phone_number_then_address() {
        let ada = EndUser {
            names: Names {
                first: Some("Ada".into()),
                middle: None,
                last: Some("Lovelace".into()),
            },
            phone: Some(PhoneNumber::parse("+4915112345678").unwrap()),
            email: Some(EmailAddress::parse("ada@example.com").unwrap()),
            ..end_user()
        };
        assert_eq!(ada.display_name(), "Ada Lovelace");
        let nameless = EndUser {
            names: Names::default(),
            ..ada
        };
        assert_eq!(nameless.display_name(), "+4915112345678");
        let by_mail = EndUser {
            phone: None,
            ..nameless
        };
        assert_eq!(by_mail.display_name(), "ada@example.com");
        let nothing = EndUser {
            email: None,
            ..by_mail
        };
        assert_eq!(nothing.display_name(), "");
    }

    #[test]
    fn a_person_is_at_their_own_version() {
        let user = EndUser {
            version: 7,
            links_version: 9,
            created_at: at(1),
            ..end_user()
        };
        assert_eq!(Record::version(&user), 7);
    }
}
