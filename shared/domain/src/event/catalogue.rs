//! The outgoing events that there are, and the fields of their data (SPEC F04).
//!
//! Data is thin: ids, codes, counts and times. It holds no name, text, number or address of anybody, so that an erasure
//! has nothing to look for in events that are under way or have arrived.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Kind of a field of an event's data. There is none for free text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Id of a record.
    Id,
    /// Id of an actor: `member:…`, `api_key:…`, `agent:…` or `system`.
    Actor,
    /// A word of a fixed set, of at most 64 characters: small letters, digits, `_`, `.` and `-`.
    Code,
    /// A list of such words.
    Codes,
    /// A whole number.
    Count,
    /// A time.
    Time,
    /// Whether something is so.
    Flag,
}

/// A field of an event's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Name of the field.
    pub name: &'static str,
    /// Kind of the value.
    pub kind: FieldKind,
    /// Whether every event of the type has it.
    pub is_required: bool,
    /// The field in a sentence.
    pub description: &'static str,
}

impl Field {
    /// Makes a field that every event of its type has.
    const fn always(name: &'static str, kind: FieldKind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            is_required: true,
            description,
        }
    }

    /// Makes the same field for a type of which not every event has it.
    const fn or_absent(self) -> Self {
        Self {
            is_required: false,
            ..self
        }
    }
}

/// The names of fields that events of many types have.
pub(super) mod names {
    pub(in super::super) const ACTOR: &str = "actor";
    pub(in super::super) const CHANGED: &str = "changed";
}

const ACTOR: Field = Field::always(
    names::ACTOR,
    FieldKind::Actor,
    "The author: `member:…`, `api_key:…`, `agent:…` or `system`.",
)
.or_absent();
const REQUEST: Field = Field::always(
    "access_request_id",
    FieldKind::Id,
    "Id of the access request.",
);
const CHAT_USER: Field = Field::always("chat_user_id", FieldKind::Id, "Id of the chat user.");
const STATUS: Field = Field::always("status", FieldKind::Code, "Status after the event.");
const REASON: Field = Field::always(
    "reason_code",
    FieldKind::Code,
    "The reason, if the event followed from something else.",
)
.or_absent();
const CONVERSATION: Field =
    Field::always("conversation_id", FieldKind::Id, "Id of the conversation.");
const CLIENT: Field = Field::always("client_id", FieldKind::Id, "Id of the client.");
const CHANNEL: Field = Field::always("channel", FieldKind::Code, "Key of the channel.");
const TEAM: Field = Field::always(
    "team_id",
    FieldKind::Id,
    "Id of the team that the conversation asks for, if any.",
)
.or_absent();
const VERB: Field = Field::always(
    "verb",
    FieldKind::Code,
    "The step of routing: `offer`, `assign`, `claim`, `release`, `transfer`, `requeue` or `give_back`.",
);
const MEMBER: Field = Field::always("member_id", FieldKind::Id, "Id of the member.");
const SINCE: Field = Field::always("since", FieldKind::Time, "Time at which it began.");
const CHANGED: Field = Field::always(
    names::CHANGED,
    FieldKind::Codes,
    "Names of the fields that were changed.",
);
const INVITATION: Field = Field::always("invitation_id", FieldKind::Id, "Id of the invitation.");
const API_KEY: Field = Field::always("api_key_id", FieldKind::Id, "Id of the API key.");
const CONNECTOR: Field = Field::always("connector_id", FieldKind::Id, "Id of the connector.");
const CLASS: Field = Field::always("class", FieldKind::Code, "Class of the failure.");
const WEBHOOK: Field = Field::always("webhook_id", FieldKind::Id, "Id of the webhook.");
const EXPIRES: Field = Field::always(
    "expires_at",
    FieldKind::Time,
    "Time from which the key no longer works.",
)
.or_absent();

macro_rules! event_types {
    ($($name:ident = $key:tt, $reach:ident, $description:literal, [$($field:expr),* $(,)?];)*) => {
        /// Type of an outgoing event. Spelled `kind.past_participle` on the wire and in rows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventType {
            $(#[doc = $description] #[serde(rename = $key)] $name),*
        }

        impl EventType {
            /// Every type there is.
            pub const ALL: [Self; [$($key),*].len()] = [$(Self::$name),*];

            /// The type's spelling. It never changes.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }

            /// The type in a sentence.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description),* }
            }

            /// The fields of the data of its events.
            #[must_use]
            pub const fn fields(self) -> &'static [Field] {
                match self { $(Self::$name => const { &[$($field),*] }),* }
            }

            const fn reach(self) -> Reach {
                match self { $(Self::$name => Reach::$reach),* }
            }
        }
    };
}

