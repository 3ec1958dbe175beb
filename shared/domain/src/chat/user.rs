//! Chat users: people on chat platforms.

use crate::{
    Timestamp,
    chat::{
        message::{Identity, InboundMessage},
        profile::Profile,
    },
    connector::Connector,
    ids::{ChatUserId, EndUserId, EnvironmentId},
    record::Record,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Status of a chat user in the project (SPEC A37).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatUserStatus {
    /// Wrote, and may not talk to the agent yet.
    Onboarding,
    /// May talk to the agent in some environment of the project.
    Active,
    /// Blocked by an admin, until unblocked.
    Blocked,
}

/// Permission to talk in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Time of the grant.
    pub granted_at: Timestamp,
    /// Name of the person who decided, as shown to admins.
    pub granted_by: String,
}

/// A block, with its author, time and reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Time of the block.
    pub blocked_at: Timestamp,
    /// Name of the person who decided, as shown to admins.
    pub blocked_by: String,
    /// The author's own reason, if any.
    pub note: Option<String>,
}

/// A person who writes through a connector (SPEC A23).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatUser {
    /// Id, derived from project and identity.
    pub id: ChatUserId,
    /// The identity on the platform.
    pub identity: Identity,
    /// The second id, if the platform provides two (see [`crate::chat::recognition`]).
    pub other_id: Option<Identity>,
    /// The stable id of the phone number's new holder, if this record's number passed to another person.
    pub number_now_of: Option<Identity>,
    /// Names and avatar, once fetched.
    pub profile: Profile,
    /// Time of the message that last changed the profile, since the person's first one.
    pub profile_told_at: Option<Timestamp>,
    /// Whether a connector that was open to all let the person through.
    pub admitted_openly: bool,
    /// Environments in which the person may talk.
    pub grants: BTreeMap<EnvironmentId, Grant>,
    /// The block, while there is one.
    pub block: Option<Block>,
    /// The person of the directory that this chat user is, if they are linked. Then the grants are those of all
    /// that person's environments: see [`crate::directory`].
    pub end_user_id: Option<EndUserId>,
    /// Whether an admin keeps this chat user apart from the directory, so that nothing but an admin links them.
    pub is_apart: bool,
    /// Counts changes.
    pub version: u64,
    /// Time of the person's first message.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

impl Record for ChatUser {
    fn version(&self) -> u64 {
        self.version
    }
}

impl ChatUser {
    /// Makes the record of a person who never wrote in the project before.
    #[must_use]
    pub fn first(
        message: &InboundMessage,
        other_id: Option<Identity>,
        connector: &Connector,
        now: Timestamp,
    ) -> Self {
        Self {
            id: message.sender.chat_user_id(connector.scope),
            identity: message.sender.clone(),
            other_id,
            number_now_of: None,
            profile: message.profile.clone(),
            profile_told_at: None,
            admitted_openly: false,
            grants: BTreeMap::new(),
            block: None,
            end_user_id: None,
            is_apart: false,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Status of the chat user, derived from the rest of the record.
    #[must_use]
    pub fn status(&self) -> ChatUserStatus {
        if self.block.is_some() {
            ChatUserStatus::Blocked
        } else if self.grants.is_empty() && !self.admitted_openly {
            ChatUserStatus::Onboarding
        } else {
            ChatUserStatus::Active
        }
    }

    /// Whether the directory may take this chat user in without an admin: nobody linked them, and no admin keeps
    /// them apart.
    #[must_use]
    pub const fn may_register(&self) -> bool {
        self.end_user_id.is_none() && !self.is_apart
    }

    /// The id to show: a phone number if one is known (SPEC A28, A29).
    #[must_use]
    pub fn shown_id(&self) -> &Identity {
        self.other_id
            .as_ref()
            .filter(|other| other.is_phone())
            .unwrap_or(&self.identity)
    }

    /// The id that is not [`ChatUser::shown_id`], for a person known by two ids.
    #[must_use]
    pub fn hidden_id(&self) -> Option<&Identity> {
        let other = self.other_id.as_ref()?;
        Some(if other.is_phone() {
            &self.identity
        } else {
            other
        })
    }

    /// The name to show: the platform's, or the identifier if there is none (SPEC A30).
    #[must_use]
    pub fn display_name(&self) -> &str {
        self.profile
            .display_name
            .as_deref()
            .unwrap_or(&self.shown_id().identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::message::{PHONE_SCOPE, WHATSAPP_SCOPE},
        samples::{at, block, chat_user, connector, environment, grant, identity, message},
    };

    #[test]
    fn somebody_who_never_wrote_before_is_known_by_what_the_message_tells() {
        let profile = Profile::from_raw(Some("Ada"), None, None, None);
        let other_id = Some(identity(PHONE_SCOPE, "+49"));
        let message = InboundMessage {
            profile: profile.clone(),
            ..message()
        };
        let first = ChatUser::first(&message, other_id.clone(), &connector(), at(9));
        let expected = ChatUser {
            id: message.sender.chat_user_id(connector().scope),
            other_id,
            profile,
            created_at: at(9),
            updated_at: at(9),
            ..chat_user()
        };
        assert_eq!(first, expected);
    }

    #[test]
    fn a_chat_user_is_at_their_own_version() {
        let user = ChatUser {
            version: 7,
            ..chat_user()
        };
        assert_eq!(Record::version(&user), 7);
    }

    #[test]
    fn a_block_comes_before_every_grant_and_an_open_door_is_one() {
        use ChatUserStatus::{Active, Blocked, Onboarding};
        for (granted, openly, blocked, status) in [
            (false, false, false, Onboarding),
            (true, false, false, Active),
            (false, true, false, Active),
            (true, true, false, Active),
            (false, false, true, Blocked),
            (true, true, true, Blocked),
        ] {
            let user = ChatUser {
                grants: granted
                    .then(|| (environment("e"), grant()))
                    .into_iter()
                    .collect(),
                admitted_openly: openly,
                block: blocked.then(block),
                ..chat_user()
            };
            assert_eq!(user.status(), status);
        }
    }

    #[test]
    fn of_two_ids_the_phone_number_is_shown_and_the_name_before_both() {
        let (own, phone) = (identity("T1", "U1"), identity(PHONE_SCOPE, "+49"));
        let user_id = identity(WHATSAPP_SCOPE, "DE.1");
        for (other, shown, hidden) in [
            (None, &own, None),
            (Some(&phone), &phone, Some(&own)),
            (Some(&user_id), &own, Some(&user_id)),
        ] {
            let user = ChatUser {
                other_id: other.cloned(),
                ..chat_user()
            };
            assert_eq!(user.shown_id(), shown);
            assert_eq!(user.hidden_id(), hidden);
            assert_eq!(user.display_name(), shown.identifier);
            let named = ChatUser {
                profile: Profile::from_raw(Some("Ada"), None, None, None),
                ..user
            };
            assert_eq!(named.display_name(), "Ada");
        }
    }
}