/// The records that an event can be about.
enum Reach {
    /// Those of one project.
    Project,
    /// Those of the account as a whole.
    Account,
}

event_types! {
    AccessRequestCreated = "access_request.created", Project, "A stranger asked for access.",
        [REQUEST, CHAT_USER, Field::always("provider", FieldKind::Code, "Key of the platform."), STATUS.or_absent()];
    AccessRequestApproved = "access_request.approved", Project, "An access request was approved.",
        [ACTOR, REQUEST, CHAT_USER, STATUS, REASON];
    AccessRequestRejected = "access_request.rejected", Project, "An access request was rejected.",
        [ACTOR, REQUEST, CHAT_USER, STATUS, REASON];
    AccessRequestRevoked = "access_request.revoked", Project, "A person lost access that had been given.",
        [ACTOR, REQUEST.or_absent(), CHAT_USER, STATUS.or_absent()];
    AccessRequestExpired = "access_request.expired", Project, "An access request was closed because nobody decided it in time.",
        [ACTOR, REQUEST, CHAT_USER, STATUS, REASON];
    ChatUserBlocked = "chat_user.blocked", Project, "A chat user was blocked.",
        [ACTOR, CHAT_USER, STATUS.or_absent()];
    ChatUserUnblocked = "chat_user.unblocked", Project, "A chat user was unblocked.",
        [ACTOR, CHAT_USER, STATUS.or_absent()];
    ChatUserUpdated = "chat_user.updated", Project, "The platform reported something new about a chat user.",
        [CHAT_USER, CHANGED];
    ChatUserErased = "chat_user.erased", Project, "A chat user was erased with all that was kept about them.",
        [ACTOR, CHAT_USER];
    ConversationOpened = "conversation.opened", Project, "A conversation began.",
        [CONVERSATION, CHAT_USER.or_absent()];
    ConversationAssigned = "conversation.assigned", Project, "A conversation was given to a member.",
        [ACTOR, CONVERSATION, CLIENT, CHANNEL, MEMBER, TEAM, VERB, SINCE.or_absent(),
            Field::always("over_limit", FieldKind::Flag, "Whether the member was at their limit.").or_absent()];
    ConversationQueued = "conversation.queued", Project, "A conversation waits for a member.",
        [ACTOR, CONVERSATION, CLIENT, CHANNEL, TEAM, VERB, SINCE.or_absent()];
    ConversationReleased = "conversation.released", Project, "The work on a conversation ended.",
        [ACTOR, CONVERSATION, CLIENT, CHANNEL, MEMBER.or_absent(), TEAM, VERB];
    ConversationHandedOff = "conversation.handed_off", Project, "A conversation was handed off to people.",
        [ACTOR, CONVERSATION, CLIENT.or_absent(), TEAM];
    ConversationFirstReplyMissed = "conversation.first_reply_missed", Project, "No member replied within the client's limit.",
        [CONVERSATION, CLIENT, CHANNEL, MEMBER.or_absent(), SINCE];
    MessageFailed = "message.failed", Project, "A message to a person was given up.",
        [CONVERSATION.or_absent(), CHAT_USER.or_absent(), CLASS, REASON,
            Field::always("number", FieldKind::Count, "Number of the message in its conversation.").or_absent()];
    InvitationSent = "invitation.sent", Account, "A person was invited, or invited again.",
        [ACTOR, INVITATION.or_absent(), MEMBER.or_absent(),
            Field::always("by_mail", FieldKind::Flag, "Whether a mail was ordered.").or_absent()];
    InvitationBounced = "invitation.bounced", Account, "The mail of an invitation did not arrive, or was called spam.",
        [INVITATION.or_absent(), CLASS,
            Field::always("mail_id", FieldKind::Id, "Id of the mail.").or_absent()];
    InvitationAccepted = "invitation.accepted", Account, "An invitation was accepted.",
        [ACTOR, INVITATION.or_absent(), MEMBER];
    MemberJoined = "member.joined", Account, "A member joined.",
        [ACTOR, MEMBER, STATUS.or_absent()];
    MemberUpdated = "member.updated", Account, "A member was changed.",
        [ACTOR, MEMBER, STATUS.or_absent(), CHANGED];
    MemberSuspended = "member.suspended", Account, "A member was suspended.",
        [ACTOR, MEMBER, STATUS.or_absent()];
    MemberReinstated = "member.reinstated", Account, "A suspended member was let in again.",
        [ACTOR, MEMBER, STATUS.or_absent()];
    MemberRemoved = "member.removed", Account, "A member was removed.",
        [ACTOR, MEMBER, STATUS.or_absent()];
    MemberLeft = "member.left", Account, "A member left.",
        [ACTOR, MEMBER, STATUS.or_absent()];
    ApiKeyCreated = "api_key.created", Account, "An API key was created.",
        [ACTOR, API_KEY, EXPIRES];
    ApiKeyRenewed = "api_key.renewed", Account, "An API key got a later end.",
        [ACTOR, API_KEY, EXPIRES];
    ApiKeyRotated = "api_key.rotated", Account, "An API key got a new secret.",
        [ACTOR, API_KEY, Field::always("previous_until", FieldKind::Time, "Time until which the replaced secret works.").or_absent()];
    ApiKeyRevoked = "api_key.revoked", Account, "An API key was revoked.",
        [ACTOR, API_KEY];
    ConnectorFailing = "connector.failing", Project, "The platform refuses a connector's own calls.",
        [CONNECTOR, CLASS, SINCE];
    ConnectorRecovered = "connector.recovered", Project, "The platform takes a connector's calls again.",
        [CONNECTOR, SINCE];
    ConnectorCapHit = "connector.cap_hit", Project, "A connector held messages back because a quota was used up.",
        [CONNECTOR, Field::always("cap", FieldKind::Code, "The quota: `new_requests`."), SINCE];
    WebhookTest = "webhook.test", Account, "A test was sent to a webhook. Only that webhook gets it.",
        [ACTOR, WEBHOOK];
    WebhookPaused = "webhook.paused", Account, "A webhook gets no more events, because it failed for days or is gone.",
        [ACTOR, WEBHOOK, Field::always("reason", FieldKind::Code, "The reason: `failing` or `gone`."), SINCE];
}

impl EventType {
    /// Finds the type of this spelling.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether its events are about records of one project.
    #[must_use]
    pub const fn is_of_project(self) -> bool {
        matches!(self.reach(), Reach::Project)
    }

    /// The field of this name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// Whether a subscription can ask for its events. A test goes to the one that is tested.
    #[must_use]
    pub const fn can_be_chosen(self) -> bool {
        !matches!(self, Self::WebhookTest)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Subscribers know these. A release that spelled them differently would reach nobody.
    #[test]
    fn every_type_is_stored_and_told_by_its_key() {
        let keys: BTreeSet<_> = EventType::ALL.map(EventType::key).into();
        assert_eq!(keys.len(), EventType::ALL.len());
        assert_eq!(keys.len(), 34);
        for kind in EventType::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
            assert_eq!(EventType::from_key(kind.key()), Some(kind));
            assert_eq!(kind.to_string(), kind.key());
            assert!(kind.description().ends_with('.'), "{kind}");
        }
        assert_eq!(EventType::from_key("access_request.opened"), None);
    }

    #[test]
    fn the_fields_of_a_type_have_names_of_their_own_and_are_described() {
        for kind in EventType::ALL {
            let names: BTreeSet<_> = kind.fields().iter().map(|field| field.name).collect();
            assert_eq!(names.len(), kind.fields().len(), "{kind}");
            let has_required = kind.fields().iter().any(|field| field.is_required);
            assert!(has_required || kind == EventType::InvitationSent, "{kind}");
            for field in kind.fields() {
                assert!(field.description.ends_with('.'), "{kind}: {}", field.name);
                assert_eq!(kind.field(field.name), Some(field));
            }
        }
        assert_eq!(EventType::MemberLeft.field("name"), None);
    }

    #[test]
    fn an_event_about_members_keys_and_webhooks_belongs_to_no_project() {
        for kind in EventType::ALL {
            let of_account = ["invitation.", "member.", "api_key.", "webhook."];
            let is_of_account = of_account.iter().any(|area| kind.key().starts_with(area));
            assert_eq!(kind.is_of_project(), !is_of_account, "{kind}");
        }
    }

    #[test]
    fn a_test_is_the_only_event_that_nobody_can_subscribe_to() {
        let fixed: Vec<_> = EventType::ALL
            .into_iter()
            .filter(|kind| !kind.can_be_chosen())
            .collect();
        assert_eq!(fixed, [EventType::WebhookTest]);
    }
}
